"""The exact p of Spearman's rho, against every order, published critical values and scipy."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from tcga_corr.stats.correlation import correlate_rows
from tcga_corr.stats.exact_spearman import MAX_SAMPLES, exact_p, least_p
from tcga_corr.stats.methods import p_of_r
from tests.analysis.vectors import associated


def p_over_all_orders(x: np.ndarray, y: np.ndarray) -> float:
    """The share of all orders of y that have at least as large an absolute rho."""
    x, y = (stats.zscore(stats.rankdata(one)) for one in (x, y))
    rho = [abs(np.dot(x, y[list(order)])) for order in itertools.permutations(range(len(y)))]
    return float(np.mean(np.array(rho) >= abs(np.dot(x, y)) - 1e-9))


@pytest.mark.parametrize("n", range(2, 9))
def test_p_is_the_share_of_all_orders(n: int) -> None:
    rng = np.random.default_rng(n)
    for _ in range(3):
        x, y = rng.permutation(n), rng.permutation(n)
        rho = stats.spearmanr(x, y).statistic
        assert exact_p(np.array([rho]), n)[0] == pytest.approx(p_over_all_orders(x, y), rel=1e-12)


@pytest.mark.parametrize(
    ("n", "critical"), [(8, (0.738, 0.881)), (10, (0.648, 0.794)), (12, (0.587, 0.727))]
)
def test_published_critical_values(n: int, critical: tuple[float, float]) -> None:
    """Zar 1984, Biostatistical Analysis, table B.20: the least rho of a two-sided p of .05, .01."""
    for alpha, rho in zip((0.05, 0.01), critical, strict=True):
        step = 12 / (n**3 - n)
        at, below = exact_p(np.array([rho, rho - step]) - 5e-4, n)
        assert at <= alpha < below


def test_p_equals_scipys_permutation_test() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 6))
    found = stats.permutation_test(
        (x,),
        lambda one: stats.spearmanr(one, y).statistic,
        permutation_type="pairings",
        n_resamples=np.inf,
    )
    rho = correlate_rows(x[np.newaxis], y[np.newaxis], "spearman")
    p = p_of_r(rho, 6, "spearman")[0]
    assert p == pytest.approx(found.pvalue, rel=1e-9)


def test_with_ties_p_is_nearer_to_that_of_all_orders_than_t() -> None:
    n = 8
    rng = np.random.default_rng(1)
    errors = []
    for _ in range(4):
        x = rng.normal(size=n)
        y = np.maximum(x + rng.normal(size=n), np.quantile(x, 0.3))
        rho = stats.spearmanr(x, y)
        exact = p_over_all_orders(x, y)
        p = exact_p(np.array([rho.statistic]), n)[0]
        errors.append([abs(math.log(one / exact)) for one in (p, rho.pvalue)])
    by_orders, by_t = np.mean(errors, axis=0)
    assert by_orders < by_t


def test_a_perfect_rho_of_ten_samples() -> None:
    x = np.arange(10.0)
    found = associated(x, x**3, "spearman")
    assert found.p[0] == pytest.approx(2 / math.factorial(10), rel=1e-12)


@pytest.mark.parametrize("n", [10, MAX_SAMPLES, MAX_SAMPLES + 1, 40, 1_000])
@pytest.mark.parametrize("n_controls", [0, 1])
def test_p_is_never_less_than_all_orders_allow(n: int, n_controls: int) -> None:
    r = np.array([1.0, -1.0, 1 - 1e-13, 0.0, np.nan])
    p = p_of_r(r, n, "spearman", n_controls)
    assert np.array_equal(np.isnan(p), np.isnan(r))
    assert (p[:3] >= least_p(n)).all()
    assert (p[:3] > 0).all()
    assert p[3] == 1
    if n <= 40:
        assert least_p(n) == pytest.approx(2 / math.factorial(n), rel=1e-9)


def test_sizes_and_controls_may_differ() -> None:
    r = np.random.default_rng(2).uniform(-1, 1, (4, 5))
    n, n_controls = np.array([[10], [12], [13], [300]]), np.array([[0], [1], [0], [2]])
    found = p_of_r(r, n, "spearman", n_controls)
    for row in range(len(r)):
        for column in range(r.shape[1]):
            alone = p_of_r(r[row, column], n[row, 0], "spearman", n_controls[row, 0])
            assert found[row, column] == alone


def test_exact_and_t_meet() -> None:
    """At the largest exact size they differ by little where p is not small."""
    r = np.linspace(0.05, 0.6, 12)
    by_t = p_of_r(r, MAX_SAMPLES + 1, "spearman", 1)
    assert exact_p(r, MAX_SAMPLES) == pytest.approx(by_t, rel=0.12)
