"""Write what is generated from the program, or check that it is up to date.

Pages of docs/, manual pages and completions of share/.

python tools/build_docs.py [--check]
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import typer
from api_page import api_page
from command_files import completions, man_pages

from tcga_corr.cli.app import app
from tcga_corr.cli.output import JSON_SCHEMA
from tcga_corr.fetching.registry import fetcher_of
from tcga_corr.formats import FORMATS
from tcga_corr.formats.file_kinds import known_kinds
from tcga_corr.sources import SOURCES, Source
from tcga_corr.vocabulary.associations import ASSOCIATION
from tcga_corr.vocabulary.gtex import NORMAL_TISSUES
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.units import QUANTITIES

ROOT = Path(__file__).parent.parent
DOCS, MANUAL, COMPLETIONS = ROOT / "docs", ROOT / "share/man/man1", ROOT / "share/completions"
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
GTEX_INTRODUCTION = """\
## Normal tissue of GTEx

TCGA has the RNA of no normal tissue of ACC, DLBC, LAML, LGG, MESO, OV, TGCT, UCS and UVM, and of
few patients of many others. `tcga-corr fetch --source toil --gtex` takes the table of the Toil hub
in which GTEx (GTEx Consortium 2013, doi:10.1038/ng.2653) was computed as TCGA was, from the reads
on (Vivian et al. 2017, doi:10.1038/nbt.3772), and its phenotype table. The samples of GTEx stand
in the table of their tumor type, with `gtex` and `tissue`, and are in no selection but `--samples
gtex`:

```sh
tcga-corr fetch LIHC OV --source toil --gtex
tcga-corr correlate ferroptosis nfkb --samples gtex
tcga-corr compare ferroptosis -t OV --by gtex
tcga-corr status --samples
```

- A donor is a patient and gives one sample: of the tissue that stands first below, then the first
  in sorted order. `status --samples` says so of each. Cell lines and TARGET are left out and
  counted.
- A tissue of several tumor types, as lung, is in one row of an answer and pooled once; a note says
  which types it stands for. `compare` pools nothing and has them all. One donor may have given
  tissue to several types, which a pooled p does not know; a note counts them.
- Tumours and GTEx are two studies. One computation takes away what differs between pipelines, not
  what differs between surgery and autopsy, or between laboratories: a difference is no evidence
  of cancer alone. Correlations within GTEx are not affected.
- Of a symbol on several rows, the one of the highest mean in TCGA is kept, so that every other
  answer is the same as without GTEx.
- The table is read in portions, without the columns that are left out. Simulated ones of 60,498
  rows x 500 and 2,000 columns took 0.58 and 0.71 GB of memory (that without GTEx 0.72 GB), so the
  whole of 19,131 columns should take about 2.2 GB.
- A table with GTEx is not replaced by one without, until it is removed.
- The addresses above were not verified live, nor the names of tissues in the live file: a tissue
  of another name is counted as matching no tumor type.

Organs are matched as in GEPIA2 (Tang et al. 2019, doi:10.1093/nar/gkz430); of an organ with several
regions, those named here. GEPIA2 has a cell line as the normal tissue of LAML; here it has none.

| tumor type | tissues of GTEx | what to know |
| --- | --- | --- |"""
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


INPUTS = """\
# What is read, how it is recognised, and what is said

Written by `python tools/build_docs.py` from the registries of formats, units and kinds of files;
not to be edited by hand.

Whatever is read is said: `load` prints how a table was read and what was left out, and an
answer's notes and provenance have it too. What could be read in two ways is refused in one line,
with what to do.

## Expression tables

The start of a file decides the format, not its name. The first that recognises it opens it:

| format | |
| --- | --- |
{formats}

Compressed files (gzip, bzip2, xz, zstd, a zip archive of one file) are read as they are. A plain
table may have genes or samples down, or be long, with a row for each gene and sample; text,
Parquet and Feather alike.

- **Lines before the header** are passed over: notes after `#`, titles, blank lines, `sep=;`.
- **Columns about genes** (lengths, chromosomes, descriptions) are left out on either side of the
  values, and named; such rows where samples are down. So are row numbers that a data frame saved.
- **Long tables** are two repeating columns of names and one of numbers. A gene and sample that
  are there twice, or several columns of numbers, are refused.
- **From Python** `engine.load` takes paths, data frames of polars and pandas, and AnnData.

## Samples

TCGA barcodes are read in any shape (points or underscores, lower case, `LIHC_` before, `.bam`
after, with or without vial and plate) by one reading in tables, covariates, groups and sample
sheets. A name that holds `TCGA` and is no barcode of one sample is refused. Names of 12
characters are patients: their sample type is not known, which is said. Of several samples of a
patient the one that is used is decided as [methods](methods.md) says: paraffin-embedded ones
last, then by vial and plate.

## Genes

One reading of names serves tables, gene sets and questions: symbols in any case, former symbols
and aliases that mean one gene, Ensembl ids of any version, Entrez ids, `RELA|5970`,
`ENSG00000173039_RELA`, R's points for hyphens (`HLA.A`), capitals (`C1ORF112`), `MT-CO1`, `MTCO1`
and `CO1`. An alias of several genes is named with these, and not chosen.

Dates that a spreadsheet made of symbols (`2-Sep`, `Sep-02`, 44986, in several languages) are
counted, and restored only where one gene alone can be meant: `1-Mar` may be MARCHF1 or MTARC1,
and stays a date. Tables and sets whose genes are named as those of mouse are said to be so.

## Gene sets

GMT with or without descriptions, GMX, GRP, MSigDB's JSON, pairs of set and gene, and plain lists
of genes; plain or gzip, whatever their name. Quotes, weights (`RELA,1.0`) and invisible blanks
are taken off. A line that cannot be read, or a name that two sets have, blocks only itself, with
a note. Lists of genes may also be given by commas (`CD8A,GZMB,PRF1`), and as lists and
dictionaries in Python.

## Units

`--unit` names the quantity of an own table; a logarithm of it as in `log2(tpm+1)`. Values that
contradict it are refused: negative counts, whole numbers as TPM, logarithms above 30, and so on.

| quantity | adjusted for depth | may all be whole numbers | genes of a sample add up to |
| --- | --- | --- | --- |
{units}

`load --normalize cpm` stores log2(CPM + 1) of counts. `--linear` says that small values are
linear.

## What is no table

is named by its first bytes, besides web pages, servers' errors and JSON in place of the data:

| kind | what to do |
| --- | --- |
{kinds}
"""


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
    tissues = [
        f"| {one.tumor_type} | {', '.join(one.tissues) or 'none'} | {one.doubt} |"
        for one in NORMAL_TISSUES.values()
    ]
    gtex = (GTEX_INTRODUCTION, *tissues, "")
    return "\n".join((SOURCES_INTRODUCTION, *parts, *gtex, FORMATS_INTRODUCTION, *formats, ""))


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
        *(
            [f"- raw counts (`--counts`): {_counts_of(source.of_counts)}"]
            if source.of_counts
            else []
        ),
        *(f"- `{address}` ({live})" for address in _addresses(source)),
    ]
    if not _addresses(source):
        lines.append("- loaded from disk: not fetched")
    return "\n".join((*lines, ""))


def _counts_of(source: Source) -> str:
    if source.table is None:
        return f"{source.unit}, in files named `{source.file_name}`"
    return f"{source.unit}, `{_addresses(source)[0]}`"


def inputs() -> str:
    formats = [f"| `{format.name}` | {format.title} |" for format in FORMATS]
    units = [
        f"| {one.name} | {'yes' if one.same_depth else 'no: a note says so'} | "
        f"{'yes' if one.may_be_whole else 'refused: they are counts'} | "
        f"{f'{one.column_sum:,.0f}, where all genes are there' if one.column_sum else ''} |"
        for one in QUANTITIES
    ]
    kinds = [f"| {title} | {remedy} |" for title, remedy in known_kinds().items()]
    return INPUTS.format(
        formats="\n".join(formats),
        units="\n".join(units),
        kinds="\n".join(kinds),
    )


PAGES: dict[str, Callable[[], str]] = {
    "api.md": api_page,
    "cli.md": command_line,
    "sources.md": sources,
    "inputs.md": inputs,
}


def files() -> dict[Path, str]:
    """Every file that is generated, with its text."""
    texts = {DOCS / name: page() for name, page in PAGES.items()}
    texts |= {MANUAL / name: text for name, text in man_pages().items()}
    return texts | {COMPLETIONS / name: text for name, text in completions().items()}


def main() -> int:
    texts = files()
    # of commands that are no more
    left_over = {path for folder in (MANUAL, COMPLETIONS) for path in folder.glob("*")} - set(texts)
    stale = [
        path
        for path, text in texts.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv:
        for path in (*stale, *sorted(left_over)):
            print(f"{path.relative_to(ROOT)} is out of date: run python tools/build_docs.py")
        return int(bool(stale or left_over))
    for path in left_over:
        path.unlink()
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
