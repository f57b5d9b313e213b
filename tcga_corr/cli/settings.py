"""What holds for every command: the store, and how much is said on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tcga_corr.cli.texts import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tcga_corr.cli.pace import Pace
    from tcga_corr.engine import Engine
    from tcga_corr.fetching.request import Progress

_MANY_NOTES = 12
_LINE_EVERY = 30.0  # seconds


@dataclass(frozen=True)
class Settings:
    """The options before the command."""

    cache: Path
    quiet: bool
    verbose: bool

    def engine(self) -> Engine:
        """The engine over the store."""
        from tcga_corr.engine import open_store

        return open_store(self.cache)

    def note(self, text: str) -> None:
        """Tell something that is not data."""
        if not self.quiet:
            print(printable(text), file=sys.stderr)

    def notes(self, lines: Iterable[str]) -> None:
        """Tell several lines, each as a note; of many the first, unless all are asked for."""
        told = list(lines)
        few = told if self.verbose or len(told) <= _MANY_NOTES else told[: _MANY_NOTES // 2]
        for line in few:
            self.note(f"note: {line}")
        if len(few) < len(told):
            left = len(told) - len(few)
            self.note(f"note: {left} more notes: -v before the command, or --format json, has all")

    @contextmanager
    def transfers(self) -> Iterator[tuple[Progress, Callable[[str], None]]]:
        """Bars of downloads on a terminal; elsewhere, lines of what a person should know.

        Yields who is to be told of downloads, and a function for lines between.
        """
        from tcga_corr.cli.transfers import Bars, Lines

        if self.quiet or not sys.stderr.isatty():
            yield Lines(self.note if self.verbose else None, self.note), self.note
            return
        with Bars() as bars:
            yield bars, bars.line

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Callable[[str, int], None]]:
        """A bar on a terminal; with ``-v`` elsewhere a line a step; otherwise nothing.

        Yields a function to be told the step at hand and how many steps are done since.
        """
        if self.quiet or not sys.stderr.isatty():
            yield lambda step, done: self.note(step) if self.verbose and step else None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeElapsedColumn as Elapsed

        console = Console(stderr=True, no_color="NO_COLOR" in os.environ or None)
        told = TextColumn("{task.description}", markup=False)
        columns = (told, BarColumn(), MofNCompleteColumn(), Elapsed())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(what, total=total)

            def advance(step: str, done: int) -> None:
                description = printable(f"{what} {step}")
                bar.update(task, advance=done, description=description)

            yield advance

    @contextmanager
    def pace(self, what: str) -> Iterator[Pace]:
        """How fast a long work goes: a bar on a terminal, elsewhere a line now and then.

        Yields who is to be told of it.
        """
        from tcga_corr.cli.pace import Bar, Lines, Silence

        if self.quiet:
            yield Silence()
        elif sys.stderr.isatty():
            with Bar(what) as bar:
                yield bar
        else:
            yield Lines(what, self.note, every=0 if self.verbose else _LINE_EVERY)
