"""Do the p-values and intervals keep what they promise? python benchmarks/calibration.py.

Computes the p-values and intervals of many random pairs and of planted links. Real tables are read
from --shared; without them, all cohorts are simulated. Writes the tables of docs/calibration.md,
between its marks, and docs/calibration.svg. Seeds are fixed. Takes ten to fifteen minutes on two
cores; --pairs 25 --output DIR is a quick, smaller run.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats
from scoring import FIVE, SHARED, XENA_FOLDER

from tcga_corr.analysis.cohort import MIN_GENES
from tcga_corr.analysis.nulls import NullSetting, Side, random_gene_null, real_set_null
from tcga_corr.choices import Method
from tcga_corr.engine import open_store
from tcga_corr.fetching.simulation import cohort_plans, simulate_cohort
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.scoring.rank_sums import rank_terms, sums_of_sets
from tcga_corr.scoring.ranks import doubled_average_ranks
from tcga_corr.stats.correlation import correlate_groups
from tcga_corr.store.index import TableIndex, open_index
from tcga_corr.store.layout import TableKey
from tcga_corr.store.reference import ReferenceIndex, open_reference
from tcga_corr.vocabulary.gene_sets.catalogue import reference_sets
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import N_DRAWS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE, FIGURE = "calibration.md", "calibration.svg"
METADATA = {
    "Title": "Calibration of tcga-corr: random pairs, planted links, coverage of intervals",
    "Creator": None,
    "Date": None,
}
SEED = 489
LEVEL = 0.05
PROCESSES = 2
PAIRS_PER_TASK = 25
PAIRS = 800

PAIR_KINDS = {
    "40 and 200": "random sets of 40 and 200 genes",
    "20 and 20": "random sets of 20 and 20 genes",
    "pathways": "random pairs of real pathways",
    "genes": "random pairs of genes",
}
KINDS = ("p", "p_genes", "p_sets")
INDEPENDENT, MODULES = "independent", "modules"
LARGE = 1_100

BROAD_SHARE = (0.12, 0.08, 0.06, 0.04, 0.03, 0.03, 0.02, 0.02, 0.02, 0.02)  # of a gene's variance
MODULE_SHARE = 0.6  # share of a gene's programme loadings that its module has in common
SET_SIZES = (40, 200)
SET_LOADING = 0.6
PROGRAMME_SHARE = 0.5  # of a planted activity's variance: from the programmes
TRUE_R = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
POWER_N = (36, 100, 300)
TABLES = (1 / 8, 1 / 8, 1 / 16)  # with planted links, per pair

COVERAGE_R = (0.0, 0.3, 0.6, 0.9)
COVERAGE_N = (12, 36, 100, 400)
REPEATS = 4_000
VALUES = ("normal", "few reads")
N_FOR_TRUTH = 1_000_000

Values = NDArray[np.float32]
Vector = NDArray[np.float64]
Rows = NDArray[np.intp]
Generator = np.random.Generator


@dataclass(frozen=True)
class Cohort:
    """A table in the store: its key, samples, and number of pairs to test."""

    number: int
    label: str
    key: TableKey
    n: int
    pairs: int


@dataclass(frozen=True)
class Planted:
    """One table with planted links, a row per true r: p-values, and the scores of the sets."""

    sets: Vector  # r x 3
    genes: Vector  # r x 2
    scores: Vector  # r x 2 x samples


@dataclass(frozen=True)
class Results:
    """All measurements."""

    cohorts: tuple[Cohort, ...]
    shares: dict[tuple[str, int], Vector]  # pairs x 3, by kind of pair and cohort
    planted: dict[int, list[Planted]]  # by n
    coverage: dict[tuple[str, float, int], dict[Method, float]]


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


def load_simulated(store: Path, kind: str, n: int, number: int, pairs: int) -> Cohort:
    """Write a table as a user would, and load it."""
    values = simulated_values(kind, n, np.random.default_rng([SEED, 3, number]))
    frame = pl.DataFrame(values, schema=[f"simulated-{one:04d}" for one in range(n)])
    frame.insert_column(0, pl.Series("gene", genome(kind).names))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{kind}-{n}.tsv"
        frame.write_csv(path, separator="\t", float_precision=4)
        options = LoadOptions(source=path.stem, unit="log2(norm_count+1)", rows="genes")
        report = open_store(store).load(path, options)
    report.raise_errors()
    return Cohort(number, f"simulated, {kind}", report.loaded[0].key, n, pairs)


def load_cohorts(store: Path, shared: Path, pairs: int) -> tuple[Cohort, ...]:
    """Load the real cohorts, if present, and simulated ones without a link."""
    tables = shared / XENA_FOLDER
    cohorts = []
    if tables.is_dir():
        paths = [tables / f"TCGA.{name}.sampleMap" / "HiSeqV2.gz" for name in FIVE]
        report = open_store(store).load(paths)
        report.raise_errors()
        for number, table in enumerate(report.loaded):
            n = sum(sample.tumor for sample in table.metadata.samples)
            cohorts.append(Cohort(number, table.key.tumor_type, table.key, n, pairs))
    else:
        print(f"{shared} not found: simulated tables only", file=sys.stderr)
    large = max(1, pairs * 3 // 8)
    made = ((INDEPENDENT, 100), (MODULES, 36), (MODULES, 100), (MODULES, LARGE))
    for number, (kind, n) in enumerate(made, len(FIVE)):
        wanted = large if n == LARGE else pairs
        cohorts.append(load_simulated(store, kind, n, number, wanted))
    return tuple(cohorts)


@cache
def open_cohort(store: Path, key: TableKey) -> tuple[NullSetting, ReferenceIndex]:
    """The setting of a cohort's pairs, and its reference collection."""
    engine = open_store(store)
    table = open_index(engine.store, key)
    return pearson_setting(table), open_reference(engine.store, table)


def pearson_setting(table: TableIndex) -> NullSetting:
    """Tumour samples, correlated by Pearson."""
    return NullSetting(table, table.columns("tumor"), "pearson", None, MIN_GENES)


def three_p(setting: NullSetting, reference: ReferenceIndex, x: Side, y: Side) -> list[float]:
    """The three p-values of a pair; NaN for p_sets of two genes."""
    values = setting.values(x), setting.values(y)
    return [
        float(correlate_groups(*values, np.array([0, len(values[0])])).p[0]),
        random_gene_null(setting, x, y).p,
        real_set_null(setting, reference, x, y).p,
    ]


def chance_pairs(
    pair_kind: str, setting: NullSetting, reference: ReferenceIndex, rng: Generator
) -> Iterator[tuple[Side, Side]]:
    """Yield random pairs."""
    while True:
        if pair_kind == "pathways":
            numbers = rng.choice(len(reference.sizes), 2, replace=False)
            x, y = (Side("set", str(number), reference.genes(number)) for number in numbers)
            x, y = x.without(y.rows), y.without(x.rows)
            if min(len(x.rows), len(y.rows)) >= MIN_GENES:
                yield x, y
        elif pair_kind == "genes":
            x, y = (
                Side("gene", "", row[np.newaxis]) for row in rng.permutation(setting.n_genes)[:2]
            )
            if all(np.ptp(setting.values(side)) > 0 for side in (x, y)):
                yield x, y
        else:
            first, second = map(int, pair_kind.split(" and "))
            rows = rng.permutation(setting.n_genes)[: first + second]
            yield (
                Side("set", "x", np.sort(rows[:first])),
                Side("set", "y", np.sort(rows[first:])),
            )


def measure_pairs(store: Path, cohort: Cohort, pair_kind: str, part: int, count: int) -> Vector:
    """The three p-values of a task's pairs."""
    place = open_cohort(store, cohort.key)
    rng = np.random.default_rng([SEED, 4, cohort.number, list(PAIR_KINDS).index(pair_kind), part])
    pairs = chance_pairs(pair_kind, *place, rng)
    return np.array([three_p(*place, *next(pairs)) for _ in range(count)])


def measure_planted(store: Path, key: TableKey, n: int, number: int) -> Planted:
    """The p-values of planted links in a new table with the genes and samples of a stored one."""
    setting, reference = open_cohort(store, key)
    values = simulated_values(MODULES, n, np.random.default_rng([SEED, 5, n, number]), planted=True)
    ranks = doubled_average_ranks(values, 1)
    setting = pearson_setting(replace(setting.table, values=values, ranks=ranks))
    known = [reference.genes(one) for one in range(len(reference.sizes))]
    reference = replace(reference, sums=sums_of_sets(rank_terms(ranks), known))
    sets = [[Side("set", "", rows) for rows in link.sets] for link in links()]
    genes = [[Side("gene", "", rows) for rows in link.genes] for link in links()]
    return Planted(
        np.array([three_p(setting, reference, *pair) for pair in sets]),
        np.array([three_p(setting, reference, *pair)[:2] for pair in genes]),
        np.array([[setting.values(side) for side in pair] for pair in sets]),
    )


def gene_pairs(values: str, r: float, size: int, rng: Generator) -> Vector:
    """Two genes in independent samples: normal, or few reads with a third of zeros."""
    pair = bivariate(rng, r, size)
    if values == "normal":
        return pair
    depth = np.exp2(rng.normal(0, 0.3, size))
    return as_values(np.exp2(1.2 * pair - 0.5), depth).astype(np.float64)


def measure_coverage(values: str, r: float) -> list[dict[Method, float]]:
    """How often the 95 % interval contains the true r, for each n."""
    rng = np.random.default_rng([SEED, 6, int(values == "normal"), round(100 * r)])
    if values == "normal":
        spearman, kendall = 6 / np.pi * np.arcsin(r / 2), 2 / np.pi * np.arcsin(r)
        truth = dict(zip(METHODS, (r, spearman, kendall), strict=True))
    else:
        truth = {one: r_of_all(gene_pairs(values, r, N_FOR_TRUTH, rng), one) for one in METHODS}
    found = []
    for n in COVERAGE_N:
        pair = gene_pairs(values, r, n * REPEATS, rng)
        found.append({one: coverage_of(pair, n, truth[one], one) for one in METHODS})
    return found


def r_of_all(pair: Vector, method: Method) -> float:
    """The r over all samples."""
    return float(correlate_groups(*pair, np.array([0, pair.shape[1]]), method).r[0])


def coverage_of(pair: Vector, n: int, truth: float, method: Method) -> float:
    """The share of groups of n samples whose interval contains the true r."""
    found = correlate_groups(*pair, np.arange(0, pair.shape[1] + 1, n), method)
    answered = ~np.isnan(found.r)
    inside = (found.ci_low <= truth) & (truth <= found.ci_high)
    return float(inside[answered].mean())


def measure(shared: Path, pairs: int, store: Path) -> Results:
    """Run all measurements, on two processes."""
    cohorts = load_cohorts(store, shared, pairs)
    bases = {one.n: one.key for one in cohorts if one.label.endswith(MODULES)}
    for number, n in enumerate(POWER_N, 1 + max(one.number for one in cohorts)):
        if n not in bases:
            bases[n] = load_simulated(store, MODULES, n, number, 0).key
    for key in {*bases.values(), *(one.key for one in cohorts)}:
        open_cohort(store, key)  # builds the reference's sums, once
    tasks: dict[tuple[Any, ...], Future[Any]] = {}
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for cohort in sorted(cohorts, key=lambda cohort: -cohort.n):
            for pair_kind in PAIR_KINDS:
                for part, start in enumerate(range(0, cohort.pairs, PAIRS_PER_TASK)):
                    count = min(PAIRS_PER_TASK, cohort.pairs - start)
                    tasks["pairs", pair_kind, cohort.number, part] = pool.submit(
                        measure_pairs, store, cohort, pair_kind, part, count
                    )
        for n, share in zip(POWER_N, TABLES, strict=True):
            for number in range(max(2, round(pairs * share))):
                tasks["planted", n, number] = pool.submit(
                    measure_planted, store, bases[n], n, number
                )
        for values in VALUES:
            for r in COVERAGE_R:
                tasks["coverage", values, r] = pool.submit(measure_coverage, values, r)
        for done, _ in enumerate(as_completed(tasks.values()), 1):
            if done % max(1, len(tasks) // 20) == 0:
                print(f"{done} of {len(tasks)} tasks", file=sys.stderr)
    return collect(cohorts, {key: task.result() for key, task in tasks.items()})


def collect(cohorts: tuple[Cohort, ...], found: dict[tuple[Any, ...], Any]) -> Results:
    """Combine the results of the tasks in their order."""
    parts: dict[tuple[str, int], list[Vector]] = {}
    planted: dict[int, list[Planted]] = {n: [] for n in POWER_N}
    coverage: dict[tuple[str, float, int], dict[Method, float]] = {}
    for (what, *key), value in found.items():
        if what == "pairs":
            parts.setdefault((key[0], key[1]), []).append(value)
        elif what == "planted":
            planted[key[0]].append(value)
        else:
            coverage |= {(*key, n): one for n, one in zip(COVERAGE_N, value, strict=True)}
    shares = {key: np.concatenate(some) for key, some in parts.items()}
    return Results(cohorts, shares, planted, coverage)


@dataclass(frozen=True)
class Share:
    """How many of some p-values are below the level, and the exact 95 % interval of that share."""

    hits: int
    of: int

    @classmethod
    def below(cls, p: Vector) -> Share:
        """Count p-values, without missing ones."""
        present = p[~np.isnan(p)]
        return cls(int((present < LEVEL).sum()), len(present))

    @property
    def value(self) -> float:
        """The share; NaN if empty."""
        return self.hits / self.of if self.of else float("nan")

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Clopper and Pearson's interval."""
        found = stats.binomtest(self.hits, self.of).proportion_ci(confidence, method="exact")
        return float(found.low), float(found.high)

    def __str__(self) -> str:
        if not self.of:
            return ""
        low, high = self.interval()
        return f"{self.value:.3f} ({low:.3f}–{high:.3f})"


def share_of(results: Results, pair_kind: str, cohorts: Iterable[Cohort], kind: str) -> Share:
    """The share over one or several cohorts."""
    found = np.concatenate([results.shares[pair_kind, one.number] for one in cohorts])
    return Share.below(found[:, KINDS.index(kind)])


def contradicts(share: Share, pair_kind: str, kind: str, confidence: float = 0.95) -> bool:
    """Whether the interval contradicts the null's promise for these pairs."""
    low, high = share.interval(confidence)
    if kind == "p_genes" and pair_kind != "pathways":
        return not low <= LEVEL <= high
    return kind == "p_sets" and low > LEVEL


def markdown(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Format a table as Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def share_table(results: Results, pair_kind: str) -> str:
    """A row per cohort, and one over all."""
    kinds = KINDS[:2] if pair_kind == "genes" else KINDS
    groups = [(one.label, f"{one.n:,}", (one,)) for one in results.cohorts]
    rows = []
    for label, n, cohorts in [*groups, ("all", "", results.cohorts)]:
        shares = [share_of(results, pair_kind, cohorts, kind) for kind in kinds]
        cells = [
            f"{share} \\*" if contradicts(share, pair_kind, kind) else str(share)
            for share, kind in zip(shares, kinds, strict=True)
        ]
        if len(cohorts) > 1:
            cells[0] = ""  # p promises nothing here, and its mean has no meaning
        rows.append([label, n, f"{shares[0].of:,}", *cells])
    return markdown(["cohort", "n", "pairs", *(f"`{kind}` < 0.05" for kind in kinds)], rows)


def coverage_table(results: Results) -> str:
    """A row per n and true r; the methods, for both kinds of values."""
    heads = ["n", "true r", *(f"{one}, {values}" for values in VALUES for one in METHODS)]
    rows = [
        [n, f"{r:g}", *(f"{results.coverage[v, r, n][one]:.3f}" for v in VALUES for one in METHODS)]
        for n in COVERAGE_N
        for r in COVERAGE_R
    ]
    return markdown(heads, rows)


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


def score_table(results: Results) -> str:
    """Coverage of the r of scores, a row per n."""
    methods: tuple[Method, ...] = ("pearson", "spearman")
    rows = [
        [n, score_coverage(results, n, "pearson").of]
        + [str(score_coverage(results, n, one)) for one in methods]
        for n in POWER_N
    ]
    return markdown(["n", "intervals", *methods], rows)


def power(results: Results, what: str, n: int, kind: str) -> list[Share]:
    """The share below the level at each true r."""
    column = KINDS.index(kind)
    found = np.array([getattr(one, what)[:, column] for one in results.planted[n]])
    return [Share.below(some) for some in found.T]


def power_table(results: Results) -> str:
    """A row per n and true r."""
    heads = ["n", "tables", "planted r", "r of the scores"]
    heads += [f"sets, `{kind}`" for kind in KINDS] + [f"genes, `{kind}`" for kind in KINDS[:2]]
    of_scores = [true_r_of_scores(results, number, "pearson") for number in range(len(TRUE_R))]
    rows = []
    for n in POWER_N:
        columns = [power(results, "sets", n, kind) for kind in KINDS]
        columns += [power(results, "genes", n, kind) for kind in KINDS[:2]]
        rows += [
            [n, len(results.planted[n]), f"{r:g}", f"{round(score_r, 2) + 0.0:.2f}"]
            + [f"{column[number].value:.2f}" for column in columns]
            for number, (r, score_r) in enumerate(zip(TRUE_R, of_scores, strict=True))
        ]
    return markdown(heads, rows)


def caption() -> str:
    """Date, versions and seed of the numbers."""
    packages = ("tcga-corr", "numpy", "scipy")
    versions = [f"{one} {version(one)}" for one in packages]
    return (
        f"{date.today().isoformat()}, Python {platform.python_version()}, {', '.join(versions)}; "
        f"seed {SEED}, {N_DRAWS:,} draws at most, {len(reference_sets()):,} reference sets."
    )


def tables(results: Results) -> dict[str, str]:
    """The page's tables by their marks."""
    return {
        "caption": caption(),
        **{pair_kind: share_table(results, pair_kind) for pair_kind in PAIR_KINDS},
        "coverage": coverage_table(results),
        "scores": score_table(results),
        "power": power_table(results),
    }


def fill_page(page: str, made: dict[str, str]) -> str:
    """The page with its tables replaced; the text stays."""
    for name, text in made.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not mark.search(page):
            sys.exit(f"{PAGE}: no mark for '{name}'")
        page = mark.sub(lambda found, text=text: f"{found[1]}\n{text}\n\n{found[2]}", page)
    return page


# Okabe and Ito's colours, each with its own shape
MARKERS = {
    "p": ("#D55E00", "s"),
    "p_genes": ("#0072B2", "o"),
    "p_sets": ("#009E73", "^"),
    "pearson": ("#000000", "o"),
    "spearman": ("#CC79A7", "s"),
    "kendall": ("#E69F00", "D"),
}
STYLE = {
    "svg.fonttype": "path",
    "svg.hashsalt": "calibration",
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.titlelocation": "left",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1,
    "lines.markersize": 3,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
ENDS = {POWER_N[0]: "-", POWER_N[-1]: "--"}
WIDTH, HEIGHT = 7.2, 8.2  # inches: two columns of a journal


def draw_shares(axes: Sequence[Axes], results: Results) -> None:
    """A panel per kind of pair: a row per cohort, a dot and interval per p-value."""
    places = np.arange(len(results.cohorts))
    for axis, pair_kind in zip(axes, PAIR_KINDS, strict=True):
        for number, kind in enumerate(KINDS[:2] if pair_kind == "genes" else KINDS):
            colour, shape = MARKERS[kind]
            shares = [share_of(results, pair_kind, [one], kind) for one in results.cohorts]
            values = np.array([share.value for share in shares])
            ends = np.array([share.interval() for share in shares]).T
            axis.errorbar(
                values, places + 0.24 * (number - 1), xerr=abs(ends - values),
                fmt=shape, color=colour, elinewidth=0.8, clip_on=False,
            )  # fmt: skip
        axis.axvline(LEVEL, color="0.4", linewidth=0.8, linestyle="--", zorder=0)
        axis.set_xscale("function", functions=(np.sqrt, np.square))
        axis.set_xlim(0, 1)
        axis.set_xticks([0, 0.05, 0.2, 0.5, 1], ["0", ".05", ".2", ".5", "1"])
        axis.set_xlabel("share of p below 0.05")
        axis.set_yticks(places, [f"{one.label} ({one.n:,})" for one in results.cohorts])
        axis.tick_params(axis="y", length=0)
        axis.set_ylim(len(places) - 0.5, -0.5)
        for place in places[::2]:
            axis.axhspan(place - 0.5, place + 0.5, color="0.95", zorder=-1)


def draw_power(axes: Sequence[Axes], results: Results) -> None:
    """Sets in a panel per n, and genes in the last: the share found by true r."""
    for axis, n in zip(axes, POWER_N, strict=False):
        for kind in KINDS:
            draw_line(axis, power(results, "sets", n, kind), kind)
        axis.set_title(f"sets, n = {n}")
    for n, line in ENDS.items():
        for kind in KINDS[:2]:
            draw_line(axes[3], power(results, "genes", n, kind), kind, line)
    for axis in axes:
        axis.axhline(LEVEL, color="0.4", linewidth=0.8, linestyle="--", zorder=0)
        axis.set_ylim(-0.02, 1.03)
        axis.set_xlabel("planted r")


def draw_line(axis: Axes, shares: Sequence[Share], kind: str, line: str = "-") -> None:
    colour, shape = MARKERS[kind]
    ends = np.array([share.interval() for share in shares]).T
    values = [share.value for share in shares]
    axis.plot(TRUE_R, values, marker=shape, color=colour, linestyle=line)
    axis.fill_between(TRUE_R, *ends, color=colour, alpha=0.15, linewidth=0)


def draw_coverage(axes: Sequence[Axes], results: Results) -> None:
    """A panel per n: the coverage by true r, fill_page for normal values and open for few reads."""
    for axis, n in zip(axes, COVERAGE_N, strict=True):
        for values, line, inside in zip(VALUES, ("-", ":"), (None, "white"), strict=True):
            for method in METHODS:
                colour, shape = MARKERS[method]
                shares = [results.coverage[values, r, n][method] for r in COVERAGE_R]
                axis.plot(
                    COVERAGE_R, shares, linestyle=line, marker=shape, color=colour,
                    markerfacecolor=inside or colour,
                )  # fmt: skip
        axis.axhline(1 - LEVEL, color="0.4", linewidth=0.8, linestyle="--", zorder=0)
        axis.set_title(f"n = {n}")
        axis.set_xticks(COVERAGE_R)
        axis.set_xlabel("true r of the normals")


def legend_handles(names: Iterable[str]) -> list[Any]:
    """The legend's entries."""
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=MARKERS[one][0], marker=MARKERS[one][1], label=one) for one in names
    ]


def draw_figure(results: Results) -> Figure:
    """Draw random pairs, power and coverage."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    parts = figure.subfigures(3, 1, height_ratios=(3.3, 2.3, 2.3), hspace=0.03)
    titles = (
        "a  Random pairs: share with p below 0.05",
        "b  Planted links: share with p below 0.05",
        "c  95 % interval of r between two genes: how often it contains the true r",
    )
    rows = []
    for part, title, x_shared in zip(parts, titles, (False, False, True), strict=True):
        part.suptitle(title, x=0.005, ha="left", fontsize=9, fontweight="bold")
        rows.append(part.subplots(1, 4, sharey=True, sharex=x_shared))
    draw_shares(rows[0], results)
    for axis, pair_kind in zip(rows[0], PAIR_KINDS.values(), strict=True):
        axis.set_title(pair_kind.replace(" of ", "\nof ", 1))
    rows[0][0].set_ylabel("cohort (tumours)")
    draw_power(rows[1], results)
    rows[1][3].set_title(f"genes, n = {' and '.join(map(str, ENDS))}")
    rows[1][0].set_ylabel("share found")
    draw_coverage(rows[2], results)
    rows[2][0].set_ylabel("coverage")
    lines = [
        Line2D([], [], color="0.3", linestyle=line, label=f"n = {n}") for n, line in ENDS.items()
    ]
    rows[1][3].legend(handles=lines, loc="lower right", bbox_to_anchor=(1.02, 0.12), handlelength=2)
    kinds = [
        Line2D([], [], color="0.3", linestyle=line, marker="o", markerfacecolor=inside, label=label)
        for line, inside, label in (("-", "0.3", "normal values"), (":", "white", "few reads"))
    ]
    legends = (legend_handles(KINDS), legend_handles(KINDS), [*legend_handles(METHODS), *kinds])
    for part, legend in zip(parts, legends, strict=True):
        part.legend(handles=legend, loc="outside lower center", ncols=len(legend))
    return figure


def write(results: Results, folder: Path) -> None:
    """Write the page with its tables, and the figure."""
    import matplotlib as mpl

    page = (DOCS / PAGE).read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(STYLE):
        draw_figure(results).savefig(folder / FIGURE, metadata=METADATA)
    (folder / PAGE).write_text(fill_page(page, tables(results)), encoding="utf-8")


def broken_promises(results: Results) -> list[str]:
    """Promises not kept, at a confidence of 0.999."""
    found = [
        f"{words}: {kind} is below {LEVEL} in {share}"
        for pair_kind, words in PAIR_KINDS.items()
        for kind in (KINDS[1:2] if pair_kind == "genes" else KINDS[1:])
        for share in [share_of(results, pair_kind, results.cohorts, kind)]
        if contradicts(share, pair_kind, kind, 0.999)
    ]
    low, high = stats.binom.interval(0.999, REPEATS, 1 - LEVEL)
    return found + [
        f"pearson of {n} normal values of r = {r:g}: the interval contains it in {share:.3f}"
        for (values, r, n), by_method in results.coverage.items()
        for share in [by_method["pearson"]]
        if values == "normal" and not low <= round(share * REPEATS) <= high
    ]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder of real tables")
    parser.add_argument(
        "--pairs", type=int, default=PAIRS, help="pairs per cohort and kind of pair"
    )
    parser.add_argument("--output", type=Path, default=DOCS, help="folder to write to")
    parser.add_argument("--check", action="store_true", help="fail if a promise is not kept")
    arguments = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # in each process
    with tempfile.TemporaryDirectory() as folder:
        results = measure(arguments.shared, arguments.pairs, Path(folder))
    write(results, arguments.output)
    failures = broken_promises(results)
    print("\n".join(failures or ["every promise is kept"]))
    if arguments.check and failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
