"""The columns of a table of TCGA, TARGET and GTEx: which are used, by its phenotype table."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tcga_corr.errors import DataMissingError, TableError
from tcga_corr.formats.compressed import open_bytes
from tcga_corr.vocabulary.gtex import donor_of, matched_tissue

_SAMPLE, _TISSUE, _KIND = "sample", "detailed_category", "_sample_type"
_NAME = "TcgaTargetGTEX_phenotype*"
_CELL_LINE, _CELLS = "cell line", "cells -"

TARGET = "samples of TARGET"
CELL_LINES = "samples of cell lines"
NO_MATCH = "GTEx samples of tissues that match no tumor type"
UNKNOWN = "GTEx samples of unknown tissue"


@dataclass(frozen=True)
class GtexColumns:
    """What the columns of a table that are not of TCGA are.

    Attributes
    ----------
    tissues
        Column to tissue, of the samples of GTEx that a tumor type is compared with.
    left_out
        Position of a column that is not read, to the reason.
    path
        The phenotype table; None where the table has no sample of GTEx.
    """

    tissues: Mapping[str, str] = field(default_factory=dict, repr=False)
    left_out: Mapping[int, str] = field(default_factory=dict, repr=False)
    path: Path | None = None

    @property
    def n_left_out(self) -> Counter[str]:
        """Reason to the number of columns that are not read."""
        return Counter(self.left_out.values())


def find_gtex_columns(table: Path, columns: Sequence[str], required: bool = True) -> GtexColumns:
    """The samples of GTEx among the columns of a table, and what else is not of TCGA.

    Parameters
    ----------
    table
        The table, beside which the phenotype table stands.
    columns
        All its columns, by position.
    required
        Whether a table with samples of GTEx needs it; without it these are columns like others.

    Raises
    ------
    DataMissingError
        If the table has samples of GTEx, and no phenotype table stands beside it.
    TableError
        If that is no phenotype table.
    """
    n_gtex = sum(donor_of(name) is not None for name in columns)
    if not n_gtex:
        return GtexColumns()
    path = min(table.parent.glob(_NAME), default=None)
    if path is None:
        if not required:
            return GtexColumns()
        raise DataMissingError(
            f"{table}: it has {n_gtex:,} samples of GTEx, and no phenotype table that tells their "
            "tissues stands beside it",
            "Put TcgaTargetGTEX_phenotype.txt.gz beside it, or `tcga-corr fetch --source toil "
            "--gtex`",
        )
    rows = _read(path)
    tissues: dict[str, str] = {}
    left_out: dict[int, str] = {}
    for position, name in enumerate(columns):
        tissue, reason = _of_column(name, rows)
        if tissue:
            tissues[name] = tissue
        elif reason:
            left_out[position] = reason
    return GtexColumns(tissues, left_out, path)


def _of_column(name: str, rows: Mapping[str, tuple[str, str]]) -> tuple[str | None, str]:
    """The tissue of a column that is used, or why it is not read; neither where it is of TCGA."""
    category, kind = rows.get(name, ("", ""))
    if name.startswith("TARGET-"):
        return None, TARGET
    of_cells = kind.lower() == _CELL_LINE or category.lower().startswith(_CELLS)
    if name.startswith("K-562") or (donor_of(name) and of_cells):
        return None, CELL_LINES
    if donor_of(name) is None:
        return None, ""
    tissue = matched_tissue(category)
    return tissue, "" if tissue else NO_MATCH if category else UNKNOWN


def _read(path: Path) -> dict[str, tuple[str, str]]:
    """Sample to its category and kind; the hub's file is in Latin-1."""
    with open_bytes(path) as handle:
        text = handle.read().decode("latin-1")
    rows = csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    missing = [name for name in (_SAMPLE, _TISSUE, _KIND) if name not in (rows.fieldnames or ())]
    if missing:
        raise TableError(
            f"{path}, line 1: no column '{missing[0]}'",
            f"Take the hub's TcgaTargetGTEX_phenotype.txt.gz, with {_SAMPLE}, {_TISSUE}, {_KIND}",
        )
    return {row[_SAMPLE] or "": (row[_TISSUE] or "", row[_KIND] or "") for row in rows}
