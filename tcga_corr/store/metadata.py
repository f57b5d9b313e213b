"""What a stored table says of itself: written into the Parquet file's own metadata."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class InputFile:
    """A file that a table was made from."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class StoredSample:
    """One column of a stored table, and the selections that take it.

    ``reason`` says why the default selection of its kind leaves it; empty where that takes it.
    """

    sample: str
    barcode: str
    patient: str
    vial: str
    sample_type: str
    tumor: bool
    normal: bool
    all_tumor: bool
    reason: str

    def taken_by(self, selection: str) -> bool:
        """Whether ``tumor``, ``normal`` or ``all-tumor`` takes it."""
        return bool(getattr(self, selection.replace("-", "_")))


@dataclass(frozen=True)
class TableMetadata:
    """Everything about a stored table but its values.

    Attributes
    ----------
    source, tumor_type, unit
        What the values are.
    simulated
        Whether they are made up.
    genes
        Which genes were kept and so ranked: ``all`` or ``protein-coding``.
    n_genes
        Rows.
    inputs
        The files it was made from; the table itself first.
    recipe
        What besides the inputs decided the table: format, options, version of the preparation.
    dropped
        What was left out: reason to number.
    samples
        One entry a column.
    read_as
        How the file was read where that had to be found out, and whether its values were linear.
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

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> TableMetadata:
        """From the values of :meth:`to_json`."""
        inputs = tuple(InputFile(**entry) for entry in data["inputs"])
        samples = tuple(StoredSample(**entry) for entry in data["samples"])
        return cls(**{**data, "inputs": inputs, "samples": samples})
