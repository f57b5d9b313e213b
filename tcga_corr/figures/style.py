"""One style for all figures: what a journal's column needs, and what colour blindness allows.

Colours are those of Okabe & Ito 2008, https://jfly.uni-koeln.de/color/. The same figure gives the
same bytes: no dates, no random ids.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from matplotlib import style
from matplotlib.figure import Figure

from tcga_corr.figures.look import FigureFile, Look
from tcga_corr.figures.text import FONT
from tcga_corr.files import replacing

WIDTH = 5.2  # inches, 132 mm: one and a half columns of most journals
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
)  # fmt: skip
INK, GREY, PALE = "#1a1a1a", "#6b6b6b", "#e3e3e3"
BAND = "#f4f4f4"  # behind every other row
FAINT = "#a8a8a8"  # of points that are not significant
PALE_BLUE, PALE_ORANGE = "#c9e2f4", "#f7e3bf"
SEQUENTIAL = ("#c6dbef", BLUE, "#08306b")  # of numbers, from low to high
SERIES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
MARKERS = ("o", "s", "D", "^", "v", "P")

_RC: dict[str, Any] = {
    "font.family": FONT,
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
    "hatch.linewidth": 0.5,
    "pdf.fonttype": 42,  # as TrueType: text stays text
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "tcga_corr",
    "text.hinting": "no_hinting",  # so that a text is as wide as text_width says, at any dpi
    "text.parse_math": False,
    "text.usetex": False,
}


styled = partial(style.context, _RC, after_reset=True)
"""Draw in the style of the project, and leave the user's own as it was."""


def save(figure: Figure, target: Path | FigureFile) -> None:
    """Write a figure in the format of the path's ending: png, svg or pdf.

    Call it once for each figure, as a dark look is given to the figure. Title, size and order are
    of the drawing: give the look to the function that draws, too.
    """
    path, look = (target, Look()) if isinstance(target, Path) else (target.path, target.look)
    ending = path.suffix.lstrip(".").lower()
    # without the date, the same figure is the same file
    without_date: dict[str, Any] = {
        "png": {"Software": None},
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }[ending]
    ground = "white"
    if look.dark:
        from tcga_corr.figures.dark import GROUND, darken

        darken(figure)
        ground = GROUND
    with styled(), replacing(path) as partial:
        figure.savefig(
            partial, format=ending, dpi=look.dpi, metadata=without_date, facecolor=ground
        )
