"""Classes of genes and decks of random ones, against sorted lists and draws one by one."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tcga_corr.stats.decks import (
    Classes,
    Decks,
    Drawn,
    Matched,
    Shuffles,
    gene_classes,
    symbol_keys,
    tops_of_decks,
)

Rows = NDArray[np.intp]
Genes = set[int]


# --- classes -------------------------------------------------------------------------------------


def slow_classes(mean: Sequence[float], spread: Sequence[float], n_spreads: int = 5) -> list[int]:
    """Parts of the sorted genes, those of equal value in their order."""
    n_means = min(20, max(1, len(mean) // 500))
    code = [-1] * len(mean)
    by_mean = sorted(range(len(mean)), key=lambda gene: (mean[gene], gene))
    for number in range(n_means):
        some = [gene for at, gene in enumerate(by_mean) if at * n_means // len(by_mean) == number]
        some.sort(key=lambda gene: (spread[gene], gene))
        for at, gene in enumerate(some):
            code[gene] = number * n_spreads + at * n_spreads // len(some)
    return code


@settings(max_examples=25)
@given(st.integers(500, 1_700), st.integers(1, 400), st.sampled_from([1, 5]), st.integers(0, 99))
def test_classes_equal_parts_of_the_sorted_genes(
    n: int, n_values: int, n_spreads: int, seed: int
) -> None:
    """Of many equal values too, as low genes have."""
    rng = np.random.default_rng(seed)
    mean, spread = rng.integers(0, n_values, (2, n)).astype(np.float64)
    found = gene_classes(mean, spread, np.ones(n, dtype=np.bool_), n_spreads)
    assert found is not None
    assert found.codes.tolist() == slow_classes(mean.tolist(), spread.tolist(), n_spreads)


@pytest.mark.parametrize(
    ("n_varying", "n_means"),
    [(500, 1), (999, 1), (1_000, 2), (2_499, 4), (9_999, 19), (10_000, 20), (20_500, 20)],
)
def test_twenty_by_five_classes_or_fewer(n_varying: int, n_means: int) -> None:
    """Constant genes are a class of their own, and do not count among the others."""
    rng = np.random.default_rng(n_varying)
    varying = rng.permutation(np.arange(n_varying + 700) < n_varying)
    mean, spread = rng.random((2, len(varying)))
    found = gene_classes(mean, spread, varying)
    assert found is not None
    assert len(found.sizes) == 5 * n_means + 1
    assert found.sizes[found.constant] == 700
    assert (found.codes[~varying] == found.constant).all()
    assert found.sizes[:-1].min() >= n_varying // (5 * n_means) - 1
    assert found.sizes[:-1].max() <= n_varying // (5 * n_means) + 2
    assert np.bincount(found.codes).tolist() == found.sizes.tolist()
    for number in range(n_means):  # every mean of a class is below those of the next
        own, later = (mean[varying & op(found.codes, number)] for op in (_of_mean, _after_mean))
        assert len(later) == 0 or own.max() < later.min()


def _of_mean(codes: NDArray[np.uint8], number: int) -> NDArray[np.bool_]:
    return codes // 5 == number


def _after_mean(codes: NDArray[np.uint8], number: int) -> NDArray[np.bool_]:
    return codes // 5 > number


def test_fewer_than_five_hundred_varying_genes_have_no_classes() -> None:
    varying = np.arange(5_000) < 499
    values = np.arange(5_000.0)
    assert gene_classes(values, values, varying) is None
    varying[499] = True
    assert gene_classes(values, values, varying) is not None


# --- orders --------------------------------------------------------------------------------------

SYMBOLS = [f"G{number}" for number in range(40)]


def test_an_order_is_the_same_in_every_table() -> None:
    """That of some genes is that of all, without the others; whatever their places are."""
    whole = Shuffles(SYMBOLS).orders(0, 30)
    some = [*SYMBOLS[33:20:-2], "OTHER", *SYMBOLS[:9]]
    for one, other in zip(whole, Shuffles(some).orders(0, 30), strict=True):
        names = [some[place] for place in other if some[place] != "OTHER"]
        assert names == [SYMBOLS[place] for place in one if SYMBOLS[place] in some]


def test_orders_are_permutations_that_differ() -> None:
    orders = Shuffles(SYMBOLS).orders(0, 600)
    assert (np.sort(orders, axis=1) == np.arange(40)).all()
    assert len({tuple(order) for order in orders.tolist()}) == 600
    other = Shuffles(SYMBOLS, seed=490).orders(0, 600)
    assert not {tuple(order) for order in orders.tolist()} & set(map(tuple, other.tolist()))


@settings(max_examples=30)
@given(st.integers(0, 800), st.integers(1, 300))
def test_an_order_does_not_depend_on_which_are_wanted(start: int, count: int) -> None:
    """Of the same object, and of one that has given none before."""
    used = Shuffles(SYMBOLS[:7])
    used.orders(0, 1)
    for shuffles in (used, Shuffles(SYMBOLS[:7])):
        found = shuffles.orders(start, start + count)
        assert found.tolist() == WHOLE[start : start + count]


WHOLE = Shuffles(SYMBOLS[:7]).orders(0, 1_100).tolist()


def slow_mixed(number: int) -> int:
    """The finalizer of SplitMix64, by Steele, Lea & Flood 2014, of Python's integers."""
    number = (number + 0x9E3779B97F4A7C15) % 2**64
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    number = (number ^ number >> 27) * 0x94D049BB133111EB % 2**64
    return number ^ number >> 31


@pytest.mark.parametrize("seed", [489, 7])
def test_an_order_depends_on_seed_number_and_symbol_alone(seed: int) -> None:
    """So that any machine, and any version of numpy, gives the same."""

    def key(symbol: str) -> int:
        return int.from_bytes(hashlib.blake2b(symbol.encode(), digest_size=8).digest(), "big")

    assert symbol_keys(["HLA-A", "β"]).tolist() == [key("HLA-A"), key("β")]
    orders = Shuffles(SYMBOLS, seed).orders(0, 700)
    for b in (0, 1, 249, 250, 699):
        own = slow_mixed(seed * 2**32 + b)
        expected = sorted(SYMBOLS, key=lambda symbol: slow_mixed(key(symbol) ^ own))
        assert [SYMBOLS[place] for place in orders[b]] == expected


def test_the_first_order_of_this_version() -> None:
    genes = ["ACSL4", "GPX4", "KEAP1", "NFE2L2", "RELA", "SLC7A11", "TFRC", "TP53"]
    found = " ".join(genes[place] for place in Shuffles(genes).orders(0, 1)[0])
    assert found == "NFE2L2 ACSL4 GPX4 SLC7A11 TFRC RELA KEAP1 TP53"


def test_every_place_is_as_likely() -> None:
    """A gene's place; the places of a pair of genes; and a gene's places in successive draws."""
    orders = Shuffles(SYMBOLS[:6]).orders(0, 12_000)
    place = np.argsort(orders, axis=1)
    for gene in range(6):
        assert stats.chisquare(np.bincount(place[:, gene], minlength=6)).pvalue > 1e-3
    for one, other in itertools.combinations(range(6), 2):
        assert_uniform(zip(place[:, one], place[:, other], strict=True), 30)
    assert_uniform(map(tuple, orders.tolist()), 720)
    for gene in range(6):
        assert_uniform(zip(place[:-1, gene], place[1:, gene], strict=True), 36)


def assert_uniform(outcomes: object, n_outcomes: int) -> None:
    counts = list(Counter(outcomes).values())  # type: ignore[call-overload]
    assert len(counts) == n_outcomes
    assert stats.chisquare(counts).pvalue > 1e-3


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.data())
def test_the_tops_of_decks_are_their_first_genes(codes: list[int], data: st.DataObject) -> None:
    sizes = np.bincount(codes, minlength=5)
    depth = np.array([data.draw(st.integers(0, int(size))) for size in sizes])
    orders = some_orders(len(codes), 0, 4)
    found = tops_of_decks(orders, np.array(codes, dtype=np.uint8), depth)
    for order, tops in zip(orders.tolist(), found.tolist(), strict=True):
        expected = []
        for number in range(5):
            expected += [gene for gene in order if codes[gene] == number][: depth[number]]
        assert tops == expected


# --- draws ---------------------------------------------------------------------------------------


@cache
def shuffles_of(n: int) -> Shuffles:
    return Shuffles([f"G{number}" for number in range(n)])


def some_orders(n_genes: int, start: int, count: int) -> NDArray[np.uint32]:
    return shuffles_of(n_genes).orders(start, start + count)


def slow_draw(order: Sequence[int], codes: Sequence[int], one: Matched) -> Genes:
    """The first, or the last, genes of each class's deck that are not the set's own."""
    found: Genes = set()
    for number, count in enumerate(one.counts.tolist()):
        deck = [gene for gene in order if codes[gene] == number and gene not in one.own]
        if one.from_end:
            deck.reverse()
        assert len(deck) >= count
        found |= set(deck[:count])
    return found


def genes_of(drawn: Drawn, n_sets: int) -> list[list[Genes]]:
    """By draw and set; each gene once, and nothing else."""
    sums = (drawn.genes + drawn.whole @ drawn.prefixes).toarray()
    assert np.isin(sums, [0, 1]).all()
    found = [set(np.flatnonzero(row).tolist()) for row in sums]
    return [found[start : start + n_sets] for start in range(0, len(found), n_sets)]


@st.composite
def sets_to_match(draw: st.DrawFn) -> tuple[Classes, list[Matched]]:
    """Classes of a few genes, and sets that leave enough of each; some own genes may be drawn."""
    codes = np.array(draw(st.lists(st.integers(0, 3), min_size=4, max_size=50)), dtype=np.uint8)
    sizes = np.bincount(codes, minlength=4)
    sets = []
    for _ in range(draw(st.integers(1, 5))):
        own = draw(st.lists(st.integers(0, len(codes) - 1), unique=True, max_size=len(codes)))
        free = sizes - np.bincount(codes[own], minlength=4)
        counts = np.array([draw(st.integers(0, int(size))) for size in free])
        sets.append(Matched(counts, np.array(sorted(own), dtype=np.intp), draw(st.booleans())))
    return Classes(codes, sizes), sets


@settings(max_examples=80)
@given(sets_to_match(), st.integers(0, 240))
def test_draws_equal_the_decks_taken_one_by_one(
    case: tuple[Classes, list[Matched]], start: int
) -> None:
    classes, sets = case
    orders = some_orders(len(classes.codes), start, 5)
    found = genes_of(Decks(classes, sets).draw(orders), len(sets))
    for order, drawn in zip(orders.tolist(), found, strict=True):
        assert drawn == [slow_draw(order, classes.codes.tolist(), one) for one in sets]
    # a set alone draws the same
    alone = genes_of(Decks(classes, sets[:1]).draw(orders), 1)
    assert [drawn[0] for drawn in found] == [drawn[0] for drawn in alone]


@settings(max_examples=50)
@given(sets_to_match(), st.integers(0, 240))
def test_two_sets_of_half_a_class_at_most_are_disjoint(
    case: tuple[Classes, list[Matched]], start: int
) -> None:
    """Whichever genes are whose; each matched class by class, without its own genes."""
    classes, (one, *_) = case
    codes = classes.codes
    for own_x, own_y in ([one.own, np.empty(0, dtype=np.intp)], [one.own[::2], one.own[1::2]]):
        counts = [np.bincount(codes[own], minlength=4) for own in (own_x, own_y)]
        if (2 * (counts[0] + counts[1]) > classes.sizes).any():
            continue
        sets = [Matched(counts[0], own_x, False), Matched(counts[1], own_y, True)]
        orders = some_orders(len(codes), start, 6)
        for x, y in genes_of(Decks(classes, sets).draw(orders), 2):
            assert not x & y
            assert not x & set(own_x.tolist())
            assert not y & set(own_y.tolist())
            assert np.bincount(codes[sorted(x)], minlength=4).tolist() == counts[0].tolist()
            assert np.bincount(codes[sorted(y)], minlength=4).tolist() == counts[1].tolist()


def drawn_pairs(codes: Sequence[int], x: Matched, y: Matched, n: int) -> list[tuple[Genes, Genes]]:
    array = np.array(codes, dtype=np.uint8)
    decks = Decks(Classes(array, np.bincount(array)), [x, y])
    orders = Shuffles([f"G{number}" for number in range(len(codes))]).orders(0, n)
    return [(one, other) for one, other in genes_of(decks.draw(orders), 2)]


def test_pairs_of_disjoint_sets_are_as_likely() -> None:
    """Of a class of six, 6!/(2! 2! 2!) pairs of two and two, where no gene is left out."""
    nobody = np.empty(0, dtype=np.intp)
    two = np.array([2])
    pairs = drawn_pairs([0] * 6, Matched(two, nobody, False), Matched(two, nobody, True), 9_000)
    assert_uniform(((*sorted(x), *sorted(y)) for x, y in pairs), 90)


def test_each_set_is_as_likely_whichever_its_partner() -> None:
    """And pairs are as random orders give them: the partner's genes may be drawn."""
    own_x, own_y = np.array([0]), np.array([1])
    x, y = Matched(np.array([1]), own_x, False), Matched(np.array([2]), own_y, True)
    codes = [0] * 6
    pairs = drawn_pairs(codes, x, y, 9_000)
    assert_uniform((tuple(sorted(one)) for one, _ in pairs), 5)
    assert_uniform((tuple(sorted(other)) for _, other in pairs), 10)
    assert any(1 in one for one, _ in pairs)
    assert any(0 in other for _, other in pairs)
    expected: Counter[tuple[int, ...]] = Counter()
    for order in itertools.permutations(range(6)):
        both = slow_draw(order, codes, x), slow_draw(order, codes, y)
        expected[*both[0], *sorted(both[1])] += 1
    found = Counter((*one, *sorted(other)) for one, other in pairs)
    assert set(found) <= set(expected)
    share = len(pairs) / 720
    counts = [found[key] for key in expected], [share * number for number in expected.values()]
    assert stats.chisquare(*counts).pvalue > 1e-3
