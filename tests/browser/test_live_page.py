"""The live page over a server: questions typed, links kept, answers that come late or never."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlparse

import pytest

from tests.browser.support import (
    Question,
    Server,
    Visit,
    labels,
    on_row,
    overflowing,
    points,
    serving,
    until,
    until_text,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

VALUES = "all => all.map((one) => one.value)"
TOKEN = "abcdefghijklmnopqrst"


@pytest.fixture(scope="module")
def served(store: Path) -> Iterator[Server]:
    with serving(store) as server:
        yield server


def asked(page: Page) -> Question:
    """The question that is in the address, but for its source."""
    told = {name: value for name, [value] in parse_qs(urlparse(page.url).query).items()}
    assert told.pop("source", "simulated") == "simulated"
    return told


def ask(page: Page, x: str, y: str, delay: float = 0) -> None:
    page.locator("#x").clear()
    page.locator("#y").clear()
    page.locator("#x").press_sequentially(x, delay=delay)
    page.locator("#y").press_sequentially(y, delay=delay)


def answered(page: Page, x: str, y: str) -> None:
    """Wait until the page has the answer, all of it."""
    until(page, lambda: page.text_content("h1") == f"{x} and {y}")
    until(page, lambda: "Drawn in" in (page.text_content("#status") or ""))
    until(page, lambda: not page.locator("main.waiting").count())
    assert page.title() == f"{x} and {y} · tcga-corr"
    until_text(page, "#rows h3", f"{x} against {y}")
    assert f"Do {x} and {y} vary together" in (page.text_content("#answers") or "")


def status(page: Page) -> str:
    return page.text_content("#status") or ""


# --- questions


def test_two_names_give_a_figure_and_a_link(visit: Visit, served: Server) -> None:
    page = visit.open(served.link)
    assert page.locator("#types").is_hidden()
    ask(page, "ferroptosis", "nfkb", delay=15)
    answered(page, "ferroptosis", "nfkb")
    assert page.locator("#simulated").is_visible()
    shown = labels(page)
    assert len(shown) == 34
    assert asked(page) == {"x": "ferroptosis", "y": "nfkb", "type": shown[0]}
    page.mouse.click(*on_row(page, "LIHC"))
    until_text(page, "#scatter-title", "LIHC, liver")
    until(page, lambda: asked(page).get("type") == "LIHC")
    n = points(page)

    again = visit.open(page.url)
    answered(again, "ferroptosis", "nfkb")
    assert labels(again) == shown
    assert again.input_value("#x") == "ferroptosis"
    assert (again.text_content("#scatter-title") or "").startswith("LIHC, liver")
    assert points(again) == n
    assert again.text_content("#scatter-about") == page.text_content("#scatter-about")
    assert again.url == page.url


def test_half_a_name_is_no_error(visit: Visit, served: Server) -> None:
    page = visit.open(served.link)
    ask(page, "RELA", "")
    for kind, name in (("", "nfkb"), ("gene:", "NFE2L2"), ("set:", "apoptosis")):
        page.fill("#y", kind)
        for letter in name:
            page.keyboard.type(letter)
            page.wait_for_timeout(70)
        answered(page, "RELA", name)
    page.fill("#y", "NRF2")
    answered(page, "RELA", "NFE2L2")


def test_names_are_completed(visit: Visit, served: Server) -> None:
    page = visit.open(served.link)
    page.locator("#x").press_sequentially("ferr")
    options = "#names-x option"
    until(page, lambda: page.locator(options).count() > 0)
    names = page.locator(options).evaluate_all("all => all.map((one) => one.value)")
    assert names[0] == "ferroptosis"


def test_an_unknown_name_is_told(visit: Visit, served: Server) -> None:
    page = visit.open(served.link)
    ask(page, "ferroptosis", "NOSUCHGENE")
    until(page, lambda: status(page) == "Nothing in this store is named NOSUCHGENE.")
    page.fill("#y", "RELA")
    answered(page, "ferroptosis", "RELA")
    page.fill("#adjust", "nosuch")
    until(page, lambda: status(page) == "Nothing in this store is named nosuch.")
    # what is shown is still the answer before, and so are its samples and the address
    assert page.text_content("h1") == "ferroptosis and RELA"
    page.mouse.click(*on_row(page, "LIHC"))
    until_text(page, "#scatter-title", "LIHC")
    assert asked(page) == {"x": "ferroptosis", "y": "RELA", "type": "LIHC"}
    page.fill("#adjust", "age,TP53")
    until(page, lambda: "adjusted for age,TP53" in (page.text_content("#subtitle") or ""))


def test_a_question_taken_back_leaves_nothing_waiting(visit: Visit, served: Server) -> None:
    page = visit.open(served.link)
    page.route("**/api/pair*", lambda route: None)
    ask(page, "ferroptosis", "nfkb")
    until(page, lambda: page.locator("main.waiting").count() == 1)
    page.fill("#y", "")
    until(page, lambda: page.locator("main.waiting").count() == 0)
    assert status(page) == ""
    page.unroute_all(behavior="ignoreErrors")


def test_settings_change_the_answer(visit: Visit, served: Server) -> None:
    page = visit.open(f"{served.link}?x=ferroptosis&y=nfkb&type=LIHC")
    answered(page, "ferroptosis", "nfkb")
    said = page.text_content("#scatter-about") or ""
    page.select_option("#method", "spearman")
    until_text(page, "#subtitle", "spearman")
    until_text(page, "#scatter-about", "spearman")
    assert page.text_content("#scatter-about") != said
    until(page, lambda: asked(page).get("method") == "spearman")
    page.fill("#adjust", "age")
    until_text(page, "#subtitle", "adjusted for age")
    until(page, lambda: asked(page).get("adjust") == "age")
    assert asked(page)["type"] == "LIHC"
    page.fill("#adjust", "")
    page.select_option("#method", "pearson")
    page.select_option("#null", "genes,sets")
    until_text(page, "#forest-caption", "random genes")
    assert "p_genes" in page.locator("#rows thead").inner_text()
    until(page, lambda: asked(page) == {"x": "ferroptosis", "y": "nfkb", "null": "genes,sets",
                                       "type": "LIHC"})  # fmt: skip


def test_what_is_there_is_shown_while_the_rest_is_computed(visit: Visit, served: Server) -> None:
    page = visit.open(served.link)
    held: dict[str, Any] = {}

    def hold(route: Any) -> None:
        if "null=genes" in route.request.url:
            held["types" if "pooled=no" in route.request.url else "pooled"] = route
        else:
            route.continue_()

    def heads() -> str:
        return page.locator("#rows thead").inner_text()

    page.route("**/api/pair*", hold)
    page.select_option("#null", "genes,sets")
    ask(page, "ferroptosis", "nfkb")
    until_text(page, "#status", "Comparing the tumor types with random genes and other pathways")
    assert page.text_content("h1") == "ferroptosis and nfkb"
    assert page.locator("main.waiting").count() == 0
    assert "p_genes" not in heads()
    assert "null=genes" in page.url  # the link is to the whole answer
    until(page, lambda: "types" in held)
    page.locator("#rows th button", has_text=re.compile("^n$")).click()
    page.locator("#rows td button").nth(1).focus()
    focused = page.evaluate("document.activeElement.textContent")
    held["types"].continue_()
    until_text(page, "#status", "Comparing the pooled row with random genes")
    assert "p_genes" in heads()
    assert page.locator('#rows th[aria-sort="descending"]').inner_text() == "n"
    assert page.evaluate("document.activeElement.textContent") == focused
    until(page, lambda: "pooled" in held)
    held["pooled"].continue_()
    answered(page, "ferroptosis", "nfkb")
    assert ", compared in " in status(page)


def test_another_question_ends_the_steps(visit: Visit, served: Server) -> None:
    page = visit.open(served.link)
    held: list[Any] = []
    compared: list[str] = []

    def hold(route: Any) -> None:
        if "null=genes" in route.request.url and "TP53" in route.request.url:
            held.append(route)
        elif "null=genes" in route.request.url:
            compared.append(route.request.url)
            route.continue_()
        else:
            route.continue_()

    page.route("**/api/pair*", hold)
    page.select_option("#null", "genes,sets")
    ask(page, "RELA", "TP53")
    until(page, lambda: bool(held))
    page.fill("#y", "MYC")
    until(page, lambda: len(compared) == 2)
    answered(page, "RELA", "MYC")
    for route in held:
        route.continue_()
    page.wait_for_timeout(300)
    answered(page, "RELA", "MYC")
    assert len(held) == 1  # its pooled row was not asked for
    assert all("y=MYC" in url for url in compared)


def test_a_refused_comparison_leaves_what_is_there(visit: Visit, served: Server) -> None:
    visit.tolerated = ("status of 503",)
    page = visit.open(served.link)
    refusal = {"status": 503, "json": {"error": "too much is asked"}}
    page.route(
        re.compile("api/pair.*null=genes"),
        lambda route: (
            route.continue_() if "pooled=no" in route.request.url else route.fulfill(**refusal)
        ),
    )
    page.select_option("#null", "genes,sets")
    ask(page, "RELA", "nfkb")
    until_text(page, "#status.failed", "The pooled row is not compared: too much is asked")
    assert "p_genes" in page.locator("#rows thead").inner_text()


# --- late answers


def test_the_last_question_is_answered(visit: Visit, served: Server) -> None:
    page = visit.open(served.link)
    ask(page, "RELA", "TP53")
    for name in ("MYC", "GPX4", "nfkb", "NFE2L2", "apoptosis", "GPX4", "autophagy"):
        page.fill("#y", name)
        page.wait_for_timeout(45)
    answered(page, "RELA", "autophagy")
    page.wait_for_timeout(400)
    answered(page, "RELA", "autophagy")
    assert asked(page)["y"] == "autophagy"


@pytest.mark.parametrize("what", ["names", "pair", "scatter"])
def test_a_late_answer_is_not_shown(visit: Visit, served: Server, what: str) -> None:
    page = visit.open(served.link)
    held: list[Any] = []

    def hold(route: Any) -> None:
        is_first = "TP53" in route.request.url
        if is_first:
            held.append(route)
        else:
            route.continue_()

    page.route(f"**/api/{what}*", hold)
    ask(page, "RELA", "TP53")
    until(page, lambda: bool(held))
    page.fill("#y", "MYC")
    answered(page, "RELA", "MYC")
    shown = page.text_content("#scatter-about")
    for route in held:
        route.continue_()
    page.wait_for_timeout(300)
    answered(page, "RELA", "MYC")
    assert page.text_content("#scatter-about") == shown
    assert asked(page)["y"] == "MYC"


def test_a_server_that_has_stopped_is_told(visit: Visit, store: Path) -> None:
    visit.tolerated = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")
    with serving(store) as server:
        page = visit.open(f"{server.link}?x=RELA&y=TP53")
        answered(page, "RELA", "TP53")
        server.stop()
        gone = "The server does not answer"
        page.select_option("#method", "spearman")
        until_text(page, "#status.failed", gone)
        assert page.locator("main.waiting").count() == 0
        page.fill("#y", "MYC")
        until_text(page, "#status.failed", gone)
        page.mouse.click(*on_row(page, "LIHC"))
        until_text(page, "#scatter-about", gone)
        assert page.text_content("h1") == "RELA and TP53"


def test_a_token_lets_in(visit: Visit, store: Path) -> None:
    visit.tolerated = ("status of 401",)
    with serving(store, "--token", TOKEN) as server:
        root, _, token = server.link.partition("?")
        assert token == f"token={TOKEN}"
        context = visit.profile()
        page = visit.go(context, f"{server.link}&x=RELA&y=TP53")
        answered(page, "RELA", "TP53")
        assert "token" not in page.url
        again = visit.go(context, page.url)
        answered(again, "RELA", "TP53")
        stranger = visit.open(root, ready=False)
        assert "asks for a token" in stranger.locator("body").inner_text()


def test_conditions_and_strata(visit: Visit, served: Server) -> None:
    visit.tolerated = ("400 (Bad Request)",)
    page = visit.open(served.link)
    ask(page, "RELA", "NFE2L2")
    answered(page, "RELA", "NFE2L2")
    page.fill("#where", "gender=")
    until_text(page, "#status", "A condition is like gender=FEMALE")
    page.fill("#where", "gender=FEMALE; age<60")
    until_text(page, "h1", "RELA and NFE2L2 where gender=FEMALE and age<60")
    until(page, lambda: asked(page).get("where") == "gender=FEMALE; age<60")
    n = sum(int(text) for text in page.locator("#rows tbody td:nth-child(2)").all_text_contents())
    page.fill("#where", "gender=OTHER")
    until_text(page, "#status", "gender has no level 'OTHER'. It has FEMALE, MALE")
    page.fill("#where", "gender=FEMALE")
    until_text(page, "h1", "RELA and NFE2L2 where gender=FEMALE")
    until(page, lambda: "age<60" not in (page.text_content("h1") or ""))
    of_all = page.locator("#rows tbody td:nth-child(2)").all_text_contents()
    assert sum(map(int, of_all)) > n > 0
    page.fill("#where", "")
    page.fill("#by", "gender")
    until_text(page, "h1", "RELA and NFE2L2 by gender")
    until_text(page, "#answers", "Does r of RELA and NFE2L2 differ by gender in 33 tumor types")
    legend = "#forest-chart .role-legend-label text"
    until(page, lambda: page.locator(legend).all_text_contents() == ["FEMALE", "MALE"])
    again = visit.open(page.url)
    until_text(again, "h1", "RELA and NFE2L2 by gender")
    assert again.input_value("#by") == "gender"


def test_a_category_is_offered_to_be_held_fixed_alone(visit: Visit, served: Server) -> None:
    visit.tolerated = ("400 (Bad Request)",)
    page = visit.open(f"{served.link}?x=RELA&y=NFE2L2")
    page.fill("#adjust", "gender")
    options = "#names-adjust option"
    until(page, lambda: "gender" in page.locator(options).evaluate_all(VALUES))
    until_text(page, "#subtitle", "adjusted for gender")
    page.fill("#y", "gender")
    until_text(page, "#status", "'gender' is a category without an order, and no number")
    assert "gender" not in page.locator("#names-y option").evaluate_all(VALUES)


# --- looks


def test_live_pages_are_accessible(visit: Visit, served: Server) -> None:
    visit.assert_accessible(visit.open(served.link))
    visit.assert_accessible(visit.open(f"{served.link}?x=ferroptosis&y=nfkb"))


@pytest.mark.parametrize("dark", [False, True])
def test_a_narrow_live_page(visit: Visit, served: Server, dark: bool) -> None:
    page = visit.open(f"{served.link}?x=ferroptosis&y=nfkb", width=375, dark=dark)
    answered(page, "ferroptosis", "nfkb")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert overflowing(page) == []
    assert page.get_attribute("#theme", "aria-pressed") == str(dark).lower()
    assert len(labels(page)) == 34
