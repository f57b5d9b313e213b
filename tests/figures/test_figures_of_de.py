"""Figures of differential expression: what is drawn and written, and that it can be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from tcga_corr.engine import open_store
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.figures.look import FigureFile, Look
from tcga_corr.figures.style import BLUE, VERMILION, save
from tcga_corr.loading.plan import LoadOptions
from tests.figures.reading import check_texts, told, words

COUNTS = Path(__file__).parents[1] / "golden/deseq2_counts.tsv.gz"
LONG = {
    "B": "sorafenib at a high dose for forty-eight hours",
    "C": "sorafenib at a low dose",
    "D": "D",
}


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Three contrasts, of 250 genes and long names of groups and samples."""
    pytest.importorskip("pydeseq2", reason="differential expression needs pydeseq2")
    folder = tmp_path_factory.mktemp("de")
    frame = pl.read_csv(COUNTS, separator="\t")[:250]
    names = {one: f"{LONG.get(one[0], 'A')} {one}" for one in frame.columns[1:]}
    frame.rename(names).write_csv(folder / "counts.tsv", separator="\t")
    rows = [f"{name}\t{LONG.get(one[0], 'A')}" for one, name in names.items()]
    (folder / "groups.tsv").write_text("\n".join(["sample\tgroup", *rows]) + "\n")
    engine = open_store(folder / "cache")
    options = LoadOptions(source="cells", counts=True)
    engine.load(folder / "counts.tsv", options).raise_errors()
    return engine.de(folder / "groups.tsv", reference="A")


def kinds() -> dict[str, Callable[[Any], Figure]]:
    from tcga_corr.figures.change import ma, volcano
    from tcga_corr.figures.gene_heat import gene_heat
    from tcga_corr.figures.overlap import overlap

    return {"volcano": volcano, "ma": ma, "overlap": overlap, "heat": gene_heat}


def only(answer: Any, n_called: int) -> Any:
    """The answer with one contrast, of which so many genes are called."""
    frame = answer.frame.filter(pl.col("contrast") == "D:A").with_columns(
        q=pl.when(pl.col("p").is_null())
        .then(None)
        .otherwise(pl.when(pl.int_range(pl.len()) < n_called).then(0.001).otherwise(0.9)),
        log2fc=pl.when(pl.int_range(pl.len()) < n_called).then(3.0).otherwise(pl.col("log2fc")),
    )
    summary = answer.summary.filter(pl.col("contrast") == "D:A").with_columns(
        n_up=pl.lit(n_called), n_down=pl.lit(0)
    )
    [(name, top)] = answer.top.items()
    few = replace(top, genes=top.genes[:n_called], values=top.values[:n_called])
    query = replace(answer.query, contrasts=["D:A"])
    return replace(answer, frame=frame, summary=summary, top={name: few}, query=query)


@pytest.mark.parametrize("kind", ["volcano", "ma", "overlap", "heat"])
def test_figures_can_be_read(answer: Any, kind: str) -> None:
    check_texts(kinds()[kind](answer))
    check_texts(kinds()[kind](only(answer, 1)))


@pytest.mark.parametrize("kind", ["volcano", "ma"])
def test_no_call_is_drawn_too(answer: Any, kind: str) -> None:
    figure = kinds()[kind](only(answer, 0))
    check_texts(figure)
    assert "0 calls with q < 0.05" in told(figure)


@pytest.mark.parametrize("kind", ["overlap", "heat"])
def test_without_a_call_there_is_nothing_to_draw(answer: Any, kind: str) -> None:
    with pytest.raises(AnalysisError, match="no gene is called"):
        kinds()[kind](only(answer, 0))


def test_a_volcano_has_every_gene_with_q(answer: Any) -> None:
    from tcga_corr.figures.change import volcano

    figure = volcano(answer)
    drawn = {"up": 0, "down": 0, "all": 0}
    from matplotlib.colors import to_rgba

    for dots in figure.findobj(PathCollection):
        n = len(dots.get_offsets())
        colours = np.broadcast_to(dots.get_edgecolors(), (n, 4))
        drawn["all"] += n
        for side, colour in (("up", VERMILION), ("down", BLUE)):
            drawn[side] += int((colours == to_rgba(colour)).all(axis=1).sum())
    expected = answer.frame["q"].count()
    assert drawn["all"] == expected
    assert (drawn["up"], drawn["down"]) == tuple(
        answer.summary.select("n_up", "n_down").sum().row(0)
    )


def test_genes_are_named_where_asked(answer: Any) -> None:
    from tcga_corr.figures.change import volcano

    one = only(answer, 0)
    gene = one.frame.filter(pl.col("q").is_not_null())["gene"][7]
    assert gene in words(volcano(one, [gene]))
    with pytest.raises(UsageError, match="--label TP54: no gene of that name has a q"):
        volcano(one, ["TP54"])


def test_intersections_count_each_gene_once(answer: Any) -> None:
    from tcga_corr.analysis.differential.summary import called
    from tcga_corr.figures.overlap import _intersections

    sets = [
        set(part.filter(called(0.05, 1))["gene"].to_list())
        for _, part in answer.frame.group_by("contrast", maintain_order=True)
    ]
    found = _intersections(sets)
    assert sum(one.size for one in found) == len(set.union(*sets))
    for one in found:
        inside = set.intersection(*(sets[n] for n in one.sets))
        outside = set().union(*(some for n, some in enumerate(sets) if n not in one.sets))
        assert len(inside - outside) == one.size


def test_the_heat_map_has_groups_and_different_names(answer: Any) -> None:
    from tcga_corr.figures.gene_heat import gene_heat

    figure = gene_heat(answer)
    shown = words(figure)
    assert len([one for one in shown if one.startswith("sorafenib")]) >= 6
    assert len(set(shown)) == len(shown)
    [(_, top)] = answer.top.items()
    assert set(top.genes) <= set(shown)
    first = answer.frame.filter(pl.col("q").is_not_null()).sort("p")["gene"][0]
    assert first in top.genes
    assert top.values.shape == (len(top.genes), 12)


@pytest.mark.slow
def test_conditions_on_samples_are_named(answer: Any) -> None:
    query = replace(answer.query, where=["gender=FEMALE", "stage in I,II"])
    asked = replace(answer, query=query)
    for name, draw in kinds().items():
        shown = "samples where gender=FEMALE and stage in I,II"
        assert (shown in told(draw(asked)), shown in told(draw(answer))) == (True, False), name


def test_an_answer_draws_its_volcano(answer: Any, tmp_path: Path) -> None:
    figure = answer.plot(tmp_path / "de.png", dpi=50)
    assert told(figure) == told(kinds()["volcano"](answer))
    assert (tmp_path / "de.png").stat().st_size > 1_000


def test_only_a_volcano_has_carets(answer: Any) -> None:
    frame = answer.frame.with_columns(p=pl.when(pl.col("q") < 1e-6).then(0.0).otherwise("p"))
    assert (frame["p"] == 0).any()
    some = replace(answer, frame=frame)
    mark = "p too small for a number"
    assert mark in words(kinds()["volcano"](some))
    assert mark not in words(kinds()["ma"](some))


def test_panels_name_long_contrasts_apart_with_n(answer: Any) -> None:
    figure = kinds()["volcano"](answer)
    titles = [axes.get_title() for axes in figure.axes]
    assert len(set(titles)) == 3
    assert all(title.endswith("n = 3 and 3") for title in titles)
    alone = kinds()["volcano"](only(answer, 1))
    assert [axes.get_title() for axes in alone.axes] == ["D:A, n = 3 and 3"]


def test_the_strip_of_a_heat_map_has_the_colours_of_its_key(answer: Any, tmp_path: Path) -> None:
    """On a light and on a dark ground, each stretch as wide as its group."""
    for dark in (False, True):
        figure = kinds()["heat"](answer)
        save(figure, FigureFile(tmp_path / "heat.png", Look(dpi=40, dark=dark)))
        [legend] = figure.legends
        of_key = {one.get_label(): one.get_facecolor() for one in legend.get_patches()}
        strip = figure.axes[1]
        widths: dict[Any, float] = {}
        for patch in strip.patches:
            colour = patch.get_facecolor()
            widths[colour] = widths.get(colour, 0) + patch.get_width()
        assert set(widths) == set(of_key.values())
        assert set(widths.values()) == {3}


def test_rows_of_an_overlap_stay_behind_their_dots_in_the_dark(answer: Any, tmp_path: Path) -> None:
    figure = kinds()["overlap"](answer)
    save(figure, FigureFile(tmp_path / "overlap.png", Look(dpi=40, dark=True)))
    bands = [patch for axes in figure.axes for patch in axes.patches if patch.get_zorder() == 0]
    assert len(bands) == 2
    assert all(max(patch.get_facecolor()[:3]) < 0.3 for patch in bands)


@pytest.mark.slow
def test_own_cohorts_are_named_by_their_source(answer: Any) -> None:
    for name, draw in kinds().items():
        assert "OTHER" not in told(draw(answer)), name
        assert "in cells" in told(draw(answer)), name
