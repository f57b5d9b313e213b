"""The live page over a server: questions typed, links kept, answers that come late or never."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlparse

import pytest

from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES
from tests.browser.support import (
    Question,
    Server,
    Visit,
    downloaded,
    labels,
    on_row,
    overflowing,
    points,
    serving,
    table_of,
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
    page = visit.open(f"{served.link}?x=RELA")
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
    page.locator("#x").clear()
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
    page.route("**/api/v1/pair?*", lambda route: None)
    ask(page, "ferroptosis", "GPX4")
    until(page, lambda: page.locator("main.waiting").count() == 1)
    page.fill("#y", "")
    until(page, lambda: page.locator("main.waiting").count() == 0)
    assert status(page) == ""
    page.unroute_all(behavior="ignoreErrors")


def test_settings_change_the_answer(visit: Visit, served: Server) -> None:
    page = visit.open(f"{served.link}?x=ferroptosis&y=nfkb&type=LIHC")
    answered(page, "ferroptosis", "nfkb")
    said = page.text_content("#scatter-about") or ""
    page.click("#more summary")
    page.select_option("#method", "spearman")
    until_text(page, "#subtitle", "spearman")
    until_text(page, "#scatter-about", "spearman")
    assert page.text_content("#scatter-about") != said
    until(page, lambda: asked(page).get("method") == "spearman")
    page.fill("#adjust", "age")
    until_text(page, "#subtitle", "adjusted for age")
    until(page, lambda: asked(page).get("adjust") == "age")
    assert asked(page)["type"] == "LIHC"


# --- an example, and near names


def test_it_opens_on_an_example_and_has_more(visit: Visit, served: Server) -> None:
    page = visit.open(served.link)
    answered(page, "ferroptosis", "nfkb")
    assert len(labels(page)) == 34
    assert page.input_value("#y") == "nfkb"
    examples = page.locator("#examples button").all_text_contents()
    assert examples[:2] == ["ferroptosis and nfkb", "RELA and NFE2L2"]
    page.click("#examples button >> nth=1")
    answered(page, "RELA", "NFE2L2")
    assert asked(page)["x"] == "RELA"


def test_a_wrong_name_is_mended_by_a_button(visit: Visit, served: Server) -> None:
    page = visit.open(served.link)
    ask(page, "ferroptosis", "nfkb")
    answered(page, "ferroptosis", "nfkb")
    page.fill("#x", "ferroptosi")
    until_text(page, "#near", "Did you mean")
    assert status(page) == "Nothing in this store is named ferroptosi."
    names = page.locator("#near button").all_text_contents()
    assert names[0] == "ferroptosis"
    assert len(names) <= 3
    page.keyboard.press("Tab")  # the fields after it, then the buttons, are reached by the keyboard
    page.locator("#near button").first.focus()
    page.keyboard.press("Enter")
    answered(page, "ferroptosis", "nfkb")
    assert page.input_value("#x") == "ferroptosis"
    assert page.locator("#near button").count() == 0
    page.fill("#y", "nothing is like this at all")
    until_text(page, "#status", "Nothing in this store is named nothing")
    page.wait_for_timeout(900)
    assert page.locator("#near button").count() == 0


def test_a_wrong_name_in_a_list_is_mended(visit: Visit, served: Server) -> None:
    page = visit.open(f"{served.link}?mode=many&x=ferroptosis&against=RELA,NFE2L22")
    until_text(page, "#near", "Did you mean")
    page.locator("#near button", has_text=re.compile("^NFE2L2$")).click()
    until_text(page, "h1", "ferroptosis and 2 others")
    assert page.input_value("#against") == "RELA,NFE2L2"


# --- nulls


def heads(page: Page) -> str:
    return page.locator("#rows thead").inner_text()


def test_one_button_compares_with_random_genes_and_pathways(visit: Visit, served: Server) -> None:
    page = visit.open(f"{served.link}?x=RELA&y=nfkb")
    answered(page, "RELA", "nfkb")
    assert "p_genes" not in heads(page)
    page.locator("#rows th button", has_text=re.compile("^n$")).click()
    page.click("#start-nulls")
    until_text(page, "#status", "Comparing the tumor types")
    until_text(page, "#progress-count", "of 33 tumor types")
    assert page.locator("#cancel").is_visible()
    until_text(page, "#status", "Compared in")
    assert "p_genes" in heads(page)
    assert "p_sets" in heads(page)
    assert page.locator("#cancel").is_hidden()
    assert page.locator("#start-nulls").is_disabled()
    assert page.locator('#rows th[aria-sort="descending"]').inner_text() == "n"
    assert "random genes" in (page.text_content("#forest-caption") or "")
    assert asked(page)["null"] == "genes,sets"
    rows = table_of(downloaded(page, "#save-csv"))
    assert {row["tumor_type"] for row in rows} == {*TUMOR_TYPES, "POOLED"}
    assert all(0 < float(row["p_genes"]) <= 1 for row in rows)

    again = visit.open(page.url)  # the link has all of it
    until_text(again, "#status", "Compared in")
    assert "p_genes" in heads(again)
    page.fill("#y", "MYC")  # another question is not compared unless it is asked for
    answered(page, "RELA", "MYC")
    assert "null" not in asked(page)
    assert page.locator("#start-nulls").is_enabled()


def test_a_comparison_is_cancelled_and_frees_its_place(visit: Visit, served: Server) -> None:
    page = visit.open(f"{served.link}?x=ferroptosis&y=apoptosis")
    answered(page, "ferroptosis", "apoptosis")
    page.click("#start-nulls")
    until_text(page, "#progress-count", "of 33 tumor types")
    page.click("#cancel")
    until_text(page, "#status", "Cancelled")
    assert "p_genes" not in heads(page)
    assert "null" not in asked(page)
    assert page.evaluate("document.activeElement.id") == "start-nulls"
    other = visit.open(f"{served.link}?x=RELA&y=GPX4&null=genes,sets")
    until_text(other, "#status", "Compared in")
    page.wait_for_timeout(300)
    assert "p_genes" not in heads(page)


def test_a_refused_comparison_leaves_what_is_there(visit: Visit, served: Server) -> None:
    visit.tolerated = ("status of 503",)
    page = visit.open(f"{served.link}?x=RELA&y=nfkb")
    answered(page, "RELA", "nfkb")
    refusal = {"status": 503, "json": {"error": "too much is asked"}}
    page.route("**/api/v1/pair/events?*", lambda route: route.fulfill(**refusal))
    page.click("#start-nulls")
    until_text(page, "#status.failed", "Not compared: too much is asked")
    assert page.text_content("h1") == "RELA and nfkb"
    assert page.locator("#start-nulls").is_enabled()


# --- other kinds of questions


def test_one_against_many(visit: Visit, served: Server) -> None:
    page = visit.open(f"{served.link}?x=ferroptosis&y=nfkb")
    answered(page, "ferroptosis", "nfkb")
    page.check("#ask input[value=many]")
    assert page.locator("#y").is_hidden()
    page.fill("#against", "RELA,NFE2L2,GPX4")
    until_text(page, "h1", "ferroptosis and 3 others")
    until(page, lambda: page.locator("#heat-chart svg").count() == 1)
    pairs = {f"ferroptosis ~ {name}" for name in ("RELA", "NFE2L2", "GPX4")}
    assert set(labels(page, "heat-chart", [*pairs])) == pairs
    page.select_option("#pair", label="ferroptosis ~ GPX4, pearson")
    until_text(page, "#rows h3", "ferroptosis against GPX4")
    until(page, lambda: asked(page).get("pair") == "GPX4")
    assert points(page) > 0
    rows = table_of(downloaded(page, "#save-csv"))
    assert len(rows) == 3 * 34
    again = visit.open(page.url)
    until_text(again, "#rows h3", "ferroptosis against GPX4")
    assert asked(again) == asked(page)
    # with blanks each part is one variable, with commas a set
    page.fill("#against", "RELA,NFE2L2,GPX4,RELB,TP53 MYC")
    until_text(page, "h1", "ferroptosis and 2 others")
    until_text(page, "#tables-all", "ferroptosis ~ MYC")


def test_tumour_against_normal(visit: Visit, served: Server) -> None:
    page = visit.open(f"{served.link}?x=RELA&y=nfkb")
    answered(page, "RELA", "nfkb")
    page.check("#ask input[value=compare]")
    until_text(page, "h1", "RELA in tumor and normal")
    assert page.locator("#types").is_hidden()
    assert page.locator("#heat").is_hidden()
    page.fill("#variables", "GPX4 ferroptosis")
    until_text(page, "h1", "GPX4, ferroptosis in tumor and normal")
    until(page, lambda: len(labels(page, "boxes-chart")) > 5)
    page.select_option("#variable", "ferroptosis")
    until_text(page, "#boxes-about", "ferroptosis, ssGSEA score")
    until(page, lambda: asked(page).get("variable") == "ferroptosis")
    page.click("#start-nulls")
    until_text(page, "#status", "Compared in")
    assert "p_genes" in page.locator("#tables-all thead").inner_text()
    rows = table_of(downloaded(page, "#save-csv"))
    assert {row["variable"] for row in rows} == {"GPX4", "ferroptosis"}
    again = visit.open(page.url)
    until_text(again, "#boxes-about", "ferroptosis, ssGSEA score")
    assert again.input_value("#variables") == "GPX4 ferroptosis"
    assert again.is_checked("#ask input[value=compare]")


# --- files, and the way back


def test_what_is_shown_is_saved(visit: Visit, served: Server) -> None:
    starts = {"png": b"\x89PNG", "svg": b"<svg", "pdf": b"%PDF"}
    for mode, more in {
        "two": "x=RELA&y=nfkb",
        "many": "mode=many&x=RELA&against=nfkb,GPX4",
        "compare": "mode=compare&variables=RELA",
    }.items():
        page = visit.open(f"{served.link}?{more}")
        page.set_default_timeout(60_000)  # the first figure of a server imports what draws
        until_text(page, "#status", "Drawn in")
        for kind, start in starts.items():
            saved = downloaded(page, f"#save-{kind}")
            assert saved.suggested_filename.endswith(f".{kind}"), mode
            content = Path(saved.path()).read_bytes()
            assert content.startswith(start), (mode, kind)
            assert len(content) > 4_000
            assert b"var(--" not in content
        if mode == "two":
            assert page.pdf().startswith(b"%PDF")


def test_back_and_forward(visit: Visit, served: Server) -> None:
    page = visit.open(f"{served.link}?x=RELA&y=nfkb&sort=n&filter=lung")
    answered(page, "RELA", "nfkb")
    assert labels(page) == ["LUAD", "LUSC", "pooled"] or labels(page) == ["LUSC", "LUAD", "pooled"]
    page.fill("#y", "MYC")
    answered(page, "RELA", "MYC")
    page.check("#ask input[value=compare]")
    until_text(page, "h1", "RELA in tumor and normal")
    until(page, lambda: asked(page).get("mode") == "compare")
    page.go_back()
    answered(page, "RELA", "MYC")
    assert page.locator("#boxes").is_hidden()
    page.go_back()
    answered(page, "RELA", "nfkb")
    assert page.input_value("#y") == "nfkb"
    assert asked(page)["sort"] == "n"
    page.go_forward()
    answered(page, "RELA", "MYC")
    page.go_forward()
    until_text(page, "h1", "RELA in tumor and normal")


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

    page.route(f"**/api/v1/{what}?*", hold)
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
        page.click("#more summary")
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
    page.click("#more summary")
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
    for question in ("", "?mode=many&x=RELA&against=nfkb,GPX4", "?mode=compare&variables=RELA"):
        page = visit.open(f"{served.link}{question}")
        page.click("#more summary")
        visit.assert_accessible(page)
    page = visit.open(f"{served.link}?x=RELA&y=nfkbb")
    until_text(page, "#near", "Did you mean")
    visit.assert_accessible(page)


@pytest.mark.parametrize("width", [360, 660, 1200])
@pytest.mark.parametrize(
    "question",
    ["x=ferroptosis&y=nfkb", "mode=many&x=RELA&against=hallmark", "mode=compare&variables=RELA"],
)
def test_live_pages_fit(visit: Visit, served: Server, question: str, width: int) -> None:
    page = visit.open(f"{served.link}?{question}", width=width)
    page.click("#more summary")
    until_text(page, "#status", "Drawn in")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert overflowing(page) == []


@pytest.mark.parametrize("dark", [False, True])
def test_a_narrow_live_page(visit: Visit, served: Server, dark: bool) -> None:
    page = visit.open(f"{served.link}?x=ferroptosis&y=nfkb", width=375, dark=dark)
    answered(page, "ferroptosis", "nfkb")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert overflowing(page) == []
    assert page.get_attribute("#theme", "aria-pressed") == str(dark).lower()
    assert len(labels(page)) == 34
