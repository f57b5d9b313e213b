"""How often random gene sets go with survival in real cohorts, by p and by p_genes.

python benchmarks/survival.py STORE [--sets 40] [--endpoints OS PFI]

STORE has real tables and TCGA's clinical endpoints (`load --covariates`). Writes the tables of
`docs/survival.md`: the death programmes, then the shares of random sets that are matched to them
gene by gene on mean and spread, drawn apart from those that p_genes ranks among.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import stats

import tcga_corr as tc
from tcga_corr.analysis.nulls.gene_pool import GenePool
from tcga_corr.analysis.nulls.setting import NullSetting
from tcga_corr.analysis.samples.cohort import Cohort
from tcga_corr.engine import Engine, Scope
from tcga_corr.vocabulary.gene_sets.catalogue import DEATH_PROGRAMMES, find_set

SEED = 489


def matched_sets(cohort: Cohort, programme: str, n_sets: int) -> Iterator[tc.GeneSet]:
    """Random sets of a cohort with as many genes of each class as a programme has."""
    setting = NullSetting(cohort.table, cohort.columns, "pearson", None, cohort.min_genes)
    pool = GenePool.of([setting])
    codes = pool.classes_or_one.codes
    genes = [gene for gene in find_set(programme).genes if gene in cohort.table.genes]
    counts = np.bincount(codes[cohort.table.genes.rows(genes)], minlength=codes.max() + 1)
    rng = np.random.default_rng([SEED, DEATH_PROGRAMMES.index(programme)])
    for number in range(n_sets):
        rows = [
            rng.choice(np.flatnonzero(codes == code), count, replace=False)
            for code, count in enumerate(counts)
            if count
        ]
        drawn = tuple(pool.symbols[row] for row in np.sort(np.concatenate(rows)))
        yield tc.GeneSet(f"{programme} {number}", "", drawn)


def programmes(engine: Engine, source: str, endpoint: str) -> None:
    print("\n| programme | cohort | n | events | hazard ratio | p | p_genes | 95 % of genes |")
    print("|" + " --- |" * 8)
    for programme in DEATH_PROGRAMMES:
        answer = engine.survival(programme, endpoint=endpoint, source=source)
        for row in [*answer.frame.to_dicts(), answer.summary.row(programme, endpoint)]:
            if row["hr"] is not None:
                print(
                    f"| {programme} | {row['tumor_type']} | {row['n']} | {row['n_events']} | "
                    f"{row['hr']:.2f} ({row['ci_low']:.2f}–{row['ci_high']:.2f}) | {row['p']:.2g} "
                    f"| {row['p_genes']:.2g} | {row['genes_low']:.2f}–{row['genes_high']:.2f} |"
                )


def shares(engine: Engine, cohort: Cohort, endpoint: str, n_sets: int) -> np.ndarray:
    """The p and p_genes of random sets matched to each programme."""
    found = []
    for programme in DEATH_PROGRAMMES:
        for one in matched_sets(cohort, programme, n_sets):
            answer = engine.survival(
                one,
                endpoint=endpoint,
                source=cohort.table.key.source,
                tumor_types=[cohort.tumor_type],
            )
            found.append(answer.frame.select("p", "p_genes").row(0))
    return np.array(found, dtype=np.float64)


def share(p: np.ndarray) -> str:
    """How many are below 0.05, with the exact 95 % interval."""
    test = stats.binomtest(int((p < 0.05).sum()), len(p)).proportion_ci()
    return f"{(p < 0.05).mean():.3f} ({test.low:.3f}–{test.high:.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path)
    parser.add_argument("--sets", type=int, default=40, help="of each programme; 0 for none")
    parser.add_argument("--endpoints", nargs="+", default=["OS", "PFI"])
    arguments = parser.parse_args()
    engine = tc.open_store(arguments.store)
    sources = dict.fromkeys(key.source for key in engine.store.require_keys())
    for endpoint in arguments.endpoints:
        for source in sources:
            print(f"\n## {endpoint}, {source}")
            programmes(engine, source, endpoint)
            if not arguments.sets:
                continue
            print("\n| cohort | sets | `p` < 0.05 | `p_genes` < 0.05 |\n| --- | --- | --- | --- |")
            every = []
            for cohort in engine.cohorts(Scope(source=source)):
                p = shares(engine, cohort, endpoint, arguments.sets)
                every.append(p)
                print(f"| {cohort.tumor_type} | {len(p)} | {share(p[:, 0])} | {share(p[:, 1])} |")
            p = np.concatenate(every)
            print(f"| together | {len(p)} | {share(p[:, 0])} | {share(p[:, 1])} |", flush=True)


if __name__ == "__main__":
    main()
