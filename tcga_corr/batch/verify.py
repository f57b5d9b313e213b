"""Checks the tables of a run: some tasks are computed again and compared."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np

from tcga_corr.batch.compute import TaskComputer
from tcga_corr.batch.differential import wrong_calls
from tcga_corr.batch.executors import one_blas_thread
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, Task
from tcga_corr.batch.results import (
    ASSOCIATIONS,
    SURVIVAL,
    association_tasks,
    blocks,
    by_pairs,
    row_slices,
)
from tcga_corr.batch.run import COMPLETE, check_unchanged
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError
from tcga_corr.progress import Progress
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.vocabulary.associations import LEVEL_OF_DIFFERENCE

if TYPE_CHECKING:
    import polars as pl

TOLERANCE = 1e-12


def verify_run(
    engine: Engine, run: str, n_tasks: int, progress: Progress | None = None
) -> pl.DataFrame:
    """Compute tasks again and compare their rows with the tables; a row per task.

    Parameters
    ----------
    engine, run
        The store, and the run.
    n_tasks
        How many tasks, chosen at random.
    progress
        Counts the tasks.

    Raises
    ------
    AnalysisError
        If the run is not complete, or its tables have changed since it wrote them.
    StoreError
        If an input has changed since.
    """
    import polars as pl

    folder = RunFolder(engine.store, run)
    plan, manifest = folder.plan(), folder.manifest()
    if manifest.get("state") != COMPLETE:
        raise AnalysisError(f"{run} is not complete", "Run the spec again to go on with it")
    check_unchanged(folder, manifest)
    computer = TaskComputer(engine, plan)
    chosen = random.sample(plan.tasks, min(n_tasks, len(plan.tasks)))
    rows = []
    progress = progress or Progress()
    progress.begin(len(chosen))
    with one_blas_thread():
        for task in sorted(chosen, key=lambda task: task.number):
            stored = _stored(folder, plan, task)
            computed = pl.DataFrame(pl.from_arrow(computer.rows(task)))
            rows.append(
                {
                    "task": task.number,
                    "analysis": task.analysis,
                    "tumor_type": task.tumor_type or "all, pooled",
                    "method": task.method,
                    "rows": task.n_rows,
                    **_compared(stored, computed),
                }
            )
            progress.step(f"{task.analysis} {task.tumor_type or 'pooled'}")
            progress.advance()
    found = (
        _wrongly_adjusted(folder, plan),
        _wrong_q(folder, plan),
        wrong_calls(folder.path, plan),
    )
    wrong = "; ".join(filter(None, found))
    for row in rows if wrong else ():
        row["note"] = "; ".join(filter(None, (row["note"], wrong)))
    return pl.DataFrame(rows)


def _stored(folder: RunFolder, plan: Plan, task: Task) -> pl.DataFrame:
    """The rows of a task in the tables."""
    import polars as pl

    table = pl.scan_parquet(folder.path / f"{task.table}.parquet")
    if task.way == "differential":
        # a fit that turned out to be impossible has fewer rows than planned
        own = (pl.col("analysis") == task.analysis) & (pl.col("tumor_type") == task.tumor_type)
        return table.filter(own).collect()
    return table.slice(row_slices(plan)[task.number].start, task.n_rows).collect()


def _compared(stored: pl.DataFrame, computed: pl.DataFrame) -> dict[str, Any]:
    import polars as pl

    names = [name for name in computed.columns if name in stored.columns]
    computed = computed.select(names).with_columns(pl.col(pl.Categorical).cast(pl.String))
    stored = stored.select(names)
    numbers = [name for name, kind in stored.schema.items() if kind.is_float()]
    others = [name for name in names if name not in numbers]
    if not stored.select(others).equals(computed.select(others)):
        return {"identical": False, "largest_difference": None, "note": "other rows"}
    old, new = (
        frame.select(numbers).fill_null(float("nan")).to_numpy() for frame in (stored, computed)
    )
    if not np.array_equal(np.isnan(old), np.isnan(new)):
        return {"identical": False, "largest_difference": None, "note": "other rows have numbers"}
    # of numbers above 1, such as chi-squared, the difference is relative
    scale = np.maximum(1.0, np.fmax(np.abs(old), np.abs(new)))
    difference = float(np.nanmax(np.abs(old - new) / scale, initial=0.0))
    identical = bool(np.array_equal(old, new, equal_nan=True))
    note = "" if difference <= TOLERANCE else f"differs by more than {TOLERANCE:g}"
    return {"identical": identical, "largest_difference": difference, "note": note}


def _wrong_q(folder: RunFolder, plan: Plan) -> str:
    """Whether q of survival does not follow from the table's p; empty where it does."""
    import polars as pl

    path = folder.path / f"{SURVIVAL}.parquet"
    if not path.exists():
        return ""
    frame = pl.read_parquet(path, columns=["p", "q"]).fill_null(float("nan"))
    p, q = (frame[name].to_numpy() for name in ("p", "q"))
    slices = row_slices(plan)
    for tasks in by_pairs([task for task in plan.tasks if task.way == "survival"]):
        rows = [slices[task.number] for task in tasks]
        found = benjamini_hochberg(np.stack([p[part] for part in rows]))
        if not np.array_equal(found, np.stack([q[part] for part in rows]), equal_nan=True):
            return f"q of {tasks[0].analysis} is not that of p"
    return ""


def _wrongly_adjusted(folder: RunFolder, plan: Plan) -> str:
    """Which q do not follow from the table's p; empty where all do."""
    import polars as pl

    path = folder.path / f"{ASSOCIATIONS}.parquet"
    if not path.exists():
        return ""
    names = ("p", "q", "q_batch", "p_genes", "q_genes")
    frame = pl.read_parquet(path, columns=[*names, "level"])
    is_difference = (frame["level"].cast(pl.String) == LEVEL_OF_DIFFERENCE).to_numpy()
    frame = frame.select(names).fill_null(float("nan"))
    p, q, q_batch, p_genes, q_genes = (frame[name].to_numpy() for name in names)
    wrong = []
    own_p = np.where(is_difference, np.nan, p)
    if not np.array_equal(benjamini_hochberg(own_p), q_batch, equal_nan=True):
        wrong.append("q_batch is not that of p")
    slices = row_slices(plan)
    for tasks in by_pairs(association_tasks(plan)):
        rows = [slices[task.number] for task in tasks]
        found = benjamini_hochberg(np.stack([p[part] for part in rows]))
        if not np.array_equal(found, np.stack([q[part] for part in rows]), equal_nan=True):
            wrong.append(f"q of {tasks[0].analysis} is not that of p")
    for tasks in blocks(association_tasks(plan)):
        rows = [slices[task.number] for task in tasks]
        found, stored = (
            np.concatenate([values[part] for part in rows]) for values in (p_genes, q_genes)
        )
        if not np.array_equal(benjamini_hochberg(found), stored, equal_nan=True):
            wrong.append(f"q_genes of {tasks[0].analysis} is not that of p_genes")
    return "; ".join(dict.fromkeys(wrong))
