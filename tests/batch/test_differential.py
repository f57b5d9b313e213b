"""Differential expression in runs: every number is that of the engine's own answer.

Tolerance: none; a fit in a run and one of the engine are the same computation.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tcga_corr.analysis.differential.fit import COLUMNS, LOW_COUNT
from tcga_corr.batch import differential, planning
from tcga_corr.batch.claims import compare_claims
from tcga_corr.batch.executors import TaskRunner, Workers
from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.memory import in_turn, workers_within
from tcga_corr.batch.plan import Plan
from tcga_corr.batch.planning import make_plan, plan_spec, read_spec_for
from tcga_corr.batch.run import RunReport, Shard, merge, run_batch
from tcga_corr.batch.spec import SpecError, filled_in
from tcga_corr.batch.verify import verify_run
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import DataMissingError, UsageError
from tcga_corr.files import sha256_of
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.store.sql import run_query
from tests.batch.support import copy_of, rows_of, tables_of
from tests.batch.support import run as run_spec
from tests.conftest import Run, barcodes, write_table

pytest.importorskip("pydeseq2", reason="differential expression needs pydeseq2")

GOLDEN = Path(__file__).parents[1] / "golden" / "deseq2_counts.tsv.gz"
N_GENES = 150
SIZES = {"ACC": (6, 6), "CHOL": (8, 1), "LIHC": (7, 5)}  # tumours and normals
ONE = Workers("threads", 1)
SPEC = """\
name = "counted"
outputs = ["parquet", "tsv"]
source = "mine"

[[differential]]
name = "normal"
q = 0.2
lfc = 0.5

[[differential]]
name = "cells"
source = "cells"
by = "groups.tsv"
reference = "A"

[[differential]]
name = "stages"
by = "stage"
reference = "I"
adjust = ["age"]
where = ["age<79"]
tumor_types = ["ACC", "LIHC"]
shrink = true
min_count = 300
"""
ASKED: dict[str, dict[str, Any]] = {
    "normal": {"source": "mine", "q": 0.2, "lfc": 0.5},
    "cells": {"source": "cells", "by": "groups.tsv", "reference": "A"},
    "stages": {
        "source": "mine", "by": "stage", "reference": "I", "adjust": ["age"],
        "where": ["age<79"], "tumor_types": ["ACC", "LIHC"], "shrink": True, "min_count": 300,
    },
}  # fmt: skip


def golden() -> tuple[list[str], Any]:
    frame = pl.read_csv(GOLDEN, separator="\t")[:N_GENES]
    return frame["gene"].to_list(), frame.drop("gene").to_numpy()


def write_clinic(path: Path) -> Path:
    """Age, and a stage that CHOL alone has a third level of; in LIHC it is that of every sample."""
    lines = ["sample\tstage\tage"]
    for tumor_type, (tumors, _) in SIZES.items():
        for number, name in enumerate(barcodes(tumors, site=tumor_type[:2])):
            stage = "Stage I" if number % 2 or tumor_type == "LIHC" else "Stage II"
            stage = "Stage III" if tumor_type == "CHOL" else stage
            lines.append(f"{name}\t{stage}\t{40 + (number * 7) % 19}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_groups(path: Path, samples: Sequence[str], groups: Sequence[str]) -> Path:
    rows = (f"{sample}\t{group}" for sample, group in zip(samples, groups, strict=True))
    path.write_text("\n".join(["sample\tgroup", *rows]) + "\n", encoding="utf-8")
    return path


def build(root: Path, sizes: dict[str, tuple[int, int]] = SIZES) -> Engine:
    """A store of counts: of several tumor types, and of cells in four groups."""
    engine = open_store(root)
    names, values = golden()
    folder = root.parent / "tables"
    for place, (tumor_type, (tumors, normals)) in enumerate(sizes.items()):
        order = np.random.default_rng(place).permutation(12)[: tumors + normals]
        samples = barcodes(tumors, site=tumor_type[:2])
        samples += barcodes(normals, "11", tumor_type[:2])
        columns = np.concatenate([np.sort(order[:tumors]), np.sort(order[tumors:])])
        rows = [(name, row[columns].tolist()) for name, row in zip(names, values, strict=True)]
        path = write_table(folder / f"{tumor_type}.tsv", samples, rows)
        options = LoadOptions(source="mine", counts=True, tumor_type=tumor_type)
        engine.load(path, options).raise_errors()
    cells = [f"{group}{number}" for group in "ABCD" for number in (1, 2, 3)]
    rows = [(name, row.tolist()) for name, row in zip(names, values, strict=True)]
    path = write_table(folder / "cells.tsv", cells, rows, "gene")
    engine.load(path, LoadOptions(source="cells", counts=True)).raise_errors()
    engine.load_covariates(write_clinic(folder / "clinic.tsv"), name="clinic")
    return engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return build(tmp_path_factory.mktemp("counted") / "cache")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spec")
    cells = [f"{group}{number}" for group in "ABCD" for number in (1, 2, 3)]
    write_groups(folder / "groups.tsv", cells, [name[0] for name in cells])
    path = folder / "counted.toml"
    path.write_text(SPEC, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def done(engine: Engine, spec: Path) -> RunReport:
    report = run_spec(engine, spec, ONE)
    assert report.is_complete
    return report


@pytest.fixture(scope="module")
def answers(engine: Engine, spec: Path) -> dict[str, Any]:
    """What the engine says of each block."""
    found = {}
    for name, asked in ASKED.items():
        by = asked.get("by", "sample-type")
        path = spec.parent / by
        others = {key: value for key, value in asked.items() if key != "by"}
        found[name] = engine.de(path if path.exists() else by, **others, jobs=1)
    return found


@pytest.mark.parametrize("name", ASKED)
def test_rows_are_those_of_the_engine(done: RunReport, answers: dict[str, Any], name: str) -> None:
    rows = rows_of(done.folder, "differential").filter(analysis=name)
    assert rows.select(COLUMNS).equals(answers[name].frame)
    assert rows["q"].drop_nulls().len() > N_GENES / 2


@pytest.mark.parametrize("name", ASKED)
def test_the_summary_is_that_of_the_engine(
    done: RunReport, answers: dict[str, Any], name: str
) -> None:
    rows = rows_of(done.folder, "differential_summary").filter(analysis=name)
    wanted = answers[name].summary
    tested = rows.filter(pl.col("n_tested").is_not_null())
    assert tested.select(wanted.columns).equals(wanted)
    asked = ASKED[name]
    assert set(rows.select("q", "lfc").rows()) == {(asked.get("q", 0.05), asked.get("lfc", 1.0))}


def test_what_cannot_be_tested_has_its_reason(done: RunReport) -> None:
    for table in ("differential", "differential_summary"):
        rows = rows_of(done.folder, table)
        own = rows.filter(pl.col("n_a").is_null()).select("analysis", "tumor_type", "note")
        reasons = {row[:2]: row[2] for row in own.rows()}
        assert reasons["normal", "CHOL"] == "1 sample of normal, at least 2 needed"
        assert reasons["stages", "LIHC"] == "no samples of II, at least 2 needed"


def test_settings_stand_in_the_rows(done: RunReport) -> None:
    columns = ("source", "samples", "by", "pair", "adjust", "where", "unit")
    rows = rows_of(done.folder, "differential")
    found = rows.select("analysis", *columns).unique().sort("analysis").rows()
    assert found == [
        ("cells", "cells", "tumor", "groups.tsv", "", "", "", "raw counts"),
        ("normal", "mine", "tumor and normal", "sample-type", "", "", "", "raw counts"),
        ("stages", "mine", "tumor", "covariate:clinic.stage", "", "age", "age<79", "raw counts"),
    ]
    assert (rows["filtered"] == LOW_COUNT).any()
    text = pl.read_csv(done.folder.path / "differential.tsv", separator="\t", infer_schema=False)
    assert text.columns == rows.columns
    assert text["gene"].to_list() == rows["gene"].to_list()


def test_the_manifest_has_the_inputs(engine: Engine, spec: Path, done: RunReport) -> None:
    manifest = done.folder.manifest()
    found = {(one["source"], one["tumor_type"]): one["sha256"] for one in manifest["tables"]}
    assert found == done.plan.counts
    digest = sha256_of(spec.parent / "groups.tsv")
    assert manifest["groups"] == [{"analysis": "cells", "file": "groups.tsv", "sha256": digest}]
    assert "pydeseq2" in manifest["software"]
    [counts] = [one for one in manifest["counts"] if one["analysis"] == "normal"]
    summary = rows_of(done.folder, "differential_summary").filter(analysis="normal")
    assert counts["positive"] == summary["n_up"].sum()
    assert counts["counted_by"] == "calls"


def test_verify_computes_it_again(engine: Engine, done: RunReport) -> None:
    found = verify_run(engine, done.plan.run, 2)
    assert set(found["note"]) == {""}
    assert found["identical"].all()


@pytest.mark.parametrize(
    ("table", "column", "said"),
    [
        ("differential", "q_wilcoxon", "q_wilcoxon of cells OTHER is not that of p"),
        ("differential_summary", "n_up", "the summary of normal ACC is not that of its rows"),
    ],
)
def test_what_does_not_follow_from_the_rows_is_found(
    done: RunReport, engine: Engine, tmp_path: Path, table: str, column: str, said: str
) -> None:
    other = copy_of(engine, tmp_path / "cache")
    folder = RunFolder(other.store, done.plan.run)
    path = folder.path / f"{table}.parquet"
    pl.read_parquet(path).with_columns(pl.col(column) + 1).write_parquet(path)
    assert said in differential.wrong_calls(folder.path, done.plan)


SMALL = """\
name = "small"
source = "mine"
tumor_types = ["ACC", "CHOL"]

[[differential]]
name = "normal"
min_count = 400
"""


@pytest.fixture(scope="module")
def small(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    path = tmp_path_factory.mktemp("small") / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    report = run_spec(engine, path, ONE)
    assert report.is_complete
    return report


def without_results(engine: Engine, root: Path) -> Engine:
    other = copy_of(engine, root)
    shutil.rmtree(other.store.root / "results", ignore_errors=True)
    return other


def written(folder: Path, text: str = SMALL) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.slow
def test_the_same_bytes_by_parts_and_processes(
    engine: Engine, small: RunReport, tmp_path: Path
) -> None:
    other = without_results(engine, tmp_path / "cache")
    plan = plan_spec(other, written(tmp_path))
    for number in (1, 2):
        run_batch(other, plan, Workers("processes", 1), Shard(number, 2))
    assert merge(other, plan.run).is_complete
    assert tables_of(RunFolder(other.store, plan.run)) == tables_of(small.folder)


@pytest.mark.slow
def test_the_same_bytes_by_dask(engine: Engine, small: RunReport, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    other = without_results(engine, tmp_path / "cache")
    report = run_spec(other, written(tmp_path), Workers("dask", 1, "local"))
    assert report.is_complete
    assert tables_of(report.folder) == tables_of(small.folder)


@pytest.mark.slow
def test_a_killed_run_goes_on(engine: Engine, small: RunReport, tmp_path: Path) -> None:
    other = without_results(engine, tmp_path / "cache")
    path = written(tmp_path)
    plan = plan_spec(other, path)
    folder = RunFolder(other.store, plan.run)
    command = [sys.executable, "-m", "tcga_corr", "--cache", str(other.store.root)]
    command += ["-q", "batch", str(path), "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 300
    while not any(folder.is_done(task) for task in plan.tasks) and time.monotonic() < end:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    n_done = sum(folder.is_done(task) for task in plan.tasks)
    assert n_done
    report = run_batch(other, plan, ONE)
    assert (report.n_before, report.is_complete) == (n_done, True)
    assert tables_of(report.folder) == tables_of(small.folder)


def test_a_task_that_fails_has_its_rows(
    engine: Engine, small: RunReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = without_results(engine, tmp_path / "cache")

    def broken(task: Any) -> Any:
        raise ValueError("a singular matrix")

    monkeypatch.setattr(differential, "try_fit", broken)
    report = run_spec(other, written(tmp_path), ONE)
    reason = "unexpected ValueError: a singular matrix"
    assert [failure for _, failure in report.failures] == [reason]
    for name in ("differential", "differential_summary"):
        found, whole = (rows_of(one.folder, name) for one in (report, small))
        assert found.schema == whole.schema
        assert found.select("tumor_type", "contrast", "n_a", "note").rows() == [
            ("ACC", "tumor:normal", None, f"failed: {reason}"),
            ("CHOL", "tumor:normal", None, "1 sample of normal, at least 2 needed"),
        ]


def test_a_type_without_reads_does_not_stop_the_others(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = without_results(engine, tmp_path / "cache")
    report = run_spec(other, written(tmp_path, SMALL.replace("400", "1000000000")), ONE)
    assert report.is_complete  # it is the answer, and trying again would give the same
    notes = rows_of(report.folder, "differential_summary")["note"].to_list()
    assert notes[0] == "no gene has 1000000000 reads in all samples together"
    assert set(verify_run(other, report.plan.run, 2)["note"]) == {""}


def test_counts_that_are_replaced_meanwhile(engine: Engine, tmp_path: Path) -> None:
    other = without_results(engine, tmp_path / "cache")
    plan = plan_spec(other, written(tmp_path))
    names, values = golden()
    rows = [(name, row[:4].tolist()) for name, row in zip(names, values, strict=True)]
    samples = barcodes(2, site="AC") + barcodes(2, "11", "AC")
    path = write_table(tmp_path / "ACC.tsv", samples, rows)
    options = LoadOptions(source="mine", counts=True, tumor_type="ACC")
    other.load(path, options).raise_errors()
    report = run_batch(other, plan, ONE)
    assert len(report.failures) == 2  # its groups are settled over all tumor types
    assert "the counts of mine ACC: not what the run began with" in report.failures[0][1]
    assert plan_spec(other, written(tmp_path)).run != plan.run


def test_another_version_of_the_package_is_refused(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = without_results(engine, tmp_path / "cache")
    plan = plan_spec(other, written(tmp_path))
    monkeypatch.setattr(differential, "require_package", lambda: "9.9")
    report = run_batch(other, plan, ONE)
    assert "planned with pydeseq2" in report.failures[0][1]


def test_a_spec_filled_in_is_the_same_run(engine: Engine, spec: Path, done: RunReport) -> None:
    path = spec.with_name("again.toml")
    path.write_text(filled_in(read_spec_for(engine, spec)), encoding="utf-8")
    assert plan_spec(engine, path).run == done.plan.run
    assert 'by = "groups.tsv"' in path.read_text(encoding="utf-8")


def test_a_plan_is_read_as_it_was_written(engine: Engine, done: RunReport) -> None:
    again = RunFolder(engine.store, done.plan.run).plan()
    assert again.analyses == done.plan.analyses
    assert again.run == done.plan.run


def test_changed_groups_are_another_run(engine: Engine, spec: Path, tmp_path: Path) -> None:
    shutil.copy(spec, tmp_path / spec.name)
    shutil.copy(spec.with_name("groups.tsv"), tmp_path / "groups.tsv")
    path = tmp_path / spec.name
    before = plan_spec(engine, path)
    assert before.run == plan_spec(engine, spec).run
    groups = tmp_path / "groups.tsv"
    groups.write_text(groups.read_text(encoding="utf-8").replace("D3\tD", "D3\tA"))
    assert plan_spec(engine, path).run != before.run
    groups.unlink()  # the plan has what it said
    other = without_results(engine, tmp_path / "cache")
    folder = RunFolder(other.store, before.run)
    folder.begin(before)
    [task] = before.tasks_of(before.analysis("cells"))
    assert TaskRunner(other.store.root, before.run).run(task.number) == ""
    assert folder.is_done(task)


HEAD = '[[differential]]\nsource = "mine"\n'
CELLS = '[[differential]]\nsource = "cells"\nby = "groups.tsv"\n'
WRONG = {
    f'{HEAD}methods = ["pearson"]\n': "3: differential[1].methods: does not apply to diff",
    f"{HEAD}min_genes = 3\n": "3: differential[1].min_genes: does not apply to differential",
    f"{HEAD}mincount = 3\n": "3: differential[1].mincount: unknown key. Did you mean min_count",
    f"{HEAD}min_count = -1\n": "3: differential[1].min_count: is -1. Give 0 or more",
    f"{HEAD}q = 1.5\n": "3: differential[1].q: is 1.5. Give a number between 0 and 1",
    f"{HEAD}q = true\n": "3: differential[1].q: is true. Give a number",
    f"{HEAD}lfc = inf\n": "3: differential[1].lfc: is Infinity. Give a number",
    f'{HEAD}pair = "sample"\n': '3: differential[1].pair: is "sample". Give patient',
    f'{HEAD}check = "yes"\n': '3: differential[1].check: is "yes". Give true or false',
    f"{HEAD}contrasts = []\n": "3: differential[1].contrasts: is empty",
    f'{HEAD}adjust = ["RELA"]\n': "3: differential[1].adjust[1]: unknown covariate 'RELA'",
    f'{HEAD}contrasts = [\n"tumor:gtex"]\n': "4: differential[1].contrasts[1]: 'gtex' is no group",
    f'{HEAD}contrasts = ["tumor"]\n': "3: differential[1].contrasts[1]: --contrast is 'tumor'",
    f'{HEAD}reference = "norml"\n': "3: differential[1].reference: 'norml' is no group. Did you",
    f'{HEAD}group = "arm"\n': "3: differential[1].group: a column of groups is given, and no file",
    f'{HEAD}by = "nosuch.tsv"\n': "3: differential[1].by: no file '{folder}/nosuch.tsv'. Check",
    f'{HEAD}by = "nosuch"\n': "3: differential[1].by: unknown covariate 'nosuch'",
    f'{HEAD}by = "age"\n': "3: differential[1].by: 'age' is a number, and groups are of a category",
    f'{HEAD}samples = "normal"\n': "1: differential-1: samples is 'normal'. By sample-type",
    f'{HEAD}by = "stage"\n': "1: differential-1: there are 3 groups: I, II, III",
    f'{HEAD}contrasts = ["tumor:normal"]\nreference = "normal"\n': "4: differential[1].reference: "
    "contrasts and a reference are given at once",
    f"{CELLS}": "1: differential[1]: there are 4 groups: A, B, C, D. Say which are compared: "
    'reference = "A", or contrasts = ["A:B"].',
    f'{CELLS}group = "arm"\n': "4: differential[1].group: {folder}/groups.tsv: no column 'arm'",
    f'{CELLS}contrasts = ["B:A", "B:A"]\n': "4: differential[1].contrasts[2]: 'B:A' is given twice",
    f'{HEAD}tumor_types = ["CHOL"]\n': "1: differential-1: CHOL: 1 sample of normal, at least 2",
    f'{HEAD}by = "stage"\nreference = "I"\nadjust = ["stage"]\ntumor_types = ["ACC"]\n': (
        "the design is confounded"
    ),
    f"by = 'stage'\n{HEAD}": "1: by: unknown key",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_asked(engine: Engine, spec: Path, text: str) -> None:
    path = spec.with_name("wrong.toml")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        plan_spec(engine, path)
    assert WRONG[text].format(folder=spec.parent) in "\n".join(caught.value.lines())


def test_all_problems_are_told_at_once(engine: Engine, spec: Path) -> None:
    path = spec.with_name("wrong.toml")
    text = f'{HEAD}q = 2\nlfc = -1\nby = "no.tsv"\n\n{CELLS}reference = "E"\n'
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_spec_for(engine, path)
    assert [problem.line for problem in caught.value.problems] == [3, 4, 5, 10]


def test_without_the_package(
    engine: Engine, spec: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    def missing() -> str:
        raise UsageError("it needs the package pydeseq2", "Install it: pip install 'tcga-corr[de]'")

    monkeypatch.setattr(differential, "require_package", missing)
    code, _, told = run("batch", "check", spec)
    assert code == 2
    assert "pip install 'tcga-corr[de]'" in told


def test_no_counts_of_a_tumor_type(engine: Engine, tmp_path: Path) -> None:
    path = written(tmp_path, f'{HEAD}tumor_types = ["ACC", "UCS"]\n')
    with pytest.raises(DataMissingError, match="UCS: no raw counts of source 'mine'"):
        plan_spec(engine, path)
    path.write_text(f'{HEAD}by = "gtex"\n', encoding="utf-8")
    with pytest.raises(DataMissingError, match="have no samples of GTEx"):
        plan_spec(engine, path)
    empty = open_store(tmp_path / "empty")
    with pytest.raises(DataMissingError, match="no raw counts in the store"):
        plan_spec(empty, path)


# --- claims

CLAIM = '\n[[claims]]\ntext = "t"\nanalysis = "{analysis}"\ntumor_type = "{type}"\n'
MORE = 'statistic = "{statistic}"\nvalue = {value}\nsource = "s"\n'


def claim(analysis: str, statistic: str, value: object, more: str = "") -> str:
    tumor_type = "OTHER" if analysis == "cells" else "ACC"
    text = CLAIM.format(analysis=analysis, type=tumor_type)
    return text + MORE.format(statistic=statistic, value=value) + more


def test_claims_are_compared(engine: Engine, spec: Path, done: RunReport) -> None:
    frame = rows_of(done.folder, "differential").filter(analysis="cells", contrast="B:A")
    summary = rows_of(done.folder, "differential_summary").filter(analysis="cells", contrast="B:A")
    usual = frame.filter(pl.col("q").is_not_null() & (pl.col("zero_group") == ""))
    gene = usual.row(0, named=True)
    b_a, x = 'contrast = "B:A"\nn = 6\n', f'x = "{gene["gene"]}"\n'
    n_up = summary["n_up"][0]
    text = SPEC + "".join(
        (
            claim("cells", "n_up", n_up, b_a),
            claim("cells", "n_down", summary["n_down"][0] + 2, b_a),
            claim("cells", "log2fc", gene["ci_low"] + 1e-9, b_a + x),
            claim("cells", "log2fc", gene["ci_high"] + 0.5, b_a + x),
            claim("cells", "n_up", n_up, 'contrast = "B:A"\nn = 20\n'),
            claim("cells", "log2fc", 1.5, f'{b_a}x = "SCGB1A1"\n'),
            claim("normal", "n_up", 3, "n = 12\n"),
        )
    )
    path = spec.with_name("claimed.toml")
    path.write_text(text, encoding="utf-8")
    plan = plan_spec(engine, path)
    assert plan.run == done.plan.run  # a claim changes no number
    found = compare_claims(engine, done.folder, plan)
    assert found["contrast"].to_list() == ["tumor:normal"] + ["B:A"] * 6  # by block
    assert found["verdict"][0].startswith("not the same: ")
    found = found[1:]
    verdicts = found["verdict"].to_list()
    assert verdicts[0].startswith("the same (q < 0.05 and |log2FC| > 1; by raw p < 0.05 ")
    assert verdicts[1].startswith("not the same: 2 fewer here")
    assert verdicts[2].startswith("not distinguishable: log2FC here is ")
    assert verdicts[3].startswith("distinguishable: log2FC here is ")
    assert verdicts[4] == "none: 6 samples here, 20 published"
    assert verdicts[5] == "none: no counts of SCGB1A1"
    assert found["here"][0] == str(n_up)
    assert found["here"][2] == f"{gene['log2fc']:.3f}"
    assert found["method"].unique().to_list() == ["DESeq2"]
    own = usual.filter(gene=gene["gene"]).row(0, named=True)
    assert found.row(2, named=True)["ci_low"] == own["ci_low"]


def test_no_fold_change_of_a_group_without_reads(
    engine: Engine, spec: Path, done: RunReport, tmp_path: Path
) -> None:
    other = copy_of(engine, tmp_path / "cache")
    folder = RunFolder(other.store, done.plan.run)
    path = folder.path / "differential.parquet"
    frame = pl.read_parquet(path)
    gene = frame.filter(analysis="cells", contrast="B:A")["gene"][0]
    frame.with_columns(zero_group=pl.lit("A")).write_parquet(path)
    text = SPEC + claim("cells", "log2fc", 1, f'contrast = "B:A"\nn = 6\nx = "{gene}"\n')
    claimed = spec.with_name("claimed.toml")
    claimed.write_text(text, encoding="utf-8")
    [verdict] = compare_claims(other, folder, plan_spec(engine, claimed))["verdict"]
    assert verdict == "none: no read in A, so the change has no size"


LINE = len(SPEC.splitlines()) + 2
BAD_CLAIMS = {
    claim(
        "cells", "n_up", 3
    ): f"{LINE}: claims[1]: 'cells' has several contrasts. Give contrast, as B:A",
    claim(
        "cells", "n_up", 3, 'contrast = "B:X"\n'
    ): f"{LINE + 7}: claims[1].contrast: 'cells' has no cont",
    claim(
        "cells", "n_up", -3, 'contrast = "B:A"\n'
    ): f"{LINE + 5}: claims[1].value: is -3. n_up is a whole",
    claim(
        "normal", "n_up", 2.5
    ): f"{LINE + 5}: claims[1].value: is 2.5. n_up is a whole number of 0 or more",
    claim(
        "normal", "log2fc", 2
    ): f"{LINE}: claims[1]: log2fc is of a gene, and there is none. Give x =",
    claim(
        "normal", "log2fc", "nan", 'x = "RELA"\n'
    ): f"{LINE + 5}: claims[1].value: is NaN. log2fc is a num",
    claim("normal", "log2fc", 2, 'x = "nfkb"\n'): f"{LINE + 7}: claims[1].x: 'nfkb' is no gene",
    claim("normal", "n_up", 2, 'x = "RELA"\n'): f"{LINE + 7}: claims[1].x: does not apply to n_up",
    claim(
        "normal", "log2fc", 2, 'x = "RELA"\ny = "MYC"\n'
    ): f"{LINE + 8}: claims[1].y: does not apply to l",
    claim(
        "normal", "r", 0.2
    ): f"{LINE + 4}: claims[1].statistic: 'normal' is a block of differential, whic",
    claim("stages", "n_up", 2, 'contrast = "III:I"\n'): "a claim is of a block with no",
}


@pytest.mark.parametrize("text", BAD_CLAIMS)
def test_claims_that_are_wrong(engine: Engine, spec: Path, text: str) -> None:
    path = spec.with_name("bad_claim.toml")
    path.write_text(SPEC + text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        plan_spec(engine, path)
    assert BAD_CLAIMS[text] in "\n".join(caught.value.lines())


def test_a_contrast_is_of_differential_expression(engine: Engine, tmp_path: Path) -> None:
    text = '[[pairs]]\nname = "p"\npairs = [["RELA", "MYC"]]\n'
    path = written(tmp_path, text + claim("p", "r", 0.5, 'contrast = "A:B"\n'))
    with pytest.raises(SpecError, match=r"claims\[1\].contrast: does not apply to r"):
        read_spec_for(engine, path)


# --- where it is seen, and how it is run


def test_sql_sees_the_tables(engine: Engine, done: RunReport) -> None:
    asking = "SELECT count(*) n FROM differential WHERE analysis = 'cells' AND contrast = 'C:A'"
    assert run_query(engine.store, asking)["n"].to_list() == [N_GENES]
    asking = (
        "SELECT tumor_type, n_up FROM differential_summary WHERE analysis = 'normal' AND run = "
    )
    rows = run_query(engine.store, f"{asking}'{done.plan.run}' ORDER BY ALL")
    assert rows["tumor_type"].to_list() == ["ACC", "CHOL", "LIHC"]
    assert rows["n_up"].null_count() == 1


def test_fits_are_spread_over_processes(
    engine: Engine, spec: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    """In threads they would wait for each other."""
    from tcga_corr.batch import run as runs

    seen: list[Workers] = []

    def noted(engine: Engine, plan: Plan, workers: Workers, *others: Any) -> Any:
        seen.append(workers)
        raise UsageError("enough")

    monkeypatch.setattr(runs, "run_batch", noted)
    monkeypatch.setattr(runs, "processors", lambda: 3)
    assert run("batch", spec)[0] == 2
    _, _, told = run("batch", spec, "--memory", "0.6")
    assert "of the largest tasks 1 at a time, as more do not fit in 0.6 GB" in told
    assert [(one.kind, one.count) for one in seen] == [("processes", 3)] * 2
    assert [one.memory for one in seen] == [4e9, 0.6e9]


def test_memory_grows_with_samples(engine: Engine, spec: Path) -> None:
    plan = make_plan(engine, read_spec_for(engine, spec))
    block = plan.analysis("normal")
    assert block.differential is not None
    assert block.n_samples == (12, 0, 12)
    sizes = [block.differential.memory(0, n) for n in (0, 100, 1_200)]
    assert sizes == sorted(sizes)
    assert workers_within(plan, 4e9, 2, apart=True) == 2


def test_only_large_tumor_types_run_alone(engine: Engine, spec: Path) -> None:
    plan = plan_spec(engine, spec)
    block = plan.analysis("normal")
    large = replace(block, n_samples=(20_000_000 // N_GENES, 0, 12))
    plan = replace(plan, analyses=(large, *plan.analyses[1:]))
    groups = list(in_turn(plan, plan.tasks, Workers("processes", 3, memory=4e9)))
    found = [(workers.count, [task.number for task in tasks]) for tasks, workers in groups]
    assert found == [(1, [0]), (3, [1, 2, 3, 4, 5])]
    assert all(workers.kind == "processes" for _, workers in groups)
    [(none, _)] = in_turn(plan, [], Workers("threads", 2))
    assert none == []
    dask = Workers("dask", 3, "local")
    assert list(in_turn(plan, plan.tasks, dask)) == [(list(plan.tasks), dask)]


def test_counts_are_enough_to_check_a_spec(engine: Engine, spec: Path, run: Run) -> None:
    assert not engine.store.table_keys()
    code, _, told = run("batch", "check", spec)
    assert code == 0
    assert "right; its run is counted-" in told
    assert planning.summary_of(plan_spec(engine, spec))["tasks"].to_list() == [3, 1, 2]


def test_de_goes_on_with_the_other_tumor_types(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of the command: a fit that cannot be done gives its reason, and others their rows."""
    from tcga_corr.analysis import de
    from tcga_corr.analysis.differential.fit import FitTask, TypeFit, try_fit
    from tcga_corr.errors import AnalysisError

    def without_acc(task: FitTask) -> TypeFit | AnalysisError:
        if task.key.tumor_type == "ACC":
            return AnalysisError("no gene has 10 reads in all samples together")
        return try_fit(task)

    monkeypatch.setattr(de, "try_fit", without_acc)
    answer = engine.de(source="mine", min_count=800, jobs=1)
    notes = dict(answer.frame.select("tumor_type", "note").unique().rows())
    assert notes["ACC"] == "no gene has 10 reads in all samples together"
    assert answer.summary["tumor_type"].to_list() == ["LIHC"]
    monkeypatch.setattr(de, "try_fit", lambda _: AnalysisError("no gene has 10 reads"))
    with pytest.raises(AnalysisError, match="ACC, LIHC: no gene has 10 reads; CHOL: 1 sample"):
        engine.de(source="mine", jobs=1)
