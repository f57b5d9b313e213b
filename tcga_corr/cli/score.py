"""``tcga-corr score``."""

from __future__ import annotations

from typing import Annotated

import typer

from tcga_corr.choices import ScoringEngine
from tcga_corr.cli import options
from tcga_corr.cli.output import check_output, check_plot, question_result, write_result
from tcga_corr.cli.settings import Settings


def score(
    context: typer.Context,
    sets: Annotated[
        list[str],
        typer.Argument(
            metavar="SET...",
            help="Gene sets: names, FILE.gmt:NAME, all of a FILE.gmt, or hallmark for all 50.",
        ),
    ],
    tumor_types: options.TumorTypes = None,
    source: options.SourceName = None,
    samples: options.SampleSelection = "tumor",
    ties: options.TieRule = "average",
    engine: Annotated[
        ScoringEngine,
        typer.Option("--engine", help="gseapy: call gseapy's own ssgsea, many times slower."),
    ] = "closed-form",
    min_genes: options.MinGenes = 5,
    plot: options.Plot = None,
    output_format: options.OutputFormat = None,
    output: options.Output = None,
    force: options.Force = False,
) -> None:
    """Score gene sets in each sample by ssGSEA.

    The score (es) is the raw enrichment score: it does not change when samples or sets are added.
    Scores of one set compare between samples; scores of different sets do not.

    The figure, of six sets at most, shows tumours beside normal samples.

    Example: `tcga-corr score ferroptosis nfkb -t LIHC -o scores.tsv`.
    """
    settings: Settings = context.obj
    check_output(output, force, output_format)
    check_plot(plot, force)
    where = options.scope(tumor_types, source, samples, ties, min_genes)
    store = settings.engine()
    answer = store.score(sets, engine=engine, **where)
    settings.notes(answer.notes)
    query = answer.query.scope
    heading = f"ssGSEA scores; {query.source}, {query.unit}; {query.samples} samples"
    write_result(question_result(answer, "scores", heading), output, output_format)
    if plot is not None:
        from tcga_corr.figures.distribution import distribution
        from tcga_corr.figures.style import save

        tumor = store.values(sets, **where)
        normal = None
        if samples == "tumor":
            where["samples"] = "normal"
            normal = store.values(sets, **where)
        save(distribution(tumor, normal), plot)
