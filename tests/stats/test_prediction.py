"""The prediction interval against drawing tau^2, the mean and one more type, as its authors do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tcga_corr.stats.pooling import pool
from tcga_corr.stats.prediction import prediction_interval

Vector = NDArray[np.float64]
DRAWS = 200_000

# ten simulated trials of Riley, Higgins & Deeks 2011 (doi:10.1136/bmj.d549), from R's pimeta
SBP_Z = [0.0, 0.1, -0.4, -0.8, -0.63, 0.22, -0.34, -0.51, 0.03, -0.81]
SBP_ERROR = [0.42347717, 0.21939179, 0.02551067, 0.19898325, 0.30102594]
SBP_ERROR += [0.30102594, 0.07142988, 0.10204269, 0.12245123, 0.30102594]


def drawn_tau2(z: Vector, variance: Vector, rng: np.random.Generator) -> Vector:
    """tau^2 from its confidence distribution: where a drawn sum of (1 + tau^2 d) chi^2 is q."""
    w = 1 / variance
    matrix = np.diag(w) - np.outer(w, w) / w.sum()
    d = np.linalg.eigvalsh(matrix)[1:]
    chi2 = rng.chisquare(1, size=(DRAWS, len(z) - 1))
    tau2: Vector = np.maximum(0, (z @ matrix @ z - chi2.sum(axis=1)) / (chi2 @ d))
    return tau2


def drawn(z: Vector, variance: Vector, truncated: bool, seed: int = 0) -> Vector:
    """The z of one more type, many times: the slow version."""
    rng = np.random.default_rng(seed)
    tau2, k = drawn_tau2(z, variance, rng), len(z)
    u = 1 / (variance + tau2[:, None])
    mean = (u * z).sum(axis=1) / u.sum(axis=1)
    error2 = (u * (z - mean[:, None]) ** 2).sum(axis=1) / ((k - 1) * u.sum(axis=1))
    if truncated:
        error2 = np.maximum(error2, 1 / u.sum(axis=1))
    apart = np.sqrt(tau2) * rng.standard_normal(DRAWS)
    return mean + apart + np.sqrt(error2) * rng.standard_t(k - 1, DRAWS)


def sampled(k: int, tau: float, seed: int, error: float = 1.0) -> tuple[Vector, Vector]:
    """z of k types of 40 to 1,200 samples, and their variances."""
    rng = np.random.default_rng(seed)
    variance = 1 / (np.exp(rng.uniform(math.log(40), math.log(1_200), k)) - 3)
    return 0.2 + np.hypot(tau, error * np.sqrt(variance)) * rng.standard_normal(k), variance


CASES = {
    "3 alike": sampled(3, 0, 1, error=0.1),
    "3 apart": sampled(3, 0.3, 2),
    "5 by chance": sampled(5, 0, 3),
    "8 a little apart": sampled(8, 0.1, 4),
    "20 far apart": sampled(20, 0.5, 5),
    "33 alike": sampled(33, 0, 6, error=0.7),
    "33 a little apart": sampled(33, 0.05, 7),
    "33 far apart": sampled(33, 0.5, 8),
    "very unequal": (np.array([0.1, 0.5, -0.2, 0.3]), np.array([1e-4, 0.3, 0.02, 1.0])),
    "one outweighs": (np.array([0.5, -0.2, 0.1, 0.3, 0.4]), np.array([1e-9, 0.01, 0.02, 0.01, 1])),
    "two kinds": (np.repeat([0.1, 0.4], 4) + np.arange(8) / 50, np.repeat([1e-5, 0.1], 4)),
    "blood pressure": (np.array(SBP_Z), np.array(SBP_ERROR) ** 2),
}


PLAIN = ("3 alike", "8 a little apart", "33 alike", "very unequal")


@pytest.mark.parametrize(
    ("name", "truncated"), [*((name, True) for name in CASES), *((name, False) for name in PLAIN)]
)
def test_equals_draws(name: str, truncated: bool) -> None:
    z, variance = CASES[name]
    further = drawn(z, variance, truncated)
    for level in (0.8, 0.95):
        low, high = prediction_interval(z, variance, level, truncated=truncated)
        for end, expected in ((low, (1 - level) / 2), (high, (1 + level) / 2)):
            error = math.sqrt(expected * (1 - expected) / DRAWS)
            assert (further <= end).mean() == pytest.approx(expected, abs=4 * error)


@pytest.mark.parametrize("name", ["3 apart", "8 a little apart", "very unequal", "blood pressure"])
def test_draws_of_tau2_follow_cochrans_q(name: str) -> None:
    z, variance = CASES[name]
    rng = np.random.default_rng(9)
    tau2 = drawn_tau2(z, variance, rng)

    def cochran(of: Vector) -> Vector:
        mean = (of / variance).sum(axis=-1, keepdims=True) / (1 / variance).sum()
        q: Vector = ((of - mean) ** 2 / variance).sum(axis=-1)
        return q

    for value in (0, *np.quantile(tau2, [0.5, 0.9])):
        simulated = rng.standard_normal((DRAWS, len(z))) * np.sqrt(variance + value)
        share = (cochran(simulated) >= cochran(z)).mean()
        assert (tau2 <= value).mean() == pytest.approx(share, abs=4 * math.sqrt(0.5 / DRAWS))


def test_equals_the_published_example_of_pimeta() -> None:
    # -0.8807 to 0.2240 in the vignette of 2019-09-17: 25,000 draws, so ends within about 0.005
    low, high = prediction_interval(*CASES["blood pressure"], truncated=False)
    assert (low, high) == pytest.approx((-0.8807, 0.2240), abs=0.015)


@pytest.mark.parametrize("k", [3, 5, 12, 33])
def test_without_any_difference_the_interval_is_that_of_the_mean(k: int) -> None:
    found = pool(np.full(k, 0.3), np.full(k, 0.01))
    for side in ("low", "high"):
        end, expected = getattr(found, f"prediction_{side}"), getattr(found, f"ci_{side}")
        assert end == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("tau", [0.05, 0.1])
def test_coverage_where_types_differ_a_little(tau: float) -> None:
    rng = np.random.default_rng(10)
    k, repeats = 12, 3_000
    variance = 1 / (np.exp(rng.uniform(math.log(40), math.log(1_200), (k, repeats))) - 3)
    z = 0.2 + np.hypot(tau, np.sqrt(variance)) * rng.standard_normal((k, repeats))
    low, high = prediction_interval(z, variance)
    further = 0.2 + tau * rng.standard_normal(repeats)
    assert 0.93 <= ((low <= further) & (further <= high)).mean() <= 0.97


# properties

entry = st.tuples(st.integers(-2_000, 2_000), st.integers(5, 2_000))
entries = st.lists(entry, min_size=3, max_size=12)


def columns(points: list[tuple[int, int]]) -> tuple[Vector, Vector]:
    z, n = np.array(points, dtype=np.float64).T
    return z / 1_000, 1 / (n - 3)


@settings(deadline=None)
@given(entries, st.floats(-3, 3), st.sampled_from([-2.0, -1.0, 0.01, 1.0, 100.0]))
def test_shift_and_scale(points: list[Any], shift: float, scale: float) -> None:
    z, variance = columns(points)
    ends = np.array(prediction_interval(z, variance))
    found = prediction_interval(shift + scale * z, scale**2 * variance)
    width = abs(scale) * (ends[1] - ends[0])
    np.testing.assert_allclose(found, np.sort(shift + scale * ends), rtol=0, atol=1e-6 * width)


@settings(deadline=None)
@given(entries)
def test_lower_confidence_lies_inside(points: list[Any]) -> None:
    z, variance = columns(points)
    low, high = prediction_interval(z, variance, 0.95)
    inner_low, inner_high = prediction_interval(z, variance, 0.8)
    assert low < inner_low < inner_high < high


def test_questions_of_any_number_of_types_at_once() -> None:
    rng = np.random.default_rng(11)
    variance = 1 / rng.uniform(30, 1_000, (9, 600))
    variance[rng.random(variance.shape) < 0.3] = np.inf
    z = rng.normal(0.1, 0.2, variance.shape)
    low, high = prediction_interval(z, variance)
    k = np.isfinite(variance).sum(axis=0)
    assert set(k) >= {3, 5, 9}
    np.testing.assert_array_equal(np.isnan(low), k < 3)
    for question in range(0, 600, 7):
        there = np.isfinite(variance[:, question])
        alone = prediction_interval(z[there, question], variance[there, question])
        found = low[question], high[question]
        np.testing.assert_allclose(found, alone if k[question] > 2 else np.nan, rtol=1e-9)


def test_the_same_bytes_each_time() -> None:
    z, variance = (np.stack([one] * 300, axis=1) for one in CASES["33 far apart"])
    first, second = (prediction_interval(z, variance) for _ in range(2))
    assert np.array_equal(first, second)
    assert np.unique(first, axis=1).shape[1] == 1
