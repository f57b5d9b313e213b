"""The metadata of stored tables, kept in their Parquet files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from tcga_corr.errors import DamagedTableError, one_line, shorten
from tcga_corr.exchange import read_json_object
from tcga_corr.store.layout import SCHEMA_VERSION

_KEY, _DIGEST = b"tcga_corr", b"tcga_corr_sha256"

COPIES = "samples with the values of another in every gene"
"""The reason, in :attr:`TableMetadata.dropped`, of samples that are copies, so in no selection."""


@dataclass(frozen=True)
class InputFile:
    """A file that a table was made from."""

    name: str
    size: int
    sha256: str


@dataclass  # frozen, it would take three times as long to make ten thousand for each question
class StoredSample:
    """One column of a stored table, and the selections that it is in.

    ``reason`` is why it is not in the default selection of its kind; empty where it is. A sample of
    GTEx, whose patient is its donor, has a ``tissue``.
    """

    sample: str
    barcode: str
    patient: str
    vial: str = ""
    sample_type: str = ""
    tumor: bool = False
    normal: bool = False
    all_tumor: bool = False
    reason: str = ""
    gtex: bool = False
    tissue: str = ""

    def is_in(self, selection: str) -> bool:
        """Whether it is in the selection ``tumor``, ``normal``, ``all-tumor`` or ``gtex``."""
        return bool(getattr(self, selection.replace("-", "_")))


@dataclass(frozen=True)
class TableMetadata:
    """Everything about a stored table but its values.

    Attributes
    ----------
    source, tumor_type, unit
        What the values are.
    simulated
        Whether they are simulated.
    genes
        Which genes were kept, and so ranked: ``all`` or ``protein-coding``.
    n_genes
        The number of rows.
    inputs
        The files it was made from; the table itself first.
    recipe
        What else decided the table: format, options, version of the preparation.
    dropped
        What was left out: reason to number; of samples, from the table or from every selection.
    samples
        One entry per column.
    read_as
        How the file was read, where that had to be found out, and whether its values were linear.
    counts
        Whether the values are counts of reads, not adjusted for sequencing depth, as their unit
        says or all being whole numbers.
    """

    source: str
    tumor_type: str
    unit: str
    simulated: bool
    genes: str
    n_genes: int
    inputs: tuple[InputFile, ...]
    recipe: dict[str, Any]
    dropped: dict[str, int]
    samples: tuple[StoredSample, ...] = field(repr=False)
    read_as: str = ""
    counts: bool = False

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """From the values of :func:`dataclasses.asdict`, as JSON keeps them."""
        inputs = tuple(InputFile(**entry) for entry in data["inputs"])
        samples = tuple(StoredSample(**entry) for entry in data["samples"])
        return cls(**{**data, "inputs": inputs, "samples": samples})


@dataclass(frozen=True)
class CountsMetadata(TableMetadata):
    """Everything about a stored table of raw counts but its values.

    Attributes
    ----------
    rounded
        What was rounded to whole numbers, and how far; empty where all were whole.
    values_sha256
        Hash of the symbols and counts, by :func:`tcga_corr.store.counts.digest_of`.
    """

    rounded: str = ""
    values_sha256: str = ""


@dataclass(frozen=True)
class CovariateColumn:
    """A covariate: its name, its column in the input, and the number of keys with a value.

    A category has ``levels``, which may be ``ordered``, such as stages from I to IV; a number none.
    """

    name: str
    column: str
    n: int
    levels: tuple[str, ...] = ()
    ordered: bool = False

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CovariateColumn:
        """From the values of :func:`dataclasses.asdict`, as JSON keeps them."""
        return cls(**{**data, "levels": tuple(data.get("levels", ()))})


@dataclass(frozen=True)
class CovariateMetadata:
    """Everything about a stored table of covariates but its values.

    Attributes
    ----------
    kind
        What a row is: ``sample`` or ``patient``.
    inputs
        The file it was made from.
    recipe
        What else decided the table: the options, version of the reader.
    citation
        What to cite; empty where the input is not a known published table.
    covariates
        The columns of numbers and of categories.
    n_keys
        The number of samples or patients.
    dropped
        What was left out: reason to number.
    notes
        What else was reported at loading.
    """

    kind: str
    inputs: tuple[InputFile, ...]
    recipe: dict[str, Any]
    citation: str
    covariates: tuple[CovariateColumn, ...]
    n_keys: int
    dropped: dict[str, int]
    notes: tuple[str, ...]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> CovariateMetadata:
        """From the values of :func:`dataclasses.asdict`, as JSON keeps them."""
        inputs = tuple(InputFile(**entry) for entry in data["inputs"])
        covariates = tuple(CovariateColumn.from_json(entry) for entry in data["covariates"])
        notes = tuple(data["notes"])
        return cls(**{**data, "inputs": inputs, "covariates": covariates, "notes": notes})


@contextmanager
def reading(path: Path, what: str, remedy: str) -> Iterator[None]:
    """Turn an error of a library about a damaged file into ours; a missing file stays one."""
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, KeyError, TypeError, ValueError, OSError) as error:
        reason = shorten(one_line(error), 120)
        raise DamagedTableError(f"{path}: not a whole {what} ({reason})", remedy) from error


def encode_metadata(metadata: TableMetadata | CovariateMetadata) -> dict[bytes, bytes]:
    """The metadata of a Parquet file, with the schema version and their own hash."""
    text = json.dumps({"schema": SCHEMA_VERSION, **asdict(metadata)}).encode()
    return {_KEY: text, _DIGEST: hashlib.sha256(text).hexdigest().encode()}


def decode_metadata(parquet: Mapping[bytes, bytes] | None) -> tuple[int, dict[str, Any]]:
    """The schema version of a Parquet file, and the values of its metadata.

    Raises
    ------
    KeyError, ValueError
        If it is not a file of a store, or the metadata are not those of their hash, which files of
        version 0.1.0 have not.
    """
    text, digest = (parquet or {})[_KEY], (parquet or {}).get(_DIGEST)
    if digest is not None and hashlib.sha256(text).hexdigest().encode() != digest:
        raise ValueError("its metadata changed")
    values = read_json_object(text)
    return values.pop("schema"), values
