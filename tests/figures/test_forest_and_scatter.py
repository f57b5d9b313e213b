"""The figures of a pair: over tumor types, and in one of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import same_color, to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tcga_corr.analysis.correlate import CorrelateAnswer
from tcga_corr.cli import main
from tcga_corr.engine import Engine
from tcga_corr.figures.forest import forest
from tcga_corr.figures.scatter import scatter
from tcga_corr.figures.style import SERIES, VERMILION, save
from tests.figures.reading import check_texts, words

PAIR = ("ferroptosis", "nfkb")


@pytest.fixture(scope="module")
def answer(simulated: Engine) -> CorrelateAnswer:
    return simulated.correlate(*PAIR, draws=50)


def changed(answer: CorrelateAnswer, **columns: Any) -> CorrelateAnswer:
    frame = answer.frame.with_columns(**columns)
    return replace(answer, frame=frame)


def labels(figure: Figure) -> list[str]:
    return [one.get_text() for one in figure.axes[0].get_yticklabels()]


def points(figure: Figure, marker: str = "o") -> list[Line2D]:
    """The points of r, not the dots at the right."""
    axes = figure.axes[0]
    return [
        one
        for one in axes.lines
        if one.get_marker() == marker and one.get_transform() == axes.transData
    ]


def test_all_tumor_types_by_falling_r(answer: CorrelateAnswer) -> None:
    figure = forest(answer)
    check_texts(figure)
    rows = answer.frame.sort("r", descending=True, nulls_last=True)
    assert labels(figure) == [*rows["tumor_type"].to_list(), "pooled"]
    drawn = [float(np.asarray(one.get_xdata())[0]) for one in points(figure)]
    assert drawn == rows["r"].drop_nulls().to_list()
    told = " ".join(words(figure))
    for part in ("ferroptosis against nfkb", "SIMULATED", "log2(norm_count+1)", "33 tumor types"):
        assert part in told
    for n in rows["n"]:
        assert f"{n:,}" in words(figure)


def test_points_are_filled_where_q_is_small(answer: CorrelateAnswer) -> None:
    rows = answer.frame.sort("r", descending=True, nulls_last=True).drop_nulls("r")
    filled = [one.get_markerfacecolor() != "white" for one in points(forest(answer))]
    assert filled == (rows["q"] < 0.05).to_list()


def test_bands_of_the_nulls_are_drawn_where_they_are_known(simulated: Engine) -> None:
    plain = forest(simulated.correlate("RELA", "NFE2L2", null=[]))
    check_texts(plain)
    genes = forest(simulated.correlate("RELA", "NFE2L2", null="genes", draws=50))
    check_texts(genes)
    assert len(genes.axes[0].collections) > len(plain.axes[0].collections)
    assert "95 % of random genes" in words(genes)
    assert "95 % of other pathways" not in words(genes)
    assert "q_genes" in words(genes)
    assert "q_genes" not in words(plain)


@pytest.mark.parametrize("method", ["kendall", "all"])
def test_every_method_is_drawn(simulated: Engine, method: Any) -> None:
    types = ["ACC", "BRCA", "LIHC"]
    figure = forest(simulated.correlate(*PAIR, tumor_types=types, method=method, null=[]))
    check_texts(figure)
    assert len(points(figure)) >= 3
    if method == "all":
        assert len(points(figure, "s")) == len(points(figure, "D")) == 3
        assert {"pearson", "spearman", "kendall"} <= set(words(figure))


def test_a_row_without_r_says_why(answer: CorrelateAnswer) -> None:
    none = pl.when(pl.col("tumor_type") == "LIHC").then(None)
    empty = {
        name: none.otherwise(pl.col(name))
        for name in ("r", "ci_low", "ci_high", "p", "q", "p_genes", "q_genes", "p_sets",
                     "genes_low", "genes_high", "sets_low", "sets_high")
    }  # fmt: skip
    why = pl.when(pl.col("tumor_type") == "LIHC").then(pl.lit("RELA is constant"))
    figure = forest(changed(answer, **empty, note=why.otherwise(pl.col("note"))))
    check_texts(figure)
    assert "RELA is constant" in words(figure)
    assert labels(figure)[-2] == "LIHC"


def test_no_tumor_type_has_an_r(simulated: Engine) -> None:
    figure = forest(simulated.correlate(*PAIR, samples="normal", tumor_types=["ACC", "LAML"]))
    check_texts(figure)
    assert any("too few samples" in one for one in words(figure))


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_same_figure_is_the_same_file(
    answer: CorrelateAnswer, tmp_path: Path, ending: str
) -> None:
    files = [tmp_path / f"{number}.{ending}" for number in range(2)]
    for path in files:
        save(forest(answer), path)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert len(files[0].read_bytes()) > 5_000


@pytest.mark.parametrize("tumor_type", ["CHOL", "BRCA"])
@pytest.mark.parametrize("adjust", [(), ("TP53",)])
def test_a_scatter_has_every_sample(
    simulated: Engine, tumor_type: str, adjust: tuple[str, ...]
) -> None:
    asked = simulated.correlate(*PAIR, tumor_types=[tumor_type], adjust=adjust, draws=50)
    values = simulated.values([*PAIR, *adjust], tumor_types=[tumor_type])
    figure = scatter(asked, values)
    check_texts(figure)
    [axes] = figure.axes
    clouds = [one for one in axes.collections if isinstance(one, PathCollection)]
    drawn = sum(len(np.asarray(one.get_offsets())) for one in clouds) or max(
        len(np.asarray(line.get_xdata())) for line in axes.lines if line.get_marker() == "o"
    )
    assert drawn == asked.frame["n"][0]
    told = " ".join(words(figure)).replace("\u00a0", " ")
    for part in (f"r = {asked.frame['r'][0]:.3f}", "p_genes", "ssGSEA score"):
        assert part in told


def test_the_line_of_a_scatter_is_that_of_least_squares(simulated: Engine) -> None:
    asked = simulated.correlate("RELA", "NFE2L2", tumor_types=["LIHC"], null=[])
    values = simulated.values(["RELA", "NFE2L2"], tumor_types=["LIHC"])
    x, y = (values.frame[name].to_numpy() for name in ("RELA", "NFE2L2"))
    line = scatter(asked, values).axes[0].lines[-1]
    at, height = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    slope, intercept = np.polyfit(x, y, 1)
    np.testing.assert_allclose(height, intercept + slope * at, rtol=1e-9)


def test_values_are_those_of_the_correlation(simulated: Engine) -> None:
    values = simulated.values([*PAIR, "RELA"], tumor_types=["LIHC", "ACC"]).frame
    rows = simulated.correlate(*PAIR, tumor_types=["LIHC", "ACC"], null=[]).frame
    for row in rows.to_dicts():
        own = values.filter(pl.col("tumor_type") == row["tumor_type"])
        assert own.height == row["n"]
        r = np.corrcoef(own["ferroptosis"], own["nfkb"])[0, 1]
        assert r == pytest.approx(row["r"], abs=1e-12)
    assert values.columns[:4] == ["tumor_type", "sample", "patient", "sample_type"]


@pytest.mark.parametrize(
    "command",
    [
        ("correlate", *PAIR, "--null", "none"),
        ("correlate", *PAIR, "-t", "LIHC", "--null", "none"),
        ("score", "ferroptosis"),
        ("dominance", "-t", "LIHC,ACC", "--draws", "30"),
        ("compare", "ferroptosis"),
        ("robustness", *PAIR, "-t", "LIHC"),
        ("screen", "RELA", "--against", "hallmark"),
    ],
    ids=lambda command: "-".join(command[:1]),
)
def test_commands_draw(
    simulated: Engine,
    tmp_path: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
    command: tuple[str, ...],
) -> None:
    figure = tmp_path / "figure.svg"
    arguments = ["--cache", str(simulated.store.root), *command, "--plot", str(figure)]
    assert main.run(arguments) == 0
    assert capfdbinary.readouterr().out
    assert "<svg" in figure.read_text(encoding="utf-8")
    assert main.run(arguments) == 2
    out, err = capfdbinary.readouterr()
    assert b"exists" in err
    assert not out


def test_a_figure_of_no_kind_is_refused(
    simulated: Engine, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    figure = tmp_path / "figure.gif"
    store = str(simulated.store.root)
    assert main.run(["--cache", store, "correlate", *PAIR, "--plot", str(figure)]) == 2
    assert b"End it in png, svg, pdf" in capfdbinary.readouterr().err
    assert not figure.exists()


def test_strokes_are_r_without_shared_genes(answer: CorrelateAnswer) -> None:
    def strokes(figure: Figure) -> list[float]:
        return [
            float(np.asarray(one.get_xdata())[0])
            for one in figure.axes[0].lines
            if same_color(one.get_color(), VERMILION)
        ]

    rows = answer.frame.sort("r", descending=True, nulls_last=True)
    assert rows["n_shared_genes"].min() == 1
    figure = forest(answer)
    assert strokes(figure) == rows["r_disjoint"].drop_nulls().to_list()
    assert "Short stroke" in " ".join(words(figure))
    apart = forest(changed(answer, n_shared_genes=pl.lit(0)))
    assert not strokes(apart)
    assert "Short stroke" not in " ".join(words(apart))


def test_strokes_of_several_methods_are_in_their_own_colours(simulated: Engine) -> None:
    several = simulated.correlate(
        "ferroptosis", "nfkb", method="all", null=(), tumor_types=["LIHC"]
    )
    found = {
        to_hex(one.get_color())
        for one in forest(several).axes[0].lines
        if one.get_marker() == "None"
        and len(one.get_xdata()) == 2
        and one.get_xdata()[0] == one.get_xdata()[1]
        and np.ptp(one.get_ydata()) == pytest.approx(0.6)
    }
    rows = several.frame.filter(pl.col("r_disjoint").is_not_null())
    assert found == {SERIES[number].lower() for number in range(rows.height)}
