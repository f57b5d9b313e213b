"""How the progress of a task is shown: bars on a terminal, lines elsewhere, nothing when quiet."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tcga_corr.cli.texts import printable
from tcga_corr.progress import Progress

if TYPE_CHECKING:
    from rich.progress import ProgressColumn, TaskID

Display = Literal["steps", "pace", "downloads"]
"""What matters to whoever waits: the step at hand, units per second, or the files on their way."""


@dataclass
class Lines(Progress):
    """Lines of text: what a person should know, and with ``verbose`` every step and file.

    Attributes
    ----------
    print_line
        Prints a line.
    verbose
        Whether to print steps and parts.
    units
        Name of the units whose pace is printed from time to time, as for the log of a cluster's
        job; empty for no such lines.
    interval
        Least number of seconds between these lines.
    """

    print_line: Callable[[str], None]
    verbose: bool = False
    units: str = ""
    interval: float = 0

    def __post_init__(self) -> None:
        self._started = self._printed = time.monotonic()
        self._done = self._done_before = self._total = 0
        self._effort = self._effort_done = 0.0

    def begin(self, total: int | None, done: int = 0, effort: float | None = None) -> None:
        """Print how many units were done before, if any."""
        self._done = self._done_before = done
        self._total = total or 0
        self._effort = self._total - done if effort is None else effort
        if self.units and 0 < done < self._total:
            self.print_line(f"{done:,} of {self._total:,} {self.units} are there already")

    def step(self, name: str) -> None:
        """Print the step."""
        if self.verbose and name:
            self.print_line(name)

    def advance(self, count: int = 1, effort: float | None = None) -> None:
        """Print the pace, unless it was printed just before."""
        self._done += count
        self._effort_done += count if effort is None else effort
        now = time.monotonic()
        if not self.units or now - self._printed < self.interval:
            return
        self._printed = now
        seconds = now - self._started
        rate = (self._done - self._done_before) / max(seconds, 1e-9)
        left = seconds * (self._effort - self._effort_done) / max(self._effort_done, 1e-9)
        self.print_line(
            f"{self._done:,} of {self._total:,} {self.units}, {rate:,.0f} a second, "
            f"{_format_duration(left)} left"
        )

    def start_part(self, name: str, done: int, total: int | None) -> None:
        """Print which file is being received."""
        if self.verbose:
            size = f" of {total / 1e6:.1f} MB" if total else ""
            received = f", from {done / 1e6:.1f} MB" if done else ""
            self.print_line(f"downloading {name}{size}{received}")

    def note(self, text: str) -> None:
        """Print the line."""
        self.print_line(text)


def _format_duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


class Bars(Progress):
    """Bars on a terminal, one for the task and one for each part, while ``display`` is entered.

    Parameters
    ----------
    title
        What the task is or, with ``pace``, the name of its units.
    display
        What the bars show.
    """

    def __init__(self, title: str, display: Display) -> None:
        from rich.console import Console
        from rich.progress import Progress as RichProgress

        console = Console(stderr=True, no_color="NO_COLOR" in os.environ or None)
        self.display = RichProgress(*_columns(display), console=console, transient=True)
        self._title, self._steps_apart = title, display == "downloads"
        self._started, self._done = time.monotonic(), 0
        # the length is in effort where there is one: units take from microseconds to a second
        self._task = self.display.add_task(title, total=None, units="", rate="")
        self._total, self._done_before = 0, 0
        self._parts: dict[str, TaskID] = {}
        self._step: TaskID | None = None

    def begin(self, total: int | None, done: int = 0, effort: float | None = None) -> None:
        """Set the length of the task's bar."""
        self._started, self._done = time.monotonic(), 0
        self._total, self._done_before = total or 0, done
        left = effort if effort is not None or total is None else total - done
        self.display.update(self._task, total=left, units=f"{done:,} of {self._total:,}")

    def step(self, name: str) -> None:
        """Show the step beside the title or, for downloads, below the files on their way."""
        if not self._steps_apart:
            description = printable(f"{self._title} {name}")
            self.display.update(self._task, description=description)
            return
        if self._step is not None:
            self.display.remove_task(self._step)
        self._step = self._add_bar(name, None, 0) if name else None

    def advance(self, count: int = 1, effort: float | None = None) -> None:
        """Advance the task's bar."""
        self._done += count
        rate = self._done / max(time.monotonic() - self._started, 1e-9)
        self.display.update(
            self._task,
            advance=count if effort is None else effort,
            units=f"{self._done_before + self._done:,} of {self._total:,}",
            rate=f"{rate:,.0f} a second",
        )

    def start_part(self, name: str, done: int, total: int | None) -> None:
        """Show a part's bar."""
        self.finish_part(name)
        self._parts[name] = self._add_bar(name, total, done)

    def advance_part(self, name: str, count: int) -> None:
        """Advance a part's bar, and the task's."""
        part = self._parts.get(name)
        if part is not None:
            self.display.advance(part, count)
        self.display.advance(self._task, count)

    def finish_part(self, name: str) -> None:
        """Remove a part's bar."""
        part = self._parts.pop(name, None)
        if part is not None:
            self.display.remove_task(part)

    def note(self, text: str) -> None:
        """Print the line above the bars."""
        from rich.text import Text

        self.display.console.print(Text(printable(text)), soft_wrap=True)

    def _add_bar(self, name: str, total: int | None, done: int) -> TaskID:
        return self.display.add_task(
            printable(name), total=total, completed=done, units="", rate=""
        )


def _columns(display: Display) -> tuple[ProgressColumn, ...]:
    """The columns of a bar; names from anywhere are never read as markup."""
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    title = TextColumn("{task.description}", markup=False)
    if display == "steps":
        return title, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    if display == "downloads":
        return title, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    count = TextColumn("{task.fields[units]} {task.description}", markup=False)
    rate = TextColumn("{task.fields[rate]}", markup=False)
    return count, BarColumn(), rate, TimeRemainingColumn()
