"""``tcga-corr remove``."""

from __future__ import annotations

from typing import Annotated

import typer

from tcga_corr.cli import options
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError


def remove(
    context: typer.Context,
    source: Annotated[
        str | None, typer.Option("--source", metavar="S", help="The source whose tables to remove.")
    ] = None,
    tumor_types: options.TumorTypes = None,
    downloads: Annotated[
        bool, typer.Option("--downloads", help="Remove the downloaded files too.")
    ] = False,
    counts: Annotated[bool, typer.Option("--counts", help="Remove raw counts alone.")] = False,
    covariates: Annotated[
        str | None,
        typer.Option("--covariates", metavar="NAME", help="A table of covariates to remove."),
    ] = None,
) -> None:
    """Remove tables, with all that is made of them, from the store.

    Downloads are kept unless --downloads is given, so that `tcga-corr fetch` needs no network to
    load the tables again.
    """
    settings: Settings = context.obj
    wanted = options.split_names(tumor_types)
    engine = settings.engine()
    if covariates is not None:
        engine.remove_covariates(covariates)
        settings.note(f"removed covariates {covariates}")
    if source is None:
        if covariates is None or wanted or downloads or counts:
            raise UsageError("no source is named", "Give --source S, or --covariates NAME")
        return
    for removed in engine.remove(source, wanted, downloads=downloads, counts=counts):
        settings.note(f"removed {removed.path} ({removed.size / 1e6:.1f} MB)")
    kept = engine.store.downloads(source)
    if not downloads and kept.exists():
        settings.note(f"kept {kept}: --downloads removes it too")
