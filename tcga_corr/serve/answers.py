"""Answers in bytes: kept, computed once for all who ask at a time, and not too many at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, TypeVar

from tcga_corr.serve.asked import Prepared

How = Literal["kept", "shared", "computed"]
Value = TypeVar("Value")
_OVERHEAD = 1024  # bytes, of a kept answer's key


class BusyError(Exception):
    """Too much is asked at a time; ``seconds`` is when to ask again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class GoneError(Exception):
    """Who asked has left, or the server stops."""


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


class Kept:
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
class _Flight:
    """A question on its way: in its thread, on the event loop, and how many wait for it."""

    question: Prepared
    computed: Future[bytes]
    task: asyncio.Task[bytes]
    n_waiting: int = 0


class Answers:
    """Computes answers in threads, and keeps them. Used from one event loop alone."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.kept = Kept(limits.kept_bytes)
        self._flights: dict[Hashable, _Flight] = {}
        self._leaving: set[asyncio.Future[None]] = set()
        self._is_stopping = False
        # what takes milliseconds does not wait for what takes longer
        self._desk = ThreadPoolExecutor(2, thread_name_prefix="look")
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="answer")
        self._large = ThreadPoolExecutor(1, thread_name_prefix="large")

    @property
    def is_computing(self) -> bool:
        """Whether a thread is at work on an answer."""
        return any(flight.computed.running() for flight in self._flights.values())

    async def stop(self, seconds: float) -> None:
        """Answer nothing more; those who wait get their answers within so many seconds, or none."""
        self._is_stopping = True
        if self._flights:
            await asyncio.wait([one.task for one in self._flights.values()], timeout=seconds)
        for leaving in self._leaving:
            leaving.cancel()

    def close(self) -> None:
        """Begin nothing more."""
        for pool in (self._desk, self._threads, self._large):
            pool.shutdown(wait=False, cancel_futures=True)

    async def look_up(self, ask: Callable[[], Value]) -> Value:
        """What takes milliseconds and need not be kept, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._desk, ask)

    async def answer(
        self, question: Prepared, gone: Callable[[], Awaitable[None]]
    ) -> tuple[bytes, How]:
        """The answer of a question, and how it was come by.

        Parameters
        ----------
        question
            What is asked.
        gone
            Returns when who asks has left. What nobody waits for any more is not begun.

        Raises
        ------
        BusyError
            If too much else is asked.
        GoneError
            If who asks has left, or the server stops.
        """
        if self._is_stopping:
            raise GoneError
        kept = self.kept.get(question.key)
        if kept is not None:
            return kept, "kept"
        flight = self._flights.get(question.key)
        how: How = "computed" if flight is None else "shared"
        if flight is None:
            flight = self._begin(question)
        return await self._wait(flight, gone), how

    def _begin(self, question: Prepared) -> _Flight:
        if len(self._flights) >= self.limits.waiting:
            raise BusyError(1)
        pool = {"small": self._desk, "usual": self._threads, "large": self._large}[question.effort]
        if pool is self._large:
            large = [one for one in self._flights.values() if one.question.effort == "large"]
            if len(large) > self.limits.large_waiting:
                raise BusyError(10)
        computed = pool.submit(question.compute)
        flight = _Flight(question, computed, asyncio.create_task(_landing(computed)))
        self._flights[question.key] = flight

        def land(task: asyncio.Task[bytes]) -> None:
            if not computed.running():  # it may be, when the event loop ends
                self._forget(flight)
            if not task.cancelled() and task.exception() is None:
                self.kept.put(question.key, task.result())

        flight.task.add_done_callback(land)
        return flight

    def _forget(self, flight: _Flight) -> None:
        if self._flights.get(flight.question.key) is flight:
            del self._flights[flight.question.key]

    async def _wait(self, flight: _Flight, gone: Callable[[], Awaitable[None]]) -> bytes:
        leaving = asyncio.ensure_future(gone())
        self._leaving.add(leaving)
        flight.n_waiting += 1
        try:
            await asyncio.wait((flight.task, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not flight.task.done():
                raise GoneError
            return flight.task.result()
        finally:
            self._leaving.discard(leaving)
            leaving.cancel()
            flight.n_waiting -= 1
            if not flight.n_waiting and flight.computed.cancel():  # not once it has begun
                self._forget(flight)


async def _landing(computed: Future[bytes]) -> bytes:
    return await asyncio.wrap_future(computed)
