"""Figures of values, comparisons and dominance: what stands in them, and that nothing collides.

The figures are looked at as trees of artists, and their texts' boxes as Agg draws them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import polars as pl
import pytest

import tcga_corr as tc
from tcga_corr.analysis.compare import CompareAnswer
from tcga_corr.analysis.dominance import DominanceAnswer
from tcga_corr.analysis.score import ValuesAnswer
from tcga_corr.engine import Engine
from tcga_corr.errors import UsageError

pytest.importorskip("matplotlib")

from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tcga_corr.figures.comparison import comparison
from tcga_corr.figures.distribution import distribution
from tcga_corr.figures.dominance import dominance_figure
from tcga_corr.figures.style import WIDTH, save
from tcga_corr.figures.text import fitted, fitted_apart, plain, text_width, wrapped
from tests.figures.reading import check_texts, told, words
from tests.figures.simulated import HOSTILE

SET = "ferroptosis"
LONG = "HALLMARK_EPITHELIAL_MESENCHYMAL_TRANSITION"
SIX = (SET, "RELA", "nfkb", LONG, "NFE2L2", "HALLMARK_OXIDATIVE_PHOSPHORYLATION")
FEW = tc.GeneSet("few", "", ("RELA", "NFE2L2", "no gene", "nor this"))
AnyAnswer = TypeVar("AnyAnswer", ValuesAnswer, CompareAnswer, DominanceAnswer)
Drawn = Callable[[Mapping[str, str]], Figure]
TYPES = ("ACC", "BRCA", "LIHC")


def check_axes(figure: Figure) -> None:
    """No axes are empty, and none with numbers has a single one."""
    for axes in figure.axes:
        assert axes.lines or axes.collections or axes.patches or axes.texts
        if axes.xaxis.get_visible():
            assert len(axes.get_xticks()) > 1


def check(figure: Figure) -> Figure:
    check_texts(figure)
    check_axes(figure)
    assert figure.get_figwidth() >= WIDTH
    return figure


def violins(figure: Figure) -> int:
    return sum(isinstance(one, PolyCollection) for axes in figure.axes for one in axes.collections)


def bars(figure: Figure) -> list[list[Rectangle]]:
    return [[one for one in axes.patches if isinstance(one, Rectangle)] for axes in figure.axes]


def row_labels(figure: Figure) -> list[str]:
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def renamed(answer: AnyAnswer, names: Mapping[str, str]) -> AnyAnswer:
    """The same answer, its variables, sets or groups under other names."""

    def other(value: Any) -> Any:
        if isinstance(value, str):
            return names.get(value, value)
        if is_dataclass(value) and not isinstance(value, type):
            return replace(
                value, **{one.name: other(getattr(value, one.name)) for one in fields(value)}
            )
        return type(value)(map(other, value)) if isinstance(value, list | tuple) else value

    frame = answer.frame.rename({a: b for a, b in names.items() if a in answer.frame.columns})
    kept = [name for name in ("variable", "set", "group_a", "group_b") if name in frame.columns]
    return replace(
        answer,
        frame=frame.with_columns(pl.col(name).replace(names) for name in kept),
        query=other(answer.query),
        provenance=other(answer.provenance),
    )


def without(answer: AnyAnswer, **where: str) -> AnyAnswer:
    """The same answer with no numbers in some rows."""
    is_there = pl.all_horizontal(pl.col(name) == value for name, value in where.items())
    frame = answer.frame.with_columns(
        pl.when(is_there).then(None).otherwise(pl.col(name)).alias(name)
        for name, kind in answer.frame.schema.items()
        if kind.is_float()
    )
    if "note" in frame.columns:
        note = pl.when(is_there).then(pl.lit("SIMULATED; no genes, none at all"))
        frame = frame.with_columns(note.otherwise("note").alias("note"))
    return replace(answer, frame=frame)


@pytest.fixture(scope="module")
def tumor(simulated: Engine) -> ValuesAnswer:
    return simulated.values(SIX)


@pytest.fixture(scope="module")
def normal(simulated: Engine) -> ValuesAnswer:
    return simulated.values(SIX, samples="normal")


@pytest.fixture(scope="module")
def compared(simulated: Engine) -> CompareAnswer:
    return simulated.compare(SIX)


@pytest.fixture(scope="module")
def dominant(simulated: Engine) -> DominanceAnswer:
    return simulated.dominance(draws=20)


def of(answer: AnyAnswer, variables: tuple[str, ...], *types: str) -> AnyAnswer:
    """The part of an answer on some variables and tumor types."""
    types = types or tuple(answer.query.scope.tumor_types)
    frame = answer.frame.filter(pl.col("tumor_type").is_in(types))
    if "variable" in frame.columns:
        frame = frame.filter(pl.col("variable").is_in(variables))
    elif "set" not in frame.columns:
        frame = frame.select("tumor_type", "sample", "patient", "sample_type", *variables)
    query: Any = replace(answer.query, scope=replace(answer.query.scope, tumor_types=list(types)))
    if isinstance(answer, DominanceAnswer):
        tests = tuple(one for one in answer.summary.tests if one.tumor_type in types)
        answer = replace(answer, summary=replace(answer.summary, tests=tests))
    else:
        query = replace(query, variables=list(variables))
    return replace(answer, frame=frame, query=query)


# distribution


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 6])
def test_distributions_of_33_types_stand_apart(
    tumor: ValuesAnswer, normal: ValuesAnswer, n: int
) -> None:
    with_normals = check(distribution(of(tumor, SIX[:n]), of(normal, SIX[:n])))
    alone = check(distribution(of(tumor, SIX[: min(n, 3)])))
    assert len(with_normals.axes) == n
    found = words(with_normals)
    assert {"tumor", "normal", "n tumor", "n normal", "SIMULATED", "ssGSEA score"} <= {*found}
    assert {"n", "SIMULATED"} <= {*words(alone)}
    assert "n tumor" not in words(alone)
    assert "simulated, log2(norm_count+1); n = " in told(with_normals)


def test_a_distribution_has_a_violin_or_points_for_each_type_and_side(
    tumor: ValuesAnswer, normal: ValuesAnswer
) -> None:
    sides = [of(tumor, (SET,)), of(normal, (SET,))]
    figure = distribution(*sides)
    counts = [side.frame.group_by("tumor_type").len()["len"].to_list() for side in sides]
    large = sum(n >= 20 for count in counts for n in count)
    assert violins(figure) == large
    lengths = [np.size(line.get_xdata()) for line in figure.axes[0].lines]
    small = [n for count in counts for n in count if 2 < n < 20]
    assert sorted(n for n in lengths if n > 2) == sorted(small)
    assert {f"{n:,}" for count in counts for n in count} <= {*words(figure)}


def test_a_distribution_is_sorted_by_the_tumours_median(
    tumor: ValuesAnswer, normal: ValuesAnswer
) -> None:
    figure = distribution(of(tumor, SIX[:2]), of(normal, SIX[:2]))
    median = tumor.frame.group_by("tumor_type").agg(pl.col(SET).median())
    assert row_labels(figure) == median.sort(SET, descending=True)["tumor_type"].to_list()


@pytest.mark.parametrize("n", [1, 6])
def test_a_distribution_of_one_type(tumor: ValuesAnswer, normal: ValuesAnswer, n: int) -> None:
    figure = check(distribution(of(tumor, SIX[:n], "LIHC"), of(normal, SIX[:n], "LIHC")))
    assert row_labels(figure) == ["LIHC"]
    assert any(text.endswith("in LIHC") for text in words(figure))


def test_a_distribution_without_normals_is_as_without_that_answer(
    tumor: ValuesAnswer, normal: ValuesAnswer
) -> None:
    alone = distribution(of(tumor, (SET,), "ACC"))
    figure = check(distribution(of(tumor, (SET,), "ACC"), of(normal, (SET,), "ACC")))
    assert words(figure) == words(alone)


def test_a_distribution_tells_why_a_row_is_empty(simulated: Engine, tumor: ValuesAnswer) -> None:
    figure = check(distribution(without(of(tumor, SIX[:2]), tumor_type="LIHC")))
    assert words(figure).count(f"no {SET}") == words(figure).count("no RELA") == 1
    assert row_labels(figure)[-1] == "LIHC"
    normal = simulated.values([SET], samples="normal", tumor_types=["ACC", "LIHC"])
    assert "no normal samples" in words(check(distribution(normal)))
    few = simulated.values([FEW], tumor_types=["ACC", "LIHC"])
    figure = check_texts_of(distribution(few))
    assert sum("few" in text and "gene" in text for text in words(figure)) == 2
    assert not figure.axes[0].xaxis.get_visible()


def check_texts_of(figure: Figure) -> Figure:
    check_texts(figure)
    return figure


def test_a_distribution_counts_values_where_variables_differ_in_them(tumor: ValuesAnswer) -> None:
    two = of(tumor, SIX[:2], "BRCA", "LIHC")
    frame = two.frame.with_columns(
        pl.when(pl.int_range(pl.len()) % 3 == 0).then(None).otherwise("RELA").alias("RELA")
    )
    figure = check(distribution(replace(two, frame=frame)))
    assert words(figure).count("n") == 2


@pytest.mark.parametrize(
    "values",
    [
        [3.0] * 30,
        [0.0] * 30,
        [0.0] * 29 + [9.0],
        [1e300, -1e300] * 15,
        [1e-9 + 1e-12 * n for n in range(30)],
        [1e7 + n / 1e4 for n in range(30)],
        [-5.0, 2.0],
    ],
    ids=["constant", "zeros", "one", "huge", "tiny", "close", "two"],
)
def test_distributions_of_odd_values(tumor: ValuesAnswer, values: list[float]) -> None:
    one = of(tumor, (SET,), "BRCA")
    frame = one.frame.head(len(values)).with_columns(pl.Series(SET, values))
    check_texts(distribution(replace(one, frame=frame)))


def test_distributions_that_cannot_be_drawn_say_what_to_do(
    simulated: Engine, tumor: ValuesAnswer, normal: ValuesAnswer
) -> None:
    seven = simulated.values([*SIX, "apoptosis"], tumor_types=["LIHC"])
    with pytest.raises(UsageError, match=r"7 variables .* Draw up to 6"):
        distribution(seven)
    with pytest.raises(UsageError, match="differ in variables"):
        distribution(of(tumor, ("RELA",)), of(normal, (SET,)))


# comparison


@pytest.mark.parametrize("n", [1, 6])
def test_comparisons_of_33_types_stand_apart(compared: CompareAnswer, n: int) -> None:
    figure = check(comparison(of(compared, SIX[:n])))
    assert len(figure.axes) == n
    found = words(figure)
    assert {"SIMULATED", "n tumor", "n normal", "ranks"} <= {*found}
    assert any("tumor minus normal in 33 tumor types" in text for text in found)
    assert sum("too few samples" in text for text in found) == n * empty(compared, SET)


def empty(compared: CompareAnswer, variable: str) -> int:
    rows = compared.frame.filter(pl.col("variable") == variable, pl.col("test") == "welch")
    return rows["difference"].null_count()


def test_a_comparison_has_the_numbers_of_the_answer(compared: CompareAnswer) -> None:
    figure = comparison(of(compared, ("RELA",)))
    rows = compared.frame.filter(pl.col("variable") == "RELA", pl.col("difference").is_not_null())
    axes = figure.axes[0]
    inside = [line for line in axes.lines if line.get_transform() == axes.transData]
    for test, marker in (("welch", "o"), ("paired t", "s")):
        own = rows.filter(pl.col("test") == test)
        marks = [line for line in inside if line.get_marker() == marker]
        at = sorted(float(np.ravel(line.get_xdata())[0]) for line in marks)
        assert at == sorted(own["difference"].to_list())
        filled = sum(line.get_markerfacecolor() != "white" for line in marks)
        assert filled == own.filter(pl.col("q") < 0.05).height
    by_difference = rows.filter(pl.col("test") == "welch").sort("difference", descending=True)
    assert row_labels(figure)[: by_difference.height] == by_difference["tumor_type"].to_list()
    assert {f"{n:,}" for n in rows["n_a"]} <= {*words(figure)}


def test_intervals_that_leave_the_axes_end_in_an_arrow(compared: CompareAnswer) -> None:
    one = of(compared, ("RELA",))
    is_wide = (pl.col("tumor_type") == "LIHC") & (pl.col("test") == "welch")
    frame = one.frame.with_columns(pl.when(is_wide).then(9e5).otherwise("ci_high").alias("ci_high"))
    figure = check(comparison(replace(one, frame=frame)))
    axes = figure.axes[0]
    assert axes.get_xlim()[1] < 100
    assert any(line.get_marker() == ">" for line in axes.lines)
    assert any("arrow" in text for text in words(figure))


@pytest.mark.slow
def test_many_variables_in_few_types_are_rows(simulated: Engine) -> None:
    one = check(comparison(simulated.compare("hallmark", tumor_types=["LIHC"])))
    assert len(one.axes) == 1
    assert len(row_labels(one)) == len(set(row_labels(one))) == 50
    two = check(comparison(simulated.compare("hallmark", tumor_types=["LIHC", "BRCA"])))
    titles = [text for text in words(two) if re.match(r"(LIHC|BRCA), n =", text)]
    assert len(titles) == len(two.axes) == 2


def test_comparisons_that_cannot_be_drawn_say_what_to_do(compared: CompareAnswer) -> None:
    seven = [f"v{number}" for number in range(7)]
    with pytest.raises(UsageError, match=r"7 variables of 33 tumor types .* Draw up to 6"):
        comparison(replace(compared, query=replace(compared.query, variables=seven)))


def test_a_comparison_of_one_type_and_of_three_groups(
    simulated: Engine, compared: CompareAnswer, tmp_path: Path
) -> None:
    check(comparison(of(compared, (SET,), "LIHC")))
    samples = simulated.values([SET], tumor_types=["BRCA", "LIHC"]).frame["sample"]
    groups = ("low", "middle", "a group of quite a long name, indeed of one that is too long")
    lines = [f"{one}\t{groups[number % 3]}" for number, one in enumerate(samples)]
    file = tmp_path / "groups.tsv"
    file.write_text("\n".join(["sample\tgroup", *lines]), encoding="utf-8")
    answer = simulated.compare([SET, "RELA"], by=file, tumor_types=["BRCA", "LIHC"])
    figure = check(comparison(answer))
    assert len(figure.axes) == 6
    assert {"all", "n low", "n middle"} <= {*words(figure)}
    assert not any(str(tmp_path) in text for text in words(figure))


def test_a_comparison_tells_why_a_row_is_empty(compared: CompareAnswer) -> None:
    answer = without(of(compared, (SET,)), tumor_type="BRCA")
    found = words(check(comparison(answer)))
    assert found.count("no genes, none at all") == 1
    nothing = replace(
        answer, frame=answer.frame.with_columns(difference=pl.lit(None, dtype=pl.Float64))
    )
    check_texts(comparison(nothing))


# dominance


def test_bars_of_dominance_are_the_shares(dominant: DominanceAnswer) -> None:
    figure = check(dominance_figure(dominant))
    assert {"W", "p_genes", "n", "raw scores", "standardised scores", "SIMULATED"} <= {
        *words(figure)
    }
    assert any("Raw scores of different sets do not compare" in text for text in words(figure))
    for scale, found in zip(("raw", "standardised"), bars(figure), strict=True):
        rows = dominant.frame.filter(pl.col("scale") == scale, pl.col("share_highest") > 0)
        widths = sorted(bar.get_width() for bar in found)
        assert widths == pytest.approx(sorted(rows["share_highest"]))
    looks = {(bar.get_facecolor(), bar.get_hatch()) for found in bars(figure) for bar in found}
    assert len({hatch for _, hatch in looks}) == len(looks) == 4
    # the small tables have too few genes of the fifth
    assert any("Too few genes anywhere: " in text for text in words(figure))
    tests = [one.friedman for one in dominant.summary.tests if one.scale == "raw"]
    assert {f"{test.kendalls_w:.2f}" for test in tests} <= {*words(figure)}


def test_dominance_of_one_type_and_of_two_sets(
    simulated: Engine, dominant: DominanceAnswer
) -> None:
    check(dominance_figure(of(dominant, (), "LIHC")))
    two = simulated.dominance([SET, "nfkb"], tumor_types=["LIHC", "ACC"], draws=20)
    found = words(check(dominance_figure(two)))
    assert found.count("p") == 2
    assert "W" not in found


@pytest.mark.slow
def test_of_many_sets_those_that_lead_are_told_apart(simulated: Engine) -> None:
    answer = simulated.dominance("hallmark", tumor_types=["LIHC"], draws=20)
    figure = check(dominance_figure(answer))
    assert any(re.fullmatch(r"\d+ other sets", text) for text in words(figure))
    for found in bars(figure):
        assert sum(bar.get_width() for bar in found) == pytest.approx(1)


def test_dominance_marks_what_is_missing(dominant: DominanceAnswer) -> None:
    dominant = of(dominant, (), *TYPES)
    is_left_out = (pl.col("tumor_type") == "ACC") & (pl.col("set") == SET)
    answer = replace(dominant, frame=dominant.frame.filter(~is_left_out))
    found = words(check(dominance_figure(answer)))
    assert "ACC *" in found
    assert any("too few genes of some sets" in text for text in found)
    gone = replace(dominant, frame=dominant.frame.filter(pl.col("tumor_type") != "ACC"))
    assert words(check(dominance_figure(gone))).count("no scores") == 2
    null = without(dominant, tumor_type="ACC", scale="standardised")
    assert words(check(dominance_figure(null))).count("no standardised scores") == 1


# all


@pytest.fixture(params=["distribution", "comparison", "dominance"])
def drawn(
    request: pytest.FixtureRequest,
    tumor: ValuesAnswer,
    normal: ValuesAnswer,
    compared: CompareAnswer,
    dominant: DominanceAnswer,
) -> Drawn:
    """Each figure of three types, under other names of its variables."""

    def draw(names: Mapping[str, str]) -> Figure:
        if request.param == "comparison":
            return comparison(renamed(of(compared, SIX, *TYPES), names))
        if request.param == "dominance":
            sets = dict(zip(dominant.query.sets, names.values(), strict=False))
            return dominance_figure(renamed(of(dominant, (), *TYPES), sets))
        sides = (of(answer, SIX, *TYPES) for answer in (tumor, normal))
        return distribution(*(renamed(side, names) for side in sides))

    return draw


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_same_figure_is_the_same_file(drawn: Drawn, ending: str, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.{ending}" for number in range(2)]
    for file in files:
        save(drawn({}), file)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert str(tmp_path).encode() not in files[0].read_bytes()


def test_names_that_begin_alike_stay_in_the_figure(drawn: Drawn) -> None:
    names = {name: "SOME_VERY_LONG_PREFIX_OF_SETS_" * 3 + str(n) for n, name in enumerate(SIX)}
    check(drawn(names))


def test_texts_are_cut_to_what_fits() -> None:
    for text in (*HOSTILE, LONG, "a b c " * 50, ""):
        assert text_width(fitted(text, 1, 6), 6) <= 1
        assert all(text_width(line, 6) <= 1.0001 for line in wrapped(text, 1, 6, 3))
        assert len(wrapped(text, 1, 6, 3)) <= 3
        assert plain(text).isprintable()
    assert wrapped(LONG, 1, 6, 3) == ["HALLMARK_", "EPITHELIAL_", "MESENCHYMAL_TRAN…"]
    alike = fitted_apart(["A" * 99 + "1", "A" * 99 + "2"], 1, 6)
    assert len(set(alike)) == 2
