"""Box plots: every sample, the quartiles that numpy gives, and the p-values of the answer."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from tcga_corr.analysis.compare import CompareAnswer, CompareQuery
from tcga_corr.cli import main
from tcga_corr.engine import Engine
from tcga_corr.errors import UsageError
from tcga_corr.figures.box_of_group import FEW
from tcga_corr.figures.boxes import MOST, boxes
from tcga_corr.figures.style import save
from tests.figures.reading import check_texts, told, words
from tests.figures.simulated import HOSTILE, NAMES, TYPES, lacks, provenance, scope, sizes


def grouped(
    types: list[str],
    names: tuple[str, ...] = NAMES[:1],
    groups: tuple[str, ...] = ("tumor", "normal"),
) -> CompareAnswer:
    """Values and rows of groups; of the second a seventh of the samples, so that some lack it."""
    rng = np.random.default_rng(4)
    rows, values = [], {}
    of_types = sizes(types) if len(types) > 1 else [371]
    for name in names:
        for place, (tumor_type, n) in enumerate(zip(types, of_types, strict=True)):
            has = not lacks(place, types)
            of_groups = {
                group: rng.normal(6 + number / 2, 1, (n if number != 1 else n // 7) * has)
                for number, group in enumerate(groups)
            }
            values[tumor_type, name] = of_groups
            p = float(10 ** rng.uniform(-5, 0)) if has and n >= 21 else None
            test = "mann-whitney" if len(groups) == 2 else "kruskal-wallis"
            rows.append(
                {
                    "tumor_type": tumor_type, "variable": name, "test": test, "p": p, "q": p,
                    "q_genes": None if p is None else (7 * p) % 1, "note": f"{name}: not measured",
                }
            )  # fmt: skip
    query = CompareQuery(list(names), "sample-type", list(groups), scope(types))
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return CompareAnswer(frame, query, (), provenance(), values=values)


def points(figure: Figure) -> list[np.ndarray]:
    """The values of the points of each box."""
    found = []
    for axes in figure.axes:
        for line in axes.lines:
            is_inside = line.get_transform() == axes.transData
            if is_inside and line.get_marker() == "o":
                found.append(np.asarray(line.get_ydata()))
    return found


@pytest.mark.parametrize("n_types", [1, 5, 33])
@pytest.mark.parametrize("n_names", [1, 3])
def test_every_sample_of_every_group_is_a_point(n_types: int, n_names: int) -> None:
    answer = grouped(TYPES[:n_types], NAMES[:n_names])
    figure = boxes(answer)
    check_texts(figure)
    assert len(figure.axes) == n_names
    wanted = [
        values
        for of_groups in answer.values.values()
        for values in of_groups.values()
        if len(values)
    ]
    found = points(figure)
    assert len(found) == len(wanted)
    key = [(len(one), float(one.sum())) for one in wanted]
    assert sorted((len(one), float(one.sum())) for one in found) == sorted(key)
    if n_types > 1:
        assert "fewer than 3 normal samples, not tested, in ACC" in told(figure)


def test_boxes_are_quartiles_and_medians() -> None:
    answer = grouped(TYPES[30:33])
    axes = boxes(answer).axes[0]
    lines: list[Any] = [np.asarray(line.get_ydata()) for line in axes.lines]
    for of_groups in answer.values.values():
        for values in of_groups.values():
            if len(values) <= FEW:
                assert len(values) == 1 or any(
                    len(one) == 2 and {*one} == {values.mean()} for one in lines
                )
                continue
            low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
            assert any(len(one) == 5 and {*one} == {low, high} for one in lines)
            assert any(len(one) == 2 and {*one} == {median} for one in lines)
            reach = values[values >= low - 1.5 * (high - low)].min()
            assert any(len(one) == 2 and {*one} == {reach, low} for one in lines)


def test_p_are_numbers_or_dots() -> None:
    few = grouped(TYPES[:4])
    shown = words(boxes(few))
    for row in few.frame.filter(pl.col("p").is_not_null()).to_dicts():
        assert {f"{row[name]:.2g}" for name in ("p", "q", "q_genes")} <= {*shown}
    many = grouped(TYPES)
    figure = boxes(many)
    axes = figure.axes[0]
    dots = [
        line for line in axes.lines
        if line.get_marker() == "o" and line.get_transform() != axes.transData
    ]  # fmt: skip
    rows = many.frame.filter(pl.col("p").is_not_null())
    assert len(dots) == 3 * rows.height
    filled = sum(line.get_markerfacecolor() != "white" for line in dots)
    assert filled == sum(rows.filter(pl.col(name) < 0.05).height for name in ("p", "q", "q_genes"))
    assert {"p", "q", "q_genes"} <= {*words(figure)}
    alone = replace(many, frame=many.frame.with_columns(q_genes=pl.lit(None, pl.Float64)))
    assert "q_genes" not in words(boxes(alone))


@pytest.mark.slow
def test_groups_by_a_file_and_what_does_not_fit() -> None:
    groups = ("low", "middle", "a group of quite a long name, of one that is too long")
    for types in (TYPES[:1], TYPES[:3], TYPES):
        check_texts(boxes(grouped(types, NAMES[:2], groups)))
    with pytest.raises(UsageError, match=r"7 variables do not fit .* differences"):
        boxes(grouped(TYPES[:2], tuple(f"v{number}" for number in range(MOST + 1))))
    with pytest.raises(UsageError, match="7 groups"):
        boxes(grouped(TYPES[:2], groups=tuple("abcdefg")))
    check_texts(boxes(grouped(TYPES[:5], HOSTILE[:6])))
    check_texts(boxes(grouped(TYPES[:1], HOSTILE[2:8])))


def test_the_same_boxes_are_the_same_file(tmp_path: Path) -> None:
    for ending in ("png", "svg", "pdf"):
        files = [tmp_path / f"{number}.{ending}" for number in range(2)]
        for file in files:
            save(boxes(grouped(TYPES[:6])), file)
        assert files[0].read_bytes() == files[1].read_bytes()


def test_boxes_are_drawn_from_the_command_line(simulated: Engine, tmp_path: Path) -> None:
    command = ["--cache", str(simulated.store.root), "compare", "-t", "LIHC,BRCA"]
    for number, asked in enumerate(
        ("RELA ferroptosis", "RELA --kind differences", "hallmark --null none")
    ):
        path = tmp_path / f"{number}.svg"
        assert main.run([*command, *asked.split(), "--draws", "20", "--plot", str(path)]) == 0
        assert path.stat().st_size > 1_000
    asked = ["hallmark", "--kind", "boxes", "--null", "none", "--plot", str(tmp_path / "no.svg")]
    assert main.run([*command, *asked]) == 2


def of_cells(n: int, groups: tuple[str, ...], names: tuple[str, ...] = NAMES[:1]) -> CompareAnswer:
    """Groups of so many samples of an own cohort, each with Welch's q against the others."""
    rng = np.random.default_rng(5)
    values = {
        ("OTHER", name): {group: rng.normal(6 + at, 1, n) for at, group in enumerate(groups)}
        for name in names
    }
    row = {"tumor_type": "OTHER", "p": 0.01, "q": 0.02, "q_genes": 0.3, "note": ""}
    over_all = "mann-whitney" if len(groups) == 2 else "kruskal-wallis"
    rows = [
        {**row, "variable": name, "test": test, "group_a": a, "group_b": b, "q": q}
        for name in names
        for test, a, b, q in (
            (over_all, ", ".join(groups), None, 0.02),
            *(
                ("welch", a, b, float(rng.uniform(0.001, 0.2)))
                for a, b in itertools.combinations(groups, 2)
            ),
        )
    ]
    query = CompareQuery(list(names), "groups.tsv", list(groups), scope(["OTHER"]))
    return CompareAnswer(pl.DataFrame(rows), query, (), provenance(), values=values)


@pytest.mark.parametrize(("n", "n_groups"), [(1, 2), (3, 8), (5, 12), (6, 4)])
def test_few_samples_are_points_and_their_mean(n: int, n_groups: int) -> None:
    groups = tuple(f"dose {number}" for number in range(n_groups))
    for names in (NAMES[:1], NAMES[:5]):
        answer = of_cells(n, groups, names)
        figure = boxes(answer, groups[0])
        check_texts(figure)
        drawn = sorted(float(one.sum()) for one in points(figure))
        wanted = [one.sum() for of in answer.values.values() for one in of.values()]
        assert drawn == pytest.approx(sorted(wanted))
        lines = [np.asarray(line.get_ydata()) for axes in figure.axes for line in axes.lines]
        boxed = any(len(one) == 5 and one[0] == one[-1] != one[2] for one in lines)
        assert boxed == (n > FEW)
        shown = told(figure)
        assert ("Lines: means" in shown) == (n <= FEW)
        assert "tumor samples" not in shown
        assert "groups.tsv" in shown


def test_q_against_the_reference_stands_above_each_other_group() -> None:
    groups = ("DMSO", "A", "B", "both")
    answer = of_cells(3, groups)
    rows = answer.frame.filter(pl.col("test") == "welch", pl.col("group_a") == "DMSO")
    shown = words(boxes(answer, "DMSO"))
    for q in rows["q"]:
        assert shown.count(f"{q:.2g}") == 1
    assert "q of each" in shown
    assert "against DMSO, by Welch's t" in told(boxes(answer, "DMSO"))
    assert "q of each" not in words(boxes(answer))
    # the reference may be the second group of a difference
    last = answer.frame.filter(pl.col("test") == "welch", pl.col("group_b") == "both")
    shown = words(boxes(answer, "both"))
    assert all(f"{q:.2g}" in shown for q in last["q"])
    many = of_cells(3, tuple(f"dose {number}" for number in range(8)), NAMES[:2])
    assert "filled where < 0.05" in told(boxes(many, "dose 0"))
    with pytest.raises(UsageError, match=r"13 groups do not fit .* up to 12"):
        boxes(of_cells(3, tuple(map(str, range(13)))))


def test_long_names_of_groups_stand_upright_and_apart() -> None:
    long = "sorafenib at ten micromolar for forty-eight hours in "
    groups = ("DMSO", f"{long}hypoxia", f"{long}normoxia", "both")
    figure = boxes(of_cells(3, groups, NAMES[:5]), "DMSO")
    check_texts(figure)
    labels = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert len(set(labels)) == 4
    assert {text.get_rotation() for text in figure.axes[0].get_xticklabels()} == {90}


def test_tumours_keep_their_colour_where_normal_tissue_stands_first() -> None:
    found = []
    for groups in (("tumor", "normal"), ("normal", "tumor")):
        answer = grouped(TYPES[:2], groups=groups)
        [legend] = boxes(answer).legends
        found.append({one.get_label(): one.get_facecolor() for one in legend.get_patches()})
    assert found[0] == found[1]
    assert len(set(found[0].values())) == 2
