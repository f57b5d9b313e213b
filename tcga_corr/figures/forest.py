"""The pan-cancer figure of a pair: a row per tumor type, and the pooled association at the foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tcga_corr.figures.panels import noted
from tcga_corr.figures.style import (
    BLUE,
    GREY,
    INK,
    MARKERS,
    PALE,
    PALE_BLUE,
    SERIES,
    VERMILION,
    WIDTH,
    cut_apart,
    foot_height,
    headed,
    key_height,
    listed,
    marked_simulated,
    new_figure,
    origin,
    place,
    styled,
    wrapped,
    write_foot,
    write_key,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tcga_corr.analysis.answer import Answer

_ROW, _LEFT, _RIGHT, _FOOT, _HEADS = 0.165, 0.58, 1.62, 0.4, 0.16  # inches
_MARKS = ("q", "p_genes", "p_sets")
Row = Mapping[str, Any]


def forest(answer: Answer) -> Figure:
    """Draw the answer of ``correlate``.

    A row per tumor type, sorted by r: point and 95 % interval; behind it, the central 95 % of what
    random genes and other pathways give. At the right n, and a dot for each of q, p_genes and
    p_sets below 0.05; an open one where it is not, none where it is not known. Below, the pooled r
    with its interval (diamond) and the 95 % prediction interval (line). Of several methods each has
    its own points; order, n and dots are of the first.
    """
    rows = answer.frame.to_dicts()
    methods = list(dict.fromkeys(row["method"] for row in rows))
    by_type = {row["tumor_type"]: row for row in rows if row["method"] == methods[0]}
    order = _order(by_type)
    pooled = [(method, one) for method, one in answer.pooled.items() if one.r is not None]
    band = max(1.0, 0.62 * len(methods))
    last = band * len(order) + (len(pooled) + 0.6 if pooled else 0)
    with styled():
        told = _told(answer)
        handles = _handles(rows, methods)
        marks = [name for name in _MARKS if any(row[name] is not None for row in rows)]
        foot = wrapped(
            _foot(marks, methods, bool(pooled), any(map(_is_apart, rows))), WIDTH - 0.2, 6, 3
        )
        bottom = _FOOT + foot_height(foot) + key_height(handles, WIDTH)
        # the head is written once to learn its height
        head = headed(new_figure(4), *told) + _HEADS
        figure = new_figure(head + _ROW * last + 0.06 + bottom)
        headed(figure, *told)
        axes = place(figure, _LEFT, bottom, _RIGHT, head)
        axes.set_ylim(last - 0.4, -0.6 - (band - 1) / 2)
        axes.set_xlim(-1.02, 1.02)
        for number, tumor_type in enumerate(order):
            own = [row for row in rows if row["tumor_type"] == tumor_type]
            _draw_row(axes, band * number, own, methods)
        _draw_columns(axes, [by_type[name] for name in order], band, marks)
        labels = dict(zip((band * number for number in range(len(order))), order, strict=True))
        for number, (method, one) in enumerate(pooled):
            y = band * len(order) + 0.3 + number
            _draw_pooled(axes, y, one, methods.index(method), len(methods))
        if pooled:
            axes.axhline(band * len(order) - 0.3, color=GREY, lw=0.5)
            labels[band * len(order) + 0.3 + (len(pooled) - 1) / 2] = "pooled"
        _draw_frame(axes, labels, answer.query.method)
        write_foot(figure, foot)
        write_key(figure, handles, 0.05 + foot_height(foot))
        if answer.simulated:
            marked_simulated(figure)
    return figure


def _order(by_type: Mapping[str, Row]) -> list[str]:
    """Tumor types by falling r, those without one last."""

    def key(name: str) -> tuple[bool, float, str]:
        r = by_type[name]["r"]
        return r is None, -(r or 0.0), name

    return sorted(by_type, key=key)


def _told(answer: Answer) -> tuple[str, str]:
    query = answer.query
    frame = answer.frame
    first = frame["method"][0]
    n = [row["n"] for row in frame.to_dicts() if row["method"] == first and row["r"] is not None]
    adjusted = f", adjusted for {listed(query['adjust'])}" if query.adjust else ""
    methods = list(dict.fromkeys(frame["method"].to_list()))
    method = ", ".join(methods)
    types = f"{len(n)} tumor types" if len(n) != 1 else "1 tumor type"
    title = " against ".join(cut_apart([query.x, query.y]))
    about = (
        f"{method}{adjusted}; {origin(query)}; {query['samples']} samples, "
        f"n = {sum(n):,} in {types}"
    )
    return title, about


def _draw_row(axes: Axes, y: float, rows: Sequence[Row], methods: Sequence[str]) -> None:
    for row in rows:
        place_of = methods.index(row["method"])
        at = y + (place_of - (len(methods) - 1) / 2) * 0.5
        high = 0.36 if len(methods) == 1 else 0.22
        for name, colour, part in (("genes", PALE, 1), ("sets", PALE_BLUE, -1)):
            low, top = row[f"{name}_low"], row[f"{name}_high"]
            if low is not None:
                axes.fill_between([low, top], at, at - part * high, color=colour, lw=0, zorder=1)
        if row["r"] is None:
            if place_of == 0:
                why = row["note"].removeprefix("SIMULATED").removeprefix("; ")
                noted(axes, y, why or "no r")
            continue
        colour = SERIES[place_of % len(SERIES)]
        axes.plot([row["ci_low"], row["ci_high"]], [at, at], color=colour, lw=0.9, zorder=3)
        is_small = row["q"] is not None and row["q"] < 0.05
        axes.plot(
            row["r"], at, MARKERS[place_of % len(MARKERS)], ms=3.4, mew=0.8, color=colour,
            mfc=colour if is_small else "white", zorder=4,
        )  # fmt: skip
        if _is_apart(row):
            apart = row["r_disjoint"]
            axes.plot([apart, apart], [at - 0.3, at + 0.3], color=VERMILION, lw=0.9, zorder=3)


def _is_apart(row: Row) -> bool:
    """Whether there is an r without shared genes, which is what the bands are about."""
    return bool(row.get("n_shared_genes")) and row["r_disjoint"] is not None


def _foot(marks: Sequence[str], methods: Sequence[str], is_pooled: bool, is_apart: bool) -> str:
    parts = []
    if is_apart:
        parts.append("Short stroke: r without shared genes, as the bands.")
    if marks:
        of_first = f", by {methods[0]}" if len(methods) > 1 else ""
        parts.append(f"Dots at the right: filled where below 0.05{of_first}.")
    if is_pooled:
        parts.append("Pooled: r and its 95 % interval; line, 95 % prediction interval.")
    return " ".join(parts)


def _draw_columns(axes: Axes, rows: Sequence[Row], band: float, marks: Sequence[str]) -> None:
    """n, and the dots of q and of the p-values of the nulls, at the right of the axes."""
    transform = axes.get_yaxis_transform()
    width = axes.bbox.width / axes.figure.dpi
    n_at = 1 + 0.44 / width
    head: dict[str, Any] = {"fontsize": 6, "color": GREY, "va": "bottom", "transform": transform}
    top = -0.75 - (band - 1) / 2
    axes.text(n_at, top, "n", ha="right", clip_on=False, **head)
    places = {name: n_at + at / width for name, at in zip(_MARKS, (0.22, 0.54, 0.94), strict=True)}
    for name in marks:
        axes.text(places[name], top, name, ha="center", clip_on=False, **head)
    for number, row in enumerate(rows):
        y = band * number
        axes.text(
            n_at, y, f"{row['n']:,}", ha="right", va="center_baseline", fontsize=6,
            transform=transform,
        )  # fmt: skip
        for name in marks:
            if row[name] is not None:
                axes.plot(
                    places[name], y, "o", ms=3.2, mew=0.6, color=INK,
                    mfc=INK if row[name] < 0.05 else "white", transform=transform, clip_on=False,
                )  # fmt: skip


def _draw_pooled(axes: Axes, y: float, one: Any, number: int, several: int) -> None:
    colour = SERIES[number % len(SERIES)] if several > 1 else INK
    low, high = one.ci_low, one.ci_high
    if one.prediction_low is not None:
        axes.plot([one.prediction_low, one.prediction_high], [y, y], color=colour, lw=0.7)
        for end in (one.prediction_low, one.prediction_high):
            axes.plot([end, end], [y - 0.14, y + 0.14], color=colour, lw=0.7)
    axes.fill([low, one.r, high, one.r], [y, y - 0.3, y, y + 0.3], color=colour, lw=0, zorder=4)
    told = f"{one.r:.2f} ({low:.2f} to {high:.2f})".replace("-", "−")
    axes.text(
        1.02, y, told, fontsize=6, va="center_baseline", transform=axes.get_yaxis_transform(),
    )  # fmt: skip


def _draw_frame(axes: Axes, labels: Mapping[float, str], method: str) -> None:
    axes.axvline(0, color=GREY, lw=0.6, zorder=2)
    axes.set_yticks(list(labels), list(labels.values()))
    axes.tick_params(axis="y", length=0, pad=3)
    axes.spines["left"].set_visible(False)
    axes.set_xticks([-1, -0.5, 0, 0.5, 1])
    what = {"kendall": "Kendall's tau-b", "spearman": "Spearman's rho", "pearson": "Pearson's r"}
    axes.set_xlabel(what.get(method, "r"), labelpad=2)


def _handles(rows: Sequence[Row], methods: Sequence[str]) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    look: dict[str, Any] = {"ms": 3.4, "lw": 0.9}
    if len(methods) > 1:
        shown: list[Any] = [
            Line2D([], [], color=SERIES[n], marker=MARKERS[n], label=one, **look)
            for n, one in enumerate(methods)
        ]
        look |= {"color": INK, "lw": 0}
    else:
        shown = []
        look |= {"color": BLUE}
    shown.append(Line2D([], [], marker="o", label="q < 0.05", **look))
    shown.append(Line2D([], [], marker="o", mfc="white", label="q ≥ 0.05", **look))
    for name, colour, label in (
        ("genes", PALE, "95 % of random genes"), ("sets", PALE_BLUE, "95 % of other pathways"),
    ):  # fmt: skip
        if any(row[f"{name}_low"] is not None for row in rows):
            shown.append(Patch(color=colour, label=label))
    return shown
