"""Which gene set scores highest, per tumor type: raw scores beside standardised ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tcga_corr.analysis.dominance import SCALES
from tcga_corr.figures.panels import Column, Panel, noted, panels
from tcga_corr.figures.style import (
    GREY,
    PALE,
    SERIES,
    cut_apart,
    fitted_apart,
    listed,
    marked_simulated,
    origin,
    styled,
)
from tcga_corr.figures.ticks import number_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tcga_corr.analysis.answer import Answer

MOST = 12  # sets that are told apart
_HATCHES = (
    "", "////", "....", "\\\\\\\\", "xxxx", "----", "||||", "++++", "//", "\\\\", "xx", "..",
)  # fmt: skip
_CAVEAT = (
    "Raw scores of different sets do not compare: sizes and usual expression of their genes differ."
)
_REST = "\0"  # stands for all other sets; no name of a set
Shares = Mapping[tuple[str, str], Mapping[str, float]]  # scale and tumor type: set to its share


def dominance_figure(answer: Answer) -> Figure:
    """Draw the answer of ``dominance``.

    A row per tumor type: bars of the share of its samples in which each set scores highest, raw at
    the left and standardised at the right, by falling share of the set that leads most often when
    standardised. Of more than 12 sets, those that lead most often; the others as one. At the right
    of each panel Kendall's W, then how often random sets give as large a one (``p_genes``),
    and the samples; of two sets, Wilcoxon's p.
    """
    frame = answer.frame.to_dicts()
    shares: dict[tuple[str, str], dict[str, float]] = {}
    having: dict[str, set[str]] = {}
    n: dict[str, int] = {}
    for row in frame:
        own = shares.setdefault((row["scale"], row["tumor_type"]), {})
        if row["share_highest"]:
            own[row["set"]] = row["share_highest"]
        n[row["tumor_type"]] = row["n"]
        having.setdefault(row["tumor_type"], set()).add(row["set"])
    known = [name for name in answer.query.sets if any(name in own for own in having.values())]
    sets = _leading(known, shares)
    merged = {key: _merged(own, sets) for key, own in shares.items()}
    types = _order(answer.query.scope.tumor_types, sets, merged)
    tests = {(one["scale"], one["tumor_type"]): one for one in answer.summary["tests"]}
    with styled():
        several = []
        for scale in SCALES:
            here = [tests.get((scale, one)) for one in types]
            columns = _columns(here)
            if scale == SCALES[-1]:
                columns.append(Column("n", [f"{n.get(one, 0):,}" for one in types], 0.42))
            has_any = any(merged.get((scale, one)) for one in types)
            several.append(Panel(f"{scale} scores", "share of samples", columns, axis=has_any))
        told = _told(answer, types, n)
        height = 0.165 * (1.35 if len(types) <= 6 else 1)
        short_of = {one for one, names in having.items() if len(names) < len(known)}
        unknown = [name for name in answer.query.sets if name not in known]
        foot = _foot(shares, len(known) == 2, bool(short_of), unknown)
        figure, all_axes = panels(
            told, [f"{one} *" if one in short_of else one for one in types], height, several,
            _handles(sets, len(known)), foot,
        )  # fmt: skip
        for axes, scale in zip(all_axes, SCALES, strict=True):
            _draw(axes, [merged.get((scale, one), {}) for one in types], sets)
            for y, one in enumerate(types):
                if not merged.get((scale, one)):
                    noted(axes, y, f"no {scale} scores" if one in n else "no scores")
        if answer.simulated:
            marked_simulated(figure)
    return figure


def _leading(names: Sequence[str], shares: Shares) -> list[str]:
    """The sets to tell apart, in the order of the question, and the others as one."""
    if len(names) <= MOST:
        return list(names)
    total = {
        name: max(
            sum(own.get(name, 0.0) for (one, _), own in shares.items() if one == scale)
            for scale in SCALES
        )
        for name in names
    }
    most = sorted(names, key=lambda name: (-total[name], name))[: MOST - 1]
    return [*(name for name in names if name in most), _REST]


def _merged(own: Mapping[str, float], sets: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, share in own.items():
        key = name if name in sets else _REST
        found[key] = found.get(key, 0.0) + share
    return found


def _order(types: Iterable[str], sets: Sequence[str], shares: Shares) -> list[str]:
    """Tumor types by falling share of the set that leads most often, those without bars last."""
    at = SCALES[-1]
    own = {one: shares.get((at, one), {}) for one in types}
    leader = max(
        (name for name in sets if name != _REST),
        key=lambda name: sum(shares.get(name, 0.0) for shares in own.values()),
    )
    return sorted(own, key=lambda one: (not own[one], -own[one].get(leader, 0.0), one))


def _columns(tests: Sequence[Mapping[str, Any] | None]) -> list[Column]:
    """Kendall's W and p_genes; of two sets, p of the one pair."""
    if all(one is None or len(one["pairs"]) == 1 for one in tests):
        p = [None if one is None else one["pairs"][0]["p"] for one in tests]
        return [Column("p", [_number(value, 1) for value in p], 0.5)] if any(tests) else []
    friedman = [{} if one is None else one["friedman"] for one in tests]
    columns = [Column("W", [_number(one.get("kendalls_w")) for one in friedman], 0.34)]
    p_genes = [_number(one.get("p_genes"), 2) for one in friedman]
    if any(p_genes):
        columns.append(Column("p_genes", p_genes, 0.46))
    return columns


def _number(value: float | None, digits: int | None = None) -> str | None:
    if value is None or value != value:
        return None
    text = f"{value:.2f}" if digits is None else f"{value:.{digits}g}"
    return text.replace("-", "−")


def _told(answer: Answer, types: Sequence[str], n: Mapping[str, int]) -> tuple[str, str]:
    query = answer.query
    names = query.sets
    what = " and ".join(cut_apart(names)) if len(names) == 2 else f"{len(names)} gene sets"
    where = types[0] if len(types) == 1 else f"{len(types)} tumor types"
    having = f"{len(n)} tumor type{'' if len(n) == 1 else 's'}"
    about = (
        f"ssGSEA scores; {origin(query)}; {query['samples']} samples, "
        f"n = {sum(n.values()):,} in {having}; {query['draws']:,} random sets"
    )
    return f"Which of {what} scores highest in {where}", about


def _foot(shares: Shares, is_pair: bool, is_short: bool, unknown: Sequence[str]) -> str:
    foot = f"{_CAVEAT} W: Kendall's; p_genes: how often random sets give as large a W."
    if is_pair:
        foot = f"{_CAVEAT} p: Wilcoxon's signed ranks."
    if is_short:
        foot += " *: too few genes of some sets there."
    if unknown:
        foot += f" Too few genes anywhere: {listed(unknown)}."
    if any(sum(own.values()) > 1 + 1e-9 for own in shares.values()):
        foot += " Sets that tie for the highest count each."
    return foot


def _looks(sets: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"fc": PALE, "ec": GREY, "lw": 0.3}
        if name == _REST
        else {
            "fc": SERIES[number % len(SERIES)], "hatch": _HATCHES[number], "ec": "white", "lw": 0.3,
        }
        for number, name in enumerate(sets)
    ]  # fmt: skip


def _handles(sets: Sequence[str], n: int) -> list[Any]:
    from matplotlib.patches import Patch

    names = fitted_apart([name for name in sets if name != _REST], 2.3, 6.5)
    if _REST in sets:
        names.append(f"{n - len(names)} other sets")
    return [Patch(label=name, **look) for name, look in zip(names, _looks(sets), strict=True)]


def _draw(axes: Axes, rows: Sequence[Mapping[str, float]], sets: Sequence[str]) -> None:
    if any(rows):
        number_axis(axes, 0, max(1.0, *(sum(row.values()) for row in rows)))
    for name, look in zip(sets, _looks(sets), strict=True):
        for y, row in enumerate(rows):
            if row.get(name):
                before = sum(row.get(other, 0.0) for other in sets[: sets.index(name)])
                axes.barh(y, row[name], 0.78, before, **look)
