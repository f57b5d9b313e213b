"""Conditions, strata and categories on the live page: the engine's answers, and inert texts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tcga_corr.analysis.naming.names import CovariateVariable
from tcga_corr.engine import Engine
from tcga_corr.page.answers import page_of_answer, page_of_strata
from tcga_corr.page.pairs import scatters_of
from tcga_corr.serve.asked import as_data, as_json
from tcga_corr.serve.parameters import read_parameters
from tcga_corr.serve.questions import prepare_pair
from tcga_corr.serve.routes import QUESTIONS
from tcga_corr.serve.snapshot import LiveStore
from tests.conftest import barcodes
from tests.serve.live import TYPES, Visitor, make_store, visitor


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """With a category, a category with an order, and purity, of every sample."""
    folder = tmp_path_factory.mktemp("samples")
    engine, rng = make_store(folder), np.random.default_rng(6)
    lines = ["sample,gender,stage"]
    for tumor_type, n in TYPES.items():
        for name in barcodes(n, site=tumor_type[:2]):
            gender, stage = rng.choice(["MALE", "FEMALE"]), rng.choice(["Stage I", "Stage II"])
            lines.append(f"{name},{gender},{stage}")
    table = folder / "who.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    engine.load_covariates(table)
    return engine


@pytest.fixture
def one(engine: Engine) -> Iterator[Visitor]:
    with visitor(engine) as someone:
        yield someone


def as_told(page: Any) -> Any:
    return json.loads(as_json(as_data(page)))


def test_a_pair_of_chosen_samples(one: Visitor, engine: Engine) -> None:
    where = ["gender=FEMALE", "age<65"]
    told = one.told("pair", x="ferroptosis", y="nfkb", where=where)
    assert told == as_told(
        page_of_answer(engine.correlate("ferroptosis", "nfkb", where=where, null=()))
    )
    assert told["title"] == "ferroptosis and nfkb where gender=FEMALE and age<65"
    assert " where gender=FEMALE and age<65" in told["answers"][0]["question"]
    assert "those where gender=FEMALE and age<65" in "".join(told["methods"])
    whole = one.told("pair", x="ferroptosis", y="nfkb")
    assert whole["title"] == "ferroptosis and nfkb"
    assert whole["pairs"] != told["pairs"]


def test_the_same_conditions_are_one_question(one: Visitor) -> None:
    def how(where: list[str]) -> str:
        return str(one.ask("pair", x="RELA", y="GPX4", where=where).headers["x-answer"])

    assert how(["stage in I,II"]) == "computed"
    assert how(["stage IN Stage I, ii"]) == how(["stage in I,II", "stage in I,II"]) == "kept"
    assert how(["stage in I"]) == how(["stage>I"]) == "computed"


def test_a_scatter_of_chosen_samples_and_of_categories(one: Visitor, engine: Engine) -> None:
    told = one.told(
        "scatter", x="RELA", y="GPX4", type="LIHC", where=["age<65"], adjust="gender,stage"
    )
    answer = engine.values(
        ["RELA", "GPX4"], adjust=["gender", "stage"], where=["age<65"], tumor_types=["LIHC"]
    )
    [expected] = scatters_of(answer.frame, "RELA", "GPX4", answer.fitted).values()
    assert told == json.loads(json.dumps(asdict(expected)))
    assert 0 < len(told["samples"]) < TYPES["LIHC"]


def test_a_category_is_held_fixed_and_not_correlated(one: Visitor, engine: Engine) -> None:
    told = one.told("pair", x="RELA", y="GPX4", adjust="gender,age")
    asked = engine.correlate("RELA", "GPX4", adjust=["gender", "age"], null=())
    assert told == as_told(page_of_answer(asked, ["gender"]))
    assert "(gender, a category, by an indicator" in "".join(told["methods"])
    assert "a category without an order" in one.refused("pair", x="gender", y="GPX4")
    assert one.told("pair", x="stage", y="GPX4")["pairs"]


def test_what_is_offered(one: Visitor, engine: Engine) -> None:
    def offered(typed: str, **options: str) -> list[str]:
        return [found["name"] for found in one.told("names", q=typed, **options)]

    assert "gender" in offered("gender")
    assert "gender" not in offered("gender", of="pair")
    assert "stage" in offered("stage", of="pair")
    assert offered("fer", of="pair") == offered("fer", of="all")
    assert "of is 'some'" in one.refused("names", q="a", of="some")
    names = LiveStore(engine.store).now().names_of("tcga-hiseqv2")
    assert names.categories == {"gender"}
    every = names.completions().find("", 100_000, names.categories)
    covariates = [names.variable(found.name) for found in every if found.kind == "covariate"]
    assert all(isinstance(found, CovariateVariable) for found in covariates)
    assert len(covariates) == len(one.told("store")["covariates"]) - 1
    assert one.told("store")["by"] == [*one.told("store")["covariates"], "sample-type"]


@pytest.mark.parametrize("by", ["gender", "age", "sample-type", "RELA"])
def test_a_pair_by_strata(one: Visitor, engine: Engine, by: str) -> None:
    where = [] if by == "sample-type" else ["age is known"]  # no normal sample has an age
    told = one.told("pair", x="ferroptosis", y="nfkb", by=by, where=where)
    asked = engine.correlate_by("ferroptosis", "nfkb", by, where=where, null=())
    assert told == as_told(page_of_strata(asked))
    assert told["title"].startswith(f"ferroptosis and nfkb by {by}")
    [pair] = told["pairs"]
    assert pair["strata"] == asked.query.strata
    pooled = {row["stratum"]: row["r"] for row in pair["pooled_strata"]}
    assert pooled == {name: one.r for name, one in asked.strata.items()}
    assert ("Tumour samples were compared" in "".join(told["methods"])) == (by == "sample-type")
    [table] = told["tables"]
    differences = asked.frame.filter(level="difference")
    rows = [row for row in table["rows"] if row["tumor_type"] != "POOLED"]
    assert [row["delta_z"] for row in rows] == differences["delta_z"].to_list()
    assert len(table["rows"]) - len(rows) == len(asked.differences)


def test_strata_take_other_settings(one: Visitor, engine: Engine) -> None:
    told = one.told("pair", x="ferroptosis", y="nfkb", by="gender", null="genes", adjust="stage",
                    method="spearman")  # fmt: skip
    asked = engine.correlate_by(
        "ferroptosis", "nfkb", "gender", null=("genes",), adjust=["stage"], method="spearman"
    )
    assert told == as_told(page_of_strata(asked, ["stage"]))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"where": "gender"}, "is no condition on samples"),
        ({"where": "gender=OTHER"}, "gender has no level 'OTHER'. It has FEMALE, MALE"),
        ({"where": "gender<MALE"}, "a category without an order"),
        ({"where": "age<old"}, "age is a number, and 'old' is none"),
        ({"where": "nosuch=1"}, "unknown gene, gene set or covariate 'nosuch'"),
        ({"where": "/etc/passwd=1"}, "unknown gene, gene set or covariate '/etc/passwd'"),
        ({"where": "own.gmt:A>1"}, "unknown gene, gene set or covariate 'own.gmt:A'"),
        ({"where": "RELA,GPX4,nosuch>1"}, "unknown gene, gene set or covariate 'nosuch'"),
        ({"where": "age>1000"}, "none of the tumor samples meets age>1000"),
        ({"where": ["age>1"] * 9}, "'where' is given 9 times. Give up to 8"),
        ({"where": "</script><b>=1"}, "unknown gene, gene set or covariate '</script'"),
        ({"by": "nosuch"}, "unknown gene, gene set or covariate 'nosuch'"),
        ({"by": "../own.txt"}, "unknown gene, gene set or covariate '../own.txt'"),
        ({"by": "RELA"}, "'RELA' is x or y"),
        ({"by": "gender", "adjust": "gender"}, "is adjusted for too"),
        ({"by": "sample-type", "samples": "normal"}, "tumor stands beside normal"),
        ({"by": "gender", "where": "gender=MALE"}, "fewer than two levels"),
        ({"by": ["gender", "age"]}, "'by' is given 2 times"),
    ],
)
def test_what_is_wrong_gets_one_line(one: Visitor, given: dict[str, Any], told: str) -> None:
    assert told in one.refused("pair", x="RELA", y="GPX4", **given)


def test_long_conditions_are_refused_and_none_takes_long(one: Visitor, engine: Engine) -> None:
    assert "too long" in one.refused("pair", 414, x="RELA", y="GPX4", where="age<" + "1" * 400)
    assert "too long" in one.refused("pair", 414, x="RELA", y="GPX4", by="a" * 401)
    snapshot = LiveStore(engine.store).now()
    parameters = {one.name: one.parameters for one in QUESTIONS}["pair"]
    prepare_pair(snapshot, read_parameters([("x", "RELA"), ("y", "GPX4")], parameters))
    worst = ("a" + " " * 398, " " * 399 + "=", "a =" * 133, "not in " * 57, "age in " + "1," * 190)
    for text in worst:
        began = time.perf_counter()
        one.ask("pair", x="RELA", y="GPX4", where=text)
        assert time.perf_counter() - began < 1, text


def test_the_answer_shows_r_with_purity_fixed(tmp_path: Path) -> None:
    """Of a store with a purity of its own, in the rows and in the pooled one."""
    engine = make_store(tmp_path)
    lines = ["sample,purity"]
    for tumor_type, n in TYPES.items():
        names = barcodes(n, site=tumor_type[:2])
        lines += [f"{name},{0.2 + place * 0.7 % 0.7:.3f}" for place, name in enumerate(names)]
    table = tmp_path / "purity.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    engine.load_covariates(table, name="purity")
    with visitor(engine) as someone:
        told = someone.told("pair", x="ferroptosis", y="nfkb")
    expected = engine.correlate("ferroptosis", "nfkb", null=())
    rows = told["pairs"][0]["rows"]
    assert [row["r_purity"] for row in rows] == expected.frame["r_purity"].to_list()
    assert expected.frame["r_purity"].null_count() < len(TYPES)
    assert told["pairs"][0]["pooled"]["r_purity"] == expected.pooled["pearson"].r_purity
    assert "r_purity is r with purity held fixed too" in "".join(told["methods"])
