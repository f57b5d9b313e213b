"""Tables of genes with numbers, and lists of genes: what an enrichment is asked of.

An answer of this program (Parquet, text, JSON), a table of DESeq2, edgeR or limma, two columns of
genes and numbers with or without a header (``.rnk``), or a list of genes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcga_corr.errors import TableError, one_line
from tcga_corr.exchange import read_json
from tcga_corr.formats.compressed import open_bytes
from tcga_corr.formats.delimited import BINARY, MISSING
from tcga_corr.formats.file_kinds import refuse_other_kinds
from tcga_corr.vocabulary.gene_sets.gmt import read_set_file

if TYPE_CHECKING:
    import polars as pl

GENE, NUMBER = "gene", "number"
"""The columns of a ranking of two columns, and the first that of a list of genes."""
_NUMBER = re.compile(
    r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?inf(inity)?|nan", re.I
)
_SEPARATORS = ("\t", ",", ";", " ")
_ROWS_AT_ONCE = 50_000
_HINT = "Give an answer of `de` or `screen`, two columns of genes and numbers, or a list of genes"


def read_ranked(path: Path) -> pl.DataFrame:
    """The table of a file; of two columns without a header ``gene`` and ``number``.

    A list of genes gives the column ``gene`` alone. Missing values are null.

    Raises
    ------
    DataMissingError
        If there is no such file.
    TableError
        If it is empty, no table, or cut short; by line where a row has too few or too many cells.
    """
    with open_bytes(path) as handle:
        content = handle.read()
    if not content.strip():
        raise TableError(f"{path}: the file is empty", _HINT)
    if content.startswith(b"PAR1"):
        return _parquet(path, content)
    if content.lstrip()[:1] in (b"{", b"["):
        return _json(path, content)
    refuse_other_kinds(path, content)
    if content.startswith(BINARY) or b"\0" in content:
        raise TableError(f"{path}: no text", _HINT)
    text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    separator = _separator(lines)
    return _text(path, text, separator) if separator else _list(path)


def _parquet(path: Path, content: bytes) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TableError(
            f"{path}: damaged Parquet ({one_line(error)})", "Write it again"
        ) from error


def _json(path: Path, content: bytes) -> pl.DataFrame:
    """The rows of an answer as ``--format json`` has it: the first list of objects."""
    import polars as pl

    try:
        whole = read_json(content)
    except ValueError as error:
        raise TableError(f"{path}: no JSON ({one_line(error)})", "Write it again") from error
    tables: list[Any] = list(whole.values()) if isinstance(whole, dict) else [whole]
    for rows in tables:
        if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
            return pl.DataFrame(rows, infer_schema_length=None, strict=False)
    return _list(path)


def _list(path: Path) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame({GENE: list(read_set_file(path).only().genes)}, schema={GENE: pl.String})


def _separator(lines: list[str]) -> str:
    """What cuts a line into columns; nothing where they are genes alone."""
    line = lines[min(1, len(lines) - 1)] if lines else ""  # the first may be titles
    for separator in _SEPARATORS:
        cells = line.split(separator)
        if len(cells) > 1 and (separator != " " or _NUMBER.fullmatch(cells[1])):
            return separator
    return ""


def _text(path: Path, text: str, separator: str) -> pl.DataFrame:
    import polars as pl

    rows = _rows(path, text, separator)
    first, second = next(rows), next(rows, [])
    header = first
    if len(second) == len(first) + 1:
        header = [GENE, *first]  # R leaves out the title of the names of rows
    kept = [second] if second else []
    if len(first) == 2 and _NUMBER.fullmatch(first[1]):
        header, kept = [GENE, NUMBER], [first, *kept]
    header = [name or (GENE if n == 1 else f"column {n}") for n, name in enumerate(header, 1)]
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise TableError(f"{path}: two columns are named '{twice}'", "Rename one of them")
    if not kept:
        raise TableError(f"{path}: a header without rows", _HINT)
    parts = []
    while kept:
        parts.append(_frame(header, kept))
        kept = list(islice(rows, _ROWS_AT_ONCE))
    return pl.concat(parts)


def _rows(path: Path, text: str, separator: str) -> Iterator[list[str]]:
    """The cells of each line; a row has to be as long as the others, the first may lack one."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    widths: list[int] = []
    try:
        for line in reader:
            if not any(line) or line[0].startswith("#"):
                continue
            if len(widths) < 2:
                widths.append(len(line))
            wanted = widths[-1]
            if len(line) != wanted or not 0 <= wanted - widths[0] <= 1:
                raise TableError(
                    f"{path}, line {reader.line_num}: {len(line)} fields where others have "
                    f"{widths[0]}",
                    "Give every row as many columns",
                )
            yield [cell.strip() for cell in line]
    except csv.Error as error:
        raise TableError(f"{path}, line {reader.line_num}: {error}", "Mend the line") from error


def _frame(header: Sequence[str], rows: Sequence[Sequence[str]]) -> pl.DataFrame:
    import polars as pl

    columns = {
        name: [None if cell in MISSING else cell for cell in column]
        for name, column in zip(header, zip(*rows, strict=True), strict=True)
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(header, pl.String))
