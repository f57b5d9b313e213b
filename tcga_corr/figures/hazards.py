"""Hazard ratios of a variable: a row per tumor type, and the pooled ratio at the foot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

from tcga_corr.analysis.survival import PooledHazard, SurvivalAnswer
from tcga_corr.figures.frame import Frame, place, source_and_unit
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.panels import LEAST_ROW, draw_dot, label_rows, write_above, write_note
from tcga_corr.figures.style import BLUE, GREY, INK, PALE, WIDTH, styled
from tcga_corr.figures.text import count_of, cut_apart, listed
from tcga_corr.vocabulary.associations import SIGNIFICANT, is_significant, note_without_mark

_ROW, _LEFT, _FOOT, _HEADS, _NARROWEST = 0.165, 0.58, 0.4, 0.16, 1.2  # inches
# columns at the right of the axes: their right ends or middles, in inches from these
_N_AT, _EVENTS_AT = 0.42, 0.84
_DOTS = {"q": 1.08, "p_genes": 1.4}
_RIGHT = 1.66
_WIDEST = 32.0  # a ratio, or one by it, beyond which axes do not go
_TICKS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 2 / 3, 1, 1.5, 2, 4, 8, 16, 32)
_NARROW = 2.6  # axes that end at it or below have ticks at 2/3 and 1.5
Row = Mapping[str, Any]


@styled()
def hazard_forest(answer: SurvivalAnswer, look: Look = PLAIN) -> Figure:
    """Draw the answer of ``survival``.

    A row per tumor type, by falling hazard ratio or in the order of the look: point and 95 %
    interval, on a log axis; an arrow where the interval leaves it. Behind it the central 95 % of
    what random genes give. At the right samples, events, and a dot for each of q and p_genes:
    filled where below 0.05. Below, the pooled ratio with its interval (diamond) and the 95 %
    prediction interval (line).
    """
    rows = answer.frame.to_dicts()
    by_type = {row["tumor_type"]: row for row in rows}
    order = look.ordered(
        answer.query.scope.tumor_types,
        {name: row["hr"] for name, row in by_type.items()},
        {name: row["n"] for name, row in by_type.items()},
        "value",
    )
    summary = answer.summary
    last = len(order) + (1.6 if summary.hr is not None else 0)
    dots = [name for name in _DOTS if any(row[name] is not None for row in rows)]
    frame = Frame(
        *_heading(answer, rows),
        simulated=answer.simulated,
        handles=_handles(rows),
        foot=_foot(dots, summary),
        look=look,
    ).as_wide(WIDTH, _LEFT + _NARROWEST + _RIGHT)
    around = _HEADS + 0.06 + _FOOT
    figure = frame.figure(frame.body(around + _ROW * last, around + LEAST_ROW * last))
    axes = place(figure, _LEFT, _FOOT + frame.below, _RIGHT, frame.head + _HEADS)
    axes.set_ylim(last - 0.4, -0.6)
    _set_axis(axes, rows, summary)
    for number, name in enumerate(order):
        _draw_row(axes, number, by_type[name])
    _draw_columns(axes, [by_type[name] for name in order], dots)
    labels: dict[float, str] = dict(enumerate(order))
    if summary.hr is not None:
        axes.axhline(len(order) - 0.3, color=GREY, lw=0.5)
        labels[len(order) + 0.3] = "pooled"
        _draw_pooled(axes, len(order) + 0.3, summary)
    label_rows(axes, labels)
    return figure


def _heading(answer: SurvivalAnswer, rows: Sequence[Row]) -> tuple[str, str]:
    query = answer.query
    known = [row for row in rows if row["hr"] is not None]
    n, events = (sum(row[name] for row in known) for name in ("n", "n_events"))
    adjusted = f", adjusted for {listed(query.adjust)}" if query.adjust else ""
    about = (
        f"hazard ratio per standard deviation{adjusted}; {source_and_unit(query.scope)}; "
        f"{query.scope.samples} samples, n = {n:,} with {count_of(events, 'event')} in "
        f"{count_of(len(known), 'tumor type')}"
    )
    return " by ".join(cut_apart([query.endpoint, query.x])), about


def _set_axis(axes: Axes, rows: Sequence[Row], summary: PooledHazard) -> None:
    """A log axis about 1 that shows all estimates, and most of the intervals."""
    names = ("hr", "genes_low", "genes_high")
    values = [row[name] for row in rows for name in names if row[name]]
    values += [row[name] for row in rows for name in ("ci_low", "ci_high") if row[name]]
    values += [one for one in (summary.prediction_low, summary.prediction_high) if one]
    reach = sorted(abs(math.log(value)) for value in values)
    most = reach[max(0, math.ceil(0.95 * len(reach)) - 1)] if reach else 0.0
    farthest = max([abs(math.log(row["hr"])) for row in rows if row["hr"]] or [0.0])
    end = math.exp(min(max(most, farthest, math.log(1.5)) * 1.06, math.log(_WIDEST)))
    axes.set_xscale("log")
    axes.set_xlim(1 / end, end)
    ticks = [
        tick
        for tick in _TICKS
        if 1 / end <= tick <= end and (end <= _NARROW or tick not in (2 / 3, 1.5))
    ]
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(ticks, [f"{tick:.2g}" for tick in ticks])
    axes.set_xlabel("hazard ratio per standard deviation", labelpad=2)
    axes.axvline(1, color=GREY, lw=0.6, zorder=2)


def _draw_row(axes: Axes, y: float, row: Row) -> None:
    if row["hr"] is None:
        write_note(axes, y, note_without_mark(row["note"]) or "no hazard ratio")
        return
    if row["genes_low"] is not None and row["genes_high"] is not None:
        ends = [row["genes_low"], row["genes_high"]]
        axes.fill_between(ends, y - 0.36, y + 0.36, color=PALE, lw=0, zorder=1)
    _draw_line(axes, y, row["ci_low"], row["ci_high"], 0.9, BLUE)
    low, high = axes.get_xlim()
    if low <= row["hr"] <= high:
        axes.plot(
            row["hr"], y, "o", ms=3.4, mew=0.8, color=BLUE,
            mfc=BLUE if is_significant(row["q"]) else "white", zorder=4,
        )  # fmt: skip


def _draw_line(axes: Axes, y: float, low: float, high: float, width: float, colour: str) -> None:
    """A line from one ratio to another; with an arrow where it leaves the axes."""
    left, right = axes.get_xlim()
    axes.plot(
        [max(low, left), min(high, right)], [y, y], color=colour, lw=width, zorder=3,
        solid_capstyle="butt",
    )  # fmt: skip
    for is_beyond, at, marker in ((low < left, left, "<"), (high > right, right, ">")):
        if is_beyond:
            axes.plot(at, y, marker, ms=2.6, mew=0, color=colour, zorder=3, clip_on=False)


def _draw_columns(axes: Axes, rows: Sequence[Row], dots: Sequence[str]) -> None:
    """Samples, events, and the dots, at the right of the axes."""
    transform = axes.get_yaxis_transform()
    width = axes.bbox.width / axes.figure.dpi
    look: dict[str, Any] = {"fontsize": 6, "transform": transform, "clip_on": False}
    for head, at, ha in (("n", _N_AT, "right"), ("events", _EVENTS_AT, "right")):
        write_above(axes, width + at, 0.025, head, ha=ha, color=GREY, fontsize=6)
    for name in dots:
        at = width + _DOTS[name]
        write_above(axes, at, 0.025, name, ha="center", color=GREY, fontsize=6)
    for y, row in enumerate(rows):
        for name, at in (("n", _N_AT), ("n_events", _EVENTS_AT)):
            text = f"{row[name]:,}"
            axes.text(1 + at / width, y, text, ha="right", va="center_baseline", **look)
        for name in dots:
            if row[name] is not None:
                draw_dot(axes, 1 + _DOTS[name] / width, y, row[name] < SIGNIFICANT)


def _draw_pooled(axes: Axes, y: float, summary: PooledHazard) -> None:
    hr, low, high = summary.hr, summary.ci_low, summary.ci_high
    if hr is None or low is None or high is None:
        return
    if summary.genes_low is not None and summary.genes_high is not None:
        ends = [summary.genes_low, summary.genes_high]
        axes.fill_between(ends, y - 0.36, y + 0.36, color=PALE, lw=0, zorder=1)
    if summary.prediction_low is not None and summary.prediction_high is not None:
        _draw_line(axes, y, summary.prediction_low, summary.prediction_high, 0.7, INK)
    left, right = axes.get_xlim()
    corners = [min(max(one, left), right) for one in (low, hr, high, hr)]
    axes.fill(corners, [y, y - 0.3, y, y + 0.3], color=INK, lw=0, zorder=4)
    axes.text(
        1.02, y, f"{hr:.2f} ({low:.2f} to {high:.2f})", fontsize=6, va="center_baseline",
        transform=axes.get_yaxis_transform(), clip_on=False,
    )  # fmt: skip


def _handles(rows: Sequence[Row]) -> list[Artist]:
    look: dict[str, Any] = {"ms": 3.4, "lw": 0.9, "color": BLUE, "marker": "o"}
    shown: list[Artist] = [
        Line2D([], [], label=f"q < {SIGNIFICANT}", **look),
        Line2D([], [], mfc="white", label=f"q ≥ {SIGNIFICANT}", **look),
    ]
    if any(row["genes_low"] is not None for row in rows):
        shown.append(Patch(color=PALE, label="95 % of random genes"))
    return shown


def _foot(dots: Sequence[str], summary: PooledHazard) -> str:
    parts = [f"Dots at the right: filled where below {SIGNIFICANT}."] if dots else []
    if summary.hr is not None:
        parts.append("Pooled: ratio and 95 % interval; line, 95 % prediction interval.")
    return " ".join(parts)
