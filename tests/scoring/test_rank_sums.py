"""Scores from sums of rank terms, against the closed form in double precision.

Tolerance: what float32 sums cost is under a thousandth of the scores' standard deviation, and of
a correlation of scores under 1e-5, or 1e-4 of sets of hundreds of unrelated genes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tcga_corr.scoring.rank_sums import (
    N_SUMS,
    centred_terms,
    constants_of_scores,
    deviations_of_scores,
    mean_terms,
    rank_terms,
    scores_of_sums,
)
from tcga_corr.scoring.ranks import doubled_average_ranks
from tcga_corr.scoring.ssgsea import enrichment_scores, weights_by_doubled_rank

Values = NDArray[np.float32]
Scores = NDArray[np.float64]
Rows = NDArray[np.intp]


def made_up(n_genes: int, n_samples: int, seed: int = 0) -> Values:
    """Values like a real sample's: a seventh are zeros, most others tied, genes of unlike means."""
    rng = np.random.default_rng(seed)
    mean = rng.normal(7, 3, (n_genes, 1))
    values = mean + rng.normal(0, 1.2, (n_genes, n_samples))
    return np.maximum(values, 0).round(2).astype(np.float32)


def picked(n_genes: int, sizes: Sequence[int], seed: int = 1) -> list[Rows]:
    rng = np.random.default_rng(seed)
    return [np.sort(rng.choice(n_genes, size, replace=False)) for size in sizes]


def sums_of_sets(terms: Values, sets: Sequence[Rows]) -> Values:
    """In single precision, as those of random sets are."""
    return np.array([terms[rows].sum(axis=0) for rows in sets], dtype=np.float32)


def exact(values: Values, rows: Rows) -> Scores:
    doubled = doubled_average_ranks(values)
    weights = weights_by_doubled_rank(len(values), "average")
    return enrichment_scores(doubled[rows], len(values), weights)


def assert_alike(found: Scores, expected: Scores) -> None:
    """Of one set: within a thousandth of the standard deviation over samples."""
    assert np.abs(found - expected).max() < 1e-3 * np.std(expected)


@pytest.mark.parametrize(("n_genes", "n_samples"), [(600, 40), (20_501, 30), (33_000, 12)])
def test_scores_are_those_of_the_closed_form(n_genes: int, n_samples: int) -> None:
    """Of real sizes too: 33,000 genes have ranks of the wider type."""
    values = made_up(n_genes, n_samples)
    sets = picked(n_genes, [1, 2, 5, 15, 64, 65, 130, 200, 500])
    sums = sums_of_sets(rank_terms(doubled_average_ranks(values)), sets)
    assert sums.dtype == np.float32
    assert sums.shape == (len(sets), N_SUMS, n_samples)
    found = scores_of_sums(sums, np.array([len(rows) for rows in sets]), n_genes)
    assert found.dtype == np.float64
    expected = np.array([exact(values, rows) for rows in sets])
    for one, other in zip(found, expected, strict=True):
        assert_alike(one, other)
    error = np.abs(np.corrcoef(found) - np.corrcoef(expected))
    assert error.max() < 1e-4
    assert error[:6, :6].max() < 1e-5  # of the sets of up to 65


@pytest.mark.parametrize("n_genes", [1, 64, 65, 129, 150])
def test_terms_are_weight_weighted_rank_and_rank(n_genes: int) -> None:
    """Of as many genes as are taken at once, and of more: no place is left unfilled."""
    values = made_up(n_genes, 7)
    rank = stats.rankdata(values, axis=0)
    assert n_genes == 1 or len(np.unique(rank % 1)) == 2  # halves too
    terms = rank_terms(doubled_average_ranks(values))
    assert terms.dtype == np.float32
    assert terms.shape == (n_genes, N_SUMS, 7)
    np.testing.assert_allclose(terms[:, 0], rank**0.25, rtol=1e-6)
    np.testing.assert_allclose(terms[:, 1], rank**1.25, rtol=1e-6)
    assert np.array_equal(terms[:, 2], rank)


def test_a_term_does_not_depend_on_the_other_genes_and_samples() -> None:
    doubled = doubled_average_ranks(made_up(200, 20))
    terms = rank_terms(doubled)
    rows, columns = np.array([3, 70, 71, 199]), np.array([0, 5, 19])
    part = rank_terms(doubled[rows][:, columns])
    assert part.tobytes() == np.ascontiguousarray(terms[rows][:, :, columns]).tobytes()


def test_ranks_are_left_as_they_are() -> None:
    doubled = doubled_average_ranks(made_up(80, 5))
    before = doubled.copy()
    terms = rank_terms(doubled)
    kept = terms.copy()
    sums_of_sets(terms, picked(80, [5, 30]))
    assert np.array_equal(doubled, before)
    assert np.array_equal(terms, kept)


def test_sums_by_hand() -> None:
    """Three genes in two samples; the second gene comes in two of the sets."""
    doubled = np.array([[2, 6], [4, 3], [6, 3]], dtype=np.uint16)
    root = 1.5**0.25
    sums = sums_of_sets(rank_terms(doubled), [np.array([0, 1]), np.array([2, 1])])
    assert sums[0, 2].tolist() == [3, 4.5]
    assert sums[1, 2].tolist() == [5, 3]
    assert sums[0, 0] == pytest.approx([1 + 2**0.25, 3**0.25 + root], rel=1e-6)
    assert sums[1, 1] == pytest.approx([3**1.25 + 2**1.25, 2 * 1.5 * root], rel=1e-6)
    weight = 1 + 2**0.25
    score = (1 + 2**1.25) / weight - (6 - 3) / 1
    assert scores_of_sums(sums, 2, 3)[0, 0] == pytest.approx(score, rel=1e-6)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Values, list[int]]:
    """A small table, mostly tied, and its genes in some order."""
    n_genes, n_samples = draw(st.integers(2, 40)), draw(st.integers(1, 5))
    value = st.integers(-2, 9)
    row = st.lists(value, min_size=n_samples, max_size=n_samples)
    values = draw(st.lists(row, min_size=n_genes, max_size=n_genes))
    return np.array(values, dtype=np.float32), draw(st.permutations(range(n_genes)))


@settings(deadline=None)
@given(tables(), st.data())
def test_sums_of_disjoint_sets_add_up(case: tuple[Values, list[int]], data: st.DataObject) -> None:
    """And genes are taken out of a set by taking away their sums."""
    values, order = case
    first = data.draw(st.integers(1, len(order) - 1))
    end = data.draw(st.integers(first + 1, len(order)))
    one, other = np.array(order[:first]), np.array(order[first:end])
    terms = rank_terms(doubled_average_ranks(values))
    of_one, of_other, of_both = sums_of_sets(terms, [one, other, np.array(order[:end])])
    np.testing.assert_allclose(of_one + of_other, of_both, rtol=1e-5)
    np.testing.assert_allclose(of_both - of_other, of_one, rtol=1e-4, atol=1e-4)
    if end < len(order):
        left = scores_of_sums((of_both - of_other)[np.newaxis], len(one), len(order))
        expected = exact(values, one)
        np.testing.assert_allclose(left[0], expected, rtol=0, atol=1e-4 * len(order))


@settings(deadline=None)
@given(tables(), st.data())
def test_any_small_table(case: tuple[Values, list[int]], data: st.DataObject) -> None:
    values, order = case
    sizes = data.draw(st.lists(st.integers(1, len(order) - 1), min_size=1, max_size=4))
    sets = [np.array(order[:size]) for size in sizes]
    sums = sums_of_sets(rank_terms(doubled_average_ranks(values)), sets)
    found = scores_of_sums(sums, np.array(sizes), len(order))
    expected = np.array([exact(values, rows) for rows in sets])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * len(order))


def test_a_set_of_no_gene_and_of_all_genes_has_no_score() -> None:
    values = made_up(30, 4)
    sets = [np.array([], dtype=np.intp), np.arange(30), np.arange(29), np.array([7])]
    sums = sums_of_sets(rank_terms(doubled_average_ranks(values)), sets)
    assert not sums[0].any()
    sizes = np.array([len(rows) for rows in sets])
    found = scores_of_sums(sums, sizes, 30)
    assert np.isnan(found[:2]).all()
    assert_alike(found[2], exact(values, sets[2]))
    assert_alike(found[3], exact(values, sets[3]))
    assert np.isnan(scores_of_sums(sums[1:2], 30, 30)).all()
    assert np.isnan(scores_of_sums(sums[:1], 0, 30)).all()
    assert np.isnan(scores_of_sums(sums[:1], 31, 30)).all()


def test_one_size_may_stand_for_all() -> None:
    terms = rank_terms(doubled_average_ranks(made_up(50, 6)))
    sums = sums_of_sets(terms, picked(50, [9] * 4))
    one = scores_of_sums(sums, 9, 50)
    assert np.array_equal(one, scores_of_sums(sums, np.full(4, 9), 50))
    assert one.shape == (4, 6)
    in_double = scores_of_sums(sums.astype(np.float64), 9, 50)
    np.testing.assert_allclose(in_double, one, rtol=1e-6)


def test_no_scores_of_no_sums() -> None:
    none = np.empty((0, N_SUMS, 6), dtype=np.float32)
    assert scores_of_sums(none, np.empty(0, dtype=np.intp), 50).shape == (0, 6)
    assert scores_of_sums(none, 5, 50).shape == (0, 6)
    assert rank_terms(np.empty((0, 6), dtype=np.uint16)).shape == (0, N_SUMS, 6)


def test_a_small_part_left_of_a_large_set_still_scores() -> None:
    """The worst of float32: 495 of 500 genes are taken out, and the five left are scored."""
    values = made_up(20_501, 60, seed=3)
    (rows,) = picked(20_501, [500])
    terms = rank_terms(doubled_average_ranks(values)[rows])
    whole = terms.sum(axis=0, dtype=np.float64)
    (taken,) = sums_of_sets(terms, [np.arange(5, 500)])
    (left,) = scores_of_sums((whole - taken)[np.newaxis], 5, 20_501)
    expected = exact(values, rows[:5])
    assert np.abs(left - expected).max() < 5e-3 * np.std(expected)
    assert np.corrcoef(left, expected)[0, 1] > 1 - 1e-5


# --- sums about a centre -------------------------------------------------------------------------


def test_centred_terms_are_terms_minus_their_centre() -> None:
    """Of some genes or all, of more than are taken at once."""
    values = made_up(1_100, 9)
    rank = stats.rankdata(values, axis=0)
    terms = np.stack([rank**0.25, rank**1.25, rank], axis=1)
    doubled = doubled_average_ranks(values)
    every = np.arange(1_100)
    for rows in (every, every[5:1_060:2], every[:0]):
        centre = mean_terms(doubled[rows])
        np.testing.assert_allclose(centre, terms[rows].mean(axis=2), rtol=1e-6)
        assert centre.dtype == np.float32
        for columns in (slice(2, 7), np.array([0, 3, 8])):
            expected = (terms[rows] - centre[:, :, np.newaxis])[:, :, columns]
            found = np.full(expected.shape, np.nan, dtype=np.float32)
            centred_terms(doubled, centre, rows, columns, found)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * terms.max())


@pytest.mark.parametrize(("n_genes", "n_samples"), [(600, 40), (20_501, 30), (33_000, 12)])
def test_scores_about_a_centre_are_those_of_the_closed_form(n_genes: int, n_samples: int) -> None:
    """Two draws of sets of all sizes; the constants are of each set and draw."""
    values = made_up(n_genes, n_samples)
    sizes = [1, 5, 15, 65, 200, 500]
    sets = [picked(n_genes, sizes, seed) for seed in (1, 2)]
    doubled = doubled_average_ranks(values)
    centre = mean_terms(doubled[:, :7])  # near the means, as of a part of the samples
    terms = np.empty((n_genes, 3, n_samples), dtype=np.float32)
    centred_terms(doubled, centre, np.arange(n_genes), slice(None), terms)
    sums = np.array([[terms[rows].sum(axis=0) for rows in draw] for draw in sets])
    exactly = centre.astype(np.float64)
    at_centre = np.array([[exactly[rows].sum(axis=0) for rows in draw] for draw in sets])
    deviations = deviations_of_scores(sums, at_centre, np.array(sizes), n_genes)
    constants = constants_of_scores(at_centre, np.array(sizes), n_genes)
    assert deviations.dtype == np.float32
    assert constants.shape == (2, len(sizes), 1)
    expected = np.array([[exact(values, rows) for rows in draw] for draw in sets])
    for one, other in zip((deviations + constants).reshape(-1, n_samples),
                          expected.reshape(-1, n_samples), strict=True):  # fmt: skip
        assert_alike(one, other)
    error = np.abs(np.corrcoef(deviations[0]) - np.corrcoef(expected[0]))
    assert error.max() < 1e-5  # of sets of hundreds too
