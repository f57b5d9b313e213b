"""Negative binomial fits of many genes: slow and obvious optimisers are the oracle."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import optimize, stats

from tcga_corr.stats.dispersion_trend import parametric_trend, spread_of_few
from tcga_corr.stats.dispersions import Prior, dispersions
from tcga_corr.stats.negative_binomial import (
    cauchy_scale,
    coefficients,
    shrunken,
    standard_errors,
    without_bounds,
)

COUNTS = Path(__file__).parents[1] / "golden/deseq2_counts.tsv.gz"
SIZES = np.array([1.2, 0.7, 1.0, 0.9, 1.4, 0.8])
DESIGN = np.stack([np.ones(6), [0, 0, 0, 1, 1, 1]], axis=1).astype(float)


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    """Counts of 200 genes in groups A and B, of 10 reads or more."""
    frame = pl.read_csv(gzip.decompress(COUNTS.read_bytes()), separator="\t")
    values = frame.select("A1", "A2", "A3", "B1", "B2", "B3").to_numpy().astype(float)
    return values[values.sum(axis=1) >= 10][:200]


@pytest.fixture(scope="module")
def means(counts: np.ndarray) -> np.ndarray:
    """By the group of each sample."""
    normalised = counts / SIZES
    of_groups = [normalised[:, :3].mean(axis=1), normalised[:, 3:].mean(axis=1)]
    return np.maximum(np.stack(of_groups)[[0, 0, 0, 1, 1, 1]].T * SIZES, 0.5)


def log_density(y: np.ndarray, mean: np.ndarray, dispersion: float) -> float:
    size = 1 / dispersion
    return float(stats.nbinom.logpmf(y, size, size / (size + mean)).sum())


def posterior(log_dispersion: float, y: np.ndarray, mean: np.ndarray, prior: float | None) -> float:
    dispersion = np.exp(log_dispersion)
    weights = mean / (1 + mean * dispersion)
    adjusted = -0.5 * np.linalg.slogdet(DESIGN.T @ np.diag(weights) @ DESIGN)[1]
    bend = 0.0 if prior is None else -((log_dispersion - prior) ** 2) / (2 * 0.8)
    return log_density(y, mean, float(dispersion)) + adjusted + bend


@pytest.mark.parametrize("with_prior", [False, True])
def test_dispersions_are_the_most_likely(
    counts: np.ndarray, means: np.ndarray, *, with_prior: bool
) -> None:
    start = np.full(len(counts), 0.1)
    centre = np.log(0.05 + 2 / means.mean(axis=1))
    prior = Prior(centre, 0.8) if with_prior else None
    found = np.log(dispersions(counts, means, DESIGN, start, (1e-8, 10.0), prior))
    for gene in range(0, len(counts), 5):
        own = centre[gene] if with_prior else None
        grid = np.linspace(np.log(1e-8), np.log(10), 200)
        heights = [posterior(x, counts[gene], means[gene], own) for x in grid]
        here = posterior(found[gene], counts[gene], means[gene], own)
        # DESeq2 stays where it began if the likelihood gains too little
        assert here >= max(heights) - 1e-6 * (10 * abs(here) + counts[gene].sum())


def test_a_flat_beginning_stays_as_in_deseq2() -> None:
    y = np.array([[1.0, 0, 1, 29, 25, 0]])
    mean = np.full((1, 6), y.mean())
    low = dispersions(y, mean, DESIGN, np.array([1e-8]), (1e-8, 10.0))
    assert low[0] == pytest.approx(1e-8)
    assert dispersions(y, mean, DESIGN, np.array([0.1]), (1e-8, 10.0))[0] > 0.5


def test_coefficients_are_the_most_likely(counts: np.ndarray) -> None:
    dispersion = np.full(len(counts), 0.2)
    found = coefficients(
        counts, SIZES, DESIGN, dispersion, 0.5, largest=30, tolerance=1e-8, most_iterations=250
    )
    well = (counts[:, :3].sum(axis=1) > 20) & (counts[:, 3:].sum(axis=1) > 20)
    assert well.sum() > 100
    assert found.converged[well].all()
    errors = standard_errors(found.means, DESIGN, dispersion, np.array([0.0, 1.0]))
    for gene in np.flatnonzero(well)[::9]:

        def loss(beta: np.ndarray, y: np.ndarray = counts[gene]) -> float:
            return -log_density(y, SIZES * np.exp(DESIGN @ beta), 0.2)

        best = optimize.minimize(loss, found.values[gene], method="Nelder-Mead", tol=1e-10)
        assert found.values[gene] == pytest.approx(best.x, abs=2e-4)
        weights = found.means[gene] / (1 + found.means[gene] * 0.2)
        of_groups = 1 / weights[:3].sum() + 1 / weights[3:].sum()
        assert errors[gene] == pytest.approx(np.sqrt(of_groups), rel=1e-4)
    assert found.leverages[well].sum(axis=1) == pytest.approx(np.full(well.sum(), 2.0), abs=1e-3)


def test_a_level_without_reads_does_not_disturb_the_others() -> None:
    """The fold change between groups is that of the samples that have reads."""
    group, level = np.tile([0.0, 1], 6), np.repeat([0.0, 0, 1], 4)
    design = np.stack([np.ones(12), level, group], axis=1)
    y = np.where(level == 1, 0, np.where(group == 1, 4000, 1000)).astype(float)[None]
    found = coefficients(
        y, np.ones(12), design, np.array([0.3]), 0.5, largest=30, tolerance=1e-8, most_iterations=1
    )
    assert not found.converged.any()
    assert found.values[0, 2] == pytest.approx(np.log(4), abs=1e-4)
    assert found.values[0, 1] < -10


@pytest.mark.parametrize("with_number", [False, True])
def test_fold_changes_without_bounds_are_found(*, with_number: bool) -> None:
    """Of reads in one group alone; and in one sample alone, which a number tells from all."""
    level = np.array([0.0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1])
    columns = [np.ones(12), level, np.linspace(-1.5, 1.5, 12), np.repeat([0.0, 1], [9, 3])]
    design = np.stack([one for n, one in enumerate(columns) if n != 2 or with_number], axis=1)
    counts = np.zeros((4, 12))
    counts[0, 3] = 20_000
    counts[1, :9] = [8000, 5, 9, 0, 0, 0, 70_000, 0, 4]
    counts[2] = [90, 70, 110, 60, 80, 90, 30, 20, 60, 70, 90, 80]
    counts[3] = [900, 20, 300, 60, 0, 4, 0, 2, 60, 700, 1, 30]
    dispersion = np.array([1.0, 10, 0.1, 3])
    fitted = coefficients(
        counts,
        np.ones(12),
        design,
        dispersion,
        0.5,
        largest=30,
        tolerance=1e-8,
        most_iterations=250,
    )
    contrast = np.eye(design.shape[1])[-1]
    found = without_bounds(fitted.means, design, dispersion, contrast)
    assert found.tolist() == [True, True, False, False]
    assert fitted.converged[:3].tolist() == [False, False, True]


@pytest.mark.slow
def test_shrunken_changes_are_the_highest_of_the_posterior(counts: np.ndarray) -> None:
    """Zhu, Ibrahim & Love 2019: a Cauchy prior of the fold change, 200 genes by a fine grid."""
    scale, dispersion = 0.4, 0.05 + 2 / counts.mean(axis=1)
    found = shrunken(counts, SIZES, DESIGN, dispersion, 1, scale)
    grid = np.linspace(-12, 12, 481)
    for gene, y in enumerate(counts):

        def loss(change: float, y: np.ndarray = y, a: float = dispersion[gene]) -> float:
            def of_intercept(intercept: float) -> float:
                mean = SIZES * np.exp(intercept + change * DESIGN[:, 1])
                return intercept**2 / (2 * 15**2) - log_density(y, mean, a)

            around = np.log(y.mean() + 0.1)
            inner = optimize.minimize_scalar(of_intercept, (around - 1, around + 1), tol=1e-10)
            return float(inner.fun) + float(np.log1p((change / scale) ** 2))

        if gene % 20 == 0:
            best = float(grid[np.argmin([loss(x) for x in grid[::4]]) * 4])
            fine = optimize.minimize_scalar(loss, bounds=(best - 0.3, best + 0.3), method="bounded")
            assert loss(found[gene]) <= fine.fun + 1e-6
        assert loss(found[gene]) <= loss(found[gene] + 0.01)
        assert loss(found[gene]) <= loss(found[gene] - 0.01)


def test_the_scale_of_the_prior_is_the_spread_beyond_errors() -> None:
    generator = np.random.default_rng(3)
    errors = generator.uniform(0.1, 0.6, 20_000)
    changes = generator.normal(0, 0.4, 20_000) + generator.normal(0, errors)
    assert cauchy_scale(changes, errors) == pytest.approx(0.4, abs=0.02)
    assert cauchy_scale(changes * 10, errors) == 1
    assert cauchy_scale(np.zeros(50), np.full(50, 0.2)) == pytest.approx(1e-3)


def test_the_trend_is_found_again() -> None:
    generator = np.random.default_rng(5)
    means = np.exp(generator.normal(4, 2, 4000))
    true = 0.1 + 3 / means
    found = parametric_trend(means, true * generator.gamma(4, 1 / 4, 4000))
    assert found is not None
    assert found == pytest.approx((0.1, 3.0), rel=0.05)
    assert parametric_trend(means, 0.01 * means) is None  # it rises, so a1 would be below 0


def test_the_spread_of_few_is_that_of_r() -> None:
    """R DESeq2 1.38.3 draws 10,000 for each; here of residuals of a known spread."""
    generator = np.random.default_rng(7)
    for variance in (0.5, 1.5):
        residuals = np.log(generator.chisquare(2, 50_000) / 2)
        residuals += generator.normal(0, np.sqrt(variance), 50_000)
        assert spread_of_few(residuals, 2) == pytest.approx(variance, abs=0.15)
