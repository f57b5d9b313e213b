"""The commands and the options they all share."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from tcga_corr.cli import (
    batch,
    compare,
    correlate,
    covariates,
    de,
    demo,
    dominance,
    enrich,
    fetch,
    load,
    pca,
    remove,
    report,
    robustness,
    score,
    screen,
    serve,
    sets,
    sql,
    status,
    survival,
    use,
    verify,
)
from tcga_corr.cli.settings import Settings
from tcga_corr.vocabulary.citations import REFERENCES

CITATION = """\
tcga_corr {version}, a TCGA pan-cancer correlation engine, BSD-3-Clause
ssGSEA: {ssgsea}
gseapy (tie rule gseapy): {gseapy}
GSVA (tie rule gsva): {gsva}
q-values: {q}
Spearman interval: {spearman}
TCGA: {tcga}
What to cite for each gene set and source: `tcga-corr sets`, and the provenance of --format json"""

app = typer.Typer(
    name="tcga-corr",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tcga-corr {metadata.version('tcga-corr')}")
        raise typer.Exit


def _cite(wanted: bool) -> None:
    if wanted:
        typer.echo(CITATION.format(version=metadata.version("tcga-corr"), **REFERENCES))
        raise typer.Exit


def _environment(wanted: bool) -> None:
    if wanted:
        import platform

        from tcga_corr.analysis.provenance import software

        typer.echo(f"platform {platform.platform()}")
        for name, version in software().items():
            typer.echo(f"{name} {version}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    cache: Annotated[
        Path,
        typer.Option(
            "--cache",
            metavar="DIR",
            envvar="TCGA_CORR_CACHE",
            help="The store: the folder that holds everything loaded.",
        ),
    ] = Path("cache"),
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="No progress and no notes, only errors.")
    ] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Print each step.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an error comes from in the code.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    cite: Annotated[
        bool, typer.Option("--cite", callback=_cite, is_eager=True, help="Print what to cite.")
    ] = False,
    environment: Annotated[
        bool,
        typer.Option(
            "--environment",
            callback=_environment,
            is_eager=True,
            help="Print versions and platform, for a bug report.",
        ),
    ] = False,
) -> None:
    """How strongly do two things vary together across the patients of each TCGA tumor type?

    A thing is a gene (RELA), a gene set (ferroptosis, scored per sample by ssGSEA) or a measured
    number (purity). The answer comes for each of the 33 tumor types. Start with `tcga-corr demo`.
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)
    context.obj = Settings(cache=cache, quiet=quiet, verbose=verbose)


app.command("demo")(demo.demo)
app.command("fetch")(fetch.fetch)
app.command("load")(load.load)
app.command("status")(status.status)
app.command("covariates")(covariates.covariates)
app.command("use")(use.use)
app.command("sets")(sets.sets)
app.command("score")(score.score)
app.command("correlate")(correlate.correlate)
app.command("robustness")(robustness.robustness)
app.command("screen")(screen.screen)
app.command("compare")(compare.compare)
app.command("de")(de.de)
app.command("dominance")(dominance.dominance)
app.command("survival")(survival.survival)
app.command("enrich")(enrich.enrich)
app.command("pca")(pca.pca)
app.add_typer(batch.batch, name="batch")
app.command("report")(report.report)
app.command("sql")(sql.sql)
app.command("serve")(serve.serve)
app.command("verify")(verify.verify)
app.command("remove")(remove.remove)
