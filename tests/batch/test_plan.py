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

from tcga_corr.analysis.naming.names import GeneVariable
from tcga_corr.analysis.samples.scope import Scope
from tcga_corr.batch import plan as plans
from tcga_corr.batch.plan import Plan, PlannedAnalysis
from tcga_corr.batch.planning import make_plan, plan_spec, read_spec_for
from tcga_corr.batch.spec import SpecError
from tcga_corr.engine import Engine
from tcga_corr.errors import DataMissingError, StoreError, UsageError
from tcga_corr.loading.plan import LoadOptions
from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets
from tests.batch.support import (
    WHOLE,
    build_store,
    copy_of,
    write_covariates,
    write_gmt,
    write_spec,
    write_tables,
)
from tests.conftest import write_table

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

CLAIM = """\
[[claims]]
text = "t"
source = "s"
tumor_type = "ACC"
analysis = "few"
x = "RELA"
y = "NFE2L2"
statistic = "n"
value = 40
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A store that nobody changes."""
    return build_store(tmp_path_factory.mktemp("store") / "cache")


@pytest.fixture(scope="module")
def whole(store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The plan of all that can be asked."""
    return plan_spec(store, write_spec(tmp_path_factory.mktemp("spec"), WHOLE))


@pytest.fixture
def engine(store: Engine, tmp_path: Path) -> Engine:
    """A store of its own."""
    return copy_of(store, tmp_path / "cache")


def run_of(engine: Engine, folder: Path, text: str) -> str:
    return plan_spec(engine, write_spec(folder, text)).run


# --- what makes a run another


def test_the_same_plan_again(store: Engine, whole: Plan, tmp_path: Path) -> None:
    again = plan_spec(store, write_spec(tmp_path / "elsewhere", WHOLE))
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
    run = plan_spec(store, spec).run
    monkeypatch.chdir(tmp_path / "specs")
    assert plan_spec(store, Path("spec.toml")).run == run


def test_the_same_plan_of_a_copied_store(store: Engine, engine: Engine, tmp_path: Path) -> None:
    assert run_of(engine, tmp_path, SMALL) == run_of(store, tmp_path, SMALL)


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ("[[pairs]]", "# a comment\n\n[[pairs]]", True),
        ("draws = 20", "draws    =   20  # so many", True),
        ('["NRF2", "p65"]', '["NFE2L2", "RELA"]', False),  # asked by another name: notes differ
        ("draws = 20", "draws = 21", False),
        ('title = "Few"', 'title = "Many"', True),  # which change no number
        ("value = 0.5", "value = 0.6", True),
        ("[[claims]]\n", CLAIM + "[[claims]]\n", True),
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
    runs = [plan_spec(engine, spec).run]
    gmt = write_gmt(tmp_path / "spec")
    text = gmt.read_text()
    gmt.write_text(text.rstrip() + "\tTFRC\n")
    runs.append(plan_spec(engine, spec).run)
    gmt.write_text(text)
    assert plan_spec(engine, spec).run == runs[0]
    engine.load_covariates(write_covariates(tmp_path / "clinic.tsv", seed=7), name="clinic")
    runs.append(plan_spec(engine, spec).run)
    other = [path for path in write_tables(tmp_path / "other", 9) if "CHOL" in str(path)]
    assert not engine.load(other, LoadOptions(source="mine")).errors
    runs.append(plan_spec(engine, spec).run)
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
    plan = plan_spec(store, write_spec(tmp_path, SMALL))
    few = plan.analysis("few")
    assert [one.name for one in few.variables] == ["NFE2L2", "A", "RELA", "age"]
    asked = [one.typed for one in few.variables if isinstance(one, GeneVariable)]
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
        plan_spec(store, write_spec(tmp_path, text))


def test_a_name_is_looked_up_in_the_tables_of_its_block(engine: Engine, tmp_path: Path) -> None:
    """A row of one source may be a covariate, or nothing, for a block of another."""
    names = [f"P{number:02}" for number in range(12)]
    values = [(gene, range(number, number + 12)) for number, gene in enumerate(("age", "G1"))]
    table = write_table(tmp_path / "own.tsv", names, values, corner="gene")
    own = LoadOptions("own", ["OTHER"], unit="log2(tpm+1)", rows="genes")
    engine.load([table], own).raise_errors()
    source = engine.status()["source"].drop_nulls().unique().to_list()
    [tcga] = [name for name in source if name != "own"]
    text = '[[pairs]]\nsource = "SOURCE"\npairs = [["G1", "age"]]\n'
    known = text.replace("G1", "RELA").replace("SOURCE", tcga)
    plan = plan_spec(engine, write_spec(tmp_path, known))
    assert [one.name for one in plan.analyses[0].variables] == ["RELA", "age"]
    with pytest.raises(UsageError, match="'age' may be the gene age or the covariate age"):
        plan_spec(engine, write_spec(tmp_path, text.replace("SOURCE", "own")))


def test_all_that_is_not_loaded_is_told_together(store: Engine, tmp_path: Path) -> None:
    text = """\
name = "lacking"
[[crosses]]
name = "first"
x = ["RELA", "TFRC"]
tumor_types = ["BRCA", "ACC"]
[[crosses]]
name = "fine"
x = ["RELA", "TFRC"]
[[pairs]]
name = "second"
pairs = [["RELA", "TFRC"]]
tumor_types = ["LUAD", "KIRC"]
"""
    spec = write_spec(tmp_path, text)
    with pytest.raises(DataMissingError) as caught:
        plan_spec(store, spec)
    said = str(caught.value)
    for line, block, names in ((2, "first", ["BRCA"]), (9, "second", ["LUAD", "KIRC"])):
        assert f"{spec}:{line}: {block}: " in said
        for name in names:
            assert name in said
    assert said.index("BRCA") < said.index("LUAD")
    assert said.count("not loaded") == 2
    assert "fine" not in said
    # beside sets that nobody could tell apart, it is the spec that is wrong
    write_hallmarks(tmp_path, "NOSUCH")
    both = '["again.gmt:HALLMARK_APOPTOSIS", "HALLMARK_APOPTOSIS"]]'
    spec.write_text(text.replace('["RELA", "TFRC"]]', both).replace('"LUAD", "KIRC"', '"ACC"'))
    with pytest.raises(SpecError) as wrong:
        plan_spec(store, spec)
    first, second = wrong.value.lines()
    assert f"{spec}:2: first: BRCA: not loaded" in first
    assert f"{spec}:9: second: " in second
    assert "two different gene sets are named" in second


def test_too_many_rows(store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = write_spec(tmp_path, SMALL)
    n_rows = plan_spec(store, spec).n_rows
    # 5 tumor types, two methods of 8 variables with each other, and two pairs
    assert n_rows == 5 * (2 * 28 + 2)
    monkeypatch.setattr("tcga_corr.batch.planning.MOST_ROWS", n_rows)
    plan_spec(store, spec)
    monkeypatch.setattr("tcga_corr.batch.planning.MOST_ROWS", n_rows - 1)
    with pytest.raises(UsageError, match=f"{n_rows} associations, more than {n_rows - 1}"):
        make_plan(store, read_spec_for(store, spec))


# --- pairs and parts

VARIABLES = [GeneVariable(f"G{number}") for number in range(30)]
PLACES = st.lists(st.integers(0, len(VARIABLES) - 1), min_size=1, max_size=25, unique=True)


def crossed(x: list[int], y: list[int], n_types: int = 2, **others: Any) -> PlannedAnalysis:
    """A cross of places of variables."""
    return PlannedAnalysis(
        name="cross",
        kind="crosses",
        scope=Scope(tuple("ABCDE"[:n_types]), "mine"),
        n_samples=(40,) * n_types,
        units=("",) * n_types,
        methods=("pearson", "spearman", "kendall"),
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
        patch.setattr(plans, "ROWS_AT_ONCE", rows)
        for name in ("_MOST_PAIRS", "_MOST_SLOW"):
            patch.setattr(plans, name, most)
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
    assert ways == {"products", "rows", "pooled nulls", "dominance"}


# --- the same set by two ways


def write_hallmarks(folder: Path, *more: str) -> None:
    """A collection that repeats a set that is shipped, under its own name, and another set."""
    genes = shipped_sets()["HALLMARK_APOPTOSIS"].genes
    lines = [("HALLMARK_APOPTOSIS", "again", *genes, *more), ("MINE", "x", *genes[:12])]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "again.gmt").write_text("".join("\t".join(one) + "\n" for one in lines))


def pairs_named(plan: Plan, name: str) -> list[tuple[str, str]]:
    asked = plan.analysis(name)
    return [
        (asked.variables[x].name, asked.variables[y].name)
        for x, y in zip(*asked.pairs, strict=True)
    ]


def test_a_set_by_two_ways_is_one(store: Engine, tmp_path: Path) -> None:
    write_hallmarks(tmp_path)
    text = """\
name = "twice"
[[crosses]]
name = "one-side"
x = ["again.gmt", "HALLMARK_APOPTOSIS", "HALLMARK_HYPOXIA", "RELA"]
[[crosses]]
name = "both"
x = ["HALLMARK_APOPTOSIS", "HALLMARK_HYPOXIA"]
y = ["again.gmt", "RELA", "HALLMARK_HYPOXIA"]
[[pairs]]
name = "pairs"
pairs = [["again.gmt:HALLMARK_APOPTOSIS", "RELA"], ["HALLMARK_APOPTOSIS", "TFRC"],
         ["RELA", "HALLMARK_APOPTOSIS"], ["TFRC", "again.gmt:HALLMARK_APOPTOSIS"],
         ["RELA", "TFRC"]]
"""
    plan = plan_spec(store, write_spec(tmp_path, text))
    apoptosis, hypoxia = "HALLMARK_APOPTOSIS", "HALLMARK_HYPOXIA"
    assert pairs_named(plan, "one-side") == list(
        itertools.combinations([apoptosis, "MINE", hypoxia, "RELA"], 2)
    )
    assert pairs_named(plan, "both") == [
        (apoptosis, "MINE"), (apoptosis, "RELA"), (apoptosis, hypoxia),
        (hypoxia, "MINE"), (hypoxia, "RELA"),
    ]  # fmt: skip
    assert pairs_named(plan, "pairs") == [
        (apoptosis, "RELA"),
        (apoptosis, "TFRC"),
        ("RELA", "TFRC"),
    ]
    for one in plan.analyses:
        names = [variable.name for variable in one.variables]
        assert len(set(names)) == len(names)
        assert one.n_pairs == len(one.pairs[0])
        rows = sum(task.n_rows for task in plan.tasks_of(one) if task.tumor_type == "ACC")
        assert rows == one.n_pairs * len(one.methods)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json())), store.store) == plan


def test_another_set_of_the_same_name_is_refused(store: Engine, tmp_path: Path) -> None:
    write_hallmarks(tmp_path, "NOSUCH")
    text = '[[crosses]]\nx = ["again.gmt", "HALLMARK_APOPTOSIS"]\n'
    with pytest.raises(UsageError, match="two different gene sets are named 'HALLMARK_APOPTOSIS'"):
        plan_spec(store, write_spec(tmp_path, text))


# --- shards

MIXED = """\
name = "mixed"
draws = 20
[[crosses]]
name = "all"
x = ["own.gmt", "RELA", "TFRC", "GPX4", "NFE2L2", "ferroptosis", "nfkb", "covariate:age"]
methods = ["pearson", "kendall"]
[[pairs]]
name = "fast"
pairs = [["own.gmt:A", "own.gmt:B"], ["RELA", "NFE2L2"], ["RELA", "TFRC"], ["TFRC", "GPX4"]]
methods = ["spearman", "pearson"]
[[pairs]]
name = "nulled"
pairs = [["own.gmt:A", "own.gmt:B"], ["RELA", "NFE2L2"], ["RELA", "TFRC"]]
null = ["genes"]
[[dominance]]
name = "highest"
sets = ["own.gmt:A", "own.gmt:B", "own.gmt:F"]
"""


@pytest.fixture(scope="module")
def mixed(store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Tasks that take from microseconds to a second, side by side."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plans, "ROWS_AT_ONCE", 4)
        patch.setattr(plans, "_MOST_PAIRS", 2)
        patch.setattr(plans, "_MOST_SLOW", 5)
        plan = plan_spec(store, write_spec(tmp_path_factory.mktemp("mixed"), MIXED))
        assert len(plan.tasks) > 100  # which are kept
    return plan


def test_tasks_tell_their_work(mixed: Plan) -> None:
    each: dict[str, set[float]] = {}
    for task in mixed.tasks:
        is_null = bool(mixed.analysis(task.analysis).null)
        seconds = task.work - plans._A_TASK  # beside what any task takes
        assert seconds > 0
        way = "null" if is_null else "slow" if task.method == "kendall" else task.way
        each.setdefault(way, set()).add(seconds / task.n_rows)
    nulls = each.pop("null")  # which depend on the samples
    assert all(max(one) == pytest.approx(min(one)) for one in each.values())
    one_of = {way: max(one) for way, one in each.items()}
    order = ["products", "rows", "slow"]
    assert sorted(order, key=one_of.__getitem__) == order
    assert set(one_of) == {*order, "dominance"}
    assert min(nulls) > one_of["rows"]


@pytest.mark.parametrize("of", [1, 2, 3, 5, 8, 1000])
def test_parts_are_disjoint_and_complete(mixed: Plan, of: int) -> None:
    parts = [mixed.part(number, of) for number in range(1, of + 1)]
    numbers = [[task.number for task in part] for part in parts]
    assert all(one == sorted(one) for one in numbers)
    assert sorted(itertools.chain(*numbers)) == list(range(len(mixed.tasks)))
    assert all(mixed.tasks[task.number] == task for part in parts for task in part)
    if of == 1:
        assert parts == [list(mixed.tasks)]
    # of any process that reads the plan
    assert [mixed.part(number, of) for number in range(1, of + 1)] == parts
    assert of < len(mixed.tasks) or max(map(len, numbers)) == 1


def test_parts_are_the_same_of_a_plan_read_again(store: Engine, whole: Plan) -> None:
    back = Plan.from_json(json.loads(json.dumps(whole.to_json())), store.store)
    for of in (2, 3, 7):
        for number in range(1, of + 1):
            assert back.part(number, of) == whole.part(number, of)


@pytest.mark.parametrize("of", [2, 3, 5])
def test_parts_are_of_like_work(mixed: Plan, of: int) -> None:
    """And so of like numbers of nulls, which take nearly all the time, as of slow methods."""
    parts = [mixed.part(number, of) for number in range(1, of + 1)]
    works = [sum(task.work for task in part) for part in parts]
    assert max(works) - min(works) <= 1.001 * max(task.work for task in mixed.tasks)
    assert max(works) < 1.25 * min(works)
    nulls = [sum(bool(mixed.analysis(t.analysis).null) for t in part) for part in parts]
    assert max(nulls) - min(nulls) <= 5


@given(st.lists(st.floats(1e-6, 10), min_size=1, max_size=40), st.integers(1, 9))
def test_no_part_waits_for_more_than_a_task(works: list[float], of: int) -> None:
    tasks = tuple(
        plans.Task(number, "a", "pearson", "ACC", "rows", number, number + 1, 1, work)
        for number, work in enumerate(works)
    )
    plan = object.__new__(Plan)
    plan.__dict__["tasks"] = tasks
    parts = [plan.part(number, of) for number in range(1, of + 1)]
    assert sorted(task.number for part in parts for task in part) == list(range(len(works)))
    shares = [sum(task.work for task in part) for part in parts]
    assert max(shares) - min(shares) <= max(works) * (1 + 1e-9)
