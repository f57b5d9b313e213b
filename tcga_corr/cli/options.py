"""Options and arguments that several commands share, each defined once."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tcga_corr.errors import UsageError


class Format(StrEnum):
    """How to write a result."""

    table = "table"
    tsv = "tsv"
    csv = "csv"
    json = "json"
    parquet = "parquet"


class Samples(StrEnum):
    """Which samples to take."""

    tumor = "tumor"
    normal = "normal"
    all_tumor = "all-tumor"


class Ties(StrEnum):
    """How ssGSEA ranks equal values."""

    average = "average"
    gseapy = "gseapy"
    gsva = "gsva"


class Method(StrEnum):
    """How to correlate."""

    pearson = "pearson"
    spearman = "spearman"
    kendall = "kendall"
    all = "all"


class ScreenMethod(StrEnum):
    """How to correlate one with many."""

    pearson = "pearson"
    spearman = "spearman"


class ScoringEngine(StrEnum):
    """What computes the scores."""

    closed_form = "closed-form"
    gseapy = "gseapy"


class Genes(StrEnum):
    """Which genes of a table to keep, and so to rank."""

    protein_coding = "protein-coding"
    all = "all"


class Rows(StrEnum):
    """What the rows of a plain table are."""

    genes = "genes"
    samples = "samples"


class Key(StrEnum):
    """What a row of a table of covariates is of."""

    sample = "sample"
    patient = "patient"


TumorTypes = Annotated[
    list[str] | None,
    typer.Option(
        "-t",
        "--tumor-type",
        metavar="TYPE",
        help="A tumor type, such as LIHC; several with commas or by repeating. Default: all.",
    ),
]
SourceName = Annotated[
    str | None,
    typer.Option(
        "--source", metavar="S", help="The source of the tables, where the store has several."
    ),
]
ChosenGenes = Annotated[
    Genes | None,
    typer.Option(
        "--genes",
        help="Which genes to keep, and so to rank. Default: protein-coding of tables by "
        "Ensembl gene, all of others.",
    ),
]
SampleSelection = Annotated[
    Samples,
    typer.Option(
        "--samples",
        help="tumor: one tumour sample per patient. normal: solid tissue normal. "
        "all-tumor: every tumour sample, so a patient may count twice.",
    ),
]
TieRule = Annotated[
    Ties,
    typer.Option(
        "--ties",
        help="How ssGSEA ranks equal values. average: independent of row order. "
        "gseapy, gsva: as these tools, to reproduce published scores.",
    ),
]
MinGenes = Annotated[
    int,
    typer.Option("--min-genes", metavar="N", help="Genes of a set that a table must have."),
]
AdjustFor = Annotated[
    list[str] | None,
    typer.Option(
        "--adjust",
        metavar="Z",
        help="Hold Z fixed: partial correlation. A covariate, a gene or a gene set; several with "
        "commas or by repeating. Samples without it are left out.",
    ),
]
Nulls = Annotated[
    str,
    typer.Option(
        "--null",
        metavar="genes,sets|none",
        help="What else to hold the r against: random genes of like expression (p_genes), other "
        "real pathways of like size (p_sets), or nothing.",
    ),
]
Draws = Annotated[
    int,
    typer.Option("--draws", metavar="B", help="Random pairs at most, for p_genes."),
]
OutputFormat = Annotated[
    Format | None,
    typer.Option("--format", help="Default: told by the ending of the output file, else a table."),
]
Output = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write to a file instead of stdout."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the output file, or the figure.")]
Plot = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE.{png,svg,pdf}", help="Draw it too."),
]


def nulls(text: str) -> list[Any]:
    """The nulls that ``--null`` names.

    Raises
    ------
    UsageError
        If it is neither ``none`` nor names of nulls.
    """
    names = [part.strip() for part in text.split(",")]
    if names == ["none"]:
        return []
    unknown = [name for name in names if name not in ("genes", "sets")]
    if unknown:
        raise UsageError(f"--null is '{text}'", "Give genes, sets, both with a comma, or none")
    return names


def split_names(names: Sequence[str] | None) -> list[str]:
    """Names given by repeating an option, by commas, or both.

    Raises
    ------
    UsageError
        If the option was given and names nothing, so that an empty variable is not taken for all.
    """
    split = [part.strip() for name in names or () for part in name.split(",") if part.strip()]
    if names and not split:
        raise UsageError("an empty name is given", "Name one or more, or leave it out for all")
    return split
