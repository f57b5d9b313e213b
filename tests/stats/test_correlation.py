"""The association of two vectors, and q-values, against scipy.

Tolerance: 1e-12 on r, interval and q; p, which goes down to 1e-300, within 1e-9 of itself.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tcga_corr.analysis.panel import Pairs
from tcga_corr.choices import Method
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.correlation import MIN_SAMPLES, correlate_rows, unit_rows
from tcga_corr.stats.exact_spearman import MAX_SAMPLES
from tcga_corr.stats.methods import fisher_interval, fisher_variance
from tcga_corr.vocabulary.methods import METHODS
from tests.analysis.vectors import associated, associated_within

Vector = NDArray[np.float64]
SIZES = (10, 11, 12, 30, 79, 1_100, 10, 250)
RHOS = (0.0, 0.9, -0.99, 0.3, 0.5, -0.1, -0.7, 0.999_999)


def groups(decimals: int | None = None, seed: int = 0) -> tuple[Vector, Vector, NDArray[np.int64]]:
    """Groups of other sizes, means, scales and correlations; few decimals give ties."""
    rng = np.random.default_rng(seed)
    parts = []
    for number, (n, rho) in enumerate(zip(SIZES, RHOS, strict=True)):
        x, noise = rng.normal(size=(2, n))
        y = rho * x + math.sqrt(1 - rho**2) * noise
        parts.append(np.stack([50 * number + x, 1e-3 * y - 1e-2 * number]))
    x, y = np.concatenate(parts, axis=1)
    if decimals is not None:
        x, y = x.round(decimals), (1e3 * y).round(decimals)
    return x, y, np.cumsum([0, *SIZES])


def close(value: float, expected: float) -> None:
    assert value == pytest.approx(expected, rel=0, abs=1e-12)


@pytest.mark.parametrize("decimals", [None, 1])
@pytest.mark.parametrize("confidence", [0.95, 0.5, 0.999])
def test_pearson_equals_scipy(decimals: int | None, confidence: float) -> None:
    x, y, offsets = groups(decimals)
    found = associated_within(x, y, offsets)
    low, high = fisher_interval(found.r, fisher_variance(found.r, found.n), confidence)
    if confidence == 0.95:
        assert np.array_equal(low, found.ci_low)
        assert np.array_equal(high, found.ci_high)
    assert found.n.tolist() == list(SIZES)
    assert found.notes == [""] * len(SIZES)
    for group, (start, end) in enumerate(itertools.pairwise(offsets)):
        expected = stats.pearsonr(x[start:end], y[start:end])
        interval = expected.confidence_interval(confidence)
        close(found.r[group], expected.statistic)
        close(low[group], interval.low)
        close(high[group], interval.high)
        assert found.p[group] == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("decimals", [None, 1])
def test_spearman_equals_scipy_and_bonett_wright(decimals: int | None) -> None:
    x, y, offsets = groups(decimals)
    found = associated_within(x, y, offsets, "spearman")
    for group, (start, end) in enumerate(itertools.pairwise(offsets)):
        expected = stats.spearmanr(x[start:end], y[start:end])
        r, n = float(expected.statistic), end - start
        close(found.r[group], r)
        if n > MAX_SAMPLES:
            p = max(expected.pvalue, 2 / math.gamma(n + 1) if n < 170 else 0)
            assert found.p[group] == pytest.approx(p, rel=1e-9, abs=1e-300)
        half_width = stats.norm.ppf(0.975) * math.sqrt((1 + r**2 / 2) / (n - 3))
        close(found.ci_low[group], math.tanh(math.atanh(r) - half_width))
        close(found.ci_high[group], math.tanh(math.atanh(r) + half_width))


@pytest.mark.parametrize("method", METHODS)
def test_x_and_y_may_change_places(method: Method) -> None:
    x, y, offsets = groups()
    one, other = associated_within(x, y, offsets, method), associated_within(y, x, offsets, method)
    for name in ("n", "r", "ci_low", "ci_high", "p"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def without_answer(found: Pairs, group: int = 0) -> str:
    """The note of a group, which must have no numbers."""
    for name in ("r", "ci_low", "ci_high", "p"):
        assert math.isnan(getattr(found, name)[group]), name
    return found.notes[group]


@pytest.mark.parametrize("method", METHODS)
def test_small_and_empty_groups_have_a_note(method: Method) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(2, 29))
    offsets = np.array([0, 10, 10, 19, 29, 29])
    found = associated_within(x, y, offsets, method)
    assert found.n.tolist() == [10, 0, 9, 10, 0]
    assert without_answer(found, 2) == f"too few samples: 9, at least {MIN_SAMPLES} needed"
    assert without_answer(found, 1) == without_answer(found, 4)
    assert "too few samples: 0" in without_answer(found, 1)
    assert found.notes[0] == found.notes[3] == ""
    close(found.r[3], associated(x[19:], y[19:], method).r[0])
    assert np.isfinite(found.p[[0, 3]]).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0.0, 0.1, -1e6, 1e-300])
def test_a_constant_variable_has_a_note(method: Method, value: float) -> None:
    constant, varied = np.full(20, value), np.arange(20.0)
    notes = [
        without_answer(associated(x, y, method))
        for x, y in ((constant, varied), (varied, constant), (constant, constant))
    ]
    assert all("constant" in note for note in notes)
    assert len(set(notes)) == 3  # each says which of the two it is


def test_rounding_error_is_no_variation() -> None:
    """Values apart by the last bits only are constant; real variation, however small, is not."""
    steps = np.arange(20) % 2
    assert "constant" in without_answer(associated(5 + steps * 1e-15, np.arange(20.0)))
    varied = associated(5 + steps * 1e-6, np.arange(20.0))
    assert varied.r[0] == pytest.approx(np.corrcoef(steps, np.arange(20.0))[0, 1], abs=1e-8)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("n", [10, 33, 500])
def test_a_perfect_correlation(method: Method, sign: int, n: int) -> None:
    x = np.random.default_rng(n).normal(size=n)
    found = associated(x, sign * 3 * x + 1, method)
    close(found.r[0], sign)
    close(found.ci_low[0], sign)
    close(found.ci_high[0], sign)
    assert abs(found.r[0]) <= 1
    assert 0 <= found.p[0] < (1e-6 if method != "pearson" and n == 10 else 1e-30)
    assert found.notes == [""]


whole = st.integers(-1_000, 1_000)
pairs = st.lists(st.tuples(whole, whole), min_size=10, max_size=40)


@settings(deadline=None)
@given(pairs, st.sampled_from([*METHODS]))
def test_r_lies_between_its_limits_and_they_within_one(
    points: list[tuple[int, int]], method: Method
) -> None:
    x, y = np.array(points, dtype=np.float64).T
    found = associated(x, y, method)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert "constant" in without_answer(found)
        return
    assert -1 <= found.ci_low[0] <= found.r[0] <= found.ci_high[0] <= 1
    assert 0 <= found.p[0] <= 1


@settings(deadline=None)
@given(pairs, st.integers(1, 64), st.integers(-1_000, 1_000), st.booleans())
def test_pearson_does_not_see_affine_transforms(
    points: list[tuple[int, int]], scale: int, shift: int, turned: bool
) -> None:
    """Whole numbers, so that the transform itself does not round."""
    x, y = np.array(points, dtype=np.float64).T
    assume(len(set(x)) > 1 and len(set(y)) > 1)
    sign = -1 if turned else 1
    found, moved = associated(x, y), associated(sign * scale * x + shift, y)
    close(moved.r[0], sign * found.r[0])
    assert moved.p[0] == pytest.approx(found.p[0], abs=1e-9)


@settings(deadline=None)
@given(pairs)
def test_spearman_does_not_see_monotone_transforms(points: list[tuple[int, int]]) -> None:
    x, y = np.array(points, dtype=np.float64).T
    assume(len(set(x)) > 1 and len(set(y)) > 1)
    found, moved = associated(x, y, "spearman"), associated(x**3, np.exp(y / 100), "spearman")
    assert (moved.r[0], moved.p[0]) == (found.r[0], found.p[0])
    assert associated(-(x**3), y, "spearman").r[0] == pytest.approx(-found.r[0], abs=1e-12)


@settings(deadline=None)
@given(pairs, st.integers(-830, 830), st.floats(1, 2), st.floats(-1, 1), st.integers(0, 2**32))
def test_r_does_not_see_how_large_or_small_values_are(
    points: list[tuple[int, int]], power: int, factor: float, shift: float, seed: int
) -> None:
    """Values of 1e-250 to 1e250, whose squares are no numbers; plain and adjusted."""
    x, y = np.array(points, dtype=np.float64).T
    assume(len(x) > MIN_SAMPLES and len(set(x)) > 1 and len(set(y)) > 1)
    control = np.random.default_rng(seed).normal(size=(len(x), 1))
    a = math.ldexp(factor, power)
    moved = a * x + a * shift
    plain, adjusted = associated(x, y), associated(x, y, controls=control)
    close(associated(moved, y).r[0], plain.r[0])
    close(associated(moved, y / a).r[0], plain.r[0])
    close(associated(moved, y, controls=a * control).r[0], adjusted.r[0])
    np.testing.assert_allclose(
        correlate_rows(np.stack([x, moved]), np.stack([y, y / a])), plain.r[0], rtol=0, atol=1e-12
    )


def test_huge_values_beside_others() -> None:
    """A row of huge or tiny values changes no other row of the matrix by a bit."""
    rows = np.random.default_rng(6).normal(3, 1, (4, 30))
    units = unit_rows(rows)
    for factor in (2.0**800, 2.0**-800):
        scaled = rows * np.array([[1], [factor], [1], [0]])
        found = unit_rows(scaled)
        assert np.array_equal(found[:3], units[:3])
        assert np.isnan(found[3]).all()


p_values = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.05, 1.0, math.nan]))


@settings(deadline=None)
@given(st.lists(p_values, max_size=40))
def test_q_equals_scipy_and_nan_stays(values: list[float]) -> None:
    p = np.array(values, dtype=np.float64)
    before = p.copy()
    q = benjamini_hochberg(p)
    valid = ~np.isnan(p)
    assert np.array_equal(np.isnan(q), ~valid)
    if valid.any():
        expected = stats.false_discovery_control(p[valid])
        np.testing.assert_allclose(q[valid], expected, rtol=0, atol=1e-12)
    assert np.array_equal(p, before, equal_nan=True)


def test_q_by_hand() -> None:
    nan = math.nan
    q = benjamini_hochberg(np.array([0.04, nan, 0.01, 0.03, 0.03, nan]))
    np.testing.assert_allclose(q, [0.04, nan, 0.04, 0.04, 0.04, nan], rtol=0, atol=1e-15)
    assert benjamini_hochberg(np.array([0.2])).tolist() == [0.2]
    assert benjamini_hochberg(np.array([0.01, 0.9])).tolist() == [0.02, 0.9]
    assert np.isnan(benjamini_hochberg(np.array([nan, nan]))).all()
    assert benjamini_hochberg(np.array([])).shape == (0,)
