"""One group of samples: a box and its points, or of few samples the points and their mean."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from tcga_corr.analysis.compare import CompareQuery
from tcga_corr.analysis.points import Vector
from tcga_corr.choices import BY_GTEX, BY_SAMPLE_TYPE
from tcga_corr.figures.style import INK, SERIES

FEW = 5
"""Samples up to which a group is points and their mean, as quartiles say nothing more."""
_TURN = 0.6180339887498949  # of the golden ratio: each next point lies far from those before


def colours_of(query: CompareQuery) -> dict[str, str]:
    """The colour of each group; tumours have that of all figures, wherever they stand."""
    names = query.groups
    if query.by in (BY_GTEX, BY_SAMPLE_TYPE):
        names = sorted(names, key=lambda name: name != "tumor")
    colour_of = {name: SERIES[number % len(SERIES)] for number, name in enumerate(names)}
    return {name: colour_of[name] for name in query.groups}


def draw_group(
    axes: Axes, x: float, values: Vector, colour: str, width: float, inches: float
) -> None:
    """A box and its points; ``width`` of its place in the unit of x, and in inches."""
    if len(values) <= FEW:
        _draw_points(axes, x, values, colour, width, inches)
        return
    size = min(2.4, max(0.7, 22 * inches / len(values) ** 0.5))
    jitter = (np.arange(1, len(values) + 1) * _TURN) % 1 - 0.5
    axes.plot(
        x + 0.8 * width * jitter, values, "o", ms=size, mew=0, color=colour, alpha=0.45, zorder=2,
        rasterized=len(values) > 200,
    )  # fmt: skip
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    reach = 1.5 * (high - low)
    ends = values[values >= low - reach].min(), values[values <= high + reach].max()
    half = 0.3 * width
    line: dict[str, Any] = {"color": INK, "lw": min(0.8, 0.3 + inches), "zorder": 3}
    for shade, alpha in (("white", 0.55), (colour, 0.4)):
        axes.fill_between(
            [x - half, x + half], low, high, fc=shade, ec="none", alpha=alpha, zorder=2.5
        )
    for one, other in ((ends[0], low), (high, ends[1])):
        axes.plot([x, x], [one, other], solid_capstyle="butt", **line)
    corners = [x - half, x + half, x + half, x - half, x - half]
    axes.plot(corners, [low, low, high, high, low], solid_joinstyle="miter", **line)
    line["lw"] *= 2
    axes.plot([x - half, x + half], [median, median], solid_capstyle="butt", **line)


def _draw_points(
    axes: Axes, x: float, values: Vector, colour: str, width: float, inches: float
) -> None:
    """Each sample, and the mean of several as a line."""
    half = 0.3 * width
    at = x + np.linspace(-half, half, len(values) + 2)[1:-1]
    size = min(4.0, max(1.5, 22 * inches))
    axes.plot(at, values, "o", ms=size, mew=0, color=colour, alpha=0.8, zorder=3)
    if len(values) == 1:
        return
    mean = float(values.mean())
    axes.plot(
        [x - half, x + half], [mean, mean], color=INK, lw=min(1.2, 0.5 + inches), zorder=2.5,
        solid_capstyle="butt",
    )  # fmt: skip
