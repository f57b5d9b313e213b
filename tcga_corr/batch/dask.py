"""Running tasks in the workers of a Dask cluster: of this machine, in jobs of SLURM, or anywhere.

Where a worker is lost, the scheduler gives its tasks to another. A task that has lost several
workers is tried once more at the end, alone; if it loses them again it is given up.
"""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
import platform
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any

from tcga_corr.batch.executors import Call
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Task
from tcga_corr.errors import AnalysisError, TcgaCorrError, UsageError, one_line

Check = Callable[[Any], None]
"""Checks the workers of a client, now and then, and replaces those that are lost."""

_POLL = 0.5  # seconds until an interrupt is noticed
_CHECK_EVERY = 10.0  # seconds
_TO_ANSWER = 10.0  # seconds that a scheduler has
_TO_COME = 300.0  # seconds that a scheduler without workers has to get one
_TO_BE_SEEN = 90.0  # seconds until another node's file is seen: longer than NFS caches a folder
_TO_CLOSE = 20.0
_NO_DASHBOARD = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
_NO_INTERRUPT = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
_MUST = "A worker must have this version of tcga-corr and see the store under the same path"


def in_cluster(
    folder: RunFolder, tasks: Sequence[Task], call: Call, cluster: str, count: int
) -> Iterator[tuple[Task, str | None]]:
    """Run tasks, and give each when it has been tried; with None where it loses its workers.

    Parameters
    ----------
    folder
        The folder of the run.
    tasks
        The tasks.
    call
        Runs a task in the worker's process.
    cluster
        ``local``, ``slurm`` or the address of a scheduler.
    count
        How many workers to start; at an address none are started.

    Raises
    ------
    UsageError
        If there is no such cluster.
    AnalysisError
        If the cluster cannot run tasks of this run, or is lost.
    """
    if not tasks:
        return
    with _client(cluster, count) as (client, check):
        lost = []
        for task, failure in _gathered(client, check, folder, tasks, call):
            if failure is None:
                lost.append(task)
            else:
                yield task, failure
        for task in lost:
            yield from _gathered(client, check, folder, [task], call)


def _gathered(
    client: Any, check: Check, folder: RunFolder, tasks: Sequence[Task], call: Call
) -> Iterator[tuple[Task, str | None]]:
    name = f"{folder.run}-{uuid.uuid4().hex[:8]}"  # no key of another client
    by_key = {f"{name}-{task.name}": task for task in tasks}
    pending = {
        future.key: future
        for future in client.map(
            _in_worker, [call] * len(tasks), [task.number for task in tasks], key=list(by_key)
        )
    }
    finished: SimpleQueue[Any] = SimpleQueue()
    for future in pending.values():
        future.add_done_callback(finished.put)
    checked = time.monotonic()
    while pending:
        with suppress(Empty):
            future = finished.get(timeout=_POLL)
            task = by_key[future.key]
            failure = _failure_of(future)
            if failure == "":
                _await_rows(folder, task)
            yield task, failure
            pending.pop(future.key).release()
        if time.monotonic() - checked > _CHECK_EVERY:
            check(client)
            checked = time.monotonic()


def _in_worker(call: Call, number: int) -> str:
    try:
        return call(number)
    except Exception as error:  # noqa: BLE001 - raised again where the result is read
        what = error.what if isinstance(error, TcgaCorrError) else repr(error)
        raise AnalysisError(
            f"the worker on {platform.node()} cannot do this run: {what}", _MUST
        ) from None


def _failure_of(future: Any) -> str | None:
    """Why a task failed, empty where it did not; None if it loses its workers."""
    from distributed import KilledWorker

    try:
        return str(future.result())
    except KilledWorker:
        return None
    except CancelledError:
        raise AnalysisError(
            "the Dask scheduler was lost", "What is done stays done: run the same command again"
        ) from None
    except AnalysisError:
        raise
    except Exception as error:  # such as a worker that has no tcga-corr
        raise AnalysisError(f"a worker cannot do this run: {error!r}", _MUST) from error


def _await_rows(folder: RunFolder, task: Task) -> None:
    """Wait for the rows that another node has written: a shared file system may show them late."""
    end = time.monotonic() + _TO_BE_SEEN
    rows = folder.rows_path(task)
    while not rows.exists():
        if time.monotonic() > end:
            raise AnalysisError(f"{rows}: a worker has written it, but it is not here", _MUST)
        time.sleep(_POLL)
        with suppress(OSError), os.scandir(rows.parent):
            pass  # so that a cached listing of the folder is read again


# --- clusters


@contextmanager
def _client(cluster: str, count: int) -> Iterator[tuple[Any, Check]]:
    try:
        from distributed import Client
        from distributed.utils import silence_logging_cmgr
    except ImportError:
        raise UsageError(
            "Dask is not installed", "pip install 'tcga-corr[dask]', or leave out --dask"
        ) from None
    with silence_logging_cmgr(logging.CRITICAL):  # what matters is raised as an error
        if cluster == "local":
            local = _local_cluster(count)
            with _closed(local), _closed(Client(local, set_as_default=False)) as client:
                yield client, lambda client: None  # their cluster starts them again itself
        elif cluster == "slurm":
            jobs = _slurm_cluster()
            with _closed(jobs), _closed(Client(jobs, set_as_default=False)) as client:
                yield client, _Jobs(jobs, count).check
        else:
            with _closed(_client_at(cluster)) as client:
                yield client, _check_given(cluster)


def _client_at(address: str) -> Any:
    from distributed import Client

    try:
        # at an address that is no scheduler's, a client waits for ever
        kind = asyncio.run(asyncio.wait_for(_kind_at(address), _TO_ANSWER))
    except TimeoutError:
        raise _no_scheduler(address, f" (no answer in {_TO_ANSWER:g} s)") from None
    except Exception as error:  # whatever comes of another program's answer
        reason = one_line(error) or type(error).__name__
        raise _no_scheduler(address, f" ({reason})") from error
    if kind != "Scheduler":
        raise _no_scheduler(address, f", but a {kind}")
    return Client(address, timeout=_TO_ANSWER, set_as_default=False)


def _no_scheduler(address: str, reason: str) -> UsageError:
    return UsageError(
        f"no Dask scheduler at '{address}'{reason}",
        "Give local, slurm, or the address that dask scheduler prints, as tcp://HOST:8786",
    )


async def _kind_at(address: str) -> str:
    from distributed.core import rpc
    from distributed.security import Security

    arguments = Security().get_connection_args("client")
    async with rpc(address, timeout=_TO_ANSWER, connection_args=arguments) as at:
        return str((await at.identity())["type"])


def _local_cluster(count: int) -> Any:
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        memory_limit=None,  # tables are mapped: their memory is not a worker's own
        silence_logs=logging.CRITICAL,
        scheduler_kwargs=_NO_DASHBOARD,
        preload=[_NO_INTERRUPT],
    )


def _slurm_cluster() -> Any:
    try:
        import dask

        with _handlers_kept():  # it replaces the handler of interrupts
            from dask_jobqueue import SLURMCluster
    except ImportError:
        raise UsageError(
            "dask-jobqueue is not installed", "pip install 'tcga-corr[dask]'"
        ) from None
    configured = dask.config.get("jobqueue.slurm.scheduler-options", None) or {}
    try:
        return SLURMCluster(
            scheduler_options={**_NO_DASHBOARD, **configured}, silence_logs=logging.CRITICAL
        )
    except (ValueError, RuntimeError) as error:
        reason = str(error).partition(", for example")[0]
        raise UsageError(
            f"Dask does not know how to ask this SLURM ({reason})",
            "Say it in ~/.config/dask/jobqueue.yaml, see docs/batch_on_clusters.md",
        ) from error


def _check_given(address: str) -> Check:
    """The check of workers that somebody else has started."""
    seen = time.monotonic()

    def check(client: Any) -> None:
        nonlocal seen
        with suppress(OSError):
            if client.nthreads():
                seen = time.monotonic()
        if time.monotonic() - seen > _TO_COME:
            raise AnalysisError(
                f"the Dask scheduler at {address} has no workers",
                f"Start some: dask worker {address}",
            )

    return check


class _Jobs:
    """Workers in jobs of SLURM; a job that ends, as at its time limit, is followed by another."""

    def __init__(self, cluster: Any, count: int) -> None:
        self._cluster = cluster
        self._count = count
        self._ended: list[str] = []  # since the cluster last had a worker
        self._replace({})

    def check(self, client: Any) -> None:
        queued = _queued()
        if queued is None:
            return
        has_workers = bool(client.nthreads())
        jobs = {name: job.job_id for name, job in self._cluster.workers.items()}
        gone = {name: job for name, job in jobs.items() if job not in queued}
        self._ended = [] if has_workers else [*self._ended, *filter(None, gone.values())]
        if len(self._ended) >= 2 * len(jobs):
            raise AnalysisError(
                f"the jobs {', '.join(self._ended)} ended before Dask heard of a worker in them",
                "What they printed tells why: it is where jobqueue.yaml has its log-directory",
            )
        try:
            self._replace(gone)
        except AnalysisError:
            if not has_workers:
                raise

    def _replace(self, gone: Iterable[str]) -> None:
        """Submit jobs in place of those that have ended, until all workers have one."""

        async def submit() -> None:
            for name in gone:
                self._cluster.workers.pop(name, None)
            self._cluster.scale(self._count)
            await self._cluster

        try:
            self._cluster.sync(submit)
        except (OSError, RuntimeError) as error:
            for job in self._cluster.workers.values():
                if job.job_id is None:
                    job.status = type(job.status).failed  # or it cannot be closed
            message = str(error).partition("stderr:")[2] or str(error)
            raise AnalysisError(f"SLURM takes no job: {' '.join(message.split())}") from error


def _queued() -> set[str] | None:
    """The jobs of this user that wait or run; None if SLURM gives no answer."""
    try:
        done = subprocess.run(  # noqa: S603
            ["squeue", "--noheader", "--user", getpass.getuser(), "--format", "%A"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return set(done.stdout.split())


@contextmanager
def _closed(resource: Any) -> Iterator[Any]:
    """Close a client or a cluster at the end, and leave no job behind on a second interrupt."""
    try:
        yield resource
    finally:
        with _handlers_kept(), suppress(TimeoutError, OSError):
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            resource.close(timeout=_TO_CLOSE)


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Put the handlers of signals back at the end."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                signal.signal(number, handler)
