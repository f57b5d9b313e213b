"""The tables of a run's page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from tcga_corr.batch.folder import RunFolder
from tcga_corr.exchange import finite
from tcga_corr.page.inputs import left_out
from tcga_corr.page.parts import Column, Pair, Row, Table
from tcga_corr.page.run_rows import RowBudget
from tcga_corr.vocabulary.associations import SIGNIFICANT, SIMULATED, note_without_mark

_COUNTED = f"q_genes < {SIGNIFICANT} and z_genes, or without q_genes q < {SIGNIFICANT} and r"


def claims_table(rows: Sequence[Row], file: str, of_run: str = "") -> Table:
    """Claims: what was published, beside what is here."""
    contrast = [Column("contrast", "contrast")] if any(row["contrast"] for row in rows) else []
    columns = (
        Column("claim", "claim"), Column("tumor_type", "tumor type"), *contrast,
        Column("statistic", "of"), Column("published", "published"),
        Column("published_n", "n published", "count"), Column("here", "here"),
        Column("ci_low", "from", "number", "lower end of the 95 % interval"),
        Column("ci_high", "to", "number", "upper end of the 95 % interval"),
        Column("n", "n here", "count"), Column("verdict", "verdict"),
        Column("published_in", "published in"),
    )  # fmt: skip
    return Table(f"What was published, and what is here{of_run}", file, columns, finite(list(rows)))


def pairs_table(pairs: Sequence[Pair], file: str, of_run: str = "") -> Table:
    """A row per pair: pooled, or of the one tumor type."""
    columns = (
        Column("pair", "pair"), Column("analysis", "analysis"), Column("method", "method"),
        Column("n_types", "types", "count", "tumor types with an r"),
        Column("r", "pooled r", "number"), Column("ci_low", "from", "number"),
        Column("ci_high", "to", "number"),
        Column("r_disjoint", "r disjoint", "number", "pooled r without shared genes"),
        Column("r_purity", "r, purity fixed", "number", "pooled r adjusted for purity too"),
        Column("i2", "I²", "number", "share of the variation that is between tumor types"),
        Column("n_positive", "positive", "count", f"tumor types with {_COUNTED} > 0"),
        Column("n_negative", "negative", "count", f"tumor types with {_COUNTED} < 0"),
        Column("tallied_by", "counted by", "text", "the q that counts: its column"),
    )  # fmt: skip
    rows = []
    for pair, row in _estimates(pairs):
        stratum = f", {row['stratum']}" if pair.strata else ""
        rows.append(
            {
                "pair": f"{pair.x} ~ {pair.y}{stratum}",
                "id": pair.id,
                "x": pair.x,
                "y": pair.y,
                "analysis": pair.analysis,
                "method": pair.method,
                **{column.name: row.get(column.name) for column in columns[3:]},
            }
        )
    return Table(f"Pairs{of_run}", file, columns, rows)


def _estimates(pairs: Sequence[Pair]) -> Iterator[tuple[Pair, Row]]:
    """Each pair with its pooled row, or that of its one tumor type; of strata with each."""
    for pair in pairs:
        if pair.strata:
            yield from ((pair, row) for row in pair.pooled_strata or pair.rows)
        else:
            yield pair, pair.pooled or pair.rows[0]


def dominance_table(rows: Sequence[Row], analysis: str, file: str, note: str) -> Table:
    """A row per tumor type, scale and gene set."""
    columns = (
        Column("tumor_type", "tumor type"), Column("scale", "scale"),
        Column("set", "gene set"), Column("n", "n", "count"),
        Column("n_highest", "highest in", "count", "samples in which it scores highest"),
        Column("share_highest", "share", "number"),
        Column("median", "median score", "number"),
        Column("mean_rank", "mean rank", "number"),
        Column("kendalls_w", "Kendall's W", "number"),
        Column("note", "note"),
    )  # fmt: skip
    return Table(f"Dominance: {analysis}", file, columns, rows, note)


def notes_of(folder: RunFolder, budget: RowBudget, prefix: str) -> Iterator[Row]:
    """The reasons in the notes of rows, each once; of very many, those of the most rows."""
    for name in ("associations", "dominance", "survival", "differential_summary"):
        path = folder.path / f"{name}.parquet"
        if not path.exists():
            continue
        texts = pl.col("analysis", "tumor_type", "note").cast(pl.String)
        notes = (
            pl.scan_parquet(path)
            .select(texts)
            .filter(~pl.col("note").fill_null("").is_in(["", SIMULATED]))
            .group_by("analysis", "note")
            .agg(pl.col("tumor_type").unique().sort(), pl.len())
            .sort("len", "analysis", "note", descending=[True, False, False])
            .collect(engine="streaming")
        )
        shown, others = notes.head(budget.notes), notes.slice(budget.notes)
        budget.notes -= shown.height
        for row in shown.sort("analysis", "note").to_dicts():
            why = note_without_mark(row["note"])
            yield left_out(f"{prefix}{row['analysis']}", why, row["tumor_type"], row["len"])
        if others.height:
            why = f"{others.height:,} other notes: the column note of {name}.parquet has all"
            yield left_out(f"{prefix}{name}", why, count=int(others["len"].sum()))
