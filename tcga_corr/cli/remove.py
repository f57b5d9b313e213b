"""``tcga-corr remove``."""

from __future__ import annotations

from typing import Annotated

import typer

from tcga_corr.cli import options
from tcga_corr.cli.settings import Settings


def remove(
    context: typer.Context,
    source: Annotated[
        str, typer.Option("--source", metavar="S", help="The source whose tables to remove.")
    ],
    tumor_types: options.TumorTypes = None,
    downloads: Annotated[
        bool, typer.Option("--downloads", help="Remove the files as downloaded too.")
    ] = False,
) -> None:
    """Take tables, with all that is made of them, out of the store.

    Downloads stay unless --downloads is given, so that `tcga-corr fetch` needs no network to bring
    the tables back.
    """
    settings: Settings = context.obj
    wanted = options.split_names(tumor_types)
    removed = settings.engine().remove(source, wanted, downloads=downloads)
    for one in removed:
        settings.note(f"removed {one.path} ({one.size / 1e6:.1f} MB)")
