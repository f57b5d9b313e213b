"""Ranks within samples, against scipy's rankdata: exact, so no tolerance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.stats import rankdata

from tcga_corr.scoring.ranks import doubled_average_ranks, ordinal_ranks, rank_dtype

Matrix = NDArray[np.float32]

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
often_tied = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-45, -1e-45, 3e38, -3e38])
shapes = st.tuples(st.integers(1, 40), st.integers(1, 5))
matrices = hnp.arrays(np.float32, shapes, elements=finite | often_tied, fill=st.just(0.0))
whole_numbers = hnp.arrays(np.float32, shapes, elements=st.integers(-50, 50))


def doubled_oracle(values: Matrix) -> NDArray[np.float64]:
    return 2 * np.asarray(rankdata(values, method="average", axis=0))


def ordinal_oracle(values: Matrix) -> NDArray[Any]:
    return np.asarray(rankdata(values, method="ordinal", axis=0))


def with_ties(n_genes: int, n_samples: int, seed: int = 0) -> Matrix:
    """Like expression values: many zeros, few decimals, some negative."""
    values = np.random.default_rng(seed).normal(1, 2, (n_genes, n_samples)).round(2)
    values[np.abs(values) < 0.3] = 0
    return values.astype(np.float32)


@settings(deadline=None, max_examples=200)
@given(matrices)
def test_equal_rankdata(values: Matrix) -> None:
    assert np.array_equal(doubled_average_ranks(values), doubled_oracle(values))
    assert np.array_equal(ordinal_ranks(values), ordinal_oracle(values))


def test_equal_rankdata_on_a_table_of_usual_size() -> None:
    values = with_ties(20_000, 3)
    assert np.array_equal(doubled_average_ranks(values), doubled_oracle(values))
    assert np.array_equal(ordinal_ranks(values), ordinal_oracle(values))


def test_by_hand() -> None:
    values = np.array([[0.0], [-1.5], [0.0], [2.0], [-0.0]], dtype=np.float32)
    assert doubled_average_ranks(values)[:, 0].tolist() == [6, 2, 6, 10, 6]
    assert ordinal_ranks(values)[:, 0].tolist() == [2, 1, 3, 5, 4]


@pytest.mark.parametrize("value", [0.0, -0.0, -3.5, 7.25])
def test_all_tied(value: float) -> None:
    values = np.full((6, 2), value, dtype=np.float32)
    assert (doubled_average_ranks(values) == 7).all()
    assert (ordinal_ranks(values) == np.arange(1, 7)[:, None]).all()


def test_minus_zero_is_tied_with_zero_beside_negatives() -> None:
    values = np.array([[-0.0, -0.0], [0.0, 0.0], [-1.0, 1.0]], dtype=np.float32)
    assert doubled_average_ranks(values).T.tolist() == [[5, 5, 2], [3, 3, 6]]


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (5, 1), (5, 0), (0, 5), (0, 0)])
def test_small_and_empty_shapes(shape: tuple[int, int]) -> None:
    values = with_ties(*shape)
    doubled, ordinal = doubled_average_ranks(values), ordinal_ranks(values)
    assert doubled.shape == ordinal.shape == shape
    if values.size:
        assert np.array_equal(doubled, doubled_oracle(values))
        assert np.array_equal(ordinal, ordinal_oracle(values))


@pytest.mark.parametrize(("n_genes", "dtype"), [(32_767, np.uint16), (32_768, np.uint32)])
def test_twice_the_highest_rank_fits_its_type(n_genes: int, dtype: type[np.generic]) -> None:
    values = np.empty((n_genes, 3), dtype=np.float32)
    values[:, 0] = np.arange(n_genes)[::-1]
    values[:, 1] = 4
    values[:, 2] = with_ties(n_genes, 1)[:, 0]
    doubled = doubled_average_ranks(values)
    assert doubled.dtype == rank_dtype(n_genes) == dtype
    assert doubled[0, 0] == 2 * n_genes
    assert np.array_equal(doubled, doubled_oracle(values))
    assert np.array_equal(ordinal_ranks(values), ordinal_oracle(values))


@pytest.mark.parametrize("n_samples", [31, 32, 33, 70])
def test_any_number_of_samples_and_threads(n_samples: int) -> None:
    """Samples are taken in blocks of 32; no block's end and no number of threads shows."""
    values = with_ties(50, n_samples)
    for threads in (None, 1, 2, 7):
        assert np.array_equal(doubled_average_ranks(values, threads), doubled_oracle(values))
        assert np.array_equal(ordinal_ranks(values, threads), ordinal_oracle(values))


def test_memory_layout_does_not_matter_and_input_stays() -> None:
    values = with_ties(60, 40)
    before = values.copy()
    expected = doubled_average_ranks(values)
    wide = np.zeros((60, 80), dtype=np.float32)
    wide[:, ::2] = values
    for same in (np.asfortranarray(values), wide[:, ::2], values[::-1][::-1]):
        assert np.array_equal(doubled_average_ranks(same), expected)
    assert np.array_equal(values, before)


@settings(deadline=None)
@given(whole_numbers)
def test_a_strictly_monotone_transform_leaves_ranks_alone(values: Matrix) -> None:
    """On whole numbers up to 50 these transforms stay strict in float32."""
    for transformed in (2 * values - 7, values**3 + values, np.exp2(values / 4)):
        assert np.array_equal(doubled_average_ranks(transformed), doubled_average_ranks(values))
        assert np.array_equal(ordinal_ranks(transformed), ordinal_ranks(values))


@settings(deadline=None)
@given(matrices)
def test_changing_the_sign_turns_average_ranks_round(values: Matrix) -> None:
    turned = 2 * (len(values) + 1) - doubled_average_ranks(values).astype(np.int64)
    assert np.array_equal(doubled_average_ranks(-values), turned)


@settings(deadline=None)
@given(matrices, st.randoms(use_true_random=False))
def test_permuting_rows_permutes_average_ranks(values: Matrix, order: Any) -> None:
    rows = order.sample(range(len(values)), len(values))
    assert np.array_equal(doubled_average_ranks(values[rows]), doubled_average_ranks(values)[rows])


@settings(deadline=None)
@given(matrices)
def test_ordinal_ranks_are_a_permutation_that_sorts(values: Matrix) -> None:
    ordinal = ordinal_ranks(values)
    for column, ranks in zip(values.T, ordinal.T, strict=True):
        assert sorted(ranks.tolist()) == list(range(1, len(column) + 1))
        assert (np.diff(column[np.argsort(ranks)].astype(np.float64)) >= 0).all()
