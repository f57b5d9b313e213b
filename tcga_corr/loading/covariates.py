"""Loading: from a table of covariates on disk into the store."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tcga_corr.errors import DamagedTableError, DataMissingError, StoreError, UsageError
from tcga_corr.files import sha256_of
from tcga_corr.formats.covariates import (
    COVARIATE_KEYS,
    CovariateKey,
    CovariateTable,
    read_covariates,
)
from tcga_corr.store import (
    CovariateColumn,
    CovariateMetadata,
    InputFile,
    Store,
    StoredSample,
    check_covariates_name,
    open_covariates,
    read_metadata,
    write_covariates,
)

__all__ = ["COVARIATE_KEYS", "CovariateKey", "LoadedCovariates", "load_covariates"]

_READER = 1  # one more when it reads the same file otherwise


@dataclass(frozen=True)
class LoadedCovariates:
    """What became of a table of covariates.

    Attributes
    ----------
    path, name, metadata
        The file, and the table in the store.
    matched
        Source to the tumor samples of the store's tables that have a row, and to all of these.
    was_there
        Whether the store had it already, made of the same input in the same way.
    replaced
        Whether it took the place of covariates of another input or made in another way.
    """

    path: Path
    name: str
    metadata: CovariateMetadata
    matched: dict[str, tuple[int, int]]
    was_there: bool
    replaced: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for people: what was left out and why, and whom the covariates match."""
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
    """Load a table of covariates; in place of any of its name.

    Parameters
    ----------
    store
        Where to; made a store with its first table.
    path
        A table in the form of ``tcga_corr.formats.covariates``.
    key
        Whether a row is of a ``sample`` or of a ``patient``.
    name
        The table's in the store; by default made from the file's.
    columns
        Covariate name to the file's column; by default all columns of numbers.

    Raises
    ------
    UsageError
        If an option is wrong, or a column not in the file.
    DataMissingError
        If there is no such file.
    TableError
        If it is no table of covariates.
    """
    if key not in COVARIATE_KEYS:
        raise UsageError(f"key is '{key}'", f"Give one of {', '.join(COVARIATE_KEYS)}")
    name = _name_of(path) if name is None else name
    check_covariates_name(name)
    recipe = {"reader": _READER, "key": key, "columns": dict(columns) if columns else None}
    given = _input(path)
    there = _stored(store, name)
    if there is not None and (there.inputs, there.recipe) == ((given,), recipe):
        if store.covariate_leftovers(name):
            with store.locked_covariates(name):
                store.remove_covariate_leftovers(name)
        return LoadedCovariates(path, name, there, _matched(store, name), was_there=True)
    table = read_covariates(path, key, columns)
    metadata = _metadata(table, given, recipe)
    with store.locked_covariates(name):
        store.remove_covariate_leftovers(name)
        replaced = store.covariates_path(name).exists()
        write_covariates(store, name, metadata, table.keys, table.vials, table.values)
    matched = _matched(store, name)
    return LoadedCovariates(path, name, metadata, matched, was_there=False, replaced=replaced)


def _name_of(path: Path) -> str:
    """A file's name without its endings, as one that a table of covariates can have."""
    stem = Path(path.name.removesuffix(".gz")).stem
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_-")[:64]
    if not name:
        raise UsageError(f"{path}: its name cannot name a table of covariates", "Give a name")
    return name


def _input(path: Path) -> InputFile:
    try:
        return InputFile(path.name, path.stat().st_size, sha256_of(path))
    except FileNotFoundError:
        raise DataMissingError(f"no file '{path}'", "Check the path") from None
    except OSError as error:
        raise DataMissingError(f"{path}: cannot be read ({error.strerror})", "Check it") from error


def _stored(store: Store, name: str) -> CovariateMetadata | None:
    """What is stored under a name; None where nothing is, or nothing whole, to be made anew."""
    try:
        stored = open_covariates(store, name)
    except DamagedTableError:
        return None
    return stored.metadata if stored else None


def _metadata(table: CovariateTable, given: InputFile, recipe: dict[str, Any]) -> CovariateMetadata:
    keys = np.array(table.keys)
    return CovariateMetadata(
        kind=table.key,
        inputs=(given,),
        recipe=recipe,
        citation=table.citation,
        covariates=tuple(
            CovariateColumn(name, column, len(np.unique(keys[~np.isnan(values)])))
            for name, column, values in zip(table.names, table.columns, table.values.T, strict=True)
        ),
        n_keys=len(set(table.keys)),
        dropped=table.dropped,
        notes=table.told,
    )


def _matched(store: Store, name: str) -> dict[str, tuple[int, int]]:
    """For each source of the store, how many of its tumor samples have a row, and their number."""
    stored = open_covariates(store, name)
    if stored is None:
        return {}
    known = set(stored.keys)
    by_patient = stored.metadata.kind == "patient"
    samples: dict[str, list[StoredSample]] = {}
    for key in store.table_keys():
        try:
            metadata = read_metadata(store, key)
        except StoreError:
            continue  # a damaged table is told where it is used
        taken = [sample for sample in metadata.samples if sample.tumor] if metadata else []
        samples.setdefault(key.source, []).extend(taken)
    return {
        source: (
            sum((one.patient if by_patient else one.sample) in known for one in those), len(those)
        )
        for source, those in samples.items()
    }  # fmt: skip
