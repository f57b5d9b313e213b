"""The nulls of an association, against slow versions that take the same draws and sets.

Tolerance: 3e-5 of r, what sums in single precision cost; a p-value may differ by the draws that
come so near to what was observed, of which there are hardly any.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

import tcga_corr as tc
from tcga_corr.analysis import nulls
from tcga_corr.analysis.nulls import (
    MIN_REFERENCE_SETS,
    NullResult,
    Side,
    matched_scores,
    random_gene_null,
    real_set_null,
)
from tcga_corr.analysis.nulls import NullSetting as Situation
from tcga_corr.choices import Method
from tcga_corr.engine import Engine
from tcga_corr.errors import UsageError
from tcga_corr.scoring.ssgsea import enrichment_scores, weights_by_doubled_rank
from tcga_corr.stats.correlation import Fit
from tcga_corr.stats.empirical_p import (
    ENOUGH,
    N_BINS,
    central_range,
    expression_bins,
    is_clear,
    matched_draws,
    rank_p,
    sequential_p,
)
from tcga_corr.store.index import TableIndex, open_index
from tcga_corr.store.layout import TableKey
from tcga_corr.store.reference import ReferenceIndex, drop_reference, has_reference, open_reference
from tcga_corr.vocabulary.gene_sets.catalogue import reference_sets
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import N_DRAWS
from tcga_corr.vocabulary.symbols import match_symbols
from tests.store.test_reference import write_symbols

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Rows = NDArray[np.intp]
nan = math.nan
NEAR = 3e-5


# --- p-values ------------------------------------------------------------------------------------


def slow_sequential_p(draws: Sequence[float], observed: float, enough: int) -> float:
    """Besag & Clifford 1991: draw until the h-th as large as observed, n - 1 times at most."""
    larger = 0
    for drawn, value in enumerate(draws, start=1):
        if not math.isnan(value) and abs(value) >= abs(observed):
            larger += 1
        if larger == enough:
            return enough / drawn
    return (larger + 1) / (len(draws) + 1)


# few values, so that many are as far from zero as the observed one, or not a number
r_like = st.sampled_from([-1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, nan])
observed_like = st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.3, 1.0])


@settings(deadline=None, max_examples=300)
@given(st.lists(r_like, max_size=60), observed_like, st.integers(1, 12))
def test_sequential_p_equals_the_loop(draws: list[float], observed: float, enough: int) -> None:
    found = sequential_p(np.array(draws), observed, enough)
    assert found == slow_sequential_p(draws, observed, enough)
    larger = sum(abs(value) >= abs(observed) for value in draws)
    assert is_clear(np.array(draws), observed, enough) == (larger >= enough)
    if larger < enough:
        assert found == (larger + 1) / (len(draws) + 1) == rank_p(np.array(draws), observed)


@settings(deadline=None, max_examples=200)
@given(st.lists(r_like, max_size=40), st.lists(r_like, max_size=40), observed_like)
def test_what_is_clear_stays(draws: list[float], more: list[float], observed: float) -> None:
    """More draws change nothing once it is clear; and where it is not, they may."""
    first, all_draws = np.array(draws), np.array(draws + more)
    if is_clear(first, observed, 5):
        assert sequential_p(all_draws, observed, 5) == sequential_p(first, observed, 5)
        assert is_clear(all_draws, observed, 5)
    else:
        one_not_as_far = np.append(first, nan)
        assert sequential_p(one_not_as_far, observed, 5) < sequential_p(first, observed, 5)


def test_by_default_fifty_are_enough() -> None:
    draws = np.tile([0.1, 0.9, 0.1, -0.9], 100)
    assert ENOUGH == 50
    assert sequential_p(draws, 0.5) == 50 / 100
    assert is_clear(draws[:100], 0.5)
    assert not is_clear(draws[:99], 0.5)
    assert sequential_p(draws[:99], 0.5) == 50 / 100  # 49 of 99, and the observed one
    assert sequential_p(draws[:98], 0.5) == 50 / 99
    assert sequential_p(draws, -0.05) == 1.0


@settings(deadline=None)
@given(st.lists(r_like, max_size=60), observed_like)
def test_rank_p_counts_the_observed_one(others: list[float], observed: float) -> None:
    as_far = [value for value in others if not math.isnan(value) and abs(value) >= abs(observed)]
    assert rank_p(np.array(others), observed) == (len(as_far) + 1) / (len(others) + 1)
    assert rank_p(-np.array(others), -observed) == rank_p(np.array(others), observed)


def test_draws_that_are_no_number_are_none_as_far() -> None:
    draws = np.array([nan, 0.9, nan, nan, 0.9])
    assert rank_p(draws, 0.9) == 3 / 6
    assert sequential_p(draws, 0.9, 2) == 2 / 5
    assert sequential_p(draws, 0.9, 3) == 3 / 6
    assert not is_clear(draws, 0.9, 3)
    assert rank_p(np.full(9, nan), 0.0) == 1 / 10


def test_no_draws_no_evidence() -> None:
    assert rank_p(np.empty(0), 0.7) == sequential_p(np.empty(0), 0.7) == 1
    assert not is_clear(np.empty(0), 0.7)


@pytest.mark.parametrize(("n_draws", "enough"), [(99, 5), (199, 50), (19, 50)])
def test_p_is_valid_and_exact_under_the_null(n_draws: int, enough: int) -> None:
    """P(p <= a) is at most a; a itself where a is a p-value that can be."""
    rng = np.random.default_rng(20_240)
    n = 20_000
    values = rng.normal(size=(n, n_draws + 1))
    found = np.array([sequential_p(row[1:], row[0], enough) for row in values])
    for level in (0.01, 0.05, 0.1, 0.2, 0.5, 0.9):
        error = 4 * math.sqrt(level * (1 - level) / n)
        assert (found <= level).mean() <= level + error
    possible = {(b + 1) / (n_draws + 1) for b in range(min(enough, n_draws + 1))}
    possible |= {enough / place for place in range(enough, n_draws + 1)}
    assert set(found) <= possible
    for level in possible:
        error = 4.5 * math.sqrt(level * (1 - level) / n)
        assert abs((found <= level).mean() - level) <= error


@settings(deadline=None)
@given(st.lists(r_like, max_size=50))
def test_central_range_leaves_out_what_is_no_number(values: list[float]) -> None:
    low, high = central_range(np.array(values))
    numbers = sorted(value for value in values if not math.isnan(value))
    if not numbers:
        assert math.isnan(low)
        assert math.isnan(high)
        return
    for found, share in ((low, 0.025), (high, 0.975)):
        place = share * (len(numbers) - 1)
        below = numbers[math.floor(place)]
        above = numbers[math.ceil(place)]
        assert found == pytest.approx(below + (place % 1) * (above - below), abs=1e-12)


def test_central_range_by_hand() -> None:
    assert central_range(np.arange(201.0)) == (5.0, 195.0)
    assert central_range(np.array([0.3])) == (0.3, 0.3)


# --- bins and draws ------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), max_size=90), st.integers(1, 25))
def test_bins_are_equally_large_and_in_order(means: list[int], n_bins: int) -> None:
    """Genes of one mean by their order."""
    found = expression_bins(np.array(means, dtype=np.float64), n_bins)
    order = sorted(range(len(means)), key=lambda gene: (means[gene], gene))
    expected = [0] * len(means)
    for place, gene in enumerate(order):
        expected[gene] = place * n_bins // len(means)
    assert found.tolist() == expected
    counts = np.bincount(found, minlength=n_bins)
    assert len(counts) == n_bins
    assert counts.max() - counts.min() <= 1


def test_twenty_bins_of_single_precision() -> None:
    means = np.random.default_rng(0).permutation(4_000).astype(np.float32)
    found = expression_bins(means)
    assert N_BINS == 20
    assert found.tolist() == (means // 200).tolist()


@st.composite
def binned(draw: st.DrawFn) -> tuple[Rows, Rows, Rows]:
    """Bins of some genes, and two sides that share none and have only genes that may be drawn."""
    bins = np.array(draw(st.lists(st.integers(-1, 4), min_size=1, max_size=40)), dtype=np.intp)
    order = draw(st.permutations(np.flatnonzero(bins >= 0).tolist()))
    first = draw(st.integers(0, len(order)))
    end = draw(st.integers(first, len(order)))
    return bins, np.array(order[:first], dtype=np.intp), np.array(order[first:end], dtype=np.intp)


@settings(deadline=None, max_examples=200)
@given(binned(), st.integers(0, 6), st.integers(0, 2**32))
def test_draws_match_bin_by_bin_without_repeats(
    case: tuple[Rows, Rows, Rows], n_draws: int, seed: int
) -> None:
    bins, x, y = case
    before = bins.copy(), x.copy(), y.copy()
    in_x, in_y = matched_draws(np.random.default_rng(seed), bins, x, y, n_draws)
    assert in_x.shape == (n_draws, len(x))
    assert in_y.shape == (n_draws, len(y))
    for one, other in zip(in_x, in_y, strict=True):
        assert bins[one].tolist() == bins[x].tolist()
        assert bins[other].tolist() == bins[y].tolist()
        assert len({*one.tolist(), *other.tolist()}) == len(x) + len(y)
    again = matched_draws(np.random.default_rng(seed), bins, x, y, n_draws)
    assert np.array_equal(np.hstack(again), np.hstack((in_x, in_y)))
    for array, kept in zip((bins, x, y), before, strict=True):
        assert np.array_equal(array, kept)


def test_draws_are_uniform_over_the_bin() -> None:
    """Each place over its bin's genes, with those replaced; chi-square of a fixed seed."""
    bins = np.array([0, 1, 0, 2, 0, 1, 0, 1, 0, -1, 0, 1], dtype=np.intp)
    x, y = np.array([2, 5]), np.array([8, 1, 3])
    in_x, in_y = matched_draws(np.random.default_rng(0), bins, x, y, 12_000)
    drawn = np.hstack((in_x, in_y))
    for place, gene in enumerate((2, 5, 8, 1, 3)):
        pool = np.flatnonzero(bins == bins[gene])
        counts = [np.count_nonzero(drawn[:, place] == other) for other in pool]
        assert sum(counts) == 12_000
        if len(pool) > 1:
            assert stats.chisquare(counts).pvalue > 0.01


def test_pairs_of_places_are_uniform_too() -> None:
    """All 5 x 4 x 3 ordered triples of a bin are as likely, and one draw does not tell the next."""
    bins = np.zeros(5, dtype=np.intp)
    in_x, in_y = matched_draws(
        np.random.default_rng(9), bins, np.array([0]), np.array([3, 1]), 30_000
    )
    triples = Counter(map(tuple, np.hstack((in_x, in_y)).tolist()))
    assert len(triples) == 60
    assert stats.chisquare(list(triples.values())).pvalue > 0.01
    following = Counter(zip(in_x[:-1, 0].tolist(), in_x[1:, 0].tolist(), strict=True))
    assert len(following) == 25
    assert stats.chisquare(list(following.values())).pvalue > 0.01


def test_a_whole_bin_is_drawn_in_every_order() -> None:
    bins = np.array([0, 0, 1, 1, 1, 1], dtype=np.intp)
    in_x, in_y = matched_draws(
        np.random.default_rng(2), bins, np.array([3, 2]), np.array([5, 4, 0]), 6_000
    )
    of_bin = np.hstack((in_x, in_y[:, :2]))
    assert (np.sort(of_bin, axis=1) == [2, 3, 4, 5]).all()
    orders = Counter(map(tuple, of_bin.tolist()))
    assert len(orders) == 24
    assert stats.chisquare(list(orders.values())).pvalue > 0.01
    assert set(in_y[:, 2].tolist()) == {0, 1}


# --- a store -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Two tumor types, with a covariate. Read only: it is shared by tests."""
    folder = tmp_path_factory.mktemp("nulls")
    engine = tc.open_store(folder / "cache")
    paths = [write_symbols(folder, "ACC", 26, 1), write_symbols(folder, "LIHC", 33, 2)]
    assert not engine.load(paths).errors
    rng = np.random.default_rng(5)
    lines = ["sample\tpurity\tage"]
    for site, n in (("AC", 26), ("LI", 33)):
        numbers = zip(rng.uniform(0.2, 1, n).round(2), rng.integers(30, 80, n), strict=True)
        lines += [
            f"TCGA-{site}-{patient:04d}-01\t{'' if patient == 4 else purity}\t{age}"
            for patient, (purity, age) in enumerate(numbers)
        ]
    table = folder / "covariates.tsv"
    table.write_text("\n".join(lines) + "\n")
    engine.load_covariates(table)
    return engine


@pytest.fixture(scope="module")
def table(engine: Engine) -> TableIndex:
    return open_index(engine.store, TableKey("tcga-hiseqv2", "LIHC"))


@pytest.fixture(scope="module")
def reference(engine: Engine, table: TableIndex) -> ReferenceIndex:
    return open_reference(engine.store, table)


@pytest.fixture(scope="module")
def tumor(table: TableIndex) -> Situation:
    """All tumor samples, which are not neighbours: normal ones stand between them."""
    columns = table.columns("tumor")
    assert columns[-1] - columns[0] + 1 > len(columns)
    return Situation(table, columns, "pearson", None, 5)


def varied(table: TableIndex) -> Rows:
    """Genes that are not constant in any half of the tumor samples, by variance."""
    values = np.asarray(table.values)[:, table.columns("tumor")].astype(np.float64)
    spread = np.minimum(values[:, ::2].std(axis=1), values[:, 1::2].std(axis=1))
    return np.flatnonzero(spread > 0.3)


def gene_set(table: TableIndex, seed: int, size: int, name: str = "") -> Side:
    """Random genes of the table."""
    rows = np.sort(np.random.default_rng(seed).choice(varied(table), size, replace=False))
    return Side("set", name or f"S{seed}", rows)


def two_sets(table: TableIndex, seed: int, first: int, second: int) -> tuple[Side, Side]:
    """Two sets that share no gene."""
    rows = np.random.default_rng(seed).choice(varied(table), first + second, replace=False)
    return Side("set", "one", np.sort(rows[:first])), Side("set", "other", np.sort(rows[first:]))


def gene(table: TableIndex, number: int) -> Side:
    row = varied(table)[number : number + 1]
    return Side("gene", list(table.genes)[row[0]], row)


def covariate(situation: Situation, name: str = "purity", seed: int = 3) -> Side:
    noise = np.random.default_rng(seed).normal(size=len(situation.columns))
    first = situation.table.values[varied(situation.table)[40]][situation.columns]
    return Side("covariate", name, values=(first + noise).round(1).astype(np.float64))


def controls(situation: Situation, seed: int = 6) -> Matrix:
    """Two: one follows a gene, so that holding it fixed changes r."""
    noise = np.random.default_rng(seed).normal(size=(len(situation.columns), 2))
    values = np.asarray(situation.table.values, dtype=np.float64)[:, situation.columns]
    noise[:, 0] += values[varied(situation.table)[:200]].mean(axis=0) * 5
    return noise.round(2)


SCIPY = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}


def slow_r(x: Vector, y: Vector, method: Method, held: Matrix | None) -> float:
    """r by scipy; of residuals where something is held fixed. NaN of what is constant."""
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return nan
    if held is None:
        return float(SCIPY[method](x, y).statistic)
    if method == "spearman":
        x, y, held = stats.rankdata(x), stats.rankdata(y), stats.rankdata(held, axis=0)
    design = np.column_stack([np.ones(len(x)), held])
    left = [one - design @ np.linalg.lstsq(design, one, rcond=None)[0] for one in (x, y)]
    return float(stats.pearsonr(*left).statistic)


def slow_values(situation: Situation, side: Side, rows: Rows | None = None) -> Vector:
    """Of a side, or of other genes in place of its own."""
    if side.kind == "covariate":
        return side.values
    rows = side.rows if rows is None else rows
    table, columns = situation.table, situation.columns
    if side.kind == "gene":
        return np.asarray(table.values)[rows[0]][columns].astype(np.float64)
    weights = weights_by_doubled_rank(len(table.genes), "average")
    ranks = np.asarray(table.ranks)[:, columns]
    return enrichment_scores(np.sort(ranks[rows], axis=0), len(table.genes), weights)


def assert_p(
    found: float, draws: Sequence[float], observed: float, p: Callable[[Any, float], float]
) -> None:
    """p of draws that may be off by what single precision costs; mostly that is one number."""
    far = abs(observed)
    few, many = (p(np.array(draws), far + shift) for shift in (NEAR, -NEAR))
    assert few <= found <= many
    off = np.abs(np.abs(draws) - far)
    assert np.count_nonzero((off > 1e-9) & (off < NEAR)) <= 2


def assert_range(found: NullResult, draws: Sequence[float]) -> None:
    numbers = [value for value in draws if not math.isnan(value)]
    expected = np.percentile(numbers, [2.5, 97.5])
    assert [found.low, found.high] == pytest.approx(expected, abs=2 * NEAR)


def compared(null: Callable[..., NullResult], *arguments: Any) -> tuple[NullResult, list[Vector]]:
    """A null, and the r's that it compares with, one array for each side that is replaced."""
    with mock.patch.object(nulls, "central_range", wraps=central_range) as spy:
        found = null(*arguments)
    return found, [call.args[0] for call in spy.call_args_list]


def assert_r(found: Vector, expected: Sequence[float], method: Method) -> None:
    """Near, but that two samples of almost the same score may change places."""
    assert len(found) == len(expected)
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    off = np.nan_to_num(np.abs(found - np.array(expected)))
    assert np.count_nonzero(off > NEAR) <= (0 if method == "pearson" else 0.03 * len(found))


@dataclass
class Drawing:
    """What was drawn: the call's arguments, and its answer."""

    bins: Rows
    x: Rows
    y: Rows
    n_draws: int
    found: tuple[Rows, Rows]


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[Drawing]:
    """The draws that the null makes."""
    kept: list[Drawing] = []

    def spy(generator: Any, bins: Rows, x: Rows, y: Rows, n_draws: int) -> tuple[Rows, Rows]:
        found = matched_draws(generator, bins, x, y, n_draws)
        kept.append(Drawing(bins, x, y, n_draws, found))
        return found

    monkeypatch.setattr(nulls, "matched_draws", spy)
    return kept


def slow_bins(situation: Situation, x: Side, y: Side) -> list[int]:
    """Twenty bins by mean; without genes that do not vary where a gene is to be drawn."""
    values = np.asarray(situation.table.values)[:, situation.columns].astype(np.float64)
    own = {*x.rows.tolist(), *y.rows.tolist()}
    pool = [
        row
        for row in range(len(values))
        if row in own or "gene" not in (x.kind, y.kind) or len(set(values[row])) > 1
    ]
    pool.sort(key=lambda row: (math.fsum(values[row]), row))
    bins = [-1] * len(values)
    for place, row in enumerate(pool):
        bins[row] = place * 20 // len(pool)
    return bins


def slow_draws(
    situation: Situation, drawings: Sequence[Drawing], x: Side, y: Side, held: Matrix | None
) -> list[float]:
    """r of each pair that was drawn."""
    found = []
    for drawing in drawings:
        of_x, of_y = (
            drawing.found[0 if np.array_equal(drawing.x, side.rows) else 1] for side in (x, y)
        )
        assert sorted([drawing.x.tolist(), drawing.y.tolist()]) == sorted(
            [x.rows.tolist(), y.rows.tolist()]
        )
        for one, other in zip(of_x, of_y, strict=True):
            values = slow_values(situation, x, one), slow_values(situation, y, other)
            found.append(slow_r(*values, situation.method, held))
    return found


PAIRS: dict[str, Callable[[Situation], tuple[Side, Side]]] = {
    "gene-gene": lambda where: (gene(where.table, 9), gene(where.table, 2)),
    "gene-set": lambda where: (gene(where.table, 20), gene_set(where.table, 1, 50)),
    "set-set": lambda where: two_sets(where.table, 1, 64, 30),
    "covariate-set": lambda where: (covariate(where), gene_set(where.table, 4, 40)),
    "set-covariate": lambda where: (gene_set(where.table, 4, 34), covariate(where, "zzz")),
    "covariate-gene": lambda where: (covariate(where), gene(where.table, 40)),
}  # fmt: skip
WAYS: list[tuple[Method, bool]] = [
    *((method, False) for method in METHODS),
    ("pearson", True),
    ("spearman", True),
]


# --- random genes --------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "adjusted"), WAYS)
@pytest.mark.parametrize("pair", PAIRS)
def test_random_genes_equal_the_slow_version(
    tumor: Situation, drawings: list[Drawing], pair: str, method: Method, adjusted: bool
) -> None:
    held = controls(tumor) if adjusted else None
    fit = None if held is None else Fit(held, ranked=method == "spearman")
    where = replace(tumor, method=method, fit=fit)
    x, y = PAIRS[pair](where)
    found, (all_r,) = compared(random_gene_null, where, x, y, 80)
    assert [drawing.n_draws for drawing in drawings] == [80]
    assert drawings[0].bins.tolist() == slow_bins(where, x, y)
    draws = slow_draws(where, drawings, x, y, held)
    observed = slow_r(slow_values(where, x), slow_values(where, y), method, held)
    assert_p(found.p, draws, observed, lambda one, r: slow_sequential_p(one, r, 50))
    assert_r(all_r, draws, method)
    assert_range(found, draws)
    assert found.note == ""
    assert random_gene_null(where, y, x, 80) == found


def test_neighbouring_columns_are_as_any(tumor: Situation, drawings: list[Drawing]) -> None:
    """All columns, some neighbours, and few."""
    for columns in (np.arange(44), np.arange(7, 25), np.array([0, 1, 5, 6, 7, 20, 21, 43, 30])):
        where = replace(tumor, columns=np.sort(columns))
        for pair in ("gene-set", "set-set"):
            drawings.clear()
            x, y = PAIRS[pair](where)
            found, (all_r,) = compared(random_gene_null, where, x, y, 25)
            assert drawings[0].bins.tolist() == slow_bins(where, x, y)
            draws = slow_draws(where, drawings, x, y, None)
            observed = slow_r(slow_values(where, x), slow_values(where, y), "pearson", None)
            assert_p(found.p, draws, observed, lambda one, r: slow_sequential_p(one, r, 50))
            assert_r(all_r, draws, "pearson")
            assert_range(found, draws)


def test_many_samples_are_taken_in_parts(
    tumor: Situation, drawings: list[Drawing], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And many genes: what bounds memory changes no number."""
    x, y = PAIRS["set-set"](tumor)
    whole = random_gene_null(tumor, x, y, 40)
    monkeypatch.setattr(nulls, "_SAMPLES_AT_ONCE", 7)
    monkeypatch.setattr(nulls, "_GENES_AT_ONCE", 13)
    assert random_gene_null(tumor, x, y, 40) == whole
    for columns in (tumor.columns, np.arange(3, 31)):
        where = replace(tumor, columns=columns)
        drawings.clear()
        random_gene_null(where, *PAIRS["gene-set"](where), 5)
        assert drawings[0].bins.tolist() == slow_bins(where, *PAIRS["gene-set"](where))


def test_what_is_clear_is_not_drawn_on(tumor: Situation, drawings: list[Drawing]) -> None:
    """A thousand draws, or 250 where fifty of these are as far; never more than asked for."""
    x, y = gene(tumor.table, 9), gene(tumor.table, 2)
    clear = random_gene_null(tumor, x, y)
    assert [drawing.n_draws for drawing in drawings] == [250]
    assert clear.p >= 50 / 250
    draws = slow_draws(tumor, drawings, x, y, None)
    observed = slow_r(slow_values(tumor, x), slow_values(tumor, y), "pearson", None)
    assert_p(clear.p, draws, observed, lambda one, r: slow_sequential_p(one, r, 50))
    assert_range(clear, draws)
    x = gene_set(tumor.table, 4, 9)
    strong = self_like(tumor, x)
    for n_draws, parts in ((1_000, [250, 750]), (260, [250, 10]), (250, [250]), (1, [1])):
        drawings.clear()
        found = random_gene_null(tumor, x, strong, n_draws)
        assert [drawing.n_draws for drawing in drawings] == parts
        assert found.p == 1 / (n_draws + 1)
        if n_draws == 260:
            draws = slow_draws(tumor, drawings, x, strong, None)
            assert_range(found, draws)
            assert not np.array_equal(drawings[1].found[1], drawings[0].found[1][:10])
    assert N_DRAWS == 1_000
    assert random_gene_null(tumor, x, strong).p == 1 / (N_DRAWS + 1)


def self_like(where: Situation, side: Side) -> Side:
    """A covariate almost the same as a side."""
    noise = np.random.default_rng(0).normal(0, 1e-3, len(where.columns))
    return Side("covariate", "almost", values=slow_values(where, side) + noise)


def test_draws_depend_on_the_question_alone(
    tumor: Situation, drawings: list[Drawing], engine: Engine
) -> None:
    """Not on the method, what is adjusted for, who is x, or what was asked before."""
    x, y = PAIRS["set-set"](tumor)

    def drawn(where: Situation, one: Side, other: Side) -> list[list[list[int]]]:
        drawings.clear()
        random_gene_null(where, one, other, 6)
        sides = zip((drawings[0].x, drawings[0].y), drawings[0].found, strict=True)
        by_side = {rows.tobytes(): found.tolist() for rows, found in sides}
        return [by_side[side.rows.tobytes()] for side in (one, other)]

    first = drawn(tumor, x, y)
    for method in METHODS:
        assert drawn(replace(tumor, method=method), x, y) == first
    assert drawn(replace(tumor, fit=Fit(controls(tumor)), min_genes=2), x, y) == first
    assert drawn(tumor, y, x) == first[::-1]
    assert drawn(tumor, *PAIRS["gene-set"](tumor)) != first
    assert drawn(tumor, x, y) == first
    # another question: other genes, another source, another tumor type
    fewer = replace(x, rows=x.rows[:-1])
    assert drawn(tumor, fewer, y)[1] != first[1]
    for key in (TableKey("other", "LIHC"), TableKey("tcga-hiseqv2", "ACC")):
        assert drawn(replace(tumor, table=replace(tumor.table, key=key)), x, y) != first


def test_draws_of_covariates_depend_on_their_names(
    tumor: Situation, drawings: list[Drawing]
) -> None:
    """Not on their values; one covariate is not another's chance again."""
    genes = gene_set(tumor.table, 4, 9)
    for one in (covariate(tumor), covariate(tumor, "age"), covariate(tumor, seed=8)):
        random_gene_null(tumor, one, genes, 6)
    first, other_name, other_values = (drawing.found[1].tolist() for drawing in drawings)
    assert first == other_values
    assert first != other_name


def test_a_gene_and_a_set_of_it_are_not_one_question(
    tumor: Situation, drawings: list[Drawing]
) -> None:
    one, other = gene(tumor.table, 9), gene(tumor.table, 2)
    random_gene_null(replace(tumor, min_genes=1), one, other, 8)
    as_set = Side("set", one.name, one.rows)
    random_gene_null(replace(tumor, min_genes=1), as_set, other, 8)
    first, second = (
        drawing.found[0 if np.array_equal(drawing.x, one.rows) else 1] for drawing in drawings
    )
    assert first.tolist() != second.tolist()


def test_genes_that_do_not_vary_are_no_genes_to_draw(
    tumor: Situation, drawings: list[Drawing]
) -> None:
    """For a gene: a constant has no r. In a set they may be."""
    values = np.asarray(tumor.table.values)[:, tumor.columns]
    constant = np.flatnonzero(np.ptp(values, axis=1) == 0)
    assert len(constant) > 5
    low = Side("set", "low", np.sort([*constant[:2], *varied(tumor.table)[30:40]]))
    for other, some in ((gene(tumor.table, 2), False), (gene_set(tumor.table, 4, 9), True)):
        drawings.clear()
        random_gene_null(tumor, other, low.without(other.rows), 100)
        drawn = np.concatenate([array.ravel() for array in drawings[0].found])
        assert np.isin(constant[:2], drawn).all()
        assert np.isin(constant[2:], drawn).any() == some
        assert (drawings[0].bins[constant[2:]] == -1).all() == (not some)


@pytest.mark.parametrize("pair", ["gene-gene", "gene-set"])
def test_a_constant_side_has_no_null(
    tumor: Situation, reference: ReferenceIndex, pair: str
) -> None:
    values = np.asarray(tumor.table.values)[:, tumor.columns]
    row = np.flatnonzero(np.ptp(values, axis=1) == 0)[:1]
    x, y = Side("gene", "CONSTANT", row), PAIRS[pair](tumor)[1]
    assert_nothing(random_gene_null(tumor, x, y, 10))
    assert_nothing(random_gene_null(tumor, y, x, 10))
    assert_nothing(real_set_null(tumor, reference, x, y))


def assert_nothing(result: NullResult) -> None:
    assert all(math.isnan(value) for value in (result.p, result.low, result.high))
    assert result.note == ""


def test_sets_too_small_or_of_all_genes_have_no_null(
    tumor: Situation, drawings: list[Drawing]
) -> None:
    one, other = gene_set(tumor.table, 1, 12), gene_set(tumor.table, 4, 4)
    other = other.without(one.rows)
    assert len(other.rows) == 4
    assert_nothing(random_gene_null(tumor, one, other, 10))
    assert_nothing(random_gene_null(tumor, other, gene(tumor.table, 2), 10))
    everything = Side("set", "all", np.arange(tumor.n_genes))
    assert_nothing(random_gene_null(tumor, covariate(tumor), everything, 10))
    assert_nothing(random_gene_null(tumor, covariate(tumor), covariate(tumor, "age"), 10))
    assert not drawings
    smaller = replace(tumor, min_genes=4)
    assert 0 < random_gene_null(smaller, one, other, 10).p <= 1


def test_scores_of_matched_sets(tumor: Situation, drawings: list[Drawing]) -> None:
    """Of random sets in place of one, whatever its name."""
    side = gene_set(tumor.table, 1, 12)
    found = matched_scores(tumor, side, 9)
    assert found.shape == (9, len(tumor.columns))
    (drawing,) = drawings
    assert drawing.x.tolist() == side.rows.tolist()
    assert len(drawing.y) == 0
    assert drawing.bins.tolist() == slow_bins(tumor, side, side)
    for scores, rows in zip(found, drawing.found[0], strict=True):
        expected = slow_values(tumor, side, rows)
        assert np.abs(scores - expected).max() < 1e-3 * expected.std()
    assert np.array_equal(matched_scores(tumor, replace(side, name="again"), 9), found)
    assert np.array_equal(matched_scores(replace(tumor, method="kendall"), side, 9), found)
    other = gene_set(tumor.table, 2, 12)
    assert not np.array_equal(matched_scores(tumor, other, 9), found)


def test_a_side_without_genes() -> None:
    rows = np.array([2, 5, 7, 9])
    side = Side("set", "S", rows)
    kept = side.without(np.array([9, 5, 4]))
    assert kept.rows.tolist() == [2, 7]
    assert (kept.kind, kept.name) == ("set", "S")
    assert side.rows.tolist() == [2, 5, 7, 9]
    one = Side("gene", "G", np.array([5]))
    assert one.without(rows) is one


# --- real pathways -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_sets(table: TableIndex) -> list[Rows]:
    """The rows of each reference set of which the table has five genes or more."""
    row = {gene: number for number, gene in enumerate(table.genes)}
    found = (match_symbols(known.genes, row).found for known in reference_sets().values())
    return [
        np.array(sorted(row[gene] for gene in match.values())) for match in found if len(match) >= 5
    ]


def slow_ranking(
    where: Situation, sets: Sequence[Rows], kept: Side, replaced: Side, held: Matrix | None
) -> list[float]:
    """r of one side with each set of the other's size."""
    found = []
    size = len(replaced.rows)
    for rows in sets:
        whole = set((replaced.rows if replaced.whole is None else replaced.whole).tolist())
        together = len(whole & set(rows.tolist()))
        if not size / 2 <= len(rows) <= 1.5 * size:
            continue
        union = len(rows) + len(whole) - together
        if together >= nulls.SAME_PATHWAY * union:  # the same by another name
            continue
        shared = set(rows.tolist()) & set(kept.rows.tolist())
        left = np.array([row for row in rows.tolist() if row not in shared], dtype=np.intp)
        own = np.array([row for row in kept.rows.tolist() if row not in shared], dtype=np.intp)
        own = own if kept.kind == "set" else kept.rows
        if len(left) < where.min_genes or (kept.kind == "set" and len(own) < where.min_genes):
            continue
        values = slow_values(where, kept, own), slow_values(where, replaced, left)
        found.append(slow_r(*values, where.method, held))
    return found


def ranked_as(
    where: Situation,
    index: ReferenceIndex,
    sets: Sequence[Rows],
    x: Side,
    y: Side,
    held: Matrix | None = None,
) -> NullResult:
    """The null, which is the larger p of both directions, with its range."""
    found, all_r = compared(real_set_null, where, index, x, y)
    observed = slow_r(slow_values(where, x), slow_values(where, y), where.method, held)
    rankings = [
        slow_ranking(where, sorted(sets, key=len), kept, replaced, held)
        for kept, replaced in ((x, y), (y, x))
        if replaced.kind == "set"
    ]
    assert all(len(ranking) >= MIN_REFERENCE_SETS for ranking in rankings)
    for one, ranking in zip(all_r, rankings, strict=True):
        assert_r(one, ranking, where.method)
    ps = [rank_p(np.array(ranking), observed) for ranking in rankings]
    assert max(ps) - min(ps) > 0.01 or len(ps) == 1  # so that it shows which of them it is
    ranking = rankings[int(np.argmax(ps))]
    assert_p(found.p, ranking, observed, rank_p)
    assert_range(found, ranking)
    assert found.note == ""
    return found


REAL_PAIRS = ["gene-set", "set-set", "covariate-set", "set-covariate"]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "adjusted"), WAYS)
@pytest.mark.parametrize("pair", REAL_PAIRS)
def test_real_pathways_equal_the_slow_version(
    tumor: Situation,
    reference: ReferenceIndex,
    real_sets: list[Rows],
    pair: str,
    method: Method,
    adjusted: bool,
) -> None:
    held = controls(tumor) if adjusted else None
    fit = None if held is None else Fit(held, ranked=method == "spearman")
    where = replace(tumor, method=method, fit=fit)
    x, y = PAIRS[pair](where)
    found = ranked_as(where, reference, real_sets, x, y, held)
    assert real_set_null(where, reference, y, x) == found


@pytest.mark.parametrize("columns", [np.arange(44), np.arange(5, 30), np.array([1, 2, 8, 30, 43])])
def test_real_pathways_in_other_samples(
    tumor: Situation, reference: ReferenceIndex, real_sets: list[Rows], columns: Rows
) -> None:
    where = replace(tumor, columns=columns)
    x, y = PAIRS["gene-set"](where)
    ranked_as(where, reference, real_sets, x, y)


def test_a_side_that_overlaps_many_sets(
    tumor: Situation, reference: ReferenceIndex, real_sets: list[Rows]
) -> None:
    """Of a hundred genes, and of a gene of many sets: what is shared is taken out of both."""
    counts = np.bincount(np.concatenate(real_sets), minlength=tumor.n_genes)
    often = varied(tumor.table)[np.argsort(-counts[varied(tumor.table)])]
    large = Side("set", "large", np.sort(often[::3][:60]))
    small = Side("set", "small", np.sort(often[1::3][:8]))
    one = Side("gene", "one", often[:1])
    for x, y in ((large, small), (one, small), (one, large)):
        for min_genes in (3, 6):
            where = replace(tumor, min_genes=min_genes)
            ranked_as(where, reference, real_sets, x, y)


def built_by_hand(table: TableIndex, sets: Sequence[Rows]) -> ReferenceIndex:
    """An index of these sets, whose sums are in double precision until the end."""
    sets = sorted(sets, key=len)
    rank = np.asarray(table.ranks) / 2
    sums = [
        [(rank[rows] ** 0.25).sum(0), (rank[rows] ** 1.25).sum(0), rank[rows].sum(0)]
        for rows in sets
    ]
    offsets = np.cumsum([0, *map(len, sets)], dtype=np.intp)
    rows = np.concatenate(sets)
    return ReferenceIndex(np.array(sums, dtype=np.float32), rows, offsets)


def random_sets(table: TableIndex, sizes: Sequence[int], seed: int = 0) -> list[Rows]:
    rng = np.random.default_rng(seed)
    return [np.sort(rng.choice(len(table.genes), size, replace=False)) for size in sizes]


def test_fewer_than_twenty_sets_of_like_size_say_nothing(tumor: Situation) -> None:
    x, y = gene(tumor.table, 20), gene_set(tumor.table, 1, 10)
    for others in ([], [4, 16, 40, 2] * 10):
        sets = random_sets(tumor.table, [5, 15, *[10] * 17, *others])
        found = real_set_null(tumor, built_by_hand(tumor.table, sets), x, y)
        assert math.isnan(found.p)
        assert math.isnan(found.low)
        assert math.isnan(found.high)
        assert found.note == "p_sets: 19 reference sets of the size of S1, at least 20 needed"
        one_more = [*sets, *random_sets(tumor.table, [12], seed=1)]
        found = ranked_as(tumor, built_by_hand(tumor.table, one_more), one_more, x, y)
        denominator = 21 * found.p
        assert denominator == pytest.approx(round(denominator), abs=1e-12)


def test_the_set_itself_is_none_of_the_others(tumor: Situation) -> None:
    x, y = gene(tumor.table, 20), gene_set(tumor.table, 1, 10)
    sets = random_sets(tumor.table, [10] * 19)
    with_itself = built_by_hand(tumor.table, [*sets, y.rows])
    assert "19 reference sets" in real_set_null(tumor, with_itself, x, y).note
    like_it = np.sort([*y.rows[:-1], varied(tumor.table)[60]])
    with_both = built_by_hand(tumor.table, [*sets, y.rows, like_it])
    assert "19 reference sets" in real_set_null(tumor, with_both, x, y).note
    apart = np.setdiff1d(varied(tumor.table), [*y.rows, *x.rows])
    other = np.sort([*y.rows[:3], *apart[60:67]])
    ranked_as(tumor, built_by_hand(tumor.table, [*sets, y.rows, other]), [*sets, other], x, y)


def test_what_shares_a_gene_is_still_none_of_the_others(tumor: Situation) -> None:
    """A set is looked for as it was before its shared genes were taken out."""
    x, y = gene_set(tumor.table, 3, 12), gene_set(tumor.table, 2, 10)
    y_whole = Side("set", "y", np.sort([*y.rows[~np.isin(y.rows, x.rows)], x.rows[0]]))
    sets = random_sets(tumor.table, [10] * 19)
    index = built_by_hand(tumor.table, [*sets, y_whole.rows])
    apart = x.without(y_whole.rows), y_whole.without(x.rows)
    assert "19 reference sets" in real_set_null(tumor, index, *apart).note


def test_sets_of_which_too_little_is_left_are_none_of_the_others(
    tumor: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where they lose too many genes, nor where the side does."""
    monkeypatch.setattr(nulls, "SAME_PATHWAY", 2.0)  # so that likeness is not what leaves them out
    x, y = gene_set(tumor.table, 3, 12), gene_set(tumor.table, 2, 10)
    y = y.without(x.rows)
    rest = np.setdiff1d(varied(tumor.table), np.concatenate([x.rows, y.rows]))
    rng = np.random.default_rng(1)

    def other(shared: int, own: int) -> Rows:
        return np.sort([*x.rows[:shared], *rng.choice(rest, own, replace=False)])

    enough = [other(4, 5) for _ in range(10)] + [other(7, 5) for _ in range(9)]
    too_little_left = [other(5, 4) for _ in range(6)]
    too_much_taken = [other(8, 5) for _ in range(6)]
    sets = [*enough, *too_little_left, *too_much_taken]
    found = real_set_null(tumor, built_by_hand(tumor.table, sets), x, y)
    assert found.note == f"p_sets: 19 reference sets of the size of {y.name}, at least 20 needed"
    sets.append(other(7, 5))
    ranked_as(tumor, built_by_hand(tumor.table, sets), sets, x, y)
    assert len(slow_ranking(tumor, sets, x, y, None)) == 20


def test_one_direction_that_says_nothing_leaves_none(tumor: Situation) -> None:
    """Twenty sets of the size of the one, none of that of the other."""
    x, y = gene_set(tumor.table, 3, 40), gene_set(tumor.table, 2, 10)
    x = x.without(y.rows)
    index = built_by_hand(tumor.table, random_sets(tumor.table, [10] * 30))
    for one, other in ((x, y), (y, x)):
        found = real_set_null(tumor, index, one, other)
        assert math.isnan(found.p)
        assert found.note == "p_sets: 0 reference sets of the size of S3, at least 20 needed"


def test_no_set_no_real_pathways(tumor: Situation, reference: ReferenceIndex) -> None:
    assert_nothing(real_set_null(tumor, reference, *PAIRS["gene-gene"](tumor)))
    assert_nothing(real_set_null(tumor, reference, *PAIRS["covariate-gene"](tumor)))
    both = covariate(tumor), covariate(tumor, "age")
    assert_nothing(real_set_null(tumor, reference, *both))


def test_sides_that_share_no_gene_with_any_set(tumor: Situation) -> None:
    x, y = two_sets(tumor.table, 5, 22, 9)
    rest = np.setdiff1d(np.arange(tumor.n_genes), [*x.rows, *y.rows])
    sets = [rest[rows] for rows in (np.arange(start, start + 13) for start in range(0, 300, 12))]
    for one in (x, gene(tumor.table, 20), covariate(tumor)):
        ranked_as(tumor, built_by_hand(tumor.table, sets), sets, one, y)


def test_the_reference_is_left_as_it_is(tumor: Situation) -> None:
    """Sums that can be written to, which a memory map's could not."""
    sets = random_sets(tumor.table, [10] * 30)
    index = built_by_hand(tumor.table, sets)
    before = index.sums.copy()
    x = Side("set", "X", np.unique(np.concatenate(sets[:3])))
    real_set_null(replace(tumor, columns=np.arange(44)), index, x, gene_set(tumor.table, 2, 10))
    assert np.array_equal(index.sums, before)


# --- through the engine --------------------------------------------------------------------------

NULL_COLUMNS = ["p_genes", "genes_low", "genes_high", "p_sets", "sets_low", "sets_high"]
OF_GENES, OF_SETS = NULL_COLUMNS[:3], NULL_COLUMNS[3:]
LIHC = {"tumor_types": ["LIHC"]}


def named(table: TableIndex, side: Side) -> GeneSet:
    symbol = list(table.genes)
    return GeneSet(side.name, "", tuple(symbol[row] for row in side.rows))


def overlapping(table: TableIndex) -> tuple[GeneSet, GeneSet]:
    """Two sets that share some genes."""
    one, other = named(table, gene_set(table, 3, 30, "X")), named(table, gene_set(table, 2, 8, "Y"))
    return one, replace(other, genes=(*other.genes, *one.genes[:3]))


def sides_of(table: TableIndex, x: GeneSet, y: GeneSet) -> tuple[Side, Side]:
    """The two sets without the genes that they share."""
    one, other = set(x.genes), set(y.genes)
    return (
        Side("set", x.name, table.genes.rows(one - other)),
        Side("set", y.name, table.genes.rows(other - one)),
    )


def test_rows_have_the_nulls_of_sets_without_shared_genes(
    engine: Engine, tumor: Situation, reference: ReferenceIndex
) -> None:
    x, y = overlapping(tumor.table)
    row = engine.correlate(x, y, **LIHC).frame.to_dicts()[0]
    assert row["n_shared_genes"] >= 3
    sides = sides_of(tumor.table, x, y)
    by_genes = random_gene_null(tumor, *sides)
    by_sets = real_set_null(tumor, reference, *sides)
    expected = [
        *(by_genes.p, by_genes.low, by_genes.high),
        *(by_sets.p, by_sets.low, by_sets.high),
    ]
    assert [row[name] for name in NULL_COLUMNS] == expected
    assert not np.isnan(expected).any()
    assert row["genes_low"] < row["genes_high"]
    assert row["note"] == ""


def test_gene_gene_has_no_p_of_sets(engine: Engine, tumor: Situation) -> None:
    x, y = PAIRS["gene-gene"](tumor)
    row = engine.correlate(x.name, y.name, **LIHC).frame.to_dicts()[0]
    found = random_gene_null(tumor, x, y)
    assert [row[name] for name in OF_GENES] == [found.p, found.low, found.high]
    assert [row[name] for name in OF_SETS] == [None] * 3


def test_a_gene_against_a_set_that_has_it(
    engine: Engine, tumor: Situation, reference: ReferenceIndex
) -> None:
    side = gene_set(tumor.table, 1, 12)
    one = Side("gene", list(tumor.table.genes)[side.rows[4]], side.rows[4:5])
    row = engine.correlate(named(tumor.table, side), one.name, **LIHC).frame.to_dicts()[0]
    assert row["n_shared_genes"] == 1
    apart = side.without(one.rows)
    assert row["p_genes"] == random_gene_null(tumor, one, apart).p
    assert row["p_sets"] == real_set_null(tumor, reference, one, apart).p


@pytest.mark.parametrize("wanted", [(), ("genes",), ("sets",), ("genes", "sets")])
def test_only_what_is_asked_for_is_compared_with(
    engine: Engine, table: TableIndex, wanted: tuple[nulls.Null, ...]
) -> None:
    x, y = overlapping(table)
    frame = engine.correlate(x, y, null=wanted).frame
    whole = engine.correlate(x, y).frame
    assert whole.select(NULL_COLUMNS).null_count().row(0) == (0,) * 6
    for null, names in (("genes", OF_GENES), ("sets", OF_SETS)):
        if null in wanted:
            assert frame.select(names).equals(whole.select(names))
        else:
            assert frame.select(names).null_count().row(0) == (2,) * 3
    assert frame.drop(NULL_COLUMNS).equals(whole.drop(NULL_COLUMNS))
    assert frame.schema == whole.schema


def test_without_a_question_of_sets_none_are_scored(engine: Engine, table: TableIndex) -> None:
    """The collection's index is made where it is needed alone."""
    x, y = overlapping(table)
    acc = open_index(engine.store, TableKey("tcga-hiseqv2", "ACC"))
    drop_reference(engine.store, acc)
    symbols = [list(table.genes)[row] for row in varied(acc)[:2]]
    assert engine.correlate(*symbols, tumor_types=["ACC"]).frame["p_genes"][0] is not None
    engine.correlate(x, y, tumor_types=["ACC"], null=["genes"])
    assert not has_reference(engine.store, acc)
    engine.correlate(x, y, tumor_types=["ACC"])
    assert has_reference(engine.store, acc)


def test_ties_change_r_and_not_the_nulls(engine: Engine, table: TableIndex) -> None:
    x, y = overlapping(table)
    average, gsva = (engine.correlate(x, y, ties=ties).frame for ties in ("average", "gsva"))
    assert (average["r"] != gsva["r"]).all()
    assert average.select(NULL_COLUMNS).equals(gsva.select(NULL_COLUMNS))


def test_sets_of_which_too_little_is_left_have_no_nulls(engine: Engine, table: TableIndex) -> None:
    """r is there, and r without shared genes is not."""
    x, _ = overlapping(table)
    others = (gene for gene in table.genes if gene not in x.genes)
    y = replace(x, name="Y", genes=(*x.genes[:26], *itertools.islice(others, 20)))
    inside = replace(x, name="INSIDE", genes=x.genes[:20])
    for other in (y, inside):
        for one_way in ((x, other), (other, x)):
            frame = engine.correlate(*one_way).frame
            assert frame["r"].null_count() == 0
            assert frame["r_disjoint"].null_count() == 2
            assert frame.select(NULL_COLUMNS).null_count().row(0) == (2,) * 6
            assert not frame["note"].str.contains("p_sets").any()


def test_one_variable_twice_has_no_nulls(engine: Engine, table: TableIndex) -> None:
    x, _ = overlapping(table)
    symbol = x.genes[0]
    for one, other in ((x, x), (x, replace(x, name="again")), (symbol, symbol)):
        frame = engine.correlate(one, other, **LIHC).frame
        assert frame["note"][0].startswith("x and y are the same variable")
        assert frame.select(NULL_COLUMNS).row(0) == (None,) * 6


def test_a_row_without_r_has_no_nulls(engine: Engine, table: TableIndex) -> None:
    x, _ = overlapping(table)
    frame = engine.correlate(x, "gene:GPX4").frame
    assert frame["r"].null_count() == 2
    assert frame.select(NULL_COLUMNS).null_count().row(0) == (2,) * 6


def test_other_tumor_types_and_questions_change_nothing(engine: Engine, table: TableIndex) -> None:
    x, y = overlapping(table)
    together = engine.correlate(x, y).frame
    for tumor_type in ("LIHC", "ACC", "LIHC"):
        engine.correlate(y, list(table.genes)[5], tumor_types=[tumor_type])
        alone = engine.correlate(x, y, tumor_types=[tumor_type]).frame
        same = together.filter(pl.col("tumor_type") == tumor_type)
        assert alone.select(NULL_COLUMNS).equals(same.select(NULL_COLUMNS))
    turned = engine.correlate(y, x).frame
    assert turned.select(NULL_COLUMNS).equals(together.select(NULL_COLUMNS))
    one, other = (together.filter(pl.col("tumor_type") == name) for name in ("ACC", "LIHC"))
    assert not one.select(NULL_COLUMNS).equals(other.select(NULL_COLUMNS))


def test_each_method_has_its_own_nulls(
    engine: Engine, tumor: Situation, reference: ReferenceIndex
) -> None:
    x, y = overlapping(tumor.table)
    frame = engine.correlate(x, y, method="all", draws=60).frame
    sides = sides_of(tumor.table, x, y)
    for method in METHODS:
        where = replace(tumor, method=method)
        (row,) = frame.filter(tumor_type="LIHC", method=method).to_dicts()
        assert row["p_genes"] == random_gene_null(where, *sides, 60).p
        assert row["p_sets"] == real_set_null(where, reference, *sides).p
        alone = engine.correlate(x, y, method=method, draws=60, **LIHC).frame.to_dicts()[0]
        assert [alone[name] for name in NULL_COLUMNS] == [row[name] for name in NULL_COLUMNS]


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_adjusted_rows_have_adjusted_nulls(
    engine: Engine, tumor: Situation, reference: ReferenceIndex, method: Method
) -> None:
    """In the samples that have the covariate."""
    x, y = overlapping(tumor.table)
    options: dict[str, Any] = {"method": method, "draws": 100, **LIHC}
    row = engine.correlate(x, y, adjust="purity", **options).frame.to_dicts()[0]
    plain = engine.correlate(x, y, **options).frame.to_dicts()[0]
    assert row["n"] == plain["n"] - 1 == 32
    assert [row[name] for name in NULL_COLUMNS] != [plain[name] for name in NULL_COLUMNS]
    purity = engine.sql(
        "SELECT value FROM covariates WHERE covariate = 'purity' AND key LIKE 'TCGA-LI%' "
        "ORDER BY key"
    )["value"]
    held = np.array(purity, dtype=np.float64)[:, np.newaxis]
    fit = Fit(held, ranked=method == "spearman")
    columns = np.delete(tumor.columns, 4)
    where = replace(tumor, columns=columns, method=method, fit=fit)
    sides = sides_of(tumor.table, x, y)
    assert row["p_genes"] == random_gene_null(where, *sides, 100).p
    assert row["p_sets"] == real_set_null(where, reference, *sides).p


def test_a_covariate_has_the_nulls_of_its_own_values(
    engine: Engine, tumor: Situation, reference: ReferenceIndex
) -> None:
    x, _ = overlapping(tumor.table)
    row = engine.correlate("age", x, **LIHC).frame.to_dicts()[0]
    ages = engine.sql(
        "SELECT value FROM covariates WHERE covariate = 'age' AND key LIKE 'TCGA-LI%' ORDER BY key"
    )["value"]
    one = Side("covariate", "age", values=np.array(ages, dtype=np.float64))
    other = Side("set", "X", tumor.table.genes.rows(x.genes))
    assert row["p_genes"] == random_gene_null(tumor, one, other).p
    assert row["p_sets"] == real_set_null(tumor, reference, one, other).p
    # only the samples that have what is adjusted for
    row = engine.correlate("age", x, adjust="purity", **LIHC).frame.to_dicts()[0]
    having = np.delete(np.arange(33), 4)
    purity = engine.sql(
        "SELECT value FROM covariates WHERE covariate = 'purity' AND key LIKE 'TCGA-LI%' "
        "ORDER BY key"
    )["value"]
    fit = Fit(np.array(purity, dtype=np.float64)[:, np.newaxis])
    where = replace(tumor, columns=tumor.columns[having], fit=fit)
    one = replace(one, values=one.values[having])
    assert row["p_genes"] == random_gene_null(where, one, other).p
    assert row["p_sets"] == real_set_null(where, reference, one, other).p
    both = engine.correlate("age", "purity").frame
    assert both["r"].null_count() == 0
    assert both.select(NULL_COLUMNS).null_count().row(0) == (2,) * 6


def test_too_few_reference_sets_are_noted(engine: Engine, table: TableIndex) -> None:
    """No reference set has so many genes of the table; the null of random genes stands."""
    large = named(table, gene_set(table, 9, 400, "LARGE"))
    small = replace(large, name="SMALL", genes=tuple(list(table.genes)[:400:40]))
    row = engine.correlate(small, large, **LIHC).frame.to_dicts()[0]
    assert row["p_genes"] is not None
    assert [row[name] for name in OF_SETS] == [None] * 3
    assert row["note"] == "p_sets: 0 reference sets of the size of LARGE, at least 20 needed"


def test_what_cannot_be_compared_with_is_refused(engine: Engine, table: TableIndex) -> None:
    x, y = overlapping(table)
    with pytest.raises(UsageError, match="draws is 0"):
        engine.correlate(x, y, draws=0)
    with pytest.raises(UsageError, match="null is 'pathways'"):
        engine.correlate(x, y, null=["pathways"])  # type: ignore[list-item]


SAY_NULLS = f"""
import json, sys
import tcga_corr as tc
engine = tc.open_store(sys.argv[1])
x, y = (tc.GeneSet(name, "", tuple(genes)) for name, genes in json.loads(sys.argv[2]))
print(json.dumps(engine.correlate(x, y).frame.select({NULL_COLUMNS}).rows()))
"""


def test_another_process_gives_the_same_nulls(engine: Engine, table: TableIndex) -> None:
    """However it orders its sets of strings."""
    pair = overlapping(table)
    question = json.dumps([(one.name, one.genes) for one in pair])
    expected = [list(row) for row in engine.correlate(*pair).frame.select(NULL_COLUMNS).rows()]
    said = [
        subprocess.run(
            [sys.executable, "-c", SAY_NULLS, engine.store.root, question],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        for seed in ("1", "2")
    ]
    assert [json.loads(one.stdout) for one in said] == [expected, expected]
