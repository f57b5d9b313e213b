"""Several tumor types at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

_MAX_THREADS = 4  # each holds some sets' scores; two cores are filled by two

_Found = TypeVar("_Found")


def in_threads(function: Callable[..., _Found], *arguments: Sequence[Any]) -> list[_Found]:
    """The function of each of the arguments, in their order."""
    if len(arguments[0]) < 2:
        return [function(*one) for one in zip(*arguments, strict=True)]
    with ThreadPoolExecutor(min(_MAX_THREADS, os.cpu_count() or 1)) as threads:
        return list(threads.map(function, *arguments))
