"""Differential expression of many tumor types in a batch run, beside a loop over them.

python benchmarks/differential.py [--types 33] [--genes 5000] [--samples 20] [--workers 2]
    [--looped 11]

Counts of so many tumor types are drawn (negative binomial, SIMULATED), so many samples of tumour
and of normal tissue each, and put into a store. Then, one after the other: `tcga-corr batch` of one
block, with worker processes; and a script that calls PyDESeq2 for one tumor type after another in
one process, of some of them, scaled. Both use one thread of BLAS a process, and PyDESeq2 with
n_cpus=1. Prints a table for `docs/benchmarks.md`, and how busy the machine was.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from batch import BatchRun, watched
from processes import format_seconds

import tcga_corr as tc
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.vocabulary.symbols import symbol_table
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

SEED = 489
SPEC = '[[differential]]\nname = "normal"\n'
PLAIN = """
import json, sys
import pandas as pd
from pathlib import Path
from pydeseq2.dds import DeseqDataSet
from pydeseq2.default_inference import DefaultInference
from pydeseq2.ds import DeseqStats

inference = DefaultInference(n_cpus=1)
called = {}
for path in sys.argv[1:]:
    counts = pd.read_csv(path, sep="\\t", index_col=0).T
    counts = counts.loc[:, counts.sum() >= 10]
    groups = ["tumor" if name.endswith("-01") else "normal" for name in counts.index]
    design = pd.DataFrame({"group": groups}, index=counts.index)
    data = DeseqDataSet(counts=counts, metadata=design, design="~group", inference=inference,
                        quiet=True)
    data.deseq2()
    results = DeseqStats(data, contrast=["group", "tumor", "normal"], inference=inference,
                         quiet=True)
    results.summary()
    frame = results.results_df
    is_called = (frame.padj < 0.05) & (frame.log2FoldChange.abs() > 1)
    called[Path(path).stem] = int(is_called.sum())
print(json.dumps(called))
"""


def write_counts(folder: Path, types: list[str], n_genes: int, n_samples: int) -> list[Path]:
    """A table of each tumor type; a tenth of the genes has a change of its own."""
    rng = np.random.default_rng(SEED)
    genes = sorted({gene.symbol for gene in symbol_table()})[:n_genes]
    mean = rng.lognormal(5, 1.8, n_genes)
    paths = []
    for tumor_type in types:
        change = np.where(rng.random(n_genes) < 0.1, rng.normal(0, 1.5, n_genes), 0)
        half = np.repeat([0.5, -0.5], n_samples)
        depth = rng.uniform(0.6, 1.6, 2 * n_samples)
        expected = mean[:, None] * np.exp2(half * change[:, None]) * depth
        size = 1 / (0.1 + 1 / np.sqrt(mean))[:, None]
        counts = rng.negative_binomial(size, size / (size + expected))
        site = f"{10 + list(TUMOR_TYPES).index(tumor_type)}"  # no two types share patients
        names = [f"TCGA-{site}-{n:04d}-{code}" for code in ("01", "11") for n in range(n_samples)]
        path = folder / f"{tumor_type}.tsv"
        lines = ["\t".join(("gene", *names))]
        lines += [
            "\t".join((gene, *map(str, row)))
            for gene, row in zip(genes, counts.tolist(), strict=True)
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("types", 33), ("genes", 5_000), ("samples", 20), ("workers", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--looped", type=int, default=11, help="tumor types of the loop")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    types = list(TUMOR_TYPES)[: options.types]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_counts(folder, types, options.genes, options.samples)
        engine = tc.open_store(folder / "cache")
        for path in paths:
            given = LoadOptions(source="simulated-counts", counts=True, tumor_type=path.stem)
            engine.load(path, given).raise_errors()
        spec, plain = folder / "spec.toml", folder / "plain.py"
        spec.write_text(SPEC, encoding="utf-8")
        plain.write_text(PLAIN, encoding="utf-8")
        load_before = os.getloadavg()[0]
        command = [sys.executable, "-m", "tcga_corr", "-q", "--cache", str(folder / "cache")]
        workers = ["--workers", str(options.workers), "--format", "json"]
        _, batch = watched([*command, "batch", str(spec), *workers])
        load_between = os.getloadavg()[0]
        looped = paths[:: max(1, len(paths) // options.looped)][: options.looped]
        called, loop = watched([sys.executable, str(plain), *map(str, looped)])
        asked = "SELECT tumor_type, n_called FROM differential_summary"
        answer, _ = watched([*command, "sql", asked, "--format", "json"])
        rows = {row["tumor_type"]: row["n_called"] for row in answer["rows"]}
        different = sum(abs(rows[name] - n) for name, n in called.items())
    times = len(paths) / len(looped)
    what = f"{len(paths)} tumor types, {options.samples} + {options.samples} samples, "
    what += f"{options.genes:,} genes"
    print("| measured | wall | processor | cores | memory, and without the pages of files |")
    print("| --- | --- | --- | --- | --- |")
    print(f"| `batch`, {options.workers} workers: {what} | {_row(batch)} |")
    print(f"| a loop of PyDESeq2, {len(looped)} of them, scaled | {_row(loop, times)} |")
    print(
        f"\nwall {times * loop.seconds / batch.seconds:.2f} x, processor "
        f"{times * loop.processor / batch.processor:.2f} x; calls that differ: {different} of "
        f"{sum(called.values())}; load of the machine {load_before:.1f} before, "
        f"{load_between:.1f} between, {os.getloadavg()[0]:.1f} after"
    )


def _row(one: BatchRun, times: float = 1) -> str:
    seconds, processor = times * one.seconds, times * one.processor
    return (
        f"{format_seconds(seconds)} | {format_seconds(processor)} | {processor / seconds:.2f} | "
        f"{one.peak / 1e9:.2f} GB, {one.anonymous / 1e9:.2f} GB"
    )


if __name__ == "__main__":
    main()
