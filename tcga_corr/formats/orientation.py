"""Whether genes or samples go down a table that does not say so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tcga_corr.choices import RowsOfTable
from tcga_corr.errors import TableError
from tcga_corr.formats.delimited import MISSING
from tcga_corr.formats.gene_names import N_LOOKED_AT, distinctive_share
from tcga_corr.vocabulary.barcodes import parse_barcode

_LEAST, _TIMES, _APART = 0.05, 3, 0.25

Names = Sequence[Sequence[str]]
"""The names of one side of a table, a list per column of names."""


def decide_rows(
    path: Path, down: Names, across: Sequence[str], requested: RowsOfTable | None
) -> RowsOfTable:
    """What goes down a table: as requested, or as its names show.

    Parameters
    ----------
    path
        The file, for errors.
    down, across
        The names of its first rows, a list per column of names, and of its columns.
    requested
        What the user wants.

    Raises
    ------
    TableError
        If neither side is recognised as genes or samples, or both are.
    """
    rows = requested or rows_by_names(down, [across])
    if rows is not None:
        return rows
    shown = [", ".join(f"'{name[:30]}'" for name in side[:2]) for side in (down[0], across)]
    raise TableError(
        f"{path}: it is unclear whether its rows ({shown[0]}, …) or its columns "
        f"({shown[1]}, …) are genes",
        "Say --rows genes or --rows samples",
    )


def rows_by_names(down: Names, across: Names) -> RowsOfTable | None:
    """What goes down a table by its barcodes, or else by gene names; None where it is unclear."""
    sides = [[_looked_at(column) for column in side] for side in (down, across)]
    samples_down, samples_across = (
        any(parse_barcode(name) for names in side for name in names) for side in sides
    )
    if samples_down != samples_across:
        return "samples" if samples_down else "genes"
    genes_down, genes_across = (max(map(distinctive_share, side), default=0.0) for side in sides)
    low, high = sorted((genes_down, genes_across))
    if high < _LEAST or (high < _TIMES * low and high - low < _APART):
        return None
    return "genes" if genes_down > genes_across else "samples"


def _looked_at(names: Sequence[str]) -> list[str]:
    return [name for name in names[:N_LOOKED_AT] if name not in MISSING]


def describe_rows(rows: RowsOfTable) -> str:
    """What goes down and what goes across, for people."""
    return f"{rows} down and {'samples' if rows == 'genes' else 'genes'} across"
