"""The p-values of random pairs: of genes, of random sets, of matched sets and of real pathways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from calibrating.cohorts import Place, Table, open_place
from calibrating.simulation import SEED, Generator, Rows, Vector
from tcga_corr.analysis.comparisons import compare_pairs, compare_pooled, with_average_ranks
from tcga_corr.analysis.naming.names import GeneVariable, SetVariable, Variable
from tcga_corr.analysis.nulls import reference as reference_null
from tcga_corr.analysis.nulls.associations import NULL_FUNCTIONS, random_gene_null
from tcga_corr.analysis.nulls.gene_pool import GenePool
from tcga_corr.analysis.nulls.setting import NullSetting
from tcga_corr.analysis.panel import Pairs, Panel
from tcga_corr.stats.methods import fisher_variance, p_of_r
from tcga_corr.stats.pooling import pool
from tcga_corr.store.reference import ReferenceIndex
from tcga_corr.vocabulary.gene_sets.catalogue import reference_sets
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.nulls import N_DRAWS

NEAREST = (200, 100)
STEADY, MIDDLE, VARIABLE = "steadiest", "any", "most variable"
TENTHS = 10
MIN_LEFT = 10  # genes that a pathway of a pair keeps without shared ones
OF_A_SET = 40  # genes of a random set beside a gene

Found = dict[str, NDArray[np.float64]]
"""p-values by name, and the tenths of both variables, pairs x 2; NaN where there is none."""


@dataclass(frozen=True)
class ChancePairs:
    """Random pairs.

    Attributes
    ----------
    x, y
        The variables of each.
    pathways
        Pairs x 2: the reference sets that they are, or are like; -1 for none.
    """

    x: Sequence[Variable]
    y: Sequence[Variable]
    pathways: Rows

    @property
    def distinct(self) -> tuple[list[Variable], Rows, Rows]:
        """Every variable once, and the places of those of each pair."""
        place: dict[Variable, int] = {}
        x, y = (
            np.array([place.setdefault(one, len(place)) for one in side], dtype=np.intp)
            for side in (self.x, self.y)
        )
        return list(place), x, y


class Sampler:
    """Draws random pairs by a generator of its own, not by the decks of the package.

    Parameters
    ----------
    settings
        The tables, which have the same genes.
    reference
        The reference collection in the first.
    """

    def __init__(self, settings: Sequence[NullSetting], reference: ReferenceIndex) -> None:
        self.pool = GenePool.of(settings)
        self.classes = self.pool.classes_or_one
        self.members = [
            np.flatnonzero(self.classes.codes == code) for code in range(len(self.classes.sizes))
        ]
        self.varying = np.flatnonzero(self.classes.codes != self.classes.constant)
        self.names = reference.names
        self.sets = [reference.genes(number) for number in range(len(reference.sizes))]
        self.counts = np.array([self._counts(rows) for rows in self.sets])
        self.spread = _tenths(np.array([self.pool.spread[rows].mean() for rows in self.sets]))
        self.size = _tenths(reference.sizes)

    def _counts(self, rows: Rows) -> Rows:
        return np.bincount(self.classes.codes[rows], minlength=len(self.classes.sizes))

    def gene(self, row: int) -> GeneVariable:
        """A gene."""
        return GeneVariable(self.pool.symbols[row])

    def set_of(self, rows: Rows, name: str) -> SetVariable:
        """A set of some genes."""
        genes = tuple(self.pool.symbols[row] for row in np.sort(rows))
        return SetVariable(GeneSet(name, "", genes))

    def pathway(self, number: int) -> SetVariable:
        """A set of the reference collection."""
        return SetVariable(reference_sets()[self.names[number]])

    def two_pathways(self, rng: Generator, tenth: str = MIDDLE) -> tuple[int, int]:
        """Two reference sets, both of the steadiest or the most variable tenth, or any."""
        wanted = {STEADY: [0], VARIABLE: [TENTHS - 1], MIDDLE: range(TENTHS)}[tenth]
        some = np.flatnonzero(np.isin(self.spread, wanted))
        while True:
            one, other = (int(number) for number in rng.choice(some, 2, replace=False))
            n_shared = len(np.intersect1d(self.sets[one], self.sets[other]))
            if min(len(self.sets[one]), len(self.sets[other])) - n_shared >= MIN_LEFT:
                return one, other

    def matched(self, rng: Generator, one: int, other: int) -> tuple[Rows, Rows] | None:
        """Two disjoint random sets with the class counts of two reference sets, if there are."""
        parts: tuple[list[Rows], list[Rows]] = ([], [])
        for members, first, second in zip(
            self.members, self.counts[one], self.counts[other], strict=True
        ):
            if first + second > len(members):
                return None
            drawn = rng.choice(members, first + second, replace=False)
            parts[0].append(drawn[:first])
            parts[1].append(drawn[first:])
        return np.concatenate(parts[0]), np.concatenate(parts[1])


def _tenths(values: Vector | Rows) -> Rows:
    """The tenth in which each value is, from 0."""
    place = np.empty(len(values), dtype=np.intp)
    place[np.argsort(values, kind="stable")] = np.arange(len(values))
    return place * TENTHS // len(values)


Drawn = tuple[Variable, Variable, tuple[int, int]]


def _genes(sampler: Sampler, rng: Generator, number: int) -> Drawn:
    one, other = rng.choice(sampler.varying, 2, replace=False)
    return sampler.gene(one), sampler.gene(other), (-1, -1)


def _random_sets(*sizes: int) -> Callable[[Sampler, Generator, int], Drawn]:
    def draw(sampler: Sampler, rng: Generator, number: int) -> Drawn:
        rows = rng.choice(len(sampler.pool.symbols), sum(sizes), replace=False)
        x, y = rows[: sizes[0]], rows[sizes[0] :]
        return sampler.set_of(x, f"x {number}"), sampler.set_of(y, f"y {number}"), (-1, -1)

    return draw


def _set_and_gene(sampler: Sampler, rng: Generator, number: int) -> Drawn:
    gene = rng.choice(sampler.varying)
    others = np.delete(np.arange(len(sampler.pool.symbols)), gene)
    rows = rng.choice(others, OF_A_SET, replace=False)
    return sampler.set_of(rows, f"x {number}"), sampler.gene(gene), (-1, -1)


def _matched_sets(tenth: str) -> Callable[[Sampler, Generator, int], Drawn]:
    def draw(sampler: Sampler, rng: Generator, number: int) -> Drawn:
        while True:
            both = sampler.two_pathways(rng, tenth)
            found = sampler.matched(rng, *both)
            if found:
                x, y = found
                return sampler.set_of(x, f"x {number}"), sampler.set_of(y, f"y {number}"), both

    return draw


def _pathways(sampler: Sampler, rng: Generator, number: int) -> Drawn:
    one, other = sampler.two_pathways(rng)
    return sampler.pathway(one), sampler.pathway(other), (one, other)


def _pathway_and_gene(sampler: Sampler, rng: Generator, number: int) -> Drawn:
    one = int(rng.integers(len(sampler.sets)))
    others = np.setdiff1d(sampler.varying, sampler.sets[one])
    return sampler.pathway(one), sampler.gene(rng.choice(others)), (one, -1)


@dataclass(frozen=True)
class PairKind:
    """A kind of random pairs: how one is drawn, and what is measured beside p_genes."""

    words: str
    draw: Callable[[Sampler, Generator, int], Drawn]
    sets: bool = False
    mean_alone: bool = False


PAIR_KINDS = {
    "genes": PairKind("two random genes", _genes),
    "20 and 20": PairKind("random sets of 20 and 20 genes", _random_sets(20, 20)),
    "40 and 200": PairKind("random sets of 40 and 200 genes", _random_sets(40, 200)),
    "set and gene": PairKind(f"a random set of {OF_A_SET} genes and a gene", _set_and_gene),
    "matched": PairKind("sets matched to any pathways", _matched_sets(MIDDLE), mean_alone=True),
    "steady": PairKind(
        "sets matched to the steadiest tenth of pathways", _matched_sets(STEADY), mean_alone=True
    ),
    "variable": PairKind(
        "sets matched to the most variable tenth of pathways",
        _matched_sets(VARIABLE),
        mean_alone=True,
    ),
    "pathways": PairKind("two real pathways", _pathways, sets=True),
    "pathway and gene": PairKind("a real pathway and a gene", _pathway_and_gene, sets=True),
}
WAYS = ("pearson", "spearman", "purity")


@cache
def sampler_at(*places: Place) -> Sampler:
    """The sampler of one table, or of several with the same genes."""
    return Sampler([place.setting for place in places], places[0].reference)


def chance_pairs(kind: str, sampler: Sampler, rng: Generator, count: int) -> ChancePairs:
    """Draw random pairs."""
    drawn = [PAIR_KINDS[kind].draw(sampler, rng, number) for number in range(count)]
    x, y, pathways = zip(*drawn, strict=True)
    return ChancePairs(x, y, np.array(pathways))


def place_of(store: Path, key: Table, way: str) -> Place:
    """A table's tumours, correlated in one of ``WAYS``."""
    if way == "purity":
        return open_place(store, key.key, "pearson", "purity")
    return open_place(store, key.key, "spearman" if way == "spearman" else "pearson")


def measure_pairs(store: Path, table: Table, kind: str, way: str, part: int, count: int) -> Found:
    """The p-values of a task's pairs in one table."""
    place = place_of(store, table, way)
    sampler = sampler_at(place)
    number = list(PAIR_KINDS).index(kind)
    rng = np.random.default_rng([SEED, 4, table.number, number, WAYS.index(way), part])
    pairs = chance_pairs(kind, sampler, rng, count)
    variables, x, y = pairs.distinct
    panel = place.panel(variables)
    found = panel.pairs(x, y)
    p = p_of_r(ranked_r(panel, found), found.n, place.method, found.n_controls)
    measured = {"p": p, "p_genes": p_genes(place, panel, found), **tenths(sampler, pairs)}
    if PAIR_KINDS[kind].sets:
        for n in NEAREST:
            measured[f"p_sets {n}"] = p_sets(place, panel, found, n)
    if PAIR_KINDS[kind].mean_alone:
        measured["mean alone"] = p_by_mean_alone(place, panel, found)
    return measured


def ranked_r(panel: Panel, found: Pairs) -> Vector:
    """The r that the nulls rank: without shared genes."""
    return with_average_ranks(panel, found)[1]


def p_genes(place: Place, panel: Panel, found: Pairs) -> Vector:
    """As the package gives it."""
    compared = compare_pairs(panel, found, ["genes"], N_DRAWS, lambda _: place.reference)
    return compared["genes"].numbers.p


def p_sets(place: Place, panel: Panel, found: Pairs, nearest: int = NEAREST[0]) -> Vector:
    """As the package gives it, or with another number of reference sets."""
    with mock.patch.object(reference_null, "N_NEAREST", nearest):
        compared = compare_pairs(panel, found, ["sets"], N_DRAWS, lambda _: place.reference)
    return compared["sets"].numbers.p


def p_by_mean_alone(place: Place, panel: Panel, found: Pairs) -> Vector:
    """p_genes of draws that are matched on mean expression alone, as version 0.1.0 made them."""
    null = {**NULL_FUNCTIONS, "genes": partial(random_gene_null, n_spreads=1)}
    compared = compare_pairs(panel, found, ["genes"], N_DRAWS, lambda _: place.reference, null)
    return compared["genes"].numbers.p


def tenths(sampler: Sampler, pairs: ChancePairs) -> Found:
    """The tenths of spread and size of the reference sets that the variables are, or are like."""
    return {
        name: np.where(pairs.pathways >= 0, values[pairs.pathways], np.nan)
        for name, values in (("spread", sampler.spread), ("size", sampler.size))
    }


def measure_pooled(store: Path, tables: Sequence[Table], kind: str, part: int, count: int) -> Found:
    """The pooled p-values of a task's pairs."""
    places = [place_of(store, table, "pearson") for table in tables]
    sampler = sampler_at(*places)
    rng = np.random.default_rng([SEED, 7, list(PAIR_KINDS).index(kind), part])
    variables, x, y = chance_pairs(kind, sampler, rng, count).distinct
    panels = [place.panel(variables) for place in places]
    found = [panel.pairs(x, y) for panel in panels]
    r = np.stack([ranked_r(*one) for one in zip(panels, found, strict=True)])
    n = np.stack([one.n for one in found])
    by_key = {place.cohort.table.key: place.reference for place in places}
    compared = compare_pooled(
        panels, found, ["genes", "sets"], N_DRAWS, lambda table: by_key[table.key]
    )
    return {
        "p": pool(r, fisher_variance(r, n, "pearson"), leave_one_out=False).p,
        "p_genes": compared["genes"].numbers.p,
        "p_sets": compared["sets"].numbers.p,
    }
