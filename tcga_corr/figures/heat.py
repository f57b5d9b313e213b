"""The heat map of a batch run: pairs by tumor types, both clustered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, PlannedAnalysis
from tcga_corr.batch.strongest import strength, strongest_pairs
from tcga_corr.errors import AnalysisError, DataMissingError, UsageError, near_names
from tcga_corr.figures.cells import (
    MARK,
    SIZE,
    CellMap,
    Cells,
    clustered,
    draw_map,
    in_order,
    mean_r,
)
from tcga_corr.figures.frame import Frame, symbol_of
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.style import styled
from tcga_corr.figures.text import count_of, fitted_apart, listed, plain
from tcga_corr.sources import source_is_simulated
from tcga_corr.store.results import check_result
from tcga_corr.vocabulary.associations import SIGNIFICANT

Matrix = NDArray[np.float64]

MOST_PAIRS = 80
_NAME = 2.2  # inches at most of one name of a pair
_READ = (
    "analysis", "tumor_type", "x", "y", "method", "n", "r", "q_batch", "n_shared_genes",
    "r_disjoint", "source", "samples", "ties", "adjust", "unit",
)  # fmt: skip


def heat_map_of_run(
    folder: RunFolder,
    plan: Plan,
    analysis: str | None = None,
    method: str | None = None,
    look: Look = PLAIN,
) -> Figure:
    """Draw the associations of one block of a run; see :func:`heat_map`.

    Parameters
    ----------
    folder, plan
        The run.
    analysis, method
        Which block and method; needed where there are several.
    look
        Size, title and order.

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
        look=look,
    )


@styled()
def heat_map(
    frame: pl.DataFrame,
    pooled: pl.DataFrame | None = None,
    *,
    title: str = "",
    n_pairs: int | None = None,
    tumor_types: Sequence[str] = (),
    look: Look = PLAIN,
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
        The tumor types of the analysis; those without rows, or without an r, are named.
    look
        Size, title and order: ``cluster`` by default, any other is of the tumor types alone.

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
    types = frame.filter(pl.col("r").is_not_null())["tumor_type"].unique().sort().to_list()
    empty = sorted({*frame["tumor_type"].to_list()} - {*types})
    frame = frame.filter(pl.col("tumor_type").is_in(types))
    cells = _cells(frame, pairs.height, types)
    rows, row_tree = clustered(cells.r)
    pairs = pairs[rows]
    n_of, n_text = _sample_counts(frame)
    order = look.order or "cluster"
    if order == "cluster":
        columns, column_tree = clustered(cells.r.T)
    else:
        means = dict(zip(types, mean_r(cells.r.T), strict=True))
        columns = [types.index(name) for name in look.ordered(types, means, n_of, "name")]
        column_tree = None
    labels = {name: f"{name}, {n_text} {n:,}" for name, n in n_of.items()}
    return draw_map(
        Frame(
            *_heading(
                frame,
                pairs.height,
                max(n_pairs or 0, n_in_frame),
                title,
                in_order(order, "pairs clustered, tumor types"),
                tumor_types,
                empty,
            ),
            simulated=any(map(source_is_simulated, frame["source"].unique().to_list())),
            mark=MARK,
            look=look,
        ),
        CellMap(
            names=_pair_names(pairs),
            sharing=(pairs["n_shared_genes"].fill_null(0) > 0).to_list(),
            columns=[labels.get(types[column], types[column]) for column in columns],
            cells=Cells(cells.r[np.ix_(rows, columns)], cells.q[np.ix_(rows, columns)]),
            pooled=_pooled(pooled, pairs) if pooled is not None and len(types) > 1 else None,
            dot=f"q < {SIGNIFICANT} over the run",
            row_tree=row_tree,
            column_tree=column_tree,
            symbol=symbol_of(frame["method"][0], is_partial=bool(frame["adjust"][0])),
        ),
    )


def _planned(plan: Plan, name: str | None) -> PlannedAnalysis:
    names = [one.name for one in plan.analyses if one.n_pairs and not one.strata]
    others = {one.name: one for one in plan.analyses if one.name not in names}
    if name in others:
        other = others[name]
        what = "by strata" if other.strata else f"of {other.kind}, and has no pairs"
        raise UsageError(
            f"'{name}' is {what}", "Choose another analysis; `tcga-corr report RUN` shows it"
        )
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


def _cells(frame: pl.DataFrame, n_pairs: int, types: Sequence[str]) -> Cells:
    r = np.full((n_pairs, len(types)), np.nan)
    q = np.full(r.shape, np.nan)
    at = (
        frame["row"].to_numpy(),
        np.searchsorted(np.array(types), frame["tumor_type"].to_numpy().astype(str)),
    )
    r[at] = frame["r"].to_numpy()
    q[at] = frame["q_batch"].fill_null(np.nan).to_numpy()
    return Cells(r, q)


def _pooled(pooled: pl.DataFrame, pairs: pl.DataFrame) -> Cells:
    """The pooled r and q of each pair, as one column."""
    again = pl.int_range(pl.len()).over("x", "y").alias("again")
    found = pairs.join(
        _with_texts(pooled).with_columns(again).select("x", "y", "again", "q", pooled="r"),
        on=["x", "y", "again"],
        how="left",
        maintain_order="left",
    )
    r, q = (found[name].fill_null(np.nan).to_numpy() for name in ("pooled", "q"))
    return Cells(r[:, np.newaxis], q[:, np.newaxis])


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
        cut[side] = dict(zip(names, fitted_apart(names, _NAME, SIZE), strict=True))
    return [f"{cut['x'][x]} – {cut['y'][y]}" for x, y in pairs.select("x", "y").iter_rows()]


def _heading(
    frame: pl.DataFrame,
    n_drawn: int,
    n_pairs: int,
    title: str,
    order: str,
    tumor_types: Sequence[str],
    empty: Sequence[str],
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
        order,
    ]
    if empty:
        parts.append(f"no r in {listed(empty, 40, 12)}, not drawn")
    present = {*frame["tumor_type"].to_list(), *empty}
    missing = [name for name in tumor_types if name not in present]
    if missing:
        parts.append(f"no rows of {', '.join(missing)}")
    head = f"{plain(title, 100)}: {name}" if title and title != row["analysis"] else name
    return head, "; ".join(parts)
