"""The heat map of a batch run: pairs by tumor types, both clustered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import AnalysisError, DataMissingError, UsageError, near_names
from tcga_corr.figures.style import (
    GREY,
    INK,
    WIDTH,
    fitted_apart,
    headed,
    marked_simulated,
    new_figure,
    place,
    plain,
    styled,
    text_width,
)
from tcga_corr.sources import SOURCES

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tcga_corr.batch.folder import RunFolder
    from tcga_corr.batch.plan import Plan, PlannedAnalysis

Matrix = NDArray[np.float64]

MOST_PAIRS = 80
_SIGNIFICANT = 0.05
_ROWS_AT_ONCE = 1_000_000
_NONE = "#b4b4b4"  # where there is no r
_NAME, _SIZE = 2.2, 5.5  # inches at most of one name of a pair; points
_TREE, _GAP, _EDGE, _FOOT = 0.3, 0.05, 0.1, 0.42  # inches
_FURTHEST = 2.0  # what two r can differ by
_READ = (
    "analysis", "tumor_type", "x", "y", "method", "n", "r", "q_batch", "n_shared_genes",
    "r_disjoint", "note", "source", "samples", "ties", "adjust", "unit",
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
    """
    import polars as pl

    asked = _asked(plan, analysis)
    method = _one("method", method, asked.methods, f" in '{asked.name}'")
    path = folder.path / "associations.parquet"
    if not path.exists():
        raise DataMissingError(
            f"the run {folder.run} has no associations yet", "Run its spec to the end"
        )
    is_asked = (pl.col("analysis") == asked.name) & (pl.col("method") == method)
    rows = pl.scan_parquet(path).filter(is_asked)
    chosen, n_pairs = strongest_pairs(rows, asked)
    frame = rows.select(_READ).join(chosen.lazy(), on=["x", "y"], how="semi")
    pooled = None
    if (folder.path / "pooled.parquet").exists():
        table = pl.scan_parquet(folder.path / "pooled.parquet").filter(is_asked)
        pooled = table.join(chosen.lazy(), on=["x", "y"], how="semi").collect(engine="streaming")
    return heat_map(
        frame.collect(engine="streaming"),
        pooled,
        title=plan.title or plan.name,
        n_pairs=n_pairs,
        tumor_types=asked.tumor_types,
    )


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
    its rank is by r_disjoint, and a pair of which nothing is left without them comes last.

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
        Where it was asked; those without rows are told.

    Raises
    ------
    UsageError
        If there are several analyses or methods.
    AnalysisError
        If there is no r.
    """
    import polars as pl

    frame = _texts(frame)
    for column in ("analysis", "method"):
        _one(column, None, frame[column].unique().sort().to_list())
    if frame["r"].drop_nulls().drop_nans().is_empty():
        raise AnalysisError("no pair has an r", "The column note of the associations says why")
    # of a gene and a covariate of one name, a pair is there twice
    again = pl.int_range(pl.len()).over("tumor_type", "x", "y").alias("again")
    frame = frame.with_columns(again, r=pl.col("r").fill_nan(None))
    every = (
        frame.group_by("x", "y", "again")
        .agg(_strength(), pl.col("n_shared_genes").max())
        .sort("strength", "x", "y", "again", descending=[True, *[False] * 3], nulls_last=True)
    )
    n_pairs = max(n_pairs or 0, every.height)
    pairs = every.head(MOST_PAIRS).sort("x", "y", "again").with_row_index("row")
    types = frame["tumor_type"].unique().sort().to_list()
    frame = frame.join(pairs.select("x", "y", "again", "row"), on=["x", "y", "again"])
    r = np.full((pairs.height, len(types)), np.nan)
    q = np.full(r.shape, np.nan)
    at = (
        frame["row"].to_numpy(),
        np.searchsorted(np.array(types), frame["tumor_type"].to_numpy().astype(str)),
    )
    r[at] = frame["r"].to_numpy()
    q[at] = frame["q_batch"].fill_null(np.nan).to_numpy()
    rows, row_tree = _clustered(r)
    columns, column_tree = _clustered(r.T)
    first = _pooled(pooled, pairs) if pooled is not None and len(types) > 1 else None
    sizes = frame.filter(pl.col("r").is_not_null()).group_by("tumor_type")
    n_of = dict(sizes.agg(pl.col("n").max()).sort("tumor_type").iter_rows())
    differ = sizes.agg(pl.col("n").n_unique())["n"].max() != 1
    is_n = "n ≤" if differ else "n ="
    names = _pair_names(pairs)
    sharing = (pairs["n_shared_genes"].fill_null(0) > 0).to_list()
    told = _told(frame, pairs.height, n_pairs, title, n_of, is_n, tumor_types)
    with styled():
        return _drawn(
            told,
            [(names[row], sharing[row]) for row in rows],
            [
                f"{types[column]}, {is_n} {n_of[types[column]]:,}" if types[column] in n_of
                else types[column]
                for column in columns
            ],
            (r[np.ix_(rows, columns)], q[np.ix_(rows, columns)]),
            None if first is None else (first[0][rows], first[1][rows]),
            (row_tree, column_tree),
            _is_simulated(frame),
        )  # fmt: skip


def _asked(plan: Plan, name: str | None) -> PlannedAnalysis:
    several = [one.name for one in plan.analyses if one.kind != "dominance"]
    if name is not None and name not in several and name in [one.name for one in plan.analyses]:
        raise UsageError(f"'{name}' is of dominance, and has no pairs", "Choose another analysis")
    return plan.analysis(_one("analysis", name, several))


def _one(what: str, wanted: str | None, several: Sequence[str], where: str = "") -> str:
    """The one of several that is wanted, or the only one."""
    plural = {"analysis": "analyses", "method": "methods"}[what]
    listed = ", ".join(map(plain, several)) or "none"
    if wanted is not None and wanted not in several:
        raise UsageError(
            f"no {what} '{wanted}'{where}", near_names(wanted, several) or f"There is {listed}"
        )
    if wanted is None and len(several) != 1:
        raise UsageError(
            f"a heat map is of one {what}, and there are several{where}"
            if several
            else f"there are no {plural} of pairs{where}",
            f"Choose one: {listed}" if several else "",
        )
    return wanted if wanted is not None else several[0]


def strongest_pairs(
    rows: pl.LazyFrame, asked: PlannedAnalysis, most: int = MOST_PAIRS
) -> tuple[pl.DataFrame, int]:
    """The pairs of the highest median |r|, without shared genes; and how many pairs there are.

    Some x are read at a time, so that the memory does not grow with the run.
    """
    import polars as pl

    counts = rows.group_by("x").len().sort("x").collect(engine="streaming")
    part = (counts["len"].cum_sum() - 1) // _ROWS_AT_ONCE
    order: dict[str, Any] = {
        "by": ["strength", "x", "y"],
        "descending": [True, False, False],
        "nulls_last": True,
    }
    best: list[pl.DataFrame] = []
    n_pairs = 0
    for several in counts.with_columns(part=part).partition_by("part", maintain_order=True):
        own = rows.filter(pl.col("x").is_in(several["x"].implode()))
        found = own.group_by("x", "y").agg(_strength()).collect(engine="streaming")
        n_pairs += found.height
        best = [pl.concat([*best, found.sort(**order).head(most)])]
        best = [best[0].sort(**order).head(most)]
    if not best:
        raise AnalysisError(f"the run has no rows of '{asked.name}'", "See `batch status`")
    return best[0].select("x", "y"), max(n_pairs, asked.n_pairs)


def _strength() -> pl.Expr:
    """The median |r| over tumor types; of a pair that shares genes, without them."""
    import polars as pl

    shares = pl.col("n_shared_genes").fill_null(0) > 0
    r = pl.when(shares).then("r_disjoint").otherwise("r")
    return r.fill_nan(None).abs().median().alias("strength")


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    frame = frame.with_columns(pl.col(pl.Categorical).cast(pl.String))
    if "n_shared_genes" not in frame.columns:
        frame = frame.with_columns(n_shared_genes=pl.lit(0), r_disjoint=pl.col("r"))
    return frame


def _is_simulated(frame: pl.DataFrame) -> bool:
    made_up = any(
        SOURCES[name].simulated for name in frame["source"].unique().to_list() if name in SOURCES
    )
    return made_up or bool(frame["note"].fill_null("").str.starts_with("SIMULATED").any())


def _pooled(pooled: pl.DataFrame, pairs: pl.DataFrame) -> tuple[Matrix, Matrix]:
    """The pooled r and q of each pair."""
    import polars as pl

    again = pl.int_range(pl.len()).over("x", "y").alias("again")
    found = pairs.join(
        _texts(pooled).with_columns(again).select("x", "y", "again", "q", pooled="r"),
        on=["x", "y", "again"],
        how="left",
        maintain_order="left",
    )
    r, q = (found[name].fill_null(np.nan).to_numpy() for name in ("pooled", "q"))
    return r[:, np.newaxis], q[:, np.newaxis]


def _pair_names(pairs: pl.DataFrame) -> list[str]:
    cut = {}
    for side in ("x", "y"):
        several = pairs[side].unique().sort().to_list()
        cut[side] = dict(zip(several, fitted_apart(several, _NAME, _SIZE), strict=True))
    return [f"{cut['x'][x]} – {cut['y'][y]}" for x, y in pairs.select("x", "y").iter_rows()]


def _clustered(r: Matrix) -> tuple[list[int], Any]:
    """The order of rows by average linkage, and their tree; the highest mean first.

    The distance of two rows is that of their r, where both have one; rows that have none in common
    are as far apart as r can be.
    """
    from scipy.cluster.hierarchy import dendrogram, linkage
    from scipy.spatial.distance import squareform

    if len(r) < 2:
        return list(range(len(r))), None
    there = ~np.isnan(r)
    filled = np.where(there, r, 0.0)
    n = there.astype(float) @ there.T.astype(float)
    apart = ((filled[:, np.newaxis] - filled) ** 2 * (there[:, np.newaxis] & there)).sum(axis=2)
    distance = np.where(n > 0, np.sqrt(apart / np.maximum(n, 1)), _FURTHEST)
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
    return order, (places, np.array(drawn["dcoord"]))


def _told(
    frame: pl.DataFrame,
    n_drawn: int,
    n_pairs: int,
    title: str,
    n_of: dict[str, int],
    is_n: str,
    tumor_types: Sequence[str],
) -> tuple[str, str]:
    row = frame.row(0, named=True)
    name = plain(row["analysis"])
    units = "; ".join(plain(one) for one in frame["unit"].unique().sort().to_list())
    adjusted = f", adjusted for {plain(row['adjust'], 90)}" if row["adjust"] else ""
    several = f"{len(n_of)} tumor types" if len(n_of) != 1 else next(iter(n_of))
    pairs = f"{n_drawn:,} pairs" if n_drawn != 1 else "1 pair"
    if n_drawn < n_pairs:
        pairs = (
            f"the {n_drawn:,} of {n_pairs:,} pairs with the highest median |r| without shared genes"
        )
    parts = [
        f"{row['method']}{adjusted}: {pairs} in {several}; {plain(row['source'])}, {units}; "
        f"{row['samples']} samples, {is_n} {sum(n_of.values()):,}; ties by {row['ties']}",
        "clustered by average linkage of r",
    ]
    missing = [one for one in tumor_types if one not in set(frame["tumor_type"].to_list())]
    if missing:
        parts.append(f"no rows of {', '.join(missing)}")
    head = f"{plain(title, 100)}: {name}" if title and title != row["analysis"] else name
    return head, "; ".join(parts)


def _drawn(
    told: tuple[str, str],
    names: Sequence[tuple[str, bool]],
    columns: Sequence[str],
    values: tuple[Matrix, Matrix],
    first: tuple[Matrix, Matrix] | None,
    trees: tuple[Any, Any],
    simulated: bool,
) -> Figure:
    row = 0.115 if len(names) > 24 else 0.16
    # on screens of few dots, letters are a little wider
    left = 1.04 * max([0.5, *(text_width(name, _SIZE) for name, _ in names)]) + 0.12
    n_columns = len(columns) + (first is not None)
    right = _EDGE + (_TREE + _GAP if trees[0] is not None else 0.0)
    gap = _GAP if first is not None else 0.0
    cell = min(0.42, max(0.145, (WIDTH - left - right - gap) / n_columns))
    width = max(WIDTH, left + gap + cell * n_columns + right)
    names_below = 1.04 * max(text_width(one, _SIZE) for one in [*columns, "pooled"]) + 0.08
    head = headed(new_figure(4, width), *told, width) + 0.02
    above = head + (_TREE + _GAP if trees[1] is not None else 0.0)
    high = row * len(names)
    below = names_below + _FOOT
    figure = new_figure(above + high + below, width)
    headed(figure, *told, width)
    end = width - left
    if first is not None:
        axes = place(figure, left, below, end - cell, above)
        _draw_cells(axes, first, row, cell)
        _name_columns(axes, ["pooled"])
        left += cell + gap
    names_at = axes if first is not None else None
    wide = cell * len(columns)
    axes = place(figure, left, below, width - left - wide, above)
    _draw_cells(axes, values, row, cell)
    _name_columns(axes, columns)
    names_at = names_at or axes
    names_at.set_yticks(range(len(names)), [name for name, _ in names], fontsize=_SIZE)
    for label, (_, is_sharing) in zip(names_at.get_yticklabels(), names, strict=True):
        label.set_color(GREY if is_sharing else INK)
    if trees[0] is not None:
        side = left + wide + _GAP
        tree = place(figure, side, below, width - side - _TREE, above)
        _draw_tree(tree, trees[0], len(names), upright=False)
    if trees[1] is not None:
        tree = place(figure, left, below + high + _GAP, width - left - wide, head)
        _draw_tree(tree, trees[1], len(columns), upright=True)
    lacking = np.isnan(values[0]).any() or (first is not None and np.isnan(first[0]).any())
    _draw_key(figure, bool(lacking), any(is_sharing for _, is_sharing in names))
    if simulated:
        marked_simulated(figure, INK, 0.3)  # seen on red and blue too
    return figure


def _colours() -> Any:
    from matplotlib import colormaps

    return colormaps["RdBu_r"].with_extremes(bad=_NONE)


def _draw_cells(axes: Axes, values: tuple[Matrix, Matrix], row: float, cell: float) -> None:
    r, q = values
    axes.pcolormesh(
        np.arange(r.shape[1] + 1) - 0.5, np.arange(r.shape[0] + 1) - 0.5, np.ma.masked_invalid(r),
        cmap=_colours(), vmin=-1, vmax=1, edgecolors="white", linewidth=0.3,
    )  # fmt: skip
    with np.errstate(invalid="ignore"):
        small = (q < _SIGNIFICANT) & ~np.isnan(r)
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


def _name_columns(axes: Axes, names: Sequence[str]) -> None:
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=_SIZE)


def _draw_tree(axes: Axes, tree: Any, n: int, upright: bool) -> None:
    places, heights = tree
    for place_of, height in zip(places, heights, strict=True):
        x, y = (place_of, height) if upright else (height, place_of)
        axes.plot(x, y, color=GREY, lw=0.5, solid_joinstyle="miter")
    top = 1.04 * float(heights.max()) or 1.0
    if upright:
        axes.set_xlim(-0.5, n - 0.5)
        axes.set_ylim(0, top)
    else:
        axes.set_xlim(0, top)
        axes.set_ylim(n - 0.5, -0.5)
    axes.axis("off")


def _draw_key(figure: Figure, lacking: bool, sharing: bool) -> None:
    """The colours and marks, at the foot."""
    from matplotlib.lines import Line2D

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
        ("q < 0.05 over the run", {"marker": "o", "ms": 2, "mew": 0, "color": INK})
    ]
    if lacking:
        entries.append(("no r", {"marker": "s", "ms": 5, "mew": 0, "color": _NONE}))
    x = 1.9
    for text, look in entries:
        figure.add_artist(Line2D([x / width], [0.27 / height], lw=0, **look))
        figure.text((x + 0.08) / width, 0.26 / height, text, fontsize=6.5, va="center")
        x += text_width(text, 6.5) + 0.3
    if sharing:
        told = "grey name: the pair shares genes"
        figure.text(1.87 / width, 0.12 / height, told, fontsize=6.5, va="center", color=GREY)
