"""The UCSC Xena matrix by gene symbol: one cohort (``HiSeqV2``) or all of them (EB++).

Header ``sample`` and barcodes, a row a symbol. A gene without a symbol is named ``?|ENTREZ``
(HiSeqV2) or by its Entrez id alone (EB++).
"""

from __future__ import annotations

from functools import partial

from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.delimited import MISSING, Matrix, Preview, is_number, read_matrix
from tcga_corr.formats.format import GeneFilter, ReadOptions, TableFile, TableFormat
from tcga_corr.formats.sample_columns import expression_table
from tcga_corr.vocabulary.barcodes import parse_barcode
from tcga_corr.vocabulary.gene_names import is_ensembl, split_name


def has_barcode_columns(start: Preview) -> bool:
    """Whether a file is tab-separated, one column of names and then columns named by barcodes.

    Columns of numbers may stand between; columns of text may not, and the header must be as long
    as the rows, unlike R's.
    """
    names, values = start.fields()[1:], start.fields(1)[1:]
    first = next((column for column, name in enumerate(names) if parse_barcode(name)), None)
    one_short = len(names) + 1 == len(values)
    return (
        first is not None
        and not one_short
        and all(value in MISSING or is_number(value) for value in values[:first])
    )


def read_by_symbol(matrix: Matrix, genes: GeneFilter | None = None) -> ExpressionTable:
    """Read a matrix whose rows are named ``SYMBOL``, ``SYMBOL|ENTREZ`` or ``ENTREZ``."""
    (names,), values = read_matrix(matrix)
    rows = [split_name(name) for name in names]
    return expression_table(
        [symbol for symbol, _ in rows],
        [entrez for _, entrez in rows],
        matrix.columns,
        values,
    )


def _open(start: Preview, options: ReadOptions) -> TableFile:
    matrix = Matrix(start.path, start.fields())
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
