"""Covariates: a table of numbers and categories with a row for each sample or patient."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from tcga_corr.choices import CovariateKey
from tcga_corr.errors import TableError, UsageError, near_names
from tcga_corr.formats.gene_names import is_text
from tcga_corr.formats.grid import CellError, Grid, is_missing_word, read_grid
from tcga_corr.formats.known_covariates import KnownCovariates, recognise
from tcga_corr.formats.sample_names import (
    check_readable,
    column_by_title,
    column_of_barcodes,
    display_title,
    is_sample_title,
)
from tcga_corr.vocabulary.barcodes import parse_barcode
from tcga_corr.vocabulary.categories import categories

Vector = NDArray[np.float64]
RowName = tuple[str, str]
"""A row's sample or patient, and its vial, empty where the file has none."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED = ("key", "vial")  # columns of the stored table
_LAYOUT = "Covariates are a header of names, then a row for each sample or patient"


MOST_COLUMNS = 10_000
"""Columns of a table of covariates of which all are loaded."""
MOST_LEVELS = 200
"""Levels of a category; a column of more words is text, such as names or remarks."""
_MOST_LETTERS = 200  # of a level


@dataclass(frozen=True)
class ReadColumn:
    """A covariate as it was read.

    Attributes
    ----------
    column
        The file's column.
    values
        A number for each row, NaN where missing; of a category the place of its level.
    levels, ordered
        Of a category: its levels, and whether they are in an order of their own.
    """

    column: str
    values: Vector = field(repr=False)
    levels: tuple[str, ...] = ()
    ordered: bool = False


@dataclass(frozen=True)
class CovariateTable:
    """The covariates of a file, rows sorted by key and vial.

    Attributes
    ----------
    key
        Whether a row is a sample or a patient.
    covariates
        Name to column; values are those of ``keys``.
    keys, vials
        The sample (barcode characters 1 to 15) or patient (1 to 12) of each row, or its name in an
        own cohort; and the vial letter of the sample, empty where the file has none.
    dropped
        Rows left out: reason to number.
    notes
        What else to report, for people.
    citation
        What to cite, where the table is a published one; else empty.
    """

    key: CovariateKey
    covariates: dict[str, ReadColumn]
    keys: tuple[str, ...] = field(repr=False)
    vials: tuple[str, ...] = field(repr=False)
    dropped: dict[str, int]
    notes: tuple[str, ...]
    citation: str = ""


def read_covariates(
    path: Path, key: CovariateKey = "sample", columns: Mapping[str, str] | None = None
) -> CovariateTable:
    """Read the covariates of a file.

    The rows are named by the column that holds most TCGA barcodes, the first of equals. Where there
    are no barcodes they are samples of an own cohort, and title and names decide the column.

    Parameters
    ----------
    path
        The file.
    key
        What a row is; each sample of a ``patient`` gets the patient's values.
    columns
        Covariate name to the file's column; None: all columns of numbers and of categories, by
        their own names.

    Raises
    ------
    UsageError
        If there is no such column, or a name cannot be typed on the command line.
    DataMissingError
        If there is no such file.
    TableError
        If it is not a table of covariates, or contradicts itself, by line and column.
    """
    grid = read_grid(path)
    _check_layout(grid)
    notes: list[str] = []
    position, grid, names, dropped = _named_rows(grid, key, notes)
    known = recognise(grid.header)
    if columns is None and len(grid.header) > MOST_COLUMNS:
        raise TableError(
            f"{path}: {len(grid.header):,} columns, more than the {MOST_COLUMNS:,} that can be "
            "covariates",
            "Name those you want with --columns; load a table of genes without --covariates",
        )
    if columns is None:
        chosen = _all_columns(grid, position, notes)
        aliases = _add_aliases(chosen, known)
    else:
        chosen = {name: _chosen(grid, column, notes) for name, column in columns.items()}
        aliases = ""
    if known is not None:
        notes.append(f"{known.title}{aliases}; cite {known.citation}")
    _check_names(path, chosen)
    values = np.column_stack([one.values for one in chosen.values()])
    order = _distinct_rows(grid, key, names, values)
    repeated = len(names) - len(order)
    keys = tuple(names[row][0] for row in order)
    n_further = len(keys) - len(set(keys))
    if n_further:
        notes.append(
            f"{n_further} rows are of further vials of a sample: the vial of the expression table "
            "counts, or else the lowest letter that has a value"
        )
    return CovariateTable(
        key=key,
        covariates={name: replace(one, values=one.values[order]) for name, one in chosen.items()},
        keys=keys,
        vials=tuple(names[row][1] for row in order),
        dropped=dropped | ({"rows that repeat another": repeated} if repeated else {}),
        notes=tuple(notes),
        citation=known.citation if known else "",
    )


def check_covariate_name(name: str) -> None:
    """Refuse a covariate's name that could not be typed on the command line."""
    if not _NAME.fullmatch(name) or name.casefold() in _RESERVED:
        plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:64] or "name"
        plain = f"{plain}_value" if plain.casefold() in _RESERVED else plain
        raise UsageError(
            f"'{name[:80]}' cannot name a covariate",
            "Names have up to 64 letters, digits, points, hyphens and underscores, and are not "
            "'key' or 'vial': choose the columns and name them, as in --columns "
            f"{plain}={quote(name[:80])}",
        )


def _check_layout(grid: Grid) -> None:
    sample = next((name for name in grid.header if parse_barcode(name)), None)
    if sample is not None:
        raise TableError(f"{grid.path}: the header holds the sample {sample}", _LAYOUT)


def _named_rows(
    grid: Grid, key: CovariateKey, notes: list[str]
) -> tuple[int, Grid, list[RowName], dict[str, int]]:
    """The column of names, the rows that it names, their names, and what is left out."""
    width = range(len(grid.header))
    read = [[_row_name(cell, key) for cell in grid.column(column)] for column in width]
    barcodes = [[name and name[0] for name in names] for names in read]
    position = column_of_barcodes(grid.path, grid.header, barcodes)
    if position is not None:
        kept = [row for row, name in enumerate(read[position]) if name is not None]
        left = len(grid.rows) - len(kept)
        named = [name for name in read[position] if name is not None]
        return position, grid.at(kept), named, {"rows without a TCGA barcode": left} if left else {}
    if any(_row_name(cell, "patient") for row in grid.rows for cell in row):
        raise TableError(f"{grid.path}: its rows are patients, not samples", "Give --key patient")
    position = _column_of_own_names(grid, notes)
    own = grid.column(position)
    check_readable(grid.path, own)
    title = display_title(grid.header[position])
    for line, name in zip(grid.lines, own, strict=True):
        if not name or "\ufffd" in name:
            problem = f"its name of a {key} is not text in UTF-8" if name else f"it names no {key}"
            raise TableError(f"{grid.path}, line {line}: {problem}", f"Mend the column '{title}'")
    return position, grid, [(name, "") for name in own], {}


def _column_of_own_names(grid: Grid, notes: list[str]) -> int:
    """The column of names of an own cohort: one before the numbers, or with a title of samples."""
    columns = range(len(grid.header))
    leading = takewhile(lambda column: not column or is_text(grid.column(column)), columns)
    titled = (column for column in columns if is_sample_title(grid.header[column]))
    candidates = sorted({*leading, *titled})
    chosen, note = column_by_title(
        grid.path,
        [grid.header[column] for column in candidates],
        [grid.column(column) for column in candidates],
    )
    if note:
        notes.append(note)
    return candidates[chosen]


def _row_name(cell: str, key: CovariateKey) -> RowName | None:
    """The name in a cell; None where it is no barcode, or a patient's where rows are samples."""
    barcode = parse_barcode(cell)
    if barcode is None or (key == "sample" and not barcode.sample_type):
        return None
    return (barcode.sample, barcode.vial) if key == "sample" else (barcode.patient, "")


Chosen = dict[str, ReadColumn]
"""Covariate name to its column."""


def _all_columns(grid: Grid, key_position: int, notes: list[str]) -> Chosen:
    """All columns of numbers and categories; others are noted, and words for missing numbers."""
    chosen: Chosen = {}
    left: list[str] = []
    faults: dict[str, CellError] = {}
    words: list[str] = []
    for position, title in enumerate(grid.header):
        if position == key_position or not any(grid.column(position)):
            continue
        try:
            numbers = grid.numbers(position) if title else None
        except CellError as error:
            faults[title] = error
            continue
        if numbers is not None:
            chosen[title] = ReadColumn(title, numbers)
            if word := grid.word_for_missing(position):
                words.append(f"{title} ({word})")
            continue
        category = _category(grid, position, notes)
        name = _plain_name(title)
        if category is None or not name or name.casefold() in map(str.casefold, chosen):
            left.append(title or "one without a name")
        else:
            chosen[name] = category
    if not chosen:
        for fault in faults.values():
            raise fault
        raise TableError(f"{grid.path}: no column of numbers or categories", _LAYOUT)
    if left:
        notes.append(f"columns that are neither numbers nor categories left out: {', '.join(left)}")
    if faults:
        shown = ", ".join(f"{name} ({fault.cell})" for name, fault in faults.items())
        notes.append(f"columns with a cell that is no number left out: {shown}")
    if words:
        notes.append(f"words taken for missing values: {', '.join(words)}")
    return chosen


def _category(grid: Grid, position: int, notes: list[str]) -> ReadColumn | None:
    """A column as a category; None where its words are names or remarks, or all are missing.

    A category has at most :data:`MOST_LEVELS` words, and half as many as there are values.
    """
    title, cells = grid.header[position], grid.column(position)
    words = Counter(cell for cell in cells if not is_missing_word(cell))
    is_text = max(map(len, words), default=0) > _MOST_LETTERS
    if not words or is_text or len(words) > min(MOST_LEVELS, words.total() / 2):
        return None
    found = categories(title, words)
    if not found.levels:
        return None
    if found.note:
        notes.append(f"{title} {found.note}")
    place = {level: float(number) for number, level in enumerate(found.levels)}
    values = [place.get(found.level_of.get(cell, ""), np.nan) for cell in cells]
    return ReadColumn(title, np.array(values), found.levels, found.ordered)


def _plain_name(title: str) -> str:
    """A title as a covariate's name: letters, digits and underscores for all else."""
    if _NAME.fullmatch(title) and title.casefold() not in _RESERVED:
        return title
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", title).strip("_-.")[:64]
    return "" if name.casefold() in _RESERVED else name


def _add_aliases(chosen: Chosen, known: KnownCovariates | None) -> str:
    """Add the further names of a published table's columns; returns them as a note."""
    present = {name.casefold() for name in chosen}
    parts = []
    for name, columns in (known.aliases if known else {}).items():
        found = [chosen[column] for column in columns if column in chosen]
        if name.casefold() in present or not found:
            continue
        chosen[name] = _first_of(found)
        parts.append(f", {name} is its {', or else '.join(one.column for one in found)}")
    return "".join(parts)


def _first_of(columns: Sequence[ReadColumn]) -> ReadColumn:
    """The first column, and where a row lacks it the value of the next; of one scale."""
    first = columns[0]
    if len(columns) == 1:
        return first
    levels = [level for level in _in_order(columns) if level]
    place = {level: float(number) for number, level in enumerate(levels)}
    values = np.full(len(first.values), np.nan)
    for one in reversed(columns):
        some = ~np.isnan(one.values)
        own = np.array([place[level] for level in one.levels])
        values[some] = own[one.values[some].astype(np.intp)]
    title = " or ".join(one.column for one in columns)
    return ReadColumn(title, values, tuple(levels), first.ordered)


def _in_order(columns: Sequence[ReadColumn]) -> list[str]:
    """The levels of several columns, in the order of their scale."""
    found = Counter({level: 1 for one in columns for level in one.levels})
    return list(categories(" ".join(one.column for one in columns), found).levels)


def _chosen(grid: Grid, column: str, notes: list[str]) -> ReadColumn:
    """A column that was named: its numbers, or its categories."""
    if not column or column not in grid.header:
        raise UsageError(
            f"{grid.path}: no column '{column}'",
            near_names(column, filter(None, grid.header))
            or f"It has {', '.join(filter(None, grid.header))}",
        )
    position = grid.header.index(column)
    numbers = grid.numbers(position)
    if numbers is not None:
        return ReadColumn(column, numbers)
    category = _category(grid, position, notes)
    if category is None:
        raise TableError(
            f"{grid.path}: column '{column}' holds neither numbers nor categories",
            f"Choose another; a category has up to {MOST_LEVELS} words, each twice on average",
        )
    return category


def _check_names(path: Path, chosen: Chosen) -> None:
    if not chosen:
        raise UsageError(f"{path}: no column is chosen", "Choose one or more, or leave it out")
    known: dict[str, str] = {}
    for name in chosen:
        check_covariate_name(name)
        other = known.setdefault(name.casefold(), name)
        if other != name:
            raise UsageError(
                f"{path}: covariates '{other}' and '{name}' differ in case alone",
                f"Choose the columns and name them, as in --columns {other}_2={name}",
            )


def _distinct_rows(
    grid: Grid, key: CovariateKey, names: Sequence[RowName], values: Vector
) -> list[int]:
    """The rows sorted by name, each name once; rows that contradict one another are refused."""
    first: dict[RowName, int] = {}
    for row, name in enumerate(names):
        other = first.setdefault(name, row)
        if not np.array_equal(values[other], values[row], equal_nan=True):
            raise TableError(
                f"{grid.path}: lines {grid.lines[other]} and {grid.lines[row]} give {key} "
                f"{name[0]}{name[1]} different values",
                "Keep one of them",
            )
    return [first[name] for name in sorted(first)]
