"""The differences between groups of samples: a row per tumor type, or per variable."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tcga_corr.analysis.compare import CompareAnswer
from tcga_corr.choices import BY_GTEX, BY_SAMPLE_TYPE
from tcga_corr.errors import UsageError
from tcga_corr.figures.frame import Frame, measure_of, source_and_unit, where_in_words
from tcga_corr.figures.look import PLAIN, Look, falling
from tcga_corr.figures.panels import Column, Panel, draw_panels, write_note
from tcga_corr.figures.style import GREY, MARKERS, SERIES, styled
from tcga_corr.figures.text import count_of, cut_apart, fitted_apart, listed, plain, signed
from tcga_corr.figures.ticks import number_axis
from tcga_corr.vocabulary.associations import SIGNIFICANT, is_significant, note_without_mark

MOST = 6  # panels in one figure
_T_TESTS = ("welch", "paired t")  # the tests that give a difference and its interval
_FOOT = "Differences of means and their 95 % intervals"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Block:
    """A panel: the tests of each row, by name; and those over all groups at once."""

    name: str
    title: str
    measure: str
    rows: Sequence[Mapping[str, Row]]
    overall: Sequence[Mapping[str, Row]]
    groups: tuple[str, str]


@styled()
def comparison(answer: CompareAnswer, look: Look = PLAIN) -> Figure:
    """Draw the answer of ``compare``.

    A row per tumor type and a panel per variable, and per two groups where there are more; or, of
    many variables in few tumor types, a row per variable and a panel per tumor type. Each row has
    the difference of means and its 95 % interval, by Welch's t, and by the paired t where patients
    match; filled where q is below 0.05. At the right Hedges' g where there is one panel, a dot for
    q of Mann and Whitney's test (``ranks``) and, of more than two groups, of Kruskal and Wallis's
    (``all``), and the size of each group. An interval that is far longer than the others ends in an
    arrow.

    Raises
    ------
    UsageError
        If that makes more than 6 panels.
    """
    names, blocks = _blocks(answer, look)
    has_pairs = any(
        row.get("paired t", {}).get("difference") is not None
        for block in blocks
        for row in block.rows
    )
    height = (0.18 if has_pairs else 0.165) * (1.35 if len(names) <= 6 else 1)
    frame = Frame(
        *_heading(answer),
        simulated=answer.simulated,
        handles=_handles(has_pairs),
        foot=_foot(blocks, has_pairs),
        look=look,
    )
    figure, all_axes = draw_panels(frame, names, height, _panels(blocks, has_pairs))
    for axes, block in zip(all_axes, blocks, strict=True):
        _draw(axes, block.rows, has_pairs)
    return figure


def _panels(blocks: Sequence[_Block], has_pairs: bool) -> list[Panel]:
    sizes = [_sizes(blocks, block.name) for block in blocks]
    is_shared = all(size == sizes[0] for size in sizes)
    titles = [block.title for block in blocks]
    is_one_n = all(len(set(cells)) == 1 for size in sizes for cells in size.values())
    if len(blocks[0].rows) > 1 and not is_shared and is_one_n:
        # many variables of the same samples
        titles = [
            f"{title}, n = {' and '.join(cells[0] for cells in size.values())}"
            for title, size in zip(titles, sizes, strict=True)
        ]
        sizes = [{} for _ in blocks]
    panels = []
    for number, block in enumerate(blocks):
        is_alone = len(blocks) == 1
        columns = [_g(block), *_dots(block)] if is_alone else _dots(block)
        if number == len(blocks) - 1 or not is_shared:
            columns += _n(sizes[number])
        if is_alone and has_pairs:
            pairs = [row.get("paired t", {}).get("n_a", 0) for row in block.rows]
            columns.append(Column("pairs", [f"{n:,}" for n in pairs], 0.4))
        has_any = any(row["welch"]["difference"] is not None for row in block.rows)
        label = f"difference of means, {block.measure}" if is_alone else block.measure
        panels.append(Panel(titles[number], label, columns, axis=has_any))
    return panels


def _blocks(answer: CompareAnswer, look: Look) -> tuple[list[str], list[_Block]]:
    """The rows, by falling difference in the first panel or as asked; and what is in the panels."""
    query = answer.query
    variables, types = query.variables, query.scope.tumor_types
    pairs = list(itertools.combinations(query.groups, 2))
    measures = {name: measure_of(name, answer, query.scope.unit) for name in variables}
    by_type = len(variables) * len(pairs) <= MOST
    one_measure = len(set(measures.values())) == 1
    if not by_type and not (one_measure and len(types) * len(pairs) <= MOST):
        raise UsageError(
            f"{len(variables)} variables of {len(types)} tumor types and {len(query.groups)} "
            "groups do not fit in one figure",
            f"Draw up to {MOST} variables or tumor types at a time, of two groups"
            + ("" if one_measure else "; more variables need to be of one unit"),
        )
    names, rows = (variables, types) if by_type else (types, variables)
    # by the names of panel and row, and the groups; those over all groups by no group
    tests: dict[tuple[str, str, str, str | None], dict[str, Row]] = {}
    for row in answer.frame.to_dicts():
        cell = row["tumor_type"], row["variable"]
        name, of_row = reversed(cell) if by_type else cell
        a = row["group_a"] if row["group_b"] is not None else ""
        tests.setdefault((name, of_row, a, row["group_b"]), {})[row["test"]] = row
    first = {row: tests[names[0], row, *pairs[0]]["welch"] for row in rows}
    differences = {row: welch["difference"] for row, welch in first.items()}
    n = {row: welch["n_a"] + welch["n_b"] for row, welch in first.items()}
    if by_type:
        rows = look.ordered(types, differences, n, "value")
    else:
        names, rows = look.ordered(types, {}, n, "given"), falling(differences)
    blocks = []
    for name in names:
        for a, b in pairs:
            title = name if len(names) > 1 else ""
            if len(pairs) > 1:
                title = f"{title} {a} minus {b}".strip()
            blocks.append(
                _Block(
                    name,
                    title,
                    measures[name if by_type else variables[0]],
                    [tests[name, row, a, b] for row in rows],
                    [tests.get((name, row, "", None), {}) for row in rows]
                    if (a, b) == pairs[-1]
                    else [],
                    (a, b),
                )
            )
    return rows, blocks


def _sizes(blocks: Sequence[_Block], name: str) -> dict[str, list[str]]:
    """How many samples each group has in the rows of the panels of a name."""
    return {
        group: [f"{row['welch'][side]:,}" for row in block.rows]
        for block in blocks
        if block.name == name
        for group, side in zip(block.groups, ("n_a", "n_b"), strict=True)
    }


def _n(sizes: Mapping[str, list[str]]) -> list[Column]:
    heads = fitted_apart([f"n {name}" for name in sizes], 0.45, 6)
    return [Column(head, cells, 0.5) for head, cells in zip(heads, sizes.values(), strict=True)]


def _g(block: _Block) -> Column:
    effects = [row["welch"]["effect"] for row in block.rows]
    return Column("g", [None if g is None else signed(f"{g:.2f}") for g in effects], 0.4)


def _dots(block: _Block) -> list[Column]:
    columns = [Column("ranks", _small(block.rows, "mann-whitney"), 0.3)]
    if any("kruskal-wallis" in row for row in block.overall):
        columns.append(Column("all", _small(block.overall, "kruskal-wallis"), 0.26))
    return columns


def _small(rows: Sequence[Mapping[str, Row]], test: str) -> list[bool | None]:
    q = [row.get(test, {}).get("q") for row in rows]
    return [None if value is None else is_significant(value) for value in q]


def _heading(answer: CompareAnswer) -> tuple[str, str]:
    query = answer.query
    variables, types, groups = query.variables, query.scope.tumor_types, query.groups
    names = listed(variables, 60) if len(variables) < 3 else f"{len(variables)} variables"
    by = f"{len(groups)} groups"
    if len(groups) == 2:
        by = " minus ".join(cut_apart(groups, 30))
    where = where_in_words(types, query.scope.source)
    n: dict[str, dict[str, int]] = {}  # of a group, by tumor type
    for row in answer.frame.to_dicts():
        if row["test"] == "welch" and row["difference"] is not None:
            for side in "ab":
                own = n.setdefault(row[f"group_{side}"], {})
                name = row["tumor_type"]
                own[name] = max(own.get(name, 0), row[f"n_{side}"])
    counts = [
        f"{sum(own.values()):,} {name}"
        for own, name in zip(n.values(), cut_apart(list(n), 30), strict=True)
    ]
    n_types = len({name for own in n.values() for name in own})
    samples = by_file = ""
    if query.by not in (BY_GTEX, BY_SAMPLE_TYPE):
        samples = f"{query.scope.samples_in_words}, "
        by_file = f", by {plain(Path(query.by).name, 40)}"
    about = (
        f"{source_and_unit(query.scope)}; {samples}n = {', '.join(counts)} in "
        f"{count_of(n_types, 'tumor type')}{by_file}"
    )
    return f"{names}: {by} in {where}", about


def _handles(has_pairs: bool) -> list[Artist]:
    shown: list[Artist] = []
    names = ("Welch's t", "paired t") if has_pairs else ("",)
    for number, name in enumerate(names):
        look: dict[str, Any] = {
            "color": SERIES[number], "marker": MARKERS[number], "ms": 3.4, "lw": 0.9,
        }  # fmt: skip
        test = f"{name}, " if name else ""
        shown.append(Line2D([], [], label=f"{test}q < {SIGNIFICANT}", **look))
        shown.append(Line2D([], [], label=f"{test}q ≥ {SIGNIFICANT}", mfc="white", **look))
    return shown


def _foot(blocks: Sequence[_Block], has_pairs: bool) -> str:
    foot = "Lines: 95 % intervals" if len(blocks) == 1 else _FOOT
    for block in blocks:
        shown = _shown(block.rows, has_pairs)
        low, high = _limits(shown)
        if any(row["ci_low"] < low or row["ci_high"] > high for row in shown):
            foot += ", which go on where they end in an arrow"
            break
    foot += f". ranks: filled where q < {SIGNIFICANT} by Mann-Whitney"
    if any(row for block in blocks for row in block.overall):
        foot += "; all: of all groups, by Kruskal-Wallis"
    return foot + ("; g: Hedges' g." if len(blocks) == 1 else ".")


def _draw(axes: Axes, rows: Sequence[Mapping[str, Row]], has_pairs: bool) -> None:
    tests = _T_TESTS[: 1 + has_pairs]
    shown = _shown(rows, has_pairs)
    low, high = _limits(shown)
    if shown:
        number_axis(axes, low, high)
        axes.axvline(0, color=GREY, lw=0.6, zorder=2)
    for y, row in enumerate(rows):
        found = [test for test in tests if row.get(test, {}).get("difference") is not None]
        if not found:
            write_note(axes, y, note_without_mark(row["welch"]["note"]) or "no difference")
        for test in found:
            shift = 0.0 if len(found) == 1 else (-0.19, 0.19)[tests.index(test)]
            _draw_difference(axes, y + shift, row[test], tests.index(test), (low, high))


def _shown(rows: Sequence[Mapping[str, Row]], has_pairs: bool) -> list[Row]:
    """The tests that give a difference."""
    found = [row[test] for row in rows for test in _T_TESTS[: 1 + has_pairs] if test in row]
    return [row for row in found if row["difference"] is not None]


def _limits(rows: Sequence[Row]) -> tuple[float, float]:
    """Limits that hold 0, every difference, and the intervals but those far longer than most."""
    if not rows:
        return -1.0, 1.0
    at = np.array([[row["ci_low"], row["difference"], row["ci_high"]] for row in rows])
    usual = 1.5 * float(np.quantile(at[:, 2] - at[:, 0], 0.75))
    low = min(0.0, float(np.maximum(at[:, 0], at[:, 1] - usual).min()))
    high = max(0.0, float(np.minimum(at[:, 2], at[:, 1] + usual).max()))
    margin = 0.04 * (high - low) or 1.0
    return low - margin, high + margin


def _draw_difference(
    axes: Axes, y: float, row: Row, number: int, limits: tuple[float, float]
) -> None:
    colour = SERIES[number]
    ends = (max(row["ci_low"], limits[0]), min(row["ci_high"], limits[1]))
    axes.plot(ends, [y, y], color=colour, lw=0.9, zorder=3, solid_capstyle="butt")
    for limit, is_out, marker in (
        (limits[0], row["ci_low"] < limits[0], "<"),
        (limits[1], row["ci_high"] > limits[1], ">"),
    ):
        if is_out:
            axes.plot(limit, y, marker, ms=2.6, mew=0, color=colour, clip_on=False, zorder=3)
    axes.plot(
        row["difference"], y, MARKERS[number], ms=3.2, mew=0.8, color=colour,
        mfc=colour if is_significant(row["q"]) else "white", zorder=4,
    )  # fmt: skip
