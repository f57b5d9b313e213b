"""Inputs without end or measure: pipes, devices, lines and names of megabytes, archives."""

from __future__ import annotations

import gzip
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tcga_corr.errors import TableError, TcgaCorrError
from tcga_corr.formats import delimited, open_table
from tcga_corr.formats.covariates import read_covariates
from tcga_corr.vocabulary.gene_sets.gmt import read_gmt
from tests.conftest import write_table
from tests.formats.test_formats import SYMBOLS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices of POSIX")
GOOD = [(gene, [str(1.5 + row)] * 3) for row, gene in enumerate(SYMBOLS[:20])]


def load(path: Path) -> subprocess.CompletedProcess[str]:
    """Load a file in a process of its own, whose last line is its peak memory in MB; on Linux.

    It is that of the process since it began: ru_maxrss has that of its parent too.
    """
    script = (
        "import re, sys\nfrom pathlib import Path\nfrom tcga_corr.cli import main\n"
        "code = main.run(sys.argv[1:])\nstatus = Path('/proc/self/status')\n"
        "peak = re.search(r'VmHWM:\\s+(\\d+)', status.read_text()) if status.exists() else None\n"
        "print(int(peak[1]) // 1024 if peak else 0)\nsys.exit(code)"
    )
    own = ["-t", "CHOL", "--source", "mine", "--unit", "log2(tpm+1)"]
    command = [sys.executable, "-c", script, "--cache", str(path.parent / "cache"), "load"]
    return subprocess.run(
        [*command, str(path), *own], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("kind", ["pipe", "zero", "folder"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    """As tables, covariates and gene sets."""
    path = tmp_path / "input.gmt"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "zero":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    for read in (open_table, lambda one: read_covariates(one, "sample"), read_gmt):
        with pytest.raises(TcgaCorrError, match="not a file"):
            read(path)
    assert kind != "pipe" or stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.parametrize("where", ["first", "after a table", "header"])
def test_a_line_that_is_longer_than_any_tables(tmp_path: Path, where: str) -> None:
    """A gigabyte of it, in a megabyte of gzip."""
    path = tmp_path / "zeros.tsv.gz"
    with gzip.open(path, "wb", compresslevel=1) as handle:
        if where == "after a table":
            rows = ["\t".join((gene, *values)) for gene, values in GOOD]
            handle.write(("sample\ta\tb\tc\n" + "\n".join(rows) + "\n").encode())
        part = (b"\t" if where == "header" else b"0") * (1 << 20)
        for _ in range(300):
            handle.write(part)
    done = load(path)
    assert done.returncode == 1
    assert "a line of more than 64 MB" in done.stderr
    assert done.stderr.count("\n") == 1
    assert int(done.stdout.split()[-1]) < 1_000


@pytest.mark.slow
def test_more_rows_than_there_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_table(tmp_path / "mine.tsv", ["a", "b", "c"], GOOD)
    monkeypatch.setattr(delimited, "_MOST_ROWS", 19)
    with pytest.raises(TableError, match="more than 19 rows"):
        open_table(path).read(None)
    frame = pa.table({"gene": ["RELA"], "a": [1.0], "b": [2.0]})
    path = tmp_path / "many.parquet"
    with pq.ParquetWriter(path, frame.schema) as writer:
        some = pa.table({name: pa.repeat(frame[name][0], 10**6) for name in frame.column_names})
        for _ in range(101):
            writer.write_table(some)
    done = load(path)
    assert done.returncode == 1
    assert "101,000,000 rows, more than any table" in done.stderr
    assert int(done.stdout.split()[-1]) < 1_000


@pytest.mark.slow
def test_more_samples_and_covariates_than_there_can_be(tmp_path: Path) -> None:
    """Known from the header."""
    path = tmp_path / "wide.tsv"
    columns = "\t".join(f"P{n}" for n in range(200_000))
    values = "\t".join(["5.25"] * 200_000)
    rows = [f"{gene}\t{values}" for gene in SYMBOLS[:4]]
    path.write_text("\n".join([f"gene\t{columns}", *rows]) + "\n")
    done = load(path)
    assert done.returncode == 1
    assert "200,000 samples, more than the 100,000 of a table" in done.stderr
    assert int(done.stdout.split()[-1]) < 1_000
    path = tmp_path / "covariates.tsv"
    names = "\t".join(f"c{n}" for n in range(20_000))
    path.write_text(f"sample\t{names}\nP1\t" + "\t".join(["1"] * 20_000) + "\n")
    with pytest.raises(TableError, match="20,001 columns, more than the 10,000"):
        read_covariates(path, "sample")
    assert read_covariates(path, "sample", {"own": "c7"}).covariates.keys() == {"own"}


@pytest.mark.slow
@pytest.mark.parametrize("width", [300_000, 30_000_000])
def test_more_fields_than_columns_there_can_be(tmp_path: Path, width: int) -> None:
    """In the header, or in a row: refused before the line is cut."""
    path = tmp_path / "wide.tsv"
    path.write_bytes(b"gene" + b"\ta" * width + b"\nRELA" + b"\t1" * width + b"\n")
    done = load(path)
    assert done.returncode == 1
    assert f"line 1: {width + 1:,} fields, more than any table has columns" in done.stderr
    assert int(done.stdout.split()[-1]) < 1_000
    rows = ["\t".join((gene, *values)) for gene, values in GOOD]
    path.write_text("\n".join(["gene\ta\tb\tc", *rows] * 20) + "\nRELA" + "\t1" * width + "\n")
    done = load(path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert int(done.stdout.split()[-1]) < 1_000


@pytest.mark.slow
def test_wide_lines_are_looked_at_in_little_memory(tmp_path: Path) -> None:
    """Almost as wide as can be; many rows."""
    path = tmp_path / "wide.tsv"
    names = "\t".join(f"P{n}" for n in range(290_000))
    with path.open("w") as handle:
        handle.write(f"gene\t{names}\n")
        for gene in SYMBOLS[:60]:
            handle.write(gene + "\t5.25" * 290_000 + "\n")
    done = load(path)
    assert done.returncode == 1
    assert "290,000 samples, more than the 100,000" in done.stderr
    assert int(done.stdout.split()[-1]) < 1_000


@pytest.mark.parametrize("ending", ["tsv", "parquet"])
@pytest.mark.parametrize("of", ["gene", "sample", "about"])
def test_a_long_name_in_a_long_table(tmp_path: Path, ending: str, of: str) -> None:
    """The row with it is said, in whichever column; 1,000 letters are a name."""
    for length in (1_000, 1_001):
        rows = {
            "gene": [gene for gene in SYMBOLS[:20] for _ in "abc"],
            "id": [f"id-{gene}" for gene in SYMBOLS[:20] for _ in "abc"],
            "sample": list("abc") * 20,
            "value": [1.5 + row for row in range(60)],
        }
        column = "id" if of == "about" else of
        old = rows[column][50]
        rows[column] = ["é" * length if name == old else name for name in rows[column]]
        frame = pa.table(rows)
        path = tmp_path / f"long{length}.{ending}"
        if ending == "parquet":
            pq.write_table(frame, path)
        else:
            pl.DataFrame(frame).write_csv(path, separator="\t")
        if length == 1_000:
            assert len(open_table(path).read(None).genes) == 20
            continue
        row = 1 + rows[column].index("é" * length)
        with pytest.raises(TableError, match=f"row {row}: a name of 1,001 letters"):
            open_table(path)


@pytest.mark.parametrize("ending", ["tsv.gz", "parquet"])
@pytest.mark.parametrize("of", ["gene", "sample"])
def test_a_name_of_a_million_letters(tmp_path: Path, ending: str, of: str) -> None:
    name = "N" * 1_000_000
    genes = [name if of == "gene" else "GPX4", *SYMBOLS[:30]]
    samples = ["a", name if of == "sample" else "b", "c"]
    path = tmp_path / f"mine.{ending}"
    if ending == "parquet":
        values = {sample: [float(row) for row in range(len(genes))] for sample in samples}
        pq.write_table(pa.table({"gene": genes, **values}), path)
    else:
        write_table(path, samples, [(gene, [n, n + 1, n + 2]) for n, gene in enumerate(genes)])
    done = load(path)
    assert done.returncode == 1
    assert "a name of 1,000,000 letters" in done.stderr
    assert done.stderr.count("\n") == 1
    assert int(done.stdout.split()[-1]) < 1_000


HINTS: dict[str, Any] = {
    "null": b"null",
    "a list": b"[1]",
    "index null": b'{"index_columns": null}',
    "index number": b'{"index_columns": 5}',
    "index of numbers": b'{"index_columns": [1, null]}',
    "no JSON": b"{",
    "not UTF-8": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "long number": b'{"index_columns": ' + b"1" * 5_000 + b"}",
    "right": json.dumps({"index_columns": ["gene"]}).encode(),
}


@pytest.mark.parametrize("name", HINTS)
def test_what_others_wrote_into_a_parquet_file_is_but_a_hint(tmp_path: Path, name: str) -> None:
    table = pa.table({"gene": SYMBOLS[:20], **{f"P{n}": [1.5] * 20 for n in range(12)}})
    path = tmp_path / "mine.parquet"
    pq.write_table(table.replace_schema_metadata({b"pandas": HINTS[name]}), path)
    found = open_table(path).read(None)
    assert found.genes.tolist() == SYMBOLS[:20]
    assert found.samples == tuple(f"P{n}" for n in range(12))


def test_a_name_in_parquet_that_is_no_text(tmp_path: Path) -> None:
    names = pa.array([b"RELA", b"\xff\xfe", b"GPX4"], pa.binary()).cast(pa.string(), safe=False)
    path = tmp_path / "mine.parquet"
    pq.write_table(pa.table({"gene": names, "P1": [1.0, 2, 3], "P2": [1.0, 2, 4]}), path)
    with pytest.raises(TableError, match="not text in UTF-8"):
        open_table(path).read(None)


@pytest.mark.parametrize("count", ["9" * 5_000, "-1", "1e3"])
def test_a_gct_of_no_number_of_rows(tmp_path: Path, count: str) -> None:
    path = tmp_path / "counts.gct"
    path.write_text(f"#1.2\n{count}\t2\nName\tDescription\ta\tb\nRELA\tx\t1\t2\n")
    with pytest.raises(TableError, match="line 2: not 2 numbers"):
        open_table(path).read(None)
