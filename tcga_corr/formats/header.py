"""Where the header of a delimited table of any origin is, and what separates its fields."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.errors import TableError, shorten
from tcga_corr.formats.delimited import MISSING, is_number, split_fields
from tcga_corr.formats.gene_names import is_title, known_share
from tcga_corr.formats.sample_names import is_sample_title

SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma"}

_SAYS_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)  # Excel's own first line
_N_WIDTHS = 20


@dataclass(frozen=True)
class Header:
    """The header of a table.

    Attributes
    ----------
    separator
        Between the fields of all lines.
    fields
        Its fields, as they stand.
    n_before
        Lines before it.
    rows
        The first lines after it that are not blank.
    """

    separator: str
    fields: tuple[str, ...]
    n_before: int
    rows: tuple[str, ...]

    @property
    def note(self) -> str:
        """The lines before it, as the end of a sentence; empty where there are none."""
        lines = f"{self.n_before} lines" if self.n_before > 1 else "a line"
        return f", after {lines} before the header" if self.n_before else ""


def find_header(path: Path, lines: Sequence[str]) -> Header:
    """The header: the first line that is as long as the rows.

    Before it may stand blank lines, lines that start with ``#``, the ``sep=;`` of a spreadsheet,
    and titles, which have fewer fields than the rows.

    Parameters
    ----------
    path
        The file, for errors.
    lines
        Its first lines, blank ones too.

    Raises
    ------
    TableError
        If no separator is in it, or it is followed by no row, or it holds values as a row does.
    """
    skipped = 0
    said = ""
    while skipped < len(lines):
        match = _SAYS_SEPARATOR.fullmatch(lines[skipped].strip().rstrip(",;\t"))
        if match:
            said = match[1]
        elif lines[skipped].strip(' \t,;"') and not lines[skipped].lstrip('"').startswith("#"):
            break
        skipped += 1
    skipped = _without_marked_header(lines, skipped)
    rest = [line for line in lines[skipped:] if line.strip()]
    if not rest:
        raise TableError(f"{path}: no line of it is a header", "Download it again")
    separator = said if said in SEPARATORS else _separator(path, rest, skipped)
    n_titles = _n_titles([len(_trimmed(line, separator)) for line in rest[:_N_WIDTHS]])
    if n_titles and _numbers_of_row(split_fields(rest[n_titles], separator)):
        n_titles = 0  # the header is damaged: reading reports that its length is another
    header = rest[n_titles]
    number = next(n for n in range(skipped, len(lines)) if lines[n] is header)
    following = lines[number + 1 :]
    rows = tuple(line for line in following if line.strip(f' "{separator}'))
    if not rows:
        raise TableError(f"{path}: a header without rows", "Download it again")
    fields = split_fields(header.lstrip("\ufeff"), separator)
    if _holds_values(fields):
        raise TableError(
            f"{path}, line {number + 1}: no header, but values as in a row "
            f"('{shorten(fields[1], 30)}')",
            "Put a line before it that names each column",
        )
    return Header(separator, tuple(fields), number, rows)


def _without_marked_header(lines: Sequence[str], skipped: int) -> int:
    """How many lines to skip where the last that starts with ``#`` may be the header itself."""
    if 0 < skipped < len(lines) and lines[skipped - 1].startswith("#"):
        for separator in SEPARATORS:
            n_marked, n_first = (lines[n].count(separator) for n in (skipped - 1, skipped))
            if n_first and n_marked in (n_first, n_first - 1) and n_first > 1:
                fields = split_fields(lines[skipped], separator)
                return skipped - 1 if any(map(is_number, fields[1:])) else skipped
    return skipped


def _trimmed(line: str, separator: str) -> list[str]:
    """A line's fields without the empty ones at its end."""
    fields = split_fields(line, separator)
    while fields and not fields[-1].strip():
        fields.pop()
    return fields


def _n_titles(widths: Sequence[int]) -> int:
    """How many lines at the start are shorter than the header, which is about as long as the rows.

    A header may be one field shorter than the rows, as R writes it.
    """
    usual = Counter(widths[1:]).most_common(1)[0][0] if widths[1:] else 0
    if usual < 3:
        return 0
    return next((n for n, width in enumerate(widths[:-1]) if width >= usual - 1), 0)


def _holds_values(fields: Sequence[str]) -> bool:
    """Whether what should be a header is a row of values: a name that is no title, then numbers."""
    numbers = _numbers_of_row(fields)
    is_gene = bool(known_share([fields[0].strip()]))
    return any(is_gene or not float(number).is_integer() for number in numbers)


def _numbers_of_row(fields: Sequence[str]) -> list[str]:
    """The fields after the first, where all that are not missing are numbers, below no title."""
    name = fields[0].strip()
    values = [field.strip() for field in fields[1:] if field.strip() not in MISSING]
    if not name or is_title(name) or is_sample_title(name) or not all(map(is_number, values)):
        return []
    return values


def _separator(path: Path, lines: Sequence[str], skipped: int) -> str:
    """The separator that cuts the rows alike and into most fields, or else one that the header has.

    Titles before the header do not count, where most lines are cut alike.
    """
    for separator in SEPARATORS:
        n_header, n_first = (
            len(split_fields(line, separator)) for line in (*lines[:2], "", "")[:2]
        )
        if n_first > 1 and n_first - n_header in (0, 1):
            return separator
    found = {}
    for separator in SEPARATORS:
        widths = [len(split_fields(line, separator)) for line in lines[:_N_WIDTHS]]
        usual, count = Counter(widths[1:]).most_common(1)[0] if widths[1:] else (0, 0)
        of_header = widths[
            _n_titles([len(_trimmed(line, separator)) for line in lines[:_N_WIDTHS]])
        ]
        if usual > 1 and 2 * count >= len(widths) and of_header in (usual, usual - 1):
            found[separator] = usual
    if found:
        return max(found, key=found.__getitem__)
    for separator in SEPARATORS:
        if separator in lines[0]:
            return separator
    blanks = lines[0].count(" ")
    raise TableError(
        f"{path}, line {skipped + 1}: no tab, comma or semicolon in it"
        + (f", but {blanks} blanks" if blanks else ""),
        "An expression table is delimited by one of these; R writes tabs with "
        "write.table(x, file, sep='\\t', col.names=NA)",
    )
