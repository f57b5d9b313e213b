"""``tcga-corr correlate``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from tcga_corr.cli import options
from tcga_corr.cli.output import Result, check_output, number, write_result
from tcga_corr.cli.settings import Settings


def correlate(
    context: typer.Context,
    x: Annotated[
        str,
        typer.Argument(
            metavar="X",
            help="A gene, a gene set or a covariate; gene:NAME, set:NAME, covariate:NAME or "
            "FILE.gmt:NAME.",
        ),
    ],
    y: Annotated[str, typer.Argument(metavar="Y", help="As X.")],
    tumor_types: options.TumorTypes = None,
    source: options.SourceName = None,
    samples: options.SampleSelection = options.Samples.tumor,
    method: Annotated[
        options.Method, typer.Option("--method", help="How to correlate.")
    ] = options.Method.pearson,
    ties: options.TieRule = options.Ties.average,
    min_genes: options.MinGenes = 5,
    output_format: options.OutputFormat = None,
    output: options.Output = None,
    force: options.Force = False,
) -> None:
    """The association of X and Y in each tumor type.

    Each tumor type is a row: n samples (one per patient unless --samples all-tumor), r, its 95 %
    interval, the two-sided p of independence, and q, which is p adjusted over the tumor types shown
    (Benjamini-Hochberg). Where gene sets are involved, r_disjoint is r after taking out the genes
    that both sides share.

    Examples: `tcga-corr correlate ferroptosis nfkb`, `tcga-corr correlate RELA NRF2 -t LIHC`.
    """
    settings: Settings = context.obj
    check_output(output, force, output_format)
    answer = settings.engine().correlate(
        x,
        y,
        tumor_types=options.split_names(tumor_types),
        source=source,
        samples=samples.value,
        method=method.value,
        ties=ties.value,
        min_genes=min_genes,
    )
    settings.notes(answer.notes)
    write_result(association_result(answer), output, output_format)
    answer.require_numbers()


def association_result(answer: Any) -> Result:
    """The rows of associations, ready to be written."""
    query = answer.query
    simulated = "SIMULATED  " if answer.provenance["simulated"] else ""
    columns = dict(_COLUMNS)
    if not answer.provenance["gene_sets"]:
        del columns["shared genes"], columns["r disjoint"]
    return Result(
        frame=answer.frame,
        rows_key="associations",
        around={"query": query, "pooled": answer.pooled, "provenance": answer.provenance},
        heading=(
            f"{simulated}{query['x']} against {query['y']}, {query['method']}; "
            f"{query['source']}, {query['unit']}; {query['samples']} samples"
        ),
        columns=columns,
    )


def _interval(row: dict[str, Any]) -> str:
    if row["ci_low"] is None:
        return ""
    return f"{row['ci_low']:6.3f} to {row['ci_high']:6.3f}"


def _decimals(name: str) -> Callable[[dict[str, Any]], str]:
    return lambda row: "" if row[name] is None else f"{row[name]:.3f}"


_COLUMNS: dict[str, Callable[[dict[str, Any]], str]] = {
    "tumor type": lambda row: row["tumor_type"],
    "n": lambda row: number(row["n"]),
    "r": _decimals("r"),
    "95 % interval": _interval,
    "p": lambda row: number(row["p"], digits=2),
    "q": lambda row: number(row["q"], digits=2),
    "shared genes": lambda row: number(row["n_shared_genes"]),
    "r disjoint": _decimals("r_disjoint"),
    "note": lambda row: number(row["note"]),
}
