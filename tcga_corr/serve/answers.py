"""Answers in bytes: kept, computed once for all who wait for them, and not too many at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, TypeVar

from tcga_corr.serve.asked import Prepared
from tcga_corr.serve.watch import State, Watch

How = Literal["kept", "shared", "computed"]
Value = TypeVar("Value")
_OVERHEAD = 1024  # bytes, of a kept answer's key
_BETWEEN = 0.1  # seconds, from a look at the state of an answer to the next


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


@dataclass(eq=False)
class _Pending:
    """A question that is being answered: its thread and task, and how many wait for it."""

    question: Prepared
    watch: Watch
    computed: Future[bytes]
    task: asyncio.Task[bytes]
    n_waiting: int = 0


class Answers:
    """Computes answers in threads, and keeps them. Used from one event loop alone."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.kept = AnswerCache(limits.kept_bytes)
        self._pending: dict[Hashable, _Pending] = {}
        self._abandoned: set[_Pending] = set()  # which end at the next tumor type
        self._leaving: set[asyncio.Future[object]] = set()
        self._is_stopping = False
        # what takes milliseconds does not wait for what takes longer
        self._quick = ThreadPoolExecutor(2, thread_name_prefix="look")
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="answer")
        self._large = ThreadPoolExecutor(1, thread_name_prefix="large")

    @property
    def is_computing(self) -> bool:
        """Whether a thread is at work on an answer."""
        return any(one.computed.running() for one in (*self._pending.values(), *self._abandoned))

    async def stop(self, seconds: float) -> None:
        """Answer nothing more; those who wait get answers within so many seconds, or none."""
        self._is_stopping = True
        if self._pending:
            await asyncio.wait([one.task for one in self._pending.values()], timeout=seconds)
        for leaving in tuple(self._leaving):
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
        how: How = "shared" if question.key in self._pending else "computed"
        async with self._awaited(question, gone) as (pending, leaving):
            await asyncio.wait((pending.task, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not pending.task.done():
                raise GoneError
            return pending.task.result(), how

    async def follow(self, question: Prepared) -> AsyncIterator[State]:
        """How far an answer is, at once and whenever that changes; the last state has all of it.

        A visitor who leaves closes the iterator. What nobody waits for any more is ended.

        Raises
        ------
        BusyError
            If there are too many other questions.
        GoneError
            If the server stops.
        """
        if self._is_stopping:
            raise GoneError
        kept = self.kept.get(question.key)
        if kept is not None:
            yield State(answer=kept)
            return
        async with self._awaited(question, asyncio.Event().wait) as (pending, leaving):
            pending.watch.is_followed = True
            last = pending.watch.state
            yield last
            while not pending.task.done():
                await asyncio.wait(
                    (pending.task, leaving), timeout=_BETWEEN, return_when=asyncio.FIRST_COMPLETED
                )
                if leaving.done() and not pending.task.done():
                    raise GoneError
                if pending.watch.state != last:
                    last = pending.watch.state
                    yield last
            yield State(answer=pending.task.result())

    @asynccontextmanager
    async def _awaited(
        self, question: Prepared, gone: Callable[[], Awaitable[object]]
    ) -> AsyncIterator[tuple[_Pending, asyncio.Future[object]]]:
        """A question that is being answered, and what is done when the visitor leaves."""
        pending = self._pending.get(question.key) or self._begin(question)
        leaving = asyncio.ensure_future(gone())
        self._leaving.add(leaving)
        pending.n_waiting += 1
        try:
            yield pending, leaving
        finally:
            self._leaving.discard(leaving)
            leaving.cancel()
            pending.n_waiting -= 1
            if not pending.n_waiting and not pending.task.done():
                self._abandon(pending)

    def _begin(self, question: Prepared) -> _Pending:
        if len(self._pending) + len(self._abandoned) >= self.limits.waiting:
            raise BusyError(1)
        pool = {"small": self._quick, "usual": self._threads, "large": self._large}[question.effort]
        if pool is self._large:
            large = [one for one in self._pending.values() if one.question.effort == "large"]
            if len(large) > self.limits.large_waiting:
                raise BusyError(10)
        watch = Watch()
        computed = pool.submit(question.compute, watch)
        task = asyncio.create_task(_result_of(computed))
        pending = _Pending(question, watch, computed, task)
        self._pending[question.key] = pending

        def finish(task: asyncio.Task[bytes]) -> None:
            if not computed.running():  # it may be, when the event loop ends
                self._forget(pending)
            if not task.cancelled() and task.exception() is None:
                self.kept.put(question.key, task.result())

        task.add_done_callback(finish)
        return pending

    def _abandon(self, pending: _Pending) -> None:
        """End what nobody waits for; who asks for it again has it begun anew."""
        pending.watch.abandon()
        self._forget(pending)
        if not pending.computed.cancel():  # it has begun
            self._abandoned.add(pending)

    def _forget(self, pending: _Pending) -> None:
        self._abandoned.discard(pending)
        if self._pending.get(pending.question.key) is pending:
            del self._pending[pending.question.key]


async def _result_of(computed: Future[bytes]) -> bytes:
    return await asyncio.wrap_future(computed)
