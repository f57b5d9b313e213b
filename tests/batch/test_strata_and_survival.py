"""Runs by strata, and of survival: every number is that of the engine's own answer.

Tolerance: 1e-12, as batch runs promise.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tcga_corr.batch.executors import TaskRunner, Workers
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.plan import Plan
from tcga_corr.batch.planning import plan_spec, read_spec_for
from tcga_corr.batch.run import RunReport, run_batch
from tcga_corr.batch.spec import SpecError, filled_in
from tcga_corr.batch.verify import verify_run
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import UsageError
from tcga_corr.figures.heat import heat_map_of_run
from tcga_corr.files import sha256_of
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.store.sql import run_query
from tests.batch.support import SAMPLES, build_store, copy_of, rows_of, run, tables_of, write_gmt
from tests.conftest import barcodes

ONE = Workers("threads", 1)
TYPES = ["ACC", "CHOL", "LIHC"]
SPEC = """\
name = "strata"
outputs = ["parquet", "tsv"]
tumor_types = ["ACC", "CHOL", "LIHC"]
draws = 20

[[pairs]]
name = "gender"
by = "gender"
pairs = [["own.gmt:A", "own.gmt:B"], ["RELA", "NFE2L2"]]
methods = ["spearman", "pearson"]
null = ["genes"]

[[pairs]]
name = "whole"
pairs = [["RELA", "NFE2L2"]]

[[crosses]]
name = "thirds"
by = "age"
x = ["RELA", "own.gmt:F"]
y = ["TFRC", "covariate:purity"]
where = ["age<75"]

[[pairs]]
name = "tissues"
by = "sample-type"
pairs = [["RELA", "own.gmt:F"]]

[[pairs]]
name = "stages"
by = "stage"
pairs = [["RELA", "TFRC"]]
tumor_types = ["ACC"]

[[survival]]
name = "death"
x = ["own.gmt:A", "RELA", "covariate:age"]
adjust = ["gender"]
null = ["genes"]

[[survival]]
name = "return"
x = "TFRC"
endpoint = "PFI"
where = ["gender=MALE"]
"""
BY = {"gender": "gender", "thirds": "age", "tissues": "sample-type", "stages": "stage"}
KEYS = ("tumor_type", "stratum", "x", "y", "method", "level")
OVER_BLOCK = ("q_genes",)  # over all rows of the block there


def write_clinic(path: Path) -> Path:
    """Gender, stage and follow-up of every tumour; RELA's own noise has nothing to do with it."""
    rng = np.random.default_rng(8)
    lines = ["sample\tgender\tstage\tOS\tOS.time\tPFI\tPFI.time"]
    for tumor_type, (tumours, _) in SAMPLES.items():
        for name in barcodes(tumours, site=tumor_type[:2]):
            gender, stage = rng.choice(["MALE", "FEMALE"]), rng.choice(["Stage I", "Stage II"])
            numbers = (rng.integers(0, 2), rng.integers(1, 900), 1, rng.integers(1, 900))
            lines.append("\t".join(map(str, (name, gender, stage, *numbers))))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    folder = tmp_path_factory.mktemp("strata")
    engine = build_store(folder / "cache", tumor_types=TYPES)
    engine.load_covariates(write_clinic(folder / "followed.tsv"), name="followed")
    return engine


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spec")
    write_gmt(folder)
    path = folder / "strata.toml"
    path.write_text(SPEC, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def done(engine: Engine, spec: Path) -> RunReport:
    report = run(engine, spec, ONE)
    assert report.is_complete
    return report


def assert_same(found: dict[str, Any], wanted: dict[str, Any], leaving: tuple[str, ...]) -> None:
    for name, value in wanted.items():
        if name in leaving or name not in found:
            continue
        if isinstance(value, float):
            expected = value if np.isfinite(value) else None
            assert found[name] == pytest.approx(expected, abs=1e-12, rel=1e-12), (name, wanted)
        else:
            assert found[name] == value, (name, wanted)


def named(variable: Any) -> Any:
    return getattr(variable, "gene_set", None) or variable.name


def asked(engine: Engine, plan: Plan, name: str) -> list[tuple[str, str, str, Any]]:
    """What ``correlate_by`` says of each pair of a block and method."""
    block = plan.analysis(name)
    found = []
    for method in block.methods:
        for x, y in zip(*block.pairs, strict=True):
            one, other = (block.variables[int(place)] for place in (x, y))
            answer = engine.correlate_by(
                named(one),
                named(other),
                BY[name],
                method=method,
                null=block.null,
                draws=block.draws,
                tumor_types=block.tumor_types,
                where=block.scope.where,
            )
            found.append((one.name, other.name, method, answer))
    return found


@pytest.mark.parametrize("name", BY)
def test_rows_by_strata_are_those_of_the_engine(engine: Engine, done: RunReport, name: str) -> None:
    rows = rows_of(done.folder, "associations").filter(analysis=name)
    answers = asked(engine, done.plan, name)
    assert rows.height == sum(answer.frame.height for *_, answer in answers)
    assert rows["cut_by"].unique().to_list() == [BY[name]]
    for x, y, method, answer in answers:
        own = rows.filter(x=x, y=y, method=method)
        assert own.select(KEYS).rows() == answer.frame.select(KEYS).rows()
        for found, wanted in zip(own.to_dicts(), answer.frame.to_dicts(), strict=True):
            assert_same(found, wanted, OVER_BLOCK)


@pytest.mark.parametrize("name", [name for name in BY if name != "stages"])
def test_pooled_rows_are_those_of_the_engine(engine: Engine, done: RunReport, name: str) -> None:
    rows = rows_of(done.folder, "pooled").filter(analysis=name)
    for x, y, method, answer in asked(engine, done.plan, name):
        own = rows.filter(x=x, y=y, method=method)
        labels = answer.frame["stratum"].unique(maintain_order=True).to_list()
        assert own["stratum"].to_list() == labels
        for label, pooling in answer.strata.items():
            [row] = own.filter(stratum=label).to_dicts()
            assert (row["level"], row["delta_z"]) == ("pooled", None)
            assert_same(row, pooling.row(x, y, method), ("q", "level", "note", "stratum"))
        differences = {row["stratum"]: row for row in answer.differences}
        for row in own.filter(level="difference").to_dicts():
            wanted = differences.get(row["stratum"])
            if wanted is None:
                assert row["p"] is row["delta_z"] is None
                assert "nothing is pooled" in row["note"]
            else:
                assert_same(row, wanted, ("q", "level"))


def test_q_batch_is_not_over_differences(done: RunReport) -> None:
    rows = rows_of(done.folder, "associations")
    is_difference = (rows["level"] == "difference").to_numpy()
    p = rows["p"].fill_null(np.nan).to_numpy()
    expected = benjamini_hochberg(np.where(is_difference, np.nan, p))
    np.testing.assert_array_equal(rows["q_batch"].fill_null(np.nan).to_numpy(), expected)
    assert np.isfinite(p[is_difference]).any()
    whole = rows.filter(analysis="whole")
    assert whole.select("stratum", "cut_by", "delta_z", "p_permutation").null_count().row(0) == (
        (whole.height,) * 4
    )


def test_survival_is_that_of_the_engine(engine: Engine, done: RunReport) -> None:
    rows = rows_of(done.folder, "survival")
    total = 0
    for block in done.plan.analyses:
        if block.kind != "survival":
            continue
        for x in block.variables:
            answer = engine.survival(
                named(x),
                endpoint=block.endpoint[0].covariate.name,
                adjust=["gender"] if block.adjust else (),
                null=block.null,
                draws=block.draws,
                tumor_types=block.tumor_types,
                where=block.scope.where,
            )
            wanted = [*answer.frame.to_dicts(), answer.summary.row(x.name, answer.query.endpoint)]
            own = rows.filter(analysis=block.name, x=x.name).to_dicts()
            assert len(own) == len(wanted)
            total += len(own)
            for found, row in zip(own, wanted, strict=True):
                assert_same(found, row, ())
    assert total == rows.height
    assert rows["p_genes"].drop_nulls().len() > 0
    settings = rows.select("analysis", "adjust", "where").unique(maintain_order=True).rows()
    assert settings == [("death", "gender", ""), ("return", "", "gender=MALE")]


def test_the_same_bytes_in_any_order_and_after_a_stop(
    engine: Engine, spec: Path, done: RunReport, tmp_path: Path
) -> None:
    other = copy_of(engine, tmp_path / "cache")
    shutil.rmtree(other.store.root / "results")
    plan = plan_spec(other, spec)
    folder = RunFolder(other.store, plan.run)
    folder.begin(plan)
    numbers = [task.number for task in plan.tasks]
    random.Random(3).shuffle(numbers)
    runner = TaskRunner(other.store.root, plan.run)  # which reads the plan again
    for number in numbers[: len(numbers) // 2]:
        assert runner.run(number) == ""
    report = run_batch(other, plan, ONE)
    assert (report.n_before, report.is_complete) == (len(numbers) // 2, True)
    assert tables_of(report.folder) == tables_of(done.folder)


def test_verify_computes_all_of_it_again(engine: Engine, done: RunReport) -> None:
    found = verify_run(engine, done.plan.run, len(done.plan.tasks))
    assert set(found["note"]) == {""}
    assert found["identical"].all()
    assert set(found["tumor_type"]) == {*TYPES, "all, pooled"}


def test_a_q_that_is_not_of_its_p_is_found(engine: Engine, done: RunReport, tmp_path: Path) -> None:
    other = copy_of(engine, tmp_path / "cache")
    folder = RunFolder(other.store, done.plan.run)
    path = folder.path / "survival.parquet"
    pl.read_parquet(path).with_columns(q=pl.col("q") / 2).write_parquet(path)
    manifest = folder.manifest()
    manifest["results"][path.name]["sha256"] = sha256_of(path)
    folder.write_manifest(manifest)
    found = verify_run(other, done.plan.run, 1)
    assert "q of death is not that of p" in found["note"][0]


def test_a_heat_map_is_of_no_strata(done: RunReport) -> None:
    for name, what in (("gender", "is by strata"), ("death", "is of survival, and has no pairs")):
        with pytest.raises(UsageError, match=f"'{name}' {what}"):
            heat_map_of_run(done.folder, done.plan, name)
    assert heat_map_of_run(done.folder, done.plan).axes  # of the only other block


def test_a_task_that_fails_has_its_rows(
    engine: Engine, spec: Path, done: RunReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = copy_of(engine, tmp_path / "cache")
    shutil.rmtree(other.store.root / "results")
    plan = plan_spec(other, spec)
    compute = TaskRunner.run
    broken = {
        next(task.number for task in plan.tasks if task.way == way and task.stratum == stratum)
        for way, stratum in (
            ("rows", "FEMALE"), ("differences", "FEMALE − MALE"), ("pooled nulls", "MALE"),
            ("survival", ""), ("pooled survival", ""),
        )
    }  # fmt: skip

    def run_or_fail(self: TaskRunner, number: int) -> str:
        if number in broken:
            task = self.plan.tasks[number]
            self.folder.write_record(task, {"task": number, "error": "a broken disk"})
            return "a broken disk"
        return compute(self, number)

    monkeypatch.setattr(TaskRunner, "run", run_or_fail)
    report = run_batch(other, plan, ONE)
    assert len(report.failures) == len(broken)
    for name in ("associations", "pooled", "survival"):
        found, whole = (rows_of(one.folder, name) for one in (report, done))
        assert found.schema == whole.schema
        assert found.height == whole.height
        failed = found.filter(pl.col("note").str.starts_with("failed: a broken disk"))
        assert failed.height > 0
        assert failed["p" if name == "survival" else "p_genes"].null_count() == failed.height


def test_a_spec_filled_in_is_the_same_run(engine: Engine, spec: Path, done: RunReport) -> None:
    path = spec.with_name("again.toml")
    path.write_text(filled_in(read_spec_for(engine, spec)), encoding="utf-8")
    assert plan_spec(engine, path).run == done.plan.run


WRONG = {
    '[[pairs]]\npairs = [["RELA", "MYC"]]\nby = "RELA"\n': "3: pairs[1].by: 'RELA' is correlated",
    '[[pairs]]\npairs = [["RELA", "MYC"]]\nby = "age"\nadjust = ["age"]\n': "is adjusted for too",
    '[[pairs]]\npairs = [["RELA", "MYC"]]\nby = "nosuch"\n': "unknown gene",
    '[[pairs]]\npairs = [["RELA", "MYC"]]\nby = "hallmark"\n': "'hallmark' is a collection",
    '[[pairs]]\npairs = [["RELA", "MYC"]]\nby = "sample-type"\nsamples = "normal"\n': "beside nor",
    '[[pairs]]\npairs = [["RELA", "MYC"]]\nby = "gender"\nwhere = ["gender=MALE"]\n': "fewer than",
    'by = "gender"\n[[pairs]]\npairs = [["RELA", "MYC"]]\n': "by: unknown key",
    '[[survival]]\nx = "RELA"\nby = "gender"\n': "by: does not apply to survival",
    '[[survival]]\nx = "RELA"\nmethods = ["pearson"]\n': "methods: does not apply to survival",
    '[[survival]]\nx = "RELA"\nendpoint = "DSS"\n': "unknown endpoint 'DSS'. The store has OS, PFI",
    '[[survival]]\nx = "covariate:OS"\n': "'OS' is the endpoint, or its time",
    '[[survival]]\nx = "RELA"\nnull = ["sets"]\n': 'null[1]: is "sets". Give genes',
    '[[survival]]\nendpoint = "OS"\n': "survival[1].x: missing key",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_asked(engine: Engine, tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        plan_spec(engine, path)
    assert WRONG[text] in str(caught.value)


def test_a_claim_is_about_no_stratum(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "claimed.toml"
    claim = '[[claims]]\ntext = "t"\nanalysis = "a"\ntumor_type = "ACC"\nstatistic = "r"\n'
    more = 'value = 0.5\nsource = "s"\n'
    for block, how in (
        ('[[pairs]]\nname = "a"\npairs = [["RELA", "MYC"]]\nby = "gender"\n', "by strata"),
        ('[[survival]]\nname = "a"\nx = "RELA"\n', "of survival"),
    ):
        path.write_text(f"{block}{claim}{more}", encoding="utf-8")
        with pytest.raises(SpecError, match=f"'a' is a block {how}, whose results are not"):
            plan_spec(engine, path)


def test_sql_has_the_columns_also_of_runs_without_them(
    engine: Engine, done: RunReport, tmp_path: Path
) -> None:
    found = run_query(engine.store, "FROM survival WHERE level = 'pooled' ORDER BY ALL")
    assert found["x"].to_list() == ["A", "RELA", "age", "TFRC"]
    counts = "SELECT level, count(*) n FROM associations GROUP BY ALL ORDER BY ALL"
    wanted = rows_of(done.folder, "associations").group_by("level").len().sort("level").rows()
    assert run_query(engine.store, counts).rows() == wanted
    old = open_store(tmp_path / "old")
    shutil.copytree(engine.store.root, old.store.root)
    folder = old.store.root / "results" / done.plan.run
    for name in ("associations", "pooled"):
        table = pl.read_parquet(folder / f"{name}.parquet")
        new = {"stratum", "level", "cut_by", "delta_z", "p_permutation", "r_purity", "n_purity"}
        table.drop(new & {*table.columns}).write_parquet(folder / f"{name}.parquet")
    (folder / "manifest.json").unlink()  # with their hashes
    asking = "SELECT stratum, level, cut_by, delta_z, p_permutation FROM"
    for name in ("associations", "pooled"):
        assert set(run_query(old.store, f"{asking} {name}").rows()) == {(None,) * 5}
