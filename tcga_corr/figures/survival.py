"""Kaplan-Meier curves of samples with low and high values, with the numbers at risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tcga_corr.analysis.survival import SurvivalAnswer
from tcga_corr.analysis.survival_curves import GROUPS, CurvesAnswer
from tcga_corr.choices import Cut
from tcga_corr.figures.frame import Frame, source_and_unit
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.style import BLUE, GREY, INK, VERMILION, WIDTH, styled
from tcga_corr.figures.text import count_of, cut_apart, fitted, listed, plain, text_width, wrapped
from tcga_corr.figures.ticks import ticks_between
from tcga_corr.vocabulary.associations import note_without_mark

if TYPE_CHECKING:
    import polars as pl

_COLOURS = {"low": BLUE, "middle": GREY, "high": VERMILION}
_CUTS: dict[Cut, str] = {"median": "its median", "tertiles": "its thirds"}
_EDGE, _RIGHT = 0.05, 0.4  # inches at the left and the right of all panels
_NARROWEST, _LEAST = 1.1, 0.6  # inches of axes, across and high
Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Layout:
    """The sizes of panels, in inches and points.

    Attributes
    ----------
    across
        Panels side by side.
    width, height
        Of the axes.
    left, head, below
        Left of the axes, above them, and below them as far as the numbers at risk.
    size, line
        Of the text, and the height of a line of it.
    """

    across: int
    width: float
    height: float
    left: float
    head: float
    below: float
    size: float
    line: float

    @property
    def is_large(self) -> bool:
        """Whether it is of one panel."""
        return self.across == 1

    def foot(self, n_groups: int) -> float:
        """Below the axes: ticks, their label, and the numbers at risk."""
        return self.below + n_groups * self.line + 0.1


_LARGE = _Layout(
    across=1, width=4.3, height=2.7, left=0.62, head=0.32, below=0.34, size=6.5, line=0.125
)
_SMALL = _Layout(
    across=4, width=1.3, height=0.85, left=0.58, head=0.37, below=0.16, size=5.5, line=0.09
)


@styled()
def survival_curves(answer: CurvesAnswer, ratios: SurvivalAnswer, look: Look = PLAIN) -> Figure:
    """Draw the answer of ``survival_curves``: a large panel, or a small one per tumor type.

    Steps are the share without an event, in the large panel with its 95 % interval and a stroke
    where samples leave; below, how many are observed until each time or longer. Above, the hazard
    ratio per standard deviation of the uncut variable.

    Parameters
    ----------
    answer
        The curves.
    ratios
        The answer of ``survival`` to the same question.
    look
        Size, title and order of tumor types.
    """
    by_type = {row["tumor_type"]: row for row in ratios.frame.to_dicts()}
    types = look.ordered(
        list(dict.fromkeys(answer.frame["tumor_type"].to_list())),
        {name: row["hr"] for name, row in by_type.items()},
        {name: row["n"] for name, row in by_type.items()},
        "given",
    )
    layout = _LARGE if len(types) == 1 else _SMALL
    names = GROUPS[answer.query.cut]
    across = min(layout.across, len(types))
    n_rows = -(-len(types) // across)
    beside = across * layout.left + _EDGE + _RIGHT
    frame = Frame(
        *_heading(answer, ratios),
        simulated=answer.simulated,
        handles=_handles(names),
        foot=_foot(answer),
        look=look,
    ).as_wide(max(WIDTH, beside + across * layout.width), beside + across * _NARROWEST)
    around = n_rows * (layout.head + layout.foot(len(names)))
    body = frame.body(around + n_rows * layout.height, around + n_rows * _LEAST)
    if look.inches:
        layout = replace(
            layout, width=(frame.width - beside) / across, height=(body - around) / n_rows
        )
    high = layout.head + layout.height + layout.foot(len(names))
    figure = frame.figure(body)
    width, height = figure.get_size_inches()
    for number, name in enumerate(types):
        row, column = divmod(number, across)
        left = _EDGE + column * (layout.left + layout.width) + layout.left
        top = frame.head + row * high + layout.head
        box = (left, height - top - layout.height, layout.width, layout.height)
        axes = figure.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height))
        _draw_panel(axes, layout, answer.frame.filter(tumor_type=name), names, by_type.get(name))
    return figure


def _heading(answer: CurvesAnswer, ratios: SurvivalAnswer) -> tuple[str, str]:
    query = answer.query
    known = [row for row in ratios.frame.to_dicts() if row["hr"] is not None]
    n, events = (sum(row[name] for row in known) for name in ("n", "n_events"))
    adjusted = f", ratios adjusted for {listed(query.adjust)}" if query.adjust else ""
    about = (
        f"Kaplan-Meier curves, {plain(query.x)} cut at {_CUTS[query.cut]} in each tumor "
        f"type{adjusted}; {source_and_unit(query.scope)}; {query.scope.samples} samples, n = "
        f"{n:,} with {count_of(events, 'event')}"
    )
    return " by ".join(cut_apart([query.endpoint, query.x])), about


def _handles(names: Sequence[str]) -> list[Artist]:
    return [Line2D([], [], color=_COLOURS[name], lw=1.2, label=name) for name in names]


def _foot(answer: CurvesAnswer) -> str:
    return (
        f"Curves: share without event over {plain(answer.query.endpoint, 20)}.time; below, samples "
        "at risk. HR: per standard deviation of uncut values, with 95 % interval. Curves hold "
        "nothing constant."
    )


def _draw_panel(
    axes: Axes, layout: _Layout, frame: pl.DataFrame, names: Sequence[str], ratio: Row | None
) -> None:
    rows = frame.to_dicts()
    axes.set_ylim(0, 1.03)
    axes.tick_params(labelsize=layout.size, length=2, pad=1.5)
    axes.set_yticks([0, 0.5, 1] if not layout.is_large else [0, 0.25, 0.5, 0.75, 1])
    _write_head(axes, layout, rows[0], ratio)
    if rows[0]["group"] is None:
        _write_reason(axes, layout, note_without_mark(rows[0]["note"]))
        return
    last = max(row["time"] for row in rows)
    end = 1.01 * last
    axes.set_xlim(0, end)
    ticks = ticks_between(0, end, layout.width)
    axes.set_xticks(list(ticks), list(ticks.values()))
    for name in names:
        _draw_curve(axes, [row for row in rows if row["group"] == name], name, layout)
    _write_numbers(axes, layout, rows, names, list(ticks))
    if layout.is_large:
        axes.set_ylabel("share without event", labelpad=2)
        label = fitted(f"{rows[0]['endpoint']}.time", layout.width, layout.size)
        axes.set_xlabel(label, labelpad=1)


def _draw_curve(axes: Axes, rows: Sequence[Row], name: str, layout: _Layout) -> None:
    colour = _COLOURS[name]
    time, share = ([row[key] for row in rows] for key in ("time", "share"))
    axes.step(time, share, where="post", color=colour, lw=1.1 if layout.is_large else 0.8)
    if not layout.is_large:
        return
    low, high = (
        [np.nan if row[key] is None else row[key] for row in rows] for key in ("ci_low", "ci_high")
    )
    axes.fill_between(time, low, high, step="post", color=colour, alpha=0.13, lw=0)
    left = [row for row in rows if row["n_left"]]
    axes.plot(
        [row["time"] for row in left], [row["share"] for row in left], "|", ms=3.2, mew=0.6,
        color=colour,
    )  # fmt: skip


def _write_head(axes: Axes, layout: _Layout, first: Row, ratio: Row | None) -> None:
    """The tumor type, and below it the numbers of the hazard ratio and of the log-rank test."""
    lines = _numbers_in_words(first, ratio, layout)
    step = layout.line / layout.height
    first_line = 1 + (0.054 if layout.is_large else 0.017) / layout.height
    for number, line in enumerate(reversed(lines)):
        axes.text(
            0, first_line + number * step, fitted(line, layout.width + _RIGHT, layout.size),
            fontsize=layout.size, color=INK, va="bottom", transform=axes.transAxes,
        )  # fmt: skip
    axes.text(
        0, first_line + len(lines) * step, first["tumor_type"], fontsize=layout.size + 1,
        weight="bold", va="bottom", transform=axes.transAxes,
    )  # fmt: skip


def _numbers_in_words(first: Row, ratio: Row | None, layout: _Layout) -> list[str]:
    log_rank = "" if first["log_rank_p"] is None else f"log-rank p = {first['log_rank_p']:.2g}"
    if ratio is None or ratio["hr"] is None:
        return [log_rank] if log_rank else []
    low, high = ratio["ci_low"], ratio["ci_high"]
    texts = [
        f"HR {ratio['hr']:.2f} ({low:.2f} to {high:.2f}), p = {ratio['p']:.2g}",
        "" if ratio["p_genes"] is None else f"p_genes = {ratio['p_genes']:.2g}",
        log_rank,
    ]
    known = [text for text in texts if text]
    if layout.is_large:
        return ["; ".join(known)]
    return [known[0], "; ".join(known[1:])] if known[1:] else known


def _write_reason(axes: Axes, layout: _Layout, reason: str) -> None:
    axes.xaxis.set_visible(False)
    axes.yaxis.set_visible(False)
    for number, line in enumerate(wrapped(reason, layout.width - 0.1, layout.size, 6)):
        axes.text(
            0.05, 0.85 - number * layout.line * 1.2 / layout.height, line, color=GREY,
            fontsize=layout.size, style="italic", transform=axes.transAxes,
        )  # fmt: skip


def _write_numbers(
    axes: Axes, layout: _Layout, rows: Sequence[Row], names: Sequence[str], ticks: Sequence[float]
) -> None:
    """How many samples of each group are at risk, below the ticks."""
    for number, name in enumerate(names):
        own = [row for row in rows if row["group"] == name]
        times = np.array([row["time"] for row in own])
        at_risk = [*(row["n_at_risk"] for row in own), 0]
        y = -(layout.below + (number + 0.5) * layout.line) / layout.height
        look: dict[str, Any] = {
            "fontsize": layout.size, "color": _COLOURS[name], "va": "center", "clip_on": False,
            "transform": axes.get_xaxis_transform(),
        }  # fmt: skip
        head = text_width(f"{at_risk[0]:,}", layout.size) / 2
        for place, tick in enumerate(ticks):
            n = at_risk[int(np.searchsorted(times, tick, side="left"))]
            axes.text(tick, y, f"{n:,}", ha="center", **look)
            if place == 0:
                shift = tick - (head + 0.06) / layout.width * axes.get_xlim()[1]
                axes.text(shift, y, name, ha="right", **look)
