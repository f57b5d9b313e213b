"""Simulated cohorts: whole reads of genes that follow programmes and modules, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.fetching.simulation import cohort_plans, simulate_cohort
from tcga_corr.vocabulary.gene_sets.catalogue import reference_sets

SEED = 489
INDEPENDENT, MODULES = "independent", "modules"
TRUE_R = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)

BROAD_SHARE = (0.12, 0.08, 0.06, 0.04, 0.03, 0.03, 0.02, 0.02, 0.02, 0.02)  # of a gene's variance
MODULE_SHARE = 0.6  # share of a gene's programme loadings that its module has in common
SET_SIZES = (40, 200)
SET_LOADING = 0.6
PROGRAMME_SHARE = 0.5  # of a planted activity's variance: from the programmes

Values = NDArray[np.float32]
Vector = NDArray[np.float64]
Rows = NDArray[np.intp]
Generator = np.random.Generator


@dataclass(frozen=True)
class Genome:
    """The simulated genes: level, spread, and the programmes and modules that they follow."""

    names: tuple[str, ...]
    mean: Vector
    spread: Vector
    broad: Values  # genes x programmes
    module: Rows
    loading: Vector


@cache
def genome(kind: str) -> Genome:
    """Independent genes, or genes that follow ten broad programmes and one of their pathways."""
    names = simulate_cohort(cohort_plans()["UCS"]).genes
    rng = np.random.default_rng([SEED, 1])
    size = len(names)
    expressed = rng.random(size) < 0.85
    mean = np.where(expressed, rng.normal(8, 3, size), rng.normal(-2, 1.5, size))
    spread = rng.uniform(0.4, 1.6, size)
    row = {name: number for number, name in enumerate(names)}
    sets = list(reference_sets().values())
    module = np.full(size, -1)
    for number in rng.permutation(len(sets)):  # so a gene follows any of its pathways
        module[[row[name] for name in sets[number].genes if name in row]] = number
    in_module = module >= 0
    in_common = rng.standard_normal((len(sets), len(BROAD_SHARE)))[module]
    share = np.where(in_module, MODULE_SHARE, 0)[:, None]
    broad = rng.standard_normal((size, len(BROAD_SHARE)))
    broad = (np.sqrt(1 - share) * broad + np.sqrt(share) * in_common) * np.sqrt(BROAD_SHARE)
    broad /= np.maximum(1, np.sqrt((broad**2).sum(axis=1, keepdims=True) / 0.8))
    loading = rng.uniform(0.3, 0.7, size) * np.where(rng.random(size) < 0.85, 1, -1)
    loading *= in_module * np.sqrt(1 - (broad**2).sum(axis=1))
    if kind == INDEPENDENT:
        broad, loading = np.zeros_like(broad), np.zeros_like(loading)
    return Genome(names, mean, spread, broad.astype(np.float32), module, loading)


@dataclass(frozen=True)
class Link:
    """A planted correlation: of the activities of two sets, and of two genes.

    ``directions`` are those of the activities among the programmes, also correlated by r.
    """

    r: float
    sets: tuple[Rows, Rows]
    genes: tuple[Rows, Rows]
    directions: Vector  # 2 x programmes


@cache
def links() -> tuple[Link, ...]:
    """One link per true r; no gene is in two."""
    rng = np.random.default_rng([SEED, 2])
    free = iter(rng.permutation(np.flatnonzero(genome(MODULES).mean > 4)))

    def take(size: int) -> Rows:
        return np.sort(np.array([next(free) for _ in range(size)], dtype=np.intp))

    made = []
    for r in TRUE_R:
        first, second = rng.standard_normal((2, len(BROAD_SHARE)))
        second -= first * (first * second).sum() / (first**2).sum()
        first, second = (way / np.sqrt((way**2).sum()) for way in (first, second))
        directions = np.stack([first, r * first + np.sqrt(1 - r**2) * second])
        made.append(
            Link(r, (take(SET_SIZES[0]), take(SET_SIZES[1])), (take(1), take(1)), directions)
        )
    return tuple(made)


def bivariate(rng: Generator, r: float, size: int) -> Vector:
    """Two normal variables with correlation r."""
    first, second = rng.standard_normal((2, size))
    return np.stack([first, r * first + np.sqrt(1 - r**2) * second])


def simulated_values(kind: str, n: int, rng: Generator, planted: bool = False) -> Values:
    """Genes x samples: log2 of whole reads divided by depth, with zeros and ties."""
    genes = genome(kind)
    mean, spread = genes.mean.copy(), genes.spread.copy()
    noise = rng.standard_normal((len(mean), n), dtype=np.float32)
    noise *= np.sqrt(1 - (genes.broad**2).sum(axis=1) - genes.loading**2)[:, None]
    programmes = rng.standard_normal((len(BROAD_SHARE), n), dtype=np.float32)
    level = rng.standard_normal((len(reference_sets()), n), dtype=np.float32)
    noise += (
        genes.broad @ programmes + genes.loading.astype(np.float32)[:, None] * level[genes.module]
    )
    for link in links() if planted else ():
        activities = np.sqrt(PROGRAMME_SHARE) * (link.directions[:, :, None] * programmes).sum(
            axis=1
        )
        activities += np.sqrt(1 - PROGRAMME_SHARE) * bivariate(rng, link.r, n)
        for rows, activity in zip(link.sets, activities, strict=True):
            own = rng.standard_normal((len(rows), n))
            noise[rows] = SET_LOADING * activity + np.sqrt(1 - SET_LOADING**2) * own
        pair = np.concatenate(link.genes)
        noise[pair] = bivariate(rng, link.r, n)
        mean[pair], spread[pair] = 10.5, 0.7
    depth = np.exp2(rng.normal(0, 0.3, n)).astype(np.float32)
    log_reads = mean[:, None].astype(np.float32) + spread[:, None].astype(np.float32) * noise
    return as_values(np.exp2(log_reads), depth)


def as_values(reads: NDArray[Any], depth: NDArray[Any]) -> Values:
    """Convert expected reads at depth one to the values of a table."""
    return np.round(np.log2(np.rint(reads * depth) / depth + 1), 4).astype(np.float32)
