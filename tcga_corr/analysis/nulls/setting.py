"""What a null replaces: the variables of a pair, in the samples that are correlated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.naming.names import CovariateVariable, GeneVariable
from tcga_corr.analysis.samples.cohort import Cohort, Mask, Measured
from tcga_corr.choices import Method
from tcga_corr.stats.correlation import Fit
from tcga_corr.stats.methods import fisher_variance
from tcga_corr.stats.pooling import mean_correlation
from tcga_corr.store.index import TableIndex

Kind = Literal["gene", "set", "covariate"]
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Rows = NDArray[np.intp]
_Number = TypeVar("_Number", bound=np.number[Any])
_QUESTIONS_AT_ONCE = 65_536
_GENES_AT_ONCE = 128
_NOWHERE = np.empty(0, dtype=np.intp)


@dataclass(frozen=True)
class Side:
    """One of the two correlated variables, in one table.

    Attributes
    ----------
    kind
        Gene, set or covariate.
    name
        Its name.
    rows
        The table's rows of its genes, ascending; empty for a covariate.
    values
        Of a covariate, one per correlated sample; otherwise empty.
    whole
        The rows before any was left out.
    """

    kind: Kind
    name: str
    rows: Rows = field(default_factory=lambda: _NOWHERE)
    values: Vector = field(default_factory=lambda: np.empty(0))
    whole: Rows | None = None

    def without(self, rows: Rows) -> Side:
        """A set without some genes; a gene or covariate unchanged."""
        if self.kind != "set":
            return self
        kept = self.rows[~np.isin(self.rows, rows)]
        return Side(
            self.kind, self.name, kept, whole=self.rows if self.whole is None else self.whole
        )


@dataclass(frozen=True)
class NullSetting:
    """The samples and the method by which a pair, and whatever it is compared with, correlates.

    Attributes
    ----------
    table
        The tumor type's table.
    columns
        Its samples that are correlated.
    method
        The correlation method.
    fit
        Fit of the controls; None without any.
    min_genes
        Genes that a set must have left.
    """

    table: TableIndex
    columns: Rows
    method: Method
    fit: Fit | None
    min_genes: int

    @property
    def n_genes(self) -> int:
        """Genes in the table."""
        return len(self.table.genes)

    @property
    def key(self) -> tuple[object, ...]:
        """What is equal for settings of the same genes' profile."""
        return self.table.table_sha256, self.columns.tobytes()

    @property
    def n_controls(self) -> int:
        """Fitted controls."""
        return self.fit.n_controls if self.fit else 0

    @cached_property
    def profile(self) -> tuple[Vector, Vector, NDArray[np.bool_]]:
        """Of each gene, mean and standard deviation in the samples, and whether it varies."""
        values = self.table.all_values()
        mean, spread = np.empty((2, self.n_genes))
        varying = np.empty(self.n_genes, dtype=np.bool_)
        for start in range(0, self.n_genes, _GENES_AT_ONCE):
            part = slice(start, start + _GENES_AT_ONCE)
            block = columns_of(values[part], self.columns).astype(np.float64)
            varying[part] = (block != block[:, :1]).any(axis=1)
            mean[part] = block.mean(axis=1)
            block -= mean[part, np.newaxis]
            spread[part] = np.sqrt(np.vecdot(block, block) / block.shape[1])
        return mean, spread, varying

    def variance(self, r: NDArray[np.floating[Any]]) -> Matrix:
        """The variance of z of some r in these samples."""
        n, n_controls = np.int64(len(self.columns)), np.int64(self.n_controls)
        return fisher_variance(np.asarray(r, dtype=np.float64), n, self.method, n_controls)


@dataclass(frozen=True, eq=False)
class PairsInTable:
    """Pairs of variables of one tumor type that have values in the same samples.

    Attributes
    ----------
    cohort
        The tumor type, whose sets are scored by average ranks.
    measured
        Variables, the pairs' among them.
    kept
        The samples that are correlated.
    method
        How.
    fit
        Of what is adjusted for in these samples; None where nothing is.
    x, y
        Places of the pairs' variables.
    setting
        The table and these samples.
    reference_r
        By variable, its r with the reference sets in these samples, as far as it is known.
    """

    cohort: Cohort
    measured: Sequence[Measured]
    kept: Mask
    method: Method
    fit: Fit | None
    x: Rows
    y: Rows
    setting: NullSetting
    reference_r: dict[int, Vector]

    def sides(self, symbols: Sequence[str]) -> list[Side]:
        """The variables, with the places of their genes among some symbols."""
        place = _places(tuple(symbols))
        return [self._side(one, place) for one in self.measured]

    def _side(self, one: Measured, place: Mapping[str, int]) -> Side:
        rows = np.array(sorted(place[gene] for gene in one.genes if gene in place), dtype=np.intp)
        kind: Kind = "gene" if isinstance(one.variable, GeneVariable) else "set"
        if isinstance(one.variable, CovariateVariable):
            kind = "covariate"
        values = np.empty(0)
        if one.values is not None and kind == "covariate":
            values = one.values[self.kept]
        return Side(kind, one.name, rows, values)


@lru_cache(maxsize=4)
def _places(symbols: tuple[str, ...]) -> Mapping[str, int]:
    return {symbol: number for number, symbol in enumerate(symbols)}


def pooled_r(settings: Sequence[NullSetting], r: NDArray[np.floating[Any]]) -> Matrix:
    """What r of several tables, the first axis, come to."""
    flat = r.reshape(len(r), -1)
    pooled = np.empty(flat.shape[1])
    step = _QUESTIONS_AT_ONCE
    for start in range(0, len(pooled), step):
        part = flat[:, start : start + step].astype(np.float64)
        variance = np.stack(
            [setting.variance(own) for setting, own in zip(settings, part, strict=True)]
        )
        pooled[start : start + step] = mean_correlation(part, variance)
    return pooled.reshape(r.shape[1:])


def columns_of(array: NDArray[_Number], columns: Rows) -> NDArray[_Number]:
    """Some columns; a view where they are contiguous."""
    return array[:, contiguous(columns)]


def contiguous(places: Rows) -> Rows | slice:
    """Ascending places as a slice where none is left out."""
    if len(places) and places[-1] - places[0] + 1 == len(places):
        return slice(int(places[0]), int(places[-1]) + 1)
    return places
