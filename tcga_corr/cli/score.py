"""``tcga-corr score``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tcga_corr.choices import ScoringEngine
from tcga_corr.cli import options
from tcga_corr.cli.output import question_result
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError
from tcga_corr.vocabulary.nulls import N_DRAWS

if TYPE_CHECKING:
    from tcga_corr.engine import Engine


@options.command
def score(
    context: typer.Context,
    sets: Annotated[
        list[str],
        typer.Argument(
            metavar="SET...|GENE...",
            help="Gene sets: names, FILE.gmt:NAME, all of a FILE.gmt, genes as FILE.txt or "
            "CD8A,GZMB,PRF1, or hallmark for all 50. Or genes, each by itself.",
        ),
    ],
    *,
    scope: options.Scope,
    engine: Annotated[
        ScoringEngine,
        typer.Option("--engine", help="gseapy: call gseapy's own ssgsea, many times slower."),
    ] = "closed-form",
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="FILE|sample-type|gtex|COVARIATE",
            help="Groups of samples: a table of samples (or patients) and their groups, tumour and "
            "normal tissue, or the levels of a category. They are a column of the table, and side "
            "by side in the figure.",
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="COLUMN", help="The column of FILE with the groups."),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            "--reference",
            metavar="A",
            help="The group that stands first, with which the figure compares every other. "
            "Default: normal tissue, or the first of FILE or the category.",
        ),
    ] = None,
    null: options.GroupNulls = None,
    draws: options.Draws = N_DRAWS,
    plot: options.Plot = None,
    report: options.Report = None,
    out: options.Out,
) -> None:
    """Score gene sets in each sample by ssGSEA, or give the values of genes.

    The score (es) is the raw enrichment score: it does not change when samples or sets are added.
    Scores of one set compare between samples; scores of different sets do not. Of genes es holds
    the values, in the table's unit; genes with commas are one set, with blanks each a gene. Genes
    and sets are asked for separately, as their numbers have no common unit.

    The figure, of six sets at most, shows tumours beside normal samples; with --by the samples of
    each group, with p, q and q_genes as of compare, and q of each group against the reference.

    Examples: `tcga-corr score ferroptosis nfkb -t LIHC -o scores.tsv`,
    `tcga-corr score GPX4 -t LIHC`,
    `tcga-corr score ferroptosis apoptosis --source cells --by groups.tsv --plot scores.pdf`.
    """
    settings: Settings = context.obj
    out.check_plot(plot)
    nulls = () if null is None else options.nulls(null, ("genes",))
    if by is None and (null is not None or draws != N_DRAWS):
        raise UsageError("--null and --draws compare groups", "Give --by FILE too")
    store = settings.engine()
    # only what is shown is worth the time that random genes take
    is_compared = plot is not None or report is not None or out.format == "json"
    answer = store.score(
        sets,
        engine=engine,
        apart=True,
        by=by,
        group=group,
        reference=reference,
        null=(None if null is None else nulls) if is_compared else (),
        draws=draws,
        **scope,
    )
    settings.notes_of(answer.notes, answer.query.scope)
    query = answer.query.scope
    kind = "ssGSEA scores" if answer.provenance.gene_sets else "Values of genes"
    grouped = f" by {answer.query.by}" if by else ""
    compared = {} if answer.compared is None else {"comparisons": answer.compared.frame.to_dicts()}
    out.write(
        question_result(
            answer,
            "scores",
            f"{kind}{grouped}; {query.source}, {query.unit}; {query.samples_in_words}",
            around=compared,
            less=("n_missing", "n_genes", "patient", "sample_type"),
            keep=("set", "es"),
        )
    )
    if plot is None and report is None:
        return
    beside = {} if answer.compared else _beside(store, sets, scope)
    if plot is not None:
        from tcga_corr.figures.style import save

        if answer.compared is not None:
            from tcga_corr.figures.boxes import boxes

            figure = boxes(answer.compared, answer.query.reference, plot.look)
        else:
            from tcga_corr.figures.distribution import distribution

            figure = distribution(beside["values"], beside["normal"], plot.look)
        save(figure, plot)
    if report is not None:
        report.add(answer, **beside)


def _beside(store: Engine, sets: list[str], scope: options.Scope) -> dict[str, Any]:
    """The values of the samples, and where these are tumours those of normal tissue."""
    normal = None
    if scope["samples"] == "tumor":
        of_normal = scope.copy()
        of_normal["samples"] = "normal"
        normal = store.values(sets, **of_normal)
    return {"values": store.values(sets, **scope), "normal": normal}
