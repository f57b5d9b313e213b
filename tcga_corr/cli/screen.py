"""``tcga-corr screen``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tcga_corr.choices import ScreenMethod
from tcga_corr.cli import options
from tcga_corr.cli.output import Result, number, plain, question_result
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError
from tcga_corr.vocabulary.nulls import N_DRAWS

if TYPE_CHECKING:
    from tcga_corr.analysis.screen import ScreenAnswer, ScreenQuery


@options.command
def screen(
    context: typer.Context,
    x: Annotated[
        str, typer.Argument(metavar="X", help="A gene, a gene set or a covariate, as in correlate.")
    ],
    against: Annotated[
        str,
        typer.Option(
            "--against",
            metavar="genes|hallmark|reference|FILE|A,B,C",
            help="Every gene of the tables, the 50 Hallmarks, the reference collection of real "
            "pathways, the sets or the list of genes of a file, or names such as CD8A,GZMB.",
        ),
    ],
    *,
    scope: options.Scope,
    method: Annotated[ScreenMethod, typer.Option("--method", help="How to correlate.")] = "pearson",
    adjust: options.AdjustFor = None,
    by_tumor_type: Annotated[
        bool,
        typer.Option(
            "--by-type", help="A row per tumor type and Y, instead of one per Y pooled over them."
        ),
    ] = False,
    top: Annotated[
        str | None,
        typer.Option(
            "--top",
            metavar="N|all",
            help="Rows to give; with --by-type of each tumor type. Default: 25 in the table for "
            "people, all in any other format.",
        ),
    ] = None,
    null: options.ScreenNulls = None,
    draws: options.Draws = N_DRAWS,
    plot: options.Plot = None,
    out: options.Out,
) -> None:
    """One variable against every gene, or against many genes or gene sets.

    By default a row per Y: its r pooled over the tumor types (random effects), how far that is from
    what random genes of the same mean and spread give (z_genes, p_genes), q_genes over the whole
    screen (Benjamini-Hochberg), and in how many tumor types q_genes < 0.05 in either direction; the
    largest abs(z_genes) first. With --by-type, or where there is one tumor type, a row is an
    association, ranked within its tumor type by the size of r.

    p and q test r = 0 alone: within a large tumor type thousands of genes pass. Where X and Y
    share genes, read r_disjoint.

    Examples: `tcga-corr screen RELA --against genes`,
    `tcga-corr screen ferroptosis --against hallmark -t LIHC --top all -o screen.tsv`.
    """
    settings: Settings = context.obj
    out.check_plot(plot)
    is_table = out.format == "table"
    count = _count(top or ("25" if is_table else "all"))
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
    out.write(_result(answer, count))
    if plot is not None:
        from tcga_corr.figures.style import save
        from tcga_corr.figures.volcano import volcano

        save(volcano(answer), plot)


def _count(top: str) -> int | None:
    if top == "all":
        return None
    if not top.isdecimal() or int(top) < 1:
        raise UsageError(f"--top is '{top}'", "Give a number of rows, or all")
    return int(top)


def _result(answer: ScreenAnswer, count: int | None) -> Result:
    query, frame = answer.query, answer.frame
    by_type = "tumor_type" in frame.columns
    shown = frame
    if count is not None:
        groups = frame.group_by("tumor_type", maintain_order=True) if by_type else frame
        shown = groups.head(count)
    left = frame.height - shown.height
    adjusted = f", adjusted for {', '.join(query.adjust)}" if query.adjust else ""
    hidden = {"x", "method", "note", *_WIDE, *([] if frame["n_shared_genes"].max() else _SHARED)}
    return question_result(
        answer,
        "associations",
        f"{query.x} against {query.n_y} {_kind(query)}, {query.method}{adjusted}; "
        f"{query.scope.source}, {query.scope.unit}; {query.scope.samples_in_words}",
        query={**query.as_dict(), "top": count},
        frame=shown,
        columns={name: plain(name) for name in shown.columns if name not in hidden},
        below=[f"{number(left)} more rows: --top all"] if left else [],
    )


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


def _kind(query: ScreenQuery) -> str:
    if query.against == "genes" or not isinstance(query.against, str):
        return query.y_kind
    return f"{query.y_kind} of {query.against}"
