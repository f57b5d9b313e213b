"""An expression table from the names and values of a file."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from tcga_corr.expression import ExpressionTable, Matrix
from tcga_corr.formats.read_counts import COUNTS_OF_READS, counts_reads
from tcga_corr.vocabulary.barcodes import parse_barcode

NOT_BARCODES = "columns not named by a TCGA barcode"
"""Why such columns are left out beside others that are."""


def expression_table(
    genes: Sequence[str],
    gene_ids: Sequence[str],
    columns: Sequence[str],
    values: Matrix,
    also: Collection[str] = (),
) -> ExpressionTable:
    """The table of the genes and of the columns named by a barcode or ``also``; others are counted.

    Where none is named by that of a sample, those named by patients stay; where no column is
    named by a barcode, all are samples of a cohort of the user's own.
    """
    parsed = [parse_barcode(name) for name in columns]
    table = ExpressionTable(
        genes=np.array(genes, dtype=np.str_),
        gene_ids=np.array(gene_ids, dtype=np.str_),
        samples=tuple(
            barcode.text if barcode else name for barcode, name in zip(parsed, columns, strict=True)
        ),
        values=values,
    )
    named = zip(genes, gene_ids, strict=True)
    is_gene = np.array([not (counts_reads(a) or counts_reads(b)) for a, b in named], np.bool_)
    if not is_gene.all():
        table = table.rows(is_gene, COUNTS_OF_READS)
    of_samples = any(barcode and barcode.sample_type for barcode in parsed)
    keep = [
        position
        for position, barcode in enumerate(parsed)
        if (barcode and (barcode.sample_type or not of_samples)) or columns[position] in also
    ]
    if len(keep) in (0, len(parsed)):
        return table
    return table.columns(keep, NOT_BARCODES)
