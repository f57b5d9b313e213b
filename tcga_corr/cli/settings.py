"""What holds for every command: the store, and how much is printed on standard error."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tcga_corr.cli.fitting import wrapped
from tcga_corr.cli.texts import printable

if TYPE_CHECKING:
    from tcga_corr.analysis.answer import ScopeQuery
    from tcga_corr.cli.progress import Display
    from tcga_corr.engine import Engine
    from tcga_corr.progress import Progress

_MANY_NOTES = 12
_PACE_INTERVAL = 30.0  # seconds


@dataclass(frozen=True)
class Settings:
    """The options that all commands share."""

    cache: Path
    quiet: bool
    verbose: bool

    def engine(self) -> Engine:
        """The engine over the store."""
        from tcga_corr.engine import open_store

        return open_store(self.cache)

    def note(self, text: str) -> None:
        """Print a line that is not data, unless quiet."""
        if not self.quiet:
            lines = [printable(text)]
            if sys.stderr.isatty():
                lines = wrapped(lines, shutil.get_terminal_size().columns)
            print("\n".join(lines), file=sys.stderr)

    def notes(self, lines: Iterable[str]) -> None:
        """Print several notes; of many the first, unless verbose."""
        notes = list(lines)
        n_shown = _MANY_NOTES // 2 if len(notes) > _MANY_NOTES and not self.verbose else len(notes)
        n_left = len(notes) - n_shown
        more = f"{n_left} more notes: -v, or --format json, has all"
        for line in [*notes[:n_shown], *([more] if n_left else [])]:
            self.note(f"note: {line}")

    def notes_of(self, notes: Iterable[str], scope: ScopeQuery) -> None:
        """Print the notes of an answer, and of how many of TCGA's tumor types it is."""
        from tcga_corr.sources import SOURCES
        from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

        loaded = [key.tumor_type for key in self.engine().store.table_keys(scope.source)]
        few = []
        if scope.source in SOURCES and sorted(scope.tumor_types) == loaded != [*TUMOR_TYPES]:
            few = [f"{len(loaded)} of {len(TUMOR_TYPES)} tumor types are loaded"]
        self.notes([*notes, *few])

    @contextmanager
    def progress(self, title: str, display: Display = "steps") -> Iterator[Progress]:
        """Show the progress of a task: bars on a terminal, lines elsewhere, nothing if quiet.

        Parameters
        ----------
        title
            What the task is or, with ``pace``, the name of its units.
        display
            What matters: its steps, its pace, or its downloads.
        """
        from tcga_corr.cli.progress import Bars, Lines
        from tcga_corr.progress import Progress

        if self.quiet:
            yield Progress()
        elif sys.stderr.isatty():
            bars = Bars(title, display)
            with bars.display:
                yield bars
        else:
            units = title if display == "pace" else ""
            yield Lines(self.note, self.verbose, units, 0 if self.verbose else _PACE_INTERVAL)
