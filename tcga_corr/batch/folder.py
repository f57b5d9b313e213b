"""The folder of a run: its plan, a file of rows a task, what was done, and the tables at the end.

results/<run>/plan.json              what is to be done; written first, never changed
results/<run>/tasks/<task>.json      when, where and in which try a task was done, or why not
results/<run>/tasks/<task>.parquet   its rows, until the tables are written; a task that has
                                     them is done
results/<run>/manifest.json          all of it for people, and for whoever checks the tables
results/<run>/*.parquet, *.tsv       the tables
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcga_corr.batch.plan import Plan, Task
from tcga_corr.errors import DataMissingError, StoreError, near_names
from tcga_corr.files import is_leftover, replacing, writing
from tcga_corr.store import Store

if TYPE_CHECKING:
    import pyarrow as pa
    from filelock import BaseFileLock

Record = dict[str, Any]
_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*-[0-9a-f]{8}")
_MOST_NAMED = 12
_WHOLE = "1-of-1"


class RunFolder:
    """A run's folder in a store; opening one writes nothing."""

    def __init__(self, store: Store, run: str) -> None:
        self.store = store
        self.run = run
        self.path = store.root / "results" / run

    # --- the plan

    def begin(self, plan: Plan) -> None:
        """Write the plan, unless it is there; only what does not touch the results may differ."""
        text = json.dumps(plan.to_json()) + "\n"
        if not self._plan_path.exists() or self._plan_path.read_text(encoding="utf-8") != text:
            with replacing(self._plan_path) as partial:
                partial.write_text(text, encoding="utf-8")

    def plan(self) -> Plan:
        """The plan of a run that was begun.

        Raises
        ------
        DataMissingError
            If there is no such run.
        StoreError
            If its plan cannot be read.
        """
        try:
            if not _RUN_NAME.fullmatch(self.run):
                raise FileNotFoundError
            told = json.loads(self._plan_path.read_text(encoding="utf-8"))
            plan = Plan.from_json(told, self.store)
        except FileNotFoundError:
            known = run_names(self.store)
            raise DataMissingError(
                f"no run '{self.run}' in the store '{self.store.root}'",
                near_names(self.run, known)
                or (
                    f"It has {', '.join(known[:_MOST_NAMED])}"
                    if known
                    else "Begin one: tcga-corr batch SPEC"
                ),
            ) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                f"{self._plan_path}: is no plan that can be read ({error})",
                f"Move the folder {self.path} away and run the spec again",
            ) from error
        if plan.run != self.run:
            raise StoreError(
                f"{self._plan_path}: is the plan of {plan.run}, not of {self.run}",
                "Give the folder its own name again",
            )
        return plan

    # --- tasks

    def is_done(self, task: Task) -> bool:
        """Whether the rows of a task are there."""
        return self.rows_path(task).exists()

    def rows_path(self, task: Task) -> Path:
        """The file of a task's rows."""
        return self.path / "tasks" / f"{task.name}.parquet"

    def write(self, task: Task, rows: pa.Table, record: Record) -> None:
        """Write what a task gave; it is done when this is."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        texts = [
            field.name
            for field in rows.schema
            if pa.types.is_string(field.type) or pa.types.is_dictionary(field.type)
        ]
        self.write_record(task, record)
        with replacing(self.rows_path(task)) as partial:
            pq.write_table(
                rows, partial, compression="zstd", use_dictionary=texts, write_page_checksum=True
            )

    def write_record(self, task: Task, record: Record) -> None:
        """Write when and where a task was done, or why it failed."""
        before = self.record(task)
        tries = before.get("tries", 0) + 1
        _write_json(self._record_path(task), {**record, "tries": tries})

    def record(self, task: Task) -> Record:
        """What is known of a task that was tried; empty of others."""
        with suppress(OSError, ValueError):
            told = json.loads(self._record_path(task).read_text(encoding="utf-8"))
            if isinstance(told, dict):
                return told
        return {}

    # --- the end

    def manifest(self) -> dict[str, Any]:
        """The manifest as it stands; empty where there is none yet."""
        with suppress(OSError, ValueError):
            told = json.loads(self._manifest_path.read_text(encoding="utf-8"))
            if isinstance(told, dict):
                return told
        return {}

    def write_manifest(self, head: Mapping[str, Any], tasks: Sequence[Record]) -> None:
        """Write the manifest: what holds for all, and a line a task."""
        whole = {**head, "tasks": tasks}
        entries = (f" {json.dumps(key)}: {_by_line(value)}" for key, value in whole.items())
        text = "{\n" + ",\n".join(entries) + "\n}\n"
        with replacing(self._manifest_path) as partial:
            partial.write_text(text, encoding="utf-8")

    def drop_tasks(self) -> None:
        """Remove the rows and records of tasks, when tables and manifest have them all."""
        shutil.rmtree(self.path / "tasks", ignore_errors=True)

    @contextmanager
    def locked(self, part: str) -> Iterator[None]:
        """Exclude other processes that do the same part of the run, or the whole of it.

        Raises
        ------
        StoreError
            If one is at it.
        """
        from filelock import FileLock

        path = self._lock_path(part)
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        with self._looking():
            against = self._locks() if part == _WHOLE else [self._lock_path(_WHOLE)]
            if any(_is_held(other) for other in against if other != path):
                raise StoreError(
                    f"another process is at a part of the run {self.run}, or at the whole of it",
                    "Wait for it",
                )
            if not _taken(lock):
                raise StoreError(
                    f"another process is at the run {self.run}",
                    "Wait for it; to share a run between processes, give each its --shard",
                )
        try:
            for left in filter(is_leftover, self.path.glob("**/.*.part")):
                left.unlink(missing_ok=True)
            yield
        finally:
            lock.release()

    def is_at_work(self) -> bool:
        """Whether a process is at the run, or at a part of it; False where locks cannot be had."""
        locks = self._locks()
        with suppress(OSError):
            if locks:
                with self._looking():
                    return any(_is_held(path) for path in locks)
        return False

    def _looking(self) -> BaseFileLock:
        """Held for a moment by who looks at locks, which takes them."""
        from filelock import FileLock

        return FileLock(self.store.root / "locks" / f"_looking.{self.run}.lock")

    def _lock_path(self, part: str) -> Path:
        return self.store.root / "locks" / f"_run.{self.run}.{part}.lock"

    def _locks(self) -> list[Path]:
        return list(self._lock_path("*").parent.glob(self._lock_path("*").name))

    @property
    def _plan_path(self) -> Path:
        return self.path / "plan.json"

    @property
    def _manifest_path(self) -> Path:
        return self.path / "manifest.json"

    def _record_path(self, task: Task) -> Path:
        return self.path / "tasks" / f"{task.name}.json"


def _taken(lock: BaseFileLock) -> bool:
    """Take a lock, if nobody has it."""
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def _is_held(path: Path) -> bool:
    from filelock import FileLock

    lock = FileLock(path)
    if not _taken(lock):
        return True
    lock.release()
    return False


def run_names(store: Store) -> list[str]:
    """The runs of a store, sorted."""
    return sorted(path.parent.name for path in store.root.glob("results/*/plan.json"))


def _by_line(value: Any) -> str:
    """As JSON, the entries of a list or object a line each."""
    if isinstance(value, list | tuple) and value:
        return "[\n" + ",\n".join(f"  {json.dumps(one)}" for one in value) + "\n ]"
    if isinstance(value, dict) and value:
        entries = (f"  {json.dumps(key)}: {json.dumps(one)}" for key, one in value.items())
        return "{\n" + ",\n".join(entries) + "\n }"
    return json.dumps(value)


def _write_json(path: Path, value: Any) -> None:
    with replacing(path) as partial:
        partial.write_text(json.dumps(value) + "\n", encoding="utf-8")
