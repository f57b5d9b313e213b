"""The structure of tables of any origin: what each column, row and line of a file is."""

from __future__ import annotations

import gzip
import io
import itertools
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import TableError
from tcga_corr.formats import open_table
from tcga_corr.formats.covariates import read_covariates
from tcga_corr.formats.delimited import MISSING
from tcga_corr.formats.format import ReadOptions
from tcga_corr.formats.layout import describes_rows
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.vocabulary.symbols import symbol_table
from tests.conftest import barcodes
from tests.formats.test_formats import IDS, SYMBOLS, Made, assert_is, delimited_text, made

OWN = tuple(f"P{n:02}" for n in range(6))


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return open_store(tmp_path / "cache")


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def lines_of(matrix: Made, separator: str = ",") -> list[str]:
    return delimited_text(matrix, separator, "genes").splitlines()


def with_columns(
    lines: Sequence[str], title: str, cells: Callable[[int], str], *, left: bool
) -> list[str]:
    """Lines of a CSV with one more column, after the names or at the end."""
    added = [title, *map(cells, range(len(lines) - 1))]
    if not left:
        return [f"{line},{cell}" for line, cell in zip(lines, added, strict=True)]
    parts = [line.partition(",") for line in lines]
    return [f"{name},{cell},{rest}" for (name, _, rest), cell in zip(parts, added, strict=True)]


# --- columns that describe genes -----------------------------------------------------------------

ABOUT: dict[str, Callable[[int], str]] = {
    "strand": lambda row: str(1 + row % 2),
    "Length": lambda row: str(1000 + row),
    "gc_content": lambda row: f"0.{300 + row}",
    "percentage_gene_gc_content": lambda row: f"{30 + row % 40}.5",
    "Start": lambda row: str(10**6 + row),
    "chromosome_name": lambda row: str(row % 22 + 1),
    "entrezgene_id": lambda row: str(5000 + row),
    "logFC": lambda row: f"-0.{row}",
    "description": lambda row: f"protein {row}",
    "remarks": lambda row: f"see {row}",
}


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("title", ABOUT)
@pytest.mark.parametrize("samples", [OWN, tuple(barcodes(6))], ids=["own", "TCGA"])
def test_a_column_about_genes_is_no_sample(
    tmp_path: Path, title: str, left: bool, samples: tuple[str, ...]
) -> None:
    matrix = made(list(samples))
    lines = with_columns(lines_of(matrix), title, ABOUT[title], left=left)
    file = open_table(write(tmp_path / "mine.csv", *lines))
    assert file.columns == samples
    assert_is(
        file.read(None),
        matrix,
        None if title != "entrezgene_id" else list(map(str, range(5000, 5000 + len(matrix.genes)))),
    )
    assert title == "entrezgene_id" or f"left out {title}" in file.read_as


@pytest.mark.parametrize("ending", ["parquet", "feather"])
def test_columns_about_genes_after_the_values_of_other_files(tmp_path: Path, ending: str) -> None:
    matrix = made(list(OWN))
    rows = range(len(matrix.genes))
    frame = pl.DataFrame(
        {"gene": list(matrix.genes)}
        | {name: matrix.values[:, n] for n, name in enumerate(OWN)}
        | {"strand": [1 - 2 * (n % 2) for n in rows], "remarks": [f"see {n}" for n in rows]}
    )
    path = tmp_path / f"mine.{ending}"
    if ending == "parquet":
        frame.write_parquet(path)
    else:
        frame.write_ipc(path, compression="zstd")
    file = open_table(path)
    assert_is(file.read(None), matrix)
    assert file.read_as.endswith("left out strand, remarks")


def test_numbers_beyond_a_column_of_text_are_no_samples_unless_they_may_be(tmp_path: Path) -> None:
    lines = with_columns(lines_of(made(list(OWN))), "remarks", ABOUT["remarks"], left=False)
    beyond = with_columns(lines, "mappable", lambda row: f"0.{row}", left=False)
    file = open_table(write(tmp_path / "one.csv", *beyond))
    assert file.columns == OWN
    assert file.read_as.endswith("left out remarks, mappable")
    beyond = with_columns(lines, "P17", lambda row: f"0.{row}", left=False)
    with pytest.raises(
        TableError, match="'P17' may be a sample or describe the genes, as 'remarks'"
    ):
        open_table(write(tmp_path / "two.csv", *beyond))


def test_a_column_whose_name_is_unlike_the_samples_is_said_to_be_one(tmp_path: Path) -> None:
    lines = with_columns(lines_of(made(list(OWN))), "mappable", lambda row: f"0.{row}", left=False)
    file = open_table(write(tmp_path / "mine.csv", *lines))
    assert file.columns == (*OWN, "mappable")
    assert file.read_as.endswith(", mappable taken for samples")
    assert "taken for" not in open_table(write(tmp_path / "two.csv", *lines_of(made()))).read_as


@pytest.mark.parametrize("at_end", [True, False])
def test_rows_about_genes_are_no_samples(tmp_path: Path, at_end: bool) -> None:
    matrix = made(list(OWN))
    header, *rows = delimited_text(matrix, ",", "samples").splitlines()
    about = [
        ",".join((title, *map(ABOUT[title], range(len(matrix.genes)))))
        for title in ("strand", "description", "remarks")
    ]
    path = write(tmp_path / "mine.csv", header, *(rows + about if at_end else about + rows))
    file = open_table(path)
    assert file.columns == OWN
    assert_is(file.read(None), matrix)
    assert file.read_as.endswith("left out the rows strand, description, remarks")


def test_no_title_of_a_column_about_genes_is_a_symbol() -> None:
    assert [gene.symbol for gene in symbol_table() if describes_rows(gene.symbol)] == []


@pytest.mark.parametrize("title", ["", "Unnamed: 0", "index", "level_0"])
@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("first", [0, 1, 40])
def test_row_numbers_are_no_sample(tmp_path: Path, title: str, ending: str, first: int) -> None:
    matrix = made(list(OWN))
    rows = len(matrix.genes)
    columns: dict[str, object] = {
        name: range(first, first + rows) for name in ("", title or "Unnamed: 0")
    }
    columns |= {"gene": matrix.genes, **{name: matrix.values[:, n] for n, name in enumerate(OWN)}}
    path = tmp_path / f"mine.{ending}"
    frame = pl.DataFrame(columns)
    if ending == "csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    file = open_table(path)
    assert file.columns == OWN
    assert_is(file.read(None), matrix)
    moved = frame.select("gene", title or "Unnamed: 0", *OWN)  # after the names
    if ending == "csv":
        moved.write_csv(path)
    else:
        moved.write_parquet(path)
    assert open_table(path).columns == OWN


# --- headers -------------------------------------------------------------------------------------

BEFORE = {
    "featureCounts": ["# Program:featureCounts v2.0.6; Command:\"featureCounts\" \"-a\" \"x,y\""],
    "notes": ["# made in March, by hand", "#", "# log2(tpm+1)"],
    "blank lines": ["", " ", ""],
    "Excel's separator": ["sep=,"],
    "a quoted separator": ['"sep=,"'],
    "a title": ["Table S1. Expression of 30 genes"],
    "a title as wide as the table": ["Table S1,,,,,,"],
    "a title and a blank line": ["Table S1", "", "values in TPM"],
}  # fmt: skip


@pytest.mark.parametrize("case", BEFORE)
@pytest.mark.parametrize("samples", [OWN, tuple(barcodes(6))], ids=["own", "TCGA"])
def test_lines_before_the_header(tmp_path: Path, case: str, samples: tuple[str, ...]) -> None:
    matrix = made(list(samples))
    file = open_table(write(tmp_path / "mine.csv", *BEFORE[case], *lines_of(matrix)))
    assert file.columns == samples
    assert_is(file.read(None), matrix)
    assert "before the header" in file.read_as
    bad = [*BEFORE[case], *lines_of(matrix), "X,1,2,3,4,5,high"]
    with pytest.raises(TableError, match=f"line {len(bad)}, column '{samples[-1]}': 'high'"):
        open_table(write(tmp_path / "mine.csv", *bad)).read(None)


def test_a_header_that_is_marked_as_a_note(tmp_path: Path) -> None:
    matrix = made(list(OWN))
    header, *rows = lines_of(matrix)
    assert_is(
        open_table(write(tmp_path / "mine.csv", "# 2024", f"#{header}", *rows)).read(None), matrix
    )


@pytest.mark.parametrize("first", ["RELA,6.3,3,5", "RELA,6,3,5", "P1,6.5,3.25,5"])
def test_values_in_place_of_a_header_are_refused(tmp_path: Path, first: str) -> None:
    path = write(tmp_path / "mine.csv", first, "TP53,1,2,3", "GPX4,4,5.5,6")
    with pytest.raises(TableError, match="line 1: no header, but values as in a row"):
        open_table(path, ReadOptions(rows="genes"))


def test_a_header_that_lost_fields_is_no_title(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.csv", "gene,a", "RELA,694,250,3", "TP53,1,2,3", "GPX4,4,5,6")
    with pytest.raises(TableError, match="line 2: 4 fields where the header has 2"):
        open_table(path).read(None)


@pytest.mark.parametrize("n_header", [0, 1, 3])
@pytest.mark.parametrize("n_rows", [0, 1, 3])
def test_separators_at_the_ends_of_lines(tmp_path: Path, n_header: int, n_rows: int) -> None:
    matrix = made(list(OWN))
    header, *rows = lines_of(matrix)
    lines = [header + "," * n_header, *(row + "," * n_rows for row in rows)]
    path = write(tmp_path / "mine.csv", *lines)
    if n_header and n_rows and n_header != n_rows:
        return  # of unlike length: read or refused
    assert_is(open_table(path).read(None), matrix)


def test_a_value_below_no_name_is_refused(tmp_path: Path) -> None:
    lines = [f"{line}," for line in lines_of(made(list(OWN), n_genes=30))]
    lines[-1] += "7"
    with pytest.raises(TableError, match="line 31: column 8 has no name, and '7' in it"):
        open_table(write(tmp_path / "mine.csv", *lines)).read(None)


def test_rows_without_a_name_are_counted_and_empty_ones_passed_over(
    engine: Engine, tmp_path: Path
) -> None:
    matrix = made(list(OWN))
    lines = lines_of(matrix)
    more = [",1,2,3,4,5,6", "NA,6,5,4,3,2,1", ",,,,,,", ",,,,,,"]
    path = write(tmp_path / "mine.csv", *lines[:3], ",,,,,,", *lines[3:], *more)
    (loaded,) = engine.load([path], LoadOptions(source="mine", unit="tpm")).loaded
    assert loaded.metadata.n_genes == len(matrix.genes)
    assert loaded.metadata.dropped == {"genes without a symbol": 2}


def test_an_own_table_by_ensembl_id_needs_no_probe_map(engine: Engine, tmp_path: Path) -> None:
    matrix = made(barcodes(12))
    by_id = [line.partition(",") for line in lines_of(matrix)]
    names = ["", *(f"{gene_id}.5" for gene_id in IDS)]
    for ending, separator in (("csv", ","), ("tsv", "\t")):
        lines = [f"{name},{rest}".replace(",", separator)
                 for name, (_, _, rest) in zip(names, by_id, strict=True)]  # fmt: skip
        path = write(tmp_path / f"{ending}.{ending}", *lines)
        options = LoadOptions(source=ending, unit="tpm", tumor_type="LIHC")
        (loaded,) = engine.load([path], options).loaded
        assert loaded.metadata.n_genes == len(SYMBOLS)
        assert "symbols of NCBI Gene by Ensembl id" in loaded.metadata.read_as


# --- long tables ---------------------------------------------------------------------------------

Cell = tuple[str, str, str]
GENES = SYMBOLS[:7]


def long_cells(samples: Sequence[str], *, by_gene: bool = False) -> list[Cell]:
    pairs = itertools.product(range(len(samples)), range(len(GENES)))
    cells = [(samples[s], GENES[g], f"{1 + (7 * s + 3 * g) % 17}.{s}{g}") for s, g in pairs]
    return sorted(cells, key=lambda cell: GENES.index(cell[1])) if by_gene else cells


def write_long(path: Path, head: str, cells: Sequence[Cell]) -> Path:
    rows = [head.split(","), *map(list, cells)]
    if path.suffix == ".csv":
        return write(path, *(",".join(row) for row in rows))
    columns = dict(zip(rows[0], map(list, zip(*rows[1:], strict=True)), strict=True))
    frame = pl.DataFrame(columns).with_columns(pl.col(rows[0][-1]).cast(pl.Float64))
    if path.suffix == ".parquet":
        frame.write_parquet(path, row_group_size=9)
    else:
        frame.write_ipc(path)
    return path


@pytest.mark.parametrize("by_gene", [True, False])
@pytest.mark.parametrize("ending", ["csv", "parquet", "feather"])
@pytest.mark.parametrize(
    ("head", "samples"),
    [
        ("sample_barcode,gene_name,log2_tpm", barcodes(5)),
        ("id,symbol,value", barcodes(5)),
        ("sample,gene,value", list(OWN)),
        ("variable,gene,value", list(OWN)),
        ("patient,gene,value", ["1", "2", "3"]),
        ("sample,gene,value", ["only one"]),
    ],
)
def test_a_long_table_is_turned(
    tmp_path: Path, head: str, samples: list[str], ending: str, by_gene: bool
) -> None:
    cells = long_cells(samples, by_gene=by_gene)
    del cells[3]
    file = open_table(write_long(tmp_path / f"mine.{ending}", head, cells))
    assert sorted(file.columns) == sorted(samples)
    table = file.read(None)
    found = {
        (sample, gene): value
        for gene, row in zip(table.genes.tolist(), table.values, strict=True)
        for sample, value in zip(table.samples, row, strict=True)
        if not np.isnan(value)
    }
    assert found == {(sample, gene): np.float32(value) for sample, gene, value in cells}
    assert "a row for each gene and sample" in file.read_as


def test_a_long_table_by_gene_and_id(tmp_path: Path) -> None:
    lines = [
        f"{n},{IDS[SYMBOLS.index(gene)]}.3,{gene},chr1,{sample},{100 + len(gene)},{value}"
        for n, (sample, gene, value) in enumerate(long_cells(OWN))
    ]
    path = write(tmp_path / "mine.csv", ",gene_id,gene_name,chrom,sample,length,tpm", *lines)
    file = open_table(path)
    table = file.read(None)
    assert table.genes.tolist() == GENES
    assert table.gene_ids.tolist() == IDS[: len(GENES)]
    assert table.samples == OWN
    assert "values of 'tpm', left out chrom" in file.read_as


LONG_FAULTS: dict[str, tuple[str, list[str], str]] = {
    "a pair twice": (
        "sample,gene,tpm", ["P00,RELA,1"], "RELA of P00 is there more than once. Keep one row"),
    "a sample without a name": (
        "sample,gene,tpm", [",RELA,1"], "sample, and row 43 names no sample"),
    "a word": ("sample,gene,tpm", ["P09,RELA,high"], "line 44, column 'tpm': 'high'"),
    "an infinite value": ("sample,gene,tpm", ["P09,RELA,inf"], "RELA of P09 is not a finite"),
}  # fmt: skip


@pytest.mark.parametrize("case", LONG_FAULTS)
def test_a_bad_long_table_is_named(tmp_path: Path, case: str) -> None:
    head, more, says = LONG_FAULTS[case]
    cells = [",".join(cell) for cell in long_cells(OWN)]
    with pytest.raises(TableError) as raised:
        open_table(write(tmp_path / "mine.csv", head, *cells, *more)).read(None)
    assert says in str(raised.value)
    assert raised.value.remedy


def test_a_long_table_of_several_quantities_is_refused(tmp_path: Path) -> None:
    cells = [",".join((*cell, "7")) for cell in long_cells(OWN)]
    with pytest.raises(
        TableError, match=r"a long table.*several columns of numbers \(tpm, counts\)"
    ):
        open_table(write(tmp_path / "mine.csv", "sample,gene,tpm,counts", *cells))
    cells = [",".join((a, f"xx{b}", c)) for a, b, c in long_cells(OWN)]
    with pytest.raises(
        TableError, match=r"a long table.* none of its columns is known to name genes"
    ):
        open_table(write(tmp_path / "mine.csv", "who,what,tpm", *cells))


def test_a_row_without_a_gene_is_counted(tmp_path: Path) -> None:
    cells = [",".join(cell) for cell in long_cells(OWN)]
    path = write(tmp_path / "mine.csv", "sample,gene,tpm", *cells, "P00,,3", "P01,NA,4")
    table = open_table(path).read(None)
    assert table.genes.tolist() == GENES
    assert table.dropped == {"rows without the name of a gene": 2}


def test_wide_tables_of_few_samples_are_not_long(tmp_path: Path) -> None:
    """Several rows of a gene, as of probes, and columns that repeat do not make a long table."""
    rows = [f"probe{n},{GENES[n // 3]},chr{n % 2},{n}.5,{n}.25" for n in range(21)]
    file = open_table(write(tmp_path / "one.csv", "probe_id,symbol,chrom,P1,P2", *rows))
    assert file.columns == ("P1", "P2")
    rows = [f"P{n},{GENES[n % 3]},{n}.5,{n}.25,{n}.75" for n in range(12)]
    path = write(tmp_path / "two.csv", "sample,driver,RELA,NFE2L2,GPX4", *rows)
    file = open_table(path, ReadOptions(rows="samples"))
    assert file.columns == tuple(f"P{n}" for n in range(12))
    assert file.read(None).genes.tolist() == ["RELA", "NFE2L2", "GPX4"]


# --- what is no table ----------------------------------------------------------------------------


def zip_of(**files: bytes) -> bytes:
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tar_of(content: bytes) -> bytes:
    with tarfile.open(fileobj=(buffer := io.BytesIO()), mode="w") as archive:
        member = tarfile.TarInfo("mine.csv")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


TABLE = "\n".join(lines_of(made(list(OWN)))).encode() + b"\n"
WORKBOOK = zip_of(**{"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<x/>"})
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4f4f\nsize 73912345\n"
DENIED = b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code><Message>no</Message></Error>'
NO_TABLE: dict[str, tuple[bytes, str]] = {
    "Git LFS": (LFS, "a Git LFS pointer, not the data, no table. Run `git lfs pull`"),
    "a page": (b"\n<!DOCTYPE html>\n<html><head></head></html>", "a web page in place of the data"),
    "a page in XML": (b'<?xml version="1.0"?><html xmlns="x"></html>', "a web page in place of"),
    "a denial": (DENIED, "a server's error in place of the data (AccessDenied)"),
    "another error": (b"404: Not Found", "a server's error in place of the data"),
    "XML": (b'<?xml version="1.0"?><data/>', "XML, no table"),
    "JSON": (b'{"genes": ["RELA"], "values": [[1.5, 2]]}', "JSON, no table"),
    "a list in JSON": (b'[{"gene": "RELA", "P1": 1.5}]', "JSON, no table"),
    "gzip twice": (gzip.compress(gzip.compress(TABLE)), "compressed twice (gzip within), no table"),
    "xz in gzip": (gzip.compress(lzma.compress(TABLE)), "compressed twice (xz within), no table"),
    "tar": (tar_of(TABLE), "a tar archive, no table"),
    "tar.gz": (gzip.compress(tar_of(TABLE)), "a tar archive, no table"),
    "a workbook": (WORKBOOK, "an Excel workbook, no table. Save its sheet as CSV"),
    "an old workbook": (b"\xd0\xcf\x11\xe0" + bytes(600), "an Excel workbook (.xls), no table"),
    "two files": (zip_of(a=TABLE, b=TABLE), "a zip archive of 2 files. Unpack it"),
    "no file": (zip_of(), "a zip archive of 0 files"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document, no table"),
    "an .rds": (gzip.compress(b"X\n\0\0\0\3\0\4\3\2"), "an .rds file of R, no table"),
    "an .RData": (gzip.compress(b"RDX3\nX\n\0\0\0\3"), "an .RData file of R, no table"),
    "SQLite": (b"SQLite format 3\0" + bytes(84), "an SQLite database, no table"),
    "a pickle": (b"\x80\x04\x95\x10\0\0", "a pickle of Python, no table"),
    "an array": (b"\x93NUMPY\x01\0", "an array of NumPy, without names, no table"),
    "Feather 1": (b"FEA1\0\0\0\0", "a Feather file of version 1, no table"),
    "10x": (b"%%MatrixMarket matrix coordinate integer general\n", "(Matrix Market), no table"),
    "UTF-16": (TABLE.decode().encode("utf-16"), "text in UTF-16, no table"),
    "zeros": (bytes(4096), "not text, and of no known kind"),
    "old Macs": (TABLE.replace(b"\n", b"\r"), "text whose lines end in CR alone"),
    "nothing": (b"", "the file is empty"),
    "nothing, gzip": (gzip.compress(b""), "the file is empty"),
    "blank": (b"\n \n\n", "no line of it is a header"),
    "cut short": (lzma.compress(TABLE)[:-20], "the xz data are cut short or damaged"),
    "zip cut short": (zip_of(a=TABLE)[:-30], "the zip data are cut short or damaged"),
}  # fmt: skip


@pytest.mark.parametrize("case", NO_TABLE)
def test_what_is_no_table_is_named(tmp_path: Path, case: str) -> None:
    content, says = NO_TABLE[case]
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    with pytest.raises(TableError) as raised:
        open_table(path).read(None)
    said = str(raised.value)
    assert said.startswith(f"{path}: {says}") or says in said
    assert "\n" not in said
    assert raised.value.remedy
    if content.strip():
        with pytest.raises(TableError):
            read_covariates(path)


def test_every_word_for_missing_is_no_name() -> None:
    assert not any(word in symbol_table() for word in MISSING)
