"""What a section has of its own, by what was asked: words, methods, tables, charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from tcga_corr.analysis.answer import Answer, ScopeQuery
from tcga_corr.analysis.compare import CompareAnswer
from tcga_corr.analysis.de import DeAnswer
from tcga_corr.analysis.dominance import DominanceAnswer
from tcga_corr.analysis.enrich import EnrichAnswer
from tcga_corr.analysis.pca import PcaAnswer
from tcga_corr.analysis.robustness import RobustnessAnswer
from tcga_corr.analysis.score import ScoreAnswer
from tcga_corr.analysis.screen import ScreenAnswer
from tcga_corr.analysis.specifications import WITHOUT_GENE
from tcga_corr.analysis.survival import SurvivalAnswer
from tcga_corr.exchange import finite
from tcga_corr.page import answer_findings, answer_methods, sentences
from tcga_corr.page.answer_tables import frame_table
from tcga_corr.page.hazards import hazards_of, survival_table
from tcga_corr.page.methods import Settings, methods_text, software_text
from tcga_corr.page.parts import Dominance, Finding, Hazards, Row, Table
from tcga_corr.vocabulary.associations import LEVEL_OF_POOLED

# of a screen: what a reader of the page can do without
_OF_DOWNLOADS = (
    "method", "tallied_by", "tau2", "i2", "prediction_low", "prediction_high", "r_min", "r_max",
    "genes_mean", "genes_low", "genes_high", "sets_mean", "sets_low", "sets_high",
    "n_reference_sets",
)  # fmt: skip
_DRAWN = ("tumor_type", "scale", "set", "n", "n_highest", "share_highest")
_SELECTIONS = ("tumor", "normal", "all-tumor", "gtex")


@dataclass(frozen=True)
class Content:
    """The parts of a section that depend on what was asked; as of ``Section``."""

    title: str
    about: str
    answers: Sequence[Finding]
    methods: Sequence[str]
    references: Sequence[str]
    tables: Sequence[Table] = ()
    hazards: Sequence[Hazards] = ()
    dominance: Sequence[Dominance] = ()


def _about(scope: ScopeQuery) -> str:
    n = len(scope.tumor_types)
    where = scope.tumor_types[0] if n == 1 else f"{n} tumor types"
    return f"{scope.source}, {scope.unit}; {scope.samples_in_words} of {where}"


def _settings(answer: Answer, scope: ScopeQuery, **more: Any) -> Settings:
    return Settings(
        **{
            "samples": scope.samples if scope.samples in _SELECTIONS else "tumor",
            "ties": scope.ties,
            "min_genes": scope.min_genes,
            "methods": (),
            "adjust": (),
            "null": (),
            "draws": 0,
            "n_types": len(scope.tumor_types),
            "provenance": answer.provenance,
            "where": scope.where,
            **more,
        }
    )


def _texts(answer: Answer, settings: Settings) -> tuple[list[str], list[str]]:
    methods, references = methods_text(settings)
    return [*methods, software_text(answer.provenance.software)], references


def _own(
    answer: Answer, scope: ScopeQuery, own: answer_methods.Paragraphs
) -> tuple[list[str], list[str]]:
    return _texts(answer, _settings(answer, scope, own=own.texts, own_cites=own.cites))


def _screen(answer: ScreenAnswer) -> Content:
    query = answer.query
    settings = _settings(
        answer, query.scope, methods=[query.method], adjust=query.adjust, null=query.null,
        draws=query.draws, over_rows=query.by_tumor_type,
    )  # fmt: skip
    against = query.against if isinstance(query.against, str) else f"{query.n_y:,} {query.y_kind}"
    title = f"{query.x} against {against}"
    if query.against == "itself":
        title = f"{query.x} by each other"
    return Content(
        title,
        f"{query.method}; {_about(query.scope)}",
        [answer_findings.of_screen(answer)],
        *_texts(answer, settings),
        tables=[
            frame_table(
                title, f"screen-{query.x}", answer.frame,
                hidden=_OF_DOWNLOADS if query.against == "itself" else (*_OF_DOWNLOADS, "x"),
                groups=("tumor_type",),
            )
        ],
    )  # fmt: skip


def _comparison(answer: CompareAnswer) -> Content:
    query = answer.query
    title = f"{', '.join(query.variables[:4])}{', …' if query.variables[4:] else ''} by {query.by}"
    return Content(
        title,
        _about(query.scope),
        [answer_findings.of_comparison(answer)],
        *_own(answer, query.scope, answer_methods.of_comparison(answer)),
        tables=[_tests(answer, title)],
    )


def _tests(answer: CompareAnswer, title: str) -> Table:
    """A row per tumor type, variable, groups and test."""
    return frame_table(
        f"Tests: {title}", f"compare-{answer.query.by}", answer.frame,
        hidden=("statistic", "df", "df2", "genes_low", "genes_high"),
    )  # fmt: skip


def _expression(answer: DeAnswer) -> Content:
    query = answer.query
    title = f"Genes of {', '.join(query.contrasts[:3])}{', …' if query.contrasts[3:] else ''}"
    n = len(query.tumor_types)
    about = (
        f"DESeq2; {query.source}, {query.unit}; {query.samples_in_words} of "
        f"{query.tumor_types[0] if n == 1 else f'{n} tumor types'}"
    )
    paragraphs, references = answer_methods.with_references(
        answer, answer_methods.of_expression(answer)
    )
    return Content(
        title,
        about,
        [answer_findings.of_expression(answer)],
        paragraphs,
        references,
        tables=[
            frame_table("Calls of each contrast", "de-contrasts", answer.summary),
            frame_table(
                title, "de-genes", answer.frame,
                hidden=("n_a", "n_b", "n_pairs", "outliers_replaced"),
                groups=("tumor_type", "contrast"),
            ),
        ],
    )  # fmt: skip


def _enrichment(answer: EnrichAnswer) -> Content:
    query = answer.query
    against = query.against if isinstance(query.against, str) else "gene sets"
    title = f"{query.input} against {against}, {query.method}"
    own = answer_methods.of_enrichment(answer)
    return Content(
        title,
        query.ranked_by if query.method == "gsea" else query.listed_by,
        [answer_findings.of_enrichment(answer)],
        *answer_methods.with_references(answer, own),
        tables=[
            frame_table(
                title, f"enrich-{query.method}", answer.frame, hidden=("method", "q_gsea"),
                groups=("tumor_type", "contrast"),
            )
        ],
    )  # fmt: skip


def _components(answer: PcaAnswer) -> Content:
    query = answer.query
    by = f" by {query.by}" if query.by else ""
    tables = (
        frame_table("Variance of components", "pca-variance", answer.variance),
        frame_table("Covariates and components", "pca-covariates", answer.covariates),
        frame_table("Samples", "pca-samples", answer.frame, groups=("tumor_type",)),
    )
    return Content(
        f"Principal components{by}",
        _about(query.scope),
        [answer_findings.of_components(answer)],
        *_own(answer, query.scope, answer_methods.of_components(answer)),
        tables=[one for one in tables if one.rows],
    )


def _scores(answer: ScoreAnswer) -> Content:
    query = answer.query
    kind = "Scores" if answer.provenance.gene_sets else "Values"
    title = f"{kind} of {', '.join(query.sets[:6])}{', …' if query.sets[6:] else ''}"
    own = answer_methods.Paragraphs([_SCORES] if answer.provenance.gene_sets else [_VALUES])
    findings = answer_findings.of_scores(answer)
    tables = [frame_table(title, "scores", answer.frame, groups=("tumor_type", "set"))]
    if answer.compared is not None:
        tests = answer_methods.of_comparison(answer.compared)
        own = answer_methods.Paragraphs([*own.texts, *tests.texts], tests.cites)
        findings.append(answer_findings.of_comparison(answer.compared))
        tables.append(_tests(answer.compared, title))
    return Content(
        title,
        _about(query.scope),
        findings,
        *_own(answer, query.scope, own),
        tables=tables,
    )


_SCORES = "Scores of one set compare between samples; scores of different sets do not."
_VALUES = "The values of genes are those of the table, in its unit."


def _robustness(answer: RobustnessAnswer) -> Content:
    query, frame = answer.query, answer.frame
    scope = ScopeQuery(
        [query.tumor_type], ", ".join(query.sources), "", "", query.samples, query.ties,
        query.min_genes,
    )  # fmt: skip
    choices = frame.filter(pl.col("kind") != WITHOUT_GENE)
    genes = frame.filter(pl.col("kind") == WITHOUT_GENE).sort(
        pl.col("change").abs(), descending=True, nulls_last=True
    )
    tables = (
        frame_table("Choices", "choices", choices, hidden=_the_same(choices)),
        frame_table(
            "Without each gene, as asked", "without-genes", genes, hidden=_the_same(genes), most=200
        ),
    )
    return Content(
        f"{query.x[0]} and {query.y[0]} in {query.tumor_type} over the choices",
        f"{', '.join(query.sources)}; {query.samples} samples",
        [answer_findings.of_robustness(answer)],
        *_own(answer, scope, answer_methods.of_robustness(answer)),
        tables=[one for one in tables if one.rows],
    )


def _the_same(frame: pl.DataFrame) -> list[str]:
    """The columns whose value is the same in all rows of several."""
    return [name for name in frame.columns if frame.height > 1 and frame[name].n_unique() == 1]


def _survival(answer: SurvivalAnswer) -> Content:
    query = answer.query
    more = _columns_of(query.scope, query.adjust)
    rows = [{**row, **more} for row in answer.frame.to_dicts()]
    if len(rows) > 1:
        pooled = answer.summary.row(query.x, query.endpoint)
        rows.append({**dict.fromkeys(rows[0]), **pooled, **more, "level": LEVEL_OF_POOLED})
    title = f"{query.endpoint} by {query.x}"
    part, finding = hazards_of(rows, "Cox")
    settings = _settings(
        answer, query.scope, adjust=query.adjust, null=query.null, draws=query.draws,
        endpoint=query.endpoint,
    )  # fmt: skip
    return Content(
        title,
        part.about,
        [finding],
        *_texts(answer, settings),
        tables=[survival_table(rows, title, f"survival-{query.x}")],
        hazards=[part],
    )


def _dominance(answer: DominanceAnswer) -> Content:
    query = answer.query
    more = _columns_of(query.scope, ())
    tests = {(one.tumor_type, one.scale): one.friedman for one in answer.summary.tests}
    rows: list[Row] = []
    for row in answer.frame.to_dicts():
        test = tests.get((row["tumor_type"], row["scale"]))
        rows.append({**row, **more, "p_genes_of_w": finite(test.p_genes) if test else None})
    about = _about(query.scope)
    finding = Finding(
        sentences.question_of_dominance(rows, query.sets), sentences.answer_of_dominance(rows)
    )
    part = Dominance(
        ", ".join(query.sets), about, finding, query.sets,
        finite([{name: row[name] for name in _DRAWN} for row in rows]),
    )  # fmt: skip
    settings = _settings(answer, query.scope, draws=query.draws, is_dominance=True)
    return Content(
        f"Which of {len(query.sets)} gene sets scores highest",
        about,
        [finding],
        *_texts(answer, settings),
        tables=[frame_table("Scores of each set", "dominance", answer.frame)],
        dominance=[part],
    )


def _columns_of(scope: ScopeQuery, adjust: Sequence[str]) -> dict[str, str]:
    """The settings of a question, as the tables of a run have them in each row."""
    settings = {name: asdict(scope)[name] for name in ("source", "samples", "unit")}
    return settings | {"adjust": ",".join(adjust), "where": " and ".join(scope.where)}


CONTENT: dict[type[Answer], Callable[[Any], Content]] = {
    ScreenAnswer: _screen,
    CompareAnswer: _comparison,
    SurvivalAnswer: _survival,
    DeAnswer: _expression,
    EnrichAnswer: _enrichment,
    PcaAnswer: _components,
    ScoreAnswer: _scores,
    DominanceAnswer: _dominance,
    RobustnessAnswer: _robustness,
}
"""By the kind of an answer, what makes its content."""
