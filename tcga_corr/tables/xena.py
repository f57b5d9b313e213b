"""The UCSC Xena matrix by gene symbol: one cohort (``HiSeqV2``) or all of them (EB++).

Header ``sample`` and barcodes, a row a symbol. Genes without a symbol stand as ``?|ENTREZ``
(HiSeqV2) or as a bare Entrez id (EB++).
"""

from __future__ import annotations

from tcga_corr.expression import ExpressionTable
from tcga_corr.tables.barcode_columns import expression_table
from tcga_corr.tables.delimited import Header, read_matrix
from tcga_corr.tables.format import ReadOptions, TableFormat


def _read(header: Header, options: ReadOptions) -> ExpressionTable:
    return read_by_symbol(header)


def read_by_symbol(header: Header, header_lines: int = 1) -> ExpressionTable:
    """Read a matrix whose rows are named ``SYMBOL``, ``SYMBOL|ENTREZ`` or ``ENTREZ``."""
    names, values = read_matrix(header, header_lines)
    rows = [_split_name(name) for name in names]
    return expression_table(
        [symbol for symbol, _ in rows],
        [entrez for _, entrez in rows],
        header.columns,
        values,
    )


def _split_name(name: str) -> tuple[str, str]:
    """Symbol and Entrez id, either of which may be empty; ``?`` stands for no symbol."""
    symbol, _, entrez = name.strip().partition("|")
    if symbol.isdigit():
        return "", symbol
    return ("" if symbol == "?" else symbol), entrez


FORMAT = TableFormat(
    name="xena",
    linear=False,
    ensembl=False,
    recognises=lambda header: True,
    read=_read,
)
