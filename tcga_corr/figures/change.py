"""Changes of expression: the volcano and the MA plot of differential expression."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from tcga_corr.analysis.de import DeAnswer, DeQuery
from tcga_corr.analysis.differential.summary import called
from tcga_corr.errors import AnalysisError, UsageError, near_names
from tcga_corr.figures.frame import Frame, place, where_in_words
from tcga_corr.figures.labels import nearest, p_at_q, place_labels
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.style import BLUE, FAINT, GREY, INK, VERMILION, WIDTH, styled
from tcga_corr.figures.text import count_of, fitted_apart, listed, plain, text_width, wrapped_apart

Vector = NDArray[np.float64]

MOST_PANELS = 6
_MANY = 500  # points, from which they are drawn as an image
_LEFT, _RIGHT, _BOTTOM, _TITLE, _TITLE_LINE = 0.5, 0.12, 0.4, 0.2, 0.115  # inches
_NARROWEST, _LEAST = 1.8, 0.9  # inches of a panel with what is around it, and of its height
_TOPS, _ALWAYS = {1: 8, 2: 4}, 3  # labels a side; and of those that are not called
_SIZE, _LINE = 5.5, 7.0  # points: of a label, and its line


@dataclass(frozen=True)
class _Axis:
    """What a figure has across and up: labels, and the points of rows that have both."""

    across: str
    up: str
    points: Callable[[pl.DataFrame, float], tuple[Vector, NDArray[np.bool_]]]
    has_beyond: bool


@styled()
def volcano(answer: DeAnswer, labels: Sequence[str] = (), look: Look = PLAIN) -> Figure:
    """Draw fold changes and -log10 p of ``de``, a panel for each of a few contrasts.

    The line is where q is what the question has. Called genes are coloured by direction, and the
    first of either side named, three at least, with those of ``labels``. Genes without a read in a
    group are open, at the edge where they lie beyond. Where p is too small for a number, a caret
    stands at the upper edge.

    Raises
    ------
    UsageError
        If there are more contrasts than panels can show, or a label is no gene.
    AnalysisError
        If there is no q to draw.
    """
    axis = _Axis("log2 fold change", "−log10 p", _certainty, has_beyond=True)
    return _draw(answer, labels, axis, look)


@styled()
def ma(answer: DeAnswer, labels: Sequence[str] = (), look: Look = PLAIN) -> Figure:
    """Draw base means and fold changes of ``de``; as :func:`volcano`."""
    axis = _Axis("base mean, log10", "log2 fold change", _height, has_beyond=False)
    return _draw(answer, labels, axis, look)


def _certainty(rows: pl.DataFrame, reach: float) -> tuple[Vector, NDArray[np.bool_]]:
    p = rows["p"].to_numpy()
    beyond = p <= 0
    certain = -np.log10(np.where(beyond, 1.0, p))
    certain[beyond] = 1.08 * max(float(certain.max(initial=0)), 2.0)
    x = np.clip(rows["log2fc"].to_numpy(), -reach, reach)
    return np.column_stack([x, certain]), beyond


def _height(rows: pl.DataFrame, reach: float) -> tuple[Vector, NDArray[np.bool_]]:
    means = np.log10(rows["base_mean"].to_numpy())
    y = np.clip(rows["log2fc"].to_numpy(), -reach, reach)
    return np.column_stack([means, y]), np.zeros(len(means), np.bool_)


def _draw(answer: DeAnswer, labels: Sequence[str], axis: _Axis, look: Look) -> Figure:
    query = answer.query
    rows = answer.frame.filter(
        pl.col("q").is_not_null() & pl.col("log2fc").is_not_null() & (pl.col("base_mean") > 0)
    )
    if not rows.height:
        raise AnalysisError("no gene has a q to draw", "Take more samples")
    known = set(rows["gene"].to_list())
    for name in labels:
        if name not in known:
            raise UsageError(
                f"--label {name}: no gene of that name has a q", near_names(name, known)
            )
    found = {
        (str(tumor_type), str(contrast)): part
        for (tumor_type, contrast), part in rows.group_by(
            "tumor_type", "contrast", maintain_order=True
        )
    }
    n_of = {name: part["n_a"][0] + part["n_b"][0] for (name, _), part in found.items()}
    types = look.ordered(list(n_of), {}, n_of, "given")
    parts = {key: found[key] for key in sorted(found, key=lambda key: types.index(key[0]))}
    if len(parts) > MOST_PANELS:
        raise UsageError(
            f"{len(parts)} contrasts in one figure cannot be read",
            f"Choose at most {MOST_PANELS} with -t or --contrast, or draw --kind overlap",
        )
    n_across = 2 if len(parts) > 1 else 1
    high = 1.75 if len(parts) > 1 else 3.1
    frame = Frame(
        *heading(answer, rows),
        simulated=answer.simulated,
        handles=_handles(rows, query, has_beyond=axis.has_beyond),
        margin=0.03,
        look=look,
    ).as_wide(WIDTH, n_across * _NARROWEST)
    n_down = math.ceil(len(parts) / n_across)
    wide = frame.width / n_across
    titles = _titles(parts, query, wide - _LEFT - _RIGHT)
    above = _TITLE + _TITLE_LINE * (max(map(len, titles)) - 1)
    around = n_down * (above + _BOTTOM) + 0.02
    body = frame.body(around + n_down * high, around + n_down * _LEAST)
    high = (body - around) / n_down
    step = above + high + _BOTTOM
    figure = frame.figure(body)
    height = figure.get_figheight()
    for number, part in enumerate(parts.values()):
        row, column = divmod(number, n_across)
        top = frame.head + row * step + above
        right = frame.width - (column + 1) * wide + _RIGHT
        axes = place(figure, column * wide + _LEFT, height - top - high, right, top)
        axes.set_title("\n".join(titles[number]), fontsize=6.5, pad=3)
        _draw_panel(axes, part, axis, query, labels, _TOPS[n_across])
        axes.set_xlabel(axis.across, labelpad=2)
        if column == 0:
            axes.set_ylabel(axis.up, labelpad=3)
    return figure


def _titles(
    parts: Mapping[tuple[str, str], pl.DataFrame], query: DeQuery, inches: float
) -> list[list[str]]:
    """The lines above each panel: the contrast, and the sizes of its groups."""
    several = len(query.tumor_types) > 1
    names = [f"{name} {contrast}" if several else contrast for name, contrast in parts]
    sizes = [f"n = {part['n_a'][0]} and {part['n_b'][0]}" for part in parts.values()]
    alone = [f"{name}, {n}" for name, n in zip(names, sizes, strict=True)]
    if all(text_width(plain(title), 6.5) <= inches for title in alone):
        return [[plain(title)] for title in alone]
    lines = wrapped_apart(names, inches, 6.5, 2)
    return [[*own, n] for own, n in zip(lines, sizes, strict=True)]


def condition(answer: DeAnswer) -> str:
    """The conditions on samples, to follow the source; empty without any."""
    conditions = answer.query.where
    return f", samples where {plain(' and '.join(conditions), 80)}" if conditions else ""


def heading(answer: DeAnswer, rows: pl.DataFrame) -> tuple[str, str]:
    """The title of a figure of differential expression, and what it shows."""
    query = answer.query
    types = query.tumor_types
    where = where_in_words(types, query.source)
    adjusted = f", adjusted for {listed(query.adjust)}" if query.adjust else ""
    paired = ", within patients" if query.pair else ""
    calls = count_of(rows.filter(called(query.q, query.lfc)).height, "call")
    n_genes = rows["gene"].n_unique()
    return (
        f"Differential expression of {listed(query.contrasts)} in {where}",
        f"DESeq2 of raw counts, {plain(query.source)}{condition(answer)}{adjusted}{paired}; "
        f"{calls} with q < {query.q:g} and |log2 fold change| > {query.lfc:g} "
        f"of {n_genes:,} genes with a q",
    )


def _draw_panel(
    axes: Axes, part: pl.DataFrame, axis: _Axis, query: DeQuery, labels: Sequence[str], most: int
) -> None:
    is_open = (part["zero_group"] != "").to_numpy()
    changes = np.abs(part["log2fc"].to_numpy())
    reach = 1.08 * max(float(changes[~is_open].max(initial=0)), 1.5 * query.lfc, 0.5)
    points, beyond = axis.points(part, reach)
    is_called = part.select(called(query.q, query.lfc))["q"].to_numpy()
    up = part["log2fc"].to_numpy() > 0
    colours = np.where(is_called, np.where(up, VERMILION, BLUE), FAINT)
    order = np.argsort(is_called, kind="stable")
    for some_open in (False, True):
        for marker, chosen in (("o", ~beyond), ("^", beyond)):
            own = order[(chosen & (is_open == some_open))[order]]
            if len(own):
                axes.scatter(
                    points[own, 0], points[own, 1], s=9 if some_open or marker == "^" else 5,
                    marker=marker, facecolors="white" if some_open else colours[own],
                    edgecolors=colours[own], linewidths=0.6 if some_open else 0, clip_on=False,
                    zorder=3 if some_open else 2, rasterized=len(part) > _MANY,
                )  # fmt: skip
    dashed: dict[str, Any] = {"color": GREY, "lw": 0.6, "ls": (0, (4, 3)), "zorder": 1}
    if axis.up == "log2 fold change":
        axes.set_ylim(-reach, reach)
        zero = (float(points[:, 0].min()), 0.0)
        for place_of in (-query.lfc, query.lfc):
            axes.axhline(place_of, **dashed)
    else:
        line = -math.log10(p_at_q(part["p"].to_numpy(), part["q"].to_numpy(), query.q))
        top = max(1.06 * float(points[:, 1].max()), 1.25 * line)
        axes.set_ylim(-0.02 * top, top)
        axes.set_xlim(-reach, reach)
        zero = (0.0, line)
        axes.axhline(zero[1], **dashed)
        for place_of in (-query.lfc, query.lfc):
            axes.axvline(place_of, **dashed)
    axes.locator_params(nbins=6)
    _label(axes, points, _named(part, is_called, up, labels, most), part["gene"].to_list(), zero)


def _named(
    part: pl.DataFrame,
    is_called: NDArray[np.bool_],
    up: NDArray[np.bool_],
    labels: Sequence[str],
    most: int,
) -> list[int]:
    """The rows to be named: the first called on either side, or three, and those asked for."""
    rows = np.arange(part.height)  # already the smallest p first
    asked = [row for row, gene in enumerate(part["gene"].to_list()) if gene in set(labels)]
    sides = [
        rows[is_called & side][:most].tolist()
        if (is_called & side).sum() >= _ALWAYS
        else rows[side][:_ALWAYS].tolist()
        for side in (up, ~up)
    ]
    return list(dict.fromkeys([*asked, *sides[0], *sides[1]]))


def _label(
    axes: Axes,
    points: Vector,
    chosen: Sequence[int],
    genes: Sequence[str],
    zero: tuple[float, float],
) -> None:
    """Name points, each where it covers few points and no other name."""
    if not chosen:
        return
    dpi = axes.figure.dpi
    wide, high = axes.bbox.width / dpi * 72, axes.bbox.height / dpi * 72
    to_axes = axes.transData + axes.transAxes.inverted()
    at = np.asarray(to_axes.transform(points)) * (wide, high)
    lines_at = np.asarray(to_axes.transform(zero)) * (wide, high)
    names = fitted_apart([genes[row] for row in chosen], 0.46 * wide / 72, _SIZE)
    sizes = [(72 * text_width(name, _SIZE) * 1.04, _LINE) for name in names]
    placed = place_labels(at, chosen, sizes, (wide, high), lines_at)
    for row, name, box in zip(chosen, names, placed, strict=True):
        if box is None:
            continue
        axes.text(
            (box[0] + box[2]) / 2 / wide, (box[1] + box[3]) / 2 / high, name, fontsize=_SIZE,
            transform=axes.transAxes, ha="center", va="center", color=INK, zorder=6,
            bbox={"fc": "white", "ec": "none", "alpha": 0.7, "pad": 0.3},
        )  # fmt: skip
        end = nearest(at[row], box)
        axes.plot(
            [at[row, 0] / wide, end[0] / wide], [at[row, 1] / high, end[1] / high],
            color=GREY, lw=0.35, transform=axes.transAxes, zorder=5,
        )  # fmt: skip


def _handles(rows: pl.DataFrame, query: DeQuery, *, has_beyond: bool) -> list[Artist]:
    def handle(label: str, colour: str, marker: str = "o", **look: Any) -> Artist:
        size = {"ms": 3.2, "mew": 0.6, "lw": 0} | look
        return Line2D([], [], color=colour, marker=marker, label=label, **size)

    small = rows.filter(called(query.q, query.lfc))
    handles = []
    if (small["log2fc"] > 0).any():
        handles.append(handle("called, higher in the first group", VERMILION))
    if (small["log2fc"] < 0).any():
        handles.append(handle("called, lower", BLUE))
    handles.append(handle("not called", FAINT))
    lines = f"q = {query.q:g}, |log2 fold change| = {query.lfc:g}"
    handles.append(handle(lines, GREY, "", lw=0.6, ls=(0, (4, 3))))
    if (rows["zero_group"] != "").any():
        handles.append(handle("no read in one group", INK, mfc="white"))
    if has_beyond and (rows["p"] <= 0).any():
        handles.append(handle("p too small for a number", INK, "^"))
    return handles
