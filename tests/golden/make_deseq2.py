"""Tables for ``deseq2.R``, and the golden file made of what it wrote.

``python tests/golden/make_deseq2.py tables FOLDER`` simulates counts of four groups of three, and
takes BRCA and LIHC from ``../shared``; ``golden FOLDER`` keeps some genes of each result, and which
of all are called (q < 0.05 and |log2 fold change| > 1).
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path

import numpy as np
import polars as pl

from tcga_corr.engine import open_store
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.store.counts import read_counts
from tcga_corr.store.layout import TableKey
from tcga_corr.vocabulary.symbols import symbol_table

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("TCGA_CORR_SHARED", HERE.parents[2] / "shared"))
SIMULATED = HERE / "deseq2_counts.tsv.gz"
GOLDEN = HERE / "deseq2.json.gz"
N_GENES, EVERY, EVERY_SIMULATED = 1500, 50, 5
NUMBERS = ("baseMean", "log2FoldChange", "lfcSE", "pvalue", "padj")


def simulate() -> pl.DataFrame:
    """Counts of 4 groups of 3: dispersions fall with the mean, a fifth of the genes changes."""
    generator = np.random.default_rng(20261129)
    genes = sorted(one.symbol for one in symbol_table() if one.protein_coding)[:N_GENES]
    mean = np.exp(generator.normal(4.5, 2, N_GENES))
    change = np.zeros((N_GENES, 4))
    for group in (1, 2, 3):
        changed = generator.random(N_GENES) < 0.2
        change[changed, group] = generator.normal(0, 1.5, changed.sum())
    depth = generator.uniform(0.6, 1.6, 12)
    expected = mean[:, None] * 2 ** np.repeat(change, 3, axis=1) * depth
    size = 1 / (0.05 + 2 / mean)[:, None]
    counts = generator.poisson(generator.gamma(size, expected / size))
    names = [f"{group}{number}" for group in "ABCD" for number in (1, 2, 3)]
    return pl.DataFrame({"gene": genes, **dict(zip(names, counts.T.tolist(), strict=True))})


def tables(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    simulated = simulate()
    SIMULATED.write_bytes(gzip.compress(simulated.write_csv(separator="\t").encode(), mtime=0))
    simulated.write_csv(folder / "simulated.counts.tsv", separator="\t")
    names = simulated.columns[1:]
    groups = [name[0] for name in names]
    z = [round(float(np.sin(number)), 3) for number in range(12)]
    groups_of(folder / "simulated", names, groups, [name[1] for name in names], "A", z)
    engine = open_store(folder / "cache")
    for name in ("BRCA", "LIHC"):
        path = SHARED / f"counts/TCGA-{name}.rsem_raw_counts.tsv.gz"
        engine.load(path, LoadOptions(source="rsem", counts=True)).raise_errors()
        stored = read_counts(engine.store, TableKey("rsem", name))
        samples = stored.metadata.samples
        columns = {one.barcode: stored.values[:, n] for n, one in enumerate(samples)}
        frame = pl.DataFrame({"gene": stored.genes, **columns})
        frame.write_csv(folder / f"{name}.counts.tsv", separator="\t")
        kinds = ["tumor" if one.tumor else "normal" for one in samples]
        patients = [one.patient for one in samples]
        groups_of(folder / name, list(columns), kinds, patients, "normal", [0.0] * len(kinds))


def groups_of(
    path: Path,
    samples: list[str],
    groups: list[str],
    patients: list[str],
    reference: str,
    z: list[float],
) -> None:
    rows = {"sample": samples, "group": groups, "patient": patients, "z": z}
    frame = pl.DataFrame({**rows, "reference": [reference] * len(groups)})
    frame.write_csv(f"{path}.groups.tsv", separator="\t")


def golden(folder: Path) -> None:
    record: dict[str, object] = {"engine": "R DESeq2 1.38.3"}
    for path in sorted(folder.glob("*.*.*.tsv")):
        if path.name.endswith((".counts.tsv", ".groups.tsv")):
            continue
        name, a, b, _ = path.name.split(".")
        frame = pl.read_csv(path, separator="\t", null_values="NA", infer_schema_length=None)
        called = (pl.col("padj") < 0.05) & (pl.col("log2FoldChange").abs() > 1)
        calls = frame.select(called.fill_null(value=False))["padj"].to_list()
        simulated = name.startswith("simulated")
        kept = frame.gather_every(EVERY_SIMULATED if simulated else EVERY)
        record[f"{name} {a}:{b}"] = {
            "genes": kept["gene"].to_list(),
            **{one: kept[one].to_list() for one in NUMBERS if one in kept.columns},
            "n_genes": frame.height,
            "calls": "".join("01"[call] for call in calls),
            "n_called": sum(calls),
        }
    for path in sorted(folder.glob("*.sizes.tsv")):
        sizes = pl.read_csv(path, separator="\t")
        record[path.name.removesuffix(".tsv")] = dict(sizes.iter_rows())
    GOLDEN.write_bytes(gzip.compress(json.dumps(record).encode(), mtime=0))


if __name__ == "__main__":
    {"tables": tables, "golden": golden}[sys.argv[1]](Path(sys.argv[2]))
