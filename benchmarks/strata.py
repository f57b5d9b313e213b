"""How often strata that do not differ seem to: python benchmarks/strata.py STORE [--source S].

Pairs of pathways and of genes are correlated in two random parts of the tumours of each cohort, and
compared: by p, which is that of normal variables, and by p_permutation. Prints Markdown, with 95 %
binomial intervals. A second table has the power to find planted differences in normal variables.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

ALPHA = 0.05
METHODS = ("pearson", "spearman")
PLANTED = ((0.2, 0.5), (0.0, 0.4), (0.4, 0.7))


def shown(hits: int, n: int) -> str:
    """A share with its exact binomial interval."""
    from scipy import stats

    low, high = stats.binomtest(hits, n).proportion_ci()
    return f"{hits / n:.3f} ({low:.3f} to {high:.3f})"


def compared(groups: list[np.ndarray], method: str, n_draws: int) -> tuple[float, float]:
    """The p and the permutation p of two groups of x and y, 2 x samples each."""
    from tcga_corr.stats.correlation import unit_rows
    from tcga_corr.stats.differences import difference, permutation_p
    from tcga_corr.stats.methods import fisher_variance

    units = [unit_rows(group, method) for group in groups]
    r = np.array([(one[0] * one[1]).sum() for one in units])
    n = np.array([one.shape[1] for one in units])
    variance = fisher_variance(r, n, method)
    z = np.arctanh(r)
    found = difference(float(z[0] - z[1]), float(variance.sum()))
    return found.p, permutation_p(units, variance, n_draws)


def real(arguments: argparse.Namespace) -> None:
    """Random parts of real cohorts."""
    from tcga_corr.analysis.naming.names import collection
    from tcga_corr.analysis.samples.scope import Scope
    from tcga_corr.engine import open_store

    engine = open_store(arguments.store)
    cohorts = engine.cohorts(Scope(source=arguments.source))
    print("| cohort | n | pairs | " + " | ".join(f"{m}: p, p_permutation" for m in METHODS) + " |")
    print("| --- | --- | --- |" + " --- |" * len(METHODS))
    for cohort in cohorts:
        rng = np.random.default_rng([489, len(cohort.columns)])
        sets = [one for one in collection("hallmark") if cohort.measure(one).values is not None]
        scores = np.stack([cohort.measure(one).values for one in sets])
        varied = np.flatnonzero(np.median(cohort.table.values[:, cohort.columns], axis=1) > 1)
        genes = cohort.table.values[rng.choice(varied, 500, replace=False)][:, cohort.columns]
        for what, values in (("Hallmarks", scores), ("genes", genes.astype(float))):
            hits = np.zeros((len(METHODS), 2), dtype=int)
            for _ in range(arguments.pairs):
                x, y = rng.choice(len(values), 2, replace=False)
                order = rng.permutation(values.shape[1])
                size = int(rng.integers(12, values.shape[1] - 11)) if len(order) > 30 else 15
                parts = [order[:size], order[size:]]
                for place, method in enumerate(METHODS):
                    groups = [values[[x, y]][:, part] for part in parts]
                    hits[place] += np.array(compared(groups, method, 499)) <= ALPHA
            cells = [" / ".join(shown(int(hit), arguments.pairs) for hit in row) for row in hits]
            n = values.shape[1]
            print(f"| {cohort.tumor_type} | {n} | {what} | " + " | ".join(cells) + " |", flush=True)


def planted(n: int, pairs: int) -> None:
    """Power in two groups of n normal pairs."""
    rng = np.random.default_rng(7)
    print("\n| r of the groups | p | p_permutation |\n| --- | --- | --- |")
    for both in PLANTED:
        hits = np.zeros(2, dtype=int)
        for _ in range(pairs):
            groups = []
            for r in both:
                x, noise = rng.standard_normal((2, n))
                groups.append(np.stack([x, r * x + np.sqrt(1 - r**2) * noise]))
            hits += np.array(compared(groups, "pearson", 499)) <= ALPHA
        cells = " | ".join(shown(int(hit), pairs) for hit in hits)
        print(f"| {both[0]} and {both[1]}, n = 2 x {n} | {cells} |", flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("--source")
    parser.add_argument("--pairs", type=int, default=1_000)
    arguments = parser.parse_args()
    real(arguments)
    planted(100, arguments.pairs)


if __name__ == "__main__":
    main()
