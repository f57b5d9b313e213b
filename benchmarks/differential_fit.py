"""The cost of differential expression, beside PyDESeq2 by itself.

python benchmarks/differential_fit.py [--genes N] [--samples N] [--only ours|plain]

SIMULATED counts of two groups of equal size are loaded once; then `tcga-corr de` and a plain script
of PyDESeq2 run one after the other, a process each, with one thread. Printed are the seconds of the
processor and the largest resident memory of each.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

import tcga_corr as tc
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.vocabulary.symbols import symbol_table

PLAIN = """
import sys
import pandas as pd
from pydeseq2.dds import DeseqDataSet
from pydeseq2.ds import DeseqStats
counts = pd.read_csv(sys.argv[1], sep="\\t", index_col=0).T
counts = counts.loc[:, counts.sum() >= 10]
groups = pd.read_csv(sys.argv[2], sep="\\t", index_col=0).loc[counts.index]
data = DeseqDataSet(counts=counts, metadata=groups, design="~group", quiet=True, n_cpus=1)
data.deseq2()
test = DeseqStats(data, contrast=["group", "a", "b"], quiet=True, n_cpus=1)
test.summary()
test.results_df.to_parquet(sys.argv[3])
"""


def simulate(n_genes: int, n_samples: int) -> tuple[pl.DataFrame, list[str]]:
    """Counts whose dispersions fall with the mean, and the groups; a tenth of the genes changes."""
    generator = np.random.default_rng(1)
    genes = sorted(one.symbol for one in symbol_table())[:n_genes]
    mean = np.exp(generator.normal(5, 2.2, n_genes))
    change = np.where(generator.random(n_genes) < 0.1, generator.normal(0, 1.5, n_genes), 0)
    groups = ["ab"[number % 2] for number in range(n_samples)]
    in_a = np.array([group == "a" for group in groups])
    depth = generator.uniform(0.6, 1.6, n_samples)
    expected = mean[:, None] * 2 ** (change[:, None] * in_a) * depth
    size = 1 / (0.2 + 2 / mean)[:, None]
    counts = generator.poisson(generator.gamma(size, expected / size))
    columns = {f"S{number}": counts[:, number] for number in range(n_samples)}
    return pl.DataFrame({"gene": genes, **columns}), groups


def measured(arguments: list[str]) -> str:
    """Run a process of its own; its processor time and peak."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(arguments, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # the peak is the largest of all children so far, so the smaller one has to run first
    return f"{seconds:.1f} s of processor time, {after.ru_maxrss / 2**20:.2f} GB"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--genes", type=int, default=20_000)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--only", choices=["ours", "plain"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        frame, groups = simulate(options.genes, options.samples)
        frame.write_csv(here / "counts.tsv", separator="\t")
        names = frame.columns[1:]
        rows = "".join(f"{a}\t{b}\n" for a, b in zip(names, groups, strict=True))
        (here / "groups.tsv").write_text("sample\tgroup\n" + rows)
        engine = tc.open_store(here / "cache")
        load = LoadOptions(source="cells", tumor_type="OTHER", counts=True)
        engine.load(here / "counts.tsv", load).raise_errors()
        print(f"SIMULATED, {options.genes:,} genes x {options.samples} samples", flush=True)
        ours = [sys.executable, "-m", "tcga_corr", "--cache", here / "cache", "de"]
        ours += ["--by", here / "groups.tsv", "--contrast", "a:b", "-o", here / "ours.parquet"]
        plain = [sys.executable, "-c", PLAIN, here / "counts.tsv", here / "groups.tsv"]
        plain += [here / "plain.parquet"]
        for name, arguments in (("ours", ours), ("plain", plain)):
            if options.only in (None, name):
                print(f"{name}: {measured([str(one) for one in arguments])}", flush=True)


if __name__ == "__main__":
    main()
