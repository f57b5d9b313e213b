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
from tcga_corr.figures.box_of_group import FEW, colours_of, draw_group
from tcga_corr.figures.frame import (
    Frame,
    measure_of,
    place,
    samples_in_words,
    source_and_unit,
    where_in_words,
)
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.style import GREY, INK, WIDTH, styled
from tcga_corr.figures.text import (
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

MOST, MOST_OF_ONE = 6, 12
"""Variables of one figure, and groups; groups where there is one tumor type."""
_ONE = 3.5  # inches of a figure of one variable in one tumor type: 89 mm
_LEFT, _RIGHT, _GAP, _ROW, _TITLE = 0.6, 0.1, 0.1, 0.12, 0.17  # inches
_HIGH, _LOW, _LEAST = 2.6, 1.5, 0.8  # inches of a panel alone, among others, and at least
_COLUMN = 0.1  # inches of a tumor type, below which labels would touch
_WIDE_LABEL = 0.62  # inches of a tumor type, from which its label is not upright
_WIDE_NUMBER = 0.34  # inches of a tumor type, from which p is a number
_NARROWEST = 0.2  # inches of a group, where panels can stand below one another
_UPRIGHT = 1.2  # inches of a label that stands upright, at most
_SIZE = 5.5
_TEST = {2: ("mann-whitney", "Mann and Whitney's test")}
_TEST_OF_MANY = ("kruskal-wallis", "Kruskal and Wallis's test")
_P, _AGAINST = ("p", "q", "q_genes"), "against"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Panel:
    """One variable: by tumor type the values of each group, and the row of its test."""

    name: str
    measure: str
    values: Mapping[str, Mapping[str, Vector]]
    tests: Mapping[str, Row]
    against: Mapping[str, float]
    """By group, q of Welch's t against the reference; of one tumor type."""


@styled()
def boxes(answer: CompareAnswer, reference: str | None = None, look: Look = PLAIN) -> Figure:
    """Draw the values of groups: quartiles and median as a box, each sample as a point.

    A panel per variable; of one tumor type, panels side by side. Whiskers go to the last sample
    within 1.5 interquartile ranges of the box; a group of up to 5 samples has its mean in place of
    a box. Above are p, q and q_genes of Mann and Whitney's test, or of Kruskal and Wallis's where
    there are more groups than two: as numbers, or where many tumor types leave no room as dots,
    filled where below 0.05. A group of fewer than 3 samples is not tested, and the heading says
    where.

    Parameters
    ----------
    answer
        Of ``compare``.
    reference
        A group with which each other is compared, in one tumor type: q of Welch's t stands above
        it.
    look
        Its size, title and the order of tumor types.

    Raises
    ------
    UsageError
        If there are more than 6 variables, or groups; of one tumor type 12 groups.
    """
    _check(answer)
    types = _ordered(answer, look)
    panels = [_panel(answer, name, types, reference) for name in answer.query.variables]
    is_one = len(types) == 1
    marks = [name for name in _P if any(_p(panel, name) for panel in panels)]
    if any(panel.against for panel in panels):
        marks.append(_AGAINST)
    across = min(3, len(panels)) if is_one else 1
    natural = _ONE if is_one and len(panels) == 1 else WIDTH
    width = look.width_or(natural)
    while across > 1 and (width / across - _LEFT - _RIGHT) / len(answer.query.groups) < _NARROWEST:
        across -= 1
    inner = width / across - _LEFT - _RIGHT
    high = _HIGH if len(panels) <= across else _LOW
    labels = [_labels(panel, types, answer.query.groups, inner) for panel in panels]
    frame = replace(_frame(answer, panels, marks, inner, reference), look=look)
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
        _draw(axes, panel, own, colours_of(answer.query), (inner, high))
        _write_marks(axes, panel, types, marks, (inner, high))
        if len(panels) > 1:
            title = fitted(panel.name, inner + 0.3, 7, "bold")
            at = 1 + (_ROW * len(marks) + 0.07) / high
            axes.text(-0.3 / inner, at, title, transform=axes.transAxes, fontsize=7, weight="bold")
    return figure


def _check(answer: CompareAnswer) -> None:
    query = answer.query
    most = MOST_OF_ONE if len(query.scope.tumor_types) == 1 else MOST
    for names, what, limit in (
        (query.variables, "variables", MOST),
        (query.groups, "groups", most),
    ):
        if len(names) > limit:
            raise UsageError(
                f"box plots of {len(names)} {what} do not fit in one figure",
                f"Draw up to {limit}, or --kind differences of `compare`",
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


def _panel(answer: CompareAnswer, name: str, types: Sequence[str], reference: str | None) -> _Panel:
    test, _ = _test_of(answer)
    tests = {
        row["tumor_type"]: row
        for row in answer.frame.to_dicts()
        if row["variable"] == name and row["test"] == test
    }
    values = {one: answer.values[one, name] for one in types}
    against = {}
    if reference is not None and len(types) == 1:
        against = {
            row["group_b"] if row["group_a"] == reference else row["group_a"]: row["q"]
            for row in answer.frame.to_dicts()
            if row["variable"] == name
            and row["test"] == "welch"
            and row["q"] is not None
            and reference in (row["group_a"], row["group_b"])
        }
    return _Panel(name, measure_of(name, answer, answer.query.scope.unit), values, tests, against)


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
        sizes = [f"n = {len(panel.values[types[0]][group]):,}" for group in groups]
        upright = any(text_width(text, _SIZE) > room for text in (*groups, *sizes))
        names = fitted_apart(groups, _UPRIGHT if upright else room, _SIZE)
        texts = [f"{name}\n{n}" for name, n in zip(names, sizes, strict=True)]
        return _Labels(places, texts, upright)
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
    colours: Mapping[str, str],
    inches: tuple[float, float],
) -> None:
    axes.set_xlim(-0.5, len(panel.values) - 0.5)
    texts = [text.replace("\n", ", ") if labels.upright else text for text in labels.texts]
    axes.set_xticks(labels.places, texts, fontsize=_SIZE, rotation=90 if labels.upright else 0)
    axes.tick_params(axis="x", length=0, pad=3)
    drawn = [one for of in panel.values.values() for one in of.values() if len(one)]
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
    slot = 0.86 / len(colours) * inches[0] / len(panel.values)  # inches
    for at, (tumor_type, of_groups) in enumerate(panel.values.items()):
        for number, group in enumerate(colours):
            values = of_groups[group]
            if len(values):
                x = at + _place(number, len(colours))
                draw_group(axes, x, values, colours[group], 0.86 / len(colours), slot)
        if not any(map(len, of_groups.values())):
            _write_reason(axes, at, panel.tests.get(tumor_type, {}), inches, len(panel.values))


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
    for number, name in enumerate(reversed(marks)):
        y = 1 + (_ROW * (number + 0.5) + 0.04) / inches[1]
        label = "q of each" if name == _AGAINST else name
        axes.text(
            -0.06 / inches[0], y, label, fontsize=_SIZE, color=GREY, ha="right",
            va="center_baseline", transform=axes.transAxes,
        )  # fmt: skip
        if name == _AGAINST:
            _write_against(axes, panel, y, inches[0])
            continue
        found = _p(panel, name)
        for at, tumor_type in enumerate(types):
            if tumor_type not in found:
                continue
            _write_p(axes, at, y, found[tumor_type], not is_number)


def _write_p(axes: Axes, x: float, y: float, p: float, is_dot: bool = False) -> None:
    """Write a p in bold, or draw a filled dot, where it is small."""
    is_small = is_significant(p)
    transform = axes.get_xaxis_transform()
    if is_dot:
        axes.plot(
            x, y, "o", ms=3, mew=0.6, color=INK, mfc=INK if is_small else "white",
            transform=transform, clip_on=False,
        )  # fmt: skip
        return
    axes.text(
        x, y, f"{p:.2g}", fontsize=_SIZE, ha="center", va="center_baseline",
        color=INK if is_small else GREY, transform=transform,
        weight="bold" if is_small else "normal",
    )  # fmt: skip


def _write_against(axes: Axes, panel: _Panel, y: float, inches: float) -> None:
    """Write q against the reference above each other group."""
    [of_groups] = panel.values.values()
    is_dot = inches / len(of_groups) < _WIDE_NUMBER
    for number, group in enumerate(of_groups):
        if group in panel.against:
            _write_p(axes, _place(number, len(of_groups)), y, panel.against[group], is_dot)


# --- what stands around


def _frame(
    answer: CompareAnswer,
    panels: Sequence[_Panel],
    marks: Sequence[str],
    inches: float,
    reference: str | None,
) -> Frame:
    query, types = answer.query, answer.query.scope.tumor_types
    names = listed(query.variables, 60) if len(query.variables) < 3 else f"{len(panels)} variables"
    groups = cut_apart(query.groups, 30)
    by = " and ".join(groups) if len(groups) == 2 else f"{len(groups)} groups"
    where = where_in_words(types, query.scope.source)
    handles: list[Artist] = []
    if len(types) > 1:
        handles += [
            Patch(fc=colour, ec=colour, alpha=0.6, label=name)
            for name, colour in zip(groups, colours_of(query).values(), strict=True)
        ]
        if inches / len(types) < _WIDE_NUMBER and marks:
            look: dict[str, Any] = {"lw": 0, "marker": "o", "ms": 3, "mew": 0.6, "color": INK}
            handles.append(Line2D([], [], label=f"< {SIGNIFICANT}", **look))
            handles.append(Line2D([], [], label=f"≥ {SIGNIFICANT}", mfc="white", **look))
    _, test = _test_of(answer)
    foot = ". ".join(_marks_in_words(panels))
    if any(name in marks for name in _P):
        foot += f". p: {test}" + (", q_genes: among random genes" if "q_genes" in marks else "")
    if _AGAINST in marks:
        foot += f". q of each: against {plain(str(reference), 40)}, by Welch's t"
        if inches / len(query.groups) < _WIDE_NUMBER:
            foot += f", filled where < {SIGNIFICANT}"
    return Frame(
        f"{names}: {by} in {where}",
        "; ".join(_about(answer, panels)),
        simulated=answer.simulated,
        handles=handles,
        foot=f"{foot}.",
    )


def _marks_in_words(panels: Sequence[_Panel]) -> list[str]:
    """What boxes and lines are, as far as there are some."""
    sizes = {len(one) for panel in panels for of in panel.values.values() for one in of.values()}
    few = any(0 < n <= FEW for n in sizes)
    texts = ["Boxes: quartiles and median; whiskers: to 1.5 interquartile ranges"]
    if not any(n > FEW for n in sizes):
        texts = []
    if few:
        texts.append("Lines: means" + (f", of up to {FEW} samples" if texts else ""))
    return texts or ["No samples"]


def _about(answer: CompareAnswer, panels: Sequence[_Panel]) -> list[str]:
    query, groups = answer.query, answer.query.groups
    parts = [source_and_unit(query.scope)]
    if query.by not in (BY_GTEX, BY_SAMPLE_TYPE):
        parts.append(f"{samples_in_words(query.scope)} by {plain(Path(query.by).name, 40)}")
    elif query.scope.where:
        parts.append(samples_in_words(query.scope))
    cut = dict(zip(groups, cut_apart(groups, 30), strict=True))
    first = panels[0].values
    n = [f"{sum(len(one[group]) for one in first.values()):,} {cut[group]}" for group in groups]
    parts.append(f"n = {', '.join(n)}")
    for group in groups:
        few = [name for name, one in first.items() if len(one[group]) < MIN_GROUP]
        if few:
            where = f", in {', '.join(few)}" if len(first) > 1 else ""
            parts.append(f"fewer than {MIN_GROUP} {cut[group]} samples, not tested{where}")
    return parts
