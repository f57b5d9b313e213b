"""``tcga-corr load``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tcga_corr.choices import CovariateKey, Normalization, RowsOfTable
from tcga_corr.cli import options
from tcga_corr.cli.diagnostics import exit_on_errors
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError

Paths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[PATH]...", help="Tables, plain or compressed, or folders of them."),
]
TumorTypes = Annotated[
    list[str] | None,
    typer.Option(
        "-t",
        "--tumor-type",
        metavar="TYPE",
        help="If the file's path does not name it; of a pan-cancer table, those to load, "
        "with commas or by repeating. OTHER is a cohort of your own that is none of the 33.",
    ),
]
Source = Annotated[
    str | None,
    typer.Option(
        metavar="S", help="A known source, or a name of your own. Default: by the file's name."
    ),
]
Unit = Annotated[
    str | None,
    typer.Option(metavar="UNIT", help="Unit of a source of your own: tpm, 'log2(tpm+1)', …"),
]
Linear = Annotated[
    bool,
    typer.Option(
        "--linear",
        help="The values of your own source are linear: store log2(x + 1). Default: by the values.",
    ),
]
Normalize = Annotated[
    Normalization | None,
    typer.Option(
        help="Take counts of your own source per million of each sample's: store log2(CPM + 1)."
    ),
]
Counts = Annotated[
    bool,
    typer.Option(
        "--counts",
        help="The tables are raw counts, for de: store them as such; with --normalize cpm as "
        "expression too.",
    ),
]
Rows = Annotated[
    RowsOfTable | None,
    typer.Option(help="What the rows of a plain table are. Default: by the names."),
]
ProbeMap = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Gene symbols of GDC tables. Default: the file beside them."),
]
Phenotype = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Tumor type of each sample of a pan-cancer table. Default: the file beside it.",
    ),
]
CovariatesFile = Annotated[
    Path | None,
    typer.Option(
        "--covariates",
        metavar="FILE",
        help="Load a table of numbers and categories per sample, such as age and stage, in place "
        "of PATHs.",
    ),
]
Key = Annotated[CovariateKey, typer.Option(help="What a row of the covariates describes.")]
Name = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Name of the covariates. Default: the file's."),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=COLUMN",
        help="A column to load, and the name of its covariate; several by repeating. Default: "
        "all columns of numbers and of categories.",
    ),
]


def load(
    context: typer.Context,
    paths: Paths = None,
    tumor_types: TumorTypes = None,
    source: Source = None,
    unit: Unit = None,
    linear: Linear = False,
    normalize: Normalize = None,
    counts: Counts = False,
    rows: Rows = None,
    genes: options.ChosenGenes = None,
    probe_map: ProbeMap = None,
    phenotype: Phenotype = None,
    covariates: CovariatesFile = None,
    key: Key = "sample",
    name: Name = None,
    columns: Columns = None,
) -> None:
    """Load tables that are on disk: expression, raw counts, or covariates of samples.

    Reads the tables of UCSC Xena, GDC, Firehose and cBioPortal, GCT, Parquet, AnnData, and plain
    text with genes down or samples down. Samples without a TCGA barcode are a cohort of your own:
    give it a --source of your own, with the --unit. A file that is loaded already is not read
    again; one that cannot be loaded is reported, and the others are loaded. Raw counts are kept
    beside the expression of the same samples, which all questions but de use; values that are no
    counts are refused.

    Examples: `tcga-corr load HiSeqV2.gz -t LIHC`, `tcga-corr load my.csv --source mine --unit tpm`,
    `tcga-corr load counts.tsv --counts --normalize cpm --source mine`,
    `tcga-corr load --covariates purity.csv --columns purity=CPE`.
    """
    from tcga_corr.loading.plan import LoadOptions

    settings: Settings = context.obj
    if covariates is not None:
        if paths:
            raise UsageError(
                f"'{paths[0]}' and --covariates are given at once", "Load one after the other"
            )
        of_tables = (
            tumor_types,
            source,
            unit,
            linear,
            normalize,
            counts,
            rows,
            genes,
            probe_map,
            phenotype,
        )
        if any(of_tables):
            raise UsageError(
                "an option of expression tables is given with --covariates",
                "Covariates have --key, --name and --columns",
            )
        _load_covariates(settings, covariates, key, name, columns)
        return
    if not paths:
        raise UsageError("no table is named", "Give a PATH, or --covariates FILE")
    if name is not None or columns or key == "patient":
        raise UsageError(
            "--key, --name and --columns are of covariates", "Give --covariates FILE too"
        )
    types = options.split_names(tumor_types) or None
    chosen = LoadOptions(
        source, types, genes, unit, linear, normalize, rows, probe_map, phenotype, counts
    )
    with settings.progress("loading") as progress:
        outcome = settings.engine().load(paths, chosen, progress)
    for table in outcome.loaded:
        settings.note(table.summary)
    for found in outcome.clinical:
        settings.note(found.short_summary)
    exit_on_errors(outcome.errors)


def _load_covariates(
    settings: Settings,
    path: Path,
    key: CovariateKey,
    name: str | None,
    columns: list[str] | None,
) -> None:
    loaded = settings.engine().load_covariates(path, key, name, _column_names(columns))
    settings.note(loaded.summary)
    settings.notes(loaded.notes)


def _column_names(columns: list[str] | None) -> dict[str, str] | None:
    """Covariate name to column, from ``NAME=COLUMN`` or a column's own name."""
    pairs = [text.partition("=") for text in columns or ()]
    names = [name for name, _, _ in pairs]
    if len(set(names)) < len(names):
        raise UsageError("--columns gives a name twice", "Name each covariate once")
    return {name: column or name for name, _, column in pairs} or None
