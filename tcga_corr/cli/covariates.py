"""``tcga-corr covariates``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tcga_corr.cli import options
from tcga_corr.cli.output import Result, number, plain
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError

_MOST_LEVELS = 5


@options.command
def covariates(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Only these. Default: all."),
    ] = None,
    tumor_types: options.TumorTypes = None,
    source: options.SourceName = None,
    each: Annotated[
        bool, typer.Option("--each", help="A row for each tumor type that has it.")
    ] = False,
    *,
    out: options.Out,
) -> None:
    """List the covariates: how many tumour samples have each, its range or its levels.

    They can be adjusted for (--adjust), choose samples (--where), cut them (--by), and be
    correlated where they are numbers or have an order. Purity ships with the tool (Aran et al.
    2015); clinical data come with `fetch` and `load` of pancanatlas; others by `load --covariates`.

    Examples: `tcga-corr covariates`, `tcga-corr covariates stage -t LIHC,BRCA --each`.
    """
    settings: Settings = context.obj
    wanted = options.split_names(tumor_types)
    frame = settings.engine().covariate_values(wanted, source, by_tumor_type=each)
    if names:
        frame = frame.filter(
            frame["covariate"].str.to_lowercase().is_in([name.lower() for name in names])
        )
        if not frame.height:
            raise UsageError(
                f"no covariate '{', '.join(names)}' of these samples",
                "`tcga-corr covariates` lists all",
            )
    columns = {
        **({"tumor type": plain("tumor_type")} if each else {}),
        "covariate": plain("covariate"),
        "type": plain("type"),
        "n": plain("n"),
        "of": plain("n_samples"),
        "range or levels": _range_or_levels,
        "table": plain("table"),
    }
    result = Result(
        frame=frame,
        rows_key="covariates",
        around={"query": {"source": source, "tumor_types": wanted, "each": each}},
        columns=columns,
        cut_column="range or levels",
        less=("table", "of", "type"),
        keep=("n",),
    )
    out.write(result)


def _range_or_levels(row: dict[str, Any]) -> str:
    if row["levels"] is not None:
        levels = row["levels"].split("), ")
        shown = "), ".join(levels[:_MOST_LEVELS])
        return shown if len(levels) <= _MOST_LEVELS else f"{shown}) …, {len(levels)} levels"
    if row["low"] is None:
        return ""
    low, median, high = (number(row[name]) for name in ("low", "median", "high"))
    return f"{low} to {high}, median {median}"
