"""A result as a workbook of Excel: its rows, what is pooled, and what it was made from."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tcga_corr.errors import UsageError
from tcga_corr.exchange import finite

if TYPE_CHECKING:
    import polars as pl
    import xlsxwriter.worksheet

_MOST_ROWS = 1_048_575  # of a sheet, below its heading
_LONGEST = 32_767  # letters of a cell
_WIDEST, _NARROWEST = 40, 8
_SHEETS = ("pooled", "query", "provenance")
_EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)

Table = tuple[Sequence[str], Sequence[Sequence[Any]]]


def workbook(rows_key: str, frame: pl.DataFrame, around: Mapping[str, Any]) -> bytes:
    """The bytes of a workbook; the same for the same result.

    Texts are texts: no symbol becomes a date, and nothing a formula or a link.

    Parameters
    ----------
    rows_key
        The name of the first sheet, with the rows.
    frame
        The rows.
    around
        What stands beside the rows in JSON: of this, what is pooled, the question and the
        provenance have a sheet each.

    Raises
    ------
    UsageError
        If there are more rows than a sheet holds.
    """
    import xlsxwriter

    if frame.height > _MOST_ROWS:
        raise UsageError(
            f"{frame.height:,} rows, and a sheet of Excel holds {_MOST_ROWS:,}",
            "Give --format parquet or tsv",
        )
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_numbers": False,
        "strings_to_formulas": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": _EPOCH})
        bold = book.add_format({"bold": True})
        for name, (headings, rows) in _tables(rows_key, frame, around):
            sheet = book.add_worksheet(name[:31])
            sheet.write_row(0, 0, headings, bold)
            sheet.freeze_panes(1, 0)
            for place, heading in enumerate(headings):
                longest = max((len(str(row[place])) for row in rows[:200]), default=0)
                width = min(_WIDEST, max(_NARROWEST, longest, len(heading)) + 1)
                sheet.set_column(place, place, width)
            for number, row in enumerate(rows, start=1):
                for place, value in enumerate(row):
                    _write(sheet, number, place, value)
    return buffer.getvalue()


def _tables(
    rows_key: str, frame: pl.DataFrame, around: Mapping[str, Any]
) -> Iterator[tuple[str, Table]]:
    yield rows_key, (frame.columns, frame.rows())
    for name in _SHEETS:
        values = finite(around.get(name))
        if values:
            yield name, (("what", "value"), list(_flat(values)))


def _flat(values: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested ones, each with the path to it: ``pearson.r``, ``tables.0.sha256``."""
    if isinstance(values, Mapping | list | tuple):
        items = values.items() if isinstance(values, Mapping) else enumerate(values)
        for key, value in items:
            yield from _flat(value, f"{before}.{key}" if before else str(key))
    else:
        yield before, values


def _write(sheet: xlsxwriter.worksheet.Worksheet, row: int, place: int, value: Any) -> None:
    value = finite(value)
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, place, value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        if len(text) > _LONGEST:
            end = f" … cut, of {len(text):,} letters"
            text = text[: _LONGEST - len(end)] + end
        sheet.write_string(row, place, text)
