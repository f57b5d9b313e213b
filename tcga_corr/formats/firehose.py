"""The Firehose RSEM table: two header lines, ``SYMBOL|ENTREZ`` rows, linear normalised counts."""

from __future__ import annotations

from functools import partial

from tcga_corr.errors import TableError
from tcga_corr.formats.delimited import Matrix, Preview
from tcga_corr.formats.format import ReadOptions, TableFile, TableFormat
from tcga_corr.formats.xena import read_by_symbol

_QUANTITY = "normalized_count"


def _open(start: Preview, options: ReadOptions) -> TableFile:
    quantities = set(start.fields(1)[1:])
    if quantities != {_QUANTITY}:
        raise TableError(
            f"{start.path}, line 2: columns of {', '.join(sorted(quantities))}",
            f"Take the RSEM_genes_normalized table, whose columns are all {_QUANTITY}",
        )
    matrix = Matrix(start.path, start.fields(), header_lines=2)
    return TableFile(
        path=start.path,
        columns=matrix.columns,
        read=partial(read_by_symbol, matrix),
        linear=True,
    )


FORMAT = TableFormat(
    name="firehose",
    title="Broad Firehose: RSEM_genes_normalized, two header lines",
    recognises=lambda start: start.fields()[0] == "Hybridization REF",
    open=_open,
)
