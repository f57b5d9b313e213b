"""The table of an answer: its own columns, with headings that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from tcga_corr.exchange import finite
from tcga_corr.page.parts import Column, Kind, Table
from tcga_corr.vocabulary.associations import ASSOCIATION, note_without_mark

MOST_ROWS = 1_000
"""Of one table in a page: more are slow to sort, and to read."""
_HELP = {column.name: column.description for column in ASSOCIATION} | {
    "log2fc": "log2 of the first group over the second",
    "lfc_se": "its standard error",
    "base_mean": "mean of normalised counts",
    "q_wilcoxon": "p_wilcoxon adjusted (Benjamini-Hochberg)",
    "zero_group": "a group without a single read: the fold change has no meaning",
    "filtered": "why there is no q",
    "n_overlap": "genes of the set that are listed or, of a ranking, in its leading edge",
    "nes": "enrichment score beside that of random genes",
    "share": "of the variance",
    "es": "ssGSEA enrichment score, or the value of a gene",
}
_LABELS = {
    "tumor_type": "tumor type", "ci_low": "from", "ci_high": "to", "n_types": "types",
    "n_shared_genes": "shared genes", "r_disjoint": "r disjoint", "i2": "I²",
    "r_purity": "r, purity fixed", "hr": "hazard ratio", "log2fc": "log2 FC",
    "base_mean": "base mean", "group_a": "a", "group_b": "b", "n_a": "n a", "n_b": "n b",
    "mean_a": "mean a", "mean_b": "mean b", "effect_name": "effect is", "n_overlap": "overlap",
    "n_genes": "genes", "odds_ratio": "odds ratio", "leading_edge": "leading edge",
    "sample_type": "sample type", "n_missing": "missing", "n_highest": "highest in",
    "share_highest": "share", "n_lowest": "lowest in", "mean_rank": "mean rank",
    "shared_genes": "shared genes", "log2fc_shrunk": "log2 FC shrunk",
}  # fmt: skip


def frame_table(
    title: str,
    file: str,
    frame: pl.DataFrame,
    hidden: Sequence[str] = (),
    groups: Sequence[str] = (),
    most: int = MOST_ROWS,
) -> Table:
    """A frame as a table: its first rows, and columns that are not empty in all of them.

    Parameters
    ----------
    title, file
        As of :class:`~tcga_corr.page.parts.Table`.
    frame
        The rows, the first ones first.
    hidden
        Columns that are only in a download.
    groups
        Columns; where there are too many rows, of each of these the first.
    most
        Rows at most.
    """
    shown, note = _first_rows(frame, groups, most)
    shown = shown.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    empty = {
        name
        for name in shown.columns
        if shown[name].null_count() == shown.height
        or (shown[name].dtype == pl.String and not (shown[name].fill_null("") != "").any())
    }
    columns = [
        Column(name, _LABELS.get(name, name), _kind(name, shown.schema[name]), _HELP.get(name, ""))
        for name in shown.columns
        if name not in empty and name not in hidden
    ]
    rows = [_without_mark(row) for row in shown.to_dicts()]
    return Table(title, file, columns, finite(rows), note)


def _first_rows(frame: pl.DataFrame, groups: Sequence[str], most: int) -> tuple[pl.DataFrame, str]:
    if frame.height <= most:
        return frame, ""
    shown, each = frame.head(most), ""
    own = [name for name in groups if name in frame.columns and frame[name].n_unique() > 1]
    if own:
        n_groups = frame.select(own).n_unique()
        shown = frame.group_by(own, maintain_order=True).head(max(1, most // n_groups)).head(most)
        each = " of each part"
    return shown, (
        f"The first {shown.height:,} of {frame.height:,} rows{each}; a file of the command's own "
        "(-o FILE) has all."
    )


def _without_mark(row: Mapping[str, object]) -> dict[str, object]:
    note = row.get("note")
    return {**row, "note": note_without_mark(note)} if isinstance(note, str) else dict(row)


def _kind(name: str, dtype: pl.DataType) -> Kind:
    if dtype.is_integer():
        return "count"
    if dtype.is_float():
        return "p" if name in ("p", "q") or name.startswith(("p_", "q_")) else "number"
    return "text"
