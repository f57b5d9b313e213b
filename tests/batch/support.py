"""What the tests of batch runs share: a small store with all that is odd, and a spec over it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tcga_corr.batch.executors import Workers
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan
from tcga_corr.batch.planning import plan_spec
from tcga_corr.batch.run import RunReport, run_batch
from tcga_corr.engine import Engine, open_store
from tcga_corr.files import sha256_of
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.progress import Progress
from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets
from tests.conftest import barcodes, write_table

# tumours and normals; UCS has too few of both
SAMPLES = {"ACC": (40, 12), "CHOL": (24, 0), "DLBC": (15, 0), "LIHC": (31, 11), "UCS": (9, 0)}
CONSTANT, TIED, LACKING = "TP53", "MYC", "GPX4"
THREADS = Workers("threads", 2)


def genes() -> list[str]:
    """Genes of shipped sets, so that reference sets are measured too, and some of none.

    Without every sixth they are still enough for random genes.
    """
    several = (
        "ferroptosis", "nfkb", "HALLMARK_APOPTOSIS", "HALLMARK_HYPOXIA", "HALLMARK_P53_PATHWAY",
        "HALLMARK_ADIPOGENESIS",
    )  # fmt: skip
    found = {gene for name in several for gene in shipped_sets()[name].genes}
    return sorted(found | {CONSTANT, TIED, LACKING, "RELA", "NFE2L2", "TFRC"})


def write_tables(folder: Path, seed: int = 1) -> list[Path]:
    """A table of each tumor type; CHOL lacks some genes, ACC has one that never varies."""
    rng = np.random.default_rng(seed)
    names = genes()
    shared = rng.normal(size=(3, len(names)))
    paths = []
    for tumor_type, (tumours, normals) in SAMPLES.items():
        n = tumours + normals
        factors = rng.normal(size=(3, n))
        values = 8 + shared.T @ factors + rng.normal(size=(len(names), n))
        values = np.clip(values, 0, None).round(2)
        values[names.index(TIED)] = values[names.index(TIED)].round(0)
        if tumor_type == "ACC":
            values[names.index(CONSTANT)] = 0
        rows = [
            (name, row.tolist())
            for place, (name, row) in enumerate(zip(names, values, strict=True))
            if tumor_type != "CHOL" or (name != LACKING and place % 6)
        ]
        site = tumor_type[:2]
        samples = barcodes(tumours, site=site) + barcodes(normals, "11", site)
        path = folder / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
        paths.append(write_table(path, samples, rows))
    return paths


def write_covariates(path: Path, seed: int = 2) -> Path:
    """Purity of all tumours but a few of LIHC and all of CHOL; age of every tumour."""
    rng = np.random.default_rng(seed)
    lines = ["sample\tpurity\tage"]
    for tumor_type, (tumours, _) in SAMPLES.items():
        for number, name in enumerate(barcodes(tumours, site=tumor_type[:2])):
            is_known = tumor_type != "CHOL" and (tumor_type != "LIHC" or number > 3)
            purity = f"{rng.uniform():.3f}" if is_known else ""
            lines.append(f"{name}\t{purity}\t{rng.integers(30, 80)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def build_store(root: Path, seed: int = 1, tumor_types: Collection[str] = SAMPLES) -> Engine:
    """A store of these tables; made anew it is the same."""
    folder = root.parent / f"{root.name}-tables"
    engine = open_store(root)
    paths = [
        path for path in write_tables(folder, seed) if path.parent.name.split(".")[1] in tumor_types
    ]
    report = engine.load(paths, LoadOptions(source="mine"))
    assert not report.errors
    engine.load_covariates(write_covariates(folder / "clinic.tsv"), name="clinic")
    shutil.rmtree(folder)
    return engine


def copy_of(engine: Engine, root: Path) -> Engine:
    """A store of its own."""
    shutil.copytree(engine.store.root, root, symlinks=True)
    return open_store(root)


def write_gmt(folder: Path) -> Path:
    """Sets that share genes, one by two names, one that leaves too few without shared genes."""
    some = shipped_sets()["ferroptosis"].genes
    others = [gene for gene in genes() if gene not in some]
    sets = {
        "A": some[:14],
        "B": (*some[10:14], *others[:12]),
        "C": some[:14],
        "D": (*some[:3], *others[20:23]),
        "E": (*others[30:33], "NOSUCH1", "NOSUCH2"),
        "F": others[40:60],
    }
    lines = ["\t".join((name, "made up", *members)) for name, members in sets.items()]
    path = folder / "own.gmt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


WHOLE = f"""\
name = "whole"
title = "All that can be asked"
outputs = ["parquet", "tsv"]
min_genes = 5
draws = 20

[collections]
own = "own.gmt"

[[crosses]]
name = "wide"
x = ["own", "RELA", "NFE2L2", "covariate:purity", "{CONSTANT}", "{TIED}"]
y = ["own", "TFRC", "{LACKING}", "RELA", "{TIED}", "covariate:age"]
methods = ["spearman", "pearson"]

[[crosses]]
name = "itself"
x = ["own.gmt:A", "own.gmt:B", "own.gmt:F", "RELA", "TFRC", "covariate:age"]
adjust = ["covariate:purity", "own.gmt:D"]
methods = ["pearson", "spearman"]
tumor_types = ["ACC", "LIHC", "DLBC"]

[[crosses]]
name = "slow"
x = ["own.gmt:A", "RELA"]
y = ["own.gmt:B", "{CONSTANT}", "covariate:purity"]
methods = ["kendall"]
ties = "gsva"
samples = "all-tumor"

[[pairs]]
name = "normals"
pairs = [["RELA", "NRF2"], ["own.gmt:B", "own.gmt:A"], ["own.gmt:A", "own.gmt:C"]]
methods = ["pearson", "kendall", "spearman"]
ties = "gseapy"
samples = "normal"
tumor_types = ["ACC", "LIHC"]

[[pairs]]
name = "nulled"
pairs = [["own.gmt:A", "own.gmt:B"], ["RELA", "NFE2L2"], ["purity", "own.gmt:F"]]
null = ["genes", "sets"]
methods = ["pearson", "spearman"]
tumor_types = ["ACC", "CHOL", "LIHC", "UCS"]

[[pairs]]
name = "one-type"
pairs = [["own.gmt:A", "own.gmt:F"], ["RELA", "{CONSTANT}"]]
null = ["genes"]
adjust = ["covariate:age"]
tumor_types = ["LIHC"]

[[dominance]]
name = "highest"
sets = ["own.gmt:A", "own.gmt:B", "own.gmt:F", "own.gmt:E"]
tumor_types = ["ACC", "CHOL", "LIHC"]

[[claims]]
text = "they go together"
analysis = "nulled"
x = "NRF2"
y = "p65"
tumor_type = "LIHC"
statistic = "r"
value = 0.5
n = 31
source = "nowhere"
"""


def write_spec(folder: Path, text: str = WHOLE, name: str = "spec.toml") -> Path:
    """A spec beside its GMT file."""
    folder.mkdir(parents=True, exist_ok=True)
    write_gmt(folder)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


class Hooks(Progress):
    """Calls a function when tasks begin, and one after each of them."""

    def __init__(
        self, on_begin: Callable[[], object] = int, on_task: Callable[[], object] = int
    ) -> None:
        self.on_begin, self.on_task = on_begin, on_task
        self.begun: list[tuple[int | None, int, float | None]] = []
        self.n_tasks = 0
        self.lines: list[str] = []

    def begin(self, total: int | None, done: int = 0, effort: float | None = None) -> None:
        self.begun.append((total, done, effort))
        self.on_begin()

    def advance(self, count: int = 1, effort: float | None = None) -> None:
        self.n_tasks += 1
        self.on_task()

    def note(self, text: str) -> None:
        self.lines.append(text)


def run(engine: Engine, path: Path, workers: Workers = THREADS, **options: Any) -> RunReport:
    """Plan and do a spec."""
    return run_batch(engine, plan_spec(engine, path), workers, **options)


def tables_of(folder: RunFolder) -> dict[str, str]:
    """The sha256 of each table of a run."""
    paths = sorted([*folder.path.glob("*.parquet"), *folder.path.glob("*.tsv")])
    return {path.name: sha256_of(path) for path in paths}


def records_of(folder: RunFolder, plan: Plan) -> dict[int, dict[str, Any]]:
    """What is known of each task whose rows are there."""
    return {task.number: folder.record(task) for task in plan.tasks if folder.is_done(task)}


def rows_of(folder: RunFolder, name: str) -> pl.DataFrame:
    """A table of a run."""
    frame = pl.read_parquet(folder.path / f"{name}.parquet")
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String))


def answers(engine: Engine, plan: Plan) -> Iterator[tuple[str, str, str, str, pl.DataFrame, Any]]:
    """What ``correlate`` says of every pair: block, x, y, method, rows, pooled."""

    def named(one: Any) -> Any:
        gene_set = getattr(one, "gene_set", None)
        prefix = "covariate" if hasattr(one, "covariate") else "gene"
        return gene_set if gene_set is not None else f"{prefix}:{one.name}"

    def ask(job: tuple[Any, int, int]) -> Iterator[Any]:
        asked, x, y = job
        one, other = asked.variables[x], asked.variables[y]
        for method in asked.methods:
            answer = engine.correlate(
                named(one),
                named(other),
                tumor_types=asked.tumor_types,
                source=asked.source,
                samples=asked.scope.samples,
                method=method,
                adjust=[named(control) for control in asked.adjust],
                ties=asked.scope.ties,
                min_genes=asked.scope.min_genes,
                null=asked.null,
                draws=asked.draws,
            )
            yield asked.name, one.name, other.name, method, answer.frame, answer.pooled[method]

    jobs = [
        (asked, int(x), int(y))
        for asked in plan.analyses
        if asked.kind != "dominance"
        for x, y in zip(*asked.pairs, strict=True)
    ]
    with ThreadPoolExecutor(2) as threads:
        for several in threads.map(lambda job: list(ask(job)), jobs):
            yield from several


DIE_OR_SLEEP = """
import os, sys, time

def hook(event, arguments, seconds=float(os.environ.get("SLEEP_AT_RECORDS", 0))):
    if event != "open" or not isinstance(arguments[0], str) or not arguments[2] & os.O_WRONLY:
        return
    folder, name = os.path.split(arguments[0])
    if os.path.basename(folder) != "tasks" or ".json." not in name:
        return
    if seconds:
        time.sleep(seconds)
    if f".{os.environ.get('DIE_AT')}." in name and "--multiprocessing-fork" in sys.orig_argv:
        os._exit(1)

sys.addaudithook(hook)
"""
"""A ``sitecustomize.py``: worker processes die at a record of a task, and all are slow at each."""
