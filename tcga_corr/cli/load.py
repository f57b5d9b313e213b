"""``tcga-corr load``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tcga_corr.cli import options
from tcga_corr.cli.diagnostics import exit_code_of, report
from tcga_corr.cli.settings import Settings

if TYPE_CHECKING:
    from tcga_corr.loading import Loaded


def load(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Tables, plain or gzip, or folders of them."),
    ],
    tumor_type: Annotated[
        str | None,
        typer.Option(
            "-t", "--tumor-type", metavar="TYPE", help="Where the file's path does not tell."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="S",
            help="A known source, or a name of your own. Default: told by the file's name.",
        ),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option("--unit", metavar="UNIT", help="Of a source of your own: log2(tpm+1), …"),
    ] = None,
    linear: Annotated[
        bool, typer.Option("--linear", help="The values are linear: take log2(x + 1).")
    ] = False,
    genes: options.ChosenGenes = None,
    probe_map: Annotated[
        Path | None,
        typer.Option("--probe-map", metavar="FILE", help="Of GDC tables. Default: beside them."),
    ] = None,
    phenotype: Annotated[
        Path | None,
        typer.Option(
            "--phenotype",
            metavar="FILE",
            help="Tells the tumor type of each sample of a pan-cancer table. Default: beside it.",
        ),
    ] = None,
) -> None:
    """Load expression tables that are on disk.

    Reads UCSC Xena cohort tables, the PanCanAtlas table, GDC hub matrices and Firehose tables. A
    file that is loaded already is not read again; one that cannot be loaded is reported and leaves
    the others to be.
    """
    from tcga_corr.loading import LoadOptions

    settings: Settings = context.obj
    chosen = LoadOptions(
        source=source,
        tumor_type=tumor_type,
        genes=genes.value if genes else None,
        unit=unit,
        linear=linear,
        probe_map=probe_map,
        phenotype=phenotype,
    )
    with settings.progress("loading", len(paths)) as advance:
        outcome = settings.engine().load(paths, chosen, advance)
    for loaded in outcome.loaded:
        settings.note(loaded_line(loaded))
    for error in outcome.errors:
        report(error)
    if outcome.errors:
        raise typer.Exit(exit_code_of(outcome.errors[0]))


def loaded_line(loaded: Loaded) -> str:
    """What became of one tumor type of a file, for people."""
    metadata = loaded.metadata
    tumor = sum(sample.tumor for sample in metadata.samples)
    normal = sum(sample.normal for sample in metadata.samples)
    dropped = ", ".join(f"{count} {what}" for what, count in metadata.dropped.items())
    kept = " of protein-coding genes" if metadata.genes == "protein-coding" else ""
    return (
        f"{loaded.key.source} {loaded.key.tumor_type}: {tumor} tumor + {normal} normal samples, "
        f"{metadata.n_genes} symbols{kept}, {metadata.unit}"
        + (f"; {metadata.read_as}" if metadata.read_as else "")
        + (f"; left out {dropped}" if dropped else "")
        + ("; was loaded already" if loaded.was_there else "")
        + ("; replaced another table" if loaded.replaced else "")
    )
