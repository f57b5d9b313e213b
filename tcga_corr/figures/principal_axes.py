"""The samples of tumor types on their first two principal components, a panel each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tcga_corr.analysis.pca import PcaAnswer
from tcga_corr.errors import UsageError
from tcga_corr.figures.frame import Frame, samples_in_words, source_and_unit, where_in_words
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.style import (
    BLUE,
    FAINT,
    GREY,
    MARKERS,
    PALE,
    SEQUENTIAL,
    SERIES,
    WIDTH,
    styled,
)
from tcga_corr.figures.text import count_of, cut_apart, fitted, plain
from tcga_corr.figures.ticks import number_axis, ticks_between

MOST_PANELS, MOST_GROUPS = 33, 12
"""Tumor types and groups of one figure."""
_SCALE = LinearSegmentedColormap.from_list("number", SEQUENTIAL)
_MANY = 1_500  # points, from which they are drawn as an image
_LEFT, _BOTTOM, _TITLE, _RIGHT, _BAR = 0.5, 0.36, 0.2, 0.12, 0.62  # inches
_SIDE = {1: 3.9, 2: 1.95, 3: 1.15, 4: 0.85}  # inches of a panel, by how many are side by side
_LEAST = 0.7  # inches of a panel
_WITHOUT = "without a value"


@styled()
def principal_axes(answer: PcaAnswer, look: Look = PLAIN) -> Figure:
    """Draw an answer of ``pca``: first against second component, both in one scale.

    Groups have colours and shapes, numbers a scale from light to dark; samples without either are
    open and grey. The axes have the share of the variance.

    Raises
    ------
    UsageError
        If there are more groups or tumor types than can be told apart.
    """
    frame = answer.frame
    groups = answer.query.groups
    if len(groups) > MOST_GROUPS:
        raise UsageError(
            f"{len(groups)} groups cannot be told apart", f"Draw at most {MOST_GROUPS} groups"
        )
    n_of = dict(frame["tumor_type"].value_counts().iter_rows())
    types = look.ordered(
        frame["tumor_type"].unique(maintain_order=True).to_list(), {}, n_of, "given"
    )
    if len(types) > MOST_PANELS:
        raise UsageError(f"{len(types)} tumor types do not fit", f"Draw at most {MOST_PANELS}")
    across = 1 if len(types) == 1 else 2 if len(types) <= 4 else 3 if len(types) <= 9 else 4
    side = _SIDE[across]
    is_number = frame["group"].dtype == pl.Float64
    beside = across * _LEFT + _RIGHT + (_BAR if is_number else 0.0)
    own = Frame(
        *_heading(answer, types),
        simulated=answer.simulated,
        handles=_handles(frame, groups, is_number),
        foot=f"The shades span the central 96 % of {plain(answer.query.by or '')}." * is_number,
        look=look,
    ).as_wide(max(WIDTH, beside + across * side), beside + across * _LEAST)
    n_down = -(-len(types) // across)
    around = n_down * (_BOTTOM + _TITLE) + 0.05
    body = own.body(around + n_down * side, around + n_down * _LEAST)
    width = own.width
    if look.inches:  # panels stay squares
        side = min((width - beside) / across, (body - around) / n_down)
    step = side + _BOTTOM + _TITLE
    figure = own.figure(body)
    high = figure.get_figheight()
    shares = {
        (row["tumor_type"], row["component"]): row["share"] for row in answer.variance.to_dicts()
    }
    limits = _limits_of(frame["group"]) if is_number else None
    for number, name in enumerate(types):
        line, column = divmod(number, across)
        left = column * (_LEFT + side) + _LEFT
        bottom = high - own.head - line * step - _TITLE - side
        axes = figure.add_axes((left / width, bottom / high, side / width, side / high))
        _draw(axes, frame.filter(tumor_type=name), groups, limits, side)
        _label(axes, name, shares, side, several=len(types) > 1)
    if limits:
        _draw_scale(figure, answer, limits, own.head + _TITLE, across * (_LEFT + side) + 0.14)
    return figure


def _heading(answer: PcaAnswer, types: Sequence[str]) -> tuple[str, str]:
    query = answer.query
    where = where_in_words(types, query.scope.source)
    by = f" by {plain(query.by.rpartition('/')[2])}" if query.by else ""
    about = (
        f"{count_of(answer.frame.height, 'sample')}, the {query.n_genes:,} genes that vary most, "
        f"centred; {source_and_unit(query.scope)}; {samples_in_words(query.scope)}"
    )
    return f"Principal components of {where}{by}", about


def _limits_of(numbers: pl.Series) -> tuple[float, float]:
    """The central 96 %, so that a few far ones leave the others their shades."""
    known = numbers.drop_nulls().to_numpy()
    if not len(known):
        return 0.0, 1.0
    low, high = (float(one) for one in np.quantile(known, [0.02, 0.98]))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _look(number: int) -> dict[str, Any]:
    """Colour, shape and filling of a group."""
    colour = SERIES[number % len(SERIES)]
    is_open = number >= len(SERIES)
    return {
        "marker": MARKERS[number % len(MARKERS)],
        "facecolor": "white" if is_open else colour,
        "edgecolor": colour if is_open else "white",
    }


def _draw(
    axes: Axes,
    part: pl.DataFrame,
    groups: Sequence[str],
    limits: tuple[float, float] | None,
    side: float,
) -> None:
    x, y = (part[name].to_numpy().astype(np.float64) for name in ("pc1", "pc2"))
    group = part["group"].to_list()
    size = _size(len(x), side)
    look: dict[str, Any] = {"clip_on": False, "rasterized": len(x) > _MANY, "zorder": 3}
    thin = 0.25 if len(x) > 100 else 0.4
    none = np.array([one is None for one in group])
    if groups or limits:
        axes.scatter(
            x[none], y[none], s=size, marker="o", facecolor="white", edgecolor=FAINT,
            linewidth=0.5, **look | {"zorder": 2},
        )  # fmt: skip
    if limits:
        known = np.array([one for one in group if one is not None], dtype=np.float64)
        axes.scatter(
            x[~none], y[~none], s=size, c=known, cmap=_SCALE, norm=Normalize(*limits),
            edgecolor="white", linewidth=thin, **look,
        )  # fmt: skip
    elif groups:
        for number, name in enumerate(groups):
            own = np.array([one == name for one in group])
            style = _look(number)
            wide = 0.7 if style["facecolor"] == "white" else thin
            axes.scatter(x[own], y[own], s=size, linewidth=wide, **style, **look)
    else:
        axes.scatter(x, y, s=size, facecolor=BLUE, edgecolor="white", linewidth=thin, **look)
    half = 0.54 * max(np.ptp(x), np.ptp(y)) or 1.0
    middle = [(values.min() + values.max()) / 2 for values in (x, y)]
    axes.set_ylim(middle[1] - half, middle[1] + half)
    number_axis(axes, middle[0] - half, middle[0] + half)
    ticks = ticks_between(middle[1] - half, middle[1] + half, side, upright=True)
    axes.set_yticks(list(ticks), list(ticks.values()))
    axes.axhline(0, color=PALE, lw=0.6, zorder=1)
    axes.axvline(0, color=PALE, lw=0.6, zorder=1)


def _size(n: int, side: float) -> float:
    """The area of a point in square points: smaller where there are many in little room."""
    return min(26.0, max(3.0, 26 * side / 3.2 * min(1.0, math.sqrt(60 / n))))


def _label(
    axes: Axes, name: str, shares: Mapping[tuple[str, str], float], side: float, *, several: bool
) -> None:
    labels = [
        f"PC{number}, {100 * shares.get((name, f'pc{number}'), 0.0):.1f} %" for number in (1, 2)
    ]
    size = 7 if side > 1.5 else 6
    axes.set_xlabel(fitted(labels[0], side, size), labelpad=1, fontsize=size)
    axes.set_ylabel(fitted(labels[1], side, size), labelpad=1, fontsize=size)
    axes.tick_params(length=2, pad=1.5, labelsize=6.5 if side > 1.5 else 5.5)
    if several:
        axes.text(0, 1.03, name, fontsize=7, weight="bold", transform=axes.transAxes, va="bottom")


def _handles(frame: pl.DataFrame, groups: Sequence[str], is_number: bool) -> list[Artist]:
    counts = dict(frame["group"].value_counts().iter_rows()) if not is_number else {}
    handles: list[Artist] = []
    for number, (name, label) in enumerate(zip(groups, cut_apart(groups, 40), strict=True)):
        style = _look(number)
        edge = style["edgecolor"] if style["facecolor"] == "white" else "none"
        handles.append(
            Line2D(
                [], [], lw=0, ms=4.2, mew=0.7, marker=style["marker"], mfc=style["facecolor"],
                mec=edge, label=f"{label}, n = {counts.get(name, 0):,}",
            )
        )  # fmt: skip
    n_none = frame["group"].null_count()
    if n_none and (groups or is_number):
        handles.append(
            Line2D(
                [], [], lw=0, ms=4.2, mew=0.5, marker="o", mfc="white", mec=FAINT,
                label=f"{_WITHOUT}, n = {n_none:,}",
            )
        )  # fmt: skip
    return handles


def _draw_scale(
    figure: Figure, answer: PcaAnswer, limits: tuple[float, float], top: float, left: float
) -> None:
    """The scale of a number, beside the upper right panel."""
    width, height = figure.get_size_inches()
    high = 1.1
    axes = figure.add_axes(
        (left / width, (height - top - 0.14 - high) / height, 0.1 / width, high / height)
    )
    bar = figure.colorbar(ScalarMappable(Normalize(*limits), _SCALE), cax=axes)
    ticks = ticks_between(*limits, high, upright=True)
    bar.set_ticks(list(ticks), labels=list(ticks.values()))
    bar.outline.set_linewidth(0.4)
    axes.tick_params(length=2, pad=2, labelsize=5.5)
    name = fitted(answer.query.by or "", width - left - 0.05, 6)
    axes.text(0, 1.04, name, fontsize=6, color=GREY, transform=axes.transAxes, va="bottom")
