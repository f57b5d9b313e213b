"""The frame of a figure: its heading, key, footnote and mark, and axes placed in inches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tcga_corr.analysis.answer import Answer, ScopeQuery
from tcga_corr.choices import Method
from tcga_corr.errors import UsageError
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.style import GREY, INK, VERMILION, WIDTH
from tcga_corr.figures.text import plain, text_width, wrapped
from tcga_corr.vocabulary.associations import SIMULATED
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.tumor_types import OTHER

_EDGE = 0.08  # inches, left of and above all
_TITLE, _ABOUT, _FOOT = (8.5, 0.15), (6.5, 0.12), (6, 0.11)  # points and inches of a line
_LINES, _FOOT_LINES, _LONGEST = 30, 4, 1_500  # at most; letters of a heading


@dataclass(frozen=True)
class Frame:
    """What stands around the axes of a figure.

    Attributes
    ----------
    title, about
        The heading, and below it which data are shown.
    simulated
        Whether SIMULATED is written across.
    handles
        The entries of the key, below the axes.
    foot
        A footnote, below the key.
    width
        Of the figure, in inches.
    margin
        Below all, in inches.
    mark
        Colour and opacity of SIMULATED.
    look
        The size that is asked for, and the title in place of its own.
    """

    title: str
    about: str
    simulated: bool = False
    handles: Sequence[Artist] = ()
    foot: str = ""
    width: float = WIDTH
    margin: float = 0.05
    mark: tuple[str, float] = (VERMILION, 0.16)
    look: Look = PLAIN

    def as_wide(self, natural: float, least: float) -> Frame:
        """The frame as wide as its look asks for; else as its figure is by itself.

        Parameters
        ----------
        natural
            The figure's own width, in inches.
        least
            The width in inches below which it cannot be read.

        Raises
        ------
        UsageError
            If a smaller width is asked for.
        """
        width = self.look.width_or(natural)
        _require(width, least, "wide")
        return replace(self, width=width)

    def body(self, natural: float, least: float) -> float:
        """The inches between heading and key: those of the size that is asked for, or its own.

        Parameters
        ----------
        natural, least
            As of :meth:`as_wide`, of the part between heading and key.

        Raises
        ------
        UsageError
            If a smaller height is asked for.
        """
        if self.look.inches is None:
            return natural
        high, around = self.look.inches[1], self.head + self.below
        _require(high, around + least, "high")
        return high - around

    @cached_property
    def head(self) -> float:
        """The height of the heading in inches."""
        lines = len(self._title_lines) * _TITLE[1] + len(self._about_lines) * _ABOUT[1]
        return _EDGE + lines + 0.02 + 0.06

    @cached_property
    def below(self) -> float:
        """The height of key and footnote in inches."""
        n_rows = math.ceil(len(self.handles) / self._n_across)
        key = 0.14 * n_rows + 0.08 if self.handles else 0.0
        return len(self._foot_lines) * _FOOT[1] + key

    def figure(self, body: float) -> Figure:
        """A figure with so many inches between heading and key, where axes are to be placed."""
        figure = Figure(figsize=(self.width, self.head + body + self.below))
        FigureCanvasAgg(figure)
        self._write_heading(figure)
        self._write_foot(figure)
        self._write_key(figure)
        if self.simulated:
            self._write_mark(figure)
        return figure

    @cached_property
    def _title_lines(self) -> list[str]:
        room = self.width - 2 * _EDGE
        if self.look.title is None:
            return wrapped(self.title, room, _TITLE[0], _LINES, "bold", _LONGEST) or [""]
        # control characters have no glyph, and no place in SVG
        title = "".join(one if one.isprintable() else " " for one in self.look.title)
        return wrapped(title, room, _TITLE[0], _LINES, "bold", _LONGEST)

    @cached_property
    def _about_lines(self) -> list[str]:
        unbroken = self.about.replace(" = ", "\u00a0=\u00a0").replace(" < ", "\u00a0<\u00a0")
        return wrapped(unbroken, self.width - 2 * _EDGE, _ABOUT[0], _LINES, longest=_LONGEST)

    @cached_property
    def _foot_lines(self) -> list[str]:
        return wrapped(self.foot, self.width - 0.2, _FOOT[0], _FOOT_LINES)

    @cached_property
    def _n_across(self) -> int:
        """How many entries of the key fit side by side."""
        import numpy as np

        widths = np.array([text_width(str(one.get_label()), 6.5) + 0.32 for one in self.handles])
        for n in range(len(widths), 1, -1):
            columns = np.array_split(widths, n)
            if sum(float(column.max()) for column in columns) <= self.width - 0.2:
                return n
        return 1

    def _write_heading(self, figure: Figure) -> None:
        width, height = figure.get_size_inches()
        top = _EDGE
        for lines, (size, step), weight, colour in (
            (self._title_lines, _TITLE, "bold", INK),
            (self._about_lines, _ABOUT, "normal", GREY),
        ):
            for line in lines:
                at = (_EDGE / width, 1 - top / height)
                figure.text(*at, line, fontsize=size, weight=weight, color=colour, va="top")
                top += step
            top += 0.02

    def _write_foot(self, figure: Figure) -> None:
        width, height = figure.get_size_inches()
        size, step = _FOOT
        for number, line in enumerate(reversed(self._foot_lines)):
            at = (_EDGE / width, (self.margin + number * step) / height)
            figure.text(*at, line, fontsize=size, color=GREY, va="bottom")

    def _write_key(self, figure: Figure) -> None:
        width, height = figure.get_size_inches()
        bottom = self.margin + len(self._foot_lines) * _FOOT[1]
        if self.handles:
            figure.legend(
                handles=list(self.handles), loc="lower left", ncols=self._n_across,
                bbox_to_anchor=(_EDGE / width, bottom / height), borderaxespad=0, borderpad=0.2,
                handlelength=1.6, columnspacing=1.0, handletextpad=0.5, labelspacing=0.4,
            )  # fmt: skip

    def _write_mark(self, figure: Figure) -> None:
        width, height = figure.get_size_inches()
        colour, alpha = self.mark
        figure.text(
            0.5, 0.5, SIMULATED, fontsize=min(54, 11 * width, 14 * height), color=colour,
            alpha=alpha, ha="center", va="center", rotation=min(30, 12 * height), weight="bold",
            zorder=10,
        )  # fmt: skip


def _require(inches: float, least: float, what: str) -> None:
    if inches < least - 1e-6:
        needed = math.ceil(least * 10) / 10
        raise UsageError(
            f"a figure {inches:.3g} inches {what} has no room for this",
            f"Give a --size that is at least {needed:g} inches ({math.ceil(needed * 2.54)} cm) "
            f"{what}",
        )


def place(figure: Figure, left: float, bottom: float, right: float, top: float) -> Axes:
    """Axes that keep these margins, in inches."""
    width, height = figure.get_size_inches()
    return figure.add_axes(
        (left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height)
    )


def source_and_unit(scope: ScopeQuery) -> str:
    """Where the values of an answer are from, and their unit."""
    return f"{plain(scope.source)}, {plain(scope.unit)}"


def symbol_of(method: Method, *, is_partial: bool) -> str:
    """How the coefficient of a method is written: ``r``, ``rho``, ``partial tau-b``."""
    symbol = METHODS[method].label.split()[-1]
    return f"partial {symbol}" if is_partial else symbol


def measure_of(name: str, answer: Answer, unit: str) -> str:
    """What the numbers of a variable are: a score, a covariate's value, or a gene's unit."""
    kind = answer.provenance.kind_of(name)
    return {"set": "ssGSEA score", "covariate": "value"}.get(kind, unit)


def _is_own(types: Sequence[str]) -> bool:
    """Whether all samples are a cohort of a user's own, of no tumor type."""
    return list(types) == [OTHER.abbreviation]


def samples_in_words(scope: ScopeQuery) -> str:
    """Which samples; all of a cohort of a user's own count as tumour, which need not be said."""
    text = scope.samples_in_words
    return text.removeprefix("tumor ") if _is_own(scope.tumor_types) else text


def where_in_words(types: Sequence[str], source: str) -> str:
    """The tumor type, or how many; of a cohort of a user's own its source."""
    if _is_own(types):
        return plain(source)
    return types[0] if len(types) == 1 else f"{len(types)} tumor types"
