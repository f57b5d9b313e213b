"""Tables of covariates in the store: one Parquet file each, a row per sample or patient."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import DamagedTableError, DataMissingError, UsageError, near_names
from tcga_corr.files import replacing, writing
from tcga_corr.store.layout import SCHEMA_VERSION, Store
from tcga_corr.store.metadata import InputFile

Vector = NDArray[np.float64]

_METADATA_KEY = b"tcga_corr"


@dataclass(frozen=True)
class CovariateColumn:
    """A covariate's name, the column of the input that it is, and the keys that have a value."""

    name: str
    column: str
    n: int


@dataclass(frozen=True)
class CovariateMetadata:
    """Everything about a stored table of covariates but its values.

    Attributes
    ----------
    kind
        What a row is of: ``sample`` or ``patient``.
    inputs
        The file it was made from.
    recipe
        What besides the input decided the table: the options, version of the reader.
    citation
        What to cite; empty where the input is not a published table that is known.
    covariates
        The columns of numbers.
    n_keys
        Samples or patients.
    dropped
        What was left out: reason to number.
    notes
        What else was said at loading.
    """

    kind: str
    inputs: tuple[InputFile, ...]
    recipe: dict[str, Any]
    citation: str
    covariates: tuple[CovariateColumn, ...]
    n_keys: int
    dropped: dict[str, int]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CovariateMetadata:
        """From the values of :meth:`to_json`."""
        inputs = tuple(InputFile(**entry) for entry in data["inputs"])
        covariates = tuple(CovariateColumn(**entry) for entry in data["covariates"])
        notes = tuple(data["notes"])
        return cls(**{**data, "inputs": inputs, "covariates": covariates, "notes": notes})


def write_covariates(
    store: Store,
    name: str,
    metadata: CovariateMetadata,
    keys: Sequence[str],
    vials: Sequence[str],
    values: Vector,
) -> None:
    """Put a table of covariates into the store, in place of any of its name.

    Call it with these covariates locked. The rename of the file is the moment at which they are
    stored.

    Parameters
    ----------
    store
        Where to.
    name
        The table's.
    metadata
        What it says of itself.
    keys, vials
        The sample or patient of each row, and the vial.
    values
        Rows x covariates, NaN where missing.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = {"key": keys, "vial": vials}
    columns: dict[str, Any] = {title: pa.array(text, "string") for title, text in texts.items()}
    for covariate, column in zip(metadata.covariates, values.T, strict=True):
        columns[covariate.name] = pa.array(column, pa.float64(), from_pandas=True)
    described = json.dumps({"schema": SCHEMA_VERSION, **metadata.to_json()}).encode()
    arrow = pa.table(columns).replace_schema_metadata({_METADATA_KEY: described})
    store.create()
    with replacing(store.covariates_path(name)) as partial:
        pq.write_table(arrow, partial, compression="zstd", write_page_checksum=True)


@dataclass(frozen=True)
class StoredCovariates:
    """A table of covariates, read whole.

    Attributes
    ----------
    name, metadata
        What it is.
    sha256
        Hash of its file.
    keys, vials
        The sample or patient of each row, and the vial.
    values
        Covariate to a value for each row, NaN where missing.
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
        If the file is not a whole table of this schema version.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = store.covariates_path(name)
    try:
        with _reading(path):
            content = path.read_bytes()
            # one thread: those of pyarrow may outlive a short process, and abort it
            arrow = pq.read_table(
                pa.BufferReader(content),
                page_checksum_verification=True,
                use_threads=False,
                pre_buffer=False,
            )
            metadata = _described(arrow.schema)
            values = {
                one.name: arrow.column(one.name).to_numpy(zero_copy_only=False)
                for one in metadata.covariates
            }
            keys, vials = (arrow.column(column).to_pylist() for column in ("key", "vial"))
    except FileNotFoundError:
        return None
    digest = hashlib.sha256(content).hexdigest()
    return StoredCovariates(name, metadata, digest, keys, vials, values)


def read_covariate_metadata(store: Store, name: str) -> CovariateMetadata | None:
    """What a table of covariates says of itself; None where there is none of this name.

    Raises
    ------
    DamagedTableError
        If the file is no table of covariates of this schema version.
    """
    import pyarrow.parquet as pq

    path = store.covariates_path(name)
    try:
        with _reading(path):
            return _described(pq.read_schema(path))
    except FileNotFoundError:
        return None


def list_covariates(store: Store) -> dict[str, CovariateMetadata]:
    """The tables of covariates in the store and what they say of themselves, sorted by name."""
    found = {name: read_covariate_metadata(store, name) for name in store.covariate_names()}
    return {name: metadata for name, metadata in found.items() if metadata is not None}


def check_covariates(store: Store) -> None:
    """Read all tables of covariates by their page checksums, for a reader that checks no page."""
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
    with store.locked_covariates(name), writing(path):
        store.remove_covariate_leftovers(name)
        path.unlink(missing_ok=True)


def check_covariates_name(name: str) -> None:
    """Refuse a name that a table of covariates could not have."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name):
        raise UsageError(
            f"'{name[:80]}' cannot name a table of covariates",
            "Use up to 64 letters, digits, hyphens and underscores",
        )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what a library says of a damaged file into one line."""
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, KeyError, TypeError, ValueError, OSError) as error:
        said = " ".join(str(error).split())
        said = said if len(said) <= 120 else said[:117] + "..."
        raise DamagedTableError(
            f"{path}: not a whole table of covariates ({said})",
            "Load the covariates again, or remove the file",
        ) from error


def _described(schema: Any) -> CovariateMetadata:
    described: dict[str, Any] = json.loads((schema.metadata or {})[_METADATA_KEY])
    version = described.pop("schema")
    if version != SCHEMA_VERSION:
        raise ValueError(f"it has schema {version}, not {SCHEMA_VERSION}")
    return CovariateMetadata.from_json(described)
