"""Whether the values of a user's own table can be of the unit that it is said to have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import UsageError
from tcga_corr.expression import ExpressionTable
from tcga_corr.vocabulary.units import (
    HIGHEST_LOG2,
    MILLION,
    Quantity,
    highest_log2,
    is_linear_unit,
    is_log2_plus_one,
    is_logarithm,
    quantity_of,
)

_LINEAR_SHARE = 0.01  # of a sample's values
_FEWEST_HIGH = 3  # values of a sample: fewer may be rows of another kind, as a total or an age
_ROWS_AT_ONCE = 512
_ALL_GENES = 15_000  # rows from which a table holds about all genes that are expressed
_LEAST_OF_A_SUM = 0.5  # of what all genes add up to: the share of the protein-coding ones
_EXACT = 1e-3
_LOG_TO_JUDGE, _PRECISION, _FEWEST_TO_JUDGE = 5.0, 0.015, 100  # logarithms of three decimals
_COUNTS_OF = "as counts of reads are"
_HINT_OF_CPM = "--unit counts --normalize cpm for log2(CPM + 1) of linear counts"


@dataclass(frozen=True)
class UnitFindings:
    """What the values tell of their unit.

    ``counts``: whether they are counts of reads, by their unit or since all are whole numbers.
    ``notes``: what a reader has to know.
    """

    counts: bool
    notes: tuple[str, ...]


def is_linear(table: ExpressionTable) -> bool:
    """Whether values are linear: in most samples, more than 1 % are above any logarithm.

    Not a single value, since one row of another kind, such as a total, must not change all others.
    """
    beyond = [np.mean(column > HIGHEST_LOG2) > _LINEAR_SHARE for column in table.values.T]
    return bool(2 * sum(beyond) > len(beyond))


def bears_out(table: ExpressionTable, unit: str) -> bool:
    """Whether values with few or none above 50 bear out a unit that says that they are linear.

    They do if all are whole numbers, or if in most samples three or more, and more than 1 %, are
    above every logarithm of the quantity.
    """
    quantity = quantity_of(unit)
    if quantity is None or not is_linear_unit(unit):
        return False
    if _are_whole(table.values, logarithms=False):
        return True
    n_high = np.count_nonzero(table.values > highest_log2(quantity), axis=0)
    enough = max(_FEWEST_HIGH, _LINEAR_SHARE * len(table.values))
    return bool(2 * np.count_nonzero(n_high >= enough) > len(table.samples))


def check_unit(path: Path, unit: str, linear: bool) -> None:
    """Refuse a unit of another scale than that of the values.

    Parameters
    ----------
    path
        The file.
    unit
        As the user gave it.
    linear
        Whether the values are linear.

    Raises
    ------
    UsageError
        If the unit of linear values is a logarithm, or that of logarithms is linear.
    """
    unit = unit.strip()
    if linear and unit.lower().startswith("log"):
        raise UsageError(
            f"{path}: in most samples many values are above {HIGHEST_LOG2:g}, so they are linear, "
            f"and --unit says {unit}",
            "Give the unit without the logarithm, or say --linear",
        )
    if not linear and is_linear_unit(unit):
        raise UsageError(
            f"{path}: most samples have few or no values above {HIGHEST_LOG2:g}, as if they were "
            f"logarithms, and --unit says {unit}",
            f"Say --unit 'log2({unit}+1)', or what else it is the logarithm of; if the values are "
            "linear and small, say --linear",
        )


def check_said_linear(path: Path, table: ExpressionTable, unit: str) -> None:
    """Refuse ``--linear`` beside a unit of logarithms, where the values are not above 50 either.

    Raises
    ------
    UsageError
        Since what is meant cannot be told.
    """
    if is_logarithm(unit) and not is_linear(table):
        raise UsageError(
            f"{path}: --linear is given, --unit says {unit}, and most samples have few or no "
            f"values above {HIGHEST_LOG2:g}, as if they were logarithms already",
            "Give the unit of the linear values, such as tpm, or leave --linear out",
        )


def check_quantity(table: ExpressionTable, path: Path, unit: str, linear: bool) -> UnitFindings:
    """Refuse values that contradict their unit, and note what they tell of it.

    Parameters
    ----------
    table
        As read.
    path
        The file.
    unit
        As the user gave it.
    linear
        Whether the values are linear. Of logarithms, only ``log2(x + 1)`` is judged, and a sum is
        noted rather than refused: a table may be adjusted after the logarithm.

    Raises
    ------
    UsageError
        If linear values contradict it, or if those of a rate are whole numbers.
    """
    quantity = quantity_of(unit)
    plus_one = is_log2_plus_one(unit)
    notes = []
    if not linear and plus_one and np.any(table.values < 0):
        notes.append(f"some values are below 0, which {unit} cannot be unless it was adjusted")
    if not (linear or plus_one):
        whole = not is_logarithm(unit) and _are_whole(table.values, logarithms=False)
        if whole:
            notes.append(
                f"all values are whole numbers, {_COUNTS_OF}, and none is taken as a logarithm "
                "unless --linear says so"
            )
        counts = whole or (quantity is not None and not quantity.same_depth)
        return UnitFindings(counts, tuple(notes))
    sums = _sums(table.values, not linear)
    whole = _are_whole(table.values, logarithms=not linear)
    if quantity is not None:
        if whole and not quantity.may_be_whole and not _add_up(sums, len(table.genes)):
            raise UsageError(
                f"{path}: --unit says {unit}, and all values are {_of_what(linear)}whole numbers, "
                f"{_COUNTS_OF}, with sums from {sums.min():.4g} to {sums.max():.4g} a sample",
                f"Say --unit {_unit_of_counts(linear)}, or say {_HINT_OF_CPM}",
            )
        problem = _wrong_sum(quantity, table, sums, whole)
        if problem and linear:
            raise UsageError(
                f"{path}: --unit says {unit}, and {problem}", "Say --unit with what the values are"
            )
        if problem:
            notes.append(f"{problem}: is {unit} their unit?")
    counts = whole or (quantity is not None and not quantity.same_depth)
    if counts:
        what = "counts" if quantity and not quantity.same_depth else f"whole numbers, {_COUNTS_OF},"
        notes.append(f"{what} not adjusted for sequencing depth (say {_HINT_OF_CPM})")
    return UnitFindings(counts, tuple(notes))


def _of_what(linear: bool) -> str:
    return "" if linear else "logarithms of "


def _unit_of_counts(linear: bool) -> str:
    return "counts" if linear else "'log2(counts+1)'"


def _wrong_sum(
    quantity: Quantity, table: ExpressionTable, sums: NDArray[np.float64], whole: bool
) -> str:
    """How the sums of samples contradict a quantity; empty where they do not."""
    highest = int(sums.argmax())
    most, expected = quantity.most_of_a_sum, quantity.column_sum
    if most is not None and sums[highest] > most:
        return (
            f"the values of {table.samples[highest]} add up to {sums[highest]:.4g}, where "
            f"{quantity.name} of all genes add up to a million"
        )
    has_all = len(table.genes) >= _ALL_GENES
    middle = float(np.median(sums))
    if expected is not None and has_all and middle < _LEAST_OF_A_SUM * expected:
        return (
            f"the values of a sample add up to {middle:.4g}, where {quantity.name} of all genes "
            "add up to a million"
        )
    exactly = np.abs(sums - MILLION) < _EXACT * MILLION
    if most is None and not whole and len(sums) > 1 and exactly.all():
        return "the values of each sample add up to a million, as TPM and CPM do"
    return ""


def _add_up(sums: NDArray[np.float64], n_genes: int) -> bool:
    """Whether values of samples add up to about a million each, as rounded TPM do."""
    least = _LEAST_OF_A_SUM if n_genes >= _ALL_GENES else 0.99
    return bool(np.all((sums > least * MILLION) & (sums < 1.05 * MILLION)))


def _blocks(
    values: NDArray[np.floating], logarithms: bool
) -> Iterator[tuple[NDArray[np.floating], NDArray[np.float32]]]:
    """Some rows at a time, as they stand and on the linear scale."""
    for start in range(0, len(values), _ROWS_AT_ONCE):
        block = values[start : start + _ROWS_AT_ONCE]
        yield block, np.exp2(block) - 1 if logarithms else block


def _sums(values: NDArray[np.floating], logarithms: bool) -> NDArray[np.float64]:
    """The sum of each sample on the linear scale, without missing values."""
    total = np.zeros(values.shape[1])
    for _, linear in _blocks(values, logarithms):
        sums = linear.sum(axis=0, dtype=np.float64)
        total += np.nansum(linear, axis=0, dtype=np.float64) if np.isnan(sums).any() else sums
    return total


def _are_whole(values: NDArray[np.floating], logarithms: bool) -> bool:
    """Whether all values are whole numbers on the linear scale; of logarithms, all small ones.

    Logarithms that are whole themselves tell nothing: they are of whole numbers all the same.
    """
    n_judged = 0
    for block, linear in _blocks(values, logarithms):
        if logarithms:
            judged = linear[(block > 0) & (block < _LOG_TO_JUDGE) & (block != np.rint(block))]
            fits = np.abs(judged - np.rint(judged)) < _PRECISION
        else:
            fits = (linear == np.rint(linear)) | np.isnan(linear)
            judged = linear
        if not fits.all():
            return False
        n_judged += int(np.count_nonzero(judged > 0))
    return n_judged >= (_FEWEST_TO_JUDGE if logarithms else 1)
