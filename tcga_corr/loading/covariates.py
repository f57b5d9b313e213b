"""Loading a table of covariates from disk into the store."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from tcga_corr.choices import CovariateKey, check_choice
from tcga_corr.errors import DamagedTableError, DataMissingError, UsageError
from tcga_corr.files import sha256_of
from tcga_corr.formats.compressed import without_ending
from tcga_corr.formats.covariates import CovariateTable, read_covariates
from tcga_corr.formats.grid import read_header
from tcga_corr.formats.known_covariates import recognise
from tcga_corr.store.covariates import (
    check_covariates_name,
    list_covariates,
    open_covariates,
    write_covariates,
)
from tcga_corr.store.layout import Store
from tcga_corr.store.metadata import CovariateColumn, CovariateMetadata, InputFile
from tcga_corr.store.parquet import readable_metadata

_READER = 4  # increased when the same file would be read differently


@dataclass(frozen=True)
class LoadedCovariates:
    """A table of covariates in the store, and the file it was loaded from.

    Attributes
    ----------
    path, name, metadata
        The file, and the table in the store.
    matched
        Source to the number of its tumor samples that have a row, and the number of all.
    unchanged
        Whether the store had it already, made of the same input in the same way.
    replaced
        Whether it replaced covariates of another input or made in another way.
    """

    path: Path
    name: str
    metadata: CovariateMetadata
    matched: dict[str, tuple[int, int]]
    unchanged: bool
    replaced: bool = False

    @property
    def summary(self) -> str:
        """A line for people."""
        metadata = self.metadata
        names = [f"{one.name} ({one.n})" for one in metadata.covariates]
        return (
            f"covariates {self.name}: {', '.join(names)} of {metadata.n_keys} {metadata.kind}s"
            + ("; were loaded already" if self.unchanged else "")
            + ("; replaced others of this name" if self.replaced else "")
        )

    @property
    def short_summary(self) -> str:
        """How many there are, and what lists them, for people."""
        metadata = self.metadata
        return (
            f"covariates {self.name}: {len(metadata.covariates)} of {metadata.n_keys} "
            f"{metadata.kind}s, as `tcga-corr covariates` lists them"
            + (f"; cite {metadata.citation}" if metadata.citation else "")
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for people: rows left out and why, and how many samples have a row."""
        metadata = self.metadata
        notes = [f"{count} {what} left out" for what, count in metadata.dropped.items()]
        notes += metadata.notes
        notes += [
            f"{found} of the {total} tumor samples of {source} are in it"
            for source, (found, total) in self.matched.items()
            if found
        ]
        if self.matched and not any(found for found, _ in self.matched.values()):
            notes.append(f"none of the store's samples has a row: are its rows {metadata.kind}s?")
        return tuple(notes)


def load_covariates(
    store: Store,
    path: Path,
    key: CovariateKey = "sample",
    name: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> LoadedCovariates:
    """Load a table of covariates, replacing any of the same name.

    Parameters
    ----------
    store
        The store; its folder is made with the first table.
    path
        A table in the form of ``tcga_corr.formats.covariates``.
    key
        What a row describes: a ``sample`` or a ``patient``.
    name
        Name of the table in the store; by default made from the file's.
    columns
        Covariate name to the file's column; by default all columns of numbers and categories.

    Raises
    ------
    UsageError
        If an option is wrong, or a column not in the file.
    DataMissingError
        If there is no such file.
    TableError
        If it is no table of covariates.
    """
    check_choice("key", key, get_args(CovariateKey))
    name = _default_name(path) if name is None else name
    check_covariates_name(name)
    recipe = {"reader": _READER, "key": key, "columns": dict(columns) if columns else None}
    input_file = _input_file(path)
    stored = _stored_metadata(store, name)
    if stored is not None and (stored.inputs, stored.recipe) == ((input_file,), recipe):
        store.remove_any_leftovers(name)
        return LoadedCovariates(path, name, stored, _matched_samples(store, name), unchanged=True)
    table = read_covariates(path, key, columns)
    metadata = _metadata(table, input_file, recipe)
    with store.locked(name):
        store.remove_leftovers(name)
        replaced = store.covariates_path(name).exists()
        values = {title: one.values for title, one in table.covariates.items()}
        write_covariates(store, name, metadata, table.keys, table.vials, values)
    matched = _matched_samples(store, name)
    return LoadedCovariates(path, name, metadata, matched, unchanged=False, replaced=replaced)


CLINICAL = "clinical"
"""The name of the covariates that come with a pan-cancer table."""


def load_clinical(store: Store, path: Path) -> LoadedCovariates | None:
    """Load the clinical columns of a phenotype table, if it is a known table that has them.

    They are left as they are where the store has covariates of this file by any name, or others
    that a user called ``clinical``.
    """
    known = recognise(read_header(path))
    if known is None:
        return None
    stored = list_covariates(store)
    inputs = {one.inputs[0].sha256: name for name, one in stored.items()}
    name = inputs.get(_input_file(path).sha256, CLINICAL)
    if name != CLINICAL or (name in stored and stored[name].citation != known.citation):
        return None
    return load_covariates(store, path, "sample", CLINICAL)


def once_each(*reports: Sequence[LoadedCovariates]) -> tuple[LoadedCovariates, ...]:
    """The covariates of several reports, each table as it was reported first."""
    found: dict[str, LoadedCovariates] = {}
    for one in (one for report in reports for one in report):
        found.setdefault(one.name, one)
    return tuple(found.values())


def _default_name(path: Path) -> str:
    """A table name made from a file's name without its endings."""
    stem = Path(without_ending(path.name)).stem
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_-")[:64]
    if not name:
        raise UsageError(f"{path}: its name cannot name a table of covariates", "Give a name")
    return name


def _input_file(path: Path) -> InputFile:
    try:
        return InputFile(path.name, path.stat().st_size, sha256_of(path))
    except FileNotFoundError:
        raise DataMissingError(f"no file '{path}'", "Check the path") from None
    except OSError as error:
        raise DataMissingError(f"{path}: cannot be read ({error.strerror})", "Check it") from error


def _stored_metadata(store: Store, name: str) -> CovariateMetadata | None:
    """The metadata of a stored table; None if there is no intact one."""
    try:
        stored = open_covariates(store, name)
    except DamagedTableError:
        return None
    return stored.metadata if stored else None


def _metadata(
    table: CovariateTable, input_file: InputFile, recipe: dict[str, Any]
) -> CovariateMetadata:
    keys = np.array(table.keys)
    return CovariateMetadata(
        kind=table.key,
        inputs=(input_file,),
        recipe=recipe,
        citation=table.citation,
        covariates=tuple(
            CovariateColumn(
                name,
                one.column,
                n=len(np.unique(keys[~np.isnan(one.values)])),
                levels=one.levels,
                ordered=one.ordered,
            )
            for name, one in table.covariates.items()
        ),
        n_keys=len(set(table.keys)),
        dropped=table.dropped,
        notes=table.notes,
    )


def _matched_samples(store: Store, name: str) -> dict[str, tuple[int, int]]:
    """For each source of the store, how many of its tumor samples have a row, and of how many."""
    stored = open_covariates(store, name)
    if stored is None:
        return {}
    covariate_keys = set(stored.keys)
    by_patient = stored.metadata.kind == "patient"
    counts: dict[str, tuple[int, int]] = {}
    for key in store.table_keys():
        metadata = readable_metadata(store, key)
        if metadata is None:
            continue  # a damaged table is reported where it is used
        samples = [sample for sample in metadata.samples if sample.tumor]
        found = sum(
            (sample.patient if by_patient else sample.sample) in covariate_keys
            for sample in samples
        )
        found_before, total_before = counts.get(key.source, (0, 0))
        counts[key.source] = (found_before + found, total_before + len(samples))
    return counts
