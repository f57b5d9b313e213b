"""One style for all figures: what a journal's column needs, and what colour blindness allows.

Colours are those of Okabe & Ito 2008, https://jfly.uni-koeln.de/color/. The same figure gives the
same bytes: no dates, no random ids.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcga_corr.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 5.2  # inches, 132 mm: one and a half columns of most journals
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
)  # fmt: skip
INK, GREY, PALE = "#1a1a1a", "#6b6b6b", "#e3e3e3"
PALE_BLUE = "#c9e2f4"
SERIES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
MARKERS = ("o", "s", "D", "^", "v", "P")
_DPI = 300
_LONGEST = 60  # letters of a name

_RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # ships with matplotlib, so the same everywhere
    "font.size": 7,
    "axes.titlesize": 8,
    "axes.labelsize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "legend.frameon": False,
    "pdf.fonttype": 42,  # as TrueType: text stays text
    "svg.fonttype": "path",
    "svg.hashsalt": "tcga_corr",
    "text.parse_math": False,
    "text.usetex": False,
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the style of the project, and leave the user's own as it was."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        for name, value in _RC.items():
            mpl.rcParams[name] = value  # type: ignore[index]
        yield


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """An empty figure, in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure in the format of the path's ending: png, svg or pdf."""
    ending = path.suffix.lstrip(".").lower()
    # without the date, the same figure is the same file
    nothing: dict[str, Any] = {
        "png": {"Software": None},
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }[ending]
    with styled(), replacing(path) as partial:
        figure.savefig(partial, format=ending, dpi=_DPI, metadata=nothing)


def short(name: str, longest: int = _LONGEST) -> str:
    """A name that fits; without what cannot be printed."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in name)
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def headed(figure: Figure, title: str, about: str, width: float = WIDTH) -> float:
    """Write title and what is to be said of the data at the top left; the inches that it takes."""
    height = figure.get_figheight()
    title_lines = textwrap.wrap(title, int(width * 15)) or [""]
    about_lines = textwrap.wrap(about, int(width * 19))
    top = 0.08
    for line in title_lines:
        figure.text(0.08 / width, 1 - top / height, line, fontsize=8.5, weight="bold", va="top")
        top += 0.15
    top += 0.02
    for line in about_lines:
        figure.text(0.08 / width, 1 - top / height, line, fontsize=6.5, color=GREY, va="top")
        top += 0.12
    return top + 0.06


def marked_simulated(figure: Figure) -> None:
    """Write SIMULATED across a figure."""
    width, height = figure.get_size_inches()
    figure.text(
        0.5, 0.5, "SIMULATED", fontsize=min(54, 11 * width, 14 * height), color=VERMILION,
        alpha=0.16, ha="center", va="center", rotation=min(30, 12 * height), weight="bold",
        zorder=10,
    )  # fmt: skip


def place(figure: Figure, left: float, bottom: float, right: float, top: float) -> Axes:
    """Axes that keep these margins, in inches."""
    width, height = figure.get_size_inches()
    return figure.add_axes(
        (left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height)
    )
