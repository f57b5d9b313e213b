"""Figures on a dark ground: the colours of the style in another light."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from tcga_corr.figures.style import (
    BAND,
    BLUE,
    FAINT,
    GREEN,
    GREY,
    INK,
    PALE,
    PALE_BLUE,
    PALE_ORANGE,
    PURPLE,
    SEQUENTIAL,
    VERMILION,
)

GROUND = "#15181d"
_DARK = {
    "#ffffff": GROUND,
    "#000000": "#f0f0f0",
    INK: "#f0f0f0",
    GREY: "#a9b0ba",
    PALE: "#3b414a",
    BAND: "#21262d",
    FAINT: "#767e89",
    PALE_BLUE: "#21465f",
    PALE_ORANGE: "#59471d",
    BLUE: "#4ba6e3",
    VERMILION: "#f2864a",
    GREEN: "#2fc19a",
    PURPLE: "#dd9cc0",
}
_RAMP = "#2f6486", "#4ba6e3", "#e3f3fd"  # in place of SEQUENTIAL, the high end the brightest
_LIGHT_RAMP, _DARK_RAMP = (
    LinearSegmentedColormap.from_list("numbers", ramp) for ramp in (SEQUENTIAL, _RAMP)
)
_BY_RGB = {tuple(np.round(to_rgba(one)[:3], 3)): to_rgba(other)[:3] for one, other in _DARK.items()}
_ALL = np.arange(_LIGHT_RAMP.N)
_BY_RGB |= {
    tuple(np.round(light[:3], 3)): tuple(dark[:3].tolist())
    for light, dark in zip(_LIGHT_RAMP(_ALL), _DARK_RAMP(_ALL), strict=True)
}
_CLOSE = 3  # decimals by which a colour is recognised


def darken(figure: Figure) -> None:
    """Change the colours of a figure that are of the style to those on a dark ground.

    Colours of maps, which stand for numbers, stay as they are, but for those from light to dark:
    on a dark ground their high end would not be seen.
    """
    for artist in figure.findobj():
        for get, set_ in _colours_of(artist):
            set_(_dark(get()))


def _colours_of(artist: Artist) -> Iterator[tuple[Any, Any]]:
    """How the colours of an artist are asked for and set."""
    if isinstance(artist, Line2D):
        yield artist.get_color, artist.set_color
        yield artist.get_markerfacecolor, artist.set_markerfacecolor
        yield artist.get_markeredgecolor, artist.set_markeredgecolor
    elif isinstance(artist, Text):
        yield artist.get_color, artist.set_color
        box = artist.get_bbox_patch()
        if box is not None:
            yield box.get_facecolor, box.set_facecolor
    elif isinstance(artist, Patch):
        yield artist.get_facecolor, artist.set_facecolor
        yield artist.get_edgecolor, artist.set_edgecolor
    elif isinstance(artist, Collection):
        if artist.get_array() is None:
            yield artist.get_facecolor, artist.set_facecolor
        elif np.array_equal(artist.get_cmap()(_ALL), _LIGHT_RAMP(_ALL)):
            artist.set_cmap(_DARK_RAMP)
        yield artist.get_edgecolor, artist.set_edgecolor


def _dark(colour: Any) -> Any:
    """One colour, or several, on the dark ground; others stay."""
    if isinstance(colour, str) and colour in ("none", "auto", "face"):
        return colour
    if isinstance(colour, np.ndarray) and colour.ndim == 2:
        return [_dark(tuple(one)) for one in colour.tolist()]
    red, green, blue, alpha = to_rgba(colour)
    found = _BY_RGB.get(tuple(np.round((red, green, blue), _CLOSE)), (red, green, blue))
    return (*found, alpha)
