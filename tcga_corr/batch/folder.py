"""The folder of a run: its plan, a file of rows and a record for each task, and the tables.

results/<run>/plan.json              the plan; written first, never changed
results/<run>/tasks/<task>.json      when, where and at which try a task was done, or why not
results/<run>/tasks/<task>.parquet   its rows, until the tables are written; with them the
                                     task is done
results/<run>/manifest.json          all of it for people, and to check the tables
results/<run>/*.parquet, *.tsv       the tables

Each JSON file has a hash of itself, and the record of a task the hash of its rows.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcga_corr.batch.plan import Plan, Task
from tcga_corr.errors import DataMissingError, StoreError, near_names
from tcga_corr.exchange import read_sealed, seal
from tcga_corr.files import is_leftover, replacing, sha256_of, writing
from tcga_corr.store.layout import Store
from tcga_corr.store.results import MANIFEST, read_manifest

if TYPE_CHECKING:
    import pyarrow as pa
    from filelock import BaseFileLock

Record = dict[str, Any]
_RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*-[0-9a-f]{8}")
_MOST_NAMED = 12
_WHOLE = "1-of-1"
_ROWS_HASH = "rows_sha256"


class RunFolder:
    """A run's folder in a store; creating this object writes nothing."""

    def __init__(self, store: Store, run: str) -> None:
        self.store = store
        self.run = run
        self.path = store.root / "results" / run
        self._plan_path = self.path / "plan.json"
        self._manifest_path = self.path / MANIFEST

    # --- the plan

    def begin(self, plan: Plan) -> None:
        """Write the plan, unless it is the same; only title and claims may have changed."""
        text, path = json.dumps(seal(plan.to_json())), self._plan_path
        if not path.exists() or path.read_bytes() != f"{text}\n".encode():
            _write(path, text)

    def plan(self) -> Plan:
        """The plan of a run that was started.

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
            record = read_sealed(self._plan_path.read_bytes())
            plan = Plan.from_json(record, self.store)
        except FileNotFoundError:
            known = run_names(self.store)
            listed = f"It has {', '.join(known[:_MOST_NAMED])}" if known else ""
            raise DataMissingError(
                f"no run '{self.run}' in the store '{self.store.root}'",
                near_names(self.run, known) or listed or "Begin one: tcga-corr batch SPEC",
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
        """Whether the rows of a task are written."""
        return self.rows_path(task).exists()

    def rows_path(self, task: Task) -> Path:
        """The file of a task's rows."""
        return self.path / "tasks" / f"{task.name}.parquet"

    def write(self, task: Task, rows: pa.Table, record: Record) -> None:
        """Write the rows and the record of a task, with their hash; it then is done."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        texts = [
            field.name
            for field in rows.schema
            if pa.types.is_string(field.type) or pa.types.is_dictionary(field.type)
        ]
        content = pa.BufferOutputStream()
        pq.write_table(
            rows, content, compression="zstd", use_dictionary=texts, write_page_checksum=True
        )
        written = content.getvalue()
        digest = hashlib.sha256(written).hexdigest()
        self.write_record(task, {**record, _ROWS_HASH: digest})
        with replacing(self.rows_path(task)) as partial:
            partial.write_bytes(written)

    def rows_are_whole(self, task: Task) -> bool:
        """Whether the rows of a task are those of its record."""
        record = self.record(task)
        digest = record.get(_ROWS_HASH)
        if digest is None:  # of a version that wrote none; else the record is damaged or gone
            return bool(record)
        return bool(sha256_of(self.rows_path(task)) == digest)

    def write_record(self, task: Task, record: Record) -> None:
        """Write when and where a task was done, or why it failed."""
        tries = self.record(task).get("tries", 0) + 1
        _write(self._record_path(task), json.dumps(seal({**record, "tries": tries})))

    def record(self, task: Task) -> Record:
        """The record of a task that was tried; empty for others, and where it is damaged."""
        with suppress(OSError, ValueError):
            return read_sealed(self._record_path(task).read_bytes())
        return {}

    # --- the end

    def manifest(self) -> dict[str, Any]:
        """The manifest; empty where there is none yet.

        Raises
        ------
        StoreError
            If it is damaged.
        """
        return read_manifest(self.path)

    def whole_manifest(self) -> dict[str, Any]:
        """The manifest; empty where there is none, or none that can be read."""
        with suppress(StoreError):
            return self.manifest()
        return {}

    def write_manifest(self, whole: Mapping[str, Any]) -> None:
        """Write the manifest: what holds for the whole run, and a line for each task."""
        entries = (f" {json.dumps(key)}: {_by_line(value)}" for key, value in seal(whole).items())
        _write(self._manifest_path, "{\n" + ",\n".join(entries) + "\n}")

    def drop_tasks(self) -> None:
        """Remove the rows and records of tasks, once tables and manifest have them all."""
        shutil.rmtree(self.path / "tasks", ignore_errors=True)

    @contextmanager
    def locked(self, part: str) -> Iterator[None]:
        """Exclude other processes that run the same part of the run, or the whole of it.

        Raises
        ------
        StoreError
            If there is one.
        """
        from filelock import FileLock, Timeout

        path = self._lock_path(part)
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        with self._locks_inspected():
            others = self._locks() if part == _WHOLE else [self._lock_path(_WHOLE)]
            if any(_is_locked(other) for other in others if other != path):
                raise StoreError(
                    f"another process is at a part of the run {self.run}, or at the whole of it",
                    "Wait for it",
                )
            try:
                lock = FileLock(path).acquire(timeout=0)
            except Timeout:
                raise StoreError(
                    f"another process is at the run {self.run}",
                    "Wait for it; to share a run between processes, give each its --shard",
                ) from None
        with lock:
            for left in filter(is_leftover, self.path.glob("**/.*.part")):
                left.unlink(missing_ok=True)
            yield

    def is_locked(self) -> bool:
        """Whether a process runs the run, or a part of it; False where locks do not work."""
        locks = self._locks()
        with suppress(OSError):
            if locks:
                with self._locks_inspected():
                    return any(map(_is_locked, locks))
        return False

    def _locks_inspected(self) -> BaseFileLock:
        """A lock to hold while other locks are inspected, which acquires them for a moment."""
        from filelock import FileLock

        return FileLock(self.store.root / "locks" / f"_looking.{self.run}.lock")

    def _lock_path(self, part: str) -> Path:
        return self.store.root / "locks" / f"_run.{self.run}.{part}.lock"

    def _locks(self) -> list[Path]:
        return list(self._lock_path("*").parent.glob(self._lock_path("*").name))

    def _record_path(self, task: Task) -> Path:
        return self.path / "tasks" / f"{task.name}.json"


def _is_locked(path: Path) -> bool:
    from filelock import FileLock, Timeout

    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def run_names(store: Store) -> list[str]:
    """The runs of a store, sorted."""
    return sorted(path.parent.name for path in store.root.glob("results/*/plan.json"))


def _by_line(value: Any) -> str:
    """A value as JSON, with a line for each entry of a list or object."""
    if isinstance(value, list | tuple) and value:
        return "[\n" + ",\n".join(f"  {json.dumps(entry)}" for entry in value) + "\n ]"
    if isinstance(value, dict) and value:
        entries = (f"  {json.dumps(key)}: {json.dumps(entry)}" for key, entry in value.items())
        return "{\n" + ",\n".join(entries) + "\n }"
    return json.dumps(value)


def _write(path: Path, text: str) -> None:
    with replacing(path) as partial:
        partial.write_text(f"{text}\n", encoding="utf-8")
