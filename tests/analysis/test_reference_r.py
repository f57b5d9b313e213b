"""r with the reference collection: each reduced set is scored by its genes, and scipy correlates.

Tolerance: 1e-12, absolute.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

import tcga_corr as tc
from tcga_corr.analysis import shared_genes
from tcga_corr.analysis.naming.names import GeneVariable, SetVariable
from tcga_corr.analysis.nulls import reference_r as module
from tcga_corr.analysis.nulls.reference_r import reference_r
from tcga_corr.analysis.samples.cohort import Cohort, Mask, Measured
from tcga_corr.choices import ScreenMethod
from tcga_corr.engine import Engine, open_store
from tcga_corr.stats.correlation import Fit
from tcga_corr.store.index import open_index
from tcga_corr.store.reference import ReferenceIndex, open_reference
from tcga_corr.vocabulary.gene_sets.catalogue import reference_sets
from tests.analysis.test_panel import covariate
from tests.store.test_reference import KEY, symbols, write_symbols

Vector = NDArray[np.float64]
Prepared = tuple[Cohort, ReferenceIndex, list[Measured], Mask]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A table whose tumour samples lie between others, with its reference index. Read only."""
    folder = tmp_path_factory.mktemp("reference_r")
    engine = open_store(folder / "cache")
    assert not engine.load(write_symbols(folder, "ACC", 26, 7)).errors
    open_reference(engine.store, open_index(engine.store, KEY))
    return engine


def prepared(engine: Engine, min_genes: int) -> Prepared:
    """Sets, genes and a covariate, and the samples that have it."""
    table = open_index(engine.store, KEY)
    cohort = Cohort(table, "tumor", min_genes=min_genes)
    index = open_reference(engine.store, table)
    genes = symbols()
    constant = genes[int(np.flatnonzero(np.ptp(table.values, axis=1) == 0)[0])]
    largest = reference_sets()[index.names[-1]]
    variables = [
        SetVariable(largest),  # itself among the reference sets
        SetVariable(tc.GeneSet("wide", "", genes[100:400])),
        SetVariable(tc.GeneSet("narrow", "", genes[20:34])),
        SetVariable(tc.GeneSet("few", "", genes[20:23])),
        GeneVariable(largest.genes[0] if largest.genes[0] in genes else genes[3]),
        GeneVariable(constant),
    ]
    values = np.random.default_rng(3).normal(0, 1, 26)
    values[[2, 9]] = np.nan
    measured = [cohort.measure(one) for one in variables]
    measured.append(Measured(covariate("dose", []), "ACC", values))
    return cohort, index, measured, ~np.isnan(values)


def oracle(
    case: Prepared, x: Measured, number: int, controls: Vector | None, method: ScreenMethod
) -> tuple[float, float, int]:
    """r, r without shared genes, and how many are shared, of one variable and reference set."""
    cohort, index, _, kept = case
    rows = set(index.genes(number).tolist())
    own = {cohort.table.genes.row(gene) for gene in x.genes}
    shared = rows & own

    def scores(of: set[int]) -> Vector | None:
        enough = len(of) >= cohort.min_genes
        return cohort.scores(np.array(sorted(of)))[kept] if enough else None

    y, y_left = scores(rows), scores(rows - shared)
    values = None if x.values is None else x.values[kept]
    left = values
    if values is not None and shared and isinstance(x.variable, SetVariable):
        left = scores(own - shared)
    r = correlated(values, y, controls, method)
    return (r, correlated(left, y_left, controls, method), len(shared)) if r == r else (r, r, 0)


def correlated(
    x: Vector | None, y: Vector | None, controls: Vector | None, method: ScreenMethod
) -> float:
    if x is None or y is None or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    sides = [x, y] if method == "pearson" else [stats.rankdata(x), stats.rankdata(y)]
    if controls is not None:
        known = controls if method == "pearson" else stats.rankdata(controls)
        design = np.column_stack([np.ones(len(x)), known])
        sides = [side - design @ np.linalg.lstsq(design, side, rcond=None)[0] for side in sides]
    return float(stats.pearsonr(*sides)[0])


@pytest.mark.parametrize("method", ["pearson", "spearman"])
@pytest.mark.parametrize(("min_genes", "adjusted"), [(5, False), (5, True), (12, False)])
def test_every_pair_is_that_of_its_reduced_sets(
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    method: ScreenMethod,
    min_genes: int,
    adjusted: bool,
) -> None:
    """In parts of any size."""
    monkeypatch.setattr(module, "_SUMS_AT_ONCE", 20_000)
    monkeypatch.setattr(shared_genes, "_PAIRS_AT_ONCE", 100)
    case = cohort, index, measured, kept = prepared(engine, min_genes)
    controls = np.random.default_rng(5).normal(0, 1, int(kept.sum())) if adjusted else None
    fit = None if controls is None else Fit(controls[:, np.newaxis], ranked=method == "spearman")
    found = reference_r(cohort, index, measured, kept, method, fit)
    n_disjoint = 0
    for place, x in enumerate(measured):
        for number in {*range(place, len(index.sizes), 23), len(index.sizes) - 1}:
            expected = oracle(case, x, number, controls, method)
            got = [one[place, number] for one in (found.r, found.r_disjoint, found.n_shared)]
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)
            n_disjoint += bool(expected[2]) and expected[1] == expected[1]
    assert n_disjoint > 30
    assert np.isnan(found.r_disjoint[0, -1])  # nothing is left of a set without itself
    assert found.r[0, -1] == 1 or adjusted
    assert np.isnan(found.r[[3, 5]]).all()


def test_a_variable_has_the_same_numbers_alone(engine: Engine) -> None:
    cohort, index, measured, kept = prepared(engine, 5)
    together = reference_r(cohort, index, measured, kept)
    for place, one in enumerate(measured):
        alone = reference_r(cohort, index, [one], kept)
        for name in ("r", "r_disjoint", "n_shared"):
            rows: Any = getattr(together, name)[place]
            assert np.array_equal(getattr(alone, name)[0], rows, equal_nan=True)


def test_scores_that_are_equal_but_for_rounding_have_equal_ranks(engine: Engine) -> None:
    """As the genes themselves give them, which are scored again."""
    cohort, index, _, _ = prepared(engine, 5)
    rows = [index.genes(number) for number in range(40)]
    sums = np.array([cohort.terms(one).sum(axis=0) for one in rows])
    sums[:, 1, 1] = sums[:, 1, 0] * (1 + 1e-15)  # the second sample is the first, but for that
    sums[:, 0, 1], sums[:, 2, 1] = sums[:, 0, 0], sums[:, 2, 0]
    k = np.array([len(one) for one in rows])
    found = shared_genes.certain_scores(cohort, sums, k, rows.__getitem__, ranked=True)
    assert np.array_equal(found, [cohort.scores(one) for one in rows])
