"""Tables of covariates in the store: a Parquet file each, with a row per sample or patient."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import (
    DataMissingError,
    UsageError,
    near_names,
)
from tcga_corr.files import replacing, writing
from tcga_corr.store.layout import SCHEMA_VERSION, Store
from tcga_corr.store.metadata import (
    CovariateColumn,
    CovariateMetadata,
    decode_metadata,
    encode_metadata,
    reading,
)

if TYPE_CHECKING:
    import pyarrow as pa

Vector = NDArray[np.float64]

_DAMAGED = ("table of covariates", "Load the covariates again, or remove the file")


def write_covariates(
    store: Store,
    name: str,
    metadata: CovariateMetadata,
    keys: Sequence[str],
    vials: Sequence[str],
    values: Mapping[str, Vector],
) -> None:
    """Store a table of covariates, in place of any of its name.

    Call it with these covariates locked. They are stored at the moment their file is renamed.
    A category is stored as text, a number as such.

    Parameters
    ----------
    store
        The store.
    name
        The name of the table.
    metadata
        Its metadata.
    keys, vials
        The sample or patient of each row, and the vial.
    values
        Covariate to a number for each row, of a category the place of its level; NaN where missing.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {"key": pa.array(keys, "string"), "vial": pa.array(vials, "string")}
    for covariate in metadata.covariates:
        column = values[covariate.name]
        if covariate.levels:
            words = [None if np.isnan(one) else covariate.levels[int(one)] for one in column]
            columns[covariate.name] = pa.array(words, "string")
        else:
            columns[covariate.name] = pa.array(column, pa.float64(), from_pandas=True)
    arrow = pa.table(columns).replace_schema_metadata(encode_metadata(metadata))
    store.create()
    with replacing(store.covariates_path(name)) as partial:
        pq.write_table(arrow, partial, compression="zstd", write_page_checksum=True)


@dataclass(frozen=True)
class StoredCovariates:
    """A table of covariates, fully read.

    Attributes
    ----------
    name, metadata
        Its name and metadata.
    sha256
        Hash of its file.
    keys, vials
        The sample or patient of each row, and the vial.
    values
        Covariate to a number for each row, of a category the place of its level; NaN where missing.
    """

    name: str
    metadata: CovariateMetadata
    sha256: str
    keys: list[str] = field(repr=False)
    vials: list[str] = field(repr=False)
    values: dict[str, Vector] = field(repr=False)


def open_covariates(store: Store, name: str) -> StoredCovariates | None:
    """A table of covariates; None where there is none of this name.

    Raises
    ------
    DamagedTableError
        If the file is not a complete table of this schema version.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = store.covariates_path(name)
    try:
        with reading(path, *_DAMAGED):
            content = path.read_bytes()
            # one thread: those of pyarrow may outlive a short process, and abort it
            arrow = pq.read_table(
                pa.BufferReader(content),
                page_checksum_verification=True,
                use_threads=False,
                pre_buffer=False,
            )
            metadata = _metadata(arrow.schema)
            values = {
                covariate.name: _numbers(arrow.column(covariate.name), covariate)
                for covariate in metadata.covariates
            }
            keys, vials = (arrow.column(column).to_pylist() for column in ("key", "vial"))
    except FileNotFoundError:
        return None
    digest = hashlib.sha256(content).hexdigest()
    return StoredCovariates(name, metadata, digest, keys, vials, values)


def _numbers(column: pa.ChunkedArray, covariate: CovariateColumn) -> Vector:
    """The numbers of a stored column, of a category the places of its levels."""
    if not covariate.levels:
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
    place = {level: float(number) for number, level in enumerate(covariate.levels)}
    place[None] = np.nan  # type: ignore[index]
    return np.array([place[word] for word in column.to_pylist()])


def read_covariate_metadata(store: Store, name: str) -> CovariateMetadata | None:
    """The metadata of a table of covariates; None where there is none of this name.

    Raises
    ------
    DamagedTableError
        If the file is not a table of covariates of this schema version.
    """
    import pyarrow.parquet as pq

    path = store.covariates_path(name)
    try:
        with reading(path, *_DAMAGED):
            return _metadata(pq.read_schema(path))
    except FileNotFoundError:
        return None


def list_covariates(store: Store) -> dict[str, CovariateMetadata]:
    """The metadata of the tables of covariates in the store, sorted by name."""
    found = {name: read_covariate_metadata(store, name) for name in store.covariate_names()}
    return {name: metadata for name, metadata in found.items() if metadata is not None}


def check_covariates(store: Store) -> None:
    """Read all tables of covariates with page checksums, for a reader that checks none."""
    for name in store.covariate_names():
        open_covariates(store, name)


def remove_covariates(store: Store, name: str) -> None:
    """Remove a table of covariates.

    Raises
    ------
    DataMissingError
        If there is none of this name.
    """
    known = store.covariate_names()
    if name not in known:
        raise DataMissingError(
            f"no covariates named '{name}' in the store",
            near_names(name, known) or f"It has {', '.join(known) or 'none'}",
        )
    path = store.covariates_path(name)
    with store.locked(name), writing(path):
        store.remove_leftovers(name)
        path.unlink(missing_ok=True)


def check_covariates_name(name: str) -> None:
    """Refuse a name that a table of covariates cannot have."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name):
        raise UsageError(
            f"'{name[:80]}' cannot name a table of covariates",
            "Use up to 64 letters, digits, hyphens and underscores",
        )


def _metadata(schema: pa.Schema) -> CovariateMetadata:
    version, values = decode_metadata(schema.metadata)
    if version != SCHEMA_VERSION:
        raise ValueError(f"it has schema {version}, not {SCHEMA_VERSION}")
    return CovariateMetadata.from_json(values)
