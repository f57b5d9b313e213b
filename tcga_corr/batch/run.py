"""Runs: started, resumed, completed, and their state."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcga_corr.analysis.differential.deseq2 import PACKAGE
from tcga_corr.analysis.naming.names import sets_among
from tcga_corr.analysis.provenance import Provenance
from tcga_corr.batch.executors import Failure, TaskRunner, Workers, run_tasks
from tcga_corr.batch.folder import RunFolder, run_names
from tcga_corr.batch.memory import in_turn
from tcga_corr.batch.plan import Plan, Task, covariates_among
from tcga_corr.batch.planning import plan_spec
from tcga_corr.batch.results import RunTables
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, StoreError, UsageError
from tcga_corr.progress import Progress
from tcga_corr.store.counts import CountsTable, read_counts_metadata
from tcga_corr.store.index import open_index
from tcga_corr.store.layout import TableKey
from tcga_corr.store.results import changed_tables

if TYPE_CHECKING:
    import polars as pl

COMPLETE, FAILURES, RUNNING, STOPPED = "complete", "with failures", "running", "stopped"
DAMAGED = "damaged"
_SEEDS = (
    "random genes are drawn by numpy's PCG64, seeded by the sha256 of source, tumor type and genes "
    "of the pair: the same in any order of tasks"
)


@dataclass(frozen=True)
class Shard:
    """One of ``of`` parts of a run's tasks; ``number`` counts from 1."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard of a text such as ``2/3``.

        Raises
        ------
        UsageError
            If it is no such text.
        """
        number, slash, of = text.partition("/")
        if slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
            return cls(int(number), int(of))
        raise UsageError(f"the shard is '{text}'", "Give I/N with I from 1 to N, as 2/3")

    @property
    def is_all(self) -> bool:
        """Whether it is the whole run."""
        return self.of == 1

    def __str__(self) -> str:
        return f"{self.number}-of-{self.of}"


@dataclass(frozen=True)
class RunReport:
    """The result of running a spec, or a part of it.

    Attributes
    ----------
    folder, plan
        Those of the run.
    n_before, n_done
        Tasks that were done before, and by this call.
    failures
        Tasks that failed in this call, and why.
    """

    folder: RunFolder
    plan: Plan
    n_before: int
    n_done: int
    failures: list[tuple[Task, Failure]]

    @property
    def is_complete(self) -> bool:
        """Whether all tasks are done and the tables are written."""
        return bool(self.folder.manifest().get("state") == COMPLETE)


def processors() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_spec(
    engine: Engine, path: str | Path, source: str | None = None, memory: float = 4.0
) -> RunReport:
    """Run a spec, or what is left of it, in threads of this process.

    Parameters
    ----------
    engine
        The engine of the store.
    path
        The spec.
    source
        The source of the analyses that name none.
    memory
        In gigabytes, for the tasks that run at the same time.

    Raises
    ------
    SpecError
        With all problems of the spec.
    """
    plan = plan_spec(engine, Path(path), source)
    return run_batch(engine, plan, Workers("threads", processors(), memory=memory * 1e9))


def run_batch(
    engine: Engine,
    plan: Plan,
    workers: Workers,
    shard: Shard = Shard(),
    progress: Progress | None = None,
) -> RunReport:
    """Run the tasks that are left of a run, and write its tables when all have been tried.

    Parameters
    ----------
    engine, plan
        The engine of the store, and the plan.
    workers
        The workers that run the tasks.
    shard
        Which of the tasks; the tables of a run in parts are written by :func:`merge`.
    progress
        Counts the rows; the effort is the work of :class:`~tcga_corr.batch.plan.Task`.
    """
    progress = progress or Progress()
    folder = RunFolder(engine.store, plan.run)
    if has_tables(folder):
        folder.begin(plan)  # title and claims may have changed
        folder.drop_tasks()  # of a run that was killed at its very end
        return RunReport(folder, plan, len(plan.tasks), 0, [])
    engine.store.create()
    with folder.locked(str(shard)):
        if has_tables(folder):  # written by the process that had the lock before
            return RunReport(folder, plan, len(plan.tasks), 0, [])
        folder.begin(plan)
        if not folder.whole_manifest():
            folder.write_manifest({**_head(engine, plan), "tasks": []})
        own = plan.part(shard.number, shard.of)
        left = [task for task in own if not folder.is_done(task)]
        n_rows = sum(task.n_own_rows for task in own)
        done_rows = n_rows - sum(task.n_own_rows for task in left)
        progress.begin(n_rows, done_rows, sum(task.work for task in left))
        failures = []
        runner = TaskRunner(engine.store.root, plan.run, plan)
        for some, fitting in in_turn(plan, left, workers):
            with closing(run_tasks(runner, some, fitting)) as tried:
                for task, failure in tried:
                    progress.advance(task.n_own_rows, task.work)
                    if failure:
                        failures.append((task, failure))
                        progress.note(f"failed: {task.analysis} {task.tumor_type}: {failure}")
        report = RunReport(folder, plan, len(own) - len(left), len(left) - len(failures), failures)
        if shard.is_all:
            _complete(engine, folder, plan)
    return report


def merge(engine: Engine, run: str) -> RunReport:
    """Write the tables of a run whose tasks have all been tried, in whatever parts.

    Raises
    ------
    AnalysisError
        If tasks have not been tried yet.
    """
    folder = RunFolder(engine.store, run)
    plan = folder.plan()
    failures = []
    if not has_tables(folder):
        with folder.locked(str(Shard())):
            not_done = [task for task in plan.tasks if not folder.is_done(task)]
            records = [folder.record(task) for task in not_done]
            n_untried = records.count({})
            if n_untried:
                raise AnalysisError(
                    f"{run}: {n_untried} of {len(plan.tasks)} tasks are not done",
                    "Run the shards that are left, or the whole spec",
                )
            failures = [
                (task, str(record.get("error", "interrupted")))
                for task, record in zip(not_done, records, strict=True)
                if not folder.is_done(task)  # by a shard that has ended since
            ]
            _complete(engine, folder, plan)
    return RunReport(folder, plan, len(plan.tasks) - len(failures), 0, failures)


def has_tables(folder: RunFolder) -> bool:
    """Whether a run is complete, and its tables are as it wrote them."""
    manifest = folder.whole_manifest()
    return manifest.get("state") == COMPLETE and not changed_tables(folder.path, manifest)


def check_unchanged(folder: RunFolder, manifest: Mapping[str, Any]) -> None:
    """Refuse tables that are gone, or not as their run wrote them.

    Raises
    ------
    AnalysisError
        If there are any.
    """
    changed = changed_tables(folder.path, manifest)
    if changed:
        raise AnalysisError(
            f"{folder.run}: not as it was written: {', '.join(changed)}",
            "Run the spec again: it makes the tables anew",
        )


def _complete(engine: Engine, folder: RunFolder, plan: Plan) -> None:
    """Write the tables and the manifest of a run whose tasks have all been tried."""
    is_complete = all(folder.is_done(task) for task in plan.tasks)
    records = [{"task": task.number, **folder.record(task)} for task in plan.tasks]
    tables, counts = RunTables(folder, plan).write()
    # about the tables with which the run began, whatever the store holds by now
    head = folder.whole_manifest() or _head(engine, plan)
    head |= {
        "state": COMPLETE if is_complete else FAILURES,
        "ended": _now(),
        "seconds_of_tasks": round(sum(record.get("seconds", 0) for record in records), 3),
        "results": tables,
        "counts": counts,
        "tasks": records,
    }
    folder.write_manifest(head)
    if is_complete:
        folder.drop_tasks()


def _head(engine: Engine, plan: Plan) -> dict[str, Any]:
    """The manifest of a run that starts."""
    tables = [open_index(engine.store, TableKey(*key)) for key in sorted(plan.tables)]
    provenance = Provenance.of(
        [*tables, *_counts_of(engine, plan)],
        [variable.gene_set for variable in sets_among(plan.variables)],
        covariates_among(plan.variables),
        packages=[PACKAGE] if plan.has_fits else [],
    ).as_dict()
    del provenance["notes"]
    return {
        "run": plan.run,
        "state": RUNNING,
        "title": plan.title,
        "digest": plan.digest,
        "began": _now(),
        "host": _host(),
        "seeds": _SEEDS,
        "n_tasks": len(plan.tasks),
        "n_rows": plan.n_rows,
        **provenance,
        "reference_sha256": plan.reference,
        "groups": [
            {"analysis": analysis.name, "file": file.name, "sha256": file.sha256}
            for analysis in plan.analyses
            if analysis.differential and (file := analysis.differential.file)
        ],
        "spec_sha256": hashlib.sha256(plan.spec.encode()).hexdigest(),
        "spec": plan.spec,
    }


def _counts_of(engine: Engine, plan: Plan) -> list[CountsTable]:
    """The tables of raw counts of a plan, by their metadata."""
    keys = [TableKey(*key) for key in sorted(plan.counts)]
    found = [(key, read_counts_metadata(engine.store, key)) for key in keys]
    return [CountsTable(key, metadata) for key, metadata in found if metadata is not None]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _host() -> dict[str, Any]:
    from threadpoolctl import threadpool_info

    products = {
        f"{library['internal_api']} {library['version']} {library.get('architecture')}"
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }
    return {
        "name": platform.node(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "blas": sorted(products),
    }


def status_of(engine: Engine, run: str) -> pl.DataFrame:
    """The progress of a run: a row per analysis, and why tasks failed."""
    import polars as pl
    import polars.selectors as cs

    folder = RunFolder(engine.store, run)
    plan = folder.plan()
    manifest = folder.manifest()
    records = {record["task"]: record for record in manifest.get("tasks", [])}
    is_complete = manifest.get("state") == COMPLETE
    rows = []
    for task in plan.tasks:
        record = records.get(task.number, {}) if is_complete else folder.record(task)
        is_done = is_complete or folder.is_done(task)
        has_failed = not is_done and "error" in record
        rows.append(
            {
                "analysis": task.analysis,
                "tasks": 1,
                "done": int(is_done),
                "failed": int(has_failed),
                "rows": task.n_own_rows,
                "rows_done": task.n_own_rows if is_done else 0,
                "seconds": float(record.get("seconds", 0)) if is_done else 0.0,
                "note": f"{task.tumor_type or 'pooled'}: {record['error']}" if has_failed else None,
            }
        )
    notes = pl.col("note").drop_nulls().unique(maintain_order=True)
    return (
        pl.DataFrame(rows, schema_overrides={"note": pl.String})
        .group_by("analysis", maintain_order=True)
        .agg(cs.integer().sum(), pl.col("seconds").sum().round(1), notes.str.join("; "))
    )


def runs(engine: Engine) -> pl.DataFrame:
    """The runs of a store: a row each."""
    import polars as pl

    rows = []
    for name in run_names(engine.store):
        folder = RunFolder(engine.store, name)
        try:
            manifest = folder.manifest()
        except StoreError:
            manifest = {"state": DAMAGED}
        row = {column: manifest.get(column) for column in _RUN_COLUMNS} | {"run": name}
        if row["state"] == RUNNING and not folder.is_locked():
            row["state"] = STOPPED
        rows.append(row)
    return pl.DataFrame(rows, schema=_RUN_COLUMNS)


_RUN_COLUMNS: dict[str, Any] = {
    "run": str, "state": str, "title": str, "n_tasks": int, "n_rows": int, "began": str,
    "ended": str, "seconds_of_tasks": float,
}  # fmt: skip
