"""The running sums of gene sets down a ranking: a large panel of one, small ones of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tcga_corr.analysis.enrich import EnrichAnswer
from tcga_corr.analysis.enrichment.ranking_tables import LABELS
from tcga_corr.analysis.enrichment.result import Enriched, Places
from tcga_corr.errors import AnalysisError, UsageError, near_names
from tcga_corr.figures.frame import Frame
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.style import BLUE, FAINT, GREY, INK, VERMILION, WIDTH, styled
from tcga_corr.figures.text import count_of, fitted, listed, plain, wrapped_apart
from tcga_corr.figures.ticks import ticks_between
from tcga_corr.stats.enrichment import Vector, running_sum
from tcga_corr.vocabulary.associations import SIGNIFICANT

MOST, BY_DEFAULT = 20, 6
"""Panels of one figure, and of the sets with the smallest p."""
Row = Mapping[str, Any]
_RIGHT, _N_DRAWN = 0.12, 800  # inches; points of the ranking's numbers


@dataclass(frozen=True)
class _Layout:
    """The sizes of panels, in inches and points."""

    across: int
    sum_height: float
    ticks_height: float
    numbers_height: float
    left: float
    size: float
    below: float = 0.36
    gap: float = 0.05

    @property
    def is_large(self) -> bool:
        """Whether it is of one panel."""
        return self.across == 1

    @property
    def line(self) -> float:
        """The height of a line of text above the panel."""
        return self.size / 72 * 1.3

    @property
    def body(self) -> float:
        """The height of the three axes."""
        return self.sum_height + self.ticks_height + self.numbers_height + 2 * self.gap


_LARGE = _Layout(1, 2.1, 0.2, 0.65, 0.62, 7.0)
_SMALL = _Layout(3, 0.95, 0.1, 0.3, 0.44, 5.5, below=0.3)


@styled()
def running_sums(answer: EnrichAnswer, names: Sequence[str] = (), look: Look = PLAIN) -> Figure:
    """Draw an answer of GSEA.

    A panel has the running sum of a set with its peak, below it the places of its genes in the
    ranking, and the numbers that rank. The curve is grey where q is not below 0.05.

    Parameters
    ----------
    answer
        Of ``enrich``, by GSEA.
    names
        The sets; the 6 with the smallest p by default.
    look
        Size and title; there is no order.

    Raises
    ------
    UsageError
        If a name is no set of the answer, or there are more panels than can be read.
    AnalysisError
        If a named set has no running sum.
    """
    look.refuse_order("a figure of gene sets")
    rows = _chosen(answer, names)
    layout = _LARGE if len(rows) == 1 else _SMALL
    across = min(layout.across, len(rows))
    natural = max(WIDTH, 6.6) if across > 2 else WIDTH
    width = look.width_or(natural)
    inner = (width - _RIGHT - 0.05) / across - layout.left
    titles = _titles(rows, inner + 0.08, layout.size + 1)
    heads = max(map(len, titles)) * (layout.size + 1) / 72 * 1.25 + 2 * layout.line + 0.1
    frame = Frame(
        *_heading(answer, rows, names), simulated=answer.simulated, foot=_FOOT, look=look
    ).as_wide(natural, across * (layout.left + 1.2) + _RIGHT)
    n_down = -(-len(rows) // across)
    natural = n_down * (heads + layout.body + layout.below) + 0.05
    body = frame.body(natural, natural - n_down * layout.sum_height / 2)
    layout = replace(layout, sum_height=layout.sum_height + (body - natural) / n_down)
    step = heads + layout.body + layout.below
    figure = frame.figure(body)
    parts = {
        _key(part.ranking.labels, row): part
        for row in rows
        for part in answer.parts
        if _is_of(part, row)
    }
    limits = _limits_of(parts, rows)
    for number, row in enumerate(rows):
        line, column = divmod(number, across)
        left = 0.05 + column * (inner + layout.left) + layout.left
        top = frame.head + line * step + heads
        part = parts[_key(_labels_of(row), row)]
        stack = _axes(figure, layout, left, top, inner)
        _draw(stack, part, row, limits, inner, first=column == 0, layout=layout)
        _write_head(stack[0], titles[number], row, layout)
    return figure


_FOOT = (
    "Running sum of each set (its peak is ES), places of its genes, and the numbers that rank, "
    f"from the highest to the lowest; grey where q ≥ {SIGNIFICANT}."
)


def _labels_of(row: Row) -> dict[str, str]:
    return {label: row[label] for label in LABELS if label in row}


def _is_of(part: Enriched, row: Row) -> bool:
    own = _labels_of(row)
    return all(part.ranking.labels.get(label) == value for label, value in own.items())


def _key(labels: Mapping[str, str], row: Row) -> tuple[str, ...]:
    return tuple(labels[label] for label in LABELS if label in row)


def _chosen(answer: EnrichAnswer, names: Sequence[str]) -> Sequence[Row]:
    """The rows that are drawn."""
    frame = answer.frame
    if not names:
        rows = frame.drop_nulls("p").to_dicts()
        return sorted(rows, key=lambda row: (row["p"], -abs(row["nes"]), row["set"]))[:BY_DEFAULT]
    known = frame["set"].unique(maintain_order=True).to_list()
    folded = {name.casefold(): name for name in known}
    wanted = []
    for name in names:
        if name not in known and name.casefold() not in folded:
            raise UsageError(f"no set '{name}' in the answer", near_names(name, known))
        wanted.append(name if name in known else folded[name.casefold()])
    rows = [row for name in dict.fromkeys(wanted) for row in frame.filter(set=name).to_dicts()]
    if len(rows) > MOST:
        raise UsageError(
            f"{len(rows)} running sums do not fit in one figure",
            f"Draw at most {MOST}: choose sets with --set, or tumor types with -t",
        )
    without = [row for row in rows if row["es"] is None]
    if without:
        raise AnalysisError(
            f"{without[0]['set']} has no running sum: {without[0]['note']}", "Draw another --set"
        )
    return rows


def _titles(rows: Sequence[Row], inches: float, size: float) -> list[list[str]]:
    """The lines above each panel: tumor type and contrast, where there are several, and the set."""
    names = list(dict.fromkeys(row["set"] for row in rows))
    lines = dict(zip(names, wrapped_apart(names, inches, size, 3, "bold"), strict=True))
    labels = [" ".join(_labels_of(row).values()) for row in rows]
    return [
        [*([fitted(label, inches, size, "bold")] if label else []), *lines[row["set"]]]
        for label, row in zip(labels, rows, strict=True)
    ]


def _heading(answer: EnrichAnswer, rows: Sequence[Row], names: Sequence[str]) -> tuple[str, str]:
    query, frame = answer.query, answer.frame
    tested = frame.drop_nulls("p")
    n_small = tested.filter(tested["q"] < SIGNIFICANT).height
    against = query.against if isinstance(query.against, str) else "given sets"
    drawn = "" if names or len(rows) == tested.height else f"; the {len(rows)} with the smallest p"
    parts = {part.ranking.name for part in answer.parts}
    where = listed(sorted(parts - {""}), 30, 2)
    about = (
        f"GSEA by {plain(query.ranked_by)}, {query.permutations:,} permutations; "
        f"{len(answer.parts[0].ranking.genes):,} genes{f'; {where}' if where else ''}; "
        f"{n_small:,} of {count_of(tested.height, 'set')} tested with q < {SIGNIFICANT}{drawn}"
    )
    return f"{plain(query.input)} against {plain(against)}", about


def _axes(figure: Figure, layout: _Layout, left: float, top: float, inner: float) -> list[Axes]:
    width, height = figure.get_size_inches()
    found = []
    for high in (layout.sum_height, layout.ticks_height, layout.numbers_height):
        bottom = height - top - high
        found.append(figure.add_axes((left / width, bottom / height, inner / width, high / height)))
        top += high + layout.gap
    return found


def _draw(
    stack: Sequence[Axes],
    part: Enriched,
    row: Row,
    limits: tuple[float, float],
    inner: float,
    *,
    first: bool,
    layout: _Layout,
) -> None:
    values, places = part.ranking.values, part.places[row["set"]]
    colour = FAINT if not row["q"] < SIGNIFICANT else VERMILION if row["es"] >= 0 else BLUE
    n = len(values)
    x, y = _corners(np.abs(values), places)
    sums, ticks, numbers = stack
    sums.plot(x, y, color=colour, lw=1.2 if layout.is_large else 0.9, zorder=3)
    peak = int(np.abs(np.array(y)).argmax())
    sums.plot([x[peak]] * 2, [0, y[peak]], color=GREY, lw=0.5, ls=(0, (3, 2)), zorder=2)
    sums.axhline(0, color=GREY, lw=0.5, zorder=1)
    sums.set_ylim(limits)
    own = ticks_between(*limits, layout.sum_height, upright=True)
    sums.set_yticks(list(own), list(own.values()))
    ticks.vlines(places, 0, 1, color=INK, lw=0.35 if not layout.is_large else 0.5)
    ticks.set_ylim(0, 1)
    ticks.yaxis.set_visible(False)
    at = np.unique(np.linspace(0, n - 1, min(n, _N_DRAWN)).astype(int))
    numbers.fill_between(at, 0, values[at], color=FAINT, lw=0)
    high = max(0.0, float(values[0]))
    low = min(0.0, float(values[-1]))
    numbers.set_ylim(low * 1.05, high * 1.05)
    both = {0.0: "0"}
    if layout.is_large:
        both = ticks_between(low * 1.05, high * 1.05, layout.numbers_height, upright=True)
    numbers.set_yticks(list(both), list(both.values()))
    for axes in stack:
        axes.set_xlim(0, n)
        axes.tick_params(labelsize=max(5.5, layout.size - 0.5), length=2, pad=1.5)
        axes.spines["bottom"].set_visible(False)
        axes.xaxis.set_visible(axes is numbers)
    ticks.spines["left"].set_visible(False)
    places_of = ticks_between(0, n, inner)
    numbers.set_xticks(list(places_of), list(places_of.values()))
    numbers.spines["bottom"].set_visible(True)
    if layout.is_large:
        numbers.set_xlabel("place in the ranking", labelpad=1)
    if first:
        sums.set_ylabel("running sum", labelpad=2, fontsize=layout.size)
    if layout.is_large:
        numbers.set_ylabel("number", labelpad=2, fontsize=layout.size)


def _limits_of(
    parts: Mapping[tuple[str, ...], Enriched], rows: Sequence[Row]
) -> tuple[float, float]:
    """Limits that hold every running sum, of which ES is the furthest point alone."""
    sums = [0.0]
    for row in rows:
        part = parts[_key(_labels_of(row), row)]
        _, y = _corners(np.abs(part.ranking.values), part.places[row["set"]])
        sums += [min(y), max(y)]
    return min(sums) - 0.06, max(sums) + 0.06


def _corners(sizes: Vector, places: Places) -> tuple[list[float], list[float]]:
    """Where the running sum turns: before and after each of the set's genes."""
    sums = np.concatenate([[0.0], running_sum(sizes, places)])
    at = np.unique(np.concatenate([[0], places, places + 1, [len(sizes)]]))
    return at.tolist(), sums[at].tolist()


def _write_head(axes: Axes, title: Sequence[str], row: Row, layout: _Layout) -> None:
    """The name of the set, and below it the numbers."""
    inches = axes.get_position().height * axes.figure.get_figheight()  # type: ignore[union-attr]
    numbers = [
        f"NES = {row['nes']:.2f}, p = {row['p']:.2g}".replace("-", "−"),
        f"q = {row['q']:.2g}, {row['n_overlap']} of {row['n_genes']} genes lead".replace("-", "−"),
    ]
    lines = [", ".join(numbers)] if layout.is_large else numbers
    y = 0.05
    for line in reversed(lines):
        axes.text(
            0,
            1 + y / inches,
            line,
            fontsize=layout.size,
            color=GREY,
            transform=axes.transAxes,
            va="bottom",
        )
        y += layout.line
    for line in reversed(title):
        axes.text(
            0, 1 + y / inches, line, fontsize=layout.size + 1, weight="bold",
            transform=axes.transAxes, va="bottom",
        )  # fmt: skip
        y += (layout.size + 1) / 72 * 1.25
