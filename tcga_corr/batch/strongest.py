"""The strongest pairs of a run, where figure or page have no room for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcga_corr.errors import AnalysisError

if TYPE_CHECKING:
    import polars as pl

    from tcga_corr.batch.plan import PlannedAnalysis

_ROWS_AT_ONCE = 1_000_000


def strongest_pairs(
    rows: pl.LazyFrame, analysis: PlannedAnalysis, most: int
) -> tuple[pl.DataFrame, int]:
    """The pairs of the highest :func:`strength`, x and y; and how many pairs there are.

    Some x are read at a time, so that the memory does not grow with the run.

    Parameters
    ----------
    rows
        Associations of the analysis, of one method.
    analysis
        The analysis.
    most
        Pairs at most.

    Raises
    ------
    AnalysisError
        If there are no rows.
    """
    import polars as pl

    counts = rows.group_by("x").len().sort("x").collect(engine="streaming")
    part = (counts["len"].cum_sum() - 1) // _ROWS_AT_ONCE
    best: list[pl.DataFrame] = []
    n_pairs = 0
    for some in counts.with_columns(part=part).partition_by("part", maintain_order=True):
        own = rows.filter(pl.col("x").is_in(some["x"].implode()))
        found = own.group_by("x", "y").agg(strength()).collect(engine="streaming")
        n_pairs += found.height
        by_strength = pl.concat([*best, found]).sort(
            "strength", "x", "y", descending=[True, False, False], nulls_last=True
        )
        best = [by_strength.head(most)]
    if not best:
        raise AnalysisError(f"the run has no rows of '{analysis.name}'", "See `batch status`")
    return best[0].select("x", "y"), max(n_pairs, analysis.n_pairs)


def strength() -> pl.Expr:
    """The median |r| over tumor types; of a pair that shares genes, without them."""
    import polars as pl

    shares = pl.col("n_shared_genes").fill_null(0) > 0
    r = pl.when(shares).then("r_disjoint").otherwise("r")
    return r.fill_nan(None).abs().median().alias("strength")
