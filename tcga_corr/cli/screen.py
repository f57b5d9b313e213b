"""``tcga-corr screen``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tcga_corr.choices import ScreenFigure, ScreenMethod
from tcga_corr.cli import options
from tcga_corr.cli.output import Result, number, question_result
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError
from tcga_corr.vocabulary.associations import is_significant
from tcga_corr.vocabulary.nulls import N_DRAWS

if TYPE_CHECKING:
    import polars as pl

    from tcga_corr.analysis.screen import ScreenAnswer, ScreenQuery


@options.command
def screen(
    context: typer.Context,
    x: Annotated[
        str,
        typer.Argument(
            metavar="X",
            help="A gene, a gene set or a covariate, as in correlate; with --against itself a list "
            "of them, A,B,C or FILE or hallmark.",
        ),
    ],
    against: Annotated[
        str,
        typer.Option(
            "--against",
            metavar="genes|hallmark|reference|FILE|A,B,C|itself",
            help="Every gene of the tables, the 50 Hallmarks, the reference collection of real "
            "pathways, the sets or the list of genes of a file, names such as CD8A,GZMB; or "
            "itself: every two of the list X.",
        ),
    ],
    *,
    scope: options.Scope,
    method: Annotated[ScreenMethod, typer.Option("--method", help="How to correlate.")] = "pearson",
    adjust: options.AdjustFor = None,
    by_tumor_type: Annotated[
        bool,
        typer.Option(
            "--each",
            "--by-type",
            help="A row per tumor type and Y, instead of one per Y pooled over them.",
        ),
    ] = False,
    top: Annotated[
        str | None,
        typer.Option(
            "--top",
            metavar="N|all",
            help="Rows to give; with --each of each tumor type. Default: 25 in the table for "
            "people, of more tumor types fewer of each; all in any other format.",
        ),
    ] = None,
    null: options.ScreenNulls = None,
    draws: options.Draws = N_DRAWS,
    plot: options.Plot = None,
    kind: Annotated[
        ScreenFigure | None,
        typer.Option(
            "--kind",
            help="The figure: a heat map, or r against q. Default: heat of tumor types each, of up "
            "to 80 Y, and of a list by itself; else volcano.",
        ),
    ] = None,
    report: options.Report = None,
    out: options.Out,
) -> None:
    """One variable against every gene, or many genes or gene sets; or a list by itself.

    By default a row per Y: its r pooled over the tumor types (random effects), how far that is from
    what random genes of the same mean and spread give (z_genes, p_genes), q_genes over the whole
    screen (Benjamini-Hochberg), and in how many tumor types q_genes < 0.05 in either direction; the
    largest abs(z_genes) first. With --each, or where there is one tumor type, a row is an
    association, ranked within its tumor type by the size of r.

    p and q test r = 0 alone: within a large tumor type thousands of genes pass. Where X and Y
    share genes, read r_disjoint.

    Examples: `tcga-corr screen RELA --against genes`,
    `tcga-corr screen ferroptosis --against hallmark -t LIHC --top all -o screen.tsv`,
    `tcga-corr screen ferroptosis --against CD8A,GZMB,PRF1 --each --plot heat.pdf`,
    `tcga-corr screen CD8A,GZMB,PRF1 --against itself -t LIHC --plot square.pdf`.
    """
    settings: Settings = context.obj
    out.check_plot(plot)
    count = _count(top) if top else None
    answer = settings.engine().screen(
        x,
        against,
        method=method,
        adjust=options.split_names(adjust),
        by_tumor_type=by_tumor_type,
        null=None if null is None else options.nulls(null),
        draws=draws,
        **scope,
    )
    settings.notes_of(answer.notes, answer.query.scope)
    if top is None and out.format == "table":
        count = _usual_count(answer)
    out.write(_result(answer, count))
    if plot is not None:
        from tcga_corr.figures.screen_map import MOST_ROWS, screen_map
        from tcga_corr.figures.style import save
        from tcga_corr.figures.volcano import volcano

        is_map = against.strip() == "itself" or (by_tumor_type and len(answer.names) <= MOST_ROWS)
        wants_map = plot.look.order == "cluster"
        if kind == "volcano" or (kind is None and not wants_map and not is_map):
            figure = volcano(answer, plot.look)
        else:
            figure = screen_map(answer, plot.look)
        save(figure, plot)
    if report is not None:
        report.add(answer)


def _count(top: str) -> int | None:
    if top == "all":
        return None
    if not top.isdecimal() or int(top) < 1:
        raise UsageError(f"--top is '{top}'", "Give a number of rows, or all")
    return int(top)


def _usual_count(answer: ScreenAnswer) -> int:
    """Rows, of each tumor type, that people read."""
    if "tumor_type" not in answer.frame.columns:
        return _MOST_ROWS
    n_types = answer.frame["tumor_type"].n_unique()
    return max(1, min(_MOST_ROWS, _MOST_OF_TYPES // n_types))


def _result(answer: ScreenAnswer, count: int | None) -> Result:
    query, frame = answer.query, answer.frame
    by_type = "tumor_type" in frame.columns
    shown = frame
    if count is not None:
        groups = frame.group_by("tumor_type", maintain_order=True) if by_type else frame
        shown = groups.head(count)
    left = frame.height - shown.height
    more = ", or --top N for N of each tumor type" if by_type else ""
    adjusted = f", adjusted for {', '.join(query.adjust)}" if query.adjust else ""
    what = f"against {query.n_y} {_kind(query)}"
    if query.against == "itself":
        what = f"against itself, {query.n_y} pairs"
    return question_result(
        answer,
        "associations",
        f"{query.x} {what}, {query.method}{adjusted}; "
        f"{query.scope.source}, {query.scope.unit}; {query.scope.samples_in_words}",
        query={**query.as_dict(), "top": count},
        frame=shown,
        columns=_columns(answer, shown, by_type=by_type),
        below=[f"{number(left)} more rows: --top all{more}"] if left else [],
        less=_LESS,
        keep=("n", "r", "q_genes", "q"),
        stands_out=_stands_out,
    )


def _stands_out(row: dict[str, Any]) -> bool:
    """Whether r is beyond random genes or, where it is compared with none, is not 0."""
    by_genes = row.get("q_genes")
    return is_significant(row["q"] if by_genes is None else by_genes)


# what a narrow terminal can do without, the first to go first
_LESS = (
    "prediction_low",
    "prediction_high",
    "r_min",
    "r_max",
    "i2",
    "sets_mean",
    "z_sets",
    "genes_mean",
    "rank",
    "ci_low",
    "ci_high",
)
_MOST_ROWS, _MOST_OF_TYPES = 25, 75
_WIDE = (
    "tau2",
    "tallied_by",
    "genes_low",
    "genes_high",
    "sets_low",
    "sets_high",
    "n_reference_sets",
)
_SHARED = ("n_shared_genes", "r_disjoint")
_WIDE_OF_TYPES = (
    *_WIDE,
    "rank",
    "ci_low",
    "ci_high",
    "z_genes",
    "genes_mean",
    "z_sets",
    "sets_mean",
)


def _columns(
    answer: ScreenAnswer, shown: pl.DataFrame, *, by_type: bool
) -> dict[str, Callable[[dict[str, Any]], str]]:
    """The columns of the terminal table; of several tumor types those that fit."""
    is_narrow = by_type and shown["tumor_type"].n_unique() > 1
    hidden = {"method", "note", *(_WIDE_OF_TYPES if is_narrow else _WIDE)}
    if answer.query.against != "itself":
        hidden.add("x")
    if not answer.frame["n_shared_genes"].max():
        hidden.update(_SHARED)
    digits = 3 if is_narrow else 4
    names = [name for name in shown.columns if name not in hidden]
    return {name: partial(_cell, name, digits) for name in names}


def _cell(name: str, digits: int, row: dict[str, Any]) -> str:
    return number(row[name], digits)


def _kind(query: ScreenQuery) -> str:
    if query.against == "genes" or not isinstance(query.against, str):
        return query.y_kind
    return f"{query.y_kind} of {query.against}"
