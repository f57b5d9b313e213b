"""Readers of expression tables, one module a file format.

A new format is a module beside the others that has a ``FORMAT``, and a line in ``FORMATS``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tcga_corr.errors import TableError
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
from tcga_corr.formats.delimited import check_lengths, preview
from tcga_corr.formats.format import ReadOptions, TableFile, TableFormat

MOST_SAMPLES = 100_000
"""Samples of a table; all of TCGA, GTEx and TARGET are 20,000."""

FORMATS: tuple[TableFormat, ...] = (
    firehose.FORMAT,
    cbioportal.FORMAT,
    gdc_star_files.FORMAT,
    gct.FORMAT,
    parquet_table.FORMAT,
    h5ad.FORMAT,
    gdc_hub.FORMAT,
    xena.FORMAT,
    plain.FORMAT,  # last, as it recognises every file
)


def open_table(path: Path, options: ReadOptions | None = None) -> TableFile:
    """Open a file in the format that its start shows.

    Raises
    ------
    DataMissingError
        If there is no such file, or a file that must stand beside it is missing.
    TableError
        If it is empty, or not an expression table.
    """
    start = preview(path)
    chosen = next(known for known in FORMATS if known.recognises(start))
    file = chosen.open(start, options or ReadOptions())
    check_lengths(str(path), file.columns)
    if len(file.columns) > MOST_SAMPLES:
        raise TableError(
            f"{path}: {len(file.columns):,} samples, more than the {MOST_SAMPLES:,} of a table",
            "Load a part of them",
        )
    return replace(file, format=file.format or chosen.name)
