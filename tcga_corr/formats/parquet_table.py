"""Parquet tables that pandas, polars or R wrote: columns of names, then columns of numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tcga_corr.errors import TableError, one_line
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.delimited import Preview
from tcga_corr.formats.format import GeneFilter, ReadOptions, TableFile, TableFormat
from tcga_corr.formats.gene_names import (
    GeneRows,
    NameColumns,
    gene_span,
    is_title,
    name_columns,
)
from tcga_corr.formats.orientation import decide_rows, describe_rows
from tcga_corr.formats.sample_names import column_of_samples, format_left_out, is_sample_title
from tcga_corr.vocabulary.barcodes import parse_barcode

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_OWN = b"tcga_corr"
"""The metadata that a store writes into its tables."""


def _open(start: Preview, options: ReadOptions) -> TableFile:
    path = start.path
    with _opened(path) as file:
        schema = file.schema_arrow
        if _OWN in (schema.metadata or {}):
            raise TableError(
                f"{path}: a table of a store, which is loaded already",
                "Give its store as --cache, or load the file that it was made of",
            )
        names_in, values_in = _columns(path, schema)
        all_titles = schema.names
        titles = [all_titles[column] for column in names_in]
        values_of = [all_titles[column].strip() for column in values_in]
        names = _names(path, file, names_in)
    rows = decide_rows(path, names, values_of, options.rows)
    down = rows == "genes"
    read_as = describe_rows(rows)
    if down:
        samples, which = values_of, name_columns(names, titles)
        read_as += format_left_out(which.others(titles))
    else:
        span = gene_span(values_of)
        titled = [n for n in range(span.start) if is_sample_title(values_of[n])]
        if titled:
            with _opened(path) as file:
                names += _names(path, file, [values_in[n] for n in titled])
            titles += [values_of[n] for n in titled]
        others = [title for n, title in enumerate(values_of[: span.start]) if n not in titled]
        others += values_of[span.stop :]
        column, described = column_of_samples(path, titles, names, others)
        samples = [name.strip() for name in names[column]]
        read_as += described
        values_in, values_of = values_in[span], values_of[span]
        which = name_columns([values_of], [""])
    return TableFile(
        path=path,
        columns=tuple(samples),
        read=partial(
            _read, path, values_in, which, names if down else [values_of], samples, not down
        ),
        ensembl=which.ensembl is not None,
        linear=None,
        read_as=read_as + which.origin,
    )


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        reason = one_line(error)[:120]
        raise TableError(f"{path}: cannot be read as Parquet ({reason})", "Make it anew") from error


def _columns(path: Path, schema: pa.Schema) -> tuple[list[int], list[int]]:
    """The positions of the columns of names, those of a pandas index first, and of the values.

    Raises
    ------
    TableError
        If a column is neither, or one of the two is missing.
    """
    from pyarrow import types

    titles = schema.names  # made at each call
    pandas = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    index = [titles.index(name) for name in pandas.get("index_columns", ()) if name in titles]
    others = [column for column in range(len(titles)) if column not in index]

    def is_numeric(column: int) -> bool:
        kind = schema.field(column).type
        return any(
            is_type(kind)
            for is_type in (types.is_integer, types.is_floating, types.is_decimal, types.is_null)
        )

    def holds_names(column: int) -> bool:
        title = titles[column]
        return not parse_barcode(title) and (_is_text(schema, column) or is_title(title))

    leading = list(takewhile(holds_names, others))
    values = others[len(leading) :]
    wrong = [column for column in values if not is_numeric(column)]
    if wrong:
        field = schema.field(wrong[0])
        raise TableError(
            f"{path}, column '{field.name}': {field.type}, where values are numbers",
            "Take it out, or put it before the values if it describes the genes",
        )
    for content, columns in (("names", index + leading), ("numbers", values)):
        if not columns:
            raise TableError(
                f"{path}: it has no column of {content}",
                "A table has the names of genes or samples as text, then columns of numbers",
            )
    twice = [titles[column] for column in index + leading if titles.count(titles[column]) > 1]
    if twice:
        raise TableError(f"{path}: it has several columns '{twice[0]}'", "Rename all but one")
    return index + leading, values


def _is_text(schema: pa.Schema, column: int) -> bool:
    from pyarrow import types

    kind = schema.field(column).type
    if types.is_dictionary(kind):
        kind = kind.value_type
    return any(
        is_type(kind) for is_type in (types.is_string, types.is_large_string, types.is_string_view)
    )


def _names(path: Path, file: pq.ParquetFile, columns: Sequence[int]) -> list[list[str]]:
    import pyarrow as pa

    titles = [file.schema_arrow.names[column] for column in columns]
    table = file.read(columns=titles, use_pandas_metadata=False)
    names = [
        ["" if name is None else name for name in table.column(title).cast(pa.string()).to_pylist()]
        for title in titles
    ]
    unnamed = next((row for row, of_row in enumerate(zip(*names)) if not any(of_row)), None)  # noqa: B905
    if unnamed is not None:
        raise TableError(f"{path}, row {unnamed + 1}: it has no name", "Mend the table")
    if not names[0]:
        raise TableError(f"{path}: a table without rows", "Make it anew")
    return names


def _read(
    path: Path,
    columns: Sequence[int],
    which: NameColumns,
    genes_named: list[list[str]],
    samples: Sequence[str],
    transposed: bool,
    genes: GeneFilter | None = None,
) -> ExpressionTable:
    with _opened(path) as file:
        values = _values(path, file, columns)
    if transposed:
        values = np.ascontiguousarray(values.T)
    return GeneRows(which, genes).filtered_table(genes_named, samples, values)


def _values(path: Path, file: pq.ParquetFile, columns: Sequence[int]) -> NDArray[np.float32]:
    """The values of some columns; only one row group at a time is in memory twice."""
    import pyarrow as pa

    values = np.empty((file.metadata.num_rows, len(columns)), dtype=np.float32)
    start = 0
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        part = values[start : start + table.num_rows]
        for position, column in enumerate(columns):
            part[:, position] = table.column(column).cast(pa.float32(), safe=False).to_numpy()
            infinite = np.isinf(part[:, position])
            if infinite.any():
                raise TableError(
                    f"{path}, row {start + int(infinite.argmax()) + 1}, column "
                    f"'{table.column_names[column]}': not a finite number",
                    "Values are numbers, or null where not measured",
                )
        start += table.num_rows
    return values


FORMAT = TableFormat(
    name="parquet",
    title="Parquet: columns of names, then columns of numbers, genes down or samples down",
    recognises=lambda start: start.start.startswith(b"PAR1"),
    open=_open,
)
