"""Random genes in the place of those of a variable, many draws at a time.

What a variable is replaced by depends on no other variable, so the scores of random sets are
computed once per variable and draw. The rules are in :mod:`tcga_corr.stats.decks`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.nulls.gene_pool import GenePool, Rows, Vector, is_crowded, rows_of
from tcga_corr.analysis.nulls.setting import Kind, NullSetting, Side, columns_of, contiguous
from tcga_corr.scoring.rank_sums import (
    N_SUMS,
    centred_terms,
    constants_of_scores,
    deviations_of_scores,
    mean_terms,
)
from tcga_corr.stats.decks import DRAWS_AT_ONCE, Classes, Decks, Drawn, Matched

Draws = NDArray[np.float32]

_SAMPLES_AT_ONCE = 64  # whose terms of all genes lie in the processor's shared cache
_SAMPLES_OF_CENTRE = 32
_FORMS_AT_ONCE = 500  # of all draws that are added up at a time
_MOST_SCORES = 30_000_000  # numbers held at a time


@dataclass(frozen=True)
class Form:
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

    def __init__(self, pool: GenePool, forms: Sequence[Form]) -> None:
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


def groups_of(parts: Sequence[Part], size: int) -> Iterator[list[Part]]:
    """Parts whose scores are held at a time; ``size`` are the numbers of one draw."""
    group: list[Part] = []
    for part in parts:
        if group and (part.stop - group[0].start) * size > _MOST_SCORES:
            yield group
            group = []
        group.append(part)
    yield group


class ScoresOfDraws:
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
    family = Family(pool, [Form(side.kind, matched)])
    return ScoresOfDraws(setting, family).of_draws(family.parts(start, stop))[:, 0]


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
        self._family = Family(pool, [Form(side.kind, matched)])
        self._parts = self._family.parts(0, n_draws)

    def values(self, setting: NullSetting) -> Draws:
        """Draws x samples; scores but for a constant of each draw."""
        return ScoresOfDraws(setting, self._family).of_draws(self._parts)[:, 0]

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
    forms = [Form("set", _matched_alone(classes, rows, from_end=False)) for rows in sets]
    family = Family(pool, forms)
    scores = ScoresOfDraws(setting, family)
    for some in groups_of(family.parts(0, n_draws), len(sets) * len(setting.columns)):
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
        Form("set", _matched_alone(pool.classes_or_one, rows, from_end=False)) for rows in sets
    ]
    if not forms:
        return []
    family = Family(pool, forms)
    scores = ScoresOfDraws(setting, family).of_draws(family.parts(0, n_draws), whole=True)
    return [scores[:, number] for number in range(len(sets))]


def _matched_alone(classes: Classes, rows: Rows, *, from_end: bool) -> Matched:
    """How genes are matched that share no class with those of another variable."""
    codes = classes.codes[rows]
    counts = np.bincount(codes, minlength=len(classes.sizes))
    return Matched(counts, rows[~is_crowded(counts, classes)[codes]], from_end)


def _sums(drawn: Drawn, terms: NDArray[Any]) -> NDArray[Any]:
    """The sums of each drawn set's terms."""
    sums = drawn.genes @ terms
    if drawn.prefixes.shape[0]:
        sums += drawn.whole @ (drawn.prefixes @ terms)
    return np.asarray(sums)
