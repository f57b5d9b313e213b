"""Counts per million: counts of reads, adjusted for the depth of each sample."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import TableError, UsageError
from tcga_corr.expression import ExpressionTable
from tcga_corr.vocabulary.units import MILLION, is_log2_plus_one, is_logarithm, quantity_of


def check_is_of_counts(path: Path, unit: str) -> None:
    """Refuse to normalise anything but linear counts.

    Raises
    ------
    UsageError
        If the unit is another, or a logarithm.
    """
    quantity = quantity_of(unit)
    if quantity is None or quantity.same_depth or is_logarithm(unit):
        raise UsageError(
            f"{path}: --normalize is for counts before any logarithm, and their unit is {unit}",
            "Give --unit counts if they are, or leave --normalize out",
        )


def check_unit_of_counts(path: Path, unit: str) -> None:
    """Refuse a unit that is not one of raw counts, or a logarithm that cannot be taken back.

    Raises
    ------
    UsageError
        Naming the units that are.
    """
    quantity = quantity_of(unit)
    of_counts = quantity is not None and not quantity.same_depth
    if not of_counts or (is_logarithm(unit) and not is_log2_plus_one(unit)):
        raise UsageError(
            f"{path}: --counts is for raw counts, and their unit is {unit}",
            "Give --unit counts, 'expected counts' or 'log2(count+1)', or leave --counts out",
        )


def counts_per_million(table: ExpressionTable, path: Path) -> ExpressionTable:
    """CPM: the counts of each sample by their sum over all genes of the table, times a million.

    Parameters
    ----------
    table
        Counts of all genes, linear.
    path
        The file, for errors.

    Raises
    ------
    TableError
        If a sample has no reads, or lacks counts that others have.
    """
    missing = np.isnan(table.values)
    in_part = missing.any(axis=1) & np.logical_not(missing.all(axis=1))
    if in_part.any():
        column = int(missing[in_part].any(axis=0).argmax())
        raise TableError(
            f"{path}: {table.samples[column]} lacks counts of some genes, so their sum is not that "
            "of the others",
            "Take a table without missing counts",
        )
    depths: NDArray[np.float64] = np.nansum(table.values, axis=0, dtype=np.float64)
    if not depths.all():
        raise TableError(
            f"{path}: {table.samples[int(depths.argmin())]} has no reads", "Take the sample out"
        )
    per_million = np.empty_like(table.values)
    # by column, so that only one is in double precision at a time
    for column, depth in enumerate(depths.tolist()):
        per_million[:, column] = table.values[:, column] * (MILLION / depth)
    return replace(table, values=per_million)
