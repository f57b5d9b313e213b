"""The pan-cancer figure of a pair: a row per tumor type, and the pooled association at the foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tcga_corr.report.style import (
    BLUE,
    GREY,
    INK,
    MARKERS,
    PALE,
    PALE_BLUE,
    SERIES,
    headed,
    marked_simulated,
    new_figure,
    place,
    short,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tcga_corr.asking import Answer

_ROW, _LEFT, _RIGHT, _FOOT = 0.165, 0.62, 1.42, 0.62  # inches
_BELOW = 0.05
_MARKS = (("q", "q"), ("p_genes", "genes"), ("p_sets", "sets"))
Row = Mapping[str, Any]


def forest(answer: Answer) -> Figure:
    """Draw the answer of ``correlate``.

    A row per tumor type, sorted by r: point and 95 % interval; behind it, the central 95 % of what
    random genes and other pathways give. At the right n, and a dot for each of q, p_genes and
    p_sets below 0.05; an open one where it is not, none where it is not known. At the foot, the
    pooled r with its interval (diamond) and the 95 % prediction interval (line).
    """
    query = answer.query
    rows = answer.frame.to_dicts()
    methods = list(dict.fromkeys(row["method"] for row in rows))
    order = _order(rows, methods[0])
    pooled = [(method, one) for method, one in answer.pooled.items() if one.r is not None]
    band = max(1.0, 0.62 * len(methods))
    with styled():
        # the head is written once to learn its height
        head = headed(new_figure(4), *_told(answer))
        n_foot = len(pooled)
        body = _ROW * (band * len(order) + (n_foot + 0.6 if n_foot else 0)) + 0.06
        figure = new_figure(head + body + _FOOT + 0.16)
        headed(figure, *_told(answer))
        axes = place(figure, _LEFT, _FOOT, _RIGHT, head + 0.16)
        last = band * len(order) + (n_foot + 0.6 if n_foot else 0)
        axes.set_ylim(last - 0.4, -0.6 - (band - 1) / 2)
        axes.set_xlim(-1.02, 1.02)
        for number, tumor_type in enumerate(order):
            own = [row for row in rows if row["tumor_type"] == tumor_type]
            _draw_row(axes, band * number, own, methods)
        _draw_columns(axes, rows, order, band, methods[0])
        for number, (method, one) in enumerate(pooled):
            y = band * len(order) + 0.3 + number
            _draw_pooled(axes, y, one, methods.index(method), len(methods))
        if pooled:
            axes.axhline(band * len(order) - 0.3, color=GREY, lw=0.5)
        _draw_frame(axes, query, order, band, rows, methods)
        if answer.provenance["simulated"]:
            marked_simulated(figure)
    return figure


def _order(rows: Sequence[Row], method: str) -> list[str]:
    """Tumor types by falling r, those without one last."""
    own = [row for row in rows if row["method"] == method]
    own.sort(key=lambda row: (row["r"] is None, -(row["r"] or 0.0), row["tumor_type"]))
    return [row["tumor_type"] for row in own]


def _told(answer: Answer) -> tuple[str, str]:
    query = answer.query
    frame = answer.frame
    first = frame["method"][0]
    n = [row["n"] for row in frame.to_dicts() if row["method"] == first and row["r"] is not None]
    adjusted = f", adjusted for {short(', '.join(query['adjust']))}" if query["adjust"] else ""
    methods = list(dict.fromkeys(frame["method"].to_list()))
    method = ", ".join(methods)
    types = f"{len(n)} tumor types" if len(n) != 1 else "1 tumor type"
    title = f"{short(query['x'])} against {short(query['y'])}"
    about = (
        f"{method}{adjusted}; {query['source']}, {query['unit']}; {query['samples']} "
        f"samples, n = {sum(n):,} in {types}"
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
                axes.text(
                    0, y, short(row["note"] or "no r", 48), color=GREY, fontsize=5.5, zorder=5,
                    ha="center", va="center", style="italic",
                    bbox={"fc": "white", "ec": "none", "pad": 1},
                )  # fmt: skip
            continue
        colour = SERIES[place_of % len(SERIES)]
        axes.plot([row["ci_low"], row["ci_high"]], [at, at], color=colour, lw=0.9, zorder=3)
        is_small = row["q"] is not None and row["q"] < 0.05
        axes.plot(
            row["r"], at, MARKERS[place_of % len(MARKERS)], ms=3.4, mew=0.8, color=colour,
            mfc=colour if is_small else "white", zorder=4,
        )  # fmt: skip


def _draw_columns(
    axes: Axes, rows: Sequence[Row], order: Sequence[str], band: float, method: str
) -> None:
    """n, and the dots of the three p-values, at the right of the axes."""
    transform = axes.get_yaxis_transform()
    width = axes.bbox.width / axes.figure.dpi
    by_type = {row["tumor_type"]: row for row in rows if row["method"] == method}
    marks = [(name, label) for name, label in _MARKS if any(r[name] is not None for r in rows)]
    n_at = 1 + 0.44 / width
    head: dict[str, Any] = {"fontsize": 6, "color": GREY, "va": "bottom", "transform": transform}
    top = -0.75 - (band - 1) / 2
    axes.text(n_at, top, "n", ha="right", clip_on=False, **head)
    places = {name: n_at + (0.2 + 0.28 * number) / width for number, (name, _) in enumerate(marks)}
    for name, label in marks:
        axes.text(places[name], top, label, ha="center", clip_on=False, **head)
    for number, tumor_type in enumerate(order):
        row, y = by_type[tumor_type], band * number
        axes.text(
            n_at, y, f"{row['n']:,}", ha="right", va="center", fontsize=6, transform=transform
        )
        for name, _ in marks:
            if row[name] is not None:
                is_small = row[name] < 0.05
                axes.plot(
                    places[name], y, "o", ms=3.2, mew=0.6, color=INK,
                    mfc=INK if is_small else "white", transform=transform, clip_on=False,
                )  # fmt: skip


def _draw_pooled(axes: Axes, y: float, one: Any, number: int, several: int) -> None:
    colour = SERIES[number % len(SERIES)] if several > 1 else INK
    low, high = one.ci_low, one.ci_high
    if one.prediction_low is not None:
        axes.plot([one.prediction_low, one.prediction_high], [y, y], color=colour, lw=0.7)
        for end in (one.prediction_low, one.prediction_high):
            axes.plot([end, end], [y - 0.14, y + 0.14], color=colour, lw=0.7)
    axes.fill([low, one.r, high, one.r], [y, y - 0.3, y, y + 0.3], color=colour, lw=0, zorder=4)
    axes.text(
        1.02, y, f"{one.r:.2f} ({low:.2f} to {high:.2f})", fontsize=6, va="center",
        transform=axes.get_yaxis_transform(),
    )  # fmt: skip


def _draw_frame(
    axes: Axes,
    query: Mapping[str, Any],
    order: Sequence[str],
    band: float,
    rows: Sequence[Row],
    methods: Sequence[str],
) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    axes.axvline(0, color=GREY, lw=0.6, zorder=2)
    labels = list(order)
    ticks = [band * number for number in range(len(order))]
    if len(axes.patches) and len(order) > 1:
        ticks.append(band * len(order) + 0.3 + (len(methods) - 1) / 2)
        labels.append("pooled")
    axes.set_yticks(ticks, labels)
    axes.tick_params(axis="y", length=0, pad=3)
    axes.spines["left"].set_visible(False)
    axes.set_xticks([-1, -0.5, 0, 0.5, 1])
    what = {"kendall": "Kendall's tau-b", "spearman": "Spearman's rho", "pearson": "Pearson's r"}
    axes.set_xlabel(what.get(query["method"], "r"), labelpad=2)
    shown: list[Any] = []
    if len(methods) > 1:
        shown += [
            Line2D([], [], color=SERIES[n], marker=MARKERS[n], ms=3.4, lw=0.9, label=one)
            for n, one in enumerate(methods)
        ]
    else:
        shown.append(Line2D([], [], color=BLUE, marker="o", ms=3.4, lw=0.9, label="q < 0.05"))
        shown.append(
            Line2D([], [], color=BLUE, marker="o", mfc="white", ms=3.4, lw=0.9, label="q ≥ 0.05")
        )
    for name, colour, label in (
        ("genes", PALE, "95 % of random genes"), ("sets", PALE_BLUE, "95 % of other pathways"),
    ):  # fmt: skip
        if any(row[f"{name}_low"] is not None for row in rows):
            shown.append(Patch(color=colour, label=label))
    axes.legend(
        handles=shown, loc="upper left", ncols=len(shown), bbox_to_anchor=(-0.17, 0, 1.5, 0),
        bbox_transform=_below(axes), borderaxespad=0, handlelength=1.6, columnspacing=1.0,
        handletextpad=0.5,
    )  # fmt: skip


def _below(axes: Axes) -> Any:
    """Coordinates of the axes' width, from a fixed distance below them."""
    from matplotlib.transforms import ScaledTranslation

    shift = ScaledTranslation(0, -(_FOOT - 0.2), axes.figure.dpi_scale_trans)
    return axes.transAxes + shift
