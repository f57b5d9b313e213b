"""The UCSC Xena matrix by gene symbol: one cohort (``HiSeqV2``) or all of them (EB++).

Header ``sample`` and barcodes, a row a symbol. A gene without a symbol is named ``?|ENTREZ``
(HiSeqV2) or by its Entrez id alone (EB++).
"""

from __future__ import annotations

from functools import partial

from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.delimited import MISSING, Matrix, Preview, is_number, read_matrix
from tcga_corr.formats.format import GeneFilter, ReadOptions, TableFile, TableFormat
from tcga_corr.formats.sample_columns import NOT_BARCODES, expression_table
from tcga_corr.vocabulary.barcodes import parse_barcode
from tcga_corr.vocabulary.gene_names import is_ensembl, split_name


def has_barcode_columns(start: Preview) -> bool:
    """Whether a file is tab-separated, one column of names and then columns named by barcodes.

    Columns of numbers may stand between or after; columns of text may not, and the header must be
    as long as the rows, unlike R's.
    """
    names, values = start.fields()[1:], start.fields(1)[1:]
    samples = [parse_barcode(name) is not None for name in names]
    one_short = len(names) + 1 == len(values)
    others = (value for value, sample in zip(values, samples, strict=False) if not sample)
    return (
        any(samples)
        and not one_short
        and all(value in MISSING or is_number(value) for value in others)
    )


def read_by_symbol(matrix: Matrix, genes: GeneFilter | None = None) -> ExpressionTable:
    """Read a matrix whose rows are named ``SYMBOL``, ``SYMBOL|ENTREZ`` or ``ENTREZ``."""
    (names,), values = read_matrix(matrix)
    rows = [split_name(name) for name in names]
    table = expression_table(
        [symbol for symbol, _ in rows],
        [entrez for _, entrez in rows],
        matrix.columns,
        values,
    )
    return table.counted(NOT_BARCODES, len(matrix.left_out))


def barcode_matrix(start: Preview, options: ReadOptions) -> Matrix:
    """The matrix of a file with such columns; those that describe genes are left out."""
    from tcga_corr.formats.layout import describes_rows  # which is made with names of genes

    titles = start.fields()
    others = [n for n, title in enumerate(titles) if n and describes_rows(title)]
    return Matrix(start.path, titles, left_out=tuple(others), exact=options.counts)


def _open(start: Preview, options: ReadOptions) -> TableFile:
    matrix = barcode_matrix(start, options)
    return TableFile(
        path=start.path,
        columns=matrix.columns,
        read=partial(read_by_symbol, matrix),
    )


FORMAT = TableFormat(
    name="xena",
    title="UCSC Xena: genes down by symbol, samples across by TCGA barcode, tab-separated",
    recognises=lambda start: (
        has_barcode_columns(start) and not is_ensembl(split_name(start.fields(1)[0])[1])
    ),
    open=_open,
)
