"""``tcga-corr demo``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tcga_corr.cli import options
from tcga_corr.cli.correlate import association_result
from tcga_corr.cli.output import Result
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError

if TYPE_CHECKING:
    from tcga_corr.engine import Answer


@options.command
def demo(
    context: typer.Context,
    n_genes: Annotated[
        int | None,
        typer.Option(
            "--n-genes",
            min=300,
            max=20_501,
            help="Genes in each table. Default: 20,501, of treated cells 19,000.",
        ),
    ] = None,
    treatment: Annotated[
        Path | None,
        typer.Option(
            "--treatment",
            metavar="FOLDER",
            help="Write simulated counts of treated cells there instead, in four groups of three, "
            "with the groups, the true changes and a batch spec.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the random numbers.")] = 489,
    *,
    out: options.Out,
) -> None:
    """Try everything on simulated data: works offline on a fresh machine.

    Simulates a small atlas of all 33 tumor types with known correlations, loads it through the
    same readers as real tables, and correlates ferroptosis with nfkb in each. It has survival
    (OS) too. All of its output is SIMULATED: no line of it is a finding.

    With --treatment it simulates raw counts of cells under two drugs and both, to try `load
    --counts`, `pca`, `de`, `enrich` and `score --by` on: what they find compares with what is true.

    Examples: `tcga-corr demo`, `tcga-corr demo --treatment cells`.
    """
    from tcga_corr.fetching.simulation import (
        CLINICAL,
        N_GENES,
        cohort_plans,
        has_atlas,
        write_atlas,
    )
    from tcga_corr.loading.load import LoadOptions
    from tcga_corr.sources.simulated import SOURCE

    settings: Settings = context.obj
    if treatment is not None:
        _write_treatment(settings, treatment, n_genes, seed, out)
        return
    n_genes = n_genes or N_GENES
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


def _write_treatment(
    settings: Settings, folder: Path, n_genes: int | None, seed: int, out: options.Out
) -> None:
    """Write the counts of treated cells, and count what is true of them."""
    import polars as pl

    from tcga_corr.fetching.treatment import CONTROL, FILES, N_GENES, SPEC, write_treatment
    from tcga_corr.sources.simulated import CELLS

    there = [name for name in FILES if (folder / name).exists()]
    if there and not out.force:
        raise UsageError(f"{folder / there[0]} exists", "Name another folder, or give --force")
    found = write_treatment(folder, n_genes or N_GENES, seed)
    counts, groups, changes = (folder / name for name in FILES)
    rows = [
        {
            "contrast": contrast,
            "n_genes": len(change),
            "n_changed": int((change != 0).sum()),
            "n_up": int((change > 0).sum()),
            "n_down": int((change < 0).sum()),
            "n_twofold": int((abs(change) > 1).sum()),
        }
        for contrast, change in found.changes.items()
    ]
    heading = f"SIMULATED  true changes of {len(found.samples)} samples, in {changes}"
    out.write(Result(pl.DataFrame(rows), "changes", {"simulated": True, "seed": seed}, heading))
    settings.note(f"wrote {counts}, {groups.name}, {changes.name} and {SPEC}")
    settings.note(
        f"Nothing of it is a finding. Now try: tcga-corr load {counts} --counts --normalize cpm "
        f"--source {CELLS}, then tcga-corr de --source {CELLS} --by {groups} --reference {CONTROL}"
    )


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
