"""Figures of many: what is in them, that nothing is clipped or overlaps, and that bytes repeat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.text import Text

from tcga_corr.batch.folder import RunFolder
from tcga_corr.engine import Answer, Engine
from tcga_corr.errors import AnalysisError, DataMissingError, UsageError
from tcga_corr.report import heat as heat_module
from tcga_corr.report.heat import MOST_PAIRS, heat_map, heat_map_of_run
from tcga_corr.report.specification import specification_curve
from tcga_corr.report.style import fitted_apart, save, text_width
from tcga_corr.report.volcano import volcano
from tcga_corr.tumor_types import TUMOR_TYPES

from .batch import support

HOSTILE = (
    "$x^2$", "<script>alert(1)</script>", "a\nb\r\0c", r"\frac{1}{0}_%s{}", "N" * 10_000, "基因",
)  # fmt: skip
LONG = "HALLMARK_EPITHELIAL_MESENCHYMAL_TRANSITION_OF_WIDE_LETTERS_W"  # 60 letters
TYPES = sorted(TUMOR_TYPES)


# --- what is written where


def texts(figure: Figure) -> Iterator[Text]:
    """Every text that is drawn, but SIMULATED across all."""
    figure.canvas.draw()
    yield from (one for one in figure.texts if one.get_text() != "SIMULATED")
    for legend in figure.legends:
        yield from legend.get_texts()
    for axes in figure.axes:
        yield from axes.texts
        if not axes.axison:
            continue
        yield from (axes.title, axes.xaxis.label, axes.yaxis.label)
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                if low <= tick.get_loc() <= high and tick.label1.get_visible():
                    yield tick.label1


def written(figure: Figure) -> list[str]:
    return [one.get_text() for one in texts(figure) if one.get_text()]


def all_of(figure: Figure) -> str:
    """What is written, in one line and with plain spaces."""
    return " ".join(written(figure)).replace("\u00a0", " ")


def assert_legible(figure: Figure) -> None:
    """No text leaves the figure, overlaps another or is too small."""
    boxes = []
    for one in texts(figure):
        if one.get_text() and one.get_visible():
            assert one.get_fontsize() >= 5.5, one.get_text()
            boxes.append((one.get_text(), Text.get_window_extent(one)))
    width, height = figure.get_size_inches() * figure.dpi
    for text, box in boxes:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= width, text
        assert box.y1 <= height, text
    edges = np.array([box.padded(-0.5).extents for _, box in boxes])
    apart = (edges[:, None, :2] >= edges[None, :, 2:]).any(axis=2)
    overlap = np.argwhere(~(apart | apart.T) & ~np.eye(len(boxes), dtype=bool))
    assert not len(overlap), [(boxes[a][0], boxes[b][0]) for a, b in overlap]


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


def is_simulated(figure: Figure) -> bool:
    return any(one.get_text() == "SIMULATED" for one in figure.texts)


def answered(
    frame: pl.DataFrame, query: dict[str, Any], simulated: bool = False, **more: Any
) -> Answer:
    return Answer(frame, query, (), {"simulated": simulated}, **more)


# --- made-up answers


def specifications(
    n_sources: int = 2, xs: Sequence[str] = ("X",), n: int = 10, simulated: bool = False
) -> Answer:
    """Rows of robustness: some choices without r, and two genes left out."""
    rng = np.random.default_rng(1)
    rows: list[dict[str, Any]] = []
    for source in range(n_sources):
        for ties in ("average", "gseapy", "gsva"):
            for method in ("pearson", "spearman", "kendall"):
                for x in xs:
                    for adjust in ("", "purity", "purity+age"):
                        if adjust and method == "kendall":
                            continue
                        r = float(rng.uniform(-0.3, 0.8))
                        rows.append(
                            {
                                "kind": "choice" if rows else "as asked",
                                "source": f"source-{source}", "unit": "log2(tpm+1)",
                                "patients": "all", "ties": ties, "method": method, "x": x, "y": "Y",
                                "shared_genes": "kept", "adjust": adjust, "without": "",
                                "n": n + 90 * source, "r": r, "ci_low": r - 0.15,
                                "ci_high": r + 0.15, "p": float(rng.uniform(0, 0.1)), "note": "",
                            }
                        )  # fmt: skip
    for row in rows[2:5]:
        row |= dict.fromkeys(("r", "ci_low", "ci_high", "p")) | {"note": "age is constant"}
    rows += [{**rows[0], "kind": "without gene", "without": gene, "r": r} for gene, r in
             (("A", 0.111), ("B", 0.222))]  # fmt: skip
    frame = pl.DataFrame(rows, infer_schema_length=None)
    r = frame.filter(pl.col("kind") != "without gene", pl.col("method") != "kendall")["r"]
    spread = {
        "r_as_asked": rows[0]["r"], "n_specifications": r.count(), "r_min": r.min(),
        "r_median": r.median(), "r_max": r.max(), "n_positive": 9, "n_significant": 8,
    }  # fmt: skip
    query = {"x": list(xs), "y": ["Y"], "tumor_type": "LIHC", "samples": "tumor"}
    return answered(frame, query, simulated, summary=spread)


def screened(
    n_y: int = 200, types: Sequence[str] = (), n: int = 371, names: Sequence[str] = ()
) -> Answer:
    """Rows of a screen, pooled where no types are given; of the strongest, some share genes."""
    rng = np.random.default_rng(2)
    parts = []
    for number in range(len(types) or 1):
        r = np.sort(rng.uniform(-0.9, 0.9, n_y))
        q = 10.0 ** (-40 * r**2 - 0.01)
        y = [names[place] if place < len(names) else f"GENE{place}" for place in range(n_y)]
        part = pl.DataFrame(
            {"x": "X", "y": y, "r": r, "q": q, "n": n, "n_shared_genes": np.arange(n_y) % 3 // 2}
        ).with_columns(rank=pl.col("r").abs().rank("ordinal", descending=True))
        kind = {"tumor_type": pl.lit(types[number])} if types else {"n_types": pl.lit(33)}
        parts.append(part.with_columns(**kind))
    query = {
        "x": "X", "against": "genes", "n_y": n_y, "method": "pearson", "adjust": [],
        "source": "tcga-hiseqv2", "unit": "log2(norm_count+1)", "samples": "tumor",
    }  # fmt: skip
    return answered(pl.concat(parts), query)


def associations(
    pairs: Sequence[tuple[str, str]], types: Sequence[str], source: str = "mine", note: str = ""
) -> pl.DataFrame:
    """Rows of a run, every seventh without r."""
    rng = np.random.default_rng(3)
    rows = []
    for place, tumor_type in enumerate(types):
        for number, (x, y) in enumerate(pairs):
            has_r = (number + place) % 7 != 3
            rows.append(
                {
                    "analysis": "main", "tumor_type": tumor_type, "x": x, "y": y,
                    "method": "pearson", "n": 10 + 37 * place,
                    "r": float(rng.uniform(-1, 1)) if has_r else None,
                    "q_batch": float(rng.uniform(0, 0.2)) if has_r else None,
                    "n_shared_genes": number % 2, "note": note, "source": source,
                    "samples": "tumor", "ties": "average", "adjust": "", "unit": "log2(tpm+1)",
                }
            )  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"r": pl.Float64, "q_batch": pl.Float64})


def pooled_of(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.group_by("x", "y", maintain_order=True).agg(
        pl.col("r").mean(), q=pl.col("q_batch").min(), analysis=pl.lit("main")
    )


def some_pairs(n: int) -> list[tuple[str, str]]:
    return [(f"set {number}", f"gene {number % 9}") for number in range(n)]


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
    assert_legible(figure)
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
    told = all_of(figure)
    for part in (
        "X against Y in LIHC, over 39 choices", "log2(tpm+1)", "tumor samples, n = 10 to 100",
        "each of 2 genes 0.111 to 0.222", "3 more choices give no r (age is constant)",
        "purity + age", "nothing", "Kendall's tau-b", "as asked", "p ≥ 0.05",
    ):  # fmt: skip
        assert part in told
    assert curve.get_ylim()[0] < 0 < curve.get_ylim()[1]
    assert not is_simulated(figure)


def test_a_specification_curve_of_hundreds_of_choices_and_long_names(tmp_path: Path) -> None:
    several = [*(LONG + end for end in "ABC"), *HOSTILE[:2]]
    answer = specifications(3, several, n=1_097, simulated=True)
    figure = specification_curve(answer)
    assert_legible(figure)
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
    summary = {**answer.summary, "r_as_asked": None}
    figure = specification_curve(replace(answer, frame=frame, summary=summary))
    assert_legible(figure)
    assert "as asked there is no r" in all_of(figure)
    assert len(curve_of(figure)) == frame["r"].count() > 0


# --- the volcano


def points_of(axes: Any) -> list[PathCollection]:
    return [one for one in axes.collections if isinstance(one, PathCollection)]


def offsets(several: Sequence[PathCollection]) -> np.ndarray[Any, Any]:
    return np.concatenate([np.asarray(one.get_offsets()) for one in several])


def test_a_volcano_has_every_point_and_labels_the_tops() -> None:
    answer = screened()
    figure = volcano(answer)
    assert_legible(figure)
    (axes,) = figure.axes
    r, q = answer.frame["r"].to_numpy(), answer.frame["q"].to_numpy()
    drawn = offsets(points_of(axes))
    assert np.array_equal(np.sort(drawn[:, 0]), np.sort(r))
    np.testing.assert_allclose(np.sort(drawn[:, 1]), np.sort(-np.log10(q)), atol=1e-12)
    is_open = [one for one in points_of(axes) if (one.get_facecolors()[:, :3] == 1).all()]
    shared = answer.frame.filter(pl.col("n_shared_genes") > 0)
    assert np.array_equal(np.sort(offsets(is_open)[:, 0]), np.sort(shared["r"].to_numpy()))
    assert any(line.get_linestyle() == "--" for line in axes.lines)
    labels = {one.get_text() for one in axes.texts}
    for side in (pl.col("r") > 0, pl.col("r") < 0):
        assert answer.frame.filter(side).sort("rank")["y"][0] in labels
    assert len(labels & set(shared["y"])) in range(1, 5)
    assert len(labels) >= 8
    told = all_of(figure)
    for part in ("X against 200 genes", "tcga-hiseqv2, log2(norm_count+1)", "tumor samples, n = 371"
                 " in 33 tumor types, pooled", "shares genes with x"):  # fmt: skip
        assert part in told


def test_labels_of_a_volcano_stay_in_the_frame() -> None:
    for answer in (
        screened(names=[LONG + str(number) for number in range(200)]),
        screened(20_000),
        screened(30, types=TYPES[:5], names=[LONG + str(number) for number in range(30)]),
    ):
        figure = volcano(answer)
        assert_legible(figure)
        for axes in figure.axes:
            assert axes.texts
            for one in axes.texts:
                box, frame = Text.get_window_extent(one), axes.get_window_extent()
                assert frame.x0 <= box.x0
                assert box.x1 <= frame.x1
                assert frame.y0 <= box.y0
                assert box.y1 <= frame.y1


def test_a_volcano_of_twenty_thousand_is_a_small_file_that_repeats(tmp_path: Path) -> None:
    answer = screened(20_000)
    sizes = assert_repeats([volcano(answer), volcano(answer)], tmp_path)
    assert sizes["svg"] < 300_000
    assert sizes["pdf"] < 150_000


def test_a_q_of_nothing_stands_at_the_upper_edge() -> None:
    answer = screened(60)
    gone = pl.col("rank") <= 4
    frame = answer.frame.with_columns(q=pl.when(gone).then(0.0).otherwise(pl.col("q")))
    figure = volcano(replace(answer, frame=frame))
    assert_legible(figure)
    (axes,) = figure.axes
    top = axes.get_ylim()[1]
    carets = offsets([one for one in points_of(axes) if len(one.get_paths()[0].vertices) < 6])
    assert np.array_equal(np.sort(carets[:, 0]), np.sort(frame.filter(gone)["r"].to_numpy()))
    assert (carets[:, 1] == top).all()
    assert "q too small for a number" in written(figure)
    whole = volcano(replace(answer, frame=frame.with_columns(q=0.0)))
    assert (offsets(points_of(whole.axes[0]))[:, 1] == whole.axes[0].get_ylim()[1]).all()


def test_a_volcano_by_tumor_type_has_a_panel_each_or_is_refused() -> None:
    one = volcano(screened(types=["CHOL"], n=36))
    assert_legible(one)
    assert "n = 36 in CHOL" in all_of(one)
    five = volcano(screened(types=TYPES[:5], n=1_097))
    assert_legible(five)
    assert [axes.get_title() for axes in five.axes] == [f"{name}, n = 1,097" for name in TYPES[:5]]
    with pytest.raises(UsageError, match="-t"):
        volcano(screened(5, types=TYPES))


def test_a_volcano_without_values_or_tops() -> None:
    answer = screened(50)
    none = pl.lit(None, dtype=pl.Float64)
    with pytest.raises(AnalysisError):
        volcano(replace(answer, frame=answer.frame.with_columns(q=none)))
    some = pl.when(pl.col("rank") > 10).then(0.9)
    figure = volcano(replace(answer, frame=answer.frame.with_columns(q=some)))
    assert_legible(figure)
    assert "10 have no r or no q and are not drawn" in all_of(figure)
    assert not figure.axes[0].texts


# --- the heat map


def test_a_heat_map_has_every_r_and_marks() -> None:
    frame = associations(some_pairs(12), TYPES[:5])
    figure = heat_map(frame, pooled_of(frame), title="A title")
    assert_legible(figure)
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
    told = all_of(figure)
    for part in ("A title: main", "pearson: 12 pairs in 5 tumor types", "log2(tpm+1)", "n = 420",
                 "no r", "shares genes", "q < 0.05"):  # fmt: skip
        assert part in told
    assert "highest" not in told


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
    assert_legible(figure)
    assert is_simulated(figure)
    first, values = cells(figure)
    assert values.shape == (MOST_PAIRS, 33)
    assert first.shape == (MOST_PAIRS, 1)
    assert f"the {MOST_PAIRS} of 300 pairs with the highest median |r|" in all_of(figure)
    median = frame.group_by("x", "y").agg(pl.col("r").abs().median())
    names = {one.get_text() for one in figure.axes[0].get_yticklabels()}
    assert names == {f"{x} – {y}" for x, y, _ in median.top_k(MOST_PAIRS, by="r").iter_rows()}


@pytest.mark.parametrize("n_types", [1, 33])
def test_a_heat_map_of_long_and_hostile_names(n_types: int, tmp_path: Path) -> None:
    names = [*HOSTILE, *(LONG + end for end in "ABC")]
    pairs = [(x, y) for x in names for y in names if x < y]
    frame = associations(pairs, TYPES[:n_types])
    figure = heat_map(frame, pooled_of(frame), title=HOSTILE[4])
    assert_legible(figure)
    labels = [one.get_text() for one in figure.axes[0].get_yticklabels()]
    assert len(set(labels)) == len(pairs)
    if n_types == 1:
        assert_repeats([figure], tmp_path)


def test_a_heat_map_of_one_r_and_of_rows_without() -> None:
    frame = associations(some_pairs(4), TYPES[:1])
    assert_legible(heat_map(frame.head(1)))
    nothing = pl.lit(None, dtype=pl.Float64)
    with pytest.raises(AnalysisError):
        heat_map(frame.with_columns(r=nothing))
    # a pair, and a tumor type, that have none; of two rows of one name, each is drawn
    frame = associations(some_pairs(4), TYPES[:4])
    empty = (pl.col("x") == "set 2") | (pl.col("tumor_type") == TYPES[1])
    frame = frame.with_columns(r=pl.when(~empty).then(pl.col("r")))
    figure = heat_map(pl.concat([frame, frame.filter(pl.col("x") == "set 0")]))
    assert_legible(figure)
    (values,) = cells(figure)
    assert values.shape == (5, 4)
    assert np.ma.getmaskarray(values).all(axis=0).sum() == 1
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
    assert_legible(whole)
    # read in parts, of which each has some x
    monkeypatch.setattr(heat_module, "_ROWS_AT_ONCE", 100)
    figure = heat_map_of_run(folder, plan, "wide", "spearman")
    assert written(figure) == written(whole)
    for one, other in zip(cells(figure), cells(whole), strict=True):
        assert np.array_equal(one.filled(9), other.filled(9))
    monkeypatch.setattr(heat_module, "MOST_PAIRS", 11)
    figure = heat_map_of_run(folder, plan, "wide", "spearman")
    assert cells(figure)[1].shape == (11, len(support.SAMPLES))
    assert f"the 11 of {plan.analysis('wide').n_pairs} pairs" in all_of(figure)
    assert written(heat_map(rows, pooled, title=plan.name)) == written(figure)


def test_the_heat_map_of_a_run_asks_for_one_analysis(folder: RunFolder) -> None:
    plan = folder.plan()
    for wanted, words in (
        ((), "wide, pair"), (("wide",), "pearson, spearman"), (("highest",), "dominance"),
        (("wid",), "wide"), (("wide", "kendall"), "pearson"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=words):
            heat_map_of_run(folder, plan, *wanted)
    assert_legible(heat_map_of_run(folder, plan, "pair"))
    empty = RunFolder(folder.store, "nothing")
    with pytest.raises(DataMissingError):
        heat_map_of_run(empty, plan, "pair")


def test_figures_of_real_answers(small: Engine) -> None:
    answer = small.robustness("ferroptosis", "nfkb", tumor_type="LIHC", adjust=["covariate:purity"])
    figure = specification_curve(answer)
    assert_legible(figure)
    assert (
        len(curve_of(figure))
        == answer.frame.filter(pl.col("kind") != "without gene", pl.col("r").is_not_null()).height
    )
    for by_tumor_type in (False, True):
        answer = small.screen("ferroptosis", "genes", by_tumor_type=by_tumor_type)
        figure = volcano(answer)
        assert_legible(figure)
        assert len(figure.axes) == (4 if by_tumor_type else 1)


# --- names


def test_names_are_told_apart_when_cut() -> None:
    names = [*HOSTILE, *(LONG + end for end in "ABC"), "N" * 9_999 + "M" + "N" * 300, "short"]
    cut = fitted_apart(names, 1.2, 6)
    assert len(set(cut)) == len(names)
    assert all(text_width(one, 6) <= 1.2 for one in cut)
    assert all(one.isprintable() for one in cut)
    assert fitted_apart(["RELA", "NFKB1"], 1.2, 6) == ["RELA", "NFKB1"]
