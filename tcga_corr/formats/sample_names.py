"""Which column of a table names its samples, where samples go down: of expression or covariates.

Both kinds of table choose alike, so that they join by the names that their maker meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tcga_corr.errors import TableError
from tcga_corr.formats.delimited import MISSING, is_number
from tcga_corr.vocabulary.barcodes import parse_barcode

_WHAT = r"(tcga|bcr|tumou?r|case|submitter|sequencing|rna)?"
_ENDING = r"s?(ids?|names?|codes?|labels?|numbers?|barcodes?|identifiers?)?"
_TITLES = tuple(
    re.compile(_WHAT + who + _ENDING)
    for who in (
        "(samples?|barcode|aliquot|specimen)",
        "(patient|subject|case|donor|participant|individual)",
    )
)
_ID = re.compile(r"id|submitterid")
_NO_TITLE = re.compile(r"|x|unnamed\d*|index|(index)?level\d+|row(names?|ids?|numbers?)?")


def is_sample_title(title: str) -> bool:
    """Whether a column is titled as one of samples or of patients."""
    return _rank(title) < len(_TITLES) + 1


def _rank(title: str) -> int:
    """Samples come before patients, and these before what is a mere id."""
    bare = re.sub(r"[^a-z0-9]", "", title.lower())
    ranked = [*_TITLES, _ID]
    return next((rank for rank, one in enumerate(ranked) if one.fullmatch(bare)), len(ranked))


def told_title(title: str) -> str:
    """A column's title, for people."""
    return title or "(no name)"


def column_of_samples(
    path: Path, titles: Sequence[str], names: Sequence[Sequence[str]]
) -> tuple[int, str]:
    """The column of barcodes, or else the one that its title and its names tell.

    Parameters
    ----------
    path
        The file, for errors.
    titles, names
        The title and the names of each column that may be it.

    Returns
    -------
    The column, and the words that name it where there was a choice.

    Raises
    ------
    TableError
        If columns of barcodes contradict one another, or the names are row numbers.
    """
    barcode = column_of_barcodes(path, titles, barcodes_of(names))
    return (barcode, "") if barcode is not None else column_by_title(path, titles, names)


def barcodes_of(names: Sequence[Sequence[str]]) -> list[list[str | None]]:
    """The sample that each name's barcode is of; None where it is none."""
    parsed = [[parse_barcode(name) for name in column] for column in names]
    return [[barcode.sample if barcode else None for barcode in column] for column in parsed]


def column_of_barcodes(
    path: Path, titles: Sequence[str], barcodes: Sequence[Sequence[str | None]]
) -> int | None:
    """The column that holds most barcodes, the first of equals; None where none holds any.

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
        apart = next(((a, b) for a, b in pairs if a and b and a != b), None)
        if apart:
            first, second = sorted((chosen, column))
            raise TableError(
                f"{path}: columns '{told_title(titles[first])}' and "
                f"'{told_title(titles[second])}' differ in what they name in a row "
                f"({' and '.join(apart if first == chosen else apart[::-1])})",
                "Keep the one that names the sample",
            )
    return chosen


def column_by_title(
    path: Path, titles: Sequence[str], names: Sequence[Sequence[str]]
) -> tuple[int, str]:
    """The column that names samples where no barcodes do, and what to say of the choice.

    Text comes before numbers, a title of samples before others, and what stands first before what
    follows. A column that mostly repeats its names, such as one of groups, comes last.

    Raises
    ------
    TableError
        If it is of no title and holds nothing but the numbers of the rows.
    """
    apart = [column for column in range(len(names)) if 2 * len(set(names[column])) > len(names[0])]

    def order(column: int) -> tuple[bool, bool, int, int]:
        named, title = names[column], titles[column]
        return _are_numbers(named), _are_row_numbers(title, named), _rank(title), column

    chosen = min(apart or range(len(names)), key=order)
    check_named(path, titles[chosen], names[chosen])
    told = f"samples named by '{told_title(titles[chosen])}'" if len(apart) > 1 else ""
    return chosen, told


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
    """Whether names are but the index that a data frame has of itself."""
    if not names or not _NO_TITLE.fullmatch(re.sub(r"[^a-z0-9]", "", title.lower())):
        return False
    if not all(is_number(name) for name in names):
        return False
    numbers = sorted(map(float, names))
    return any(numbers == list(range(first, first + len(names))) for first in (0, 1))
