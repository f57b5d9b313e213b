"""The null of two genes: every other pair of different genes of their classes.

No random numbers: the pairs of two classes, about 42,000, are one small matrix product, which
serves all observed pairs of these classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.nulls.gene_pool import GenePool, rows_of
from tcga_corr.analysis.nulls.setting import NullSetting, pooled_r
from tcga_corr.stats.comparison import Comparison, compare_among
from tcga_corr.stats.correlation import snapped, unit_rows
from tcga_corr.stats.decks import Classes

Matrix = NDArray[np.float64]
Rows = NDArray[np.intp]


def compare_gene_pairs(
    settings: Sequence[NullSetting], pool: GenePool, x: Rows, y: Rows
) -> Comparison:
    """Compare the r of pairs of genes, pooled where there are several tables.

    Parameters
    ----------
    settings
        The tables and their samples.
    pool
        The genes of all tables, in classes.
    x, y
        Places in the pool of each pair's genes.
    """
    found = Comparison.empty(len(x))
    if pool.classes is None:
        return found
    products = _Products(settings, pool, pool.classes)
    codes, constant = pool.classes.codes, pool.classes.constant
    one, other = np.minimum(codes[x], codes[y]), np.maximum(codes[x], codes[y])
    swapped = codes[x] > codes[y]
    first, second = np.where(swapped, y, x), np.where(swapped, x, y)
    pair_of_classes = one.astype(np.int64) * len(pool.classes.sizes) + other
    for both in np.unique(pair_of_classes[(one != constant) & (other != constant)]):
        some = np.flatnonzero(pair_of_classes == both)
        r, rows, columns = products.of(int(one[some[0]]), int(other[some[0]]))
        observed = r[np.searchsorted(rows, first[some]), np.searchsorted(columns, second[some])]
        values = r[np.triu_indices(len(r), 1)] if one[some[0]] == other[some[0]] else r.ravel()
        found.put(some, compare_among(values, observed))
    return found


class _Products:
    """The r of every gene of one class with every gene of another; pooled over several tables."""

    def __init__(self, settings: Sequence[NullSetting], pool: GenePool, classes: Classes) -> None:
        self._settings = settings
        self._rows = [rows_of(pool.symbols, setting) for setting in settings]
        self._codes = classes.codes
        self._kept: dict[int, list[Matrix]] = {}

    def of(self, one: int, other: int) -> tuple[Matrix, Rows, Rows]:
        """The r of two classes, and the genes of its rows and columns."""
        pairs = zip(self._units(one), self._units(other), strict=True)
        r = np.array([snapped(first @ second.T) for first, second in pairs])
        self._kept = {one: self._kept[one]}
        members = np.flatnonzero(self._codes == one), np.flatnonzero(self._codes == other)
        if len(r) == 1:
            return r[0], *members
        return pooled_r(self._settings, r), *members

    def _units(self, code: int) -> list[Matrix]:
        """The values of a class's genes in each table, as rows of length one."""
        if code not in self._kept:
            members = np.flatnonzero(self._codes == code)
            self._kept[code] = [
                unit_rows(
                    setting.table.values[rows[members]][:, setting.columns].astype(np.float64),
                    setting.method,
                    setting.fit,
                )
                for setting, rows in zip(self._settings, self._rows, strict=True)
            ]
        return self._kept[code]
