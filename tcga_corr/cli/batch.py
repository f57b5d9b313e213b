"""``tcga-corr batch`` and its commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from tcga_corr.cli import options
from tcga_corr.cli.output import Out, Result, check_plot, number, plain
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.figures.look import PLAIN, FigureFile

if TYPE_CHECKING:
    import polars as pl

    from tcga_corr.batch.executors import Workers
    from tcga_corr.batch.plan import Plan
    from tcga_corr.batch.run import RunReport
    from tcga_corr.engine import Engine

PAPER = "paper.toml"
_RUN = "run"


class RunByDefault(TyperGroup):
    """A group that runs its first command where none is named: ``batch SPEC.toml``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command before arguments that name none."""
        if not args or args[0] not in (*self.commands, *ctx.help_option_names):
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


batch = typer.Typer(
    cls=RunByDefault,
    rich_markup_mode=None,
    help="Many associations from one reviewed file, stopped and resumed at will.\n\n"
    "`batch SPEC.toml` is short for `batch run SPEC.toml`. Start with `batch --paper`.",
)

SpecFile = Annotated[
    Path | None, typer.Argument(metavar="SPEC.toml", help="The analyses to run; see docs/batch.md.")
]
Paper = Annotated[
    bool,
    typer.Option(
        "--paper",
        help="The spec that ships with the tool: the founding paper's analyses, and its claims.",
    ),
]
RunName = Annotated[str, typer.Argument(metavar="RUN", help="The name of a run, or its spec.")]
Source = Annotated[
    str | None,
    typer.Option("--source", metavar="S", help="The source of the analyses that name none."),
]


@batch.command(_RUN)
@options.command
def run(
    context: typer.Context,
    spec: SpecFile = None,
    paper: Paper = False,
    source: Source = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            metavar="N",
            min=1,
            help="Processes to share the work. Default: as many as processors, or threads of "
            "this one where these are enough. With --dask: workers to start.",
        ),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(
            "--dask",
            metavar="local|slurm|ADDRESS",
            help="Use a Dask cluster: one of this machine, jobs of SLURM, or the scheduler "
            "at an address. Its workers must see the store under the same path.",
        ),
    ] = None,
    shard: Annotated[
        str,
        typer.Option(
            "--shard",
            metavar="I/N",
            help="Run only the I-th of N parts, as in an array of jobs; `batch merge` puts them "
            "together.",
        ),
    ] = "1/1",
    memory: Annotated[
        float,
        typer.Option(
            "--memory",
            metavar="GB",
            min=0.1,
            help="Memory for the tasks that run at the same time; as many as fit, at least one.",
        ),
    ] = 4.0,
    *,
    out: options.Out,
) -> None:
    """Run a spec, or resume it; then write the tables.

    Stop it at any time: the same command resumes it. The same spec over the same store gives the
    same bytes, however the work is shared. The tables are Parquet files in the folder results/RUN
    of the store, and views of `tcga-corr sql`. Shows how many associations each analysis has; of a
    spec with claims, each claim beside the result.

    Examples: `tcga-corr batch analyses.toml`, `tcga-corr batch --paper`,
    `tcga-corr batch analyses.toml --shard 2/3`.
    """
    from tcga_corr.batch.planning import plan_spec
    from tcga_corr.batch.run import Shard, run_batch

    settings: Settings = context.obj
    engine = settings.engine()
    part = Shard.parse(shard)
    plan = plan_spec(engine, _spec_path(spec, paper), source)
    running = _workers(settings, plan, workers, dask or "", memory)
    settings.note(f"run {plan.run}: {plan.n_rows:,} rows in {len(plan.tasks):,} tasks")
    settings.notes(plan.notes)
    with settings.progress("rows", "pace") as progress:
        report = run_batch(engine, plan, running, part, progress)
    if part.is_all:
        _show(settings, report, out)
    _require_no_failure(report)
    if not part.is_all:
        settings.note(
            f"part {shard} is done. When all are: tcga-corr --cache {settings.cache} "
            f"batch merge {plan.run}"
        )


def _workers(
    settings: Settings, plan: Plan, processes: int | None, cluster: str, memory: float
) -> Workers:
    """The workers of the options; no more than fit in the memory."""
    from tcga_corr.batch.executors import WorkerKind, Workers
    from tcga_corr.batch.memory import workers_within
    from tcga_corr.batch.run import processors

    # sums of random genes take no second thread, and fits of DESeq2 hold Python's lock
    apart = bool(processes) or plan.has_draws or plan.has_fits
    kind: WorkerKind = "dask" if cluster else "processes" if apart else "threads"
    count = processes or processors()
    fitting = workers_within(plan, memory * 1e9, count, apart=kind == "processes")
    if kind != "dask" and fitting < count:
        settings.note(
            f"note: of the largest tasks {fitting} at a time, as more do not fit in {memory:g} GB"
        )
    return Workers(kind, count, cluster, memory * 1e9)


@batch.command()
@options.command
def check(
    context: typer.Context,
    spec: SpecFile = None,
    paper: Paper = False,
    source: Source = None,
    *,
    out: options.Out,
) -> None:
    """Check whether a spec is right, and list all its problems, by line.

    Shows how many pairs and rows each analysis has in this store. Nothing is written.
    """
    import polars as pl

    from tcga_corr.batch.planning import make_plan, read_spec_for, summary_of

    settings: Settings = context.obj
    engine = settings.engine()
    read = read_spec_for(engine, _spec_path(spec, paper), source)
    if engine.store.table_keys() or engine.store.counts_keys():
        plan = make_plan(engine, read)
        frame = summary_of(plan)
        settings.note(f"{read.path}: right; its run is {plan.run}")
        settings.notes(plan.notes)
    else:
        frame = pl.DataFrame([{"analysis": one.name, "kind": one.kind} for one in read.analyses])
        settings.note(f"{read.path}: right, as far as can be checked without tables in the store")
    out.write(Result(frame, "analyses", {}))


@batch.command()
def show(context: typer.Context, spec: SpecFile = None, paper: Paper = False) -> None:
    """Print a spec with every default filled in."""
    from tcga_corr.batch.planning import read_spec_for
    from tcga_corr.batch.spec import filled_in

    text = filled_in(read_spec_for(context.obj.engine(), _spec_path(spec, paper)))
    # TOML's own escapes for characters that a terminal would obey
    escaped = (
        letter if letter.isprintable() or letter == "\n" else f"\\U{ord(letter):08x}"
        for letter in text
    )
    sys.stdout.write("".join(escaped))


@batch.command()
@options.command
def status(
    context: typer.Context,
    run_name: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run, or its spec. Default: all runs.")
    ] = None,
    source: Source = None,
    *,
    out: options.Out,
) -> None:
    """The progress of a run, by analysis; or all runs of the store."""
    from tcga_corr.batch.run import runs, status_of

    engine = context.obj.engine()
    if run_name is None:
        out.write(Result(runs(engine), "runs", {}))
    else:
        name = _run_name(engine, run_name, source)
        out.write(Result(status_of(engine, name), "analyses", {}))


@batch.command()
@options.command
def verify(
    context: typer.Context,
    run_name: RunName,
    source: Source = None,
    tasks: Annotated[
        int, typer.Option("--tasks", metavar="N", min=1, help="Tasks to compute again.")
    ] = 5,
    *,
    out: options.Out,
) -> None:
    """Compute some tasks of a run again, chosen at random, and compare them with its tables.

    The exit code is 1 where a number differs by more than 1e-12.
    """
    from tcga_corr.batch.verify import verify_run

    settings: Settings = context.obj
    engine = settings.engine()
    with settings.progress("computing again") as progress:
        found = verify_run(engine, _run_name(engine, run_name, source), tasks, progress)
    out.write(Result(found, "tasks", {}))
    differences = list(filter(None, found["note"].unique(maintain_order=True)))
    if differences:
        raise AnalysisError(f"the tables are not what the plan gives: {'; '.join(differences)}")


@batch.command()
@options.command
def merge(
    context: typer.Context,
    run_name: RunName,
    source: Source = None,
    *,
    out: options.Out,
) -> None:
    """Write the tables of a run in parts, by --shard, once all parts are done."""
    from tcga_corr.batch import run as runs

    settings: Settings = context.obj
    engine = settings.engine()
    report = runs.merge(engine, _run_name(engine, run_name, source))
    _show(settings, report, out)
    _require_no_failure(report)


@batch.command()
@options.command
def plot(
    context: typer.Context,
    run_name: RunName,
    figure: Annotated[Path, typer.Argument(metavar="FILE.{png,svg,pdf}", help="What to write.")],
    source: Source = None,
    analysis: Annotated[
        str | None, typer.Option("--analysis", metavar="NAME", help="Of a run with several.")
    ] = None,
    method: Annotated[
        str | None, typer.Option("--method", metavar="NAME", help="Of an analysis with several.")
    ] = None,
    force: options.Force = False,
    *,
    look: options.FigureLook = PLAIN,
) -> None:
    """Draw a run: a heat map of pairs by tumor types, both clustered.

    Of more than 80 pairs, the 80 of the largest median r without shared genes.
    """
    from tcga_corr.batch.folder import RunFolder
    from tcga_corr.figures.heat import heat_map_of_run
    from tcga_corr.figures.style import save

    check_plot(figure, force)
    engine = context.obj.engine()
    folder = RunFolder(engine.store, _run_name(engine, run_name, source))
    drawn = heat_map_of_run(folder, folder.plan(), analysis, method, look)
    save(drawn, FigureFile(figure, look))
    context.obj.note(f"wrote {figure}")


def _spec_path(spec: Path | None, paper: bool) -> Path:
    if (spec is None) != paper:
        raise UsageError("give a SPEC.toml or --paper", "See `tcga-corr batch --help`")
    from tcga_corr.store.sql import queries_folder

    return spec or queries_folder() / PAPER


def _run_name(engine: Engine, name: str, source: str | None) -> str:
    """The name of a run; of a spec, that of its run."""
    from tcga_corr.batch.planning import plan_spec

    return plan_spec(engine, Path(name), source).run if name.endswith(".toml") else name


def _require_no_failure(report: RunReport) -> None:
    if report.failures:
        task, reason = report.failures[0]
        raise AnalysisError(
            f"{len(report.failures)} of {len(report.plan.tasks)} tasks failed, as "
            f"{task.analysis} in {task.tumor_type or 'all, pooled'}: {reason}",
            "Run the same command again to try them again",
        )


def _show(settings: Settings, report: RunReport, out: Out) -> None:
    """Print the claims of a run, or where it has none, its counts of associations."""
    import polars as pl

    from tcga_corr.analysis.dominance import CAVEAT
    from tcga_corr.batch.claims import compare_claims

    folder, plan = report.folder, report.plan
    manifest = folder.manifest()
    for name, record in manifest["results"].items():
        settings.note(f"{folder.path / name}: {record['rows']:,} rows")
    simulated = "SIMULATED  " if manifest["simulated"] else ""
    around: dict[str, Any] = {
        "query": {"run": plan.run, "spec": plan.spec},
        "results": manifest["results"],
        "provenance": {
            name: manifest[name]
            for name in ("software", "tables", "gene_sets", "covariates", "simulated")
        },
    }
    heading = f"{simulated}{plan.title or plan.name}; run {plan.run}"
    if plan.claims:
        claims = compare_claims(settings.engine(), folder, plan)
        caveats = [CAVEAT] if "highest" in claims["statistic"] else []
        below = [*_origins(claims), *caveats]
        around["analyses"] = manifest["counts"]
        result = Result(claims, "claims", around, heading, _CLAIM_COLUMNS, below=below)
    else:
        counts = pl.DataFrame(manifest["counts"])
        by = dict.fromkeys(filter(None, counts["counted_by"]))
        below = [_MEANINGS[name] for name in _MEANINGS if name in by]
        result = Result(counts, "analyses", around, heading, below=below)
    out.write(result)


def _statistic(row: dict[str, Any]) -> str:
    adjusted = f"adjusted for {row['adjust']}" if row["adjust"] else ""
    gene = f"of {row['x']}" if row["contrast"] and row["x"] else ""
    parts = (row["method"], row["statistic"], gene, row["contrast"], adjusted)
    return number(" ".join(filter(None, parts)))


def _interval(row: dict[str, Any]) -> str:
    return "" if row["ci_low"] is None else f"{row['ci_low']:.3f} to {row['ci_high']:.3f}"


_MEANINGS = {
    "q": "of survival, positive, negative: q < 0.05, with a hazard ratio above or below 1",
    "calls": (
        "of differential expression, with_r: genes tested; positive, negative: genes called up and "
        "down by q and log2fc; see the table differential_summary"
    ),
    "q_genes": "positive, negative: q_genes < 0.05, with z_genes above or below 0",
    "q_batch": (
        "positive, negative: q_batch < 0.05; of gene sets p is small of random ones too, more so "
        "where they share genes: ask for a null"
    ),
}
_CLAIM_COLUMNS = {
    "claim": plain("claim"),
    "tumor type": plain("tumor_type"),
    "": _statistic,
    "published": plain("published"),
    "n published": plain("published_n"),
    "here": plain("here"),
    "95 % interval": _interval,
    "n here": plain("n"),
    "verdict": plain("verdict"),
}


def _origins(claims: pl.DataFrame) -> list[str]:
    """The sources of the published and of the computed values, with their units, each once."""
    rows = claims.to_dicts()
    published = dict.fromkeys(
        f"{row['published_in']}, unit {row['published_unit']}" for row in rows
    )
    here = dict.fromkeys(f"{row['source']}, {row['unit']}" for row in rows if row["unit"])
    return [
        *(f"published: {number(text)}" for text in published),
        *(f"here: {text}" for text in here),
    ]
