"""Which genes several contrasts call alike: bars of intersections over a matrix of dots."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from tcga_corr.analysis.de import DeAnswer
from tcga_corr.analysis.differential.summary import called
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.figures.change import heading
from tcga_corr.figures.frame import Frame, place
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.style import BAND, BLUE, GREY, INK, PALE, VERMILION, WIDTH, styled
from tcga_corr.figures.text import fitted_apart, plain, text_width

MOST_SETS = 33
_NAME, _SIZES, _GAP = 1.5, 0.95, 0.1  # inches: of a name at most, of the bars of sets
_ROW, _BARS, _TOP, _FOOT = 0.19, 1.35, 0.16, 0.1
_COLUMN = 0.11  # inches, at least
_SIZE, _COUNT_SIZE = 6.0, 5.5


@dataclass(frozen=True)
class _Intersection:
    """The genes that these sets have, and no other."""

    sets: tuple[int, ...]
    size: int


@styled()
def overlap(answer: DeAnswer, look: Look = PLAIN) -> Figure:
    """Draw how many genes each contrast of ``de`` calls, up and down, and which call the same.

    A column of dots names contrasts; the bar above it counts the genes that these alone call.

    Raises
    ------
    AnalysisError
        If no gene is called.
    UsageError
        If there are too many contrasts.
    """
    look.refuse_order("a figure of overlaps")
    query = answer.query
    several = len(query.tumor_types) > 1
    genes_of, changes = _called(answer, several=several)
    if len(genes_of) > MOST_SETS:
        raise UsageError(
            f"{len(genes_of)} contrasts in one figure cannot be read",
            f"Choose at most {MOST_SETS} with -t or --contrast",
        )
    found = _intersections(list(genes_of.values()))
    if not found:
        raise AnalysisError("no gene is called, so nothing overlaps", "Raise --q, or lower --lfc")
    names = fitted_apart([plain(name, 200) for name in genes_of], _NAME, _SIZE)
    wide = max(text_width(name, _SIZE) for name in names) + 0.2
    matrix_left = wide + _SIZES + _GAP
    width = look.width_or(WIDTH)
    room = width - matrix_left - 0.15
    column = max(_COLUMN, text_width(f"{found[0].size:,}", _COUNT_SIZE) + 0.04)
    n_shown = max(1, int(room / column))
    shown, left = found[:n_shown], found[n_shown:]
    more = f"{sum(one.size for one in left):,} genes of {len(left):,} more intersections not drawn"
    title, about = heading(answer, answer.frame.filter(pl.col("q").is_not_null()))
    frame = Frame(
        title,
        about + (f"; {more}" if left else ""),
        simulated=answer.simulated,
        handles=[
            Patch(color=VERMILION, label="higher in the first group"),
            Patch(color=BLUE, label="lower"),
            Patch(color=INK, label="called by these contrasts and no other"),
        ],
        look=look,
    ).as_wide(WIDTH, matrix_left + 0.15 + 3 * column)
    dots = _ROW * len(names)
    around = _TOP + dots + _FOOT
    body = frame.body(around + _BARS, around + _BARS / 2)
    high = body - around
    figure = frame.figure(body)
    bottom = frame.below + _FOOT
    sizes = place(figure, wide, bottom, width - wide - _SIZES, frame.head + _TOP + high)
    _draw_sizes(sizes, names, list(changes.values()))
    right = 0.15 + max(0.0, room - 0.32 * max(len(shown), 3))
    matrix = place(figure, matrix_left, bottom, right, frame.head + _TOP + high)
    _draw_dots(matrix, shown, len(names))
    bars = place(figure, matrix_left, bottom + dots, right, frame.head + _TOP)
    _draw_bars(bars, shown)
    return figure


def _called(
    answer: DeAnswer, *, several: bool
) -> tuple[dict[str, set[str]], dict[str, tuple[int, int]]]:
    """By contrast, the genes called, and how many go up and down."""
    query = answer.query
    genes, changes = {}, {}
    for row in answer.summary.iter_rows(named=True):
        name = f"{row['tumor_type']} {row['contrast']}" if several else row["contrast"]
        part = answer.frame.filter(
            (pl.col("tumor_type") == row["tumor_type"]) & (pl.col("contrast") == row["contrast"])
        ).filter(called(query.q, query.lfc))
        genes[name] = set(part["gene"].to_list())
        changes[name] = (row["n_up"], row["n_down"])
    return genes, changes


def _intersections(genes: list[set[str]]) -> list[_Intersection]:
    """The largest first; of the same size those of fewer sets."""
    members: dict[str, list[int]] = {}
    for number, some in enumerate(genes):
        for gene in some:
            members.setdefault(gene, []).append(number)
    counts = Counter(map(tuple, members.values()))
    found = [_Intersection(sets, size) for sets, size in counts.items()]
    return sorted(found, key=lambda one: (-one.size, len(one.sets), one.sets))


def _draw_sizes(axes: Axes, names: list[str], changes: list[tuple[int, int]]) -> None:
    most = max(1, *(up + down for up, down in changes))
    for row, (up, down) in enumerate(changes):
        axes.barh(row, up, color=VERMILION, height=0.6)
        axes.barh(row, down, left=up, color=BLUE, height=0.6)
        axes.text(
            up + down + 0.04 * most,
            row,
            f"{up + down:,}",
            fontsize=_COUNT_SIZE,
            va="center_baseline",
        )
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 1.75 * most)
    axes.set_yticks(range(len(names)), names, fontsize=_SIZE)
    axes.tick_params(left=False)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])
    axes.set_title("genes called", fontsize=6, color=GREY, loc="left", pad=2)


def _draw_dots(axes: Axes, shown: list[_Intersection], n_sets: int) -> None:
    axes.set_xlim(-0.5, max(len(shown), 3) - 0.5)
    axes.set_ylim(n_sets - 0.5, -0.5)
    for row in range(0, n_sets, 2):
        axes.axhspan(row - 0.5, row + 0.5, color=BAND, lw=0, zorder=0)
    for column, one in enumerate(shown):
        others = [row for row in range(n_sets) if row not in one.sets]
        axes.scatter([column] * len(others), others, s=12, color=PALE, lw=0, zorder=2)
        axes.plot([column, column], [min(one.sets), max(one.sets)], color=INK, lw=1, zorder=2)
        axes.scatter([column] * len(one.sets), one.sets, s=16, color=INK, lw=0, zorder=3)
    axes.axis("off")


def _draw_bars(axes: Axes, shown: list[_Intersection]) -> None:
    sizes = [one.size for one in shown]
    axes.bar(range(len(shown)), sizes, color=INK, width=0.6)
    axes.set_xlim(-0.5, max(len(shown), 3) - 0.5)
    axes.set_ylim(0, 1.02 * max(sizes))
    for column, size in enumerate(sizes):
        axes.text(column, size, f"{size:,}", ha="center", va="bottom", fontsize=_COUNT_SIZE)
    axes.set_xticks([])
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_title("genes in each intersection", fontsize=6, color=GREY, loc="left", pad=8)
