"""``tcga-corr batch``: its commands, what they say, and their exit codes."""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tcga_corr.analysis.dominance import CAVEAT
from tcga_corr.batch import verify
from tcga_corr.batch.compute import TaskComputer
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan
from tcga_corr.batch.planning import plan_spec
from tcga_corr.cli import main
from tcga_corr.engine import Engine
from tcga_corr.errors import StoreError
from tcga_corr.files import sha256_of
from tests.batch.support import Hooks, build_store, copy_of, tables_of, write_spec
from tests.conftest import Cli, imported_by, snapshot

SPEC = """\
name = "small"
title = "A small one"
outputs = ["parquet", "tsv"]
tumor_types = ["ACC", "LIHC"]
draws = 20
[[crosses]]
name = "wide"
x = ["own.gmt", "RELA"]
methods = ["pearson", "spearman"]
[[pairs]]
name = "nulled"
pairs = [["own.gmt:A", "own.gmt:B"], ["RELA", "NFE2L2"]]
null = ["genes"]
[[dominance]]
name = "highest"
sets = ["own.gmt:A", "own.gmt:B"]
"""
CLAIM = """\
[[claims]]
text = "they go together"
analysis = "nulled"
tumor_type = "LIHC"
x = "RELA"
y = "NRF2"
statistic = "r"
value = 0.5
n = 31
source = "a paper"
"""
CLAIM_OF_SETS = """\
[[claims]]
text = "A is the highest"
analysis = "highest"
tumor_type = "LIHC"
statistic = "highest"
value = "A"
n = 31
source = "a paper"
"""
COMMANDS = ("run", "check", "show", "status", "verify", "merge")
TEN = """\
titel = "x"
tumor_types = [
  "LIHC",
  "COADREAD",
]
min_genes = "5"

[[pairs]]
pairs = [
  ["RELA", "NFE2L2"],
  ["RELA", "ferroptosi"],
  ["NFE2L2", "RELA"],
]
[[crosses]]
method = "pearson"
x = ["death"]
[[dominance]]
draws = 10
null = []
[[claims]]
text = "t"
source = "s"
tumor_type = "LIHC"
analysis = "pairs-2"
statistic = "r"
value = 0.2
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store, to copy."""
    root = tmp_path_factory.mktemp("store") / "cache"
    return build_store(root, tumor_types=("ACC", "LIHC"))


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_spec(tmp_path_factory.mktemp("spec"), SPEC)


@pytest.fixture(scope="module")
def done(store: Engine, spec: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store with the run of the spec; to copy, or to read."""
    engine = copy_of(store, tmp_path_factory.mktemp("done") / "cache")
    assert main.run(["--cache", str(engine.store.root), "-q", "batch", str(spec)]) == 0
    return engine


@pytest.fixture
def engine(store: Engine, tmp_path: Path) -> Engine:
    """A store of its own."""
    return copy_of(store, tmp_path / "cache")


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run the command line in process over a store."""

    def run(
        engine: Engine, *arguments: object, before: tuple[str, ...] = ()
    ) -> tuple[int, str, str]:
        capfdbinary.readouterr()
        code = main.run(["--cache", str(engine.store.root), *before, "batch", *map(str, arguments)])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return run


def folder_of(engine: Engine, spec: Path) -> tuple[RunFolder, Plan]:
    plan = plan_spec(engine, spec)
    return RunFolder(engine.store, plan.run), plan


# --- help


def test_help_lists_the_commands(store: Engine, run: Run) -> None:
    code, out, err = run(store, "--help")
    assert (code, err) == (0, "")
    for command in COMMANDS:
        assert re.search(rf"^\W*{command} ", out, re.MULTILINE)
        code, said, _ = run(store, command, "--help")
        assert code == 0
        assert "Usage: tcga-corr batch " + command in said
    assert run(store)[0] == 2


def test_help_imports_no_data_library() -> None:
    code = (
        "from tcga_corr.cli.main import run\n"
        "for one in ([], ['batch'], ['batch', 'run'], ['batch', 'verify']): run([*one, '--help'])"
    )
    heavy = {"polars", "duckdb", "scipy", "pyarrow", "pandas", "numpy", "tomlkit"}
    assert not heavy.intersection(imported_by(code))


# --- run


@pytest.mark.slow
def test_a_run_by_either_name(done: Engine, engine: Engine, spec: Path, run: Run) -> None:
    folder, plan = folder_of(done, spec)
    code, out, err = run(engine, "run", spec)
    assert code == 0
    lines = err.splitlines()
    assert lines[0] == f"run {plan.run}: {plan.n_rows:,} rows in {len(plan.tasks):,} tasks"
    told = dict.fromkeys(folder.manifest()["results"])
    for name in told:
        assert any(f"{name}: " in line and line.endswith(" rows") for line in lines)
    assert out.startswith(f"A small one; run {plan.run}\n\nanalysis ")
    assert "SIMULATED" not in out
    assert out.splitlines()[-1].startswith("positive, negative: q_batch < 0.05; of gene sets p is ")
    again = run(engine, spec)
    assert (again[0], again[1]) == (0, out)
    assert tables_of(folder_of(engine, spec)[0]) == tables_of(folder)
    frame = pl.read_csv(io.StringIO(run(engine, spec, "--format", "tsv")[1]), separator="\t")
    rows = pl.read_parquet(folder.path / "associations.parquet")
    assert list(zip(frame["analysis"], frame["method"], strict=True)) == [
        ("wide", "pearson"),
        ("wide", "spearman"),
        ("nulled", "pearson"),
        ("highest", None),
    ]
    assert frame["rows"].sum() == plan.n_rows
    wide = rows.filter((pl.col("analysis") == "wide") & (pl.col("method") == "pearson"))
    found = wide.filter(pl.col("q_batch") < 0.05)
    assert frame.row(0, named=True) == {
        "analysis": "wide",
        "method": "pearson",
        "rows": wide.height,
        "with_r": wide["r"].count(),
        "positive": (found["r"] > 0).sum(),
        "negative": (found["r"] < 0).sum(),
        "counted_by": "q_batch",
    }


@pytest.mark.slow
def test_quiet(done: Engine, spec: Path, run: Run, engine: Engine) -> None:
    for store in (done, engine):
        code, out, err = run(store, spec, before=("-q",))
        assert (code, err) == (0, "")
        assert out.startswith("A small one; run ")


@pytest.mark.parametrize("text", [SPEC, SPEC + CLAIM, SPEC + CLAIM + CLAIM_OF_SETS])
@pytest.mark.parametrize("ending", ["table", "tsv", "csv", "json", "parquet"])
def test_a_file_gets_the_same_bytes_as_a_redirect(
    done: Engine,
    tmp_path: Path,
    ending: str,
    text: str,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    spec = write_spec(tmp_path, text)
    before = ["--cache", str(done.store.root), "-q", "batch", "run", str(spec)]
    assert main.run([*before, "--format", ending]) == 0
    redirected = capfdbinary.readouterr().out
    target = tmp_path / f"shown.{ending.replace('table', 'txt')}"
    assert main.run([*before, "-o", str(target)]) == 0
    assert capfdbinary.readouterr().out == b""
    assert target.read_bytes() == redirected
    assert main.run([*before, "-o", str(target)]) == 2
    assert b"exists" in capfdbinary.readouterr().err
    n_claims = text.count("[[claims]]")
    has_claims = n_claims > 0
    if ending == "json":
        told = json.loads(redirected)
        key = "claims" if has_claims else "analyses"
        assert told["schema"] == 2
        assert list(told)[:3] == ["schema", "query", key]
        assert told["query"]["spec"] == text
        assert told["provenance"]["simulated"] is False
        assert len(told["results"]) == 6
        assert len(told["analyses"]) == 4
        if has_claims:
            assert told["claims"][0]["n"] == 31
            assert (told["claims"][0]["x"], told["claims"][0]["y"]) == ("RELA", "NFE2L2")
            assert (told["claims"][0]["method"], told["claims"][0]["adjust"]) == ("pearson", "")
    elif ending == "table":
        said = redirected.decode()
        assert ("distinguishable: r here is" in said) == has_claims
        assert ("published: a paper, unit not stated" in said) == has_claims
        assert (" pearson r " in said) == has_claims
        assert ("positive, negative: q_batch < 0.05" in said) != has_claims
        assert said.splitlines().count(CAVEAT) == (CLAIM_OF_SETS in text)
    elif ending == "parquet":
        assert pl.read_parquet(io.BytesIO(redirected)).height == (n_claims or 4)
    else:
        separator = "\t" if ending == "tsv" else ","
        frame = pl.read_csv(io.BytesIO(redirected), separator=separator)
        assert frame.columns[0] == ("claim" if has_claims else "analysis")
        assert frame.height == (n_claims or 4)


def test_how_a_claim_is_held(done: Engine, run: Run, tmp_path: Path) -> None:
    """Where its pair is adjusted, the table says so and there is no verdict."""
    adjusted = SPEC.replace('null = ["genes"]', 'adjust = ["TFRC"]')
    spec = write_spec(tmp_path, adjusted + CLAIM)
    engine = copy_of(done, tmp_path / "adjusted")
    code, out, _ = run(engine, spec)
    assert code == 0
    assert "pearson r adjusted for TFRC" in out
    assert "none: adjusted for TFRC here" in out
    assert CAVEAT not in out


def test_little_memory(engine: Engine, spec: Path, run: Run) -> None:
    code, _, err = run(engine, spec, "--workers", "3", "--memory", "0.1", "--shard", "1/9")
    assert code == 0
    assert "note: of the largest tasks 1 at a time, as more do not fit in 0.1 GB\n" in err
    code, _, err = run(engine, spec, "--workers", "1", "--shard", "1/9")
    assert code == 0
    assert "at a time" not in err
    assert run(engine, spec, "--memory", "0.05")[0] == 2


def test_a_task_that_fails(
    done: Engine, engine: Engine, spec: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Plan, "has_draws", False)  # so that tasks run in this process
    rows = TaskComputer.rows

    def fail(self: TaskComputer, task: object) -> object:
        if task.number == 1:  # type: ignore[attr-defined]
            raise StoreError("a torn page", "Mend it")
        return rows(self, task)  # type: ignore[arg-type]

    monkeypatch.setattr(TaskComputer, "rows", fail)
    folder, plan = folder_of(engine, spec)
    task = plan.tasks[1]
    code, out, err = run(engine, spec)
    assert code == 1
    assert out.startswith("A small one; run ")
    failed = f"{task.analysis} {task.tumor_type}: a torn page. Mend it."
    assert f"failed: {failed}\n" in err
    errors = [line for line in err.splitlines() if line.startswith("tcga-corr: error: ")]
    assert len(errors) == 1
    assert f"1 of {len(plan.tasks)} tasks failed" in errors[0]
    assert f"{task.analysis} in {task.tumor_type}: a torn page" in errors[0]
    assert ".." not in errors[0]
    code, out, err = run(engine, spec, before=("-q",))
    assert (code, err.count("\n")) == (1, 1)
    code, out, _ = run(engine, "status", plan.run, "--format", "tsv")
    shown = pl.read_csv(io.StringIO(out), separator="\t")
    assert shown.filter(pl.col("failed") == 1)["analysis"].to_list() == [task.analysis]
    monkeypatch.setattr(TaskComputer, "rows", rows)
    code, _, err = run(engine, spec)
    assert code == 0
    before = plan.n_rows - task.n_rows
    assert f"{before:,} of {plan.n_rows:,} rows are there already\n" in err
    assert tables_of(folder) == tables_of(folder_of(done, spec)[0])


# --- the other commands


def test_check_writes_nothing(store: Engine, spec: Path, run: Run, tmp_path: Path) -> None:
    plan = plan_spec(store, spec)
    before = snapshot(store.store.root)
    code, out, err = run(store, "check", spec, "--format", "tsv")
    assert code == 0
    assert err == f"{spec}: right; its run is {plan.run}\n"
    frame = pl.read_csv(io.StringIO(out), separator="\t")
    assert frame.select("analysis", "kind", "tumor_types", "pairs", "rows", "tasks").rows() == [
        ("wide", "crosses", 2, 21, 84, 4),
        ("nulled", "pairs", 2, 2, 4, 3),
        ("highest", "dominance", 2, 0, 8, 2),
    ]
    assert frame["rows"].sum() == plan.n_rows
    assert snapshot(store.store.root) == before
    nowhere = tmp_path / "none"
    code = main.run(["--cache", str(nowhere), "batch", "check", str(spec)])
    assert code == 0
    assert not nowhere.exists()


def test_show_fills_in_defaults(store: Engine, spec: Path, run: Run, tmp_path: Path) -> None:
    code, out, err = run(store, "show", spec)
    assert (code, err) == (0, "")
    assert 'ties = "average"' in out
    filled = write_spec(spec.parent, out, "filled.toml")
    assert run(store, "show", filled)[1] == out
    assert (
        plan_spec(store, spec).to_json()["analyses"]
        == (plan_spec(store, filled).to_json()["analyses"])
    )


@pytest.mark.slow
def test_status(done: Engine, store: Engine, engine: Engine, spec: Path, run: Run) -> None:
    _, plan = folder_of(done, spec)
    assert run(store, "status", plan.run)[0] == 3
    code, out, _ = run(done, "status", "--format", "tsv")
    frame = pl.read_csv(io.StringIO(out), separator="\t")
    row = frame.row(by_predicate=pl.col("run") == plan.run, named=True)
    assert code == 0
    assert (row["run"], row["state"], row["n_rows"]) == (plan.run, "complete", plan.n_rows)
    by_name = run(done, "status", plan.run, "--format", "tsv")
    assert by_name == run(done, "status", spec, "--format", "tsv")
    frame = pl.read_csv(io.StringIO(by_name[1]), separator="\t")
    assert frame["done"].to_list() == frame["tasks"].to_list() == [4, 3, 2]
    assert frame["rows_done"].sum() == plan.n_rows
    run(engine, spec, "--shard", "1/2")
    _, out, _ = run(engine, "status", spec, "--format", "tsv")
    frame = pl.read_csv(io.StringIO(out), separator="\t")
    assert frame["done"].to_list() == [2, 1, 1]
    _, out, _ = run(engine, "status", "--format", "tsv")
    assert pl.read_csv(io.StringIO(out), separator="\t")["state"].to_list() == ["stopped"]
    with folder_of(engine, spec)[0].locked("2-of-2"):
        _, out, _ = run(engine, "status", "--format", "tsv")
    assert pl.read_csv(io.StringIO(out), separator="\t")["state"].to_list() == ["running"]


@pytest.mark.parametrize("command", ["status", "verify", "merge"])
def test_the_source_of_a_spec(done: Engine, spec: Path, run: Run, command: str) -> None:
    """With it the spec is the run that was begun with it."""
    _, plan = folder_of(done, spec)
    tasks = ("--tasks", "99") if command == "verify" else ()
    code, out, _ = run(done, command, spec, "--source", "mine", *tasks)
    assert code == 0
    assert out == run(done, command, plan.run, *tasks)[1]
    code, out, err = run(done, command, spec, "--source", "toil", *tasks)
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "no table of source 'toil'" in err


@pytest.mark.slow
def test_merge_before_all_is_done(done: Engine, engine: Engine, spec: Path, run: Run) -> None:
    folder, plan = folder_of(engine, spec)
    code, out, err = run(engine, spec, "--shard", "2/2")
    assert (code, out) == (0, "")
    assert f"part 2/2 is done. When all are: tcga-corr --cache {engine.store.root}" in err
    code, out, err = run(engine, "merge", plan.run)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert f"{plan.run}: 4 of 9 tasks are not done" in err
    assert tables_of(folder) == {}
    assert run(engine, spec, "--shard", "1/2")[0] == 0
    code, out, _ = run(engine, "merge", spec)
    assert code == 0
    assert out == run(done, spec)[1]
    assert tables_of(folder) == tables_of(folder_of(done, spec)[0])
    for shard in ("0/2", "3/2", "x", "1/", "1/0"):
        assert run(engine, spec, "--shard", shard)[0] == 2


def test_a_part_that_fails_is_not_called_done(
    engine: Engine, spec: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Plan, "has_draws", False)  # so that tasks run in this process
    _, plan = folder_of(engine, spec)
    failing = plan.part(1, 2)[0].number
    rows = TaskComputer.rows

    def fail(self: TaskComputer, task: object) -> object:
        if task.number == failing:  # type: ignore[attr-defined]
            raise StoreError("a torn page", "Mend it")
        return rows(self, task)  # type: ignore[arg-type]

    monkeypatch.setattr(TaskComputer, "rows", fail)
    code, out, err = run(engine, spec, "--shard", "1/2")
    assert (code, out) == (1, "")
    assert "1 of 9 tasks failed" in err
    assert "is done" not in err
    code, _, err = run(engine, spec, "--shard", "2/2")
    assert code == 0
    assert "part 2/2 is done. When all are: " in err
    monkeypatch.setattr(TaskComputer, "rows", rows)
    code, _, err = run(engine, spec, "--shard", "1/2")
    assert code == 0
    assert "part 1/2 is done. When all are: " in err


def test_verify(done: Engine, spec: Path, run: Run) -> None:
    before = snapshot(done.store.root)
    _, plan = folder_of(done, spec)
    code, out, err = run(done, "verify", plan.run, "--tasks", "99", "--format", "tsv")
    assert (code, err) == (0, "")
    frame = pl.read_csv(io.StringIO(out), separator="\t")
    assert frame["task"].to_list() == list(range(9))
    assert set(frame["identical"]) == {True}
    assert set(frame["largest_difference"]) == {0.0}
    code, out, _ = run(done, "verify", spec, "--tasks", "3", "--format", "tsv")
    assert pl.read_csv(io.StringIO(out), separator="\t").height == 3
    assert snapshot(done.store.root) == before


def change(folder: RunFolder, name: str, changes: dict[str, float]) -> None:
    """Add to the first value of some columns of a table, and let the manifest know it."""
    path = folder.path / f"{name}.parquet"
    frame = pl.read_parquet(path)
    for column, more in changes.items():
        place = frame[column].is_not_null().arg_max()
        assert place is not None
        values = frame[column].to_list()
        values[place] += more
        frame = frame.with_columns(pl.Series(column, values))
    frame.write_parquet(path)
    told = folder.manifest()
    told["results"][path.name]["sha256"] = sha256_of(path)
    folder.write_manifest(told)


@pytest.mark.parametrize(
    ("name", "changes", "notes"),
    [
        ("associations", {"r": 1e-9}, ["differs by more than 1e-12"]),
        (
            "associations",
            {"p_genes": 1e-9},
            [
                "q_genes of nulled is not that of p_genes",
                "differs by more than 1e-12; q_genes of nulled is not that of p_genes",
            ],
        ),
        ("associations", {"n": 1}, ["other rows"]),
        ("associations", {"q_batch": 1e-9}, ["q_batch is not that of p"]),
        ("associations", {"q": 1e-9}, ["q of wide is not that of p"]),
        ("associations", {"q_genes": 1e-9}, ["q_genes of nulled is not that of p_genes"]),
        (
            "associations",
            {"r": 1e-9, "q": 1e-9, "q_batch": 1e-9},
            [
                "differs by more than 1e-12; q_batch is not that of p; q of wide is not that of p",
                "q_batch is not that of p; q of wide is not that of p",
            ],
        ),
        ("dominance", {"mean": 1e-9}, ["differs by more than 1e-12"]),
        ("dominance", {"n_highest": 1}, ["other rows"]),
    ],
)
def test_verify_sees_a_changed_number(
    done: Engine,
    spec: Path,
    run: Run,
    tmp_path: Path,
    name: str,
    changes: dict[str, float],
    notes: list[str],
) -> None:
    engine = copy_of(done, tmp_path / "changed")
    folder, plan = folder_of(engine, spec)
    manifest = folder.path / "manifest.json"
    as_it_was = manifest.read_text()
    change(folder, name, changes)
    as_changed = manifest.read_text()
    manifest.write_text(as_it_was)
    code, out, err = run(engine, "verify", plan.run, "--tasks", "99")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"{plan.run}: not as it was written: {name}.parquet" in err
    manifest.write_text(as_changed)
    code, out, err = run(engine, "verify", plan.run, "--tasks", "99", "--format", "tsv")
    assert code == 1
    frame = pl.read_csv(io.StringIO(out), separator="\t")
    assert frame["note"].drop_nulls().unique(maintain_order=True).to_list() == notes
    assert f"the tables are not what the plan gives: {'; '.join(notes)}.\n" in err


def test_verify_holds_large_numbers_relative_to_them(
    done: Engine, spec: Path, run: Run, tmp_path: Path
) -> None:
    engine = copy_of(done, tmp_path / "changed")
    folder, plan = folder_of(engine, spec)
    mean = pl.read_parquet(folder.path / "dominance.parquet")["mean"][0]
    assert mean > 4
    change(folder, "dominance", {"mean": 3e-12})
    code, out, err = run(engine, "verify", plan.run, "--tasks", "99", "--format", "tsv")
    assert (code, err) == (0, "")
    frame = pl.read_csv(io.StringIO(out), separator="\t")
    assert frame.filter(~pl.col("identical")).height == 1
    [difference] = frame.filter(~pl.col("identical"))["largest_difference"]
    assert np.isclose(difference, 3e-12 / mean, rtol=0.01, atol=0)
    change(folder, "dominance", {"mean": 2e-12 * mean})
    code, _, err = run(engine, "verify", plan.run, "--tasks", "99", "--format", "tsv")
    assert code == 1
    assert "differs by more than 1e-12" in err


@pytest.mark.slow
def test_verify_of_what_is_not_complete(engine: Engine, spec: Path, run: Run) -> None:
    assert run(engine, spec, "--shard", "1/2")[0] == 0
    _, plan = folder_of(engine, spec)
    code, _, err = run(engine, "verify", plan.run)
    assert (code, err.count("\n")) == (1, 1)
    assert f"{plan.run} is not complete" in err
    assert run(engine, "verify", "nothing")[0] == 3


def test_verify_takes_some_at_random(
    done: Engine, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, plan = folder_of(done, spec)
    monkeypatch.setattr(verify, "random", random.Random(1))
    progress = Hooks()
    frame = verify.verify_run(done, plan.run, 3, progress)
    assert frame.height == progress.n_tasks == 3
    assert progress.begun == [(3, 0, None)]
    assert frame["task"].is_sorted()


# --- mistakes


def test_a_spec_with_ten_mistakes(done: Engine, run: Run, tmp_path: Path) -> None:
    spec = write_spec(tmp_path, TEN)
    before = snapshot(done.store.root)
    for command in (("check",), ("run",), ("show",), (), ("status",), ("verify",), ("merge",)):
        code, out, err = run(done, *command, spec)
        assert (code, out) == (2, "")
        lines = err.splitlines()
        assert len(lines) == 10, err
        numbers = [
            int(line.removeprefix(f"tcga-corr: error: {spec}:").split(":")[0]) for line in lines
        ]
        assert numbers == sorted(numbers)
    assert snapshot(done.store.root) == before


def test_what_is_missing(store: Engine, run: Run, spec: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "none"
    assert main.run(["--cache", str(nowhere), "batch", str(spec)]) == 3
    assert not nowhere.exists()
    for arguments, code, said in (
        ((write_spec(tmp_path, SPEC.replace('"ACC"', '"BRCA"'), "b.toml"),), 3, "BRCA: not loaded"),
        ((tmp_path / "no.toml",), 2, "no.toml"),
        ((spec, "--source", "toil"), 3, "no table of source 'toil'"),
        ((spec, "--paper"), 2, "give a SPEC.toml or --paper"),
        (("run",), 2, "give a SPEC.toml or --paper"),
        (("merge", "none-12345678"), 3, "no run 'none-12345678'"),
        (("run", spec, "-o", tmp_path / "x.doc"), 2, "does not tell the format"),
    ):
        got, out, err = run(store, *arguments)
        assert (got, out, err.count("\n")) == (code, "", 1), err
        assert said in err
    assert not (store.store.root / "results").exists()


# --- how fast it goes


@pytest.mark.slow
def test_verbose_lines(engine: Engine, spec: Path, run: Run) -> None:
    code, _, err = run(engine, spec, before=("-v",))
    assert code == 0
    told = re.findall(r"^(\d+) of 96 rows, [\d,]+ a second, (\d+:\d\d:\d\d) left$", err, re.M)
    assert len(told) == 9
    done = [int(rows) for rows, _ in told]
    assert done == sorted(done)
    assert told[-1] == ("96", "0:00:00")


# --- the paper's own spec


@pytest.mark.slow
def test_the_paper_over_simulated_values(simulated: Engine, tmp_path: Path, run: Run) -> None:
    engine = copy_of(simulated, tmp_path / "cache")
    spec = write_spec(tmp_path, "", "empty.toml").with_name("paper.toml")
    from tcga_corr.store.sql import queries_folder

    text = (queries_folder() / "paper.toml").read_text()
    spec.write_text(text.replace("null = [", 'draws = 20\ntumor_types = ["LIHC", "ACC"]\nnull = ['))
    code, out, _ = run(engine, spec)
    assert code == 0
    assert out.startswith("SIMULATED  Ferroptosis, NF-kB and NRF2 over TCGA")
    claims = out.split("verdict\n")[1].split("\n\n")[0].splitlines()[1:]
    assert len(claims) == 14
    assert sum(" pearson r " in line for line in claims) == 12
    assert CAVEAT in out.splitlines()
    # of some readings of NF-kB the small atlas has too few genes
    verdict = re.compile(r"none: SIMULATED( values|; nfkb-\S+: \d+ of \d+ genes measured, .+)$")
    assert all(verdict.search(line) for line in claims)
    code, out, _ = run(engine, "check", "--paper", "--format", "tsv")
    assert code == 0
    frame = pl.read_csv(io.StringIO(out), separator="\t")
    analyses = ["death-programmes", "ferroptosis-nfkb", "nfkb-readings", "rela-nfe2l2"]
    assert frame["analysis"].to_list() == analyses
    assert frame["tumor_types"].to_list() == [1, 33, 33, 33]


@pytest.mark.slow
@pytest.mark.shared
def test_the_paper_over_real_tables(shared: Path, tmp_path: Path, run: Run, cli: Cli) -> None:
    """Too few of LIHC are there to judge a claim, so none is."""
    from tcga_corr.engine import open_store

    engine = open_store(tmp_path / "cache")
    hub = shared / "hub" / "tcga-xena-hub" / "download"
    report = engine.load(sorted(hub.glob("*/HiSeqV2.gz")))
    assert not report.errors
    code, out, _ = run(engine, "--paper", "--format", "json")
    assert code == 0
    told = json.loads(out)
    assert told["provenance"]["simulated"] is False
    assert len(told["claims"]) == 14
    for claim in told["claims"]:
        assert (claim["tumor_type"], claim["n"], claim["published_n"]) == ("LIHC", 45, 371)
        assert claim["verdict"] == "none: 45 samples here, 371 published"
        assert claim["here"]
    by_pair = {(claim["statistic"], claim["x"], claim["y"]): claim for claim in told["claims"]}
    assert by_pair["n", "ferroptosis", "nfkb"]["here"] == "45"
    for x, y in (("ferroptosis", "nfkb"), ("ferroptosis", "nfkb-go-ikk"), ("RELA", "NFE2L2")):
        row = engine.correlate(x, y, tumor_types=["LIHC"], null=()).frame.to_dicts()[0]
        assert by_pair["r", x, y]["here"] == f"{row['r']:.3f}"
        assert np.isclose(by_pair["r", x, y]["ci_low"], row["ci_low"])


def test_how_a_set_was_read_is_noted_before_a_run(store: Engine, run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.gmt").write_text("MINE\tRELA\tNFE2L2\tTP53\tMYC\tEGFR\n")
    spec = tmp_path / "spec.toml"
    spec.write_text("[[pairs]]\npairs = [['own.gmt:MINE', 'GPX4']]\nnull = []\n")
    code, _, err = run(store, "check", spec)
    assert code == 0
    assert "note: MINE: RELA is counted as a gene" in err
