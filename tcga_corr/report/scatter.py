"""The scatter of a pair in one tumor type: its samples, and a line with its band."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.report.style import (
    BLUE,
    VERMILION,
    headed,
    marked_simulated,
    new_figure,
    place,
    short,
    styled,
)
from tcga_corr.stats.correlation import Fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tcga_corr.asking import Answer

Vector = NDArray[np.float64]
_CROWDED = 250  # samples, from which points are coloured by how close they lie
_SIZE, _LEFT, _BOTTOM = 3.5, 0.62, 0.5  # inches


def scatter(answer: Answer, values: Answer) -> Figure:
    """Draw one tumor type of the answer of ``correlate``.

    Parameters
    ----------
    answer
        Of one tumor type.
    values
        The values of x, y and what is adjusted for.

    Where something is adjusted for, what its linear fit leaves of x and y is drawn. The line is
    that of least squares, with the 95 % band of its mean; it is drawn for Pearson's r alone.
    """
    query, rows = answer.query, answer.frame.to_dicts()
    names = [query["x"], query["y"], *query["adjust"]]
    frame = values.frame.drop_nulls(names)
    x, y = (frame[name].to_numpy() for name in names[:2])
    n_controls = 0
    if names[2:] and len(frame):
        fit = Fit(frame.select(names[2:]).to_numpy())
        n_controls = fit.n_controls
        x, y = fit.left_of(x - x.mean()), fit.left_of(y - y.mean())
    left = f", less the fit of {short(', '.join(query['adjust']))}" if query["adjust"] else ""
    with styled():
        told = _told(answer)
        head = headed(new_figure(_SIZE, _SIZE), *told, _SIZE)
        figure = new_figure(head + _SIZE, _SIZE)
        headed(figure, *told, _SIZE)
        axes = place(figure, _LEFT, _BOTTOM, 0.12, head + 0.05)
        if len(x):
            _draw_points(axes, x, y)
        if rows[0]["r"] is not None and any(row["method"] == "pearson" for row in rows):
            _draw_line(axes, x, y, n_controls)
        unit = query["unit"]
        axes.set_xlabel(_axis(names[0], answer, unit) + left)
        axes.set_ylabel(_axis(names[1], answer, unit) + left)
        axes.locator_params(nbins=5)
        if answer.provenance["simulated"]:
            marked_simulated(figure)
    return figure


def _axis(name: str, answer: Answer, unit: str) -> str:
    sets = {one["name"] for one in answer.provenance["gene_sets"]}
    covariates = {one["name"] for one in answer.provenance["covariates"]}
    if name in sets:
        return f"{short(name, 36)}, ssGSEA score"
    return short(name, 40) if name in covariates else f"{short(name, 36)}, {unit}"


def _told(answer: Answer) -> tuple[str, str]:
    query = answer.query
    parts = []
    for row in answer.frame.to_dicts():
        if row["r"] is None:
            parts.append(f"{row['method']}: {row['note']}")
            continue
        told = f"{row['method']} r = {row['r']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f})"
        for name in ("p", "p_genes", "p_sets"):
            if row[name] is not None:
                told += f", {name} = {row[name]:.2g}"
        parts.append(told)
    first = answer.frame.to_dicts()[0]
    adjusted = f"; adjusted for {short(', '.join(query['adjust']))}" if query["adjust"] else ""
    title = f"{short(query['x'], 40)} against {short(query['y'], 40)} in {first['tumor_type']}"
    about = (
        f"n = {first['n']:,} {query['samples']} samples, {query['source']}, {query['unit']}"
        f"{adjusted}. {'; '.join(parts)}"
    )
    return title, about.replace(" = ", "\u00a0=\u00a0")  # not parted at the end of a line


def _draw_points(axes: Axes, x: Vector, y: Vector) -> None:
    if len(x) < _CROWDED:
        axes.plot(x, y, "o", ms=2.8, mew=0, color=BLUE, alpha=0.75)
        return
    density = _density(x, y)
    order = np.argsort(density, kind="stable")
    axes.scatter(
        x[order], y[order], s=5, c=density[order], cmap="cividis_r", linewidths=0, zorder=2
    )


def _density(x: Vector, y: Vector) -> Vector:
    """How close other samples lie to each, on no scale."""
    from scipy.stats import gaussian_kde

    spread = np.array([np.ptp(x), np.ptp(y)])
    if not (spread > 0).all():
        return np.zeros(len(x))
    try:
        return np.asarray(gaussian_kde([x, y])([x, y]))
    except np.linalg.LinAlgError:  # all on one line
        return np.zeros(len(x))


def _draw_line(axes: Axes, x: Vector, y: Vector, n_controls: int) -> None:
    from scipy.special import stdtrit

    n, df = len(x), len(x) - 2 - n_controls
    deviations = x - x.mean()
    squares = float((deviations**2).sum())
    slope = float((deviations * (y - y.mean())).sum()) / squares
    at: Any = np.linspace(x.min(), x.max(), 100)
    line = y.mean() + slope * (at - x.mean())
    rest = y - y.mean() - slope * deviations
    error = np.sqrt((rest**2).sum() / df * (1 / n + (at - x.mean()) ** 2 / squares))
    half = stdtrit(df, 0.975) * error
    axes.fill_between(at, line - half, line + half, color=VERMILION, alpha=0.18, lw=0, zorder=3)
    axes.plot(at, line, color=VERMILION, lw=1.2, zorder=4)
