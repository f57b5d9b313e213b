"""Survival in a run: hazard ratios as a figure and a table, and a sentence of them."""

from __future__ import annotations

from collections.abc import Sequence

from tcga_corr.exchange import finite
from tcga_corr.page import sentences
from tcga_corr.page.pairs import are_simulated
from tcga_corr.page.parts import Column, Finding, Hazards, Row, Table
from tcga_corr.vocabulary.associations import (
    LEVEL_OF_POOLED,
    SIGNIFICANT,
    is_significant,
    note_without_mark,
)

_DRAWN = (
    "tumor_type", "n", "n_events", "hr", "ci_low", "ci_high", "p", "q", "p_genes", "genes_low",
    "genes_high",
)  # fmt: skip


def hazards_of(rows: Sequence[Row], analysis: str) -> tuple[Hazards, Finding]:
    """The figure and the sentence of one variable of an analysis.

    Parameters
    ----------
    rows
        Of each tumor type, and the pooled one if there is one; in the columns of the table.
    analysis
        Its name.
    """
    first = rows[0]
    own = [row for row in rows if row["level"] != LEVEL_OF_POOLED]
    pooled = next((row for row in rows if row["level"] == LEVEL_OF_POOLED), None)
    known = [row for row in own if row["hr"] is not None]
    n, events = (sum(row[name] for row in known) for name in ("n", "n_events"))
    adjusted = f", adjusted for {first['adjust']}" if first["adjust"] else ""
    about = (
        f"hazard ratio per standard deviation{adjusted}; {first['source']}, {first['unit']}; "
        f"{first['samples']} samples{sentences.conditions_of(first)}, n = {n:,} with {events:,} "
        f"events in {len(known)} tumor type{'' if len(known) == 1 else 's'}"
    )
    part = Hazards(
        title=f"{analysis}: {first['endpoint']} by {first['x']}",
        about=about,
        rows=finite([_drawn(row) for row in own]),
        pooled=finite(_drawn(pooled)) if pooled and pooled["hr"] is not None else None,
        simulated=are_simulated(rows),
    )
    return part, _finding(first, own, pooled)


def _drawn(row: Row) -> Row:
    return {name: row.get(name) for name in _DRAWN} | {"why": note_without_mark(row["note"])}


def _finding(first: Row, own: Sequence[Row], pooled: Row | None) -> Finding:
    x, endpoint = first["x"], first["endpoint"]
    where = f"{sentences.where_of(own)}{sentences.scope_of(first)}"
    question = f"Does {x} go with {endpoint} in {where}?"
    known = [row for row in own if row["hr"] is not None]
    if not known:
        return Finding(
            question, f"No tumor type gives a hazard ratio: {sentences.reasons_of(own)}."
        )
    parts = []
    best = pooled if pooled is not None and pooled["hr"] is not None else None
    shown = best or (known[0] if len(known) == 1 else None)
    if shown is not None:
        of = "Pooled hazard ratio" if best else f"Hazard ratio in {shown['tumor_type']}"
        parts.append(
            f"{of} per standard deviation of {x}: {shown['hr']:.2f} "
            f"({sentences.interval_of(shown)}), p = {shown['p']:.2g}."
        )
        parts.append(_among_random(shown))
    if len(known) > 1:
        found = [row for row in known if is_significant(row["q"])]
        above = sum(row["hr"] > 1 for row in found)
        parts.append(
            f"It is above 1 in {above} and below 1 in {len(found) - above} of {len(known)} tumor "
            f"types (q < {SIGNIFICANT})."
        )
    return Finding(question, " ".join(filter(None, parts)))


def _among_random(row: Row) -> str:
    if row["p_genes"] is None:
        return ""
    stands = "stands out" if is_significant(row["p_genes"]) else "does not stand out"
    return f"That {stands} from random genes (p_genes = {row['p_genes']:.2g})."


def survival_table(rows: Sequence[Row], analysis: str, file: str, note: str = "") -> Table:
    """A row per variable and tumor type, and the pooled ones."""
    columns = (
        Column("x", "x"), Column("tumor_type", "tumor type"), Column("endpoint", "endpoint"),
        Column("n", "n", "count"), Column("n_events", "events", "count"),
        Column("hr", "hazard ratio", "number", "per standard deviation of x"),
        Column("ci_low", "from", "number", "lower end of its 95 % interval"),
        Column("ci_high", "to", "number", "upper end of its 95 % interval"),
        Column("p", "p", "p", "that the ratio is 1 (Wald)"),
        Column("q", "q", "p", "p adjusted over the tumor types"),
        Column("p_genes", "p_genes", "p", "p among random genes of the same mean and spread"),
        Column("genes_low", "genes from", "number", "lower end of the central 95 % of these"),
        Column("genes_high", "genes to", "number", "upper end of that range"),
        Column("p_proportional", "p_proportional", "p", "that the ratio changes with time"),
        Column("why", "note"),
    )  # fmt: skip
    shown = [
        {column.name: row.get(column.name) for column in columns}
        | {"why": note_without_mark(row["note"])}
        for row in rows
    ]
    return Table(f"Survival: {analysis}", file, columns, finite(shown), note)
