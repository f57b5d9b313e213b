"""Answers in bytes: kept, computed once for all who wait for them, and not too many at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeVar

from tcga_corr.serve.questions import Prepared

How = Literal["kept", "shared", "computed"]
Value = TypeVar("Value")
_OVERHEAD = 1024  # bytes, of a kept answer's key


class BusyError(Exception):
    """There are too many questions at a time; ``seconds`` is when to ask again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class GoneError(Exception):
    """The visitor has left, or the server stops."""


@dataclass(frozen=True)
class Limits:
    """How much is done at a time.

    Attributes
    ----------
    threads
        Questions that are computed at a time.
    waiting
        Questions that are computed or wait for it, at most.
    large_waiting
        Questions that wait while another that takes seconds is computed.
    kept_bytes
        Answers to keep.
    """

    threads: int = 2
    waiting: int = 128
    large_waiting: int = 4
    kept_bytes: int = 64 << 20


class AnswerCache:
    """Answers that were used last, up to so many bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._answers: OrderedDict[Hashable, bytes] = OrderedDict()
        self.size = 0

    def get(self, key: Hashable) -> bytes | None:
        """The answer of a key, if it is still kept."""
        found = self._answers.get(key)
        if found is not None:
            self._answers.move_to_end(key)
        return found

    def put(self, key: Hashable, answer: bytes) -> None:
        """Keep an answer in place of those that were not used for longest."""
        if len(answer) + _OVERHEAD > self._most or key in self._answers:
            return
        self._answers[key] = answer
        self.size += len(answer) + _OVERHEAD
        while self.size > self._most:
            _, dropped = self._answers.popitem(last=False)
            self.size -= len(dropped) + _OVERHEAD


@dataclass
class _Pending:
    """A question that is being answered: its thread and task, and how many wait for it."""

    question: Prepared
    computed: Future[bytes]
    task: asyncio.Task[bytes]
    n_waiting: int = 0


class Answers:
    """Computes answers in threads, and keeps them. Used from one event loop alone."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.kept = AnswerCache(limits.kept_bytes)
        self._pending: dict[Hashable, _Pending] = {}
        self._leaving: set[asyncio.Future[None]] = set()
        self._is_stopping = False
        # what takes milliseconds does not wait for what takes longer
        self._quick = ThreadPoolExecutor(2, thread_name_prefix="look")
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="answer")
        self._large = ThreadPoolExecutor(1, thread_name_prefix="large")

    @property
    def is_computing(self) -> bool:
        """Whether a thread is at work on an answer."""
        return any(pending.computed.running() for pending in self._pending.values())

    async def stop(self, seconds: float) -> None:
        """Answer nothing more; those who wait get answers within so many seconds, or none."""
        self._is_stopping = True
        if self._pending:
            await asyncio.wait([one.task for one in self._pending.values()], timeout=seconds)
        for leaving in self._leaving:
            leaving.cancel()

    def close(self) -> None:
        """Start nothing more."""
        for pool in (self._quick, self._threads, self._large):
            pool.shutdown(wait=False, cancel_futures=True)

    async def look_up(self, function: Callable[[], Value]) -> Value:
        """The result of what takes milliseconds and need not be kept, from a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._quick, function)

    async def answer(
        self, question: Prepared, gone: Callable[[], Awaitable[None]]
    ) -> tuple[bytes, How]:
        """The answer of a question, and whether it was kept, shared or computed.

        Parameters
        ----------
        question
            The question.
        gone
            Returns when the visitor has left. What nobody waits for any more is not started.

        Raises
        ------
        BusyError
            If there are too many other questions.
        GoneError
            If the visitor has left, or the server stops.
        """
        if self._is_stopping:
            raise GoneError
        kept = self.kept.get(question.key)
        if kept is not None:
            return kept, "kept"
        pending = self._pending.get(question.key)
        how: How = "computed" if pending is None else "shared"
        if pending is None:
            pending = self._begin(question)
        return await self._wait(pending, gone), how

    def _begin(self, question: Prepared) -> _Pending:
        if len(self._pending) >= self.limits.waiting:
            raise BusyError(1)
        pool = {"small": self._quick, "usual": self._threads, "large": self._large}[question.effort]
        if pool is self._large:
            large = [one for one in self._pending.values() if one.question.effort == "large"]
            if len(large) > self.limits.large_waiting:
                raise BusyError(10)
        computed = pool.submit(question.compute)
        pending = _Pending(question, computed, asyncio.create_task(_result_of(computed)))
        self._pending[question.key] = pending

        def finish(task: asyncio.Task[bytes]) -> None:
            if not computed.running():  # it may be, when the event loop ends
                self._forget(pending)
            if not task.cancelled() and task.exception() is None:
                self.kept.put(question.key, task.result())

        pending.task.add_done_callback(finish)
        return pending

    def _forget(self, pending: _Pending) -> None:
        if self._pending.get(pending.question.key) is pending:
            del self._pending[pending.question.key]

    async def _wait(self, pending: _Pending, gone: Callable[[], Awaitable[None]]) -> bytes:
        leaving = asyncio.ensure_future(gone())
        self._leaving.add(leaving)
        pending.n_waiting += 1
        try:
            await asyncio.wait((pending.task, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not pending.task.done():
                raise GoneError
            return pending.task.result()
        finally:
            self._leaving.discard(leaving)
            leaving.cancel()
            pending.n_waiting -= 1
            if not pending.n_waiting and pending.computed.cancel():  # not once it has started
                self._forget(pending)


async def _result_of(computed: Future[bytes]) -> bytes:
    return await asyncio.wrap_future(computed)
