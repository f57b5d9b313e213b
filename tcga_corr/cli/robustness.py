"""``tcga-corr robustness``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, cast

import typer

from tcga_corr.cli import options
from tcga_corr.cli.output import Result, plain, question_result
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError
from tcga_corr.vocabulary.nulls import NULLS

if TYPE_CHECKING:
    from tcga_corr.analysis.robustness import RobustnessAnswer
    from tcga_corr.analysis.samples.scope import CohortOptions

_SHOWN_GENES = 10


@options.command
def robustness(
    context: typer.Context,
    x: Annotated[str, typer.Argument(metavar="X", help="A variable, as in correlate.")],
    y: Annotated[str, typer.Argument(metavar="Y", help="As X.")],
    *,
    scope: options.Scope,
    x_also: Annotated[
        list[str] | None,
        typer.Option(
            "--x-also",
            metavar="X2",
            help="Another variable of the meaning of X, as FILE.gmt:NAME; several with commas.",
        ),
    ] = None,
    y_also: Annotated[
        list[str] | None,
        typer.Option(
            "--y-also",
            metavar="Y2",
            help="Another variable of the meaning of Y; several with commas.",
        ),
    ] = None,
    adjust: options.AdjustFor = None,
    null: Annotated[
        str,
        typer.Option(
            "--null", metavar="genes|none", help="Compare with random genes (p_genes), or nothing."
        ),
    ] = "genes",
    draws: options.Draws = 1_000,
    plot: options.Plot = None,
    report: options.Report = None,
    out: options.Out,
) -> None:
    """One association over the choices that an analyst could have made.

    r of X and Y in one tumor type for every combination of: source (and so unit) where several are
    loaded, on all patients and on those that every source has; tie rule; Pearson, Spearman and
    Kendall; other gene sets of the same meaning; shared genes kept or removed; with and without
    adjustment. Then, as asked, without each gene of the sets. The lines below the table show what
    the choices span, what each choice does alone, and which genes matter most. Kendall's tau is
    another scale than r, and not in that span.

    p_genes: would random genes of the same mean expression and spread give r? It is of r without
    shared genes and of scores by average ranks, so it depends on neither of these choices.
    p_genes_by_mean is that of random genes of the same mean alone, the rule of version 0.1.0.

    nfkb stands for all its readings (`tcga-corr sets nfkb`), of which the first is as asked; any
    other name, as nfkb-pid-canonical or HALLMARK_TNFA_SIGNALING_VIA_NFKB, for that list alone.

    Examples: `tcga-corr robustness ferroptosis nfkb -t LIHC --adjust purity`,
    `tcga-corr robustness RELA NFE2L2 -t GBM`.
    """
    settings: Settings = context.obj
    out.check_plot(plot)
    names = list(scope.pop("tumor_types"))
    if len(names) != 1:
        raise UsageError("robustness is of one tumor type", "Give one, as -t LIHC")
    answer = settings.engine().robustness(
        x,
        y,
        tumor_type=names[0],
        x_also=options.split_names(x_also),
        y_also=options.split_names(y_also),
        adjust=options.split_names(adjust),
        null=options.nulls([null], ["genes"]),
        draws=draws,
        **cast("CohortOptions", scope),
    )
    settings.notes(answer.notes)
    out.write(_result(answer))
    if plot is not None:
        from tcga_corr.figures.specification import specification_curve
        from tcga_corr.figures.style import save

        save(specification_curve(answer, plot.look), plot)
    if report is not None:
        report.add(answer)


def _result(answer: RobustnessAnswer) -> Result:
    import polars as pl

    from tcga_corr.analysis.specifications import BY_MEAN, COMPARED, WITHOUT_GENE

    query, frame = answer.query, answer.frame
    genes = frame.filter(pl.col("kind") == WITHOUT_GENE).sort(pl.col("change").abs())
    few = genes.tail(_SHOWN_GENES).reverse()
    left = genes.height - few.height
    varied = {name for name in frame.columns if frame[name].n_unique() > 1}
    varied -= {*COMPARED} - {NULLS["genes"].p, BY_MEAN}
    shown = [name for name in frame.columns if name in varied | {"kind", "n", "r"}]
    return question_result(
        answer,
        "specifications",
        f"{query.x[0]} against {query.y[0]} in {query.tumor_type} over the choices; "
        f"{', '.join(query.sources)}; {query.samples} samples",
        around={"spread": asdict(answer.summary)},
        columns={name: plain(name) for name in shown},
        below=[
            *([f"{left} more genes, each left out: in any other format"] if left else []),
            *answer.lines,
        ],
        shown=pl.concat([frame.filter(pl.col("kind") != WITHOUT_GENE), few]),
        less=(BY_MEAN, "ci_low", "ci_high", "change", "without", "note"),
        keep=("n", "r", NULLS["genes"].p),
    )
