"""Over-representation as dots: of one list by the share of each set, of several side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tcga_corr.analysis.enrich import EnrichAnswer
from tcga_corr.analysis.enrichment.ranking_tables import LABELS
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.figures.frame import Frame, place
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.panels import LEAST_ROW, label_rows
from tcga_corr.figures.style import FAINT, GREY, INK, PALE, SEQUENTIAL, WIDTH, styled
from tcga_corr.figures.text import count_of, fitted_apart, plain, text_width
from tcga_corr.figures.ticks import number_axis
from tcga_corr.vocabulary.associations import SIGNIFICANT

if TYPE_CHECKING:
    import polars as pl

MOST, MOST_LISTS = 20, 99
"""Sets, and tumor types and contrasts, of one figure."""
_ROW, _LABELS, _RIGHT, _COLUMN = 0.19, 2.6, 0.95, 0.2  # inches
_LEAST, _LARGEST = 2.5, 10.0  # points across a dot
_SCALE = LinearSegmentedColormap.from_list("q", SEQUENTIAL)
_FIRMEST = 10  # -log10 q beyond which the colour does not change


@styled()
def enriched_dots(answer: EnrichAnswer, look: Look = PLAIN) -> Figure:
    """Draw an answer of over-representation: the 20 sets with the smallest p.

    Of one list, a row per set: its share of listed genes across, their number as the dot's size, q
    as its colour. Of several, a column per tumor type and contrast, with the share as size. Dots
    are open and grey where q is not below 0.05.

    Raises
    ------
    UsageError
        If there are more lists than columns can show.
    AnalysisError
        If no set has a listed gene.
    """
    look.refuse_order("a figure of gene sets")
    rows = answer.frame.drop_nulls("p").filter(answer.frame.drop_nulls("p")["n_overlap"] > 0)
    if not rows.height:
        raise AnalysisError("no set has a listed gene, so nothing is drawn", "See the table")
    if len(answer.parts) > MOST_LISTS:
        raise UsageError(
            f"{len(answer.parts)} lists do not fit in one figure", "Choose tumor types with -t"
        )
    best = rows.group_by("set", maintain_order=True).agg(_min_p())
    names = best.sort("p", "set")["set"].head(MOST).to_list()
    rows = rows.filter(rows["set"].is_in(names))
    columns = _columns(answer)
    labels = fitted_apart(names, _LABELS, 6.5)
    left = max(text_width(label, 6.5) for label in labels) + 0.18
    below = 0.42 if len(columns) == 1 else 0.12 + max(text_width(one, 6.5) for one in columns)
    needed = left + _RIGHT + _COLUMN * len(columns) + 0.1
    frame = Frame(*_heading(answer, names, rows), simulated=answer.simulated, look=look)
    frame = frame.as_wide(max(WIDTH, needed), max(needed, left + _RIGHT + 1))
    high = max(_ROW * len(names), 1.75 - below)
    least = max(LEAST_ROW * len(names), 1.75 - below)
    figure = frame.figure(frame.body(high + below + 0.12, least + below + 0.12))
    axes = place(figure, left, frame.below + below, _RIGHT, frame.head + 0.06)
    axes.set_ylim(len(names) - 0.4, -0.6)
    label_rows(axes, dict(enumerate(labels)))
    axes.grid(axis="y", color=PALE, lw=0.5)
    axes.set_axisbelow(True)
    if len(columns) == 1:
        _draw_one(axes, rows, names)
    else:
        _draw_several(axes, rows, names, dict(zip(_keys(answer), columns, strict=True)))
    return figure


def _min_p() -> pl.Expr:
    import polars as pl

    return pl.col("p").min()


def _keys(answer: EnrichAnswer) -> list[tuple[str, ...]]:
    """The labels of each list that tell it from the others."""
    labels = [label for label in LABELS if label in answer.frame.columns]
    return [tuple(part.ranking.labels[label] for label in labels) for part in answer.parts]


def _columns(answer: EnrichAnswer) -> list[str]:
    return fitted_apart([" ".join(key) for key in _keys(answer)], 1.6, 6.5)


def _heading(answer: EnrichAnswer, names: Sequence[str], rows: pl.DataFrame) -> tuple[str, str]:
    query = answer.query
    tested = answer.frame.drop_nulls("p")
    n_small = tested.filter(tested["q"] < SIGNIFICANT).height
    against = query.against if isinstance(query.against, str) else "given sets"
    n_all = answer.frame["set"].n_unique()
    only = f"; the {len(names)} with the smallest p" if len(names) < n_all else ""
    listing = f"{query.listed_by}; " if query.listed_by else ""
    n_tests = count_of(tested.height, "set" if len(answer.parts) == 1 else "test")
    about = (
        f"Over-representation; {listing}universe: {plain(query.universe, 80)}; "
        f"{n_small:,} of {n_tests} with q < {SIGNIFICANT}{only}"
    )
    return f"{plain(query.input)} against {plain(against)}", about


def _draw_one(axes: Axes, rows: pl.DataFrame, names: Sequence[str]) -> None:
    share = (rows["n_overlap"] / rows["n_genes"]).to_numpy()
    number_axis(axes, 0, 1.12 * float(share.max()))
    axes.set_xlabel("listed genes / genes of the set", labelpad=2)
    most = int(rows["n_overlap"].max())  # type: ignore[arg-type]
    places = [names.index(name) for name in rows["set"].to_list()]
    sizes = _sizes(rows["n_overlap"].to_numpy(), most)
    _dots(axes, share, np.array(places), sizes, rows["q"].to_numpy())
    steps = sorted({max(1, round(most * part)) for part in (0.25, 0.5, 1)})
    _write_keys(axes, "genes", {str(n): float(_sizes(np.array([n]), most)[0]) for n in steps})


def _draw_several(
    axes: Axes, rows: pl.DataFrame, names: Sequence[str], columns: Mapping[tuple[str, ...], str]
) -> None:
    labels = [label for label in LABELS if label in rows.columns]
    place_of = {key: number for number, key in enumerate(columns)}
    share = (rows["n_overlap"] / rows["n_genes"]).to_numpy()
    most = float(share.max())
    x = np.array([place_of[one] for one in rows.select(labels).rows()])
    y = np.array([names.index(name) for name in rows["set"].to_list()])
    axes.set_xlim(-0.6, len(columns) - 0.4)
    axes.set_xticks(range(len(columns)), list(columns.values()), rotation=90)
    axes.tick_params(axis="x", length=0, pad=2)
    _dots(axes, x, y, _sizes(share, most), rows["q"].to_numpy())
    steps = [most * part for part in (0.25, 0.5, 1)]
    _write_keys(axes, "share", {f"{n:.2g}": float(_sizes(np.array([n]), most)[0]) for n in steps})


def _sizes(values: Any, most: float) -> Any:
    """Points across, so that the area goes with the value."""
    return np.maximum(_LEAST, _LARGEST * np.sqrt(values / most))


def _colours(q: Any) -> list[Any]:
    firm = np.clip(-np.log10(np.maximum(q, 1e-300)), 0, _FIRMEST) / _FIRMEST
    return [_SCALE(float(one)) for one in firm]


def _dots(axes: Axes, x: Any, y: Any, sizes: Any, q: Any) -> None:
    small = q < SIGNIFICANT
    colours = _colours(q)
    axes.scatter(
        x, y, s=sizes**2, zorder=3, linewidths=0.7, clip_on=False,
        facecolors=[c if s else "white" for c, s in zip(colours, small, strict=True)],
        edgecolors=[c if s else FAINT for c, s in zip(colours, small, strict=True)],
    )  # fmt: skip


def _write_keys(axes: Axes, what: str, sizes: dict[str, float]) -> None:
    """At the right: what size and colour say."""

    def handle(label: str, size: float, colour: Any, edge: Any) -> Line2D:
        return Line2D([], [], marker="o", lw=0, ms=size, mfc=colour, mec=edge, mew=0.7, label=label)

    look: dict[str, Any] = {
        "frameon": False, "fontsize": 6, "title_fontsize": 6, "borderpad": 0, "borderaxespad": 0,
        "handletextpad": 0.5, "labelspacing": 0.7, "alignment": "left", "labelcolor": INK,
    }  # fmt: skip
    by_size = [handle(label, size, "white", GREY) for label, size in sizes.items()]
    first = axes.legend(
        handles=by_size, title=what, loc="upper left", bbox_to_anchor=(1.04, 1), **look
    )
    axes.add_artist(first)
    inches = axes.get_position().height * axes.figure.get_figheight()  # type: ignore[union-attr]
    by_colour = [
        handle(
            f"{q:g}" if q > 1e-3 else f"1e−{round(-math.log10(q))}",
            5,
            _colours(np.array([q]))[0],
            "none",
        )
        for q in (0.01, 1e-5, 1e-10)
    ]
    by_colour.append(handle(f"≥ {SIGNIFICANT}", 5, "white", FAINT))
    axes.legend(
        handles=by_colour,
        title="q",
        loc="upper left",
        bbox_to_anchor=(1.04, 1 - 0.78 / inches),
        **look,
    )
