"""``tcga-corr use``."""

from __future__ import annotations

from typing import Annotated

import typer

from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError


def use(
    context: typer.Context,
    source: Annotated[
        str | None, typer.Argument(metavar="SOURCE", help="A source that the store has.")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Forget the choice.")] = False,
) -> None:
    """Choose the source that answers where the store has several; without SOURCE, print it.

    It is kept in the store. --source, where given, goes first.
    """
    settings: Settings = context.obj
    if source is not None and none:
        raise UsageError("SOURCE and --none are given", "Give one of them")
    store = settings.engine().store
    if source is not None or none:
        store.choose_source(source)
    chosen = store.default_source
    typer.echo(chosen or "no source is chosen")
