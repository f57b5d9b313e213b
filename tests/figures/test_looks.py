"""How a figure looks: dark, of some size, order and title, at some dpi, text as text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread

from tcga_corr.choices import FIGURE_ORDERS, FigureOrder
from tcga_corr.cli import main
from tcga_corr.engine import Engine
from tcga_corr.errors import UsageError
from tcga_corr.figures.dark import GROUND
from tcga_corr.figures.forest import forest
from tcga_corr.figures.heat import heat_map
from tcga_corr.figures.look import FigureFile, Look
from tcga_corr.figures.style import INK, SEQUENTIAL, save
from tests.figures.reading import check_texts, told
from tests.figures.simulated import KINDS, NAMES, TYPES, associations, some_pairs


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


def test_the_title_and_the_dots(simulated: Engine, tmp_path: Path) -> None:
    answer = simulated.correlate("RELA", "NFE2L2", null=(), source="simulated")
    own = forest(answer)
    width, height = own.get_size_inches()
    for dpi in (50, 150):
        save(own, FigureFile(tmp_path / f"{dpi}.png", Look(dpi=dpi)))
        assert imread(tmp_path / f"{dpi}.png").shape[1] == round(width * dpi)
    answer.plot(tmp_path / "own.svg", title="Mine <alone>")
    text = (tmp_path / "own.svg").read_text(encoding="utf-8")
    assert "Mine &lt;alone&gt;" in text
    assert "RELA against NFE2L2" not in text
    assert text.count("<text") > 40  # text is text, not paths
    without = answer.plot(title="")
    assert "RELA against NFE2L2" not in told(without)
    assert without.get_figheight() == pytest.approx(height - 0.15)  # a line less
    long = answer.plot(title="a title of very many words " * 6)
    check_texts(long)
    assert long.get_figheight() > height


def test_a_title_with_control_characters_is_drawn_without_them(
    simulated: Engine, tmp_path: Path
) -> None:
    from xml.etree import ElementTree

    answer = simulated.correlate("RELA", "NFE2L2", null=(), source="simulated")
    answer.plot(tmp_path / "own.svg", title="one\x1b[31mtwo\nthree\tfour")
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


# --- size


@pytest.mark.parametrize(
    ("text", "inches"),
    [
        ("7x5", (7, 5)),
        ("7.5 x 5in", (7.5, 5)),
        ("18x12cm", (18 / 2.54, 12 / 2.54)),
        ("180×120MM", (180 / 25.4, 120 / 25.4)),
        ((7, 5), (7, 5)),
    ],
)
def test_sizes_are_inches_or_have_a_unit(text: Any, inches: tuple[float, float]) -> None:
    assert Look(size=text).inches == pytest.approx(inches)


@pytest.mark.parametrize(
    "size", ["7", "7x", "x5", "7x5px", "-7x5", "0x5", "7x5x3", "nanx5", "700x5", "", (7,), (7, "a")]
)
def test_what_is_no_size_is_refused(size: Any) -> None:
    with pytest.raises(UsageError, match="the size"):
        Look(size=size)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_types", [1, 5, pytest.param(33, marks=pytest.mark.slow)])
def test_every_kind_fits_in_the_size_or_says_what_it_needs(kind: str, n_types: int) -> None:
    def drawn(size: tuple[float, float]) -> Figure | str:
        try:
            figure = KINDS[kind](NAMES, TYPES[:n_types], Look(size=size))
        except UsageError as error:
            return str(error)
        check_texts(figure)
        assert figure.get_size_inches().tolist() == pytest.approx(size)
        return figure

    assert isinstance(drawn((16, 16)), Figure)
    for size in ((3.5, 3), (5.2, 4), (8, 5)):
        figure = drawn(size)
        if isinstance(figure, Figure):
            continue
        # one that is as wide and as high as is said is drawn
        needed = list(size)
        for _ in range(3):
            found = re.search(r"at least ([\d.]+) inches \(\d+ cm\) (wide|high)", str(figure))
            assert found, figure
            needed[["wide", "high"].index(found[2])] = float(found[1])
            figure = drawn((needed[0], needed[1]))
            if isinstance(figure, Figure):
                break
        assert isinstance(figure, Figure)


# --- order


def labels(figure: Figure) -> list[str]:
    return [one.get_text() for one in figure.axes[0].get_yticklabels() if one.get_text()]


def test_tumor_types_are_in_the_order_that_is_asked_for(simulated: Engine) -> None:
    types = ["LIHC", "ACC", "UVM", "BRCA"]
    answer = simulated.correlate("RELA", "NFE2L2", null=(), tumor_types=types)
    frame = answer.frame

    def order(by: Any) -> list[str]:
        return [name for name in labels(answer.plot(order=by)) if name != "pooled"]

    assert order("name") == sorted(types)
    assert order(["UVM", "BRCA"]) == ["UVM", "BRCA", "ACC", "LIHC"]
    for by, column in (("value", "r"), ("n", "n"), (None, "r")):
        expected = frame.sort(column, "tumor_type", descending=[True, False])["tumor_type"]
        assert order(by) == expected.to_list()
    with pytest.raises(UsageError, match="heat maps alone"):
        answer.plot(order="cluster")
    with pytest.raises(UsageError, match="order is 'size'"):
        answer.plot(order="size")
    with pytest.raises(UsageError, match="a figure has no 'colour'"):
        answer.plot(colour="red")


def test_a_figure_without_tumor_types_refuses_an_order() -> None:
    for kind, what in (("scatter", "a scatter"), ("specification", "choices")):
        with pytest.raises(UsageError, match=what):
            KINDS[kind](NAMES, TYPES[:1], Look(order="n"))


@pytest.mark.parametrize("order", FIGURE_ORDERS)
def test_the_columns_of_a_heat_map_are_in_the_order(order: FigureOrder) -> None:
    frame = associations(some_pairs(6), TYPES[:8])
    figure = heat_map(frame, look=Look(order=order))
    check_texts(figure)
    drawn = [one.get_text().partition(",")[0] for one in figure.axes[0].get_xticklabels()]
    known = frame.filter(pl.col("r").is_not_null())
    by = known.group_by("tumor_type").agg(pl.col("r").mean(), pl.col("n").max())
    sorted_by = {
        "value": by.sort("r", descending=True)["tumor_type"].to_list(),
        "n": by.sort("n", descending=True)["tumor_type"].to_list(),
        "name": TYPES[:8],
        "given": TYPES[:8],
    }
    assert order == "cluster" or drawn == sorted_by[order]
    assert sorted(drawn) == TYPES[:8]


def test_the_command_line_gives_size_and_order(simulated: Engine, tmp_path: Path) -> None:
    path = tmp_path / "own.png"
    asked = ["correlate", "RELA", "NFE2L2", "-t", "uvm,liver,ACC", "--null", "none", "--plot"]
    command = ["--cache", str(simulated.store.root), *asked, str(path)]
    assert main.run([*command, "--size", "12.7x10.16cm", "--order", "given", "--dpi", "100"]) == 0
    assert imread(path).shape[:2] == (400, 500)
    svg = tmp_path / "own.svg"
    assert main.run([*command[:-1], str(svg), "--order", "given"]) == 0
    text = svg.read_text(encoding="utf-8")
    assert text.index(">UVM<") < text.index(">LIHC<") < text.index(">ACC<")


@pytest.mark.parametrize("asked", ["--size 7x5", "--order n", "--dark", "--dpi 99", "--title A"])
def test_a_look_without_a_figure_is_refused(
    asked: str, simulated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--cache", str(simulated.store.root), "correlate", "RELA", "NFE2L2"]
    assert main.run([*command, *asked.split()]) == 2
    assert f"{asked.split()[0]} is of a figure. Give --plot FILE too" in capsys.readouterr().err
