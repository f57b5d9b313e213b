"""The page of a store: its tables, and what its runs found."""

from __future__ import annotations

from collections.abc import Sequence

from tcga_corr.analysis.provenance import software
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.run import runs
from tcga_corr.engine import Engine
from tcga_corr.errors import TcgaCorrError
from tcga_corr.exchange import finite
from tcga_corr.page import inputs
from tcga_corr.page.findings import Findings
from tcga_corr.page.methods import software_text
from tcga_corr.page.parts import Column, Finding, Page, Row, Table
from tcga_corr.page.run_methods import each_once
from tcga_corr.page.run_rows import RowBudget
from tcga_corr.sources import source_is_simulated


def page_of_store(engine: Engine) -> Page:
    """Tables, covariates and runs of a store; and of its complete runs what they found.

    Raises
    ------
    DataMissingError
        If nothing is loaded.
    """
    status = engine.status().to_dicts()
    keys = {(row["source"], row["tumor_type"]) for row in status}
    budget = RowBudget()
    findings: list[Findings] = []
    dropped: list[Row] = []
    for run in runs(engine)["run"].to_list():
        folder = RunFolder(engine.store, run)
        try:
            findings.append(Findings(engine, folder, budget, prefix=f"{run}, "))
            dropped += findings[-1].dropped
        except TcgaCorrError as error:
            dropped.append(inputs.left_out("run", str(error), [run]))
    methods = each_once([([one.folder.run], one.methods[:-1]) for one in findings], "{}. {}")
    made_by = each_once([([one.folder.run], one.methods[-1:]) for one in findings], "{}. {}")
    references = dict.fromkeys(cite for found in findings for cite in found.references)
    return Page(
        title="What this store holds",
        subtitle=f"{len(status)} expression tables of {len({key[1] for key in keys})} tumor types",
        simulated=any(source_is_simulated(row["source"]) for row in status)
        or any(found.provenance.simulated for found in findings),
        answers=[_contents(status), *(one for found in findings for one in found.answers)],
        pairs=[pair for found in findings for pair in found.pairs],
        pairs_note="; ".join(text for found in findings for text in found.left_out),
        scatters={key: own for found in findings for key, own in found.scatters.items()},
        dominance=[one for found in findings for one in found.dominance],
        hazards=[one for found in findings for one in found.hazards],
        differential=[one for found in findings for one in found.differential],
        tables=[*_tables(engine, status), *(one for found in findings for one in found.tables)],
        methods=[*methods, *(made_by or [software_text(software())])],
        references=list(references),
        dropped=inputs.dropped([*dropped, *inputs.dropped_of_tables(engine, keys)]),
        provenance=[inputs.facts("Software", software(), "software")],
    )


def _contents(status: Sequence[Row]) -> Finding:
    parts = []
    for source in dict.fromkeys(row["source"] for row in status):
        own = [row for row in status if row["source"] == source]
        tumor, normal = (sum(row[name] or 0 for row in own) for name in ("tumor", "normal"))
        parts.append(
            f"{source}: {tumor:,} tumour and {normal:,} normal samples of {len(own)} tumor "
            f"type{'s' if len(own) > 1 else ''}, {own[0]['unit']}"
        )
    return Finding("What does this store hold?", f"{'; '.join(parts)}.")


def _tables(engine: Engine, status: Sequence[Row]) -> list[Table]:
    """What the store has: expression tables, covariates and runs, where there are any."""
    of_expression = (
        Column("tumor_type", "tumor type"), Column("name", "name"), Column("source", "source"),
        Column("tumor", "tumour", "count", "one sample per patient"),
        Column("normal", "normal", "count", "one sample per patient"),
        Column("other", "others", "count"), Column("n_genes", "genes", "count"),
        Column("unit", "unit"), Column("input", "file"), Column("note", "note"),
    )  # fmt: skip
    of_covariates = (
        Column("covariate", "covariate"), Column("table", "table"), Column("kind", "by"),
        Column("n_keys", "n", "count"), Column("input", "file"), Column("citation", "cite"),
    )  # fmt: skip
    of_runs = (
        Column("run", "run"), Column("title", "title"), Column("state", "state"),
        Column("n_rows", "rows", "count"), Column("began", "began"), Column("ended", "ended"),
    )  # fmt: skip
    tables = (
        Table("Expression tables", "expression-tables", of_expression, finite(status)),
        Table("Covariates", "covariates", of_covariates, engine.covariates().to_dicts()),
        Table("Runs", "runs", of_runs, runs(engine).to_dicts()),
    )
    return [table for table in tables if table.rows]
