"""One style for all figures: what a journal's column needs, and what colour blindness allows.

Colours are those of Okabe & Ito 2008, https://jfly.uni-koeln.de/color/. The same figure gives the
same bytes: no dates, no random ids.
"""

from __future__ import annotations

import itertools
import math
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcga_corr.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tcga_corr.asking import Answer

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
    "hatch.linewidth": 0.5,
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
    room = width - 0.16
    title_lines = _lines(title, int(width * 15), room, 8.5, "bold") or [""]
    about_lines = _lines(about, int(width * 19), room, 6.5)
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
    """As ``short``, and without letters that the font lacks."""
    return "".join(one if ord(one) in _drawable() else "?" for one in short(text, longest))


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


def wrapped(text: str, inches: float, size: float, most: int, weight: str = "normal") -> list[str]:
    """A plain text in lines that fit; parted at spaces and underscores, the last one cut."""
    rest, lines = plain(text, 200).strip(), list[str]()
    while rest and len(lines) < most - 1 and text_width(rest, size, weight) > inches:
        n = len(fitted(rest, inches, size, weight)) - 1
        at = max(rest.rfind(" ", 0, n + 1), rest.rfind("_", 0, n) + 1)
        at = at if at > n // 3 else max(n, 1)
        lines.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*lines, fitted(rest, inches, size, weight)] if rest else lines


def _lines(
    text: str, letters: int, inches: float, size: float, weight: str = "normal"
) -> list[str]:
    """A text in lines of so many letters; of fewer where its letters are wide."""
    for longest in range(letters, letters // 2, -1):
        lines = textwrap.wrap(text, longest)
        if all(text_width(line, size, weight) <= inches for line in lines):
            return lines
    return _cut(textwrap.wrap(text, letters), inches, size, weight)


def _cut(lines: Sequence[str], inches: float, size: float, weight: str = "normal") -> list[str]:
    """Lines, those that would run out of the figure parted where they do."""
    found = []
    for line in lines:
        if text_width(line, size, weight) <= inches:
            found.append(line)
        else:
            found += wrapped(line, inches, size, 9, weight)
    return found


@dataclass(frozen=True)
class Column:
    """Texts or dots beside the rows of a panel, each row one: True is a filled dot."""

    head: str
    cells: Sequence[str | bool | None]
    inches: float = 0.4
    colour: str = INK


@dataclass(frozen=True)
class Panel:
    """Axes that share their rows with those beside them: title, label of x, columns at the right.

    Without ``axis`` there is no x-axis: for panels without values.
    """

    title: str
    label: str
    columns: Sequence[Column] = ()
    axis: bool = True

    @property
    def strip(self) -> float:
        """The inches that the columns take."""
        return sum(column.inches for column in self.columns)


_NARROWEST, _GAP, _EDGE = 0.93, 0.24, 0.12  # inches


def panels(
    told: tuple[str, str],
    names: Sequence[str],
    row: float,
    several: Sequence[Panel],
    handles: Sequence[Any],
    foot: str = "",
) -> tuple[Figure, list[Axes]]:
    """A figure of panels side by side, with a row for each of the names.

    Parameters
    ----------
    told
        Title, and what is to be said of the data.
    names
        Of the rows, from top to bottom; the row of a name is its place in this list.
    row
        Height of a row in inches.
    several
        The panels; the figure is wider than a column and a half where they need it.
    handles
        Of the legend.
    foot
        A line below all.
    """
    labels = [fitted(name, 2.3, 6.5) for name in names]
    left = max([0.36, *(text_width(label, 6.5) for label in labels)]) + 0.14
    taken = left + sum(one.strip for one in several) + _GAP * (len(several) - 1) + _EDGE
    width = max(WIDTH, taken + _NARROWEST * len(several))
    inner = (width - taken) / len(several)
    titles = [wrapped(one.title, inner, 6, 4, "bold") for one in several]
    axis_labels = [wrapped(one.label, inner, 6.5, 3) for one in several]
    heads = 0.12 * max(1, *map(len, titles))
    foot_lines = wrapped(foot, width - 0.2, 6, 4)
    bottom = 0.11 * len(foot_lines) + key_height(handles, width) + 0.08
    bottom += 0.22 + 0.115 * max(map(len, axis_labels)) if any(p.axis for p in several) else 0
    head = headed(new_figure(4, width), *told, width) + heads
    figure = new_figure(head + row * len(names) + bottom, width)
    headed(figure, *told, width)
    axes_of = []
    for number, one in enumerate(several):
        right = width - left - inner
        axes = place(figure, left, bottom, right, head)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_yticks(range(len(names)), labels if number == 0 else [""] * len(names))
        axes.tick_params(axis="y", length=0, pad=3)
        axes.spines["left"].set_visible(False)
        if one.axis:
            axes.set_xlabel("\n".join(axis_labels[number]), labelpad=2)
        else:
            axes.xaxis.set_visible(False)
            axes.spines["bottom"].set_visible(False)
        for place_of, line in enumerate(reversed(titles[number])):
            _write(axes, 0, 0.03 + 0.12 * place_of, line, weight="bold", fontsize=6)
        _write_columns(axes, one.columns, inner)
        axes_of.append(axes)
        left += inner + one.strip + _GAP
    for number, line in enumerate(reversed(foot_lines)):
        at = (0.05 + 0.11 * number) / figure.get_figheight()
        figure.text(0.08 / width, at, line, fontsize=6, color=GREY, va="bottom")
    write_key(figure, handles, 0.05 + 0.11 * len(foot_lines))
    return figure, axes_of


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


def _write(axes: Axes, x: float, above: float, text: str, **look: Any) -> None:
    """Write a line some inches right of the axes' left edge and above their top."""
    from matplotlib.transforms import ScaledTranslation

    shift = ScaledTranslation(x, above, axes.figure.dpi_scale_trans)
    axes.text(0, 1, text, transform=axes.transAxes + shift, va="bottom", clip_on=False, **look)


def _write_columns(axes: Axes, columns: Sequence[Column], inches: float) -> None:
    end = inches
    for column in columns:
        end += column.inches
        room = column.inches - 0.05
        is_text = any(isinstance(cell, str) for cell in column.cells)
        at, ha = (end, "right") if is_text else (end - column.inches / 2 + 0.03, "center")
        head = fitted(column.head, room, 6)
        _write(axes, at, 0.03, head, fontsize=6, color=GREY, ha=ha)
        across = axes.get_yaxis_transform()
        for y, cell in enumerate(column.cells):
            if isinstance(cell, str):
                axes.text(
                    at / inches, y, fitted(cell, room, 6), ha=ha, fontsize=6, va="center_baseline",
                    color=column.colour, transform=across, clip_on=False,
                )  # fmt: skip
            elif cell is not None:
                axes.plot(
                    at / inches, y, "o", ms=3.2, mew=0.6, color=INK,
                    mfc=INK if cell else "white", transform=across, clip_on=False,
                )  # fmt: skip


def noted(axes: Axes, y: float, note: str) -> None:
    """Write in a row why it has no values; its first words where there is no room for all."""
    inches = axes.get_position().width * axes.figure.get_figwidth()  # type: ignore[union-attr]
    note = plain(note, 200)
    while text_width(note, 5.5) > inches - 0.04 and ("," in note or ":" in note):
        note = note[: max(note.rfind(","), note.rfind(":"))]
    axes.text(
        0.5, y, fitted(note, inches - 0.04, 5.5), color=GREY, fontsize=5.5, ha="center",
        va="center", style="italic", zorder=5, transform=axes.get_yaxis_transform(),
        bbox={"fc": "white", "ec": "none", "pad": 1},
    )  # fmt: skip


def number_axis(axes: Axes, low: float, high: float) -> None:
    """Set the limits of x, and as many ticks as their numbers have room for."""
    from matplotlib.ticker import MaxNLocator

    inches = axes.get_position().width * axes.figure.get_figwidth()  # type: ignore[union-attr]
    axes.set_xlim(low, high)
    several = [
        [float(tick) for tick in locator.tick_values(low, high) if low <= tick <= high]
        for locator in (
            MaxNLocator(most, steps=[1, 2, 2.5, 5, 10], min_n_ticks=1) for most in range(6, 0, -1)
        )
    ]
    places = {tick: (tick - low) / (high - low) * inches for ticks in several for tick in ticks}
    best = max((_with_room(ticks, places, inches, False) for ticks in several), key=len)
    if len(best) < 2:
        best = max((_with_room(ticks, places, inches, True) for ticks in several), key=len)
    axes.set_xticks(sorted(best), [best[tick] for tick in sorted(best)])


def _with_room(
    ticks: Sequence[float], places: Mapping[float, float], inches: float, some: bool
) -> dict[float, str]:
    """Ticks whose numbers stay near the axes and apart; if two touch none, or ``some`` of them."""
    found: dict[float, str] = {}
    spans: list[tuple[float, float]] = []
    labels = dict(zip(ticks, _numbers(ticks), strict=True))
    for tick in sorted(ticks, key=abs):
        half = text_width(labels[tick], 6.5) / 2
        left, right = places[tick] - half, places[tick] + half
        if left < -_GAP / 2 or right > inches + _GAP / 2:
            continue
        if all(right + 0.06 < a or left - 0.06 > b for a, b in spans):
            found[tick] = labels[tick]
            spans.append((left, right))
        elif not some:
            return {}
    return found


def _numbers(ticks: Sequence[float]) -> list[str]:
    """Ticks as text, with as many decimals as they need."""
    largest = max(map(abs, ticks), default=0.0)
    step = min((b - a for a, b in itertools.pairwise(ticks)), default=largest)
    if largest >= 1e6 or 0 < step < 1e-4:
        labels = [f"{tick:.6g}" for tick in ticks]
    else:
        needed = (n for n in range(6) if all(abs(round(t, n) - t) < 1e-3 * step for t in ticks))
        decimals = next(needed, 6)
        labels = [f"{tick:,.{decimals}f}" for tick in ticks]
    return [label.replace("-", "−") for label in labels]


def measure_of(name: str, answer: Answer) -> str:
    """What the numbers of a variable are: a score, or the unit of the genes' values."""
    if name in {one["name"] for one in answer.provenance["gene_sets"]}:
        return "ssGSEA score"
    if name in {one["name"] for one in answer.provenance["covariates"]}:
        return "value"
    return str(answer.query["unit"])
