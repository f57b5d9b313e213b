"""``tcga-corr verify``."""

from __future__ import annotations

from typing import Annotated

import typer

from tcga_corr.cli import options
from tcga_corr.cli.diagnostics import FAILED
from tcga_corr.cli.output import Result
from tcga_corr.cli.settings import Settings


@options.command
def verify(
    context: typer.Context,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Make derived data again: indexes from tables, and tables from downloads.",
        ),
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="List intact files too.")] = False,
    tumor_types: options.TumorTypes = None,
    source: options.SourceName = None,
    *,
    out: options.Out,
) -> None:
    """Check that everything in the store is as it was written, and list what is not, with repairs.

    Checks the checksums of every table, and compares every index with its table and every download
    with its record. Lists only what is not intact. The exit code is 1 if something stays wrong.
    """
    settings: Settings = context.obj
    engine = settings.engine()
    wanted = options.split_names(tumor_types)
    with settings.progress("verifying") as progress:
        frame = engine.verify(wanted, source, repair=repair, progress=progress)
    result = Result(
        frame=frame if everything else frame.filter(frame["state"] != "whole"),
        rows_key="findings",
        around={"query": {"store": str(settings.cache), "source": source, "tumor_types": wanted}},
    )
    if result.frame.height or out.output or out.output_format not in (None, "table"):
        out.write(result)
    states = dict(frame["state"].value_counts().iter_rows())
    counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    settings.note(
        f"all {frame.height} as they were written"
        if set(states) == {"whole"}
        else counts or "empty"
    )
    if any(state in states for state in ("damaged", "missing", "leftover")):
        raise typer.Exit(FAILED)
