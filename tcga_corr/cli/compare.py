"""``tcga-corr compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tcga_corr.cli import options
from tcga_corr.cli.output import Result, number, plain, question_result
from tcga_corr.cli.settings import Settings

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
            metavar="sample-type|gtex|FILE",
            help="Tumour against solid tissue normal, or against the tissue of GTEx; or a table of "
            "samples (or patients) and their groups.",
        ),
    ] = "sample-type",
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="COLUMN", help="The column of FILE with the groups."),
    ] = None,
    *,
    scope: options.Scope,
    plot: options.Plot = None,
    out: options.Out,
) -> None:
    """Whether variables differ between groups of samples, in each tumor type.

    Two groups: Welch's t with Hedges' g, and Mann-Whitney with the rank-biserial correlation;
    where patients have samples in both, the paired t and Wilcoxon's signed ranks too. More groups:
    one-way ANOVA, Welch's ANOVA and Kruskal-Wallis, then each two. q is p adjusted over all rows
    of the same test. Tumour and normal tissue differ in so much that most random gene sets differ
    too: a small p of a pathway is no evidence about that pathway.

    Examples: `tcga-corr compare ferroptosis nfkb -t LIHC`,
    `tcga-corr compare ferroptosis --by stages.tsv --group stage`,
    `tcga-corr compare ferroptosis -t ACC,OV --by gtex`.
    """
    settings: Settings = context.obj
    out.check_plot(plot)
    answer = settings.engine().compare(
        variables,
        by,
        group=group,
        **scope,
    )
    settings.notes_of(answer.notes, answer.query.scope)
    out.write(_result(answer))
    if plot is not None:
        from tcga_corr.figures.comparison import comparison
        from tcga_corr.figures.style import save

        save(comparison(answer), plot)


def _result(answer: CompareAnswer) -> Result:
    query, frame = answer.query, answer.frame
    shown = [name for name in frame.columns if frame[name].null_count() < frame.height]
    more = ", …" if len(query.variables) > 4 else ""
    return question_result(
        answer,
        "comparisons",
        f"{number(', '.join(query.variables[:4]))}{more} by {query.by}; "
        f"{query.scope.source}, {query.scope.unit}",
        columns={name: plain(name) for name in shown},
    )
