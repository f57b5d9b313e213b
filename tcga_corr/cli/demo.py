"""``tcga-corr demo``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tcga_corr.cli import options
from tcga_corr.cli.correlate import association_result
from tcga_corr.cli.settings import Settings

if TYPE_CHECKING:
    from tcga_corr.engine import Answer


@options.command
def demo(
    context: typer.Context,
    n_genes: Annotated[
        int, typer.Option("--n-genes", min=300, max=20_501, help="Genes in each table.")
    ] = 20_501,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the random numbers.")] = 489,
    *,
    out: options.Out,
) -> None:
    """Try everything on simulated data: works offline on a fresh machine.

    Simulates a small atlas of all 33 tumor types with known correlations, loads it through the
    same readers as real tables, and correlates ferroptosis with nfkb in each. It has survival
    (OS) too. All of its output is SIMULATED: no line of it is a finding.
    """
    from tcga_corr.fetching.simulation import CLINICAL, cohort_plans, has_atlas, write_atlas
    from tcga_corr.loading.load import LoadOptions
    from tcga_corr.sources.simulated import SOURCE

    settings: Settings = context.obj
    engine = settings.engine()
    folder = engine.store.downloads(SOURCE.name)
    if not has_atlas(folder, n_genes, seed):
        engine.store.create()
        with settings.progress("simulating") as progress:
            progress.begin(len(cohort_plans()))
            for path in write_atlas(folder, n_genes, seed):
                progress.step(path.parent.name)
                progress.advance()
    paths = sorted(folder.glob("*/HiSeqV2.gz"))
    with settings.progress("loading") as progress:
        outcome = engine.load(paths, LoadOptions(source=SOURCE.name), progress)
    for error in outcome.errors:
        raise error
    engine.load_covariates(folder / CLINICAL)
    answer = engine.correlate("ferroptosis", "nfkb", source=SOURCE.name)
    out.write(association_result(answer))
    pair = engine.correlate("RELA", "NFE2L2", source=SOURCE.name)
    settings.note(_planted_line(pair))
    settings.note("Everything above is SIMULATED. What to look at next:")
    for what, command in _NEXT.items():
        settings.note(f"{what}: {_name(settings)} {command.format(source=SOURCE.name)}")


# what to look at after the demo
_NEXT = {
    "the figure of it": "correlate ferroptosis nfkb --source {source} --plot figure.pdf",
    "the patients of one tumor type": (
        "correlate RELA NFE2L2 -t LIHC --source {source} --plot pair.png"
    ),
    "real tables": "fetch LIHC",
}


def _name(settings: Settings) -> str:
    """How the command was called, with the store if it is not the usual one."""
    command = sys.argv[0] if sys.argv[0].endswith("tcga-corr") else "tcga-corr"
    return command if str(settings.cache) == "cache" else f"{command} --cache {settings.cache}"


def _planted_line(answer: Answer) -> str:
    from tcga_corr.fetching.simulation import cohort_plans

    planted = cohort_plans()
    rows = answer.frame.to_dicts()
    inside = sum(
        row["ci_low"] <= planted[row["tumor_type"]].gene_r <= row["ci_high"] for row in rows
    )
    return (
        f"RELA against NFE2L2, not shown: the planted correlation is inside the 95 % interval in "
        f"{inside} of {len(rows)} tumor types; {0.95 * len(rows):.0f} are to be expected."
    )
