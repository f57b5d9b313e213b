"""What an answer was made from, and what was left out of it, as tables of a page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tcga_corr.analysis.provenance import Provenance
from tcga_corr.engine import Engine
from tcga_corr.errors import DataMissingError
from tcga_corr.page.parts import Column, Row, Table

_MOST_SETS = 1_000  # in a table, of 0.35 kB each


def facts(title: str, values: Mapping[str, Any], file: str) -> Table:
    """Names and values."""
    rows = [{"name": name, "value": str(value)} for name, value in values.items()]
    return Table(title, file, (Column("name", "what"), Column("value", "value")), rows)


def provenance_tables(provenance: Provenance) -> list[Table]:
    """Software, tables, gene sets and covariates, by version and hash."""
    expression = [
        vars(table) | {
            "input": ", ".join(file.name for file in table.inputs),
            "input_sha256": ", ".join(file.sha256 for file in table.inputs),
            "inputs": None,
        }
        for table in provenance.tables
    ]  # fmt: skip
    of_expression = (
        Column("source", "source"), Column("tumor_type", "tumor type"), Column("unit", "unit"),
        Column("n_genes", "genes", "count"), Column("input", "file"),
        Column("input_sha256", "sha256 of the file"), Column("cite", "cite"),
    )  # fmt: skip
    of_sets = (
        Column("name", "gene set"), Column("origin", "from"), Column("version", "version"),
        Column("n_genes", "genes", "count"), Column("licence", "licence"),
        Column("cite", "cite"), Column("sha256", "sha256 of its genes"),
    )  # fmt: skip
    of_covariates = (
        Column("name", "covariate"), Column("table", "table"), Column("kind", "by"),
        Column("cite", "cite"), Column("sha256", "sha256"),
    )  # fmt: skip
    sets, most = list(map(vars, provenance.gene_sets)), _MOST_SETS
    note = f"The first {most:,} of {len(sets):,}." if len(sets) > most else ""
    covariates = [vars(one) | {"inputs": None} for one in provenance.covariates]
    tables = (
        facts("Software", provenance.software, "software"),
        Table("Expression tables", "expression-tables", of_expression, expression),
        Table("Gene sets", "gene-sets", of_sets, sets[:most], note),
        Table("Covariates", "covariates", of_covariates, covariates),
    )
    return [table for table in tables if table.rows]


def left_out(what: str, why: str, where: Iterable[str] = (), count: int | None = None) -> Row:
    """A row of what was left out: of what, why, in which tumor types, and how many."""
    return {"what": what, "where": " ".join(where), "count": count, "why": why}


def dropped(rows: Sequence[Row]) -> Table:
    """What was left out: where, what, and why."""
    columns = (
        Column("what", "of"), Column("where", "where"),
        Column("count", "how many", "count"), Column("why", "what and why"),
    )  # fmt: skip
    return Table("What was left out", "left-out", columns, list(rows))


def dropped_of_tables(engine: Engine, keys: Collection[tuple[str, str]]) -> Iterator[Row]:
    """What was left out of expression tables when they were loaded, and samples no selection takes.

    Parameters
    ----------
    engine
        Over the store.
    keys
        Source and tumor type of each table; those that the store has no more are left out.
    """
    types: dict[tuple[str, str], dict[str, int | None]] = {}
    try:
        status = engine.status().to_dicts()
    except DataMissingError:  # all are gone since
        return
    for row in status:
        if (row["source"], row["tumor_type"]) not in keys:
            continue
        if row["dropped"]:
            own = types.setdefault((f"tables of {row['source']}", row["dropped"]), {})
            own[row["tumor_type"]] = None
        if row["other"]:
            own = types.setdefault((f"samples of {row['source']}", _OTHER), {})
            own[row["tumor_type"]] = row["other"]
    for (what, why), counts in types.items():
        count = sum(n or 0 for n in counts.values()) or None
        yield left_out(what, why, counts, count)


_OTHER = (
    "neither the one tumour nor the one normal sample of a patient; `tcga-corr status --samples` "
    "says why of each"
)
