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
            metavar="SET...",
            help="Gene sets: names, FILE.gmt:NAME, all of a FILE.gmt, genes as FILE.txt or "
            "CD8A,GZMB,PRF1, or hallmark for all 50.",
        ),
    ],
    *,
    scope: options.Scope,
    engine: Annotated[
        ScoringEngine,
        typer.Option("--engine", help="gseapy: call gseapy's own ssgsea, many times slower."),
    ] = "closed-form",
    plot: options.Plot = None,
    out: options.Out,
) -> None:
    """Score gene sets in each sample by ssGSEA.

    The score (es) is the raw enrichment score: it does not change when samples or sets are added.
    Scores of one set compare between samples; scores of different sets do not.

    The figure, of six sets at most, shows tumours beside normal samples.

    Example: `tcga-corr score ferroptosis nfkb -t LIHC -o scores.tsv`.
    """
    settings: Settings = context.obj
    out.check_plot(plot)
    store = settings.engine()
    answer = store.score(sets, engine=engine, **scope)
    settings.notes_of(answer.notes, answer.query.scope)
    query = answer.query.scope
    heading = f"ssGSEA scores; {query.source}, {query.unit}; {query.samples_in_words}"
    out.write(question_result(answer, "scores", heading))
    if plot is not None:
        from tcga_corr.figures.distribution import distribution
        from tcga_corr.figures.style import save

        tumor = store.values(sets, **scope)
        normal = None
        if scope["samples"] == "tumor":
            scope["samples"] = "normal"
            normal = store.values(sets, **scope)
        save(distribution(tumor, normal), plot)
