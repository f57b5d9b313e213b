"""``tcga-corr enrich``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tcga_corr.choices import Direction, EnrichEngine, EnrichMethod
from tcga_corr.cli import options
from tcga_corr.cli.output import Result, number, question_result
from tcga_corr.cli.settings import Settings
from tcga_corr.cli.texts import cut
from tcga_corr.errors import UsageError
from tcga_corr.vocabulary.associations import is_significant

if TYPE_CHECKING:
    from tcga_corr.analysis.enrich import EnrichAnswer
    from tcga_corr.analysis.enrichment.result import Enriched
    from tcga_corr.figures.look import FigureFile

_MOST_ROWS, _MOST_OF_PARTS = 25, 75
_MOST_RANKINGS, _MOST_SETS = 6, 20  # in JSON
_EDGE = 40  # letters of the leading edge on a terminal


@options.command
def enrich(
    context: typer.Context,
    given: Annotated[
        str,
        typer.Argument(
            metavar="ANSWER|RANKS|GENES",
            help="A file: an answer of de or screen; a table of DESeq2, edgeR or limma; two "
            "columns of genes and numbers, with or without a header; or a list of genes.",
        ),
    ],
    against: Annotated[
        str,
        typer.Option(
            "--against",
            metavar="hallmark|reference|FILE.gmt|SET,…",
            help="The gene sets: the 50 Hallmarks, the reference collection of real pathways, "
            "those of a file, or names of sets.",
        ),
    ] = "hallmark",
    method: Annotated[
        EnrichMethod | None,
        typer.Option(
            "--method",
            help="gsea: the whole ranking. ora: a list of genes. Default: gsea where genes have "
            "numbers.",
        ),
    ] = None,
    rank: Annotated[
        str | None,
        typer.Option(
            "--rank",
            metavar="COLUMN",
            help="What ranks the genes. Default: of de log2fc / lfc_se, of a screen r.",
        ),
    ] = None,
    permutations: Annotated[
        int | None,
        typer.Option(
            "--permutations", metavar="N", help="Of gsea. Default: 10,000, of gseapy 1,000."
        ),
    ] = None,
    engine: Annotated[
        EnrichEngine,
        typer.Option("--engine", help="gseapy: its own permutations, many times slower."),
    ] = "numpy",
    min_size: Annotated[
        int, typer.Option("--min-size", metavar="N", help="Genes that a set must have here.")
    ] = 15,
    max_size: Annotated[
        int, typer.Option("--max-size", metavar="N", help="Genes that a set may have here.")
    ] = 500,
    q: Annotated[
        float, typer.Option("--q", metavar="Q", help="ora: list genes of an answer with q below.")
    ] = 0.05,
    lfc: Annotated[
        float,
        typer.Option("--lfc", metavar="L", help="ora: and, of de, a log2 fold change above."),
    ] = 1.0,
    genes: Annotated[
        int | None,
        typer.Option(
            "--genes", metavar="N", help="ora: list so many genes of the ranking's ends instead."
        ),
    ] = None,
    direction: Annotated[
        Direction, typer.Option("--direction", help="ora: which genes of an answer are listed.")
    ] = "both",
    universe: Annotated[
        str | None,
        typer.Option(
            "--universe",
            metavar="FILE|measured|N",
            help="ora: the genes that could have been listed: a list of them, those of the store's "
            "tables, or how many. Default: all of the ranking; a plain list needs one.",
        ),
    ] = None,
    tumor_types: options.TumorTypes = None,
    source: options.SourceName = None,
    top: Annotated[
        str | None,
        typer.Option(
            "--top",
            metavar="N|all",
            help="Sets to give, of each tumor type and contrast. Default: 25 in the table for "
            "people, of several fewer of each; all in any other format.",
        ),
    ] = None,
    plot: options.Plot = None,
    named: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME",
            help="The sets whose running sums are drawn; several by repeating. Default: the 6 with "
            "the smallest p.",
        ),
    ] = None,
    *,
    report: options.Report = None,
    out: options.Out,
) -> None:
    """Which gene sets gather at the ends of a ranking, or in a list of genes.

    gsea walks down the ranking: es is how far a set's genes are ahead of the others, nes the same
    beside random genes, p how often as many random genes come as far. ora counts how many of a
    set's genes are on a list, among all that could have been: odds_ratio and the hypergeometric p.
    q is p adjusted (Benjamini-Hochberg) over all sets of a tumor type and contrast that are
    neither too small nor too large, those without any listed gene too.

    Genes that go together in every tissue make sets of them look enriched: a small p is no evidence
    that a pathway was switched on.

    Examples: `tcga-corr enrich de.parquet --against kegg.gmt --method ora --plot dots.pdf`,
    `tcga-corr enrich ranks.rnk --plot sums.pdf --set HALLMARK_APOPTOSIS`,
    `tcga-corr enrich genes.txt --against reference --universe measured -t LIHC`.
    """
    settings: Settings = context.obj
    out.check_plot(plot)
    count = _count(top) if top else None
    if named and ((plot is None and report is None) or method == "ora"):
        raise UsageError("--set draws running sums", "Give --plot FILE, and no --method ora")
    answer = settings.engine().enrich(
        given,
        against,
        method,
        rank=rank,
        engine=engine,
        permutations=permutations,
        min_size=min_size,
        max_size=max_size,
        q=q,
        lfc=lfc,
        genes=genes,
        direction=direction,
        universe=universe,
        tumor_types=options.split_names(tumor_types),
        source=source,
    )
    settings.notes(answer.notes)
    if top is None and out.format == "table":
        count = max(1, min(_MOST_ROWS, _MOST_OF_PARTS // len(answer.parts)))
    out.write(_result(answer, count))
    if plot is not None:
        _draw(answer, plot, named)
    if report is not None:
        report.add(answer, labels=named or ())


def _draw(answer: EnrichAnswer, plot: FigureFile, named: list[str] | None) -> None:
    from tcga_corr.figures.style import save

    if answer.query.method == "ora":
        from tcga_corr.figures.enriched_dots import enriched_dots

        if named:
            raise UsageError("--set draws running sums, and ora has none", "Leave one out")
        save(enriched_dots(answer, plot.look), plot)
    else:
        from tcga_corr.figures.running_sums import running_sums

        save(running_sums(answer, named or (), plot.look), plot)


def _count(top: str) -> int | None:
    if top == "all":
        return None
    if not top.isdecimal() or int(top) < 1:
        raise UsageError(f"--top is '{top}'", "Give a number of rows, or all")
    return int(top)


def _result(answer: EnrichAnswer, count: int | None) -> Result:
    query, frame = answer.query, answer.frame
    labels = frame.columns[: frame.columns.index("set")]
    shown = frame
    if count is not None:
        shown = (frame.group_by(labels, maintain_order=True) if labels else frame).head(count)
    left = frame.height - shown.height
    how = f"by {query.ranked_by}" if query.method == "gsea" else query.listed_by
    own = " ".join(dict.fromkeys(part.ranking.name for part in answer.parts[:1]))
    where = f" {own}" if len(answer.parts) == 1 and own else ""
    against = query.against if isinstance(query.against, str) else "gene sets"
    hidden = {"method", "es", "q_gsea"} if query.method == "ora" else {"method", "odds_ratio"}
    hidden |= {"nes", "direction"} if query.method == "ora" else set()
    return question_result(
        answer,
        "sets",
        f"{query.input}{where}, {how or 'a list'}, against {query.n_sets:,} sets of {against}; "
        f"{query.method}",
        query={**query.as_dict(), "top": count},
        for_figures={"rankings": _rankings(answer)} if query.method == "gsea" else {},
        frame=shown,
        columns={name: partial(_cell, name) for name in frame.columns if name not in hidden},
        below=[f"{number(left)} more rows: --top all"] if left else [],
        less=("q_gsea", "es", "p", "leading_edge", "direction", "n_genes"),
        keep=("n_overlap", "nes", "q"),
        stands_out=lambda row: is_significant(row["q"]),
    )


def _rankings(answer: EnrichAnswer) -> list[dict[str, Any]]:
    """The rankings, and where in them the genes of the first sets are, for running sums.

    None where there are many, which would make the file many times larger.
    """
    if len(answer.parts) > _MOST_RANKINGS:
        return []
    return [
        {
            "labels": dict(part.ranking.labels),
            "genes": list(part.ranking.genes),
            "values": part.ranking.values.tolist(),
            "places": {name: part.places[name].tolist() for name in _first_sets(part)},
        }
        for part in answer.parts
    ]


def _first_sets(part: Enriched) -> list[str]:
    """The sets of the smallest p."""
    rows = [row for row in part.rows if row["p"] is not None and row["set"] in part.places]
    rows.sort(key=lambda row: (row["p"], -abs(row["nes"]), row["set"]))
    return [row["set"] for row in rows[:_MOST_SETS]]


def _cell(name: str, row: dict[str, Any]) -> str:
    text = number(row[name], 3)
    return cut(text, _EDGE) if name == "leading_edge" else text
