"""Figures of many: what is in them, that nothing is clipped or overlaps, and that bytes repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.text import Text

from tcga_corr.batch import strongest
from tcga_corr.batch.folder import RunFolder
from tcga_corr.cli import main
from tcga_corr.engine import Engine
from tcga_corr.errors import AnalysisError, DataMissingError, UsageError
from tcga_corr.figures import heat as heat_module
from tcga_corr.figures.heat import MOST_PAIRS, heat_map, heat_map_of_run
from tcga_corr.figures.specification import specification_curve
from tcga_corr.figures.style import save
from tcga_corr.figures.text import fitted_apart, text_width
from tcga_corr.figures.volcano import volcano
from tests.batch import support
from tests.figures.reading import check_texts, is_simulated, told, words
from tests.figures.simulated import (
    HOSTILE,
    TYPES,
    associations,
    pooled_of,
    screened,
    some_pairs,
    specifications,
)

LONG = "HALLMARK_EPITHELIAL_MESENCHYMAL_TRANSITION_OF_WIDE_LETTERS_W"  # 60 letters


def assert_repeats(figures: Sequence[Figure], folder: Path) -> dict[str, int]:
    """The same bytes of figures made alike, or of one saved twice; the sizes of the files."""
    sizes = {}
    for ending in ("png", "svg", "pdf"):
        saved = []
        for number, figure in enumerate(figures if len(figures) > 1 else [*figures, *figures]):
            path = folder / f"{number}.{ending}"
            save(figure, path)
            saved.append(path.read_bytes())
        assert len(set(saved)) == 1, ending
        assert b"<script" not in saved[0]
        sizes[ending] = len(saved[0])
    return sizes


def cells(figure: Figure) -> list[np.ma.MaskedArray[Any, Any]]:
    """The colours of the panels of a heat map: pooled where there is one, and tumor types."""
    found = []
    for axes in figure.axes[:-1]:
        for mesh in axes.collections:
            if isinstance(mesh, QuadMesh) and not mesh.get_rasterized():
                values = mesh.get_array()
                assert values is not None
                found.append(np.ma.asarray(values))
    return found


# --- the specification curve


def curve_of(figure: Figure) -> list[tuple[float, float, str]]:
    """x, r and marker of each choice."""
    found = [
        (float(x), float(r), str(line.get_marker()))
        for line in figure.axes[0].lines
        if line.get_marker() != "None"
        for x, r in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]
    return sorted(found)


def test_a_specification_curve_has_every_choice_and_what_it_was() -> None:
    answer = specifications()
    figure = specification_curve(answer)
    check_texts(figure)
    rows = [
        row for row in answer.frame.to_dicts()
        if row["r"] is not None and row["kind"] != "without gene"
    ]  # fmt: skip
    points = curve_of(figure)
    assert len(points) == len(rows)
    # sorted, tau-b apart at the right
    by_marker = {marker: [r for _, r, one in points if one == marker] for marker in "oDs"}
    assert [r for _, r, one in points if one != "s"] == sorted(
        row["r"] for row in rows if row["method"] != "kendall"
    )
    assert by_marker["s"] == sorted(row["r"] for row in rows if row["method"] == "kendall")
    assert by_marker["D"] == [rows[0]["r"]]
    assert min(x for x, _, one in points if one == "s") > max(
        x for x, _, one in points if one != "s"
    )
    curve, sizes, *grid = figure.axes
    assert len(sizes.collections[0].get_segments()) == len(rows)
    names = ["source", "ties", "method", "adjust"]  # all that varies
    assert len(grid) == len(names)
    place_of = {(r, marker == "s"): x for x, r, marker in points}
    for axes, name in zip(grid, names, strict=True):
        values = list(dict.fromkeys(answer.frame[name].to_list()))
        assert len(axes.get_yticks()) == len(values)
        dots = {
            (x, y)
            for line in axes.lines
            if line.get_marker() == "o"
            for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
        }
        assert dots == {
            (place_of[row["r"], row["method"] == "kendall"], values.index(row[name]))
            for row in rows
        }
    found = told(figure)
    for part in (
        "X against Y in LIHC, over 39 choices", "log2(tpm+1)", "tumor samples, n = 10 to 100",
        "each of 2 genes 0.111 to 0.222", "3 more choices give no r (age is constant)",
        "purity + age", "nothing", "Kendall's tau-b", "as asked", "p ≥ 0.05",
    ):  # fmt: skip
        assert part in found
    assert curve.get_ylim()[0] < 0 < curve.get_ylim()[1]
    assert not is_simulated(figure)


def test_strokes_mark_what_random_genes_rarely_give() -> None:
    answer = specifications(1)
    assert "p_genes" not in told(specification_curve(answer))
    p = pl.Series("p_genes", [0.049 if place % 3 else 0.05 for place in range(answer.frame.height)])
    figure = specification_curve(replace(answer, frame=answer.frame.with_columns(p)))
    check_texts(figure)
    assert "p_genes < 0.05" in told(figure)
    marked = answer.frame.filter(
        p < 0.05, pl.col("r").is_not_null(), pl.col("kind") != "without gene"
    )["r"]
    strokes = figure.axes[0].collections[-1].get_segments()
    at = {float(segment[0][0]) for segment in strokes}
    assert sorted(r for x, r, _ in curve_of(figure) if x in at) == sorted(marked)


@pytest.mark.slow
def test_a_specification_curve_of_hundreds_of_choices_and_long_names(tmp_path: Path) -> None:
    several = [*(LONG + end for end in "ABC"), *HOSTILE[:2]]
    answer = specifications(3, several, n=1_097, simulated=True)
    figure = specification_curve(answer)
    check_texts(figure)
    assert is_simulated(figure)
    assert len(curve_of(figure)) > 300
    labels = [one.get_text() for one in figure.axes[5].get_yticklabels()]
    assert len(set(labels)) == len(several)  # cut, and still told apart
    assert_repeats([figure, specification_curve(answer)], tmp_path)


def test_a_specification_curve_of_what_was_not_answered_as_asked() -> None:
    answer = specifications(1)
    frame = answer.frame.filter(pl.col("ties") == "average", pl.col("adjust") == "")
    nothing = pl.when(pl.col("kind") == "as asked").then(None)
    frame = frame.with_columns(
        nothing.otherwise(pl.col(name)).alias(name) for name in ("r", "ci_low", "ci_high", "p")
    ).filter(pl.col("kind") != "without gene")
    summary = replace(answer.summary, r_as_asked=None)
    figure = specification_curve(replace(answer, frame=frame, summary=summary))
    check_texts(figure)
    assert "as asked there is no r" in told(figure)
    assert len(curve_of(figure)) == frame["r"].count() > 0


# --- the volcano


def clouds(axes: Any) -> list[PathCollection]:
    return [one for one in axes.collections if isinstance(one, PathCollection)]


def offsets(several: Sequence[PathCollection]) -> np.ndarray[Any, Any]:
    return np.concatenate([np.asarray(one.get_offsets()) for one in several])


def test_a_volcano_has_every_point_and_labels_the_tops() -> None:
    answer = screened()
    figure = volcano(answer)
    check_texts(figure)
    (axes,) = figure.axes
    r, p, q = (answer.frame[name].to_numpy() for name in ("r", "p", "q"))
    drawn = offsets(clouds(axes))
    assert np.array_equal(np.sort(drawn[:, 0]), np.sort(r))
    np.testing.assert_allclose(np.sort(drawn[:, 1]), np.sort(-np.log10(p)), atol=1e-12)
    is_open = [one for one in clouds(axes) if (one.get_facecolors()[:, :3] == 1).all()]
    shared = answer.frame.filter(pl.col("n_shared_genes") > 0)
    assert np.array_equal(np.sort(offsets(is_open)[:, 0]), np.sort(shared["r"].to_numpy()))
    (line,) = {line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "--"}
    assert np.array_equal(-np.log10(p) > line, q < 0.05)  # the line parts them
    labels = {one.get_text() for one in axes.texts}
    for side in (pl.col("r") > 0, pl.col("r") < 0):
        assert answer.frame.filter(side).sort("rank")["y"][0] in labels
    assert len(labels & set(shared["y"])) in range(1, 5)
    assert len(labels) >= 8
    found = told(figure)
    for part in ("X against 200 genes", "tcga-hiseqv2, log2(norm_count+1)", "tumor samples, n = 371"
                 " in 33 tumor types, pooled", "shares genes with x"):  # fmt: skip
        assert part in found


def test_labels_of_a_volcano_stay_in_the_frame() -> None:
    for answer in (
        screened(names=[LONG + str(number) for number in range(200)]),
        screened(20_000),
        screened(30, types=TYPES[:5], names=[LONG + str(number) for number in range(30)]),
    ):
        figure = volcano(answer)
        check_texts(figure)
        for axes in figure.axes:
            assert axes.texts
            for one in axes.texts:
                box, frame = Text.get_window_extent(one), axes.get_window_extent()
                assert frame.x0 <= box.x0
                assert box.x1 <= frame.x1
                assert frame.y0 <= box.y0
                assert box.y1 <= frame.y1


@pytest.mark.slow
def test_a_volcano_of_twenty_thousand_is_a_small_file_that_repeats(tmp_path: Path) -> None:
    answer = screened(20_000)
    sizes = assert_repeats([volcano(answer), volcano(answer)], tmp_path)
    assert sizes["svg"] < 300_000
    assert sizes["pdf"] < 150_000


def test_a_p_of_nothing_stands_at_the_upper_edge() -> None:
    answer = screened(60)
    gone = pl.col("rank") <= 4
    frame = answer.frame.with_columns(
        pl.when(gone).then(0.0).otherwise(pl.col("p", "q")).name.keep()
    )
    figure = volcano(replace(answer, frame=frame))
    check_texts(figure)
    (axes,) = figure.axes
    top = axes.get_ylim()[1]
    carets = offsets([one for one in clouds(axes) if len(one.get_paths()[0].vertices) < 6])
    assert np.array_equal(np.sort(carets[:, 0]), np.sort(frame.filter(gone)["r"].to_numpy()))
    assert (carets[:, 1] == top).all()
    assert "p too small for a number" in words(figure)
    whole = volcano(replace(answer, frame=frame.with_columns(p=0.0, q=0.0)))
    assert (offsets(clouds(whole.axes[0]))[:, 1] == whole.axes[0].get_ylim()[1]).all()


def test_a_volcano_by_tumor_type_has_a_panel_each_or_is_refused() -> None:
    one = volcano(screened(types=["CHOL"], n=36))
    check_texts(one)
    assert "n = 36 in CHOL" in told(one)
    five = volcano(screened(types=TYPES[:5], n=1_097))
    check_texts(five)
    assert [axes.get_title() for axes in five.axes] == [f"{name}, n = 1,097" for name in TYPES[:5]]
    with pytest.raises(UsageError, match="-t"):
        volcano(screened(5, types=TYPES))


def test_a_volcano_without_values_or_tops() -> None:
    answer = screened(50)
    none = pl.lit(None, dtype=pl.Float64)
    with pytest.raises(AnalysisError):
        volcano(replace(answer, frame=answer.frame.with_columns(q=none)))
    some = pl.when(pl.col("rank") > 10).then(0.9)
    frame = answer.frame.with_columns(q=some, p=0.001 * pl.col("rank") + 0.05)
    figure = volcano(replace(answer, frame=frame))
    check_texts(figure)
    (axes,) = figure.axes
    assert "10 have no r or no q and are not drawn" in told(figure)
    # where no q is below 0.05, the line is what the smallest p would have to be
    (line,) = {one.get_ydata()[0] for one in axes.lines if one.get_linestyle() == "--"}
    assert line == pytest.approx(-np.log10(0.05 / 40))
    drawn = frame.drop_nulls("q").sort("rank")
    firsts = {
        name
        for side in (pl.col("r") > 0, pl.col("r") < 0)
        for name in drawn.filter(side)["y"].head(3)
    }
    assert {one.get_text() for one in axes.texts} == firsts


# --- the heat map


def test_a_heat_map_has_every_r_and_marks() -> None:
    frame = associations(some_pairs(12), TYPES[:5])
    figure = heat_map(frame, pooled_of(frame), title="A title")
    check_texts(figure)
    first, values = cells(figure)
    assert first.shape == (12, 1)
    assert values.shape == (12, 5)
    names = [one.get_text() for one in figure.axes[0].get_yticklabels()]
    types = [one.get_text().partition(",")[0] for one in figure.axes[1].get_xticklabels()]
    by_place = {
        (f"{row['x']} – {row['y']}", row["tumor_type"]): row["r"] for row in frame.to_dicts()
    }
    for name, row, mask in zip(names, values.data, np.ma.getmaskarray(values), strict=True):
        for tumor_type, r, is_grey in zip(types, row, mask, strict=True):
            expected = by_place[name, tumor_type]
            assert is_grey == (expected is None)
            assert expected is None or r == expected
    dots = sum(len(line.get_xdata()) for line in figure.axes[1].lines)
    assert dots == frame.filter(pl.col("q_batch") < 0.05).height
    mesh = figure.axes[1].collections[0]
    assert mesh.get_clim() == (-1, 1)
    found = told(figure)
    for part in ("A title: main", "pearson: 12 pairs in 5 tumor types", "log2(tpm+1)", "n = 420",
                 "no r", "shares genes", "q < 0.05"):  # fmt: skip
        assert part in found
    assert "highest" not in found


def test_rows_of_a_heat_map_stand_by_those_alike_whatever_their_order(tmp_path: Path) -> None:
    frame = associations(some_pairs(20), TYPES[:7])
    high = pl.col("x").str.slice(4).cast(pl.Int64) % 2 == 0
    frame = frame.with_columns(r=pl.col("r") * 0.1 + pl.when(high).then(0.7).otherwise(-0.7))
    figure = heat_map(frame)
    names = [one.get_text() for one in figure.axes[0].get_yticklabels()]
    assert [int(name.split()[1]) % 2 for name in names] == [0] * 10 + [1] * 10
    again = heat_map(frame.sample(fraction=1, shuffle=True, seed=5))
    assert_repeats([figure, again], tmp_path)


def test_a_heat_map_of_many_pairs_is_cut_and_says_so() -> None:
    frame = associations(some_pairs(300), TYPES, source="simulated", note="SIMULATED")
    figure = heat_map(frame, pooled_of(frame))
    check_texts(figure)
    assert is_simulated(figure)
    first, values = cells(figure)
    assert values.shape == (MOST_PAIRS, 33)
    assert first.shape == (MOST_PAIRS, 1)
    assert (
        f"the {MOST_PAIRS} of 300 pairs with the highest median |r| without shared genes"
        in told(figure)
    )
    median = frame.group_by("x", "y").agg(pl.col("r_disjoint").abs().median())
    strongest = median.top_k(MOST_PAIRS, by="r_disjoint")
    assert names_of(figure) == {f"{x} – {y}" for x, y, _ in strongest.iter_rows()}


def names_of(figure: Figure) -> set[str]:
    return {one.get_text() for one in figure.axes[0].get_yticklabels()}


def test_pairs_that_share_genes_are_ranked_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heat_module, "MOST_PAIRS", 2)
    none: list[float | None] = [None, None]
    ranked: list[tuple[str, int, list[float], list[float | None]]] = [
        ("overlapping", 9, [0.9, 0.9], [0.1, -0.1]),
        ("the same", 20, [1.0, 1.0], none),  # nothing is left without what they share
        ("overlapping, strong", 5, [-0.6, -0.6], [-0.5, -0.5]),
        ("of genes", 0, [0.4, 0.4], none),
        ("of sets", 0, [0.3, 0.3], [0.3, 0.3]),
    ]
    parts = [
        associations([(name, "y")], TYPES[:2]).with_columns(
            n_shared_genes=pl.lit(n), r=pl.Series(r), r_disjoint=pl.Series(left, dtype=pl.Float64)
        )
        for name, n, r, left in ranked
    ]
    frame = pl.concat(parts)
    assert names_of(heat_map(frame)) == {"overlapping, strong – y", "of genes – y"}
    # what is drawn is r with all genes
    assert -0.6 in heat_map(frame).axes[0].collections[0].get_array()
    monkeypatch.setattr(heat_module, "MOST_PAIRS", 4)
    assert "the same – y" not in names_of(heat_map(frame))


@pytest.mark.slow
@pytest.mark.parametrize("n_types", [1, 33])
def test_a_heat_map_of_long_and_hostile_names(n_types: int, tmp_path: Path) -> None:
    names = [*HOSTILE, *(LONG + end for end in "ABC")]
    pairs = [(x, y) for x in names for y in names if x < y]
    frame = associations(pairs, TYPES[:n_types])
    figure = heat_map(frame, pooled_of(frame), title=HOSTILE[0])
    check_texts(figure)
    labels = [one.get_text() for one in figure.axes[0].get_yticklabels()]
    assert len(set(labels)) == len(pairs)
    if n_types == 1:
        assert_repeats([figure], tmp_path)


def test_a_heat_map_of_one_r_and_of_rows_without() -> None:
    frame = associations(some_pairs(4), TYPES[:1])
    check_texts(heat_map(frame.head(1)))
    nothing = pl.lit(None, dtype=pl.Float64)
    with pytest.raises(AnalysisError):
        heat_map(frame.with_columns(r=nothing))
    # a pair, and a tumor type, that have none; of two rows of one name, each is drawn
    frame = associations(some_pairs(4), TYPES[:4])
    empty = (pl.col("x") == "set 2") | (pl.col("tumor_type") == TYPES[1])
    frame = frame.with_columns(r=pl.when(~empty).then(pl.col("r")))
    figure = heat_map(pl.concat([frame, frame.filter(pl.col("x") == "set 0")]))
    check_texts(figure)
    (values,) = cells(figure)
    assert values.shape == (5, 3)
    assert f"no r in {TYPES[1]}, not drawn" in told(figure)
    assert np.ma.getmaskarray(values).all(axis=1).sum() == 1


def test_a_heat_map_is_of_one_analysis_and_method() -> None:
    frame = associations(some_pairs(3), TYPES[:2])
    other = frame.with_columns(analysis=pl.lit("other"))
    with pytest.raises(UsageError, match="main, other"):
        heat_map(pl.concat([frame, other]))
    other = frame.with_columns(method=pl.lit("spearman"))
    with pytest.raises(UsageError, match="pearson, spearman"):
        heat_map(pl.concat([frame, other]))


# --- of a store


SPEC = """
[[crosses]]
name = "wide"
x = ["own.gmt", "RELA", "NFE2L2", "TFRC", "MYC", "TP53", "covariate:purity", "ferroptosis", "nfkb"]
methods = ["pearson", "spearman"]

[[pairs]]
name = "pair"
pairs = [["own.gmt:A", "own.gmt:B"]]
tumor_types = ["LIHC"]

[[dominance]]
name = "highest"
sets = ["own.gmt:A", "own.gmt:B"]
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return support.build_store(tmp_path_factory.mktemp("small") / "cache")


@pytest.fixture(scope="module")
def folder(small: Engine, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    path = support.write_spec(tmp_path_factory.mktemp("specs"), SPEC)
    return support.run(small, path).folder


def test_the_heat_map_of_a_run_is_that_of_its_rows(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = folder.plan()
    rows, pooled = (
        support.rows_of(folder, name).filter(
            pl.col("analysis") == "wide", pl.col("method") == "spearman"
        )
        for name in ("associations", "pooled")
    )
    whole = heat_map(rows, pooled, title=plan.title or plan.name)
    check_texts(whole)
    # read in parts, of which each has some x
    monkeypatch.setattr(strongest, "_ROWS_AT_ONCE", 100)
    figure = heat_map_of_run(folder, plan, "wide", "spearman")
    assert words(figure) == words(whole)
    for one, other in zip(cells(figure), cells(whole), strict=True):
        assert np.array_equal(one.filled(9), other.filled(9))
    monkeypatch.setattr(heat_module, "MOST_PAIRS", 11)
    figure = heat_map_of_run(folder, plan, "wide", "spearman")
    with_r = rows.filter(pl.col("r").is_not_null())["tumor_type"].n_unique()
    assert 0 < with_r < len(support.SAMPLES)  # of too few samples, one has none
    assert cells(figure)[1].shape == (11, with_r)
    assert f"the 11 of {plan.analysis('wide').n_pairs} pairs" in told(figure)
    assert words(heat_map(rows, pooled, title=plan.name)) == words(figure)


def test_the_heat_map_of_a_run_asks_for_one_analysis(folder: RunFolder) -> None:
    plan = folder.plan()
    for wanted, why in (
        ((), "wide, pair"), (("wide",), "pearson, spearman"), (("highest",), "dominance"),
        (("wid",), "wide"), (("wide", "kendall"), "pearson"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=why):
            heat_map_of_run(folder, plan, *wanted)
    check_texts(heat_map_of_run(folder, plan, "pair"))
    empty = RunFolder(folder.store, "nothing")
    with pytest.raises(DataMissingError):
        heat_map_of_run(empty, plan, "pair")


def test_a_run_is_drawn_from_the_command_line(
    folder: RunFolder, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    def plot(*arguments: object) -> tuple[int, bytes]:
        code = main.run(["--cache", str(folder.store.root), "batch", "plot", *map(str, arguments)])
        out, err = capfdbinary.readouterr()
        assert not out
        return code, err

    chosen = ("--analysis", "wide", "--method", "spearman")
    for ending, beginning in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        path = tmp_path / f"run.{ending}"
        assert plot(folder.run, path, *chosen)[0] == 0
        assert path.read_bytes().startswith(beginning)
    svg = tmp_path / "run.svg"
    before = svg.read_bytes()
    for code, words_of_it, arguments in (
        (2, b"End it in png, svg, pdf", (folder.run, tmp_path / "run.gif", *chosen)),
        (2, b"--force", (folder.run, svg, *chosen)),
        (2, b"is not a folder", (folder.run, tmp_path / "no" / "run.svg", *chosen)),
        (2, b"wide, pair", (folder.run, tmp_path / "new.svg")),
        (2, b"pearson, spearman", (folder.run, tmp_path / "new.svg", *chosen[:2])),
        (3, b"nothing-abc", ("nothing-abc", tmp_path / "new.svg", *chosen)),
    ):
        assert (found := plot(*arguments))[0] == code, found
        assert words_of_it in found[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.pdf", "run.png", "run.svg"]
    assert svg.read_bytes() == before
    assert plot(folder.run, svg, "--force", "--analysis", "pair")[0] == 0
    assert svg.read_bytes() != before


@pytest.mark.slow
def test_figures_of_real_answers(small: Engine) -> None:
    answer = small.robustness("ferroptosis", "nfkb", tumor_type="LIHC", adjust=["covariate:purity"])
    figure = specification_curve(answer)
    check_texts(figure)
    assert (
        len(curve_of(figure))
        == answer.frame.filter(pl.col("kind") != "without gene", pl.col("r").is_not_null()).height
    )
    for by_tumor_type in (False, True):
        answer = small.screen("ferroptosis", "genes", by_tumor_type=by_tumor_type)
        figure = volcano(answer)
        check_texts(figure)
        assert len(figure.axes) == (4 if by_tumor_type else 1)


# --- names


def test_names_are_told_apart_when_cut() -> None:
    names = [*HOSTILE, *(LONG + end for end in "ABC"), "N" * 9_999 + "M" + "N" * 300, "short"]
    cut = fitted_apart(names, 1.2, 6)
    assert len(set(cut)) == len(names)
    assert all(text_width(one, 6) <= 1.2 for one in cut)
    assert all(one.isprintable() for one in cut)
    assert fitted_apart(["RELA", "NFKB1"], 1.2, 6) == ["RELA", "NFKB1"]
