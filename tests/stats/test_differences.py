"""Differences of correlations between groups, and slopes of r, against slow and obvious ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tcga_corr.stats.correlation import Fit, unit_rows
from tcga_corr.stats.differences import (
    _r_of_parts,
    cochran_q,
    difference,
    permutation_p,
    permutation_p_of_slope,
    slope_of_z,
)


def pairs(rng: np.random.Generator, n: int, r: float, heavy: float = 0.0) -> np.ndarray:
    """2 x n of correlation r; with the tails of Student's t of so many degrees of freedom."""
    first, second = rng.standard_normal((2, n))
    both = np.stack([first, r * first + np.sqrt(1 - r**2) * second])
    return both * np.sqrt(heavy / rng.chisquare(heavy, n)) if heavy else both


def test_a_difference_is_that_of_two_fisher_transforms() -> None:
    """The textbook's test of two independent r (Fisher 1921)."""
    z = np.arctanh(0.5) - np.arctanh(0.2)
    error = np.sqrt(1 / 97 + 1 / 47)
    found = difference(float(z), error**2)
    assert found.p == pytest.approx(2 * stats.norm.sf(z / error), rel=1e-12)
    low, high = stats.norm.interval(0.95, z, error)
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), rel=1e-12)
    assert np.isnan(difference(0.1, float("nan")).p)


def test_q_of_two_is_the_square_of_their_difference() -> None:
    z, variance = np.array([0.1, 0.6]), np.array([0.01, 0.03])
    q, df, p = cochran_q(z, variance)
    found = difference(float(z[0] - z[1]), float(variance.sum()))
    assert (df, q) == (1, pytest.approx((z[0] - z[1]) ** 2 / variance.sum()))
    assert p == pytest.approx(found.p, rel=1e-10)


@given(st.integers(0, 2**32), st.lists(st.integers(4, 12), min_size=2, max_size=4))
@settings(max_examples=25, deadline=None)
def test_r_of_the_parts_of_a_permutation(seed: int, sizes: list[int]) -> None:
    """By sums over labels, as one part after another gives it."""
    rng = np.random.default_rng(seed)
    both = pairs(rng, sum(sizes), 0.4)
    order = np.stack([rng.permutation(sum(sizes)) for _ in range(3)])
    found = _r_of_parts(both, order, sizes)
    ends = np.cumsum([0, *sizes])
    for number, part in enumerate(found):
        members = order[:, ends[number] : ends[number + 1]]
        expected = [np.corrcoef(both[:, own])[0, 1] for own in members]
        np.testing.assert_allclose(part, expected, atol=1e-6)


def test_r_of_the_parts_has_the_fit_made_again() -> None:
    rng = np.random.default_rng(12)
    controls = [rng.standard_normal((size, 3)) for size in (14, 20)]
    both = rng.standard_normal((2, 34))
    order = np.stack([rng.permutation(34) for _ in range(4)])
    fitted = [Fit(one).directions for one in controls]
    found = _r_of_parts(both, order, [14, 20], fitted)
    for number, (start, stop) in enumerate(((0, 14), (14, 34))):
        design = np.column_stack([np.ones(stop - start), controls[number]])
        for place, members in enumerate(order[:, start:stop]):
            own = both[:, members].T
            left = own - design @ np.linalg.lstsq(design, own, rcond=None)[0]
            expected = np.corrcoef(left.T)[0, 1]
            assert found[number][place] == pytest.approx(expected, rel=1e-10)


def test_what_is_held_fixed_costs_degrees_of_freedom_in_permutations_too() -> None:
    """Shuffled residuals that are not fitted again reject in 12 % of these."""
    rng, hits, n = np.random.default_rng(5), 0, 400
    for _ in range(n):
        fits = [Fit(rng.standard_normal((20, 8))) for _ in range(2)]
        groups = [unit_rows(rng.standard_normal((2, 20)), fit=one) for one in fits]
        fitted = [one.directions for one in fits]
        hits += permutation_p(groups, np.full(2, 1 / 9), 199, fitted) <= 0.05
    low, high = stats.binom.interval(0.998, n, 0.05)
    assert low <= hits <= high


def test_groups_that_do_not_vary_in_a_permutation_are_not_counted() -> None:
    """A gene with many zeros: in nearly half of the permutations the small group has no other."""
    rng = np.random.default_rng(3)
    x = np.zeros((2, 80))
    x[:, [0, 1, *range(20, 24)]] = rng.normal(8, 1, (2, 6))
    parts = [x[:, :10], x[:, 10:]]
    order = np.stack([rng.permutation(80) for _ in range(300)])
    scaled = np.concatenate([unit_rows(one) * np.sqrt(one.shape[1]) for one in parts], axis=1)
    found = _r_of_parts(scaled, order, [10, 70])[0]
    constant = np.array([len(np.unique(scaled[0, own[:10]])) == 1 for own in order])
    assert constant.sum() > 20
    assert np.array_equal(np.isnan(found), constant)
    p = permutation_p([unit_rows(one) for one in parts], np.array([1 / 7, 1 / 67]), 999)
    assert 1 / 999 < p <= 1


def by_loop(groups: list[np.ndarray], n_draws: int, seed: int) -> float:
    """The permutation p of two groups of equal size, one permutation after another."""
    rng = np.random.default_rng(seed)
    scaled = [group * np.sqrt(group.shape[1]) for group in groups]
    both = np.concatenate(scaled, axis=1)

    def delta(parts: list[np.ndarray]) -> float:
        z = [np.arctanh(np.corrcoef(part)[0, 1]) for part in parts]
        return abs(z[0] - z[1])

    n, observed, beyond = scaled[0].shape[1], delta(scaled), 0
    for _ in range(n_draws):
        shuffled = both[:, rng.permutation(both.shape[1])]
        beyond += delta([shuffled[:, :n], shuffled[:, n:]]) >= observed
    return (beyond + 1) / (n_draws + 1)


def test_the_permutation_p_is_that_of_a_loop() -> None:
    rng = np.random.default_rng(11)
    for r in (0.3, 0.55, 0.8):
        groups = [unit_rows(pairs(rng, 40, one)) for one in (0.3, r)]
        variance = np.full(2, 1 / 37)
        p, slow = permutation_p(groups, variance, 4_000), by_loop(groups, 4_000, 3)
        assert p == pytest.approx(slow, abs=4 * np.sqrt(slow * (1 - slow) / 2_000) + 5e-4)
        assert p == permutation_p(groups, variance, 4_000)  # the same each time


@pytest.mark.parametrize(
    ("sizes", "r", "heavy", "spread"),
    [((60, 60), 0.3, 0.0, 1.0), ((60, 60), 0.3, 4.0, 1.0), ((20, 80), 0.5, 4.0, 3.0)],
)
def test_the_type_1_error_is_held(
    sizes: tuple[int, int], r: float, heavy: float, spread: float
) -> None:
    """Also where groups differ in mean and spread, or have heavy tails, where p itself does not."""
    rng = np.random.default_rng(2)
    hits, n = 0, 400
    for _ in range(n):
        groups = [pairs(rng, size, r, heavy) for size in sizes]
        groups[1] = groups[1] * spread + spread
        variance = 1 / (np.array(sizes) - 3.0)
        hits += permutation_p([unit_rows(one) for one in groups], variance, 199) <= 0.05
    low, high = stats.binom.interval(0.998, n, 0.05)
    assert low <= hits <= high


def test_a_planted_difference_is_found() -> None:
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(100):
        groups = [unit_rows(pairs(rng, 100, r)) for r in (0.1, 0.5)]
        hits += permutation_p(groups, np.full(2, 1 / 97), 199) <= 0.05
    assert hits >= 75  # of z = .45 and n = 2 x 100, 88 % by normal theory


def of_number(rng: np.random.Generator, n: int, slope: float) -> tuple[np.ndarray, np.ndarray]:
    """x and y whose z changes by a slope with a number, which x goes with too."""
    number = rng.standard_normal(n)
    r = np.tanh(0.3 + slope * number)
    first, second = rng.standard_normal((2, n))
    both = np.stack([first + 0.5 * number, r * first + np.sqrt(1 - r**2) * second])
    return unit_rows(both, fit=Fit(number[:, np.newaxis])), number


def test_the_slope_is_that_of_the_fitted_products() -> None:
    rng = np.random.default_rng(6)
    (x, y), number = of_number(rng, 80, 0.3)
    found = slope_of_z(x, y, number * 7 + 3, 1)  # in whatever unit
    products = x * y * len(x)
    fitted = stats.linregress((number - number.mean()) / number.std(), products)
    assert found.delta == pytest.approx(fitted.slope / (1 - (x @ y) ** 2), rel=1e-10)
    assert found.ci_low < found.delta < found.ci_high


def test_slopes_hold_their_error_and_are_found() -> None:
    rng = np.random.default_rng(8)
    n, hits, shuffled, power = 300, 0, 0, 0
    for _ in range(n):
        (x, y), number = of_number(rng, 60, 0.0)
        hits += slope_of_z(x, y, number, 1).p <= 0.05
        shuffled += permutation_p_of_slope(x, y, number, 199) <= 0.05
        (x, y), number = of_number(rng, 200, 0.3)
        power += permutation_p_of_slope(x, y, number, 199) <= 0.05
    low, high = stats.binom.interval(0.998, n, 0.05)
    assert low <= hits <= high
    assert low <= shuffled <= high
    assert power > 0.7 * n
