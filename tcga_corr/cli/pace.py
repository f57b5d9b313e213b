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

    def begin(self, done: int, total: int, work: float) -> None:
        """Tell what is done already, of how much, and the work that is left."""

    def advance(self, done: int, work: float) -> None:
        """Tell what is done since, and what work that was."""

    def say(self, text: str) -> None:
        """Tell a line."""


class Silence:
    """Tells nothing."""

    def begin(self, done: int, total: int, work: float) -> None:
        """Nothing."""

    def advance(self, done: int, work: float) -> None:
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
        self._work = self._work_done = 0.0

    def begin(self, done: int, total: int, work: float) -> None:
        """Tell what is done already, of how much, and the work that is left."""
        self._done = self._before = done
        self._total, self._work = total, work
        if 0 < done < total:
            self.say(f"{done:,} of {total:,} {self._what} are there already")

    def advance(self, done: int, work: float) -> None:
        """Tell what is done since, and what work that was."""
        self._done += done
        self._work_done += work
        now = time.monotonic()
        if now - self._told < self._every:
            return
        self._told = now
        rate = (self._done - self._before) / max(now - self._begun, 1e-9)
        left = (now - self._begun) * (self._work - self._work_done) / max(self._work_done, 1e-9)
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
        return Text(f"{task.fields['rate']:,.0f} a second" if task.fields["rate"] else "")


class Bar:
    """A bar on a terminal."""

    def __init__(self, what: str) -> None:
        console = Console(stderr=True, no_color="NO_COLOR" in os.environ or None)
        self._shown = Progress(
            TextColumn("{task.fields[rows]:,} of {task.fields[of]:,} {task.description}"),
            BarColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._begun = time.monotonic()
        self._done = 0
        # the bar is of work, as rows take from microseconds to a second
        self._task = self._shown.add_task(what, total=None, rows=0, of=0, rate=0.0)

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

    def begin(self, done: int, total: int, work: float) -> None:
        """Tell what is done already, of how much, and the work that is left."""
        self._done, self._begun = 0, time.monotonic()
        self._shown.update(self._task, total=work, rows=done, of=total)

    def advance(self, done: int, work: float) -> None:
        """Tell what is done since, and what work that was."""
        self._done += done
        rate = self._done / max(time.monotonic() - self._begun, 1e-9)
        rows = self._shown.tasks[0].fields["rows"] + done
        self._shown.update(self._task, advance=work, rows=rows, rate=rate)

    def say(self, text: str) -> None:
        """Tell a line above the bar."""
        self._shown.console.print(Text(text))
