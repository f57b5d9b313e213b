"""The distribution of variables: a row per tumor type, tumour samples beside normal ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from tcga_corr.analysis.points import Vector
from tcga_corr.analysis.score import ScoreAnswer, ValuesAnswer, ValuesQuery
from tcga_corr.errors import UsageError
from tcga_corr.figures.frame import Frame, measure_of, source_and_unit
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.panels import Column, Panel, draw_panels, write_note
from tcga_corr.figures.style import BLUE, INK, VERMILION, styled
from tcga_corr.figures.text import listed, plain
from tcga_corr.figures.ticks import number_axis
from tcga_corr.vocabulary.associations import SIMULATED

MOST = 6  # variables in one figure
_FEW = 20  # samples, below which each is a point
_COLOURS = (BLUE, VERMILION)
_ALPHAS = (0.55, 0.3)
_Values = dict[str, dict[str, Vector]]  # variable to tumor type to its values


@styled()
def distribution(
    tumor: ValuesAnswer, normal: ValuesAnswer | None = None, look: Look = PLAIN
) -> Figure:
    """Draw the values of variables.

    A row per tumor type, by falling median of the first variable or as the look asks; a panel per
    variable. Of 20 samples or more, a violin from the lowest to the highest value, with the
    quartiles as a bar and the median as a white dot; of fewer, each sample as a point, and the
    median as a line.

    Parameters
    ----------
    tumor
        Of ``values``, up to 6 variables.
    normal
        Of the same question, for normal samples.
    look
        Size, title and order of tumor types.

    Raises
    ------
    UsageError
        If there are more variables, or the answers are of different questions.
    """
    names = tumor.query.variables
    _check(tumor, normal)
    answers = [tumor] if normal is None or not normal.frame.height else [tumor, normal]
    sides = [_by_type(answer) for answer in answers]
    first = sides[0][names[0]]
    types = look.ordered(
        tumor.query.scope.tumor_types,
        {one: float(np.median(values)) for one, values in first.items()},
        {one: len(values) for one, values in first.items()},
        "value",
    )
    counts = [[[len(side[name].get(one, ())) for one in types] for side in sides] for name in names]
    is_shared = all(count == counts[0] for count in counts)
    panels = [
        Panel(
            title=name if len(names) > 1 else "",
            label=measure_of(name, tumor, tumor.query.scope.unit),
            columns=() if is_shared and name != names[-1] else _n(answers, own),
            axis=any(map(sum, own)),
        )
        for name, own in zip(names, counts, strict=True)
    ]
    row = (0.19 if len(answers) > 1 else 0.165) * (1.6 if len(types) <= 6 else 1)
    has_few = any(0 < n < _FEW for own in counts for side in own for n in side)
    frame = Frame(
        *_heading(answers, types, by_median=look.order in (None, "value")),
        simulated=any(answer.simulated for answer in answers),
        handles=_handles(answers, has_few),
        look=look,
    )
    figure, all_axes = draw_panels(frame, types, row, panels)
    for axes, name in zip(all_axes, names, strict=True):
        _draw(axes, types, [side[name] for side in sides], tumor, name)
    return figure


def _check(tumor: ValuesAnswer, normal: ValuesAnswer | None) -> None:
    names = tumor.query.variables
    if len(names) > MOST:
        raise UsageError(
            f"{len(names)} variables do not fit in one figure",
            f"Draw up to {MOST} at a time",
        )
    if normal is None:
        return
    both = tumor.query.as_dict(), normal.query.as_dict()
    for key in ("variables", "tumor_types", "source", "unit", "genes", "ties"):
        if both[0][key] != both[1][key]:
            raise UsageError(
                f"the two answers differ in {key}", "Ask the same of tumor and normal samples"
            )


def _by_type(answer: ValuesAnswer) -> _Values:
    found: _Values = {}
    for name in answer.query.variables:
        own = answer.frame.select("tumor_type", name).drop_nulls(name)
        found[name] = {
            str(key[0]): part[name].to_numpy().astype(np.float64)
            for key, part in own.partition_by("tumor_type", as_dict=True).items()
        }
    return found


def _n(answers: Sequence[ValuesAnswer], counts: Sequence[Sequence[int]]) -> list[Column]:
    if len(answers) == 1:
        return [Column("n", [f"{n:,}" for n in counts[0]], 0.42)]
    return [
        Column(f"n {answer.query.scope.samples}", [f"{n:,}" for n in count], 0.5, colour)
        for answer, count, colour in zip(answers, counts, _COLOURS, strict=False)
    ]


def _heading(
    answers: Sequence[ValuesAnswer], types: Sequence[str], *, by_median: bool
) -> tuple[str, str]:
    query = answers[0].query
    names, scope = query.variables, query.scope
    title = listed(names, 60) if len(names) < 3 else f"{len(names)} variables"
    where = types[0] if len(types) == 1 else f"{len(types)} tumor types"
    n = " and ".join(
        f"{_n_with_values(answer):,} {answer.query.scope.samples}" for answer in answers
    )
    parts = [source_and_unit(scope), f"n = {n} samples"]
    if len(types) > 1 and by_median:
        by = f" of {plain(names[0], 40)}" if len(names) > 1 else ""
        parts.append(f"sorted by the median{by} in {scope.samples} samples")
    return f"{title} in {where}", "; ".join(parts)


def _n_with_values(answer: ValuesAnswer) -> int:
    """How many samples have a value of any variable."""
    frame = answer.frame.drop_nulls("tumor_type")
    return frame.filter(pl.any_horizontal(pl.col(*answer.query.variables).is_not_null())).height


def _handles(answers: Sequence[ValuesAnswer], has_few: bool) -> list[Artist]:
    shown: list[Artist] = []
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


def _draw(
    axes: Axes,
    types: Sequence[str],
    sides: Sequence[dict[str, Vector]],
    tumor: ValuesAnswer,
    name: str,
) -> None:
    every = [values for side in sides for values in side.values()]
    if every:
        low, high = min(v.min() for v in every), max(v.max() for v in every)
        margin = 0.03 * (high - low) or 0.03 * abs(high) or 1.0
        number_axis(axes, low - margin, high + margin)
    for y, tumor_type in enumerate(types):
        found = [number for number, side in enumerate(sides) if tumor_type in side]
        if not found:
            write_note(axes, y, _reason(tumor, tumor_type, name))
        for number in found:
            shift = 0.0 if len(found) == 1 else (-0.22, 0.22)[number]
            half = 0.4 if not shift else 0.2
            _draw_values(axes, y + shift, sides[number][tumor_type], number, half)


def _reason(answer: ValuesAnswer, tumor_type: str, name: str) -> str:
    """Why a tumor type has no values."""
    if not answer.frame["tumor_type"].eq(tumor_type).any():
        return f"no {answer.query.scope.samples} samples"
    reason = answer.reasons.get((tumor_type, name), "")
    return reason if reason and len(answer.query.variables) == 1 else f"no {name}"


def _draw_values(axes: Axes, y: float, values: Vector, number: int, half: float) -> None:
    colour, alpha = _COLOURS[number], _ALPHAS[number]
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


def values_of_scores(answer: ScoreAnswer) -> ValuesAnswer:
    """Scores with a column for each set, as figures take them."""
    name = pl.col("set").cast(pl.String).str.strip_prefix(f"{SIMULATED} ")
    frame = answer.frame.with_columns(pl.col("tumor_type").cast(pl.String), name).pivot(
        "set", index=["tumor_type", "sample"], values="es", aggregate_function="first"
    )
    query = ValuesQuery(answer.query.sets, answer.query.scope)
    return ValuesAnswer(frame, query, answer.notes, answer.provenance)
