"""Figures against stored images: `python -m tests.figures.test_images` draws those anew.

They are compared without texts and legends, whose places differ between versions of matplotlib;
what is written, and that it is legible, is tested elsewhere. Of what is left the root mean square
of the differences, over the values of all pixels, from 0 to 255, may be up to TOLERANCE. Between
matplotlib 3.9.2 and 3.11.2 it is less than 0.01; a point moved by its width, or a band left out,
makes it 0.9 or more, as is tested below.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.image import imread, imsave
from matplotlib.legend import Legend
from matplotlib.text import Text
from numpy.typing import NDArray

from tcga_corr.figures.style import styled
from tests.figures.reading import check_texts
from tests.figures.simulated import KINDS, NAMES, TYPES

Pixels = NDArray[np.float64]
REFERENCES = Path(__file__).parent / "references"
DPI = 80
TOLERANCE = 0.3
DRAWN: dict[str, Callable[[], Figure]] = {
    "forest-1": lambda: KINDS["forest"](NAMES, TYPES[:1]),
    "forest-5": lambda: KINDS["forest of methods"](NAMES, TYPES[:5]),
    "forest-33": lambda: KINDS["forest"](NAMES, TYPES),
    "scatter-few": lambda: KINDS["scatter"](NAMES, TYPES[:1]),
    "scatter-many": lambda: KINDS["scatter"](NAMES, TYPES),
    "distribution": lambda: KINDS["distribution"](NAMES[:3], TYPES),
    "comparison": lambda: KINDS["comparison"](NAMES[:2], TYPES),
    "comparison-of-variables": lambda: KINDS["comparison of variables"](NAMES, TYPES),
    "dominance": lambda: KINDS["dominance"](NAMES, TYPES),
    "hazards-1": lambda: KINDS["hazards"](NAMES, TYPES[:1]),
    "hazards-33": lambda: KINDS["hazards"](NAMES, TYPES),
    "survival-1": lambda: KINDS["survival curves of thirds"](NAMES, TYPES[10:11]),
    "survival-5": lambda: KINDS["survival curves"](NAMES, TYPES[:5]),
    "specification": lambda: KINDS["specification"](NAMES, TYPES[:2]),
    "volcano": lambda: KINDS["volcano"](NAMES, TYPES),
    "volcano-5": lambda: KINDS["volcano"](NAMES, TYPES[:5]),
    "heat-map": lambda: KINDS["heat map"](NAMES, TYPES),
}


def pixels(figure: Figure) -> Pixels:
    """What is drawn, but texts and legends."""
    with styled():
        for one in figure.findobj(lambda artist: isinstance(artist, Text | Legend)):
            one.set_visible(False)
        figure.set_dpi(DPI)
        figure.canvas.draw()
    drawn = np.asarray(figure.canvas.buffer_rgba())  # type: ignore[attr-defined]
    return drawn[..., :3].astype(np.float64)


def reference(name: str) -> Pixels:
    return (imread(REFERENCES / f"{name}.png")[..., :3] * 255).round().astype(np.float64)


def difference(one: Pixels, other: Pixels) -> float:
    """The root mean square of the differences of all values."""
    assert one.shape == other.shape
    return float(np.sqrt(((one - other) ** 2).mean()))


@pytest.mark.parametrize("name", DRAWN)
def test_figures_are_as_they_were(name: str) -> None:
    figure = DRAWN[name]()
    check_texts(figure)
    assert difference(pixels(figure), reference(name)) <= TOLERANCE


def test_every_reference_is_of_a_figure() -> None:
    files = list(REFERENCES.iterdir())
    assert {path.name for path in files} == {f"{name}.png" for name in DRAWN}
    assert sum(path.stat().st_size for path in files) < 600_000


def moved_point(figure: Figure) -> None:
    """Move one point by a fiftieth of its axes."""
    axes = figure.axes[0]
    for line in axes.lines:
        if line.get_marker() in ("o", "D") and line.get_transform() == axes.transData:
            x = np.array(line.get_xdata(), dtype=float)
            x[0] += 0.02 * np.ptp(axes.get_xlim())
            line.set_xdata(x)
            return
    raise AssertionError("no points")


def no_band(figure: Figure) -> None:
    next(one for one in figure.axes[0].collections if isinstance(one, PolyCollection)).remove()


def no_bar(figure: Figure) -> None:
    max(figure.axes[1].patches, key=lambda one: one.get_window_extent().width).remove()


def no_line(figure: Figure) -> None:
    figure.axes[0].lines[0].remove()


def fewer_dots(figure: Figure) -> None:
    figure.axes[0].collections[0].remove()


def other_colour(figure: Figure) -> None:
    mesh = figure.axes[1].collections[0]
    values: Any = np.ma.array(mesh.get_array(), copy=True)
    values[2, 2] += 0.25
    mesh.set_array(values)


CHANGES: list[tuple[str, Callable[[Figure], None]]] = [
    ("forest-1", moved_point),
    ("forest-1", no_band),
    ("forest-5", moved_point),
    ("forest-5", no_band),
    ("forest-33", moved_point),
    ("forest-33", no_band),
    ("scatter-few", moved_point),
    ("scatter-few", no_band),
    ("scatter-few", no_line),
    ("scatter-many", no_band),
    ("distribution", no_band),
    ("comparison", moved_point),
    ("comparison", no_line),
    ("comparison-of-variables", moved_point),
    ("dominance", no_bar),
    ("hazards-1", moved_point),
    ("hazards-33", moved_point),
    ("hazards-33", no_band),
    ("survival-1", no_band),
    ("survival-1", no_line),
    ("survival-5", no_line),
    ("specification", moved_point),
    ("volcano", fewer_dots),
    ("volcano-5", fewer_dots),
    ("heat-map", other_colour),
]


@pytest.mark.parametrize(("name", "change"), CHANGES)
def test_a_change_is_beyond_the_tolerance(name: str, change: Callable[[Figure], None]) -> None:
    figure = DRAWN[name]()
    pixels(figure)
    change(figure)
    assert difference(pixels(figure), reference(name)) > 2 * TOLERANCE


if __name__ == "__main__":
    REFERENCES.mkdir(exist_ok=True)
    for name, draw in DRAWN.items():
        imsave(REFERENCES / f"{name}.png", pixels(draw()).astype(np.uint8))
