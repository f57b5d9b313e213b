"""``tcga-corr sql``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tcga_corr.cli import options
from tcga_corr.cli.output import Result
from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError, one_line


@options.command
def sql(
    context: typer.Context,
    query: Annotated[
        str | None,
        typer.Argument(
            metavar="QUERY", help="SQL, as DuckDB understands it; - reads it from stdin."
        ),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("-f", "--file", metavar="FILE", help="Read the SQL from a file.")
    ] = None,
    named: Annotated[
        str | None, typer.Option("--named", metavar="NAME", help="Run a named query.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the named queries.")] = False,
    unsafe: Annotated[
        bool,
        typer.Option("--unsafe", help="Let the query read and write any file, or load extensions."),
    ] = False,
    *,
    out: options.Out,
) -> None:
    """Query the store with DuckDB: the views expression, tables and samples.

    The views contain all loaded sources: select one, or group by source.

    If the store has them, there are also the views counts, covariates and, of the runs of
    `tcga-corr batch`, associations, pooled, dominance, survival and differential.

    Example: `tcga-corr sql "SELECT source, tumor_type, avg(value) FROM expression WHERE tumor AND
    gene = 'GPX4' GROUP BY ALL"`.
    """
    import polars as pl

    from tcga_corr.sources import source_is_simulated
    from tcga_corr.store.sql import named_queries, named_query

    settings: Settings = context.obj
    if sum((query is not None, file is not None, named is not None, listed)) != 1:
        raise UsageError(
            "give one of a QUERY, --file FILE, --named NAME and --list",
            "See `tcga-corr sql --help`",
        )
    if listed:
        titles = {name: text.splitlines()[0].lstrip("- ") for name, text in named_queries().items()}
        frame = pl.DataFrame({"name": list(titles), "asks": list(titles.values())})
        out.write(Result(frame, "questions", {}))
        return
    if query == "-":
        query = sys.stdin.read()
    elif file is not None:
        query = _read(file)
    text = query if query is not None else named_query(named or "")
    engine = settings.engine()
    frame = engine.sql(text, unsafe=unsafe)
    for name in dict.fromkeys(key.source for key in engine.store.table_keys()):
        if source_is_simulated(name):
            settings.note(f"note: the source '{name}' is SIMULATED: none of it is a finding")
    out.write(Result(frame, "rows", {"query": {"sql": text}}))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"'{file}' cannot be read ({one_line(error)})", "Name a file of SQL"
        ) from error
