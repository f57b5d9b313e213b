"""Write the pages that are generated from the program, or check that they are up to date.

python tools/build_docs.py [--check]
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import typer

from tcga_corr.cli.app import app
from tcga_corr.cli.output import JSON_SCHEMA
from tcga_corr.fetching.registry import fetcher_of
from tcga_corr.formats import FORMATS
from tcga_corr.sources import SOURCES, Source
from tcga_corr.vocabulary.associations import ASSOCIATION
from tcga_corr.vocabulary.methods import METHODS

DOCS = Path(__file__).parent.parent / "docs"
CLI_INTRODUCTION = """\
# Command line

Written by `python tools/build_docs.py` from the help texts; not to be edited by hand.

Standard output has only data; progress, notes and errors go to standard error. Exit codes: 0 done,
1 the analysis could not be done, 2 wrong usage, 3 data missing or a download failed, 130
interrupted.
"""
SOURCES_INTRODUCTION = """\
# Sources

Written by `python tools/build_docs.py` from the registry of sources; not to be edited by hand.

`tcga-corr fetch [TYPE]... --source S` downloads and loads tables of the first five. With
`--dry-run` it prints the exact addresses for all 33 tumor types. `--base-url URL`, or the
environment variable `TCGA_CORR_BASE_URL`, uses a mirror instead, laid out as
`URL/<hub>/download/<file>` and `URL/gdc-api/...`. Only the command line reads the variable; in
Python it is `FetchOptions(base_url=...)`. Name a proxy in `HTTPS_PROXY`.

Up to three files are downloaded at a time, or as many as `--jobs` says. A download that breaks is
tried again, up to six times in a row without progress, after growing pauses or the pause that the
hub asks for. The bytes received are kept, and the next attempt requests only the rest if the hub
confirms that the file is the same. A hub that cannot be reached, or that asks for a pause of more
than two minutes, is given up at once for all files.
"""
FORMATS_INTRODUCTION = """\
## File formats

`tcga-corr load` finds the format from the start of the file and reports it. A file may be
compressed by gzip, bzip2, xz or zstd, or be the one file of a zip archive. A plain table of your
own may have genes or samples as rows, or a row for each gene and sample. Lines before the header
are passed over (notes that start with `#`, titles, blank lines, `sep=;`). Columns that describe
genes or samples, before the values or after them, and row numbers are left out and reported:

```text
gene,P01,P02,P03             sample,arm,RELA,NFE2L2,GPX4
RELA,8.1,7.9,9.3             P01,a,8.1,10.2,4.4
NFE2L2,10.2,9.8,11.0         P02,b,7.9,9.8,4.1
```

From R: `write.table(x, "mine.tsv", sep="\\t", col.names=NA)`. From a spreadsheet: text separated by
tabs, commas or semicolons, with decimal points or, with semicolons, decimal commas; gene symbols
that the spreadsheet turned into dates are reported. Load other numbers per sample, such as purity,
with `--covariates`.

| format | |
| --- | --- |"""


def commands() -> list[tuple[str, ...]]:
    """Every command as it is called, in the order of the help text."""
    called: list[tuple[str, ...]] = []
    for name, command in typer.main.get_command(app).commands.items():
        called.append((name,))
        called += [(name, part) for part in getattr(command, "commands", {})]
    return called


def help_of(*command: str) -> str:
    environment = {**os.environ, "COLUMNS": "90", "NO_COLOR": "1", "TERMINAL_WIDTH": "90"}
    for name in ("TCGA_CORR_CACHE", "TCGA_CORR_BASE_URL"):
        environment.pop(name, None)
    return subprocess.run(
        [sys.executable, "-m", "tcga_corr", *command, "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def command_line() -> str:
    parts = [CLI_INTRODUCTION]
    for command in ((), *commands()):
        title = " ".join(("tcga-corr", *command))
        parts.append(f"## {title}\n\n```text\n{help_of(*command)}\n```\n")
        if command == ("correlate",):
            parts += [_methods(), _columns()]
    return "\n".join(parts)


def _methods() -> str:
    rows = [
        f"| `{method.name}` | {method.label} | {method.details} | "
        f"{'yes' if method.adjusts else 'no'} | {'yes' if method.screens else 'no'} |"
        for method in METHODS.values()
    ]
    head = ["| method | coefficient | p and interval | `--adjust` | `screen` |", "|" + " --- |" * 5]
    return "\n".join((*head, *rows, ""))


def _columns() -> str:
    rows = [f"| `{one.name}` | {one.type} | {one.description} |" for one in ASSOCIATION]
    foot = (
        "In TSV, CSV and Parquet the last row of each method has `POOLED` as its tumor type and",
        "`pooled` as its `level`: the pooled association, with its text in `note`. JSON has it as",
        "`pooled`, by method, with the same numbers of both nulls (but `q_genes`), which are null",
        f"in this version. The `schema` of all JSON is {JSON_SCHEMA}.",
    )
    return "\n".join(("| column | type | |", "| --- | --- | --- |", *rows, "", *foot, ""))


def sources() -> str:
    fetched_first = sorted(SOURCES.values(), key=lambda source: not _addresses(source))
    formats = [f"| `{format.name}` | {format.title} |" for format in FORMATS]
    parts = [_section(source) for source in fetched_first]
    return "\n".join((SOURCES_INTRODUCTION, *parts, FORMATS_INTRODUCTION, *formats, ""))


def _addresses(source: Source) -> list[str]:
    return fetcher_of(source).addresses(source)


def _section(source: Source) -> str:
    live = "verified live" if source.verified_live else "not verified live"
    lines = [
        f"## {source.name}",
        "",
        f"{source.title}.",
        "",
        f"- unit {source.unit}; rows by {source.gene_id}; "
        + ("one table for all tumor types" if source.pan_cancer else "one table a tumor type"),
        f"- cite {source.citation}",
        *(f"- {quirk}" for quirk in source.quirks),
        *(f"- `{address}` ({live})" for address in _addresses(source)),
    ]
    if not _addresses(source):
        lines.append("- loaded from disk: not fetched")
    return "\n".join((*lines, ""))


PAGES: dict[str, Callable[[], str]] = {"cli.md": command_line, "sources.md": sources}


def main() -> int:
    stale = 0
    for name, page in PAGES.items():
        path, text = DOCS / name, page()
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{name} is out of date: run python tools/build_docs.py")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
