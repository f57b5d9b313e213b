"""Runs: begun, gone on with, ended, looked at."""

from __future__ import annotations

import hashlib
import os
import platform
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcga_corr.analysis import provenance
from tcga_corr.analysis.names import CovariateVariable, SetVariable
from tcga_corr.batch.executors import Failure, Means, Performer, performed
from tcga_corr.batch.folder import RunFolder, run_names
from tcga_corr.batch.lookup import known_in
from tcga_corr.batch.plan import Plan, Task
from tcga_corr.batch.planning import make_plan
from tcga_corr.batch.results import write_tables
from tcga_corr.batch.spec import read_spec
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.files import sha256_of
from tcga_corr.progress import Progress
from tcga_corr.store import open_index
from tcga_corr.store.layout import TableKey

if TYPE_CHECKING:
    import polars as pl

COMPLETE, FAILURES, RUNNING, STOPPED = "complete", "with failures", "running", "stopped"
_SEEDS = (
    "random genes are drawn by numpy's PCG64, seeded by the sha256 of source, tumor type and genes "
    "of the pair: the same in any order of tasks"
)
# A process with all that is imported, and what lies beside the variables of a task, in bytes.
_BASE, _BESIDE = 300 << 20, 60 << 20
_PER_ROW = 400
_ARRAYS = 7  # of a variable's size: values, units, three sums, what is in between
_DRAWS = 750 * 4


@dataclass(frozen=True)
class Shard:
    """One of ``of`` parts of a run's tasks; ``number`` is counted from 1."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """From ``2/3``.

        Raises
        ------
        UsageError
            If it is no such part.
        """
        number, slash, of = text.partition("/")
        if slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
            return cls(int(number), int(of))
        raise UsageError(f"the shard is '{text}'", "Give I/N with I from 1 to N, as 2/3")

    @property
    def is_all(self) -> bool:
        """Whether it is no part, but the whole."""
        return self.of == 1

    def __str__(self) -> str:
        return f"{self.number}-of-{self.of}"


@dataclass(frozen=True)
class Outcome:
    """What became of a run.

    Attributes
    ----------
    folder, plan
        Of the run.
    n_before, n_done
        Tasks that were done before, and now.
    failures
        Tasks that failed now, and why.
    """

    folder: RunFolder
    plan: Plan
    n_before: int
    n_done: int
    failures: list[tuple[Task, Failure]]

    @property
    def is_complete(self) -> bool:
        """Whether all is done and the tables are written."""
        return bool(self.folder.manifest().get("state") == COMPLETE)


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_spec(
    engine: Engine, path: str | Path, source: str | None = None, memory: float = 4.0
) -> Outcome:
    """Do what a spec asks, or what is left of it, in threads of this process.

    Parameters
    ----------
    engine
        Over the store.
    path
        The spec.
    source
        Of what the spec asks without naming one.
    memory
        In gigabytes, for the tasks that are done at a time.

    Raises
    ------
    SpecError
        With all that is wrong with the spec.
    """
    spec = read_spec(Path(path), known_in(engine.store)).of_source(source)
    plan = make_plan(engine, spec)
    workers = workers_within(plan, memory * 1e9, processors(), apart=False)
    return run_batch(engine, plan, Means("threads", workers))


def run_batch(
    engine: Engine,
    plan: Plan,
    means: Means,
    shard: Shard = Shard(),
    progress: Progress | None = None,
) -> Outcome:
    """Do what is left of a run, and write its tables if that is all.

    Parameters
    ----------
    engine, plan
        The store, and what is to be done.
    means
        What does the tasks.
    shard
        Which of them; the tables of a run in parts are written by :func:`merge`.
    progress
        Counts the rows; the effort is the work of :class:`~tcga_corr.batch.plan.Task`.
    """
    progress = progress or Progress()
    folder = RunFolder(engine.store, plan.run)
    if tables_are_there(folder):
        folder.begin(plan)  # title and claims may be others
        folder.drop_tasks()  # of a run that was killed at its very end
        return Outcome(folder, plan, len(plan.tasks), 0, [])
    engine.store.create()
    with folder.locked(str(shard)):
        if tables_are_there(folder):  # by whoever had the lock before
            return Outcome(folder, plan, len(plan.tasks), 0, [])
        folder.begin(plan)
        if not folder.manifest():
            folder.write_manifest(_head(engine, plan), [])
        own = plan.part(shard.number, shard.of)
        left = [task for task in own if not folder.is_done(task)]
        n_rows = sum(task.n_rows for task in own)
        done_rows = n_rows - sum(task.n_rows for task in left)
        progress.begin(n_rows, done_rows, sum(task.work for task in left))
        failures = []
        performer = Performer(engine.store.root, plan.run, plan)
        with closing(performed(performer, left, means)) as outcomes:
            for task, failure in outcomes:
                progress.advance(task.n_rows, task.work)
                if failure:
                    failures.append((task, failure))
                    progress.say(f"failed: {task.analysis} {task.tumor_type}: {failure}")
        outcome = Outcome(folder, plan, len(own) - len(left), len(left) - len(failures), failures)
        if shard.is_all:
            _end(engine, folder, plan)
    return outcome


def merge(engine: Engine, run: str) -> Outcome:
    """Write the tables of a run whose tasks were all tried, in whatever parts.

    Raises
    ------
    AnalysisError
        If there are tasks that nobody has tried.
    """
    folder = RunFolder(engine.store, run)
    plan = folder.plan()
    failures = []
    if not tables_are_there(folder):
        with folder.locked(str(Shard())):
            records = [(task, folder.record(task)) for task in plan.tasks]
            untried = [t for t, record in records if not folder.is_done(t) and not record]
            if untried:
                raise AnalysisError(
                    f"{run}: {len(untried)} of {len(plan.tasks)} tasks are not done",
                    "Run the shards that are left, or the whole spec",
                )
            failures = [
                (task, str(record.get("error", "interrupted")))
                for task, record in records
                if not folder.is_done(task)
            ]
            _end(engine, folder, plan)
    return Outcome(folder, plan, len(plan.tasks) - len(failures), 0, failures)


def tables_are_there(folder: RunFolder) -> bool:
    """Whether a run is complete, and its tables are those that it wrote."""
    manifest = folder.manifest()
    return manifest.get("state") == COMPLETE and not changed_tables(folder, manifest)


def changed_tables(folder: RunFolder, manifest: dict[str, Any]) -> list[str]:
    """The tables that are gone, or not as they were written."""
    return [
        name
        for name, told in manifest.get("results", {}).items()
        if not (folder.path / name).exists() or sha256_of(folder.path / name) != told["sha256"]
    ]


def _end(engine: Engine, folder: RunFolder, plan: Plan) -> None:
    is_complete = all(folder.is_done(task) for task in plan.tasks)
    records = [{"task": task.number, **folder.record(task)} for task in plan.tasks]
    tables, counts = write_tables(folder, plan)
    # of the tables that the run began with, whatever the store holds by now
    head = folder.manifest() or _head(engine, plan)
    head["state"] = COMPLETE if is_complete else FAILURES
    head["ended"] = _now()
    head["seconds_of_tasks"] = round(sum(one.get("seconds", 0) for one in records), 3)
    head["results"] = tables
    head["counts"] = counts
    folder.write_manifest(head, records)
    if is_complete:
        folder.drop_tasks()


def _head(engine: Engine, plan: Plan) -> dict[str, Any]:
    """What the manifest says of a run that begins."""
    tables = [open_index(engine.store, TableKey(*key)) for key in sorted(plan.tables)]
    variables = dict.fromkeys(v for one in plan.analyses for v in (*one.variables, *one.adjust))
    made_from = provenance.record(
        tables,
        [one.gene_set for one in variables if isinstance(one, SetVariable)],
        [],
        [one.covariate for one in variables if isinstance(one, CovariateVariable)],
    )
    del made_from["notes"]
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
        **made_from,
        "reference_sha256": plan.reference,
        "spec_sha256": hashlib.sha256(plan.spec.encode()).hexdigest(),
        "spec": plan.spec,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _host() -> dict[str, Any]:
    from threadpoolctl import threadpool_info

    products = {
        f"{one['internal_api']} {one['version']} {one.get('architecture')}"
        for one in threadpool_info()
        if one["user_api"] == "blas"
    }
    return {
        "name": platform.node(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "blas": sorted(products),
    }


def workers_within(plan: Plan, memory: float, most: int, *, apart: bool) -> int:
    """How many tasks fit in a memory at a time, at least one.

    Parameters
    ----------
    plan
        Of whose tasks.
    memory
        In bytes, for all workers.
    most
        Workers at most.
    apart
        Whether each is a process of its own.
    """
    each = max((_memory_of(plan, task) for task in plan.tasks), default=0)
    base = 0 if apart else _BASE
    return max(1, min(most, int((memory - base) // (each + (_BASE if apart else 0)))))


def _memory_of(plan: Plan, task: Task) -> int:
    asked = plan.analysis(task.analysis)
    n = asked.n_samples[asked.tumor_types.index(task.tumor_type)]
    if task.way in ("products", "rows"):
        return _BESIDE + 8 * _ARRAYS * len(asked.variables) * n + _PER_ROW * task.n_rows
    return 2 * _BESIDE + 8 * _DRAWS * n


def status_of(engine: Engine, run: str) -> pl.DataFrame:
    """How far a run is: a row per analysis, and why tasks failed."""
    import polars as pl

    folder = RunFolder(engine.store, run)
    plan = folder.plan()
    manifest = folder.manifest()
    told = {one["task"]: one for one in manifest.get("tasks", [])}
    is_complete = manifest.get("state") == COMPLETE
    counts: dict[str, Counter[str]] = {one.name: Counter() for one in plan.analyses}
    whys: dict[str, dict[str, None]] = {one.name: {} for one in plan.analyses}
    for task in plan.tasks:
        record = told.get(task.number, {}) if is_complete else folder.record(task)
        done = is_complete or folder.is_done(task)
        count = counts[task.analysis]
        count["tasks"] += 1
        count["rows"] += task.n_rows
        count["seconds"] += record.get("seconds", 0) if done else 0
        if done:
            count["done"] += 1
            count["rows_done"] += task.n_rows
        elif "error" in record:
            count["failed"] += 1
            whys[task.analysis][f"{task.tumor_type}: {record['error']}"] = None
    names = ("tasks", "done", "failed", "rows", "rows_done")
    return pl.DataFrame(
        [
            {
                "analysis": name,
                **{column: count[column] for column in names},
                "seconds": round(float(count["seconds"]), 1),
                "note": "; ".join(whys[name]),
            }
            for name, count in counts.items()
        ]
    )


def runs(engine: Engine) -> pl.DataFrame:
    """The runs of a store: a row each."""
    import polars as pl

    rows = []
    for name in run_names(engine.store):
        folder = RunFolder(engine.store, name)
        manifest = folder.manifest()
        row = {one: manifest.get(one) for one in _OF_RUNS} | {"run": name}
        if row["state"] == RUNNING and not folder.is_at_work():
            row["state"] = STOPPED
        rows.append(row)
    return pl.DataFrame(rows, schema=_OF_RUNS)


_OF_RUNS: dict[str, Any] = {
    "run": str, "state": str, "title": str, "n_tasks": int, "n_rows": int, "began": str,
    "ended": str, "seconds_of_tasks": float,
}  # fmt: skip
