"""The specification curve of a robustness analysis: every choice, and what each was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tcga_corr.analysis.robustness import RobustnessAnswer
from tcga_corr.analysis.specifications import AS_ASKED, WITHOUT_GENE
from tcga_corr.figures.frame import Frame, place
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.panels import label_rows
from tcga_corr.figures.style import (
    BLUE,
    FAINT,
    GREY,
    INK,
    PALE,
    PURPLE,
    VERMILION,
    WIDTH,
    styled,
)
from tcga_corr.figures.text import cut_apart, fitted_apart, plain, text_width
from tcga_corr.vocabulary.associations import SIGNIFICANT, is_significant, note_without_mark
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import NULLS

Row = Mapping[str, Any]
_CURVE, _SIZES, _ROW, _HEADING, _RIGHT, _GAP = 1.7, 0.3, 0.115, 0.14, 0.12, 0.12  # inches
_LABELS, _SIZE = 1.75, 6.0  # at most so many inches of text, in points
_P_GENES = NULLS["genes"].p
_ROOMY = 3.6  # points a choice, from which the grid is of dots
_DIMENSIONS = {
    "source": "source",
    "patients": "patients",
    "ties": "tie rule",
    "method": "method",
    "x": "x",
    "y": "y",
    "shared_genes": "shared genes",
    "adjust": "adjusted for",
}


@dataclass(frozen=True)
class _Dimension:
    """What may be chosen: its heading, and its values with their labels."""

    name: str
    heading: str
    values: Sequence[str]
    labels: Sequence[str]

    @property
    def inches(self) -> float:
        return _HEADING + _ROW * len(self.values)


@dataclass(frozen=True)
class _Curve:
    """The choices that give an r, along x.

    Attributes
    ----------
    rows
        By rising r; those whose coefficient is on another scale come last.
    at
        The place of each.
    n_first
        How many are on the first scale.
    step
        Points from one place to the next.
    """

    rows: Sequence[Row]
    at: Sequence[float]
    n_first: int
    step: float

    @classmethod
    def of(cls, rows: Sequence[Row], inches: float) -> _Curve:
        n_first = sum(not _is_of_other_scale(row) for row in rows)
        gap = max(1.0, 0.03 * len(rows)) if 0 < n_first < len(rows) else 0.0
        at = [number + (gap if number >= n_first else 0.0) for number in range(len(rows))]
        return cls(rows, at, n_first, inches * 72 / (max(at) + 2))

    @property
    def middle_of_gap(self) -> float | None:
        """Where the scales are parted; None where there is one."""
        if not 0 < self.n_first < len(self.rows):
            return None
        return (self.at[self.n_first - 1] + self.at[self.n_first]) / 2


@styled()
def specification_curve(answer: RobustnessAnswer, look: Look = PLAIN) -> Figure:
    """Draw the answer of ``robustness``.

    Above, r and its 95 % interval of every choice that gives one, from the lowest to the highest;
    Kendall's tau-b, on a scale of its own, stands apart at the right. A stroke below marks a choice
    with p_genes below 0.05. In the middle, n where it varies. Below, what each choice was, of all
    that varies. The choice as asked is marked throughout.
    """
    look.refuse_order("a figure of one tumor type's choices")
    rows = [row for row in answer.frame.to_dicts() if row["kind"] != WITHOUT_GENE]
    shown = sorted(
        (row for row in rows if row["r"] is not None),
        key=lambda row: (_is_of_other_scale(row), row["r"]),
    )
    dimensions = _dimensions(rows)
    labels = [label for one in dimensions for label in one.labels]
    left = 0.18 + max(
        [0.4, *(text_width(label, _SIZE) for label in labels)]
        + [text_width(one.heading, _SIZE, "bold") for one in dimensions]
    )
    curve = _Curve.of(shown, look.width_or(WIDTH) - left - _RIGHT)
    frame = Frame(
        *_heading(answer, rows, shown),
        simulated=answer.simulated,
        handles=_handles(shown),
        margin=0.03,
        look=look,
    ).as_wide(WIDTH, left + _RIGHT + 1.5)
    sizes = _SIZES + _GAP if len({row["n"] for row in shown}) > 1 else 0.0
    around = 0.04 + sizes + sum(one.inches for one in dimensions) + 0.06
    body = frame.body(around + _CURVE, around + _CURVE / 2)
    high = body - around
    figure = frame.figure(body)
    height = figure.get_figheight()

    def new_axes(top: float, high: float) -> Axes:
        return place(figure, left, height - top - high, _RIGHT, top)

    top = frame.head + 0.04
    all_axes = [new_axes(top, high)]
    _draw_curve(all_axes[0], curve)
    if sizes:
        all_axes.append(new_axes(top + high + _GAP, _SIZES))
        _draw_sizes(all_axes[-1], curve)
    top += high + sizes
    for dimension in dimensions:
        all_axes.append(new_axes(top + _HEADING, _ROW * len(dimension.values)))
        _draw_choices(all_axes[-1], curve, dimension)
        top += dimension.inches
    for axes in all_axes:
        _draw_x(axes, curve)
    return figure


def _is_of_other_scale(row: Row) -> bool:
    """Whether a coefficient does not compare with Pearson's r."""
    return METHODS[row["method"]].scale != METHODS["pearson"].scale


def _is_as_asked(row: Row) -> bool:
    return bool(row["kind"] == AS_ASKED)


def _draw_x(axes: Axes, curve: _Curve) -> None:
    """Set the limits of x, and mark the choice as asked and the gap through all axes."""
    axes.set_xlim(-1.0, max(curve.at) + 1.0)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    for x, row in zip(curve.at, curve.rows, strict=True):
        if _is_as_asked(row):
            wide = max(curve.step, 2.2) if curve.step < 12 else 12
            axes.axvline(x, color=VERMILION, alpha=0.22, lw=wide, zorder=0.5)
    if curve.middle_of_gap is not None:
        look = {"color": GREY, "lw": rcParams["axes.linewidth"], "ls": (0, (1, 2))}
        axes.axvline(curve.middle_of_gap, **look)


def _dimensions(rows: Sequence[Row]) -> list[_Dimension]:
    """What varies among the choices, each value in the order of the answer."""
    dimensions = []
    units = {row["source"]: row["unit"] for row in rows}
    for name, heading in _DIMENSIONS.items():
        values = list(dict.fromkeys(row[name] for row in rows))
        if len(values) < 2:
            continue
        names = [
            f"{value}, {units[value]}" if name == "source"
            else "all of the source" if (name, value) == ("patients", "all")
            else value.replace("+", " + ") or "nothing" if name == "adjust"
            else value
            for value in values
        ]  # fmt: skip
        dimensions.append(_Dimension(name, heading, values, fitted_apart(names, _LABELS, _SIZE)))
    return dimensions


def _heading(
    answer: RobustnessAnswer, rows: Sequence[Row], shown: Sequence[Row]
) -> tuple[str, str]:
    query, spread = answer.query, answer.summary
    x, y = cut_apart([query.x[0], query.y[0]])
    title = f"{x} against {y} in {query.tumor_type}, over {len(shown):,} choices"
    sizes = [row["n"] for row in shown]
    n = f"{min(sizes):,}" + (f" to {max(sizes):,}" if min(sizes) < max(sizes) else "")
    units = {row["source"]: row["unit"] for row in rows}
    sources = "; ".join(f"{plain(source)}, {plain(unit)}" for source, unit in units.items())
    r = spread.r_as_asked
    parts = [
        f"{sources}; {query.samples} samples, n = {n}",
        f"as asked r = {r:.3f}" if r is not None else "as asked there is no r",
    ]
    if spread.n_specifications:
        others = _labels_of_other_scales(shown)
        apart = f" ({' and '.join(others)} apart)" if others else ""
        parts.append(
            f"over {spread.n_specifications:,} choices{apart} {spread.r_min:.3f} to "
            f"{spread.r_max:.3f}, median {spread.r_median:.3f}, {spread.n_positive:,} "
            f"above 0, {spread.n_significant:,} with p < {SIGNIFICANT}"
        )
    without = answer.frame.filter(answer.frame["kind"] == WITHOUT_GENE)
    left: list[float] = without["r"].drop_nulls().to_list()
    if left:
        genes = "one gene of the sets" if len(left) == 1 else f"each of {len(left):,} genes"
        parts.append(f"as asked without {genes} {min(left):.3f} to {max(left):.3f}")
    if len(shown) < len(rows):
        notes = [note_without_mark(row["note"]) for row in rows if row["r"] is None]
        reason = plain(next(filter(None, notes), ""), 90)
        parts.append(f"{len(notes):,} more choices give no r" + (f" ({reason})" if reason else ""))
    return title, "; ".join(parts)


def _labels_of_other_scales(rows: Sequence[Row]) -> list[str]:
    names = dict.fromkeys(row["method"] for row in rows if _is_of_other_scale(row))
    return [METHODS[name].label for name in names]


def _look(row: Row) -> tuple[str, str]:
    """Colour and marker of a choice."""
    if _is_as_asked(row):
        return VERMILION, "D"
    return (PURPLE, "s") if _is_of_other_scale(row) else (BLUE, "o")


def _draw_curve(axes: Axes, curve: _Curve) -> None:
    size = min(3.8, max(1.3, 0.75 * curve.step))
    both = list(zip(curve.at, curve.rows, strict=True))
    for look in ((BLUE, "o"), (PURPLE, "s"), (VERMILION, "D")):
        colour, marker = look
        is_asked = marker == "D"
        own = [(x, row) for x, row in both if _look(row) == look]
        known = [(x, row) for x, row in own if row["ci_low"] is not None]
        axes.vlines(
            [x for x, _ in known], [row["ci_low"] for _, row in known],
            [row["ci_high"] for _, row in known], colors=colour, alpha=1 if is_asked else 0.5,
            lw=max(0.3, min(0.9, 0.35 * curve.step)), zorder=4 if is_asked else 2,
        )  # fmt: skip
        for is_small in (True, False):
            dots = [(x, row["r"]) for x, row in own if is_significant(row["p"]) == is_small]
            axes.plot(
                [x for x, _ in dots], [r for _, r in dots], marker, color=colour,
                ms=max(size, 3.4) if is_asked else size, mew=min(0.8, size / 4),
                mfc=colour if is_small else "white", zorder=5 if is_asked else 3,
            )  # fmt: skip
    numbers = [row[name] for row in curve.rows for name in ("r", "ci_low", "ci_high")]
    ends = [0.0, *(number for number in numbers if number is not None)]
    axes.axhline(0, color=GREY, lw=0.6, zorder=1)
    low, high = min(ends), max(ends)
    room = 0.05 * (high - low) or 0.1
    axes.set_ylim(low - room, high + room)
    axes.locator_params(axis="y", nbins=6)
    axes.set_ylabel("r and 95 % interval", labelpad=3)
    beyond = [x for x, row in both if is_significant(row[_P_GENES])]
    axes.vlines(
        beyond, 0, 0.04, colors=INK, lw=max(0.3, min(1.2, 0.35 * curve.step)),
        transform=axes.get_xaxis_transform(), zorder=1.5,
    )  # fmt: skip


def _draw_sizes(axes: Axes, curve: _Curve) -> None:
    sizes = [row["n"] for row in curve.rows]
    axes.vlines(
        curve.at, 0, sizes, lw=max(0.3, 0.8 * min(curve.step, 9)),
        colors=[VERMILION if _is_as_asked(row) else FAINT for row in curve.rows],
    )  # fmt: skip
    axes.set_ylim(0, max(sizes))
    axes.set_yticks([0, max(sizes)], ["0", f"{max(sizes):,}"])
    axes.set_ylabel("n", labelpad=3)


def _draw_choices(axes: Axes, curve: _Curve, dimension: _Dimension) -> None:
    """Draw the part of the grid that is about one dimension."""
    for number, value in enumerate(dimension.values):
        axes.axhline(number, color=PALE, lw=0.5, zorder=0.4)
        for is_asked in (False, True):
            own = [
                x
                for x, row in zip(curve.at, curve.rows, strict=True)
                if row[dimension.name] == value and _is_as_asked(row) == is_asked
            ]
            colour = VERMILION if is_asked else INK
            if curve.step >= _ROOMY:
                axes.plot(own, [number] * len(own), "o", ms=2.8, mew=0, color=colour)
            else:
                wide = max(0.3, 0.8 * curve.step, 1.2 if is_asked else 0)
                axes.vlines(own, number - 0.36, number + 0.36, lw=wide, colors=colour)
    axes.set_ylim(len(dimension.values) - 0.5, -0.5)
    label_rows(axes, dict(enumerate(dimension.labels)), fontsize=_SIZE)
    inches = axes.bbox.height / axes.figure.dpi
    axes.annotate(
        dimension.heading, (0, 1 + 0.015 / inches), (-3, 0), xycoords="axes fraction",
        textcoords="offset points", fontsize=_SIZE, color=GREY, ha="right", weight="bold",
        annotation_clip=False,
    )  # fmt: skip


def _handles(shown: Sequence[Row]) -> list[Artist]:
    def handle(label: str, colour: str, marker: str) -> Artist:
        return Line2D([], [], color=colour, marker=marker, label=label, ms=3.4, lw=0.9, mew=0.8)

    handles = []
    others = _labels_of_other_scales(shown)
    if any(map(_is_as_asked, shown)):
        handles.append(handle(AS_ASKED, VERMILION, "D"))
    if not all(map(_is_of_other_scale, shown)):
        handles.append(handle("another choice", BLUE, "o"))
    if others:
        handles.append(handle(" and ".join(others), PURPLE, "s"))
    if not all(is_significant(row["p"]) for row in shown):
        look: dict[str, Any] = {"color": INK, "mfc": "white", "ms": 3.4, "lw": 0}
        handles.append(Line2D([], [], marker="o", label=f"p ≥ {SIGNIFICANT}", **look))
    if any(is_significant(row[_P_GENES]) for row in shown):
        label = f"{_P_GENES} < {SIGNIFICANT}"
        handles.append(Line2D([], [], color=INK, marker="|", label=label, ms=4, lw=0))
    return handles
