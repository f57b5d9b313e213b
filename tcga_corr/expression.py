"""The expression table in memory, and the rules that prepare one for ranking."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.floating]

# different values of a sample from which on another with all the same is no coincidence
_MIN_DIFFERENT = 10
_ROWS_AT_ONCE = 512


@dataclass(frozen=True)
class ExpressionTable:
    """Genes x samples.

    Attributes
    ----------
    genes
        The symbol of each row; empty where the source has none.
    gene_ids
        The Ensembl or Entrez id of each row; empty where the source has none.
    samples
        The barcode, or other name, of each column.
    values
        Genes x samples, float32, of counts float64; NaN where not measured.
    dropped
        Reason to the number of rows or columns left out so far.
    """

    genes: NDArray[np.str_]
    gene_ids: NDArray[np.str_]
    samples: tuple[str, ...]
    values: Matrix
    dropped: dict[str, int] = field(default_factory=dict)

    def rows(self, keep: NDArray[np.bool_] | NDArray[np.intp], reason: str = "") -> ExpressionTable:
        """The table of some rows, in the given order; the others are counted under ``reason``."""
        kept = replace(
            self, genes=self.genes[keep], gene_ids=self.gene_ids[keep], values=self.values[keep]
        )
        return kept.counted(reason, len(self.genes) - len(kept.genes))

    def columns(self, keep: list[int], reason: str = "") -> ExpressionTable:
        """The table of some columns, in the given order; the others counted under ``reason``."""
        samples = tuple(self.samples[column] for column in keep)
        # np.take keeps the layout by gene; an index would change it, and slow all that follows
        kept = replace(self, samples=samples, values=np.take(self.values, keep, axis=1))
        return kept.counted(reason, len(self.samples) - len(keep))

    def counted(self, reason: str, count: int) -> ExpressionTable:
        """The table with so many more rows or columns counted as left out for a reason."""
        if not reason or not count:
            return self
        total = self.dropped.get(reason, 0) + count
        return replace(self, dropped={**self.dropped, reason: total})

    def prepared(self, *, counts: bool = False, last: Collection[str] = ()) -> ExpressionTable:
        """The table as the store keeps it: complete, one row a symbol, one column a sample, sorted.

        Repeated columns are averaged, those of counts added up; then samples without most of the
        genes, and genes without a value in some sample, are left out, as ranks need complete
        columns; of several rows of one symbol, that of the highest mean is kept. The order of the
        input's rows and columns does not change a bit of the result. The samples in ``last`` stand
        after the others, and do not decide which row is kept.
        """
        table = self.rows(self.genes != "", "genes without a symbol")
        table = table._added_repeats() if counts else table._averaged_repeats()
        table = table._complete()
        names = table.samples
        order = sorted(range(len(names)), key=lambda column: (names[column] in last, names[column]))
        n_first = sum(name not in last for name in names)
        return table.columns(order)._highest_row_per_symbol(n_first)

    def _averaged_repeats(self) -> ExpressionTable:
        """Columns of one name become one: the mean before the logarithm, ``log2(mean 2**x)``.

        Missing values do not count. This is the mean on the source's scale for any pseudocount: of
        ``x = log2(v + c)`` it is ``log2(mean(v) + c)``.
        """
        by_name = self._columns_by_name()
        if len(by_name) == len(self.samples):
            return self
        values = np.take(self.values, [columns[0] for columns in by_name.values()], axis=1)
        for position, columns in enumerate(by_name.values()):
            if len(columns) > 1:
                # sorted, so that the order of the columns does not change the last bit
                repeats = np.exp2(np.sort(self.values[:, columns].astype(np.float64), axis=1))
                measured = (~np.isnan(repeats)).sum(axis=1)
                mean = np.nansum(repeats, axis=1) / np.where(measured, measured, np.nan)
                values[:, position] = np.log2(mean)
        merged = replace(self, samples=tuple(by_name), values=values)
        return merged.counted(
            "repeated columns of one sample, averaged", len(self.samples) - len(by_name)
        )

    def _added_repeats(self) -> ExpressionTable:
        """Columns of one name become one, their sum: the reads of a sample in several runs."""
        by_name = self._columns_by_name()
        if len(by_name) == len(self.samples):
            return self
        values = np.stack([self.values[:, at].sum(axis=1) for at in by_name.values()], axis=1)
        added = replace(self, samples=tuple(by_name), values=values)
        return added.counted(
            "repeated columns of one sample, added up", len(self.samples) - len(by_name)
        )

    def _columns_by_name(self) -> dict[str, list[int]]:
        by_name: dict[str, list[int]] = {}
        for column, name in enumerate(self.samples):
            by_name.setdefault(name, []).append(column)
        return by_name

    def _complete(self) -> ExpressionTable:
        missing: NDArray[np.bool_] = np.isnan(self.values)
        if not missing.any():
            return self
        nowhere: NDArray[np.bool_] = np.all(missing, axis=1)
        table = self.rows(np.logical_not(nowhere), "genes not measured")
        missing = missing[~nowhere]
        sparse = missing.sum(axis=0) * 2 > len(missing)
        table = table.columns(
            np.flatnonzero(~sparse).tolist(), "samples that lack more than half of the genes"
        )
        everywhere: NDArray[np.bool_] = np.all(~missing[:, ~sparse], axis=1)
        return table.rows(everywhere, "genes not measured in some of the samples")

    def _highest_row_per_symbol(self, n_columns: int) -> ExpressionTable:
        _, number, count = np.unique(self.genes, return_inverse=True, return_counts=True)
        order = np.argsort(number, kind="stable")
        ends = np.cumsum(count)
        chosen = order[ends - 1]
        for symbol in np.flatnonzero(count > 1):
            rivals = order[ends[symbol] - count[symbol] : ends[symbol]]
            chosen[symbol] = max(rivals, key=lambda row: self._height(row, n_columns))
        return self.rows(chosen, "further rows of a symbol")

    def _height(self, row: int, n_columns: int) -> tuple[float, list[float], str]:
        """The sort key of the rows of one symbol: mean, then values, then id; never their order."""
        values = self.values[row, :n_columns].astype(np.float64)
        mean = float(values.mean()) if len(values) else 0.0
        return mean, values.tolist(), str(self.gene_ids[row])

    def copies(self) -> dict[int, int]:
        """Columns with the values of an earlier one in every row, each with that one's position.

        Columns of few different values, such as all zeros, may be the same by chance: these are not
        counted.
        """
        first: dict[bytes, int] = {}
        copies: dict[int, int] = {}
        for column in range(len(self.samples)):
            values = self.values[:, column] + 0.0  # so that -0 is 0
            earlier = first.setdefault(hashlib.sha256(values.tobytes()).digest(), column)
            if earlier != column and len(np.unique(values)) >= _MIN_DIFFERENT:
                copies[column] = earlier
        return copies

    def logged(self) -> ExpressionTable:
        """Linear values as ``log2(x + 1)``."""
        values = np.empty_like(self.values)
        for start in range(0, len(values), _ROWS_AT_ONCE):  # few in double precision at a time
            rows = slice(start, start + _ROWS_AT_ONCE)
            values[rows] = np.log2(self.values[rows].astype(np.float64) + 1)
        return replace(self, values=values)
