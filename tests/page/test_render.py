"""The page as a file: inert whatever names are in it, and loading nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from importlib.metadata import version
from typing import Any

import pytest
import vl_convert
from hypothesis import example, given
from hypothesis import strategies as st

from tcga_corr.exchange import finite
from tcga_corr.page.change_charts import change_charts
from tcga_corr.page.charts import all_charts
from tcga_corr.page.pairs import pair_of
from tcga_corr.page.parts import Column, Dominance, Finding, Page, Scatter, Table, as_data
from tcga_corr.page.render import live_page, report
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<script>alert(1)</script>",
    "<!--",
    "--><img src=x onerror=alert(1)>",
    "<!--<script>",
    "]]></style></title></pre></textarea>",
    "a\u2028b\u2029c",
    "n\0l",
    "\x1b[31mred\x1b[0m\x85",
    "{{ 7*7 }}{% raw %}{# #}",
    "${7*7}`",
    "N" * 10_000,
    "<b>bold</b> & &amp; &lt;i&gt; \"quoted\" 'twice'",
    "javascript:alert(1)",
    "http://example.org/x.js",
    "__proto__",
    "\u202egnirts",
    "基因 \U0001f9ec",
    "",
]
VOID = {"meta", "link", "img", "input", "br", "hr", "base", "embed", "source"}


class Parsed(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.styles: list[str] = []
        self.of_tags: dict[str, list[str]] = {}
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.append((tag, told))
        if tag not in VOID:
            self._open.append((tag, told))
            self.of_tags.setdefault(tag, []).append("")
            if told.get("id"):
                self.texts[str(told["id"])] = ""
            if tag == "script":
                self.scripts.append((told, ""))
            if tag == "style":
                self.styles.append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._open:
            return
        tag, told = self._open[-1]
        self.of_tags[tag][-1] += data
        if tag == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        if tag == "style":
            self.styles[-1] += data
        if told.get("id"):
            self.texts[str(told["id"])] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data[:100]}")

    @property
    def data(self) -> str:
        """The JSON of the page, as text."""
        [text] = [text for told, text in self.scripts if told.get("id") == "data"]
        return text

    @property
    def policy(self) -> dict[str, list[str]]:
        """The content security policy: by directive, its sources."""
        [content] = [
            str(told["content"])
            for tag, told in self.tags
            if tag == "meta" and told.get("http-equiv") == "Content-Security-Policy"
        ]
        parts = [part.split() for part in content.split(";")]
        return {name: sources for name, *sources in parts}


def page_of(name: str) -> Page:
    """A page that says a name wherever it can say one."""
    row = {"tumor_type": "LIHC", "x": name, "y": name, "method": "pearson", "n": 12, "r": 0.5,
           "ci_low": 0.1, "ci_high": 0.8, "p": math.nan, "q": 0.01, "p_genes": None, "p_sets": None,
           "z_genes": None, "q_genes": None,
           "r_disjoint": None, "n_shared_genes": 0, "note": name, "source": name,
           "samples": "tumor", "adjust": name, "unit": name}  # fmt: skip
    pair = pair_of([row, {**row, "tumor_type": "ACC"}], row, {name: "set"}, id=name, analysis=name,
                   scatters=name, no_scatters=name)  # fmt: skip
    line = (0.0, 1.0, 0.5, 1.5)
    table = Table(name, name, (Column(name, name, "text", name),), [{name: name}], name)
    return Page(
        title=name,
        subtitle=name,
        simulated=True,
        answers=[Finding(name, name), pair.finding],
        pairs=[pair],
        pairs_note=name,
        scatters={name: {name: Scatter([name], [1.0], [2.0], [line])}},
        dominance=[Dominance(name, name, Finding(name, name), [name], [{"set": name}])],
        tables=[table],
        methods=[name],
        references=[name],
        dropped=table,
        provenance=[table],
        spec=f"spec {name}",
    )


@pytest.fixture(scope="module")
def plain() -> Parsed:
    return Parsed(report(page_of("a name")))


def as_json(page: Page) -> Any:
    return json.loads(json.dumps(as_data(page)))


# --- inert


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name[:20]))
def test_a_name_is_only_ever_text(name: str, plain: Parsed) -> None:
    page = page_of(name)
    text = report(page)
    parsed = Parsed(text)
    assert parsed.tags == plain.tags
    assert parsed.scripts[1:] == plain.scripts[1:]
    assert parsed.texts["title"] == name
    assert parsed.texts["subtitle"] == name
    assert parsed.texts["pairs-note"] == name
    assert parsed.of_tags["title"] == [f"{name} · tcga-corr"]
    assert parsed.of_tags["pre"] == [f"spec {name}"]
    assert name in parsed.of_tags["li"]
    assert parsed.of_tags["dt"] == [one.question for one in page.answers]
    assert parsed.of_tags["dd"] == [one.answer for one in page.answers]
    assert json.loads(parsed.data)["page"] == as_json(page)
    assert not re.search(r"[<>&\u2028\u2029\0]|[^\x20-\x7e]", parsed.data)
    text.encode("utf-8")


@given(name=st.text(max_size=30))
def test_any_text_is_data(name: str) -> None:
    page = Page(name, name, False, [Finding(name, name)], spec=name)
    parsed = Parsed(report(page))
    assert json.loads(parsed.data)["page"] == as_json(page)
    assert parsed.texts["title"] == name
    assert len(parsed.scripts) == 3


@pytest.mark.parametrize("half", ["\ud800", "a\udcffb", "\udc80.gmt"])
def test_half_a_surrogate_pair_can_be_written(half: str) -> None:
    text = report(page_of(half))
    text.encode("utf-8")
    parsed = Parsed(text)
    assert parsed.texts["title"] == re.sub("[\ud800-\udfff]", "?", half)
    assert json.loads(parsed.data)["page"] == as_json(page_of(half))


def test_the_script_ends_nowhere_but_at_its_end(plain: Parsed) -> None:
    for told, text in plain.scripts:
        assert set(told) <= {"type", "id"}
        assert not re.search("</script|<script|<!--", text, re.IGNORECASE)
    assert [told.get("type") for told, _ in plain.scripts] == ["application/json", None, None]


def test_the_same_page_is_the_same_bytes() -> None:
    assert report(page_of("a")) == report(page_of("a"))
    assert report(page_of("a")) != report(page_of("b"))
    assert live_page() == live_page()


# --- what is in it


def test_the_data_of_a_page(plain: Parsed) -> None:
    told = json.loads(plain.data)
    assert set(told) == {"page", "live", "charts", "names", "nulls", "significant"}
    assert told["live"] is False
    assert told["charts"] == all_charts() | change_charts()
    assert told["names"] == {one.abbreviation: one.name for one in TUMOR_TYPES.values()}


def test_packed_rows_say_what_the_rows_said() -> None:
    page = page_of("a")
    [pair] = page.pairs
    [packed] = [one["rows"] for one in as_data(page)["pairs"]]
    unpacked = [
        {name: (packed["same"] | dict(zip(packed["columns"], one, strict=True)))[name]
         for name in packed["names"]}
        for one in packed["rows"]
    ]  # fmt: skip
    assert unpacked == pair.rows
    assert [list(one) for one in unpacked] == [list(one) for one in pair.rows]
    assert packed["columns"] == ["tumor_type"]


@given(
    value=st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.tuples(inner),
            st.dictionaries(st.text(max_size=3), inner, max_size=3),
        ),
        max_leaves=8,
    )
)
@example(value={"a": [math.inf, (-math.inf, math.nan), 1.5]})
def test_what_is_finite_is_kept_and_all_else_is_none(value: Any) -> None:
    def slowly(one: Any) -> Any:
        if isinstance(one, float) and (one != one or one in (math.inf, -math.inf)):
            return None
        if isinstance(one, Mapping):
            return {name: slowly(item) for name, item in one.items()}
        return [slowly(item) for item in one] if isinstance(one, list | tuple) else one

    assert finite(value) == slowly(value)
    json.dumps(finite(value), allow_nan=False)


def test_made_up_values_are_said_above_all(plain: Parsed) -> None:
    assert " ".join(plain.texts["simulated"].split()) == (
        "SIMULATED values: nothing here is a finding"
    )
    told = {str(one["id"]): one for _, one in plain.tags if one.get("id")}
    assert "hidden" not in told["simulated"]
    assert ("body", {"class": "simulated"}) in plain.tags
    other = Parsed(report(replace(page_of("a"), simulated=False)))
    told = {str(one["id"]): one for _, one in other.tags if one.get("id")}
    assert "hidden" in told["simulated"]
    assert ("body", {}) in other.tags


def test_the_version_is_that_of_the_package(plain: Parsed) -> None:
    assert ("meta", {"name": "generator", "content": f"tcga-corr {version('tcga-corr')}"}) in (
        plain.tags
    )


def test_a_page_without_script_has_its_answers_and_methods(plain: Parsed) -> None:
    assert "need JavaScript" in "".join(plain.of_tags["noscript"] + plain.of_tags["p"])
    told = {str(one["id"]): one for _, one in plain.tags if one.get("id")}
    assert "hidden" not in told["answer"]
    assert "hidden" not in told["methods"]
    empty = Parsed(report(Page("a", "b", False, ())))
    told = {str(one["id"]): one for _, one in empty.tags if one.get("id")}
    assert all("hidden" in told[name] for name in ("answer", "methods"))
    assert "pre" not in empty.of_tags


def test_ids_are_there_once(plain: Parsed) -> None:
    ids = [told["id"] for _, told in plain.tags if "id" in told]
    assert len(ids) == len(set(ids))
    live = [told["id"] for _, told in Parsed(live_page()).tags if "id" in told]
    assert len(live) == len(set(live))
    known = set(live) | {str(one) for one in ids}
    for tag, told in plain.tags:
        for name in ("aria-labelledby", "for"):
            assert told.get(name, "main") in known, tag


# --- it loads nothing

ADDRESSES = ("src", "href", "srcset", "action", "formaction", "data", "poster", "xlink:href",
             "background", "cite", "manifest", "ping")  # fmt: skip


@pytest.mark.parametrize("is_live", [False, True])
def test_nothing_is_loaded(is_live: bool, plain: Parsed) -> None:
    parsed = Parsed(live_page()) if is_live else plain
    addresses = [told[name] for _, told in parsed.tags for name in ADDRESSES if name in told]
    assert addresses == ["#main"]
    loading = {"link", "iframe", "frame", "img", "object", "embed", "base", "audio", "video",
               "source", "portal", "image", "use"}  # fmt: skip
    assert not loading & {tag for tag, _ in parsed.tags}
    assert not any("refresh" in str(told.get("http-equiv", "")).lower() for _, told in parsed.tags)
    handlers = [name for _, told in parsed.tags for name in told if name.startswith("on")]
    assert handlers == []
    assert not any("style" in told for _, told in parsed.tags)
    [style] = parsed.styles
    assert not re.search(r"url\(|@import|https?:|image-set|//", style, re.IGNORECASE)
    assert not re.search(r"https?:|importScripts|import\(", parsed.scripts[2][1])


@pytest.mark.parametrize("is_live", [False, True])
def test_the_policy_lets_these_scripts_run_and_nothing_else(is_live: bool, plain: Parsed) -> None:
    parsed = Parsed(live_page()) if is_live else plain
    policy = parsed.policy
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for told, text in parsed.scripts
        if "type" not in told
    ]
    assert len(hashes) == 2
    assert policy["script-src"] == hashes
    assert policy["default-src"] == ["'none'"]
    assert policy["base-uri"] == policy["form-action"] == ["'none'"]
    assert policy.get("connect-src") == (["'self'"] if is_live else None)
    assert policy["img-src"] == ["data:", "blob:"]
    assert set(policy) - {"connect-src"} == {
        "default-src", "script-src", "style-src", "img-src", "base-uri", "form-action",
    }  # fmt: skip
    assert "unsafe-eval" not in str(policy)


def test_the_policy_stands_before_all_that_it_holds_for(plain: Parsed) -> None:
    names = [tag for tag, _ in plain.tags]
    place = next(number for number, (_, told) in enumerate(plain.tags) if "http-equiv" in told)
    assert names[:place] == ["html", "head", "meta"]
    assert plain.tags[place - 1][1] == {"charset": "utf-8"}


def test_figures_are_drawn_without_eval(plain: Parsed) -> None:
    (_, vega), (_, script) = plain.scripts[1:]
    assert "ast: true" in script
    assert "expressionInterpreter" in vega
    for words in ("eval(", "new Function", "innerHTML", "outerHTML", "insertAdjacentHTML",
                  "document.write"):  # fmt: skip
        assert words not in script


CHARTS = [*("forest", "strata", "scatter", "heat", "dominance", "hazards", "volcano", "boxes")]


@pytest.mark.parametrize("name", CHARTS)
def test_figures_compile(name: str) -> None:
    charts = all_charts() | change_charts()
    spec = charts[name]
    assert set(charts) == set(CHARTS)
    names = ("rows", "points", "line", "cells", "shares", "labels", "limits")
    data: dict[str, list[Any]] = {one: [] for one in names}
    drawn = vl_convert.vegalite_to_vega({**spec, "datasets": data}, vl_version="6.4")
    assert drawn["marks"]
    assert "url" not in {name for one in drawn["data"] for name in one}


def test_r_without_shared_genes_is_a_stroke_of_its_own() -> None:
    strokes = [one for one in all_charts()["forest"]["layer"]
               if one.get("encoding", {}).get("x", {}).get("field") == "r_disjoint"]  # fmt: skip
    [stroke] = strokes
    assert stroke["mark"]["type"] == "tick"
    # of those that share genes, and only where there is one
    assert stroke["transform"] == [
        {"filter": "datum.n_shared_genes > 0 && isValid(datum.r_disjoint)"}
    ]
    axes = [one["encoding"]["x"] for one in all_charts()["forest"]["layer"]
            if one.get("encoding", {}).get("x", {}).get("field") == "r"]  # fmt: skip
    assert all({**one, "field": "r_disjoint"} == stroke["encoding"]["x"] for one in axes)
    assert axes


def test_the_heat_map_has_colours_that_can_be_printed() -> None:
    cells, dots = all_charts()["heat"]["layer"]
    scale = cells["encoding"]["color"]["scale"]
    assert scale["domain"] == [-1, 0, 1]
    assert len(set(scale["range"])) == 3
    for colour in (*scale["range"], dots["mark"]["color"]):
        assert re.fullmatch("#[0-9a-f]{6}", colour)
    cold, middle, warm = (
        [int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in scale["range"]
    )
    assert cold[2] > cold[0]
    assert warm[0] > warm[2]
    assert min(middle) == max(middle) > 230


# --- the live page


def test_the_live_page_asks() -> None:
    parsed = Parsed(live_page())
    told = json.loads(parsed.data)
    assert told["live"] is True
    assert told["page"]["pairs"] == told["page"]["answers"] == told["page"]["tables"] == []
    fields = {
        one["name"] for tag, one in parsed.tags if tag in ("input", "select") if "name" in one
    }
    assert fields == {
        *("mode", "x", "y", "against", "variables", "adjust", "where", "by", "method", "samples"),
        *("groups", "source"),
    }
    assert [tag for tag, _ in parsed.tags].count("form") == 1


def test_a_report_does_not_ask(plain: Parsed) -> None:
    assert "form" not in {tag for tag, _ in plain.tags}
    assert json.loads(plain.data)["live"] is False
