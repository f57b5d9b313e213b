"""What a file will become in the store, told from its name, its first lines and the options."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tcga_corr.errors import DataMissingError, TableError, UsageError
from tcga_corr.files import sha256_of
from tcga_corr.sources import SOURCES, Source, source_of_file
from tcga_corr.sources.simulated import is_simulated
from tcga_corr.store import InputFile, TableKey, TableMetadata
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
    """What the user said of the files to load; None where it is to be told from the file.

    Attributes
    ----------
    source
        A known source, or a name of the user's own.
    tumor_type
        Of a table of one type; of a pan-cancer table, the one type to load.
    genes
        Which genes to keep, and so to rank.
    unit
        Of a source of the user's own.
    linear
        Whether the values of a source of the user's own are linear.
    probe_map, phenotype
        Files otherwise looked for beside the table.
    """

    source: str | None = None
    tumor_type: str | None = None
    genes: Genes | None = None
    unit: str | None = None
    linear: bool = False
    probe_map: Path | None = None
    phenotype: Path | None = None


@dataclass(frozen=True)
class LoadPlan:
    """All that decides what tables a file becomes."""

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
    def path(self) -> Path:
        """The file."""
        return self.header.path

    @property
    def keys(self) -> list[TableKey]:
        """The tables that the file becomes."""
        return [TableKey(self.source.name, tumor_type) for tumor_type in self.tumor_types]

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
        If the file does not tell its tumor type, source or unit and the options do not either, or
        if they contradict it.
    DataMissingError
        If the file, or one that must stand beside it, is not there.
    TableError
        If it is no expression table.
    """
    file_format, header = recognise(path)
    source = _source(header, file_format, options)
    read_options = ReadOptions(probe_map=options.probe_map)
    beside = list(file_format.beside(header, read_options))
    phenotype_path = _phenotype_path(path, source, options)
    if phenotype_path is None:
        phenotype = None
        tumor_types: tuple[str, ...] = (_only_tumor_type(path, options),)
    else:
        beside.append(phenotype_path)
        phenotype = read_phenotype(phenotype_path)
        tumor_types = _told_types(header, phenotype, phenotype_path, options)
    return LoadPlan(
        header=header,
        format=file_format,
        source=source,
        genes=options.genes or ("protein-coding" if file_format.ensembl else "all"),
        linear=options.linear or file_format.linear,
        read_options=read_options,
        tumor_types=tumor_types,
        phenotype=phenotype,
        inputs=tuple(
            InputFile(file.name, file.stat().st_size, sha256_of(file)) for file in (path, *beside)
        ),
    )


def _phenotype_path(path: Path, source: Source, options: LoadOptions) -> Path | None:
    """The phenotype table by which a file is split; None where it is of one tumor type."""
    if options.phenotype is not None:
        return options.phenotype
    named = source_of_file(path)
    pan_cancer = source.pan_cancer or (named is not None and named.pan_cancer)
    if not pan_cancer and (options.tumor_type or tumor_type_of_path(path)):
        return None
    found = find_phenotype(path)
    if found is None:
        what = "it holds several tumor types" if pan_cancer else "its name tells no tumor type"
        raise DataMissingError(
            f"{path}: {what}, and no phenotype table stands beside it",
            "Put Survival_SupplementalTable_S1… beside it or give --phenotype FILE"
            + ("" if pan_cancer else ", or --tumor-type for a table of one"),
        )
    return found


def _only_tumor_type(path: Path, options: LoadOptions) -> str:
    told = tumor_type_of_path(path)
    if options.tumor_type is None:
        return str(told)  # _phenotype_path has seen that one of the two is given
    wanted = parse_tumor_type(options.tumor_type).abbreviation
    if told not in (None, wanted):
        raise UsageError(
            f"{path}: its name says {told}, and --tumor-type says {wanted}",
            "Leave --tumor-type out, or rename the file",
        )
    return wanted


def _told_types(
    header: Header, phenotype: TumorTypeOfSample, phenotype_path: Path, options: LoadOptions
) -> tuple[str, ...]:
    told = {tumor_type for name in header.columns if (tumor_type := phenotype.get(name))}
    if options.tumor_type:
        told &= {parse_tumor_type(options.tumor_type).abbreviation}
    if not told:
        what = f"as {options.tumor_type} no" if options.tumor_type else "of no"
        raise DataMissingError(
            f"{phenotype_path}: it tells the tumor type {what} sample of {header.path.name}",
            "Give another table with --phenotype",
        )
    return tuple(sorted(told))


def tumor_type_of_path(path: Path) -> str | None:
    """The tumor type that a path tells; None where it tells none.

    The file's name first, then its folders, the nearest first: ``TCGA.ACC.…`` or ``TCGA-GBM.…`` in
    any place; else the abbreviation as a file name's first word, as in ``UCS.rnaseqv2__…``, or as
    the whole name of the file's folder.

    Raises
    ------
    UsageError
        If what it tells is a union of tumor types, such as COADREAD.
    """
    parts = path.absolute().parts
    words = [_named_in(parts[-1]) or _word(re.split(r"[._-]", parts[-1])[0])]
    words += [_named_in(part) for part in reversed(parts[:-1])]
    words.insert(2, _word(path.absolute().parent.name))
    for word in words:
        if word in UNIONS:
            raise UsageError(
                f"{path}: {word} is a union of {' and '.join(UNIONS[word])}, not a tumor type",
                "Load the tables of these",
            )
        if word:
            return word
    return None


def _named_in(part: str) -> str:
    match = re.search(r"TCGA[.-]([A-Z]{2,8})(?![A-Za-z0-9])", part)
    return _word(match[1]) if match else ""


def _word(text: str) -> str:
    return text if text in TUMOR_TYPES or text in UNIONS else ""


def _source(header: Header, file_format: TableFormat, options: LoadOptions) -> Source:
    path = header.path
    by_name = source_of_file(path)
    made_up = is_simulated(header.columns)
    name = options.source or (by_name.name if by_name and not made_up else None)
    if name is None:
        raise UsageError(
            f"{path}: its samples are made up"
            if made_up
            else f"{path}: its name does not tell the source",
            "Give --source simulated"
            if made_up
            else f"Give --source, one of {', '.join(SOURCES)} or a name of your own",
        )
    known = SOURCES.get(name)
    if made_up != (known is not None and known.simulated):
        raise UsageError(
            f"{path}: its samples are {'made up' if made_up else 'not the simulated ones'}, and "
            f"--source is {name}",
            f"Give --source {'simulated' if made_up else 'another name'}",
        )
    if known is None:
        unit = options.unit or (by_name.unit if by_name else None)
        if unit is None:
            raise UsageError(
                f"{path}: the unit of source '{name}' is not known",
                "Give --unit, such as 'log2(tpm+1)'",
            )
        return Source(name, "own tables", unit, "", "none", (), may_be_negative=True)
    if by_name is not None and not known.names(path):
        raise UsageError(
            f"{path}: named as a file of source '{by_name.name}', not of '{known.name}'",
            "Leave --source out, or give a name of your own",
        )
    if options.unit is not None or options.linear:
        raise UsageError(
            f"{path}: --unit and --linear are for sources of your own, and '{known.name}' is in "
            f"{known.unit}",
            "Leave them out, or give --source a name of your own",
        )
    if file_format.name not in known.formats:
        raise TableError(
            f"{path}: a {file_format.name} table, and source '{known.name}' has "
            f"{' or '.join(known.formats)} tables",
            "Give --source a name of your own, with --unit",
        )
    return known
