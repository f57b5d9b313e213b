"""``tcga-corr load``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tcga_corr.choices import CovariateKey, RowsOfTable
from tcga_corr.cli import options
from tcga_corr.cli.diagnostics import exit_code_of, report
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError

if TYPE_CHECKING:
    from tcga_corr.loading.covariates import LoadedCovariates


def load(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Tables, plain or gzip, or folders of them."),
    ] = None,
    tumor_type: Annotated[
        str | None,
        typer.Option(
            "-t",
            "--tumor-type",
            metavar="TYPE",
            help="If the file's path does not name it; of a pan-cancer table, those to load, with "
            "commas. OTHER is a cohort of your own that is none of the 33.",
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="S",
            help="A known source, or a name of your own. Default: by the file's name.",
        ),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            "--unit",
            metavar="UNIT",
            help="Unit of a source of your own: tpm, 'log2(tpm+1)', …",
        ),
    ] = None,
    linear: Annotated[
        bool,
        typer.Option(
            "--linear",
            help="The values of your own source are linear: store log2(x + 1). Default: by the "
            "values.",
        ),
    ] = False,
    rows: Annotated[
        RowsOfTable | None,
        typer.Option("--rows", help="What the rows of a plain table are. Default: by the names."),
    ] = None,
    genes: options.ChosenGenes = None,
    probe_map: Annotated[
        Path | None,
        typer.Option(
            "--probe-map",
            metavar="FILE",
            help="Gene symbols of GDC tables. Default: the file beside them.",
        ),
    ] = None,
    phenotype: Annotated[
        Path | None,
        typer.Option(
            "--phenotype",
            metavar="FILE",
            help="Tumor type of each sample of a pan-cancer table. Default: the file beside it.",
        ),
    ] = None,
    covariates: Annotated[
        Path | None,
        typer.Option(
            "--covariates",
            metavar="FILE",
            help="Load a table of numbers per sample, such as purity, in place of PATHs.",
        ),
    ] = None,
    key: Annotated[
        CovariateKey, typer.Option("--key", help="What a row of the covariates describes.")
    ] = "sample",
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="Name of the covariates. Default: the file's."),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns",
            metavar="NAME=COLUMN",
            help="A column to load, and the name of its covariate; several by repeating. Default: "
            "all columns of numbers.",
        ),
    ] = None,
) -> None:
    """Load tables that are on disk: expression tables, or with --covariates numbers per sample.

    Reads the tables of UCSC Xena, GDC, Firehose and cBioPortal, GCT, Parquet, AnnData, and plain
    text with genes down or samples down. Samples without a TCGA barcode are a cohort of your own:
    give it a --source of your own, with the --unit. A file that is loaded already is not read
    again; one that cannot be loaded is reported, and the others are loaded.

    Examples: `tcga-corr load HiSeqV2.gz -t LIHC`, `tcga-corr load my.csv --source mine --unit tpm`,
    `tcga-corr load --covariates purity.csv --columns purity=CPE`.
    """
    from tcga_corr.loading.load import LoadOptions

    settings: Settings = context.obj
    if covariates is not None:
        if paths:
            raise UsageError(
                f"'{paths[0]}' and --covariates are given at once", "Load one after the other"
            )
        if any((tumor_type, source, unit, linear, rows, genes, probe_map, phenotype)):
            raise UsageError(
                "an option of expression tables is given with --covariates",
                "Covariates have --key, --name and --columns",
            )
        loaded_covariates = settings.engine().load_covariates(
            covariates, key, name, _column_names(columns)
        )
        settings.note(_covariates_line(loaded_covariates))
        settings.notes(loaded_covariates.notes)
        return
    if not paths:
        raise UsageError("no table is named", "Give a PATH, or --covariates FILE")
    if name is not None or columns or key == "patient":
        raise UsageError(
            "--key, --name and --columns are of covariates", "Give --covariates FILE too"
        )
    chosen = LoadOptions(
        source=source,
        tumor_type=options.split_names([tumor_type]) if tumor_type is not None else None,
        genes=genes,
        unit=unit,
        linear=linear,
        rows=rows,
        probe_map=probe_map,
        phenotype=phenotype,
    )
    with settings.progress("loading") as progress:
        outcome = settings.engine().load(paths, chosen, progress)
    for table in outcome.loaded:
        settings.note(table.summary)
    for error in outcome.errors:
        report(error)
    if outcome.errors:
        raise typer.Exit(exit_code_of(outcome.errors[0]))


def _column_names(columns: list[str] | None) -> dict[str, str] | None:
    """Covariate name to column, from ``NAME=COLUMN`` or a column's own name."""
    pairs = [text.partition("=") for text in columns or ()]
    names = [name for name, _, _ in pairs]
    if len(set(names)) < len(names):
        raise UsageError("--columns gives a name twice", "Name each covariate once")
    return {name: column or name for name, _, column in pairs} or None


def _covariates_line(loaded: LoadedCovariates) -> str:
    metadata = loaded.metadata
    names = ", ".join(f"{covariate.name} ({covariate.n})" for covariate in metadata.covariates)
    return (
        f"covariates {loaded.name}: {names} of {metadata.n_keys} {metadata.kind}s"
        + ("; were loaded already" if loaded.unchanged else "")
        + ("; replaced others of this name" if loaded.replaced else "")
    )
