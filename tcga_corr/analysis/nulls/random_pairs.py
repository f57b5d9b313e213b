"""Random genes in the place of those of correlated variables, for many pairs at once.

As what a variable is replaced by depends on no other variable, the r of all pairs of a draw are a
matrix product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.nulls.gene_pool import (
    OWN_GENES_TOO,
    Counts,
    GenePool,
    Mask,
    Rows,
    Vector,
    is_crowded,
)
from tcga_corr.analysis.nulls.random_genes import (
    Draws,
    Family,
    Form,
    Part,
    ScoresOfDraws,
    groups_of,
)
from tcga_corr.analysis.nulls.setting import NullSetting, Side
from tcga_corr.stats.correlation import unit_rows
from tcga_corr.stats.decks import Matched

SHARED_TO_REDUCE = 0.1
"""Share of the smaller variable's genes from which the draws are of the reduced sets."""

_MOST_UNITS = 6_000_000  # numbers held at a time
_TILE = 128


class RandomPairs:
    """The random pairs with which pairs of variables are compared.

    Parameters
    ----------
    pool
        The genes to draw from.
    sides
        The variables; the ``rows`` of their genes are places in the pool.
    x, y
        Places of the variables of each pair.
    min_genes
        Genes that a set must have left without shared ones.

    Attributes
    ----------
    has_null
        Which pairs have random ones.
    notes
        What a reader has to know of a pair's draws, by its place.
    """

    def __init__(
        self, pool: GenePool, sides: Sequence[Side], x: Rows, y: Rows, min_genes: int = 1
    ) -> None:
        self.notes: dict[int, str] = {}
        self.has_null: Mask = np.zeros(len(x), dtype=np.bool_)
        self._pool, self._sides, self._min_genes = pool, sides, min_genes
        self._forms: dict[Any, int] = {}
        self._matched: list[Matched | None] = []  # None of a covariate, which is kept
        self._side_of: list[int] = []
        self._first: Rows = np.full(len(x), -1)
        self._last: Rows = np.full(len(x), -1)
        if pool.classes is None:
            self.notes = dict.fromkeys(range(len(x)), pool.note)
            return
        self._classes = pool.classes
        n_classes = len(self._classes.sizes)
        codes = self._classes.codes
        self._counts = np.array(
            [np.bincount(codes[side.rows], minlength=n_classes) for side in sides]
        ).reshape(len(sides), n_classes)
        place = canonical_places(sides)
        swapped = place[x] > place[y]
        first, second = np.where(swapped, y, x), np.where(swapped, x, y)
        self._choose(first, second)
        kinds = [sides[number].kind for number in self._side_of]
        self.family = Family(pool, list(map(Form, kinds, self._matched)))

    def _choose(self, first: Rows, second: Rows) -> None:
        """The form of both variables of each pair."""
        # as crowded as two of the same would make a class
        crowded = np.asarray(is_crowded(2 * self._counts, self._classes).any(axis=1))
        shared = self._shared(first, second)
        is_gene_pair = np.array([side.kind != "set" for side in self._sides])
        plain = ~(crowded[first] | crowded[second] | self._is_reduced(first, second, shared))
        plain &= ~(is_gene_pair[first] & is_gene_pair[second])
        for one in np.unique(first[plain]):
            self._first[plain & (first == one)] = self._form(int(one), from_end=False)
        for one in np.unique(second[plain]):
            self._last[plain & (second == one)] = self._form(int(one), from_end=True)
        for number in np.flatnonzero(~plain):
            self._choose_one(int(number), int(first[number]), int(second[number]))
        self.has_null = self._first >= 0

    def _choose_one(self, number: int, one: int, other: int) -> None:
        sides = [self._sides[one], self._sides[other]]
        kinds = {side.kind for side in sides}
        if kinds == {"covariate"}:
            return
        shared = np.intersect1d(sides[0].rows, sides[1].rows)
        notes = []
        if self._is_reduced(np.array([one]), np.array([other]), np.array([len(shared)]))[0]:
            sides = [side.without(shared) for side in sides]
            notes.append("p_genes: draws are of the sets without their shared genes")
        for side in sides:
            if side.kind == "set" and len(side.rows) < self._min_genes:
                left = f"{len(side.rows)} genes in every tumor type, without shared ones"
                self.notes[number] = f"p_genes: {side.name} has {left}"
                return
        counts = [
            np.bincount(self._classes.codes[side.rows], minlength=len(self._classes.sizes))
            for side in sides
        ]
        both = counts[0] + counts[1]
        if (both > self._classes.sizes).any():
            self.notes[number] = "p_genes: the pair has more genes of a class than can be drawn"
            return
        allowed = tuple(np.flatnonzero(is_crowded(both, self._classes)).tolist())
        if allowed:
            notes.append(OWN_GENES_TOO)
        self._first[number] = self._form(one, sides[0], allowed, from_end=False)
        self._last[number] = self._form(other, sides[1], allowed, from_end=True)
        if notes:
            self.notes[number] = "; ".join(notes)

    def _is_reduced(self, first: Rows, second: Rows, shared: Counts) -> Mask:
        """Which pairs share so much that the draws are of what they do not share."""
        sizes = np.array([len(side.rows) for side in self._sides])
        return np.asarray(shared > SHARED_TO_REDUCE * np.minimum(sizes[first], sizes[second]))

    def _shared(self, first: Rows, second: Rows) -> Counts:
        """How many genes the variables of each pair share."""
        from scipy.sparse import csr_array

        sizes = [len(side.rows) for side in self._sides]
        members = csr_array(
            (
                np.ones(sum(sizes), dtype=np.int64),
                np.concatenate([side.rows for side in self._sides]),
                np.concatenate([[0], np.cumsum(sizes)]),
            ),
            shape=(len(sizes), len(self._pool.symbols)),
        )
        if len(first) < len(sizes):
            return np.asarray(members[first].multiply(members[second]).sum(axis=1)).reshape(-1)
        return np.asarray((members @ members.T).toarray()[first, second])

    def _form(
        self,
        number: int,
        side: Side | None = None,
        allowed: tuple[int, ...] = (),
        *,
        from_end: bool,
    ) -> int:
        """The place of a variable in one of the forms in which it is drawn."""
        side = side or self._sides[number]
        if side.kind == "covariate":
            key: Any = (number,)
        else:
            reduced = side.rows.tobytes() if side.whole is not None else b""
            key = (number, from_end, reduced, allowed)
        if key not in self._forms:
            self._forms[key] = len(self._matched)
            self._side_of.append(number)
            self._matched.append(
                None if side.kind == "covariate" else self._match(side, allowed, from_end)
            )
        return self._forms[key]

    def _match(self, side: Side, allowed: tuple[int, ...], from_end: bool) -> Matched:
        codes = self._classes.codes[side.rows]
        counts = np.bincount(codes, minlength=len(self._classes.sizes))
        return Matched(counts, side.rows[~np.isin(codes, allowed)], from_end)

    @property
    def n_pairs(self) -> int:
        """The number of pairs."""
        return len(self._first)

    def draws(self, setting: NullSetting, sides: Sequence[Side], parts: Sequence[Part]) -> Draws:
        """The r of random pairs in one table; NaN where a pair has none.

        Parameters
        ----------
        setting
            The table and its samples.
        sides
            The variables there, of which the values of covariates are used.
        parts
            The draws, of ``family``.

        Returns
        -------
        Draws x pairs.
        """
        start, stop = parts[0].start, parts[-1].stop
        found = np.full((stop - start, self.n_pairs), np.nan, dtype=np.float32)
        if not self.has_null.any():
            return found
        kept = {
            number: sides[self._side_of[number]].values
            for number, one in enumerate(self.family.forms)
            if one.matched is None
        }
        scores = ScoresOfDraws(setting, self.family, kept)
        for some in groups_of(parts, self.family.n_forms * len(setting.columns)):
            values = scores.of_draws(some)
            for part in self._parts(values):
                first = some[0].start - start
                rows = slice(first + part.start, first + part.stop)
                found[rows, self.has_null] = self._correlated(values[part], setting)
        return found

    def _parts(self, values: NDArray[np.float32]) -> Iterator[slice]:
        step = max(1, _MOST_UNITS // max(1, values.shape[1] * values.shape[2]))
        for start in range(0, len(values), step):
            yield slice(start, min(start + step, len(values)))

    def _correlated(self, values: NDArray[np.float32], setting: NullSetting) -> Vector:
        """The r of the pairs that have a null: draws x pairs, of draws x forms x samples."""
        n_draws, n_forms, n = values.shape
        units = unit_rows(
            values.reshape(n_draws * n_forms, n).astype(np.float64), setting.method, setting.fit
        ).reshape(values.shape)
        first, last = self._first[self.has_null], self._last[self.has_null]
        if len(first) < 2 * n_forms:
            r = np.empty((n_draws, len(first)))
            for number, (one, other) in enumerate(zip(first, last, strict=True)):
                r[:, number] = np.einsum("ij,ij->i", units[:, one], units[:, other])
            return r
        return _products(units, first, last)


def _products(units: Vector, first: Rows, last: Rows) -> Vector:
    """The products of pairs of rows in each draw, by matrix products of some rows with others."""
    r = np.empty((len(units), len(first)))
    rows, row = np.unique(first, return_inverse=True)
    for start in range(0, len(rows), _TILE):
        own = np.flatnonzero((row >= start) & (row < start + _TILE))
        columns, column = np.unique(last[own], return_inverse=True)
        left = units[:, rows[start : start + _TILE]]
        products = np.matmul(left, units[:, columns].transpose(0, 2, 1))
        r[:, own] = products[:, row[own] - start, column]
    return r


def canonical_places(sides: Sequence[Side]) -> Counts:
    """The order of variables in a pair: by kind, then by their genes; names do not count."""
    kinds = ("gene", "set", "covariate")
    keys = [
        (kinds.index(side.kind), side.rows.tolist(), "" if len(side.rows) else side.name)
        for side in sides
    ]
    place = np.empty(len(sides), dtype=np.int64)
    place[sorted(range(len(sides)), key=keys.__getitem__)] = np.arange(len(sides))
    return place
