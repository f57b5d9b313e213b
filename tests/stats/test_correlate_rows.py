"""Correlation of rows, plain and of what controls leave, against numpy and scipy row by row.

Tolerance: 1e-12, and 1e-9 of what is left by controls.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tcga_corr.choices import Method
from tcga_corr.stats.correlation import Fit, correlate_rows, unit_rows
from tcga_corr.vocabulary.methods import METHODS
from tests.analysis.vectors import associated

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
SCIPY = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}
LINEAR: tuple[Method, ...] = ("pearson", "spearman")


def pairs(rows: int, n: int, seed: int = 0, decimals: int | None = None) -> tuple[Matrix, Matrix]:
    """Rows of other means, scales and correlations; few decimals give ties."""
    rng = np.random.default_rng(seed)
    x, noise = rng.normal(size=(2, rows, n))
    rho = np.linspace(-0.99, 0.99, rows)[:, np.newaxis]
    y = rho * x + np.sqrt(1 - rho**2) * noise
    if decimals is not None:
        x, y = x.round(decimals), y.round(decimals)
    levels = np.arange(rows)[:, np.newaxis]
    return 100.0 * levels + x, 1e-3 * y - levels


def one_by_one(x: Matrix, y: Matrix, method: Method) -> Vector:
    return np.array([SCIPY[method](*pair).statistic for pair in zip(x, y, strict=True)])


def residuals(values: Vector, controls: Matrix) -> Vector:
    """What a regression with an intercept leaves."""
    design = np.column_stack([np.ones(len(values)), controls])
    return np.asarray(values - design @ np.linalg.lstsq(design, values, rcond=None)[0])


def partial(x: Vector, y: Vector, controls: Matrix, method: Method) -> float:
    if method == "spearman":
        x, y, controls = stats.rankdata(x), stats.rankdata(y), stats.rankdata(controls, axis=0)
    return float(np.corrcoef(residuals(x, controls), residuals(y, controls))[0, 1])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("decimals", [None, 0, 1])
@pytest.mark.parametrize("n", [3, 10, 57])
def test_each_row_as_scipy_has_it(method: Method, decimals: int | None, n: int) -> None:
    x, y = pairs(25, n, seed=n, decimals=decimals)
    found = correlate_rows(x, y, method)
    varied = (np.ptp(x, axis=1) > 0) & (np.ptp(y, axis=1) > 0)
    assert varied.sum() > 20
    expected = one_by_one(x[varied], y[varied], method)
    np.testing.assert_allclose(found[varied], expected, rtol=0, atol=1e-12)
    assert np.isnan(found[~varied]).all()


@pytest.mark.parametrize("method", METHODS)
def test_one_row_with_many(method: Method) -> None:
    x, y = pairs(12, 31, decimals=1)
    found = correlate_rows(x[3:4], y, method)
    expected = one_by_one(np.broadcast_to(x[3], y.shape), y, method)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert found.shape == (12,)
    alone = correlate_rows(x[3:4], y[5:6], method)
    np.testing.assert_allclose(alone, expected[5:6], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("method", "n_controls"), [*((m, 0) for m in METHODS), *((m, 3) for m in LINEAR)]
)
def test_rows_are_as_associations(method: Method, n_controls: int) -> None:
    """Two ways to the same numbers: what is observed, and what it is compared with."""
    x, y = pairs(8, 40, seed=2, decimals=2)
    controls = np.random.default_rng(3).normal(size=(40, n_controls)).round(1)
    fit = Fit(controls, ranked=method == "spearman") if n_controls else None
    own = [associated(*pair, method, controls).r[0] for pair in zip(x, y, strict=True)]
    np.testing.assert_allclose(correlate_rows(x, y, method, fit), own, rtol=0, atol=1e-12)


whole = st.integers(-3, 6).map(float)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(whole, whole), min_size=2, max_size=30), st.sampled_from([*METHODS]))
def test_any_pair_with_ties(points: list[tuple[float, float]], method: Method) -> None:
    x, y = np.array(points).T
    (found,) = correlate_rows(x[np.newaxis], y[np.newaxis], method)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert math.isnan(found)
        return
    assert -1 <= found <= 1
    expected = SCIPY[method](x, y).statistic if len(x) > 2 or method == "kendall" else None
    if expected is not None:
        assert found == pytest.approx(expected, rel=0, abs=1e-12)
    assert correlate_rows(y[np.newaxis], x[np.newaxis], method)[0] == found


def test_tau_b_by_counting_pairs() -> None:
    x, y = np.array([1.0, 1, 2, 3, 3, 5]), np.array([2.0, 1, 2, 2, 4, 0])
    order = [(np.sign(x[j] - x[i]), np.sign(y[j] - y[i])) for i in range(6) for j in range(i)]
    balance = sum(a * b for a, b in order)
    apart = sum(a != 0 for a, _ in order) * sum(b != 0 for _, b in order)
    (found,) = correlate_rows(x[np.newaxis], y[np.newaxis], "kendall")
    assert found == pytest.approx(balance / math.sqrt(apart), rel=1e-14)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0.0, 0.1, -1e6, 1e-300])
def test_a_constant_row_has_no_r(method: Method, value: float) -> None:
    x, y = pairs(4, 20)
    x[1] = y[2] = value
    found = correlate_rows(x, y, method)
    assert np.isnan(found).tolist() == [False, True, True, False]
    assert np.isnan(correlate_rows(x[1:2], y, method)).all()


def test_rounding_error_is_no_variation() -> None:
    steps, line = np.arange(20) % 2, np.arange(20.0)[np.newaxis]
    assert np.isnan(correlate_rows((5 + steps * 1e-15)[np.newaxis], line))[0]
    expected = np.corrcoef(steps, line[0])[0, 1]
    (found,) = correlate_rows((5 + steps * 1e-6)[np.newaxis], line)
    assert found == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_a_perfect_correlation_is_one(method: Method) -> None:
    """Exactly, whichever way its sums round; and what is nearly perfect is less."""
    x = np.random.default_rng(4).normal(size=(300, 33))
    for sign in (1, -1):
        assert np.array_equal(correlate_rows(x, sign * 3 * x, method), np.full(300, sign))
        moved = correlate_rows(x, sign * 3 * x + 1, method)
        assert np.abs(moved).max() <= 1
        np.testing.assert_allclose(moved, sign, rtol=0, atol=1e-12)
    x[:, 0] = 5
    near = x.copy()
    near[:, 0] += 1e-5
    assert (correlate_rows(x, near)[x.argmax(axis=1) == 0] < 1).all()


@pytest.mark.parametrize("method", METHODS)
def test_no_rows_no_r(method: Method) -> None:
    none = np.empty((0, 12))
    assert correlate_rows(none, none, method).shape == (0,)
    assert correlate_rows(np.arange(12.0)[np.newaxis], none, method).shape == (0,)


@pytest.mark.parametrize("method", METHODS)
def test_values_are_left_as_they_are(method: Method) -> None:
    x, y = pairs(5, 20)
    fit = None if method == "kendall" else Fit(y[:2].T.copy())
    kept = x.copy(), y.copy()
    correlate_rows(x, y, method, fit)
    assert np.array_equal(x, kept[0])
    assert np.array_equal(y, kept[1])


@pytest.mark.parametrize("method", LINEAR)
def test_unit_rows_have_no_mean_and_length_one(method: Method) -> None:
    """Their products are the correlations of all rows with all."""
    values = pairs(9, 25, decimals=1)[0]
    values[4] = 2.5
    rest = [row for row in range(9) if row != 4]
    controls = np.random.default_rng(1).normal(size=(25, 2))
    for fit in (None, Fit(controls, ranked=method == "spearman")):
        units = unit_rows(values, method, fit)
        assert units.shape == values.shape
        assert np.isnan(units[4]).all()
        np.testing.assert_allclose(units[rest].sum(axis=1), 0, atol=1e-12)
        np.testing.assert_allclose(np.square(units[rest]).sum(axis=1), 1, rtol=1e-12)
        products = units[rest] @ units[rest].T
        for (i, one), (j, other) in itertools.combinations(enumerate(rest), 2):
            expected = correlate_rows(values[[one]], values[[other]], method, fit)[0]
            assert products[i, j] == pytest.approx(expected, rel=0, abs=1e-12)


# --- adjusted ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", LINEAR)
@pytest.mark.parametrize("n_controls", [1, 2, 5])
@pytest.mark.parametrize("decimals", [None, 1])
def test_partial_r_is_r_of_residuals(method: Method, n_controls: int, decimals: int | None) -> None:
    x, y = pairs(15, 40, seed=n_controls, decimals=decimals)
    rng = np.random.default_rng(100 + n_controls)
    controls = 5 + rng.normal(size=(40, n_controls)) @ rng.normal(size=(n_controls, n_controls))
    controls += x[:n_controls].T - 100.0 * np.arange(n_controls)
    if decimals is not None:
        controls = controls.round(decimals)
    fit = Fit(controls, ranked=method == "spearman")
    assert fit.n_controls == n_controls
    found = correlate_rows(x, y, method, fit)
    expected = [partial(*pair, controls, method) for pair in zip(x, y, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    assert np.abs(found - correlate_rows(x, y, method)).max() > 0.01
    one = correlate_rows(x[2:3], y, method, fit)
    expected = [partial(x[2], row, controls, method) for row in y]
    np.testing.assert_allclose(one, expected, rtol=0, atol=1e-9)


def test_partial_r_of_one_control_by_the_textbook() -> None:
    (x,), (y,) = pairs(1, 30)
    z = x + np.random.default_rng(7).normal(size=30)
    xy, xz, yz = (np.corrcoef(*pair)[0, 1] for pair in ((x, y), (x, z), (y, z)))
    expected = (xy - xz * yz) / math.sqrt((1 - xz**2) * (1 - yz**2))
    (found,) = correlate_rows(x[np.newaxis], y[np.newaxis], "pearson", Fit(z[:, np.newaxis]))
    assert found == pytest.approx(expected, abs=1e-12)


def base(n: int = 24) -> tuple[Vector, Vector]:
    first, second = np.random.default_rng(11).normal(size=(2, n))
    return first, second


@pytest.mark.parametrize("ranked", [False, True])
@pytest.mark.parametrize(
    ("columns", "n_controls"),
    [
        (lambda a, b: [], 0),
        (lambda a, b: [np.full(24, 0.1)], 0),
        (lambda a, b: [np.full(24, 0.1), np.full(24, 1e6), np.zeros(24)], 0),
        (lambda a, b: [5 + (np.arange(24) % 2) * 1e-15], 0),
        (lambda a, b: [a], 1),
        (lambda a, b: [1e-14 * a], 1),
        (lambda a, b: [1e9 * a, 3e9 * a + 7e8, b], 2),
        (lambda a, b: [a, np.full(24, -3.3), a], 1),
        (lambda a, b: [a, -2 * a + 7], 1),
        (lambda a, b: [1e-9 * a, 1e9 + 1e5 * a, b], 2),
        (lambda a, b: [a, b], 2),
    ],
)
def test_a_control_counts_where_it_adds_something(
    ranked: bool, columns: Any, n_controls: int
) -> None:
    several = columns(*base())
    controls = np.column_stack(several) if several else np.empty((24, 0))
    if ranked and n_controls == 0 and several and np.ptp(controls) > 0 and len(several) == 1:
        n_controls = 1  # whose ranks do vary
    fit = Fit(controls, ranked=ranked)
    assert fit.n_controls == n_controls


def test_collinear_controls_count_once() -> None:
    a, b = base()
    x, y = pairs(6, 24)
    both = Fit(np.column_stack([a, b]))
    for third in (a + b, 3 * a - b + 2, a):
        fit = Fit(np.column_stack([a, b, third, np.ones(24)]))
        assert fit.n_controls == 2
        np.testing.assert_allclose(
            correlate_rows(x, y, "pearson", fit), correlate_rows(x, y, "pearson", both), atol=1e-9
        )
    assert Fit(np.column_stack([a, b, a + b + 1e-4 * a**2])).n_controls == 3


@pytest.mark.parametrize("method", LINEAR)
def test_controls_that_add_nothing_leave_all_as_it_is(method: Method) -> None:
    x, y = pairs(6, 24)
    plain = correlate_rows(x, y, method)
    for controls in (np.empty((24, 0)), np.full((24, 2), 3.3)):
        fit = Fit(controls, ranked=method == "spearman")
        assert np.array_equal(correlate_rows(x, y, method, fit), plain)
        assert np.array_equal(unit_rows(x, method, fit), unit_rows(x, method))


@pytest.mark.parametrize("method", LINEAR)
def test_a_row_that_is_a_sum_of_controls_has_no_r(method: Method) -> None:
    x, y = pairs(5, 24)
    a, b = base()
    controls = np.column_stack([a, b])
    x[1] = 3 * a + 4
    if method == "pearson":
        x[3] = a - 2 * b + 1e3
    fit = Fit(controls, ranked=method == "spearman")
    gone = [False, True, False, method == "pearson", False]
    assert np.isnan(correlate_rows(x, y, method, fit)).tolist() == gone
    assert np.isnan(correlate_rows(y, x, method, fit)).tolist() == gone
    x[1] += 1e-5 * y[1]
    if method == "pearson":
        found = correlate_rows(x, y, method, fit)[1]
        assert found == pytest.approx(partial(x[1], y[1], controls, method), abs=1e-4)


def test_a_fit_leaves_nothing_along_its_controls() -> None:
    """Of one variable and of many, and a second time nothing more is taken."""
    a, b = base()
    controls = np.column_stack([a, b + 5])
    fit = Fit(controls)
    values = unit_rows(pairs(7, 24)[0])
    left = fit.left_of(values)
    assert left.shape == values.shape
    centred = controls - controls.mean(axis=0)
    np.testing.assert_allclose(left @ centred, 0, atol=1e-12)
    np.testing.assert_allclose(fit.left_of(left), left, atol=1e-12)
    np.testing.assert_allclose(fit.left_of(values[2]), left[2], atol=1e-14)
    assert fit.left_of(values[2]).shape == (24,)
    expected = [residuals(row, controls) for row in values]
    np.testing.assert_allclose(left, expected, atol=1e-12)


def test_a_fit_of_no_samples() -> None:
    for ranked in (False, True):
        assert Fit(np.empty((0, 0)), ranked=ranked).n_controls == 0
        assert Fit(np.empty((0, 2)), ranked=ranked).n_controls == 0


def test_as_many_controls_as_samples_leave_nothing() -> None:
    controls = np.random.default_rng(0).normal(size=(10, 12))
    fit = Fit(controls)
    assert fit.n_controls == 9
    x, y = pairs(3, 10)
    assert np.isnan(correlate_rows(x, y, "pearson", fit)).all()


@settings(deadline=None)
@given(st.data())
def test_any_controls(data: st.DataObject) -> None:
    """Whole numbers, so that many are constant, collinear or leave nothing."""
    n, n_columns = data.draw(st.integers(4, 14)), data.draw(st.integers(1, 4))
    small = st.lists(st.integers(-2, 3).map(float), min_size=n, max_size=n)
    controls = np.array([data.draw(small) for _ in range(n_columns)]).T
    x, y = (np.array(data.draw(small)) for _ in range(2))
    method = data.draw(st.sampled_from(LINEAR))
    fit = Fit(controls, ranked=method == "spearman")
    if method == "spearman":
        x_values, y_values = stats.rankdata(x), stats.rankdata(y)
        fitted = stats.rankdata(controls, axis=0)
    else:
        x_values, y_values, fitted = x, y, controls
    design = np.column_stack([np.ones(n), fitted])
    assert fit.n_controls == np.linalg.matrix_rank(design) - 1
    left = [residuals(values, fitted) for values in (x_values, y_values)]
    (found,) = correlate_rows(x[np.newaxis], y[np.newaxis], method, fit)
    if min(np.linalg.norm(values) for values in left) < 1e-8:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(np.corrcoef(*left)[0, 1], abs=1e-9)
