"""Covariates: a table of numbers with a row for each sample or patient."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from shlex import quote

import numpy as np
from numpy.typing import NDArray

from tcga_corr.choices import CovariateKey
from tcga_corr.errors import TableError, UsageError, near_names
from tcga_corr.formats.gene_names import is_text
from tcga_corr.formats.grid import CellError, Grid, read_grid
from tcga_corr.formats.known_covariates import KnownCovariates, recognise
from tcga_corr.formats.sample_names import (
    check_readable,
    column_by_title,
    column_of_barcodes,
    display_title,
    is_sample_title,
)
from tcga_corr.vocabulary.barcodes import parse_barcode

Vector = NDArray[np.float64]
RowName = tuple[str, str]
"""A row's sample or patient, and its vial, empty where the file has none."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RESERVED = ("key", "vial")  # columns of the stored table
_LAYOUT = "Covariates are a header of names, then a row for each sample or patient"


MOST_COLUMNS = 10_000
"""Columns of a table of covariates of which all are loaded."""


@dataclass(frozen=True)
class CovariateTable:
    """The covariates of a file, rows sorted by key and vial.

    Attributes
    ----------
    key
        Whether a row is a sample or a patient.
    names, columns
        The covariates, and their columns in the file.
    keys, vials
        The sample (barcode characters 1 to 15) or patient (1 to 12) of each row, or its name in an
        own cohort; and the vial letter of the sample, empty where the file has none.
    values
        Rows x covariates, NaN where missing.
    dropped
        Rows left out: reason to number.
    notes
        What else to report, for people.
    citation
        What to cite, where the table is a published one; else empty.
    """

    key: CovariateKey
    names: tuple[str, ...]
    columns: tuple[str, ...]
    keys: tuple[str, ...] = field(repr=False)
    vials: tuple[str, ...] = field(repr=False)
    values: Vector = field(repr=False)
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
        Covariate name to the file's column; None: all columns of numbers, by their own names.

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
        chosen = {name: (column, _numbers(grid, column)) for name, column in columns.items()}
        aliases = ""
    if known is not None:
        notes.append(f"{known.title}{aliases}; cite {known.citation}")
    _check_names(path, chosen)
    values = np.column_stack([numbers for _, numbers in chosen.values()])
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
        names=tuple(chosen),
        columns=tuple(column for column, _ in chosen.values()),
        keys=keys,
        vials=tuple(names[row][1] for row in order),
        values=values[order],
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


Chosen = dict[str, tuple[str, Vector]]
"""Covariate name to the file's column and its numbers."""


def _all_columns(grid: Grid, key_position: int, notes: list[str]) -> Chosen:
    """All columns of numbers; the others are noted, and so are words for missing numbers."""
    chosen: Chosen = {}
    left: list[str] = []
    faults: dict[str, CellError] = {}
    words: list[str] = []
    for position, name in enumerate(grid.header):
        if position == key_position:
            continue
        try:
            numbers = grid.numbers(position) if name else None
        except CellError as error:
            faults[name] = error
            continue
        if numbers is not None:
            chosen[name] = name, numbers
            if word := grid.word_for_missing(position):
                words.append(f"{name} ({word})")
        elif any(grid.column(position)):
            left.append(name or "one without a name")
    if not chosen:
        for fault in faults.values():
            raise fault
        raise TableError(f"{grid.path}: no column of numbers", _LAYOUT)
    if left:
        notes.append(f"columns that are no numbers left out: {', '.join(left)}")
    if faults:
        shown = ", ".join(f"{name} ({fault.cell})" for name, fault in faults.items())
        notes.append(f"columns with a cell that is no number left out: {shown}")
    if words:
        notes.append(f"words taken for missing values: {', '.join(words)}")
    return chosen


def _add_aliases(chosen: Chosen, known: KnownCovariates | None) -> str:
    """Add the further names of a published table's columns; returns them as a note."""
    present = {name.casefold() for name in chosen}
    aliases = {
        name: column
        for name, column in (known.aliases if known else {}).items()
        if column in chosen and name.casefold() not in present
    }
    chosen.update({name: chosen[column] for name, column in aliases.items()})
    return "".join(f", {name} is its {column}" for name, column in aliases.items())


def _numbers(grid: Grid, column: str) -> Vector:
    """The numbers of a column."""
    if not column or column not in grid.header:
        raise UsageError(
            f"{grid.path}: no column '{column}'",
            near_names(column, filter(None, grid.header))
            or f"It has {', '.join(filter(None, grid.header))}",
        )
    numbers = grid.numbers(grid.header.index(column))
    if numbers is None:
        raise TableError(f"{grid.path}: column '{column}' holds no numbers", "Choose another")
    return numbers


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
