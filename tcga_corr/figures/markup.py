"""A figure as SVG text for a page that has a light and a dark form."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from matplotlib.figure import Figure

from tcga_corr.figures.dark import GROUND, darken
from tcga_corr.figures.style import styled

_SVG, _LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_HREF = f"{{{_LINK}}}href"
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_COLOUR = re.compile(r"(fill|stroke):\s*(#[0-9a-f]{6})\b")
_INHERITED = "stroke-linejoin: round; stroke-linecap: butt"  # the style sheet of matplotlib
_FONT, _FONTS = "'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif"  # of nearly the same widths
ON_LIGHT, ON_DARK = "on-light", "on-dark"
"""Classes of images of which there are two."""


def svg_text(figure: Figure) -> str:
    """The SVG of a figure, which a dark page shows in the colours of ``--dark``.

    A colour that differs there is written as ``light-dark(#…, #…)``, which follows the colour
    scheme of the page; the text has neither a document type, nor metadata or a style sheet, which
    would hold for the whole page. Text is text.

    Parameters
    ----------
    figure
        Its colours are dark ones afterwards.
    """
    light = _drawn(figure, "white")
    darken(figure)
    dark = _drawn(figure, GROUND)
    if _shape(light) == _shape(dark):
        _merge(light, dark)
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _LINK)
    return ElementTree.tostring(light, encoding="unicode").replace(_FONT, _FONTS)


def _drawn(figure: Figure, ground: str) -> ElementTree.Element:
    buffer = io.StringIO()
    with styled():
        figure.savefig(
            buffer,
            format="svg",
            facecolor=ground,
            dpi=150,
            metadata={"Date": None, "Creator": None},
        )
    # text of this process, not of a file from elsewhere
    root = ElementTree.fromstring(buffer.getvalue())  # noqa: S314
    for parent in root.iter():
        for child in list(parent):
            if child.tag in (f"{{{_SVG}}}style", f"{{{_SVG}}}metadata"):
                parent.remove(child)
        for name in ("fill", "stroke"):  # of the tiles of hatches
            if parent.get(name, "").startswith("#"):
                parent.set("style", f"{name}: {parent.attrib.pop(name)}; {parent.get('style', '')}")
    root.set("style", _INHERITED)
    _number_ids(root)
    return root


def _number_ids(root: ElementTree.Element) -> None:
    """Name ids by their order, as those of matplotlib depend on colours; drop unused ones."""
    used = {
        name
        for one in root.iter()
        for value in one.attrib.values()
        for name in (*_REFERENCE.findall(value), *([value[1:]] if value.startswith("#") else []))
    }
    order = [one.get("id", "") for one in root.iter() if one.get("id") in used]
    numbers = {name: f"i{place}" for place, name in enumerate(dict.fromkeys(order))}
    for one in root.iter():
        own = one.attrib.pop("id", None)
        if own in numbers:
            one.set("id", numbers[own])
        for name, value in one.attrib.items():
            if name in (_HREF, "href") and value.startswith("#"):
                one.set(name, f"#{numbers.get(value[1:], value[1:])}")
            elif "url(#" in value:
                one.set(name, _REFERENCE.sub(lambda found: f"url(#{numbers[found[1]]})", value))


def _shape(root: ElementTree.Element) -> list[tuple[object, ...]]:
    """All but colours and images: what is equal in both forms of a figure."""
    return [
        (
            one.tag,
            one.text,
            tuple(
                (name, _COLOUR.sub(r"\1", value))
                for name, value in sorted(one.attrib.items())
                if not value.startswith("data:")
            ),
        )
        for one in root.iter()
    ]


def _merge(light: ElementTree.Element, dark: ElementTree.Element) -> None:
    """Give the light form the colours of the dark one beside its own."""
    for parent, other_parent in list(_pairs(light, dark)):
        for one, other in reversed(list(zip(parent, other_parent, strict=True))):
            image, other_image = one.get(_HREF, ""), other.get(_HREF, "")
            if image.startswith("data:") and image != other_image:
                one.set("class", ON_LIGHT)
                other.set("class", ON_DARK)
                parent.insert(list(parent).index(one) + 1, other)
        _give_colours(parent, _COLOUR.findall(other_parent.get("style", "")))


def _give_colours(one: ElementTree.Element, dark: Sequence[tuple[str, str]]) -> None:
    """Write the colours of an element that are others on a dark ground as both."""
    style = one.get("style", "")
    for (name, colour), (_, other) in zip(_COLOUR.findall(style), dark, strict=True):
        if colour != other:
            one.set(name, colour)  # for browsers that do not know light-dark()
            style = re.sub(rf"{name}:\s*{colour}", f"{name}: light-dark({colour}, {other})", style)
    if style:
        one.set("style", style)


def _pairs(
    one: ElementTree.Element, other: ElementTree.Element
) -> Iterator[tuple[ElementTree.Element, ElementTree.Element]]:
    return zip(one.iter(), other.iter(), strict=True)
