"""Figures as SVG in a page: only what draws is kept of them, under ids of their own."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from tcga_corr.page.parts import Drawing

_SVG, _LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_HREF = f"{{{_LINK}}}href"
_TAGS = frozenset((
    "svg", "g", "defs", "path", "use", "clipPath", "rect", "circle", "line", "polygon", "polyline",
    "text", "tspan", "pattern", "image", "title", "desc",
))  # fmt: skip
_ATTRIBUTES = frozenset((
    "id", "class", "style", "transform", "d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r",
    "points", "width", "height", "viewBox", "version", "fill", "stroke", "opacity", "fill-opacity",
    "stroke-opacity", "stroke-width", "fill-rule", "clip-rule", "clip-path", "text-anchor",
    "patternUnits", "patternTransform", "preserveAspectRatio", _HREF, "href",
))  # fmt: skip
_IMAGE = "data:image/png;base64,"
_ELSEWHERE = re.compile(r"url\(\s*(?!#)|@|\\|expression", re.IGNORECASE)
_OWN = re.compile(r"url\(#([\w-]+)\)")
_CLASSES = {"on-light", "on-dark"}


def drawing(title: str, svg: str, prefix: str) -> Drawing:
    """A figure for a page.

    Parameters
    ----------
    title
        Of the figure.
    svg
        Its SVG. Whatever does not draw, such as a script, a style sheet or a link, is left out.
    prefix
        Before the ids in it, so that they are no other figure's.

    Raises
    ------
    ValueError
        If it is no SVG.
    """
    if "<!" in svg:
        raise ValueError("a document type or a comment in SVG")
    try:
        root = ElementTree.fromstring(svg)  # noqa: S314 - without a document type it has no entities
    except ElementTree.ParseError as error:
        raise ValueError(f"no XML: {error}") from error
    if root.tag != f"{{{_SVG}}}svg":
        raise ValueError("no SVG")
    _clean(root, f"{prefix}-")
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _LINK)
    return Drawing(title, ElementTree.tostring(root, encoding="unicode"))


def _clean(one: ElementTree.Element, prefix: str) -> None:
    """Keep what draws of an element and those in it, and put the prefix before ids."""
    for name, value in list(one.attrib.items()):
        kept = _cleaned(name, value, prefix) if name in _ATTRIBUTES else None
        if kept is None:
            del one.attrib[name]
        else:
            one.set(name, kept)
    for child in list(one):
        if child.tag in {f"{{{_SVG}}}{tag}" for tag in _TAGS}:
            _clean(child, prefix)
        else:
            one.remove(child)


def _cleaned(name: str, value: str, prefix: str) -> str | None:
    """An attribute that draws; None of any other."""
    if name in (_HREF, "href"):
        if value.startswith("#"):
            return f"#{_with(value[1:], prefix)}"
        return value if value.startswith(_IMAGE) else None
    if name == "class":
        return value if value in _CLASSES else None
    if name == "id":
        return _with(value, prefix)
    if _ELSEWHERE.search(value):
        return None
    return _OWN.sub(lambda found: f"url(#{_with(found[1], prefix)})", value)


def _with(name: str, prefix: str) -> str:
    return name if name.startswith(prefix) else f"{prefix}{name}"
