"""The Firehose RSEM table: two header lines, ``SYMBOL|ENTREZ`` rows, linear normalised counts."""

from __future__ import annotations

from tcga_corr.errors import TableError
from tcga_corr.expression import ExpressionTable
from tcga_corr.tables.delimited import Header
from tcga_corr.tables.format import ReadOptions, TableFormat
from tcga_corr.tables.xena import read_by_symbol

_QUANTITY = "normalized_count"


def _read(header: Header, options: ReadOptions) -> ExpressionTable:
    quantities = set(header.second[1:])
    if quantities != {_QUANTITY}:
        raise TableError(
            f"{header.path}, line 2: columns of {', '.join(sorted(quantities))}",
            f"Take the RSEM_genes_normalized table, whose columns are all {_QUANTITY}",
        )
    return read_by_symbol(header, header_lines=2)


FORMAT = TableFormat(
    name="firehose",
    linear=True,
    ensembl=False,
    recognises=lambda header: header.fields[0] == "Hybridization REF",
    read=_read,
)
