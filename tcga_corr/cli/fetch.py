"""``tcga-corr fetch``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tcga_corr.cli import options
from tcga_corr.cli.diagnostics import exit_on_errors
from tcga_corr.cli.output import Out, Result, number, plain
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from tcga_corr.fetching.fetch import FetchReport
    from tcga_corr.fetching.fetcher import FetchOptions

Types = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TYPE]...", help="Tumor types, such as LIHC. Default: all 33."),
]
MoreTypes = Annotated[
    list[str] | None,
    typer.Option("-t", "--tumor-type", metavar="TYPE", help="The same, as in other commands."),
]
Source = Annotated[
    str, typer.Option(metavar="S", help="pancanatlas, gdc-star, tcga-hiseqv2, toil or gdc-api.")
]
Counts = Annotated[
    bool, typer.Option("--counts", help="Raw counts too, for de: gdc-star, gdc-api or toil.")
]
Check = Annotated[
    bool, typer.Option("--check", help="Ask the hub whether downloaded files have changed.")
]
DownloadOnly = Annotated[
    bool, typer.Option("--download-only", "--no-load", help="Download, and load nothing.")
]
Gtex = Annotated[
    bool,
    typer.Option(
        "--gtex", help="Of toil: the table that has normal tissue of GTEx too, 7 GB of text."
    ),
]
Jobs = Annotated[int, typer.Option(metavar="N", min=1, max=8, help="Connections at a time.")]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Print the requests, and make none; with --check, ask only for the sizes of the "
        "hub's files.",
    ),
]
BaseUrl = Annotated[
    str,
    typer.Option(
        metavar="URL",
        envvar="TCGA_CORR_BASE_URL",
        help="A mirror laid out as URL/<hub>/download/<file>. Default: the hubs.",
    ),
]


@options.command
def fetch(
    context: typer.Context,
    tumor_types: Types = None,
    more_types: MoreTypes = None,
    source: Source = "pancanatlas",
    genes: options.ChosenGenes = None,
    gtex: Gtex = False,
    counts: Counts = False,
    check: Check = False,
    download_only: DownloadOnly = False,
    jobs: Jobs = 3,
    dry_run: DryRun = False,
    base_url: BaseUrl = "",
    *,
    out: options.Out,
) -> None:
    """Download expression tables of any of the 33 tumor types, and load them.

    pancanatlas, the default, is one file for all 33. After an interruption the same command
    resumes where it stopped. A downloaded file is not downloaded again, and the hub is asked
    whether it has changed only with --check. --format and -o are for --dry-run.

    Examples: `tcga-corr fetch LIHC`, `tcga-corr fetch ACC CHOL UCS --source tcga-hiseqv2`.
    """
    from tcga_corr.fetching.fetcher import FetchOptions

    settings: Settings = context.obj
    chosen = FetchOptions(
        tumor_types=options.split_names([*(tumor_types or ()), *(more_types or ())]),
        source=source,
        genes=genes,
        base_url=base_url,
        jobs=jobs,
        check=check,
        gtex=gtex,
        load=not download_only,
        counts=counts,
    )
    if not dry_run and (out.output or out.output_format):
        raise UsageError("-o and --format are for --dry-run", "Give it too, or leave them out")
    engine = settings.engine()
    if dry_run:
        _show_plan(engine.fetch_plan(chosen), chosen, out)
        return
    with settings.progress("all", "downloads") as progress:
        outcome = engine.fetch(chosen, progress)
    if outcome.n_withdrawn:
        settings.note(f"note: the hub has withdrawn {outcome.n_withdrawn} files: they are left out")
    if download_only:
        folder = engine.store.downloads(source)
        settings.note(f"{len(outcome.downloaded)} files are in {folder}")
    elif outcome.loaded and not outcome.errors:
        _note_loaded(settings, chosen, outcome)
    exit_on_errors(outcome.errors)


def _note_loaded(settings: Settings, chosen: FetchOptions, outcome: FetchReport) -> None:
    """Note the tumor types that a source does not have, and what to do next."""
    from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

    missing = set(TUMOR_TYPES) - {table.key.tumor_type for table in outcome.loaded}
    if missing and not chosen.tumor_types:
        settings.note(f"note: it has no sample of {', '.join(sorted(missing))}")
    where = "" if str(settings.cache) == "cache" else f"--cache {settings.cache} "
    settings.note(f"Now ask: tcga-corr {where}correlate ferroptosis nfkb --source {chosen.source}")


def _show_plan(frame: pl.DataFrame, chosen: FetchOptions, out: Out) -> None:
    to_come = frame.filter(frame["state"] != "here")
    known, unknown = to_come["size_mb"].sum(), to_come["size_mb"].null_count()
    heading = f"{frame.height - to_come.height} of {frame.height} are here"
    if to_come.height:
        sized = [f"{known:,.0f} MB"] if unknown < to_come.height else []
        sized += [f"{unknown} of unknown size"] if unknown else []
        heading += f"; to come {' and '.join(sized)}"
    result = Result(
        frame=frame,
        rows_key="requests",
        around={"query": {"source": chosen.source, "tumor_types": list(chosen.tumor_types)}},
        heading=heading,
        columns={
            "tumor type": plain("tumor_type"),
            "state": plain("state"),
            "MB": lambda row: number(row["size_mb"]),
            "url": plain("url"),
        },
    )
    out.write(result)
