"""Doing tasks: here in threads, in processes of this machine, or in workers of a Dask cluster.

Whoever does a task needs the store's folder, the run's name and the task's number. A task that is
done is not done again, and one done twice gives the same bytes.
"""

from __future__ import annotations

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

from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, Task
from tcga_corr.batch.work import Work
from tcga_corr.engine import open_store
from tcga_corr.errors import TcgaCorrError

Where = Literal["threads", "processes", "dask"]
Failure = str
_POLL = 0.5  # seconds in which an interrupt is heard
_LEAVE = 5.0  # seconds


@dataclass(frozen=True)
class Means:
    """What does the tasks.

    Attributes
    ----------
    where
        ``threads`` of this process, ``processes`` of this machine, or ``dask``.
    workers
        How many at a time; of a Dask cluster at an address, what it has.
    dask
        ``local``, ``slurm`` or the address of a scheduler.
    """

    where: Where
    workers: int
    dask: str = ""


class Performer:
    """Does tasks of one run."""

    def __init__(self, root: Path, run: str, plan: Plan | None = None) -> None:
        engine = open_store(root)
        self.folder = RunFolder(engine.store, run)
        self.plan = plan or self.folder.plan()
        self._work = Work(engine, self.plan)

    def perform(self, number: int) -> Failure:
        """Do a task, unless it is done; empty, or why it failed, which is on record then."""
        task = self.plan.tasks[number]
        if self.folder.is_done(task):
            return ""
        begun = time.perf_counter()
        record = _record(task)
        try:
            rows = self._work.rows(task)
            record["seconds"] = round(time.perf_counter() - begun, 3)
            self.folder.write(task, rows, record)
        except Exception as error:  # noqa: BLE001 - on record; the other tasks go on
            why = str(error) if isinstance(error, TcgaCorrError) else _told(error)
            self.folder.write_record(task, {**record, "error": why})
            return why
        return ""


def _told(error: Exception) -> str:
    return f"unexpected {type(error).__name__}: {error}"


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
def _performer(root: str, run: str) -> Performer:
    """Of this process, which does tasks of one run and leaves it at that."""
    one_blas_thread()
    return Performer(Path(root), run)


def perform(root: str, run: str, number: int) -> Failure:
    """Do a task in whichever process this is."""
    return _performer(root, run).perform(number)


def one_blas_thread() -> Any:
    """One thread a matrix product: its last bits depend on how many share it."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="blas")


def performed(
    performer: Performer, tasks: Sequence[Task], means: Means
) -> Generator[tuple[Task, Failure], None, None]:
    """Do tasks, and tell each when it is done."""
    if means.where == "dask":
        yield from _in_dask(performer.folder, tasks, means)
    elif means.where == "processes":
        yield from _in_processes(performer.folder, tasks, means.workers)
    else:
        with one_blas_thread():
            yield from _in_threads(performer, tasks, means.workers)


def _in_threads(
    performer: Performer, tasks: Sequence[Task], workers: int
) -> Iterator[tuple[Task, Failure]]:
    executor = ThreadPoolExecutor(workers)
    try:
        for task, future in _completed(
            executor, tasks, workers, lambda task: (performer.perform, task.number)
        ):
            yield task, future.result()
    finally:
        # nobody waits for what is at work when it was interrupted: a task is written or not
        executor.shutdown(wait=False, cancel_futures=True)


def _in_processes(
    folder: RunFolder, tasks: Sequence[Task], workers: int
) -> Iterator[tuple[Task, Failure]]:
    left = dict.fromkeys(tasks)
    while left:
        suspects = []
        for task, failure in _in_pool(folder, list(left), workers):
            if failure is None:
                suspects.append(task)
                continue
            del left[task]
            yield task, failure
        for suspect in suspects:  # each alone, to know which of them it is
            del left[suspect]
            for task, failure in _in_pool(folder, [suspect], workers=1):
                lost = "its process was lost, as by want of memory"
                yield task, _given_up(folder, task, lost) if failure is None else failure


def _in_pool(
    folder: RunFolder, tasks: Sequence[Task], workers: int
) -> Iterator[tuple[Task, Failure | None]]:
    """Do tasks until one is done or its process is lost, which gives None for all at work then."""
    root = str(folder.store.root.resolve())
    others = set(active_children())
    executor = ProcessPoolExecutor(workers, get_context("spawn"), _begin_worker, (os.getpid(),))
    at_work: dict[Task, None] = {}
    try:
        for task, future in _completed(
            executor, tasks, workers, lambda task: (perform, root, folder.run, task.number), at_work
        ):
            failure = future.result()
            del at_work[task]
            yield task, failure
    except BrokenProcessPool:
        yield from ((task, None) for task in at_work)
    except BaseException:
        for child in set(active_children()) - others:
            child.terminate()  # at what was interrupted: a task is written or not
        raise
    finally:
        # in a thread, as it may wait for ever for a process that was ended while it held a lock
        leaving = threading.Thread(
            target=executor.shutdown, kwargs={"cancel_futures": True}, daemon=True
        )
        leaving.start()
        leaving.join(_LEAVE)


def _completed(
    executor: Executor,
    tasks: Sequence[Task],
    workers: int,
    call: Callable[[Task], tuple[Any, ...]],
    at_work: dict[Task, None] | None = None,
) -> Iterator[tuple[Task, Future[Failure]]]:
    """Submit tasks, a few ahead, and give each that is completed."""
    waiting = iter(tasks)
    pending: dict[Future[Failure], Task] = {}
    while True:
        for task in islice(waiting, 2 * workers - len(pending)):
            if at_work is not None:
                at_work[task] = None
            with _interrupts_held():
                pending[executor.submit(*call(task))] = task
        if not pending:
            return
        completed, _ = wait(pending, timeout=_POLL, return_when=FIRST_COMPLETED)
        for future in completed:
            yield pending.pop(future), future


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Keep an interrupt for later, also from processes that start meanwhile."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _begin_worker(parent: int) -> None:
    """Leave the interrupt to the parent, and leave when it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_POLL)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _in_dask(
    folder: RunFolder, tasks: Sequence[Task], means: Means
) -> Iterator[tuple[Task, Failure]]:
    from tcga_corr.batch.dask import in_cluster

    call = partial(perform, str(folder.store.root.resolve()), folder.run)
    for task, failure in in_cluster(folder, tasks, call, means.dask, means.workers):
        lost = "its workers were lost again and again, as by want of memory"
        yield task, _given_up(folder, task, lost) if failure is None else failure


def _given_up(folder: RunFolder, task: Task, why: str) -> Failure:
    """Put on record why a task was lost by whoever did it, and say so."""
    folder.write_record(task, {**_record(task), "error": why})
    return why
