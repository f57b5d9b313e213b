"""The distribution of variables: a row per tumor type, tumour samples beside normal ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import UsageError
from tcga_corr.figures.panels import Column, Panel, noted, panels
from tcga_corr.figures.style import (
    BLUE,
    INK,
    VERMILION,
    listed,
    marked_simulated,
    measure_of,
    origin,
    plain,
    styled,
)
from tcga_corr.figures.ticks import number_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tcga_corr.analysis.answer import Answer

Vector = NDArray[np.float64]
MOST = 6  # variables in one figure
_FEW = 20  # samples, below which each is a point
_COLOURS = (BLUE, VERMILION)


def distribution(tumor: Answer, normal: Answer | None = None) -> Figure:
    """Draw the values of variables.

    A row per tumor type, by falling median of the first variable; a panel per variable. Of 20
    samples or more, a violin from the lowest to the highest value, with the quartiles as a bar and
    the median as a white dot; of fewer, each sample as a point, and the median as a line.

    Parameters
    ----------
    tumor
        Of ``values``, up to 6 variables.
    normal
        Of the same question, for normal samples.

    Raises
    ------
    UsageError
        If there are more variables, or the answers are of different questions.
    """
    names = tumor.query.variables
    _check(tumor, normal)
    answers = [tumor] if normal is None or not normal.frame.height else [tumor, normal]
    sides = [_by_type(answer) for answer in answers]
    types = _order(tumor.query.scope.tumor_types, names[0], sides)
    counts = [[[len(side[name].get(one, ())) for one in types] for side in sides] for name in names]
    is_shared = all(count == counts[0] for count in counts)
    with styled():
        several = []
        for number, name in enumerate(names):
            has_columns = not is_shared or number == len(names) - 1
            several.append(
                Panel(
                    title=name if len(names) > 1 else "",
                    label=measure_of(name, tumor),
                    columns=_n(answers, counts[number]) if has_columns else (),
                    axis=any(map(sum, counts[number])),
                )
            )
        row = (0.19 if len(answers) > 1 else 0.165) * (1.6 if len(types) <= 6 else 1)
        told = _told(tumor, answers, sides, types)
        has_few = any(0 < n < _FEW for one in counts for side in one for n in side)
        handles = _handles(answers, has_few)
        figure, all_axes = panels(told, types, row, several, handles)
        for axes, name in zip(all_axes, names, strict=True):
            _draw(axes, types, [side[name] for side in sides], tumor, name)
        if any(answer.simulated for answer in answers):
            marked_simulated(figure)
    return figure


def _check(tumor: Answer, normal: Answer | None) -> None:
    names = tumor.query.variables
    if len(names) > MOST:
        raise UsageError(
            f"{len(names)} variables do not fit in one figure",
            f"Draw up to {MOST} at a time",
        )
    if normal is None:
        return
    for key in ("variables", "tumor_types", "source", "unit", "genes", "ties"):
        if tumor.query[key] != normal.query[key]:
            raise UsageError(
                f"the two answers differ in {key}", "Ask the same of tumor and normal samples"
            )


def _by_type(answer: Answer) -> dict[str, dict[str, Vector]]:
    """Variable to tumor type to its values."""
    found: dict[str, dict[str, Vector]] = {}
    for name in answer.query.variables:
        own = answer.frame.select("tumor_type", name).drop_nulls(name)
        found[name] = {
            str(key[0]): part[name].to_numpy().astype(np.float64)
            for key, part in own.partition_by("tumor_type", as_dict=True).items()
        }
    return found


def _order(
    types: Sequence[str], name: str, sides: Sequence[dict[str, dict[str, Vector]]]
) -> list[str]:
    """Tumor types by falling median of the first side, those without one last."""

    def key(one: str) -> tuple[bool, float, str]:
        values = sides[0][name].get(one)
        return values is None, 0.0 if values is None else -float(np.median(values)), one

    return sorted(types, key=key)


def _n(answers: Sequence[Answer], counts: Sequence[Sequence[int]]) -> list[Column]:
    if len(answers) == 1:
        return [Column("n", [f"{n:,}" for n in counts[0]], 0.42)]
    return [
        Column(f"n {answer.query['samples']}", [f"{n:,}" for n in count], 0.5, colour)
        for answer, count, colour in zip(answers, counts, _COLOURS, strict=False)
    ]


def _told(
    tumor: Answer,
    answers: Sequence[Answer],
    sides: Sequence[dict[str, dict[str, Vector]]],
    types: Sequence[str],
) -> tuple[str, str]:
    names = tumor.query.variables
    title = listed(names, 60) if len(names) < 3 else f"{len(names)} variables"
    where = types[0] if len(types) == 1 else f"{len(types)} tumor types"
    n = [
        answer.frame.drop_nulls("tumor_type").filter(_has_any(answer, names)).height
        for answer in answers
    ]
    told_n = " and ".join(
        f"{count:,} {answer.query['samples']}" for count, answer in zip(n, answers, strict=True)
    )
    parts = [origin(tumor.query), f"n = {told_n} samples"]
    if len(types) > 1:
        by = f" of {plain(names[0], 40)}" if len(names) > 1 else ""
        parts.append(f"sorted by the median{by} in {tumor.query['samples']} samples")
    return f"{title} in {where}", "; ".join(parts)


def _has_any(answer: Answer, names: Sequence[str]) -> Any:
    import polars as pl

    return pl.Series(
        np.logical_or.reduce([answer.frame[name].is_not_null().to_numpy() for name in names])
    )


def _handles(answers: Sequence[Answer], has_few: bool) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    shown: list[Any] = []
    if len(answers) > 1:
        shown += [
            Patch(fc=colour, ec=colour, alpha=alpha, label=answer.query.scope.samples)
            for answer, colour, alpha in zip(answers, _COLOURS, _ALPHAS, strict=False)
        ]
    shown.append(
        Line2D([], [], color=INK, lw=1.6, marker="o", ms=2.4, mfc="white", mew=0.5,
               label="quartiles and median")
    )  # fmt: skip
    if has_few:
        shown.append(
            Line2D([], [], color=INK, lw=0, marker="o", ms=2.2, mew=0, alpha=0.6,
                   label=f"each sample, of fewer than {_FEW}")
        )  # fmt: skip
    return shown


_ALPHAS = (0.55, 0.3)


def _draw(
    axes: Axes,
    types: Sequence[str],
    sides: Sequence[dict[str, Vector]],
    tumor: Answer,
    name: str,
) -> None:
    every = [values for side in sides for values in side.values()]
    if every:
        low, high = min(v.min() for v in every), max(v.max() for v in every)
        margin = 0.03 * (high - low) or 0.03 * abs(high) or 1.0
        number_axis(axes, low - margin, high + margin)
    for y, one in enumerate(types):
        having = [place for place, side in enumerate(sides) if one in side]
        if not having:
            noted(axes, y, _why(tumor, one, name))
        for place in having:
            shift = 0.0 if len(having) == 1 else (-0.22, 0.22)[place]
            _draw_values(axes, y + shift, sides[place][one], place, 0.4 if not shift else 0.2)


def _why(answer: Answer, tumor_type: str, name: str) -> str:
    if not answer.frame["tumor_type"].eq(tumor_type).any():
        return f"no {answer.query['samples']} samples"
    if len(answer.query.variables) == 1:
        for note in answer.notes:
            found = re.fullmatch(r"(.*) \(in ([^()]*)\)", note, re.S)
            if found and tumor_type in found[2].split(", "):
                return found[1]
    return f"no {name}"


def _draw_values(axes: Axes, y: float, values: Vector, place: int, half: float) -> None:
    colour, alpha = _COLOURS[place], _ALPHAS[place]
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    spread = np.ptp(values)
    if len(values) < _FEW or not spread > 0:
        axes.plot(values, np.full(len(values), y), "o", ms=2.2, mew=0, color=colour, alpha=0.6)
        axes.plot([median, median], [y - half * 0.8, y + half * 0.8], color=INK, lw=0.9)
        return
    at = np.linspace(0, 1, 80)
    density = _density(values / spread - values.min() / spread, at)
    density *= half / density.max()
    axes.fill_between(
        values.min() + at * spread, y - density, y + density, fc=colour, ec=colour, lw=0.5,
        alpha=alpha, zorder=2,
    )  # fmt: skip
    axes.plot([low, high], [y, y], color=INK, lw=1.4, solid_capstyle="butt", zorder=3)
    axes.plot(median, y, "o", ms=2.2, mew=0.4, color=INK, mfc="white", zorder=4)


def _density(values: Vector, at: Vector) -> Vector:
    """How densely values lie, on no scale: a Gaussian on each, as wide as Scott 1992 has it."""
    width = values.std(ddof=1) * len(values) ** -0.2
    found: Vector = np.exp(-0.5 * ((at[:, None] - values) / width) ** 2).sum(axis=1)
    return found
