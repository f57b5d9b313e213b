"""``tcga-corr dominance``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tcga_corr.cli import options
from tcga_corr.cli.output import Result, plain, question_result
from tcga_corr.cli.settings import Settings

if TYPE_CHECKING:
    from tcga_corr.analysis.dominance import DominanceAnswer


@options.command
def dominance(
    context: typer.Context,
    sets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SET...",
            help="Two or more gene sets; by default the five death programmes: ferroptosis, "
            "apoptosis, autophagy, necroptosis, pyroptosis.",
        ),
    ] = None,
    *,
    scope: options.Scope,
    draws: Annotated[
        int,
        typer.Option(
            "--draws", metavar="B", help="Random sets that each score is standardised against."
        ),
    ] = 1_000,
    plot: options.Plot = None,
    report: options.Report = None,
    out: options.Out,
) -> None:
    """Which of several gene sets scores highest in the samples of a tumor type.

    Twice: by the raw scores, and by scores standardised against random sets of the same size whose
    genes are expressed alike, in the same sample (--draws of them). Raw scores of different sets do
    not compare, as they depend on size and on how high the genes are in any tissue; the
    standardised ones take that out. Friedman's test says whether the sets differ, and Wilcoxon's
    signed ranks with Holm's adjustment which do (all pairs in --format json). Both find differences
    between random sets too: quote p_genes, how often random sets in place of all of these give as
    large a Kendall's W.

    Example: `tcga-corr dominance -t LIHC`.
    """
    settings: Settings = context.obj
    out.check_plot(plot)
    chosen = {"sets": sets} if sets else {}
    answer = settings.engine().dominance(
        **chosen,
        draws=draws,
        **scope,
    )
    settings.notes_of(answer.notes, answer.query.scope)
    out.write(_result(answer))
    if plot is not None:
        from tcga_corr.figures.dominance import dominance_figure
        from tcga_corr.figures.style import save

        save(dominance_figure(answer, plot.look), plot)
    if report is not None:
        report.add(answer)


def _result(answer: DominanceAnswer) -> Result:
    query = answer.query
    return question_result(
        answer,
        "dominance",
        f"{', '.join(query.sets)}; {query.scope.source}, {query.scope.unit}; "
        f"{query.scope.samples_in_words}",
        around=asdict(answer.summary),
        columns={name: plain(name) for name in answer.frame.columns},
        below=answer.lines,
        less=("n_lowest", "mean_rank", "sd", "median", "n_highest"),
        keep=("set", "n", "share_highest"),
    )
