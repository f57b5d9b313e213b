"""The rows of a run that a page has room for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, PlannedAnalysis
from tcga_corr.figures.heat import strongest_pairs
from tcga_corr.page.parts import Row

# what keeps a page below 5 MB: a pair takes about 1.5 kB, a row of it 0.3, a sample 0.06, a row of
# dominance 0.7 and a note 0.3
MOST_PAIRS, MOST_ROWS, MOST_POINTS, MOST_OF_DOMINANCE, MOST_NOTES = (
    200,
    4_000,
    30_000,
    800,
    300,
)


@dataclass
class Room:
    """What a page has room for yet.

    Attributes
    ----------
    pairs, rows, points
        Pairs, rows of them, and samples of their scatters.
    dominance, notes
        Rows of dominance, and of what was left out.
    """

    pairs: int = MOST_PAIRS
    rows: int = MOST_ROWS
    points: int = MOST_POINTS
    dominance: int = MOST_OF_DOMINANCE
    notes: int = MOST_NOTES


def shares_of(plan: Plan, room: Room) -> dict[tuple[str, str], int]:
    """How many pairs of each analysis and method there is room for; of little asked, all."""
    blocks = [(one, method) for one in plan.analyses for method in one.methods]
    blocks.sort(key=lambda block: block[0].n_pairs * len(block[0].tumor_types))
    shares: dict[tuple[str, str], int] = {}
    for place, (asked, method) in enumerate(blocks):
        left, n_types = len(blocks) - place, len(asked.tumor_types)
        many = min(asked.n_pairs, max(1, min(room.pairs, room.rows // n_types) // left))
        room.pairs = max(0, room.pairs - many)
        room.rows = max(0, room.rows - many * n_types)
        shares[asked.name, method] = many
    return shares


def chosen_rows(
    folder: RunFolder, asked: PlannedAnalysis, method: str, many: int
) -> tuple[list[Row], dict[tuple[str, str], list[Row]]]:
    """The rows of so many pairs, and the pooled ones by x and y."""
    import polars as pl

    own = (pl.col("analysis") == asked.name) & (pl.col("method") == method)
    rows = pl.scan_parquet(folder.path / "associations.parquet").filter(own)
    several = len(asked.tumor_types) > 1
    pooled = pl.scan_parquet(folder.path / "pooled.parquet").filter(own) if several else rows
    if asked.n_pairs > many:
        chosen, _ = strongest_pairs(rows, asked, many)
        rows, pooled = (
            one.join(chosen.lazy(), on=["x", "y"], how="semi", maintain_order="left")
            for one in (rows, pooled)
        )
    texts = pl.col(pl.Categorical).cast(pl.String)
    told = rows.with_columns(texts).collect(engine="streaming")
    by_pair: dict[tuple[str, str], list[Row]] = {}
    if several:
        for row in pooled.with_columns(texts).collect(engine="streaming").to_dicts():
            by_pair.setdefault((row["x"], row["y"]), []).append(row)
    return list(told.to_dicts()), by_pair


def grouped(rows: Sequence[Row]) -> Iterator[tuple[int, list[Row]]]:
    """The rows of each pair, and the how-manieth of its names it is."""
    groups: dict[tuple[str, str, int], list[Row]] = {}
    seen: dict[tuple[str, str, str], int] = {}
    for row in rows:
        name = row["x"], row["y"], row["tumor_type"]
        again = seen[name] = seen.get(name, -1) + 1
        groups.setdefault((row["x"], row["y"], again), []).append(row)
    for (_, _, again), own in groups.items():
        yield again, own
