"""The row of an association: its columns, in order, with their types and titles.

``correlate``, screens, batch tables, figures and the page take names and order from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tcga_corr.vocabulary.nulls import NULLS, NullRecord

ColumnType = Literal["text", "integer", "number"]

SIMULATED = "SIMULATED"
"""The first part of the note of a row whose values are simulated."""
NOTE_OF_SIMULATED = f"{SIMULATED} values: nothing here is a finding"
"""The note of an answer from simulated tables."""

LEVEL_OF_TUMOR_TYPE, LEVEL_OF_POOLED, LEVEL_OF_DIFFERENCE = "tumor type", "pooled", "difference"
"""What a row is about."""

SIGNIFICANT = 0.05
"""The q-value below which an association counts as found."""


@dataclass(frozen=True)
class Column:
    """A column of an association's row."""

    name: str
    type: ColumnType
    description: str


def _columns_of(null: NullRecord) -> tuple[Column, ...]:
    """The columns of a null, in its order."""
    described: dict[str | None, tuple[ColumnType, str]] = {
        null.z: (
            "number",
            f"how far r is from what {null.short} give on average, in their standard deviations "
            "on Fisher's z",
        ),
        null.p: ("number", f"p-value among {null.compared_with}"),
        null.q: ("number", f"{null.p} adjusted over the tumor types (Benjamini-Hochberg)"),
        null.mean: ("number", f"r that {null.short} give on average (on Fisher's z)"),
        null.low: ("number", f"lower end of the central 95 % of r of {null.short}"),
        null.high: ("number", "upper end of that range"),
        null.n: ("integer", f"{null.short} that r was compared with"),
    }
    return tuple(Column(name, *described[name]) for name in null.columns)


ASSOCIATION: tuple[Column, ...] = (
    Column("tumor_type", "text", "a TCGA study abbreviation"),
    Column("stratum", "text", "the part of the samples, with --by"),
    Column("x", "text", "a gene, gene set or covariate"),
    Column("y", "text", "the other variable"),
    Column("method", "text", "how they were correlated"),
    Column("n", "integer", "samples"),
    Column("r", "number", "correlation coefficient"),
    Column("ci_low", "number", "lower end of its 95 % interval"),
    Column("ci_high", "number", "upper end of that interval"),
    Column("p", "number", "two-sided p-value of r = 0"),
    Column("q", "number", "p adjusted over the tumor types (Benjamini-Hochberg)"),
    *(column for null in NULLS.values() for column in _columns_of(null)),
    Column("n_shared_genes", "integer", "genes that x and y share"),
    Column("r_disjoint", "number", "r without the genes that x and y share"),
    Column("r_purity", "number", "r adjusted for purity, where a gene set is involved"),
    Column("n_purity", "integer", "its samples"),
    Column(
        "level",
        "text",
        f"what the row is about: {LEVEL_OF_TUMOR_TYPE}, {LEVEL_OF_POOLED} or {LEVEL_OF_DIFFERENCE}",
    ),
    Column("note", "text", "why there is no r, what was left out"),
)

OF_STRATA: tuple[Column, ...] = (
    Column("delta_z", "number", "difference of z = atanh(r) between strata"),
    Column("p_permutation", "number", "p-value of that difference among shuffled strata"),
)
"""The columns at the end of rows by strata."""

NAMES: tuple[str, ...] = tuple(column.name for column in ASSOCIATION)
INTERVAL: tuple[str, ...] = ("r", "ci_low", "ci_high", "p")
"""The estimate, with its interval and p."""
NULL_COLUMNS: tuple[str, ...] = tuple(name for null in NULLS.values() for name in null.columns)
P_OF_Q: dict[str, str] = {"q": "p"} | {null.q: null.p for null in NULLS.values() if null.q}
"""The columns that depend on other rows too: by the column of a q, that of its p."""
OVER_ROWS: tuple[str, ...] = tuple(P_OF_Q)


def is_significant(p: float | None) -> bool:
    """Whether there is a p- or q-value, below the threshold."""
    return p is not None and p < SIGNIFICANT


def note_without_mark(note: str | None) -> str:
    """The reasons in the note of a row, without the mark of simulated values."""
    first, _, rest = (note or "").partition("; ")
    return rest if first == SIMULATED else note or ""
