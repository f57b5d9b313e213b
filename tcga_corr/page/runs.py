"""The page of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tcga_corr.batch.folder import RunFolder
from tcga_corr.engine import Engine
from tcga_corr.page import inputs
from tcga_corr.page.findings import Findings
from tcga_corr.page.parts import Column, Page, Table
from tcga_corr.page.run_rows import RowBudget


def page_of_run(engine: Engine, run: str) -> Page:
    """All of a run: answers, figures, tables, methods, what was dropped, provenance.

    Of a run of very many pairs, those of the highest median |r| over tumor types, without shared
    genes.

    Raises
    ------
    DataMissingError
        If there is no such run, or it has no tables yet.
    """
    found = Findings(engine, RunFolder(engine.store, run), RowBudget())
    plan, manifest, provenance = found.plan, found.manifest, found.provenance
    return Page(
        title=plan.title or plan.name,
        subtitle=f"Run {plan.run}, {manifest['ended'][:10]}: "
        f"{plan.n_rows:,} row{'s' if plan.n_rows > 1 else ''} of "
        f"{len(plan.analyses)} analys{'es' if len(plan.analyses) > 1 else 'is'}",
        simulated=found.simulated,
        partly_simulated=found.partly_simulated,
        answers=found.answers,
        pairs=found.pairs,
        pairs_note="; ".join(found.left_out),
        scatters=found.scatters,
        dominance=found.dominance,
        hazards=found.hazards,
        differential=found.differential,
        tables=found.tables,
        methods=found.methods,
        references=found.references,
        dropped=inputs.dropped([*found.dropped, *inputs.dropped_of_tables(engine, plan.tables)]),
        provenance=[
            inputs.facts("Run", _facts(manifest), "run"),
            *inputs.provenance_tables(provenance),
            *_files_of_groups(manifest),
            _result_tables(run, manifest["results"]),
        ],
        spec=plan.spec,
    )


def _result_tables(run: str, results: Mapping[str, Mapping[str, Any]]) -> Table:
    return Table(
        "Tables of the run",
        f"{run}-tables",
        (Column("table", "file"), Column("rows", "rows", "count"), Column("sha256", "sha256")),
        [{"table": name, **file} for name, file in results.items()],
    )


def _files_of_groups(manifest: Mapping[str, Any]) -> list[Table]:
    """The files that name the groups of differential expression, if there are any."""
    columns = (Column("analysis", "analysis"), Column("file", "file"), Column("sha256", "sha256"))
    rows = manifest.get("groups", [])
    return [Table("Files of groups", "files-of-groups", columns, rows)] if rows else []


def _facts(manifest: Mapping[str, Any]) -> dict[str, Any]:
    host = manifest["host"]
    return {
        **{name: manifest[name] for name in ("run", "state", "digest", "began", "ended")},
        "tasks": manifest["n_tasks"],
        "rows": manifest["n_rows"],
        "seconds of tasks": manifest["seconds_of_tasks"],
        "platform": f"{host['platform']}, {host['cpus']} processors, {', '.join(host['blas'])}",
        "random numbers": manifest["seeds"],
        "sha256 of the spec": manifest["spec_sha256"],
    }
