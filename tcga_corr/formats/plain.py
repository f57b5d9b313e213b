"""Delimited tables of any origin: written by R or pandas, exported from a spreadsheet.

Tabs, commas or semicolons; genes down and samples across, or the other way round; with R's header
that has one field fewer than the rows; with lines before the header, and with columns that describe
the genes before or after the values.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tcga_corr.errors import TableError
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.compressed import open_bytes
from tcga_corr.formats.delimited import (
    MISSING,
    Matrix,
    Preview,
    first_lines,
    is_blank_row,
    read_frames,
    read_matrix,
    split_fields,
)
from tcga_corr.formats.format import GeneFilter, ReadOptions, TableFile, TableFormat
from tcga_corr.formats.gene_names import (
    N_LOOKED_AT,
    GeneRows,
    NameColumns,
    describes_genes,
    gene_span,
    is_text,
    is_title,
    name_columns,
    read_genes_down,
)
from tcga_corr.formats.header import SEPARATORS, Header, find_header
from tcga_corr.formats.known_covariates import recognise
from tcga_corr.formats.layout import content_of, describes_rows, for_rows, lay_out, note_odd_samples
from tcga_corr.formats.long_table import MOST_VALUE_COLUMNS, PART_ROWS, LongTable, recognise_long
from tcga_corr.formats.orientation import decide_rows, describe_rows
from tcga_corr.formats.sample_names import (
    barcodes_of,
    column_of_barcodes,
    column_of_samples,
    format_left_out,
    is_sample_title,
)
from tcga_corr.vocabulary.barcodes import parse_barcode

if TYPE_CHECKING:
    import polars as pl

_DECIMAL_COMMA = re.compile(r'(?:^|;)"?[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?"?(?=;|$)')
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")
_HUNDREDS = re.compile(r"[+-]?[1-9][0-9]{2,}")
_CORNER = re.compile(r"|(sample|patient|barcode|probe)s?([ _.]?ids?)?|row\.?names", re.IGNORECASE)
_N_PARSED = 20


def _open(start: Preview, options: ReadOptions) -> TableFile:
    path = start.path
    header = find_header(path, first_lines(path, N_LOOKED_AT + 1))
    decimal_comma = header.separator == ";" and any(map(_DECIMAL_COMMA.search, header.rows))
    fields = _fields(path, header)
    parsed = [split_fields(line, header.separator) for line in header.rows[:_N_PARSED]]
    contents = [
        content_of(title, [row[n] for row in parsed if n < len(row)], decimal_comma)
        for n, title in enumerate(fields)
    ]
    layout = lay_out(path, f", line {header.n_before + 1}", fields, contents)
    matrix = Matrix(
        path,
        fields,
        header_lines=header.n_before + 1,
        names_at=layout.names,
        separator=header.separator,
        decimal_comma=decimal_comma,
        left_out=(*layout.left_out, *layout.empty),
        empty=layout.empty,
        exact=options.counts,
    )
    if header.separator == ";" and not decimal_comma:
        _check_points(matrix, header.rows)
    known = recognise(fields)
    if known is not None:
        raise TableError(
            f"{path}: {known.title}, no expression table", f"Load it with --covariates {path.name}"
        )
    long = _long_table(matrix)
    if long is not None:
        separated = f"{SEPARATORS[matrix.separator]}-separated{header.note}, "
        return long.table_file(separated)
    names = _first_names(matrix, header.rows)
    rows = decide_rows(path, names, matrix.columns, options.rows)
    layout = for_rows(path, layout, fields, rows)
    matrix = replace(
        matrix, names_at=layout.names, left_out=(*layout.left_out, *layout.empty), row=rows[:-1]
    )
    names = _first_names(matrix, header.rows)
    titles = [fields[column] for column in layout.names]
    numbers = [fields[column] for column in layout.left_out]
    read_as = f"{SEPARATORS[matrix.separator]}-separated, {describe_rows(rows)}{header.note}"
    read_as += ", decimal commas" if decimal_comma else ""
    if rows == "genes":
        which = name_columns(names, titles)
        read_as += format_left_out([*which.others(titles), *numbers])
        read_as += note_odd_samples(matrix.columns)
        columns = matrix.columns
        read = partial(read_genes_down, matrix, which)
    else:
        span = gene_span(matrix.columns)
        which = name_columns([matrix.columns[span]], [""])
        others = [*numbers, *matrix.columns[: span.start], *matrix.columns[span.stop :]]
        position, described = column_of_samples(path, titles, names, others)
        matrix, columns, about_genes = _samples(matrix, position)
        read_as += described + about_genes
        read = partial(_read_samples_down, matrix, position, span, which)
    return TableFile(
        path=path,
        columns=columns,
        read=read,
        ensembl=which.ensembl is not None,
        linear=None,
        read_as=read_as + which.origin,
    )


def _long_table(matrix: Matrix) -> LongTable | None:
    """The long table that a file is; None where it is none.

    Samples named by numbers are among its names where their column has such a title, or no other
    may hold them.
    """
    values = matrix.values_at
    if len(values) > 2 * MOST_VALUE_COLUMNS:
        return None
    titled = [column for column in values if is_sample_title(matrix.fields[column])]
    named = [*matrix.names_at, *titled]
    if len(named) == 1 and 1 < len(values) <= MOST_VALUE_COLUMNS:
        named.append(values[0])
    as_names = replace(matrix, names_at=tuple(sorted(named)))
    return recognise_long(
        matrix.path,
        matrix.fields,
        as_names.names_at,
        as_names.values_at,
        partial(_frames, as_names),
    )


def _frames(matrix: Matrix, columns: Sequence[int]) -> Iterator[pl.DataFrame]:
    """Some columns of the rows, block by block."""
    import polars as pl

    for frame, _ in read_frames(matrix):
        for part in frame.select(map(str, columns)).iter_slices(PART_ROWS):
            yield part.with_columns(pl.col(pl.String).str.strip_chars())


def _fields(path: Path, header: Header) -> tuple[str, ...]:
    """A name for each column; the columns of a header that is shorter than the rows are filled up.

    Raises
    ------
    TableError
        If a name is not text.
    """
    fields = [name.strip() for name in header.fields]
    parsed = [split_fields(line, header.separator) for line in header.rows[:_N_PARSED]]
    if _is_one_short(fields, parsed):
        fields.insert(0, "")
    widths = {len(row) for row in parsed}
    if len(widths) == 1:
        (width,) = widths
        beyond = any(field for row in parsed for field in row[len(fields) :])
        if width > len(fields) and not beyond and _names_names(fields[0]):
            fields += [""] * (width - len(fields))  # each row ends with separators
        elif width < len(fields) and not any(fields[width:]):
            del fields[width:]  # the header ends with them
    for number, name in enumerate(fields, start=1):
        if not name.isprintable() or "\ufffd" in name:
            raise TableError(
                f"{path}, line {header.n_before + 1}: the name of column {number} is not text in "
                "UTF-8",
                "Save the table as text in UTF-8",
            )
    return tuple(fields)


def _first_names(matrix: Matrix, lines: Sequence[str]) -> list[list[str]]:
    """The names of the first rows, a list per column of names."""
    most = max(matrix.names_at) + 1
    fields = [split_fields(line, matrix.separator, most) for line in lines]
    whole = [row for row in fields if len(row) >= most]  # reading reports a short row
    return [[row[column] for row in whole] for column in matrix.names_at]


def _check_points(matrix: Matrix, lines: Sequence[str]) -> None:
    """Refuse points that may stand between thousands, as in ``2.410`` beside ``985``.

    Raises
    ------
    TableError
        Where all of them may, and the whole numbers of 100 or more are all below 1000, so that
        they do not decide it.
    """
    values_at = set(matrix.values_at)
    fields = [split_fields(line, matrix.separator) for line in lines]
    rows = [[field for n, field in enumerate(row) if n in values_at] for row in fields]
    points = [field for row in rows for field in row if "." in field]
    whole = [field for row in rows for field in row if _HUNDREDS.fullmatch(field)]
    in_hundreds = whole and all(len(field.lstrip("+-")) == 3 for field in whole)
    if points and in_hundreds and all(map(_THOUSANDS.fullmatch, points)):
        raise TableError(
            f"{matrix.path}: '{points[0]}' is a fraction or thousands, and '{whole[0]}' beside it "
            "does not show which",
            "Export it without marks between thousands",
        )


def _is_one_short(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the title of the names is missing from the header, as R's write.table leaves it.

    It is not where the rows are longer only because each ends with a separator; nor where the first
    title is one of names, unless text stands below it in its new place.
    """
    return (
        len(header) + 1 == len(rows[0])
        and (not _is_corner(header[0]) or is_text([row[1] for row in rows if len(row) > 1]))
        and any(row[-1] for row in rows)
    )


def _is_corner(title: str) -> bool:
    """Whether a title is one of the names of rows, not of a column of values."""
    return is_title(title) or bool(_CORNER.fullmatch(title))


def _names_names(title: str) -> bool:
    """Whether a title is surely one of the names of rows, not of numbers that describe genes."""
    return describes_genes(title) or title.lower() == "gene" or bool(_CORNER.fullmatch(title))


def _samples(matrix: Matrix, position: int) -> tuple[Matrix, tuple[str, ...], str]:
    """The names of the samples that go down, and the matrix without the rows that are of none.

    Rows before or after the samples may describe the genes, as columns do where genes go down: they
    have such a title or hold text. They are named at the end of a sentence.

    Raises
    ------
    TableError
        If a sample has no name, by line.
    """
    column = matrix.names_at[position]
    numbers, names = [], []
    at_start: list[str] = []
    at_end: deque[str] = deque(maxlen=_N_PARSED)
    with open_bytes(matrix.path) as handle:
        for number, raw in enumerate(handle, start=1):
            if number <= matrix.header_lines or is_blank_row(raw, matrix.separator):
                continue
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            fields = split_fields(line, matrix.separator, column + 1)
            name = fields[column].strip() if column < len(fields) else ""
            numbers.append(number)
            names.append("" if name in MISSING else name)
            if len(at_start) < _N_PARSED:
                at_start.append(line)
            at_end.append(line)
    first = _n_about_genes(matrix, names, at_start)
    last = _n_about_genes(matrix, names[::-1], list(at_end)[::-1]) if first < len(names) else 0
    kept = slice(first, len(names) - last)
    samples = names[kept]
    if "" in samples and not any(map(parse_barcode, samples)):
        raise TableError(
            f"{matrix.path}, line {numbers[kept][samples.index('')]}: no sample name",
            "Name the sample, or take the row out",
        )
    about_genes = format_left_out([*names[:first], *names[kept.stop :]], "the rows ")
    left_out = frozenset(numbers) - frozenset(numbers[kept])
    return replace(matrix, lines_left_out=left_out), tuple(samples), about_genes


def _n_about_genes(matrix: Matrix, names: Sequence[str], lines: Sequence[str]) -> int:
    """How many of the rows that come first describe genes."""
    for number, (name, line) in enumerate(zip(names, lines, strict=False)):
        fields = split_fields(line, matrix.separator)
        values = [fields[column] for column in matrix.values_at if column < len(fields)]
        is_about = describes_rows(name) or (bool(name) and is_text(values, matrix.decimal_comma))
        if parse_barcode(name) or not is_about:
            return number
    return 0


def _read_samples_down(
    matrix: Matrix,
    column: int,
    span: slice,
    which: NameColumns,
    genes: GeneFilter | None = None,
) -> ExpressionTable:
    names, values = read_matrix(matrix)
    titles = [matrix.fields[column] for column in matrix.names_at]
    column_of_barcodes(matrix.path, titles, barcodes_of(names))  # checks all rows
    samples = [name.strip() for name in names[column]]
    return GeneRows(which, genes).filtered_table(
        [list(matrix.columns[span])], samples, np.ascontiguousarray(values[:, span].T)
    )


FORMAT = TableFormat(
    name="plain",
    title="Delimited text: tabs, commas or semicolons, genes down or samples down",
    recognises=lambda start: True,
    open=_open,
)
