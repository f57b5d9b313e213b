"""Tables of columns that pandas, polars or R wrote: Parquet, and Feather or Arrow IPC."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tcga_corr.errors import TableError, one_line
from tcga_corr.exchange import read_json_object
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats.delimited import Preview, Values, check_lengths
from tcga_corr.formats.format import GeneFilter, ReadOptions, TableFile, TableFormat
from tcga_corr.formats.gene_names import GeneRows, NameColumns, gene_span, name_columns
from tcga_corr.formats.layout import (
    Content,
    Layout,
    for_rows,
    is_row_numbers,
    lay_out,
    note_odd_samples,
)
from tcga_corr.formats.long_table import MOST_VALUE_COLUMNS, PART_ROWS, LongTable, recognise_long
from tcga_corr.formats.orientation import decide_rows, describe_rows
from tcga_corr.formats.sample_names import (
    column_of_samples,
    format_left_out,
    is_sample_title,
    is_untitled,
)

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

_OWN = b"tcga_corr"
"""The metadata that a store writes into its tables."""
_ARROW = b"ARROW1"
_MOST_ROWS = 100_000_000  # of a long table: 20,000 genes of 5,000 samples


def _open(start: Preview, options: ReadOptions) -> TableFile:
    path = start.path
    with _opened(path) as file:
        if file.n_rows > _MOST_ROWS:
            raise TableError(
                f"{path}: {file.n_rows:,} rows, more than any table of genes and samples has",
                "Check what the file is",
            )
        if _OWN in (file.schema.metadata or {}):
            raise TableError(
                f"{path}: a table of a store, which is loaded already",
                "Give its store as --cache, or load the file that it was made of",
            )
        titles = [title.strip() for title in file.schema.names]
        index = _index_columns(file.schema)
        contents = _contents(path, file, titles, index)
        layout = lay_out(path, "", titles, contents, is_text_file=False)
        _check_types(path, file.schema, layout)
        long = _long_table(path, titles, layout)
        if long is not None:
            return long.table_file("")
        names = _names(path, file, layout.names)
        if not names[0]:
            raise TableError(f"{path}: a table without rows", "Make it anew")
        values_of = [titles[column] for column in layout.values]
        rows = decide_rows(path, names, values_of, options.rows)
        layout = for_rows(path, layout, titles, rows)
        # an index names the rows more surely than a column
        names_at = sorted(layout.names, key=lambda column: column not in index)
        names = _names(path, file, names_at)
    names_of = [titles[column] for column in names_at]
    values_of = [titles[column] for column in layout.values]
    numbers = [titles[column] for column in layout.left_out]
    values_in = list(layout.values)
    read_as = describe_rows(rows)
    if rows == "genes":
        samples, which = values_of, name_columns(names, names_of)
        read_as += format_left_out([*which.others(names_of), *numbers])
        read_as += note_odd_samples(samples)
        genes_named = names
    else:
        _check_named(path, names)
        span = gene_span(values_of)
        others = [*numbers, *values_of[: span.start], *values_of[span.stop :]]
        column, described = column_of_samples(path, names_of, names, others)
        samples = [name.strip() for name in names[column]]
        read_as += described
        values_in, genes_named = values_in[span], [values_of[span]]
        which = name_columns(genes_named, [""])
    return TableFile(
        path=path,
        columns=tuple(samples),
        read=partial(
            _read, path, values_in, which, genes_named, samples, rows == "samples", options.counts
        ),
        ensembl=which.ensembl is not None,
        linear=None,
        read_as=read_as + which.origin,
    )


class _File(Protocol):
    """An open file of columns."""

    schema: pa.Schema
    n_rows: int

    def parts(self, columns: Sequence[int]) -> Iterator[pa.Table | pa.RecordBatch]:
        """Some columns, in this order, a part of the rows at a time."""


class _Parquet:
    def __init__(self, file: pq.ParquetFile) -> None:
        self._file = file
        self.schema = file.schema_arrow
        self.n_rows = file.metadata.num_rows

    def parts(self, columns: Sequence[int]) -> Iterator[pa.Table | pa.RecordBatch]:
        titles = self.schema.names
        wanted = [titles[column] for column in columns]
        mostly = 2 * len(columns) > len(titles) > MOST_VALUE_COLUMNS  # faster than by title
        count = Counter(titles)
        if mostly or any(count[title] > 1 for title in wanted):
            for group in range(self._file.num_row_groups):
                yield self._file.read_row_group(group).select(list(columns))
            return
        batches = self._file.iter_batches(PART_ROWS, columns=wanted, use_pandas_metadata=False)
        for batch in batches:
            yield batch.select(wanted)


class _Arrow:
    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        self._path = path
        with pa.ipc.open_file(str(path)) as reader:
            self.schema = reader.schema
            sizes = [reader.get_batch(n).num_rows for n in range(reader.num_record_batches)]
        self.n_rows = sum(sizes)

    def parts(self, columns: Sequence[int]) -> Iterator[pa.Table | pa.RecordBatch]:
        import pyarrow as pa

        wanted = sorted(columns)
        options = pa.ipc.IpcReadOptions(included_fields=wanted)
        with pa.ipc.open_file(str(self._path), options=options) as reader:
            for number in range(reader.num_record_batches):
                batch = reader.get_batch(number)
                yield batch.select([wanted.index(column) for column in columns])


@contextmanager
def _opened(path: Path) -> Iterator[_File]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kind = "Parquet"
    try:
        with path.open("rb") as raw:
            is_arrow = raw.read(len(_ARROW)) == _ARROW
        if is_arrow:
            kind = "Arrow or Feather"
            yield _Arrow(path)
        else:
            with pq.ParquetFile(path) as file:
                yield _Parquet(file)
    except (pa.ArrowException, OSError) as error:
        reason = one_line(error)[:120]
        raise TableError(f"{path}: cannot be read as {kind} ({reason})", "Make it anew") from error


def _index_columns(schema: pa.Schema) -> list[int]:
    """The positions of the columns that are the index of a pandas data frame."""
    # a hint, which any program may write: where it cannot be read, there is none
    try:
        named = read_json_object((schema.metadata or {}).get(b"pandas", b"{}"))["index_columns"]
    except (ValueError, KeyError):
        return []
    titles = schema.names  # made at each call
    known = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
    return [titles.index(name) for name in known if name in titles]


def _contents(
    path: Path, file: _File, titles: Sequence[str], index: Sequence[int]
) -> list[Content]:
    """What each column holds, by its type; and for whole numbers without a title by its values."""
    from pyarrow import types

    contents = []
    for column, field in enumerate(file.schema):
        kind = field.type
        if types.is_integer(kind) and is_untitled(titles[column]):
            contents.append(_content_of_numbers(file, column, titles[column], column in index))
        elif column in index or _is_text(kind):
            contents.append(Content.TEXT)
        elif types.is_null(kind):
            contents.append(Content.NOTHING)
        else:
            contents.append(Content.NUMBERS)
    return contents


def _content_of_numbers(file: _File, column: int, title: str, is_index: bool) -> Content:
    numbers = [number for part in file.parts([column]) for number in part.column(0).to_pylist()]
    if numbers and None not in numbers and is_row_numbers(title, numbers):
        return Content.ROW_NUMBERS
    return Content.TEXT if is_index else Content.NUMBERS


def _check_types(path: Path, schema: pa.Schema, layout: Layout) -> None:
    """Refuse columns of values that are no numbers, and columns of names that share a title."""
    from pyarrow import types

    checks = (types.is_integer, types.is_floating, types.is_decimal, types.is_null)
    for column in layout.values:
        field = schema.field(column)
        if not any(is_type(field.type) for is_type in checks):
            raise TableError(
                f"{path}, column '{field.name}': {field.type}, where values are numbers",
                "Take it out",
            )
    titles = schema.names
    twice = [titles[column] for column in layout.names if titles.count(titles[column]) > 1]
    if twice:
        raise TableError(f"{path}: it has several columns '{twice[0]}'", "Rename all but one")


def _is_text(kind: pa.DataType) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        kind = kind.value_type
    checks = (types.is_string, types.is_large_string, types.is_string_view)
    return any(is_type(kind) for is_type in checks)


def _long_table(path: Path, titles: Sequence[str], layout: Layout) -> LongTable | None:
    """The long table that a file is; None where it is none."""
    if len(layout.values) > 2 * MOST_VALUE_COLUMNS:
        return None
    titled = [column for column in layout.values if is_sample_title(titles[column])]
    named = [*layout.names, *titled]
    values = [column for column in layout.values if column not in titled]
    if len(named) == 1 and 1 < len(values) <= MOST_VALUE_COLUMNS:
        named.append(values.pop(0))
    return recognise_long(path, titles, named, values, partial(_frames, path, set(named)))


def _frames(path: Path, named: set[int], columns: Sequence[int]) -> Iterator[pl.DataFrame]:
    """Some columns of the rows, part by part."""
    import polars as pl

    with _opened(path) as file:
        n_rows = 0
        for part in file.parts(columns):
            for n, column in enumerate(columns):
                if column in named:
                    where = f"{path}, column '{file.schema.names[column]}'"
                    _check_text(where, part.column(n), n_rows)
            n_rows += part.num_rows
            series = [
                pl.Series(str(column), part.column(n)).cast(
                    pl.String if column in named else pl.Float32
                )
                for n, column in enumerate(columns)
            ]
            yield pl.DataFrame(series).with_columns(pl.col(pl.String).str.strip_chars())


def _names(path: Path, file: _File, columns: Sequence[int]) -> list[list[str]]:
    """The names in some columns, empty where there is none."""
    import pyarrow as pa

    names: list[list[str]] = [[] for _ in columns]
    for part in file.parts(columns):
        for column, found in zip(columns, names, strict=True):
            where = f"{path}, column '{file.schema.names[column]}'"
            texts = part.column(columns.index(column)).cast(pa.string())
            _check_text(where, texts, len(found))
            more = ["" if name is None else name for name in texts.to_pylist()]
            check_lengths(where, more)
            found += more
    return names


def _check_text(where: str, column: pa.Array | pa.ChunkedArray, n_before: int) -> None:
    """Refuse names that are not UTF-8, which a file of Parquet may hold nevertheless."""
    import pyarrow as pa

    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        for row, name in enumerate(column.cast(pa.binary()).to_pylist(), n_before + 1):
            try:
                (name or b"").decode()
            except UnicodeDecodeError:
                raise TableError(
                    f"{where}, row {row}: the name is not text in UTF-8", "Make it anew"
                ) from None
        raise


def _check_named(path: Path, names: Sequence[Sequence[str]]) -> None:
    """Refuse a sample without any name."""
    rows = zip(*names, strict=True)
    unnamed = next((row for row, of_row in enumerate(rows) if not any(of_row)), None)
    if unnamed is not None:
        raise TableError(f"{path}, row {unnamed + 1}: it has no name", "Mend the table")


def _read(
    path: Path,
    columns: Sequence[int],
    which: NameColumns,
    genes_named: list[list[str]],
    samples: Sequence[str],
    transposed: bool,
    exact: bool,
    genes: GeneFilter | None = None,
) -> ExpressionTable:
    with _opened(path) as file:
        values = _values(path, file, columns, exact=exact)
    if transposed:
        values = np.ascontiguousarray(values.T)
    return GeneRows(which, genes).filtered_table(genes_named, samples, values)


def _values(path: Path, file: _File, columns: Sequence[int], *, exact: bool) -> Values:
    """The values of some columns; only one part of the rows at a time is in memory twice."""
    import pyarrow as pa

    kind, dtype = (pa.float64(), np.float64) if exact else (pa.float32(), np.float32)
    values: Values = np.empty((file.n_rows, len(columns)), dtype=dtype)
    start = 0
    for part in file.parts(columns):
        into = values[start : start + part.num_rows]
        for position, column in enumerate(columns):
            numbers = part.column(position).cast(kind, safe=False)
            into[:, position] = numbers.to_numpy(zero_copy_only=False)
            infinite = np.isinf(into[:, position])
            if infinite.any():
                raise TableError(
                    f"{path}, row {start + int(infinite.argmax()) + 1}, column "
                    f"'{file.schema.names[column]}': not a finite number",
                    "Values are numbers, or null where not measured",
                )
        start += part.num_rows
    return values


FORMAT = TableFormat(
    name="parquet",
    title="Parquet, Feather, Arrow: columns of names and of numbers, genes or samples down",
    recognises=lambda start: start.start.startswith((b"PAR1", _ARROW)),
    open=_open,
)
