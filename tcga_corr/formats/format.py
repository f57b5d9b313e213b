"""The record of a file format of expression tables, and the record of an opened file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcga_corr.choices import RowsOfTable
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.delimited import Preview
from tcga_corr.formats.phenotype import TumorTypeOfSample
from tcga_corr.formats.read_counts import counts_reads


@dataclass(frozen=True)
class GeneFilter:
    """Which rows of a table to keep.

    Attributes
    ----------
    keep
        Whether to keep a row, by its gene id and its symbol; either may be empty.
    reason
        Why the others are left out.
    """

    keep: Callable[[str, str], bool]
    reason: str

    def rows(self, gene_ids: Sequence[str], symbols: Sequence[str]) -> NDArray[np.bool_]:
        """Which rows to keep; rows that are not genes pass, to be left out for that reason."""
        kept = [
            self.keep(gene_id, symbol) or counts_reads(gene_id) or counts_reads(symbol)
            for gene_id, symbol in zip(gene_ids, symbols, strict=True)
        ]
        return np.array(kept, np.bool_)


@dataclass(frozen=True)
class ReadOptions:
    """How a user wants a file to be read; None where the file itself decides.

    Attributes
    ----------
    probe_map
        Symbols by Ensembl id.
    rows
        What the rows of a plain table are.
    own_source
        Whether it is loaded under a source of the user's own.
    counts
        Whether raw counts are wanted: values come in double precision, as single precision has no
        odd numbers above 2**24; of a file of several quantities the counts are read.
    """

    probe_map: Path | None = None
    rows: RowsOfTable | None = None
    own_source: bool = False
    counts: bool = False


@dataclass(frozen=True)
class TableFile:
    """An expression table on disk: all that is known before its values are read.

    Attributes
    ----------
    path
        The file.
    columns
        The names of its samples, as they stand.
    read
        Reads it; rows that the filter does not keep may be left out at once, to spare memory.
    ensembl
        Whether its rows are Ensembl genes, of all biotypes.
    linear
        Whether its values are linear, to be read as ``log2(x + 1)``; None where the values decide.
    beside
        The other files it is read from.
    tumor_types
        The tumor type of each sample, where the format has it.
    unit
        Unit of its values, where the format has it.
    paraffin
        The names of samples that the file says are paraffin-embedded (FFPE).
    tissues
        The tissue of each sample of GTEx that tumor types are compared with, by column.
    read_as
        How the file is read, for people, where that had to be found out.
    format
        Name of the format that opened it.
    has_expression
        Whether a file read for its counts has another quantity of the same samples, too.
    """

    path: Path
    columns: tuple[str, ...] = field(repr=False)
    read: Callable[[GeneFilter | None], ExpressionTable] = field(repr=False)
    ensembl: bool = False
    linear: bool | None = False
    beside: tuple[Path, ...] = ()
    tumor_types: TumorTypeOfSample | None = field(default=None, repr=False)
    unit: str = ""
    paraffin: frozenset[str] = field(default=frozenset(), repr=False)
    tissues: Mapping[str, str] = field(default_factory=dict, repr=False)
    read_as: str = ""
    format: str = ""
    has_expression: bool = False


@dataclass(frozen=True)
class TableFormat:
    """A file format of expression tables.

    Attributes
    ----------
    name
        Short name.
    title
        A line for people.
    recognises
        Whether a file's start is of this format; the first format that says so opens it.
    open
        Opens a file whose start it recognised.
    """

    name: str
    title: str
    recognises: Callable[[Preview], bool]
    open: Callable[[Preview, ReadOptions], TableFile]
