"""The specification curve of a robustness analysis: every choice, and what each was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tcga_corr.figures.style import (
    BLUE,
    GREY,
    INK,
    PALE,
    PURPLE,
    VERMILION,
    WIDTH,
    cut_apart,
    fitted_apart,
    headed,
    key_height,
    marked_simulated,
    new_figure,
    place,
    plain,
    styled,
    text_width,
    write_key,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tcga_corr.analysis.answer import Answer

Row = Mapping[str, Any]
_CURVE, _SIZES, _ROW, _HEADING, _RIGHT, _GAP = 1.7, 0.3, 0.115, 0.14, 0.12, 0.12  # inches
_LABELS, _SIZE = 1.75, 6.0  # at most so many inches of text, in points
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
    """What may be chosen: its heading, and its values with how they are called."""

    name: str
    heading: str
    values: Sequence[str]
    labels: Sequence[str]

    @property
    def inches(self) -> float:
        return _HEADING + _ROW * len(self.values)


def specification_curve(answer: Answer) -> Figure:
    """Draw the answer of ``robustness``.

    Above, r and its 95 % interval of every choice that gives one, from the lowest to the highest;
    Kendall's tau-b, on a scale of its own, stands apart at the right. In the middle, n where it
    varies. Below, what each choice was, of all that varies. What was asked is marked throughout.
    """
    rows = [row for row in answer.frame.to_dicts() if row["kind"] != "without gene"]
    shown, n_curve = _sorted([row for row in rows if row["r"] is not None])
    gap = max(1.0, 0.03 * len(shown)) if 0 < n_curve < len(shown) else 0.0
    at = [number + (gap if number >= n_curve else 0.0) for number in range(len(shown))]
    dimensions = _dimensions(rows)
    varies = len({row["n"] for row in shown}) > 1
    with styled():
        from matplotlib import rcParams

        told = _told(answer, rows, shown)
        handles = _handles(shown)
        labels = [label for one in dimensions for label in one.labels]
        headings = [one.heading for one in dimensions]
        left = 0.18 + max(
            [0.4, *(text_width(label, _SIZE) for label in labels)]
            + [text_width(heading, _SIZE, "bold") for heading in headings]
        )
        key = key_height(handles, WIDTH) + 0.06
        grid = sum(one.inches for one in dimensions)
        sizes = _SIZES + _GAP if varies else 0.0
        head = headed(new_figure(4), *told) + 0.04
        figure = new_figure(head + _CURVE + sizes + grid + key)
        headed(figure, *told)
        height = figure.get_figheight()
        step = (WIDTH - left - _RIGHT) * 72 / (max(at) + 2)
        limits = (-1.0, max(at) + 1.0)
        asked = [x for x, row in zip(at, shown, strict=True) if row["kind"] == "as asked"]

        axes = place(figure, left, height - head - _CURVE, _RIGHT, head)
        _draw_curve(axes, at, shown, step)
        several = [axes]
        if varies:
            bottom = height - head - _CURVE - sizes
            axes = place(figure, left, bottom, _RIGHT, head + _CURVE + _GAP)
            _draw_sizes(axes, at, shown, step)
            several.append(axes)
        top = head + _CURVE + sizes
        for one in dimensions:
            top += _HEADING
            bottom = height - top - _ROW * len(one.values)
            axes = place(figure, left, bottom, _RIGHT, top)
            _draw_choices(axes, at, shown, step, one)
            top += _ROW * len(one.values)
            several.append(axes)
        for axes in several:
            axes.set_xlim(*limits)
            axes.set_xticks([])
            axes.spines["bottom"].set_visible(False)
            for x in asked:
                wide = max(step, 2.2) if step < 12 else 12
                axes.axvline(x, color=VERMILION, alpha=0.22, lw=wide, zorder=0.5)
            if gap:
                middle = n_curve + gap / 2 - 0.5
                axes.axvline(middle, color=GREY, lw=rcParams["axes.linewidth"], ls=(0, (1, 2)))
        write_key(figure, handles, 0.03)
        if answer.simulated:
            marked_simulated(figure)
    return figure


def _sorted(rows: Sequence[Row]) -> tuple[list[Row], int]:
    """Choices by rising r, those of Kendall's tau last; and how many come before them."""
    found = sorted(rows, key=lambda row: (row["method"] == "kendall", row["r"]))
    return found, sum(row["method"] != "kendall" for row in found)


def _dimensions(rows: Sequence[Row]) -> list[_Dimension]:
    """What varies among the choices, each value in the order of the answer."""
    found = []
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
        found.append(_Dimension(name, heading, values, fitted_apart(names, _LABELS, _SIZE)))
    return found


def _told(answer: Answer, rows: Sequence[Row], shown: Sequence[Row]) -> tuple[str, str]:
    query, spread = answer.query, answer.summary
    x, y = cut_apart([query.x[0], query.y[0]])
    title = f"{x} against {y} in {query['tumor_type']}, over {len(shown):,} choices"
    sizes = [row["n"] for row in shown]
    n = f"{min(sizes):,}" + (f" to {max(sizes):,}" if min(sizes) < max(sizes) else "")
    units = {row["source"]: row["unit"] for row in rows}
    sources = "; ".join(f"{plain(one)}, {plain(unit)}" for one, unit in units.items())
    asked = spread["r_as_asked"]
    parts = [
        f"{sources}; {query['samples']} samples, n = {n}",
        f"as asked r = {asked:.3f}" if asked is not None else "as asked there is no r",
    ]
    total = spread["n_specifications"]
    if total:
        taus = any(row["method"] == "kendall" for row in shown)
        parts.append(
            f"over {total:,} choices{' (tau-b apart)' if taus else ''} {spread['r_min']:.3f} to "
            f"{spread['r_max']:.3f}, median {spread['r_median']:.3f}, {spread['n_positive']:,} "
            f"above 0, {spread['n_significant']:,} with p < 0.05"
        )
    without = answer.frame.filter(answer.frame["kind"] == "without gene")
    left: list[float] = without["r"].drop_nulls().to_list()
    if left:
        genes = "one gene of the sets" if len(left) == 1 else f"each of {len(left):,} genes"
        parts.append(f"as asked without {genes} {min(left):.3f} to {max(left):.3f}")
    if len(shown) < len(rows):
        lacking = [row for row in rows if row["r"] is None]
        why = plain(next((row["note"] for row in lacking if row["note"]), ""), 90)
        parts.append(f"{len(lacking):,} more choices give no r" + (f" ({why})" if why else ""))
    return title, "; ".join(parts)


def _kind(row: Row) -> tuple[str, str]:
    """Colour and marker of a choice."""
    if row["kind"] == "as asked":
        return VERMILION, "D"
    return (PURPLE, "s") if row["method"] == "kendall" else (BLUE, "o")


def _is_small(row: Row) -> bool:
    return row["p"] is not None and row["p"] < 0.05


def _draw_curve(axes: Axes, at: Sequence[float], shown: Sequence[Row], step: float) -> None:
    size = min(3.8, max(1.3, 0.75 * step))
    both = list(zip(at, shown, strict=True))
    for kind in ((BLUE, "o"), (PURPLE, "s"), (VERMILION, "D")):
        colour, marker = kind
        is_asked = marker == "D"
        own = [(x, row) for x, row in both if _kind(row) == kind]
        known = [(x, row) for x, row in own if row["ci_low"] is not None]
        axes.vlines(
            [x for x, _ in known], [row["ci_low"] for _, row in known],
            [row["ci_high"] for _, row in known], colors=colour, alpha=1 if is_asked else 0.5,
            lw=max(0.3, min(0.9, 0.35 * step)), zorder=4 if is_asked else 2,
        )  # fmt: skip
        for is_small in (True, False):
            some = [(x, row["r"]) for x, row in own if _is_small(row) == is_small]
            axes.plot(
                [x for x, _ in some], [r for _, r in some], marker, color=colour,
                ms=max(size, 3.4) if is_asked else size, mew=min(0.8, size / 4),
                mfc=colour if is_small else "white", zorder=5 if is_asked else 3,
            )  # fmt: skip
    ends = [0.0, *(row["r"] for row in shown)]
    ends += [row[end] for row in shown for end in ("ci_low", "ci_high") if row[end] is not None]
    axes.axhline(0, color=GREY, lw=0.6, zorder=1)
    low, high = min(ends), max(ends)
    room = 0.05 * (high - low) or 0.1
    axes.set_ylim(low - room, high + room)
    axes.locator_params(axis="y", nbins=6)
    axes.set_ylabel("r and 95 % interval", labelpad=3)


def _draw_sizes(axes: Axes, at: Sequence[float], shown: Sequence[Row], step: float) -> None:
    sizes = [row["n"] for row in shown]
    axes.vlines(
        at, 0, sizes, lw=max(0.3, 0.8 * min(step, 9)),
        colors=[VERMILION if row["kind"] == "as asked" else "#a8a8a8" for row in shown],
    )  # fmt: skip
    axes.set_ylim(0, max(sizes))
    axes.set_yticks([0, max(sizes)], ["0", f"{max(sizes):,}"])
    axes.set_ylabel("n", labelpad=3)


def _draw_choices(
    axes: Axes, at: Sequence[float], shown: Sequence[Row], step: float, one: _Dimension
) -> None:
    """The part of the grid that is of one dimension."""
    for number, value in enumerate(one.values):
        axes.axhline(number, color=PALE, lw=0.5, zorder=0.4)
        for asked in (False, True):
            own = [
                x
                for x, row in zip(at, shown, strict=True)
                if row[one.name] == value and (row["kind"] == "as asked") == asked
            ]
            colour = VERMILION if asked else INK
            if step >= _ROOMY:
                axes.plot(own, [number] * len(own), "o", ms=2.8, mew=0, color=colour)
            else:
                wide = max(0.3, 0.8 * step, 1.2 if asked else 0)
                axes.vlines(own, number - 0.36, number + 0.36, lw=wide, colors=colour)
    axes.set_ylim(len(one.values) - 0.5, -0.5)
    axes.set_yticks(range(len(one.values)), one.labels, fontsize=_SIZE)
    axes.tick_params(axis="y", length=0, pad=3)
    axes.spines["left"].set_visible(False)
    inches = axes.bbox.height / axes.figure.dpi
    axes.annotate(
        one.heading, (0, 1 + 0.015 / inches), (-3, 0), xycoords="axes fraction",
        textcoords="offset points", fontsize=_SIZE, color=GREY, ha="right", weight="bold",
        annotation_clip=False,
    )  # fmt: skip


def _handles(shown: Sequence[Row]) -> list[Any]:
    from matplotlib.lines import Line2D

    look: dict[str, Any] = {"ms": 3.4, "lw": 0.9, "mew": 0.8}
    handles = []
    if any(row["kind"] == "as asked" for row in shown):
        handles.append(Line2D([], [], color=VERMILION, marker="D", label="as asked", **look))
    if any(row["method"] != "kendall" for row in shown):
        handles.append(Line2D([], [], color=BLUE, marker="o", label="another choice", **look))
    if any(row["method"] == "kendall" for row in shown):
        handles.append(Line2D([], [], color=PURPLE, marker="s", label="Kendall's tau-b", **look))
    if not all(map(_is_small, shown)):
        handles.append(
            Line2D([], [], color=INK, marker="o", mfc="white", ms=3.4, lw=0, label="p ≥ 0.05")
        )
    return handles
