"""How often enrichment calls sets where nothing differs: random halves of one cohort.

python benchmarks/enrichment.py STORE TUMOR_TYPE [SPLITS]

Of each split, genes are ranked by Student's t between the halves, and the Hallmarks tested by GSEA
and, of the 500 genes furthest from 0, by over-representation. Beside it the same numbers on
shuffled genes, which have no correlation.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy import stats

import tcga_corr as tc
from tcga_corr.engine import Scope

N_LISTED, PERMUTATIONS = 500, 1_000


def main(store: str, tumor_type: str, n_splits: int = 20) -> None:
    engine = tc.open_store(store)
    [cohort] = engine.cohorts(Scope(tumor_types=[tumor_type]))
    values = cohort.table.values[:, cohort.columns].astype(np.float64)
    varies = values.std(axis=1) > 0
    values = values[varies]
    genes = [gene for gene, kept in zip(cohort.table.genes, varies, strict=True) if kept]
    n = values.shape[1]
    rng = np.random.default_rng(0)
    small_p, n_called = [], []
    for _ in range(n_splits):
        order = rng.permutation(n)
        halves = values[:, order[: n // 2]], values[:, order[n // 2 :]]
        t = stats.ttest_ind(*halves, axis=1).statistic
        frames = []
        for numbers in (t, rng.permutation(t)):
            ranking = dict(zip(genes, numbers.tolist(), strict=True))
            frames.append(engine.enrich(ranking, "hallmark", permutations=PERMUTATIONS).frame)
            frames.append(engine.enrich(ranking, "hallmark", "ora", genes=N_LISTED).frame)
        small_p.append([(frame["p"] < 0.05).mean() for frame in frames])
        n_called.append([(frame["q"] < 0.05).sum() for frame in frames])
    kinds = ("gsea", "ora", "gsea, shuffled genes", "ora, shuffled genes")
    called = np.array(n_called)
    for place, kind in enumerate(kinds):
        print(
            f"{kind}: {100 * np.mean(small_p, axis=0)[place]:.1f} % with p < 0.05; sets with q < "
            f"0.05 in {(called[:, place] > 0).sum()} of {n_splits} splits, median "
            f"{np.median(called[:, place]):g}"
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
