"""GCT, the format of GenePattern, GTEx and CMap: a version, the dimensions, then the matrix.

Version 1.2 has the names ``Name`` and ``Description``; version 1.3 any number of columns that
describe the rows, and of rows that describe the columns.
"""

from __future__ import annotations

import re
from functools import partial

from tcga_corr.errors import TableError
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.delimited import Matrix, Preview, first_lines, read_matrix
from tcga_corr.formats.format import GeneFilter, ReadOptions, TableFile, TableFormat
from tcga_corr.formats.gene_names import N_LOOKED_AT, GeneRows, NameColumns, name_columns

_VERSIONS = {"#1.2": 2, "#1.3": 4}
"""How many numbers the second line of a version has."""


def _open(start: Preview, options: ReadOptions) -> TableFile:
    path, version = start.path, start.fields()[0].strip()
    n_rows, n_columns, n_described, n_describing = _dimensions(start, _VERSIONS[version])
    fields = tuple(name.strip() for name in start.fields(2))
    matrix = Matrix(
        path,
        fields,
        header_lines=3 + n_describing,
        names_at=tuple(range(1 + n_described)),
        exact=options.counts,
    )
    if len(matrix.columns) != n_columns:
        raise TableError(
            f"{path}, line 3: {len(matrix.columns)} columns of samples, where line 2 says "
            f"{n_columns}",
            "Mend line 2 or download it again",
        )
    lines = first_lines(path, matrix.header_lines + N_LOOKED_AT)[matrix.header_lines :]
    rows = [line.split("\t") for line in lines]
    whole = [row for row in rows if len(row) == len(fields)]  # reading reports a short row
    names = [[row[column] for row in whole] for column in matrix.names_at]
    which = name_columns(names, fields)
    return TableFile(
        path=path,
        columns=matrix.columns,
        read=partial(_read, matrix, which, n_rows),
        ensembl=which.ensembl is not None,
        linear=None,
        read_as=f"GCT {version[1:]}{which.origin}",
    )


_WHOLE = re.compile(r"[0-9]{1,18}")


def _dimensions(start: Preview, n_numbers: int) -> tuple[int, int, int, int]:
    numbers = [field.strip() for field in start.fields(1) if field.strip()]
    if len(numbers) != n_numbers or not all(map(_WHOLE.fullmatch, numbers)):
        raise TableError(
            f"{start.path}, line 2: not {n_numbers} numbers", "Mend the file or download it again"
        )
    rows, columns, described, describing = [*map(int, numbers), 1, 0][:4]
    return rows, columns, described, describing


def _read(
    matrix: Matrix, which: NameColumns, n_rows: int, genes: GeneFilter | None = None
) -> ExpressionTable:
    rows = GeneRows(which, genes)
    names, values = read_matrix(matrix, rows.keep)
    if rows.n_rows != n_rows:
        raise TableError(
            f"{matrix.path}: {rows.n_rows} rows of genes, where line 2 says {n_rows}",
            "The file is cut short or line 2 is wrong: download it again",
        )
    return rows.table(names, matrix.columns, values)


FORMAT = TableFormat(
    name="gct",
    title="GCT 1.2 and 1.3: GenePattern, GTEx, CMap",
    recognises=lambda start: start.fields()[0].strip() in _VERSIONS,
    open=_open,
)
