"""Delimited tables of any origin: written by R or pandas, exported from a spreadsheet.

Tabs, commas or semicolons; genes down and samples across, or the other way round; with R's header
that has one field fewer than the rows; with columns that describe the genes before the values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from tcga_corr.errors import TableError
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.delimited import (
    Matrix,
    Preview,
    first_lines,
    open_bytes,
    read_matrix,
    split_fields,
)
from tcga_corr.formats.format import GeneFilter, ReadOptions, TableFile, TableFormat
from tcga_corr.formats.gene_names import (
    N_LOOKED_AT,
    GeneRows,
    NameColumns,
    gene_span,
    is_text,
    is_title,
    name_columns,
    read_genes_down,
)
from tcga_corr.formats.known_covariates import recognise
from tcga_corr.formats.orientation import decide_rows, describe_rows
from tcga_corr.formats.sample_names import (
    barcodes_of,
    column_of_barcodes,
    column_of_samples,
    format_left_out,
    is_sample_title,
)
from tcga_corr.vocabulary.barcodes import parse_barcode

_SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma"}
_NO_TEXT = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"X\n\x00": "an .rds file of R",
    b"RDX": "an .RData file of R",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}
_DECIMAL_COMMA = re.compile(r'(?:^|;)"?[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?"?(?=;|$)')
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")
_HUNDREDS = re.compile(r"[+-]?[1-9][0-9]{2,}")
_CORNER = re.compile(r"|(sample|patient|barcode|probe)s?([ _.]?ids?)?|row\.?names", re.IGNORECASE)
_N_PARSED = 20


def _open(start: Preview, options: ReadOptions) -> TableFile:
    path = start.path
    for magic, kind in _NO_TEXT.items():
        if start.start.startswith(magic):
            raise TableError(
                f"{path}, line 1: {kind}, no delimited table", "Save it as text in UTF-8"
            )
    if not start.lines[0].strip():
        raise TableError(
            f"{path}, line 1: it is blank", "Take the blank lines before the header out"
        )
    lines = first_lines(path, N_LOOKED_AT + 1)
    matrix, names = _layout(path, lines)
    known = recognise(matrix.fields)
    if known is not None:
        raise TableError(
            f"{path}: {known.title}, no expression table", f"Load it with --covariates {path.name}"
        )
    rows = decide_rows(path, names, matrix.columns, options.rows)
    read_as = f"{_SEPARATORS[matrix.separator]}-separated, {describe_rows(rows)}"
    read_as += ", decimal commas" if matrix.decimal_comma else ""
    if rows == "genes":
        which = name_columns(names, matrix.fields)
        read_as += format_left_out(which.others(matrix.fields[: matrix.n_names]))
        columns = matrix.columns
        read = partial(read_genes_down, matrix, which)
    else:
        matrix, names = _with_sample_titles(matrix, names, lines)
        span = gene_span(matrix.columns)
        which = name_columns([matrix.columns[span]], [""])
        titles = matrix.fields[: matrix.n_names]
        others = [*matrix.columns[: span.start], *matrix.columns[span.stop :]]
        position, described = column_of_samples(path, titles, names, others)
        read_as += described
        columns = _sample_names(matrix, position)
        read = partial(_read_samples_down, replace(matrix, row="sample"), position, span, which)
    return TableFile(
        path=path,
        columns=columns,
        read=read,
        ensembl=which.ensembl is not None,
        linear=None,
        read_as=read_as + which.origin,
    )


def _layout(path: Path, lines: Sequence[str]) -> tuple[Matrix, list[list[str]]]:
    """How the file holds its matrix, and the names of its first rows, a list per column of names.

    Raises
    ------
    TableError
        If it is not delimited, or holds no column of values.
    """
    separator = _separator(path, lines)
    if len(lines) < 2:
        raise TableError(f"{path}: a header without rows", "Download it again")
    header = [name.strip() for name in split_fields(lines[0], separator)]
    parsed = [split_fields(line, separator) for line in lines[1 : _N_PARSED + 1]]
    if _is_one_short(header, parsed):
        header.insert(0, "")
    for number, name in enumerate(header, start=1):
        if not name.isprintable() or "\ufffd" in name:
            raise TableError(
                f"{path}, line 1: the name of column {number} is not text in UTF-8",
                "Save the table as text in UTF-8",
            )
    decimal_comma = separator == ";" and any(map(_DECIMAL_COMMA.search, lines[1:]))
    n_names = _n_names(header, parsed, decimal_comma)
    if n_names == len(header):
        raise TableError(f"{path}: none of its columns holds numbers", "Take a table of expression")
    if "" in header[n_names:]:
        number = header.index("", n_names) + 1
        raise TableError(f"{path}, line 1: column {number} has no name", "Name it or take it out")
    matrix = Matrix(
        path, tuple(header), n_names=n_names, separator=separator, decimal_comma=decimal_comma
    )
    if separator == ";" and not decimal_comma:
        _check_points(matrix, lines[1:])
    return matrix, _first_names(matrix, lines)


def _first_names(matrix: Matrix, lines: Sequence[str]) -> list[list[str]]:
    """The names of the first rows, a list per column of names."""
    n_names = matrix.n_names
    fields = [split_fields(line, matrix.separator, n_names) for line in lines[1:]]
    whole = [row for row in fields if len(row) > n_names]  # reading reports a short row
    return [[row[column] for row in whole] for column in range(n_names)]


def _with_sample_titles(
    matrix: Matrix, names: list[list[str]], lines: Sequence[str]
) -> tuple[Matrix, list[list[str]]]:
    """The matrix whose names include columns of numbers that are titled as names of samples."""
    n_before = gene_span(matrix.columns).start
    titled = [n for n in range(n_before) if is_sample_title(matrix.columns[n])]
    if not titled:
        return matrix, names
    matrix = replace(matrix, n_names=matrix.n_names + titled[-1] + 1)
    return matrix, _first_names(matrix, lines)


def _check_points(matrix: Matrix, lines: Sequence[str]) -> None:
    """Refuse points that may stand between thousands, as in ``2.410`` beside ``985``.

    Raises
    ------
    TableError
        Where all of them may, and the whole numbers of 100 or more are all below 1000, so that
        they do not decide it.
    """
    rows = [split_fields(line, matrix.separator)[matrix.n_names :] for line in lines]
    points = [field for row in rows for field in row if "." in field]
    whole = [field for row in rows for field in row if _HUNDREDS.fullmatch(field)]
    in_hundreds = whole and all(len(field.lstrip("+-")) == 3 for field in whole)
    if points and in_hundreds and all(map(_THOUSANDS.fullmatch, points)):
        raise TableError(
            f"{matrix.path}: '{points[0]}' is a fraction or thousands, and '{whole[0]}' beside it "
            "does not show which",
            "Export it without marks between thousands",
        )


def _separator(path: Path, lines: Sequence[str]) -> str:
    """The separator that cuts header and first row alike; else the first that the header has."""
    header, first = (lines[number] if number < len(lines) else "" for number in (0, 1))
    for separator in _SEPARATORS:
        n_header, n_first = (len(split_fields(line, separator)) for line in (header, first))
        if n_first > 1 and n_first - n_header in (0, 1):
            return separator
    for separator in _SEPARATORS:
        if separator in header:
            return separator
    blanks = header.count(" ")
    raise TableError(
        f"{path}, line 1: no tab, comma or semicolon in it"
        + (f", but {blanks} blanks" if blanks else ""),
        "An expression table is delimited by one of these; R writes tabs with "
        "write.table(x, file, sep='\\t', col.names=NA)",
    )


def _is_one_short(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the title of the names is missing from the header, as R's write.table leaves it.

    It is not where the rows are longer only because each ends with a separator.
    """
    return (
        len(header) + 1 == len(rows[0])
        and not (is_title(header[0]) or _CORNER.fullmatch(header[0]))
        and any(row[-1] for row in rows)
    )


def _n_names(header: Sequence[str], rows: Sequence[Sequence[str]], decimal_comma: bool) -> int:
    """The number of leading columns without values: the first, and others that describe."""
    for number in range(1, len(header)):
        fields = [row[number] for row in rows if number < len(row)]
        if parse_barcode(header[number]):
            return number
        if not is_title(header[number]) and not is_text(fields, decimal_comma):
            return number
    return len(header)


def _sample_names(matrix: Matrix, column: int) -> tuple[str, ...]:
    names = []
    with open_bytes(matrix.path) as handle:
        handle.readline()
        for line in handle:
            fields = split_fields(line.decode("utf-8", "replace"), matrix.separator, column + 1)
            names.append(fields[column].strip() if column < len(fields) else "")
    while names and not names[-1]:  # blank lines at the end
        names.pop()
    return tuple(names)


def _read_samples_down(
    matrix: Matrix,
    column: int,
    span: slice,
    which: NameColumns,
    genes: GeneFilter | None = None,
) -> ExpressionTable:
    names, values = read_matrix(matrix)
    column_of_barcodes(matrix.path, matrix.fields, barcodes_of(names))  # checks all rows
    samples = [name.strip() for name in names[column]]
    if "" in samples and not any(map(parse_barcode, samples)):
        raise TableError(
            f"{matrix.path}, line {samples.index('') + 2}: no sample name",
            "Name the sample, or take the row out",
        )
    return GeneRows(which, genes).filtered_table(
        [list(matrix.columns[span])], samples, np.ascontiguousarray(values[:, span].T)
    )


FORMAT = TableFormat(
    name="plain",
    title="Delimited text: tabs, commas or semicolons, genes down or samples down",
    recognises=lambda start: True,
    open=_open,
)
