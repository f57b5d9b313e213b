"""What a scatter shows: any line and band against slow least squares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

import tcga_corr as tc
from tcga_corr.analysis.points import Points, line_through, points_of
from tests.conftest import barcodes, write_table

Vector = NDArray[np.float64]


def left_by(values: Vector, controls: Vector) -> Vector:
    """What least squares on controls and a constant leave."""
    design = np.column_stack([np.ones(len(values)), controls])
    return np.asarray(values - design @ np.linalg.lstsq(design, values, rcond=None)[0])


def slow_band(x: Vector, y: Vector, controls: Vector, at: Vector) -> tuple[Vector, Vector]:
    """The line and half its 95 % band from the whole regression of y on x and the controls."""
    controls = controls if controls.size else np.empty((len(x), 0))
    design = np.column_stack([np.ones(len(x)), x, controls])
    inverse = np.linalg.inv(design.T @ design)
    weights = inverse @ design.T @ y
    rest = y - design @ weights
    variance = rest @ rest / (len(x) - design.shape[1])
    middle = left_by(x, controls).mean() if controls.size else x.mean()
    of_line = left_by(y, controls).mean() if controls.size else y.mean()
    spread = variance / len(x) + variance * inverse[1, 1] * (at - middle) ** 2
    half = stats.t.ppf(0.975, len(x) - design.shape[1]) * np.sqrt(spread)
    return of_line + weights[1] * (at - middle), half


several = st.lists(st.floats(-1e3, 1e3).map(lambda one: round(one, 3)), min_size=3, max_size=30)


@given(x=several, seed=st.integers(0, 9), n_controls=st.integers(0, 2))
def test_any_line_is_that_of_least_squares(x: list[float], seed: int, n_controls: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.array(x)
    y = 3 + 0.5 * values + rng.normal(size=len(x))
    line = line_through(Points([""] * len(x), values, y, n_controls), 7)
    if len(x) - 2 - n_controls < 1 or np.ptp(values) == 0:
        assert line is None
        return
    assert line
    assert (line.at[0], line.at[-1], len(line.at)) == (min(x), max(x), 7)
    if np.ptp(values) < 0.1:
        return  # too steep to compare
    slope, start = np.polyfit(values, y, 1)
    tolerance = 1e-6 * (1 + np.abs(y).max())
    assert line.y == pytest.approx(start + slope * line.at, abs=tolerance)
    assert line.high - line.y == pytest.approx(line.y - line.low)
    if not n_controls:
        _, half = slow_band(values, y, np.empty(0), line.at)
        assert line.high - line.y == pytest.approx(half, rel=1e-4, abs=tolerance)


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e-9, 1e6 / 3, -7.7])
def test_no_line_through_what_does_not_vary(constant: float) -> None:
    for n in (3, 7, 10, 371):
        x: Vector = np.full(n, constant)
        y: Vector = np.linspace(0, 1, n)
        assert line_through(Points([""] * n, x, y)) is None
        flat = line_through(Points([""] * n, y, x))
        assert flat
        assert flat.y == pytest.approx(np.full(100, constant))


def frame_of(**columns: Sequence[float | None]) -> pl.DataFrame:
    n = len(next(iter(columns.values())))
    return pl.DataFrame({"tumor_type": ["LIHC"] * n, "sample": barcodes(n), **columns})


def test_what_is_a_sum_of_the_controls_leaves_nothing() -> None:
    rng = np.random.default_rng(4)
    one, other, y = rng.normal(100, 1, (3, 40))
    frame = frame_of(x=2 * one - other / 3 + 7, y=y, one=one, other=other)
    points = points_of(frame, "x", "y", ["one", "other"])
    assert points.n_controls == 2
    assert points.x.tolist() == [0.0] * 40
    assert points.y == pytest.approx(left_by(y, np.column_stack([one, other])))
    assert line_through(points) is None


def test_samples_that_lack_a_value_are_left_out() -> None:
    x: list[float | None] = [1.0, None, 3.0, 4.0, 5.0, 7.0]
    y: list[float | None] = [2.0, 2.0, None, 5.0, 6.0, 6.5]
    age: list[float | None] = [9.0, 9.0, 9.0, None, 7.0, 3.0]
    frame = frame_of(x=x, y=y, age=age)
    samples = frame["sample"].to_list()
    plain = points_of(frame, "x", "y")
    assert (plain.samples, plain.x.tolist(), plain.n_controls) == (
        [samples[place] for place in (0, 3, 4, 5)], [1.0, 4.0, 5.0, 7.0], 0,
    )  # fmt: skip
    adjusted = points_of(frame, "x", "y", ["age"])
    assert adjusted.samples == [samples[place] for place in (0, 4, 5)]
    assert line_through(adjusted) is None  # a line and a control leave three samples nothing
    assert points_of(frame.head(0), "x", "y", ["age"]).samples == []


def test_a_scatter_has_the_r_of_its_row_whatever_is_held_fixed(tmp_path: Path) -> None:
    """Also a category of three levels, which is more than a number, and components."""
    engine, rng = tc.open_store(tmp_path / "cache"), np.random.default_rng(4)
    lines = ["sample\trace\tage"]
    for tumor_type, n in (("LIHC", 40), ("ACC", 20)):
        names = barcodes(n, site=tumor_type[:2])
        values = np.round(rng.uniform(2, 12, (30, n)), 3)
        races = rng.choice(["WHITE", "ASIAN", "OTHER"][: 3 if tumor_type == "LIHC" else 2], n)
        values[1] = np.round(values[0] + 4 * (races == "ASIAN"), 3)
        path = tmp_path / f"TCGA.{tumor_type}.sampleMap" / "HiSeqV2"
        genes = [f"G{place:02d}" for place in range(30)]
        write_table(path, names, zip(genes, values.tolist(), strict=True))
        assert not engine.load([path]).errors
        ages = ["" if place == 2 else str(place) for place in range(n)]
        lines += ["\t".join(row) for row in zip(names, races, ages, strict=True)]
    table = tmp_path / "clinic.tsv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    engine.load_covariates(table)
    race = "covariate:race"  # which is a gene's former name too
    for adjust in ([race], ["age"], [race, "age"], ["pcs:2"], ["G05", race]):
        answer = engine.correlate("G00", "G01", adjust=adjust, null=())
        drawn = engine.values(["G00", "G01"], adjust=adjust)
        assert drawn.frame.columns[-len(drawn.fitted) :] == list(drawn.fitted)
        for row in answer.frame.to_dicts():
            own = drawn.frame.filter(tumor_type=row["tumor_type"])
            points = points_of(own, "G00", "G01", drawn.fitted)
            assert len(points.x) == row["n"]
            r = np.corrcoef(points.x, points.y)[0, 1]
            assert r == pytest.approx(row["r"], abs=1e-10), (adjust, row["tumor_type"])
    assert engine.values(["G00"]).fitted == ()
