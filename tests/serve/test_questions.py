"""Questions of the API beyond pairs: near names, lists, tumour against normal, events, figures."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tcga_corr.analysis.threads import in_threads, reported
from tcga_corr.engine import Engine
from tcga_corr.errors import UsageError
from tcga_corr.progress import Progress
from tcga_corr.serve.answers import Answers, BusyError, GoneError, Limits
from tcga_corr.serve.app import Settings
from tcga_corr.serve.asked import Prepared
from tcga_corr.serve.openapi import description
from tcga_corr.serve.snapshot import Snapshot
from tcga_corr.serve.watch import AbandonedError, State, Watch
from tests.conftest import barcodes, write_table
from tests.serve.live import GENES, OTHERS, TYPES, Visitor, make_store, visitor
from tests.serve.test_openapi import faults


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return make_store(tmp_path_factory.mktemp("asked"))


@pytest.fixture
def one(engine: Engine) -> Iterator[Visitor]:
    with visitor(engine) as someone:
        yield someone


@pytest.fixture(scope="module")
def with_normal(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Engine:
    """A store whose LIHC has normal samples too, in which GPX4 is higher."""
    import numpy as np

    folder = tmp_path_factory.mktemp("normal")
    found = make_store(folder)
    rng = np.random.default_rng(3)
    names = [*barcodes(20, site="LI"), *barcodes(12, code="11", site="LI")]
    genes = [*GENES, *OTHERS]
    values = np.round(rng.uniform(0, 8, (len(genes), len(names))), 2)
    values[genes.index("GPX4"), 20:] += 8
    path = folder / "TCGA.LIHC.sampleMap" / "HiSeqV2"
    write_table(path, names, zip(genes, values.tolist(), strict=True))
    assert not found.load([path]).errors
    return found


# --- near names


def test_near_names_are_a_list(one: Visitor) -> None:
    assert one.told("near", q="ferroptosi")["near"][0] == "ferroptosis"
    assert one.told("near", q="PGX4") == {"name": "PGX4", "near": ["GPX4"]}
    assert one.told("near", q="hypoxia")["near"] == ["HALLMARK_HYPOXIA"]
    assert one.told("near", q="clinc.age")["near"] == []
    assert one.told("near", q="dosee")["near"] == ["dose"]
    assert one.told("near", q="</script>")["near"] == []


@pytest.mark.parametrize(
    ("what", "asked", "name"),
    [
        ("pair", {"x": "ferroptosi", "y": "RELA"}, "ferroptosi"),
        ("pair", {"x": "RELA", "y": "GPX4", "adjust": "age,dosee"}, "dosee"),
        ("pair", {"x": "RELA,GPX44,NFE2L2", "y": "age"}, "GPX44"),
        ("many", {"x": "RELA", "against": "GPX4,NFE2L22"}, "NFE2L22"),
        ("compare", {"variables": ["RELA", "GPX44"]}, "GPX44"),
    ],
)
def test_an_unknown_name_is_refused_with_near_ones(
    one: Visitor, what: str, asked: dict[str, Any], name: str
) -> None:
    refused = one.ask(what, **asked)
    assert refused.status_code == 400
    told = refused.json()
    assert told["name"] == name
    assert 1 <= len(told["near"]) <= 3
    assert f"unknown gene, gene set or covariate '{name}'. Did you mean" in told["error"]


# --- lists


def test_genes_between_commas_are_a_set(one: Visitor, engine: Engine) -> None:
    listed = ",".join(GENES[:6])
    told = one.told("pair", x=listed, y="age")
    expected = engine.correlate(listed, "age", null=())
    assert [row["r"] for row in told["pairs"][0]["rows"]] == expected.frame["r"].to_list()
    assert one.told("scatter", x=listed, y="age", type="LIHC")["x"]


def test_many_are_as_the_screen_of_each_tumor_type(one: Visitor, engine: Engine) -> None:
    names = ["GPX4", "RELA", "nfkb"]
    told = one.told("many", x="ferroptosis", against=",".join(names), null="genes", adjust="age")
    options: dict[str, Any] = {"null": ("genes",), "adjust": ["age"]}
    of_types = engine.screen("ferroptosis", names, by_tumor_type=True, **options).frame
    of_all = engine.screen("ferroptosis", names, **options).frame
    assert [pair["y"] for pair in told["pairs"]] == names
    for pair in told["pairs"]:
        own = of_types.filter(of_types["y"] == pair["y"])
        for column in ("tumor_type", "r", "q", "p_genes", "q_genes", "r_disjoint", "n"):
            assert [row[column] for row in pair["rows"]] == own[column].to_list(), column
        [row] = of_all.filter(of_all["y"] == pair["y"]).to_dicts()
        for column in ("r", "ci_low", "p_genes", "n_types", "i2", "r_disjoint"):
            assert pair["pooled"][column] == row[column], column
    axes = {pair["y"]: pair["y_axis"] for pair in told["pairs"]}
    assert axes["nfkb"].startswith("nfkb, ssGSEA score")
    assert axes["GPX4"].startswith("GPX4, log2")


def test_commas_and_repeats_of_many(one: Visitor) -> None:
    listed = ",".join(GENES[6:12])
    several = one.told("many", x="RELA", against=[listed, "GPX4"])
    assert [pair["id"] for pair in several["pairs"]] == [listed, "GPX4"]
    each = one.told("many", x="RELA", against=listed)
    assert [pair["y"] for pair in each["pairs"]] == GENES[6:12]
    hallmark = one.told("many", x="RELA", against="hallmark")
    assert all(pair["id"].startswith("set:HALLMARK_") for pair in hallmark["pairs"])
    # what names a pair is what its samples are asked by
    first = several["pairs"][0]
    assert one.told("scatter", x="RELA", y=first["id"], type="LIHC")["y"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"x": "RELA"}, "'against' is missing"),
        ({"x": "RELA", "against": "RELA"}, "there are 0 others than x"),
        ({"x": "RELA", "against": ",".join(OTHERS[:61])}, "there are 61 others than x"),
        ({"x": "RELA", "against": ["GPX4"] * 61}, "'against' is given 61 times"),
        ({"x": "RELA", "against": "age,GPX4"}, "'age' is a covariate"),
        ({"x": "RELA", "against": "own.gmt,GPX4"}, "unknown gene, gene set or covariate 'own.gmt'"),
        ({"x": "RELA", "against": "/etc/passwd"}, "unknown gene, gene set or covariate"),
        ({"x": "RELA", "against": "reference"}, "unknown gene, gene set or covariate 'reference'"),
        ({"x": "RELA", "against": "GPX4", "method": "kendall"}, "method is 'kendall'"),
        ({"x": "RELA", "against": "GPX4", "by": "age"}, "unknown parameter 'by'"),
    ],
)
def test_wrong_lists_get_one_line(one: Visitor, asked: dict[str, Any], told: str) -> None:
    assert told in one.refused("many", **asked)


# --- tumour against normal


def test_tumour_against_normal(with_normal: Engine) -> None:
    with visitor(with_normal) as one:
        told = one.told("compare", variables=["GPX4", "RELA"], null="genes")
    answer = with_normal.compare(["GPX4", "RELA"], null="genes")
    shared = description()["components"]["schemas"]
    assert faults(told, {"$ref": "/Page"}, shared) == []
    first, second = told["boxes"]
    assert (first["variable"], second["variable"]) == ("GPX4", "RELA")
    [box] = [
        one for one in first["boxes"] if (one["tumor_type"], one["group"]) == ("LIHC", "normal")
    ]
    values = sorted(answer.values["LIHC", "GPX4"]["normal"].tolist())
    assert box["n"] == len(values) == 12
    assert box["median"] == pytest.approx((values[5] + values[6]) / 2)
    assert values[0] <= box["low"] <= box["q1"] <= box["median"] <= box["q3"] <= box["high"]
    [test] = [row for row in first["tests"] if row["tumor_type"] == "LIHC"]
    [row] = answer.frame.filter(
        (answer.frame["variable"] == "GPX4")
        & (answer.frame["test"] == "mann-whitney")
        & (answer.frame["tumor_type"] == "LIHC")
    ).to_dicts()
    assert (test["p"], test["q"], test["p_genes"]) == (row["p"], row["q"], row["p_genes"])
    assert "It is lower in tumor samples in 1 of 1 tumor types" in told["answers"][0]["answer"]
    empty = [
        one for one in first["boxes"] if one["tumor_type"] == "UVM" and one["group"] == "normal"
    ]
    assert [(one["n"], one["median"]) for one in empty] == [(0, None)]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "'variables' is missing"),
        ({"variables": ["RELA"] * 7}, "'variables' is given 7 times"),
        ({"variables": "RELA", "by": "age"}, "by is 'age'"),
        ({"variables": "RELA", "by": "groups.tsv"}, "by is 'groups.tsv'"),
        ({"variables": "RELA", "null": "sets"}, "null is 'sets'"),
        ({"variables": "RELA", "samples": "normal"}, "unknown parameter 'samples'"),
        ({"variables": "RELA"}, "no tumor type has groups to compare"),
    ],
)
def test_wrong_comparisons_get_one_line(one: Visitor, asked: dict[str, Any], told: str) -> None:
    assert told in one.refused("compare", **asked)


# --- figures


def test_figures_are_pdf(one: Visitor, with_normal: Engine) -> None:
    pair = one.ask("pair.pdf", x="RELA", y="GPX4")
    assert pair.headers["content-type"] == "application/pdf"
    assert pair.content.startswith(b"%PDF")
    assert one.ask("pair.pdf", x="RELA", y="GPX4").content == pair.content
    assert one.ask("many.pdf", x="RELA", against="GPX4,nfkb").content.startswith(b"%PDF")
    assert "'y' is missing" in one.refused("pair.pdf", x="RELA")
    with visitor(with_normal) as other:
        assert other.ask("compare.pdf", variables="GPX4").content.startswith(b"%PDF")


def test_a_figure_does_not_compute_its_answer_again(
    one: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"x": "RELA", "y": "ODD1", "null": "genes"}
    assert one.told("pair", **asked)["pairs"]

    def fail(*_: Any, **__: Any) -> None:
        raise UsageError("computed again")

    monkeypatch.setattr(Snapshot, "correlate_in_steps", fail)
    assert one.ask("pair.pdf", **asked).content.startswith(b"%PDF")
    assert "computed again" in one.refused("pair.pdf", **{**asked, "null": "none"})


# --- examples


def test_examples_can_be_answered(one: Visitor) -> None:
    examples = one.told("store")["examples"]
    assert examples[0]["parameters"] == {"x": "ferroptosis", "y": "nfkb"}
    assert len(examples) >= 2
    for each in examples:
        told = one.told({"two": "pair"}.get(each["mode"], each["mode"]), **each["parameters"])
        rows = [row for pair in told["pairs"] for row in pair["rows"]]
        assert any(row["r"] is not None for row in rows), each


# --- events


def events_of(text: str) -> list[tuple[str, Any]]:
    parts = [part.split("\n") for part in text.split("\n\n") if part]
    return [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for name, data in parts
    ]


def test_an_answer_is_followed(one: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    in_steps = Snapshot.correlate_in_steps

    def slow(*given: Any, **options: Any) -> Iterator[Any]:
        for answer in in_steps(*given, **options):
            yield answer
            time.sleep(0.5)  # more than from one look at the state to the next

    monkeypatch.setattr(Snapshot, "correlate_in_steps", slow)
    asked = {"x": "ferroptosis", "y": "ODD1", "null": "genes,sets"}
    response = one.ask("pair/events", **asked)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    events = events_of(response.text)
    names = [name for name, _ in events]
    assert names[-1] == "end"
    stages = [data["stage"] for name, data in events if name == "progress"]
    assert list(dict.fromkeys(stages)) == ["tumor types", "pooled"]
    assert max(data["done"] for name, data in events if name == "progress") == len(TYPES)
    first, *_, last = [data for name, data in events if name == "answer"]
    assert first["pairs"][0]["rows"] == last["pairs"][0]["rows"]
    assert first["pairs"][0]["pooled"]["p_genes"] is None
    assert last == one.told("pair", **asked)
    kept = events_of(one.ask("pair/events", **asked).text)
    assert [name for name, _ in kept] == ["answer", "end"]


def test_events_that_fail_say_so(one: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "'y' is missing" in one.refused("pair/events", x="RELA")

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("/secret/place")

    monkeypatch.setattr(Snapshot, "correlate_in_steps", fail)
    events = events_of(one.ask("pair/events", x="RELA", y="OTHER001", null="genes").text)
    assert events[-1] == ("error", {"error": "internal error"})


def test_a_busy_server_refuses_events_before_they_begin(engine: Engine) -> None:
    with visitor(engine, Settings(limits=Limits(waiting=0))) as one:
        assert "too much is asked" in one.refused("pair/events", 503, x="RELA", y="nfkb")


class Counted:
    """A question over tumor types, each of which waits until it may go on."""

    def __init__(self, count: int = 6) -> None:
        self.count, self.done, self.go = count, 0, threading.Semaphore(0)
        self.begun, self.ended = threading.Event(), threading.Event()

    def compute(self, watch: Watch) -> bytes:
        def one(_: int) -> None:
            self.begun.set()
            assert self.go.acquire(timeout=10)
            self.done += 1

        try:
            watch.step("tumor types")
            with reported(watch):
                in_threads(one, list(range(self.count)))
        finally:
            self.ended.set()
        return b"whole"


def run(what: Any, limits: Limits | None = None) -> None:
    async def whole() -> None:
        answers = Answers(limits or Limits())
        try:
            await asyncio.wait_for(what(answers), 10)
        finally:
            answers.close()

    asyncio.run(whole())


async def until_set(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 10)


def test_states_tell_how_many_tumor_types_are_done() -> None:
    async def follow(answers: Answers) -> None:
        counted = Counted()
        seen: list[State] = []
        async for state in answers.follow(Prepared("one", counted.compute, "large")):
            seen.append(state)
            counted.go.release()
        assert seen[-1].answer == b"whole"
        done = [state.done for state in seen[:-1]]
        assert done == sorted(done)
        assert {state.total for state in seen if state.stage} >= {counted.count}

    run(follow)


def test_who_leaves_ends_the_computation_and_frees_its_place() -> None:
    async def leave(answers: Answers) -> None:
        counted, other = Counted(50), Counted(2)
        states = answers.follow(Prepared("one", counted.compute, "large"))
        await anext(states)
        await until_set(counted.begun)
        await states.aclose()
        assert answers.is_computing  # until the tumor types that have begun are done
        for _ in range(4):
            counted.go.release()
        await until_set(counted.ended)
        assert counted.done <= 4
        other.go.release(2)
        found = answers.follow(Prepared("two", other.compute, "large"))
        assert [state async for state in found][-1].answer == b"whole"
        # who asks for the first again has it begun anew
        again = Counted(1)
        again.go.release()
        found = answers.follow(Prepared("one", again.compute, "large"))
        assert [state async for state in found][-1].answer == b"whole"

    run(leave)


def test_one_who_leaves_does_not_end_it_for_another() -> None:
    async def two(answers: Answers) -> None:
        counted = Counted(5)
        question = Prepared("one", counted.compute, "large")
        first, second = answers.follow(question), answers.follow(question)
        await anext(first)
        await anext(second)
        await first.aclose()
        counted.go.release(5)
        assert [state async for state in second][-1].answer == b"whole"
        assert counted.done == 5

    run(two)


def test_who_follows_when_the_server_stops_is_told() -> None:
    async def stop(answers: Answers) -> None:
        counted = Counted()
        states = answers.follow(Prepared("one", counted.compute, "large"))
        await anext(states)
        await answers.stop(0)
        with pytest.raises(GoneError):
            async for _ in states:
                pass
        counted.go.release(6)
        await until_set(counted.ended)
        with pytest.raises(GoneError):
            await anext(answers.follow(Prepared("two", counted.compute)))

    run(stop)


def test_too_many_who_follow_are_refused() -> None:
    async def many(answers: Answers) -> None:
        counted = Counted()
        first = answers.follow(Prepared("one", counted.compute, "large"))
        await anext(first)
        with pytest.raises(BusyError):
            await anext(answers.follow(Prepared("two", counted.compute, "large")))
        counted.go.release(6)
        await first.aclose()

    run(many, Limits(large_waiting=0))


def test_a_watch_that_is_abandoned_ends_a_round() -> None:
    watch, done = Watch(), []

    def one(number: int) -> None:
        done.append(number)
        watch.abandon()

    with pytest.raises(AbandonedError), reported(watch):
        in_threads(one, list(range(100)))
    assert len(done) < 100
    assert in_threads(lambda number: number + 1, [1, 2]) == [2, 3]  # others are not watched


def test_rounds_are_reported() -> None:
    class Counting(Progress):
        def __init__(self) -> None:
            self.totals: list[int | None] = []
            self.done = 0

        def begin(self, total: int | None, done: int = 0, effort: float | None = None) -> None:
            self.totals.append(total)

        def advance(self, count: int = 1, effort: float | None = None) -> None:
            self.done += count

    counting = Counting()
    with reported(counting):
        assert in_threads(lambda one, other: one + other, [1], [2]) == [3]
        assert in_threads(lambda one: -one, [1, 2, 3]) == [-1, -2, -3]
    assert (counting.totals, counting.done) == ([1, 3], 4)


def test_no_path_is_in_an_answer(one: Visitor, engine: Engine) -> None:
    root = str(Path(engine.store.root).absolute())
    for what, asked in (("many", {"x": "RELA", "against": "GPX4"}), ("store", {})):
        assert root not in one.ask(what, **asked).text
