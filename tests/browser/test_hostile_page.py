"""Names that are markup, formulas, paths or very long are shown as text, and are only that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from tests.browser.conftest import LONG, NAMES, TITLE, Pages
from tests.browser.support import (
    Server,
    Visit,
    downloaded,
    labels,
    overflowing,
    serving,
    table_of,
    until,
    until_text,
)

pytestmark = pytest.mark.slow

TYPED = (
    "<img src=y onerror=alert(2)>",
    "</script><script>window.hit=2</script>",
    "../../etc/passwd",
    "=1+1,\u202egnirts",
    "a" * 390,
)
SHOWN = [name for name in NAMES if name != LONG and name.isprintable()]


@pytest.mark.parametrize("width", [1280, 375])
def test_names_are_only_text(visit: Visit, pages: Pages, width: int) -> None:
    page = visit.open(pages["hostile"], width=width)
    until(page, lambda: page.locator("#heat-chart svg").count() == 1)
    assert page.evaluate("window.hit") is None
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 3
    assert page.text_content("h1") == TITLE
    assert page.title().startswith(TITLE)
    pairs = page.locator("#tables-all td button").all_text_contents()
    for name in SHOWN:
        assert f"{name} ~ nfkb" in pairs
        assert name in (page.text_content("#methods-text") or "")
    assert len(pairs) == len(NAMES)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert overflowing(page) == []
    # nothing lies over another column, and no name fills the page
    for box in page.evaluate(
        """[...document.querySelectorAll("td > button")].map((one) =>
          [one.getBoundingClientRect().right, one.parentNode.getBoundingClientRect().right])"""
    ):
        assert box[0] <= box[1]
    assert max(map(len, page.locator("p, dd, td, option, h3").all_text_contents())) < 2_000


def test_no_name_turns_what_is_read(visit: Visit, pages: Pages) -> None:
    page = visit.open(pages["hostile"])
    assert not set(page.locator("body").inner_text()) & set("\u202e\u202d\u2066\u2067\u2068")
    assert "\ufffdgnirts ~ nfkb" in page.locator("#tables-all td button").all_text_contents()


def test_every_name_can_be_chosen(visit: Visit, pages: Pages) -> None:
    page = visit.open(pages["hostile"])
    for option in page.locator("#pair option").all():
        page.select_option("#pair", option.get_attribute("value"))
        name = (option.text_content() or "").split(" ~ ")[0]
        until_text(page, "#rows h3", f"{name} against nfkb")
        until(page, lambda: len(labels(page)) == 4)
        # a browser allows ten downloads a second
        for button in ("#figure-svg", *["#scatter-svg"] * (name in (SHOWN[0], SHOWN[-1]))):
            download = downloaded(page, button)
            assert "/" not in download.suggested_filename
            assert download.suggested_filename.endswith(".svg")
            assert len(download.suggested_filename) < 120
            ElementTree.fromstring(download.path().read_text(encoding="utf-8"))
    assert page.evaluate("window.hit") is None


def test_no_formula_in_downloads(visit: Visit, pages: Pages) -> None:
    page = visit.open(pages["hostile"])
    button = "button[aria-label*='CSV: Pairs']"
    pairs = table_of(downloaded(page, button, "#tables-all"))
    unsafe = ("=1+1", "\u202egnirts")
    assert [row["x"] for row in pairs] == [f"'{one}" if one == "=1+1" else one for one in NAMES]
    assert {row["pair"] for row in pairs} >= {"'=1+1 ~ nfkb"}
    assert unsafe[1] in {row["x"] for row in pairs}
    page.select_option("#pair", label="=1+1 ~ nfkb, hostile, pearson")
    until_text(page, "#rows h3", "=1+1 against nfkb")
    rows = table_of(downloaded(page, ".sheet-head button", "#rows"))
    assert {row["x"] for row in rows} == {"'=1+1"}
    samples = table_of(downloaded(page, "#scatter-csv"))
    assert [*samples[0]][2] == "'=1+1, ssGSEA score"
    # a negative number is none
    assert all(float(row["ci_low"]) < float(row["ci_high"]) for row in rows)


# --- the live page


@pytest.fixture(scope="module")
def served(store: Path) -> Iterator[Server]:
    with serving(store, "--sets", str(store.parent / "own.gmt")) as server:
        yield server


@pytest.mark.parametrize("name", SHOWN)
def test_names_are_only_text_on_the_live_page(visit: Visit, served: Server, name: str) -> None:
    where = urlencode({"x": name, "y": "nfkb"})
    page = visit.open(f"{served.link}?{where}")
    until_text(page, "h1", f"{name} and nfkb")
    until_text(page, "#status", "Drawn in")
    for kind in ("svg", "png", "csv"):
        saved = downloaded(page, f"#save-{kind}")
        assert "/" not in saved.suggested_filename
        assert saved.suggested_filename.endswith(f".{kind}")
    rows = table_of(downloaded(page, "#save-csv"))
    assert {row["x"] for row in rows} == {f"'{name}" if name == "=1+1" else name}
    page.goto(f"{served.link}?{urlencode({'mode': 'many', 'x': 'RELA', 'against': name})}")
    until_text(page, "#status", "Drawn in")
    assert page.text_content("#rows h3") == f"RELA against {name}, pearson"
    page.goto(f"{served.link}?{urlencode({'mode': 'compare', 'variables': name})}")
    until_text(page, "h1", f"{name} in tumor and normal")
    until(page, lambda: page.locator("#boxes-chart svg").count() == 1)
    assert page.evaluate("window.hit") is None
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("name", [*TYPED, LONG])
def test_wrong_names_are_only_text(visit: Visit, served: Server, name: str) -> None:
    visit.tolerated = ("status of 4",)
    page = visit.open(f"{served.link}?{urlencode({'x': 'RELA', 'y': 'nfkb'})}")
    until_text(page, "#status", "Drawn in")
    for field, mode in (("#y", "two"), ("#against", "many"), ("#variables", "compare")):
        page.check(f"#ask input[value={mode}]")
        page.fill(field, name)
        until_text(
            page, "#status", "Nothing in this store is named" if name != LONG else "too long"
        )
        page.wait_for_timeout(700)
        assert len(page.text_content("#status") or "") < 1_000
    for query in ({"mode": name}, {"x": "RELA", "y": "nfkb", "type": name, "sort": name},
                  {"x": "RELA", "y": "nfkb", "null": name, "method": name},
                  {"mode": "compare", "variables": "RELA", "variable": name}):  # fmt: skip
        if name != LONG:
            page.goto(f"{served.link}?{urlencode(query)}")
            page.wait_for_selector("html[data-ready]", state="attached")
    assert page.evaluate("window.hit") is None
    assert page.locator("img").count() == 0
