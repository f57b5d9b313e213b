"""The expression table in memory, and the rules that make a downloaded one fit to rank."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class ExpressionTable:
    """Genes x samples.

    Attributes
    ----------
    genes
        One symbol a row; empty where the source names none.
    gene_ids
        Ensembl or Entrez id a row; empty where the source has none.
    samples
        One barcode, or other name, a column.
    values
        Genes x samples, float32; NaN where not measured.
    dropped
        What was left out so far: reason to number of rows or columns.
    """

    genes: NDArray[np.str_]
    gene_ids: NDArray[np.str_]
    samples: tuple[str, ...]
    values: Matrix
    dropped: dict[str, int] = field(default_factory=dict)

    def rows(self, keep: NDArray[np.bool_] | NDArray[np.intp], reason: str = "") -> ExpressionTable:
        """The table of some rows, in the order given; the others counted under ``reason``."""
        kept = replace(
            self, genes=self.genes[keep], gene_ids=self.gene_ids[keep], values=self.values[keep]
        )
        return kept.counted(reason, len(self.genes) - len(kept.genes))

    def columns(self, keep: list[int], reason: str = "") -> ExpressionTable:
        """The table of some columns, in the order given; the others counted under ``reason``."""
        samples = tuple(self.samples[column] for column in keep)
        # by take, since an index would lay the values out by sample, which is slower from here on
        kept = replace(self, samples=samples, values=np.take(self.values, keep, axis=1))
        return kept.counted(reason, len(self.samples) - len(keep))

    def counted(self, reason: str, count: int) -> ExpressionTable:
        """The table with so many more rows or columns on record as left out for a reason."""
        if not reason or not count:
            return self
        total = self.dropped.get(reason, 0) + count
        return replace(self, dropped={**self.dropped, reason: total})

    def prepared(self) -> ExpressionTable:
        """The table as the store keeps it: complete, one row a symbol, one column a sample, sorted.

        Repeated columns are averaged; then samples that lack most genes, and genes that lack a
        value in some sample, are left out, since ranks need complete columns; of a symbol's
        several rows the one of highest mean stays. Neither the order of the input's rows nor that
        of its columns changes the result by a bit.
        """
        table = self.rows(self.genes != "", "genes without a symbol")
        table = table._averaged_repeats()._complete()
        order = sorted(range(len(table.samples)), key=table.samples.__getitem__)
        return table.columns(order)._highest_row_per_symbol()

    def _averaged_repeats(self) -> ExpressionTable:
        """Columns of one name become one: the mean before the logarithm, ``log2(mean 2**x)``.

        Where some of them lack a value, the others' mean is taken. This is the mean on the source's
        scale for any pseudocount: of ``x = log2(v + c)`` it is ``log2(mean(v) + c)``.
        """
        by_name: dict[str, list[int]] = {}
        for column, name in enumerate(self.samples):
            by_name.setdefault(name, []).append(column)
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

    def _highest_row_per_symbol(self) -> ExpressionTable:
        _, number, count = np.unique(self.genes, return_inverse=True, return_counts=True)
        order = np.argsort(number, kind="stable")
        ends = np.cumsum(count)
        chosen = order[ends - 1]
        for symbol in np.flatnonzero(count > 1):
            rivals = order[ends[symbol] - count[symbol] : ends[symbol]]
            chosen[symbol] = max(rivals, key=self._height)
        return self.rows(chosen, "further rows of a symbol")

    def _height(self, row: int) -> tuple[float, list[float], str]:
        """What decides between rows of one symbol: mean, then values, then id; never the order."""
        values = self.values[row].astype(np.float64)
        mean = float(values.mean()) if len(values) else 0.0
        return mean, values.tolist(), str(self.gene_ids[row])

    def logged(self) -> ExpressionTable:
        """Linear values as ``log2(x + 1)``."""
        return replace(self, values=np.log2(self.values.astype(np.float64) + 1).astype(np.float32))
