"""Delimited matrices, plain or gzip: columns of row names, then numbers.

The file is decompressed and parsed block by block: its text is never in memory as a whole, and an
error names line and column.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import compress, islice
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import DataMissingError, TableError, shorten

MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null")
BINARY = (b"\x89HDF", b"PAR1")
"""The first bytes of formats that are not text."""

_BLOCK_BYTES = 48 << 20
_START_BYTES, _LINES = 16, 3
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOST = float(np.finfo(np.float32).max)
_QUOTED = re.compile(r'"[^"\n]*"')
_QUOTED_BYTES = re.compile(_QUOTED.pattern.encode())
_HIDDEN = "\x1f"  # stands for a separator within quotes
_MANGLED = (zlib.error, EOFError, gzip.BadGzipFile)


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
    n_names
        Leading columns that hold names.
    separator
        Between fields.
    decimal_comma
        Whether numbers are written as ``1,5``.
    row
        What a row is, for error texts.
    """

    path: Path
    fields: tuple[str, ...]
    header_lines: int = 1
    n_names: int = 1
    separator: str = "\t"
    decimal_comma: bool = False
    row: str = "gene"

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the value columns."""
        return self.fields[self.n_names :]


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, decompressed where it is gzip; its errors are the package's own."""
    try:
        with path.open("rb") as raw:
            is_gzip = raw.read(2) == b"\x1f\x8b"
        with cast(BinaryIO, gzip.open(path) if is_gzip else path.open("rb")) as handle:
            yield handle
    except FileNotFoundError:
        raise DataMissingError(f"no file '{path}'", "Check the path") from None
    except _MANGLED as error:
        raise TableError(
            f"{path}: the gzip data are cut short or damaged ({error})", "Download it again"
        ) from error
    except OSError as error:
        raise TableError(f"{path}: cannot be read ({error.strerror})", "Check the file") from error


def preview(path: Path) -> Preview:
    """The start of a file.

    Raises
    ------
    DataMissingError
        If there is no such file.
    TableError
        If it is empty.
    """
    with open_bytes(path) as handle:
        start = handle.read(_START_BYTES)
        if not start:
            raise TableError(f"{path}: the file is empty", "Download it again")
        if any(start.startswith(magic) for magic in BINARY):
            return Preview(path, start, ())
        first = start + (b"" if b"\n" in start else handle.readline())
        *lines, rest = first.split(b"\n")
        while len(lines) < _LINES and (more := rest + handle.readline()):
            lines.append(more.removesuffix(b"\n"))
            rest = b""
    return Preview(path, start, tuple(_text(line) for line in lines[:_LINES]))


def first_lines(path: Path, most: int) -> list[str]:
    """Those of the first lines of a text file that are not blank."""
    with open_bytes(path) as handle:
        lines = [_text(line) for line in islice(handle, most)]
    return [line for line in lines if line.strip()]


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


def read_matrix(
    matrix: Matrix, keep: KeepRows | None = None
) -> tuple[list[list[str]], NDArray[np.float32]]:
    """Row names, a list per column of names, and values, float32, NaN where missing.

    Parameters
    ----------
    matrix
        The file and its layout; every row has as many fields as ``fields``.
    keep
        Chooses the rows to keep; the others are checked too, but take no memory.

    Raises
    ------
    TableError
        On a row with more or fewer fields, a field that is not a number, an infinite value or a row
        without a name, by line and column; on damaged gzip data; if there is no row.
    """
    names: list[list[str]] = [[] for _ in range(matrix.n_names)]
    blocks: list[NDArray[np.float32]] = []
    line = 1
    with open_bytes(matrix.path) as handle:
        for _ in range(matrix.header_lines):
            handle.readline()
            line += 1
        with closing(_read_ahead(_line_blocks(handle))) as chunks:
            for chunk in chunks:
                block_names, block = _parse(chunk, matrix, line)
                if keep is not None:
                    kept = keep(block_names)
                    block = block[kept]
                    block_names = [list(compress(column, kept)) for column in block_names]
                for column, more in zip(names, block_names, strict=True):
                    column += more
                blocks.append(block)
                line += chunk.count(b"\n")
    if not blocks:
        raise TableError(f"{matrix.path}: a header without rows", "Download it again")
    return names, _stacked(blocks)


def _stacked(blocks: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The blocks as one matrix; each is freed once copied, so that none is in memory twice."""
    if len(blocks) == 1:
        return blocks[0]
    whole = np.empty((sum(map(len, blocks)), blocks[0].shape[1]), dtype=np.float32)
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


def _parse(
    chunk: bytes, matrix: Matrix, first_line: int
) -> tuple[list[list[str]], NDArray[np.float32]]:
    import polars as pl

    width, n_names = len(matrix.fields), matrix.n_names
    schema: dict[str, type[pl.DataType]] = {
        str(column): pl.String if column < n_names else pl.Float32 for column in range(width)
    }
    bare, hidden = _without_quotes(chunk, matrix.separator)
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
        raise _fault(chunk, matrix, first_line, str(error)) from error
    columns = [frame.drop_in_place(str(column)) for column in range(n_names)]
    # polars fills a short row with nulls, so the separators are counted
    whole = bare.count(matrix.separator.encode()) == frame.height * (width - 1)
    unnamed = np.logical_and.reduce([column.is_null().to_numpy() for column in columns])
    if not whole or unnamed.any() or (matrix.decimal_comma and _has_points(bare, matrix)):
        raise _fault(chunk, matrix, first_line, "a row is not whole")
    values = np.ascontiguousarray(frame.to_numpy(), dtype=np.float32)
    if np.isinf(values).any():
        raise _fault(chunk, matrix, first_line, "an infinite value")
    names = [column.fill_null("").to_list() for column in columns]
    if hidden:
        names = [[name.replace(_HIDDEN, matrix.separator) for name in column] for column in names]
    return names, values


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
    separator = matrix.separator.encode()
    return b"." in bare and any(
        b"." in line.split(separator, matrix.n_names)[-1] for line in bare.split(b"\n")
    )


def _fault(chunk: bytes, matrix: Matrix, first_line: int, cause: str) -> TableError:
    """The first error of a block that did not parse, by line and column."""
    width = len(matrix.fields)
    for number, line in enumerate(chunk.split(b"\n")[:-1], start=first_line):
        fields = split_fields(_text(line), matrix.separator)
        where = f"{matrix.path}, line {number}"
        if len(fields) != width:
            return TableError(
                f"{where}: {len(fields)} fields where the header has {width}",
                "Mend the file, or download it again",
            )
        names = fields[: matrix.n_names]
        if any("\ufffd" in name for name in names):
            return TableError(
                f"{where}: its {matrix.row} name is not text in UTF-8", "Download it again"
            )
        if all(name in MISSING for name in names):
            return TableError(
                f"{where}: no {matrix.row} name", "Mend the file or download it again"
            )
        for name, field in list(zip(matrix.fields, fields, strict=True))[matrix.n_names :]:
            if field in MISSING or is_number(field, matrix.decimal_comma):
                continue
            return TableError(
                f"{where}, column '{name}': '{shorten(field, 30)}' is not a finite number",
                "Values are numbers, or NA where not measured"
                + (", here with decimal commas" if matrix.decimal_comma else ""),
            )
    return TableError(f"{matrix.path}: cannot be read ({cause})", "Download it again")
