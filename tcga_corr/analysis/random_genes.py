"""Random genes in the place of those of correlated variables, for many pairs at once.

The rules are in :mod:`tcga_corr.stats.decks`: genes are matched on mean and spread in the samples
that are correlated, and what a variable is replaced by depends on no other variable. So the scores
of random sets are computed once per variable and draw, and the r of all pairs of a draw are a
matrix product.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.null_setting import Kind, NullSetting, Side, columns_of, contiguous
from tcga_corr.scoring.rank_sums import (
    N_SUMS,
    centred_terms,
    constants_of_scores,
    deviations_of_scores,
    mean_terms,
)
from tcga_corr.stats.correlation import unit_rows
from tcga_corr.stats.decks import (
    DRAWS_AT_ONCE,
    MIN_VARYING,
    N_SPREADS,
    Classes,
    Decks,
    Drawn,
    Matched,
    Shuffles,
    gene_classes,
)

SHARED_TO_REDUCE = 0.1
"""Share of the smaller variable's genes from which the draws are of the reduced sets."""
OWN_GENES_TOO = "p_genes: own genes are drawn too where a class has few others"

Vector = NDArray[np.float64]
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]
Draws = NDArray[np.float32]
Counts = NDArray[np.int64]

_SAMPLES_AT_ONCE = 64  # whose terms of all genes lie in the processor's shared cache
_SAMPLES_OF_CENTRE = 32
_FORMS_AT_ONCE = 500  # of all draws that are added up at a time
# numbers held at a time: scores of draws, and pairs of units
_MOST_SCORES = 30_000_000
_MOST_UNITS = 6_000_000
_TILE = 128


@dataclass(frozen=True, eq=False)
class GenePool:
    """The genes among which random ones are drawn, in their symbols' order.

    Attributes
    ----------
    symbols
        Their symbols.
    mean, spread
        Their places, from 0 to 1, by mean and standard deviation; averaged over the tables.
    classes
        Their classes of mean and spread; None where too few genes vary.
    """

    symbols: tuple[str, ...]
    mean: Vector
    spread: Vector
    classes: Classes | None

    @classmethod
    def of(cls, settings: Sequence[NullSetting], n_spreads: int = N_SPREADS) -> GenePool:
        """The genes of the tables of all settings, by their averaged places in mean and spread."""
        tables = tuple(one.key for one in settings)
        return _recent_pools.get((tables, n_spreads), lambda: cls._computed(settings, n_spreads))

    @classmethod
    def _computed(cls, settings: Sequence[NullSetting], n_spreads: int) -> GenePool:
        symbols = _common([tuple(setting.table.genes) for setting in settings])
        profiles = [setting.profile for setting in settings]
        rows = [rows_of(symbols, setting) for setting in settings]
        pairs = list(zip(profiles, rows, strict=True))
        mean = np.mean([_percentiles(one[0][own]) for one, own in pairs], axis=0)
        spread = np.mean([_percentiles(one[1][own]) for one, own in pairs], axis=0)
        varying = np.logical_and.reduce([one[2][own] for one, own in pairs])
        return cls(symbols, mean, spread, gene_classes(mean, spread, varying, n_spreads))

    @property
    def note(self) -> str:
        """Why nothing can be drawn; empty where something can."""
        if self.classes is not None:
            return ""
        return f"p_genes: fewer than {MIN_VARYING} genes vary"

    @property
    def classes_or_one(self) -> Classes:
        """The classes; all genes in one where there are none."""
        if self.classes is not None:
            return self.classes
        size = len(self.symbols)
        return Classes(np.zeros(size, dtype=np.uint8), np.array([size, 0]))

    @property
    def shuffles(self) -> Shuffles:
        """Their order in each draw."""
        return _shuffles(self.symbols)


class _Recent:
    """What was computed last, by keys; a server asks for the pools of the same samples again."""

    def __init__(self, most: int) -> None:
        self._most, self._known = most, OrderedDict[object, GenePool]()
        self._lock = Lock()

    def get(self, key: object, compute: Callable[[], GenePool]) -> GenePool:
        """What the key stands for, computed where it is not known."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        found = compute()
        with self._lock:
            self._known[key] = found
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return found


_recent_pools = _Recent(72)  # of 33 tumor types by two choices of samples, and pooled: 25 MB


@lru_cache(maxsize=2)
def _shuffles(symbols: tuple[str, ...]) -> Shuffles:
    return Shuffles(symbols)


def _common(of_tables: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The symbols that all tables have, sorted as those of each table are."""
    different = list(dict.fromkeys(of_tables))
    if len(different) == 1:
        return different[0]
    return tuple(sorted(set(different[0]).intersection(*different[1:])))


def rows_of(symbols: Sequence[str], setting: NullSetting) -> Rows:
    """The table's rows of symbols that it has, ascending."""
    if len(symbols) == len(setting.table.genes):
        return np.arange(len(symbols), dtype=np.intp)
    return setting.table.genes.rows(symbols)


def _percentiles(values: Vector) -> Vector:
    place = np.empty(len(values))
    place[np.argsort(values, kind="stable")] = np.arange(len(values))
    return place / max(1, len(values))


@dataclass(frozen=True)
class _Form:
    """A variable as it is drawn: its kind, and how its genes are matched; None where it is kept."""

    kind: Kind
    matched: Matched | None


@dataclass(frozen=True)
class Part:
    """Some draws: their numbers, from ``start`` to ``stop``, and the genes of each set."""

    start: int
    stop: int
    drawn: Drawn


class Family:
    """Draws of some variables, the same in every table.

    Parameters
    ----------
    pool
        The genes.
    forms
        What is drawn.
    """

    def __init__(self, pool: GenePool, forms: Sequence[_Form]) -> None:
        self.pool, self.forms, self.n_forms = pool, forms, len(forms)
        matched = [one.matched for one in forms if one.matched is not None]
        self._decks = Decks(pool.classes_or_one, matched)
        self._step = min(DRAWS_AT_ONCE, max(4, _FORMS_AT_ONCE // max(1, len(matched))))
        self.size = sum(one.size for one in matched)

    def parts(self, start: int, stop: int) -> list[Part]:
        """The draws of some numbers."""
        found = []
        while start < stop:
            block = start - start % DRAWS_AT_ONCE + DRAWS_AT_ONCE  # of which the orders are kept
            end = min(start + self._step, stop, block)
            orders = self.pool.shuffles.orders(start, end)
            found.append(Part(start, end, self._decks.draw(orders)))
            start = end
        return found


def _groups(parts: Sequence[Part], size: int) -> Iterator[list[Part]]:
    """Parts whose scores are held at a time; ``size`` are the numbers of one draw."""
    group: list[Part] = []
    for part in parts:
        if group and (part.stop - group[0].start) * size > _MOST_SCORES:
            yield group
            group = []
        group.append(part)
    yield group


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
        self.family = Family(pool, list(map(_Form, kinds, self._matched)))

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
        scores = _Scores(setting, self.family, kept)
        for some in _groups(parts, self.family.n_forms * len(setting.columns)):
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


class _Scores:
    """The values of drawn variables in one table.

    Parameters
    ----------
    setting
        The table and its samples.
    family
        What is drawn.
    kept
        By form, the values of what is not drawn but kept.
    """

    def __init__(
        self, setting: NullSetting, family: Family, kept: Mapping[int, Vector] | None = None
    ) -> None:
        self._setting, self._kept, self._n_forms = setting, kept or {}, family.n_forms
        self._rows = rows_of(family.pool.symbols, setting)
        drawn = [
            (number, one.kind, one.matched)
            for number, one in enumerate(family.forms)
            if one.matched is not None
        ]
        self._n_drawn = len(drawn)
        # places among all forms, and among those that are drawn
        self._genes, self._sets = (
            [(number, at) for at, (number, kind, _) in enumerate(drawn) if kind == wanted]
            for wanted in ("gene", "set")
        )
        self._sizes = np.array([drawn[at][2].size for _, at in self._sets], dtype=np.intp)

    def of_draws(self, parts: Sequence[Part], *, whole: bool = False) -> NDArray[np.float32]:
        """Draws x forms x samples; scores but for a constant of each drawn set, or whole."""
        first, n = parts[0].start, len(self._setting.columns)
        values = np.empty((parts[-1].stop - first, self._n_forms, n), dtype=np.float32)
        for number, kept in self._kept.items():
            values[:, number] = kept
        rows = [(slice(part.start - first, part.stop - first), part.drawn) for part in parts]
        for part, drawn in rows:
            self._fill_genes(values[part], drawn)
        if self._sets:
            self._fill_scores(values, rows, whole=whole)
        return values

    def _fill_genes(self, values: NDArray[np.float32], drawn: Drawn) -> None:
        if not self._genes:
            return
        places = (drawn.genes @ np.arange(len(self._rows))).astype(np.intp)
        places = places.reshape(len(values), -1)
        for number, at in self._genes:
            own = self._setting.table.values[self._rows[places[:, at]]]
            values[:, number] = own[:, self._setting.columns]

    def _fill_scores(
        self, values: NDArray[np.float32], parts: Sequence[tuple[slice, Drawn]], *, whole: bool
    ) -> None:
        setting, n_genes = self._setting, self._setting.n_genes
        ranks = setting.table.all_ranks()
        centre = mean_terms(columns_of(ranks, setting.columns[:_SAMPLES_OF_CENTRE])[self._rows])
        bases = [self._of_sets(_sums(drawn, centre.astype(np.float64))) for _, drawn in parts]
        numbers = [number for number, _ in self._sets]
        n, width = len(setting.columns), min(_SAMPLES_AT_ONCE, len(setting.columns))
        spare = np.empty((len(self._rows) * N_SUMS * width), dtype=np.float32)
        for start in range(0, n, width):
            block = slice(start, min(start + width, n))
            columns = setting.columns[block]
            flat = spare[: len(self._rows) * N_SUMS * len(columns)].reshape(len(self._rows), -1)
            terms = flat.reshape(-1, N_SUMS, len(columns))
            centred_terms(ranks, centre, self._rows, contiguous(columns), terms)
            for (part, drawn), base in zip(parts, bases, strict=True):
                sums = self._of_sets(_sums(drawn, flat))
                scores = deviations_of_scores(sums, base, self._sizes, n_genes)
                if whole:
                    scores += constants_of_scores(base, self._sizes, n_genes)
                values[part, numbers, block] = scores

    def _of_sets(self, sums: NDArray[Any]) -> NDArray[Any]:
        """Draws x sets x 3 (x samples), without the sums of what is no set."""
        each = sums.reshape(-1, self._n_drawn, N_SUMS, sums.shape[1] // N_SUMS)
        each = each[..., 0] if each.shape[3] == 1 and sums.dtype == np.float64 else each
        return each if len(self._sets) == self._n_drawn else each[:, [at for _, at in self._sets]]


def drawn_values(setting: NullSetting, pool: GenePool, side: Side, start: int, stop: int) -> Draws:
    """The values of random variables like one, as the second of a pair with a gene.

    Parameters
    ----------
    setting
        The table and its samples.
    pool, side
        The genes, and the variable with the places of its genes among them; a covariate, with its
        values in these samples, is kept.
    start, stop
        The numbers of the draws.

    Returns
    -------
    Draws x samples.
    """
    if side.kind == "covariate":
        return np.broadcast_to(side.values, (stop - start, len(side.values))).astype(np.float32)
    matched = _matched_alone(pool.classes_or_one, side.rows, from_end=True)
    family = Family(pool, [_Form(side.kind, matched)])
    return _Scores(setting, family).of_draws(family.parts(start, stop))[:, 0]


class RandomStandIns:
    """Random variables in the place of a gene or set, as the first of a pair; for any table.

    Parameters
    ----------
    pool, side
        The genes, and the variable with the places of its genes among them.
    n_draws
        How many.
    """

    def __init__(self, pool: GenePool, side: Side, n_draws: int) -> None:
        matched = _matched_alone(pool.classes_or_one, side.rows, from_end=False)
        self._family = Family(pool, [_Form(side.kind, matched)])
        self._parts = self._family.parts(0, n_draws)

    def values(self, setting: NullSetting) -> Draws:
        """Draws x samples; scores but for a constant of each draw."""
        return _Scores(setting, self._family).of_draws(self._parts)[:, 0]

    def genes(self, number: int) -> Rows:
        """The places in the pool of the genes of one draw."""
        part = next(one for one in self._parts if number < one.stop)
        row = slice(number - part.start, number - part.start + 1)
        count = part.drawn.genes[row]
        if part.drawn.prefixes.shape[0]:
            count = count + part.drawn.whole[row] @ part.drawn.prefixes
        return np.flatnonzero(count.toarray()[0] > 0)


def scores_of_draws(
    setting: NullSetting, pool: GenePool, sets: Sequence[Rows], n_draws: int
) -> Iterator[tuple[slice, Draws]]:
    """Scores of random sets like some sets, some draws at a time, each but for a constant.

    Parameters
    ----------
    setting
        The table and its samples.
    pool
        Its genes.
    sets
        The places in the pool of each set's genes.
    n_draws
        Random sets of each.

    Yields
    ------
    The numbers of draws, and draws x sets x samples.
    """
    classes = pool.classes_or_one
    forms = [_Form("set", _matched_alone(classes, rows, from_end=False)) for rows in sets]
    family = Family(pool, forms)
    scores = _Scores(setting, family)
    for some in _groups(family.parts(0, n_draws), len(sets) * len(setting.columns)):
        yield slice(some[0].start, some[-1].stop), scores.of_draws(some)


def matched_scores(setting: NullSetting, sets: Sequence[Rows], n_draws: int) -> list[Draws]:
    """Scores of random sets like some sets, matched gene by gene on mean and spread.

    A draw of all sets is of the same decks. Of a table with too few varying genes for classes, all
    are one class.

    Parameters
    ----------
    setting
        The table and its samples.
    sets
        The table's rows of each set.
    n_draws
        Random sets of each.

    Returns
    -------
    Of each set, draws x samples.
    """
    pool = GenePool.of([setting])
    forms = [
        _Form("set", _matched_alone(pool.classes_or_one, rows, from_end=False)) for rows in sets
    ]
    if not forms:
        return []
    family = Family(pool, forms)
    scores = _Scores(setting, family).of_draws(family.parts(0, n_draws), whole=True)
    return [scores[:, number] for number in range(len(sets))]


def _matched_alone(classes: Classes, rows: Rows, *, from_end: bool) -> Matched:
    """How genes are matched that share no class with those of another variable."""
    codes = classes.codes[rows]
    counts = np.bincount(codes, minlength=len(classes.sizes))
    return Matched(counts, rows[~is_crowded(counts, classes)[codes]], from_end)


def is_crowded(counts: Counts, classes: Classes) -> Mask:
    """Which classes have fewer other genes than are to be drawn; then own ones may be drawn too.

    Parameters
    ----------
    counts
        Genes of each class to draw, which are the own ones; ... x classes.
    classes
        The classes.
    """
    return np.asarray((counts > 0) & (2 * counts > classes.sizes))


def _sums(drawn: Drawn, terms: NDArray[Any]) -> NDArray[Any]:
    """The sums of each drawn set's terms."""
    sums = drawn.genes @ terms
    if drawn.prefixes.shape[0]:
        sums += drawn.whole @ (drawn.prefixes @ terms)
    return np.asarray(sums)


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
