"""Processes of this machine that work for this one, and end with it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from typing import TypeVar

from tcga_corr.errors import AnalysisError

_POLL = 0.5  # seconds until the end of the parent is noticed

_Task = TypeVar("_Task")
_Found = TypeVar("_Found")


def begin_worker(parent: int) -> None:
    """Leave interrupts to the parent, and end when the parent has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_POLL)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def in_processes(
    function: Callable[[_Task], _Found], tasks: Sequence[_Task], count: int
) -> Iterator[_Found]:
    """The function of each task, in their order; a single one is done in this process.

    Raises
    ------
    AnalysisError
        If a process is lost.
    """
    if len(tasks) < 2 or count < 2:
        yield from map(function, tasks)
        return
    others = set(active_children())
    workers = min(count, len(tasks))
    executor = ProcessPoolExecutor(workers, get_context("spawn"), begin_worker, (os.getpid(),))
    try:
        yield from executor.map(function, tasks)
    except BrokenProcessPool as error:
        raise AnalysisError(
            "a process was lost, as by want of memory", "Give --jobs 1, or fewer tumor types"
        ) from error
    except BaseException:
        for child in set(active_children()) - others:
            child.terminate()
        raise
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
