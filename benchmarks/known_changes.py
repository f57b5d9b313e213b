"""Which of the known changes differential expression finds, over several simulated experiments.

python benchmarks/known_changes.py [SEEDS] [GENES]

Cells under two drugs and both, three samples each, as `tcga-corr demo --treatment` writes them.
By each rule: how many genes are called, the share of the calls that have no change (the false
discovery proportion) with its 95 % binomial interval, and the share found of the genes that change
more than twofold. A gene without a change has a true fold change of exactly 0.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from scipy import stats

import tcga_corr
from tcga_corr.fetching.treatment import CONTROL, FILES, write_treatment
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.sources.simulated import CELLS

RULES = {
    "q < 0.05, |log2FC| > 1": (pl.col("q") < 0.05) & (pl.col("log2fc").abs() > 1),
    "q < 0.05": pl.col("q") < 0.05,
    "p < 0.05, |log2FC| > 1": (pl.col("p") < 0.05) & (pl.col("log2fc").abs() > 1),
    "p < 0.05": pl.col("p") < 0.05,
}


def experiment(seed: int, n_genes: int) -> pl.DataFrame:
    """Estimated and true changes: a row per contrast and gene."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_treatment(folder, n_genes, seed)
        counts, groups, changes = (folder / one for one in FILES)
        engine = tcga_corr.open_store(folder / "cache")
        engine.load(counts, LoadOptions(source=CELLS, counts=True)).raise_errors()
        found = engine.de(groups, reference=CONTROL, source=CELLS, jobs=1).frame
        truth = pl.read_csv(changes, separator="\t").unpivot(
            index="gene", variable_name="contrast", value_name="true_log2fc"
        )
        return found.join(truth, on=["contrast", "gene"]).with_columns(seed=pl.lit(seed))


def rows(found: pl.DataFrame) -> Iterator[str]:
    large = found.filter(pl.col("true_log2fc").abs() > 1)
    for rule, is_called in RULES.items():
        calls = found.filter(is_called)
        n_false = calls.filter(true_log2fc=0.0).height
        low, high = stats.binomtest(n_false, calls.height).proportion_ci(method="exact")
        hits = large.filter(is_called).height
        yield (
            f"| `{rule}` | {calls.height:,} | {n_false:,} | {100 * n_false / calls.height:.1f} % "
            f"({100 * low:.1f} to {100 * high:.1f}) | {100 * hits / large.height:.0f} % |"
        )


def main() -> None:
    n_seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    n_genes = int(sys.argv[2]) if len(sys.argv) > 2 else 6_000
    every = [experiment(seed, n_genes) for seed in range(1, n_seeds + 1)]
    for (contrast,), part in pl.concat(every).group_by("contrast", maintain_order=True):
        n_changed = part.filter(pl.col("true_log2fc") != 0).height
        print(f"\n{contrast}, {n_seeds} experiments, {n_changed:,} of {part.height:,} change\n")
        print("\n".join(rows(part)))
    for one in every:
        calls = one.filter(RULES["q < 0.05"])
        share = calls.filter(true_log2fc=0.0).height / calls.height
        print(
            f"seed {one['seed'][0]}: {100 * share:.1f} % of {calls.height:,} calls by q are false"
        )


if __name__ == "__main__":
    main()
