"""Names that would be commands to a spreadsheet, a terminal or a file system are only names."""

from __future__ import annotations

import csv
import io
import json
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pytest

from tcga_corr.batch.compute import TaskComputer
from tcga_corr.cli import main
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError
from tests.batch.support import build_store, copy_of, genes

FORMULAS = ['=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "＝1+1", "\u202e=1", "\0=1"]
LONG, LONG_WITH_BLANKS = "x" * 10_000, "=a b" * 2_500
ESCAPES = ["\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x9b31m", "abc\u202edef", "n\0l"]
MARKUP = ["[red]x[/red]", "[/]", ":bomb:", "<script>alert(1)</script>"]
PLAIN = ["../../x", "a/b", '"', 'it\'s, "so"', ",", "'", "-3"]
NAMES = [*FORMULAS, *ESCAPES, *MARKUP, *PLAIN, LONG, LONG_WITH_BLANKS]
PATHS = ["../../x", "../x", "/abs/x", "a/b", "..", ".", "a\0b", "\x1b[31m", LONG]

Run = Callable[..., tuple[int, str, str]]
Ask = Callable[[str], tuple[str, ...]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store that is not simulated, as that would stand before the names. Read only."""
    return build_store(tmp_path_factory.mktemp("store") / "cache", tumor_types=("ACC", "LIHC"))


@pytest.fixture(scope="module")
def gmt(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A GMT file of sets of these names, each lacking a gene, so that there are notes."""
    some = genes()
    lines = [
        "\t".join((name, "made up", "NOSUCHGENE", *some[place : place + 12]))
        for place, name in enumerate(NAMES)
    ]
    path = tmp_path_factory.mktemp("gmt") / "own.gmt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], store: Engine) -> Run:
    def run(*arguments: object, engine: Engine = store, before: Sequence[str] = ()) -> object:
        root = str(engine.store.root)
        code = main.run(["--cache", root, *before, *map(str, arguments)])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return run  # type: ignore[return-value]


QUESTIONS: dict[str, Ask] = {
    "score": lambda gmt: ("score", gmt, "-t", "LIHC"),
    "correlate": lambda gmt: (
        "correlate", f"{gmt}:{FORMULAS[0]}", f"{gmt}:{ESCAPES[0]}", "--null", "none",
    ),
    "adjusted": lambda gmt: ("correlate", "RELA", "TP53", "--adjust", f"{gmt}:{ESCAPES[1]}"),
    "screen": lambda gmt: ("screen", f"{gmt}:@SUM(A1)", "--against", gmt, "--top", "all"),
    "by type": lambda gmt: ("screen", "RELA", "--against", gmt, "--by-type"),
    "compare": lambda gmt: ("compare", gmt),
    "dominance": lambda gmt: ("dominance", gmt, "--draws", "50"),
    "robustness": lambda gmt: (
        "robustness", f"{gmt}:+1+1", "RELA", "-t", "LIHC", "--x-also", f"{gmt}:{ESCAPES[1]}",
    ),
}  # fmt: skip


def rows_of(text: str, separator: str) -> list[list[str]]:
    csv.field_size_limit(1_000_000)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def assert_safe(text: str, separator: str, frame: pl.DataFrame) -> None:
    """The text has what the frame has, with an apostrophe before each formula and no other."""
    header, *rows = rows_of(text, separator)
    assert header == frame.columns
    assert len(rows) == frame.height
    formulas = {*FORMULAS, LONG_WITH_BLANKS}
    for name, cells in zip(header, zip(*rows, strict=True), strict=True):
        values = frame[name].to_list()
        if frame.schema[name] in (pl.String, pl.Categorical):
            told = [f"'{one}" if one in formulas else one or "" for one in values]
            assert list(cells) == told
        elif frame.schema[name].is_numeric():
            assert [float(one) if one else None for one in cells] == values


def assert_inert(*texts: str) -> None:
    for text in texts:
        assert not {one for one in text if not one.isprintable()} - {"\n"}


# --- spreadsheets


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_no_formula_in_text_tables(question: str, run: Run, gmt: str, tmp_path: Path) -> None:
    asked = QUESTIONS[question](gmt)
    exact = tmp_path / "exact.parquet"
    assert run(*asked, "-o", exact)[0] == 0
    frame = pl.read_parquet(exact)
    for ending, separator in (("tsv", "\t"), ("csv", ",")):
        code, out, _ = run(*asked, "--format", ending)
        assert code == 0
        assert_safe(out, separator, frame)
    answer = json.loads(run(*asked, "--format", "json")[1])
    rows = next(value for value in answer.values() if isinstance(value, list))
    in_json = {value for row in rows for value in row.values() if isinstance(value, str)}
    in_parquet = {value for column in frame.select(pl.col(pl.String)) for value in column}
    assert set(NAMES) & in_json == set(NAMES) & in_parquet


def test_every_name_is_scored(run: Run, gmt: str) -> None:
    code, out, _ = run("score", gmt, "-t", "LIHC", "--format", "json")
    assert code == 0
    assert list(dict.fromkeys(row["set"] for row in json.loads(out)["scores"])) == NAMES


def test_headings_and_cells_of_sql(run: Run) -> None:
    query = """
SELECT '=1' AS "=a", 2 AS "'=a", -0.3 AS "-b", '-0.3' AS text, '+4.5e-3' AS more,
    '-1+1' AS sum, chr(9) || 1 AS tab, chr(13) || 1 AS "return", chr(10) || 1 AS line,
    ' =1' AS blank,
    '=x'::ENUM('=x') AS kind, ['=1'] AS list, 'a=1' AS fine, '＋1' AS "＠wide", '' AS nothing
"""
    code, out, _ = run("sql", query, "--format", "csv")
    assert code == 0
    header, row = rows_of(out, ",")
    assert header[:3] == ["''=a", "'=a", "'-b"]
    assert header[-2] == "'＠wide"
    assert row == [
        "'=1", "2", "-0.3", "-0.3", "+4.5e-3", "'-1+1", "'\t1", "'\r1", "'\n1", "' =1", "'=x",
        '["=1"]', "a=1", "'＋1", "",
    ]  # fmt: skip
    answer = json.loads(run("sql", query, "--format", "json")[1])["rows"][0]
    assert (answer["=a"], answer["sum"], answer["tab"]) == ("=1", "-1+1", "\t1")


@pytest.fixture
def spec(gmt: str, tmp_path: Path) -> Path:
    """A spec of all sets beside their file, with a claim."""
    sets = ", ".join(json.dumps(f"own.gmt:{name}") for name in NAMES)
    (tmp_path / "own.gmt").write_bytes(Path(gmt).read_bytes())
    path = tmp_path / "spec.toml"
    path.write_text(
        f"""\
title = {json.dumps("".join(ESCAPES))}
outputs = ["parquet", "tsv"]
[[crosses]]
x = [{sets}]
y = ["RELA"]
[[dominance]]
sets = [{sets}]
draws = 50
[[claims]]
text = "=1+1"
analysis = "cross-1"
tumor_type = "LIHC"
x = "RELA"
y = {json.dumps(f"own.gmt:{FORMULAS[0]}")}
statistic = "r"
value = -0.3
n = 31
source = "@a paper"
""",
        encoding="utf-8",
    )
    return path


@pytest.mark.slow
def test_a_batch_of_such_names(run: Run, store: Engine, spec: Path, tmp_path: Path) -> None:
    engine = copy_of(store, tmp_path / "cache")
    code, out, err = run("batch", spec, engine=engine)
    assert code == 0
    assert_inert(out, err)
    (folder,) = (engine.store.root / "results").iterdir()
    for name, column in (("associations", "x"), ("pooled", "x"), ("dominance", "set")):
        frame = pl.read_parquet(folder / f"{name}.parquet").with_columns(
            pl.col(pl.Categorical).cast(pl.String)
        )
        assert set(NAMES) == set(frame[column])
        header, *rows = rows_of((folder / f"{name}.tsv").read_text(encoding="utf-8"), "\t")
        got = {row[header.index(column)] for row in rows}
        assert got == {
            f"'{one}" if one in {*FORMULAS, LONG_WITH_BLANKS, "-3"} else one for one in NAMES
        }
    code, out, _ = run("batch", spec, "--format", "csv", engine=engine)
    header, row = rows_of(out, ",")
    claim = dict(zip(header, row, strict=True))
    assert (claim["claim"], claim["published"], claim["published_in"]) == (
        "'=1+1", "-0.3", "'@a paper",
    )  # fmt: skip
    for command in ("status", "check", "verify"):
        code, out, err = run("batch", command, spec, engine=engine)
        assert code == 0
        assert_inert(out, err)
    outside = {path.name for path in tmp_path.iterdir()}
    assert outside == {"cache", "own.gmt", "spec.toml"}


def test_a_spec_is_shown_as_toml_that_says_the_same(run: Run, spec: Path) -> None:
    code, out, _ = run("batch", "show", spec)
    assert code == 0
    assert_inert(out)
    shown, written = tomllib.loads(out), tomllib.loads(spec.read_text(encoding="utf-8"))
    assert shown["title"] == written["title"]
    assert shown["crosses"][0]["x"] == written["crosses"][0]["x"]


# --- the terminal


@pytest.mark.parametrize("question", QUESTIONS)
def test_tables_and_notes_are_inert(question: str, run: Run, gmt: str) -> None:
    code, out, err = run(*QUESTIONS[question](gmt), before=["-v"])
    assert code == 0
    assert_inert(out, err)
    assert len(max(err.splitlines(), key=len, default="")) <= 2_000
    assert len(max(out.splitlines(), key=len)) <= 2_000
    for name in MARKUP:
        if question in ("score", "screen", "by type", "compare", "dominance"):
            assert name in out


@pytest.mark.slow
@pytest.mark.parametrize("name", [*NAMES, "a\rb\n", "\t=1"])
def test_errors_are_one_short_inert_line(name: str, run: Run, gmt: str) -> None:
    for arguments in (
        ("correlate", "RELA", f"gene:{name}"),
        ("correlate", "RELA", f"covariate:{name}"),
        ("correlate", "RELA", "TP53", "--source", name),
        ("correlate", "RELA", f"{gmt}:no {name} x"),
        ("score", f"set:{name}"),
        ("score", "ferroptosis", "-t", f"x{name}"),
        ("dominance", f"{gmt}:{NAMES[0]}", f"no.gmt:{name}"),
        ("sets", f"?{name}"),
        ("sql", name),
        ("remove", "--covariates", name),
        ("batch", "status", name),
        (f"x{name}",),
    ):
        code, out, err = run(*arguments)
        assert (code in (1, 2, 3), out) == (True, "")
        assert err.startswith("tcga-corr: error: ")
        assert "unexpected" not in err
        assert err.count("\n") == 1
        assert_inert(err)
        assert len(err) < 600


def test_long_names_keep_both_ends(run: Run) -> None:
    name = f"first {'x' * 10_000} last"
    _, _, err = run("correlate", "RELA", f"gene:{name}")
    assert "'first xxx" in err
    assert "xxx last'" in err
    assert "…" in err
    code, out, _ = run("sql", f"SELECT '{name}' AS a, 1 AS b")
    cell = out.splitlines()[2]
    assert code == 0
    assert cell.startswith("first xxx")
    assert cell.endswith("xxx last   1")
    assert len(cell) < 400
    whole = run("sql", f"SELECT '{name}' AS a, 1 AS b", "--format", "tsv")[1]
    assert whole.splitlines()[1] == f"{name}\t1"


def test_a_name_that_no_gmt_can_have(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "own.gmt"
    for line, fault in (
        ("\t=1\tRELA\tTP53", "line 1: a gene set without a name"),
        ("a\rb\tx\tRELA", "no score: b: 1 of 1 genes measured"),  # two lines
    ):
        path.write_bytes(line.encode())
        code, _, err = run("score", path)
        assert code == 1
        assert fault in err
        assert_inert(err)


def test_what_debug_shows_is_inert(run: Run) -> None:
    code, _, err = run("correlate", "RELA", f"gene:{''.join(ESCAPES)}{LONG}", before=["--debug"])
    assert code == 1
    assert "Traceback" in err
    assert_inert(err)
    assert len(max(err.splitlines(), key=len)) < 600


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told_on_a_terminal(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> tuple[int, str]:
    """The exit code, and what is written to standard error where that is a terminal."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "300")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    code = main.run(list(map(str, arguments)))
    return code, terminal.getvalue()


HOSTILE = "[red]x[red][] :bomb: \x1b]0;title\x07\x9b31mabc\u202edef"
SHOWN = "[red]x[red][] :bomb: ?]0;title??31mabc?def"


def assert_shown_inert(told: str) -> None:
    assert SHOWN in told
    for one in ("\x1b]", "\x9b", "\x07", "\u202e", "💣"):
        assert one not in told


def test_the_bar_of_a_verification_is_inert(
    store: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = copy_of(store, tmp_path / "cache")
    (engine.store.root / "downloads" / HOSTILE).mkdir(parents=True)
    _, told = told_on_a_terminal(monkeypatch, "--cache", engine.store.root, "verify")
    assert_shown_inert(told)


def test_a_failed_task_above_the_bar_is_inert(
    store: Engine, spec: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise AnalysisError(HOSTILE)

    monkeypatch.setattr(TaskComputer, "rows", fail)
    engine = copy_of(store, tmp_path / "cache")
    code, told = told_on_a_terminal(monkeypatch, "--cache", engine.store.root, "batch", spec)
    assert code == 1
    assert f"failed: cross-1 LIHC: {SHOWN}" in told
    assert_shown_inert(told)


# --- files


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.slow
@pytest.mark.parametrize("name", PATHS)
def test_no_name_leads_out_of_the_store(
    name: str, run: Run, store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "a" / "b" / "c"
    engine = copy_of(store, inside / "cache")
    monkeypatch.chdir(inside)
    table = inside / "table.csv"
    table.write_text(f'sample,"{name}",ok\nTCGA-LI-0000-01,1,2\n', encoding="utf-8")
    expression = inside / "own.tsv"
    expression.write_text("gene\ta\tb\nRELA\t1\t2\nTP53\t2\t3\n", encoding="utf-8")
    named, block, source, collection = (
        inside / f"{kind}.toml" for kind in ("named", "block", "source", "collection")
    )
    pairs, quoted = '[[pairs]]\npairs = [["RELA", "TP53"]]\n', json.dumps(name)
    named.write_text(f"name = {quoted}\n{pairs}", encoding="utf-8")
    block.write_text(f"{pairs}name = {quoted}\n", encoding="utf-8")
    source.write_text(f"source = {quoted}\n{pairs}", encoding="utf-8")
    collection.write_text(
        f"[collections]\n{quoted} = {quoted}\n[[crosses]]\nx = [{quoted}]\n", encoding="utf-8"
    )
    before = everything(tmp_path)
    for arguments in (
        ("load", "--covariates", table),
        ("load", "--covariates", table, "--columns", "ok", "--name", name),
        ("load", "--covariates", table, "--columns", f"{name}=ok"),
        ("load", expression, "--unit", "tpm", "-t", "OTHER", "--source", name),
        ("load", expression, "--unit", "tpm", "--source", "own", "-t", name),
        ("remove", "--covariates", name),
        ("remove", "--source", name, "--downloads"),
        ("fetch", "LIHC", "--source", name),
        *(("batch", spec) for spec in (named, block, source, collection)),
        *(("batch", command, name) for command in ("status", "verify", "merge")),
        *(("batch", command, f"{name}-deadbeef") for command in ("status", "verify", "merge")),
        ("batch", "plot", f"{name}-deadbeef", "figure.svg"),
    ):
        code, out, err = run(*arguments, engine=engine)
        assert (code in (1, 2, 3), out) == (True, "")
        assert "unexpected" not in err
        assert_inert(err)
        assert len(err) < 1_200
        assert everything(tmp_path) - before <= {"a/b/c/cache/locks"}


def test_a_hostile_file_name_names_nothing_outside(run: Run, store: Engine, tmp_path: Path) -> None:
    inside = tmp_path / "a" / "b"
    engine = copy_of(store, inside / "cache")
    table = inside / "..=1 $(x) ..csv"
    table.write_text("sample,ok\nTCGA-LI-0000-01,1\n", encoding="utf-8")
    spec = inside / "..\x1b[31m.toml"
    spec.write_text('[[pairs]]\npairs = [["RELA", "TP53"]]\n', encoding="utf-8")
    before = everything(tmp_path)
    for arguments in (("load", "--covariates", table), ("batch", spec)):
        code, out, err = run(*arguments, engine=engine)
        assert code == 0
        assert_inert(out, err)
    added = everything(tmp_path) - before
    assert all(path.startswith("a/b/cache/") for path in added)
    assert any(path.startswith("a/b/cache/covariates/1_x") for path in added)
    assert any(path.startswith("a/b/cache/results/31m-") for path in added)
