"""The genes among which random ones are drawn, with their classes of mean and spread.

The rules are in :mod:`tcga_corr.stats.decks`: genes are matched on mean and spread in the samples
that are correlated.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.nulls.setting import NullSetting
from tcga_corr.stats.decks import MIN_VARYING, N_SPREADS, Classes, Shuffles, gene_classes

OWN_GENES_TOO = "p_genes: own genes are drawn too where a class has few others"

Vector = NDArray[np.float64]
Rows = NDArray[np.intp]
Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]


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
