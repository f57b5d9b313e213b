"""SVG in a page: only what draws, under its own ids, light and dark."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from xml.etree import ElementTree

import polars as pl
import pytest
from matplotlib.figure import Figure

from tcga_corr.engine import Engine
from tcga_corr.figures.dark import darken
from tcga_corr.figures.markup import svg_text
from tcga_corr.figures.of_answer import figure_of
from tcga_corr.figures.style import styled
from tcga_corr.page.answer_tables import frame_table
from tcga_corr.page.collected import page_of_sections
from tcga_corr.page.drawings import drawing
from tcga_corr.page.render import report
from tcga_corr.page.sections import Figures, Svg, section_of
from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'
TWO = ["ACC", "LIHC"]
ASKED: dict[str, Callable[[Engine], Figure]] = {
    "forest": lambda e: figure_of(e.correlate("RELA", "MYC", tumor_types=TWO, draws=50)),
    "heat": lambda e: figure_of(e.screen(["RELA", "MYC", "TP53"], "itself", tumor_types=TWO)),
    "volcano": lambda e: figure_of(e.screen("RELA", "genes", tumor_types=TWO, null="none")),
    "boxes": lambda e: figure_of(e.compare("RELA", tumor_types=["LIHC"], null="none")),
    "bars": lambda e: figure_of(e.dominance(["ferroptosis", "apoptosis"], tumor_types=TWO)),
    "axes": lambda e: figure_of(e.pca("sample-type", tumor_types=["LIHC"])),
}


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<style>* { color: red }</style>",
        "<foreignObject><p>x</p></foreignObject>",
        '<a href="https://example.org"><path d="M0 0"/></a>',
        '<g onload="alert(1)"/>',
        '<image href="https://example.org/x.png"/>',
        '<image href="data:text/html,x"/>',
        '<use xlink:href="https://example.org/x.svg#a"/>',
        '<path style="fill: url(https://example.org/x)"/>',
        '<path style="fill: u\\72l(x)"/>',
        '<path style="@import x"/>',
        '<animate attributeName="href" to="x"/>',
        "<metadata>x</metadata>",
        '<g class="warning"/>',
    ],
)
def test_what_does_not_draw_is_left_out(inside: str) -> None:
    kept = drawing("", SVG.format(inside), "q").svg
    for words in ("alert", "example", "onload", "script", "style", "import", "data:", "warning",
                  "animate", "metadata", "foreign"):  # fmt: skip
        assert words not in kept
    ElementTree.fromstring(kept)


@pytest.mark.parametrize(
    "svg",
    ["", "no", "<svg/>", "<p xmlns='http://www.w3.org/2000/svg'/>", SVG.format("<g>"),
     "<!DOCTYPE svg [<!ENTITY a 'b'>]>" + SVG.format("&a;")],
)  # fmt: skip
def test_what_is_no_svg(svg: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        drawing("", svg, "q")


def test_ids_are_of_this_figure_alone() -> None:
    svg = SVG.format(
        '<path id="a" d="M0 0"/><use xlink:href="#a"/>'
        '<g clip-path="url(#a)" style="fill: url(#a)"/>'
    )
    one = drawing("", svg, "q1-0").svg
    assert re.findall(r'id="(.*?)"|href="#(.*?)"|url\(#(.*?)\)', one) == [
        ("q1-0-a", "", ""), ("", "q1-0-a", ""), ("", "", "q1-0-a"), ("", "", "q1-0-a"),
    ]  # fmt: skip
    assert drawing("", one, "q1-0").svg == one


@pytest.mark.parametrize("name", ASKED)
def test_a_figure_is_the_light_and_the_dark_one(name: str, simulated: Engine) -> None:
    text = svg_text(ASKED[name](simulated))
    light, dark = (re.sub(r"light-dark\((#\w+), (#\w+)\)", rf"\{place}", text) for place in (1, 2))
    assert light != dark
    own = svg_text_of(ASKED[name](simulated))
    figure = ASKED[name](simulated)
    darken(figure)
    assert colours(light) == colours(own)
    assert colours(dark) == colours(svg_text_of(figure))
    assert "<style" not in text
    assert "<!" not in text
    assert text_of(drawing("", text, "q").svg) == text_of(text)


def svg_text_of(figure: Figure) -> str:
    buffer = io.StringIO()
    with styled():
        ground = figure.patches[0].get_facecolor() if figure.patches else figure.get_facecolor()
        figure.savefig(buffer, format="svg", facecolor=ground)
    return buffer.getvalue()


def colours(svg: str) -> list[str]:
    """Of texts, in order; those of a figure's ground depend on how it is saved."""
    return re.findall(r"<text [^>]*?style=\"[^\"]*?fill: (#\w+)", svg)


def text_of(svg: str) -> list[str | None]:
    root = ElementTree.fromstring(svg)
    return [one.text for one in root.iter() if one.tag.endswith("text")]


def test_a_page_has_figures_as_data_alone(simulated: Engine) -> None:
    name = "</script><script>window.hit=1</script>"
    genes = shipped_sets()["ferroptosis"].genes[:12]
    others = [GeneSet(name, "", genes), GeneSet("plain", "", genes[:8])]
    answer = simulated.screen("RELA", others, tumor_types=["LIHC"], null="none")
    drawn = [Svg(name, svg_text(figure_of(answer)))]
    text = report(page_of_sections([section_of(answer, Figures(drawn))]))
    assert "window.hit=1</script>" not in text
    assert "<svg" not in text[: text.index('id="data"')]


def test_of_a_table_the_first_rows_of_each_part() -> None:
    frame = pl.DataFrame(
        {"tumor_type": ["ACC"] * 30 + ["LIHC"] * 30, "n": range(60), "p": [0.5] * 60,
         "note": [""] * 60, "empty": [None] * 60}
    )  # fmt: skip
    table = frame_table("title", "file", frame, groups=("tumor_type",), most=10)
    assert [row["n"] for row in table.rows] == [*range(5), *range(30, 35)]
    assert [(one.name, one.kind) for one in table.columns] == [
        ("tumor_type", "text"), ("n", "count"), ("p", "p"),
    ]  # fmt: skip
    assert table.note.startswith("The first 10 of 60 rows of each part")
    assert frame_table("title", "file", frame).note == ""
