"""``tcga-corr status``."""

from __future__ import annotations

from typing import Annotated

import typer

from tcga_corr.cli import options
from tcga_corr.cli.output import Result, plain
from tcga_corr.cli.settings import Settings

_FOR_PEOPLE = (
    "source", "tumor_type", "tumor", "normal", "gtex", "other", "n_genes", "genes", "unit",
    "size_mb", "loaded_at", "note",
)  # fmt: skip


@options.command
def status(
    context: typer.Context,
    samples: Annotated[
        bool,
        typer.Option(
            "--samples", help="List every sample, and what it is used as or why it is not."
        ),
    ] = False,
    tumor_types: options.TumorTypes = None,
    source: options.SourceName = None,
    *,
    out: options.Out,
) -> None:
    """List the tables of the store: tumor types, samples, genes, unit, size, age.

    With --format json, tsv, … also the input and what was left out of it.
    """
    settings: Settings = context.obj
    engine = settings.engine()
    wanted = options.split_names(tumor_types)
    frame = engine.samples(wanted, source) if samples else engine.status(wanted, source)
    has_gtex = not samples and bool(frame["gtex"].sum())
    shown = [name for name in _FOR_PEOPLE if name != "gtex" or has_gtex]
    result = Result(
        frame=frame,
        rows_key="samples" if samples else "tables",
        around={"query": {"store": str(settings.cache), "source": source, "tumor_types": wanted}},
        columns=None if samples else {name: plain(name) for name in shown},
        less=("size_mb", "loaded_at", "other", "genes", "n_genes"),
        keep=("tumor", "normal", "unit"),
    )
    out.write(result)
    for table, names in engine.covariates().group_by("table", maintain_order=True):
        settings.note(f"covariates {table[0]}: {', '.join(names['covariate'])}")
