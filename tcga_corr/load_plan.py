"""What a file will become in the store, told from its name and its first lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tcga_corr.errors import DataMissingError, UsageError
from tcga_corr.sources import SOURCES, Source, source_of_file
from tcga_corr.store import InputFile, TableMetadata, sha256_of
from tcga_corr.tables import (
    Header,
    ReadOptions,
    TableFormat,
    TumorTypeOfSample,
    find_phenotype,
    read_phenotype,
    recognise,
)
from tcga_corr.tumor_types import TUMOR_TYPES, UNIONS, parse_tumor_type

Genes = Literal["protein-coding", "all"]
GENES: tuple[Genes, ...] = ("protein-coding", "all")

PREPARATION = 1
"""Raised when the same input would give another table, so that a next ``load`` makes it anew."""


@dataclass(frozen=True)
class LoadOptions:
    """What the user said of the files to load; None where it is to be told from the file."""

    source: str | None = None
    tumor_type: str | None = None
    genes: Genes | None = None
    unit: str | None = None
    linear: bool = False
    probe_map: Path | None = None
    phenotype: Path | None = None


@dataclass(frozen=True)
class LoadPlan:
    """All that decides what tables a file becomes, known from its first lines."""

    header: Header
    format: TableFormat
    source: Source
    genes: Genes
    linear: bool
    read_options: ReadOptions
    tumor_types: tuple[str, ...]
    phenotype: TumorTypeOfSample | None  # of a table of several tumor types
    inputs: tuple[InputFile, ...]

    @property
    def recipe(self) -> dict[str, object]:
        """What besides the inputs decides the table."""
        return {
            "format": self.format.name,
            "linear": self.linear,
            "preparation": PREPARATION,
        }

    def made(self, metadata: TableMetadata | None) -> bool:
        """Whether a stored table is what this plan would make."""
        return (
            metadata is not None
            and metadata.inputs == self.inputs
            and metadata.recipe == self.recipe
            and metadata.genes == self.genes
            and metadata.unit == self.source.unit
        )


def plan_file(path: Path, options: LoadOptions) -> LoadPlan:
    """Plan the loading of one file.

    Raises
    ------
    UsageError
        If the file does not tell its tumor type, source or unit and the options do not either.
    DataMissingError
        If the file, or one that must stand beside it, is not there.
    TableError
        If it is no expression table.
    """
    file_format, header = recognise(path)
    read_options = ReadOptions(probe_map=options.probe_map)
    beside = list(file_format.beside(header, read_options))
    phenotype = None
    if options.tumor_type:
        tumor_types: tuple[str, ...] = (parse_tumor_type(options.tumor_type).abbreviation,)
    elif by_path := tumor_type_of_path(path):
        tumor_types = (by_path,)
    else:
        phenotype_path = options.phenotype or find_phenotype(path)
        if phenotype_path is None:
            raise UsageError(
                f"{path}: its name does not tell the tumor type, and no phenotype table stands "
                "beside it",
                "Give --tumor-type, or --phenotype FILE for a table of several tumor types",
            )
        beside.append(phenotype_path)
        phenotype = read_phenotype(phenotype_path)
        told = {phenotype.get(name) for name in header.columns} - {None}
        tumor_types = tuple(sorted(str(tumor_type) for tumor_type in told))
        if not tumor_types:
            raise DataMissingError(
                f"{phenotype_path}: it tells the tumor type of no sample of {path.name}",
                "Give another table with --phenotype",
            )
    return LoadPlan(
        header=header,
        format=file_format,
        source=_source(path, options),
        genes=options.genes or ("protein-coding" if file_format.ensembl else "all"),
        linear=options.linear or file_format.linear,
        read_options=read_options,
        tumor_types=tumor_types,
        phenotype=phenotype,
        inputs=tuple(
            InputFile(file.name, file.stat().st_size, sha256_of(file)) for file in (path, *beside)
        ),
    )


def tumor_type_of_path(path: Path) -> str | None:
    """The tumor type that a path tells; None where it tells none.

    ``TCGA.ACC.…`` or ``TCGA-GBM.…`` in any part of the path, the nearest first; else a file name
    that starts with the abbreviation, as ``UCS.rnaseqv2__…``; else the folder's own name.

    Raises
    ------
    UsageError
        If what it tells is a union of tumor types, such as COADREAD.
    """
    for part in reversed(path.resolve().parts):
        match = re.search(r"TCGA[.-]([A-Z]{2,8})(?![A-Za-z0-9])", part)
        if match and match[1] in TUMOR_TYPES | UNIONS:
            return parse_tumor_type(match[1]).abbreviation
    first_word = re.split(r"[._-]", path.name)[0]
    for word in (first_word, path.resolve().parent.name):
        if word in TUMOR_TYPES | UNIONS:
            return parse_tumor_type(word).abbreviation
    return None


def _source(path: Path, options: LoadOptions) -> Source:
    by_name = source_of_file(path)
    if options.source is None:
        if by_name is None:
            raise UsageError(
                f"{path}: its name does not tell the source",
                f"Give --source, one of {', '.join(SOURCES)} or a name of your own",
            )
        return by_name
    known = SOURCES.get(options.source)
    if known is None:
        unit = options.unit or (by_name.unit if by_name else None)
        if unit is None:
            raise UsageError(
                f"{path}: the unit of source '{options.source}' is not known",
                "Give --unit, such as 'log2(tpm+1)'",
            )
        return Source(options.source, "own tables", unit, "", "none", may_be_negative=True)
    if by_name is not None and not known.names(path):
        raise UsageError(
            f"{path}: named as a file of source '{by_name.name}', not of '{known.name}'",
            "Leave --source out, or give a name of your own",
        )
    if options.unit not in (None, known.unit):
        raise UsageError(
            f"source '{known.name}' is in {known.unit}, not in {options.unit}",
            "Leave --unit out, or give --source a name of your own",
        )
    return known
