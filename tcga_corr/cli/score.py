"""``tcga-corr score``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tcga_corr.cli import options
from tcga_corr.cli.output import Result, check_output, check_plot, write_result
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
    samples: options.SampleSelection = options.Samples.tumor,
    ties: options.TieRule = options.Ties.average,
    engine: Annotated[
        options.ScoringEngine,
        typer.Option("--engine", help="gseapy: call gseapy's own ssgsea, many times slower."),
    ] = options.ScoringEngine.closed_form,
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
    store = settings.engine()
    of_which: dict[str, Any] = {
        "tumor_types": options.split_names(tumor_types),
        "source": source,
        "ties": ties.value,
        "min_genes": min_genes,
    }
    answer = store.score(sets, samples=samples.value, engine=engine.value, **of_which)
    settings.notes(answer.notes)
    query = answer.query
    simulated = "SIMULATED  " if answer.provenance["simulated"] else ""
    result = Result(
        frame=answer.frame,
        rows_key="scores",
        around={"query": query, "provenance": answer.provenance},
        heading=(
            f"{simulated}ssGSEA scores; {query['source']}, {query['unit']}; "
            f"{query['samples']} samples"
        ),
    )
    write_result(result, output, output_format)
    if plot is not None:
        from tcga_corr.figures.distribution import distribution
        from tcga_corr.figures.style import save

        beside = samples is options.Samples.tumor
        normal = store.values(sets, samples="normal", **of_which) if beside else None
        save(distribution(store.values(sets, samples=samples.value, **of_which), normal), plot)
