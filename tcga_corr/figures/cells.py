"""A map of cells: r as colour, rows by columns, both in a given order or clustered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy.cluster.hierarchy import dendrogram, linkage
from scipy.spatial.distance import squareform

from tcga_corr.choices import FigureOrder
from tcga_corr.figures.frame import Frame, place
from tcga_corr.figures.style import GREY, INK, WIDTH
from tcga_corr.figures.text import text_width
from tcga_corr.vocabulary.associations import SIGNIFICANT

Matrix = NDArray[np.float64]

SIZE = 5.5  # points
MARK = (INK, 0.3)
"""Colour and opacity of SIMULATED, seen on red and blue too."""
_NO_R = "#b4b4b4"  # where there is no r
_TREE, _GAP, _EDGE, _FOOT = 0.3, 0.05, 0.1, 0.42  # inches
_LEAST = 0.085  # inches of a row or column, below which its names would touch
_FURTHEST = 2.0  # what two r can differ by


@dataclass(frozen=True)
class Cells:
    """r and q of pairs by tumor types, NaN where there is none."""

    r: Matrix
    q: Matrix


@dataclass(frozen=True)
class Tree:
    """The strokes of a dendrogram: places along the rows, and heights."""

    places: Matrix
    heights: Matrix


@dataclass(frozen=True)
class CellMap:
    """What is drawn, rows from top to bottom and columns from left to right.

    Attributes
    ----------
    names, columns
        Of the rows, and of the columns.
    sharing
        The rows whose names are grey, as genes are shared there.
    cells, pooled
        The cells; and a column of pooled r before them.
    dot, grey, missing
        What a dot, a grey name, and a grey cell stand for.
    row_tree, column_tree
        Where they are clustered.
    is_square
        Whether cells are as high as they are wide.
    symbol
        How the coefficient is written.
    """

    names: Sequence[str]
    sharing: Sequence[bool]
    columns: Sequence[str]
    cells: Cells
    pooled: Cells | None = None
    dot: str = f"q < {SIGNIFICANT}"
    grey: str = "the pair shares genes"
    missing: str = "no r"
    row_tree: Tree | None = None
    column_tree: Tree | None = None
    is_square: bool = False
    symbol: str = "r"


def clustered(r: Matrix) -> tuple[list[int], Tree | None]:
    """The order of rows by average linkage, and their tree; the highest mean first.

    The distance of two rows is that of their r, where both have one; rows that have none in common
    are as far apart as r can be.
    """
    if len(r) < 2:
        return list(range(len(r))), None
    known = ~np.isnan(r)
    filled = np.where(known, r, 0.0)
    n = known.astype(float) @ known.T.astype(float)
    both = known[:, np.newaxis] & known
    squares = ((filled[:, np.newaxis] - filled) ** 2 * both).sum(axis=2)
    distance = np.where(n > 0, np.sqrt(squares / np.maximum(n, 1)), _FURTHEST)
    tree = linkage(squareform(distance, checks=False), "average", optimal_ordering=True)
    drawn: Any = dendrogram(tree, no_plot=True)
    order = [int(leaf) for leaf in drawn["leaves"]]
    # scipy puts leaves at 5, 15, 25, …
    places = (np.array(drawn["icoord"]) - 5) / 10
    half = len(order) // 2
    first, last = filled[order[:half]].mean(), filled[order[-half:]].mean()
    if first < last:
        order.reverse()
        places = len(order) - 1 - places
    return order, Tree(places, np.array(drawn["dcoord"]))


def mean_r(r: Matrix) -> list[float | None]:
    """The mean of each row's r; None where it has none."""
    return [float(np.nanmean(row)) if (~np.isnan(row)).any() else None for row in r]


def in_order(order: FigureOrder | Sequence[str], what: str) -> str:
    """The order of a map in words, for its heading."""
    if not isinstance(order, str):
        return f"{what} in the given order"
    return {
        "given": "in the given order",
        "cluster": "clustered by average linkage of r",
        "name": f"{what} by name",
        "n": f"{what} by falling n",
        "value": f"{what} by falling mean r",
    }[order]


def draw_map(frame: Frame, drawn: CellMap) -> Figure:
    """Draw cells: r as colour from -1 to 1, a dot where q is small, grey where there is no r."""
    row = 0.115 if len(drawn.names) > 24 else 0.16
    # on screens of few dots, letters are a little wider
    left = 1.04 * max([0.5, *(text_width(name, SIZE) for name in drawn.names)]) + 0.12
    n_columns = len(drawn.columns) + (drawn.pooled is not None)
    right = _EDGE + (_TREE + _GAP if drawn.row_tree else 0.0)
    gap = _GAP if drawn.pooled else 0.0
    beside = left + gap + right
    cell = min(0.42, max(0.145, (WIDTH - beside) / n_columns))
    row = cell if drawn.is_square else row
    frame = frame.as_wide(max(WIDTH, beside + cell * n_columns), beside + _LEAST * n_columns)
    names_below = 1.04 * max(text_width(name, SIZE) for name in [*drawn.columns, "pooled"]) + 0.08
    width, head = frame.width, frame.head + 0.02
    above = _TREE + _GAP if drawn.column_tree else 0.0
    below = names_below + _FOOT
    around = 0.02 + above + below
    n_rows = len(drawn.names)
    body = frame.body(around + row * n_rows, around + _LEAST * n_rows)
    if frame.look.inches:
        row, cell = (body - around) / n_rows, (width - beside) / n_columns
        if drawn.is_square:
            row = cell = min(row, cell)
    high = row * n_rows
    figure = frame.figure(body)
    below = figure.get_figheight() - head - above - high
    named_axes = None
    if drawn.pooled:
        named_axes = place(figure, left, below, width - left - cell, head + above)
        _draw_cells(named_axes, drawn.pooled, ["pooled"], row, cell)
        left += cell + gap
    wide = cell * len(drawn.columns)
    axes = place(figure, left, below, width - left - wide, head + above)
    _draw_cells(axes, drawn.cells, drawn.columns, row, cell)
    _name_rows(named_axes or axes, drawn)
    if drawn.row_tree:
        side = left + wide + _GAP
        tree = place(figure, side, below, width - side - _TREE, head + above)
        _draw_tree(tree, drawn.row_tree, len(drawn.names), upright=False)
    if drawn.column_tree:
        tree = place(figure, left, below + high + _GAP, width - left - wide, head)
        _draw_tree(tree, drawn.column_tree, len(drawn.columns), upright=True)
    shown = [cells.r for cells in (drawn.cells, drawn.pooled) if cells]
    _draw_key(figure, drawn, has_missing=any(np.isnan(r).any() for r in shown))
    return figure


def _colours() -> Any:
    return colormaps["RdBu_r"].with_extremes(bad=_NO_R)


def _draw_cells(axes: Axes, cells: Cells, names: Sequence[str], row: float, cell: float) -> None:
    r = cells.r
    axes.pcolormesh(
        np.arange(r.shape[1] + 1) - 0.5, np.arange(r.shape[0] + 1) - 0.5, np.ma.masked_invalid(r),
        cmap=_colours(), vmin=-1, vmax=1, edgecolors="white", linewidth=0.3,
    )  # fmt: skip
    with np.errstate(invalid="ignore"):
        small = (cells.q < SIGNIFICANT) & ~np.isnan(r)
    for dark in (False, True):
        y, x = np.nonzero(small & ((np.abs(r) > 0.6) == dark))
        size = min(1.8, 18 * min(row, cell))
        axes.plot(x, y, "o", ms=size, mew=0, color="white" if dark else INK)
    axes.set_xlim(-0.5, r.shape[1] - 0.5)
    axes.set_ylim(r.shape[0] - 0.5, -0.5)
    axes.set_yticks([])
    axes.tick_params(length=0, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=SIZE)


def _name_rows(axes: Axes, drawn: CellMap) -> None:
    axes.set_yticks(range(len(drawn.names)), drawn.names, fontsize=SIZE)
    for label, is_sharing in zip(axes.get_yticklabels(), drawn.sharing, strict=True):
        label.set_color(GREY if is_sharing else INK)


def _draw_tree(axes: Axes, tree: Tree, n: int, upright: bool) -> None:
    for places, heights in zip(tree.places, tree.heights, strict=True):
        x, y = (places, heights) if upright else (heights, places)
        axes.plot(x, y, color=GREY, lw=0.5, solid_joinstyle="miter")
    top = 1.04 * float(tree.heights.max()) or 1.0
    if upright:
        axes.set_xlim(-0.5, n - 0.5)
        axes.set_ylim(0, top)
    else:
        axes.set_xlim(0, top)
        axes.set_ylim(n - 0.5, -0.5)
    axes.axis("off")


def _draw_key(figure: Figure, drawn: CellMap, *, has_missing: bool) -> None:
    """Draw the colours and marks, at the foot."""
    width, height = figure.get_size_inches()
    left = max(0.3, 0.22 + text_width(drawn.symbol, 6.5))
    axes = place(figure, left, 0.22, width - left - 1.3, height - 0.3)
    axes.pcolormesh(
        np.linspace(-1, 1, 101), [0, 1], np.linspace(-0.99, 0.99, 100)[np.newaxis], cmap=_colours(),
        vmin=-1, vmax=1, rasterized=True,
    )  # fmt: skip
    axes.set_yticks([])
    axes.set_xticks([-1, -0.5, 0, 0.5, 1], ["−1", "−0.5", "0", "0.5", "1"])
    axes.tick_params(length=2, pad=1.5, labelsize=6)
    axes.spines[["left", "bottom"]].set_visible(False)
    figure.text(0.16 / width, 0.26 / height, drawn.symbol, fontsize=6.5, va="center")
    entries: list[tuple[str, dict[str, Any]]] = [
        (drawn.dot, {"marker": "o", "ms": 2, "mew": 0, "color": INK})
    ]
    if has_missing:
        entries.append((drawn.missing, {"marker": "s", "ms": 5, "mew": 0, "color": _NO_R}))
    x = start = left + 1.6  # inches, right of the colours
    for text, look in entries:
        figure.add_artist(Line2D([x / width], [0.27 / height], lw=0, **look))
        figure.text((x + 0.08) / width, 0.26 / height, text, fontsize=6.5, va="center")
        x += text_width(text, 6.5) + 0.3
    if any(drawn.sharing):
        text = f"grey name: {drawn.grey}"
        figure.text(
            (start - 0.03) / width, 0.12 / height, text, fontsize=6.5, va="center", color=GREY
        )
