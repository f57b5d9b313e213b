"""Every kind of figure, of any names and any number of tumor types, is legible and inert."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from tcga_corr.figures.style import styled
from tcga_corr.figures.text import cut_apart, listed, wrapped_apart
from tests.figures.reading import check_texts, words
from tests.figures.simulated import HOSTILE, KINDS, NAMES, TYPES

LONG = [f"HALLMARK_EPITHELIAL_MESENCHYMAL_TRANSITION_OF_WIDE_LETTERS_W_{n}" for n in range(6)]
SVG = "{http://www.w3.org/2000/svg}"


def check_axes(figure: Figure) -> None:
    """No axes are empty."""
    for axes in figure.axes:
        assert axes.lines or axes.collections or axes.patches or axes.texts


@pytest.mark.slow
@pytest.mark.parametrize("n_types", [1, 5, 33])
@pytest.mark.parametrize("kind", KINDS)
def test_figures_of_long_names_are_legible(kind: str, n_types: int) -> None:
    figure = KINDS[kind](LONG, TYPES[:n_types])
    check_texts(figure)
    check_axes(figure)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_are_text(kind: str) -> None:
    for first in range(0, len(HOSTILE), 2):
        names = [HOSTILE[(first + number) % len(HOSTILE)] for number in range(len(NAMES))]
        figure = KINDS[kind](names, TYPES[:5])
        check_texts(figure)
        check_axes(figure)
        for text in words(figure):
            assert all(one.isprintable() or one in "\u00a0\n" for one in text), text
            assert len(text) < 400
        if first == 0:
            assert any("$x^2$" in text for text in words(figure))
            file = io.BytesIO()
            with styled():
                figure.savefig(io.BytesIO(), format="pdf")
                figure.savefig(file, format="svg")
            assert len(file.getvalue()) < 3_000_000
            tags = {one.tag for one in ElementTree.fromstring(file.getvalue()).iter()}
            assert f"{SVG}path" in tags
            assert not tags & {f"{SVG}script", f"{SVG}a", f"{SVG}foreignObject"}
            assert b"<script" not in file.getvalue()


def test_letters_the_font_lacks_are_told_as_such() -> None:
    figure = KINDS["forest"](["基因 \U0001f9ec", "two\nlines שם", *NAMES[2:]], TYPES[:3])
    assert "?? ? against two?lines ??" in words(figure)


def test_long_names_that_begin_alike_are_told_apart() -> None:
    for lines in (wrapped_apart(LONG, 0.93, 6, 4, "bold"), wrapped_apart(LONG, 0.3, 6, 1)):
        assert len(set(map(tuple, lines))) == len(LONG)
    assert len(set(cut_apart(LONG, 30))) == len(LONG)
    assert all(len(name) <= 30 for name in cut_apart(LONG, 30))
    assert cut_apart(["RELA", "N" * 90], 20) == ["RELA", "N" * 19 + "…"]
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdef")) == "a, b, c and 3 more"
