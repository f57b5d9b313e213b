"""How fast a long work goes, and how long it will take."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


class Pace(Protocol):
    """Who is told of a work."""

    def begin(self, done: int, total: int) -> None:
        """Tell what is done already, and of how much."""

    def advance(self, done: int) -> None:
        """Tell what is done since."""

    def say(self, text: str) -> None:
        """Tell a line."""


class Silence:
    """Tells nothing."""

    def begin(self, done: int, total: int) -> None:
        """Nothing."""

    def advance(self, done: int) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""


class Lines:
    """A line now and then, as for the log of a cluster's job.

    Parameters
    ----------
    what
        What is counted.
    note
        Tells a line.
    every
        Seconds between lines at least.
    """

    def __init__(self, what: str, note: Callable[[str], None], every: float) -> None:
        self._what, self.say, self._every = what, note, every
        self._begun = self._told = time.monotonic()
        self._done = self._before = self._total = 0

    def begin(self, done: int, total: int) -> None:
        """Tell what is done already, and of how much."""
        self._done = self._before = done
        self._total = total
        if 0 < done < total:
            self.say(f"{done:,} of {total:,} {self._what} are there already")

    def advance(self, done: int) -> None:
        """Tell what is done since."""
        self._done += done
        now = time.monotonic()
        if now - self._told < self._every:
            return
        self._told = now
        rate = (self._done - self._before) / max(now - self._begun, 1e-9)
        left = (self._total - self._done) / rate if rate else 0.0
        self.say(
            f"{self._done:,} of {self._total:,} {self._what}, {rate:,.0f} a second, "
            f"{_minutes(left)} left"
        )


def _minutes(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


class _Rate(ProgressColumn):
    """What is done a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} a second" if task.speed else "")


class Bar:
    """A bar on a terminal."""

    def __init__(self, what: str) -> None:
        console = Console(stderr=True, no_color="NO_COLOR" in os.environ or None)
        self._shown = Progress(
            TextColumn("{task.completed:,.0f} of {task.total:,.0f} {task.description}"),
            BarColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task = self._shown.add_task(what, total=0)

    def __enter__(self) -> Self:
        self._shown.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._shown.stop()

    def begin(self, done: int, total: int) -> None:
        """Tell what is done already, and of how much."""
        self._shown.update(self._task, total=total, completed=done)

    def advance(self, done: int) -> None:
        """Tell what is done since."""
        self._shown.advance(self._task, done)

    def say(self, text: str) -> None:
        """Tell a line above the bar."""
        self._shown.console.print(Text(text))
