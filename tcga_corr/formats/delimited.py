"""Delimited matrices, plain or compressed: columns of row names, then numbers.

The file is decompressed and parsed block by block: its text is never in memory as a whole, and an
error names line and column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import TableError, shorten
from tcga_corr.formats.compressed import open_bytes
from tcga_corr.formats.file_kinds import N_FIRST_BYTES, refuse_other_kinds

if TYPE_CHECKING:
    import polars as pl

Values = NDArray[np.floating]
"""Genes x samples: in single precision, unless they are counts."""

MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "<NA>", "na", "n/a", "#N/A", "None")
BINARY = (b"\x89HDF", b"PAR1", b"ARROW1")
"""The first bytes of formats that are not text."""

LONGEST_NAME = 1_000
"""Letters: the longest symbol of a gene has some 30, a row name of the GDC under 100."""

_BLOCK_BYTES = 48 << 20
_LINES = 3
_MOST_ROWS = 1_000_000  # of genes or of samples
_MOST_FIELDS = 300_000  # the transcripts of a release of GENCODE are 250,000
_MOST_PREVIEWED = 128 << 20  # bytes of the first lines
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOST = float(np.finfo(np.float32).max)
_QUOTED = re.compile(r'"[^"\n]*"')
_QUOTED_BYTES = re.compile(_QUOTED.pattern.encode())
_HIDDEN = "\x1f"  # stands for a separator within quotes


def check_lengths(where: str, names: Iterable[str]) -> None:
    """Refuse names that are none, such as what an open quote joins.

    Raises
    ------
    TableError
        With the length of the longest.
    """
    longest = max(map(len, names), default=0)
    if longest > LONGEST_NAME:
        raise TableError(
            f"{where}: a name of {longest:,} letters, which is none",
            "Look for a quote that is not closed, or a lost line break",
        )


def check_name_column(where: str, column: pl.Series, first: int) -> None:
    """Refuse a name that is none, as :func:`check_lengths`, and tell its place.

    Parameters
    ----------
    where
        The file, and what is counted: ``PATH, line``.
    column
        Names.
    first
        The number of the first of them.
    """
    lengths = column.str.len_chars()
    if (longest := lengths.arg_max()) is not None and lengths[longest] > LONGEST_NAME:
        check_lengths(f"{where} {first + longest}", [column[longest]])


@dataclass(frozen=True)
class Preview:
    """The start of a file: its first bytes and, where these are text, its first lines."""

    path: Path
    start: bytes
    lines: tuple[str, ...]

    def fields(self, line: int = 0, separator: str = "\t") -> tuple[str, ...]:
        """A line's fields; one empty field where the file has no such line."""
        return tuple(self.lines[line].split(separator)) if line < len(self.lines) else ("",)


@dataclass(frozen=True)
class Matrix:
    """How a delimited file holds a matrix.

    Attributes
    ----------
    path
        The file.
    fields
        A name for each column, including the columns of row names.
    header_lines
        Lines before the first row.
    names_at
        The positions of the columns that hold names.
    separator
        Between fields.
    decimal_comma
        Whether numbers are written as ``1,5``.
    row
        What a row is, for error texts. A row without a name is a fault, unless it is of a gene.
    left_out
        The positions of further columns that are not values: they are read as text, and left out.
    empty
        Those of them that hold nothing at all, in any row.
    lines_left_out
        The lines of rows that are left out, counted from 1.
    exact
        Whether values are read in double precision.
    """

    path: Path
    fields: tuple[str, ...]
    header_lines: int = 1
    names_at: tuple[int, ...] = (0,)
    separator: str = "\t"
    decimal_comma: bool = False
    row: str = "gene"
    left_out: tuple[int, ...] = ()
    empty: tuple[int, ...] = ()
    lines_left_out: frozenset[int] = frozenset()
    exact: bool = False

    @cached_property
    def values_at(self) -> tuple[int, ...]:
        """The positions of the columns of values."""
        others = {*self.names_at, *self.left_out}
        return tuple(column for column in range(len(self.fields)) if column not in others)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the value columns."""
        return tuple(self.fields[column] for column in self.values_at)


def preview(path: Path) -> Preview:
    """The start of a file.

    Raises
    ------
    DataMissingError
        If there is no such file.
    TableError
        If it is empty, or of a kind that is no table.
    """
    with open_bytes(path) as handle:
        start = handle.read(N_FIRST_BYTES)
        if not start:
            raise TableError(f"{path}: the file is empty", "Download it again")
        if any(start.startswith(magic) for magic in BINARY):
            return Preview(path, start, ())
        refuse_other_kinds(path, start)
        first = start + (b"" if b"\n" in start else handle.readline())
        *lines, rest = first.split(b"\n")
        while len(lines) < _LINES and (more := rest + handle.readline()):
            lines.append(more.removesuffix(b"\n"))
            rest = b""
    _check_widths(path, lines[:_LINES])
    return Preview(path, start, tuple(_text(line) for line in lines[:_LINES]))


def first_lines(path: Path, most: int) -> list[str]:
    """The first lines of a text file; fewer of lines of megabytes, to spare memory.

    Raises
    ------
    TableError
        If a line has more fields than any table has columns.
    """
    lines: list[bytes] = []
    size = 0
    with open_bytes(path) as handle:
        for line in islice(handle, most):
            lines.append(line)
            size += len(line)
            if size > _MOST_PREVIEWED and len(lines) >= _LINES:
                break
    _check_widths(path, lines)
    return [_text(line) for line in lines]


def _check_widths(path: Path, lines: Iterable[bytes]) -> None:
    """Refuse lines of so many fields that to cut them would take gigabytes."""
    for number, line in enumerate(lines, start=1):
        most = max(line.count(separator) for separator in (b"	", b";", b","))
        if most >= _MOST_FIELDS:
            raise TableError(
                f"{path}, line {number}: {most + 1:,} fields, more than any table has columns",
                "Check what the file is",
            )


def _text(line: bytes) -> str:
    return line.decode("utf-8-sig", "replace").rstrip("\r\n")


def split_fields(line: str, separator: str, most: int = -1) -> list[str]:
    """A line's fields without quotes; after ``most`` fields comes the rest of the line as one.

    A separator within quotes does not separate, except for tabs: R quotes names, and none holds a
    tab.
    """
    if '"' not in line:
        return line.split(separator, most)
    if separator != "\t":
        line = _QUOTED.sub(lambda quoted: quoted[0].replace(separator, _HIDDEN), line)
    fields = line.replace('"', "").split(separator, most)
    return [field.replace(_HIDDEN, separator) for field in fields]


def is_number(field: str, decimal_comma: bool = False) -> bool:
    """Whether a field is a finite number as it would be read."""
    if decimal_comma:
        field = "." if "." in field else field.replace(",", ".")
    return bool(_NUMBER.fullmatch(field)) and abs(float(field)) <= _MOST


KeepRows = Callable[[list[list[str]]], NDArray[np.bool_]]
"""Which rows to keep, by the names of a block's rows: a list per column of names."""


def read_matrix(matrix: Matrix, keep: KeepRows | None = None) -> tuple[list[list[str]], Values]:
    """Row names, a list per column of names, and values, NaN where missing.

    Parameters
    ----------
    matrix
        The file and its layout; every row has as many fields as ``fields``.
    keep
        Chooses the rows to keep; the others are checked too, but take no memory.

    Raises
    ------
    TableError
        On a row with more or fewer fields, a field that is not a number, an infinite value or a
        sample without a name, by line and column; on damaged gzip data; if there is no row.
    """
    names: list[list[str]] = [[] for _ in matrix.names_at]
    blocks: list[Values] = []
    line, n_rows = 1, 0
    with open_bytes(matrix.path) as handle:
        for _ in range(matrix.header_lines):
            handle.readline()
            line += 1
        with closing(_read_ahead(_line_blocks(handle))) as chunks:
            for chunk in chunks:
                block_names, block = _parse(chunk, matrix, line)
                n_rows += len(block)
                if n_rows > _MOST_ROWS:
                    raise TableError(
                        f"{matrix.path}: more than {_MOST_ROWS:,} rows, which no table of genes or "
                        "samples has",
                        "Check what the file is",
                    )
                if keep is not None:
                    kept = keep(block_names)
                    block = block[kept]
                    block_names = [list(compress(column, kept)) for column in block_names]
                for column, more in zip(names, block_names, strict=True):
                    column += more
                blocks.append(block)
                line += chunk.count(b"\n")
    if not n_rows:
        raise TableError(f"{matrix.path}: a header without rows", "Download it again")
    return names, _stacked(blocks)


def _stacked(blocks: list[Values]) -> Values:
    """The blocks as one matrix; each is freed once copied, so that none is in memory twice."""
    if len(blocks) == 1:
        return blocks[0]
    whole = np.empty((sum(map(len, blocks)), blocks[0].shape[1]), dtype=blocks[0].dtype)
    end = len(whole)
    while blocks:
        block = blocks.pop()
        whole[end - len(block) : end] = block
        end -= len(block)
    return whole


def _line_blocks(handle: BinaryIO) -> Iterator[bytes]:
    """Blocks of whole lines; blank lines at the end of the file, and only there, are left out."""
    rest = b""
    while block := handle.read(_BLOCK_BYTES):
        rest += block
        rows = rest[: rest.rfind(b"\n") + 1].rstrip()
        if rows:
            end = rest.index(b"\n", len(rows)) + 1
            yield rest[:end]
            rest = rest[end:]
    if rest.strip():
        yield rest + b"\n"


def _read_ahead(chunks: Iterator[bytes]) -> Generator[bytes, None, None]:
    """The chunks; while one is parsed, the next one is decompressed."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, chunks, b"")
        while chunk := coming.result():
            coming = thread.submit(next, chunks, b"")
            yield chunk


def read_frames(matrix: Matrix) -> Iterator[tuple[pl.DataFrame, int]]:
    """The rows of a file block by block, with the first line of each block.

    A column is named by its position; names and columns left out are text, values floats.

    Raises
    ------
    TableError
        As :func:`read_matrix`.
    """
    line = 1 + matrix.header_lines
    with open_bytes(matrix.path) as handle:
        for _ in range(matrix.header_lines):
            handle.readline()
        with closing(_read_ahead(_line_blocks(handle))) as chunks:
            for chunk in chunks:
                yield _frame(chunk, matrix, line), line
                line += chunk.count(b"\n")


def _frame(chunk: bytes, matrix: Matrix, first_line: int) -> pl.DataFrame:
    """The rows of a block, without blank ones and those that are left out."""
    frame, cause = None, ""
    if not matrix.lines_left_out:
        frame, cause = _parsed(chunk, matrix)
    if frame is None or _unnamed(frame, matrix).any():  # looked for only then, as it takes time
        frame, cause = _parsed(_whole_rows(chunk, matrix, first_line), matrix)
    if frame is None:
        raise _fault(chunk, matrix, first_line, cause)
    return frame


def _unnamed(frame: pl.DataFrame, matrix: Matrix) -> NDArray[np.bool_]:
    """Which rows have no name."""
    names = [frame[str(column)].is_null().to_numpy() for column in matrix.names_at]
    unnamed: NDArray[np.bool_] = np.logical_and.reduce(names)
    return unnamed


def _parsed(chunk: bytes, matrix: Matrix) -> tuple[pl.DataFrame | None, str]:
    """The rows of a block; or None, and why."""
    import polars as pl

    width, values_at = len(matrix.fields), set(matrix.values_at)
    number = pl.Float64 if matrix.exact else pl.Float32
    schema: dict[str, type[pl.DataType]] = {
        str(column): number if column in values_at else pl.String for column in range(width)
    }
    bare, hidden = _without_quotes(chunk, matrix.separator)
    if not bare:
        return pl.DataFrame(schema=schema), ""
    try:
        frame = pl.read_csv(
            bare,
            separator=matrix.separator,
            has_header=False,
            schema=schema,
            null_values=list(MISSING),
            quote_char=None,
            decimal_comma=matrix.decimal_comma,
        )
    except pl.exceptions.PolarsError as error:
        return None, str(error)
    # polars fills a short row with nulls, so the separators are counted
    whole = bare.count(matrix.separator.encode()) == frame.height * (width - 1)
    filled = any(frame[str(column)].null_count() < frame.height for column in matrix.empty)
    if not whole or filled or (matrix.decimal_comma and _has_points(bare, matrix)):
        return None, "a row is not whole"
    if hidden:
        shown = pl.col(pl.String).str.replace_all(_HIDDEN, matrix.separator, literal=True)
        frame = frame.with_columns(shown)
    return frame, ""


def _whole_rows(chunk: bytes, matrix: Matrix, first_line: int) -> bytes:
    """A block without its blank rows, and without the lines that are left out."""
    kept = (
        line
        for number, line in enumerate(chunk.split(b"\n")[:-1], start=first_line)
        if number not in matrix.lines_left_out and not is_blank_row(line, matrix.separator)
    )
    return b"".join(line + b"\n" for line in kept)


def is_blank_row(line: bytes, separator: str) -> bool:
    """Whether a line holds nothing, or nothing but separators, as spreadsheets leave them."""
    return not line.strip(b' \r\n"' + separator.encode())


def _parse(chunk: bytes, matrix: Matrix, first_line: int) -> tuple[list[list[str]], Values]:
    frame = _frame(chunk, matrix, first_line)
    if matrix.row != "gene" and _unnamed(frame, matrix).any():
        raise _fault(chunk, matrix, first_line, "a row without a name")
    columns = [frame.drop_in_place(str(column)) for column in matrix.names_at]
    for column in columns:
        check_name_column(f"{matrix.path}, line", column, first_line)
    if matrix.left_out:
        frame = frame.drop([str(column) for column in matrix.left_out])
    dtype = np.float64 if matrix.exact else np.float32
    values: Values = np.ascontiguousarray(frame.to_numpy(), dtype=dtype)
    if np.isinf(values).any():
        raise _fault(chunk, matrix, first_line, "an infinite value")
    return [column.fill_null("").to_list() for column in columns], values


def _without_quotes(chunk: bytes, separator: str) -> tuple[bytes, bool]:
    """A block without quotes, as in :func:`split_fields`; and whether a separator is hidden."""
    if b'"' not in chunk:
        return chunk, False
    if separator != "\t":
        old, new = separator.encode(), _HIDDEN.encode()
        chunk = _QUOTED_BYTES.sub(lambda quoted: quoted[0].replace(old, new), chunk)
    return chunk.replace(b'"', b""), separator != "\t" and _HIDDEN.encode() in chunk


def _has_points(bare: bytes, matrix: Matrix) -> bool:
    """Whether numbers have points, which may mark thousands; polars accepts them."""
    if b"." not in bare:
        return False
    separator, first = matrix.separator.encode(), matrix.values_at[0]
    others = {*matrix.names_at, *matrix.left_out}
    if not any(column > first for column in others):
        return any(b"." in line.split(separator, first)[-1] for line in bare.split(b"\n"))
    rows = (line.split(separator) for line in bare.split(b"\n"))
    return any(b"." in field for row in rows for n, field in enumerate(row) if n not in others)


def _fault(chunk: bytes, matrix: Matrix, first_line: int, cause: str) -> TableError:
    """The first error of a block that did not parse, by line and column."""
    width = len(matrix.fields)
    for number, line in enumerate(chunk.split(b"\n")[:-1], start=first_line):
        if is_blank_row(line, matrix.separator) or number in matrix.lines_left_out:
            continue
        where = f"{matrix.path}, line {number}"
        if line.count(matrix.separator.encode()) > _MOST_FIELDS:
            return TableError(
                f"{where}: more than {_MOST_FIELDS:,} fields where the header has {width}",
                "Mend the file, or download it again",
            )
        fields = split_fields(_text(line), matrix.separator)
        if len(fields) != width:
            return TableError(
                f"{where}: {len(fields)} fields where the header has {width}",
                "Mend the file, or download it again",
            )
        names = [fields[column] for column in matrix.names_at]
        if any("\ufffd" in name for name in names):
            return TableError(
                f"{where}: its {matrix.row} name is not text in UTF-8", "Download it again"
            )
        if matrix.row != "gene" and all(name in MISSING for name in names):
            return TableError(
                f"{where}: no {matrix.row} name", "Mend the file or download it again"
            )
        filled = next((n for n in matrix.empty if fields[n] not in MISSING), None)
        if filled is not None:
            return TableError(
                f"{where}: column {filled + 1} has no name, and '{shorten(fields[filled], 30)}' "
                "in it",
                "Name the column or take it out",
            )
        for column in matrix.values_at:
            field = fields[column]
            if field in MISSING or is_number(field, matrix.decimal_comma):
                continue
            return TableError(
                f"{where}, column '{matrix.fields[column]}': '{shorten(field, 30)}' is not a "
                "finite number",
                "Values are numbers, or NA where not measured"
                + (", here with decimal commas" if matrix.decimal_comma else ""),
            )
    return TableError(f"{matrix.path}: cannot be read ({cause})", "Download it again")
