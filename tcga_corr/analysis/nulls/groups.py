"""How often random genes differ as much between groups of samples as a variable does.

A gene set is compared with random sets of genes of the same mean and spread, and a gene with every
other gene of its class, as in :mod:`tcga_corr.analysis.nulls.random_genes`. The spread is that
within groups: over all samples it would hold the difference that is asked about.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.naming.names import GeneVariable, SetVariable
from tcga_corr.analysis.nulls.gene_pool import OWN_GENES_TOO, GenePool, is_crowded
from tcga_corr.analysis.nulls.random_genes import scores_of_draws
from tcga_corr.analysis.nulls.setting import NullSetting, columns_of
from tcga_corr.analysis.samples.cohort import Measured
from tcga_corr.analysis.samples.grouping import Grouped
from tcga_corr.stats.comparison import compare
from tcga_corr.stats.decks import Classes
from tcga_corr.stats.empirical_p import size_p
from tcga_corr.stats.group_effects import effects_of_many, effects_of_pairs, effects_of_two
from tcga_corr.stats.groups import MIN_GROUP, Test

Vector = NDArray[np.float64]
Places = NDArray[np.intp]
Effects = Callable[[NDArray[np.float64]], Mapping[Test, Vector]]
Key = tuple[Test, str, str | None]
"""A test, and the groups: all of them, or one and another."""
_GENES_AT_ONCE = 128


@dataclass(frozen=True)
class GroupNull:
    """An effect beside those of random genes; NaN where there are none.

    Attributes
    ----------
    p
        Two-tailed by rank; of an effect of several groups, the share of as large ones.
    low, high
        The range outside which p is below 0.05; of several groups there is no lower end.
    note
        What a reader has to know of it.
    """

    p: float
    low: float
    high: float
    note: str = ""


@dataclass(frozen=True)
class Contrast:
    """Groups that are compared: all by name, or one and another; and the effects of variables."""

    a: str
    b: str | None
    effects: Effects


@dataclass(frozen=True, eq=False)
class GroupSetting(NullSetting):
    """The samples of groups; ``codes`` are the groups."""

    codes: Places

    @property
    def key(self) -> tuple[object, ...]:
        """What is equal for settings of the same genes' profile."""
        return (*super().key, self.codes.tobytes())

    @cached_property
    def profile(self) -> tuple[Vector, Vector, NDArray[np.bool_]]:
        """As of any setting, but the standard deviation is that within groups."""
        values = self.table.all_values()
        mean, spread = np.empty((2, self.n_genes))
        varying = np.empty(self.n_genes, dtype=np.bool_)
        groups = [np.flatnonzero(self.codes == code) for code in np.unique(self.codes)]
        for start in range(0, self.n_genes, _GENES_AT_ONCE):
            part = slice(start, start + _GENES_AT_ONCE)
            block = columns_of(values[part], self.columns).astype(np.float64)
            varying[part] = (block != block[:, :1]).any(axis=1)
            mean[part] = block.mean(axis=1)
            for group in groups:
                block[:, group] -= block[:, group].mean(axis=1, keepdims=True)
            spread[part] = np.sqrt(np.vecdot(block, block) / block.shape[1])
        return mean, spread, varying


def contrasts_of(grouped: Grouped, place_of: Places) -> Iterator[Contrast]:
    """The groups of a tumor type that are large enough to be compared.

    Parameters
    ----------
    grouped
        The samples.
    place_of
        The column of each sample among the values of variables; -1 of those in no group.
    """
    every = np.ones(len(grouped.codes), dtype=np.bool_)
    places = {name: grouped.samples_of(number, every) for number, name in enumerate(grouped.names)}
    large = [name for name in grouped.names if len(places[name]) >= MIN_GROUP]
    if len(grouped.names) > 2 and len(large) > 1:
        groups = [place_of[places[name]] for name in large]
        yield Contrast(", ".join(large), None, partial(effects_of_many, groups=groups))
    for a, b in itertools.combinations(grouped.names, 2):
        if a in large and b in large:
            sides = place_of[places[a]], place_of[places[b]]
            yield Contrast(a, b, partial(effects_of_two, a=sides[0], b=sides[1]))
        pairs = [
            (place_of[first], place_of[second])
            for first, second in grouped.pairs(places[a], places[b])
        ]
        if len(pairs) >= MIN_GROUP:
            yield Contrast(a, b, partial(effects_of_pairs, pairs=pairs))


class GroupNulls:
    """Random genes in the groups of one tumor type.

    Parameters
    ----------
    grouped
        The samples in their groups.
    n_draws
        Random sets of each gene set.

    Attributes
    ----------
    setting
        The table and the samples that are in a group.
    """

    def __init__(self, grouped: Grouped, n_draws: int) -> None:
        self._grouped, self._n_draws = grouped.by_average_ranks(), n_draws
        kept = np.flatnonzero(grouped.codes >= 0)
        self._kept = kept[np.argsort(grouped.columns[kept], kind="stable")]
        place_of = np.full(len(grouped.codes), -1, dtype=np.intp)
        place_of[self._kept] = np.arange(len(kept))
        self._contrasts = list(contrasts_of(grouped, place_of))
        self.setting = GroupSetting(
            grouped.table,
            grouped.columns[self._kept],
            "pearson",
            None,
            grouped.cohorts[0].min_genes,
            grouped.codes[self._kept],
        )
        self._of_class: dict[tuple[int, int], Mapping[Test, Vector]] = {}

    def compared(self, measured: Sequence[Sequence[Measured]]) -> list[dict[Key, GroupNull]]:
        """Each variable's effects beside those of random genes.

        Parameters
        ----------
        measured
            Variables x cohorts; only genes and gene sets with values are compared.
        """
        found: list[dict[Key, GroupNull]] = [{} for _ in measured]
        some = [number for number, one in enumerate(measured) if self._has_genes(one)]
        if not self._contrasts or not some:
            return found
        pool = GenePool.of([self.setting])
        if pool.classes is None:
            nothing = GroupNull(np.nan, np.nan, np.nan, pool.note)
            of_any = {key: nothing for one in self._contrasts for key in _keys(one)}
            return [of_any if number in some else {} for number in range(len(measured))]
        rows = {number: self._rows(measured[number]) for number in some}
        sets = [
            number for number in some if not isinstance(measured[number][0].variable, GeneVariable)
        ]
        for number in some:
            if number not in sets:
                found[number] = self._beside_class(rows[number][0], pool.classes)
        for number, draws in zip(sets, self._draws(pool, [rows[one] for one in sets]), strict=True):
            counts = np.bincount(
                pool.classes.codes[rows[number]], minlength=len(pool.classes.sizes)
            )
            note = OWN_GENES_TOO if is_crowded(counts, pool.classes).any() else ""
            values = self._observed(measured[number])
            found[number] = {
                key: _beside(draws[key], float(effect[0]), key, note)
                for contrast in self._contrasts
                for key, effect in _by_key(contrast, values).items()
            }
        return found

    @staticmethod
    def _has_genes(measured: Sequence[Measured]) -> bool:
        has_genes = isinstance(measured[0].variable, GeneVariable | SetVariable)
        return has_genes and all(one.values is not None for one in measured)

    def _rows(self, measured: Sequence[Measured]) -> Places:
        return np.sort(self._grouped.table.genes.rows(measured[0].genes))

    def _observed(self, measured: Sequence[Measured]) -> Vector:
        """The values of a set by average ranks: 1 x samples."""
        cohorts = self._grouped.cohorts
        again = [cohort.again(one) for cohort, one in zip(cohorts, measured, strict=True)]
        return self._grouped.values(again)[np.newaxis, self._kept]

    def _draws(self, pool: GenePool, sets: Sequence[Places]) -> list[dict[Key, Vector]]:
        """Of each set the effects of its random sets."""
        keys = [key for contrast in self._contrasts for key in _keys(contrast)]
        found = [{key: np.empty(self._n_draws) for key in keys} for _ in sets]
        if not sets:
            return found
        for part, scores in scores_of_draws(self.setting, pool, sets, self._n_draws):
            for own, place in zip(found, range(len(sets)), strict=True):
                values = scores[:, place].astype(np.float64)
                for contrast in self._contrasts:
                    for key, effects in _by_key(contrast, values).items():
                        own[key][part] = effects
        return found

    def _beside_class(self, row: int, classes: Classes) -> dict[Key, GroupNull]:
        """A gene beside the others of its class."""
        code = int(classes.codes[row])
        if code == classes.constant:
            return {}
        members = np.flatnonzero(classes.codes == code)
        place = int(np.searchsorted(members, row))
        found = {}
        for number, contrast in enumerate(self._contrasts):
            if (code, number) not in self._of_class:
                values = self.setting.table.all_values()[members]
                block = columns_of(values, self.setting.columns).astype(np.float64)
                self._of_class[code, number] = contrast.effects(block)
            for test, effects in self._of_class[code, number].items():
                others, key = np.delete(effects, place), (test, contrast.a, contrast.b)
                found[key] = _beside(others, float(effects[place]), key, "")
        return found


def _keys(contrast: Contrast) -> list[Key]:
    tests: tuple[Test, ...] = ("anova", "welch anova", "kruskal-wallis")
    if contrast.b is not None:
        is_paired = contrast.effects.func is effects_of_pairs  # type: ignore[attr-defined]
        tests = ("paired t", "wilcoxon") if is_paired else ("welch", "mann-whitney")
    return [(test, contrast.a, contrast.b) for test in tests]


def _by_key(contrast: Contrast, values: Vector) -> dict[Key, Vector]:
    found = contrast.effects(values)
    return {(test, contrast.a, contrast.b): effects for test, effects in found.items()}


def _beside(others: Vector, observed: float, key: Key, note: str) -> GroupNull:
    """An effect among those of random genes."""
    if key[2] is None:
        p, high = size_p(others, observed)
        return GroupNull(p, float("nan"), high, note)
    one = compare(others[:, np.newaxis], np.array([observed]))
    return GroupNull(float(one.p[0]), float(one.low[0]), float(one.high[0]), note)
