"""The volcano of a screen: how strong each association is, against how certain."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.figures.style import (
    BLUE,
    GREY,
    INK,
    VERMILION,
    WIDTH,
    fitted_apart,
    headed,
    key_height,
    listed,
    marked_simulated,
    new_figure,
    origin,
    place,
    plain,
    styled,
    text_width,
    write_key,
)

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tcga_corr.analysis.answer import Answer

Vector = NDArray[np.float64]
Row = Mapping[str, Any]
Size = tuple[float, float]
Box = tuple[float, float, float, float]

MOST_PANELS = 6
_SIGNIFICANT = 0.05
_MANY = 500  # points, from which they are drawn as an image
_LEFT, _RIGHT, _BOTTOM, _TITLE = 0.5, 0.12, 0.4, 0.2  # inches
_TOPS, _SHARING = {1: 8, 2: 4}, 2  # labels a side, and how many of them may share genes
_SIZE, _LINE = 5.5, 7.0  # points: of a label, and its line
_DEAREST = 90  # cost of a label that is not worth it: too far, or on too many dots
# where a label may begin beside its dot, or stand above or below it
_PLACES = [
    (side * across, up)
    for up in (0, *(sign * step * 4 for step in range(1, 24) for sign in (1, -1)))
    for across in (4, 8, 14, 22, 32, 44, 58)
    for side in (1, -1)
] + [(0, sign * up) for up in (8, 11, 15, 20, 26, 33, 41, 50) for sign in (1, -1)]


def volcano(answer: Answer) -> Figure:
    """Draw the answer of ``screen``.

    A point per Y: r and -log10 q; pooled over tumor types, or a panel for each of a few. Those that
    share genes with X are open. Where q is too small for a number, a caret at the upper edge. The
    strongest on either side are labelled, few of them that share genes where others do not.

    Raises
    ------
    UsageError
        If there are more tumor types than panels can show.
    AnalysisError
        If there is no q to draw.
    """
    import polars as pl

    frame = answer.frame.filter(pl.col("r").is_not_null() & pl.col("q").is_not_null())
    if not frame.height:
        raise AnalysisError("no association has a q to draw", "Ask more tumor types, or another X")
    by_type = "tumor_type" in frame.columns
    parts = (
        {key[0]: part for key, part in frame.group_by("tumor_type", maintain_order=True)}
        if by_type
        else {"": frame}
    )
    if len(parts) > MOST_PANELS:
        raise UsageError(
            f"a volcano of {len(parts)} tumor types cannot be read",
            f"Choose at most {MOST_PANELS} with -t, or let them be pooled",
        )
    several = len(parts) > 1
    n_across = 2 if several else 1
    n_rows = math.ceil(len(parts) / n_across)
    high, title = (1.75, _TITLE) if several else (3.1, 0.06)
    with styled():
        told = _told(answer, frame, by_type)
        handles = _handles(frame)
        key = key_height(handles, WIDTH)
        head = headed(new_figure(4), *told)
        figure = new_figure(head + n_rows * (title + high + _BOTTOM) + key + 0.02)
        headed(figure, *told)
        height = figure.get_figheight()
        wide = WIDTH / n_across
        reach = min(1.05, 1.12 * max(0.05, float(frame["r"].abs().max())))  # type: ignore[arg-type]
        for number, (name, part) in enumerate(parts.items()):
            row, column = divmod(number, n_across)
            top = head + row * (title + high + _BOTTOM) + title
            axes = place(
                figure,
                column * wide + _LEFT,
                height - top - high,
                WIDTH - (column + 1) * wide + _RIGHT,
                top,
            )
            axes.set_xlim(-reach, reach)
            if several:
                axes.set_title(f"{name}, n = {max(part['n'].to_list()):,}", fontsize=6.5, pad=3)
            _draw(axes, part, _TOPS[n_across])
            axes.set_xlabel("pooled r" if not by_type else "r", labelpad=2)
            if column == 0:
                axes.set_ylabel("−log10 q", labelpad=3)
        write_key(figure, handles, 0.03)
        if answer.simulated:
            marked_simulated(figure)
    return figure


def _told(answer: Answer, frame: pl.DataFrame, by_type: bool) -> tuple[str, str]:
    query = answer.query
    against = query.against
    what = (
        "genes" if against == "genes"
        else f"sets of {plain(against)}" if isinstance(against, str)
        else "sets"
    )  # fmt: skip
    title = f"{plain(query['x'])} against {query['n_y']:,} {what}"
    adjusted = f", adjusted for {listed(query['adjust'])}" if query.adjust else ""
    n_of: dict[str, int] = {}
    if by_type:
        n_of = dict(zip(frame["tumor_type"].to_list(), frame["n"].to_list(), strict=True))
        n = sum(n_of.values())
        types = next(iter(n_of)) if len(n_of) == 1 else f"{len(n_of)} tumor types"
    else:
        n = max(frame["n"].to_list())
        n_types: int = max(frame["n_types"].to_list())
        types = f"{n_types} tumor types, pooled by random effects"
    n_small = frame.filter(frame["q"] < _SIGNIFICANT).height
    parts = [
        f"{query['method']}{adjusted}; {origin(query)}; "
        f"{query['samples']} samples, n = {n:,} in {types}",
        f"{n_small:,} of {frame.height:,} with q < 0.05, q over the whole screen",
    ]
    lacking = query.n_y * (len(n_of) if by_type else 1) - frame.height
    if lacking:
        parts.append(f"{lacking:,} have no r or no q and are not drawn")
    begin = _beginning(frame)
    if begin:
        parts.append(f"labels without {plain(begin)}")
    return title, "; ".join(parts)


def _draw(axes: Axes, part: pl.DataFrame, most: int) -> None:
    r, q = part["r"].to_numpy(), part["q"].to_numpy()
    sharing = part["n_shared_genes"].to_numpy() > 0
    beyond = q <= 0
    certain = -np.log10(np.where(beyond, 1.0, q))
    line = -math.log10(_SIGNIFICANT)
    top = max(float(certain.max()), 1.25 * line)
    if beyond.any():
        top *= 1.08
        certain[beyond] = top
    axes.set_ylim(-0.02 * top, top if beyond.any() else 1.06 * top)
    colours = np.where(q >= _SIGNIFICANT, "#a8a8a8", np.where(r > 0, VERMILION, BLUE))
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
    _label(axes, part, np.column_stack([r, certain]), most)


def _tops(part: pl.DataFrame, most: int) -> list[int]:
    """The rows to be labelled by rank: of each side the first that are significant."""
    import polars as pl

    rows = part.with_row_index("row").filter(pl.col("q") < _SIGNIFICANT).sort("rank", "y")
    found: set[int] = set()
    for side in (rows.filter(pl.col("r") > 0), rows.filter(pl.col("r") < 0)):
        apart = side.filter(pl.col("n_shared_genes") == 0)["row"].to_list()
        shared = side.filter(pl.col("n_shared_genes") > 0)["row"].to_list()
        some = shared[: max(_SHARING, most - len(apart))][:most]
        found |= {*apart[: most - len(some)], *some}
    return [row for row in rows["row"].to_list() if row in found]


def _label(axes: Axes, part: pl.DataFrame, points: Vector, most: int) -> None:
    """Name the strongest, each where it covers few points and no other name."""
    chosen = _tops(part, most)
    if not chosen:
        return
    dpi = axes.figure.dpi
    wide, high = (axes.bbox.width / dpi * 72, axes.bbox.height / dpi * 72)
    to_axes = axes.transData + axes.transAxes.inverted()
    at = np.asarray(to_axes.transform(points)) * (wide, high)
    zero = np.asarray(to_axes.transform((0, -math.log10(_SIGNIFICANT)))) * (wide, high)
    begin = len(_beginning(part))
    several = [name[begin:] for name in part["y"].gather(chosen).to_list()]
    names = fitted_apart(several, 0.46 * wide / 72, _SIZE)
    sharing = (part["n_shared_genes"].gather(chosen) > 0).to_list()
    sizes = [(72 * text_width(name, _SIZE) * 1.04, _LINE) for name in names]
    placed = _placed(at, chosen, sizes, (wide, high), zero)
    for row, name, is_open, box in zip(chosen, names, sharing, placed, strict=True):
        if box is None:
            continue
        axes.text(
            (box[0] + box[2]) / 2 / wide, (box[1] + box[3]) / 2 / high, name, fontsize=_SIZE,
            transform=axes.transAxes, ha="center", va="center", color=GREY if is_open else INK,
            zorder=6, bbox={"fc": "white", "ec": "none", "alpha": 0.7, "pad": 0.3},
        )  # fmt: skip
        end = _nearest(at[row], box)
        axes.plot(
            [at[row, 0] / wide, end[0] / wide], [at[row, 1] / high, end[1] / high],
            color=GREY, lw=0.35, transform=axes.transAxes, zorder=5,
        )  # fmt: skip


def _beginning(part: pl.DataFrame) -> str:
    """What all names begin with, to the last underscore; nothing where there are few."""
    names: list[str] = part["y"].unique().to_list()
    if len(names) < 3:
        return ""
    first, last = min(names), max(names)
    shared = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return first[: first.rfind("_", 0, sum(1 for _ in shared)) + 1]


def _placed(
    at: Vector, chosen: Sequence[int], sizes: Sequence[Size], frame: Size, lines_at: Vector
) -> list[Box | None]:
    """Boxes of labels in points, None where there is no good place.

    A label lies in the frame, on no other label and on no dot that has one, and its line crosses no
    label and no other line. Of such places each takes the one that is near, covers few dots, and
    neither the line at r = 0 nor that at q = 0.05; in the order that leaves room for most, the
    strongest above all.
    """
    counts = _Counts(at, frame)
    several = range(len(chosen))
    orders: list[list[int]] = [
        list(several),
        sorted(several, key=lambda number: at[chosen[number], 0]),
        sorted(several, key=lambda number: -at[chosen[number], 0]),
        sorted(several, key=lambda number: -abs(at[chosen[number], 0] - lines_at[0])),
        sorted(several, key=lambda number: at[chosen[number], 1]),
    ]
    right = [at[row, 0] > lines_at[0] for row in chosen]
    worth = [1 / (1 + right[:number].count(right[number])) for number in several]
    best: tuple[float, float] | None = None
    found: dict[int, Box] = {}
    for order in orders:
        boxes, cost = _arranged(at, chosen, sizes, frame, lines_at, counts, order)
        missed = sum(worth[number] for number in several if number not in boxes)
        if best is None or (missed, cost) < best:
            best, found = (missed, cost), boxes
        if len(boxes) == len(chosen):
            break
    return [found.get(number) for number in several]


def _arranged(
    at: Vector,
    chosen: Sequence[int],
    sizes: Sequence[Size],
    frame: Size,
    lines_at: Vector,
    counts: _Counts,
    order: Sequence[int],
) -> tuple[dict[int, Box], float]:
    """Boxes of labels by their numbers, placed one after another, and what they cost."""
    boxes: dict[int, Box] = {}
    lines: list[tuple[Vector, Vector]] = []
    total = 0.0
    for number in order:
        (wide, high), dot = sizes[number], at[chosen[number]]
        best: tuple[float, Box, Vector] | None = None
        others = [at[other] for other in chosen if other != chosen[number]]
        for across, up in _PLACES:
            x = dot[0] + across + math.copysign(wide / 2, across) * (across != 0)
            y = dot[1] + up
            box = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
            if box[0] < 1 or box[1] < 1 or box[2] > frame[0] - 1 or box[3] > frame[1] - 1:
                continue
            end = _nearest(dot, box)
            cost = math.hypot(across, up) + 1.5 * min(counts.within(box), 60)
            is_over = box[0] < lines_at[0] if dot[0] > lines_at[0] else box[2] > lines_at[0]
            cost += 30 * is_over + 12 * (box[1] < lines_at[1] < box[3])
            if cost >= (best[0] if best else _DEAREST) or (
                any(_overlap(box, other) for other in boxes.values())
                or any(_crosses(dot, end, other) for other in boxes.values())
                or any(_crosses(*line, box) or _cross(dot, end, *line) for line in lines)
                or any(_crosses(other, other, box) for other in others)
            ):
                continue
            best = (cost, box, end)
        if best:
            total += best[0]
            boxes[number] = best[1]
            lines.append((dot, best[2]))
    return boxes, total


def _nearest(dot: Vector, box: Box) -> Vector:
    """Where the line from a dot meets its label."""
    return np.array([min(max(dot[0], box[0]), box[2]), min(max(dot[1], box[1] + 1), box[3] - 1)])


class _Counts:
    """How many dots lie in a box, by squares of a point."""

    def __init__(self, at: Vector, frame: Size) -> None:
        across, up = (math.ceil(length) + 1 for length in frame)
        counts, _, _ = np.histogram2d(
            at[:, 0], at[:, 1], bins=(across, up), range=((0, across), (0, up))
        )
        self._sums = np.zeros((across + 1, up + 1))
        self._sums[1:, 1:] = counts.cumsum(axis=0).cumsum(axis=1)

    def within(self, box: Box) -> float:
        """How many are in or just beside it."""
        sums = self._sums
        left, low = (max(0, math.floor(edge) - 1) for edge in box[:2])
        right = min(sums.shape[0] - 1, math.ceil(box[2]) + 1)
        top = min(sums.shape[1] - 1, math.ceil(box[3]) + 1)
        return float(sums[right, top] - sums[left, top] - sums[right, low] + sums[left, low])


def _overlap(one: Box, other: Box) -> bool:
    return (
        one[0] < other[2] + 2
        and other[0] < one[2] + 2
        and one[1] < other[3] + 0.5
        and other[1] < one[3] + 0.5
    )


def _crosses(start: Vector, end: Vector, box: Box) -> bool:
    """Whether a line meets a box: clipped to it, something is left."""
    first, last = 0.0, 1.0
    for axis in (0, 1):
        step = end[axis] - start[axis]
        low, high = box[axis] - start[axis], box[axis + 2] - start[axis]
        if step == 0:
            if low > 0 or high < 0:
                return False
            continue
        near, far = sorted((low / step, high / step))
        first, last = max(first, near), min(last, far)
    return first <= last


def _cross(a: Vector, b: Vector, c: Vector, d: Vector) -> bool:
    """Whether two lines cross."""

    def side(p: Vector, q: Vector, s: Vector) -> bool:
        return bool((q[0] - p[0]) * (s[1] - p[1]) > (q[1] - p[1]) * (s[0] - p[0]))

    return side(a, b, c) != side(a, b, d) and side(c, d, a) != side(c, d, b)


def _handles(frame: pl.DataFrame) -> list[Any]:
    from matplotlib.lines import Line2D

    def handle(label: str, colour: str, marker: str = "o", **look: Any) -> Any:
        size = {"ms": 3.2, "mew": 0.6, "lw": 0} | look
        return Line2D([], [], color=colour, marker=marker, label=label, **size)

    small = frame.filter(frame["q"] < _SIGNIFICANT)
    handles = []
    if (small["r"] > 0).any():
        handles.append(handle("r > 0, q < 0.05", VERMILION))
    if (small["r"] < 0).any():
        handles.append(handle("r < 0, q < 0.05", BLUE))
    if small.height < frame.height:
        handles.append(handle("q ≥ 0.05", "#a8a8a8"))
    handles.append(Line2D([], [], color=GREY, lw=0.6, ls=(0, (4, 3)), label="q = 0.05"))
    if (frame["n_shared_genes"] > 0).any():
        handles.append(handle("shares genes with x", INK, mfc="white"))
    if (frame["q"] <= 0).any():
        handles.append(handle("q too small for a number", INK, "^"))
    return handles
