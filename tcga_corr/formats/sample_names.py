"""Which column names the samples of a table with samples down: of expression or of covariates.

The rule is the same for both, so that they join by the names that their author meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tcga_corr.errors import TableError, shorten
from tcga_corr.formats.delimited import MISSING, is_number
from tcga_corr.vocabulary.barcodes import mentions_tcga, parse_barcode

_PREFIX = r"(tcga|bcr|tumou?r|case|submitter|sequencing|rna)?"
_ENDING = r"s?(ids?|names?|codes?|labels?|numbers?|barcodes?|identifiers?)?"
_TITLES = tuple(
    re.compile(_PREFIX + kind + _ENDING)
    for kind in (
        "(samples?|barcode|aliquot|specimen)",
        "(patient|subject|case|donor|participant|individual)",
    )
)
_ID = re.compile(r"id|submitterid")
_MOST_SHOWN = 20
_NO_TITLE = re.compile(r"|x|unnamed\d*|index|(index)?level\d+|row(names?|ids?|numbers?)?")


def is_sample_title(title: str) -> bool:
    """Whether a column has the title of one that names samples or patients."""
    return sample_title_rank(title) < len(_TITLES) + 1


def sample_title_rank(title: str) -> int:
    """The rank of a title: samples before patients before a mere id before anything else."""
    bare = re.sub(r"[^a-z0-9]", "", title.lower())
    ranked = [*_TITLES, _ID]
    return next((n for n, title in enumerate(ranked) if title.fullmatch(bare)), len(ranked))


def is_untitled(title: str) -> bool:
    """Whether a column has no title, or one that a program gives to a column of row names."""
    return bool(_NO_TITLE.fullmatch(re.sub(r"[^a-z0-9]", "", title.lower())))


def display_title(title: str) -> str:
    """A column's title, for people."""
    return title or "(no name)"


def format_left_out(titles: Sequence[str], what: str = "") -> str:
    """The columns that are left out, as the end of a sentence; empty where there are none.

    ``what`` says what they are, where they are no columns.
    """
    shown = [display_title(title) for title in titles[:_MOST_SHOWN]]
    if len(titles) > len(shown):
        shown.append(f"and {len(titles) - len(shown)} more")
    return f", left out {what}{', '.join(shown)}" if shown else ""


def column_of_samples(
    path: Path, titles: Sequence[str], names: Sequence[Sequence[str]], others: Sequence[str]
) -> tuple[int, str]:
    """The column of barcodes, or else the one chosen by title and names.

    Parameters
    ----------
    path
        The file, for errors.
    titles, names
        The title and the names of each candidate.
    others
        The titles of further columns that are left out.

    Returns
    -------
    The column; and, as the end of a sentence, its title where there was a choice, and the columns
    that are left out.

    Raises
    ------
    TableError
        If columns of barcodes contradict one another, or the names are row numbers.
    """
    barcode = column_of_barcodes(path, titles, barcodes_of(names))
    column, note = (barcode, "") if barcode is not None else column_by_title(path, titles, names)
    left_out = [*titles[:column], *titles[column + 1 :], *others]
    return column, (f", {note}" if note else "") + format_left_out(left_out)


def barcodes_of(names: Sequence[Sequence[str]]) -> list[list[str | None]]:
    """The sample of each barcode, by column; None where a name is not a barcode.

    Barcodes of patients count only where there is none of a sample.
    """
    parsed = [[parse_barcode(name) for name in column] for column in names]
    of_samples = any(barcode and barcode.sample_type for column in parsed for barcode in column)
    return [
        [
            barcode.sample if barcode and (barcode.sample_type or not of_samples) else None
            for barcode in column
        ]
        for column in parsed
    ]


def check_readable(path: Path, names: Sequence[str]) -> None:
    """Refuse names that hold ``TCGA`` and are no barcode: they may be of any sample type.

    Raises
    ------
    TableError
        Naming the first.
    """
    unread = [name for name in names if mentions_tcga(name) and not parse_barcode(name)]
    if unread:
        further = f" (and {len(unread) - 1} more)" if len(unread) > 1 else ""
        raise TableError(
            f"{path}: '{shorten(unread[0], 60)}'{further} holds TCGA, and no barcode of one sample "
            "can be read in it",
            "Name samples such as TCGA-OR-A5J1-01A, where 01 is a tumour and 11 normal tissue, or "
            "take it out",
        )


def column_of_barcodes(
    path: Path, titles: Sequence[str], barcodes: Sequence[Sequence[str | None]]
) -> int | None:
    """The column that holds most barcodes, the first of equals; None where there are none.

    Raises
    ------
    TableError
        If another column names another sample in some row.
    """
    counts = [sum(barcode is not None for barcode in column) for column in barcodes]
    most = max(counts, default=0)
    if not most:
        return None
    chosen = counts.index(most)
    for column, count in enumerate(counts):
        pairs = zip(barcodes[chosen], barcodes[column], strict=True) if count else ()
        differing = next(((a, b) for a, b in pairs if a and b and a != b), None)
        if differing:
            first, second = sorted((chosen, column))
            raise TableError(
                f"{path}: columns '{display_title(titles[first])}' and "
                f"'{display_title(titles[second])}' differ in what they name in a row "
                f"({' and '.join(differing if first == chosen else differing[::-1])})",
                "Keep the one that names the sample",
            )
    return chosen


def column_by_title(
    path: Path, titles: Sequence[str], names: Sequence[Sequence[str]]
) -> tuple[int, str]:
    """The column that names samples without barcodes, and a note on the choice.

    Text comes before numbers, a title of samples before others, and an earlier column before a
    later one. A column that mostly repeats its names, such as one of groups, comes last.

    Raises
    ------
    TableError
        If it has no title and holds nothing but the numbers of the rows.
    """
    distinct = [n for n in range(len(names)) if 2 * len(set(names[n])) > len(names[0])]

    def order(column: int) -> tuple[bool, bool, int, int]:
        named, title = names[column], titles[column]
        return _are_numbers(named), _are_row_numbers(title, named), sample_title_rank(title), column

    chosen = min(distinct or range(len(names)), key=order)
    check_named(path, titles[chosen], names[chosen])
    note = f"samples named by '{display_title(titles[chosen])}'" if len(distinct) > 1 else ""
    return chosen, note


def check_named(path: Path, title: str, names: Sequence[str]) -> None:
    """Refuse a column without a title that holds nothing but the numbers of the rows."""
    if _are_row_numbers(title, names):
        raise TableError(
            f"{path}: its samples have no names but row numbers ({', '.join(names[:2])}, …)",
            "Name the samples in a column",
        )


def _are_numbers(names: Sequence[str]) -> bool:
    return all(name in MISSING or is_number(name) for name in names)


def _are_row_numbers(title: str, names: Sequence[str]) -> bool:
    """Whether names are only the row numbers that a data frame has by default."""
    if not names or not is_untitled(title):
        return False
    if not all(is_number(name) for name in names):
        return False
    numbers = sorted(map(float, names))
    return any(numbers == list(range(first, first + len(names))) for first in (0, 1))
