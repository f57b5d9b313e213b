"""Rank tests of many rows: the tests of one row are the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcga_corr.stats.groups import compare_two, signed_ranks
from tcga_corr.stats.rank_tests import mann_whitney_rows, signed_rank_rows

SIZES = [(3, 3), (4, 9), (8, 30), (9, 9), (40, 25)]


def rows(seed: int, n: int, decimals: int) -> np.ndarray:
    """Normal values; of few decimals many are tied."""
    drawn = np.random.default_rng(seed).normal(0, 1.5, (12, n)).round(decimals)
    drawn[3] = 1.0
    return drawn


@pytest.mark.parametrize("decimals", [0, 1, 8])
@pytest.mark.parametrize(("n_a", "n_b"), SIZES)
def test_mann_whitney_is_that_of_each_row(n_a: int, n_b: int, decimals: int) -> None:
    a, b = rows(1, n_a, decimals), rows(2, n_b, decimals)
    expected = [compare_two(*pair)[1].p for pair in zip(a, b, strict=True)]
    assert mann_whitney_rows(a, b) == pytest.approx(expected, rel=1e-12, nan_ok=True)
    assert np.isnan(mann_whitney_rows(a, b)[3])


@pytest.mark.parametrize("decimals", [0, 1, 8])
@pytest.mark.parametrize("n", [3, 7, 50, 60])
def test_signed_ranks_are_those_of_each_row(n: int, decimals: int) -> None:
    a, b = rows(1, n, decimals), rows(2, n, decimals)
    expected = [signed_ranks(*pair).p for pair in zip(a, b, strict=True)]
    assert signed_rank_rows(a, b) == pytest.approx(expected, rel=1e-12, nan_ok=True)
    assert np.isnan(signed_rank_rows(a, a)).all()


def test_two_values_are_too_few() -> None:
    assert np.isnan(mann_whitney_rows(rows(1, 2, 8), rows(2, 9, 8))).all()
    assert np.isnan(signed_rank_rows(rows(1, 2, 8), rows(2, 2, 8))).all()


@given(st.integers(0, 1000), st.integers(3, 12), st.integers(3, 12), st.integers(0, 2))
def test_order_and_monotone_transforms_change_nothing(
    seed: int, n_a: int, n_b: int, decimals: int
) -> None:
    a, b = rows(seed, n_a, decimals), rows(seed + 1, n_b, decimals)
    p = mann_whitney_rows(a, b)
    assert mann_whitney_rows(np.exp(a), np.exp(b)) == pytest.approx(p, nan_ok=True)
    assert mann_whitney_rows(a[:, ::-1], b) == pytest.approx(p, nan_ok=True)
    assert mann_whitney_rows(b, a) == pytest.approx(p, nan_ok=True)
