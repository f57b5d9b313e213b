"""The volcano of a screen: how strong each association is, against its p-value."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tcga_corr.analysis.screen import ScreenAnswer
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.figures.frame import Frame, place, source_and_unit, symbol_of
from tcga_corr.figures.labels import Vector, nearest, p_at_q, place_labels
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.style import BLUE, FAINT, GREY, INK, VERMILION, WIDTH, styled
from tcga_corr.figures.text import fitted_apart, listed, plain, text_width
from tcga_corr.vocabulary.associations import SIGNIFICANT

MOST_PANELS = 6
_MANY = 500  # points, from which they are drawn as an image
_LEFT, _RIGHT, _BOTTOM, _TITLE = 0.5, 0.12, 0.4, 0.2  # inches
_NARROWEST, _LEAST = 1.8, 0.9  # inches of a panel with what is around it, and of its height
_TOPS, _SHARING = {1: 8, 2: 4}, 2  # labels a side, and how many of them may share genes
_ALWAYS = 3  # labels a side, whatever their q
_SIZE, _LINE = 5.5, 7.0  # points: of a label, and its line


@styled()
def volcano(answer: ScreenAnswer, look: Look = PLAIN) -> Figure:
    """Draw the answer of ``screen``.

    A point per Y: r and -log10 p; pooled over tumor types, or a panel for each of a few. The line
    is where q over the whole screen is 0.05. Those that share genes with X are open. Where p is too
    small for a number, a caret at the upper edge. The first ranks on either side are labelled, few
    of them that share genes where others do not; three a side even where q is not below 0.05.

    Raises
    ------
    UsageError
        If there are more tumor types than panels can show, or an order is asked for of one panel.
    AnalysisError
        If there is no q to draw.
    """
    rows = answer.frame.filter(pl.col("r").is_not_null() & pl.col("q").is_not_null())
    if not rows.height:
        raise AnalysisError("no association has a q to draw", "Ask more tumor types, or another X")
    by_type = "tumor_type" in rows.columns
    grouped = rows.group_by("tumor_type", maintain_order=True) if by_type else [(("",), rows)]
    found = {str(name): part for (name,), part in grouped}
    if not by_type or len(found) == 1:
        look.refuse_order("a figure of one panel")
    n_of = {name: max(part["n"].to_list()) for name, part in found.items()}
    parts = {name: found[name] for name in look.ordered(list(found), {}, n_of, "given")}
    if len(parts) > MOST_PANELS:
        raise UsageError(
            f"a volcano of {len(parts)} tumor types cannot be read",
            f"Choose at most {MOST_PANELS} with -t, or let them be pooled",
        )
    n_across = 2 if len(parts) > 1 else 1
    high, title = (1.75, _TITLE) if len(parts) > 1 else (3.1, 0.06)
    frame = Frame(
        *_heading(answer, rows, by_type),
        simulated=answer.simulated,
        handles=_handles(rows),
        margin=0.03,
        look=look,
    ).as_wide(WIDTH, n_across * _NARROWEST)
    n_down = math.ceil(len(parts) / n_across)
    around = n_down * (title + _BOTTOM) + 0.02
    body = frame.body(around + n_down * high, around + n_down * _LEAST)
    high = (body - around) / n_down
    step = title + high + _BOTTOM
    wide = frame.width / n_across
    figure = frame.figure(body)
    height = figure.get_figheight()
    line = -math.log10(p_at_q(rows["p"].to_numpy(), rows["q"].to_numpy(), SIGNIFICANT))
    reach = min(1.05, 1.12 * max(0.05, float(np.abs(rows["r"].to_numpy()).max())))
    symbol = symbol_of(answer.query.method, is_partial=bool(answer.query.adjust))
    for number, (name, part) in enumerate(parts.items()):
        row, column = divmod(number, n_across)
        top = frame.head + row * step + title
        right = frame.width - (column + 1) * wide + _RIGHT
        axes = place(figure, column * wide + _LEFT, height - top - high, right, top)
        axes.set_xlim(-reach, reach)
        if len(parts) > 1:
            axes.set_title(f"{name}, n = {max(part['n'].to_list()):,}", fontsize=6.5, pad=3)
        _draw(axes, part, line, _TOPS[n_across])
        axes.set_xlabel(symbol if by_type else f"pooled {symbol}", labelpad=2)
        if column == 0:
            axes.set_ylabel("−log10 p", labelpad=3)
    return figure


def _heading(answer: ScreenAnswer, rows: pl.DataFrame, by_type: bool) -> tuple[str, str]:
    query = answer.query
    against = query.against
    what = (
        "genes" if against == "genes"
        else f"sets of {plain(against)}" if isinstance(against, str)
        else "sets"
    )  # fmt: skip
    title = f"{plain(query.x)} against {query.n_y:,} {what}"
    adjusted = f", adjusted for {listed(query.adjust)}" if query.adjust else ""
    n_of: dict[str, int] = {}
    if by_type:
        n_of = dict(zip(rows["tumor_type"].to_list(), rows["n"].to_list(), strict=True))
        n = sum(n_of.values())
        types = next(iter(n_of)) if len(n_of) == 1 else f"{len(n_of)} tumor types"
    else:
        n = max(rows["n"].to_list())
        n_types: int = max(rows["n_types"].to_list())
        types = f"{n_types} tumor types, pooled by random effects"
    n_small = rows.filter(rows["q"] < SIGNIFICANT).height
    parts = [
        f"{query.method}{adjusted}; {source_and_unit(query.scope)}; "
        f"{query.scope.samples_in_words}, n = {n:,} in {types}",
        f"{n_small:,} of {rows.height:,} with q < {SIGNIFICANT}, q over the whole screen",
    ]
    n_missing = query.n_y * (len(n_of) if by_type else 1) - rows.height
    if n_missing:
        parts.append(f"{n_missing:,} have no r or no q and are not drawn")
    prefix = _shared_prefix(rows)
    if prefix:
        parts.append(f"labels without {plain(prefix)}")
    return title, "; ".join(parts)


def _draw(axes: Axes, part: pl.DataFrame, line: float, most: int) -> None:
    r, p, q = (part[name].to_numpy() for name in ("r", "p", "q"))
    sharing = part["n_shared_genes"].to_numpy() > 0
    beyond = p <= 0
    certain = -np.log10(np.where(beyond, 1.0, p))
    top = max(float(certain.max()), 1.25 * line)
    if beyond.any():
        top *= 1.08
        certain[beyond] = top
    axes.set_ylim(-0.02 * top, top if beyond.any() else 1.06 * top)
    colours = np.where(q >= SIGNIFICANT, FAINT, np.where(r > 0, VERMILION, BLUE))
    order = np.argsort(certain, kind="stable")
    for is_open in (False, True):
        for marker, chosen in (("o", ~beyond), ("^", beyond)):
            own = order[(chosen & (sharing == is_open))[order]]
            if len(own):
                axes.scatter(
                    r[own], certain[own], s=9 if is_open or marker == "^" else 6, marker=marker,
                    facecolors="white" if is_open else colours[own], edgecolors=colours[own],
                    linewidths=0.6 if is_open else 0, clip_on=False, zorder=3 if is_open else 2,
                    rasterized=len(part) > _MANY,
                )  # fmt: skip
    axes.axhline(line, color=GREY, lw=0.6, ls=(0, (4, 3)), zorder=1)
    axes.axvline(0, color=GREY, lw=0.6, zorder=1)
    axes.locator_params(nbins=6)
    _label(axes, part, np.column_stack([r, certain]), line, most)


def _tops(part: pl.DataFrame, most: int) -> list[int]:
    """The rows to be labelled by rank: of each side the first that are significant, three at least.

    Parameters
    ----------
    part
        The rows of a panel.
    most
        Labels a side.
    """
    rows = part.with_row_index("row").sort("rank", "y")
    found: set[int] = set()
    for own in (rows.filter(pl.col("r") > 0), rows.filter(pl.col("r") < 0)):
        small = own.filter(pl.col("q") < SIGNIFICANT)
        side = small if small.height >= _ALWAYS else own.head(_ALWAYS)
        disjoint = side.filter(pl.col("n_shared_genes") == 0)["row"].to_list()
        sharing = side.filter(pl.col("n_shared_genes") > 0)["row"].to_list()
        labelled = sharing[: max(_SHARING, most - len(disjoint))][:most]
        found |= {*disjoint[: most - len(labelled)], *labelled}
    return [row for row in rows["row"].to_list() if row in found]


def _label(axes: Axes, part: pl.DataFrame, points: Vector, line: float, most: int) -> None:
    """Name the strongest, each where it covers few points and no other name."""
    chosen = _tops(part, most)
    if not chosen:
        return
    dpi = axes.figure.dpi
    wide, high = (axes.bbox.width / dpi * 72, axes.bbox.height / dpi * 72)
    to_axes = axes.transData + axes.transAxes.inverted()
    at = np.asarray(to_axes.transform(points)) * (wide, high)
    zero = np.asarray(to_axes.transform((0, line))) * (wide, high)
    prefix = _shared_prefix(part)
    shortened = [name.removeprefix(prefix) for name in part["y"].gather(chosen).to_list()]
    names = fitted_apart(shortened, 0.46 * wide / 72, _SIZE)
    sharing = (part["n_shared_genes"].gather(chosen) > 0).to_list()
    sizes = [(72 * text_width(name, _SIZE) * 1.04, _LINE) for name in names]
    placed = place_labels(at, chosen, sizes, (wide, high), zero)
    for row, name, is_open, box in zip(chosen, names, sharing, placed, strict=True):
        if box is None:
            continue
        axes.text(
            (box[0] + box[2]) / 2 / wide, (box[1] + box[3]) / 2 / high, name, fontsize=_SIZE,
            transform=axes.transAxes, ha="center", va="center", color=GREY if is_open else INK,
            zorder=6, bbox={"fc": "white", "ec": "none", "alpha": 0.7, "pad": 0.3},
        )  # fmt: skip
        end = nearest(at[row], box)
        axes.plot(
            [at[row, 0] / wide, end[0] / wide], [at[row, 1] / high, end[1] / high],
            color=GREY, lw=0.35, transform=axes.transAxes, zorder=5,
        )  # fmt: skip


def _shared_prefix(part: pl.DataFrame) -> str:
    """What all names begin with, to the last underscore; empty where they are few."""
    names: list[str] = part["y"].unique().to_list()
    if len(names) < 3:
        return ""
    first, last = min(names), max(names)
    shared = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return first[: first.rfind("_", 0, sum(1 for _ in shared)) + 1]


def _handles(rows: pl.DataFrame) -> list[Artist]:
    def handle(label: str, colour: str, marker: str = "o", **look: Any) -> Artist:
        size = {"ms": 3.2, "mew": 0.6, "lw": 0} | look
        return Line2D([], [], color=colour, marker=marker, label=label, **size)

    small = rows.filter(rows["q"] < SIGNIFICANT)
    handles = []
    if (small["r"] > 0).any():
        handles.append(handle(f"r > 0, q < {SIGNIFICANT}", VERMILION))
    if (small["r"] < 0).any():
        handles.append(handle(f"r < 0, q < {SIGNIFICANT}", BLUE))
    if small.height < rows.height:
        handles.append(handle(f"q ≥ {SIGNIFICANT}", FAINT))
    handles.append(handle(f"q = {SIGNIFICANT}", GREY, "", lw=0.6, ls=(0, (4, 3))))
    if (rows["n_shared_genes"] > 0).any():
        handles.append(handle("shares genes with x", INK, mfc="white"))
    if (rows["p"] <= 0).any():
        handles.append(handle("p too small for a number", INK, "^"))
    return handles
