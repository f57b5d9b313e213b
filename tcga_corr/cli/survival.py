"""``tcga-corr survival``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tcga_corr.choices import Cut
from tcga_corr.cli import options
from tcga_corr.cli.output import Result, digits, interval, number, question_result
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError
from tcga_corr.vocabulary.associations import is_significant

if TYPE_CHECKING:
    from tcga_corr.analysis.survival import SurvivalAnswer


@options.command
def survival(
    context: typer.Context,
    x: Annotated[
        str, typer.Argument(metavar="X", help="A gene, gene set or covariate, as in correlate.")
    ],
    *,
    scope: options.Scope,
    endpoint: Annotated[
        str,
        typer.Option(
            "--endpoint",
            metavar="OS|DSS|DFI|PFI",
            help="Overall, disease-specific, disease-free or progression-free survival; or NAME of "
            "your own covariates NAME (0 or 1) and NAME.time.",
        ),
    ] = "OS",
    adjust: Annotated[
        list[str] | None,
        typer.Option(
            "--adjust",
            metavar="Z",
            help="Hold Z constant: a covariate, a gene or a gene set; several with commas or by "
            "repeating. Samples without it are left out.",
        ),
    ] = None,
    null: Annotated[
        str,
        typer.Option(
            "--null", metavar="genes|none", help="Compare with random genes (p_genes), or nothing."
        ),
    ] = "genes",
    draws: Annotated[
        int, typer.Option("--draws", metavar="B", help="Random genes or sets, for p_genes.")
    ] = 1_000,
    cut: Annotated[
        Cut | None,
        typer.Option(
            "--cut",
            help="With --plot: draw Kaplan-Meier curves of the samples above and below the median "
            "of X, or of its thirds.",
        ),
    ] = None,
    plot: options.Plot = None,
    report: options.Report = None,
    out: options.Out,
) -> None:
    """Whether X goes with survival: hazard ratios in each tumor type, and pooled over them.

    Each tumor type is a row: n samples and events, the hazard ratio per standard deviation of X
    (Cox's regression, Efron's ties) with its 95 % interval, p that it is not 1 (Wald) and q, which
    is p adjusted over the tumor types shown. Random genes go with survival too, often: p_genes is
    how often random genes of the same mean and spread give as strong a ratio; quote it. 95 % of
    them give a ratio in the range shown beside it. A small p_proportional says that the ratio
    changes with time, so that one number does not describe it. X is never cut at a value that was
    searched for.

    Which endpoint is fit to use in which tumor type is in table 3 of Liu et al. 2018,
    doi:10.1016/j.cell.2018.02.052. Load TCGA's first: `tcga-corr load --covariates
    Survival_SupplementalTable_S1_20171025_xena_sp`.

    Examples: `tcga-corr survival ferroptosis --plot ratios.pdf`,
    `tcga-corr survival GPX4 -t LIHC --endpoint PFI --adjust age --plot curves.pdf`. The figure is
    that of hazard ratios; of one tumor type, or with --cut, Kaplan-Meier curves.
    """
    settings: Settings = context.obj
    out.check_plot(plot)
    if cut is not None and plot is None and report is None:
        raise UsageError("--cut is of the figure", "Give --plot FILE too")
    engine = settings.engine()
    controls = options.split_names(adjust)
    answer = engine.survival(
        x,
        endpoint=endpoint,
        adjust=controls,
        null=options.nulls([null], ["genes"]),
        draws=draws,
        **scope,
    )
    settings.notes_of(answer.notes, answer.query.scope)
    if out.is_file:
        answer.require_numbers()
    out.write(_result(answer))
    curves = partial(
        engine.survival_curves,
        x, endpoint=endpoint, cut=cut or "median", adjust=controls, **scope,
    )  # fmt: skip
    if plot is not None:
        from tcga_corr.figures.hazards import hazard_forest
        from tcga_corr.figures.style import save
        from tcga_corr.figures.survival import survival_curves

        if cut is None and len(answer.query.scope.tumor_types) > 1:
            figure = hazard_forest(answer, plot.look)
        else:
            figure = survival_curves(curves(), answer, plot.look)
        save(figure, plot)
    if report is not None:
        report.add(answer, curves=curves())
    answer.require_numbers()


def _result(answer: SurvivalAnswer) -> Result:
    query, frame = answer.query, answer.frame
    adjusted = f", adjusted for {', '.join(query.adjust)}" if query.adjust else ""
    has_genes = frame["p_genes"].null_count() < frame.height
    return question_result(
        answer,
        "survival",
        f"{query.endpoint} by {query.x}, hazard ratio per standard deviation{adjusted}; "
        f"{query.scope.source}, {query.scope.unit}; {query.scope.samples_in_words}",
        around={"pooled": asdict(answer.summary)},
        columns={
            heading: cell
            for heading, cell in _COLUMNS.items()
            if has_genes or heading not in _OF_GENES
        },
        foot=[answer.summary.row(query.x, query.endpoint)],
        below=answer.lines,
        less=("95 % of genes", "p_proportional", "q", "note", "p"),
        stands_out=lambda row: is_significant(row["q"]),
    )


_OF_GENES = ("p_genes", "95 % of genes")
_COLUMNS: dict[str, Callable[[dict[str, Any]], str]] = {
    "tumor type": lambda row: row["tumor_type"],
    "n": lambda row: number(row["n"]),
    "events": lambda row: number(row["n_events"]),
    "hazard ratio": lambda row: "" if row["hr"] is None else f"{row['hr']:.3f}",
    "95 % interval": interval("ci_low", "ci_high"),
    "p": digits("p"),
    "q": digits("q"),
    "p_genes": digits("p_genes"),
    "95 % of genes": interval("genes_low", "genes_high"),
    "p_proportional": digits("p_proportional"),
    "note": lambda row: number(row["note"]),
}
