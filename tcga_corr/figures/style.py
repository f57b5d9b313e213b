"""One style for all figures: what a journal's column needs, and what colour blindness allows.

Colours are those of Okabe & Ito 2008, https://jfly.uni-koeln.de/color/. The same figure gives the
same bytes: no dates, no random ids.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import bidirectional

from tcga_corr.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tcga_corr.analysis.answer import Answer

WIDTH = 5.2  # inches, 132 mm: one and a half columns of most journals
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
)  # fmt: skip
INK, GREY, PALE = "#1a1a1a", "#6b6b6b", "#e3e3e3"
PALE_BLUE = "#c9e2f4"
SERIES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
MARKERS = ("o", "s", "D", "^", "v", "P")
_DPI = 300
_LONGEST, _LONGEST_HEAD = 60, 1_500  # letters of a name, and of what is told at the head
_LINES = 30

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
    "hatch.linewidth": 0.5,
    "pdf.fonttype": 42,  # as TrueType: text stays text
    "svg.fonttype": "path",
    "svg.hashsalt": "tcga_corr",
    "text.hinting": "no_hinting",  # so that a text is as wide as text_width says, at any dpi
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


def headed(figure: Figure, title: str, about: str, width: float = WIDTH) -> float:
    """Write title and what is to be said of the data at the top left; the inches that it takes."""
    height = figure.get_figheight()
    room = width - 0.16
    about = about.replace(" = ", "\u00a0=\u00a0").replace(" < ", "\u00a0<\u00a0")  # not parted
    title_lines = wrapped(title, room, 8.5, _LINES, "bold", _LONGEST_HEAD) or [""]
    about_lines = wrapped(about, room, 6.5, _LINES, longest=_LONGEST_HEAD)
    top = 0.08
    for line in title_lines:
        figure.text(0.08 / width, 1 - top / height, line, fontsize=8.5, weight="bold", va="top")
        top += 0.15
    top += 0.02
    for line in about_lines:
        figure.text(0.08 / width, 1 - top / height, line, fontsize=6.5, color=GREY, va="top")
        top += 0.12
    return top + 0.06


def marked_simulated(figure: Figure, colour: str = VERMILION, alpha: float = 0.16) -> None:
    """Write SIMULATED across a figure."""
    width, height = figure.get_size_inches()
    figure.text(
        0.5, 0.5, "SIMULATED", fontsize=min(54, 11 * width, 14 * height), color=colour,
        alpha=alpha, ha="center", va="center", rotation=min(30, 12 * height), weight="bold",
        zorder=10,
    )  # fmt: skip


def place(figure: Figure, left: float, bottom: float, right: float, top: float) -> Axes:
    """Axes that keep these margins, in inches."""
    width, height = figure.get_size_inches()
    return figure.add_axes(
        (left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height)
    )


@lru_cache(10_000)
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """The inches that a line of text takes."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=_RC["font.family"], size=size, weight=weight)
    return float(text_to_path.get_text_width_height_descent(text, font, False)[0]) / 72


@cache
def _drawable() -> frozenset[int]:
    """The letters that the font has."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont(_RC["font.family"])).get_charmap())


def plain(text: str, longest: int = _LONGEST) -> str:
    """A text of so many letters at most; ? for those that cannot be drawn one after another."""
    text = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return "".join(one if _has_shape(one) else "?" for one in text)


def _has_shape(letter: str) -> bool:
    """Whether the font has a letter that can be seen, and that does not turn what is around it."""
    is_visible = letter == "\u00a0" or letter.isprintable()
    return is_visible and ord(letter) in _drawable() and bidirectional(letter) not in ("R", "AL")


def fitted(text: str, inches: float, size: float, weight: str = "normal") -> str:
    """A plain text cut to what fits."""
    text = plain(text, 200)
    if text_width(text, size, weight) <= inches:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(f"{text[:middle]}…", size, weight) <= inches:
            low = middle
        else:
            high = middle - 1
    return f"{text[:low]}…"


def fitted_apart(names: Sequence[str], inches: float, size: float) -> list[str]:
    """Different names, each cut to what fits; no two come out the same.

    Those that begin alike keep both their ends; where that does not tell them apart, a number.
    """
    cut = [fitted(name, inches, size) for name in names]
    often = Counter(cut)
    for place_of, name in enumerate(names):
        if often[cut[place_of]] > 1:
            backwards = plain(name, len(name))[:-201:-1]
            end = fitted(backwards, inches / 2, size).rstrip("…")[::-1]
            cut[place_of] = fitted(name, inches / 2, size) + end.lstrip()
    if len(set(cut)) == len(cut):
        return cut
    room = inches - text_width(f" #{len(cut)}", size)
    return [f"{fitted(name, room, size)} #{number}" for number, name in enumerate(cut, 1)]


def wrapped(
    text: str, inches: float, size: float, most: int, weight: str = "normal", longest: int = 200
) -> list[str]:
    """A plain text in lines that fit; parted at spaces or underscores, the last one cut."""
    rest, lines = plain(text, longest).strip(), list[str]()
    while rest and len(lines) < most - 1 and text_width(rest, size, weight) > inches:
        n = len(fitted(rest, inches, size, weight)) - 1
        at = rest.rfind(" ", 0, n + 1)
        if at <= n // 2:
            at = max(at, rest.rfind("_", 0, n) + 1)
            if rest.startswith("…", at):
                at = rest.rfind("_", 0, at - 1) + 1
        at = at if at > n // 3 else max(n, 1)
        lines.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*lines, fitted(rest, inches, size, weight)] if rest else lines


def wrapped_apart(
    names: Sequence[str], inches: float, size: float, most: int, weight: str = "normal"
) -> list[list[str]]:
    """Different names, each in lines that fit; as with ``fitted_apart``, no two the same."""
    several = [wrapped(name, inches, size, most, weight) for name in names]
    often = Counter(map(tuple, several))
    for number, name in enumerate(names):
        if name and often[tuple(several[number])] > 1:
            several[number] = both_ends(name, inches, size, most, weight)
    if len(set(map(tuple, several))) == len(set(names)):
        return several
    return [
        wrapped(f"#{number} {name}" if name else "", inches, size, most, weight)
        for number, name in enumerate(names, 1)
    ]


def both_ends(
    name: str, inches: float, size: float, most: int = 1, weight: str = "normal"
) -> list[str]:
    """The beginning and the end of a long name, as much of them as fits in so many lines."""
    low, high = 1, min(len(name) // 2, 95)
    while low < high:
        middle = (low + high + 1) // 2
        text = f"{name[:middle]}…{name[-middle:]}"
        if len(wrapped(text, inches, size, most + 1, weight)) <= most:
            low = middle
        else:
            high = middle - 1
    return wrapped(f"{name[:low]}…{name[-low:]}", inches, size, most, weight)


def cut_apart(names: Sequence[str], longest: int = _LONGEST) -> list[str]:
    """Names of so many letters; those that would come out the same keep both their ends."""
    cut = [plain(name, longest) for name in names]
    often = Counter(cut)
    half = (longest - 1) // 2
    for place_of, name in enumerate(names):
        if often[cut[place_of]] > 1 and len(name) > longest:
            cut[place_of] = plain(f"{name[:half]}…{name[-half:]}", longest)
    return cut


def listed(names: Sequence[str], longest: int = 40, most: int = 3) -> str:
    """Names with commas between, each cut; those beyond the first few are counted."""
    told = ", ".join(cut_apart(names[:most], longest))
    return told + (f" and {len(names) - most:,} more" if len(names) > most else "")


def origin(query: Mapping[str, Any]) -> str:
    """Where the values are from, and their unit."""
    return f"{plain(query['source'])}, {plain(query['unit'])}"


def foot_height(lines: Sequence[str]) -> float:
    """The inches that a note below all takes."""
    return 0.11 * len(lines)


def write_foot(figure: Figure, lines: Sequence[str]) -> None:
    """Write a note below all."""
    width, height = figure.get_size_inches()
    for number, line in enumerate(reversed(lines)):
        at = 0.05 + foot_height(lines[:number])
        figure.text(0.08 / width, at / height, line, fontsize=6, color=GREY, va="bottom")


def key_height(handles: Sequence[Any], width: float) -> float:
    """The inches that a legend takes at the foot."""
    return 0.14 * math.ceil(len(handles) / _across(handles, width)) + (0.08 if handles else 0)


def write_key(figure: Figure, handles: Sequence[Any], bottom: float) -> None:
    """Write a legend at the left, some inches above the foot."""
    width, height = figure.get_size_inches()
    if handles:
        figure.legend(
            handles=list(handles), loc="lower left", bbox_to_anchor=(0.08 / width, bottom / height),
            ncols=_across(handles, width), borderaxespad=0, borderpad=0.2, handlelength=1.6,
            columnspacing=1.0, handletextpad=0.5, labelspacing=0.4,
        )  # fmt: skip


def _across(handles: Sequence[Any], width: float) -> int:
    """How many entries of a legend fit side by side."""
    if not handles:
        return 1
    import numpy as np

    widths = np.array([text_width(str(one.get_label()), 6.5) + 0.32 for one in handles])
    for n in range(len(handles), 1, -1):
        if sum(float(part.max()) for part in np.array_split(widths, n)) <= width - 0.2:
            return n
    return 1


def measure_of(name: str, answer: Answer) -> str:
    """What the numbers of a variable are: a score, or the unit of the genes' values."""
    if name in {one.name for one in answer.provenance.gene_sets}:
        return "ssGSEA score"
    if name in {one.name for one in answer.provenance.covariates}:
        return "value"
    return str(answer.query.scope.unit)
