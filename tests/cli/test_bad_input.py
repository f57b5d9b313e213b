"""Whatever is wrong is said in one line that names it, and the store stays as it was."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tcga_corr.cli.main import run
from tcga_corr.errors import StoreError
from tcga_corr.store.layout import Store, TableKey
from tcga_corr.store.parquet import read_metadata, read_values
from tests.conftest import barcodes, run_cli, snapshot, write_table

EB = "EB++AdjustPANCAN_IlluminaHiSeq_RNASeqV2.geneExp.xena.gz"
PHENOTYPE = "Survival_SupplementalTable_S1"
UNIT = "log2(norm_count+1)"
GENES = ("RELA", "NFE2L2", *(f"G{number}" for number in range(30)))
SAMPLES = barcodes(12)
VALUES = np.random.default_rng(7).uniform(1, 15, (len(GENES), len(SAMPLES)))
TEXTS = [[f"{value:.4f}" for value in row] for row in VALUES]
KEY = TableKey("tcga-hiseqv2", "ACC")

Rows = list[tuple[str, Sequence[object]]]
Arguments = Sequence[object]


def rows(*more: tuple[str, Sequence[object]]) -> Rows:
    return [*zip(GENES, TEXTS, strict=True), *more]


def xena(folder: Path, table: Rows | None = None, tumor_type: str = "UCS") -> Path:
    path = folder / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2.gz"
    # each tumor type has patients of its own
    site = "AA" if tumor_type == "UCS" else tumor_type[:2]
    return write_table(path, barcodes(12, site=site), rows() if table is None else table)


def written(folder: Path, content: bytes, name: str = "TCGA.UCS.sampleMap/HiSeqV2") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def text_of(table: Rows | None = None, separator: str = "\t") -> bytes:
    lines = [("sample", *SAMPLES), *((name, *values) for name, values in table or rows())]
    return "".join(separator.join(map(str, line)) + "\n" for line in lines).encode()


def with_row(row: str | bytes, line: int = 4) -> bytes:
    """The table with one line put in."""
    lines = text_of().split(b"\n")
    lines.insert(line - 1, row if isinstance(row, bytes) else row.encode())
    return b"\n".join(lines)


def filled(*fields: str) -> str:
    """A row of these first fields, and ones in the other columns."""
    return "\t".join(("X", *fields, *["1"] * (len(SAMPLES) - len(fields))))


def assert_one_line(stderr: str, *says: str) -> None:
    """One error of two sentences, WHAT and WHAT TO DO, that is no surprise to the program."""
    assert stderr.endswith("\n")
    line = stderr[:-1]
    assert line.startswith("tcga-corr: error: ")
    assert line.isprintable(), line
    assert len(line) < 600
    assert "Traceback" not in line
    assert "error: unexpected" not in line
    assert re.search(r"\S\. \S.*[.?]$", line), line
    for part in says:
        assert part in line, line


def ask(cache: Path, *arguments: str) -> int:
    return run(["--cache", str(cache), "-q", *arguments])


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A store with one good table."""
    path = tmp_path / "cache"
    assert ask(path, "load", str(xena(tmp_path / "good", None, "ACC"))) == 0
    return path


@dataclass(frozen=True)
class Case:
    """Arguments of ``load`` for files written to a folder, and what must come of it."""

    make: Callable[[Path], Arguments]
    says: tuple[str, ...]
    code: int = 1
    process: bool = False


def bad_file(make: Callable[[Path], Path], *says: str, process: bool = False) -> Case:
    return Case(lambda folder: [make(folder)], ("HiSeqV2", *says), process=process)


def cut_gzip(length: int) -> Case:
    packed = gzip.compress(text_of(), mtime=0)[:length]
    return bad_file(
        lambda folder: written(folder, packed), "cut short or damaged", process=length == 900
    )


def flipped_gzip(place: int) -> Case:
    packed = bytearray(gzip.compress(text_of(), mtime=0))
    packed[place] ^= 0x10
    return bad_file(lambda folder: written(folder, bytes(packed)), "cut short or damaged")


def text_case(content: bytes, *says: str, process: bool = False) -> Case:
    return bad_file(lambda folder: written(folder, content), *says, process=process)


def own(*options: str) -> Callable[[Path], Arguments]:
    """A table whose name tells nothing, and what is said of it."""
    return lambda folder: [written(folder, text_of(), "mine.tsv"), *options]


def named(*options: str) -> Callable[[Path], Arguments]:
    """A good cohort table, and what is said of it."""
    return lambda folder: [xena(folder), *options]


def gdc(probe_map: bytes | None, first: str = "ENSG00000173039.19") -> Callable[[Path], Arguments]:
    def make(folder: Path) -> Arguments:
        table: Rows = [(first, TEXTS[0]), ("ENSG00000116044.17", TEXTS[1])]
        path = write_table(folder / "TCGA-GBM.star_tpm.tsv.gz", SAMPLES, table, "Ensembl_ID")
        if probe_map is None:
            return [path]
        return [path, "--probe-map", written(folder, probe_map, "genes.map")]

    return make


def pancan(
    phenotype: bytes | None, table: Rows | None = None, *options: str
) -> Callable[[Path], Arguments]:
    def make(folder: Path) -> Arguments:
        if phenotype is not None:
            written(folder, phenotype, PHENOTYPE)
        return [write_table(folder / EB, SAMPLES, rows() if table is None else table), *options]

    return make


def phenotype_of(*lines: str) -> bytes:
    return "\n".join(("sample\tcancer type abbreviation", *lines, "")).encode()


def diagonal() -> Rows:
    """An NA in every gene, in one sample or another."""
    return [
        (name, ["NA" if column == row % 12 else "1" for column in range(12)])
        for row, name in enumerate(GENES)
    ]


def as_linear() -> Rows:
    return [(name, [f"{2**value:.2f}" for value in row]) for name, row in zip(GENES, VALUES)]  # noqa: B905


LAST = SAMPLES[-1]
CASES: dict[str, Case] = {
    **{f"gzip cut at {length}": cut_gzip(length) for length in (2, 9, 10, 40, 900, -9, -1)},
    **{f"gzip flipped at {place}": flipped_gzip(place) for place in (2, 300, 900, -6, -2)},
    "no barcodes": text_case(
        text_of().replace(b"TCGA-", b"GTEX-"), "'GTEX-AA-0000-01'", "--source of your own"
    ),
    "escape codes": text_case(b"\x1b[31msample\tx\x1b[2J\x07\nA\t1\n", "line 1"),
    "UTF-16": text_case(text_of().decode().encode("utf-16"), "text in UTF-16"),
    "short row": text_case(with_row("X\t1"), "line 4: 2 fields where the header has 13"),
    "short first row": text_case(with_row("X", 2), "line 2: 1 fields where the header has 13"),
    "short last row": text_case(text_of() + b"X\t1\n", "line 34: 2 fields"),
    "long row": text_case(with_row(filled() + "\t1"), "line 4: 14 fields", process=True),
    "long, then short row": text_case(
        with_row(f"{filled()}\t1\nY\t{filled()[4:]}"), "line 4: 14 fields"
    ),
    "short, then long row": text_case(
        with_row(f"Y\t{filled()[4:]}\n{filled()}\t1"), "line 4: 12 fields"
    ),
    "text": text_case(with_row(filled("1", "high")), "line 4", SAMPLES[1], "'high'"),
    "number and blank": text_case(with_row(filled("1 ")), "line 4", SAMPLES[0]),
    "number and underscore": text_case(with_row(filled("1_0")), "line 4", SAMPLES[0], "'1_0'"),
    "infinite": text_case(with_row(filled("1", "-inf")), "line 4", SAMPLES[1], "'-inf'"),
    "above float32": text_case(
        with_row(filled("1e39")), "line 4", SAMPLES[0], "'1e39'", process=True
    ),
    "not UTF-8 name": text_case(with_row(b"N\xe9" + filled().encode()[1:]), "line 4"),
    "not UTF-8 value": text_case(with_row(b"N\t\xe9" + filled().encode()[3:]), "line 4"),
    "empty file": text_case(b"", "empty"),
    "empty gzip": text_case(gzip.compress(b""), "empty"),
    "header only": text_case(text_of().partition(b"\n")[0] + b"\n", "without rows"),
    "header only, no newline": text_case(text_of().partition(b"\n")[0], "without rows"),
    "commas": text_case(text_of(None, ","), "a plain table", "'tcga-hiseqv2' has xena tables"),
    "semicolons": text_case(text_of(None, ";"), "a plain table", "'tcga-hiseqv2' has xena tables"),
    "blanks": text_case(text_of(None, " "), "line 1", "no tab, comma or semicolon", "12 blanks"),
    "decimal commas between commas": Case(
        lambda folder: [
            written(folder, text_of(None, ",").replace(b".", b","), "mine.csv"),
            *("-t", "ACC", "--source", "mine", "--unit", UNIT),
        ],
        ("mine.csv, line 2", "25 fields where the header has 13"),
    ),
    "decimal commas between tabs": text_case(
        text_of().replace(b".", b","), "line 2", SAMPLES[0], "is not a finite number"
    ),
    "neither side is known": text_case(
        b"sample\tq1q\tq2q\nx1x\t1\t2\n", "'x1x'", "'q1q', 'q2q'", "--rows genes"
    ),
    "own cohort by commas, no source": Case(
        lambda folder: [
            written(folder, text_of(None, ",").replace(b"TCGA-", b"GTEX-"), "mine.csv")
        ],
        ("mine.csv", "'GTEX-AA-0000-01'", "--source of your own"),
    ),
    "linear values": bad_file(lambda folder: xena(folder, as_linear()), UNIT, "--linear"),
    "negative value": bad_file(
        lambda folder: xena(folder, rows(("X", [1] * 11 + [-0.5]))), f"X of {LAST}, -0.5,", UNIT
    ),
    "negative linear value": Case(
        lambda folder: [
            write_table(folder / "mine.tsv", SAMPLES, rows(("X", [1] * 11 + [-3]))),
            *("--linear", "-t", "ACC", "--source", "mine", "--unit", UNIT),
        ],
        ("mine.tsv", f"X of {LAST}, -3,", "linear"),
    ),
    "absurd value": bad_file(
        lambda folder: xena(folder, rows(("X", [1] * 11 + ["1e30"]))), f"X of {LAST}, 1e+30,"
    ),
    "absurd negative value": Case(
        pancan(phenotype_of(f"{LAST}\tACC"), rows(("X", [1] * 11 + ["-1e30"]))),
        (EB, f"X of {LAST}, -1e+30,"),
    ),
    "unknown tumor type": Case(named("-t", "LICH"), ("'LICH'", "LIHC"), 2),
    "unknown tumor type, none near": Case(named("-t", "QQQQ"), ("'QQQQ'", "33"), 2),
    "union": Case(named("-t", "COADREAD"), ("COAD and READ",), 2),
    "union told by the path": Case(
        lambda folder: [xena(folder, None, "COADREAD")], ("COAD and READ", "HiSeqV2"), 2
    ),
    "no tumor type": Case(
        own("--source", "mine", "--unit", UNIT), ("mine.tsv", "--tumor-type", "--phenotype"), 3
    ),
    "no source": Case(own("-t", "ACC"), ("mine.tsv", "--source", "tcga-hiseqv2"), 2),
    "no unit": Case(own("-t", "ACC", "--source", "mine"), ("mine.tsv", "--unit"), 2),
    "source that is no name": Case(named("--source", "../x"), ("'../x'",), 2),
    "source of other files": Case(named("--source", "gdc-star"), ("HiSeqV2.gz", "gdc-star"), 2),
    "unit of another source": Case(
        named("--source", "tcga-hiseqv2", "--unit", "log2(tpm+1)"), ("HiSeqV2", "--unit", UNIT), 2
    ),
    "unit against the name": Case(named("--unit", "log2(tpm+1)"), ("HiSeqV2", "--unit", UNIT), 2),
    "missing file": Case(lambda folder: [folder / "nix.gz"], ("nix.gz",), 3, process=True),
    "folder of nothing": Case(lambda folder: [folder], ("no file in this folder",), 3),
    "no probe map": Case(gdc(None), ("star_tpm", "ENSG00000173039.19", "--probe-map"), 3),
    "missing probe map": Case(
        lambda folder: [*gdc(None)(folder), "--probe-map", folder / "nix.map"], ("nix.map",), 3
    ),
    "probe map is a folder": Case(
        lambda folder: [*gdc(None)(folder), "--probe-map", folder], ("bad",)
    ),
    "probe map is empty": Case(gdc(b""), ("genes.map",)),
    "probe map of other columns": Case(gdc(b"gene\tid\n"), ("genes.map, line 1",)),
    "probe map not UTF-8": Case(
        gdc(b"id\tgene\nENSG00000173039.19\tREL\xc4\nENSG00000116044.17\tNFE2L2\n"),
        ("genes.map",),
    ),
    "probe map of other genes": Case(gdc(b"id\tgene\nENSG1.1\tX\n"), ("genes.map",), 3),
    "no phenotype": Case(pancan(None), (EB, "--phenotype"), 3),
    "missing phenotype": Case(pancan(None, None, "--phenotype", "nix.tsv"), ("nix.tsv",), 3),
    "phenotype knows no sample": Case(
        pancan(phenotype_of("TCGA-ZZ-0000-01\tACC")), (EB, PHENOTYPE), 3
    ),
    "phenotype of a union": Case(
        pancan(phenotype_of("TCGA-ZZ-0000-01\tACC", "TCGA-ZZ-0001-01\tLUNG")),
        (f"{PHENOTYPE}, line 3", "'LUNG'"),
    ),
    "phenotype of other columns": Case(
        pancan(b"sample\ttype\n"), (f"{PHENOTYPE}, line 1", "cancer type abbreviation")
    ),
    "phenotype empty": Case(pancan(b""), (PHENOTYPE,)),
    "phenotype not UTF-8": Case(pancan(phenotype_of("A\tB") + b"\xc4\n"), (PHENOTYPE,)),
    "NA in every gene": bad_file(lambda folder: xena(folder, diagonal()), "UCS", "NA"),
    "NA everywhere": bad_file(
        lambda folder: xena(folder, [(name, ["NA"] * 12) for name in GENES]),
        "UCS",
        "NA",
        process=True,
    ),
    "no gene has a symbol": bad_file(
        lambda folder: xena(folder, [("?|1", TEXTS[0]), ("2", TEXTS[1])]), "symbol"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_load_is_one_line_and_changes_nothing(
    name: str, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[name]
    folder = tmp_path / "bad"
    folder.mkdir()
    arguments = list(map(str, case.make(folder)))
    before = snapshot(cache)
    assert run(["--cache", str(cache), "load", *arguments]) == case.code
    said = capsys.readouterr()
    assert_one_line(said.err, *case.says)
    assert said.out == ""
    assert snapshot(cache) == before
    new = tmp_path / "new"
    assert run(["--cache", str(new), "load", *arguments]) == case.code
    assert not new.exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.process])
def test_a_bad_load_as_a_process(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    done = run_cli("--cache", tmp_path / "new", "load", *case.make(tmp_path))
    assert done.returncode == case.code
    assert_one_line(done.stderr.decode(), *case.says)
    assert done.stdout == b""
    assert not (tmp_path / "new").exists()


def loaded_types(cache: Path) -> list[str]:
    return [key.tumor_type for key in Store(cache).table_keys()]


def test_good_files_load_beside_bad_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = tmp_path / "cache"
    bad = [CASES[name].make(tmp_path / name)[0] for name in ("text", "empty file", "commas")]
    good = [xena(tmp_path, None, name) for name in ("ACC", "CHOL", "UVM")]
    files = [bad[0], good[0], bad[1], good[1], tmp_path / "nix", bad[2], good[2]]
    assert run(["--cache", str(cache), "load", *map(str, files)]) == 1
    lines = capsys.readouterr().err.splitlines(keepends=True)
    errors = [line for line in lines if "error" in line]
    assert len(errors) == 4
    for line, path in zip(errors, (*bad[:2], tmp_path / "nix", bad[2]), strict=True):
        assert_one_line(line, str(path))
    assert loaded_types(cache) == ["ACC", "CHOL", "UVM"]


def test_good_files_load_beside_a_bad_one_of_their_folder(tmp_path: Path) -> None:
    for name in ("ACC", "UVM"):
        xena(tmp_path / "tables", None, name)
    written(tmp_path / "tables", b"", "TCGA.CHOL.sampleMap/HiSeqV2.gz")
    assert run(["--cache", str(tmp_path / "cache"), "load", str(tmp_path / "tables")]) == 1
    assert loaded_types(tmp_path / "cache") == ["ACC", "UVM"]


def test_good_tumor_types_load_beside_a_bad_one_of_their_table(tmp_path: Path) -> None:
    table: Rows = [(name, ["1"] * 8 + ["NA"] * 4) for name in GENES]
    types = ["ACC"] * 4 + ["UVM"] * 4 + ["CHOL"] * 4
    lines = (f"{sample}\t{kind}" for sample, kind in zip(SAMPLES, types, strict=True))
    arguments = pancan(phenotype_of(*lines), table)(tmp_path)
    assert run(["--cache", str(tmp_path / "cache"), "load", *map(str, arguments)]) == 1
    assert loaded_types(tmp_path / "cache") == ["ACC", "UVM"]


def test_a_short_row_of_a_phenotype_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Passed over, so that the table tells of no sample, or a fault by its line."""
    arguments = pancan(b"cancer type abbreviation\tsample\nACC\n")(tmp_path)
    code = run(["--cache", str(tmp_path / "cache"), "load", *map(str, arguments)])
    assert_one_line(capsys.readouterr().err, PHENOTYPE)
    assert code in (1, 3)


def test_a_unit_is_not_mixed_within_a_source(
    cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, text_of(), "mine.tsv")
    load = ["--cache", str(cache), "-q", "load", str(path), "--source", "mine", "--unit"]
    assert run([*load, "log2(tpm+1)", "-t", "ACC"]) == 0
    before = snapshot(cache)
    assert run([*load, "log2(count+1)", "-t", "UCS"]) == 2
    assert_one_line(capsys.readouterr().err, "mine.tsv", "log2(tpm+1)", "log2(count+1)", "--source")
    assert snapshot(cache) == before


# --- the store -----------------------------------------------------------------------------------

QUESTIONS = (["status"], ["correlate", "RELA", "NFE2L2"], ["sql", "FROM tables"])


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_store_of_another_schema(
    cache: Path, question: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (cache / "store.json").write_text('{"schema": 2}')
    before = snapshot(cache)
    assert ask(cache, *question) == 1
    assert_one_line(capsys.readouterr().err, str(cache), "schema 2", "--cache")
    assert snapshot(cache) == before


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", None])
def test_a_store_whose_schema_cannot_be_read(
    cache: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is None:
        (cache / "store.json").unlink()
    else:
        (cache / "store.json").write_bytes(content)
    assert ask(cache, "status") == 1
    assert_one_line(capsys.readouterr().err, str(cache / "store.json"))


@pytest.mark.parametrize("below", ["", "below", "far/below"])
def test_a_store_that_cannot_be_a_folder(
    tmp_path: Path, below: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, b"a file", "file")
    for arguments in (["load", str(xena(tmp_path))], *QUESTIONS):
        assert ask(file / below, *arguments) == 1
        assert_one_line(capsys.readouterr().err, str(file))
    assert file.read_bytes() == b"a file"


def test_an_empty_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for question in QUESTIONS:
        assert ask(tmp_path / "new", *question) == 3
        assert_one_line(capsys.readouterr().err, str(tmp_path / "new"), "load", "demo")
    assert not (tmp_path / "new").exists()


def run_on_a_full_disk(limit: int, cache: Path, *arguments: object) -> None:
    """Fail as on a disk that takes no file of more than so many bytes."""

    def no_larger_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-m", "tcga_corr", "--cache", cache, "-q", *map(str, arguments)],
        preexec_fn=no_larger_files,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert_one_line(done.stderr.decode(), str(cache), "cannot be written", "space")
    assert list(cache.rglob("*.part")) == []


@pytest.mark.slow
@pytest.mark.parametrize("limit", [0, 2_000])
@pytest.mark.parametrize("tumor_type", ["ACC", "UCS"])
def test_a_full_disk(cache: Path, tmp_path: Path, tumor_type: str, limit: int) -> None:
    """Of a new table nothing stays, and of the others all; a half table is never seen."""
    other = [(name, values[::-1]) for name, values in rows()]
    path = xena(tmp_path / "new", other, tumor_type)
    before = snapshot(cache)
    run_on_a_full_disk(limit, cache, "load", path)
    assert snapshot(cache) == before
    assert ask(cache, "load", str(path)) == 0
    key = TableKey("tcga-hiseqv2", tumor_type)
    expected = VALUES.round(4).astype("f4")[np.argsort(GENES), ::-1]
    assert np.array_equal(read_values(Store(cache), key)[1], expected)


@pytest.mark.parametrize("limit", [0, 100])
def test_a_new_store_on_a_full_disk(tmp_path: Path, limit: int) -> None:
    cache, path = tmp_path / "cache", xena(tmp_path)
    run_on_a_full_disk(limit, cache, "load", path)
    assert ask(cache, "status") == 3
    assert ask(cache, "load", str(path)) == 0
    assert loaded_types(cache) == ["UCS"]


@pytest.mark.slow
def test_a_disk_that_is_full_at_the_index(tmp_path: Path) -> None:
    """The table is whole by then; the index is made when there is room again."""
    many: Rows = [(f"G{number}", ["1"] * 12) for number in range(2_000)]
    cache, path = tmp_path / "cache", xena(tmp_path, rows()[:2] + many, "ACC")
    for arguments in (["load", path], ["correlate", "RELA", "NFE2L2"]):
        run_on_a_full_disk(30_000, cache, *arguments)
    assert loaded_types(cache) == ["ACC"]
    assert ask(cache, "correlate", "RELA", "NFE2L2") == 0


def table_of(cache: Path) -> Path:
    return Store(cache).table_path(KEY)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda content: content[:-100],
    "cut to its start": lambda content: content[:4],
    "empty": lambda content: b"",
    "a hole in its values": lambda content: content[:800] + bytes(300) + content[1_100:],
    "text": lambda content: b"no table",
    "other Parquet": lambda content: parquet_bytes({}),
    "other schema": lambda content: parquet_bytes({"tcga_corr": json.dumps({"schema": 2})}),
    "no schema": lambda content: parquet_bytes({"tcga_corr": "{}"}),
    "metadata of another version": lambda content: parquet_bytes(
        {"tcga_corr": json.dumps({"schema": 1, "inputs": [], "samples": [], "more": 1})}
    ),
    "metadata that are no object": lambda content: parquet_bytes({"tcga_corr": "[]"}),
}


def parquet_bytes(metadata: dict[str, str]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"gene": ["A"]}).replace_schema_metadata(metadata), sink)
    return bytes(sink.getvalue().to_pybytes())


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_table_is_said_and_the_remedy_works(
    cache: Path, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = snapshot(cache)
    table = table_of(cache)
    table.write_bytes(DAMAGES[damage](table.read_bytes()))
    load = ["load", str(xena(tmp_path / "good", None, "ACC"))]
    assert ask(cache, "status") == 0
    noted = "or load the table again" in capsys.readouterr().out
    assert noted == (damage != "a hole in its values")  # status reads no values
    assert ask(cache, "correlate", "RELA", "NFE2L2") == 1
    assert_one_line(capsys.readouterr().err, str(table), "or load the table again")
    assert ask(cache, "sql", "FROM expression") == 1
    assert_one_line(capsys.readouterr().err)
    assert ask(cache, *load) == 0
    assert ask(cache, "correlate", "RELA", "NFE2L2") == 0
    stamped = {name for name in whole if name.endswith("index.json")}
    after = snapshot(cache)
    assert {name: after[name] for name in after.keys() - stamped} == {
        name: whole[name] for name in whole.keys() - stamped
    }


def test_a_flipped_byte_in_a_table_is_an_error_or_nothing(cache: Path) -> None:
    table = table_of(cache)
    content = table.read_bytes()
    end = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    genes, values = read_values(Store(cache), KEY)
    wrong = []
    for place in range(4, end, 7):
        damaged = bytearray(content)
        damaged[place] ^= 0x04
        table.write_bytes(damaged)
        try:
            found = read_values(Store(cache), KEY)
        except StoreError:
            continue
        if found[0] != genes or not np.array_equal(found[1], values):
            wrong.append(place)
    assert wrong == []


def test_a_flipped_byte_in_a_tables_metadata_is_an_error_of_ours(cache: Path) -> None:
    table = table_of(cache)
    content = table.read_bytes()
    end = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    for place in range(end, len(content), 61):
        damaged = bytearray(content)
        damaged[place] ^= 0x01
        table.write_bytes(damaged)
        with contextlib.suppress(StoreError):
            read_metadata(Store(cache), KEY)
            read_values(Store(cache), KEY)


INDEX_DAMAGES = [
    *((name, cut) for name in ("ranks.npy", "values.npy", "genes.txt") for cut in (0, 5, 100, -1)),
    *((name, None) for name in ("ranks.npy", "values.npy", "genes.txt", "index.json")),
    *(("index.json", cut) for cut in (0, 5, 100, -1)),
]


@pytest.mark.parametrize(("name", "cut"), INDEX_DAMAGES)
def test_a_damaged_index_is_made_anew(
    cache: Path, name: str, cut: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(cache, "correlate", "RELA", "NFE2L2", "--format", "json") == 0
    expected = capsys.readouterr()
    whole = snapshot(cache)
    (path,) = cache.glob(f"index/*/*/*/{name}")
    if cut is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:cut])
    assert ask(cache, "correlate", "RELA", "NFE2L2", "--format", "json") == 0
    assert capsys.readouterr() == expected
    assert snapshot(cache) == whole


INDEX_JSON: dict[str, Callable[[dict[str, object]], object]] = {
    "a list": lambda described: [],
    "nothing in it": lambda described: {},
    "only the schema": lambda described: {"schema": 1},
    "no metadata": lambda described: {**described, "metadata": {}},
    "other metadata": lambda described: {**described, "metadata": {"inputs": 1}},
    "another schema": lambda described: {**described, "schema": 2},
}


@pytest.mark.parametrize("damage", INDEX_JSON)
def test_a_wrong_index_description_is_made_anew(cache: Path, damage: str) -> None:
    (path,) = cache.glob("index/*/*/*/index.json")
    described = json.loads(path.read_text())
    path.write_text(json.dumps(INDEX_JSON[damage](described)))
    assert ask(cache, "correlate", "RELA", "NFE2L2") == 0
    assert json.loads(path.read_text()) == described


# --- questions that cannot be answered -----------------------------------------------------------


@pytest.fixture
def gmt(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "sets.gmt"
    path.write_text("TINY\tx\tG1\tG2\tNOT_THERE\nGOOD\tx\tG1\tG2\tG3\tG4\tG5\n")
    here = Path.cwd()
    os.chdir(tmp_path)
    yield path
    os.chdir(here)


def in_words(value: object) -> str | None:
    return " ".join(value) if isinstance(value, list) else None


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["correlate", "RELAA", "NFE2L2"], 2, ("'RELAA'", "RELA")),
        (["correlate", "RELA", "gene:NRF22"], 2, ("'NRF22'",)),
        (["correlate", "RELA", "qqqqqqqq"], 2, ("'qqqqqqqq'", "HGNC")),
        (["correlate", "RELA", "set:ferroptosi"], 2, ("'ferroptosi'", "ferroptosis")),
        (["score", "feroptosis"], 2, ("'feroptosis'", "ferroptosis")),
        (["score", "RELA", "ferroptosis"], 2, ("'RELA' is a gene", "'ferroptosis' a gene set")),
        (["score", "sets.gmt:GOD"], 2, ("sets.gmt", "'GOD'", "GOOD")),
        (["score", "nix.gmt"], 3, ("nix.gmt",)),
        (["score", "sets.gmt:TINY"], 1, ("2 of 3 genes", "at least 5", "ACC")),
        (["correlate", "sets.gmt:TINY", "RELA"], 1, ("2 of 3 genes", "at least 5")),
        (["correlate", "RELA", "NFE2L2", "-t", "CHOL"], 1, ("7", "at least 10")),
        (["correlate", "RELA", "NFE2L2", "--samples", "normal"], 1, ("0", "at least 10")),
        (["correlate", "RELA", "NFE2L2", "-t", "UVM"], 3, ("UVM", "tcga-hiseqv2")),
        (["correlate", "RELA", "NFE2L2", "-t", "LUNG"], 3, ("LUAD, LUSC: not loaded",)),
        (["correlate", "RELA", "NFE2L2", "--source", "toil"], 3, ("'toil'",)),
        (["correlate", "RELA", "NFE2L2", "--source", "tcga*"], 3, ("'tcga*'",)),
        (["status", "--source", "**"], 3, ("'**'",)),
        (["correlate", "RELA", "NFE2L2", "--min-genes", "0"], 2, ("min_genes",)),
        (["correlate", "RELA", "NFE2L2", "--method", "kendal"], 2, ("kendal",)),
        (["correlate", "RELA"], 2, ()),
        (["status", "-t", "UVM"], 3, ("UVM",)),
        (["sql", "SELEC 1"], 1, ("SELEC",)),
        (["sql", "SELECT nix FROM tables"], 1, ("nix",)),
        (["sql", "--named", "rela"], 2, ("rela_nfe2l2",)),
        (["sql", ""], 2, ()),
    ],
    ids=in_words,
)
def test_a_bad_question_is_one_line(
    cache: Path,
    gmt: Path,
    arguments: list[str],
    code: int,
    says: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    few = [(name, values[:7]) for name, values in rows()]
    path = write_table(gmt.parent / "TCGA.CHOL.sampleMap/HiSeqV2", SAMPLES[:7], few)
    assert ask(cache, "load", str(path)) == 0
    before = snapshot(cache)
    assert ask(cache, *arguments) == code
    assert_one_line(capsys.readouterr().err, *says)
    assert snapshot(cache) == before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["correlate", "RELAA", "NFE2L2"], 2), (["correlate", "RELA", "NFE2L2", "-t", "UVM"], 3)],
)
def test_a_bad_question_as_a_process(cache: Path, arguments: list[str], code: int) -> None:
    done = run_cli("--cache", cache, *arguments)
    assert done.returncode == code
    assert done.stdout == b""
    assert_one_line(done.stderr.decode())
