"""Planted links: how often they are found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from calibrating.cohorts import Place, open_place
from calibrating.pairs import p_genes, p_sets, ranked_r
from calibrating.simulation import MODULES, SEED, Vector, genome, links, simulated_values
from tcga_corr.analysis.naming.names import GeneVariable, SetVariable, Variable
from tcga_corr.analysis.samples.cohort import Cohort
from tcga_corr.scoring.rank_sums import N_SUMS, terms_by_doubled_rank
from tcga_corr.scoring.ranks import doubled_average_ranks
from tcga_corr.stats.methods import p_of_r
from tcga_corr.store.layout import TableKey
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet

POWER_N = (36, 100, 300)
TABLES = (1 / 2, 1 / 2, 1 / 4)  # per pair that is asked for


@dataclass(frozen=True)
class Planted:
    """One table with planted links, a row per true r: p-values, and the scores of the sets."""

    sets: Vector  # r x 3
    genes: Vector  # r x 2
    scores: Vector  # r x 2 x samples


@cache
def _variables() -> tuple[list[Variable], list[Variable]]:
    """The sets and the genes of the links: both of the first, both of the second, and so on."""
    names = genome(MODULES).names
    sets: list[Variable] = []
    genes: list[Variable] = []
    for number, link in enumerate(links()):
        for side, rows in enumerate(link.sets):
            own = GeneSet(f"link {number}, side {side}", "", tuple(names[row] for row in rows))
            sets.append(SetVariable(own))
        genes += [GeneVariable(names[row]) for (row,) in link.genes]
    return sets, genes


def measure_planted(store: Path, key: TableKey, n: int, number: int) -> Planted:
    """The p-values of planted links in a new table with the genes and samples of a stored one."""
    stored = open_place(store, key)
    values = simulated_values(MODULES, n, np.random.default_rng([SEED, 5, n, number]), planted=True)
    ranks = doubled_average_ranks(values, 1)
    reference = stored.reference
    terms = terms_by_doubled_rank(len(values)).take(ranks, axis=0)
    sums = reference.members(len(values)) @ terms.reshape(len(values), -1)
    sums = sums.reshape(-1, n, N_SUMS).transpose(0, 2, 1)
    place = Place(
        Cohort(replace(stored.cohort.table, values=values, ranks=ranks), "tumor"),
        replace(reference, sums=np.ascontiguousarray(sums)),
    )
    sets, genes = _variables()
    scores = place.panel(sets).measured
    return Planted(
        _p_values(place, sets),
        _p_values(place, genes)[:, :2],
        np.stack([one.values for one in scores if one.values is not None]).reshape(-1, 2, n),
    )


def _p_values(place: Place, variables: list[Variable]) -> Vector:
    """p, p_genes and p_sets of each variable with the next: pairs x 3."""
    panel = place.panel(variables)
    x = np.arange(0, len(variables), 2)
    found = panel.pairs(x, x + 1)
    p = p_of_r(ranked_r(panel, found), found.n, place.method)
    return np.stack([p, p_genes(place, panel, found), p_sets(place, panel, found)], axis=1)
