"""``tcga-corr correlate``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tcga_corr.choices import MethodOrAll
from tcga_corr.cli import options
from tcga_corr.cli.output import Out, Result, digits, interval, number, plain, question_result
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError
from tcga_corr.vocabulary.associations import is_significant
from tcga_corr.vocabulary.nulls import NULLS, NullRecord

if TYPE_CHECKING:
    import polars as pl

    from tcga_corr.analysis.correlate import CorrelateAnswer
    from tcga_corr.analysis.correlate_by import CorrelateByAnswer


@options.command
def correlate(
    context: typer.Context,
    x: Annotated[
        str,
        typer.Argument(
            metavar="X",
            help="A gene by any symbol or id, a gene set or a covariate; gene:NAME, set:NAME or "
            "covariate:NAME; FILE.gmt:NAME, a FILE of one set or a list of genes; or "
            "CD8A,GZMB,PRF1, the set of these genes.",
        ),
    ],
    y: Annotated[str, typer.Argument(metavar="Y", help="As X.")],
    *,
    scope: options.Scope,
    method: Annotated[MethodOrAll, typer.Option("--method", help="How to correlate.")] = "pearson",
    adjust: options.AdjustFor = None,
    null: options.Nulls = None,
    draws: options.Draws = 1_000,
    purity: Annotated[
        bool,
        typer.Option(
            "--purity/--no-purity",
            help="Show r of gene sets adjusted for purity too, where it is known.",
        ),
    ] = True,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="COVARIATE",
            help="r in each stratum, and whether they differ: by the levels of a category, thirds "
            "of a number, gene or score, or by sample-type, tumour and normal.",
        ),
    ] = None,
    continuous: Annotated[
        bool,
        typer.Option("--continuous", help="With --by a number: how r changes with it, uncut."),
    ] = False,
    plot: options.Plot = None,
    report: options.Report = None,
    out: options.Out,
) -> None:
    """The association of X and Y in each tumor type, and pooled over them.

    Each tumor type is a row: n samples (one per patient unless --samples all-tumor), r, its 95 %
    interval, and three p-values. p: would independent samples give this r? At these n it is nearly
    always small; q is p adjusted over the tumor types shown (Benjamini-Hochberg). p_genes: would
    random genes of the same mean and spread give it? q_genes is p_genes adjusted as q is. p_sets:
    would other real pathways of like size, mean and spread give it? Where a pathway is involved
    quote p_sets, else p_genes; p alone only says that r is not 0. Where gene sets are involved,
    r_disjoint is r without the genes that both sides share, and that r, with scores by average
    ranks, is what p_genes and p_sets are about. Formats other than the table have more columns,
    such as the mean r of random genes and of other pathways, and how far from it r is.

    Examples: `tcga-corr correlate ferroptosis nfkb`, `tcga-corr correlate RELA NRF2 -t LIHC`,
    `tcga-corr correlate ferroptosis nfkb --adjust purity --plot figure.pdf`. The figure is that of
    all tumor types; of one, the scatter of its samples.
    """
    settings: Settings = context.obj
    out.check_plot(plot)
    engine = settings.engine()
    controls = options.split_names(adjust)
    asked: dict[str, Any] = {
        "adjust": controls, "null": options.nulls(null), "draws": draws, "purity": purity, **scope
    }  # fmt: skip
    if by is not None:
        if method == "all":
            raise UsageError("--method all is given with --by", "Choose one method")
        by_strata = engine.correlate_by(x, y, by, continuous=continuous, method=method, **asked)
        _report(settings, out, by_strata, strata_result(by_strata))
        if plot is not None:
            from tcga_corr.figures.forest import forest
            from tcga_corr.figures.style import save

            save(forest(by_strata, plot.look), plot)
        if report is not None:
            report.add(by_strata)
        by_strata.require_numbers()
        return
    if continuous:
        raise UsageError("--continuous is given without --by", "Give --by NUMBER too")
    answer = engine.correlate(x, y, method=method, **asked)
    _report(settings, out, answer, association_result(answer))
    samples = cache(lambda: engine.values([x, y], adjust=controls, **scope))
    if plot is not None:
        from tcga_corr.figures.forest import forest
        from tcga_corr.figures.scatter import scatter
        from tcga_corr.figures.style import save

        if len(answer.query.scope.tumor_types) == 1:
            figure = scatter(answer, samples(), plot.look)
        else:
            figure = forest(answer, plot.look)
        save(figure, plot)
    if report is not None:
        report.add(answer, values=samples())
    answer.require_numbers()


def _report(
    settings: Settings, out: Out, answer: CorrelateAnswer | CorrelateByAnswer, result: Result
) -> None:
    settings.notes_of(answer.notes, answer.query.scope)
    if out.is_file:
        answer.require_numbers()
    out.write(result)


def strata_result(answer: CorrelateByAnswer) -> Result:
    """The rows of associations by strata, ready to be written."""
    query = answer.query
    columns = _columns_with_numbers(answer.frame)
    del columns["method"]
    columns = {"tumor type": columns.pop("tumor type"), "stratum": plain("stratum"), **columns}
    note = columns.pop("note")
    columns |= {"delta z": _decimals("delta_z"), "p, shuffled": digits("p_permutation")}
    columns["note"] = note
    pooled = [
        {**one.row(query.x, query.y, query.method), "stratum": name, "delta_z": None}
        for name, one in answer.strata.items()
    ]
    adjusted = f", adjusted for {', '.join(query.adjust)}" if query.adjust else ""
    return question_result(
        answer,
        "associations",
        f"{query.x} against {query.y} by {query.by}, {query.method}{adjusted}; "
        f"{query.scope.source}, {query.scope.unit}; {query.scope.samples_in_words}",
        around={
            "pooled": {name: asdict(one) for name, one in answer.strata.items()},
            "pooled_differences": list(answer.differences),
        },
        columns=columns,
        foot=[*pooled, *answer.differences],
        less=_LESS_OF_STRATA,
        stands_out=_stands_out,
        below=[*_lines_of_strata(answer), *map(_line_of_difference, answer.differences)],
    )


def _lines_of_strata(answer: CorrelateByAnswer) -> list[str]:
    """The pooled r of each stratum, where there are several tumor types."""
    if len(answer.query.scope.tumor_types) < 2:
        return []
    return [f"{name}: {one.lines()[0]}" for name, one in answer.strata.items()]


def _line_of_difference(row: dict[str, Any]) -> str:
    numbers = ""
    if "delta_z" in row:
        low, high = row["ci_low"], row["ci_high"]
        numbers = f"difference of z = {row['delta_z']:.3f}, 95 % interval {low:.3f} to {high:.3f}, "
    return f"{row['stratum']}: {numbers}p = {number(row['p'], digits=2)}; {row['note']}"


def association_result(answer: CorrelateAnswer) -> Result:
    """The rows of associations, ready to be written."""
    query, frame = answer.query, answer.frame
    columns = _columns_with_numbers(frame)
    if query.method != "all":
        del columns["method"]
    adjusted = f", adjusted for {', '.join(query.adjust)}" if query.adjust else ""
    return question_result(
        answer,
        "associations",
        f"{query.x} against {query.y}, {query.method}{adjusted}; {query.scope.source}, "
        f"{query.scope.unit}; {query.scope.samples_in_words}",
        around={"pooled": {method: asdict(one) for method, one in answer.pooled.items()}},
        columns=columns,
        foot=[one.row(query.x, query.y, method) for method, one in answer.pooled.items()],
        less=_LESS,
        stands_out=_stands_out,
        below=[
            f"{method}: {line}" if len(answer.pooled) > 1 else line
            for method, one in answer.pooled.items()
            for line in one.lines()
        ],
    )


def _columns_with_numbers(frame: pl.DataFrame) -> dict[str, Callable[[dict[str, Any]], str]]:
    """The columns of the terminal table that are not empty in every row."""
    columns = dict(_COLUMNS)
    if not frame["n_shared_genes"].max() and frame["r_disjoint"].null_count() == frame.height:
        del columns["shared genes"], columns["r disjoint"]
    if frame["r_purity"].null_count() == frame.height:
        del columns["r, purity fixed"], columns["n with purity"]
    for null in NULLS.values():
        if frame[null.p].null_count() == frame.height:
            for heading in _columns_of(null):
                del columns[heading]
    return columns


def _decimals(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: "" if row[name] is None else f"{row[name]:.3f}"


def _columns_of(null: NullRecord) -> dict[str, Callable[[dict[str, Any]], str]]:
    """The columns of a null in the terminal table."""
    return {
        **{name: digits(name) for name in (null.p, null.q) if name},
        f"95 % of {null.name}": interval(null.low, null.high),
    }


def _stands_out(row: dict[str, Any]) -> bool:
    """Whether r is beyond random genes or, where it is compared with none, is not 0."""
    value = row["q_genes"] if row["q_genes"] is not None else row["q"]
    return is_significant(value)


# what a narrow terminal can do without, the first to go first
_LESS = (
    "n with purity",
    "shared genes",
    *(f"95 % of {null.name}" for null in NULLS.values()),
    "q",
    "r disjoint",
    "p",
    "r, purity fixed",
    "q_genes",
)
# what compares the strata stays longest
_LESS_OF_STRATA = (*_LESS, "95 % interval", *(f"p_{null.name}" for null in NULLS.values()), "note")
_COLUMNS: dict[str, Callable[[dict[str, Any]], str]] = {
    "tumor type": lambda row: row["tumor_type"],
    "method": lambda row: row["method"],
    "n": lambda row: number(row["n"]),
    "r": _decimals("r"),
    "95 % interval": interval("ci_low", "ci_high"),
    "p": digits("p"),
    "q": digits("q"),
    **{heading: cell for null in NULLS.values() for heading, cell in _columns_of(null).items()},
    "shared genes": lambda row: number(row["n_shared_genes"]),
    "r disjoint": _decimals("r_disjoint"),
    "r, purity fixed": _decimals("r_purity"),
    "n with purity": lambda row: number(row["n_purity"]),
    "note": lambda row: number(row["note"]),
}
