"""Labels beside dots, each where it covers few dots and no other label; and the line of q."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Size = tuple[float, float]
Box = tuple[float, float, float, float]

_DEAREST = 90  # cost of a label that is not worth it: too far, or on too many dots
# where a label may begin beside its dot, or stand above or below it
_OFFSETS = [
    (side * across, up)
    for up in (0, *(sign * step * 4 for step in range(1, 24) for sign in (1, -1)))
    for across in (4, 8, 14, 22, 32, 44, 58)
    for side in (1, -1)
] + [(0, sign * up) for up in (8, 11, 15, 20, 26, 33, 41, 50) for sign in (1, -1)]


def p_at_q(p: Vector, q: Vector, level: float) -> float:
    """The p that parts those whose q is below a level from the others.

    Of m tests, k with q below the level: level * k / m, as of Benjamini and Hochberg 1995, J. R.
    Stat. Soc. B 57:289; of none, what the smallest p would have to be.

    Parameters
    ----------
    p, q
        Of all m tests.
    level
        Of q.
    """
    is_small = q < level
    at = level * max(int(is_small.sum()), 1) / len(p)
    above = p[~is_small].min(initial=1.0)  # with ties and rounding, no p may be on the wrong side
    return float(min(max(at, p[is_small].max(initial=0.0)), above))


def place_labels(
    at: Vector, chosen: Sequence[int], sizes: Sequence[Size], frame: Size, lines_at: Vector
) -> list[Box | None]:
    """Boxes of labels, None where there is no good place.

    A label lies in the frame, on no other label and on no dot that has one, and its line crosses no
    label and no other line. Of such places each takes the one that is near, covers few dots, and
    neither the vertical nor the horizontal line; in the order that leaves room for most, the first
    above all.

    Parameters
    ----------
    at
        Dots x 2: all of them, in points from the lower left corner of the frame.
    chosen
        Those that get a label, the most important first.
    sizes
        Width and height of each label in points.
    frame
        Width and height of the frame in points.
    lines_at
        Where the vertical and the horizontal line are.
    """
    placer = _Placer(at, chosen, sizes, frame, lines_at)
    numbers = range(len(chosen))
    x, y = at[chosen].T
    keys = (x, -x, -abs(x - lines_at[0]), y)
    orders = [list(numbers), *(np.argsort(key, kind="stable").tolist() for key in keys)]
    right = (x > lines_at[0]).tolist()
    worth = [1 / (1 + right[:number].count(right[number])) for number in numbers]
    best: tuple[float, float] | None = None
    found: dict[int, Box] = {}
    for order in orders:
        boxes, cost = placer.arranged(order)
        missed = sum(worth[number] for number in numbers if number not in boxes)
        if best is None or (missed, cost) < best:
            best, found = (missed, cost), boxes
        if len(boxes) == len(chosen):
            break
    return [found.get(number) for number in numbers]


@dataclass(frozen=True, eq=False)
class _Placer:
    """Places labels one after another; see :func:`place_labels`."""

    at: Vector
    chosen: Sequence[int]
    sizes: Sequence[Size]
    frame: Size
    lines_at: Vector

    def arranged(self, order: Sequence[int]) -> tuple[dict[int, Box], float]:
        """Boxes of labels by their numbers, placed in an order, and their cost."""
        boxes: dict[int, Box] = {}
        lines: list[tuple[Vector, Vector]] = []
        total = 0.0
        for number in order:
            dot = self.at[self.chosen[number]]
            best: tuple[float, Box, Vector] | None = None
            others = [self.at[other] for other in np.delete(self.chosen, number)]
            for offset in _OFFSETS:
                box = self._box(number, offset)
                if not self._is_inside(box):
                    continue
                end = nearest(dot, box)
                cost = self._cost(dot, box, offset)
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

    def _box(self, number: int, offset: tuple[int, int]) -> Box:
        (wide, high), dot, (across, up) = self.sizes[number], self.at[self.chosen[number]], offset
        x = dot[0] + across + math.copysign(wide / 2, across) * (across != 0)
        y = dot[1] + up
        return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2

    def _is_inside(self, box: Box) -> bool:
        width, height = self.frame
        return box[0] >= 1 and box[1] >= 1 and box[2] <= width - 1 and box[3] <= height - 1

    def _cost(self, dot: Vector, box: Box, offset: tuple[int, int]) -> float:
        x, y = self.lines_at
        is_over = box[0] < x if dot[0] > x else box[2] > x
        cost = math.hypot(*offset) + 1.5 * min(self._n_covered(box), 60)
        return cost + 30 * bool(is_over) + 12 * (box[1] < float(y) < box[3])

    @cached_property
    def _sums(self) -> Vector:
        """How many dots lie left of and below each place, by squares of a point."""
        across, up = (math.ceil(length) + 1 for length in self.frame)
        x, y = self.at.T
        counts, _, _ = np.histogram2d(x, y, bins=(across, up), range=((0, across), (0, up)))
        return np.pad(counts.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))

    def _n_covered(self, box: Box) -> float:
        """How many dots are in a box or just beside it."""
        sums = self._sums
        left, low = (max(0, math.floor(edge) - 1) for edge in box[:2])
        right = min(sums.shape[0] - 1, math.ceil(box[2]) + 1)
        top = min(sums.shape[1] - 1, math.ceil(box[3]) + 1)
        return float(sums[right, top] - sums[left, top] - sums[right, low] + sums[left, low])


def nearest(dot: Vector, box: Box) -> Vector:
    """Where the line from a dot meets its label."""
    return np.array([min(max(dot[0], box[0]), box[2]), min(max(dot[1], box[1] + 1), box[3] - 1)])


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
