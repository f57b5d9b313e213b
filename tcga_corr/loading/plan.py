"""The tables that a file will become, by its name, its first lines and the options."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.choices import Genes, Normalization, RowsOfTable
from tcga_corr.errors import DataMissingError, TableError, UsageError
from tcga_corr.files import sha256_of
from tcga_corr.formats import open_table
from tcga_corr.formats.format import ReadOptions, TableFile
from tcga_corr.formats.phenotype import TumorTypeOfSample, find_phenotype, read_phenotype
from tcga_corr.loading.checks import check_columns
from tcga_corr.loading.normalization import check_is_of_counts, check_unit_of_counts
from tcga_corr.sources import (
    SOURCES,
    Source,
    own_source,
    source_is_simulated,
    source_of_file,
    sources_of_tables,
)
from tcga_corr.sources.simulated import simulated_source
from tcga_corr.store.layout import TableKey
from tcga_corr.store.metadata import InputFile, TableMetadata
from tcga_corr.vocabulary.barcodes import parse_barcode
from tcga_corr.vocabulary.gtex import TUMOR_TYPES_OF_TISSUE
from tcga_corr.vocabulary.tumor_types import OTHER, TUMOR_TYPES, UNIONS, parse_tumor_type
from tcga_corr.vocabulary.units import quantity_of

_MOST_LISTED = 4  # files beside a table that are recorded one by one

PREPARATION = 4
"""Increased when the same input would give another table, so that ``load`` makes it again; so too
when a tissue is matched with another tumor type."""


@dataclass(frozen=True)
class LoadOptions:
    """What the user states about the files to load; None to find it out from the file.

    Attributes
    ----------
    source
        A known source, or a name of the user's own.
    tumor_type
        The type of a table of one; of a pan-cancer table, the type or types to load.
    genes
        Which genes to keep, and so to rank.
    unit
        Unit of the values of the user's own source.
    linear
        Whether the values of the user's own source are linear; False to find it out.
    normalize
        ``cpm`` to take the counts of the user's own source per million of each sample's.
    rows
        What the rows of a plain table are.
    probe_map, phenotype
        Paths of files that are otherwise looked for beside the table.
    counts
        Whether the files are raw counts, to be stored as such; with ``normalize`` as expression,
        too.
    """

    source: str | None = None
    tumor_type: str | Sequence[str] | None = None
    genes: Genes | None = None
    unit: str | None = None
    linear: bool = False
    normalize: Normalization | None = None
    rows: RowsOfTable | None = None
    probe_map: Path | None = None
    phenotype: Path | None = None
    counts: bool = False

    @property
    def tumor_types(self) -> tuple[str, ...]:
        """The requested abbreviations."""
        given = self.tumor_type or ()
        names = [given] if isinstance(given, str) else given
        return tuple(dict.fromkeys(parse_tumor_type(name).abbreviation for name in names))


@dataclass(frozen=True)
class LoadPlan:
    """All that decides which tables a file becomes.

    ``linear`` is None if the values themselves decide it; ``unit`` is that of the file.
    """

    file: TableFile
    source: Source
    own_cohort: bool  # samples without TCGA barcodes
    patients_alone: bool  # barcodes without a sample type
    genes: Genes
    linear: bool | None
    said_linear: bool  # by the user
    unit: str
    normalize: Normalization | None
    tumor_types: tuple[str, ...]
    counts: bool  # raw counts, stored as such
    missing: tuple[str, ...]  # requested tumor types without a sample in the table
    phenotype: TumorTypeOfSample | None  # for a table of several tumor types
    phenotype_path: Path | None  # of the table that has it, unless that is the file itself
    inputs: tuple[InputFile, ...]
    stamps: dict[Path, tuple[int, ...]]  # of the files, before they were read

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self.file.path

    @property
    def keys(self) -> list[TableKey]:
        """The tables that the file becomes."""
        return [TableKey(self.source.name, tumor_type) for tumor_type in self.tumor_types]

    @property
    def recipe(self) -> dict[str, object]:
        """What decides the table besides the inputs."""
        return {
            "format": self.file.format,
            "read_as": self.file.read_as,
            "linear": self.linear,
            "unit": self.unit,
            "normalize": self.normalize,
            "preparation": PREPARATION,
            **({"counts": True} if self.counts else {}),
        }

    def stored_unit(self, linear: bool) -> str:
        """Unit of the stored values, given whether those of the file are linear."""
        unit = self.normalize or self.unit
        return unit if not linear or unit.startswith("log2(") else f"log2({unit}+1)"

    def check_unchanged(self) -> None:
        """Refuse files that were changed or replaced after the plan was made.

        Raises
        ------
        TableError
            Naming the file.
        """
        for file, stamp in self.stamps.items():
            if not file.exists() or _stamp(file) != stamp:
                raise TableError(f"{file}: it changed while it was read", "Run it again")

    def types_of(self, sample: str) -> tuple[str, ...]:
        """The tumor types whose table a sample is in: several of one of GTEx, none if unknown."""
        if sample in self.file.tissues:
            return TUMOR_TYPES_OF_TISSUE[self.file.tissues[sample]]
        found = self.phenotype.get(sample) if self.phenotype else self.tumor_types[0]
        return (found,) if found else ()

    def would_make(self, metadata: TableMetadata | None) -> bool:
        """Whether this plan would make exactly the table with this metadata."""
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
        If neither the file nor the options give the tumor type, source or unit, or if they
        contradict each other.
    DataMissingError
        If the file, or one that it needs beside it, is missing.
    TableError
        If it is no expression table.
    """
    stamps = {path: _stamp(path)} if path.exists() else {}
    own_source = options.source is not None and options.source not in SOURCES
    reading = ReadOptions(options.probe_map, options.rows, own_source, options.counts)
    file = open_table(path, reading)
    check_columns(file.columns, path)
    barcodes = [barcode for name in file.columns if (barcode := parse_barcode(name))]
    own_cohort = not barcodes
    of_samples = any(barcode.sample_type for barcode in barcodes)
    source = _source(file, of_samples, options)
    if options.normalize and not options.counts:
        check_is_of_counts(path, source.unit)
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
        tumor_types = _tumor_types(file, phenotype, phenotype_path or path, options)
    missing = tuple(name for name in options.tumor_types if name not in tumor_types)
    return LoadPlan(
        file=file,
        source=source,
        own_cohort=own_cohort,
        patients_alone=bool(barcodes) and not of_samples,
        genes=options.genes or ("protein-coding" if file.ensembl else "all"),
        linear=True if options.linear else (file.linear or None) if own else file.linear,
        said_linear=options.linear,
        unit=source.unit,
        normalize=None if options.counts else options.normalize,
        tumor_types=tumor_types,
        counts=options.counts,
        missing=missing,
        phenotype=phenotype,
        phenotype_path=phenotype_path,
        inputs=_input_files(path, beside),
        stamps=stamps | {file: _stamp(file) for file in beside if file not in stamps},
    )


def _stamp(file: Path) -> tuple[int, ...]:
    """Inode, size and time of a file: they change if it is changed or replaced."""
    status = file.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _input_files(path: Path, beside: Sequence[Path]) -> tuple[InputFile, ...]:
    """The inputs with their hashes; many files beside a table are recorded as one."""
    table, *further = (
        InputFile(file.name, file.stat().st_size, sha256_of(file)) for file in (path, *beside)
    )
    if len(further) <= _MOST_LISTED:
        return table, *further
    listed = "".join(sorted(f"{file.sha256} {file.name}\n" for file in further))
    size = sum(file.size for file in further)
    digest = hashlib.sha256(listed.encode()).hexdigest()
    return table, InputFile(f"{len(further)} files beside it", size, digest)


def _phenotype_path(path: Path, source: Source, options: LoadOptions) -> Path | None:
    """Path of the phenotype table by which a file is split; None for a file of one tumor type."""
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
    by_name = None if own_cohort else tumor_type_of_path(path)
    wanted = options.tumor_types
    if not wanted:
        return by_name or OTHER.abbreviation
    if by_name is None and len(wanted) == 1:
        return wanted[0]
    if by_name not in wanted:
        why = f"its name says {by_name}, and" if by_name else "it is a table of one tumor type, and"
        raise UsageError(
            f"{path}: {why} --tumor-type says {', '.join(wanted)}",
            "Leave --tumor-type out, or rename the file" if by_name else "Give the one",
        )
    return by_name


def _tumor_types(
    file: TableFile, phenotype: TumorTypeOfSample, phenotype_path: Path, options: LoadOptions
) -> tuple[str, ...]:
    present = {tumor_type for name in file.columns if (tumor_type := phenotype.get(name))}
    wanted = set(options.tumor_types)
    found = present & wanted if wanted else present
    if not found:
        what = " or ".join(sorted(wanted)) or "any tumor type"
        raise DataMissingError(
            f"{file.path}: no sample of it is of {what}, by {phenotype_path.name}",
            "Take another table or source, or give another table of tumor types with --phenotype",
        )
    return tuple(sorted(found))


def tumor_type_of_path(path: Path) -> str | None:
    """The tumor type that a path names; None if it names none.

    Looks at the file's name, then at its folders from the nearest: ``TCGA.ACC.…`` or ``TCGA-GBM.…``
    anywhere; else the abbreviation as the first word of the file's name, as in
    ``UCS.rnaseqv2__…``, or as the whole name of its folder.

    Raises
    ------
    UsageError
        If it names a union of tumor types, such as COADREAD.
    """
    parts = path.absolute().parts
    words = [_project_in(parts[-1]) or _if_known(re.split(r"[._-]", parts[-1])[0])]
    words += [_project_in(part) for part in reversed(parts[:-1])]
    words.insert(2, _if_known(path.absolute().parent.name))
    for word in words:
        if word in UNIONS:
            raise UsageError(
                f"{path}: {word} is a union of {' and '.join(UNIONS[word])}, not a tumor type",
                "Load the tables of these",
            )
        if word:
            return word
    return None


def _project_in(part: str) -> str:
    match = re.search(r"TCGA[.-]([A-Z]{2,8})(?![A-Za-z0-9])", part)
    return _if_known(match[1]) if match else ""


def _if_known(text: str) -> str:
    return text if text in TUMOR_TYPES or text in UNIONS else ""


def _source(file: TableFile, of_samples: bool, options: LoadOptions) -> Source:
    path = file.path
    sources = sources_of_tables(counts=options.counts)
    by_name = source_of_file(path, counts=options.counts)
    simulated = simulated_source(file.columns)
    name = options.source or (by_name.name if by_name and not simulated else None)
    if name in SOURCES and name not in sources:
        raise UsageError(
            f"{path}: of source '{name}' there are no raw counts, only {SOURCES[name].unit}",
            f"Raw counts have {', '.join(sources)}; others go under a --source of your own",
        )
    known = sources.get(name or "")
    if simulated not in (None, name):
        why = f", and --source is {name}" if name else ""
        raise UsageError(f"{path}: its samples are made up{why}", f"Give --source {simulated}")
    if not of_samples and (name is None or known is not None):
        shown = ", ".join(f"'{column[:30]}'" for column in file.columns[:3])
        raise TableError(
            f"{path}: no sample is named by a TCGA barcode (the first are {shown})",
            "Samples go by names such as TCGA-OR-A5J1-01; a cohort of your own is loaded under a "
            "--source of your own",
        )
    if name is None and source_of_file(path, counts=True) is not None:
        raise UsageError(
            f"{path}: named as raw counts",
            "Give --counts to load them as such, or --source a name of your own",
        )
    if name is None:
        raise UsageError(
            f"{path}: its name does not tell the source",
            f"Give --source, one of {', '.join(sources)} or a name of your own",
        )
    if source_is_simulated(name) and simulated is None:
        raise UsageError(
            f"{path}: its samples are not the simulated ones, and --source is {name}",
            "Give --source another name",
        )
    if known is None:
        unit = options.unit or file.unit or (by_name.unit if by_name else None)
        if options.counts:
            unit = options.unit or file.unit or "counts"
            check_unit_of_counts(path, unit)
        if unit is None:
            raise UsageError(
                f"{path}: the unit of source '{name}' is not known",
                "Give --unit, such as tpm, or 'log2(tpm+1)' if the values are logarithms",
            )
        if file.unit and quantity_of(unit) is not quantity_of(file.unit):
            raise UsageError(
                f"{path}: what is read of it is {file.unit}, and --unit says {unit}",
                "Leave --unit out",
            )
        return own_source(name, unit, simulated=source_is_simulated(name))
    if by_name is not None and not known.matches(path):
        raise UsageError(
            f"{path}: named as a file of source '{by_name.name}', not of '{known.name}'",
            "Leave --source out, or give a name of your own",
        )
    if options.counts and by_name is None:
        raise UsageError(
            f"{path}: not named as the raw counts of source '{known.name}'",
            "Give --source a name of your own, or the file its own name",
        )
    if options.unit is not None or options.linear or options.normalize:
        raise UsageError(
            f"{path}: --unit, --linear and --normalize are for sources of your own, and "
            f"'{known.name}' is in {known.unit}",
            "Leave them out, or give --source a name of your own",
        )
    if file.format not in known.formats:
        raise TableError(
            f"{path}: a {file.format} table, and source '{known.name}' has "
            f"{' or '.join(known.formats)} tables",
            "Give --source a name of your own, with --unit",
        )
    return known
