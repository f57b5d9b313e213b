"""Plans of batch runs: the same of the same spec and store, and every pair once."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcga_corr.batch import plan as planning
from tcga_corr.batch.plan import Plan, PlannedAnalysis, make_plan
from tcga_corr.engine import Engine
from tcga_corr.errors import DataMissingError, StoreError, UsageError
from tcga_corr.load_plan import LoadOptions
from tcga_corr.variables import GeneVariable

from .support import (
    WHOLE,
    build_store,
    copy_of,
    plan_of,
    read,
    write_covariates,
    write_gmt,
    write_spec,
    write_tables,
)

SMALL = """\
name = "small"
title = "Few"
draws = 20
[[crosses]]
name = "wide"
x = ["own.gmt", "RELA", "covariate:purity"]
methods = ["pearson", "kendall"]
[[pairs]]
name = "few"
pairs = [["NRF2", "p65"], ["own.gmt:A", "covariate:age"]]
null = ["genes"]
[[claims]]
text = "t"
source = "s"
tumor_type = "LIHC"
analysis = "few"
x = "p65"
y = "NRF2"
statistic = "r"
value = 0.5
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store that nobody changes."""
    return build_store(tmp_path_factory.mktemp("store") / "cache")


@pytest.fixture(scope="module")
def whole(store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The plan of all that can be asked."""
    return plan_of(store, write_spec(tmp_path_factory.mktemp("spec"), WHOLE))


@pytest.fixture
def engine(store: Engine, tmp_path: Path) -> Engine:
    """A store of its own."""
    return copy_of(store, tmp_path / "cache")


def run_of(engine: Engine, folder: Path, text: str) -> str:
    return plan_of(engine, write_spec(folder, text)).run


# --- what makes a run another


def test_the_same_plan_again(store: Engine, whole: Plan, tmp_path: Path) -> None:
    again = plan_of(store, write_spec(tmp_path / "elsewhere", WHOLE))
    assert again.digest == whole.digest
    assert again.run == whole.run == f"whole-{whole.digest[:8]}"
    assert again.tasks == whole.tasks
    assert again.to_json() == whole.to_json()
    assert again == whole
    assert [task.number for task in whole.tasks] == list(range(len(whole.tasks)))


def test_the_same_plan_from_another_folder(
    store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = write_spec(tmp_path / "specs", SMALL)
    run = plan_of(store, spec).run
    monkeypatch.chdir(tmp_path / "specs")
    assert plan_of(store, Path("spec.toml")).run == run


def test_the_same_plan_of_a_copied_store(store: Engine, engine: Engine, tmp_path: Path) -> None:
    assert run_of(engine, tmp_path, SMALL) == run_of(store, tmp_path, SMALL)


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ("[[pairs]]", "# a comment\n\n[[pairs]]", True),
        ("draws = 20", "draws    =   20  # so many", True),
        ('["NRF2", "p65"]', '["NFE2L2", "RELA"]', False),  # asked by another name: notes differ
        ("draws = 20", "draws = 21", False),
        ('title = "Few"', 'title = "Many"', False),
        ("value = 0.5", "value = 0.6", False),
        ('"kendall"', '"spearman"', False),
        ('"RELA", "cov', '"REL", "cov', False),
        ('name = "wide"', 'name = "wider"', False),
        ('name = "small"', 'name = "little"', False),
        ("draws = 20", 'draws = 20\noutputs = ["tsv"]', False),
        ("draws = 20", "draws = 20\nmin_genes = 5", True),  # as it is anyway
        ("draws = 20", "draws = 20\nmin_genes = 6", False),
        ("draws = 20", 'draws = 20\nties = "gsva"', False),
        ("draws = 20", 'draws = 20\ntumor_types = ["ACC", "LIHC"]', False),
    ],
)
def test_what_of_a_spec_makes_another_run(
    store: Engine, tmp_path: Path, old: str, new: str, is_same: bool
) -> None:
    assert SMALL.count(old) == 1
    changed = run_of(store, tmp_path, SMALL.replace(old, new))
    assert (changed == run_of(store, tmp_path, SMALL)) == is_same


def test_what_of_a_store_makes_another_run(engine: Engine, tmp_path: Path) -> None:
    spec = write_spec(tmp_path / "spec", SMALL)
    runs = [plan_of(engine, spec).run]
    gmt = write_gmt(tmp_path / "spec")
    text = gmt.read_text()
    gmt.write_text(text.rstrip() + "\tTFRC\n")
    runs.append(plan_of(engine, spec).run)
    gmt.write_text(text)
    assert plan_of(engine, spec).run == runs[0]
    engine.load_covariates(write_covariates(tmp_path / "clinic.tsv", seed=7), name="clinic")
    runs.append(plan_of(engine, spec).run)
    other = [path for path in write_tables(tmp_path / "other", 9) if "CHOL" in str(path)]
    assert not engine.load(other, LoadOptions(source="mine")).errors
    runs.append(plan_of(engine, spec).run)
    assert len(set(runs)) == len(runs)


# --- as JSON


def test_a_plan_as_json_and_back(store: Engine, whole: Plan) -> None:
    told = json.loads(json.dumps(whole.to_json()))
    back = Plan.from_json(told, store.store)
    assert back == whole
    assert back.tasks == whole.tasks
    assert back.digest == whole.digest
    assert back.to_json() == whole.to_json()
    for one, other in zip(back.analyses, whole.analyses, strict=True):
        assert one.variables == other.variables
        assert one.adjust == other.adjust
        assert np.array_equal(one.pairs, other.pairs)


@pytest.mark.parametrize("change", [{"format": 0}, {"version": "0.0.9"}, {"version": None}])
def test_a_plan_of_another_version(store: Engine, whole: Plan, change: dict[str, Any]) -> None:
    with pytest.raises(StoreError, match="the run is of tcga-corr"):
        Plan.from_json(whole.to_json() | change, store.store)


# --- names


def test_names_are_those_of_rows(store: Engine, tmp_path: Path) -> None:
    plan = plan_of(store, write_spec(tmp_path, SMALL))
    few = plan.analysis("few")
    assert [one.name for one in few.variables] == ["NFE2L2", "A", "RELA", "age"]
    asked = [one.asked for one in few.variables if isinstance(one, GeneVariable)]
    assert asked == ["NRF2", "p65"]
    [claim] = plan.claims
    assert (claim.x, claim.y, claim.line) == ("RELA", "NFE2L2", 0)
    assert few.tumor_types == ("ACC", "CHOL", "DLBC", "LIHC", "UCS")
    assert few.n_samples == (40, 24, 15, 31, 9)
    assert plan.reference is None


def test_the_reference_is_part_of_a_plan_that_asks_it(whole: Plan) -> None:
    assert whole.reference is not None
    assert len(whole.reference) == 64


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ('tumor_types = ["BRCA"]\n' + SMALL.replace("LIHC", "BRCA"), DataMissingError,
         "BRCA: not loaded"),
        ('source = "toil"\n' + SMALL, DataMissingError, "no table of source 'toil'"),
        ('[[pairs]]\npairs = [["RELA", "covariate:sex"]]\n', UsageError, "sex"),
    ],
)  # fmt: skip
def test_what_is_not_in_the_store(
    store: Engine, tmp_path: Path, text: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        plan_of(store, write_spec(tmp_path, text))


def test_too_many_rows(store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = write_spec(tmp_path, SMALL)
    n_rows = plan_of(store, spec).n_rows
    # 5 tumor types, two methods of 8 variables with each other, and two pairs
    assert n_rows == 5 * (2 * 28 + 2)
    monkeypatch.setattr(planning, "MOST_ROWS", n_rows)
    plan_of(store, spec)
    monkeypatch.setattr(planning, "MOST_ROWS", n_rows - 1)
    with pytest.raises(UsageError, match=f"{n_rows} associations, more than {n_rows - 1}"):
        make_plan(store, read(store, spec))


# --- pairs and parts

VARIABLES = [GeneVariable(f"G{number}") for number in range(30)]
PLACES = st.lists(st.integers(0, len(VARIABLES) - 1), min_size=1, max_size=25, unique=True)


def crossed(x: list[int], y: list[int], n_types: int = 2, **others: Any) -> PlannedAnalysis:
    """A cross of places of variables."""
    return PlannedAnalysis(
        name="cross",
        kind="crosses",
        source="mine",
        tumor_types=tuple("ABCDE"[:n_types]),
        n_samples=(40,) * n_types,
        units=("",) * n_types,
        samples="tumor",
        methods=("pearson", "spearman", "kendall"),
        ties="average",
        min_genes=5,
        null=others.get("null", ()),
        draws=20,
        variables=tuple(VARIABLES),
        adjust=(),
        x=tuple(x),
        y=tuple(y),
    )


def listed(x: list[int], y: list[int]) -> list[tuple[int, int]]:
    """Each pair of two variables once, in the order in which it is first met."""
    found: dict[frozenset[int], tuple[int, int]] = {}
    for pair in itertools.product(x, y):
        if pair[0] != pair[1]:
            found.setdefault(frozenset(pair), pair)
    return list(found.values())


@given(PLACES, PLACES)
def test_each_pair_of_a_cross_once(x: list[int], y: list[int]) -> None:
    asked = crossed(x, y)
    pairs = listed(x, y)
    assert list(zip(*(side.tolist() for side in asked.pairs), strict=True)) == pairs
    assert asked.n_pairs == len(pairs)
    whole = asked.kept()
    for start in range(0, len(x), 4):
        part = slice(start, start + 4)
        assert np.array_equal(asked.kept(part), whole[part])


@given(
    PLACES, PLACES, st.integers(1, 9), st.integers(1, 40), st.sampled_from([(), ("genes",)]),
)  # fmt: skip
def test_parts_cover_all_pairs_once(
    x: list[int], y: list[int], rows: int, most: int, null: tuple[str, ...]
) -> None:
    asked = crossed(x, y, null=null)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "ROWS_AT_ONCE", rows)
        for name in ("_MOST_PAIRS", "_MOST_SLOW", "_MOST_NULLS"):
            patch.setattr(planning, name, most)
        for method in asked.methods:
            parts = list(asked.parts(method))
            assert sum(count for *_, count in parts) == asked.n_pairs
            # kept as far as they have pairs; one after another
            ends = [0, *(end for _, end, _ in parts)]
            assert [start for start, *_ in parts] == ends[:-1]
            for start, end, count in parts:
                if asked.way(method) == "products":
                    assert int(asked.kept(slice(start, end)).sum()) == count > 0
                    assert end - start <= rows or count <= most
                else:
                    assert 0 < end - start == count <= most
            if asked.way(method) == "products":
                assert not asked.kept(slice(ends[-1], None)).any()


def test_tasks_are_the_same_in_all_tumor_types(whole: Plan) -> None:
    for one in whole.analyses:
        several = {
            tumor_type: [
                (task.method, task.way, task.start, task.end, task.n_rows)
                for task in whole.tasks_of(one)
                if task.tumor_type == tumor_type
            ]
            for tumor_type in one.tumor_types
        }
        first, *others = several.values()
        assert all(other == first for other in others)
        if one.kind != "dominance":
            n_pairs = len(one.pairs[0])
            assert sum(rows for *_, rows in first) == n_pairs * len(one.methods)
    ways = {task.way for task in whole.tasks}
    assert ways == {"products", "rows", "one by one", "dominance"}
