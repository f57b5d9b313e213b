"""What a reader of one file format says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.expression import ExpressionTable
from tcga_corr.tables.delimited import Header


@dataclass(frozen=True)
class ReadOptions:
    """Files that stand beside an expression table."""

    probe_map: Path | None = None


@dataclass(frozen=True)
class TableFormat:
    """A file format of expression tables.

    Attributes
    ----------
    name
        Short name.
    linear
        Whether its values are linear, to be taken as ``log2(x + 1)``.
    ensembl
        Whether its rows are Ensembl genes, of all biotypes.
    recognises
        Whether a file's first lines are of this format; the first format that says so reads it.
    read
        Reads the whole table as it stands, columns by barcode.
    beside
        The other files that the reader needs, for the record of what a table was made from.
    """

    name: str
    linear: bool
    ensembl: bool
    recognises: Callable[[Header], bool]
    read: Callable[[Header, ReadOptions], ExpressionTable]
    beside: Callable[[Header, ReadOptions], tuple[Path, ...]] = lambda header, options: ()
