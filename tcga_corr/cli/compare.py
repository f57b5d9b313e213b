"""``tcga-corr compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tcga_corr.choices import CompareFigure
from tcga_corr.cli import options
from tcga_corr.cli.output import Result, digits, number, plain, question_result
from tcga_corr.cli.settings import Settings
from tcga_corr.vocabulary.associations import is_significant
from tcga_corr.vocabulary.nulls import N_DRAWS

if TYPE_CHECKING:
    from tcga_corr.analysis.compare import CompareAnswer


@options.command
def compare(
    context: typer.Context,
    variables: Annotated[
        list[str],
        typer.Argument(
            metavar="VARIABLE...", help="Gene sets, genes or covariates; hallmark; FILE.gmt."
        ),
    ],
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="sample-type|gtex|COVARIATE|FILE",
            help="Tumour against solid tissue normal, or against the tissue of GTEx; the levels of "
            "a category such as stage; or a table of samples (or patients) and their groups.",
        ),
    ] = "sample-type",
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="COLUMN", help="The column of FILE with the groups."),
    ] = None,
    *,
    scope: options.Scope,
    null: options.GroupNulls = None,
    draws: options.Draws = N_DRAWS,
    plot: options.Plot = None,
    kind: Annotated[
        CompareFigure | None,
        typer.Option(
            "--kind",
            help="The figure: box plots with every sample, or differences of means with their "
            "intervals. Default: boxes, of more than 6 variables or groups differences.",
        ),
    ] = None,
    report: options.Report = None,
    out: options.Out,
) -> None:
    """Whether variables differ between groups of samples, in each tumor type.

    Two groups: Welch's t with Hedges' g, and Mann-Whitney with the rank-biserial correlation;
    where patients have samples in both, the paired t and Wilcoxon's signed ranks too. More groups:
    one-way ANOVA, Welch's ANOVA and Kruskal-Wallis, then each two. q is p adjusted over all rows
    of the same test. Tumour and normal tissue differ in so much that most random gene sets differ
    too: a small p of a pathway is no evidence about that pathway. p_genes is: how often random
    genes of the same mean and spread have as far an effect; q_genes is p_genes adjusted as q is.

    The figure has a box and every sample for each group, with p, q and q_genes by ranks.

    Examples: `tcga-corr compare ferroptosis nfkb -t LIHC`,
    `tcga-corr compare ferroptosis --by stages.tsv --group stage`,
    `tcga-corr compare GPX4 --by stage --plot boxes.pdf`,
    `tcga-corr compare GPX4 -t ACC,OV --by gtex`.
    """
    settings: Settings = context.obj
    out.check_plot(plot)
    answer = settings.engine().compare(
        variables,
        by,
        group=group,
        null=None if null is None else options.nulls(null, ("genes",)),
        draws=draws,
        **scope,
    )
    settings.notes_of(answer.notes, answer.query.scope)
    out.write(_result(answer))
    if plot is not None:
        from tcga_corr.figures.boxes import MOST, boxes
        from tcga_corr.figures.comparison import comparison
        from tcga_corr.figures.style import save

        n_most = max(len(answer.query.variables), len(answer.query.groups))
        is_boxes = kind == "boxes" or (kind is None and n_most <= MOST)
        draw = boxes if is_boxes else comparison
        save(draw(answer, look=plot.look), plot)
    if report is not None:
        report.add(answer)


def _result(answer: CompareAnswer) -> Result:
    query, frame = answer.query, answer.frame
    hidden = {*_WIDE, *(("group_a", "group_b") if len(query.groups) == 2 else ())}
    shown = [
        name
        for name in frame.columns
        if name not in hidden and frame[name].null_count() < frame.height
    ]
    groups = f", {' minus '.join(query.groups)}" if len(query.groups) == 2 else ""
    more = ", …" if len(query.variables) > 4 else ""
    return question_result(
        answer,
        "comparisons",
        f"{number(', '.join(query.variables[:4]))}{more} by {query.by}{groups}; "
        f"{query.scope.source}, {query.scope.unit}; {query.scope.samples_in_words}",
        columns={name: (digits if name in _P else plain)(name) for name in shown},
        on_terminal=frame.filter(frame["test"].is_in(_BY_RANKS)),
        less=("effect_name", "difference", "effect", "q", "p_genes"),
        keep=("n_a", "n_b", "p"),
        stands_out=lambda row: is_significant(
            row["q"] if row["q_genes"] is None else row["q_genes"]
        ),
    )


_P = ("p", "q", "p_genes", "q_genes")
_BY_RANKS = ("mann-whitney", "kruskal-wallis")
"""The tests that a terminal shows, a row for each tumor type and variable."""


_WIDE = (
    "mean_a",
    "mean_b",
    "ci_low",
    "ci_high",
    "statistic",
    "df",
    "df2",
    "effect_name",
    "genes_low",
    "genes_high",
)
