"""Whether values are linear or logarithms, and whether they can be what they are said to be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import TableError
from tcga_corr.expression import ExpressionTable
from tcga_corr.sources import Source

_HIGHEST_LOG2 = 50.0  # 2**50 reads: no logarithm of a count is above


def is_linear(table: ExpressionTable) -> bool:
    """Whether values tell that they are linear: in most samples some are above any logarithm's."""
    beyond = [bool(np.any(column > _HIGHEST_LOG2)) for column in table.values.T]
    return 2 * sum(beyond) > len(beyond)


def check_scale(table: ExpressionTable, path: Path, source: Source, linear: bool) -> None:
    """Refuse values that cannot be of the declared scale.

    Parameters
    ----------
    table
        As read.
    path, source
        Where it is from.
    linear
        Whether its values are linear, to be taken as ``log2(x + 1)``.

    Raises
    ------
    TableError
        Naming the first value that cannot be.
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
            "Leave --linear out",
        )
    beyond = (values > _HIGHEST_LOG2) | (values < -_HIGHEST_LOG2)
    if not linear and beyond.any():
        most = 2 * np.count_nonzero(beyond.any(axis=0)) > len(table.samples)
        raise TableError(
            f"{path}: {_first_cell(table, beyond)} is beyond what {source.unit} can be"
            + (", and so in most samples: the values are linear" if most else ""),
            "Say --linear, with a --source of your own" if most else "Mend the value",
        )


def _first_cell(table: ExpressionTable, where: NDArray[np.bool_]) -> str:
    row, column = np.unravel_index(int(where.argmax()), where.shape)
    gene = str(table.genes[row]) or str(table.gene_ids[row])
    return f"{gene} of {table.samples[int(column)]}, {table.values[row, column]:g},"
