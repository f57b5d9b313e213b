"""``tcga-corr score``."""

from __future__ import annotations

from typing import Annotated

import typer

from tcga_corr.choices import ScoringEngine
from tcga_corr.cli import options
from tcga_corr.cli.output import question_result
from tcga_corr.cli.settings import Settings


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
    plot: options.Plot = None,
    report: options.Report = None,
    out: options.Out,
) -> None:
    """Score gene sets in each sample by ssGSEA, or give the values of genes.

    The score (es) is the raw enrichment score: it does not change when samples or sets are added.
    Scores of one set compare between samples; scores of different sets do not. Of genes es holds
    the values, in the table's unit; genes with commas are one set, with blanks each a gene. Genes
    and sets are asked for separately, as their numbers have no common unit.

    The figure, of six sets at most, shows tumours beside normal samples.

    Examples: `tcga-corr score ferroptosis nfkb -t LIHC -o scores.tsv`,
    `tcga-corr score GPX4 -t LIHC`.
    """
    settings: Settings = context.obj
    out.check_plot(plot)
    store = settings.engine()
    answer = store.score(sets, engine=engine, apart=True, **scope)
    settings.notes_of(answer.notes, answer.query.scope)
    query = answer.query.scope
    kind = "ssGSEA scores" if answer.provenance.gene_sets else "Values of genes"
    heading = f"{kind}; {query.source}, {query.unit}; {query.samples_in_words}"
    out.write(
        question_result(
            answer,
            "scores",
            heading,
            less=("n_missing", "n_genes", "patient", "sample_type"),
            keep=("set", "es"),
        )
    )
    if plot is None and report is None:
        return
    tumor = store.values(sets, **scope)
    normal = None
    if scope["samples"] == "tumor":
        of_normal = scope.copy()
        of_normal["samples"] = "normal"
        normal = store.values(sets, **of_normal)
    if plot is not None:
        from tcga_corr.figures.distribution import distribution
        from tcga_corr.figures.style import save

        save(distribution(tumor, normal, plot.look), plot)
    if report is not None:
        report.add(answer, values=tumor, normal=normal)
