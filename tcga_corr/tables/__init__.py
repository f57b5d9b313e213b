"""Readers of downloaded expression tables, one module a file format.

A new format is a module with a ``FORMAT`` beside the others and its line in ``FORMATS``.
"""

from __future__ import annotations

from pathlib import Path

from tcga_corr.tables import firehose, gdc_hub, xena
from tcga_corr.tables.delimited import Header, read_header
from tcga_corr.tables.format import ReadOptions, TableFormat
from tcga_corr.tables.phenotype import TumorTypeOfSample, find_phenotype, read_phenotype

__all__ = [
    "FORMATS",
    "Header",
    "ReadOptions",
    "TableFormat",
    "TumorTypeOfSample",
    "find_phenotype",
    "read_header",
    "read_phenotype",
    "recognise",
]

FORMATS: tuple[TableFormat, ...] = (firehose.FORMAT, gdc_hub.FORMAT, xena.FORMAT)


def recognise(path: Path) -> tuple[TableFormat, Header]:
    """The format of a file, told from its first two lines, and these lines.

    Raises
    ------
    DataMissingError
        If there is no such file.
    TableError
        If it is empty, not tab-separated, or has no column named by a barcode.
    """
    header = read_header(path)
    return next(known for known in FORMATS if known.recognises(header)), header
