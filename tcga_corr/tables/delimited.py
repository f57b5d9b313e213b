"""Tab-separated matrices, plain or gzip: a column of row names, then numbers.

The file is decompressed and parsed block by block: its text is never in memory as a whole, and a
fault is named by line and column.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from tcga_corr.barcodes import parse_barcode
from tcga_corr.errors import DataMissingError, TableError

MISSING = ("", "NA", "N/A", "NaN", "nan", "NULL", "null")
_BLOCK_BYTES = 48 << 20
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOST = float(np.finfo(np.float32).max)
_MANGLED = (zlib.error, EOFError, gzip.BadGzipFile)


@dataclass(frozen=True)
class Header:
    """The first two lines of a matrix file, split at tabs."""

    path: Path
    fields: tuple[str, ...]
    second: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the value columns."""
        return self.fields[1:]


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, decompressed where it is gzip; faults come out as our own."""
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


def read_header(path: Path) -> Header:
    """The first two lines of a file, checked to be the start of a barcode-named matrix."""
    with open_bytes(path) as handle:
        lines = [_split(handle.readline()) for _ in range(2)]
    fields, second = lines
    if fields == ("",):
        raise TableError(f"{path}: the file is empty", "Download it again")
    if fields[0].startswith("# gene-model"):
        raise TableError(
            f"{path}, line 1: a GDC table of one sample, which this version does not read",
            "Take the GDC hub's matrix of the whole cohort",
        )
    if len(fields) < 2:
        found = _other_delimiter(fields[0])
        raise TableError(
            f"{path}, line 1: no tab in it{found}",
            "An expression table is tab-separated, genes down and samples across",
        )
    header = Header(path, fields, second)
    if not any(parse_barcode(name) for name in header.columns):
        shown = ", ".join(f"'{name[:30]}'" for name in header.columns[:3])
        raise TableError(
            f"{path}, line 1: no column is named by a TCGA barcode (the first are {shown})",
            "Genes go down and samples such as TCGA-OR-A5J1-01 across",
        )
    if second == ("",):
        raise TableError(f"{path}: a header without rows", "Download it again")
    return header


def _split(line: bytes) -> tuple[str, ...]:
    return tuple(line.decode("utf-8-sig", "replace").rstrip("\r\n").split("\t"))


def _other_delimiter(line: str) -> str:
    names = {",": "commas", ";": "semicolons", " ": "blanks"}
    counts = {name: line.count(character) for character, name in names.items()}
    likely = max(counts, key=lambda name: counts[name])
    return f", but {counts[likely]} {likely}" if counts[likely] else ""


def read_matrix(
    header: Header,
    header_lines: int = 1,
) -> tuple[list[str], NDArray[np.float32]]:
    """Row names and values of a matrix file; values float32, NaN where missing.

    Parameters
    ----------
    header
        From :func:`read_header`; every row has as many fields.
    header_lines
        Lines before the first row.

    Raises
    ------
    TableError
        On a row with more or fewer fields, a field that is no number, an infinite value or a row
        without a name, by line and column; on damaged gzip data.
    """
    names: list[str] = []
    blocks: list[NDArray[np.float32]] = []
    line = 1
    with open_bytes(header.path) as handle:
        for _ in range(header_lines):
            handle.readline()
            line += 1
        for chunk in _line_blocks(handle):
            block_names, block = _parse(chunk, header, line)
            names += block_names
            blocks.append(block)
            line += chunk.count(b"\n")
    if not names:
        raise TableError(f"{header.path}: a header without rows", "Download it again")
    return names, np.concatenate(blocks) if len(blocks) > 1 else blocks[0]


def _line_blocks(handle: BinaryIO) -> Iterator[bytes]:
    """Blocks of whole lines; blank lines are left out at the end of the file, and only there."""
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


def _parse(chunk: bytes, header: Header, first_line: int) -> tuple[list[str], NDArray[np.float32]]:
    import polars as pl

    width = len(header.fields)
    schema: dict[str, type[pl.DataType]] = {"name": pl.String}
    schema |= {str(column): pl.Float32 for column in range(1, width)}
    try:
        frame = pl.read_csv(
            chunk,
            separator="\t",
            has_header=False,
            schema=schema,
            null_values=list(MISSING),
            quote_char=None,
        )
    except pl.exceptions.PolarsError as error:
        raise _fault(chunk, header, first_line, str(error)) from error
    names = frame.drop_in_place("name")
    # polars fills a short row with nulls, so the tabs are counted
    whole = chunk.count(b"\t") == frame.height * (width - 1)
    if not whole or names.null_count():
        raise _fault(chunk, header, first_line, "a row is not whole")
    values = np.ascontiguousarray(frame.to_numpy(), dtype=np.float32)
    if np.isinf(values).any():
        raise _fault(chunk, header, first_line, "an infinite value")
    return names.to_list(), values


def _fault(chunk: bytes, header: Header, first_line: int, cause: str) -> TableError:
    """The first fault of a block that did not parse, by line and column."""
    width = len(header.fields)
    for number, line in enumerate(chunk.split(b"\n")[:-1], start=first_line):
        fields = _split(line)
        where = f"{header.path}, line {number}"
        if len(fields) != width:
            return TableError(
                f"{where}: {len(fields)} fields where the header has {width}",
                "The file is damaged: download it again",
            )
        if "\ufffd" in fields[0]:
            return TableError(f"{where}: its gene name is not text in UTF-8", "Download it again")
        if fields[0] in MISSING:
            return TableError(f"{where}: no gene name", "Mend the file or download it again")
        for name, field in zip(header.fields[1:], fields[1:], strict=True):
            if field in MISSING or _is_finite(field):
                continue
            shown = field if len(field) <= 30 else field[:27] + "..."
            return TableError(
                f"{where}, column '{name}': '{shown}' is not a finite number",
                "Values are numbers, or NA where not measured",
            )
    return TableError(f"{header.path}: cannot be read ({cause})", "Download it again")


def _is_finite(field: str) -> bool:
    return bool(_NUMBER.fullmatch(field)) and abs(float(field)) <= _MOST
