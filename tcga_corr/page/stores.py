"""The page of a store: its tables, and what its runs found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tcga_corr.analysis.provenance import Provenance, software
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.run import runs
from tcga_corr.engine import Engine
from tcga_corr.errors import TcgaCorrError
from tcga_corr.exchange import finite
from tcga_corr.page import inputs
from tcga_corr.page.findings import Findings
from tcga_corr.page.methods import software_text
from tcga_corr.page.parts import Column, Finding, Page, Row, Table
from tcga_corr.page.run_methods import methods_of_run
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
    answers: list[Finding] = [_contents(status)]
    pairs, dominance, tables, references = [], [], [], []
    methods: dict[str, list[str]] = {}
    made_by: dict[str, list[str]] = {}
    dropped: list[Row] = []
    scatters: dict[str, Any] = {}
    left_out: list[str] = []
    simulated = any(source_is_simulated(row["source"]) for row in status)
    for run in runs(engine)["run"].to_list():
        folder = RunFolder(engine.store, run)
        try:
            found = Findings(engine, folder, budget, prefix=f"{run}, ")
            provenance = Provenance.from_dict(folder.manifest())
            texts, cited = methods_of_run(found.plan, provenance)
        except TcgaCorrError as error:
            dropped.append({"what": "run", "where": run, "count": None, "why": str(error)})
            continue
        simulated |= provenance.simulated
        answers += found.answers
        pairs += found.pairs
        scatters |= found.scatters
        dominance += found.dominance
        tables += found.tables
        dropped += found.dropped
        for text in texts[:-1]:
            methods.setdefault(text, []).append(run)
        made_by.setdefault(texts[-1], []).append(run)
        references += cited
        left_out += found.left_out
    return Page(
        title="What this store holds",
        subtitle=f"{len(status)} expression tables of {len({key[1] for key in keys})} tumor types",
        simulated=simulated,
        answers=answers,
        pairs=pairs,
        pairs_note="; ".join(left_out),
        scatters=scatters,
        dominance=dominance,
        tables=[_tables(status), *_covariates(engine), *_runs(engine), *tables],
        methods=[*_by_run(methods), *(_by_run(made_by) or [software_text(software())])],
        references=list(dict.fromkeys(references)),
        dropped=inputs.dropped([*dropped, *inputs.dropped_of_tables(engine, keys)]),
        provenance=[inputs.facts("Software", software(), "software")],
    )


def _by_run(texts: Mapping[str, Sequence[str]]) -> list[str]:
    """Paragraphs of methods; one that is not about all runs names those that it is about."""
    every = {run for runs_of_text in texts.values() for run in runs_of_text}
    return [
        text if len(own) == len(every) else f"{', '.join(own)}. {text}"
        for text, own in texts.items()
    ]


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


def _tables(status: Sequence[Row]) -> Table:
    columns = (
        Column("tumor_type", "tumor type"), Column("name", "name"), Column("source", "source"),
        Column("tumor", "tumour", "count", "one sample per patient"),
        Column("normal", "normal", "count", "one sample per patient"),
        Column("other", "others", "count"), Column("n_genes", "genes", "count"),
        Column("unit", "unit"), Column("input", "file"), Column("note", "note"),
    )  # fmt: skip
    return Table("Expression tables", "expression-tables", columns, finite(status))


def _covariates(engine: Engine) -> list[Table]:
    rows = engine.covariates().to_dicts()
    columns = (
        Column("covariate", "covariate"), Column("table", "table"), Column("kind", "by"),
        Column("n_keys", "n", "count"), Column("input", "file"), Column("citation", "cite"),
    )  # fmt: skip
    return [Table("Covariates", "covariates", columns, rows)] if rows else []


def _runs(engine: Engine) -> list[Table]:
    rows = runs(engine).to_dicts()
    columns = (
        Column("run", "run"), Column("title", "title"), Column("state", "state"),
        Column("n_rows", "rows", "count"), Column("began", "began"), Column("ended", "ended"),
    )  # fmt: skip
    return [Table("Runs", "runs", columns, rows)] if rows else []
