"""Pairs by strata: r in each stratum side by side, what compares them, and a sentence of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tcga_corr.analysis.correlate_by import ALL_STRATA
from tcga_corr.exchange import finite
from tcga_corr.page import sentences
from tcga_corr.page.pairs import about_rows, are_simulated, axis_titles
from tcga_corr.page.parts import Column, Finding, Pair, Row, Table
from tcga_corr.vocabulary.associations import (
    LEVEL_OF_DIFFERENCE,
    SIGNIFICANT,
    is_significant,
    note_without_mark,
)
from tcga_corr.vocabulary.methods import METHODS

_NO_SAMPLES = "r in strata is of parts of the samples"


def pair_of_strata(
    rows: Sequence[Row],
    pooled: Sequence[Row],
    kinds: Mapping[str, str],
    *,
    id: str,
    analysis: str,
) -> Pair:
    """A pair from its rows by strata, of one method.

    Parameters
    ----------
    rows, pooled
        Of all tumor types and pooled: each of the strata, and what compares them.
    kinds, id, analysis
        As of :func:`tcga_corr.page.pairs.pair_of`.
    """
    own = [row for row in rows if row["level"] != LEVEL_OF_DIFFERENCE]
    of_strata = [row for row in pooled if row["level"] != LEVEL_OF_DIFFERENCE]
    first = rows[0]
    x, y = first["x"], first["y"]
    x_axis, y_axis = axis_titles(first, kinds)
    return Pair(
        id=id,
        x=x,
        y=y,
        method=first["method"],
        x_axis=x_axis,
        y_axis=y_axis,
        analysis=analysis,
        about=f"by {first['cut_by']}; {about_rows(own)}",
        finding=finding_of_strata(rows, pooled),
        rows=finite([{**row, "why": note_without_mark(row["note"])} for row in own]),
        pooled=None,
        no_scatters=_NO_SAMPLES,
        strata=list(dict.fromkeys(row["stratum"] for row in own)),
        pooled_strata=finite(of_strata),
        simulated=are_simulated(rows),
    )


def finding_of_strata(rows: Sequence[Row], pooled: Sequence[Row]) -> Finding:
    """Whether r differs between strata, in a sentence made from the numbers."""
    first = rows[0]
    x, y = first["x"], first["y"]
    scope = sentences.scope_of(first)
    question = (
        f"Does r of {x} and {y} differ by {first['cut_by']} in {sentences.where_of(rows)}{scope}, "
        f"by {METHODS[first['method']].label}?"
    )
    shown = pooled or rows
    given = [row for row in shown if row["r"] is not None]
    estimates = ", ".join(
        f"{row['stratum']} {row['r']:z.2f} ({sentences.interval_of(row)})" for row in given
    )
    if not estimates:
        return Finding(question, f"No stratum has an r: {sentences.reasons_of(shown)}.")
    pooled_r = "Pooled r" if pooled else f"r in {first['tumor_type']}"
    differences = [row for row in shown if row["level"] == LEVEL_OF_DIFFERENCE]
    compared = [_difference(row) for row in differences if row["p"] is not None]
    parts = [f"{pooled_r}: {estimates}.", *compared, _counted(rows) if pooled else ""]
    if not compared:
        parts.append("No two strata can be compared.")
    return Finding(question, " ".join(filter(None, parts)))


def _difference(row: Row) -> str:
    numbers = "" if row["delta_z"] is None else f" z differs by {row['delta_z']:z.2f}"
    interval = f" ({sentences.interval_of(row)})," if numbers else ""
    shuffled = (
        "" if row["p_permutation"] is None else f", p_permutation = {row['p_permutation']:.2g}"
    )
    label = "All strata" if row["stratum"] == ALL_STRATA else row["stratum"]
    return f"{label}:{numbers}{interval} p = {row['p']:.2g}{shuffled}."


def _counted(rows: Sequence[Row]) -> str:
    """In how many tumor types each comparison stands out."""
    parts = []
    compared = [row for row in rows if row["level"] == LEVEL_OF_DIFFERENCE]
    for label in dict.fromkeys(row["stratum"] for row in compared):
        own = [row for row in compared if row["stratum"] == label and row["q"] is not None]
        if own:
            count = sum(is_significant(row["q"]) for row in own)
            parts.append(f"{label} in {count} of {len(own)}")
    if not parts:
        return ""
    return f"Tumor types that differ (q < {SIGNIFICANT}): {'; '.join(parts)}."


def differences_table(
    rows: Sequence[Row], pooled: Sequence[Row], analysis: str, file: str
) -> Table:
    """What compares the strata of pairs: a row per comparison and tumor type, and pooled.

    Parameters
    ----------
    rows, pooled
        Of an analysis by strata; those of strata themselves are left out.
    analysis, file
        Its name, and the name of a download.
    """
    columns = (
        Column("pair", "pair"), Column("tumor_type", "tumor type"),
        Column("stratum", "strata"), Column("method", "method"), Column("n", "n", "count"),
        Column("delta_z", "delta z", "number", "difference of z = atanh(r)"),
        Column("ci_low", "from", "number", "lower end of its 95 % interval"),
        Column("ci_high", "to", "number", "upper end of its 95 % interval"),
        Column("p", "p", "p"), Column("q", "q", "p", "p adjusted over the tumor types"),
        Column("p_permutation", "p, shuffled", "p", "p among permutations of the strata"),
        Column("why", "note"),
    )  # fmt: skip
    shown = [
        {
            **{column.name: row.get(column.name) for column in columns},
            "pair": f"{row['x']} ~ {row['y']}",
            "tumor_type": row.get("tumor_type", "POOLED"),
            "why": note_without_mark(row["note"]),
        }
        for row in (*pooled, *rows)
        if row["level"] == LEVEL_OF_DIFFERENCE
    ]
    return Table(f"Differences between strata: {analysis}", file, columns, finite(shown))
