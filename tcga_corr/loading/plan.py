"""What a file will become in the store, told from its name, its first lines and the options."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tcga_corr.errors import DataMissingError, TableError, UsageError
from tcga_corr.files import sha256_of
from tcga_corr.formats import (
    ReadOptions,
    Rows,
    TableFile,
    TumorTypeOfSample,
    find_phenotype,
    open_table,
    read_phenotype,
)
from tcga_corr.sources import SOURCES, Source, own_source, source_of_file
from tcga_corr.sources.simulated import is_simulated
from tcga_corr.store import InputFile, TableKey, TableMetadata
from tcga_corr.vocabulary.barcodes import parse_barcode
from tcga_corr.vocabulary.tumor_types import OTHER, TUMOR_TYPES, UNIONS, parse_tumor_type

Genes = Literal["protein-coding", "all"]
GENES: tuple[Genes, ...] = ("protein-coding", "all")

_FEW = 4  # files beside a table that are each on record

PREPARATION = 2
"""Raised when the same input would give another table, so that a next ``load`` makes it anew."""


@dataclass(frozen=True)
class LoadOptions:
    """What the user said of the files to load; None where it is to be told from the file.

    Attributes
    ----------
    source
        A known source, or a name of the user's own.
    tumor_type
        Of a table of one type; of a pan-cancer table, the one type, or several, to load.
    genes
        Which genes to keep, and so to rank.
    unit
        Of the values of a source of the user's own.
    linear
        Whether the values of a source of the user's own are linear; where not said, they tell.
    rows
        What the rows of a plain table are.
    probe_map, phenotype
        Files otherwise looked for beside the table.
    """

    source: str | None = None
    tumor_type: str | Sequence[str] | None = None
    genes: Genes | None = None
    unit: str | None = None
    linear: bool = False
    rows: Rows | None = None
    probe_map: Path | None = None
    phenotype: Path | None = None

    @property
    def tumor_types(self) -> tuple[str, ...]:
        """The abbreviations asked for."""
        several = self.tumor_type or ()
        names = [several] if isinstance(several, str) else several
        return tuple(dict.fromkeys(parse_tumor_type(name).abbreviation for name in names))


@dataclass(frozen=True)
class LoadPlan:
    """All that decides what tables a file becomes.

    ``linear`` is None where the values tell it; ``unit`` is then that of the values as they stand.
    """

    file: TableFile
    source: Source
    own_cohort: bool  # of samples without a TCGA barcode
    genes: Genes
    linear: bool | None
    unit: str
    tumor_types: tuple[str, ...]
    missing: tuple[str, ...]  # tumor types asked for, of which the table has no sample
    phenotype: TumorTypeOfSample | None  # of a table of several tumor types
    inputs: tuple[InputFile, ...]
    stamps: dict[Path, tuple[int, ...]]  # of the files, before the first look at them

    @property
    def path(self) -> Path:
        """The file."""
        return self.file.path

    @property
    def keys(self) -> list[TableKey]:
        """The tables that the file becomes."""
        return [TableKey(self.source.name, tumor_type) for tumor_type in self.tumor_types]

    @property
    def recipe(self) -> dict[str, object]:
        """What besides the inputs decides the table."""
        return {
            "format": self.file.format,
            "read_as": self.file.told,
            "linear": self.linear,
            "unit": self.unit,
            "preparation": PREPARATION,
        }

    def stored_unit(self, linear: bool) -> str:
        """The unit of the stored values, once it is known whether those of the file are linear."""
        return self.unit if not linear or self.unit.startswith("log2(") else f"log2({self.unit}+1)"

    def check_unchanged(self) -> None:
        """Refuse to go on where a file was changed or replaced after it was planned.

        Raises
        ------
        TableError
            Naming the file.
        """
        for file, stamp in self.stamps.items():
            if not file.exists() or _stamp(file) != stamp:
                raise TableError(f"{file}: it changed while it was read", "Run it again")

    def made(self, metadata: TableMetadata | None) -> bool:
        """Whether a stored table is what this plan would make."""
        return (
            metadata is not None
            and metadata.inputs == self.inputs
            and metadata.recipe == self.recipe
            and metadata.genes == self.genes
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
    stamps = {path: _stamp(path)} if path.exists() else {}
    file = open_table(path, ReadOptions(probe_map=options.probe_map, rows=options.rows))
    own_cohort = not any(parse_barcode(name) for name in file.columns)
    source = _source(file, own_cohort, options)
    own = source.name not in SOURCES
    beside = list(file.beside)
    phenotype_path = None
    phenotype = file.tumor_types
    if phenotype is None and not own_cohort:
        phenotype_path = _phenotype_path(path, source, options)
    if phenotype_path is not None:
        beside.append(phenotype_path)
        phenotype = read_phenotype(phenotype_path)
    if phenotype is None:
        tumor_types: tuple[str, ...] = (_only_tumor_type(path, own_cohort, options),)
    else:
        tumor_types = _told_types(file, phenotype, phenotype_path or path, options)
    missing = tuple(name for name in options.tumor_types if name not in tumor_types)
    return LoadPlan(
        file=file,
        source=source,
        own_cohort=own_cohort,
        genes=options.genes or ("protein-coding" if file.ensembl else "all"),
        linear=True if options.linear else (file.linear or None) if own else file.linear,
        unit=source.unit,
        tumor_types=tumor_types,
        missing=missing,
        phenotype=phenotype,
        inputs=_described(path, beside),
        stamps=stamps | {file: _stamp(file) for file in beside if file not in stamps},
    )


def _stamp(file: Path) -> tuple[int, ...]:
    """What tells cheaply that a file is still the same one."""
    status = file.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _described(path: Path, beside: Sequence[Path]) -> tuple[InputFile, ...]:
    """The inputs by hash; the many files of a table that is one file a sample stand as one."""
    first = InputFile(path.name, path.stat().st_size, sha256_of(path))
    others = [InputFile(file.name, file.stat().st_size, sha256_of(file)) for file in beside]
    if len(others) <= _FEW:
        return first, *others
    listed = "".join(sorted(f"{file.sha256} {file.name}\n" for file in others))
    size = sum(file.size for file in others)
    digest = hashlib.sha256(listed.encode()).hexdigest()
    return first, InputFile(f"{len(others)} files beside it", size, digest)


def _phenotype_path(path: Path, source: Source, options: LoadOptions) -> Path | None:
    """The phenotype table by which a file is split; None where it is of one tumor type."""
    if options.phenotype is not None:
        return options.phenotype
    named = source_of_file(path)
    pan_cancer = source.pan_cancer or (named is not None and named.pan_cancer)
    if not pan_cancer and (options.tumor_types or tumor_type_of_path(path)):
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


def _only_tumor_type(path: Path, own_cohort: bool, options: LoadOptions) -> str:
    told = None if own_cohort else tumor_type_of_path(path)
    wanted = options.tumor_types
    if not wanted:
        return told or OTHER.abbreviation
    if told is None and len(wanted) == 1:
        return wanted[0]
    if told not in wanted:
        said = f"its name says {told}, and" if told else "it is a table of one tumor type, and"
        raise UsageError(
            f"{path}: {said} --tumor-type says {', '.join(wanted)}",
            "Leave --tumor-type out, or rename the file" if told else "Give the one",
        )
    return told


def _told_types(
    file: TableFile, phenotype: TumorTypeOfSample, told_by: Path, options: LoadOptions
) -> tuple[str, ...]:
    told = {tumor_type for name in file.columns if (tumor_type := phenotype.get(name))}
    wanted = set(options.tumor_types)
    found = told & wanted if wanted else told
    if not found:
        what = " or ".join(sorted(wanted)) or "any tumor type"
        raise DataMissingError(
            f"{file.path}: no sample of it is of {what}, by {told_by.name}",
            "Take another table or source, or give another table of tumor types with --phenotype",
        )
    return tuple(sorted(found))


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


def _source(file: TableFile, own_cohort: bool, options: LoadOptions) -> Source:
    path = file.path
    by_name = source_of_file(path)
    made_up = is_simulated(file.columns)
    name = options.source or (by_name.name if by_name and not made_up else None)
    known = SOURCES.get(name or "")
    if own_cohort and (name is None or known is not None):
        shown = ", ".join(f"'{column[:30]}'" for column in file.columns[:3])
        raise TableError(
            f"{path}: no sample is named by a TCGA barcode (the first are {shown})",
            "Samples go by names such as TCGA-OR-A5J1-01; a cohort of your own is loaded under a "
            "--source of your own",
        )
    if name is None:
        raise UsageError(
            f"{path}: its samples are made up"
            if made_up
            else f"{path}: its name does not tell the source",
            "Give --source simulated"
            if made_up
            else f"Give --source, one of {', '.join(SOURCES)} or a name of your own",
        )
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
                "Give --unit, such as tpm, or 'log2(tpm+1)' if the values are logarithms",
            )
        return own_source(name, unit)
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
    if file.format not in known.formats:
        raise TableError(
            f"{path}: a {file.format} table, and source '{known.name}' has "
            f"{' or '.join(known.formats)} tables",
            "Give --source a name of your own, with --unit",
        )
    return known
