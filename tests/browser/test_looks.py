"""How pages look: light and dark, wide and narrow, on paper, and to a screen reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Pages
from tests.browser.support import (
    Visit,
    colours,
    contrast,
    labels,
    narrow,
    overflowing,
    until,
    until_is,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

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
    page = visit.open(pages["paper"], dark=True)
    page.emulate_media(media="print", color_scheme="dark")
    assert colours(page, "body")[0] == LIGHT
    for where in (
        "#theme",
        "#sort",
        "#filter",
        "#figure-svg",
        "#copy-methods",
        ".sheet-head button",
    ):
        assert page.locator(where).first.is_hidden(), where
    assert page.locator("#rows th").first.is_visible()
    assert page.locator("#forest-chart svg").is_visible()
    last = page.locator("#rows tbody tr").last
    scroller = page.locator("#rows .scroller").bounding_box()
    row = last.bounding_box()
    assert scroller
    assert row
    assert row["y"] + row["height"] <= scroller["y"] + scroller["height"] + 1
    for name in ("paper", "cross"):
        made = page if name == "paper" else visit.open(pages[name])
        assert made.pdf().startswith(b"%PDF")


@pytest.mark.parametrize("name", ["paper", "cross", "one", "hostile"])
def test_accessible(visit: Visit, pages: Pages, name: str) -> None:
    visit.assert_accessible(visit.open(pages[name]))
