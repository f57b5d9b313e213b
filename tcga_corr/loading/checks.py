"""Whether a table can be what it is declared to be: its scale and its names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import TableError, shorten
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.sample_names import check_readable
from tcga_corr.sources import Source
from tcga_corr.vocabulary.barcodes import parse_barcode
from tcga_corr.vocabulary.units import HIGHEST_LOG2, highest_logarithm, quantity_of

_FEWEST_TO_JUDGE = 5  # samples: with fewer, small means may be chance
_CENTRED = 0.02  # of the spread of all values


def check_scale(
    table: ExpressionTable, path: Path, source: Source, linear: bool, said: bool = False
) -> None:
    """Refuse values that cannot be of the declared scale.

    Parameters
    ----------
    table
        As read.
    path, source
        The file, and its source.
    linear
        Whether its values are linear, to be stored as ``log2(x + 1)``.
    said
        Whether the user, or the unit and the values, say that they are linear.

    Raises
    ------
    TableError
        Naming the first impossible value.
    """
    values = table.values
    quantity = quantity_of(source.unit)
    adjusted = source.may_be_negative and (quantity is None or quantity.may_be_negative)
    lowest = -1.0 if linear and adjusted else 0.0
    if linear or not source.may_be_negative:
        unit = f"linear values of {source.unit}" if linear else source.unit
        negative = values <= lowest if lowest else values < lowest  # log2(-1 + 1) is none
        if negative.any():
            raise TableError(
                f"{path}: {first_cell(table, negative)} is negative, which {unit} cannot be",
                "Centred or adjusted tables cannot be ranked within a sample; "
                "take the table before centring",
            )
    if linear and not said and not np.any(values > HIGHEST_LOG2):
        raise TableError(
            f"{path}: no value is above {HIGHEST_LOG2:g}, so they are logarithms already",
            "Take the table before the logarithm",
        )
    beyond = (values > highest_logarithm(source.unit)) | (values < -HIGHEST_LOG2)
    if not linear and beyond.any():
        most = 2 * np.count_nonzero(beyond.any(axis=0)) > len(table.samples)
        raise TableError(
            f"{path}: {first_cell(table, beyond)} is beyond what {source.unit} can be"
            + (", and so in most samples: the values are linear" if most else ""),
            "Say --linear, with a --source of your own" if most else "Mend the value",
        )


def check_centred(table: ExpressionTable, path: Path) -> None:
    """Refuse a table with centred rows: its values cannot be compared within a sample.

    Raises
    ------
    TableError
        If values are negative and the genes' means are about zero.
    """
    if not np.any(table.values < 0) or len(table.samples) < _FEWEST_TO_JUDGE:
        return
    means = np.nanmean(table.values, axis=1, dtype=np.float64)
    spread = float(np.nanstd(table.values, dtype=np.float64))
    if float(np.nanmedian(np.abs(means))) < _CENTRED * spread:
        raise TableError(
            f"{path}: the means of its genes are about 0, so its rows are centred",
            "Centred or adjusted tables cannot be ranked within a sample; "
            "take the table before centring",
        )


def check_columns(names: Sequence[str], path: Path) -> None:
    """Refuse names of columns that hold ``TCGA`` but do not tell apart which sample each is of.

    Raises
    ------
    TableError
        If one cannot be read, some are of patients and others of samples, or two that stand in
        different text name the same aliquot: they may be of different quantities.
    """
    check_readable(path, names)
    barcodes = {name: barcode for name in names if (barcode := parse_barcode(name))}
    patients = [name for name, barcode in barcodes.items() if not barcode.sample_type]
    if patients and len(patients) < len(barcodes):
        raise TableError(
            f"{path}: '{patients[0]}' names a patient, and other columns name samples; "
            f"{len(patients)} of {len(barcodes)} do not tell their sample type",
            "Name all by sample, such as TCGA-OR-A5J1-01A, or take them out",
        )
    first: dict[str, str] = {}
    for name, barcode in barcodes.items():
        other = first.setdefault(barcode.text, name)
        if barcodes[other].around != barcode.around:
            raise TableError(
                f"{path}: '{shorten(other, 60)}' and '{shorten(name, 60)}' are of the same sample",
                "Keep one of them, or give both the same name where they are repeats of one "
                "measurement, to be averaged",
            )


def check_names(table: ExpressionTable, path: Path) -> None:
    """Refuse a repeated name that is of no aliquot: it may stand for different samples.

    Raises
    ------
    TableError
        Naming the first.
    """
    repeated = [
        name
        for name, count in Counter(table.samples).items()
        if count > 1 and not ((barcode := parse_barcode(name)) and barcode.sample_type)
    ]
    if repeated:
        raise TableError(
            f"{path}: {table.samples.count(repeated[0])} samples are named '{repeated[0]}'",
            "Name each by its sample, as TCGA-OR-A5J1-01A: one may be normal tissue"
            if parse_barcode(repeated[0])
            else "Give each a name of its own, or take the mean of repeats yourself",
        )


def first_cell(table: ExpressionTable, where: NDArray[np.bool_]) -> str:
    """The first of some cells, with its value, as the start of a clause."""
    row, column = np.unravel_index(int(where.argmax()), where.shape)
    gene = str(table.genes[row]) or str(table.gene_ids[row])
    return f"{gene} of {table.samples[int(column)]}, {table.values[row, column]:g},"
