"""The page of a store: what it holds, and what its runs found, whatever state these are in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tcga_corr.batch.folder import RunFolder
from tcga_corr.batch.run import Shard
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import DataMissingError
from tcga_corr.fetching.simulation import write_atlas
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.page.parts import Page, as_data
from tcga_corr.page.render import report
from tcga_corr.page.runs import page_of_run
from tcga_corr.page.stores import page_of_store
from tcga_corr.vocabulary.citations import REFERENCES, SOFTWARE
from tests.batch.support import SAMPLES, build_store, copy_of, run, write_spec

TYPES = ("ACC", "LIHC")
ONE = """\
name = "one"
title = "The first"
min_genes = 5
[[pairs]]
name = "main"
pairs = [["RELA", "NFE2L2"], ["own.gmt:A", "own.gmt:F"]]
[[dominance]]
sets = ["own.gmt:A", "own.gmt:B"]
draws = 20
"""
TWO = """\
name = "two"
[[pairs]]
name = "main"
pairs = [["RELA", "NFE2L2"], ["RELA", "TFRC"]]
methods = ["spearman"]
adjust = ["covariate:age"]
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Read only."""
    return build_store(tmp_path_factory.mktemp("store") / "cache", tumor_types=TYPES)


@pytest.fixture(scope="module")
def both(store: Engine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, list[str]]:
    """A store of two complete runs, read only; and their names."""
    folder = tmp_path_factory.mktemp("both")
    engine = copy_of(store, folder / "cache")
    outcomes = [run(engine, write_spec(folder, text)) for text in (ONE, TWO)]
    assert all(one.is_complete for one in outcomes)
    return engine, [one.plan.run for one in outcomes]


@pytest.fixture
def copy(both: tuple[Engine, list[str]], tmp_path: Path) -> Engine:
    return copy_of(both[0], tmp_path / "cache")


def rows_of(page: Page, title: str) -> Any:
    [one] = [table.rows for table in page.tables if table.title == title]
    return one


def test_a_store_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match="no expression"):
        page_of_store(open_store(tmp_path / "cache"))
    assert not (tmp_path / "cache").exists()


def test_a_store_without_runs(store: Engine) -> None:
    page = page_of_store(store)
    assert page.title == "What this store holds"
    assert page.subtitle == "2 expression tables of 2 tumor types"
    [held] = page.answers
    tumours, normals = (sum(SAMPLES[one][place] for one in TYPES) for place in (0, 1))
    assert held.answer == (
        f"mine: {tumours} tumour and {normals} normal samples of 2 tumor types, log2(norm_count+1)."
    )
    assert page.pairs == []
    assert [table.title for table in page.tables] == ["Expression tables", "Covariates"]
    tables = {row["tumor_type"]: row for row in rows_of(page, "Expression tables")}
    assert {name: (row["tumor"], row["normal"]) for name, row in tables.items()} == {
        name: SAMPLES[name] for name in TYPES
    }
    assert {row["covariate"]: row["table"] for row in rows_of(page, "Covariates")} == {
        "age": "clinic", "purity": "clinic",
    }  # fmt: skip
    assert [text.split()[0] for text in page.methods] == ["tcga-corr"]
    assert not page.simulated
    assert report(page) == report(page_of_store(store))


def test_runs_that_are_complete(both: tuple[Engine, list[str]]) -> None:
    engine, names = both
    page = page_of_store(engine)
    alone = [page_of_run(engine, name) for name in names]
    assert [one.rows for one in page.pairs] == [
        one.rows for single in alone for one in single.pairs
    ]
    assert [one.finding for one in page.pairs] == [
        one.finding for single in alone for one in single.pairs
    ]
    assert [one.analysis for one in page.pairs] == [
        f"{names[0]}, main", f"{names[0]}, main", f"{names[1]}, main", f"{names[1]}, main",
    ]  # fmt: skip
    assert len({one.id for one in page.pairs}) == len(page.pairs)
    # of analyses of one name, each has its own samples
    assert len({one.scatters for one in page.pairs}) == len(page.pairs)
    for single in alone:
        for pair in single.pairs:
            [other] = [one for one in page.pairs if one.rows == pair.rows]
            assert page.scatters[other.scatters] == single.scatters[pair.scatters]
    assert [row["run"] for row in rows_of(page, "Runs")] == names
    assert {row["state"] for row in rows_of(page, "Runs")} == {"complete"}
    titles = [table.title for table in page.tables]
    assert titles[3:] == [
        f"Dominance: {names[0]}, dominance-1", f"Pairs, {names[0]}", f"Pairs, {names[1]}",
    ]  # fmt: skip
    assert [one.question for one in page.answers][1:] == [
        f"{run}: {one.question}"
        for run, single in zip(names, alone, strict=True)
        for one in single.answers
    ]
    json.dumps(as_data(page), allow_nan=False)


def test_methods_of_several_runs_are_told_apart(both: tuple[Engine, list[str]]) -> None:
    engine, (one, two) = both
    page = page_of_store(engine)
    told = {
        words: [text.partition(". ")[0] for text in page.methods if words in text]
        for words in ("Pearson's r", "Spearman's rho", "age was held fixed", "Friedman's test")
    }
    assert told == {
        "Pearson's r": [one], "Spearman's rho": [two], "age was held fixed": [two],
        "Friedman's test": [one],
    }  # fmt: skip
    # what is true of both stands there once
    assert page.methods[-1].startswith("tcga-corr ")
    assert sum(text.startswith("tcga-corr ") for text in page.methods) == 1
    cited = set(page.references)
    assert cited == {text for name in (one, two) for text in page_of_run(engine, name).references}
    assert len(page.references) == len(cited)
    # of runs over somebody's own cohorts
    assert REFERENCES["tcga"] not in cited
    assert sum(text.startswith(SOFTWARE) for text in page.references) == 1
    [ranked] = {text.partition(" with ")[2] for text in page.methods if "Expression was" in text}
    assert ranked.startswith("the samples of its own cohorts as their tables have them. Of ")


def test_a_run_that_is_not_complete_is_told(copy: Engine, tmp_path: Path) -> None:
    text = TWO.replace('"two"', '"three"').replace("spearman", "pearson")
    outcome = run(copy, write_spec(tmp_path, text), shard=Shard(1, 2))
    assert not outcome.is_complete
    page = page_of_store(copy)
    assert len(page.pairs) == 4
    states = {row["run"]: row["state"] for row in rows_of(page, "Runs")}
    assert states[outcome.plan.run] == "stopped"
    assert page.dropped
    [left] = [row for row in page.dropped.rows if row["what"] == "run"]
    assert left["where"] == outcome.plan.run
    assert "has no tables yet" in left["why"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("plan.json", b'{"format": 1', "is no plan that can be read"),
        ("plan.json", b"[]", "is no plan that can be read"),
        ("manifest.json", b"{", "manifest.json: cannot be read"),
        ("manifest.json", None, "has no tables yet"),
        ("associations.parquet", b"PAR1", "not as it was written: associations.parquet"),
        ("associations.parquet", None, "not as it was written: associations.parquet"),
        ("pooled.parquet", None, "not as it was written: pooled.parquet"),
    ],
)
def test_a_damaged_run_leaves_the_others(
    name: str, content: bytes | None, why: str, copy: Engine, both: tuple[Engine, list[str]]
) -> None:
    _, (one, two) = both
    path = RunFolder(copy.store, two).path / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    page = page_of_store(copy)
    assert {pair.analysis for pair in page.pairs} == {f"{one}, main"}
    assert page.dropped
    [left] = [row for row in page.dropped.rows if row["what"] == "run"]
    assert left["where"] == two
    assert why in left["why"]
    assert not any(text.startswith(two) for text in page.methods)


def test_a_table_that_is_damaged_is_told(copy: Engine) -> None:
    [path] = [copy.store.table_path(key) for key in copy.store.table_keys()
              if key.tumor_type == "LIHC"]  # fmt: skip
    path.write_bytes(path.read_bytes()[:1_000])
    page = page_of_store(copy)
    rows = {row["tumor_type"]: row for row in rows_of(page, "Expression tables")}
    assert "LIHC" in rows["LIHC"]["note"]
    assert rows["LIHC"]["tumor"] is None
    assert len(page.pairs) == 4
    assert all("LIHC" in one.no_scatters for one in page.pairs)
    assert "40 tumour and 12 normal samples" in page.answers[0].answer


def test_simulated_tables_make_a_simulated_page(tmp_path: Path) -> None:
    engine = open_store(tmp_path / "cache")
    paths = list(write_atlas(tmp_path / "atlas", 300, tumor_types=("CHOL", "UCS")))
    assert not engine.load(paths, LoadOptions(source="simulated")).errors
    page = page_of_store(engine)
    assert page.simulated
    spec = tmp_path / "spec.toml"
    spec.write_text('[[pairs]]\npairs = [["RELA", "NFE2L2"]]\n', encoding="utf-8")
    outcome = run(engine, spec)
    of_run = page_of_run(engine, outcome.plan.run)
    assert of_run.simulated
    assert of_run.methods[0].startswith("The values are SIMULATED: nothing here is a finding.")
    assert "SIMULATED" not in of_run.answers[0].answer
    # made up as TCGA's are, and not of TCGA
    assert "one primary tumour sample per patient" in of_run.methods[0]
    assert REFERENCES["tcga"] not in of_run.references
    assert not any("made up" in text for text in of_run.references)
    assert of_run.dropped
    assert not any("SIMULATED" in row["why"] for row in of_run.dropped.rows)
    assert 'class="simulated"' in report(of_run)


def test_beside_real_tables_simulated_ones_are_left_out_or_marked(
    store: Engine, tmp_path: Path
) -> None:
    engine = copy_of(store, tmp_path / "cache")
    paths = list(write_atlas(tmp_path / "atlas", 300, tumor_types=("CHOL", "UCS")))
    assert not engine.load(paths, LoadOptions(source="simulated")).errors
    text = '[[pairs]]\npairs = [["RELA", "NFE2L2"], ["RELA", "TFRC"]]\n[[dominance]]\ndraws = 20\n'
    ours = (
        '[[pairs]]\nname = "ours"\npairs = [["RELA", "NFE2L2"]]\nsource = "mine"\n'
        '[[pairs]]\nname = "made"\npairs = [["RELA", "NFE2L2"]]\nsource = "simulated"\n'
    )
    (tmp_path / "made").mkdir()
    (tmp_path / "both").mkdir()
    made = run(engine, write_spec(tmp_path / "made", f'name="made"\nsource="simulated"\n{text}'))
    mixed = run(engine, write_spec(tmp_path / "both", f'name = "mixed"\n{ours}'))
    names = [made.plan.run, mixed.plan.run]

    page = page_of_store(engine)
    assert not page.simulated
    assert page.partly_simulated  # the run of both
    assert {row["source"] for row in rows_of(page, "Expression tables")} == {"mine"}
    assert [row["run"] for row in rows_of(page, "Runs")] == names[1:]
    assert "simulated" not in page.answers[0].answer
    assert [(pair.analysis, pair.simulated) for pair in page.pairs] == [
        (f"{names[1]}, ours", False), (f"{names[1]}, made", True),
    ]  # fmt: skip
    assert page.dropped
    hidden = {row["what"]: row for row in page.dropped.rows if "--simulated" in row["why"]}
    assert hidden["simulated tables"]["where"] == "CHOL UCS"
    assert hidden["runs of simulated tables"]["where"] == names[0]

    whole = page_of_store(engine, with_simulated=True)
    assert whole.partly_simulated
    assert "simulated (SIMULATED): " in whole.answers[0].answer
    assert [row["run"] for row in rows_of(whole, "Runs")] == names
    marks = {pair.analysis: pair.simulated for pair in whole.pairs}
    assert marks == {f"{names[0]}, pairs-1": True, f"{names[1]}, ours": False,
                     f"{names[1]}, made": True}  # fmt: skip
    assert all(one.simulated for one in whole.dominance)
    for table in whole.tables:
        if names[0] in table.title or names[0] in table.file:
            assert table.simulated, table.title
    answers = {one.question: one.answer for one in whole.answers[1:]}
    assert sum(one.startswith("SIMULATED: ") for one in answers.values()) == 4
    assert 'class="simulated"' not in report(whole)
    assert "SIMULATED values are among those of this page" in report(whole)


def test_a_run_of_both_marks_each_part(store: Engine, tmp_path: Path) -> None:
    engine = copy_of(store, tmp_path / "cache")
    paths = list(write_atlas(tmp_path / "atlas", 300, tumor_types=("CHOL", "UCS")))
    assert not engine.load(paths, LoadOptions(source="simulated")).errors
    spec = (
        '[[pairs]]\nname = "ours"\npairs = [["RELA", "NFE2L2"]]\nsource = "mine"\n'
        '[[pairs]]\nname = "made"\npairs = [["RELA", "NFE2L2"]]\nsource = "simulated"\n'
    )
    page = page_of_run(engine, run(engine, write_spec(tmp_path, spec)).plan.run)
    assert (page.simulated, page.partly_simulated) == (False, True)
    assert [one.simulated for one in page.pairs] == [False, True]
    assert [one.answer.startswith("SIMULATED: ") for one in page.answers] == [False, True]
