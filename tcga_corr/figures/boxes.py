"""Box plots of groups of samples: a box and its points for each group, in each tumor type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from tcga_corr.analysis.compare import CompareAnswer
from tcga_corr.analysis.points import Vector
from tcga_corr.choices import BY_GTEX, BY_SAMPLE_TYPE
from tcga_corr.errors import UsageError
from tcga_corr.figures.frame import Frame, measure_of, place, source_and_unit
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.style import GREY, INK, SERIES, WIDTH, styled
from tcga_corr.figures.text import (
    count_of,
    cut_apart,
    fitted,
    fitted_apart,
    listed,
    plain,
    text_width,
    wrapped,
)
from tcga_corr.figures.ticks import ticks_between
from tcga_corr.stats.groups import MIN_GROUP
from tcga_corr.vocabulary.associations import SIGNIFICANT, is_significant, note_without_mark

MOST = 6
"""Variables, and groups, of one figure."""
_ONE = 3.5  # inches of a figure of one variable in one tumor type: 89 mm
_LEFT, _RIGHT, _GAP, _ROW, _TITLE = 0.6, 0.1, 0.1, 0.12, 0.17  # inches
_HIGH, _LOW, _LEAST = 2.6, 1.5, 0.8  # inches of a panel alone, among others, and at least
_COLUMN = 0.1  # inches of a tumor type, below which labels would touch
_WIDE_LABEL = 0.62  # inches of a tumor type, from which its label is not upright
_WIDE_NUMBER = 0.34  # inches of a tumor type, from which p is a number
_SIZE = 5.5
_TURN = 0.6180339887498949  # of the golden ratio: each next point lies far from those before
_TEST = {2: ("mann-whitney", "Mann and Whitney's test")}
_TEST_OF_MANY = ("kruskal-wallis", "Kruskal and Wallis's test")
_P = ("p", "q", "q_genes")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Panel:
    """One variable: by tumor type the values of each group, and the row of its test."""

    name: str
    measure: str
    values: Mapping[str, Mapping[str, Vector]]
    tests: Mapping[str, Row]


@styled()
def boxes(answer: CompareAnswer, look: Look = PLAIN) -> Figure:
    """Draw the values of groups: quartiles and median as a box, each sample as a point.

    A panel per variable; of one tumor type, panels side by side. Whiskers go to the last sample
    within 1.5 interquartile ranges of the box. Above are p, q and q_genes of Mann and Whitney's
    test, or of Kruskal and Wallis's where there are more groups than two: as numbers, or where many
    tumor types leave no room as dots, filled where below 0.05. A group of fewer than 3 samples is
    not drawn, and the heading says where.

    Raises
    ------
    UsageError
        If there are more than 6 variables, or groups.
    """
    _check(answer)
    types = _ordered(answer, look)
    panels = [_panel(answer, name, types) for name in answer.query.variables]
    is_one = len(types) == 1
    marks = [name for name in _P if any(_p(panel, name) for panel in panels)]
    across = min(3, len(panels)) if is_one else 1
    natural = _ONE if is_one and len(panels) == 1 else WIDTH
    width = look.width_or(natural)
    inner = width / across - _LEFT - _RIGHT
    high = _HIGH if len(panels) <= across else _LOW
    labels = [_labels(panel, types, answer.query.groups, inner) for panel in panels]
    frame = replace(_frame(answer, panels, marks, inner), look=look)
    frame = frame.as_wide(natural, across * (_LEFT + _RIGHT + max(1.0, _COLUMN * len(types))))
    top = (_TITLE if len(panels) > 1 else 0.04) + _ROW * len(marks) + 0.04
    below = max(_height(one) for one in labels) + 0.06
    n_down = -(-len(panels) // across)
    beside = n_down * (top + below) + 0.02
    body = frame.body(beside + n_down * high, beside + n_down * _LEAST)
    high = (body - beside) / n_down
    figure = frame.figure(body)
    for number, (panel, own) in enumerate(zip(panels, labels, strict=True)):
        down, right = divmod(number, across)
        left = right * width / across + _LEFT
        above = frame.head + down * (top + high + below) + top
        under = figure.get_figheight() - above - high
        axes = place(figure, left, under, width - left - inner, above)
        _draw(axes, panel, own, answer.query.groups, (inner, high))
        _write_marks(axes, panel, types, marks, (inner, high))
        if len(panels) > 1:
            title = fitted(panel.name, inner + 0.3, 7, "bold")
            at = 1 + (_ROW * len(marks) + 0.07) / high
            axes.text(-0.3 / inner, at, title, transform=axes.transAxes, fontsize=7, weight="bold")
    return figure


def _check(answer: CompareAnswer) -> None:
    for names, what in ((answer.query.variables, "variables"), (answer.query.groups, "groups")):
        if len(names) > MOST:
            raise UsageError(
                f"box plots of {len(names)} {what} do not fit in one figure",
                f"Draw up to {MOST}, or --kind differences",
            )


def _test_of(answer: CompareAnswer) -> tuple[str, str]:
    return _TEST.get(len(answer.query.groups), _TEST_OF_MANY)


def _ordered(answer: CompareAnswer, look: Look) -> list[str]:
    """The tumor types; by the difference of medians of the first two groups, if by value."""
    a, b, *_ = answer.query.groups
    first = answer.query.variables[0]
    differences: dict[str, float | None] = {}
    n: dict[str, int] = {}
    for name in answer.query.scope.tumor_types:
        groups = answer.values[name, first]
        n[name] = sum(map(len, groups.values()))
        if len(groups[a]) >= MIN_GROUP and len(groups[b]) >= MIN_GROUP:
            differences[name] = float(np.median(groups[a]) - np.median(groups[b]))
    return look.ordered(answer.query.scope.tumor_types, differences, n, "given")


def _panel(answer: CompareAnswer, name: str, types: Sequence[str]) -> _Panel:
    test, _ = _test_of(answer)
    tests = {
        row["tumor_type"]: row
        for row in answer.frame.to_dicts()
        if row["variable"] == name and row["test"] == test
    }
    values = {one: answer.values[one, name] for one in types}
    return _Panel(name, measure_of(name, answer, answer.query.scope.unit), values, tests)


def _p(panel: _Panel, name: str) -> dict[str, float]:
    """The p-values of a column, by tumor type."""
    return {one: row[name] for one, row in panel.tests.items() if row.get(name) is not None}


# --- labels


@dataclass(frozen=True)
class _Labels:
    """What is written below the boxes: places, texts, and whether they stand upright."""

    places: Sequence[float]
    texts: Sequence[str]
    upright: bool


def _labels(panel: _Panel, types: Sequence[str], groups: Sequence[str], inches: float) -> _Labels:
    """Tumor types with the sizes of their groups; of one tumor type, groups with theirs."""
    if len(types) == 1:
        places = [_place(number, len(groups)) for number in range(len(groups))]
        room = inches / len(groups) - 0.04
        names = fitted_apart(groups, room, _SIZE)
        sizes = [len(panel.values[types[0]][group]) for group in groups]
        texts = [f"{name}\nn = {n:,}" for name, n in zip(names, sizes, strict=True)]
        return _Labels(places, texts, upright=False)
    upright = inches / len(types) < _WIDE_LABEL
    texts = []
    for one in types:
        n = " + ".join(f"{len(panel.values[one][group]):,}" for group in groups)
        texts.append(f"{one}, {n}" if upright or len(groups) > 3 else f"{one}\n{n}")
    upright |= any(
        text_width(line, _SIZE) > inches / len(types) for text in texts for line in text.split("\n")
    )
    return _Labels(range(len(types)), texts, upright)


def _height(labels: _Labels) -> float:
    if labels.upright:
        texts = (text.replace("\n", ", ") for text in labels.texts)
        return 1.04 * max(text_width(text, _SIZE) for text in texts) + 0.06
    return 0.1 * max(text.count("\n") + 1 for text in labels.texts) + 0.06


def _place(number: int, n_groups: int) -> float:
    """Where a group stands, from the middle of its tumor type."""
    return (number - (n_groups - 1) / 2) * 0.86 / n_groups


# --- boxes and points


def _draw(
    axes: Axes,
    panel: _Panel,
    labels: _Labels,
    groups: Sequence[str],
    inches: tuple[float, float],
) -> None:
    axes.set_xlim(-0.5, len(panel.values) - 0.5)
    texts = [text.replace("\n", ", ") if labels.upright else text for text in labels.texts]
    axes.set_xticks(labels.places, texts, fontsize=_SIZE, rotation=90 if labels.upright else 0)
    axes.tick_params(axis="x", length=0, pad=3)
    drawn = [
        values
        for of_groups in panel.values.values()
        for values in of_groups.values()
        if len(values) >= MIN_GROUP
    ]
    if drawn:
        low, high = min(one.min() for one in drawn), max(one.max() for one in drawn)
        margin = 0.03 * (high - low) or 0.03 * abs(high) or 1.0
        axes.set_ylim(low - margin, high + margin)
        ticks = ticks_between(low - margin, high + margin, inches[1], upright=True)
        axes.set_yticks(list(ticks), list(ticks.values()), fontsize=_SIZE)
        measure = wrapped(panel.measure, inches[1], 6, 1)[0]
        axes.set_ylabel(measure, fontsize=6, labelpad=2)
    else:
        axes.set_yticks([])
        axes.set_ylim(0, 1)
    slot = 0.86 / len(groups) * inches[0] / len(panel.values)  # inches
    for at, (tumor_type, of_groups) in enumerate(panel.values.items()):
        for number, group in enumerate(groups):
            values = of_groups[group]
            if len(values) >= MIN_GROUP:
                x = at + _place(number, len(groups))
                _draw_group(axes, x, values, SERIES[number], 0.86 / len(groups), slot)
        if not any(len(values) >= MIN_GROUP for values in of_groups.values()):
            _write_reason(axes, at, panel.tests.get(tumor_type, {}), inches, len(panel.values))


def _draw_group(
    axes: Axes, x: float, values: Vector, colour: str, width: float, inches: float
) -> None:
    """A box and its points; ``width`` of its place in the unit of x, and in inches."""
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


def _write_reason(
    axes: Axes, x: float, row: Row, inches: tuple[float, float], n_types: int
) -> None:
    """Write why a tumor type has no boxes; upright where there are several."""
    reason = note_without_mark(row.get("note")) or "no values"
    room = inches[1] - 0.1 if n_types > 1 else inches[0] - 0.1
    axes.text(
        x, 0.5, fitted(reason, room, _SIZE), fontsize=_SIZE, color=GREY, style="italic",
        rotation=90 if n_types > 1 else 0, ha="center", va="center",
        transform=axes.get_xaxis_transform(),
    )  # fmt: skip


# --- p-values


def _write_marks(
    axes: Axes,
    panel: _Panel,
    types: Sequence[str],
    marks: Sequence[str],
    inches: tuple[float, float],
) -> None:
    """Write p, q and q_genes above the boxes, a row each; as dots where they have no room."""
    is_number = inches[0] / len(types) >= _WIDE_NUMBER
    transform = axes.get_xaxis_transform()
    for number, name in enumerate(reversed(marks)):
        y = 1 + (_ROW * (number + 0.5) + 0.04) / inches[1]
        axes.text(
            -0.06 / inches[0], y, name, fontsize=_SIZE, color=GREY, ha="right",
            va="center_baseline", transform=axes.transAxes,
        )  # fmt: skip
        found = _p(panel, name)
        for at, tumor_type in enumerate(types):
            if tumor_type not in found:
                continue
            is_small = is_significant(found[tumor_type])
            if is_number:
                axes.text(
                    at, y, f"{found[tumor_type]:.2g}", fontsize=_SIZE, ha="center",
                    va="center_baseline", color=INK if is_small else GREY, transform=transform,
                    weight="bold" if is_small else "normal",
                )  # fmt: skip
            else:
                axes.plot(
                    at, y, "o", ms=3, mew=0.6, color=INK, mfc=INK if is_small else "white",
                    transform=transform, clip_on=False,
                )  # fmt: skip


# --- what stands around


def _frame(
    answer: CompareAnswer, panels: Sequence[_Panel], marks: Sequence[str], inches: float
) -> Frame:
    query, types = answer.query, answer.query.scope.tumor_types
    names = listed(query.variables, 60) if len(query.variables) < 3 else f"{len(panels)} variables"
    groups = cut_apart(query.groups, 30)
    by = " and ".join(groups) if len(groups) == 2 else f"{len(groups)} groups"
    where = types[0] if len(types) == 1 else count_of(len(types), "tumor type")
    handles: list[Artist] = []
    if len(types) > 1:
        handles += [
            Patch(fc=colour, ec=colour, alpha=0.6, label=name)
            for name, colour in zip(groups, SERIES, strict=False)
        ]
        if inches / len(types) < _WIDE_NUMBER and marks:
            look: dict[str, Any] = {"lw": 0, "marker": "o", "ms": 3, "mew": 0.6, "color": INK}
            handles.append(Line2D([], [], label=f"< {SIGNIFICANT}", **look))
            handles.append(Line2D([], [], label=f"≥ {SIGNIFICANT}", mfc="white", **look))
    _, test = _test_of(answer)
    foot = "Boxes: quartiles and median; whiskers: to 1.5 interquartile ranges"
    if marks:
        foot += f". p: {test}" + (", q_genes: among random genes" if "q_genes" in marks else "")
    return Frame(
        f"{names}: {by} in {where}",
        "; ".join(_about(answer, panels)),
        simulated=answer.simulated,
        handles=handles,
        foot=f"{foot}.",
    )


def _about(answer: CompareAnswer, panels: Sequence[_Panel]) -> list[str]:
    query, groups = answer.query, answer.query.groups
    parts = [source_and_unit(query.scope)]
    if query.by not in (BY_GTEX, BY_SAMPLE_TYPE):
        parts.append(f"{query.scope.samples_in_words} by {plain(Path(query.by).name, 40)}")
    elif query.scope.where:
        parts.append(query.scope.samples_in_words)
    cut = dict(zip(groups, cut_apart(groups, 30), strict=True))
    first = panels[0].values
    n = [f"{sum(len(one[group]) for one in first.values()):,} {cut[group]}" for group in groups]
    parts.append(f"n = {', '.join(n)}")
    for group in groups:
        few = [name for name, one in first.items() if len(one[group]) < MIN_GROUP]
        if few:
            where = f", in {', '.join(few)}" if len(first) > 1 else ""
            parts.append(f"fewer than {MIN_GROUP} {cut[group]} samples, not drawn{where}")
    return parts
