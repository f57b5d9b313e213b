"""Box plots: every sample, the quartiles that numpy gives, and the p-values of the answer."""

from __future__ import annotations

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
                assert any(len(one) == 2 and {*one} == {values.mean()} for one in lines)
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
