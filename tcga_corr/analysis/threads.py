"""Several tumor types at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from tcga_corr.progress import Progress

_MAX_THREADS = 4  # each holds some sets' scores; two cores are filled by two

_Found = TypeVar("_Found")
_watching: ContextVar[Progress | None] = ContextVar("_watching", default=None)


@contextmanager
def reported(progress: Progress) -> Iterator[None]:
    """Report to a progress how many tumor types are done, of each round over them within.

    What the progress raises ends the round, and so the question: this is how a question is
    cancelled.
    """
    token = _watching.set(progress)
    try:
        yield
    finally:
        _watching.reset(token)


def in_threads(function: Callable[..., _Found], *arguments: Sequence[Any]) -> list[_Found]:
    """The function of each of the arguments, in their order."""
    progress = _watching.get()
    count = len(arguments[0])
    if progress is not None:
        progress.begin(count)

    def report(*one: Any) -> _Found:
        if progress is not None:
            progress.advance(0)
        found = function(*one)
        if progress is not None:
            progress.advance()
        return found

    if count < 2:
        return [report(*one) for one in zip(*arguments, strict=True)]
    with ThreadPoolExecutor(min(_MAX_THREADS, os.cpu_count() or 1)) as threads:
        return list(threads.map(report, *arguments))
