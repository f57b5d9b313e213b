"""The page of a store: its tables, and what its runs found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from tcga_corr.vocabulary.associations import SIMULATED


def page_of_store(engine: Engine, *, with_simulated: bool = False) -> Page:
    """Tables, covariates and runs of a store; and of its complete runs what they found.

    Parameters
    ----------
    engine
        Over the store.
    with_simulated
        Whether simulated tables and runs are shown beside real ones, each marked; where there are
        no others they are shown anyway.

    Raises
    ------
    DataMissingError
        If nothing is loaded.
    """
    everything = engine.status().to_dicts()
    simulated = [row for row in everything if source_is_simulated(row["source"])]
    is_mixed = 0 < len(simulated) < len(everything)
    hides = is_mixed and not with_simulated
    status = [row for row in everything if row not in simulated] if hides else everything
    keys = {(row["source"], row["tumor_type"]) for row in status}
    budget = RowBudget()
    findings: list[Findings] = []
    dropped: list[Row] = []
    hidden: list[str] = []
    for run in runs(engine)["run"].to_list():
        folder = RunFolder(engine.store, run)
        try:
            if hides and _is_simulated(folder):
                hidden.append(run)
                continue
            findings.append(Findings(engine, folder, budget, f"{run}, ", marked=is_mixed))
            dropped += findings[-1].dropped
        except TcgaCorrError as error:
            dropped.append(inputs.left_out("run", str(error), [run]))
    if hides:
        dropped += _hidden(simulated, hidden)
    methods = each_once([([one.folder.run], one.methods[:-1]) for one in findings], "{}. {}")
    made_by = each_once([([one.folder.run], one.methods[-1:]) for one in findings], "{}. {}")
    references = dict.fromkeys(cite for found in findings for cite in found.references)
    return Page(
        title="What this store holds",
        subtitle=f"{len(status)} expression tables of {len({key[1] for key in keys})} tumor types",
        simulated=len(simulated) == len(everything),
        partly_simulated=is_mixed and (not hides or any(one.partly_simulated for one in findings)),
        answers=[_contents(status), *(one for found in findings for one in found.answers)],
        pairs=[pair for found in findings for pair in found.pairs],
        pairs_note="; ".join(text for found in findings for text in found.left_out),
        scatters={key: own for found in findings for key, own in found.scatters.items()},
        dominance=[one for found in findings for one in found.dominance],
        hazards=[one for found in findings for one in found.hazards],
        differential=[one for found in findings for one in found.differential],
        tables=[
            *_tables(engine, status, hidden),
            *(one for found in findings for one in found.tables),
        ],
        methods=[*methods, *(made_by or [software_text(software())])],
        references=list(references),
        dropped=inputs.dropped([*dropped, *inputs.dropped_of_tables(engine, keys)]),
        provenance=[inputs.facts("Software", software(), "software")],
    )


def _is_simulated(folder: RunFolder) -> bool:
    return all(source_is_simulated(one.source) for one in folder.plan().analyses)


def _hidden(simulated: Sequence[Row], hidden: Sequence[str]) -> Iterator[Row]:
    """What is not shown, as it is simulated."""
    why = "SIMULATED, where there are real tables; `tcga-corr report --simulated` shows it"
    types = list(dict.fromkeys(row["tumor_type"] for row in simulated))
    yield inputs.left_out("simulated tables", why, types, len(simulated))
    if hidden:
        yield inputs.left_out("runs of simulated tables", why, hidden, len(hidden))


def _contents(status: Sequence[Row]) -> Finding:
    parts = []
    for source in dict.fromkeys(row["source"] for row in status):
        own = [row for row in status if row["source"] == source]
        tumor, normal = (sum(row[name] or 0 for row in own) for name in ("tumor", "normal"))
        mark = f" ({SIMULATED})" if source_is_simulated(source) else ""
        parts.append(
            f"{source}{mark}: {tumor:,} tumour and {normal:,} normal samples of {len(own)} tumor "
            f"type{'s' if len(own) > 1 else ''}, {own[0]['unit']}"
        )
    return Finding("What does this store hold?", f"{'; '.join(parts)}.")


def _tables(engine: Engine, status: Sequence[Row], hidden: Sequence[str]) -> list[Table]:
    """What the store has: expression tables, covariates and runs that are not hidden."""
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
    shown_runs = [row for row in runs(engine).to_dicts() if row["run"] not in hidden]
    tables = (
        Table("Expression tables", "expression-tables", of_expression, finite(status)),
        Table("Covariates", "covariates", of_covariates, engine.covariates().to_dicts()),
        Table("Runs", "runs", of_runs, shown_runs),
    )
    return [table for table in tables if table.rows]
