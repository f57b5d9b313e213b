"""The live page's server: routes, names, errors, kept answers, a store that changes."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import pytest

from tcga_corr.analysis.naming.names import NameResolver
from tcga_corr.engine import Engine, open_store
from tcga_corr.errors import StoreError, TcgaCorrError, UsageError
from tcga_corr.page.answers import page_of_answer
from tcga_corr.page.pairs import scatters_of
from tcga_corr.serve.answers import AnswerCache, Answers, BusyError, GoneError, Limits
from tcga_corr.serve.app import LivePage, Settings
from tcga_corr.serve.asked import Effort, Prepared, as_data, as_json
from tcga_corr.serve.names import VisitorNames
from tcga_corr.serve.parameters import read_parameters
from tcga_corr.serve.questions import completions, prepare_pair
from tcga_corr.serve.routes import LOOK_UPS, QUESTIONS
from tcga_corr.serve.snapshot import LiveStore, Snapshot
from tcga_corr.serve.watch import Watch
from tcga_corr.store.covariate_lookup import Covariates
from tcga_corr.store.index import open_index
from tcga_corr.vocabulary.gene_sets.catalogue import reference_sets, shipped_sets
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet, read_gmt
from tcga_corr.vocabulary.symbols import symbol_table
from tests.serve.live import GENES, PAGE, TYPES, Visitor, load, make_store, visitor


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Read only: shared by the tests of this module."""
    return make_store(tmp_path_factory.mktemp("served"))


@pytest.fixture
def one(engine: Engine) -> Iterator[Visitor]:
    with visitor(engine) as someone:
        yield someone


@pytest.fixture
def copy(engine: Engine, tmp_path: Path) -> Engine:
    shutil.copytree(engine.store.root, tmp_path / "cache")
    return open_store(tmp_path / "cache")


def page_as_json(engine: Engine, x: str, y: str, **options: Any) -> Any:
    answer = engine.correlate(x, y, **{"null": (), **options})
    return json.loads(as_json(as_data(page_of_answer(answer))))


def asked_of(snapshot: Snapshot, question: dict[str, str]) -> bytes:
    parameters = {one.name: one.parameters for one in QUESTIONS}["pair"]
    return (
        prepare_pair(snapshot, read_parameters(question.items(), parameters))
        .as_json()
        .compute(Watch())
    )


def rows_of(told: Any) -> list[dict[str, Any]]:
    """The rows of an answer's pair, of one method."""
    [pair] = told["pairs"]
    rows: list[dict[str, Any]] = pair["rows"]
    return rows


# --- routes


def test_the_page_is_as_it_was_given(one: Visitor) -> None:
    response = one.get("/?x=RELA&y=<script>&unknown=1")
    assert response.text == PAGE
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    plain = one.get("/", headers={"Accept-Encoding": "identity"})
    assert plain.content == PAGE.encode()
    assert "content-encoding" not in plain.headers


def test_the_store_is_described(one: Visitor) -> None:
    told = one.told("store")
    assert told["sources"] == [
        {
            "name": "tcga-hiseqv2",
            "title": told["sources"][0]["title"],
            "tumor_types": list(TYPES),
            "n_samples": sum(TYPES.values()),
            "unit": "log2(norm_count+1)",
            "simulated": False,
        }
    ]
    assert told["default_source"] == "tcga-hiseqv2"
    assert told["covariates"][:4] == ["age", "dose", "RELA_score", "purity"]
    assert told["methods"] == ["pearson", "spearman", "kendall"]
    assert told["samples"] == ["tumor", "normal", "all-tumor"]
    assert set(told) == {
        *("sources", "default_source", "version", "covariates", "methods", "samples", "groups"),
        *("by", "examples"),
    }


def test_a_pair_is_answered_as_by_the_engine(one: Visitor, engine: Engine) -> None:
    assert one.told("pair", x="ferroptosis", y="nfkb") == page_as_json(
        engine, "ferroptosis", "nfkb"
    )
    told = one.told("pair", x="gene:RELA", y="nrf2", method="spearman", adjust="age,dose")
    assert told == page_as_json(
        engine, "gene:RELA", "nrf2", method="spearman", adjust=["age", "dose"]
    )
    asked_again = one.told("pair", x="RELA", y="nfkb", null="sets,genes", samples="")
    assert asked_again == page_as_json(engine, "RELA", "nfkb", null=("genes", "sets"))
    assert any(row["p_genes"] is not None for row in rows_of(asked_again))


@pytest.mark.parametrize("adjust", ["age,dose", ["age", "dose"], ["dose,age", "age"]])
def test_adjust_may_be_repeated_or_listed(one: Visitor, adjust: Any) -> None:
    told = one.told("pair", x="RELA", y="GPX4", adjust=adjust)
    assert [set(row["adjust"].split(",")) for row in rows_of(told)] == [{"age", "dose"}] * 3


def test_a_scatter_has_the_samples_of_one_tumor_type(one: Visitor, engine: Engine) -> None:
    told = one.told(
        "scatter", x="nfkb", y="NRF2", type="lihc", adjust="age", method="kendall", null="genes"
    )
    frame = engine.values(["nfkb", "NFE2L2", "age"], tumor_types=["LIHC"]).frame
    [expected] = scatters_of(frame, "nfkb", "NFE2L2", ["age"]).values()
    assert told == json.loads(json.dumps(asdict(expected)))
    assert len(told["samples"]) == TYPES["LIHC"] - 3
    assert one.told("scatter", x="RELA", y="RELA", type="ACC")["x"]


def test_a_scatter_of_nothing_is_empty(one: Visitor) -> None:
    empty = {"samples": [], "x": [], "y": [], "line": []}
    assert one.told("scatter", x="BRAF", y="RELA", type="ACC") == empty
    assert one.told("scatter", x="RELA", y="GPX4", type="ACC", samples="normal") == empty


def test_a_pair_without_any_r_says_why(one: Visitor) -> None:
    told = one.told("pair", x="BRAF", y="RELA")
    assert all("BRAF: not measured" in row["note"] for row in rows_of(told))
    assert "BRAF: not measured" in json.dumps(told["answers"])


def test_answers_are_zipped_for_who_can_read_it(one: Visitor) -> None:
    address = "/api/v1/pair?x=ferroptosis&y=GPX4"
    zipped, plain = (one.get(address, headers={"Accept-Encoding": how}) for how in ("gzip", "no"))
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["vary"] == "Accept-Encoding"
    assert int(zipped.headers["content-length"]) * 2 < int(plain.headers["content-length"])
    assert zipped.json() == plain.json()
    assert gzip.decompress(gzip.compress(plain.content)) == zipped.content


# --- completion


def completed(one: Visitor, typed: str, **options: str) -> list[str]:
    return [found["name"] for found in one.told("names", q=typed, **options)]


def test_completion_orders_names(one: Visitor) -> None:
    assert completed(one, "")[:2] == ["ferroptosis", "nfkb"]
    assert completed(one, "rela")[:2] == ["RELA", "RELA_score"]
    assert completed(one, "FERR")[0] == "ferroptosis"
    assert completed(one, "ag", limit="1") == ["age"]
    assert completed(one, "hypoxia")[:2] == ["HALLMARK_HYPOXIA", "GO_CELLULAR_RESPONSE_TO_HYPOXIA"]
    found = completed(one, "ferropt", limit="50")
    assert found[0] == "ferroptosis"
    assert all("ferropt" in name.casefold() for name in found)


def test_completion_finds_other_names(one: Visitor) -> None:
    [found] = [f for f in one.told("names", q="nrf2") if f["kind"] == "gene"]
    assert found == {"name": "NFE2L2", "kind": "gene", "about": "another name: NRF2"}
    assert "FAM123B" in completed(one, "AMER1")
    assert completed(one, "nf-kb")[0] == "nfkb"
    assert completed(one, "P65")[0] == "RELA"
    assert completed(one, "nothing goes by this") == []


def test_what_is_offered_can_be_asked(engine: Engine) -> None:
    own = GeneSet("age", "own", ("RELA", "GPX4"), "own.gmt")
    snapshot = LiveStore(engine.store, [own]).now()
    names = snapshot.names_of("tcga-hiseqv2")
    kinds = {"GeneVariable": "gene", "SetVariable": "set", "CovariateVariable": "covariate"}
    offered = names.completions().find("", 100_000)
    assert len(offered) > 1_000
    for one in offered:
        assert kinds[type(names.variable(one.name)).__name__] == one.kind, one
    assert {"set:age", "covariate:age"} <= {one.name for one in offered}


def test_completion_is_fast(simulated: Engine) -> None:
    snapshot = LiveStore(simulated.store).now()
    complete = {one.name: one for one in LOOK_UPS}["names"]

    def completed_of(*items: tuple[str, str]) -> None:
        completions(snapshot, read_parameters(items, complete.parameters))

    completed_of(("q", "a"))
    began = time.perf_counter()
    typed = ("f", "fer", "nrf2", "apop", "no such name at all", "", "_", "e")
    for text in typed:
        completed_of(("q", text), ("limit", "50"))
    assert (time.perf_counter() - began) / len(typed) < 0.01


@pytest.mark.parametrize("limit", ["0", "51", "-1", "x", "1.5", "²"])
def test_a_limit_out_of_range(one: Visitor, limit: str) -> None:
    assert "limit is" in one.refused("names", q="a", limit=limit)


def test_names_mean_what_they_mean_on_the_command_line(engine: Engine) -> None:
    store = engine.store
    tables = [open_index(store, key) for key in store.table_keys()]
    names = VisitorNames(tables, Covariates(store), [])
    resolver = NameResolver(tables, Covariates(store))
    genes = [*GENES[::19], *[gene.symbol for gene in symbol_table()][::9000]]
    aliases = [alias for gene in symbol_table() for alias in gene.aliases][::15000]
    sets = [*list(shipped_sets())[::6], *list(reference_sets())[::150]]
    plain = [*genes, *aliases, *sets, "age", "clinic.age", "NRF2", "p65", "P65", "ODD1", "odd1"]
    texts = [form for name in plain for form in (name, name.lower(), name.upper())]
    texts += [f"{kind}:{name}" for name in plain[::3] for kind in ("gene", "set", "covariate")]
    n_known = 0
    for text in texts:
        try:
            expected = resolver.variable(text)
        except TcgaCorrError:
            with pytest.raises(UsageError):
                names.variable(text)
            continue
        n_known += 1
        found = names.variable(text)
        assert found == expected
        assert getattr(found, "typed", "") == getattr(expected, "typed", "")
    assert n_known > 60


# --- gene sets of whoever runs the server


def test_own_sets_are_known_by_name(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "mine.gmt"
    genes = "\t".join(GENES[:12])
    path.write_text(f"my set, of mine\tby hand\t{genes}\nRELA\t\t{genes}\n", encoding="utf-8")
    sets = list(read_gmt(path).values())
    with visitor(engine, Settings(sets=sets)) as one:
        told = one.told("pair", x="MY SET, of mine", y="RELA_score")
        assert told["pairs"][0]["x"] == "my set, of mine"
        assert "mine.gmt" in json.dumps(told["provenance"])
        assert str(tmp_path) not in json.dumps(told)
        held = one.told("pair", x="GPX4", y="RELA_score", adjust="my set, of mine")
        assert rows_of(held)[0]["adjust"] == "my set, of mine"
        assert completed(one, "my")[0] == "my set, of mine"
        assert "set:RELA or gene:RELA" in one.refused("pair", x="RELA", y="GPX4")
        assert one.told("pair", x="set:RELA", y="gene:RELA")


def test_own_sets_that_could_be_mistaken_are_refused(engine: Engine) -> None:
    genes = ("RELA", "GPX4")
    shipped = GeneSet("Ferroptosis", "", genes, "mine.gmt")
    with pytest.raises(UsageError, match=r"mine\.gmt: another gene set is named 'ferroptosis'"):
        LivePage(engine.store, Settings(sets=[shipped]), PAGE)
    two = [GeneSet("mine", "", genes, "a.gmt"), GeneSet("Mine", "", genes[:1], "b.gmt")]
    with pytest.raises(UsageError, match=r"b\.gmt: another gene set is named 'mine' already, in a"):
        LivePage(engine.store, Settings(sets=two), PAGE)


# --- what cannot be answered


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "'x' is missing"),
        ({"x": "RELA"}, "'y' is missing"),
        ({"x": "RELA", "y": " "}, "'y' is missing"),
        ({"x": "RELA", "y": "ferroptosi"}, "Did you mean ferroptosis"),
        ({"x": "RELA", "y": "gene:NFE2L22"}, "Did you mean NFE2L2"),
        ({"x": "RELA", "y": "set:ferroptosi"}, "Did you mean ferroptosis"),
        ({"x": "RELA", "y": "covariate:agee"}, "unknown gene, gene set or covariate"),
        ({"x": "RELA", "y": "GPX4", "method": "all"}, "method is 'all'"),
        ({"x": "RELA", "y": "GPX4", "method": "kendall", "adjust": "age"}, "no partial Kendall"),
        ({"x": "RELA", "y": "GPX4", "samples": "some"}, "samples is 'some'"),
        ({"x": "RELA", "y": "GPX4", "ties": "gsva"}, "unknown parameter 'ties'"),
        ({"x": "RELA", "y": "GPX4", "types": "ACC"}, "unknown parameter 'types'"),
        ({"x": "RELA", "y": "GPX4", "null": "some"}, "null is 'some'"),
        ({"x": "RELA", "y": "GPX4", "null": "none,genes"}, "Give none alone"),
        ({"x": "RELA", "y": "GPX4", "null": "genes", "pooled": "no"}, "unknown parameter 'pooled'"),
        ({"x": "RELA", "y": "GPX4", "source": "toil"}, "no source 'toil'"),
        ({"x": "RELA", "y": "GPX4", "adjust": "RELA"}, "cannot be adjusted for"),
        ({"x": "RELA", "y": "GPX4", "adjust": ",".join(GENES[:9])}, "Give up to 8"),
        ({"x": "RELA", "y": "GPX4", "draws": "1"}, "unknown parameter 'draws'"),
        ({"x": ["RELA", "RELB"], "y": "GPX4"}, "'x' is given 2 times"),
    ],
)
def test_a_wrong_pair_gets_one_line(one: Visitor, given: dict[str, Any], told: str) -> None:
    assert told in one.refused("pair", **given)


def test_a_wrong_scatter_gets_one_line(one: Visitor) -> None:
    assert "'type' is missing" in one.refused("scatter", x="RELA", y="GPX4")
    for given, told in (
        ("ACC,LIHC", "unknown tumor type"),
        ("LUNG", "union"),
        ("BRCA", "BRCA: not"),
    ):
        assert told in one.refused("scatter", x="RELA", y="GPX4", type=given)
    assert "cannot be adjusted" in one.refused(
        "scatter", x="RELA", y="age", type="ACC", adjust="age"
    )


def test_two_variables_of_one_name_have_no_scatter(engine: Engine) -> None:
    sets = [GeneSet("age", "", tuple(GENES[:9]), "mine.gmt")]
    with visitor(engine, Settings(sets=sets)) as one:
        assert "one name" in one.refused("scatter", x="set:age", y="covariate:age", type="ACC")
        assert one.told("pair", x="set:age", y="covariate:age")["pairs"]


def test_parameters_that_are_too_long(one: Visitor) -> None:
    assert "too long" in one.refused("pair", 414, x="R" * 2001, y="GPX4")
    assert "too long" in one.refused("names", 414, q="R" * 10_000)
    assert "too long" in one.refused("pair", 414, **{"x" * 401: "1"})
    assert "too long" in one.refused("pair", 414, x="RELA", y="GPX4", adjust=["a"] * 101)
    assert "unknown" in one.refused("pair", x="R" * 400, y="GPX4")


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1/pair/", "/nothing", "/api/../store"])
def test_an_unknown_address(one: Visitor, path: str) -> None:
    response = one.get(path)
    assert response.status_code == 404
    assert response.json() == {"error": "there is nothing at this address"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE"])
def test_only_get_is_answered(one: Visitor, method: str) -> None:
    for path in ("/", "/api/v1/pair", "/nothing"):
        response = one.run(one.client.request(method, path))
        assert response.status_code == 405
        assert response.headers["allow"] == "GET"


def test_an_empty_store_says_so(tmp_path: Path) -> None:
    with visitor(open_store(tmp_path / "none")) as one:
        told = one.told("store")
        assert (told["sources"], told["default_source"]) == ([], None)
        for what, given in (("pair", {"x": "RELA", "y": "GPX4"}), ("names", {"q": "a"})):
            said = one.refused(what, **given)
            assert "the store is empty" in said
            assert str(tmp_path) not in said


@pytest.mark.parametrize(
    "wrong",
    [
        RuntimeError("/secret/place SELECT * FROM tables"),
        StoreError("/secret/place: damaged"),
        MemoryError(),
        UsageError("{root}/expression: a path"),
    ],
    ids=lambda wrong: type(wrong).__name__,
)
def test_what_goes_wrong_here_is_told_to_the_log_alone(
    one: Visitor,
    engine: Engine,
    wrong: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if isinstance(wrong, UsageError):
        wrong = UsageError(wrong.what.format(root=engine.store.root.absolute()))

    def fail(*_: Any, **__: Any) -> None:
        raise wrong

    monkeypatch.setattr(Snapshot, "correlate_in_steps", fail)
    with caplog.at_level(logging.ERROR):
        assert one.refused("pair", 500, x="RELA", y="ODD1") == "internal error"
    assert "/api/v1/pair" in caplog.text
    assert type(wrong).__name__ in caplog.text


def test_a_damaged_table_is_no_matter_of_who_asks(
    copy: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    [key, *_] = copy.store.table_keys()
    shutil.rmtree(copy.store.index_folder(key))
    copy.store.table_path(key).write_bytes(b"no table")
    with visitor(copy) as one:
        assert one.told("store")["sources"][0]["tumor_types"] == ["LIHC", "UVM"]
        assert one.refused("pair", 500, x="RELA", y="GPX4") == "internal error"
    assert "ACC" in caplog.text


# --- kept answers


def how(response: httpx.Response) -> str:
    return str(response.headers["x-answer"])


def test_an_answer_is_kept_for_the_same_question(one: Visitor) -> None:
    first = one.ask("pair", x="RELA", y="nfkb", adjust="")
    assert how(first) == "computed"
    same = one.ask("pair", y="nfkb", x="RELA", method="pearson", null="none", samples="tumor")
    assert (how(same), same.content) == ("kept", first.content)
    for other in ({"x": "p65"}, {"method": "spearman"}, {"adjust": "age"}):
        assert how(one.ask("pair", **{"x": "RELA", "y": "nfkb", **other})) == "computed", other


def test_the_oldest_answers_give_way() -> None:
    kept = AnswerCache(3 * 1024 + 30)
    for number in range(3):
        kept.put(number, b"1234567890")
    assert kept.get(0)
    kept.put(3, b"1234567890")
    assert [kept.get(number) is not None for number in range(4)] == [True, False, True, True]
    kept.put("large", b" " * 4000)
    assert kept.get("large") is None
    assert kept.size <= 3 * 1024 + 30
    kept.put(3, b"other")
    assert kept.get(3) == b"1234567890"


async def _here() -> None:
    await asyncio.Event().wait()


class Slow:
    """A question whose answer waits until it is let go."""

    def __init__(self, key: str, effort: Effort = "usual") -> None:
        self.go, self.begun, self.n = threading.Event(), threading.Event(), 0
        self.prepared = Prepared(key, self.compute, effort)

    def compute(self, _: Watch) -> bytes:
        self.n += 1
        self.begun.set()
        assert self.go.wait(10)
        return str(self.prepared.key).encode()


def run_answers(limits: Limits, what: Callable[[Answers], Any]) -> None:
    async def whole() -> None:
        answers = Answers(limits)
        try:
            await asyncio.wait_for(what(answers), 10)
        finally:
            answers.close()

    asyncio.run(whole())


async def begun(slow: Slow) -> None:
    while not slow.begun.is_set():
        await asyncio.sleep(0.001)


def test_a_question_in_flight_is_computed_once() -> None:
    async def many(answers: Answers) -> None:
        slow = Slow("one")
        asking = [asyncio.create_task(answers.answer(slow.prepared, _here)) for _ in range(20)]
        await begun(slow)
        slow.go.set()
        found = await asyncio.gather(*asking)
        assert slow.n == 1
        assert {answer for answer, _ in found} == {b"one"}
        assert sorted(way for _, way in found) == ["computed", *["shared"] * 19]
        assert await answers.answer(slow.prepared, _here) == (b"one", "kept")

    run_answers(Limits(), many)


def test_an_error_is_everybodys_and_not_kept() -> None:
    async def many(answers: Answers) -> None:
        n = 0

        def fail(_: Watch) -> bytes:
            nonlocal n
            n += 1
            time.sleep(0.05)
            raise UsageError("no")

        question = Prepared("one", fail)
        asking = (answers.answer(question, _here) for _ in range(5))
        found = await asyncio.gather(*asking, return_exceptions=True)
        assert [str(one) for one in found] == ["no."] * 5
        assert n == 1
        with pytest.raises(UsageError):
            await answers.answer(question, _here)
        assert n == 2

    run_answers(Limits(), many)


def test_too_many_questions_at_a_time_are_refused() -> None:
    async def many(answers: Answers) -> None:
        slow = [Slow(str(number)) for number in range(4)]
        asking = [asyncio.create_task(answers.answer(one.prepared, _here)) for one in slow[:3]]
        await asyncio.gather(*(begun(one) for one in slow[:2]))
        with pytest.raises(BusyError):
            await answers.answer(slow[3].prepared, _here)
        for one in slow:
            one.go.set()
        assert [answer for answer, _ in await asyncio.gather(*asking)] == [b"0", b"1", b"2"]
        assert (await answers.answer(slow[3].prepared, _here))[0] == b"3"

    run_answers(Limits(waiting=3), many)


def test_one_long_question_at_a_time_and_few_wait_for_it() -> None:
    async def many(answers: Answers) -> None:
        first, second, third = (Slow(str(number), effort="large") for number in range(3))
        asking = [
            asyncio.create_task(answers.answer(one.prepared, _here)) for one in (first, second)
        ]
        await begun(first)
        short = Prepared("short", lambda _: b"short")
        assert (await answers.answer(short, _here))[0] == b"short"
        with pytest.raises(BusyError) as busy:
            await answers.answer(third.prepared, _here)
        assert busy.value.seconds == 10
        assert not second.begun.is_set()
        for one in (first, second, third):
            one.go.set()
        assert [answer for answer, _ in await asyncio.gather(*asking)] == [b"0", b"1"]
        assert (await answers.answer(third.prepared, _here))[0] == b"2"

    run_answers(Limits(large_waiting=1), many)


def test_what_nobody_waits_for_is_not_begun() -> None:
    async def many(answers: Answers) -> None:
        left = asyncio.Event()

        async def leaves() -> None:
            await left.wait()

        first, second = (Slow(str(number), effort="large") for number in range(2))
        stays = asyncio.create_task(answers.answer(first.prepared, _here))
        await begun(first)
        goes = asyncio.create_task(answers.answer(second.prepared, leaves))
        await asyncio.sleep(0.01)
        left.set()
        with pytest.raises(GoneError):
            await goes
        again = asyncio.create_task(answers.answer(second.prepared, _here))
        await asyncio.sleep(0.01)
        first.go.set()
        second.go.set()
        assert (await stays)[0] == b"0"
        assert (await again)[0] == b"1"
        assert second.n == 1
        assert not answers.is_computing

    run_answers(Limits(), many)


def test_who_waits_when_the_server_stops_is_told() -> None:
    async def many(answers: Answers) -> None:
        quick, slow = Slow("quick"), Slow("slow", "large")
        asking = [asyncio.create_task(answers.answer(one.prepared, _here)) for one in (quick, slow)]
        await asyncio.gather(begun(quick), begun(slow))
        threading.Timer(0.02, quick.go.set).start()
        await answers.stop(0.2)
        found = await asyncio.gather(*asking, return_exceptions=True)
        assert found[0] == (b"quick", "computed")
        assert isinstance(found[1], GoneError)
        assert answers.is_computing
        with pytest.raises(GoneError):
            await answers.answer(quick.prepared, _here)
        slow.go.set()

    run_answers(Limits(), many)


def test_a_thread_at_work_is_known_when_the_event_loop_has_ended() -> None:
    slow, answers = Slow("slow", "large"), Answers(Limits())

    async def leave() -> None:
        asking = asyncio.create_task(answers.answer(slow.prepared, _here))
        await begun(slow)
        await answers.stop(0)
        with pytest.raises(GoneError):
            await asking

    asyncio.run(leave())
    answers.close()
    assert answers.is_computing
    slow.go.set()
    answers._large.shutdown()
    assert not answers.is_computing


def test_a_busy_server_says_when_to_ask_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()
    correlate = Snapshot.correlate_in_steps

    def slow(*given: Any, **options: Any) -> Any:
        begun.set()
        assert go.wait(10)
        return correlate(*given, **options)

    monkeypatch.setattr(Snapshot, "correlate_in_steps", slow)
    settings = Settings(limits=Limits(large_waiting=0))
    with visitor(engine, settings) as one:

        async def two() -> tuple[httpx.Response, httpx.Response]:
            address = "/api/v1/pair?x=RELA&y=nfkb&null=genes&method="
            first = asyncio.create_task(one.client.get(address))
            assert await asyncio.to_thread(begun.wait, 10)
            second = await one.client.get(f"{address}spearman")
            go.set()
            return await first, second

        first, second = one.run(two())
        assert (first.status_code, second.status_code) == (200, 503)
        assert second.headers["retry-after"] == "10"
        assert "ask again in 10 s" in second.json()["error"]


# --- threads


@pytest.mark.slow
def test_threads_get_the_answers_of_one(engine: Engine) -> None:
    variables = [*GENES[:60:4], "ferroptosis", "nfkb", "age", "dose", "nrf2"]
    questions = [
        {"x": x, "y": y, "method": method, "adjust": adjust}
        for number, x in enumerate(variables)
        for y in variables[number + 1 :: 7]
        for method, adjust in (("pearson", ""), ("spearman", "RELB"))
        if "nfkb" not in (x, y) or not adjust
    ]
    serial = LiveStore(engine.store).now()
    expected = [asked_of(serial, question) for question in questions]
    snapshot = LiveStore(engine.store).now()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda query: asked_of(snapshot, query), questions))
    finally:
        sys.setswitchinterval(interval)
    assert found == expected
    assert len(questions) > 60


def test_many_visitors_at_a_time(engine: Engine) -> None:
    with visitor(engine) as one:
        addresses = [f"/api/v1/pair?x={x}&y=nfkb" for x in GENES[:10]]
        addresses += [f"/api/v1/scatter?x={x}&y=nfkb&type=ACC" for x in GENES[:10]]

        async def all_of(addresses: list[str]) -> list[httpx.Response]:
            return await asyncio.gather(*map(one.client.get, addresses))

        found = one.run(all_of(addresses * 3))
        assert {response.status_code for response in found} == {200}
        contents = {response.url.raw_path: response.content for response in found}
        assert all(response.content == contents[response.url.raw_path] for response in found)
        assert [how(response) for response in found].count("computed") == len(addresses)


# --- a store that changes


def test_answers_are_those_of_the_store_as_it_stands(copy: Engine, tmp_path: Path) -> None:
    asked_of = {"x": "RELA", "y": "GPX4"}
    with visitor(copy) as one:
        before = one.told("pair", **asked_of)
        other = one.ask("scatter", x="RELA", y="GPX4", type="UVM")
        scatter = one.told("scatter", x="RELA", y="GPX4", type="ACC")
        load(copy, tmp_path, "ACC", seed=77)
        after = one.told("pair", **asked_of)
        assert after != before
        assert after == page_as_json(copy, "RELA", "GPX4")
        assert one.told("scatter", x="RELA", y="GPX4", type="ACC") != scatter
        same = one.ask("scatter", x="RELA", y="GPX4", type="UVM")
        assert (how(same), same.content) == ("kept", other.content)
        copy.remove("tcga-hiseqv2", ["ACC"])
        assert "ACC: not loaded" in one.refused("scatter", x="RELA", y="GPX4", type="ACC")
        assert one.told("store")["sources"][0]["tumor_types"] == ["LIHC", "UVM"]
        load(copy, tmp_path, "ACC", seed=0)
        again = one.ask("pair", **asked_of)
        assert (how(again), again.json()) == ("kept", before)


def test_covariates_that_change_change_the_answer(copy: Engine, tmp_path: Path) -> None:
    with visitor(copy) as one:
        before = one.told("pair", x="RELA", y="dose")
        table = tmp_path / "clinic.csv"
        lines = ["sample,dose,new_one"]
        samples = [sample.sample for key in copy.store.table_keys() for sample in
                   open_index(copy.store, key).metadata.samples]  # fmt: skip
        lines += [f"{sample},{number % 7},{number}" for number, sample in enumerate(samples)]
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
        copy.load_covariates(table)
        assert one.told("pair", x="RELA", y="dose") != before
        assert one.told("store")["covariates"][:3] == ["dose", "new_one", "purity"]
        assert completed(one, "new") == ["new_one"]
        assert "unknown" in one.refused("pair", x="RELA", y="age")
        other = tmp_path / "later.csv"
        other.write_text(table.read_text(encoding="utf-8").replace("new_one", "newest"), "utf-8")
        assert "unknown" in one.refused("pair", x="RELA", y="newest")
        copy.load_covariates(other)
        assert completed(one, "newe") == ["newest"]
        assert one.told("pair", x="RELA", y="newest")["pairs"][0]["y"] == "newest"
        copy.remove_covariates("later")
        copy.remove_covariates("clinic")
        assert "unknown" in one.refused("pair", x="RELA", y="dose")


def test_a_second_source_is_asked_by_name(copy: Engine, tmp_path: Path) -> None:
    from tcga_corr.loading.plan import LoadOptions

    with visitor(copy) as one:
        path = tmp_path / "TCGA.UVM.sampleMap" / "HiSeqV2"
        load(copy, tmp_path, "UVM", seed=5)
        assert not copy.load([path], LoadOptions(source="mine")).errors
        told = one.told("store")
        assert [source["name"] for source in told["sources"]] == ["mine", "tcga-hiseqv2"]
        assert told["default_source"] == "tcga-hiseqv2"
        [row] = rows_of(one.told("pair", x="RELA", y="GPX4", source="mine"))
        assert (row["source"], row["tumor_type"]) == ("mine", "UVM")
        assert len(rows_of(one.told("pair", x="RELA", y="GPX4"))) == 3
        assert completed(one, "rela", source="mine")[0] == "RELA"
        assert "no source 'x'" in one.refused("names", q="a", source="x")
