"""Questions and answers, in words, of screens, comparisons, enrichment and the others like them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from tcga_corr.analysis.answer import ScopeQuery
from tcga_corr.analysis.compare import CompareAnswer
from tcga_corr.analysis.de import DeAnswer
from tcga_corr.analysis.enrich import EnrichAnswer
from tcga_corr.analysis.pca import PcaAnswer
from tcga_corr.analysis.robustness import RobustnessAnswer
from tcga_corr.analysis.score import ScoreAnswer
from tcga_corr.analysis.screen import ScreenAnswer
from tcga_corr.page.parts import Finding
from tcga_corr.vocabulary.associations import SIGNIFICANT, is_significant
from tcga_corr.vocabulary.methods import METHODS

_NAMED = 4  # in a sentence
_RANK_TESTS = ("mann-whitney", "kruskal-wallis")


def of_screen(answer: ScreenAnswer) -> Finding:
    """Which variables go with x, or which pairs of a list with each other."""
    query, frame = answer.query, answer.frame
    kind = {"genes": "genes", "sets": "gene sets"}.get(query.y_kind, "variables")
    label = METHODS[query.method].label
    where = _where(query.scope, query.adjust)
    if query.against == "itself":
        question = (
            f"Which of {query.n_y:,} pairs among {query.x} vary together {where}, by {label}?"
        )
    else:
        question = (
            f"Which of {query.n_y:,} {kind} vary together with {query.x} {where}, by {label}?"
        )
    given = frame.drop_nulls("r")
    if not given.height:
        return Finding(question, "None has an association.")
    column = "q_genes" if _has_numbers(given, "q_genes") else "q"
    found = int((given[column] < SIGNIFICANT).sum())
    than = "beyond random genes" if column == "q_genes" else "not 0"
    unit = "associations" if "tumor_type" in given.columns else "pooled r"
    first = "; ".join(_screened(row, answer) for row in given.head(_NAMED).to_dicts())
    few = " (of the rows that were kept)" if _is_cut(answer) else ""
    return Finding(
        question,
        f"{found:,} of {given.height:,} {unit} {'is' if found == 1 else 'are'} {than} "
        f"({column} < {SIGNIFICANT}){few}. First: {first}.{_not_compared(given)}",
    )


def _screened(row: dict[str, Any], answer: ScreenAnswer) -> str:
    where = row.get("tumor_type")
    several = where and len(answer.query.scope.tumor_types) > 1
    name = f"{row['x']} and {row['y']}" if answer.query.against == "itself" else row["y"]
    return f"{name}{f' in {where}' if several else ''} ({row['r']:z.2f})"


def _is_cut(answer: ScreenAnswer) -> bool:
    types = len(answer.query.scope.tumor_types) if answer.query.by_tumor_type else 1
    return answer.frame.height < answer.query.n_y * types and not _named_genes(answer)


def _named_genes(answer: ScreenAnswer) -> bool:
    """Whether rows may be fewer as some genes are not in some tables."""
    return answer.query.y_kind == "genes"


def _not_compared(rows: pl.DataFrame) -> str:
    if _has_numbers(rows, "p_genes"):
        return ""
    return " It was not compared with random genes: p and q alone say that r is not 0."


def of_comparison(answer: CompareAnswer) -> Finding:
    """Whether variables differ between groups, by the test of ranks."""
    query = answer.query
    names = _listed(query.variables)
    verb = "Does" if len(query.variables) == 1 else "Do"
    groups = f"{' and '.join(query.groups)}" if len(query.groups) == 2 else _listed(query.groups)
    question = f"{verb} {names} differ between {groups} ({query.by}) {_where(query.scope, ())}?"
    rows = answer.frame.filter(pl.col("test").is_in(_RANK_TESTS)).drop_nulls("p").to_dicts()
    rows = [row for row in rows if len(query.groups) == 2 or row["test"] == "kruskal-wallis"]
    if not rows:
        return Finding(question, "No group has enough samples to compare.")
    return Finding(
        question, " ".join(_compared(name, rows, answer) for name in _some(query.variables, rows))
    )


def _some(variables: Sequence[str], rows: Sequence[dict[str, Any]]) -> list[str]:
    known = {row["variable"] for row in rows}
    return [name for name in variables if name in known][:_NAMED]


def _compared(name: str, rows: Sequence[dict[str, Any]], answer: CompareAnswer) -> str:
    own = [row for row in rows if row["variable"] == name]
    if len(own) == 1:
        [row] = own
        n = f"n = {row['n_a']}" + (f" and {row['n_b']}" if row["n_b"] is not None else "")
        higher = ""
        if row["difference"] is not None and row["n_b"] is not None:
            which = row["group_a"] if row["difference"] > 0 else row["group_b"]
            higher = f"{name} is higher in {which}"
        genes = ""
        if row["p_genes"] is not None:
            stands = "stands out" if is_significant(row["p_genes"]) else "does not stand out"
            genes = f" That {stands} from random genes (p_genes = {row['p_genes']:.2g})."
        start = higher or name
        return f"In {row['tumor_type']} ({n}), {start}: {row['test']} p = {row['p']:.2g}.{genes}"
    found = sum(is_significant(row["q"]) for row in own)
    q_genes = [row["q_genes"] for row in own if row["q_genes"] is not None]
    n_genes = sum(map(is_significant, q_genes))
    beside = f", and beyond random genes in {n_genes} (q_genes < {SIGNIFICANT})" if q_genes else ""
    return f"{name} differs in {found} of {len(own)} tumor types (q < {SIGNIFICANT}){beside}."


def of_expression(answer: DeAnswer) -> Finding:
    """How many genes differ between groups, by each method."""
    query = answer.query
    types = _types(query.tumor_types)
    paired = ", within patients" if query.pair else ""
    fixed = f", {', '.join(query.adjust)} held fixed" if query.adjust else ""
    question = f"Which genes differ ({_listed(query.contrasts)}) in {types}{paired}{fixed}?"
    lines = list(answer.lines)
    more = f" The table of contrasts has {len(lines) - _NAMED} more." if len(lines) > _NAMED else ""
    found = ". ".join(lines[:_NAMED])
    return Finding(question, f"{found}.{more}" if found else "No contrast could be tested.")


def of_enrichment(answer: EnrichAnswer) -> Finding:
    """Which gene sets are enriched."""
    query, frame = answer.query, answer.frame
    against = query.against if isinstance(query.against, str) else "gene sets"
    how = f"at the ends of {query.input}" if query.method == "gsea" else f"in {query.input}"
    by = query.ranked_by if query.method == "gsea" else query.listed_by
    question = (
        f"Which of {query.n_sets:,} sets of {against} gather {how}{f' ({by})' if by else ''}, by "
        f"{query.method.upper()}?"
    )
    given = frame.drop_nulls("p")
    if not given.height:
        return Finding(question, "No set could be tested.")
    found = given.filter(pl.col("q") < SIGNIFICANT)
    first = "; ".join(_enriched(row) for row in given.sort("p").head(_NAMED).to_dicts())
    return Finding(
        question,
        f"{found.height:,} of {given.height:,} tests have q < {SIGNIFICANT}. First: {first}. Genes "
        "of a set go together anyway, so that a small p is no evidence that it was switched on.",
    )


def _enriched(row: dict[str, Any]) -> str:
    labels = " ".join(str(row[name]) for name in ("tumor_type", "contrast") if row.get(name))
    effect = f"NES {row['nes']:z.2f}" if row["nes"] is not None else ""
    if row["odds_ratio"] is not None:
        effect = f"odds ratio {row['odds_ratio']:.3g}"
    numbers = ", ".join(filter(None, [effect, _q(row["q"])]))
    return f"{row['set']}{f' in {labels}' if labels else ''} ({numbers})"


def _q(q: float | None) -> str:
    return "" if q is None else f"q = {q:.2g}"


def of_components(answer: PcaAnswer) -> Finding:
    """What the first components are, and what goes with them."""
    query = answer.query
    coloured = f", by {query.by}" if query.by else ""
    question = (
        f"Along which axes do the samples of {_types(query.scope.tumor_types)} differ most"
        f"{coloured}?"
    )
    parts = list(answer.lines[:_NAMED])
    rows = answer.covariates.drop_nulls("q").filter(pl.col("q") < SIGNIFICANT).sort("p")
    if rows.height:
        named = "; ".join(
            f"{row['covariate']} with {row['component']}"
            f"{' in ' + row['tumor_type'] if len(query.scope.tumor_types) > 1 else ''} "
            f"({row['measure']} = {row['share']:.2f}, q = {row['q']:.2g})"
            for row in rows.head(_NAMED).to_dicts()
        )
        parts.append(f"Most goes: {named}")
    elif answer.covariates.height:
        parts.append(f"No covariate goes with a component (q < {SIGNIFICANT})")
    return Finding(question, " ".join(f"{part.rstrip('.')}." for part in parts))


def of_scores(answer: ScoreAnswer) -> list[Finding]:
    """Where scores, or values, are highest."""
    query, frame = answer.query, answer.frame
    what = "scores" if answer.provenance.gene_sets else "values"
    question = f"How high are the {what} of {_listed(query.sets)} {_where(query.scope, ())}?"
    parts = []
    for name in _some_names(frame["set"].unique(maintain_order=True)):
        own = frame.filter(pl.col("set") == name).drop_nulls("es")
        medians = (
            own.group_by("tumor_type").agg(pl.col("es").median(), n=pl.len())
            .sort("es", "tumor_type", descending=[True, False]).to_dicts()
        )  # fmt: skip
        if len(medians) == 1:
            parts.append(f"{name}: median {medians[0]['es']:.4g} of {medians[0]['n']:,} samples.")
        elif medians:
            high, low = medians[0], medians[-1]
            parts.append(
                f"{name}: the median is highest in {high['tumor_type']} ({high['es']:.4g}) and "
                f"lowest in {low['tumor_type']} ({low['es']:.4g})."
            )
    more = (
        " Scores of different sets do not compare." if len(parts) > 1 and what == "scores" else ""
    )
    return [Finding(question, f"{' '.join(parts)}{more}" or "No sample has one.")]


def of_robustness(answer: RobustnessAnswer) -> Finding:
    """What r is over the choices that an analyst could have made."""
    query = answer.query
    question = (
        f"Does the association of {query.x[0]} and {query.y[0]} in {query.tumor_type} depend on "
        "how it is computed?"
    )
    return Finding(question, " ".join(f"{line.rstrip('.')}." for line in answer.lines[:3]))


def _some_names(names: Iterable[str]) -> list[str]:
    return list(names)[:_NAMED]


def _where(scope: ScopeQuery, adjust: Sequence[str]) -> str:
    samples = {"tumor": "", "tumor and normal": ""}.get(scope.samples, f", {scope.samples} samples")
    chosen = f" where {' and '.join(scope.where)}" if scope.where else ""
    fixed = f", {', '.join(adjust)} held fixed" if adjust else ""
    return f"in {_types(scope.tumor_types)}{samples}{chosen}{fixed}"


def _types(tumor_types: Sequence[str]) -> str:
    return tumor_types[0] if len(tumor_types) == 1 else f"{len(tumor_types)} tumor types"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _has_numbers(frame: pl.DataFrame, name: str) -> bool:
    return name in frame.columns and frame[name].null_count() < frame.height
