"""Readers of expression tables, one module a file format.

A new format is a module with a ``FORMAT`` beside the others and its line in ``FORMATS``.
"""

from __future__ import annotations

from pathlib import Path

from tcga_corr.formats import (
    cbioportal,
    firehose,
    gct,
    gdc_hub,
    gdc_star_files,
    h5ad,
    parquet_table,
    plain,
    xena,
)
from tcga_corr.formats.delimited import preview
from tcga_corr.formats.format import ROWS, GeneFilter, ReadOptions, Rows, TableFile, TableFormat
from tcga_corr.formats.phenotype import TumorTypeOfSample, find_phenotype, read_phenotype

__all__ = [
    "FORMATS",
    "ROWS",
    "GeneFilter",
    "ReadOptions",
    "Rows",
    "TableFile",
    "TableFormat",
    "TumorTypeOfSample",
    "find_phenotype",
    "open_table",
    "read_phenotype",
]

FORMATS: tuple[TableFormat, ...] = (
    firehose.FORMAT,
    cbioportal.FORMAT,
    gdc_star_files.FORMAT,
    gct.FORMAT,
    parquet_table.FORMAT,
    h5ad.FORMAT,
    gdc_hub.FORMAT,
    xena.FORMAT,
    plain.FORMAT,  # recognises all that is left
)


def open_table(path: Path, options: ReadOptions | None = None) -> TableFile:
    """Open a file in the format that its start tells.

    Raises
    ------
    DataMissingError
        If there is no such file, or none of those that must stand beside it.
    TableError
        If it is empty or no expression table.
    """
    start = preview(path)
    chosen = next(known for known in FORMATS if known.recognises(start))
    return chosen.open(start, options or ReadOptions())
