"""Ticks whose numbers have room."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from tcga_corr.figures.text import signed, text_width

_SIZE = 6.5  # points
_OVER = 0.12  # inches that a number may stand out of the axes


def number_axis(axes: Axes, low: float, high: float) -> None:
    """Set the limits of x, and as many ticks as their numbers have room for."""
    inches = axes.get_position().width * axes.figure.get_figwidth()  # type: ignore[union-attr]
    axes.set_xlim(low, high)
    found = ticks_between(low, high, inches)
    axes.set_xticks(list(found), list(found.values()))


def ticks_between(
    low: float, high: float, inches: float, upright: bool = False
) -> dict[float, str]:
    """Places of ticks and their numbers, along so many inches of x, or of y where upright."""
    candidates = [
        [float(tick) for tick in locator.tick_values(low, high) if low <= tick <= high]
        for locator in (
            MaxNLocator(most, steps=[1, 2, 2.5, 5, 10], min_n_ticks=1) for most in range(6, 0, -1)
        )
    ]
    places = {tick: (tick - low) / (high - low) * inches for ticks in candidates for tick in ticks}
    best: dict[float, str] = {}
    for some in (False, True):
        if len(best) < 2:
            labelled = [_with_room(ticks, places, inches, upright, some) for ticks in candidates]
            best = max(labelled, key=len)
    return dict(sorted(best.items()))


def _with_room(
    ticks: Sequence[float], places: Mapping[float, float], inches: float, upright: bool, some: bool
) -> dict[float, str]:
    """Ticks whose numbers stay near the axes and apart; if two touch none, or ``some`` of them."""
    found: dict[float, str] = {}
    spans: list[tuple[float, float]] = []
    labels = dict(zip(ticks, _numbers(ticks), strict=True))
    for tick in sorted(ticks, key=abs):
        half = (_SIZE / 72 if upright else text_width(labels[tick], _SIZE)) / 2
        left, right = places[tick] - half, places[tick] + half
        if left < -_OVER or right > inches + _OVER:
            continue
        if all(right + 0.06 < a or left - 0.06 > b for a, b in spans):
            found[tick] = labels[tick]
            spans.append((left, right))
        elif not some:
            return {}
    return found


def _numbers(ticks: Sequence[float]) -> list[str]:
    """Ticks as text, with as many decimals as they need."""
    largest = max(map(abs, ticks), default=0.0)
    step = min((b - a for a, b in itertools.pairwise(ticks)), default=largest)
    if largest >= 1e6 or 0 < step < 1e-4:
        labels = [f"{tick:.6g}" for tick in ticks]
    else:
        needed = (n for n in range(6) if all(abs(round(t, n) - t) < 1e-3 * step for t in ticks))
        decimals = next(needed, 6)
        labels = [f"{tick:,.{decimals}f}" for tick in ticks]
    return list(map(signed, labels))
