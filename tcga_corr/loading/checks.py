"""Whether a table can be what it is declared to be: its scale, its unit, its names."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import TableError, UsageError
from tcga_corr.expression import ExpressionTable
from tcga_corr.sources import Source

_LINEAR_SHARE = 0.01  # of a sample's values
_FEWEST_TO_JUDGE = 5  # samples: with fewer, small means may be chance
_CENTRED = 0.02  # of the spread of all values
_LINEAR_UNIT = re.compile(
    r"\b(tpms?|[fr]pkm|fpkm[-_]uq|cpm|rsem|linear|umis?|reads|per million"
    r"|((raw|norm|normali[sz]ed|expected)[ _])?counts?)\b",
    re.IGNORECASE,
)
_LOG_UNIT = re.compile(r"log|ln\(|vst|rlog|z.?score", re.IGNORECASE)
_HIGHEST_LOG2 = 50.0  # 2**50 reads: no logarithm of a count is higher


def is_linear(table: ExpressionTable) -> bool:
    """Whether values are linear: in most samples, more than 1 % are above any logarithm.

    Not a single value, since one row of another kind, such as a total, must not change all others.
    """
    beyond = [np.mean(column > _HIGHEST_LOG2) > _LINEAR_SHARE for column in table.values.T]
    return bool(2 * sum(beyond) > len(beyond))


def check_scale(table: ExpressionTable, path: Path, source: Source, linear: bool) -> None:
    """Refuse values that cannot be of the declared scale.

    Parameters
    ----------
    table
        As read.
    path, source
        The file, and its source.
    linear
        Whether its values are linear, to be stored as ``log2(x + 1)``.

    Raises
    ------
    TableError
        Naming the first impossible value.
    """
    values = table.values
    lowest = -1.0 if linear and source.may_be_negative else 0.0
    if linear or not source.may_be_negative:
        unit = "linear values" if linear else source.unit
        negative = values <= lowest if lowest else values < lowest  # log2(-1 + 1) is none
        if negative.any():
            raise TableError(
                f"{path}: {_first_cell(table, negative)} is negative, which {unit} cannot be",
                "Centred or adjusted tables cannot be ranked within a sample; "
                "take the table before centring",
            )
    if linear and not np.any(values > _HIGHEST_LOG2):
        raise TableError(
            f"{path}: no value is above {_HIGHEST_LOG2:g}, so they are logarithms already",
            "Take the table before the logarithm, or leave --linear out",
        )
    beyond = (values > _HIGHEST_LOG2) | (values < -_HIGHEST_LOG2)
    if not linear and beyond.any():
        most = 2 * np.count_nonzero(beyond.any(axis=0)) > len(table.samples)
        raise TableError(
            f"{path}: {_first_cell(table, beyond)} is beyond what {source.unit} can be"
            + (", and so in most samples: the values are linear" if most else ""),
            "Say --linear, with a --source of your own" if most else "Mend the value",
        )


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
            f"{path}: in most samples many values are above {_HIGHEST_LOG2:g}, so they are linear, "
            f"and --unit says {unit}",
            "Give the unit without the logarithm, or say --linear",
        )
    if not linear and _LINEAR_UNIT.search(unit) and not _LOG_UNIT.search(unit):
        raise UsageError(
            f"{path}: most samples have few or no values above {_HIGHEST_LOG2:g}, so they are "
            f"logarithms, and --unit says {unit}",
            f"Say --unit 'log2({unit}+1)', or what else it is the logarithm of",
        )


def check_centred(table: ExpressionTable, path: Path) -> None:
    """Refuse a table with centred rows: its values cannot be compared within a sample.

    Raises
    ------
    TableError
        If values are negative and the genes' means are about zero.
    """
    if not np.any(table.values < 0) or len(table.samples) < _FEWEST_TO_JUDGE:
        return
    means = np.nanmean(table.values, axis=1, dtype=np.float64)
    spread = float(np.nanstd(table.values, dtype=np.float64))
    if float(np.nanmedian(np.abs(means))) < _CENTRED * spread:
        raise TableError(
            f"{path}: the means of its genes are about 0, so its rows are centred",
            "Centred or adjusted tables cannot be ranked within a sample; "
            "take the table before centring",
        )


def check_names(table: ExpressionTable, path: Path, *, own_cohort: bool) -> None:
    """Refuse an own cohort with a repeated column name: it may stand for different samples.

    Raises
    ------
    TableError
        Naming the first.
    """
    repeated = [name for name, count in Counter(table.samples).items() if count > 1]
    if own_cohort and repeated:
        raise TableError(
            f"{path}: {table.samples.count(repeated[0])} samples are named '{repeated[0]}'",
            "Give each a name of its own, or take the mean of repeats yourself",
        )


def _first_cell(table: ExpressionTable, where: NDArray[np.bool_]) -> str:
    row, column = np.unravel_index(int(where.argmax()), where.shape)
    gene = str(table.genes[row]) or str(table.gene_ids[row])
    return f"{gene} of {table.samples[int(column)]}, {table.values[row, column]:g},"
