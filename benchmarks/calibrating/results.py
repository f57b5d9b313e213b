"""What was measured, and the shares of p-values that are small."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from calibrating.cohorts import HUB, Table
from calibrating.coverage import coverage_of, r_of_all
from calibrating.draws import Sharing, Tail
from calibrating.pairs import Found
from calibrating.planted import Planted
from calibrating.simulation import TRUE_R, Vector
from tcga_corr.choices import Method

LEVEL = 0.05
KINDS = ("p", "p_genes", "p_sets")
MEAN_ALONE = "mean alone"
COLUMNS = {"p_sets": "p_sets 200"}


@dataclass(frozen=True)
class Results:
    """All measurements."""

    tables: tuple[Table, ...]
    pairs: dict[tuple[str, str, int], Found]  # by kind of pair, way and table
    pooled: dict[str, Found]  # by kind of pair
    tails: dict[tuple[str, str], Tail]  # by kind of pair and table
    direct: Vector  # pairs x 4
    sharing: Sharing
    planted: dict[int, list[Planted]]  # by n
    coverage: dict[tuple[str, float, int], dict[Method, float]]

    @property
    def hub(self) -> tuple[Table, ...]:
        """The tables of one unit that are pooled."""
        return tuple(one for one in self.tables if one.group == HUB)

    def values(self, kind: str, way: str, tables: Iterable[Table], name: str) -> Vector:
        """Some numbers of the pairs of one or several tables."""
        keys = [(kind, way, table.number) for table in tables]
        found = [self.pairs[key][name] for key in keys if key in self.pairs]
        return np.concatenate(found) if found else np.empty(0)


@dataclass(frozen=True)
class Share:
    """How many of some p-values are below a level, and the exact 95 % interval of that share."""

    hits: int
    of: int

    @classmethod
    def below(cls, p: Vector, level: float = LEVEL, inclusive: bool = False) -> Share:
        """Count p-values, without missing ones."""
        present = p[~np.isnan(p)]
        small = present <= level if inclusive else present < level
        return cls(int(small.sum()), len(present))

    @property
    def value(self) -> float:
        """The share; NaN if empty."""
        return self.hits / self.of if self.of else float("nan")

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Clopper and Pearson's interval."""
        if not self.of:
            return float("nan"), float("nan")
        found = stats.binomtest(self.hits, self.of).proportion_ci(confidence, method="exact")
        return float(found.low), float(found.high)

    def __str__(self) -> str:
        if not self.of:
            return ""
        low, high = self.interval()
        return f"{self.value:.3f} ({low:.3f}–{high:.3f})"


def share_of(
    results: Results,
    kind: str,
    tables: Iterable[Table],
    name: str,
    level: float = LEVEL,
    way: str = "pearson",
) -> Share:
    """The share over one or several tables; of p_sets that of p-values up to the level."""
    p = results.values(kind, way, tables, COLUMNS.get(name, name))
    return Share.below(p, level, inclusive=name.startswith("p_sets"))


def contradicts(share: Share, name: str, level: float = LEVEL, confidence: float = 0.95) -> bool:
    """Whether the interval contradicts what the p-value promises for such pairs."""
    low, high = share.interval(confidence)
    if name == "p_genes":
        return not low <= level <= high
    return name.startswith("p_sets") and low > level


def power(results: Results, what: str, n: int, kind: str) -> list[Share]:
    """The share below the level at each true r."""
    column = KINDS.index(kind)
    found = np.array([getattr(one, what)[:, column] for one in results.planted[n]])
    return [Share.below(some) for some in found.T]


def true_r_of_scores(results: Results, number: int, method: Method) -> float:
    """The r of a planted pair of scores over all samples of all tables."""
    tables = [one for some in results.planted.values() for one in some]
    return r_of_all(np.concatenate([one.scores[number] for one in tables], axis=1), method)


def score_coverage(results: Results, n: int, method: Method) -> Share:
    """How often the interval contains the true r of planted scores, over all of them."""
    inside = of = 0
    for number in range(len(TRUE_R)):
        scores = [one.scores[number] for one in results.planted[n]]
        truth = true_r_of_scores(results, number, method)
        inside += round(coverage_of(np.concatenate(scores, axis=1), n, truth, method) * len(scores))
        of += len(scores)
    return Share(inside, of)
