"""The nulls of a screen: of one variable with every gene, or with many gene sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.comparisons import compare_pairs, compare_pooled, pooled_families
from tcga_corr.analysis.naming.names import Variable
from tcga_corr.analysis.nulls.associations import (
    NULL_FUNCTIONS,
    NullColumns,
    NullFunction,
    Reference,
    genes_in_all,
)
from tcga_corr.analysis.nulls.every_gene import every_gene_null, null_of_one_with_some
from tcga_corr.analysis.nulls.gene_pool import GenePool
from tcga_corr.analysis.nulls.setting import PairsInTable, Side, pooled_r
from tcga_corr.analysis.panel import Panel
from tcga_corr.analysis.samples.cohort import Cohort
from tcga_corr.analysis.threads import in_threads
from tcga_corr.choices import Method, Null

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_OF_ONE: Mapping[Null, NullFunction] = {**NULL_FUNCTIONS, "genes": null_of_one_with_some}


@dataclass(frozen=True)
class ScreenNulls:
    """By null, the numbers of each tumor type, and of the pooled r; an entry per y."""

    by_tumor_type: Mapping[Null, Sequence[NullColumns]] = field(default_factory=dict)
    pooled: Mapping[Null, NullColumns] = field(default_factory=dict)


def compare_with_every_gene(
    cohorts: Sequence[Cohort],
    x: Variable,
    genes: Sequence[str],
    observed: Matrix,
    controls: Sequence[Variable],
    method: Method,
    n_draws: int,
    *,
    pooled: bool = True,
) -> ScreenNulls:
    """Compare one variable's r with genes with random genes.

    Parameters
    ----------
    cohorts
        The tumor types.
    x, controls, method
        What is correlated with the genes, and how.
    genes
        Symbols of the tables.
    observed
        Tumor types x genes: r without shared genes, with scores by average ranks; NaN where there
        is none.
    n_draws
        Random pairs.
    pooled
        Whether the pooled r are compared too, which takes longer than all before.
    """
    tables = [_table_of(cohort, x, controls, method) for cohort in cohorts]
    rows = in_threads(
        lambda table, own: _every_gene([table], genes, own, n_draws), tables, list(observed)
    )
    if not pooled:
        return ScreenNulls({"genes": rows})
    found = NullColumns.empty(len(genes))
    with np.errstate(invalid="ignore"):
        codes = np.where(np.abs(observed) < 1, 0, -1)
    for which, places in pooled_families(codes, found.notes):
        some = [tables[int(one)] for one in which]
        own = pooled_r([one.setting for one in some], observed[np.ix_(which, places)])
        found.put(places, _every_gene(some, [genes[place] for place in places], own, n_draws))
    return ScreenNulls({"genes": rows}, {"genes": found})


def _table_of(
    cohort: Cohort, x: Variable, controls: Sequence[Variable], method: Method
) -> PairsInTable:
    place = np.array([0])
    return Panel(cohort, [x], controls, method).by_average_ranks().table(place, place)


def _every_gene(
    tables: Sequence[PairsInTable], genes: Sequence[str], observed: Vector, n_draws: int
) -> NullColumns:
    found = NullColumns.empty(len(genes))
    if np.isnan(observed).all():
        return found
    pool = GenePool.of([table.setting for table in tables])
    place = {symbol: number for number, symbol in enumerate(pool.symbols)}
    places = np.array([place.get(symbol, -1) for symbol in genes])
    some = np.flatnonzero((places >= 0) & ~np.isnan(observed))
    x: list[Side] = [table.sides(pool.symbols)[0] for table in tables]
    few, missing = genes_in_all(tables, x[:1])
    for note in (few | missing).values():
        found.notes.update(dict.fromkeys(some.tolist(), note))
    if not len(some) or few:
        return found
    settings = [table.setting for table in tables]
    found.put(some, every_gene_null(settings, pool, x, places[some], observed[some], n_draws))
    return found


def compare_with_variables(
    cohorts: Sequence[Cohort],
    x: Variable,
    others: Sequence[Variable],
    controls: Sequence[Variable],
    method: Method,
    nulls: Sequence[Null],
    n_draws: int,
    reference: Reference,
    *,
    pooled: bool = True,
) -> ScreenNulls:
    """Compare one variable's r with some others with nulls.

    Parameters
    ----------
    cohorts, x, controls, method, n_draws, pooled
        As of :func:`compare_with_every_gene`.
    others
        Genes and gene sets.
    nulls
        What to compare with.
    reference
        Gives the reference collection's index of a table.
    """
    panels = [Panel(cohort, [x, *others], controls, method) for cohort in cohorts]
    first, second = np.zeros(len(others), dtype=np.intp), np.arange(1, len(others) + 1)
    found = [panel.pairs(first, second) for panel in panels]
    rows = in_threads(
        lambda panel, own: compare_pairs(panel, own, nulls, n_draws, reference, _OF_ONE),
        panels,
        found,
    )
    return ScreenNulls(
        {null: [own[null] for own in rows] for null in nulls},
        compare_pooled(panels, found, nulls, n_draws, reference, _OF_ONE)
        if pooled and len(panels) > 1
        else {},
    )
