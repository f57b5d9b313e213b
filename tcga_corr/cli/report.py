"""``tcga-corr report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcga_corr.cli import options
from tcga_corr.cli.output import check_page
from tcga_corr.cli.settings import Settings


def report(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="[RUN|STORE]",
            help="A run of the store by name, or a store's folder. Default: the store of --cache.",
        ),
    ] = "",
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FILE.html", help="The page."),
    ] = Path("report.html"),
    force: options.Force = False,
) -> None:
    """One HTML file of a run or a store, to read, to send and to keep.

    It has questions and answers in words, the pan-cancer figure of each pair (sort it, filter it,
    press a tumor type for its samples), tables to sort and to download, the methods ready to paste,
    what was left out and why, and where everything is from. It needs no network and no other file.

    Examples: `tcga-corr report paper-1a2b3c4d -o paper.html`, `tcga-corr report -o store.html`.
    """
    settings: Settings = context.obj
    check_page(output, force)  # before the page's libraries are loaded

    from tcga_corr.batch.folder import run_names
    from tcga_corr.engine import open_store
    from tcga_corr.errors import DataMissingError, near_names
    from tcga_corr.files import replacing
    from tcga_corr.page.render import report as rendered
    from tcga_corr.page.runs import page_of_run
    from tcga_corr.page.stores import page_of_store

    engine = settings.engine()
    known = run_names(engine.store)
    if what in known:
        page = page_of_run(engine, what)
    elif not what:
        page = page_of_store(engine)
    elif _is_folder(what):
        page = page_of_store(open_store(what))
    else:
        raise DataMissingError(
            f"'{what}' is no run of this store, and no folder",
            near_names(what, known) or "See its runs with `tcga-corr batch status`",
        )
    with replacing(output) as partial:
        partial.write_text(rendered(page), encoding="utf-8")
    settings.note(f"{output}: {output.stat().st_size / 1e6:.1f} MB")


def _is_folder(text: str) -> bool:
    try:
        return Path(text).is_dir()
    except (OSError, ValueError):  # no name of a file can be so long, or hold such a letter
        return False
