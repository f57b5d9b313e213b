"""``tcga-corr pca``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tcga_corr.choices import PcaTable
from tcga_corr.cli import options
from tcga_corr.cli.output import Result, number, plain, question_result
from tcga_corr.cli.settings import Settings
from tcga_corr.vocabulary.associations import is_significant

if TYPE_CHECKING:
    from tcga_corr.analysis.pca import PcaAnswer

_SHOWN = 20


@options.command
def pca(
    context: typer.Context,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="COVARIATE|sample-type|gtex|FILE|GENE|SET",
            help="What samples are coloured by: groups of a table of samples (or patients), "
            "tumour and normal tissue, the levels of a category, or a number.",
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="COLUMN", help="The column of FILE with the groups."),
    ] = None,
    genes: Annotated[
        int, typer.Option("--genes", metavar="N", help="Genes, those that vary most.")
    ] = 500,
    components: Annotated[
        int, typer.Option("--components", metavar="K", help="Components to give.")
    ] = 5,
    table: Annotated[
        PcaTable | None,
        typer.Option(
            "--table",
            help="samples: the coordinates of each sample. covariates: which covariate goes with "
            "which component. Default: covariates in the table for people, else samples; JSON has "
            "both.",
        ),
    ] = None,
    *,
    scope: options.Scope,
    plot: options.Plot = None,
    report: options.Report = None,
    out: options.Out,
) -> None:
    """Principal components of each tumor type's samples.

    They are of the genes that vary most over the samples, centred and not scaled, as DESeq2's
    plotPCA has them. Every covariate of the store is compared with every component: the share of
    the component's variance that goes with it, r2 of a number and eta2 of a category, with p, and
    q over all rows. What a first component goes with, such as purity or the plate, is in every
    correlation of these samples too.

    Examples: `tcga-corr pca -t LIHC --by sample-type --plot pca.pdf`,
    `tcga-corr pca -t BRCA --by purity --plot pca.pdf`,
    `tcga-corr pca --source mine --by groups.tsv --plot pca.pdf -o coordinates.tsv`.
    """
    settings: Settings = context.obj
    out.check_plot(plot)
    answer = settings.engine().pca(by, group=group, genes=genes, components=components, **scope)
    settings.notes_of(answer.notes, answer.query.scope)
    out.write(_result(answer, table, is_table=out.format == "table"))
    if plot is not None:
        from tcga_corr.figures.principal_axes import principal_axes
        from tcga_corr.figures.style import save

        save(principal_axes(answer, plot.look), plot)
    if report is not None:
        report.add(answer)


def _result(answer: PcaAnswer, table: PcaTable | None, *, is_table: bool) -> Result:
    query = answer.query
    wanted = table or ("covariates" if is_table else "samples")
    frame = answer.covariates if wanted == "covariates" else answer.frame
    shown = frame.head(_SHOWN) if is_table and table is None else frame
    left = frame.height - shown.height
    more = [f"{number(left)} more rows: --table covariates"] if left else []
    others = {
        "variance": answer.variance.to_dicts(),
        **({"covariates": answer.covariates.to_dicts()} if wanted == "samples" else {}),
    }
    hidden = {"tumor_type"} if len(query.scope.tumor_types) == 1 else set()
    if wanted == "samples" and query.by is None:
        hidden.add("group")
    return question_result(
        answer,
        wanted,
        f"Principal components of samples, {query.n_genes:,} most variable genes"
        f"{f', by {query.by}' if query.by else ''}; {query.scope.source}, {query.scope.unit}; "
        f"{query.scope.samples_in_words}",
        frame=frame,
        shown=shown,
        around=others,
        columns={name: plain(name) for name in frame.columns if name not in hidden},
        below=[*more, *answer.lines],
        stands_out=(lambda row: is_significant(row["q"])) if wanted == "covariates" else None,
    )
