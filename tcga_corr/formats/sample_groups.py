"""Groups of samples: a table with a column of samples or patients, and a column of groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tcga_corr.errors import TableError, UsageError, near_names
from tcga_corr.formats.grid import Grid, is_missing, read_grid
from tcga_corr.formats.sample_names import (
    barcodes_of,
    check_readable,
    column_by_title,
    column_of_barcodes,
)
from tcga_corr.vocabulary.barcodes import parse_barcode


@dataclass(frozen=True)
class SampleGroups:
    """The groups of samples.

    Attributes
    ----------
    column
        The column of the groups.
    names
        The groups, in the order in which the file has them.
    group_of
        A sample (barcode characters 1 to 15), patient (1 to 12) or own name to its group.
    """

    column: str
    names: tuple[str, ...]
    group_of: dict[str, str] = field(repr=False)

    def group(self, sample: str, patient: str) -> str | None:
        """The group of a sample, or else of its patient; None where neither has one."""
        return self.group_of.get(sample, self.group_of.get(patient))


def read_groups(path: Path, column: str | None = None) -> SampleGroups:
    """Read the groups of a file.

    Parameters
    ----------
    path
        The file; rows are named by TCGA barcodes of samples or patients, or by own names.
    column
        The column of groups; None where it is the only one besides that of the samples.

    Raises
    ------
    UsageError
        If there is no such column, or none is given and there are several.
    DataMissingError
        If there is no such file.
    TableError
        If a sample is in two groups, by line; if there are fewer than two groups.
    """
    grid = read_grid(path)
    chosen, named = _names(grid)
    column = _group_column(grid, chosen, column)
    groups = grid.column(grid.header.index(column))
    group_of: dict[str, str] = {}
    names: dict[str, None] = {}
    for line, name, group in zip(grid.lines, named, groups, strict=True):
        if not name or is_missing(group):
            continue
        if group_of.setdefault(name, group) != group:
            raise TableError(
                f"{path}, line {line}: {name} is of '{group}' here and of '{group_of[name]}' above",
                "Keep one group for each sample",
            )
        names[group] = None
    if len(names) < 2:
        found = f"only the group '{next(iter(names))}'" if names else "no group"
        raise TableError(f"{path}: column '{column}' has {found}", "Two are needed")
    return SampleGroups(column, tuple(names), group_of)


def _group_column(grid: Grid, chosen: int, column: str | None) -> str:
    """The column of groups, beside the chosen column of names."""
    others = [name for position, name in enumerate(grid.header) if position != chosen]
    if column is None:
        if len(others) != 1:
            raise UsageError(
                f"{grid.path}: which column has the groups is not clear",
                f"Choose one with --group: {', '.join(others)}",
            )
        return others[0]
    if column not in others:
        raise UsageError(
            f"{grid.path}: no column '{column}' of groups",
            near_names(column, others) or f"It has {', '.join(others)}",
        )
    return column


def _names(grid: Grid) -> tuple[int, list[str | None]]:
    """The column that names samples or patients, and the sample or patient of each row."""
    columns = [grid.column(position) for position in range(len(grid.header))]
    chosen = column_of_barcodes(grid.path, grid.header, barcodes_of(columns))
    if chosen is None:
        chosen, _ = column_by_title(grid.path, grid.header, columns)
        check_readable(grid.path, columns[chosen])
        return chosen, list(columns[chosen])
    check_readable(grid.path, columns[chosen])
    barcodes = [parse_barcode(cell) for cell in columns[chosen]]
    return chosen, [barcode.sample if barcode else None for barcode in barcodes]
