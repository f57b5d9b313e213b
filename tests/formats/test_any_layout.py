"""A table in any of many layouts is read as the same values, or refused; never as others."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcga_corr.errors import TableError
from tcga_corr.formats import open_table
from tcga_corr.formats.format import ReadOptions
from tests.conftest import barcodes
from tests.formats.test_formats import SYMBOLS

Row = list[str]


def zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.txt", data)
        archive.writestr("__MACOSX/._table.txt", b"\0")
    return buffer.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda data: data,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda data: pa.compress(data, codec="zstd", asbytes=True),
    "zip": zipped,
}
BEFORE: dict[str, Callable[[str], str]] = {
    "nothing": lambda separator: "",
    "a comment": lambda separator: "# made by a program, version 2; of\ttwo, parts\n",
    "blank lines": lambda separator: "\n\n",
    "sep=": lambda separator: f"sep={separator}\n",
    "a title": lambda separator: "Table S1\n",
    "a wide title": lambda separator: "Table S1" + 3 * separator + "\n\n",
}
ABOUT: dict[str, Callable[[int], str]] = {
    "strand": lambda row: "+-"[row % 2],
    "Strand": lambda row: str(1 - 2 * (row % 2)),
    "gc_content": lambda row: f"0.{31 + row}",
    "length": lambda row: str(900 + 37 * row),
    "chromosome": lambda row: "1234567X"[row % 8],
    "description": lambda row: f"protein {row}",
    "notes": lambda row: f"see {row}",
}


@dataclass(frozen=True)
class Table:
    """Genes x samples, as text; empty where missing."""

    genes: tuple[str, ...]
    samples: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]

    @property
    def values(self) -> dict[tuple[str, str], float]:
        """By gene and sample; without those that are missing."""
        return {
            (gene, sample): float(np.float32(cell))
            for gene, row in zip(self.genes, self.cells, strict=True)
            for sample, cell in zip(self.samples, row, strict=True)
            if cell
        }


@dataclass(frozen=True)
class Writing:
    """How a table is written."""

    form: str  # wide, samples, long
    separator: str
    quotes: str  # none, all
    decimal: str
    before: str
    corner: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    n_row_numbers: int
    missing: str
    packed: str
    n_blank_rows: int
    n_empty_columns: int


@st.composite
def tables(draw: st.DrawFn) -> Table:
    n_genes, n_samples = draw(st.integers(6, 12)), draw(st.integers(3, 8))
    named = draw(st.sampled_from(["barcodes", "P", "words", "numbers"]))
    words = ["Anna", "Bert", "Carl", "Dora", "Emil", "Frida", "Gustav", "Hanna"]
    samples = {
        "barcodes": barcodes(n_samples),
        "P": [f"P{n:02}" for n in range(n_samples)],
        "words": words[:n_samples],
        "numbers": [str(101 + n) for n in range(n_samples)],
    }[named]
    cell = st.one_of(st.integers(0, 14999).map(lambda n: f"{n / 1000:g}"), st.just(""))
    cells = draw(st.lists(st.lists(cell, min_size=n_samples, max_size=n_samples), min_size=n_genes,
                          max_size=n_genes))  # fmt: skip
    for row in cells:
        row[0] = row[0] or "1.5"
    cells[0][0] = "2.25"  # a fraction, so that no column is of whole numbers alone
    return Table(tuple(SYMBOLS[:n_genes]), tuple(samples), tuple(map(tuple, cells)))


about = st.lists(st.sampled_from(list(ABOUT)), max_size=3, unique_by=str.lower).map(tuple)
writings = st.builds(
    Writing,
    form=st.sampled_from(["wide", "samples", "long"]),
    separator=st.sampled_from("\t,;"),
    quotes=st.sampled_from(["none", "all"]),
    decimal=st.sampled_from(".,"),
    before=st.sampled_from(list(BEFORE)),
    corner=st.sampled_from(["titled", "", "absent"]),
    left=about,
    right=about,
    n_row_numbers=st.integers(0, 2),
    missing=st.sampled_from(["", "NA", "nan", "<NA>", "None"]),
    packed=st.sampled_from(list(PACKED)),
    n_blank_rows=st.integers(0, 2),
    n_empty_columns=st.integers(0, 1),
)


def rows_of(table: Table, how: Writing) -> list[Row]:
    """The header and the rows, without row numbers."""
    left = [title for title in how.left if title not in how.right]
    right = list(how.right)
    if how.form == "long":
        body = [
            [sample, gene, *(ABOUT[title](n) for title in left), cell or how.missing]
            for sample, column in zip(table.samples, zip(*table.cells, strict=True), strict=True)
            for n, (gene, cell) in enumerate(zip(table.genes, column, strict=True))
        ]
        return [["sample", "gene", *left, "value"], *body]
    head = [["gene", *left, *table.samples, *right]]
    body = [
        [gene, *(ABOUT[title](n) for title in left), *(cell or how.missing for cell in row),
         *(ABOUT[title](n) for title in right)]
        for n, (gene, row) in enumerate(zip(table.genes, table.cells, strict=True))
    ]  # fmt: skip
    if how.form == "wide":
        return head + body
    turned = [list(column) for column in zip(*head, *body, strict=True)]
    turned[0][0] = "sample"
    return turned


def written_as_text(path: Path, table: Table, how: Writing) -> Path:
    separator = ";" if how.decimal == "," else how.separator
    (header, *body) = rows_of(table, how)
    if how.decimal == ",":
        body = [[cell.replace(".", ",") for cell in row] for row in body]
    numbers = [["" if not n else f"Unnamed: {n - 1}" for n in range(how.n_row_numbers)]]
    numbers += [[str(n)] * how.n_row_numbers for n in range(len(body))]
    if not how.n_row_numbers and how.form != "long":
        header = {"titled": header, "": ["", *header[1:]], "absent": header[1:]}[how.corner]
    empty = [""] * how.n_empty_columns
    quote = '"' if how.quotes == "all" else ""
    lines = [
        separator.join(f"{quote}{cell}{quote}" for cell in (*of_row, *cells, *empty))
        for of_row, cells in zip(numbers, (header, *body), strict=True)
    ]
    lines += [separator * lines[-1].count(separator)] * how.n_blank_rows
    text = BEFORE[how.before](separator) + "\n".join(lines) + "\n"
    path.write_bytes(PACKED[how.packed](text.encode()))
    return path


def found(path: Path, table: Table, how: Writing) -> dict[tuple[str, str], float]:
    rows = {"wide": "genes", "samples": "samples", "long": None}[how.form]
    read = open_table(path, ReadOptions(rows=rows)).read(None)  # type: ignore[arg-type]
    values = {
        (str(gene), sample): float(value)
        for gene, row in zip(read.genes, read.values, strict=True)
        for sample, value in zip(read.samples, row, strict=True)
        if not np.isnan(value)
    }
    assert len(read.genes[read.genes != ""]) == len(table.genes)
    assert len(read.samples) == len(table.samples)
    return values


def written_as_columns(path: Path, table: Table, how: Writing) -> Path:
    """Parquet or Feather, with the types that the cells have."""
    if how.form == "samples":
        how = replace(how, left=(), right=())  # text among the numbers of a column has no type
    header, *body = rows_of(table, replace(how, missing=""))
    columns: dict[str, pl.Series] = {}
    for title, cells in zip(header, zip(*body, strict=True), strict=True):
        texts = pl.Series([cell or None for cell in cells], dtype=pl.String)
        is_name = title in ("gene", "sample") or (title in ABOUT and not number(texts))
        columns[title] = texts if is_name else texts.cast(pl.Float32)
    rows = {f"Unnamed: {n}": pl.Series(range(len(body))) for n in range(how.n_row_numbers)}
    frame = pl.DataFrame(rows | columns)
    if how.packed in ("plain", "gzip", "zstd"):
        frame.write_parquet(path)
    else:
        feather.write_feather(
            frame.to_arrow(), path, compression="lz4" if how.packed == "xz" else "uncompressed"
        )
    return path


def number(texts: pl.Series) -> bool:
    return texts.cast(pl.Float64, strict=False).null_count() == texts.null_count()


@pytest.mark.slow
@given(tables(), writings)
@settings(max_examples=300, deadline=None)
def test_text(tmp_path_factory: pytest.TempPathFactory, table: Table, how: Writing) -> None:
    path = written_as_text(tmp_path_factory.mktemp("text") / "mine.txt", table, how)
    try:
        values = found(path, table, how)
    except TableError:
        # without a title of the names, a separator too many at the end may be a missing value
        assert how.corner == "absent"
        return
    assert values == table.values


@pytest.mark.slow
@given(tables(), writings)
@settings(max_examples=150, deadline=None)
def test_columns(tmp_path_factory: pytest.TempPathFactory, table: Table, how: Writing) -> None:
    path = written_as_columns(tmp_path_factory.mktemp("columns") / "mine.parquet", table, how)
    assert found(path, table, how) == table.values
