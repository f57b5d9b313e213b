"""The pan-cancer figure of a pair: a row per tumor type, and the pooled association at the foot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from tcga_corr.analysis.correlate import CorrelateAnswer
from tcga_corr.analysis.correlate_by import CorrelateByAnswer, CorrelateByQuery
from tcga_corr.analysis.pool import Pooling
from tcga_corr.choices import MethodOrAll
from tcga_corr.figures.frame import Frame, place, source_and_unit, symbol_of
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.panels import LEAST_ROW, draw_dot, label_rows, write_above, write_note
from tcga_corr.figures.style import (
    BLUE,
    GREY,
    INK,
    MARKERS,
    PALE,
    PALE_BLUE,
    PALE_ORANGE,
    SERIES,
    VERMILION,
    WIDTH,
    styled,
)
from tcga_corr.figures.text import count_of, cut_apart, listed, signed
from tcga_corr.vocabulary.associations import (
    LEVEL_OF_DIFFERENCE,
    LEVEL_OF_TUMOR_TYPE,
    SIGNIFICANT,
    is_significant,
    note_without_mark,
)
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import NULLS

_ROW, _LEFT, _FOOT, _HEADS, _NARROWEST = 0.165, 0.58, 0.4, 0.16, 0.9  # inches
_ROOM_OF_TICKS = 1.3  # inches of axes, below which every second tick is left out
# columns of p- or q-values at the right of the axes, and their inches right of n
_OF_NULLS = [null.q or null.p for null in NULLS.values()]
_DOTS = {"q": 0.22} | {name: 0.54 + 0.4 * number for number, name in enumerate(_OF_NULLS)}
_OF_DIFFERENCE = "p shuffled"
_DOTS[_OF_DIFFERENCE] = 0.36
_R_AT, _N_AT = 0.4, 0.78
_RIGHT = _N_AT + max(_DOTS.values()) + 0.24
_BANDS = dict(zip(NULLS.values(), (PALE, PALE_BLUE, PALE_ORANGE), strict=False))
Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Lines:
    """What is drawn: rows of several series, methods or strata.

    Attributes
    ----------
    names
        The series.
    rows
        With the name of their series.
    first
        By tumor type, what stands at the right: n, and the values of dots.
    r
        By tumor type, by which it is sorted.
    pooled
        By series.
    """

    names: list[str]
    rows: list[dict[str, Any]]
    first: dict[str, dict[str, Any]]
    r: dict[str, float | None]
    pooled: Mapping[str, Pooling]


def _lines_of(answer: CorrelateAnswer | CorrelateByAnswer) -> _Lines:
    rows = answer.frame.to_dicts()
    if isinstance(answer, CorrelateAnswer):
        methods = list(dict.fromkeys(row["method"] for row in rows))
        own = [{**row, "series": row["method"]} for row in rows]
        first = {row["tumor_type"]: row for row in own if row["method"] == methods[0]}
        r = {name: row["r"] for name, row in first.items()}
        return _Lines(methods, own, first, r, {str(key): one for key, one in answer.pooled.items()})
    strata = [
        {**row, "series": row["stratum"]} for row in rows if row["level"] == LEVEL_OF_TUMOR_TYPE
    ]
    by_type: dict[str, dict[str, Any]] = {}
    r = {}
    for row in strata:
        known = by_type.setdefault(row["tumor_type"], {"n": 0})
        known["n"] += row["n"]
        if r.get(row["tumor_type"]) is None:
            r[row["tumor_type"]] = row["r"]
    for row in rows:  # the last comparison of a tumor type is that of all strata
        if row["level"] == LEVEL_OF_DIFFERENCE:
            by_type[row["tumor_type"]][_OF_DIFFERENCE] = row["p_permutation"]
    return _Lines(answer.query.strata, strata, by_type, r, answer.strata)


@styled()
def forest(answer: CorrelateAnswer | CorrelateByAnswer, look: Look = PLAIN) -> Figure:
    """Draw the answer of ``correlate``, also of one by strata.

    A row per tumor type, by falling r or in the order of the look: point and 95 % interval; behind
    it, the central 95 % of what random genes and other pathways give. At the right n, and a dot for
    each of q, q_genes and p_sets below 0.05; an open one where it is not, none where it is not
    known. Below, the pooled r with its interval (diamond) and the 95 % prediction interval (line).
    Of several methods each has its own points; order, n and dots are of the first. So it is of
    several strata, but that n is of all of them, and the dots are of their difference.
    """
    lines = _lines_of(answer)
    rows, methods, by_type = lines.rows, lines.names, lines.first
    n_of = {name: row["n"] for name, row in by_type.items()}
    order = look.ordered(answer.query.scope.tumor_types, lines.r, n_of, "value")
    pooled = [(name, one) for name, one in lines.pooled.items() if one.r is not None]
    dots = [name for name in _DOTS if any(row.get(name) is not None for row in by_type.values())]
    band = max(1.0, 0.62 * len(methods))
    last = band * len(order) + (len(pooled) + 0.6 if pooled else 0)
    frame = Frame(
        *_heading(answer, lines),
        simulated=answer.simulated,
        handles=_handles(rows, methods),
        foot=_foot(dots, methods, bool(pooled), any(map(_has_stroke, rows))),
        look=look,
    ).as_wide(WIDTH, _LEFT + _NARROWEST + _RIGHT)
    around = _HEADS + 0.06 + _FOOT
    figure = frame.figure(frame.body(around + _ROW * last, around + LEAST_ROW * last))
    axes = place(figure, _LEFT, _FOOT + frame.below, _RIGHT, frame.head + _HEADS)
    axes.set_ylim(last - 0.4, -0.6 - (band - 1) / 2)
    axes.set_xlim(-1.02, 1.02)
    for number, tumor_type in enumerate(order):
        own = [row for row in rows if row["tumor_type"] == tumor_type]
        _draw_row(axes, band * number, own, methods)
    symbol = symbol_of(answer.frame["method"][0], is_partial=bool(answer.query.adjust))
    _draw_columns(axes, [by_type[name] for name in order], band, dots, symbol)
    labels = dict(zip((band * number for number in range(len(order))), order, strict=True))
    for number, (method, one) in enumerate(pooled):
        y = band * len(order) + 0.3 + number
        colour = SERIES[methods.index(method) % len(SERIES)] if len(methods) > 1 else INK
        _draw_pooled(axes, y, one, colour)
    if pooled:
        axes.axhline(band * len(order) - 0.3, color=GREY, lw=0.5)
        labels[band * len(order) + 0.3 + (len(pooled) - 1) / 2] = "pooled"
    _draw_axes(axes, labels, answer.query.method, is_partial=bool(answer.query.adjust))
    return figure


def _heading(answer: CorrelateAnswer | CorrelateByAnswer, lines: _Lines) -> tuple[str, str]:
    query = answer.query
    drawn = {row["tumor_type"] for row in lines.rows if row["r"] is not None}
    n = [row["n"] for name, row in lines.first.items() if name in drawn]
    adjusted = f", adjusted for {listed(query.adjust)}" if query.adjust else ""
    by = f" by {query.by}" if isinstance(query, CorrelateByQuery) else ""
    methods = [query.method] if by else lines.names
    about = (
        f"{', '.join(methods)}{by}{adjusted}; {source_and_unit(query.scope)}; "
        f"{query.scope.samples_in_words}, n = {sum(n):,} in {count_of(len(n), 'tumor type')}"
    )
    return " against ".join(cut_apart([query.x, query.y])), about


def _draw_row(axes: Axes, y: float, rows: Sequence[Row], methods: Sequence[str]) -> None:
    half = 0.36 if len(methods) == 1 else 0.22
    for row in rows:
        number = methods.index(row["series"])
        at = y + (number - (len(methods) - 1) / 2) * 0.5
        _draw_bands(axes, at, row, half)
        if row["r"] is None:
            if number == 0 and all(one["r"] is None for one in rows):
                write_note(axes, y, note_without_mark(row["note"]) or "no r")
            continue
        colour = SERIES[number % len(SERIES)]
        axes.plot([row["ci_low"], row["ci_high"]], [at, at], color=colour, lw=0.9, zorder=3)
        axes.plot(
            row["r"], at, MARKERS[number % len(MARKERS)], ms=3.4, mew=0.8, color=colour,
            mfc=colour if is_significant(row["q"]) else "white", zorder=4,
        )  # fmt: skip
        if _has_stroke(row):
            r = row["r_disjoint"]
            stroke = colour if len(methods) > 1 else VERMILION  # which is a series' own of several
            axes.plot([r, r], [at - 0.3, at + 0.3], color=stroke, lw=0.9, zorder=3)


def _draw_bands(axes: Axes, at: float, row: Row, half: float) -> None:
    """Draw what the nulls give, one above the other."""
    for number, (null, colour) in enumerate(_BANDS.items()):
        edges = [at - half + 2 * half * place / len(_BANDS) for place in (number, number + 1)]
        low, high = row[null.low], row[null.high]
        if low is not None:
            inner, outer = sorted(edges, key=lambda edge: abs(edge - at))
            axes.fill_between([low, high], inner, outer, color=colour, lw=0, zorder=1)


def _has_stroke(row: Row) -> bool:
    """Whether there is an r without shared genes, which is what the bands are about."""
    return bool(row.get("n_shared_genes")) and row["r_disjoint"] is not None


def _foot(dots: Sequence[str], methods: Sequence[str], is_pooled: bool, has_stroke: bool) -> str:
    parts = []
    if has_stroke:
        parts.append("Short stroke: r without shared genes, as the bands.")
    if dots:
        of_first = f", by {methods[0]}" if len(methods) > 1 else ""
        if _OF_DIFFERENCE in dots:
            of_first = ", of the difference between strata"
        parts.append(f"Dots at the right: filled where below {SIGNIFICANT}{of_first}.")
    if is_pooled:
        parts.append("Pooled: r and its 95 % interval; line, 95 % prediction interval.")
    return " ".join(parts)


def _draw_columns(
    axes: Axes, rows: Sequence[Row], band: float, dots: Sequence[str], symbol: str
) -> None:
    """Draw r and n at the right of the axes, and dots of q and of the nulls' q- or p-values."""
    transform = axes.get_yaxis_transform()
    width = axes.bbox.width / axes.figure.dpi
    n_at, r_at = 1 + _N_AT / width, 1 + _R_AT / width
    head: dict[str, Any] = {"fontsize": 6, "color": GREY}
    write_above(axes, width + _N_AT, 0.025, "n", ha="right", **head)
    if any(row.get("r") is not None for row in rows):
        write_above(axes, width + _R_AT, 0.025, symbol, ha="right", **head)
    for name in dots:
        write_above(axes, width + _N_AT + _DOTS[name], 0.025, name, ha="center", **head)
    for number, row in enumerate(rows):
        y = band * number
        axes.text(
            n_at, y, f"{row['n']:,}", ha="right", va="center_baseline", fontsize=6,
            transform=transform,
        )  # fmt: skip
        if row.get("r") is not None:
            axes.text(
                r_at, y, signed(f"{row['r']:.2f}"), ha="right", va="center_baseline", fontsize=6,
                transform=transform,
            )  # fmt: skip
        for name in dots:
            if row.get(name) is not None:
                draw_dot(axes, n_at + _DOTS[name] / width, y, row[name] < SIGNIFICANT)


def _draw_pooled(axes: Axes, y: float, pooled: Pooling, colour: str) -> None:
    r, low, high = pooled.r, pooled.ci_low, pooled.ci_high
    if r is None or low is None or high is None:
        return
    _draw_bands(axes, y, vars(pooled), 0.36)
    if pooled.prediction_low is not None and pooled.prediction_high is not None:
        ends = (pooled.prediction_low, pooled.prediction_high)
        axes.plot(ends, [y, y], color=colour, lw=0.7)
        for end in ends:
            axes.plot([end, end], [y - 0.14, y + 0.14], color=colour, lw=0.7)
    axes.fill([low, r, high, r], [y, y - 0.3, y, y + 0.3], color=colour, lw=0, zorder=4)
    axes.text(
        1.02, y, signed(f"{r:.2f} ({low:.2f} to {high:.2f})"), fontsize=6, va="center_baseline",
        transform=axes.get_yaxis_transform(),
    )  # fmt: skip


def _draw_axes(
    axes: Axes, labels: Mapping[float, str], method: MethodOrAll, *, is_partial: bool
) -> None:
    axes.axvline(0, color=GREY, lw=0.6, zorder=2)
    label_rows(axes, labels)
    is_narrow = axes.bbox.width / axes.figure.dpi < _ROOM_OF_TICKS
    axes.set_xticks([-1, 0, 1] if is_narrow else [-1, -0.5, 0, 0.5, 1])
    label = "r" if method == "all" else METHODS[method].label
    axes.set_xlabel(f"partial {label}" if is_partial else label, labelpad=2)


def _handles(rows: Sequence[Row], methods: Sequence[str]) -> list[Artist]:
    look: dict[str, Any] = {"ms": 3.4, "lw": 0.9, "color": BLUE}
    shown: list[Artist] = []
    if len(methods) > 1:
        shown = [
            Line2D([], [], label=method, **look | {"color": colour, "marker": marker})
            for method, colour, marker in zip(methods, SERIES, MARKERS, strict=False)
        ]
        look |= {"color": INK, "lw": 0}
    shown.append(Line2D([], [], marker="o", label=f"q < {SIGNIFICANT}", **look))
    shown.append(Line2D([], [], marker="o", mfc="white", label=f"q ≥ {SIGNIFICANT}", **look))
    for null, colour in _BANDS.items():
        if any(row[null.low] is not None for row in rows):
            shown.append(Patch(color=colour, label=f"95 % of {null.short}"))
    return shown
