"""Bytes of every file of a batch run flip: answers are right or refused, and `verify` names it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.planning import plan_spec
from tcga_corr.batch.run import run_batch, runs
from tcga_corr.batch.verify import verify_run
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import StoreError, TcgaCorrError
from tcga_corr.figures.heat import heat_map_of_run
from tcga_corr.page.runs import page_of_run
from tests.attack.support import Tally, check_one_line, edited, flipped, scaled
from tests.batch.support import THREADS, Hooks, build_store, rows_of, tables_of, write_spec

SPEC = """\
name = "flips"
outputs = ["parquet", "tsv"]
tumor_types = ["ACC", "LIHC"]
draws = 20
[[pairs]]
name = "few"
pairs = [["own.gmt:A", "own.gmt:B"], ["RELA", "NFE2L2"]]
null = ["genes"]
[[dominance]]
name = "highest"
sets = ["own.gmt:A", "own.gmt:B"]
[[claims]]
text = "they go together"
analysis = "few"
x = "RELA"
y = "NFE2L2"
tumor_type = "LIHC"
statistic = "r"
value = 0.5
n = 31
source = "nowhere"
"""
TABLES = ("associations", "pooled", "dominance")


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_spec(tmp_path_factory.mktemp("spec"), SPEC)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store without runs. Read only."""
    return build_store(tmp_path_factory.mktemp("runs") / "cache", tumor_types=("ACC", "LIHC"))


@pytest.fixture
def engine(store: Engine, tmp_path: Path) -> Engine:
    return open_store(shutil.copytree(store.store.root, tmp_path / "cache"))


def ask_sql(engine: Engine, folder: RunFolder) -> list[pl.DataFrame]:
    return [engine.sql(f"FROM {name}") for name in TABLES]


def ask_claims(engine: Engine, folder: RunFolder) -> Any:
    """What the page says: its answers, rows of pairs, tables, and where all is from."""
    page = page_of_run(engine, folder.run)
    return repr((page.title, page.answers, page.pairs, page.tables, page.provenance, page.spec))


def ask_status(engine: Engine, folder: RunFolder) -> Any:
    return runs(engine).to_dicts()


QUESTIONS = (ask_sql, ask_claims, ask_status)


def answer(question: Callable[..., Any], engine: Engine, run: str) -> Any:
    """The answer, or None where it is refused, in one line."""
    engine = open_store(engine.store.root)
    try:
        return question(engine, RunFolder(engine.store, run))
    except TcgaCorrError as error:
        return check_one_line(error)


def is_same(found: Any, right: Any) -> bool:
    if isinstance(right, list) and isinstance(right[0], pl.DataFrame):
        return all(one.equals(other) for one, other in zip(found, right, strict=True))
    return bool(found == right)


@pytest.mark.slow
def test_any_byte_of_a_run_that_flips(engine: Engine, spec: Path) -> None:
    """Its tables, plan and manifest; running the spec again gives the same tables."""
    report = run_batch(engine, plan_spec(engine, spec), THREADS)
    folder, run = report.folder, report.plan.run
    right = {question: answer(question, engine, run) for question in QUESTIONS}
    assert all(one is not None for one in right.values())
    paths = sorted(path for path in folder.path.iterdir() if path.is_file())
    names = {path.name for path in paths}
    assert names == {"plan.json", "manifest.json", *tables_of(folder)}
    rng, tally = np.random.default_rng(7), Tally("right", "refused", "named")
    wrong: list[str] = []
    for number in range(scaled(640)):
        path = paths[number % len(paths)]
        whole = path.read_bytes()
        # footers of Parquet first
        start = len(whole) // 2 if path.suffix == ".parquet" and number % 2 else 0
        place, bit = int(rng.integers(start, len(whole))), 1 << int(rng.integers(0, 8))
        edited(path, partial(flipped, place=place, bit=bit))
        found = {question: answer(question, engine, run) for question in QUESTIONS}
        fault = [
            question.__name__
            for question, one in found.items()
            if one is not None and not is_same(one, right[question])
            and not (question is ask_status and [row["state"] for row in one] == ["damaged"])
        ]  # fmt: skip
        try:
            verify_run(engine, run, 1)
            fault.append("not named")
            named = ""
        except TcgaCorrError as error:
            named = "named" if path.name in str(error) else ""
            fault += [] if named else [f"verify says {error}"]
        is_refused = any(one is None for one in found.values())
        tally.add(path.name, "refused" if is_refused else "right", *filter(None, [named]))
        wrong += [f"{path.name}, byte {place}, bit {bit}: {one}" for one in fault]
        edited(path, lambda _, whole=whole: whole)
    tally.show()
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plan.json", "manifest.json", "associations.parquet"])
def test_the_spec_mends_its_run(engine: Engine, spec: Path, name: str) -> None:
    report = run_batch(engine, plan_spec(engine, spec), THREADS)
    tables = tables_of(report.folder)
    path = report.folder.path / name
    edited(path, partial(flipped, place=path.stat().st_size // 3, bit=0x80))
    run_batch(engine, plan_spec(engine, spec), THREADS)
    assert tables_of(report.folder) == tables
    assert set(verify_run(engine, report.plan.run, 9)["note"]) == {""}


class StopError(Exception):
    """Ends a run before its tables are written."""


@pytest.mark.slow
def test_any_byte_of_a_task_that_flips(engine: Engine, spec: Path) -> None:
    """Rows that are not those of their record are computed anew: the tables are the same."""
    plan = plan_spec(engine, spec)
    undisturbed = open_store(shutil.copytree(engine.store.root, engine.store.root.parent / "other"))
    right = run_batch(undisturbed, plan_spec(undisturbed, spec), THREADS).folder
    folder = RunFolder(engine.store, plan.run)

    def stop() -> None:
        if hooks.n_tasks == len(plan.tasks):
            raise StopError

    hooks = Hooks(on_task=stop)
    with pytest.raises(StopError):
        run_batch(engine, plan, THREADS, progress=hooks)
    before = shutil.copytree(folder.path, engine.store.root.parent / "before")
    paths = sorted(path.relative_to(before) for path in before.glob("tasks/*"))
    rng, tally = np.random.default_rng(8), Tally("same tables")
    for number in range(scaled(160)):
        shutil.rmtree(folder.path)
        shutil.copytree(before, folder.path)
        path = folder.path / paths[number % len(paths)]
        place, bit = int(rng.integers(0, path.stat().st_size)), 1 << int(rng.integers(0, 8))
        edited(path, partial(flipped, place=place, bit=bit))
        with suppress(StoreError):  # "was damaged, and is removed", once
            run_batch(engine, plan, THREADS)
        run_batch(engine, plan, THREADS)
        for name in TABLES:
            assert rows_of(folder, name).equals(rows_of(right, name)), (path.name, place, bit, name)
        tally.add(path.suffix, "same tables")
    tally.show()


def test_a_heat_map_is_of_the_tables_of_the_run(engine: Engine, spec: Path) -> None:
    report = run_batch(engine, plan_spec(engine, spec), THREADS)
    path = report.folder.path / "pooled.parquet"
    edited(path, partial(flipped, place=path.stat().st_size // 2, bit=1))
    with pytest.raises(StoreError, match=r"pooled\.parquet: cannot be read"):
        heat_map_of_run(report.folder, report.plan)


def test_a_run_without_hashes_is_taken_as_it_is(engine: Engine, spec: Path) -> None:
    """As those that version 0.1.0 wrote."""
    report = run_batch(engine, plan_spec(engine, spec), THREADS)
    for name in ("plan.json", "manifest.json"):
        path = report.folder.path / name
        record = json.loads(path.read_text())
        del record["sealed"], record["sha256"]
        path.write_text(json.dumps(record))
    assert set(verify_run(engine, report.plan.run, 9)["note"]) == {""}
    assert run_batch(engine, plan_spec(engine, spec), THREADS).n_done == 0
