"""The Firehose RSEM tables: two header lines, ``SYMBOL|ENTREZ`` rows, linear values.

Normalised counts have a column a sample; raw counts have three, of which the second is an estimate
and the third text.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from tcga_corr.errors import TableError
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.delimited import Matrix, Preview
from tcga_corr.formats.format import GeneFilter, ReadOptions, TableFile, TableFormat
from tcga_corr.formats.xena import read_by_symbol

_NORMALIZED, _COUNTS = "normalized_count", "raw_count"
_OF_COUNTS = {_COUNTS, "scaled_estimate", "transcript_id"}


def _open(start: Preview, options: ReadOptions) -> TableFile:
    quantities = start.fields(1)[1:]
    wanted = _COUNTS if options.counts else _NORMALIZED
    expected = _OF_COUNTS if options.counts else {_NORMALIZED}
    if set(quantities) != expected:
        raise TableError(
            f"{start.path}, line 2: columns of {', '.join(sorted(set(quantities)))}",
            _remedy(set(quantities), counts=options.counts),
        )
    others = tuple(n for n, quantity in enumerate(quantities, 1) if quantity != wanted)
    matrix = Matrix(
        start.path, start.fields(), header_lines=2, left_out=others, exact=options.counts
    )
    return TableFile(
        path=start.path,
        columns=matrix.columns,
        read=partial(_read, matrix),
        linear=True,
        unit="expected counts" if options.counts else "",
        read_as=_COUNTS if options.counts else "",
    )


def _remedy(quantities: set[str], *, counts: bool) -> str:
    if counts:
        return f"Take the RSEM_genes table, which has {_COUNTS} of each sample"
    remedy = f"Take the RSEM_genes_normalized table, whose columns are all {_NORMALIZED}"
    return f"{remedy}; --counts loads {_COUNTS}" if quantities == _OF_COUNTS else remedy


def _read(matrix: Matrix, genes: GeneFilter | None = None) -> ExpressionTable:
    # the other quantities of a sample are no columns of other samples
    return replace(read_by_symbol(matrix, genes), dropped={})


FORMAT = TableFormat(
    name="firehose",
    title="Broad Firehose: RSEM_genes_normalized, or RSEM_genes for raw counts, two header lines",
    recognises=lambda start: start.fields()[0] == "Hybridization REF",
    open=_open,
)
