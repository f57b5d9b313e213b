"""The volcanoes of a page, in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from tcga_corr.page.parts import Differential, Finding, Page, Volcano
from tcga_corr.page.render import report
from tests.browser.support import Visit, until, until_text

pytestmark = pytest.mark.slow

HOSTILE = "</script><b>&"
POINTS = "#change-chart-0 .mark-symbol path"


def volcano(contrast: str, n: int) -> Volcano:
    """Genes of which the first is called up, the second down without a read, the last neither."""
    return Volcano(
        tumor_type="LIHC",
        contrast=contrast,
        about=f"{n} genes",
        gene=[HOSTILE, *(f"GENE{number}" for number in range(1, n))],
        x=[2.5, -3.0, *([0.1] * (n - 2))],
        y=[8.0, 9.0, *([0.5] * (n - 2))],
        call=[1, -1, *([0] * (n - 2))],
        mark=[0, 1, *([0] * (n - 2))],
        labels=[0, 1],
        line=1.3,
    )


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    parts = [Differential("treated", "by arm", 1.0, [volcano("B:A", 40), volcano("C:A", 30)])]
    found = Finding("Which genes?", "These.")
    path = tmp_path / "calls.html"
    path.write_text(report(Page("Calls", "", False, [found], differential=parts)), "utf-8")
    return path


def test_a_volcano_is_drawn_for_each_contrast(visit: Visit, page_file: Path) -> None:
    page = visit.open(page_file)
    until(page, lambda: page.locator(POINTS).count() == 40)
    assert page.locator("#change-chart-0 text", has_text=HOSTILE).count() == 1
    until_text(page, "#change-about-0", "40 genes.")
    page.select_option("#change-choice-0", "1")
    until(page, lambda: page.locator(POINTS).count() == 30)
    until_text(page, "#change-about-0", "30 genes.")
    assert page.locator("#differential b").count() == 0
    visit.assert_accessible(page)


def test_a_page_without_it_has_no_such_section(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "none.html"
    path.write_text(report(Page("None", "", False, [Finding("a", "b")])), "utf-8")
    page = visit.open(path)
    assert page.locator("#differential").is_hidden()
