"""The scatter of a pair in one tumor type: its samples, and a line with its band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from scipy.stats import gaussian_kde

from tcga_corr.analysis.correlate import CorrelateAnswer
from tcga_corr.analysis.points import Line, Points, Vector, line_through, points_of
from tcga_corr.analysis.score import ValuesAnswer
from tcga_corr.figures.frame import Frame, measure_of, place, source_and_unit, symbol_of
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.panels import write_note
from tcga_corr.figures.style import BLUE, VERMILION, styled
from tcga_corr.figures.text import cut_apart, listed, plain, text_width, wrapped
from tcga_corr.figures.ticks import number_axis, ticks_between
from tcga_corr.vocabulary.associations import note_without_mark
from tcga_corr.vocabulary.nulls import NULLS

Row = Mapping[str, Any]
_CROWDED = 250  # samples, from which points are coloured by how close they lie
_NEAR, _FAR = "#08306b", "#8ab8dc"  # colours of close ones, and of those apart
_WIDTH, _HEIGHT, _RIGHT = 3.5, 2.85, 0.18  # inches of the figure, of the axes, and at the right
_LEAST = 2.0  # inches of the figure, below which there is no room for axes
_SIZE, _LINE = 7.0, 0.115  # points and inches of a line of text


@styled()
def scatter(answer: CorrelateAnswer, values: ValuesAnswer, look: Look = PLAIN) -> Figure:
    """Draw one tumor type of the answer of ``correlate``.

    Where something is adjusted for, what its linear fit leaves of x and y is drawn. The line is
    that of least squares, with the 95 % band of its mean; it is drawn for Pearson's r alone.

    Parameters
    ----------
    answer
        Of one tumor type.
    values
        The values of x, y and what is adjusted for.
    look
        Size and title; there is no order.
    """
    look.refuse_order("a scatter of one tumor type")
    query, rows = answer.query, answer.frame.to_dicts()
    points = points_of(values.frame, query.x, query.y, values.fitted)
    has_line = rows[0]["r"] is not None and any(row["method"] == "pearson" for row in rows)
    line = line_through(points) if has_line else None
    y_limits = _limits(points.y, *([line.low, line.high] if line else []))
    names = cut_apart([query.x, query.y], 40)
    frame = Frame(*_heading(answer, rows), simulated=answer.simulated, look=look)
    frame = frame.as_wide(_WIDTH, _LEAST)
    around = 0.05 + 0.32 + 3 * _LINE
    high = frame.body(around + _HEIGHT, around + _LEAST / 2) - around
    y_ticks = ticks_between(*y_limits, high, upright=True)
    y_label = wrapped(_label(names[1], query.y, answer), high, _SIZE, 3)
    numbers = max((text_width(number, 6.5) for number in y_ticks.values()), default=0.0)
    left = 0.28 + _LINE * len(y_label) + numbers
    inner = frame.width - left - _RIGHT
    x_label = wrapped(_label(names[0], query.x, answer), inner, _SIZE, 3)
    bottom = 0.32 + _LINE * len(x_label)
    body = 0.05 + _HEIGHT + bottom
    figure = frame.figure(frame.body(body, min(body, around + _LEAST / 2)))
    axes = place(figure, left, bottom, _RIGHT, frame.head + 0.05)
    axes.set_ylim(y_limits)
    if len(points.x):
        _draw_points(axes, points)
        number_axis(axes, *_limits(points.x))
        axes.set_yticks(list(y_ticks), list(y_ticks.values()))
    else:
        write_note(axes, 0.5, _reason(rows[0]))
        axes.set_xticks([])
        axes.set_yticks([])
    if line:
        _draw_line(axes, line)
    axes.set_xlabel("\n".join(x_label), labelpad=2)
    axes.set_ylabel("\n".join(y_label), labelpad=2)
    return figure


def _limits(*vectors: Vector) -> tuple[float, float]:
    """Limits that hold all values."""
    values = np.concatenate(vectors)
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    margin = 0.04 * (high - low) or 0.04 * abs(high) or 1.0
    return low - margin, high + margin


def _label(text: str, name: str, answer: CorrelateAnswer) -> str:
    query = answer.query
    adjusted = f", adjusted for {listed(query.adjust, 24, 2)}" if query.adjust else ""
    measure = measure_of(name, answer, query.scope.unit)
    return f"{text}{'' if measure == 'value' else f', {measure}'}{adjusted}"


def _reason(row: Row) -> str:
    """Why there is no r."""
    return note_without_mark(row["note"]) or "no samples"


def _heading(answer: CorrelateAnswer, rows: Sequence[Row]) -> tuple[str, str]:
    query = answer.query
    adjusted = f"; adjusted for {listed(query.adjust)}" if query.adjust else ""
    x, y = cut_apart([query.x, query.y])
    title = f"{x} against {y} in {rows[0]['tumor_type']}"
    about = (
        f"n = {rows[0]['n']:,} {query.scope.samples_in_words}, {source_and_unit(query.scope)}"
        f"{adjusted}. {'; '.join(_estimate(row, bool(query.adjust)) for row in rows)}"
    )
    return title, about


def _estimate(row: Row, is_partial: bool) -> str:
    if row["r"] is None:
        return f"{row['method']}: {plain(_reason(row), 200)}"
    symbol = symbol_of(row["method"], is_partial=is_partial).replace(" ", "\u00a0")
    text = f"{row['method']}\u00a0{symbol} = {row['r']:.3f}"
    if row["ci_low"] is not None:
        text += f" ({row['ci_low']:.3f} to {row['ci_high']:.3f})"
    for name in ("p", *(null.p for null in NULLS.values())):
        if row[name] is not None:
            text += f", {name} = {row[name]:.2g}"
    return text


def _draw_points(axes: Axes, points: Points) -> None:
    x, y = points.x, points.y
    if len(x) < _CROWDED:
        axes.plot(x, y, "o", ms=2.8, mew=0, color=BLUE, alpha=0.75, clip_on=False)
        return
    density = _density(x, y)
    order = np.argsort(density, kind="stable")
    colours = LinearSegmentedColormap.from_list("near", [_FAR, _NEAR])
    axes.scatter(x[order], y[order], s=5, c=density[order], cmap=colours, linewidths=0, zorder=2)


def _density(x: Vector, y: Vector) -> Vector:
    """How close other samples lie to each, on no scale."""
    spread = np.array([np.ptp(x), np.ptp(y)])
    if not (spread > 0).all():
        return np.zeros(len(x))
    try:
        return np.asarray(gaussian_kde([x, y])([x, y]))
    except np.linalg.LinAlgError:  # all on one line
        return np.zeros(len(x))


def _draw_line(axes: Axes, line: Line) -> None:
    axes.fill_between(line.at, line.low, line.high, color=VERMILION, alpha=0.18, lw=0, zorder=3)
    axes.plot(line.at, line.y, color=VERMILION, lw=1.2, zorder=4)
