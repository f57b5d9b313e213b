"""The heat map of a batch run: pairs by tumor types, both clustered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from scipy.cluster.hierarchy import dendrogram, linkage
from scipy.spatial.distance import squareform

from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, PlannedAnalysis
from tcga_corr.batch.strongest import strength, strongest_pairs
from tcga_corr.errors import AnalysisError, DataMissingError, UsageError, near_names
from tcga_corr.figures.frame import Frame, place
from tcga_corr.figures.style import GREY, INK, WIDTH, styled
from tcga_corr.figures.text import count_of, fitted_apart, plain, text_width
from tcga_corr.sources import source_is_simulated
from tcga_corr.store.results import check_result
from tcga_corr.vocabulary.associations import SIGNIFICANT

Matrix = NDArray[np.float64]

MOST_PAIRS = 80
_NO_R = "#b4b4b4"  # where there is no r
_NAME, _SIZE = 2.2, 5.5  # inches at most of one name of a pair; points
_TREE, _GAP, _EDGE, _FOOT = 0.3, 0.05, 0.1, 0.42  # inches
_FURTHEST = 2.0  # what two r can differ by
_READ = (
    "analysis", "tumor_type", "x", "y", "method", "n", "r", "q_batch", "n_shared_genes",
    "r_disjoint", "source", "samples", "ties", "adjust", "unit",
)  # fmt: skip


def heat_map_of_run(
    folder: RunFolder, plan: Plan, analysis: str | None = None, method: str | None = None
) -> Figure:
    """Draw the associations of one block of a run; see :func:`heat_map`.

    Parameters
    ----------
    folder, plan
        The run.
    analysis, method
        Which block and method; needed where there are several.

    Raises
    ------
    UsageError
        If there are several blocks or methods and none is given, or none of this name.
    DataMissingError
        If the run has no table of associations yet.
    StoreError
        If a table of it is not as its run wrote it.
    """
    planned = _planned(plan, analysis)
    method = _choice("method", method, planned.methods, f" in '{planned.name}'")
    path = folder.path / "associations.parquet"
    if not path.exists():
        raise DataMissingError(
            f"the run {folder.run} has no associations yet", "Run its spec to the end"
        )
    is_drawn = (pl.col("analysis") == planned.name) & (pl.col("method") == method)
    check_result(path)
    rows = pl.scan_parquet(path).filter(is_drawn)
    chosen, n_pairs = strongest_pairs(rows, planned, MOST_PAIRS)
    frame = rows.select(_READ).join(chosen.lazy(), on=["x", "y"], how="semi")
    pooled = None
    pooled_path = folder.path / "pooled.parquet"
    if pooled_path.exists():
        check_result(pooled_path)
        table = pl.scan_parquet(pooled_path).filter(is_drawn)
        pooled = table.join(chosen.lazy(), on=["x", "y"], how="semi").collect(engine="streaming")
    return heat_map(
        frame.collect(engine="streaming"),
        pooled,
        title=plan.title or plan.name,
        n_pairs=n_pairs,
        tumor_types=planned.tumor_types,
    )


@styled()
def heat_map(
    frame: pl.DataFrame,
    pooled: pl.DataFrame | None = None,
    *,
    title: str = "",
    n_pairs: int | None = None,
    tumor_types: Sequence[str] = (),
) -> Figure:
    """Draw associations: a row per pair, a column per tumor type, and r as colour from -1 to 1.

    Pairs and tumor types are in the order of average linkage by the distance of their r, over what
    both have. A dot is q_batch < 0.05 (of the pooled r, q); grey is where there is no r; names of
    pairs that share genes are grey. Of more than 80 pairs those are drawn whose median |r| is
    highest, and the figure says so; genes that a pair shares make it correlate by construction, so
    its rank is by r_disjoint, and a pair without an r_disjoint comes last.

    Parameters
    ----------
    frame
        Rows of a run's associations, of one analysis and method.
    pooled
        Rows of its pooled ones.
    title
        Of the figure, before the name of the analysis.
    n_pairs
        Of how many pairs those in the frame are the strongest; by default, they are all.
    tumor_types
        The tumor types of the analysis; those without rows are named.

    Raises
    ------
    UsageError
        If there are several analyses or methods.
    AnalysisError
        If there is no r.
    """
    frame = _with_texts(frame)
    for column in ("analysis", "method"):
        _choice(column, None, frame[column].unique().sort().to_list())
    if frame["r"].drop_nulls().drop_nans().is_empty():
        raise AnalysisError("no pair has an r", "The column note of the associations says why")
    frame, pairs, n_in_frame = _drawn_rows(frame)
    types = frame["tumor_type"].unique().sort().to_list()
    cells = _cells(frame, pairs.height, types)
    rows, row_tree = _clustered(cells.r)
    columns, column_tree = _clustered(cells.r.T)
    pairs = pairs[rows]
    n_of, n_text = _sample_counts(frame)
    labels = {name: f"{name}, {n_text} {n:,}" for name, n in n_of.items()}
    return _draw(
        Frame(
            *_heading(frame, pairs.height, max(n_pairs or 0, n_in_frame), title, tumor_types),
            simulated=any(map(source_is_simulated, frame["source"].unique().to_list())),
            mark=(INK, 0.3),  # seen on red and blue too
        ),
        _Map(
            names=_pair_names(pairs),
            sharing=(pairs["n_shared_genes"].fill_null(0) > 0).to_list(),
            columns=[labels.get(types[column], types[column]) for column in columns],
            cells=_Cells(cells.r[np.ix_(rows, columns)], cells.q[np.ix_(rows, columns)]),
            pooled=_pooled(pooled, pairs) if pooled is not None and len(types) > 1 else None,
            row_tree=row_tree,
            column_tree=column_tree,
        ),
    )


def _planned(plan: Plan, name: str | None) -> PlannedAnalysis:
    names = [one.name for one in plan.analyses if one.kind != "dominance"]
    if name is not None and name not in names and name in [one.name for one in plan.analyses]:
        raise UsageError(f"'{name}' is of dominance, and has no pairs", "Choose another analysis")
    return plan.analysis(_choice("analysis", name, names))


def _choice(what: str, wanted: str | None, names: Sequence[str], where: str = "") -> str:
    """The wanted one of several names, or the only one."""
    plural = {"analysis": "analyses", "method": "methods"}[what]
    listed = ", ".join(map(plain, names)) or "none"
    if wanted is not None and wanted not in names:
        raise UsageError(
            f"no {what} '{wanted}'{where}", near_names(wanted, names) or f"There is {listed}"
        )
    if wanted is None and len(names) != 1:
        raise UsageError(
            f"a heat map is of one {what}, and there are several{where}"
            if names
            else f"there are no {plural} of pairs{where}",
            f"Choose one: {listed}" if names else "",
        )
    return wanted if wanted is not None else names[0]


@dataclass(frozen=True)
class _Cells:
    """r and q of pairs by tumor types, NaN where there is none."""

    r: Matrix
    q: Matrix


@dataclass(frozen=True)
class _Tree:
    """The strokes of a dendrogram: places along the rows, and heights."""

    places: Matrix
    heights: Matrix


@dataclass(frozen=True)
class _Map:
    """What is drawn: pairs from top to bottom and tumor types from left to right."""

    names: Sequence[str]
    sharing: Sequence[bool]
    columns: Sequence[str]
    cells: _Cells
    pooled: _Cells | None
    row_tree: _Tree | None
    column_tree: _Tree | None


def _with_texts(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String))


def _drawn_rows(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """The rows of the pairs that are drawn, these pairs by name, and how many pairs there are."""
    import polars as pl

    # the pair of a gene and a covariate of one name occurs twice
    again = pl.int_range(pl.len()).over("tumor_type", "x", "y").alias("again")
    frame = frame.with_columns(again, r=pl.col("r").fill_nan(None))
    every = (
        frame.group_by("x", "y", "again")
        .agg(strength(), pl.col("n_shared_genes").max())
        .sort("strength", "x", "y", "again", descending=[True, *[False] * 3], nulls_last=True)
    )
    pairs = every.head(MOST_PAIRS).sort("x", "y", "again").with_row_index("row")
    rows = frame.join(pairs.select("x", "y", "again", "row"), on=["x", "y", "again"])
    return rows, pairs, every.height


def _cells(frame: pl.DataFrame, n_pairs: int, types: Sequence[str]) -> _Cells:
    r = np.full((n_pairs, len(types)), np.nan)
    q = np.full(r.shape, np.nan)
    at = (
        frame["row"].to_numpy(),
        np.searchsorted(np.array(types), frame["tumor_type"].to_numpy().astype(str)),
    )
    r[at] = frame["r"].to_numpy()
    q[at] = frame["q_batch"].fill_null(np.nan).to_numpy()
    return _Cells(r, q)


def _pooled(pooled: pl.DataFrame, pairs: pl.DataFrame) -> _Cells:
    """The pooled r and q of each pair, as one column."""
    again = pl.int_range(pl.len()).over("x", "y").alias("again")
    found = pairs.join(
        _with_texts(pooled).with_columns(again).select("x", "y", "again", "q", pooled="r"),
        on=["x", "y", "again"],
        how="left",
        maintain_order="left",
    )
    r, q = (found[name].fill_null(np.nan).to_numpy() for name in ("pooled", "q"))
    return _Cells(r[:, np.newaxis], q[:, np.newaxis])


def _sample_counts(frame: pl.DataFrame) -> tuple[dict[str, int], str]:
    """The most samples of each tumor type that has an r, and ``n =``, or ``n ≤`` if they differ."""
    sizes = frame.filter(pl.col("r").is_not_null()).group_by("tumor_type")
    n_of = dict(sizes.agg(pl.col("n").max()).sort("tumor_type").iter_rows())
    differ = sizes.agg(pl.col("n").n_unique())["n"].max() != 1
    return n_of, "n ≤" if differ else "n ="


def _pair_names(pairs: pl.DataFrame) -> list[str]:
    cut = {}
    for side in ("x", "y"):
        names = pairs[side].unique().sort().to_list()
        cut[side] = dict(zip(names, fitted_apart(names, _NAME, _SIZE), strict=True))
    return [f"{cut['x'][x]} – {cut['y'][y]}" for x, y in pairs.select("x", "y").iter_rows()]


def _clustered(r: Matrix) -> tuple[list[int], _Tree | None]:
    """The order of rows by average linkage, and their tree; the highest mean first.

    The distance of two rows is that of their r, where both have one; rows that have none in common
    are as far apart as r can be.
    """
    if len(r) < 2:
        return list(range(len(r))), None
    known = ~np.isnan(r)
    filled = np.where(known, r, 0.0)
    n = known.astype(float) @ known.T.astype(float)
    both = known[:, np.newaxis] & known
    squares = ((filled[:, np.newaxis] - filled) ** 2 * both).sum(axis=2)
    distance = np.where(n > 0, np.sqrt(squares / np.maximum(n, 1)), _FURTHEST)
    tree = linkage(squareform(distance, checks=False), "average", optimal_ordering=True)
    drawn: Any = dendrogram(tree, no_plot=True)
    order = [int(leaf) for leaf in drawn["leaves"]]
    # scipy puts leaves at 5, 15, 25, …
    places = (np.array(drawn["icoord"]) - 5) / 10
    half = len(order) // 2
    first, last = filled[order[:half]].mean(), filled[order[-half:]].mean()
    if first < last:
        order.reverse()
        places = len(order) - 1 - places
    return order, _Tree(places, np.array(drawn["dcoord"]))


def _heading(
    frame: pl.DataFrame, n_drawn: int, n_pairs: int, title: str, tumor_types: Sequence[str]
) -> tuple[str, str]:
    row = frame.row(0, named=True)
    name = plain(row["analysis"])
    n_of, n_text = _sample_counts(frame)
    units = "; ".join(plain(unit) for unit in frame["unit"].unique().sort().to_list())
    adjusted = f", adjusted for {plain(row['adjust'], 90)}" if row["adjust"] else ""
    where = f"{len(n_of)} tumor types" if len(n_of) != 1 else next(iter(n_of))
    pairs = count_of(n_drawn, "pair")
    if n_drawn < n_pairs:
        pairs = (
            f"the {n_drawn:,} of {n_pairs:,} pairs with the highest median |r| without shared genes"
        )
    parts = [
        f"{row['method']}{adjusted}: {pairs} in {where}; {plain(row['source'])}, {units}; "
        f"{row['samples']} samples, {n_text} {sum(n_of.values()):,}; ties by {row['ties']}",
        "clustered by average linkage of r",
    ]
    present = set(frame["tumor_type"].to_list())
    missing = [name for name in tumor_types if name not in present]
    if missing:
        parts.append(f"no rows of {', '.join(missing)}")
    head = f"{plain(title, 100)}: {name}" if title and title != row["analysis"] else name
    return head, "; ".join(parts)


def _draw(frame: Frame, drawn: _Map) -> Figure:
    row = 0.115 if len(drawn.names) > 24 else 0.16
    # on screens of few dots, letters are a little wider
    left = 1.04 * max([0.5, *(text_width(name, _SIZE) for name in drawn.names)]) + 0.12
    n_columns = len(drawn.columns) + (drawn.pooled is not None)
    right = _EDGE + (_TREE + _GAP if drawn.row_tree else 0.0)
    gap = _GAP if drawn.pooled else 0.0
    cell = min(0.42, max(0.145, (WIDTH - left - right - gap) / n_columns))
    width = max(WIDTH, left + gap + cell * n_columns + right)
    names_below = 1.04 * max(text_width(name, _SIZE) for name in [*drawn.columns, "pooled"]) + 0.08
    frame = replace(frame, width=width)
    head = frame.head + 0.02
    above = _TREE + _GAP if drawn.column_tree else 0.0
    high = row * len(drawn.names)
    below = names_below + _FOOT
    figure = frame.figure(0.02 + above + high + below)
    named_axes = None
    if drawn.pooled:
        named_axes = place(figure, left, below, width - left - cell, head + above)
        _draw_cells(named_axes, drawn.pooled, ["pooled"], row, cell)
        left += cell + gap
    wide = cell * len(drawn.columns)
    axes = place(figure, left, below, width - left - wide, head + above)
    _draw_cells(axes, drawn.cells, drawn.columns, row, cell)
    _name_rows(named_axes or axes, drawn)
    if drawn.row_tree:
        side = left + wide + _GAP
        tree = place(figure, side, below, width - side - _TREE, head + above)
        _draw_tree(tree, drawn.row_tree, len(drawn.names), upright=False)
    if drawn.column_tree:
        tree = place(figure, left, below + high + _GAP, width - left - wide, head)
        _draw_tree(tree, drawn.column_tree, len(drawn.columns), upright=True)
    shown = [cells.r for cells in (drawn.cells, drawn.pooled) if cells]
    _draw_key(figure, any(np.isnan(r).any() for r in shown), any(drawn.sharing))
    return figure


def _colours() -> Any:
    return colormaps["RdBu_r"].with_extremes(bad=_NO_R)


def _draw_cells(axes: Axes, cells: _Cells, names: Sequence[str], row: float, cell: float) -> None:
    r = cells.r
    axes.pcolormesh(
        np.arange(r.shape[1] + 1) - 0.5, np.arange(r.shape[0] + 1) - 0.5, np.ma.masked_invalid(r),
        cmap=_colours(), vmin=-1, vmax=1, edgecolors="white", linewidth=0.3,
    )  # fmt: skip
    with np.errstate(invalid="ignore"):
        small = (cells.q < SIGNIFICANT) & ~np.isnan(r)
    for dark in (False, True):
        y, x = np.nonzero(small & ((np.abs(r) > 0.6) == dark))
        size = min(1.8, 18 * min(row, cell))
        axes.plot(x, y, "o", ms=size, mew=0, color="white" if dark else INK)
    axes.set_xlim(-0.5, r.shape[1] - 0.5)
    axes.set_ylim(r.shape[0] - 0.5, -0.5)
    axes.set_yticks([])
    axes.tick_params(length=0, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=_SIZE)


def _name_rows(axes: Axes, drawn: _Map) -> None:
    axes.set_yticks(range(len(drawn.names)), drawn.names, fontsize=_SIZE)
    for label, is_sharing in zip(axes.get_yticklabels(), drawn.sharing, strict=True):
        label.set_color(GREY if is_sharing else INK)


def _draw_tree(axes: Axes, tree: _Tree, n: int, upright: bool) -> None:
    for places, heights in zip(tree.places, tree.heights, strict=True):
        x, y = (places, heights) if upright else (heights, places)
        axes.plot(x, y, color=GREY, lw=0.5, solid_joinstyle="miter")
    top = 1.04 * float(tree.heights.max()) or 1.0
    if upright:
        axes.set_xlim(-0.5, n - 0.5)
        axes.set_ylim(0, top)
    else:
        axes.set_xlim(0, top)
        axes.set_ylim(n - 0.5, -0.5)
    axes.axis("off")


def _draw_key(figure: Figure, has_missing: bool, has_sharing: bool) -> None:
    """Draw the colours and marks, at the foot."""
    width, height = figure.get_size_inches()
    axes = place(figure, 0.3, 0.22, width - 1.6, height - 0.3)
    axes.pcolormesh(
        np.linspace(-1, 1, 101), [0, 1], np.linspace(-0.99, 0.99, 100)[np.newaxis], cmap=_colours(),
        vmin=-1, vmax=1, rasterized=True,
    )  # fmt: skip
    axes.set_yticks([])
    axes.set_xticks([-1, -0.5, 0, 0.5, 1], ["−1", "−0.5", "0", "0.5", "1"])
    axes.tick_params(length=2, pad=1.5, labelsize=6)
    axes.spines[["left", "bottom"]].set_visible(False)
    figure.text(0.16 / width, 0.26 / height, "r", fontsize=6.5, va="center")
    entries: list[tuple[str, dict[str, Any]]] = [
        (f"q < {SIGNIFICANT} over the run", {"marker": "o", "ms": 2, "mew": 0, "color": INK})
    ]
    if has_missing:
        entries.append(("no r", {"marker": "s", "ms": 5, "mew": 0, "color": _NO_R}))
    x = 1.9
    for text, look in entries:
        figure.add_artist(Line2D([x / width], [0.27 / height], lw=0, **look))
        figure.text((x + 0.08) / width, 0.26 / height, text, fontsize=6.5, va="center")
        x += text_width(text, 6.5) + 0.3
    if has_sharing:
        text = "grey name: the pair shares genes"
        figure.text(1.87 / width, 0.12 / height, text, fontsize=6.5, va="center", color=GREY)
