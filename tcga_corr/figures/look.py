"""Where a figure is written, and how it looks there. Imports no matplotlib, as options need it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DPI = 300


@dataclass(frozen=True)
class Look:
    """How a figure looks.

    Attributes
    ----------
    dpi
        Dots per inch of a PNG.
    title
        In place of the figure's own; empty for none, None for its own.
    dark
        Whether on a dark ground, for slides.
    """

    dpi: int = DPI
    title: str | None = None
    dark: bool = False


@dataclass(frozen=True)
class FigureFile:
    """A file for a figure, whose ending is png, svg or pdf, and the look of the figure."""

    path: Path
    look: Look = field(default_factory=Look)

    def __str__(self) -> str:
        return str(self.path)
