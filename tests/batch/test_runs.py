"""Batch runs: every number against ``correlate``, the same bytes however done, and failures."""

from __future__ import annotations

import math
import os
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scipy import stats

from tcga_corr.batch import plan as planning
from tcga_corr.batch import work
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.perform import Means, Performer, one_blas_thread, perform
from tcga_corr.batch.plan import Plan, Task, make_plan
from tcga_corr.batch.run import Outcome, Shard, merge, run_batch, status_of
from tcga_corr.batch.work import Work
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import AnalysisError, DataMissingError, StoreError
from tcga_corr.files import partial_path

from ..conftest import snapshot
from .support import (
    DIE_OR_SLEEP,
    THREADS,
    answers,
    build_store,
    copy_of,
    plan_of,
    read,
    records_of,
    rows_of,
    run,
    tables_of,
    write_spec,
    write_tables,
)

ONE = Means("threads", 1)
COLUMNS = {
    "associations": [
        "analysis", "tumor_type", "x", "y", "method", "n", "r", "ci_low", "ci_high", "p", "q",
        "q_batch", "p_genes", "genes_low", "genes_high", "p_sets", "sets_low", "sets_high",
        "n_shared_genes", "r_disjoint", "note", "source", "samples", "ties", "adjust", "unit",
    ],
    "pooled": [
        "analysis", "x", "y", "method", "n_types", "n", "r", "ci_low", "ci_high", "p", "q", "tau2",
        "i2", "prediction_low", "prediction_high", "n_positive", "n_negative", "r_min", "r_max",
        "r_disjoint", "source", "samples", "ties", "adjust", "unit",
    ],
    "dominance": [
        "analysis", "tumor_type", "scale", "set", "n", "mean", "sd", "median", "mean_rank",
        "n_highest", "share_highest", "n_lowest", "note", "friedman_chi2", "friedman_p",
        "kendalls_w", "p_genes_of_w", "source", "samples", "ties", "adjust", "unit",
    ],
}  # fmt: skip

# a few tasks of each kind, which take no time
SMALL = """\
name = "small"
outputs = ["parquet", "tsv"]
tumor_types = ["ACC", "CHOL", "LIHC"]
draws = 20
[[crosses]]
name = "wide"
x = ["own.gmt", "RELA", "covariate:purity"]
methods = ["pearson", "spearman"]
[[pairs]]
name = "nulled"
pairs = [["own.gmt:A", "own.gmt:B"], ["RELA", "NFE2L2"]]
null = ["genes"]
[[dominance]]
name = "highest"
sets = ["own.gmt:A", "own.gmt:B"]
"""


@dataclass(frozen=True)
class Done:
    """A run that nothing disturbed."""

    engine: Engine
    spec: Path
    plan: Plan
    folder: RunFolder

    @property
    def tables(self) -> dict[str, str]:
        return tables_of(self.folder)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store, to copy."""
    return build_store(tmp_path_factory.mktemp("store") / "cache")


@pytest.fixture(scope="module")
def whole(store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """All that can be asked."""
    folder = tmp_path_factory.mktemp("whole")
    engine, spec = copy_of(store, folder / "cache"), write_spec(folder)
    outcome = run(engine, spec, ONE)
    assert outcome.is_complete
    return Done(engine, spec, outcome.plan, outcome.folder)


@pytest.fixture(scope="module")
def said(whole: Done) -> list[Any]:
    """What ``correlate`` says of the same pairs."""
    return list(answers(whole.engine, whole.plan))


@pytest.fixture(scope="module")
def small(store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """A few tasks of each kind."""
    folder = tmp_path_factory.mktemp("small")
    engine, spec = copy_of(store, folder / "cache"), write_spec(folder, SMALL)
    outcome = run(engine, spec, ONE)
    assert outcome.is_complete
    return Done(engine, spec, outcome.plan, outcome.folder)


@pytest.fixture
def engine(store: Engine, tmp_path: Path) -> Engine:
    """A store of its own."""
    return copy_of(store, tmp_path / "cache")


# --- what the tables hold


def assert_close(got: dict[str, Any], wanted: dict[str, Any], where: Any) -> None:
    """Texts and counts the same, numbers but for rounding."""
    for name, value in wanted.items():
        if isinstance(value, float):
            assert got[name] is not None, (where, name)
            assert math.isclose(got[name], value, rel_tol=1e-8, abs_tol=1e-12), (where, name)
        else:
            assert got[name] == value, (where, name)


def test_each_row_is_what_correlate_says(whole: Done, said: list[Any]) -> None:
    rows = rows_of(whole.folder, "associations")
    assert rows.columns == COLUMNS["associations"]
    told = {
        (row["analysis"], row["x"], row["y"], row["method"], row["tumor_type"]): row
        for row in rows.to_dicts()
    }
    assert len(told) == rows.height == sum(t.n_rows for t in whole.plan.tasks if t.method)
    notes = set()
    for analysis, x, y, method, frame, _ in said:
        for wanted in frame.to_dicts():
            got = told.pop((analysis, x, y, method, wanted["tumor_type"]))
            assert_close(got, wanted, (analysis, x, y, method, wanted["tumor_type"]))
            notes.add(wanted["note"])
    assert told == {}
    # what is odd was asked: too few, constant, not measured, few genes left, shared genes, ...
    noted = "; ".join(sorted(notes))
    for words in ("too few samples", "TP53", "not measured", "without shared genes", "at least 5"):
        assert words in noted
    assert "same variable" in noted
    assert "4 samples without purity" in noted
    assert "SIMULATED" not in noted


def test_the_order_and_settings_of_rows(whole: Done) -> None:
    rows = rows_of(whole.folder, "associations")
    keys = list(zip(*(rows[name] for name in ("analysis", "tumor_type", "method")), strict=True))
    wanted = [
        (one.name, tumor_type, method)
        for one in whole.plan.analyses
        for tumor_type in one.tumor_types
        for method in one.methods
    ]
    assert list(dict.fromkeys(keys)) == wanted
    assert keys == sorted(keys, key=wanted.index)
    settings = rows.select("analysis", "samples", "ties", "adjust", "source", "unit").unique()
    assert set(settings.rows()) == {
        ("wide", "tumor", "average", "", "mine", settings["unit"][0]),
        ("itself", "tumor", "average", "purity,D", "mine", settings["unit"][0]),
        ("slow", "all-tumor", "gsva", "", "mine", settings["unit"][0]),
        ("normals", "normal", "gseapy", "", "mine", settings["unit"][0]),
        ("nulled", "tumor", "average", "", "mine", settings["unit"][0]),
        ("one-type", "tumor", "average", "age", "mine", settings["unit"][0]),
    }


def test_q_over_the_whole_run(whole: Done) -> None:
    rows = rows_of(whole.folder, "associations")
    there = rows.filter(pl.col("p").is_not_null())
    assert 0 < there.height < rows.height
    wanted = stats.false_discovery_control(there["p"].to_numpy())
    assert there["q_batch"].to_numpy() == pytest.approx(wanted, rel=1e-12)
    assert rows["q_batch"].is_null().equals(rows["p"].is_null())


def test_pooled_rows_are_what_correlate_says(whole: Done, said: list[Any]) -> None:
    rows = rows_of(whole.folder, "pooled")
    assert rows.columns == COLUMNS["pooled"]
    told = {(row["analysis"], row["x"], row["y"], row["method"]): row for row in rows.to_dicts()}
    assert len(told) == rows.height
    assert "one-type" not in set(rows["analysis"])
    same = ("r", "ci_low", "ci_high", "p", "tau2", "i2", "prediction_low", "prediction_high",
            "n_positive", "n_negative", "r_disjoint")  # fmt: skip
    for analysis, x, y, method, frame, pooled in said:
        if analysis == "one-type":
            continue
        got = told.pop((analysis, x, y, method))
        if set(frame["r"].drop_nulls().abs()) != {1.0}:  # of one variable with itself
            assert_close(
                got, {"n_types": pooled.n_types, "n": pooled.n_samples}, (analysis, x, y, method)
            )
            assert_close(
                got, {name: getattr(pooled, name) for name in same}, (analysis, x, y, method)
            )
        else:
            assert got["r"] is None
        r = frame["r"].drop_nulls()
        assert_close(got, {"r_min": r.min(), "r_max": r.max()}, (analysis, x, y, method))
    assert told == {}
    there = rows.filter(pl.col("p").is_not_null())
    wanted = stats.false_discovery_control(there["p"].to_numpy())
    assert there["q"].to_numpy() == pytest.approx(wanted, rel=1e-12)


def test_dominance_is_what_the_engine_says(whole: Done) -> None:
    rows = rows_of(whole.folder, "dominance")
    assert rows.columns == COLUMNS["dominance"]
    asked = whole.plan.analysis("highest")
    answer = whole.engine.dominance(
        [one.gene_set for one in asked.variables],  # type: ignore[union-attr]
        tumor_types=asked.tumor_types,
        source="mine",
        draws=asked.draws,
    )
    assert rows.select(answer.frame.columns).equals(answer.frame)
    assert set(rows["set"]) == {"A", "B", "F"}  # too little of E is measured
    for test in answer.summary["tests"]:
        where = (pl.col("tumor_type") == test["tumor_type"]) & (pl.col("scale") == test["scale"])
        friedman = test["friedman"]
        for row in rows.filter(where).to_dicts():
            wanted = {
                "friedman_chi2": friedman["chi2"],
                "friedman_p": friedman["p"],
                "kendalls_w": friedman["kendalls_w"],
            }
            if not math.isnan(friedman["p_genes"]):
                wanted["p_genes_of_w"] = friedman["p_genes"]
            assert_close(row, wanted, test["tumor_type"])


@pytest.mark.parametrize("name", list(COLUMNS))
def test_text_tables_hold_the_same(whole: Done, name: str) -> None:
    stored = rows_of(whole.folder, name)
    text = pl.read_csv(
        whole.folder.path / f"{name}.tsv", separator="\t", schema=stored.schema, quote_char=None
    )
    assert text.equals(stored.with_columns(pl.col(pl.String).replace("", None)))
    manifest = whole.folder.manifest()["results"]
    assert {told["rows"] for file, told in manifest.items() if file.startswith(name)} == {
        stored.height
    }
    assert {file: told["sha256"] for file, told in manifest.items()} == whole.tables


# --- the same bytes


def test_the_same_bytes_by_threads(whole: Done, tmp_path: Path, store: Engine) -> None:
    outcome = run(copy_of(store, tmp_path / "cache"), whole.spec, Means("threads", 4))
    assert outcome.plan.run == whole.plan.run
    assert tables_of(outcome.folder) == whole.tables
    assert not (outcome.folder.path / "tasks").exists()


def test_the_same_bytes_by_processes(small: Done, engine: Engine) -> None:
    outcome = run(engine, small.spec, Means("processes", 2))
    assert tables_of(outcome.folder) == small.tables
    records = outcome.folder.manifest()["tasks"]
    assert os.getpid() not in {one["process"] for one in records}
    assert {one["tries"] for one in records} == {1}


def test_the_same_bytes_by_parts(whole: Done, engine: Engine) -> None:
    plan = plan_of(engine, whole.spec)
    for number in (1, 3, 2):
        outcome = run_batch(engine, plan, THREADS, Shard(number, 3))
        own = [task for task in plan.tasks if task.number % 3 == number - 1]
        assert (outcome.n_before, outcome.n_done) == (0, len(own))
        assert tables_of(outcome.folder) == {}
        assert not outcome.is_complete
        if number != 2:
            with pytest.raises(AnalysisError, match="tasks are not done"):
                merge(engine, plan.run)
    again = run_batch(engine, plan, THREADS, Shard(2, 3))
    assert (again.n_before, again.n_done) == (len(own), 0)
    outcome = merge(engine, plan.run)
    assert outcome.is_complete
    assert tables_of(outcome.folder) == whole.tables
    assert merge(engine, plan.run).is_complete
    assert run_batch(engine, plan, THREADS, Shard(1, 3)).is_complete


def test_the_same_bytes_in_any_order(whole: Done, engine: Engine) -> None:
    plan = plan_of(engine, whole.spec)
    folder = RunFolder(engine.store, plan.run)
    engine.store.create()
    folder.begin(plan)
    performer = Performer(engine.store.root, plan.run)
    tasks = list(plan.tasks)
    random.Random(5).shuffle(tasks)
    with one_blas_thread():
        for task in tasks:
            assert performer.perform(task.number) == ""
    outcome = merge(engine, plan.run)
    assert outcome.is_complete
    assert tables_of(outcome.folder) == whole.tables


WIDE = """\
name = "many"
tumor_types = ["ACC", "CHOL", "LIHC"]
outputs = ["parquet", "tsv"]
[[crosses]]
name = "all"
x = ["own.gmt", "RELA", "TFRC", "GPX4", "NFE2L2", "ferroptosis", "nfkb", "covariate:purity"]
methods = ["pearson", "spearman"]
[[crosses]]
name = "some"
x = ["own.gmt", "RELA"]
y = ["ferroptosis", "nfkb", "RELA", "covariate:age"]
adjust = ["covariate:purity"]
tumor_types = ["ACC", "LIHC"]
[[crosses]]
name = "kendall"
x = ["own.gmt", "RELA", "NFE2L2"]
methods = ["kendall"]
[[pairs]]
name = "pairs"
pairs = [["own.gmt:A", "own.gmt:B"], ["RELA", "NFE2L2"], ["own.gmt:F", "own.gmt:B"],
         ["RELA", "covariate:purity"], ["TFRC", "covariate:age"]]
"""


def split_small(patch: pytest.MonkeyPatch, rows: int) -> None:
    """Tasks of few pairs, and products of few rows."""
    from tcga_corr import pairwise

    for module in (planning, work, pairwise):
        patch.setattr(module, "ROWS_AT_ONCE", rows)
    patch.setattr(planning, "_MOST_PAIRS", 2)
    patch.setattr(planning, "_MOST_SLOW", 5)


def test_the_same_bytes_of_many_small_tasks(store: Engine, tmp_path: Path) -> None:
    spec = write_spec(tmp_path, WIDE)
    numbers = []
    with pytest.MonkeyPatch.context() as patch:
        split_small(patch, 7)
        several = {}
        for name, means in (("one", ONE), ("four", Means("threads", 4))):
            outcome = run(copy_of(store, tmp_path / name), spec, means)
            several[name] = tables_of(outcome.folder)
            numbers.append(len(outcome.plan.tasks))
        engine = copy_of(store, tmp_path / "parts")
        for number in (1, 3, 2):
            run(engine, spec, THREADS, shard=Shard(number, 3))
        outcome = merge(engine, outcome.plan.run)
        several["parts"] = tables_of(outcome.folder)
        small = {name: rows_of(outcome.folder, name) for name in ("associations", "pooled")}
    assert numbers[0] > 40
    assert several["one"] == several["four"] == several["parts"]
    outcome = run(copy_of(store, tmp_path / "large"), spec, THREADS)
    assert len(outcome.plan.tasks) < numbers[0] / 2
    for name, frame in small.items():
        large = rows_of(outcome.folder, name)
        texts = [column for column, kind in large.schema.items() if not kind.is_float()]
        assert frame.select(texts).equals(large.select(texts))
        for column in set(large.columns) - set(texts):
            assert frame[column].is_null().equals(large[column].is_null())
            assert frame[column].drop_nulls().to_numpy() == pytest.approx(
                large[column].drop_nulls().to_numpy(), rel=1e-9, abs=1e-12
            )


def test_a_run_that_is_done_is_left_alone(small: Done) -> None:
    before = snapshot(small.engine.store.root)
    times = {path: path.stat().st_mtime_ns for path in small.folder.path.rglob("*")}
    outcome = run(small.engine, small.spec)
    assert (outcome.n_before, outcome.n_done) == (len(small.plan.tasks), 0)
    assert snapshot(small.engine.store.root) == before
    assert {path: path.stat().st_mtime_ns for path in small.folder.path.rglob("*")} == times


def test_tables_that_were_damaged_are_made_anew(small: Done, engine: Engine) -> None:
    outcome = run(engine, small.spec)
    for name in ("associations.parquet", "pooled.tsv"):
        path = outcome.folder.path / name
        path.write_bytes(path.read_bytes()[:-1])
        assert run(engine, small.spec).is_complete
        assert tables_of(outcome.folder) == small.tables
        path.unlink()
        assert run(engine, small.spec).is_complete
        assert tables_of(outcome.folder) == small.tables


# --- failures


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[set[int], Exception], None]]:
    """Let some tasks fail, from now on."""
    rows = Work.rows

    def broken(numbers: set[int], error: Exception) -> None:
        def fail(self: Work, task: Task) -> Any:
            if task.number in numbers:
                raise error
            return rows(self, task)

        monkeypatch.setattr(Work, "rows", fail)

    yield broken
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (StoreError("it is torn", "Mend it"), "it is torn. Mend it."),
        (ZeroDivisionError("by zero"), "unexpected ZeroDivisionError: by zero"),
        (MemoryError(), "unexpected MemoryError: "),
    ],
)
def test_a_task_that_fails_leaves_the_others(
    small: Done, engine: Engine, broken: Callable[..., None], error: Exception, why: str
) -> None:
    broken({2}, error)
    told = []
    outcome = run(engine, small.spec, on_task=lambda task, failure: told.append((task, failure)))
    task = outcome.plan.tasks[2]
    assert outcome.failures == [(task, why)]
    assert (outcome.n_before, outcome.n_done) == (0, len(outcome.plan.tasks) - 1)
    assert len(told) == len(outcome.plan.tasks)
    assert not outcome.is_complete
    manifest = outcome.folder.manifest()
    assert manifest["state"] == "with failures"
    record = manifest["tasks"][2]
    assert (record["error"], record["tries"]) == (why, 1)
    rows, whole = rows_of(outcome.folder, "associations"), rows_of(small.folder, "associations")
    same = (pl.col("analysis") == task.analysis) & (pl.col("tumor_type") == task.tumor_type)
    same &= pl.col("method") == task.method
    assert rows.height == whole.height - task.n_rows
    for column in ("x", "y", "n", "r", "p", "r_disjoint", "note"):  # q depends on all of them
        assert rows[column].equals(whole.filter(~same)[column])
    assert rows_of(outcome.folder, "dominance").equals(rows_of(small.folder, "dominance"))
    shown = status_of(engine, outcome.plan.run).filter(pl.col("failed") > 0).to_dicts()
    assert [(one["analysis"], one["failed"]) for one in shown] == [(task.analysis, 1)]
    assert shown[0]["note"].startswith(f"{task.tumor_type}: ")

    again = run(engine, small.spec)
    assert [number for number, _ in again.failures] == [task]
    assert again.folder.manifest()["tasks"][2]["tries"] == 2
    broken(set(), error)
    last = run(engine, small.spec)
    assert (last.n_before, last.n_done, last.failures) == (len(last.plan.tasks) - 1, 1, [])
    assert last.is_complete
    assert tables_of(last.folder) == small.tables
    tasks = last.folder.manifest()["tasks"]
    assert [one["tries"] for one in tasks] == [3 if one["task"] == 2 else 1 for one in tasks]
    assert "error" not in tasks[2]
    assert not (last.folder.path / "tasks").exists()


def test_all_tasks_may_fail(small: Done, engine: Engine, broken: Callable[..., None]) -> None:
    broken(set(range(1000)), StoreError("no"))
    outcome = run(engine, small.spec)
    assert len(outcome.failures) == len(outcome.plan.tasks)
    assert tables_of(outcome.folder) == {}
    assert outcome.folder.manifest()["results"] == {}
    broken(set(), StoreError("no"))
    assert tables_of(run(engine, small.spec).folder) == small.tables


def test_failures_of_parts_are_told_by_merge(
    small: Done, engine: Engine, broken: Callable[..., None]
) -> None:
    broken({1}, StoreError("torn", "Mend it"))
    plan = plan_of(engine, small.spec)
    for number in (1, 2):
        outcome = run_batch(engine, plan, THREADS, Shard(number, 2))
        assert len(outcome.failures) == number - 1
    merged = merge(engine, plan.run)
    assert merged.failures == [(plan.tasks[1], "torn. Mend it.")]
    assert not merged.is_complete
    broken(set(), StoreError("torn"))
    run_batch(engine, plan, THREADS, Shard(2, 2))
    assert tables_of(merge(engine, plan.run).folder) == small.tables


def test_a_damaged_index_fails_its_tumor_type_alone(small: Done, engine: Engine) -> None:
    """A number of the index that is no number: whatever it gives, the others are right."""
    plan = plan_of(engine, small.spec)
    [values] = engine.store.root.glob("index/*/tumor_type=CHOL/*/values.npy")
    outcome = run_batch(
        engine, plan, ONE, on_begin=lambda done, rows: values.write_bytes(b"no array")
    )
    # the table is whole, so the index is made again
    assert outcome.is_complete
    assert tables_of(outcome.folder) == small.tables


def test_a_table_that_is_replaced_meanwhile(small: Done, engine: Engine, tmp_path: Path) -> None:
    plan = plan_of(engine, small.spec)
    other = next(path for path in write_tables(tmp_path / "other", 9) if "CHOL" in str(path))

    def replace(done: int, rows: int) -> None:
        from tcga_corr.load_plan import LoadOptions

        assert not engine.load([other], LoadOptions(source="mine")).errors

    outcome = run_batch(engine, plan, ONE, on_begin=replace)
    of_chol = [task for task in plan.tasks if task.tumor_type == "CHOL"]
    assert [task for task, _ in outcome.failures] == of_chol
    assert all("not what the run began with" in why for _, why in outcome.failures)
    assert "CHOL" not in set(rows_of(outcome.folder, "associations")["tumor_type"])
    # asked again, it is another run
    again = run(engine, small.spec)
    assert again.plan.run != plan.run
    assert again.is_complete
    status = status_of(engine, plan.run)
    assert status["failed"].sum() == len(of_chol)
    with pytest.raises(StoreError, match="not what the run began with"):
        raise merge_failure(engine, plan)


def merge_failure(engine: Engine, plan: Plan) -> Exception:
    """What a failure of a merged run says."""
    outcome = merge(engine, plan.run)
    return StoreError(outcome.failures[0][1])


def test_covariates_that_are_replaced_meanwhile(
    small: Done, engine: Engine, tmp_path: Path
) -> None:
    """As tables are: the plan's numbers or none."""
    from .support import write_covariates

    plan = plan_of(engine, small.spec)
    engine.load_covariates(write_covariates(tmp_path / "clinic.tsv", seed=8), name="clinic")
    folder = RunFolder(engine.store, plan.run)
    folder.begin(plan)
    try:
        performer = Performer(engine.store.root, plan.run)
        failures = [performer.perform(task.number) for task in plan.tasks]
    except StoreError as error:
        failures = [str(error)]
    assert any("not what the run began with" in why for why in failures)


def test_a_store_that_changed_is_another_run(small: Done, engine: Engine, tmp_path: Path) -> None:
    from .support import write_covariates

    names = [plan_of(engine, small.spec).run]
    engine.load_covariates(write_covariates(tmp_path / "clinic.tsv", seed=8), name="clinic")
    names.append(plan_of(engine, small.spec).run)
    assert len(set(names)) == 2


def lost_worker(folder: Path, patch: pytest.MonkeyPatch, file: str) -> None:
    """Let worker processes die when they are to write a file of this name."""
    (folder / "early").mkdir()
    (folder / "early" / "sitecustomize.py").write_text(DIE_OR_SLEEP)
    patch.setenv("PYTHONPATH", str(folder / "early"))
    patch.setenv("DIE_AT", file)


def test_a_worker_that_dies_costs_its_task_alone(
    small: Done, engine: Engine, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        lost_worker(tmp_path, patch, "000003.json")
        outcome = run(engine, small.spec, Means("processes", 1))
    why = "its process was lost, as by want of memory"
    assert outcome.failures == [(outcome.plan.tasks[3], why)]
    record = outcome.folder.record(outcome.plan.tasks[3])
    assert record["error"] == why
    done = records_of(outcome.folder, outcome.plan)
    assert len(done) == len(outcome.plan.tasks) - 1
    assert {one["tries"] for one in done.values()} == {1}
    assert list(engine.store.root.rglob("*.part")) == []
    last = run(engine, small.spec)
    assert (last.n_done, last.is_complete) == (1, True)
    assert tables_of(last.folder) == small.tables


@pytest.mark.parametrize(("limit", "workers"), [(900, ()), (8_000, ("--workers", "2"))])
def test_a_full_disk(small: Done, engine: Engine, limit: int, workers: tuple[str, ...]) -> None:
    """As on a disk that takes no file of more than so many bytes: one line, and no half file."""

    def no_larger_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    root = engine.store.root
    done = subprocess.run(
        [sys.executable, "-m", "tcga_corr", "--cache", root, "-q", "batch", small.spec, *workers],
        preexec_fn=no_larger_files,
        capture_output=True,
        timeout=60,
        check=False,
    )
    said = done.stderr.decode()
    assert done.returncode == 1
    assert said.count("\n") == 1, said
    assert "cannot be written" in said
    assert list(root.rglob("*.part")) == []
    last = run(engine, small.spec)
    assert last.is_complete
    assert tables_of(last.folder) == small.tables


# --- several at once


def test_a_second_process_is_refused_and_other_parts_are_not(small: Done, engine: Engine) -> None:
    plan = plan_of(engine, small.spec)
    folder = RunFolder(engine.store, plan.run)
    engine.store.create()
    tried = []

    def meanwhile(done: int, rows: int) -> None:
        other = open_store(engine.store.root)
        with pytest.raises(StoreError, match=f"another process is at the run {plan.run}"):
            run_batch(other, plan, ONE)
        with pytest.raises(StoreError, match="another process is at the run"):
            merge(other, plan.run)
        tried.append(run_batch(other, plan, ONE, Shard(1, 2)).n_done)

    outcome = run_batch(engine, plan, ONE, on_begin=meanwhile)
    assert tried == [(len(plan.tasks) + 1) // 2]
    assert outcome.is_complete
    assert tables_of(folder) == small.tables
    assert {one["tries"] for one in folder.manifest()["tasks"]} == {1}


def test_leftovers_of_processes_that_are_gone_are_removed(small: Done, engine: Engine) -> None:
    plan = plan_of(engine, small.spec)
    folder = RunFolder(engine.store, plan.run)
    run_batch(engine, plan, ONE, Shard(1, 2))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = folder.path / "tasks" / f".000001.parquet.{gone.pid}.part"
    mine = partial_path(folder.rows_path(plan.tasks[1]))
    for path in (left, mine):
        path.write_bytes(b"half")
    run_batch(engine, plan, ONE, Shard(2, 2))
    assert not left.exists()
    mine.unlink(missing_ok=True)
    assert tables_of(merge(engine, plan.run).folder) == small.tables


def test_no_such_run(small: Done) -> None:
    with pytest.raises(DataMissingError, match=f"no run '{small.plan.run}0'.*{small.plan.run}"):
        merge(small.engine, f"{small.plan.run}0")


def test_a_plan_that_was_changed_by_hand(small: Done, engine: Engine) -> None:
    plan = plan_of(engine, small.spec)
    folder = RunFolder(engine.store, plan.run)
    folder.begin(plan)
    path = folder.path / "plan.json"
    text = path.read_text()
    path.write_text(text.replace('"draws": 20', '"draws": 21', 1))
    with pytest.raises(StoreError, match="is not the plan of this run"):
        folder.plan()
    path.write_text(text[:100])
    with pytest.raises(StoreError, match="cannot be read"):
        folder.plan()


def test_a_task_by_number_in_whichever_process(small: Done, engine: Engine) -> None:
    """What Dask's workers and those of this machine call."""
    plan = make_plan(engine, read(engine, small.spec))
    RunFolder(engine.store, plan.run).begin(plan)
    root = str(engine.store.root)
    assert [perform(root, plan.run, task.number) for task in plan.tasks] == [""] * len(plan.tasks)
    assert perform(root, plan.run, 0) == ""
    outcome: Outcome = merge(engine, plan.run)
    assert tables_of(outcome.folder) == small.tables
