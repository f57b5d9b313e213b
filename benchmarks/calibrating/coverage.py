"""How often the 95 % interval contains the true r of two genes."""

from __future__ import annotations

import numpy as np

from calibrating.simulation import SEED, Generator, Vector, as_values, bivariate
from tcga_corr.choices import Method
from tcga_corr.stats.correlation import correlate_rows
from tcga_corr.stats.methods import FORMULAS, fisher_interval, fisher_variance
from tcga_corr.vocabulary.methods import METHODS

COVERAGE_R = (0.0, 0.3, 0.6, 0.9)
COVERAGE_N = (12, 36, 100, 400)
REPEATS = 4_000
VALUES = ("normal", "few reads")
N_FOR_TRUTH = 1_000_000


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
    formula = FORMULAS[method].pair
    if formula is not None:
        return formula(*pair)[0]
    return float(correlate_rows(pair[:1], pair[1:], method)[0])


def coverage_of(pair: Vector, n: int, truth: float, method: Method) -> float:
    """The share of groups of n samples whose interval contains the true r."""
    x, y = pair.reshape(2, -1, n)
    r = correlate_rows(x, y, method)
    r = r[~np.isnan(r)]
    low, high = fisher_interval(r, fisher_variance(r, np.int64(n), method))
    return float(((low <= truth) & (truth <= high)).mean())
