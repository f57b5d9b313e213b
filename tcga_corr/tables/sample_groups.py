"""Groups of samples: a table with a column of samples or patients, and one of their group."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tcga_corr.errors import TableError, UsageError, near_names
from tcga_corr.tables.delimited import MISSING
from tcga_corr.tables.grid import read_grid
from tcga_corr.tables.sample_names import column_of_samples

_PATIENT, _SAMPLE = 12, 15  # characters of a TCGA barcode
_TCGA = "TCGA-"


@dataclass(frozen=True)
class SampleGroups:
    """Which group samples are of.

    Attributes
    ----------
    column
        The column that tells the groups.
    names
        The groups, in the order in which the file has them.
    group_of
        Sample (barcode characters 1 to 15), patient (1 to 12) or own name to its group.
    """

    column: str
    names: tuple[str, ...]
    group_of: dict[str, str] = field(repr=False)

    def of(self, sample: str, patient: str) -> str | None:
        """The group of a sample, told for itself or for its patient; None where neither is."""
        return self.group_of.get(sample, self.group_of.get(patient))


def read_groups(path: Path, column: str | None = None) -> SampleGroups:
    """Read the groups of a file.

    Parameters
    ----------
    path
        The file; rows go by TCGA barcodes of samples or patients, or by own names of samples.
    column
        The column of groups; may be left out where there is but one beside that of the samples.

    Raises
    ------
    UsageError
        If the column is not there, or not told where there are several.
    DataMissingError
        If there is no such file.
    TableError
        If a sample is of two groups; by line.
    """
    grid = read_grid(path)
    columns = [grid.column(position) for position in range(len(grid.header))]
    chosen, _ = column_of_samples(path, grid.header, columns)
    others = [name for position, name in enumerate(grid.header) if position != chosen]
    if column is None:
        if len(others) != 1:
            raise UsageError(
                f"{path}: {len(others)} columns may tell the groups", "Choose one with --group"
            )
        column = others[0]
    if column not in others:
        raise UsageError(
            f"{path}: no column '{column}' of groups",
            near_names(column, others) or f"It has {', '.join(others)}",
        )
    place = grid.header.index(column)
    group_of: dict[str, str] = {}
    names: dict[str, None] = {}
    for line, row in zip(grid.lines, grid.rows, strict=True):
        name, group = row[chosen], row[place]
        if not name or group in MISSING:
            continue
        if name.startswith(_TCGA):
            name = name[: _SAMPLE if len(name) >= _SAMPLE else _PATIENT]
        if group_of.setdefault(name, group) != group:
            raise TableError(
                f"{path}, line {line}: {name} is of '{group}' here and of '{group_of[name]}' above",
                "Keep one group for each sample",
            )
        names[group] = None
    if len(names) < 2:
        raise TableError(f"{path}: column '{column}' tells {len(names)} groups", "Two are needed")
    return SampleGroups(column, tuple(names), group_of)
