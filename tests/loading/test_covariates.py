"""Covariates: tables of numbers per sample or patient, beside genes and gene sets."""

from __future__ import annotations

import gzip
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import tcga_corr as tc
from tcga_corr.engine import Engine
from tcga_corr.errors import DamagedTableError, DataMissingError, TableError, UsageError
from tcga_corr.formats.covariates import CovariateTable, check_covariate_name, read_covariates
from tcga_corr.loading.covariates import load_covariates
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.store.covariate_lookup import Covariates
from tcga_corr.store.covariates import check_covariates_name, open_covariates, remove_covariates
from tcga_corr.store.layout import Store
from tcga_corr.store.metadata import StoredSample
from tcga_corr.store.sql import named_queries, queries_folder
from tests.conftest import DIE_BEFORE, barcodes, snapshot, write_table

GENES = [f"G{number:03d}" for number in range(30)]
N = {"LIHC": 30, "ACC": 12}


def names_of(read: CovariateTable) -> tuple[str, ...]:
    return tuple(read.covariates)


def columns_of(read: CovariateTable) -> tuple[str, ...]:
    return tuple(one.column for one in read.covariates.values())


def matrix_of(read: CovariateTable) -> np.ndarray:
    """Rows x covariates."""
    return np.column_stack([one.values for one in read.covariates.values()])


def patients(tumor_type: str) -> list[str]:
    return [name[:12] for name in barcodes(N[tumor_type], site=tumor_type[:2])]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two tumor types and no covariates, to copy."""
    root = tmp_path_factory.mktemp("filled") / "cache"
    rng = np.random.default_rng(3)
    for tumor_type, n in N.items():
        values = np.round(rng.uniform(0, 15, (len(GENES), n)), 1)
        path = root.parent / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
        rows = zip([*GENES[:-1], "CPE"], values.tolist(), strict=True)
        write_table(path, barcodes(n, site=tumor_type[:2]), rows)
        assert not tc.open_store(root).load([path]).errors
    return root


@pytest.fixture
def engine(filled: Path, tmp_path: Path) -> Engine:
    shutil.copytree(filled, tmp_path / "cache")
    return tc.open_store(tmp_path / "cache")


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Age and dose of all samples but the first 4 and 2 of LIHC, and all but 3 of ACC."""
    lines = ["sample,age,dose,site"]
    for tumor_type, few in (("LIHC", 4), ("ACC", 3)):
        for number, name in enumerate(barcodes(N[tumor_type], site=tumor_type[:2])):
            age = "" if number < few else 40 + number * 7 % 31
            lines.append(f"{name},{age},{'NA' if number < 2 else number / 4},left")
    return write(tmp_path / "clinic.csv", *lines)


def row(engine: Engine, x: str, y: str, tumor_type: str = "LIHC", **options: object) -> dict:  # type: ignore[type-arg]
    frame = engine.correlate(x, y, tumor_types=[tumor_type], **options).frame  # type: ignore[arg-type]
    return frame.to_dicts()[0]


# --- reading -------------------------------------------------------------------------------------

A, B = "TCGA-AA-0001-01A", "TCGA-AA-0002-01A"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("start", ["", "\ufeff", "# made by hand\n#\n"])
def test_forms_of_the_same_table(
    tmp_path: Path, separator: str, compressed: bool, decimal: str, start: str
) -> None:
    rows = [[B, "1.5", "a", "-2e-3"], [A, "", "b", ".25"], ["", "", "", ""]]
    rows = [[cell.replace(".", decimal) for cell in line] for line in rows]
    lines = [["id", "x", "group, of two", " y "], *rows]
    text = start + "\r\n".join(separator.join(f'"{cell}"' for cell in line) for line in lines)
    path = tmp_path / "x.txt"
    path.write_bytes(gzip.compress(text.encode(), mtime=0) if compressed else text.encode())
    read = read_covariates(path)
    assert (names_of(read), read.keys, read.vials) == (("x", "y"), (A[:15], B[:15]), ("A", "A"))
    np.testing.assert_array_equal(matrix_of(read), [[np.nan, 0.25], [1.5, -0.002]])
    assert read.notes == (
        "columns that are neither numbers nor categories left out: group, of two",
    )
    assert read.dropped == {}


MALFORMED = {
    "": "the file is empty",
    "\n \n": "the file is empty",
    "id,x": "a header without rows",
    f"id x\n{A} 1": "line 1: no tab, semicolon or comma between columns",
    f"id,x\n{A},1,2": "line 2: 3 fields where the header has 2",
    f"id,x\n{A},0,5\n{B},0,6": "line 2: 3 fields where the header has 2",
    f"id,x,y\n{A},1": "line 2: 2 fields where the header has 3",
    f"#\n\nid,x,x\n{A},1,2": "line 3: two columns are named 'x'",
    f"id,x\n{A},1\n\n{B},inf": "line 4, column 'x': 'inf' is infinite",
    f"id,x\n{A},1\n{B},-1e999": "line 3, column 'x': '-1e999' is infinite",
    f"id,x\n{A},1\n{B},high": "line 3, column 'x': 'high' is no number",
    f'id,x\n{A},"1,234"\n{B},980': "line 2, column 'x': '1,234' is a fraction or thousands",
    f'id,x\n{A},"1,5"\n{B},0.5': "line 2, column 'x': '1,5' is written with a comma, and others",
    f"id,x\n{A},low\n{B},high": "no column of numbers",
    f"id,x\n{A},\n{B},NA": "no column of numbers",
    f'id,x\n{A},"1': "line 2: cannot be read",
    f'id,x\n{A},"1"2': "line 2: cannot be read",
    f"id,x\n{A},1\n{B},2\n{A},3": "lines 2 and 4 give sample TCGA-AA-0001-01A different values",
    f"id,x\n{A},1\n{A},": "lines 2 and 3 give sample TCGA-AA-0001-01A different values",
    f"id,x\n{A[:12]},1": "its rows are patients, not samples. Give --key patient",
    f"gene,{A},{B}\nRELA,1,2": f"the header holds the sample {A}",
    "id,x\nmine,1\n,2": "line 3: it names no sample",
    "id\tx\0\nmine\t1": "not text, and of no known kind",
}


@pytest.mark.parametrize("content", MALFORMED)
def test_malformed_tables_are_refused_in_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TableError) as refused:
        read_covariates(path)
    said = str(refused.value)
    assert said.startswith(f"{path}")
    assert MALFORMED[content] in said
    assert "\n" not in said
    assert refused.value.remedy


def test_files_that_cannot_be_read(tmp_path: Path, engine: Engine) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(f"id,x\n{A},1\n".encode() * 99, mtime=0)[:-20])
    with pytest.raises(TableError, match="cut short or damaged"):
        read_covariates(path)
    path.write_bytes(b"PAR1 a table of another kind")
    with pytest.raises(TableError, match="not a text table"):
        read_covariates(path)
    for missing in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(DataMissingError):
            engine.load_covariates(missing)


UNUSABLE = ["", " ", "a b", "Leukocyte (%)", "x=y", "a:b", "-x", "é", "x" * 65, "key", "Vial"]


@pytest.mark.parametrize("name", UNUSABLE)
def test_names_that_a_covariate_cannot_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="choose the columns and name them") as refused:
        check_covariate_name(name)
    assert "\n" not in str(refused.value)
    offered = refused.value.remedy.partition("--columns ")[2].partition("=")[0]
    check_covariate_name(offered)
    if name.strip():
        path = write(tmp_path / "x.tsv", f"id\t{name}", f"{A}\t1")
        with pytest.raises(UsageError, match="cannot name a covariate"):
            read_covariates(path)
        assert [*read_covariates(path, columns={offered: name}).covariates] == [offered]


def test_how_to_name_a_column_is_said_as_it_is_typed() -> None:
    with pytest.raises(UsageError) as refused:
        check_covariate_name("OS, days")
    assert refused.value.remedy.endswith(
        "choose the columns and name them, as in --columns OS_days='OS, days'"
    )


def test_chosen_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "id,a,A,text,empty,bad", f"{A},1,2,t,,3", f"{B},3,4,u,,x")
    read = read_covariates(path, columns={"first": "a", "again": "a", "second": "A"})
    assert (names_of(read), columns_of(read)) == (("first", "again", "second"), ("a", "a", "A"))
    assert matrix_of(read).tolist() == [[1, 1, 2], [3, 3, 4]]
    for columns, said in (
        ({"x": "b"}, "no column 'b'"),
        ({"x": ""}, "no column ''"),
        ({"x y": "a"}, "'x y' cannot name"),
        ({"x": "a", "X": "A"}, "differ in case alone"),
        ({}, "no column is chosen"),
    ):
        with pytest.raises(UsageError, match=said):
            read_covariates(path, columns=columns)
    for column in ("text", "empty"):
        with pytest.raises(TableError, match=f"column '{column}' holds neither numbers nor cat"):
            read_covariates(path, columns={"x": column})
    with pytest.raises(TableError, match="line 3, column 'bad': 'x' is no number"):
        read_covariates(path, columns={"x": "bad"})


def test_a_column_with_a_cell_that_is_no_number_is_left_out_alone(tmp_path: Path) -> None:
    lines = [f"TCGA-AA-{n:04}-01,{n},{n + 60},{n % 3}" for n in range(6)]
    lines[1] = lines[1].replace(",1,61,1", ",Not Reported,61,unknown")
    lines[4] = lines[4].replace(",64,", ",>89,")
    read = read_covariates(write(tmp_path / "x.csv", "id,purity,age,grade", *lines))
    assert names_of(read) == ("purity", "grade")
    np.testing.assert_array_equal(matrix_of(read)[:, 0], [0, np.nan, 2, 3, 4, 5])
    np.testing.assert_array_equal(matrix_of(read)[:, 1], [0, np.nan, 2, 0, 1, 2])
    assert read.notes == (
        "columns with a cell that is no number left out: age ('>89' of line 6)",
        "words taken for missing values: purity ('Not Reported' of line 3), "
        "grade ('unknown' of line 3)",
    )


@pytest.mark.parametrize(
    "word",
    ["Not Reported", "not reported", "Not Available", "NOT APPLICABLE", "Unknown", "None", "<NA>",
     "n/a", "na", "-", "'--", "[Not Available]", "[unknown]", "#N/A"],
)  # fmt: skip
def test_words_for_a_missing_number(tmp_path: Path, word: str) -> None:
    read = read_covariates(write(tmp_path / "x.csv", "id,x", f"{A},{word}", f"{B},2"))
    np.testing.assert_array_equal(matrix_of(read), [[np.nan], [2]])


def test_the_column_of_barcodes_names_the_rows(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.csv",
        ",patient,sample,x",
        f"1,{A[:12]},{A},5",
        f"2,{B[:12]},{B.replace('-', '.').lower()}-11R-A28V-07,6",
        "3,GTEX-1,GTEX-1-2,7",
        f"4,{A[:12]},{A},5",
    )
    read = read_covariates(path)
    assert (names_of(read), read.keys) == (("x",), (A[:15], B[:15]))
    assert read.dropped == {"rows without a TCGA barcode": 1, "rows that repeat another": 1}
    assert read.notes == (
        "columns that are neither numbers nor categories left out: one without a name, patient",
    )
    by_patient = read_covariates(path, "patient")
    assert (by_patient.keys, by_patient.vials) == ((A[:12], B[:12]), ("", ""))


OWN_ROWS = {
    "an index of pandas": (",sample,age", "0,P7,50;1,P3,60;2,P9,70", "sample", True),
    "an index of R, patients": ("X,Patient ID,age", "1,P7,50;2,P3,60;3,P9,70", "Patient ID", True),
    "a running number": ("nr,name,age", "11,P7,50;12,P3,60;13,P9,70", "name", True),
    "a title far behind": ("age,site,SubjectID", "50,a,P7;60,b,P3;70,c,P9", "SubjectID", True),
    "patients and samples": ("patient,sample_id,age", "1,P7,50;2,P3,60;3,P9,70", "sample_id", True),
    "numbers under a title": (",patient,age", "0,701,50;1,303,60;2,909,70", "patient", True),
    "numbers beside a group": ("id,arm,age", "701,a,50;303,a,60;909,a,70", "id", False),
    "text later": ("name,age,remark", "P7,50,a;P3,60,b;P9,70,c", "name", False),
    "running patients": ("patient,age", "1,50;2,60;3,70", "patient", False),
}


@pytest.mark.parametrize("case", OWN_ROWS)
def test_the_column_that_names_the_rows_of_an_own_cohort(tmp_path: Path, case: str) -> None:
    header, rows, title, said = OWN_ROWS[case]
    lines = [line.split(",") for line in rows.split(";")]
    read = read_covariates(write(tmp_path / "x.csv", header, *rows.split(";")))
    names, ages = (
        [line[header.split(",").index(column)] for line in lines] for column in (title, "age")
    )
    assert dict(
        zip(read.keys, matrix_of(read)[:, names_of(read).index("age")], strict=True)
    ) == dict(zip(names, map(float, ages), strict=True))
    assert title not in names_of(read)
    assert (f"samples named by '{title}'" in read.notes) is said


@pytest.mark.parametrize("title", ["", "Unnamed: 0", "X", "index", "row.names"])
@pytest.mark.parametrize("first", [0, 1])
def test_row_numbers_are_no_names(tmp_path: Path, title: str, first: int) -> None:
    lines = [f"{row + first},{50 + row},a" for row in range(5)]
    path = write(tmp_path / "x.csv", f"{title},age,arm", *lines)
    with pytest.raises(TableError, match=r"its samples have no names but row numbers .* column"):
        read_covariates(path)


def test_columns_of_barcodes_that_contradict_one_another(tmp_path: Path) -> None:
    lines = [f"{name[:12]}-11A,{name},{name}-11R,{n}" for n, name in enumerate((A, B))]
    path = write(tmp_path / "x.csv", "normal_barcode,tumor_barcode,aliquot,x", *lines)
    with pytest.raises(TableError) as refused:
        read_covariates(path)
    assert str(refused.value) == (
        f"{path}: columns 'normal_barcode' and 'tumor_barcode' differ in what they name in a row "
        f"({A[:12]}-11 and {A[:15]}). Keep the one that names the sample."
    )
    assert read_covariates(path, "patient").keys == (A[:12], B[:12])
    lines = [f"{name},{name}-11R,{n}" for n, name in enumerate((A, B))]
    assert read_covariates(write(path, "sample,aliquot,x", *lines)).keys == (A[:15], B[:15])


def test_samples_of_a_patient_that_differ_are_refused_by_patient(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", "id,x", f"{A},1", f"{A[:13]}06A,2")
    assert len(read_covariates(path).keys) == 2
    with pytest.raises(
        TableError, match=r"lines 2 and 3 give patient TCGA-AA-0001 .*Keep one of them"
    ):
        read_covariates(path, "patient")


@given(
    st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=9),
    st.sampled_from(["\t", ";", ","]),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_every_number_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    values: list[float | None],
    separator: str,
    comma: bool,
    order: object,
) -> None:
    """The zero of the second column keeps the table one of numbers, whatever is missing."""
    path = tmp_path_factory.mktemp("x") / "x.txt"
    names = barcodes(len(values))
    written = ["" if value is None else f"{value:.17e}" for value in values]
    if comma:
        written = [f'"{cell.replace(".", ",")}"' for cell in written]
    lines = [separator.join((name, cell, "0")) for name, cell in zip(names, written, strict=True)]
    order.shuffle(lines)  # type: ignore[attr-defined]
    read = read_covariates(write(path, separator.join(("id", "x", "zero")), *lines))
    assert read.keys == tuple(names)
    if "x" in names_of(read):
        expected = [np.nan if value is None else value for value in values]
        np.testing.assert_array_equal(matrix_of(read)[:, names_of(read).index("x")], expected)
    else:
        assert set(values) == {None}


# --- loading -------------------------------------------------------------------------------------


def test_what_is_loaded(engine: Engine, table: Path) -> None:
    loaded = engine.load_covariates(table)
    assert (loaded.name, loaded.unchanged, loaded.replaced) == ("clinic", False, False)
    assert loaded.matched == {"tcga-hiseqv2": (42, 42)}
    assert loaded.notes == ("42 of the 42 tumor samples of tcga-hiseqv2 are in it",)
    frame = engine.covariates()
    assert frame.columns == ["table", "kind", "covariate", "column", "n_keys", "input", "citation"]
    assert frame.rows() == [
        ("clinic", "sample", "age", "age", 35, "clinic.csv", ""),
        ("clinic", "sample", "dose", "dose", 38, "clinic.csv", ""),
        ("clinic", "sample", "site", "site", 42, "clinic.csv", ""),
    ]
    path = engine.store.root / "covariates" / "clinic.parquet"
    file = pq.ParquetFile(path)
    assert [(field.name, str(field.type)) for field in file.schema_arrow] == [
        ("key", "string"), ("vial", "string"), ("age", "double"), ("dose", "double"),
        ("site", "string"),
    ]  # fmt: skip
    assert file.read()["age"].null_count == 7
    described = json.loads(file.schema_arrow.metadata[b"tcga_corr"])
    assert (described["schema"], described["kind"], described["n_keys"]) == (1, "sample", 42)
    assert described["inputs"][0]["name"] == "clinic.csv"
    assert engine.status().height == 2


def test_loading_again(engine: Engine, table: Path, tmp_path: Path) -> None:
    engine.load_covariates(table)
    before = snapshot(engine.store.root)
    again = engine.load_covariates(table)
    assert (again.unchanged, again.replaced) == (True, False)
    assert again.matched == {"tcga-hiseqv2": (42, 42)}
    assert snapshot(engine.store.root) == before
    other = engine.load_covariates(table, columns={"age": "age"})
    assert (other.unchanged, other.replaced) == (False, True)
    assert engine.covariates()["covariate"].to_list() == ["age"]
    assert engine.load_covariates(table, columns={"age": "age"}).unchanged
    assert not engine.load_covariates(table, "patient").unchanged
    assert not engine.load_covariates(table, name="other").unchanged
    table.write_text(table.read_text().replace(".25", ".5"))
    assert engine.load_covariates(table, "patient").replaced
    assert list(engine.store.root.rglob("*.part")) == []


def test_covariates_of_nobody_are_said(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path / "my clinic (2).v1.txt.gz", "id,x", "a,1", "b,2")
    loaded = engine.load_covariates(path)
    assert loaded.name == "my_clinic_2_v1"
    assert loaded.notes[-1] == "none of the store's samples has a row: are its rows samples?"
    fresh = tc.open_store(tmp_path / "fresh")
    assert fresh.covariates().height == 0
    assert fresh.load_covariates(path).matched == {}
    assert fresh.covariates().height == 1
    (fresh.store.root / "store.json").unlink()
    with pytest.raises(tc.TcgaCorrError, match=r"store\.json is missing"):
        tc.open_store(fresh.store.root)


def test_options_that_are_wrong(engine: Engine, table: Path, tmp_path: Path) -> None:
    before = snapshot(engine.store.root)
    with pytest.raises(UsageError, match="key is 'person'"):
        engine.load_covariates(table, "person")  # type: ignore[arg-type]
    for name in ("", ".", "a.b", "a/b", "../x", "a b", "_x", "x" * 65):
        with pytest.raises(UsageError, match="cannot name a table"):
            engine.load_covariates(table, name=name)
    with pytest.raises(UsageError, match="Give a name"):
        engine.load_covariates(write(tmp_path / "___.csv", "id,x", f"{A},1"))
    with pytest.raises(UsageError, match=r"no column 'agee'\. Did you mean age"):
        engine.load_covariates(table, columns={"age": "agee"})
    assert snapshot(engine.store.root) == before


@given(st.text(max_size=12))
def test_table_names_are_those_of_files(name: str) -> None:
    try:
        check_covariates_name(name)
    except UsageError:
        return
    assert Path(name).name == name
    assert "." not in name
    assert name.isascii()


def test_damaged_covariates(engine: Engine, table: Path) -> None:
    engine.load_covariates(table)
    path = engine.store.covariates_path("clinic")
    whole = path.read_bytes()
    half = len(whole) // 2
    for content in (
        whole[:-9],
        b"",
        whole[:60] + bytes([whole[60] ^ 1]) + whole[61:],
        whole[half:],
    ):
        path.write_bytes(content)
        for ask in (
            lambda: engine.correlate("age", "G001"),
            lambda: engine.sql("FROM tables"),
            lambda: open_covariates(engine.store, "clinic"),
        ):
            with pytest.raises(DamagedTableError, match="Load the covariates again") as refused:
                ask()
            assert "\n" not in str(refused.value)
        assert engine.correlate("gene:G001", "gene:G002").frame.height == 2
        assert not engine.load_covariates(table).unchanged
        assert path.read_bytes() == whole


def test_removing(engine: Engine, table: Path) -> None:
    before = snapshot(engine.store.root)
    engine.load_covariates(table)
    with pytest.raises(
        DataMissingError, match=r"no covariates named 'clinics'.* Did you mean clin"
    ):
        remove_covariates(engine.store, "clinics")
    remove_covariates(engine.store, "clinic")
    assert snapshot(engine.store.root) == before
    with pytest.raises(DataMissingError, match="It has none"):
        remove_covariates(engine.store, "clinic")


KILLED_AT_A_STEP = (
    DIE_BEFORE
    + """
from pathlib import Path
import numpy, pyarrow.parquet, filelock
from tcga_corr.store.layout import Store
from tcga_corr.loading.covariates import load_covariates

root, path = sys.argv[1:]
left = int(sys.stdin.readline())
STEPS = ("open", "os.rename", "os.remove", "os.mkdir")
while left >= 0:
    child = os.fork()
    if child == 0:
        die_before(left, root, STEPS)
        load_covariates(Store(Path(root)), Path(path), name="x")
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    left = int(sys.stdin.readline())
"""
)


@pytest.mark.slow
@pytest.mark.parametrize("replaced", [False, True])
def test_a_load_killed_before_each_of_its_steps(tmp_path: Path, replaced: bool) -> None:
    """The old covariates or the new ones, or none; and the next load makes the store whole."""
    root = tmp_path / "cache"
    old = write(tmp_path / "old.csv", "id,a", f"{A},1")
    new = write(tmp_path / "new.csv", "id,b", f"{A},2")
    load_covariates(Store(root), new, name="x")
    whole = snapshot(root)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED_AT_A_STEP, str(root), str(new)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    seen, code, step = [], -signal.SIGKILL, 0
    while code != 0:
        assert step < 50
        shutil.rmtree(root)
        if replaced:
            load_covariates(Store(root), old, name="x")
        print(step, file=process.stdin, flush=True)
        code = int(process.stdout.readline())
        assert code in (-signal.SIGKILL, 0)
        labels = Covariates(Store(root)).labels
        seen.append([name for name in labels if not name.startswith("purity")])  # which ships
        load_covariates(Store(root), new, name="x")
        assert snapshot(root) == whole
        step += 1
    print(-1, file=process.stdin, flush=True)
    process.communicate(timeout=30)
    assert step > 4
    assert seen == sorted(seen, key=lambda names: names == ["b"])
    assert seen[0] == (["a"] if replaced else [])
    assert seen[-1] == ["b"]


def test_leftovers_are_removed_also_where_nothing_is_to_do(engine: Engine, table: Path) -> None:
    engine.load_covariates(table)
    path = engine.store.covariates_path("clinic")
    left = path.with_name(f".{path.name}.77.part")
    left.write_bytes(b"half")
    assert engine.covariates().height == 3
    assert engine.load_covariates(table).unchanged
    assert not left.exists()


# --- associations --------------------------------------------------------------------------------


def measured(engine: Engine, gene: str, tumor_type: str) -> dict[str, float]:
    frame = engine.sql(
        f"SELECT sample, value::DOUBLE AS value FROM expression WHERE gene = '{gene}' "
        f"AND tumor AND tumor_type = '{tumor_type}'"
    )
    return dict(frame.iter_rows())


def covariate(engine: Engine, name: str) -> dict[str, float]:
    frame = engine.sql(f"SELECT key, value FROM covariates WHERE covariate = '{name}'")
    return dict(frame.iter_rows())


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_samples_without_a_value_are_left_out(engine: Engine, table: Path, method: str) -> None:
    engine.load_covariates(table)
    reference = {"pearson": stats.pearsonr, "spearman": stats.spearmanr}[method]
    gene, age, dose = (
        measured(engine, "G001", "LIHC"),
        *(covariate(engine, name) for name in ("age", "dose")),
    )
    for x, y, one, other, note in (
        ("age", "G001", age, gene, "4 samples without age"),
        ("G001", "DOSE", gene, dose, "2 samples without dose"),
        ("age", "covariate:dose", age, dose, "4 samples without age; 2 samples without dose"),
        ("age", "covariate:clinic.age", age, age, "x and y are the same variable; 4 samples wit"),
    ):
        both = [name for name in one if name in other and name in gene]
        expected = reference([one[name] for name in both], [other[name] for name in both])
        found = row(engine, x, y, method=method)
        assert found["n"] == len(both)
        assert found["r"] == pytest.approx(expected.statistic, abs=1e-12)
        assert found["p"] == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-12)
        assert found["note"].startswith(note)
        assert found["n_shared_genes"] == 0
        assert found["r_disjoint"] is None


def test_a_covariate_against_a_set(engine: Engine, table: Path) -> None:
    engine.load_covariates(table)
    gene_set = tc.GeneSet("S", "", tuple(GENES[:9]))
    scores = engine.score([gene_set], tumor_types=["LIHC"]).frame
    age = covariate(engine, "age")
    pairs = [(es, age[name]) for name, es in scores.select("sample", "es").rows() if name in age]
    answer = engine.correlate(gene_set, "age", tumor_types=["LIHC"])
    (found,) = answer.frame.to_dicts()
    assert found["r"] == pytest.approx(stats.pearsonr(*zip(*pairs, strict=True))[0], abs=1e-12)
    assert (found["n_shared_genes"], found["r_disjoint"]) == (0, found["r"])
    assert (answer.query.x, answer.query.y) == ("S", "age")


def test_notes_instead_of_numbers(engine: Engine, table: Path, tmp_path: Path) -> None:
    engine.load_covariates(table)
    names = barcodes(N["LIHC"], site="LI")
    lines = [f"{name},7,{number}" for number, name in enumerate(names) if number != 5]
    engine.load_covariates(write(tmp_path / "lihc.csv", "id,same,number", *lines))
    found = row(engine, "age", "G001", "ACC")
    assert (found["r"], found["n"]) == (None, 9)
    assert found["note"] == "too few samples: 9, at least 10 needed; 3 samples without age"
    found = row(engine, "G001", "number", "ACC")
    assert (found["r"], found["n"], found["note"]) == (None, 0, "number: no sample has it")
    found = row(engine, "same", "G001")
    assert (found["r"], found["n"]) == (None, 29)
    assert found["note"] == "same is constant; 1 sample without same"
    found = row(engine, "NOX1", "age")
    assert (found["r"], found["n"]) == (None, 26)
    assert found["note"] == "NOX1: not measured; 4 samples without age"
    found = row(engine, "number", "NOX1", "ACC")
    assert (found["n"], found["note"]) == (0, "number: no sample has it; NOX1: not measured")
    found = row(engine, "number", "age", "ACC")
    assert (found["n"], found["note"]) == (0, "number: no sample has it; 3 samples without age")
    found = row(engine, "number", "G001", samples="normal")
    assert (found["n"], found["note"]) == (0, "too few samples: 0, at least 10 needed")
    with pytest.raises(tc.TcgaCorrError, match="no sample has it"):
        engine.correlate("number", "G001", tumor_types=["ACC"]).require_numbers()


def test_genes_and_sets_give_what_they_gave(engine: Engine, table: Path) -> None:
    gene_set = tc.GeneSet("S", "", tuple(GENES[:9]))
    pairs = [
        ("G001", "G002"),
        ("G001", gene_set),
        (gene_set, tc.GeneSet("T", "", tuple(GENES[5:14]))),
    ]
    before = [engine.correlate(*pair) for pair in pairs]
    scores = engine.score([gene_set]).frame
    engine.load_covariates(table)
    for pair, answer in zip(pairs, before, strict=True):
        again = engine.correlate(*pair)
        assert again.frame.equals(answer.frame)
        assert (again.query, again.provenance) == (answer.query, answer.provenance)
        assert again.provenance.covariates == ()
    assert engine.score([gene_set]).frame.equals(scores)


def test_the_provenance_names_the_table(engine: Engine, table: Path) -> None:
    engine.load_covariates(table, "patient", "p", {"years": "age"})
    answer = engine.correlate("years", "G001")
    (said,) = answer.provenance.covariates
    stored = open_covariates(engine.store, "p")
    assert stored is not None
    assert asdict(said) == {
        "name": "years", "table": "p", "column": "age", "kind": "patient",
        "sha256": stored.sha256, "cite": None,
        "inputs": ({"name": "clinic.csv", "sha256": stored.metadata.inputs[0].sha256},),
    }  # fmt: skip
    assert answer.query.x == "years"
    assert len(engine.correlate("years", "years").provenance.covariates) == 1


def test_the_values_of_a_patient_are_those_of_each_sample(tmp_path: Path) -> None:
    names = [*barcodes(12), *barcodes(12, code="02"), *barcodes(12, code="11")]
    rng = np.random.default_rng(1)
    rows = [(gene, rng.uniform(0, 9, len(names)).round(3).tolist()) for gene in GENES]
    engine = tc.open_store(tmp_path / "cache")
    engine.load([write_table(tmp_path / "TCGA.LIHC.x" / "HiSeqV2", names, rows)])
    lines = [f"{name[:12]},{number}" for number, name in enumerate(names[:12]) if number != 3]
    loaded = engine.load_covariates(write(tmp_path / "x.csv", "patient,age", *lines), "patient")
    assert loaded.matched == {"tcga-hiseqv2": (11, 12)}
    for samples, start, end in (("tumor", 0, 12), ("normal", 24, 36), ("all-tumor", 0, 24)):
        kept = [number for number in range(start, end) if number % 12 != 3]
        expected = stats.pearsonr([n % 12 for n in kept], [rows[1][1][n] for n in kept])
        found = row(engine, "age", "G001", samples=samples)
        assert found["r"] == pytest.approx(expected.statistic, abs=1e-6)  # float32 in the table
        assert found["n"] == len(kept)


def test_an_own_cohort(tmp_path: Path) -> None:
    names = [f"case {number}" for number in range(12)]
    genes = ("TP53", "RELA", "NFE2L2", "GPX4", "MYC", "EGFR", "BRAF", "KRAS")
    rows = [(gene, [(number * k) % 7 for number in range(12)]) for k, gene in enumerate(genes)]
    engine = tc.open_store(tmp_path / "cache")
    path = write_table(tmp_path / "mine.tsv", names, rows)
    own = LoadOptions(source="mine", tumor_type="LIHC", unit="log2(x+1)", linear=False)
    assert engine.load([path], own).errors == ()
    lines = [f"{name};{number * number},5" for number, name in enumerate(names[1:])]
    for key in ("sample", "patient"):
        path = write(tmp_path / f"{key}.csv", f"id;by_{key}", *lines)
        assert engine.load_covariates(path, key).matched == {"mine": (11, 12)}  # type: ignore[arg-type]
        found = row(engine, f"by_{key}", "RELA")
        expected = stats.pearsonr([n * n + 0.5 for n in range(11)], rows[1][1][1:])
        assert found["r"] == pytest.approx(expected.statistic, abs=1e-12)
        assert found["note"].startswith(f"1 sample without by_{key}; p_genes: fewer than 500")


# --- vials ---------------------------------------------------------------------------------------


def sample(barcode: str) -> StoredSample:
    return StoredSample(
        barcode[:15], barcode, barcode[:12], barcode[15:16], barcode[13:15], True, False, True, ""
    )


def test_the_samples_own_vial_comes_first(engine: Engine, tmp_path: Path) -> None:
    lines = [
        *("TCGA-AA-0001-01A,1", "TCGA-AA-0001-01B,2"),
        *("TCGA-AA-0002-01B,3", "TCGA-AA-0002-01C,4"),
        *("TCGA-AA-0003-01A,", "TCGA-AA-0003-01B,5"),
        *("TCGA-AA-0004-01,6", "TCGA-AA-0004-01B,7"),
        *("TCGA-AA-0005-01B,8",),
    ]
    loaded = engine.load_covariates(write(tmp_path / "x.csv", "id,x", *lines))
    assert loaded.notes[0].startswith("4 rows are of further vials of a sample")
    assert loaded.metadata.covariates[0].n == 5
    known = Covariates(engine.store).require("x")
    nan = float("nan")
    cases: dict[str, tuple[float, int]] = {
        "TCGA-AA-0001-01A": (1, 0), "TCGA-AA-0001-01B": (2, 0), "TCGA-AA-0001-01": (1, 1),
        "TCGA-AA-0001-01C": (1, 1), "TCGA-AA-0002-01A": (3, 1), "TCGA-AA-0002-01": (3, 1),
        "TCGA-AA-0003-01A": (nan, 0), "TCGA-AA-0003-01": (5, 1), "TCGA-AA-0004-01": (6, 0),
        "TCGA-AA-0004-01A": (6, 0), "TCGA-AA-0004-01B": (7, 0), "TCGA-AA-0005-01": (8, 0),
        "TCGA-AA-0005-01A": (8, 1), "TCGA-AA-0006-01A": (nan, 0), "TCGA-AA-0001-06A": (nan, 0),
    }  # fmt: skip
    for barcode, (value, n_by_letter) in cases.items():
        values, count = known.values_of([sample(barcode)])
        np.testing.assert_array_equal(values, [value], err_msg=barcode)
        assert count == n_by_letter, barcode
    values, count = known.values_of([sample(barcode) for barcode in cases])
    np.testing.assert_array_equal(values, [value for value, _ in cases.values()])
    assert count == sum(count for _, count in cases.values())


def test_vials_taken_by_letter_are_said(engine: Engine, tmp_path: Path) -> None:
    names = barcodes(N["LIHC"], site="LI")
    lines = [f"{name}A,{number}" for number, name in enumerate(names)]
    lines += [f"{name}B,{number + 1}" for number, name in enumerate(names) if number >= 20]
    engine.load_covariates(write(tmp_path / "x.csv", "id,x", *lines))
    said = "x: own vial not known or not measured, lowest vial letter taken: 10 samples"
    assert engine.correlate("x", "G001").notes == (said,)


# --- names ---------------------------------------------------------------------------------------


def test_a_name_of_several_kinds_is_refused(engine: Engine, tmp_path: Path) -> None:
    names = barcodes(N["LIHC"], site="LI")
    header = "id,CPE,age,ferroptosis,DSS,RELA"
    lines = [f"{name},{n},{n},{n},{n},{n}" for n, name in enumerate(names)]
    engine.load_covariates(write(tmp_path / "x.csv", header, *lines))
    for name, said in (
        ("CPE", "may be the gene CPE or the covariate CPE. Say gene:CPE or covariate:CPE"),
        ("cpe", "Say gene:CPE or covariate:CPE"),
        ("rela", "may be the gene RELA or the covariate RELA"),  # of no table, and yet a gene
        ("Ferroptosis", "Say set:ferroptosis or covariate:ferroptosis"),
        ("DSS", "several genes: MPZ, NR0B1, PMP22; it may be the covariate DSS as well"),
    ):
        with pytest.raises(UsageError) as refused:
            engine.correlate(name, "G001")
        assert said in str(refused.value)
    for name in ("covariate:CPE", "covariate:cpe", "covariate:ferroptosis", "covariate:x.DSS"):
        assert row(engine, "age", name)["r"] == pytest.approx(1)
    assert row(engine, "gene:CPE", "age")["r"] != pytest.approx(1)
    with pytest.raises(UsageError, match="'AGE' is a covariate, and a score is of a gene set"):
        engine.score("AGE")
    with pytest.raises(UsageError, match=r"gene, gene set or covariate 'agee'.*mean age"):
        engine.correlate("agee", "G001")
    with pytest.raises(UsageError, match=r"unknown covariate 'agee'\. Did you mean age"):
        engine.correlate("covariate:agee", "G001")
    with pytest.raises(UsageError, match=r"unknown covariate 'qqq'\. There are CPE, age, "):
        engine.correlate("covariate:qqq", "G001")


def test_a_name_in_two_tables_is_refused(engine: Engine, tmp_path: Path) -> None:
    names = barcodes(N["LIHC"], site="LI")
    for sign, name, column in ((1, "a", "age"), (-1, "b", "Age")):
        lines = [f"{sample},{sign * n},{n}" for n, sample in enumerate(names)]
        path = write(tmp_path / f"{name}.csv", f"id,{column},only_{name}", *lines)
        engine.load_covariates(path)
    for name in ("age", "Age", "covariate:AGE"):
        with pytest.raises(UsageError, match=r"tables.*: a, b\. Say covariate:a\.age or .*:b\.Age"):
            engine.correlate(name, "G001")
    answer = engine.correlate("a.age", "covariate:b.age")
    assert answer.frame.filter(tumor_type="LIHC")["r"][0] == pytest.approx(-1)
    assert (answer.query.x, answer.query.y) == ("a.age", "b.Age")
    assert engine.correlate("only_a", "G001").query.x == "only_a"
    assert {said.table for said in answer.provenance.covariates} == {"a", "b"}
    listed = engine.sql("SELECT DISTINCT table_name, covariate FROM covariates ORDER BY ALL")
    assert listed.rows() == [("a", "age"), ("a", "only_a"), ("b", "Age"), ("b", "only_b")]


def test_without_covariates_the_words_are_as_before(engine: Engine) -> None:
    with pytest.raises(UsageError, match="unknown gene, gene set or covariate 'agee'"):
        engine.correlate("agee", "G001")
    with pytest.raises(UsageError, match=r"unknown covariate 'age'.*load --covariates"):
        engine.correlate("covariate:age", "G001")
    with pytest.raises(tc.TcgaCorrError, match="covariates does not exist"):
        engine.sql("FROM covariates")


# --- SQL -----------------------------------------------------------------------------------------


def test_the_view(engine: Engine, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.load_covariates(table)
    engine.load_covariates(table, "patient", "2020", {"value": "dose"})
    frame = engine.sql("FROM covariates ORDER BY ALL")
    assert frame.columns == ["table_name", "kind", "key", "vial", "covariate", "value", "level"]
    counts = frame.group_by("table_name", "kind", "covariate").len().sort(pl.all()).rows()
    assert counts == [
        ("2020", "patient", "value", 38), ("clinic", "sample", "age", 35),
        ("clinic", "sample", "dose", 38), ("clinic", "sample", "site", 42),
    ]  # fmt: skip
    for name in ("2020", "clinic"):
        stored = open_covariates(engine.store, name)
        assert stored is not None
        for covariate_name, values in stored.values.items():
            if covariate_name == "site":
                continue
            expected = [
                pair for pair in zip(stored.keys, values, strict=True) if not np.isnan(pair[1])
            ]
            found = frame.filter(table_name=name, covariate=covariate_name)
            assert found.select("key", "value").rows() == expected
    joined = engine.sql(
        "SELECT count(*) AS n FROM expression JOIN covariates ON key = sample "
        "WHERE gene = 'G001' AND covariate = 'age' AND tumor_type = 'ACC'"
    )
    assert joined["n"].to_list() == [9]
    assert not [name for name in named_queries() if name.startswith("views")]
    monkeypatch.chdir(engine.store.root)
    with duckdb.connect() as connection:
        connection.execute((queries_folder() / "views_covariates.sql").read_text())
        assert connection.sql("FROM covariates ORDER BY ALL").pl().equals(frame)


def test_reading_needs_no_writing(engine: Engine, table: Path) -> None:
    engine.load_covariates(table)
    engine.correlate("age", "G001")
    folders = [engine.store.root, *(path for path in engine.store.root.rglob("*") if path.is_dir())]
    before = {path: path.stat().st_mtime_ns for path in folders}
    engine.correlate("age", "G001")
    engine.covariates()
    engine.sql("FROM covariates")
    assert engine.load_covariates(table).unchanged
    assert {path: path.stat().st_mtime_ns for path in folders} == before


# --- the real table ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    engine = tc.open_store(tmp_path_factory.mktemp("real") / "cache")
    hub = shared / "hub"
    paths = sorted((hub / "tcga-xena-hub" / "download").glob("*/HiSeqV2.gz"))
    assert not engine.load([*paths, *(hub / "gdc-hub" / "download").glob("*htseq*")]).errors
    engine.load_covariates(shared / PURITY)
    return engine


PURITY = "purity/tumor_purity_aran2015.csv"
XENA = {"source": "tcga-hiseqv2"}


def purity(shared: Path, column: str) -> dict[str, float]:
    """A column of the real table by its barcodes, read in another way."""
    frame = pl.read_csv(shared / PURITY, infer_schema=False)
    values = frame[column].str.replace(",", ".").cast(pl.Float64)
    return dict(zip(frame["Sample.ID"], values.fill_null(np.nan), strict=True))


@pytest.mark.shared
def test_the_real_table_is_read_and_recognised(shared: Path) -> None:
    read = read_covariates(shared / PURITY)
    assert names_of(read) == ("Cancer.type", "ESTIMATE", "ABSOLUTE", "LUMP", "IHC", "CPE", "purity")
    del read.covariates["Cancer.type"]
    names = [key + vial for key, vial in zip(read.keys, read.vials, strict=True)]
    for column, values in zip(columns_of(read), matrix_of(read).T, strict=True):
        known = purity(shared, column)
        assert names == sorted(known)
        np.testing.assert_array_equal(values, [known[name] for name in names])
    assert read.dropped == {}
    assert read.citation == "Aran et al. 2015, Nat. Commun. 6:8971, doi:10.1038/ncomms9971"
    assert read.notes[0] == (
        f"tumor purity by Aran et al. 2015, purity is its CPE; cite {read.citation}"
    )
    assert read.notes[1].startswith("67 rows are of further vials")
    assert read_covariates(shared / PURITY, columns={"x": "IHC"}).citation == read.citation


@pytest.mark.shared
def test_what_the_real_table_matches(real: Engine, shared: Path) -> None:
    loaded = real.load_covariates(shared / PURITY)
    assert loaded.unchanged
    assert loaded.name == "tumor_purity_aran2015"
    assert loaded.matched == {"gdc-htseq": (39, 39), "tcga-hiseqv2": (231, 267)}
    counts = dict(real.covariates().select("covariate", "n_keys").rows())
    known = {name[:15] for name, value in purity(shared, "CPE").items() if not np.isnan(value)}
    assert counts["CPE"] == counts["purity"] == len(known)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("tumor_type", "source", "n", "note"),
    [
        ("ACC", "tcga-hiseqv2", 79, ""),
        ("UCS", "tcga-hiseqv2", 57, ""),
        ("GBM", "gdc-htseq", 37, "2 samples without purity"),
    ],
)
def test_purity_against_ferroptosis_equals_scipy(
    real: Engine, shared: Path, tumor_type: str, source: str, n: int, note: str
) -> None:
    where = {"source": source, "tumor_types": [tumor_type]}
    cpe = {name[:15]: value for name, value in sorted(purity(shared, "CPE").items(), reverse=True)}
    scores = real.score(["ferroptosis"], **where).frame  # type: ignore[arg-type]
    pairs = [
        (cpe[name], es)
        for name, es in scores.select("sample", "es").rows()
        if not np.isnan(cpe.get(name, np.nan))
    ]
    expected = stats.pearsonr(*zip(*pairs, strict=True))
    answer = real.correlate("purity", "ferroptosis", **where)  # type: ignore[arg-type]
    (found,) = answer.frame.to_dicts()
    assert (found["n"], found["note"]) == (n, note)
    assert found["r"] == pytest.approx(expected.statistic, abs=1e-12)
    assert found["p"] == pytest.approx(expected.pvalue, rel=1e-9)
    interval = expected.confidence_interval()
    assert (found["ci_low"], found["ci_high"]) == pytest.approx(interval, abs=1e-12)
    same = real.correlate("covariate:cpe", "ferroptosis", **where).frame  # type: ignore[arg-type]
    assert same["r"].to_list() == [found["r"]]
    assert answer.provenance.covariates[0].cite.startswith("Aran et al. 2015")


@pytest.mark.shared
def test_purity_where_the_table_has_none(real: Engine) -> None:
    found = row(real, "purity", "RELA", "CHOL", **XENA)
    assert (found["n"], found["r"], found["note"]) == (0, None, "purity: no sample has it")
    assert row(real, "purity", "covariate:CPE", "ACC", **XENA)["note"] == (
        "x and y are the same variable"
    )
