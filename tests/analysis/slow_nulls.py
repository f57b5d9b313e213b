"""The nulls the slow way: one pair, one draw, one gene at a time, as docs and notes define them.

The only thing that is taken from the package are the orders of genes, which have tests of their
own (``tests/stats/test_decks.py``).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

import tcga_corr as tc
from tcga_corr.choices import Method
from tcga_corr.engine import Engine
from tcga_corr.stats.decks import Shuffles
from tests.conftest import barcodes, write_table
from tests.stats.test_comparison import slow
from tests.store.test_reference import simulated_values, symbols

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Variable = str | frozenset[str]
"""A covariate (``purity``, ``age``), a gene, or the genes of a set."""
nan = math.nan

SAMPLES = {"ACC": 26, "LIHC": 33, "UCS": 21}
GENES = symbols(1_100)
LACKING = GENES[::37]
"""Genes that UCS lacks."""
COVARIATES = ("purity", "age")
WITHOUT_PURITY = 4
"""The patient of each tumor type who has no purity."""
RANDOM_GENES = ("z_genes", "p_genes", "genes_mean", "genes_low", "genes_high")
PATHWAYS = ("z_sets", "p_sets", "sets_mean", "sets_low", "sets_high", "n_reference_sets")


# --- a small store -------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Table:
    """The tumours of one tumor type, by patient."""

    tumor_type: str
    genes: dict[str, Vector]
    covariates: dict[str, Vector]

    @property
    def n(self) -> int:
        return SAMPLES[self.tumor_type]

    @property
    def ranks(self) -> dict[str, Vector]:
        return _ranks(self.tumor_type)


@cache
def table(tumor_type: str) -> Table:
    """Made up: genes that follow common factors; some never vary; ties and zeros."""
    seed = list(SAMPLES).index(tumor_type)
    values = simulated_values(len(GENES), SAMPLES[tumor_type], seed + 1).astype(np.float32)
    genes = {
        gene: row.astype(np.float64)
        for gene, row in zip(GENES, values, strict=True)
        if tumor_type != "UCS" or gene not in LACKING
    }
    rng = np.random.default_rng(seed)
    n = SAMPLES[tumor_type]
    follows = values[:200].mean(axis=0)
    purity = (follows - follows.mean() + rng.normal(0, 0.5, n)).round(2).astype(np.float64)
    purity[WITHOUT_PURITY] = nan
    age = rng.integers(30, 80, n).astype(np.float64)
    return Table(tumor_type, genes, {"purity": purity, "age": age})


@cache
def _ranks(tumor_type: str) -> dict[str, Vector]:
    genes = table(tumor_type).genes
    return dict(zip(genes, stats.rankdata(list(genes.values()), axis=0), strict=True))


def write_store(folder: Path, *, turned: bool = False) -> Engine:
    """A store of these tables; ``turned`` with their rows and columns in another order."""
    engine = tc.open_store(folder / "cache")
    lines = ["sample\tpurity\tage"]
    for tumor_type, n in SAMPLES.items():
        own = table(tumor_type)
        names = barcodes(n, site=tumor_type[:2])
        rows = [(gene, [f"{value:.1f}" for value in row]) for gene, row in own.genes.items()]
        columns = names
        if turned:
            order = np.random.default_rng(0).permutation(n)
            columns = [names[place] for place in order]
            rows = [(gene, [row[place] for place in order]) for gene, row in rows[::-1]]
        path = folder / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
        assert not engine.load([write_table(path, columns, rows)]).errors
        for place, name in enumerate(names):
            purity, age = (own.covariates[one][place] for one in COVARIATES)
            lines.append(f"{name}\t{'' if math.isnan(purity) else purity}\t{age:.0f}")
    path = folder / "covariates.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    engine.load_covariates(path)
    return engine


def named(variable: Variable, name: str = "") -> str | tc.GeneSet:
    """As it is given to the engine."""
    if isinstance(variable, frozenset):
        return tc.GeneSet(name or f"SET{len(variable)}", "", tuple(sorted(variable)))
    return f"covariate:{variable}" if variable in COVARIATES else f"gene:{variable}"


# --- variables -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Where:
    """How a pair is correlated in one tumor type: in samples that have everything."""

    table: Table
    kept: NDArray[np.bool_]
    method: Method
    adjust: tuple[Variable, ...]
    min_genes: int = 5

    @property
    def n(self) -> int:
        return int(self.kept.sum())

    def measured(self, variable: Variable) -> Variable:
        """A set's genes that the table has."""
        if isinstance(variable, frozenset):
            return frozenset(variable & self.table.genes.keys())
        return variable

    def values(self, variable: Variable) -> Vector:
        """One number per sample: ssGSEA by average ranks, a gene's value, a covariate."""
        if not isinstance(variable, frozenset):
            known = self.table.covariates if variable in COVARIATES else self.table.genes
            return known[variable][self.kept]
        own = [self.table.ranks[gene][self.kept] for gene in sorted(variable)]
        n, q, w = len(self.table.genes), sum(own), sum(rank**0.25 for rank in own)
        misses = (n * (n + 1) / 2 - q) / (n - len(own))
        return np.asarray(sum(rank**1.25 for rank in own) / w - misses)

    def r(self, x: Variable, y: Variable) -> float:
        """By scipy; of residuals where something is adjusted for. NaN of what does not vary."""
        return self.r_of(self.values(x), self.values(y))

    def r_of(self, x: Vector, y: Vector) -> float:
        if np.ptp(x) == 0 or np.ptp(y) == 0:
            return nan
        controls = [self.values(one) for one in self.adjust]
        if self.method == "spearman":
            x, y, *controls = (stats.rankdata(one) for one in (x, y, *controls))
        if controls:
            design = np.column_stack([np.ones(self.n), *controls])
            x, y = (one - design @ np.linalg.lstsq(design, one, rcond=None)[0] for one in (x, y))
        return float(stats.pearsonr(x, y).statistic)

    def observed(self, x: Variable, y: Variable) -> float:
        """The r that is ranked: without the genes that both share. NaN where too few are left."""
        x, y = self.measured(x), self.measured(y)
        shared = genes_of(x) & genes_of(y)
        sides = [one - shared if isinstance(one, frozenset) else one for one in (x, y)]
        if any(isinstance(one, frozenset) and len(one) < self.min_genes for one in sides):
            return nan
        return self.r(*sides)

    @property
    def variance_of_z(self) -> float:
        """But for Spearman's factor."""
        return 1 / (self.n - 3 - len(self.adjust))


def where(
    tumor_type: str,
    x: Variable,
    y: Variable,
    method: Method = "pearson",
    adjust: Sequence[Variable] = (),
) -> Where:
    """The samples that have x, y and what is adjusted for."""
    own = table(tumor_type)
    kept = np.ones(own.n, dtype=np.bool_)
    for one in (x, y, *adjust):
        if one in COVARIATES:
            kept &= ~np.isnan(own.covariates[str(one)])
    return Where(own, kept, method, tuple(adjust))


def genes_of(variable: Variable) -> frozenset[str]:
    """A set's genes, a gene; none of a covariate."""
    if isinstance(variable, frozenset):
        return variable
    return frozenset() if variable in COVARIATES else frozenset([variable])


def kind(variable: Variable) -> int:
    """Gene, set, covariate: the canonical order."""
    return 1 if isinstance(variable, frozenset) else 2 if variable in COVARIATES else 0


# --- classes and draws ---------------------------------------------------------------------------


def common_genes(places: Sequence[Where]) -> list[str]:
    """The genes that all tables have, by symbol."""
    return sorted(set.intersection(*(set(one.table.genes) for one in places)))


def percentiles(places: Sequence[Where]) -> tuple[dict[str, float], dict[str, float]]:
    """Of each gene's mean and deviation among the common genes, averaged over tumor types."""
    return _percentiles(tuple(places))


@cache
def _percentiles(places: tuple[Where, ...]) -> tuple[dict[str, float], dict[str, float]]:
    genes = common_genes(places)
    found = []
    for measure in (np.mean, np.std):
        total = dict.fromkeys(genes, 0.0)
        for one in places:
            size = {gene: measure(one.table.genes[gene][one.kept]) for gene in genes}
            for place, gene in enumerate(sorted(genes, key=lambda gene: (size[gene], gene))):
                total[gene] += place / len(genes)
        found.append({gene: value / len(places) for gene, value in total.items()})
    return found[0], found[1]


def classes(places: Sequence[Where]) -> dict[str, tuple[int, int]]:
    """Each gene's class of mean and of spread within it; (-1, -1) of genes that do not vary."""
    mean, spread = percentiles(places)
    varying = [
        gene for gene in mean if all(np.ptp(one.table.genes[gene][one.kept]) for one in places)
    ]
    found = dict.fromkeys(mean, (-1, -1))
    n_means = min(20, max(1, len(varying) // 500))
    varying.sort(key=lambda gene: (mean[gene], gene))
    for number, some in enumerate(parts(varying, n_means)):
        some.sort(key=lambda gene: (spread[gene], gene))
        for part, alike in enumerate(parts(some, 5)):
            found |= dict.fromkeys(alike, (number, part))
    return found


def parts(genes: Sequence[str], n: int) -> list[list[str]]:
    """Equal parts, in order."""
    return [
        [gene for place, gene in enumerate(genes) if place * n // len(genes) == number]
        for number in range(n)
    ]


def draws(
    places: Sequence[Where], x: Variable, y: Variable, n_draws: int
) -> Iterator[tuple[Variable, Variable]]:
    """What x and y are replaced by in each draw; nothing where nothing can be drawn."""
    class_of = classes(places)
    everywhere = frozenset(class_of)
    sides = {one: one & everywhere if isinstance(one, frozenset) else one for one in (x, y)}
    shared = genes_of(sides[x]) & genes_of(sides[y])
    sizes = [len(genes_of(sides[one])) for one in (x, y) if kind(one) < 2]
    if len(shared) > min(sizes) / 10:
        sides = {
            one: own - shared if isinstance(own, frozenset) else own for one, own in sides.items()
        }
    needed = dict.fromkeys(set(class_of.values()), 0)
    for own in sides.values():
        for gene in genes_of(own):
            needed[class_of[gene]] += 1
    size = {one: list(class_of.values()).count(one) for one in needed}
    if any(needed[one] > size[one] for one in needed):
        return
    own_too = {one for one in needed if needed[one] > size[one] - needed[one]}
    first, _ = sorted((x, y), key=lambda one: (kind(one), sorted(genes_of(sides[one]))))
    genes = sorted(everywhere)
    for order in Shuffles(genes).orders(0, n_draws):
        deck = [genes[place] for place in order]
        yield tuple(
            own
            if kind(own) == 2
            else replaced(own, deck if one == first else deck[::-1], class_of, own_too)
            for one, own in ((x, sides[x]), (y, sides[y]))
        )  # type: ignore[misc]


def replaced(
    side: Variable,
    deck: Sequence[str],
    class_of: dict[str, tuple[int, int]],
    own_too: set[tuple[int, int]],
) -> Variable:
    """The first genes of each class that are not its own; a gene by a gene, a set by a set."""
    left = Counter(class_of[gene] for gene in genes_of(side))
    found: list[str] = []
    for gene in deck:
        if not left.total():
            break
        one = class_of[gene]
        if left[one] and (one in own_too or gene not in genes_of(side)):
            found.append(gene)
            left[one] -= 1
    return frozenset(found) if isinstance(side, frozenset) else found[0]


# --- pooling -------------------------------------------------------------------------------------


def pooled(places: Sequence[Where], r: Sequence[float]) -> float:
    """The mean of z by random effects, tau squared by DerSimonian and Laird; as r."""
    if len(r) == 1:
        return r[0]
    if any(math.isnan(one) or abs(one) == 1 for one in r):
        return nan
    z = [math.atanh(one) for one in r]
    v = [
        place.variance_of_z * (1 + one**2 / 2 if place.method == "spearman" else 1)
        for place, one in zip(places, r, strict=True)
    ]
    w = [1 / one for one in v]
    fixed = sum(a * b for a, b in zip(w, z, strict=True)) / sum(w)
    q = sum(a * (b - fixed) ** 2 for a, b in zip(w, z, strict=True))
    scale = sum(w) - sum(one**2 for one in w) / sum(w)
    tau2 = max(0.0, (q - (len(z) - 1)) / scale)
    u = [1 / (one + tau2) for one in v]
    return math.tanh(sum(a * b for a, b in zip(u, z, strict=True)) / sum(u))


def random_genes(
    places: Sequence[Where], x: Variable, y: Variable, n_draws: int
) -> dict[str, float]:
    """The columns of random genes."""
    observed = pooled(places, [one.observed(x, y) for one in places])
    values = [
        pooled(places, [one.r(*drawn) for one in places]) for drawn in draws(places, x, y, n_draws)
    ]
    has_set = isinstance(x, frozenset) or isinstance(y, frozenset)
    return as_columns(slow(values, observed, tail=has_set), "genes")


def as_columns(numbers: dict[str, float], null: str) -> dict[str, float]:
    """The numbers of a null by their columns."""
    columns = {f"z_{null}": "z", f"p_{null}": "p"}
    columns |= {f"{null}_{end}": end for end in ("mean", "low", "high")}
    found = {column: numbers[name] for column, name in columns.items()}
    return found | ({"n_reference_sets": numbers["count"]} if null == "sets" else {})


def assert_columns(row: object, expected: dict[str, float], near: float = 1e-5) -> None:
    """A row, or a pooled association, has these numbers; p exactly, r nearly, z a little less."""
    for name, value in expected.items():
        found = row[name] if isinstance(row, dict) else getattr(row, name)
        if math.isnan(value):
            assert found is None, name
            continue
        assert found is not None, name
        off = abs(found - value)
        assert off <= (1e-9 if name[0] in "pn" else 100 * near if name[0] == "z" else near), (
            name, found, value
        )  # fmt: skip
