"""Batch runs: every number against ``correlate``, the same bytes however done, and failures."""

from __future__ import annotations

import json
import math
import os
import random
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from scipy import stats

from tcga_corr.analysis import panel
from tcga_corr.analysis.samples.cohort import join_notes
from tcga_corr.batch import compute
from tcga_corr.batch import plan as plans
from tcga_corr.batch.compute import TaskComputer
from tcga_corr.batch.executors import TaskRunner, Workers, one_blas_thread, run_in_worker
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan, Task
from tcga_corr.batch.planning import plan_spec
from tcga_corr.batch.run import RunReport, Shard, merge, run_batch, runs, status_of
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import AnalysisError, DataMissingError, StoreError
from tcga_corr.exchange import read_sealed, seal
from tcga_corr.files import is_leftover, partial_path
from tests.batch.support import (
    DIE_OR_SLEEP,
    THREADS,
    Hooks,
    answers,
    build_store,
    copy_of,
    records_of,
    rows_of,
    run,
    tables_of,
    write_spec,
    write_tables,
)
from tests.conftest import snapshot

ONE = Workers("threads", 1)
COLUMNS = {
    "associations": [
        "analysis", "tumor_type", "stratum", "x", "y", "method", "n", "r", "ci_low", "ci_high", "p",
        "q", "q_batch", "z_genes", "p_genes", "q_genes", "genes_mean", "genes_low", "genes_high",
        "z_sets", "p_sets", "sets_mean", "sets_low", "sets_high", "n_reference_sets",
        "n_shared_genes", "r_disjoint", "r_purity", "n_purity", "level", "note", "source",
        "samples", "ties", "adjust", "where", "unit", "cut_by", "delta_z", "p_permutation",
    ],
    "pooled": [
        "analysis", "x", "y", "method", "n_types", "n", "r", "ci_low", "ci_high", "p", "q",
        "z_genes", "p_genes", "q_genes", "genes_mean", "genes_low", "genes_high", "z_sets",
        "p_sets", "sets_mean", "sets_low", "sets_high", "n_reference_sets", "tau2", "i2",
        "prediction_low", "prediction_high", "n_positive", "n_negative", "tallied_by", "r_min",
        "r_max", "r_disjoint", "r_purity",
        "note", "source", "samples", "ties", "adjust", "where", "unit", "cut_by", "stratum",
        "level", "delta_z", "p_permutation",
    ],
    "dominance": [
        "analysis", "tumor_type", "scale", "set", "n", "mean", "sd", "median", "mean_rank",
        "n_highest", "share_highest", "n_lowest", "note", "friedman_chi2", "friedman_p",
        "kendalls_w", "p_genes_of_w", "source", "samples", "ties", "adjust", "where", "unit",
    ],
}  # fmt: skip

NULLS_OF_POOLED = (
    "z_genes", "p_genes", "genes_mean", "genes_low", "genes_high", "z_sets", "p_sets", "sets_mean",
    "sets_low", "sets_high", "n_reference_sets",
)  # fmt: skip

NUMBERS = (
    "r", "ci_low", "ci_high", "p", "q", "q_batch", "z_genes", "p_genes", "q_genes", "genes_mean",
    "genes_low", "genes_high", "z_sets", "p_sets", "sets_mean", "sets_low", "sets_high",
    "n_reference_sets", "r_disjoint", "r_purity", "n_purity",
)  # fmt: skip
NUMBERS_OF_DOMINANCE = (
    "mean", "sd", "median", "mean_rank", "n_highest", "share_highest", "n_lowest",
)  # fmt: skip

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
    assert (
        len(told)
        == rows.height
        == sum(task.n_rows for task in whole.plan.tasks if task.table == "associations")
    )
    notes = set()
    for analysis, x, y, method, frame, _ in said:
        for wanted in frame.to_dicts():
            got = told.pop((analysis, x, y, method, wanted["tumor_type"]))
            del wanted["q_genes"]  # over the tumor types of the pair
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


def test_q_genes_is_over_the_rows_of_a_block_and_method(whole: Done) -> None:
    rows = rows_of(whole.folder, "associations")
    assert rows["q_genes"].is_null().equals(rows["p_genes"].is_null())
    there = rows.filter(pl.col("p_genes").is_not_null())
    assert there.filter(analysis="nulled").select("x", "y").n_unique() > 1
    for _, own in there.group_by("analysis", "method"):
        wanted = stats.false_discovery_control(own["p_genes"].to_numpy())
        assert own["q_genes"].to_numpy() == pytest.approx(wanted, rel=1e-12)


def test_pooled_rows_tally_the_rows_of_their_pairs(whole: Done) -> None:
    """By q_genes and z_genes where a pair has any, else by q and r."""
    rows = rows_of(whole.folder, "associations")
    keys = ["analysis", "x", "y", "method"]
    by_genes = rows.group_by(keys).agg(
        by=pl.col("q_genes").is_not_null().any(),
        n_genes=((pl.col("q_genes") < 0.05) & (pl.col("z_genes") > 0)).sum(),
        n=((pl.col("q") < 0.05) & (pl.col("r") > 0)).sum(),
    )
    pooled = rows_of(whole.folder, "pooled").join(by_genes, on=keys, suffix="_of_rows")
    assert pooled.height == rows_of(whole.folder, "pooled").height
    assert pooled["by"].any()
    for row in pooled.to_dicts():
        assert row["tallied_by"] == ("q_genes" if row["by"] else "q")
        assert row["n_positive"] == row["n_genes" if row["by"] else "n_of_rows"]


def test_pooled_rows_are_what_correlate_says(whole: Done, said: list[Any]) -> None:
    rows = rows_of(whole.folder, "pooled")
    assert rows.columns == COLUMNS["pooled"]
    told = {(row["analysis"], row["x"], row["y"], row["method"]): row for row in rows.to_dicts()}
    assert len(told) == rows.height
    assert "one-type" not in set(rows["analysis"])
    same = ("r", "ci_low", "ci_high", "p", "tau2", "i2", "prediction_low", "prediction_high",
            "n_positive", "n_negative", "r_disjoint")  # fmt: skip
    tallies = ("n_positive", "n_negative")
    for analysis, x, y, method, frame, pooled in said:
        if analysis == "one-type":
            continue
        got = told.pop((analysis, x, y, method))
        own = [name for name in same if pooled.tallied_by == "q" or name not in tallies]
        if set(frame["r"].drop_nulls().abs()) != {1.0}:  # of one variable with itself
            assert_close(
                got, {"n_types": pooled.n_types, "n": pooled.n_samples}, (analysis, x, y, method)
            )
            assert_close(
                got, {name: getattr(pooled, name) for name in own}, (analysis, x, y, method)
            )
            assert_close(
                got, {name: getattr(pooled, name) for name in NULLS_OF_POOLED},
                (analysis, x, y, method),
            )  # fmt: skip
            note = join_notes(pooled.genes_note or "", pooled.sets_note or "")
            assert (got["note"] or "") == note
        else:
            assert got["r"] is None
        r = frame["r"].drop_nulls()
        assert_close(got, {"r_min": r.min(), "r_max": r.max()}, (analysis, x, y, method))
    assert told == {}
    for q, p in (("q", "p"), ("q_genes", "p_genes")):
        there = rows.filter(pl.col(p).is_not_null())
        for block in there.partition_by("analysis", "method"):
            wanted = stats.false_discovery_control(block[p].to_numpy())
            assert block[q].to_numpy() == pytest.approx(wanted, rel=1e-12)
    assert rows["q_genes"].count()


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
    measured = rows.filter(pl.col("n").is_not_null())
    assert measured.select(answer.frame.columns).equals(answer.frame)
    assert set(measured["set"]) == {"A", "B", "F"}
    # too little of E is measured: a row for each scale, which says so, after those that are
    assert rows.height == sum(task.n_rows for task in whole.plan.tasks if not task.method)
    told = ("tumor_type", "scale", "set")
    lacking = rows.filter(pl.col("n").is_null())
    assert lacking.select(told).rows() == [
        (tumor_type, scale, "E")
        for tumor_type in asked.tumor_types
        for scale in ("raw", "standardised")
    ]
    assert all("measured" in note for note in lacking["note"])
    assert lacking.select(NUMBERS_OF_DOMINANCE).null_count().row(0) == (lacking.height,) * len(
        NUMBERS_OF_DOMINANCE
    )
    for test in answer.summary.tests:
        where = (pl.col("tumor_type") == test.tumor_type) & (pl.col("scale") == test.scale)
        assert rows.filter(where).height == 4
        friedman = test.friedman
        for row in rows.filter(where).to_dicts():
            wanted = {
                "friedman_chi2": friedman.chi2,
                "friedman_p": friedman.p,
                "kendalls_w": friedman.kendalls_w,
            }
            if not math.isnan(friedman.p_genes):
                wanted["p_genes_of_w"] = friedman.p_genes
            assert_close(row, wanted, test.tumor_type)


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
    outcome = run(copy_of(store, tmp_path / "cache"), whole.spec, Workers("threads", 4))
    assert outcome.plan.run == whole.plan.run
    assert tables_of(outcome.folder) == whole.tables
    assert not (outcome.folder.path / "tasks").exists()


@pytest.mark.slow
def test_the_same_bytes_by_processes(small: Done, engine: Engine) -> None:
    outcome = run(engine, small.spec, Workers("processes", 2))
    assert tables_of(outcome.folder) == small.tables
    records = outcome.folder.manifest()["tasks"]
    assert os.getpid() not in {one["process"] for one in records}
    assert {one["tries"] for one in records} == {1}


def test_the_same_bytes_by_parts(whole: Done, engine: Engine) -> None:
    plan = plan_spec(engine, whole.spec)
    for number in (1, 3, 2):
        outcome = run_batch(engine, plan, THREADS, Shard(number, 3))
        own = plan.part(number, 3)
        assert 0 < len(own) < len(plan.tasks)
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
    plan = plan_spec(engine, whole.spec)
    folder = RunFolder(engine.store, plan.run)
    engine.store.create()
    folder.begin(plan)
    runner = TaskRunner(engine.store.root, plan.run)
    tasks = list(plan.tasks)
    random.Random(5).shuffle(tasks)
    with one_blas_thread():
        for task in tasks:
            assert runner.run(task.number) == ""
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
    for module in (plans, compute, panel):
        patch.setattr(module, "ROWS_AT_ONCE", rows)
    patch.setattr(plans, "_MOST_PAIRS", 2)
    patch.setattr(plans, "_MOST_SLOW", 5)


@pytest.mark.slow
def test_the_same_bytes_of_many_small_tasks(store: Engine, tmp_path: Path) -> None:
    spec = write_spec(tmp_path, WIDE)
    numbers = []
    with pytest.MonkeyPatch.context() as patch:
        split_small(patch, 7)
        several = {}
        for name, workers in (("one", ONE), ("four", Workers("threads", 4))):
            outcome = run(copy_of(store, tmp_path / name), spec, workers)
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
    rows = TaskComputer.rows

    def broken(numbers: set[int], error: Exception) -> None:
        def fail(self: TaskComputer, task: Task) -> Any:
            if task.number in numbers:
                raise error
            return rows(self, task)

        monkeypatch.setattr(TaskComputer, "rows", fail)

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
    progress = Hooks()
    outcome = run(engine, small.spec, progress=progress)
    task = outcome.plan.tasks[2]
    assert outcome.failures == [(task, why)]
    assert (outcome.n_before, outcome.n_done) == (0, len(outcome.plan.tasks) - 1)
    assert progress.n_tasks == len(outcome.plan.tasks)
    assert progress.lines == [f"failed: {task.analysis} {task.tumor_type}: {why}"]
    assert not outcome.is_complete
    manifest = outcome.folder.manifest()
    assert manifest["state"] == "with failures"
    record = manifest["tasks"][2]
    assert (record["error"], record["tries"]) == (why, 1)
    rows, whole = rows_of(outcome.folder, "associations"), rows_of(small.folder, "associations")
    same = (pl.col("analysis") == task.analysis) & (pl.col("tumor_type") == task.tumor_type)
    same &= pl.col("method") == task.method
    assert whole.filter(same).height == task.n_rows > 0
    assert_failed(rows.filter(same), whole.filter(same), why)
    for column in set(rows.columns) - {"q", "q_batch"}:  # which depend on all of them
        assert rows.filter(~same)[column].equals(whole.filter(~same)[column])
    there = rows.filter(pl.col("p").is_not_null())
    wanted = stats.false_discovery_control(there["p"].to_numpy())
    assert there["q_batch"].to_numpy() == pytest.approx(wanted, rel=1e-12)
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


def assert_failed(rows: pl.DataFrame, whole: pl.DataFrame, why: str) -> None:
    """The rows of associations that would be there, in their order, without numbers."""
    asked = ("analysis", "tumor_type", "x", "y", "method", "source", "samples", "ties", "adjust",
             "unit")  # fmt: skip
    assert rows.schema == whole.schema
    assert rows.select(asked).equals(whole.select(asked))
    assert set(rows["n"]) == {0}
    assert set(rows["note"]) == {f"failed: {why}"}
    assert rows.select(NUMBERS).null_count().row(0) == (rows.height,) * len(NUMBERS)


def test_a_run_of_which_all_fails(whole: Done, engine: Engine, broken: Callable[..., None]) -> None:
    """The tables are those of the same run but for their numbers, whatever way a task goes."""
    assert {task.way for task in whole.plan.tasks} == {
        "products", "rows", "pooled nulls", "dominance",
    }  # fmt: skip
    broken(set(range(1000)), StoreError("torn", "Mend it"))
    outcome = run(engine, whole.spec)
    assert len(outcome.failures) == len(outcome.plan.tasks)
    assert outcome.folder.manifest()["state"] == "with failures"
    assert set(tables_of(outcome.folder)) == set(whole.tables)
    assert_failed(
        rows_of(outcome.folder, "associations"),
        rows_of(whole.folder, "associations"),
        "torn. Mend it.",
    )
    pooled, wanted = (rows_of(folder, "pooled") for folder in (outcome.folder, whole.folder))
    assert pooled.schema == wanted.schema
    for column in ("analysis", "x", "y", "method", "adjust", "unit"):
        assert pooled[column].equals(wanted[column])
    assert set(pooled["n_types"]) == set(pooled["n"]) == {0}
    for column in ("r", "ci_low", "ci_high", "p", "q", "r_min", "r_max", "r_disjoint"):
        assert pooled[column].is_null().all()
    highest, wanted = (rows_of(folder, "dominance") for folder in (outcome.folder, whole.folder))
    assert highest.schema == wanted.schema
    keys = ("analysis", "tumor_type", "scale", "set", "source", "samples", "unit")
    assert sorted(highest.select(keys).rows()) == sorted(wanted.select(keys).rows())
    assert set(highest["note"]) == {"failed: torn. Mend it."}
    for column in (*NUMBERS_OF_DOMINANCE, "friedman_chi2", "friedman_p", "kendalls_w"):
        assert highest[column].is_null().all()
    assert highest["n"].fill_null(0).to_list() == [0] * highest.height
    counts = outcome.folder.manifest()["counts"]
    for one in counts:
        assert not any(one[name] for name in ("with_r", "positive", "negative"))
    told = [(one["analysis"], one["method"], one["rows"]) for one in counts]
    assert told == [
        (one["analysis"], one["method"], one["rows"]) for one in whole.folder.manifest()["counts"]
    ]


def test_all_tasks_may_fail(small: Done, engine: Engine, broken: Callable[..., None]) -> None:
    broken(set(range(1000)), StoreError("no"))
    outcome = run(engine, small.spec)
    assert len(outcome.failures) == len(outcome.plan.tasks)
    tables = tables_of(outcome.folder)
    assert set(tables) == set(small.tables)
    results = outcome.folder.manifest()["results"]
    assert {name: one["sha256"] for name, one in results.items()} == tables
    of_small = small.folder.manifest()["results"]
    assert {name: one["rows"] for name, one in results.items()} == {
        name: one["rows"] for name, one in of_small.items()
    }
    broken(set(), StoreError("no"))
    assert tables_of(run(engine, small.spec).folder) == small.tables


def test_a_dominance_that_fails_has_its_rows(
    small: Done, engine: Engine, broken: Callable[..., None]
) -> None:
    task = next(one for one in small.plan.tasks if one.way == "dominance")
    broken({task.number}, StoreError("torn", "Mend it"))
    outcome = run(engine, small.spec)
    assert outcome.failures == [(task, "torn. Mend it.")]
    rows, whole = (rows_of(folder, "dominance") for folder in (outcome.folder, small.folder))
    own = pl.col("tumor_type") == task.tumor_type
    assert rows.filter(~own).equals(whole.filter(~own))
    failed = rows.filter(own)
    assert sorted(failed.select("scale", "set").rows()) == [
        (scale, name) for scale in ("raw", "standardised") for name in ("A", "B")
    ]
    assert set(failed["note"]) == {"failed: torn. Mend it."}
    assert all(failed[column].is_null().all() for column in NUMBERS_OF_DOMINANCE)
    assert rows_of(outcome.folder, "associations").equals(rows_of(small.folder, "associations"))


def test_failures_of_parts_are_told_by_merge(
    small: Done, engine: Engine, broken: Callable[..., None]
) -> None:
    broken({1}, StoreError("torn", "Mend it"))
    plan = plan_spec(engine, small.spec)
    [fails] = [number for number in (1, 2) if plan.tasks[1] in plan.part(number, 2)]
    for number in (1, 2):
        outcome = run_batch(engine, plan, THREADS, Shard(number, 2))
        assert len(outcome.failures) == (number == fails)
    merged = merge(engine, plan.run)
    assert merged.failures == [(plan.tasks[1], "torn. Mend it.")]
    assert not merged.is_complete
    broken(set(), StoreError("torn"))
    run_batch(engine, plan, THREADS, Shard(fails, 2))
    assert tables_of(merge(engine, plan.run).folder) == small.tables


def test_a_damaged_index_fails_its_tumor_type_alone(small: Done, engine: Engine) -> None:
    """A number of the index that is no number: whatever it gives, the others are right."""
    plan = plan_spec(engine, small.spec)
    [values] = engine.store.root.glob("index/*/tumor_type=CHOL/*/values.npy")
    progress = Hooks(on_begin=lambda: values.write_bytes(b"no array"))
    outcome = run_batch(engine, plan, ONE, progress=progress)
    # the table is whole, so the index is made again
    assert outcome.is_complete
    assert tables_of(outcome.folder) == small.tables


def test_a_table_that_is_replaced_meanwhile(small: Done, engine: Engine, tmp_path: Path) -> None:
    plan = plan_spec(engine, small.spec)
    other = next(path for path in write_tables(tmp_path / "other", 9) if "CHOL" in str(path))

    def replace() -> None:
        from tcga_corr.loading.plan import LoadOptions

        assert not engine.load([other], LoadOptions(source="mine")).errors

    outcome = run_batch(engine, plan, ONE, progress=Hooks(replace))
    of_chol = [
        task
        for task in plan.tasks
        if task.tumor_type == "CHOL"
        or (task.way == "pooled nulls" and "CHOL" in plan.analysis(task.analysis).tumor_types)
    ]
    assert [task for task, _ in outcome.failures] == of_chol
    assert all("not what the run began with" in why for _, why in outcome.failures)
    is_chol = pl.col("tumor_type") == "CHOL"
    rows, whole = (rows_of(folder, "associations") for folder in (outcome.folder, small.folder))
    [why] = {why for _, why in outcome.failures}
    assert_failed(rows.filter(is_chol), whole.filter(is_chol), why)
    assert rows.filter(~is_chol)["r"].equals(whole.filter(~is_chol)["r"])
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


def test_merge_does_not_look_at_the_tables(small: Done, engine: Engine, tmp_path: Path) -> None:
    """What was computed is of the tables of the plan, and so the manifest says."""
    from tcga_corr.loading.plan import LoadOptions

    plan = plan_spec(engine, small.spec)
    for number in (1, 2):
        run_batch(engine, plan, THREADS, Shard(number, 2))
    others = [path for path in write_tables(tmp_path / "other", 9) if "CHOL" in str(path)]
    assert not engine.load(others, LoadOptions(source="mine")).errors
    assert plan_spec(engine, small.spec).tables != plan.tables
    outcome = merge(open_store(engine.store.root), plan.run)
    assert outcome.is_complete
    assert tables_of(outcome.folder) == small.tables
    manifest, wanted = outcome.folder.manifest(), small.folder.manifest()
    told = {(one["source"], one["tumor_type"]): one["sha256"] for one in manifest["tables"]}
    assert told == dict(plan.tables)
    for key in ("run", "digest", "tables", "gene_sets", "covariates", "spec_sha256", "counts"):
        assert manifest[key] == wanted[key], key


def test_merge_needs_no_table(small: Done, engine: Engine) -> None:
    plan = plan_spec(engine, small.spec)
    for number in (1, 2):
        run_batch(engine, plan, THREADS, Shard(number, 2))
    for name in ("expression", "index"):
        shutil.rmtree(engine.store.root / name)
    assert tables_of(merge(engine, plan.run).folder) == small.tables


@pytest.mark.parametrize("way", ["products", "rows", "pooled nulls", "dominance"])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_a_damaged_task_is_removed_and_computed_anew(
    small: Done, engine: Engine, way: str, damage: str
) -> None:
    plan = plan_spec(engine, small.spec)
    folder = RunFolder(engine.store, plan.run)
    for number in (1, 2):
        run_batch(engine, plan, THREADS, Shard(number, 2))
    task = next(one for one in plan.tasks if one.way == way)
    path = folder.rows_path(task)
    content = bytearray(path.read_bytes())
    if damage == "flip":
        chunk = pq.ParquetFile(path).metadata.row_group(0).column(8)  # p, or mean_rank
        content[chunk.data_page_offset + chunk.total_compressed_size - 1] ^= 1
    path.write_bytes({"flip": content, "cut": content[:-20], "empty": b""}[damage])
    with pytest.raises(StoreError, match=f"{task.name}.parquet: was damaged, and is removed") as e:
        merge(engine, plan.run)
    assert "Run again: it is computed anew" in str(e.value)
    assert not path.exists()
    assert folder.manifest()["state"] == "running"
    assert "results" not in folder.manifest()
    assert list(folder.path.rglob("*.part")) == []
    assert not folder.is_locked()
    outcome = run_batch(engine, plan, THREADS)
    assert (outcome.n_before, outcome.n_done) == (len(plan.tasks) - 1, 1)
    assert outcome.is_complete
    assert tables_of(folder) == small.tables
    assert folder.manifest()["tasks"][task.number]["tries"] == 2


def test_covariates_that_are_replaced_meanwhile(
    small: Done, engine: Engine, tmp_path: Path
) -> None:
    """As tables are: the plan's numbers or none."""
    from tests.batch.support import write_covariates

    plan = plan_spec(engine, small.spec)
    engine.load_covariates(write_covariates(tmp_path / "clinic.tsv", seed=8), name="clinic")
    folder = RunFolder(engine.store, plan.run)
    folder.begin(plan)
    try:
        runner = TaskRunner(engine.store.root, plan.run)
        failures = [runner.run(task.number) for task in plan.tasks]
    except StoreError as error:
        failures = [str(error)]
    assert any("not what the run began with" in why for why in failures)


def test_a_store_that_changed_is_another_run(small: Done, engine: Engine, tmp_path: Path) -> None:
    from tests.batch.support import write_covariates

    names = [plan_spec(engine, small.spec).run]
    engine.load_covariates(write_covariates(tmp_path / "clinic.tsv", seed=8), name="clinic")
    names.append(plan_spec(engine, small.spec).run)
    assert len(set(names)) == 2


def lost_worker(folder: Path, patch: pytest.MonkeyPatch, file: str) -> None:
    """Let worker processes die when they are to write a file of this name."""
    (folder / "early").mkdir()
    (folder / "early" / "sitecustomize.py").write_text(DIE_OR_SLEEP)
    patch.setenv("PYTHONPATH", str(folder / "early"))
    patch.setenv("DIE_AT", file)


@pytest.mark.slow
def test_a_worker_that_dies_costs_its_task_alone(
    small: Done, engine: Engine, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        lost_worker(tmp_path, patch, "000003.json")
        outcome = run(engine, small.spec, Workers("processes", 1))
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


@pytest.mark.slow
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
    plan = plan_spec(engine, small.spec)
    folder = RunFolder(engine.store, plan.run)
    engine.store.create()
    tried = []

    def meanwhile() -> None:
        other = open_store(engine.store.root)
        with pytest.raises(StoreError, match=f"another process is at the run {plan.run}"):
            run_batch(other, plan, ONE)
        with pytest.raises(StoreError, match="another process is at the run"):
            merge(other, plan.run)
        for number in (1, 2):
            with pytest.raises(StoreError, match=f"run {plan.run}, or at the whole of it"):
                run_batch(other, plan, ONE, Shard(number, 2))
        assert RunFolder(other.store, plan.run).is_locked()
        assert runs(other)["state"].to_list() == ["running"]
        tried.append(list(folder.path.glob("tasks/*")))

    assert not folder.is_locked()
    outcome = run_batch(engine, plan, ONE, progress=Hooks(meanwhile))
    assert tried == [[]]
    assert not folder.is_locked()
    assert runs(engine)["state"].to_list() == ["complete"]
    assert outcome.is_complete
    assert tables_of(folder) == small.tables
    assert {one["tries"] for one in folder.manifest()["tasks"]} == {1}


def test_a_part_excludes_the_whole_and_itself_and_no_other_part(
    small: Done, engine: Engine
) -> None:
    plan = plan_spec(engine, small.spec)
    folder = RunFolder(engine.store, plan.run)
    engine.store.create()
    tried = []

    def meanwhile() -> None:
        other = open_store(engine.store.root)
        with pytest.raises(StoreError, match=f"at a part of the run {plan.run}, or"):
            run_batch(other, plan, ONE)
        with pytest.raises(StoreError, match=f"at a part of the run {plan.run}, or"):
            merge(other, plan.run)
        with pytest.raises(StoreError, match=f"another process is at the run {plan.run}"):
            run_batch(other, plan, ONE, Shard(2, 2))
        assert RunFolder(other.store, plan.run).is_locked()
        tried.append(run_batch(other, plan, ONE, Shard(1, 2)).n_done)
        assert folder.is_locked()  # the outer part still is

    outcome = run_batch(engine, plan, ONE, Shard(2, 2), progress=Hooks(meanwhile))
    assert tried == [len(plan.part(1, 2))]
    assert outcome.n_done == len(plan.part(2, 2))
    assert not folder.is_locked()
    merged = merge(engine, plan.run)
    assert merged.is_complete
    assert tables_of(folder) == small.tables
    assert {one["tries"] for one in folder.manifest()["tasks"]} == {1}


def test_a_lock_of_one_run_is_not_of_another(small: Done, engine: Engine) -> None:
    one, other = (RunFolder(engine.store, f"{name}-00000000") for name in ("a", "a-a"))
    with one.locked("1-of-1"):
        assert one.is_locked()
        assert not other.is_locked()
        with other.locked("1-of-1"):
            assert other.is_locked()
    assert not one.is_locked()
    assert not other.is_locked()


def test_a_run_that_was_interrupted_is_stopped(small: Done, engine: Engine) -> None:
    plan = plan_spec(engine, small.spec)

    def interrupt() -> None:
        if progress.n_tasks == 2:
            raise KeyboardInterrupt

    progress = Hooks(on_task=interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_batch(engine, plan, ONE, progress=progress)
    folder = RunFolder(engine.store, plan.run)
    assert not folder.is_locked()
    assert folder.manifest()["state"] == "running"  # as it was left
    [row] = runs(engine).to_dicts()
    assert (row["run"], row["state"]) == (plan.run, "stopped")
    progress = Hooks()
    outcome = run_batch(engine, plan, ONE, progress=progress)
    n_done = outcome.n_before
    assert 2 <= n_done < len(plan.tasks)
    done = sum(task.n_rows for task in plan.tasks[:n_done])
    [(rows, rows_done, work)] = progress.begun
    assert (rows_done, rows) == (done, plan.n_rows)
    assert work == pytest.approx(sum(task.work for task in plan.tasks[n_done:]))
    assert runs(engine)["state"].to_list() == ["complete"]
    assert tables_of(outcome.folder) == small.tables


def test_title_and_claims_do_not_run_again(small: Done, engine: Engine) -> None:
    claim = """
[[claims]]
text = "they go together"
source = "nowhere"
tumor_type = "LIHC"
analysis = "nulled"
x = "RELA"
y = "NFE2L2"
statistic = "r"
value = 0.5
"""
    first = run(engine, small.spec)
    assert first.folder.plan().title != "Another"
    text = small.spec.read_text().replace(
        'name = "small"\n', 'name = "small"\ntitle = "Another"\n', 1
    )
    spec = small.spec.with_name("titled.toml")
    spec.write_text(text + claim)
    again = run(engine, spec)
    assert again.plan.run == first.plan.run
    assert (again.n_before, again.n_done) == (len(again.plan.tasks), 0)
    assert tables_of(again.folder) == small.tables
    plan = again.folder.plan()
    assert plan == again.plan
    assert plan.title == "Another"
    assert [one.value for one in plan.claims] == [0.5]
    assert again.plan.digest == first.plan.digest


def test_leftovers_of_processes_that_are_gone_are_removed(small: Done, engine: Engine) -> None:
    plan = plan_spec(engine, small.spec)
    folder = RunFolder(engine.store, plan.run)
    run_batch(engine, plan, ONE, Shard(1, 2))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    done = plan.part(1, 2)[0]
    mine = partial_path(folder.rows_path(done))
    number, host, process = mine.name.split(".")[-4:-1]
    assert mine.name == f".{done.name}.parquet.{number}.{host}.{process}.part"
    assert process == str(os.getpid())
    left = mine.with_name(f".{done.name}.parquet.{number}.{host}.{gone.pid}.part")
    of_table = folder.path / f".pooled.tsv.{host}.{gone.pid}.part"
    # which may be at work on a machine that shares the folder
    elsewhere = mine.with_name(f".{done.name}.parquet.{number}.{host}2.{gone.pid}.part")
    table_elsewhere = folder.path / f".pooled.tsv.other-{host}.{gone.pid}.part"
    for path in (left, of_table, mine, elsewhere, table_elsewhere):
        path.write_bytes(b"half")
    run_batch(engine, plan, ONE, Shard(2, 2))
    assert not left.exists()
    assert not of_table.exists()
    for path in (mine, elsewhere, table_elsewhere):
        assert path.read_bytes() == b"half"
    mine.unlink()
    assert tables_of(merge(engine, plan.run).folder) == small.tables
    assert table_elsewhere.read_bytes() == b"half"


def test_a_host_of_any_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    names = {}
    for host in ("node7.cluster.example", "node7", "", "n\N{SNOWMAN}/7"):
        monkeypatch.setattr("platform.node", lambda host=host: host)
        path = partial_path(tmp_path / "table.tsv")
        assert path.parent == tmp_path
        assert path.name.count(".") == 6
        left = path.with_name(path.name.replace(f".{os.getpid()}.", f".{gone.pid}."))
        assert (is_leftover(left), is_leftover(path)) == (True, False)
        names[host] = left
    assert len({left.name for left in names.values()}) == len(names)
    monkeypatch.setattr("platform.node", lambda: "node7")
    assert [host for host, left in names.items() if is_leftover(left)] == ["node7"]
    old = (f".table.tsv.{gone.pid}.part", f"table.tsv.node7.{gone.pid}", ".table.tsv.node7.x.part")
    assert not any(is_leftover(tmp_path / name) for name in old)


def test_no_such_run(small: Done) -> None:
    with pytest.raises(DataMissingError, match=f"no run '{small.plan.run}0'.*{small.plan.run}"):
        merge(small.engine, f"{small.plan.run}0")


@pytest.mark.parametrize(
    "name",
    ["../x-00000000", "../../x-00000000", "", ".", "..", "small", "/x-00000000", "x-0000000g"],
)
def test_a_name_of_no_run(small: Done, engine: Engine, name: str) -> None:
    """Whatever lies there."""
    plan = plan_spec(engine, small.spec)
    folder = RunFolder(engine.store, plan.run)
    folder.begin(plan)
    text = (folder.path / "plan.json").read_text()
    if not name.startswith("/"):
        there = engine.store.root / "results" / name
        there.mkdir(parents=True, exist_ok=True)
        (there / "plan.json").write_text(text)
    for ask in (merge, status_of):
        with pytest.raises(DataMissingError, match=f"^no run '{re.escape(name)}' in the store"):
            ask(engine, name)


def test_a_plan_that_was_changed_by_hand(small: Done, engine: Engine) -> None:
    plan = plan_spec(engine, small.spec)
    folder = RunFolder(engine.store, plan.run)
    folder.begin(plan)
    path = folder.path / "plan.json"
    text = path.read_text()
    path.write_text(text.replace('"draws": 20', '"draws": 21', 1))
    with pytest.raises(StoreError, match=r"plan\.json: is no plan .*\(it is not as it was written"):
        folder.plan()
    told = read_sealed(text)
    other = json.dumps(told).replace('"draws": 20', '"draws": 21', 1)
    path.write_text(json.dumps(seal(json.loads(other))))
    of = rf"plan\.json: is the plan of small-[0-9a-f]{{8}}, not of {plan.run}\."
    with pytest.raises(StoreError, match=of):
        folder.plan()
    lacking = [
        json.dumps({key: value for key, value in told.items() if key != left})
        for left in told
        if left not in ("format", "version")
    ]
    analyses = [json.dumps(told | {"analyses": value}) for value in ([{}], [1], 1, None)]
    for damaged in (text[:100], "", "[]", "1", "null", '"x"', *lacking, *analyses):
        path.write_text(damaged)
        with pytest.raises(StoreError, match=r"plan\.json: is no plan that can be read") as caught:
            folder.plan()
        assert str(folder.path) in str(caught.value)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(StoreError, match="is no plan that can be read"):
        folder.plan()
    for damaged in ("{}", json.dumps({"version": told["version"]})):
        path.write_text(damaged)
        with pytest.raises(StoreError, match="the run is of tcga-corr"):
            folder.plan()
    path.write_text(text)
    assert folder.plan() == plan


def test_a_task_by_number_in_whichever_process(small: Done, engine: Engine) -> None:
    """What Dask's workers and those of this machine call."""
    plan = plan_spec(engine, small.spec)
    RunFolder(engine.store, plan.run).begin(plan)
    root = str(engine.store.root)
    failures = [run_in_worker(root, plan.run, task.number) for task in plan.tasks]
    assert failures == [""] * len(plan.tasks)
    assert run_in_worker(root, plan.run, 0) == ""
    outcome: RunReport = merge(engine, plan.run)
    assert tables_of(outcome.folder) == small.tables
