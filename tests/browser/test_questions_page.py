"""A page of what was asked: every figure is drawn, in light and dark, and nothing complains."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.browser.conftest import NAMES, call
from tests.browser.support import Visit, colours, contrast, downloaded, pdf_text, printable

pytestmark = pytest.mark.slow

TYPES = ("-t", "ACC,LIHC,LUAD")
QUESTIONS = (
    ("correlate", "RELA", "NFE2L2", *TYPES, "--null", "none"),
    ("correlate", "RELA", "NFE2L2", *TYPES, "--null", "none", "--by", "gender"),
    ("screen", "nfkb", "--against", "own.gmt", *TYPES, "--each", "--null", "none"),
    ("compare", "RELA", "-t", "LIHC", "--null", "none"),
    ("survival", "RELA", *TYPES, "--null", "none"),
    ("dominance", "ferroptosis", "apoptosis", *TYPES, "--draws", "20"),
    ("score", "ferroptosis", *TYPES),
    ("pca", "-t", "LIHC", "--by", "sample-type"),
)


@pytest.fixture(scope="module")
def questions(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of every kind of figure, with hostile names."""
    path = tmp_path_factory.mktemp("questions") / "page.html"
    for one in QUESTIONS:
        own = [str(store.parent / word) if word == "own.gmt" else word for word in one]
        beside = ("-o", path.with_suffix(".tsv"), "--force")
        assert call(store, *own, "--add-to-report", path, *beside) == 0
    return path


@pytest.mark.parametrize("dark", [False, True])
def test_every_question_has_its_figures(visit: Visit, questions: Path, dark: bool) -> None:
    page = printable(visit, questions, dark=dark)
    sections = page.locator("section.question")
    assert sections.count() == len(QUESTIONS)
    assert sections.nth(0).locator("h2").text_content() == "RELA and NFE2L2"
    for place in range(len(QUESTIONS)):
        one = sections.nth(place)
        assert one.locator(".figures svg").count() >= 1, QUESTIONS[place]
        assert one.locator(".sheets table").count() >= 1
        assert "SIMULATED" in (one.locator(".warning").text_content() or "")
    assert page.evaluate("window.hit") is None
    inks = page.locator(".drawing svg text")
    assert inks.count() > 50
    ground = colours(page, "body")[0]
    for place in range(0, inks.count(), 25):
        ink = inks.nth(place).evaluate("one => getComputedStyle(one).fill")
        assert contrast(ink, ground) >= 3


def test_ids_of_the_page_are_there_once(visit: Visit, questions: Path) -> None:
    page = printable(visit, questions)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(set(ids)) == len(ids)
    links = page.evaluate("[...document.querySelectorAll('nav a')].map((one) => one.hash)")
    assert len(links) == len(QUESTIONS)
    assert {one[1:] for one in links} <= set(ids)


def test_samples_of_another_type(visit: Visit, questions: Path) -> None:
    page = printable(visit, questions)
    first = page.locator("section.question").first
    for name in ("LUAD", "ACC"):
        first.locator("select").select_option(name)
        first.locator("h3", has_text=name).wait_for()
        assert first.locator(".side figure").nth(1).locator("svg").count() == 1


def test_a_drawing_is_saved_in_the_colours_of_now(visit: Visit, questions: Path) -> None:
    page = printable(visit, questions, dark=True)
    text = Path(downloaded(page, ".drawing button").path()).read_text(encoding="utf-8")
    assert "light-dark" not in text
    assert "#f0f0f0" in text
    ElementTree.fromstring(text)


def test_the_table_sorts_and_names_are_texts(visit: Visit, questions: Path) -> None:
    page = printable(visit, questions)
    screen = page.locator("section.question").nth(2)
    assert NAMES[0] in screen.locator(".sheets tbody").first.inner_text()
    screen.locator(".sheets th button", has_text=re.compile("^r$")).click()
    assert screen.locator(".sheets th[aria-sort]").count() == 1


def test_accessible(visit: Visit, questions: Path) -> None:
    for dark in (False, True):
        visit.assert_accessible(printable(visit, questions, dark=dark))


def test_on_paper(visit: Visit, questions: Path, tmp_path: Path) -> None:
    page = printable(visit, questions, dark=True)
    titles = page.locator("section.question h2").all_text_contents()
    text = pdf_text(page, tmp_path)
    for title in titles:
        assert title.split(" against")[0][:40] in text
    page.emulate_media(media="print", color_scheme="dark")
    assert colours(page, "body")[0] == "rgb(255, 255, 255)"
    assert page.locator("nav").is_hidden()
    ink = page.locator(".drawing svg text").first.evaluate("one => getComputedStyle(one).fill")
    assert ink == "rgb(26, 26, 26)"
