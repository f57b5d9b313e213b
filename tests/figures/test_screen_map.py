"""The heat map of a screen: every r in its cell, in the wanted order, with its marks."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from tcga_corr.analysis.screen import ScreenAnswer
from tcga_corr.cli import main
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.figures.look import Look
from tcga_corr.figures.screen_map import MOST_ROWS, screen_map
from tests.figures.reading import check_texts, told
from tests.figures.simulated import HOSTILE, TYPES, screened

NAMES = tuple(f"GENE{number}" for number in range(6))


def of_types(n_types: int, names: tuple[str, ...] = NAMES) -> ScreenAnswer:
    """A screen of some names whose r rises by every other name, of which every ninth has no r."""
    answer = screened(len(names), TYPES[:n_types], names=(*names[::2], *names[1::2]))
    frame = answer.frame.filter((pl.int_range(pl.len()) % 9 != 4) | (n_types == 1))
    query = replace(answer.query, against=",".join(names))
    return replace(answer, frame=frame, names=names, query=query)


def cells(figure: Figure) -> np.ma.MaskedArray[Any, Any]:
    found: Any = figure.axes[0].collections[0].get_array()  # type: ignore[attr-defined]
    return found.reshape(len(figure.axes[0].get_yticks()), -1)


def rows_of(figure: Figure) -> list[str]:
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def n_dots(figure: Figure) -> int:
    return sum(len(np.atleast_1d(line.get_xdata())) for line in figure.axes[0].lines)


@pytest.mark.parametrize("n_types", [1, 5, 33])
def test_a_map_has_every_r_in_its_cell_and_dots_of_small_q(n_types: int) -> None:
    answer = of_types(n_types)
    figure = screen_map(answer)
    check_texts(figure)
    drawn = cells(figure)
    assert rows_of(figure) == list(NAMES)
    frame = answer.frame.select("tumor_type", "y", "r")
    for tumor_type, y, r in frame.iter_rows():
        assert drawn[NAMES.index(y), TYPES.index(tumor_type)] == r
    assert drawn.count() == frame.height
    assert n_dots(figure) == answer.frame.filter(pl.col("q") < 0.05).height > 0
    assert ("not measured" in told(figure)) == (n_types > 1)
    by_genes = answer.frame.with_columns(q_genes=pl.lit(1.0))
    assert n_dots(screen_map(replace(answer, frame=by_genes))) == 0


def test_rows_and_columns_are_clustered_where_many_or_wanted() -> None:
    answer = of_types(5)
    given, clustered = (screen_map(answer, Look(order=order)) for order in ("given", "cluster"))
    assert sorted(rows_of(clustered)) == sorted(rows_of(given)) != rows_of(clustered)
    assert np.sort(cells(clustered).compressed()).tolist() == pytest.approx(
        np.sort(cells(given).compressed())
    )
    shipped = replace(answer, query=replace(answer.query, against="hallmark"))
    assert rows_of(screen_map(shipped)) == rows_of(clustered)


def test_of_many_rows_the_strongest_are_drawn() -> None:
    names = tuple(f"G{number:03d}" for number in range(MOST_ROWS + 40))
    answer = of_types(3, names)
    answer = replace(answer, frame=answer.frame.with_columns(r_disjoint="r"))
    figure = screen_map(answer, Look(order="given"))
    check_texts(figure)
    assert f"the {MOST_ROWS} of {len(names)} with the highest" in told(figure)
    median = answer.frame.group_by("y").agg(pl.col("r").abs().median()).sort("r", descending=True)
    assert set(rows_of(figure)) == set(median["y"].head(MOST_ROWS))


def test_what_cannot_be_a_map_says_why() -> None:
    answer = of_types(3)
    with pytest.raises(UsageError, match="Give --each"):
        screen_map(screened(6))
    with pytest.raises(UsageError, match="two variables are named 'GENE0'"):
        screen_map(replace(answer, names=(*NAMES, "GENE0")))
    with pytest.raises(AnalysisError, match="no association has an r"):
        screen_map(replace(answer, frame=answer.frame.with_columns(r=pl.lit(None, pl.Float64))))
    check_texts(screen_map(of_types(3, HOSTILE)))


@pytest.mark.parametrize("tumor_types", [["LIHC"], ["LIHC", "ACC", "UVM"]])
def test_a_list_by_itself_is_a_square(simulated: Engine, tumor_types: list[str]) -> None:
    options: dict[str, Any] = {"null": (), "tumor_types": tumor_types}
    answer = simulated.screen("RELA,NFE2L2,ferroptosis,GPX4,ACSL4", "itself", **options)
    figure = screen_map(answer)
    check_texts(figure)
    drawn = cells(figure)
    assert (drawn == drawn.T).all()
    assert np.diag(drawn).tolist() == [1] * 5
    place = {name: number for number, name in enumerate(answer.names)}
    for x, y, r in answer.frame.select("x", "y", "r").iter_rows():
        assert drawn[place[x], place[y]] == r
    assert n_dots(figure) == 2 * answer.frame.filter(pl.col("q") < 0.05).height
    each = simulated.screen(
        "RELA,NFE2L2,ferroptosis", "itself", by_tumor_type=True, null=(), tumor_types=TYPES[:4]
    )
    assert rows_of(screen_map(each)) == [f"{x} – {y}" for x, y in combinations(each.names, 2)]


def test_maps_are_drawn_from_the_command_line(simulated: Engine, tmp_path: Path) -> None:
    command = ["--cache", str(simulated.store.root), "screen"]
    for number, asked in enumerate(
        (
            "ferroptosis --against RELA,NFE2L2 --each --null none",
            "RELA,NFE2L2,GPX4 --against itself -t LIHC --null none",
            "ferroptosis --against RELA,NFE2L2,GPX4 -t LIHC --null none",
        )
    ):
        path = tmp_path / f"{number}.svg"
        assert main.run([*command, *asked.split(), "--plot", str(path)]) == 0
        assert path.stat().st_size > 1_000
    asked = "ferroptosis --against RELA,NFE2L2 --each --null none --kind volcano"
    assert main.run([*command, *asked.split(), "--plot", str(tmp_path / "v.svg")]) == 2
