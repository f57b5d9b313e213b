"""The page of a run: its figures, what is pressed in them, and what is downloaded from them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import polars as pl
import pytest

from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES
from tests.browser.conftest import Pages
from tests.browser.support import (
    Visit,
    downloaded,
    labels,
    middle,
    on_row,
    points,
    table_of,
    until,
    until_is,
    until_text,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

FALLING = ("r", "n")
Row = dict[str, Any]


def rows_of(pages: Pages, name: str, x: str, y: str) -> list[Row]:
    frame = pages.table(name).filter(pl.col("x") == x, pl.col("y") == y)
    assert frame.height
    return frame.to_dicts()


def in_order(rows: list[Row], key: str) -> list[str]:
    """Tumor types by a column, those without a value last."""
    sign = -1 if key in FALLING else 1
    having = [row for row in rows if row[key] is not None]
    having.sort(key=lambda row: row[key] if key == "tumor_type" else sign * row[key])
    return [row["tumor_type"] for row in (*having, *(row for row in rows if row[key] is None))]


def cells(page: Page, column: int, within: str = "#rows") -> list[str]:
    return page.locator(f"{within} tbody td:nth-child({column})").all_text_contents()


def scatter_of(page: Page, tumor_type: str, n: int) -> None:
    """Wait until the samples of a tumor type are shown, all of them."""
    until_text(page, "#scatter-title", tumor_type)
    until_is(page, lambda: points(page), n)
    assert f"n = {n};" in (page.text_content("#scatter-about") or "")
    assert page.input_value("#type") == tumor_type
    [chosen] = page.locator("#rows tr.chosen td:first-child").all_text_contents()
    assert chosen == tumor_type


def size(rows: list[Row], tumor_type: str) -> int:
    return next(int(row["n"]) for row in rows if row["tumor_type"] == tumor_type)


# --- the figure over tumor types


def test_the_figure_is_sorted_by_every_key(visit: Visit, pages: Pages) -> None:
    rows = rows_of(pages, "nulls", "RELA", "ferroptosis")
    page = visit.open(pages["nulls"])
    assert labels(page) == [*in_order(rows, "r"), "pooled"]
    keys = page.locator("#sort option:not([hidden])").evaluate_all("all => all.map((o) => o.value)")
    assert keys == ["r", "n", "q", "p_sets", "p_genes", "tumor_type"]
    for key in reversed(keys):
        page.select_option("#sort", key)
        until_is(page, lambda: labels(page), [*in_order(rows, key), "pooled"])


def test_the_figure_is_filtered_by_name(visit: Visit, pages: Pages) -> None:
    page = visit.open(pages["paper"])
    every = [one for one in labels(page) if one != "pooled"]
    named = {
        text: [
            one for one in every if text in f"{one} {TUMOR_TYPES[one].name}".lower()
        ]
        for text in ("lihc", "lung")
    }  # fmt: skip
    assert named["lihc"] == ["LIHC"]
    assert sorted(named["lung"]) == ["LUAD", "LUSC"]
    for typed, expected in (
        ("LIHC", named["lihc"]),
        ("lung", named["lung"]),
        ("LIHC, lung", [one for one in every if one in (*named["lihc"], *named["lung"])]),
        ("nosuchname", []),
        ("", every),
    ):
        page.fill("#filter", typed)
        until_is(page, lambda: labels(page), [*expected, "pooled"])


def test_a_row_and_a_button_show_the_samples(visit: Visit, pages: Pages) -> None:
    rows = rows_of(pages, "paper", "ferroptosis", "nfkb")
    page = visit.open(pages["paper"])
    scatter_of(page, in_order(rows, "r")[0], size(rows, in_order(rows, "r")[0]))
    page.mouse.click(*on_row(page, "LIHC"))
    scatter_of(page, "LIHC", size(rows, "LIHC"))
    assert page.text_content("#scatter-title") == "LIHC, liver hepatocellular carcinoma"
    page.locator("#rows td button", has_text="BRCA").click()
    scatter_of(page, "BRCA", size(rows, "BRCA"))
    page.select_option("#type", "UVM")
    scatter_of(page, "UVM", size(rows, "UVM"))
    samples = table_of(downloaded(page, "#scatter-csv"))
    assert len(samples) == size(rows, "UVM")
    assert {row["tumor_type"] for row in samples} == {"UVM"}
    assert len({row["sample"] for row in samples}) == len(samples)
    axes = ["ferroptosis, ssGSEA score", "nfkb, ssGSEA score"]
    assert [*samples[0]] == ["tumor_type", "sample", *axes]
    found = pl.DataFrame(samples).select(pl.corr(*(pl.col(name).cast(float) for name in axes)))
    expected = next(row["r"] for row in rows if row["tumor_type"] == "UVM")
    assert found.item() == pytest.approx(expected, abs=1e-4)


def test_a_tooltip_tells_the_row(visit: Visit, pages: Pages) -> None:
    [row] = [
        row for row in rows_of(pages, "nulls", "RELA", "ferroptosis") if row["tumor_type"] == "LIHC"
    ]
    page = visit.open(pages["nulls"])
    page.mouse.move(*on_row(page, "LIHC"))
    page.wait_for_selector("#vg-tooltip-element.visible")
    told = page.locator("#vg-tooltip-element").inner_text()
    for text in (
        "LIHC",
        "Liver hepatocellular carcinoma",
        str(row["n"]),
        f"{row['r']:.3f}",
        f"{row['ci_low']:.2f} to {row['ci_high']:.2f}",
        f"{row['genes_low']:.2f} to {row['genes_high']:.2f}",
        f"{row['sets_low']:.2f} to {row['sets_high']:.2f}",
    ):
        assert text in told
    page.mouse.move(2, 2)
    page.wait_for_selector("#vg-tooltip-element:not(.visible)", state="attached")


# --- pairs


def shows(page: Page, x: str, y: str, rows: list[Row]) -> None:
    """Wait until a pair is shown, and everywhere."""
    until_text(page, "#rows h3", f"{x} against {y}, pearson")
    until_is(page, lambda: labels(page), [*in_order(rows, "r"), "pooled"])
    chosen = page.locator("#pair option:checked").inner_text()
    assert chosen.startswith(f"{x} ~ {y}, cross")
    having = [row for row in rows if row["r"] is not None]
    assert cells(page, 2) == [str(row["n"]) for row in rows]
    assert f"in {len(having)} tumor types" in (page.text_content("#pair-about") or "")


def test_a_pair_is_chosen_in_the_list_the_heat_map_and_the_table(
    visit: Visit, pages: Pages
) -> None:
    page = visit.open(pages["cross"])
    until(page, lambda: page.locator("#heat-chart svg").count() == 1)
    frame = pages.table("cross")
    pairs = list(dict.fromkeys(frame.select("x", "y").iter_rows()))
    names = [f"{x} ~ {y}" for x, y in pairs]
    assert len(names) == 30
    assert sorted(labels(page, "heat-chart", names)) == sorted(names)

    page.select_option("#pair", label="GPX4 ~ TP53, cross, pearson")
    rows = rows_of(pages, "cross", "GPX4", "TP53")
    shows(page, "GPX4", "TP53", rows)

    _, y = middle(page, "heat-chart", "ferroptosis ~ TP53")
    x, _ = middle(page, "heat-chart", "LIHC")
    _, y = middle(page, "heat-chart", "ferroptosis ~ TP53")
    page.mouse.move(x, y)
    page.wait_for_selector("#vg-tooltip-element.visible")
    told = page.locator("#vg-tooltip-element").inner_text()
    assert "ferroptosis ~ TP53" in told
    assert "LIHC" in told
    page.mouse.click(x, y)
    rows = rows_of(pages, "cross", "ferroptosis", "TP53")
    shows(page, "ferroptosis", "TP53", rows)
    scatter_of(page, "LIHC", size(rows, "LIHC"))

    page.locator("#tables-all td button", has_text="NFE2L2 ~ autophagy").click()
    rows = rows_of(pages, "cross", "NFE2L2", "autophagy")
    shows(page, "NFE2L2", "autophagy", rows)


def test_a_pair_without_any_r_says_why(visit: Visit, pages: Pages) -> None:
    page = visit.open(pages["cross"])
    page.select_option("#pair", label="RELA ~ necroptosis, cross, pearson")
    until_text(page, "#rows h3", "RELA against necroptosis")
    until(page, lambda: "3 of 16 genes" in (page.text_content("#forest-chart") or ""))
    assert page.locator("#samples-of-type").is_hidden()
    assert len(labels(page)) == 33


# --- tables


def column_of(page: Page, label: str) -> tuple[int, Any]:
    """The place of a column, and its heading."""
    heads = page.locator("#rows thead th").all_text_contents()
    return heads.index(label) + 1, page.locator("#rows thead th").nth(heads.index(label))


def test_a_table_is_sorted_by_its_headings(visit: Visit, pages: Pages) -> None:
    rows = rows_of(pages, "paper", "ferroptosis", "nfkb")
    page = visit.open(pages["paper"])
    place, head = column_of(page, "n")
    assert head.get_attribute("aria-sort") is None
    by_n = [str(row["n"]) for row in sorted(rows, key=lambda row: -row["n"])]
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert cells(page, place) == by_n
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert cells(page, place) == by_n[::-1]
    _, name = column_of(page, "tumor type")
    name.locator("button").click()
    assert (name.get_attribute("aria-sort"), head.get_attribute("aria-sort")) == ("ascending", None)
    assert cells(page, 1) == sorted(row["tumor_type"] for row in rows)


def test_a_table_is_sorted_by_the_keyboard_alone(visit: Visit, pages: Pages) -> None:
    rows = rows_of(pages, "paper", "ferroptosis", "nfkb")
    page = visit.open(pages["paper"])
    focused = "document.activeElement.closest('#rows th')?.textContent"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == "r":
            break
    assert page.evaluate(focused) == "r"
    place, head = column_of(page, "r")
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert cells(page, place) == [f"{one:.3f}" for one in sorted(r["r"] for r in rows)[::-1]]
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "ascending"
    while page.evaluate("document.activeElement.closest('#rows tbody td')") is None:
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    last = in_order(rows, "r")[-1]
    scatter_of(page, last, size(rows, last))


# --- downloads


def value(text: str, kind: pl.DataType) -> object:
    if not text:
        return None
    return text if kind == pl.String else float(text)


def assert_same(told: list[dict[str, str]], frame: pl.DataFrame) -> None:
    """A download has all of a table, numbers to the last digit."""
    assert set(frame.columns) <= set(told[0])
    for row, expected in zip(told, frame.to_dicts(), strict=True):
        found = {name: value(row[name], frame.schema[name]) for name in frame.columns}
        # an empty text is nothing in a file
        assert found == {name: one if one != "" else None for name, one in expected.items()}


def test_downloads_hold_whole_tables(visit: Visit, pages: Pages) -> None:
    page = visit.open(pages["paper"])
    told = downloaded(page, ".sheet-head button", "#rows")
    assert told.suggested_filename == "ferroptosis-nfkb-pearson.csv"
    frame = pages.table("paper")
    *told_rows, foot = table_of(told)
    assert_same(told_rows, frame.filter(pl.col("y") == "nfkb"))
    pooled = pages.table("paper", "pooled").filter(pl.col("y") == "nfkb").row(0, named=True)
    assert foot["tumor_type"] == "POOLED"
    for name in ("r", "ci_low", "ci_high", "p", "n", "r_disjoint"):
        assert float(foot[name]) == pooled[name]
    titles = page.locator("#tables-all h3").all_text_contents()
    assert titles[0].startswith("What was published")
    dominance = table_of(
        downloaded(
            page, "button[aria-label*='Dominance: death-programmes']", "#tables-all"
        )
    )  # fmt: skip
    assert_same(dominance, pages.table("paper", "dominance"))
    claims = table_of(downloaded(page, ".sheet-head button", "#tables-all"))
    assert [row["published_n"] for row in claims] == ["371"] * 14
    page.select_option("#pair", label="RELA ~ NFE2L2, rela-nfe2l2, pearson")
    until_text(page, "#rows h3", "RELA against NFE2L2")
    *again, _ = table_of(downloaded(page, ".sheet-head button", "#rows"))
    assert_same(again, frame.filter(pl.col("y") == "NFE2L2"))


def texts_of(tree: ElementTree.Element) -> Counter[str]:
    return Counter("".join(one.itertext()) for one in tree.iter() if one.tag.endswith("}text"))


@pytest.mark.parametrize("dark", [False, True])
def test_figures_are_downloaded_as_they_are_drawn(visit: Visit, pages: Pages, dark: bool) -> None:
    page = visit.open(pages["paper"], dark=dark)
    for button, title in (
        ("#figure-svg", "ferroptosis against nfkb"),
        ("#scatter-svg", "ferroptosis against nfkb in "),
    ):
        text = downloaded(page, button).path().read_text(encoding="utf-8")
        tree = ElementTree.fromstring(text)
        assert tree.tag.endswith("}svg")
        assert "var(" not in text
        found = texts_of(tree)
        assert found["SIMULATED"] == 1
        assert any(one.startswith(title) for one in found)
        ground = next(one for one in tree if one.tag.endswith("}rect"))
        assert ground.get("fill") == ("#14171a" if dark else "#ffffff")
        if button == "#figure-svg":
            assert set(TUMOR_TYPES) <= set(found)


def methods_of(page: Page) -> str:
    texts = page.locator("#methods-text p, #references li").all_text_contents()
    assert len(texts) > 8
    return "\n".join(texts)


def test_methods_are_copied(visit: Visit, pages: Pages) -> None:
    context = visit.profile()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visit.go(context, pages["paper"])
    page.click("#copy-methods")
    until_text(page, "#copied", "Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == methods_of(page)


def test_what_may_not_be_copied_is_said(visit: Visit, pages: Pages) -> None:
    context = visit.profile()
    refuse = "writeText = () => Promise.reject(new Error())"
    context.add_init_script(f"if (navigator.clipboard) navigator.clipboard.{refuse}")
    page = visit.go(context, pages["one"])
    page.click("#copy-methods")
    until_text(page, "#copied", "The browser does not allow it")


# --- other pages, other readers


def test_without_scripts_answers_and_methods_are_read(visit: Visit, pages: Pages) -> None:
    page = visit.open(pages["paper"], ready=False, java_script_enabled=False)
    assert page.locator("#answers dd").count() == 4 + 14  # analyses and claims
    assert (
        "ferroptosis and nfkb have a higher r than random genes"
        in page.locator("#answers").inner_text()
    )
    assert "Pearson's r" in page.locator("#methods-text").inner_text()
    assert "need JavaScript" in page.locator("noscript").inner_text()
    assert page.locator("#types").is_hidden()
    assert page.locator("#simulated").is_visible()


def test_a_page_of_one_tumor_type(visit: Visit, pages: Pages) -> None:
    rows = rows_of(pages, "one", "ferroptosis", "nfkb")
    page = visit.open(pages["one"])
    assert labels(page) == ["LIHC"]
    scatter_of(page, "LIHC", size(rows, "LIHC"))
    assert page.locator("#heat").is_hidden()
    assert page.locator("#pair-label").is_hidden()
    assert page.locator("#dominance").is_hidden()


def test_a_page_of_a_store(visit: Visit, pages: Pages) -> None:
    page = visit.open(pages[""])
    titles = page.locator("#tables-all h3").all_text_contents()
    assert titles[0] == "Expression tables"
    assert page.locator("#tables-all .sheet").first.locator("tbody tr").count() == 33
    names = page.locator("#pair option").all_text_contents()
    assert len(names) > 30
    page.select_option("#pair", label=next(one for one in names if "paper-" in one))
    until_is(page, lambda: len(labels(page)), 34)


# --- strata and survival


def test_strata_stand_side_by_side(visit: Visit, pages: Pages) -> None:
    page = visit.open(pages["strata"])
    rows = pages.table("strata").filter(pl.col("level").cast(pl.String) == "tumor type")
    shown = labels(page)
    assert sorted(shown[:-1]) == sorted(set(rows["tumor_type"].to_list()))
    assert shown[-1] == "pooled"
    legend = page.locator("#forest-chart .role-legend-label text").all_text_contents()
    assert legend == ["lowest third", "middle third", "highest third"]
    drawn = page.locator("#forest-chart .mark-symbol.role-mark path").count()
    assert drawn == rows["r"].count() + 3
    assert cells(page, 2)[:3] == legend
    tables = page.locator("#tables h3").all_text_contents()
    assert "Differences between strata: by-age, pearson" in tables
    assert page.locator("#samples-of-type").is_hidden()
    page.fill("#filter", "LIHC")
    until_is(page, lambda: labels(page), ["LIHC", "pooled"])
    visit.assert_accessible(page)


def test_survival_is_drawn_and_listed(visit: Visit, pages: Pages) -> None:
    page = visit.open(pages["strata"])
    rows = pages.table("strata", "survival")
    for place, x in enumerate(("ferroptosis", "RELA")):
        own = rows.filter(pl.col("x") == x, pl.col("level").cast(pl.String) == "tumor type")
        until(page, lambda place=place: bool(labels(page, f"survival-{place}")))
        assert labels(page, f"survival-{place}") == [*in_order_of_ratio(own), "pooled"]
        drawn = page.locator(f"#survival-{place} .mark-symbol.role-mark path").count()
        assert drawn == own["hr"].count() + 1
    about = page.locator("#survival-charts .about").first.text_content() or ""
    assert " samples where gender=FEMALE, n = " in about
    file = downloaded(page, "button[aria-label='Download as CSV: Survival: death']")
    assert len(table_of(file)) == rows.height


def in_order_of_ratio(rows: pl.DataFrame) -> list[str]:
    """By falling ratio, those without one last."""
    return rows.sort("hr", descending=True, nulls_last=True, maintain_order=True)[
        "tumor_type"
    ].to_list()
