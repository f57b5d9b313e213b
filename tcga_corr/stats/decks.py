"""Decks: pseudo-random orders of genes, from which random genes are matched to given ones.

Genes are sorted into classes of similar mean and spread. Draw b puts the genes of every class in an
order, its deck, that depends on the seed, b and the genes' symbols alone: so it is the same in
every table, for every question. A gene set as the first of a pair takes the first genes of each
deck that are not its own, as the second the last ones. For any one pair this is a uniform draw of
two disjoint sets; and what one set takes depends on no other set, so that the draws of many pairs
are those of their sets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

N_MEANS, N_SPREADS = 20, 5
MIN_VARYING = 500
"""Varying genes below which there are no classes."""

Vector = NDArray[np.float64]
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]
Keys = NDArray[np.uint64]
Orders = NDArray[np.uint32]
Counts = NDArray[np.int64]

_SEED = 489
_SHORTEST_PREFIX = 3  # genes that are added up before, for all sets that take them
_GENE_BITS = np.uint64(2**20 - 1)  # a million genes
DRAWS_AT_ONCE = 250
"""Draws whose orders are computed, and kept, together."""


@dataclass(frozen=True)
class Classes:
    """Genes of similar mean and spread.

    Attributes
    ----------
    codes
        The class of each gene; the last class is that of the genes that do not vary.
    sizes
        Genes in each class.
    """

    codes: NDArray[np.uint8]
    sizes: Counts

    @property
    def constant(self) -> int:
        """The class of the genes that do not vary, which may be empty."""
        return len(self.sizes) - 1


def gene_classes(
    mean: Vector, spread: Vector, varying: Mask, n_spreads: int = N_SPREADS
) -> Classes | None:
    """Classes of equally many genes by mean, and by spread within each; None of too few genes.

    Parameters
    ----------
    mean, spread
        Of each gene, in any units; equal ones go by the genes' order.
    varying
        Which genes vary; the others are a class of their own.
    n_spreads
        Classes of spread within one of mean; 1 for classes of the mean alone.
    """
    genes = np.flatnonzero(varying)
    if len(genes) < MIN_VARYING:
        return None
    n_means = min(N_MEANS, max(1, len(genes) // MIN_VARYING))
    codes = np.full(len(mean), n_means * n_spreads, dtype=np.uint8)
    for number, some in enumerate(_by_size(mean, genes, n_means)):
        for part, alike in enumerate(_by_size(spread, some, n_spreads)):
            codes[alike] = number * n_spreads + part
    return Classes(codes, np.bincount(codes, minlength=n_means * n_spreads + 1))


def _by_size(values: Vector, genes: Rows, n_parts: int) -> Iterable[Rows]:
    """Genes in parts of nearly equal size, those of low values first; each part ascending."""
    ordered = genes[np.argsort(values[genes], kind="stable")]
    part = np.arange(len(genes)) * n_parts // max(1, len(genes))
    return (np.sort(ordered[part == number]) for number in range(n_parts))


def symbol_keys(symbols: Iterable[str]) -> Keys:
    """A number of 64 bits for each symbol, the same everywhere."""
    digests = b"".join(
        hashlib.blake2b(symbol.encode(), digest_size=8).digest() for symbol in symbols
    )
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)


class Shuffles:
    """The order of some genes in each draw.

    Parameters
    ----------
    symbols
        The genes, in an order of their own to which the numbers of :meth:`orders` refer.
    seed
        Another gives other draws.
    """

    def __init__(self, symbols: Sequence[str], seed: int = _SEED) -> None:
        self._keys = symbol_keys(symbols)
        self._seed = seed
        self._part = lru_cache(maxsize=8)(self._computed)
        self._lock = Lock()

    def orders(self, start: int, stop: int) -> Orders:
        """The genes of draws ``start`` to ``stop`` in their order, draws x genes."""
        first = start // DRAWS_AT_ONCE
        with self._lock:  # so that no two threads compute the same
            parts = [self._part(number) for number in range(first, -(-stop // DRAWS_AT_ONCE))]
        begin = start - first * DRAWS_AT_ONCE
        joined = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return joined[begin : begin + stop - start]

    def _computed(self, part: int) -> Orders:
        numbers = np.arange(part * DRAWS_AT_ONCE, (part + 1) * DRAWS_AT_ONCE, dtype=np.uint64)
        orders = np.empty((len(numbers), len(self._keys)), dtype=np.uint32)
        genes = np.arange(len(self._keys), dtype=np.uint64)
        for row, own in enumerate(_mixed(numbers + np.uint64(self._seed << 32))):
            # by the first bits of the key, then by the gene, whose number takes the last bits: one
            # sort of numbers, which is many times faster than a sort of places
            order = np.sort((_mixed(self._keys ^ own) & ~_GENE_BITS) | genes)
            orders[row] = order & _GENE_BITS
        return orders


def _mixed(numbers: Keys) -> Keys:
    """Numbers that look random (Steele, Lea & Flood 2014, doi:10.1145/2714064.2660195)."""
    with np.errstate(over="ignore"):
        mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(mixed ^ (mixed >> np.uint64(31)))


@dataclass(frozen=True, eq=False)
class Matched:
    """A gene set to be matched by random genes of the same classes.

    Attributes
    ----------
    counts
        Genes to draw from each class.
    own
        Genes that are not to be drawn.
    from_end
        Whether the last genes of the decks are taken, not the first.
    """

    counts: Counts
    own: Rows
    from_end: bool

    @property
    def size(self) -> int:
        """Genes of each draw."""
        return int(self.counts.sum())


@dataclass(frozen=True)
class Drawn:
    """Some draws of several sets, as sparse sums of genes.

    Row d * sets + v of ``genes`` and ``whole`` is set v in draw d. Its genes are those of
    ``genes``, and those of the rows of ``prefixes`` in ``whole``; one that counts as -1 is taken
    out again.

    Attributes
    ----------
    prefixes
        Prefixes x genes: the first genes of decks that several sets take.
    whole
        Draws and sets x prefixes.
    genes
        Draws and sets x genes.
    """

    prefixes: csr_array
    whole: csr_array
    genes: csr_array


class Decks:
    """Draws of sets that are matched to given ones.

    Parameters
    ----------
    classes
        Of the genes.
    sets
        The sets to match; no class may have fewer genes than a set draws from it, not counting the
        set's own.
    """

    def __init__(self, classes: Classes, sets: Sequence[Matched]) -> None:
        n_classes = len(classes.sizes)
        self._codes, self._n_genes, self._n_sets = classes.codes, len(classes.codes), len(sets)
        self._is_own = np.zeros((len(sets), self._n_genes), dtype=np.bool_)
        # a run: the genes that a set takes from one deck; both ends of a class are decks
        counts = np.zeros((len(sets), 2 * n_classes), dtype=np.int64)
        depth = np.zeros(2 * n_classes, dtype=np.int64)
        for number, one in enumerate(sets):
            self._is_own[number, one.own] = True
            part = slice(n_classes * one.from_end, n_classes * (1 + one.from_end))
            counts[number, part] = one.counts
            own = np.bincount(classes.codes[one.own], minlength=n_classes)
            reach = np.where(one.counts > 0, one.counts + own, 0)
            depth[part] = np.maximum(depth[part], reach)
        self._depth = np.minimum(depth, np.tile(classes.sizes, 2)).reshape(2, n_classes)
        start = np.cumsum(self._depth) - self._depth.ravel()
        self._run_set, deck = np.nonzero(counts)
        self._run_count = counts[self._run_set, deck]
        self._run_start = start[deck]
        self._slots, self._run_of_slot = _expanded(self._run_start, self._run_count)
        # what a set's sum is made of must not depend on the other sets, for the same last bits
        in_prefix = self._run_count >= _SHORTEST_PREFIX
        runs = np.column_stack([self._run_start, self._run_count])[in_prefix]
        prefixes, place = np.unique(runs, axis=0, return_inverse=True)
        self._prefix_of_run = place.reshape(-1)
        self._n_prefixes_of_set = np.bincount(self._run_set[in_prefix], minlength=len(sets))
        self._prefix_counts = prefixes[:, 1]
        self._prefix_slots, _ = _expanded(*prefixes.T)
        self._single_slots = self._slots[~in_prefix[self._run_of_slot]]
        single_counts = np.where(in_prefix, 0, self._run_count)
        self._n_singles = np.bincount(self._run_set, single_counts, len(sets)).astype(np.int64)

    def draw(self, orders: Orders) -> Drawn:
        """The sets in some draws, given by the :meth:`Shuffles.orders` of their genes."""
        n_draws = len(orders)
        first, last = (
            tops_of_decks(ordered, self._codes, depth)
            for ordered, depth in zip((orders, orders[:, ::-1]), self._depth, strict=True)
        )
        decks = np.concatenate([first, last], axis=1)
        n_prefixes = len(self._prefix_counts)
        rows = np.arange(n_draws)[:, np.newaxis] * n_prefixes + self._prefix_of_run
        return Drawn(
            prefixes=_csr(
                decks[:, self._prefix_slots], np.tile(self._prefix_counts, n_draws), self._n_genes
            ),
            whole=_csr(rows, np.tile(self._n_prefixes_of_set, n_draws), n_draws * n_prefixes),
            genes=self._genes(decks),
        )

    def _genes(self, decks: NDArray[np.int32]) -> csr_array:
        """Genes that are in no prefix, and those exchanged for own ones."""
        row, gene, weight = self._exchanged(decks)
        n_rows = len(decks) * self._n_sets
        n_singles = np.tile(self._n_singles, len(decks))
        n_more = np.bincount(row, minlength=n_rows)
        ends = np.cumsum(n_singles + n_more)
        columns = np.empty(ends[-1] if n_rows else 0, dtype=np.int32)
        weights = np.ones(len(columns), dtype=np.float32)
        is_more = np.zeros(len(columns), dtype=np.bool_)
        in_row = np.arange(len(row)) - (np.cumsum(n_more) - n_more)[row]
        place = (ends - n_more)[row] + in_row
        is_more[place] = True
        columns[place], weights[place] = gene, weight
        columns[~is_more] = decks[:, self._single_slots].ravel()
        return _csr(columns, n_singles + n_more, self._n_genes, weights)

    def _exchanged(
        self, decks: NDArray[np.int32]
    ) -> tuple[Rows, NDArray[np.int32], NDArray[np.float32]]:
        """Own genes where a set would take them (-1), and the next others in the deck (+1).

        Returns
        -------
        The row of the set and draw, the gene, and its weight; ascending rows.
        """
        run_of = self._run_of_slot
        genes = decks[:, self._slots]
        draw, slot = np.nonzero(self._is_own[self._run_set[run_of], genes])
        removed = draw, run_of[slot], genes[draw, slot]
        n_runs = len(self._run_count)
        cell, missing = np.unique(draw * n_runs + removed[1], return_counts=True)
        draw, run = np.divmod(cell, max(1, n_runs))
        place = self._run_start[run] + self._run_count[run]
        rows, found = [removed[0] * self._n_sets + self._run_set[removed[1]]], [removed[2]]
        while len(draw):
            gene = decks[draw, place]
            free = ~self._is_own[self._run_set[run], gene]
            rows.append((draw * self._n_sets + self._run_set[run])[free])
            found.append(gene[free])
            missing = missing - free
            left = missing > 0
            draw, run, place, missing = draw[left], run[left], place[left] + 1, missing[left]
        row, gene = np.concatenate(rows), np.concatenate(found)
        weight = np.ones(len(row), dtype=np.float32)
        weight[: len(removed[0])] = -1
        by_row = np.argsort(row, kind="stable")
        return row[by_row], gene[by_row], weight[by_row]


def _expanded(start: Counts, count: Counts) -> tuple[Counts, Counts]:
    """The numbers from each start on, as many as its count; and which start each is of."""
    of = np.repeat(np.arange(len(start)), count)
    return start[of] + np.arange(len(of)) - (np.cumsum(count) - count)[of], of


def _csr(
    columns: NDArray[Any], counts: Counts, width: int, weights: NDArray[np.float32] | None = None
) -> csr_array:
    """A sparse matrix of rows that lie one after another."""
    from scipy.sparse import csr_array

    flat = columns.ravel().astype(np.int32, copy=False)
    if weights is None:
        weights = np.ones(len(flat), dtype=np.float32)
    ends = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts, out=ends[1:])
    return csr_array((weights, flat, ends), shape=(len(counts), width))


def tops_of_decks(orders: Orders, codes: NDArray[np.uint8], depth: Counts) -> NDArray[np.int32]:
    """The first genes of each class in each order: draws x the sum of the depths."""
    n_genes = orders.shape[1]
    n_classes = len(depth)
    length = _likely_length(depth, np.bincount(codes, minlength=n_classes))
    while True:
        part = orders[:, :length]
        of_class = codes[part]
        found = np.array([np.bincount(row, minlength=n_classes) for row in of_class])
        if length >= n_genes or (found >= depth).all():
            break
        length *= 2
    # as in a sort of places by class, but faster: the place takes the last bits
    by_class = of_class.astype(np.uint32) << 24 | np.arange(part.shape[1], dtype=np.uint32)
    by_class.sort(axis=1)
    by_class &= 2**24 - 1
    slot, of = _expanded(np.zeros(n_classes, dtype=np.int64), depth)
    places = (np.cumsum(found, axis=1) - found)[:, of] + slot
    places = np.take_along_axis(by_class, places, axis=1)
    return np.take_along_axis(part, places, axis=1).astype(np.int32)


def _likely_length(depth: Counts, sizes: Counts) -> int:
    """How much of an order nearly always has the first genes of all decks."""
    wanted = depth > 0
    expected = depth[wanted] + 5 * np.sqrt(depth[wanted]) + 5
    share = (expected / sizes[wanted]).max(initial=0.0)
    return int(min(1.0, share) * sizes.sum()) + 1
