"""The figure of docs/calibration.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from calibrating.coverage import COVERAGE_N, COVERAGE_R, VALUES
from calibrating.planted import POWER_N
from calibrating.results import KINDS, LEVEL, MEAN_ALONE, Results, Share, power, share_of
from calibrating.simulation import TRUE_R
from tcga_corr.vocabulary.methods import METHODS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, each with its own shape
MARKERS = {
    "p": ("#D55E00", "s"),
    "p_genes": ("#0072B2", "o"),
    "p_sets": ("#009E73", "^"),
    MEAN_ALONE: ("#56B4E9", "D"),
    "pearson": ("#000000", "o"),
    "spearman": ("#CC79A7", "s"),
    "kendall": ("#E69F00", "D"),
}
STYLE = {
    "svg.fonttype": "path",
    "svg.hashsalt": "calibration",
    "font.family": "DejaVu Sans",
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.titlelocation": "left",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1,
    "lines.markersize": 3,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
ENDS = {POWER_N[0]: "-", POWER_N[-1]: "--"}
WIDTH, HEIGHT = 7.2, 8.2  # inches: two columns of a journal


PANELS = {
    "genes": ("two\nrandom genes", ("p", "p_genes")),
    "40 and 200": ("random sets\nof 40 and 200 genes", ("p", "p_genes")),
    "matched": ("sets matched\nto pathways", ("p", "p_genes", MEAN_ALONE)),
    "pathways": ("two\nreal pathways", ("p", "p_genes", "p_sets")),
}


def draw_shares(axes: Sequence[Axes], results: Results) -> None:
    """A panel per kind of pair: a row per cohort, a dot and interval per p-value."""
    places = np.arange(len(results.tables))
    for axis, (kind, (title, names)) in zip(axes, PANELS.items(), strict=True):
        for number, name in enumerate(names):
            colour, shape = MARKERS[name]
            shares = [share_of(results, kind, [one], name) for one in results.tables]
            values = np.array([share.value for share in shares])
            ends = np.array([share.interval() for share in shares]).T
            axis.errorbar(
                values, places + 0.24 * (number - 1), xerr=abs(ends - values),
                fmt=shape, color=colour, elinewidth=0.8, clip_on=False,
            )  # fmt: skip
        axis.set_title(title)
        axis.axvline(LEVEL, color="0.4", linewidth=0.8, linestyle="--", zorder=0)
        axis.set_xscale("function", functions=(np.sqrt, np.square))
        axis.set_xlim(0, 1)
        axis.set_xticks([0, 0.05, 0.2, 0.5, 1], ["0", ".05", ".2", ".5", "1"])
        axis.set_xlabel("share of p below 0.05")
        axis.set_yticks(places, [f"{one.label} ({one.n:,})" for one in results.tables])
        axis.tick_params(axis="y", length=0)
        axis.set_ylim(len(places) - 0.5, -0.5)
        for place in places[::2]:
            axis.axhspan(place - 0.5, place + 0.5, color="0.95", zorder=-1)


def draw_power(axes: Sequence[Axes], results: Results) -> None:
    """Sets in a panel per n, and genes in the last: the share found by true r."""
    for axis, n in zip(axes, POWER_N, strict=False):
        for kind in KINDS:
            draw_line(axis, power(results, "sets", n, kind), kind)
        axis.set_title(f"sets, n = {n}")
    for n, line in ENDS.items():
        for kind in KINDS[:2]:
            draw_line(axes[3], power(results, "genes", n, kind), kind, line)
    for axis in axes:
        axis.axhline(LEVEL, color="0.4", linewidth=0.8, linestyle="--", zorder=0)
        axis.set_ylim(-0.02, 1.03)
        axis.set_xlabel("planted r")


def draw_line(axis: Axes, shares: Sequence[Share], kind: str, line: str = "-") -> None:
    colour, shape = MARKERS[kind]
    ends = np.array([share.interval() for share in shares]).T
    values = [share.value for share in shares]
    axis.plot(TRUE_R, values, marker=shape, color=colour, linestyle=line)
    axis.fill_between(TRUE_R, *ends, color=colour, alpha=0.15, linewidth=0)


def draw_coverage(axes: Sequence[Axes], results: Results) -> None:
    """A panel per n: the coverage by true r, filled for normal values and open for few reads."""
    for axis, n in zip(axes, COVERAGE_N, strict=True):
        for values, line, inside in zip(VALUES, ("-", ":"), (None, "white"), strict=True):
            for method in METHODS:
                colour, shape = MARKERS[method]
                shares = [results.coverage[values, r, n][method] for r in COVERAGE_R]
                axis.plot(
                    COVERAGE_R, shares, linestyle=line, marker=shape, color=colour,
                    markerfacecolor=inside or colour,
                )  # fmt: skip
        axis.axhline(1 - LEVEL, color="0.4", linewidth=0.8, linestyle="--", zorder=0)
        axis.set_title(f"n = {n}")
        axis.set_xticks(COVERAGE_R)
        axis.set_xlabel("true r of the normals")


def legend_handles(names: Iterable[str]) -> list[Any]:
    """The legend's entries."""
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=MARKERS[one][0], marker=MARKERS[one][1], label=one) for one in names
    ]


def draw_figure(results: Results) -> Figure:
    """Draw random pairs, power and coverage."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    parts = figure.subfigures(3, 1, height_ratios=(3.3, 2.3, 2.3), hspace=0.03)
    titles = (
        "a  Random pairs: share with p below 0.05",
        "b  Planted links: share with p below 0.05",
        "c  95 % interval of r between two genes: how often it contains the true r",
    )
    rows = []
    for part, title, x_shared in zip(parts, titles, (False, False, True), strict=True):
        part.suptitle(title, x=0.005, ha="left", fontsize=9, fontweight="bold")
        rows.append(part.subplots(1, 4, sharey=True, sharex=x_shared))
    draw_shares(rows[0], results)
    rows[0][0].set_ylabel("cohort (tumours)")
    draw_power(rows[1], results)
    rows[1][3].set_title(f"genes, n = {' and '.join(map(str, ENDS))}")
    rows[1][0].set_ylabel("share found")
    draw_coverage(rows[2], results)
    rows[2][0].set_ylabel("coverage")
    lines = [
        Line2D([], [], color="0.3", linestyle=line, label=f"n = {n}") for n, line in ENDS.items()
    ]
    rows[1][3].legend(handles=lines, loc="lower right", bbox_to_anchor=(1.02, 0.12), handlelength=2)
    kinds = [
        Line2D([], [], color="0.3", linestyle=line, marker="o", markerfacecolor=inside, label=label)
        for line, inside, label in (("-", "0.3", "normal values"), (":", "white", "few reads"))
    ]
    legends = (
        legend_handles((*KINDS, MEAN_ALONE)),
        legend_handles(KINDS),
        [*legend_handles(METHODS), *kinds],
    )
    for part, legend in zip(parts, legends, strict=True):
        part.legend(handles=legend, loc="outside lower center", ncols=len(legend))
    return figure
