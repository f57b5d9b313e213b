"""Showing downloads: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as RichProgress

from tcga_corr.cli.texts import printable
from tcga_corr.fetching.request import Progress


class Lines(Progress):
    """Lines: of what a person should know, and with ``step`` of every file."""

    def __init__(self, step: Callable[[str], None] | None, note: Callable[[str], None]) -> None:
        self._step = step
        self._note = note

    def start(self, name: str, done: int, total: int | None) -> None:
        """Tell of a file that is being received."""
        if self._step:
            of = f" of {total / 1e6:.1f} MB" if total else ""
            self._step(f"downloading {name}{of}" + (f", from {done / 1e6:.1f} MB" if done else ""))

    def load(self, step: str) -> None:
        """Tell a step of loading."""
        if self._step and step:
            self._step(step)

    def say(self, name: str, what: str) -> None:
        """Tell a line."""
        self._note(f"note: {name}: {what}")


class Bars(Progress):
    """A bar a file and one for the whole."""

    def __init__(self) -> None:
        console = Console(stderr=True, no_color="NO_COLOR" in os.environ or None)
        self._shown = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._whole = self._shown.add_task("all", total=None)
        self._files: dict[str, TaskID] = {}
        self._loading: TaskID | None = None

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

    def line(self, text: str) -> None:
        """Print a line above the bars."""
        self._shown.console.print(printable(text), markup=False, highlight=False, soft_wrap=True)

    def expect(self, total: int | None) -> None:
        """The bytes of all files together, where they are known."""
        self._shown.update(self._whole, total=total)

    def start(self, name: str, done: int, total: int | None) -> None:
        """Show a file's bar."""
        self.finish(name)
        self._files[name] = self._shown.add_task(_plain(name), total=total, completed=done)

    def receive(self, name: str, count: int) -> None:
        """Move a file's bar, and that of the whole."""
        task = self._files.get(name)
        if task is not None:
            self._shown.advance(task, count)
        self._shown.advance(self._whole, count)

    def say(self, name: str, what: str) -> None:
        """Print a line above the bars."""
        self.line(f"note: {name}: {what}")

    def load(self, step: str) -> None:
        """Show what is being loaded, below the files that are still coming."""
        if self._loading is not None:
            self._shown.remove_task(self._loading)
            self._loading = None
        if step:
            self._loading = self._shown.add_task(_plain(step), total=None)

    def finish(self, name: str) -> None:
        """Take a file's bar away."""
        task = self._files.pop(name, None)
        if task is not None:
            self._shown.remove_task(task)


def _plain(text: str) -> str:
    """A name from anywhere, without what rich would take for markup."""
    return escape(printable(text))
