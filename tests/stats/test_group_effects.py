"""Effects of many variables at once: those of the tests of groups, one variable at a time.

Tolerance: 1e-9, which sums in another order cost.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcga_corr.stats.empirical_p import size_p
from tcga_corr.stats.group_effects import effects_of_many, effects_of_pairs, effects_of_two
from tcga_corr.stats.groups import compare_many, compare_pairs, compare_two

SIZES = st.lists(st.integers(3, 12), min_size=2, max_size=4)


def values_of(n: int, seed: int, decimals: int, rows: int = 7) -> np.ndarray:
    """Rows with ties, zeros and, as the last, a constant."""
    values = np.random.default_rng(seed).normal(0, 2, (rows, n)).round(decimals)
    values[2] = np.maximum(values[2], 0)
    values[-1] = 3.25
    return values


def same(found: float, wanted: float) -> None:
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-9, nan_ok=True)


@given(SIZES, st.integers(0, 10_000), st.integers(0, 3))
def test_effects_of_groups_are_those_of_the_tests(
    sizes: list[int], seed: int, decimals: int
) -> None:
    values = values_of(sum(sizes) + 2, seed, decimals)
    places = np.random.default_rng(seed).permutation(sum(sizes) + 2)  # two in no group
    ends = np.cumsum(sizes)
    groups = [places[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    many = effects_of_many(values, groups)
    two = effects_of_two(values, *groups[:2])
    turned = effects_of_two(values, *groups[1::-1])
    for row, own in enumerate(values):
        for test in compare_many([own[group] for group in groups]):
            if not np.isnan(test.effect):
                same(many[test.test][row], test.effect)
        for test in compare_two(*(own[group] for group in groups[:2])):
            if not np.isnan(test.effect):
                same(two[test.test][row], test.effect)
        for name in two:
            same(turned[name][row], -two[name][row])


@given(st.integers(3, 14), st.integers(0, 10_000), st.integers(0, 3))
def test_effects_within_pairs_are_those_of_the_tests(n: int, seed: int, decimals: int) -> None:
    values = values_of(2 * n + 1, seed, decimals)
    first, second = np.split(np.random.default_rng(seed).permutation(2 * n), 2)
    pairs = [(np.array([a]), np.array([b])) for a, b in zip(first, second, strict=True)]
    pairs[0] = (np.array([first[0], 2 * n]), pairs[0][1])  # two samples of one patient
    found = effects_of_pairs(values, pairs)
    for row, own in enumerate(values):
        a, b = (np.array([own[pair[side]].mean() for pair in pairs]) for side in (0, 1))
        for test in compare_pairs(a, b):
            if not np.isnan(test.effect):
                same(found[test.test][row], test.effect)


def test_single_precision_loses_no_more_than_its_digits() -> None:
    values = values_of(40, 5, 3) + 4_000
    a, b = np.arange(25), np.arange(25, 40)
    exact, single = effects_of_two(values, a, b), effects_of_two(values.astype(np.float32), a, b)
    assert single["welch"][:-1] == pytest.approx(exact["welch"][:-1], abs=2e-3)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=120), st.integers(0, 30))
def test_p_of_a_size_counts_those_as_large(others: list[int], observed: int) -> None:
    values = np.array([*others, np.nan], dtype=np.float64)
    p, high = size_p(values, float(observed))
    assert p == (1 + sum(one >= observed for one in others)) / (len(others) + 1)
    if not np.isnan(high):
        assert (p < 0.05) == (observed > high)
    assert np.isnan(high) == (len(others) < 20)  # 1 of 21 is below 0.05
    assert np.isnan(size_p(values, float("nan"))).all()
