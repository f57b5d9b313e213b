"""The rows of a run that fit in a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from tcga_corr.analysis.correlate_by import comparisons
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, PlannedAnalysis
from tcga_corr.batch.strongest import strongest_pairs
from tcga_corr.page.parts import Row
from tcga_corr.vocabulary.associations import NULL_COLUMNS


@dataclass
class RowBudget:
    """How much more fits in a page.

    It keeps a page below 5 MB: a pair takes about 1.7 kB, a row of it 0.4, a sample 0.06, a row of
    dominance 0.7, a note 0.3, a gene of a volcano 0.03 and a row of its tables 0.3.

    Attributes
    ----------
    pairs, rows, points
        Pairs, rows of them, and samples of their scatters.
    dominance, survival, notes
        Rows of dominance, of survival, and of what was left out.
    changes, changed
        Genes of volcanoes, and rows of tables of differential expression.
    """

    pairs: int = 200
    rows: int = 3_000
    points: int = 30_000
    dominance: int = 800
    survival: int = 1_200
    notes: int = 300
    changes: int = 40_000
    changed: int = 2_000

    def shares(self, plan: Plan) -> dict[tuple[str, str], int]:
        """How many pairs of each analysis and method fit, and are subtracted; of small ones all."""
        blocks = [(one, method) for one in plan.analyses for method in one.methods]
        blocks.sort(key=lambda block: block[0].n_pairs * _rows_of_pair(block[0]))
        shares: dict[tuple[str, str], int] = {}
        for number, (analysis, method) in enumerate(blocks):
            n_left, n_rows = len(blocks) - number, _rows_of_pair(analysis)
            fitting = max(1, min(self.pairs, self.rows // n_rows) // n_left)
            n_pairs = min(analysis.n_pairs, fitting)
            self.pairs = max(0, self.pairs - n_pairs)
            self.rows = max(0, self.rows - n_pairs * n_rows)
            shares[analysis.name, method] = n_pairs
        return shares


def _rows_of_pair(analysis: PlannedAnalysis) -> int:
    """With those that compare strata."""
    per_type = len(analysis.strata) + len(comparisons(analysis.strata)) or 1
    return per_type * len(analysis.tumor_types)


def chosen_rows(
    folder: RunFolder, analysis: PlannedAnalysis, method: str, n_pairs: int
) -> tuple[list[Row], dict[tuple[str, str], list[Row]]]:
    """The rows of the strongest pairs, and the pooled ones by x and y."""
    own = (pl.col("analysis") == analysis.name) & (pl.col("method") == method)
    rows = pl.scan_parquet(folder.path / "associations.parquet").filter(own)
    stored = rows.collect_schema().names()
    # a run of a version with fewer nulls has none of theirs
    missing = [pl.lit(None, pl.Float64).alias(name) for name in NULL_COLUMNS if name not in stored]
    rows = rows.with_columns(missing)
    is_pooled = len(analysis.tumor_types) > 1
    pooled = pl.scan_parquet(folder.path / "pooled.parquet").filter(own) if is_pooled else rows
    if analysis.n_pairs > n_pairs:
        chosen, _ = strongest_pairs(rows, analysis, n_pairs)
        rows, pooled = (
            table.join(chosen.lazy(), on=["x", "y"], how="semi", maintain_order="left")
            for table in (rows, pooled)
        )
    texts = pl.col(pl.Categorical).cast(pl.String)
    frame = rows.with_columns(texts).collect(engine="streaming")
    by_pair: dict[tuple[str, str], list[Row]] = {}
    if is_pooled:
        for row in pooled.with_columns(texts).collect(engine="streaming").to_dicts():
            by_pair.setdefault((row["x"], row["y"]), []).append(row)
    return list(frame.to_dicts()), by_pair


def grouped(rows: Sequence[Row]) -> Iterator[tuple[int, list[Row]]]:
    """The rows of each pair, with its number among the pairs of the same names, from 0.

    Of a pair, each tumor type and stratum has one row.
    """
    groups: dict[tuple[str, str, int], list[Row]] = {}
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        names = row["x"], row["y"], row.get("tumor_type", ""), row.get("stratum") or ""
        number = seen[names] = seen.get(names, -1) + 1
        groups.setdefault((row["x"], row["y"], number), []).append(row)
    for (_, _, number), own in groups.items():
        yield number, own
