"""How a figure looks where it is written: dark, with another title, at some dpi, text as text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread

from tcga_corr.engine import Engine
from tcga_corr.figures.dark import GROUND
from tcga_corr.figures.forest import forest
from tcga_corr.figures.look import FigureFile, Look
from tcga_corr.figures.style import INK, SEQUENTIAL, save


@pytest.fixture
def figure(simulated: Engine) -> Figure:
    return forest(simulated.correlate("RELA", "NFE2L2", null=(), source="simulated"))


def test_a_dark_figure_has_light_ink_on_a_dark_ground(figure: Figure, tmp_path: Path) -> None:
    path = tmp_path / "dark.png"
    save(figure, FigureFile(path, Look(dpi=100, dark=True)))
    image = imread(path)[..., :3]
    np.testing.assert_allclose(image[0, 0], to_rgb(GROUND), atol=0.01)
    assert (np.abs(image - 1).max(axis=-1) < 0.02).mean() < 0.001  # next to no white
    inks = {text.get_color() for text in figure.texts}
    assert INK not in inks
    lightness = image.mean(axis=-1)
    assert (lightness > 0.85).mean() > 0.002  # the text


def test_the_title_and_the_size(figure: Figure, tmp_path: Path) -> None:
    width, _ = figure.get_size_inches()
    for dpi in (50, 150):
        save(figure, FigureFile(tmp_path / f"{dpi}.png", Look(dpi=dpi)))
        assert imread(tmp_path / f"{dpi}.png").shape[1] == round(width * dpi)
    save(figure, FigureFile(tmp_path / "own.svg", Look(title="Mine <alone>")))
    text = (tmp_path / "own.svg").read_text(encoding="utf-8")
    assert "Mine &lt;alone&gt;" in text
    assert "RELA against NFE2L2" not in text
    assert text.count("<text") > 40  # text is text, not paths
    save(figure, FigureFile(tmp_path / "none.svg", Look(title="")))
    assert "Mine" not in (tmp_path / "none.svg").read_text(encoding="utf-8")


def test_a_title_with_control_characters_is_drawn_without_them(
    figure: Figure, tmp_path: Path
) -> None:
    from xml.etree import ElementTree

    save(figure, FigureFile(tmp_path / "own.svg", Look(title="one\x1b[31mtwo\nthree\tfour")))
    ElementTree.parse(tmp_path / "own.svg")  # with ESC it would be no XML
    text = (tmp_path / "own.svg").read_text(encoding="utf-8")
    assert "one [31mtwo three four" in text


def test_numbers_from_light_to_dark_are_from_dark_to_light_on_a_dark_ground(
    tmp_path: Path,
) -> None:
    """Both where each point has its colour, and where a map gives it."""
    scale = LinearSegmentedColormap.from_list("numbers", SEQUENTIAL)
    figure = Figure()
    axes = figure.add_subplot()
    steps = np.linspace(0, 1, 7)
    mapped = axes.scatter(steps, steps, c=steps, cmap=scale)
    coloured = axes.scatter(steps, steps, facecolors=[scale(float(one)) for one in steps])
    save(figure, FigureFile(tmp_path / "dark.png", Look(dark=True, dpi=40)))
    for dots in (mapped, coloured):
        brightness = np.asarray(dots.get_facecolors())[:, :3].sum(axis=1)
        assert (np.diff(brightness) > 0).all()
        assert brightness[0] > 1.5 * sum(to_rgb(GROUND))
