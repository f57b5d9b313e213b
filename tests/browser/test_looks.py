"""How pages look: light and dark, wide and narrow, on paper, and to a screen reader."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES
from tests.browser.conftest import Pages
from tests.browser.support import (
    Visit,
    colours,
    contrast,
    labels,
    narrow,
    overflowing,
    pdf_text,
    printable,
    until,
    until_is,
)

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.slow

LIGHT, DARK = "rgb(255, 255, 255)", "rgb(20, 23, 26)"
READ = (
    "body",
    "#subtitle",
    "#answers dt",
    "#simulated",
    "#forest-caption",
    "td button",
    "th button",
)
READABLE = 4.5  # by WCAG AA


def width_of(page: Page, chart: str = "forest-chart") -> float:
    box = page.locator(f"#{chart} svg").bounding_box()
    return box["width"] if box else 0


def test_dark_and_light(visit: Visit, pages: Pages) -> None:
    page = visit.open(pages["cross"], dark=True)
    until(page, lambda: page.locator("#heat-chart svg").count() == 1)
    for step, (ground, pressed) in enumerate(((DARK, "true"), (LIGHT, "false"), (DARK, "true"))):
        if step == 1:
            page.click("#theme")
        elif step == 2:
            page.emulate_media(color_scheme="light")
            page.evaluate("new Promise(requestAnimationFrame)")
            page.emulate_media(color_scheme="dark")
        until_is(page, lambda: colours(page, "body")[0], ground)
        assert page.get_attribute("#theme", "aria-pressed") == pressed
        for where in READ:
            assert contrast(*colours(page, where)) >= READABLE, where
        for chart in ("forest-chart", "heat-chart"):
            ink = page.locator(f"#{chart} .role-axis-label text").first
            assert contrast(ink.evaluate("one => getComputedStyle(one).fill"), ground) >= 7


@pytest.mark.parametrize(("name", "width"), [("paper", 375), ("cross", 375), ("cross", 320)])
def test_narrow_windows(visit: Visit, pages: Pages, name: str, width: int) -> None:
    page = visit.open(pages[name], width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert overflowing(page) == []
    assert len(labels(page)) == 34
    box = page.locator("#forest-chart svg").bounding_box()
    assert box
    assert box["width"] > width * 0.7


def test_figures_follow_the_window(visit: Visit, pages: Pages) -> None:
    page = visit.open(pages["paper"])
    page.select_option("#type", "LIHC")
    wide = width_of(page)
    narrow(page, 375)
    until(page, lambda: width_of(page) < 375)
    assert width_of(page, "dominance-0") < 375
    assert page.input_value("#type") == "LIHC"
    page.set_viewport_size({"width": 1280, "height": 900})
    until(page, lambda: width_of(page) == wide)


def test_on_paper(visit: Visit, pages: Pages) -> None:
    page = printable(visit, pages["paper"], dark=True)
    page.emulate_media(media="print", color_scheme="dark")
    assert colours(page, "body")[0] == LIGHT
    for where in ("#theme", "#types", ".sheet-head button"):
        assert page.locator(where).first.is_hidden(), where
    pairs = pages.table("paper", "pooled").select("x", "y", "method").rows()
    articles = page.locator("#printed article")
    assert articles.count() == len(pairs) <= 12
    for place, (x, y, method) in enumerate(pairs):
        one = articles.nth(place)
        title = one.locator("h3").first.text_content() or ""
        assert title.startswith(f"{x} ~ {y}")
        assert title.endswith(method)
        assert one.locator(f"#printed-{place} svg").is_visible()
        assert set(TUMOR_TYPES) <= set(labels(page, f"printed-{place}"))
        assert one.locator("tbody tr").count() == 33
        assert_within(one.locator("tbody tr").last, one.locator(".scroller"))


def test_many_pairs_on_paper(visit: Visit, pages: Pages) -> None:
    page = printable(visit, pages["cross"])
    page.emulate_media(media="print")
    assert page.locator("#printed article").count() == 0
    assert page.locator("#many").is_visible()
    # the pair that is asked first, not that of the highest r
    assert page.locator("#pair-title").text_content() == "ferroptosis ~ nfkb, cross, pearson"
    assert page.locator("#pair-title").is_visible()
    assert page.locator("#forest-chart svg").is_visible()
    for where in ("#rows td", "#tables-all td button"):  # tumor types and pairs
        assert page.locator(where).first.is_visible()


def test_all_of_a_small_run_is_in_its_pdf(visit: Visit, pages: Pages, tmp_path: Path) -> None:
    text = pdf_text(printable(visit, pages["paper"], dark=True), tmp_path)
    pairs = pages.table("paper", "pooled").select("x", "y").rows()
    for x, y in pairs:
        assert f"{x} ~ {y}" in text
    for name in TUMOR_TYPES:  # in a figure and in a table of each
        assert len(re.findall(rf"\b{name}\b", text)) >= 2 * len(pairs)


def assert_within(inner: Locator, outer: Locator) -> None:
    one, other = inner.bounding_box(), outer.bounding_box()
    assert one
    assert other
    assert one["y"] + one["height"] <= other["y"] + other["height"] + 1


@pytest.mark.parametrize("name", ["paper", "cross", "one", "hostile"])
def test_accessible(visit: Visit, pages: Pages, name: str) -> None:
    visit.assert_accessible(visit.open(pages[name]))
