"""Small delimited tables of text and numbers, whole in memory.

One header line, then rows; commas, semicolons or tabs, fields in quotes where they need them,
decimal points or commas, plain or gzip.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import TableError, shorten
from tcga_corr.formats.compressed import open_bytes
from tcga_corr.formats.delimited import BINARY, MISSING
from tcga_corr.formats.file_kinds import refuse_other_kinds

Vector = NDArray[np.float64]

_SEPARATORS = ("\t", ";", ",")
# as spreadsheets and TCGA's clinical files write it
_MISSING = frozenset(MISSING) | {
    "#N/A", "--", "'--", "[Not Available]", "[Not Applicable]", "[Not Evaluated]", "[Unknown]",
    "[Discrepancy]",
}  # fmt: skip
# where numbers are expected; a group of samples may be called so
_NO_NUMBER = frozenset({
    "not reported", "not available", "not applicable", "not evaluated", "not determined",
    "not done", "not known", "not measured", "not stated", "missing", "unknown", "none", "null",
    "<na>", "na", "n/a", "n.a.", "nan", "nd", "n/d", "-", ".", "?", "#n/a",
})  # fmt: skip
_NUMBER = re.compile(r"[+-]?([0-9]+[.,]?[0-9]*|[.,][0-9]+)([eE][+-]?[0-9]+)?")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")


class CellError(TableError):
    """A cell of a column of numbers that is none; ``cell`` shows it with its line, for notes."""

    def __init__(self, what: str, remedy: str, cell: str) -> None:
        super().__init__(what, remedy)
        self.cell = cell


@dataclass(frozen=True)
class Grid:
    """The cells of a table.

    Attributes
    ----------
    path
        The file.
    header
        The names of the columns, each once; a column without one has an empty name.
    rows
        The cells of each row, without the spaces around them.
    lines
        The line of each row.
    """

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def column(self, position: int) -> list[str]:
        """The cells of a column."""
        return [row[position] for row in self.rows]

    def at(self, kept: Sequence[int]) -> Grid:
        """The table of some of the rows."""
        rows = tuple(self.rows[row] for row in kept)
        return Grid(self.path, self.header, rows, tuple(self.lines[row] for row in kept))

    def numbers(self, position: int) -> Vector | None:
        """A column's numbers, NaN where missing; None where it is text or has no value.

        It is text where fewer than half of its values are numbers.

        Raises
        ------
        CellError
            If it is a column of numbers: on a cell that is not a number, is infinite, or has a
            comma that may mark a fraction or thousands; by line.
        """
        cells = self.column(position)
        values = np.full(len(cells), np.nan)
        present = [row for row, cell in enumerate(cells) if not _is_no_number(cell)]
        wrong = [row for row in present if not _NUMBER.fullmatch(cells[row])]
        infinite = [row for row in wrong if _INFINITE.fullmatch(cells[row])]
        if not present or 2 * (len(wrong) - len(infinite)) > len(present):
            return None
        if wrong:
            kind = "infinite" if wrong[0] in infinite else "no number"
            raise self._fault(wrong[0], position, kind, "Values are numbers, or NA where missing")
        self._check_commas(position, [row for row in present if "," in cells[row]])
        values[present] = [float(cells[row].replace(",", ".")) for row in present]
        if np.isinf(values).any():
            row = int(np.isinf(values).argmax())
            raise self._fault(row, position, "infinite", "Values are numbers, or NA where missing")
        return values

    def _check_commas(self, position: int, commas: list[int]) -> None:
        """Refuse a column whose commas may not be decimal."""
        cells = self.column(position)
        if not commas:
            return
        remedy = "Write decimal points, and nothing between thousands"
        if any("." in cell for cell in cells):
            kind = "written with a comma, and others of the column with a point"
            raise self._fault(commas[0], position, kind, remedy)
        if all(_THOUSANDS.fullmatch(cells[row]) for row in commas):
            kind = "a fraction or thousands, and no other cell of the column shows which"
            raise self._fault(commas[0], position, kind, remedy)

    def word_for_missing(self, position: int) -> str:
        """The first cell of a column that is a word for no number, with its line; or empty."""
        cells = enumerate(self.column(position))
        found = next(
            (row for row, cell in cells if _is_no_number(cell) and cell not in _MISSING), -1
        )
        return self._shown(found, position) if found >= 0 else ""

    def _shown(self, row: int, position: int) -> str:
        return f"'{shorten(self.rows[row][position], 30)}' of line {self.lines[row]}"

    def _fault(self, row: int, position: int, kind: str, remedy: str) -> CellError:
        where = f"{self.path}, line {self.lines[row]}, column '{self.header[position]}'"
        shown = shorten(self.rows[row][position], 30)
        return CellError(f"{where}: '{shown}' is {kind}", remedy, self._shown(row, position))


def is_missing(cell: str) -> bool:
    """Whether a cell stands for a missing value."""
    return cell in _MISSING


def is_missing_word(cell: str) -> bool:
    """Whether a cell of words stands for a missing value; ``none`` may be a level."""
    return _is_no_number(cell) and cell.casefold() not in ("none", "null", "nd")


def _is_no_number(cell: str) -> bool:
    """Whether a cell stands for a missing number."""
    return cell in _MISSING or cell.strip("[]' ").lower() in _NO_NUMBER


def read_grid(path: Path) -> Grid:
    """Read a table; lines that start with # are left out before the header, blank ones anywhere.

    Raises
    ------
    DataMissingError
        If there is no such file.
    TableError
        If it is empty, not text in UTF-8, cut short, or has a single column; if a row has more or
        fewer cells than the header, by line; if two columns share a name.
    """
    text, n_before = _text(path)
    header: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    separator = _separator(path, text, n_before + 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for fields in reader:
            cells = tuple(field.strip() for field in fields)
            line = n_before + reader.line_num
            if not any(cells):
                continue
            if not header:
                header = cells
                _check_header(path, header, line)
            elif len(cells) != len(header):
                raise TableError(
                    f"{path}, line {line}: {len(cells)} fields where the header has {len(header)}",
                    "A header names every column, the first too, and a comma within a field of a "
                    "comma-separated table stands in quotes",
                )
            else:
                rows.append(cells)
                lines.append(line)
    except csv.Error as error:
        raise TableError(
            f"{path}, line {n_before + reader.line_num}: cannot be read ({error})",
            "Mend the quotes of the field",
        ) from error
    if not rows:
        raise TableError(f"{path}: a header without rows", "Check the file")
    return Grid(path, header, tuple(rows), tuple(lines))


def read_header(path: Path) -> tuple[str, ...]:
    """The names of the columns of a tab-separated table; its rows are not read."""
    with open_bytes(path) as handle:
        line = handle.readline()
    return tuple(line.decode("utf-8-sig", "replace").rstrip("\r\n").split("\t"))


def _text(path: Path) -> tuple[str, int]:
    """The text from the header on, and the number of lines before it."""
    with open_bytes(path) as handle:
        content = handle.read()
    if not content.strip():
        raise TableError(f"{path}: the file is empty", "Check the file")
    refuse_other_kinds(path, content)
    if content.startswith(BINARY) or b"\0" in content:
        raise TableError(
            f"{path}: not a text table", "Save it as CSV or tab-separated text, in UTF-8"
        )
    text = content.decode("utf-8-sig", "replace")
    n_before = 0
    while text.startswith(("#", "\n", "\r\n")):
        text = text.partition("\n")[2]
        n_before += 1
    return text, n_before


def _separator(path: Path, text: str, line: int) -> str:
    """The separator that cuts the first rows alike; of several, the one that makes most columns."""
    best, widest = "", (False, 1)
    for separator in _SEPARATORS:
        try:
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
            widths = [len(fields) for fields in islice(reader, 10) if fields]
        except csv.Error:
            continue
        if not widths or widths[0] == 1:
            continue
        fits = (len(set(widths)) == 1, widths[0])
        if not best or fits > widest:
            best, widest = separator, fits
    if not best:
        raise TableError(
            f"{path}, line {line}: no tab, semicolon or comma between columns",
            "Save it as CSV or tab-separated text",
        )
    return best


def _check_header(path: Path, header: Sequence[str], line: int) -> None:
    names = [name for name in header if name]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise TableError(
            f"{path}, line {line}: two columns are named '{twice}'", "Rename one of them"
        )
