"""An observed r among the values of a null: p, range, z and mean, against loops over the values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcga_corr.stats import comparison
from tcga_corr.stats.comparison import Comparison, compare, compare_among

nan = math.nan
FIELDS = ("p", "z", "mean", "low", "high", "count")
NEAR = 1e-5
"""Values that differ by no more count as equal."""


def slow(values: Sequence[float], r: float, *, tail: bool = False) -> dict[str, float]:
    """What is decided, by counting."""
    draws = sorted(value for value in values if not math.isnan(value))
    n = len(draws)
    at_most = sum(value <= r + NEAR for value in draws)
    at_least = sum(value >= r - NEAR for value in draws)
    fewer = min(at_most, at_least)
    found = dict.fromkeys(FIELDS, nan) | {"count": n}
    if n and not math.isnan(r):
        found["p"] = min(1.0, 2 * (1 + fewer) / (n + 1))
    on_z = [math.atanh(value) for value in draws if abs(value) < 1]
    if on_z:
        found["mean"] = math.tanh(fmean(on_z))
    if len(on_z) > 1 and stdev(on_z) > 0 and abs(r) < 1:
        found["z"] = (math.atanh(r) - fmean(on_z)) / stdev(on_z)
    if tail and n >= 1_000 and fewer < 10 and not math.isnan(found["z"]):
        beyond = 2 * NormalDist().cdf(-abs(found["z"]))
        found["p"] = min(2 * 11 / (n + 1), beyond)
    place = math.ceil(round(0.025 * (n + 1), 9)) - 1
    if place >= 1:
        found["low"], found["high"] = draws[place - 1], draws[n - place]
    return found


def assert_equal(found: Comparison, place: int, expected: dict[str, float]) -> None:
    for name in FIELDS:
        one = float(getattr(found, name)[place])
        # a mean is exact to 1e-16; z is a difference from it in deviations of as little as 1e-6
        least = 1e-9 if name == "z" else 1e-12
        assert one == pytest.approx(expected[name], rel=1e-9, abs=least, nan_ok=True), name


# few values, so that many are equal to the observed one
r_like = st.sampled_from([-1.0, -0.5, -0.25, 0.0, 0.25, 0.5 - 9e-6, 0.5, 0.5 + 9e-6, 1.0, nan])
observed_like = st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.3, 0.5, 1.0])


@given(st.lists(st.tuples(*[r_like] * 3), min_size=1, max_size=90), st.tuples(*[observed_like] * 3))
def test_the_numbers_equal_the_loop(
    draws: list[tuple[float, ...]], observed: tuple[float, ...]
) -> None:
    """Of several pairs at once, in double and in single precision."""
    for values in (np.array(draws), np.array(draws, dtype=np.float32)):
        found = compare(values, np.array(observed))
        for place, r in enumerate(observed):
            # single precision moves a value by less than the tolerance
            expected = slow(values[:, place].astype(np.float64).tolist(), r)
            if abs(expected["z"]) > 1e6:  # draws that are equal but for rounding
                continue
            assert_equal(found, place, expected)


@given(
    st.integers(900, 1_100),
    st.integers(0, 12),
    st.sampled_from([-1, 1]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_few_values_beyond_are_counted_by_a_normal_tail(
    n: int, beyond: int, sign: int, tail: bool, seed: int
) -> None:
    """Of 1,000 values and more, of which less than ten are as far out."""
    values = np.tanh(np.random.default_rng(seed).normal(0.1, 0.2, n))
    ordered = np.sort(sign * values)[::-1]
    r = sign * float((ordered[beyond - 1] + ordered[beyond]) / 2 if beyond else ordered[0] + 0.01)
    found = compare(values[:, np.newaxis], np.array([r]), normal_tail=tail)
    expected = slow(values.tolist(), r, tail=tail)
    assert_equal(found, 0, expected)
    by_rank = 2 * (1 + beyond) / (n + 1)
    if not tail or n < 1_000 or beyond >= 10:
        assert found.p[0] == pytest.approx(by_rank, abs=1e-12)


def test_a_normal_tail_by_hand() -> None:
    """A thousand values that are as the normal distribution's quantiles, and an r far away."""
    on_z = np.array([NormalDist(0.2, 0.1).inv_cdf((i + 0.5) / 1_000) for i in range(1_000)])
    found = compare(np.tanh(on_z)[:, np.newaxis].repeat(3, axis=1), np.tanh([0.7, -0.3, 0.2]),
                    normal_tail=True)  # fmt: skip
    assert found.z == pytest.approx([5, -5, 0], abs=0.01)
    assert found.p[:2] == pytest.approx(2 * NormalDist().cdf(-5), rel=0.05)
    assert found.p[2] == 1
    assert found.mean == pytest.approx(math.tanh(0.2), abs=1e-9)


@pytest.mark.parametrize("n", [*range(1, 125), 199, 200, 999, 1_000, 1_001])
def test_p_is_below_one_in_twenty_exactly_outside_the_range(n: int) -> None:
    """Whatever r is, between, below, above, or one of the values."""
    values = np.linspace(-0.9, 0.9, n) if n > 1 else np.zeros(1)
    between = (values[1:] + values[:-1]) / 2
    observed = np.concatenate([[-0.95, 0.95], values, between])
    for normal_tail in (False, True):
        found = compare(
            np.broadcast_to(values[:, np.newaxis], (n, len(observed))),
            observed,
            normal_tail=normal_tail,
        )
        if n < 40:
            assert np.isnan([found.low, found.high]).all()
            assert (found.p >= 0.05).all()
        else:
            outside = (observed < found.low - 1e-12) | (observed > found.high + 1e-12)
            assert outside.any()
            assert np.array_equal(found.p < 0.05, outside)


def test_a_difference_of_rounding_is_none() -> None:
    """Values 0.9e-5 from r count on both sides, those 1.1e-5 away on one."""
    draws = np.array([0.3 + 0.9e-5, 0.3 - 0.9e-5, 0.3 + 1.1e-5, 0.3 - 1.1e-5, 0.9, 0.9, 0.9, 0.9])
    found = compare(draws[:, np.newaxis], np.array([0.3]))
    assert found.p[0] == 2 * (1 + 3) / 9  # three at most r, seven at least


@given(st.lists(st.floats(-0.99, 0.99), min_size=2, max_size=60), st.floats(-0.99, 0.99))
def test_the_other_direction_is_the_mirror_image(draws: list[float], r: float) -> None:
    values = np.array(draws)[:, np.newaxis]
    found, mirrored = compare(values, np.array([r])), compare(-values, np.array([-r]))
    assert found.p[0] == mirrored.p[0]
    assert [found.low[0], found.high[0]] == pytest.approx(
        [-mirrored.high[0], -mirrored.low[0]], nan_ok=True
    )
    assert found.mean[0] == pytest.approx(-mirrored.mean[0], abs=1e-12)
    if abs(found.z[0]) < 1e6:
        assert found.z[0] == pytest.approx(-mirrored.z[0], rel=1e-6, abs=1e-9)


@given(st.lists(st.floats(-0.99, 0.99), min_size=2, max_size=60), st.randoms())
def test_the_order_of_the_values_does_not_count(draws: list[float], random: object) -> None:
    shuffled = list(draws)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found, again = (
        compare(np.array(one)[:, np.newaxis], np.array([0.2])) for one in (draws, shuffled)
    )
    for name in FIELDS:
        assert np.array_equal(getattr(found, name), getattr(again, name), equal_nan=True)


@pytest.mark.parametrize("n_draws", [39, 99, 1_000])
def test_p_is_valid_where_r_is_one_of_the_values(n_draws: int) -> None:
    """P(p <= a) is a wherever a is a p-value that can be."""
    n = 4_000
    values = np.tanh(np.random.default_rng(7).normal(0.3, 0.2, (n_draws + 1, n)))
    p = compare(values[1:], values[0]).p
    for level in (0.05, 0.1, 0.2, 0.5):
        possible = 2 * math.floor(level / 2 * (n_draws + 1)) / (n_draws + 1)
        error = 4 * math.sqrt(level * (1 - level) / n)
        assert abs((p <= level + 1e-12).mean() - possible) <= error


def test_many_pairs_are_compared_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    draws, observed = rng.uniform(-1, 1, (50, 23)), rng.uniform(-1, 1, 23)
    whole = compare(draws, observed)
    monkeypatch.setattr(comparison, "_AT_ONCE", 200)
    parts = compare(draws, observed)
    for name in FIELDS:
        assert np.array_equal(getattr(whole, name), getattr(parts, name))
    nothing = compare(np.empty((50, 0)), np.empty(0))
    assert all(len(getattr(nothing, name)) == 0 for name in FIELDS)


def test_entries_are_set_by_place() -> None:
    rng = np.random.default_rng(2)
    some = compare(rng.uniform(-1, 1, (60, 3)), rng.uniform(-1, 1, 3))
    found = Comparison.empty(5)
    found.put(np.array([4, 0]), some.some(np.array([1, 2])))
    assert found.p[4] == some.p[1]
    assert found.high[0] == some.high[2]
    assert np.isnan(found.p[1:4]).all()
    assert found.count.tolist() == [60, 0, 0, 0, 60]


# --- one of a whole population --------------------------------------------------------------------


@given(st.lists(r_like, min_size=4, max_size=120))
def test_among_all_the_others(population: list[float]) -> None:
    """Each value with the list of the others."""
    values = np.array(population)
    places = [place for place, value in enumerate(population) if not math.isnan(value)]
    found = compare_among(values, values[places])
    for number, place in enumerate(places):
        others = population[:place] + population[place + 1 :]
        expected = slow(others, population[place])
        if not abs(expected["z"]) < 1e3:  # others that are equal but for rounding
            expected["z"] = found.z[number]
        assert_equal(found, number, expected)


def test_p_among_all_counts_the_value_itself() -> None:
    """So of N values the two most extreme have p = 2 / N."""
    values = np.random.default_rng(3).permutation(np.linspace(-0.8, 0.9, 500))
    found = compare_among(values, values)
    place = np.argsort(np.argsort(values))
    assert found.p == pytest.approx(np.minimum(1, 2 * np.minimum(place + 1, 500 - place) / 500))
    assert (found.count == 499).all()
    outside = (values < found.low) | (values > found.high)
    assert np.array_equal(found.p < 0.05, outside)


def test_a_perfect_r_among_all() -> None:
    """As of a gene measured twice: it has a p, and no z; the mean is that of the others."""
    values = np.concatenate([np.linspace(-0.5, 0.5, 101), [1.0]])
    found = compare_among(values, values[-1:])
    assert found.p[0] == pytest.approx(2 / 102)
    assert math.isnan(found.z[0])
    assert found.mean[0] == pytest.approx(0, abs=1e-12)
