"""Whether values are raw counts, and what of them may be rounded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import TableError
from tcga_corr.expression import ExpressionTable, Matrix
from tcga_corr.loading.checks import first_cell
from tcga_corr.store.counts import HIGHEST_COUNT
from tcga_corr.vocabulary.units import HIGHEST_LOG2, MILLION, is_log2_plus_one, quantity_of

_EXACT_IN_SINGLE = 2.0**24
_QUARTILE, _OF_QUARTILE = 1000.0, 0.005  # that to which RSEM's normalized_count are scaled
_OF_MILLION = 0.01
_MOST_READS = 5e8  # of a library; sums of coverage are as many times higher as a read has bases
_JUDGED = 1e5  # counts of logarithms: of higher ones, 9 digits do not tell fractions
_WHOLE = 0.05  # how far from whole numbers a logarithm of enough decimals leaves counts
_MANY_SMALL = 0.2  # of the values above 0: more below 0.5 than expected counts have
_FEW_AVERAGED = 0.25  # of the samples
_EXPECTED = "expected counts"
_REMEDY = (
    "Take raw counts (GDC STAR unstranded, RSEM raw_count or expected_count, HTSeq, "
    "featureCounts), or leave --counts out to load it as expression"
)
_SAY_EXPECTED = (
    "If they are expected counts of RSEM, salmon or kallisto, say --unit 'expected counts', and "
    "they are rounded; else take raw counts"
)

Vector = NDArray[np.float64]


def whole_counts(
    table: ExpressionTable, path: Path, unit: str, *, averaged: bool = False
) -> tuple[ExpressionTable, str]:
    """The raw counts of a table, on the linear scale and rounded where that is right.

    Parameters
    ----------
    table
        As read, of all genes, in double precision; its values may be overwritten.
    path
        The file, for errors.
    unit
        Of the values: counts or expected counts, or log2(x + 1) of them.
    averaged
        Whether a few samples may be averages of several aliquots, as on the GDC hub.

    Returns
    -------
    ExpressionTable
        Whole numbers from 0 to 2**31 - 1, NaN where not measured.
    str
        What was rounded, and how far; empty where nothing was.

    Raises
    ------
    TableError
        If the values are no raw counts, with what shows it.
    """
    if table.values.dtype == np.float32 and np.any(table.values > _EXACT_IN_SINGLE):
        raise TableError(
            f"{path}: a count is above 16,777,216, and this format is read in single precision",
            "Give the counts as text or Parquet, genes x samples",
        )
    if is_log2_plus_one(unit):
        table = _linear(table, path, unit)
    _check_range(table, path)
    _check_kind(table, path)
    whole = np.rint(table.values)
    if np.array_equal(table.values, whole, equal_nan=True):
        return replace(table, values=whole), ""
    distance = np.abs(table.values - whole)
    note = _rounding(table, path, unit, distance, averaged=averaged)
    return replace(table, values=whole), note


def _linear(table: ExpressionTable, path: Path, unit: str) -> ExpressionTable:
    """Counts of their ``log2(x + 1)``, in place."""
    beyond = table.values > np.log2(HIGHEST_COUNT + 1.0)
    if beyond.any():
        raise TableError(
            f"{path}: {first_cell(table, beyond)} is beyond any {unit}",
            "Say --unit counts if the values are linear",
        )
    _refuse_negative(table, path)
    values = table.values.astype(np.float64, copy=False)
    np.exp2(values, out=values)
    values -= 1
    return replace(table, values=values)


def _refuse_negative(table: ExpressionTable, path: Path) -> None:
    negative = table.values < 0
    if negative.any():
        raise TableError(
            f"{path}: {first_cell(table, negative)} is negative, which counts cannot be", _REMEDY
        )


def _check_range(table: ExpressionTable, path: Path) -> None:
    """Refuse what no count is: negative, above 2**31 - 1, and samples without a read."""
    _refuse_negative(table, path)
    beyond = table.values > HIGHEST_COUNT
    if beyond.any():
        raise TableError(
            f"{path}: {first_cell(table, beyond)} is above {HIGHEST_COUNT:,}, the most reads of a "
            "gene that can be stored",
            _REMEDY,
        )
    empty = np.flatnonzero(np.nansum(table.values, axis=0) == 0)
    if len(empty):
        raise TableError(
            f"{path}: {table.samples[int(empty[0])]} has no reads", "Take the sample out"
        )


def _check_kind(table: ExpressionTable, path: Path) -> None:
    """Refuse quantities that their sums and quartiles give away, also where they were rounded."""
    sums: Vector = np.nansum(table.values, axis=0, dtype=np.float64)
    quartiles = np.array([np.percentile(one[one > 0], 75) for one in table.values.T])
    if np.all(np.abs(quartiles - _QUARTILE) < _OF_QUARTILE * _QUARTILE):
        shown = f"{quartiles.min():,.1f} to {quartiles.max():,.1f}"
        raise TableError(
            f"{path}: the upper quartile of the values above 0 is 1,000 in every sample ({shown}), "
            "so they are normalised, as RSEM's normalized_count, and no raw counts",
            _REMEDY,
        )
    if np.all(np.abs(sums - MILLION) < _OF_MILLION * MILLION):
        raise TableError(
            f"{path}: the values of every sample add up to a million ({sums.min():,.0f} to "
            f"{sums.max():,.0f}), as TPM and CPM do, so they are no raw counts",
            _REMEDY,
        )
    middle = float(np.median(sums))
    if middle > _MOST_READS:
        raise TableError(
            f"{path}: the values of a sample add up to {middle:.3g} (the median), more reads than "
            "a library has: they are sums of coverage, as those of recount3, and no raw counts",
            "Turn them into counts of reads first, as recount3's transform_counts does",
        )


def _rounding(
    table: ExpressionTable, path: Path, unit: str, distance: Matrix, *, averaged: bool
) -> str:
    """What was rounded; an error where values are not whole and may not be."""
    furthest = float(np.nanmax(distance))
    logarithm = is_log2_plus_one(unit)
    undone = "round(2^x - 1)" if logarithm else ""
    quantity = quantity_of(unit)
    if quantity is not None and quantity.name == _EXPECTED:
        _check_not_small(table, path)
        share = 100 * np.count_nonzero(distance > 0) / np.count_nonzero(table.values > 0)
        how_many = undone or f"{share:.0f} % of the values above 0"
        return f"{_EXPECTED} rounded to whole numbers: {how_many}, by at most {furthest:.2g}"
    far = distance > (_WHOLE if logarithm else 0.0)
    if logarithm:
        far &= table.values < _JUDGED
    wrong = np.flatnonzero(far.any(axis=0))
    if len(wrong) and not (averaged and len(wrong) <= _FEW_AVERAGED * len(table.samples)):
        raise TableError(*_why_no_counts(table, path, far, logarithm=logarithm))
    rest = np.nanmax(np.delete(distance, wrong, axis=1))
    parts = [f"{undone}, at most {rest:.2g} from a whole number"] if logarithm else []
    if len(wrong):
        parts.append(
            f"{len(wrong)} samples are averages of aliquots, rounded by at most {furthest:.2g}"
        )
    return "; ".join(parts)


def _check_not_small(table: ExpressionTable, path: Path) -> None:
    """Refuse expected counts of which too many are below one read."""
    share = _share_small(table)
    if share > _MANY_SMALL:
        raise TableError(
            f"{path}: {100 * share:.0f} % of the values above 0 are below 0.5, as of TPM and FPKM, "
            "so they are no expected counts",
            _REMEDY,
        )


def _share_small(table: ExpressionTable) -> float:
    above = table.values[table.values > 0]
    return float(np.mean(above < 0.5))


def _why_no_counts(
    table: ExpressionTable, path: Path, far: NDArray[np.bool_], *, logarithm: bool
) -> tuple[str, str]:
    """What shows that values are no counts, and what to do."""
    share = 100 * np.count_nonzero(far) / np.count_nonzero(table.values > 0)
    of_what = "2^x - 1 of " if logarithm else ""
    what = (
        f"{path}: {of_what}{share:.3g} % of the values above 0 are no whole numbers, the first: "
        f"{first_cell(table, far)}"
    )
    if logarithm:
        return f"{what} so they are no logarithms of counts, or of too few decimals", _REMEDY
    if float(np.nanmax(table.values)) < HIGHEST_LOG2:
        return (
            f"{what} and none is above {HIGHEST_LOG2:g}, as of logarithms",
            "Say --unit 'log2(count+1)' if they are those of counts, or leave --counts out",
        )
    if _share_small(table) > _MANY_SMALL:
        small = 100 * _share_small(table)
        return f"{what} and {small:.0f} % are below 0.5, as of TPM and FPKM", _REMEDY
    return f"{what} so they are no raw counts", _SAY_EXPECTED
