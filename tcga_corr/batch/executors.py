"""Running tasks: in threads here, in processes of this machine, or in workers of a Dask cluster.

To run a task, a worker needs the store's folder, the run's name and the task's number. A task that
is done already is skipped, and one that is run twice gives the same bytes.
"""

from __future__ import annotations

import math
import os
import platform
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import islice
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any, Literal

from tcga_corr.analysis.processes import begin_worker
from tcga_corr.batch.compute import TaskComputer
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, Task
from tcga_corr.engine import open_store
from tcga_corr.errors import TcgaCorrError

WorkerKind = Literal["threads", "processes", "dask"]
Failure = str
"""Why a task failed; empty where it did not."""
Call = Callable[[int], Failure]
"""Runs a task, given its number."""
_POLL = 0.5  # seconds until an interrupt is noticed
_LEAVE = 5.0  # seconds


@dataclass(frozen=True)
class Workers:
    """The workers that run tasks.

    Attributes
    ----------
    kind
        ``threads`` of this process, ``processes`` of this machine, or ``dask``.
    count
        Their number; not used for a Dask cluster at an address, which has its own.
    cluster
        Of Dask: ``local``, ``slurm`` or the address of a scheduler.
    memory
        In bytes, for all of them that run at the same time; not used for Dask.
    """

    kind: WorkerKind
    count: int
    cluster: str = ""
    memory: float = math.inf


class TaskRunner:
    """Runs tasks of one run: computes their rows, and writes them into its folder."""

    def __init__(self, root: Path, run: str, plan: Plan | None = None) -> None:
        engine = open_store(root)
        self.folder = RunFolder(engine.store, run)
        self.plan = plan or self.folder.plan()
        self._computer = TaskComputer(engine, self.plan)

    def run(self, number: int) -> Failure:
        """Run a task, unless it is done; a failure is written into its record too."""
        task = self.plan.tasks[number]
        if self.folder.is_done(task):
            return ""
        start = time.perf_counter()
        record = _record(task)
        try:
            rows = self._computer.rows(task)
            record["seconds"] = round(time.perf_counter() - start, 3)
            self.folder.write(task, rows, record)
        except Exception as error:  # noqa: BLE001 - it is recorded; the other tasks still run
            known = isinstance(error, TcgaCorrError)
            failure = str(error) if known else f"unexpected {type(error).__name__}: {error}"
            self.folder.write_record(task, {**record, "error": failure})
            return failure
        return ""


def _record(task: Task) -> dict[str, Any]:
    return {
        "task": task.number,
        "analysis": task.analysis,
        "tumor_type": task.tumor_type,
        "method": task.method,
        "rows": task.n_rows,
        "began": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "host": platform.node(),
        "process": os.getpid(),
    }


@lru_cache(maxsize=1)
def _runner_of_process(root: str, run: str) -> TaskRunner:
    """The runner of a worker process, which runs tasks of one run and nothing else."""
    one_blas_thread()
    return TaskRunner(Path(root), run)


def run_in_worker(root: str, run: str, number: int) -> Failure:
    """Run a task in this process, which is a worker's."""
    return _runner_of_process(root, run).run(number)


def one_blas_thread() -> Any:
    """Limit a matrix product to one thread: its last bits depend on how many share it."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="blas")


def run_tasks(
    runner: TaskRunner, tasks: Sequence[Task], workers: Workers
) -> Generator[tuple[Task, Failure], None, None]:
    """Run tasks, and give each when it has been tried."""
    folder = runner.folder
    call = partial(run_in_worker, str(folder.store.root.resolve()), folder.run)
    lost = "its process was lost, as by want of memory"
    if workers.kind == "dask":
        from tcga_corr.batch.dask import in_cluster

        tried = in_cluster(folder, tasks, call, workers.cluster, workers.count)
        lost = "its workers were lost again and again, as by want of memory"
    elif workers.kind == "processes":
        tried = _in_processes(call, tasks, workers.count)
    else:
        tried = _in_threads(runner.run, tasks, workers.count)
    for task, failure in tried:
        if failure is None:  # its workers could not record it
            folder.write_record(task, {**_record(task), "error": lost})
        yield task, lost if failure is None else failure


def _in_threads(
    call: Call, tasks: Sequence[Task], count: int
) -> Iterator[tuple[Task, Failure | None]]:
    executor = ThreadPoolExecutor(count)
    try:
        with one_blas_thread():
            yield from _completed(executor, tasks, count, call)
    finally:
        # after an interrupt, running tasks are not waited for: a task is written whole or not
        executor.shutdown(wait=False, cancel_futures=True)


def _in_processes(
    call: Call, tasks: Sequence[Task], count: int
) -> Iterator[tuple[Task, Failure | None]]:
    """Run tasks, and give each when it has been tried; with None where it loses its process."""
    left = dict.fromkeys(tasks)
    while left:
        suspects = []
        for task, failure in _in_pool(call, list(left), count):
            if failure is None:
                suspects.append(task)
                continue
            del left[task]
            yield task, failure
        for suspect in suspects:  # each alone, to find the one that kills its process
            del left[suspect]
            yield from _in_pool(call, [suspect], count=1)


def _in_pool(
    call: Call, tasks: Sequence[Task], count: int
) -> Iterator[tuple[Task, Failure | None]]:
    """Run tasks until all are done or a process is lost, which gives None for all running then."""
    others = set(active_children())
    executor = ProcessPoolExecutor(count, get_context("spawn"), begin_worker, (os.getpid(),))
    try:
        yield from _completed(executor, tasks, count, call)
    except BaseException:
        for child in set(active_children()) - others:
            child.terminate()  # whatever it runs: a task is written whole or not
        raise
    finally:
        # in a thread, as it may wait for ever for a process that was killed with a lock
        leaving = threading.Thread(
            target=executor.shutdown, kwargs={"cancel_futures": True}, daemon=True
        )
        leaving.start()
        leaving.join(_LEAVE)


def _completed(
    executor: Executor, tasks: Sequence[Task], count: int, call: Call
) -> Iterator[tuple[Task, Failure | None]]:
    """Submit tasks, a few ahead, and give each when it is done.

    Where a process is lost, all tasks that are running are given with None, and no others.
    """
    waiting = iter(tasks)
    running: dict[Task, None] = {}
    pending: dict[Future[Failure], Task] = {}
    try:
        while True:
            for task in islice(waiting, 2 * count - len(pending)):
                running[task] = None
                with _interrupts_delayed():
                    pending[executor.submit(call, task.number)] = task
            if not pending:
                return
            completed, _ = wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED)
            for future in completed:
                task, failure = pending.pop(future), future.result()
                del running[task]
                yield task, failure
    except BrokenProcessPool:
        yield from ((task, None) for task in running)


@contextmanager
def _interrupts_delayed() -> Iterator[None]:
    """Delay an interrupt, also in processes that start meanwhile."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
