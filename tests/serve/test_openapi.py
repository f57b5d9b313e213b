"""The API's description: of every route and parameter, and true of the answers."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tcga_corr.engine import Engine
from tcga_corr.serve.openapi import description
from tcga_corr.serve.parameters import Parameter
from tcga_corr.serve.routes import LOOK_UPS, QUESTIONS, ROOT
from tests.serve.live import TYPES, Visitor, make_store, visitor
from tests.serve.test_access import process

PAIR = {"x": "ferroptosis", "y": "nfkb"}
ASKED: dict[str, list[dict[str, Any]]] = {
    "store": [{}],
    "names": [{"q": "rel"}, {"q": "ag", "of": "pair", "limit": "3"}],
    "near": [{"q": "ferroptosi"}, {"q": "nothing is like this"}],
    "pair": [PAIR, {**PAIR, "null": "genes,sets", "adjust": "age"}, {**PAIR, "by": "dose"}],
    "many": [
        {"x": "ferroptosis", "against": "RELA,GPX4,nfkb"},
        {"x": "RELA", "against": ["GPX4", "nfkb"], "null": "genes"},
    ],
    "compare": [],  # of a store with normal samples, in test_questions.py
    "scatter": [{**PAIR, "type": "LIHC"}, {"x": "BRAF", "y": "RELA", "type": "ACC"}],
    "openapi.json": [{}],
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return make_store(tmp_path_factory.mktemp("described"))


@pytest.fixture
def one(engine: Engine) -> Iterator[Visitor]:
    with visitor(engine) as someone:
        yield someone


KNOWN = {
    *("type", "properties", "required", "additionalProperties", "items"),
    *("minItems", "maxItems", "anyOf", "enum", "$ref", "description"),
}
JSON_TYPES = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
    "integer": int, "number": (int, float),
}  # fmt: skip


def faults(value: Any, schema: dict[str, Any], shared: dict[str, Any], at: str = "") -> list[str]:
    """Where a value is not as a schema says; of the words of JSON Schema that are used here."""
    assert set(schema) <= KNOWN, schema
    if "$ref" in schema:
        return faults(value, shared[schema["$ref"].rpartition("/")[2]], shared, at)
    if "anyOf" in schema:
        found = [faults(value, one, shared, at) for one in schema["anyOf"]]
        return min(found, key=len)
    kind = schema.get("type")
    if kind and (
        not isinstance(value, JSON_TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")
    ):
        return [f"{at} is {value!r:.80}, no {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at} is {value!r:.80}"]
    found = []
    if kind == "object":
        known = schema.get("properties", {})
        found += [
            f"{at}.{name} is missing" for name in schema.get("required", ()) if name not in value
        ]
        for name, each in value.items():
            more = schema.get("additionalProperties", {})
            if name not in known and more is False:
                found.append(f"{at}.{name} is not described")
            else:
                found += faults(each, known.get(name, more or {}), shared, f"{at}.{name}")
    if kind == "array":
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            found.append(f"{at} has {len(value)} items")
        for place, each in enumerate(value):
            found += faults(each, schema.get("items", {}), shared, f"{at}[{place}]")
    return found


def test_the_validator_finds_faults() -> None:
    shared = description()["components"]["schemas"]
    scatter = {"samples": ["a"], "x": [1], "y": [2.5], "line": [[0, 1, 2, 3]]}
    schema = {"$ref": "#/components/schemas/Scatter"}
    assert faults(scatter, schema, shared) == []
    for wrong in (
        {**scatter, "x": [None]},
        {**scatter, "more": 1},
        {**scatter, "line": [[0, 1, 2]]},
        {"samples": [], "x": [], "y": []},
        {**scatter, "samples": "a"},
    ):
        assert faults(wrong, schema, shared)


def test_every_route_is_described(one: Visitor) -> None:
    described = one.get(f"{ROOT}/openapi.json").json()
    assert described == json.loads(json.dumps(description()))
    assert described["openapi"] == "3.1.0"
    routes = one.app._access._app.router.routes
    served = {route.path for route in routes if route.path != "/"}
    assert served == set(described["paths"])
    names = [each["get"]["operationId"] for each in described["paths"].values()]
    assert len(set(names)) == len(names)


def test_every_parameter_is_described_and_read(one: Visitor) -> None:
    paths = description()["paths"]
    for route in (*LOOK_UPS, *QUESTIONS):
        parameters = paths[f"{ROOT}/{route.name}"]["get"]["parameters"]
        assert [each["name"] for each in parameters] == [each.name for each in route.parameters]
        for each in parameters:
            assert each["description"]
            wrong = one.ask(route.name, **{f"{each['name']}_": "1"})
            assert "unknown parameter" in wrong.json()["error"]
            if "enum" in each["schema"]:
                needed = {other.name: "RELA" for other in route.parameters if other.required}
                said = one.refused(route.name, **{**needed, each["name"]: "something"})
                assert f"{each['name']} is 'something'" in said


@pytest.mark.parametrize("name", list(ASKED))
def test_answers_are_as_described(one: Visitor, name: str) -> None:
    described = description()
    content = described["paths"][f"{ROOT}/{name}"]["get"]["responses"]["200"]["content"]
    schema = content["application/json"]["schema"]
    for asked in ASKED[name]:
        told = one.told(name, **asked)
        assert faults(told, schema, described["components"]["schemas"], name) == []


def test_refusals_are_as_described(one: Visitor) -> None:
    shared = description()["components"]["schemas"]
    for name, status, asked in (
        ("pair", 400, {}),
        ("pair", 400, {"x": "ferroptosi", "y": "RELA"}),
        ("pair", 414, {"x": "a" * 5000, "y": "RELA"}),
        ("many", 400, {"x": "RELA", "against": "RELA"}),
    ):
        response = one.ask(name, **asked)
        assert response.status_code == status
        assert faults(response.json(), {"$ref": "/Refusal"}, shared) == []
        operation = description()["paths"][f"{ROOT}/{name}"]["get"]
        assert str(status) in operation["responses"]


def test_descriptions_hold_no_marks_of_code_and_no_path() -> None:
    text = json.dumps(description())
    assert "``" not in text
    assert ":class:" not in text
    assert not re.search(r"/(?:tmp|work|home)\b", text)


def test_a_parameter_bounds_what_it_takes() -> None:
    for route in (*LOOK_UPS, *QUESTIONS):
        for each in route.parameters:
            assert isinstance(each, Parameter)
            assert 0 < each.letters <= 2_000
            assert 1 <= each.times <= 60


@pytest.mark.slow
def test_the_example_of_the_docs_runs(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    with process(engine) as (running, link):
        exec(compile(code.replace("http://127.0.0.1:8765/", link), "api.md", "exec"), {})
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=10)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [*TYPES, "pooled"]
    assert all(0 < float(line.split()[-1]) <= 1 for line in lines)
