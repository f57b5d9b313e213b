"""Which gene set scores highest, per tumor type: raw scores beside standardised ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from tcga_corr.analysis.dominance import SCALES, DominanceAnswer, DominanceTests
from tcga_corr.figures.frame import Frame, source_and_unit
from tcga_corr.figures.look import PLAIN, Look
from tcga_corr.figures.panels import Column, Panel, draw_panels, write_note
from tcga_corr.figures.style import GREY, PALE, SERIES, styled
from tcga_corr.figures.text import count_of, cut_apart, fitted_apart, listed, signed
from tcga_corr.figures.ticks import number_axis

MOST = 12  # sets that have a colour of their own
_HATCHES = (
    "", "////", "....", "\\\\\\\\", "xxxx", "----", "||||", "++++", "//", "\\\\", "xx", "..",
)  # fmt: skip
_CAVEAT = (
    "Raw scores of different sets do not compare: sizes and usual expression of their genes differ."
)
_REST = "\0"  # stands for all other sets; no name of a set
Shares = Mapping[tuple[str, str], Mapping[str, float]]  # scale and tumor type: set to its share


@styled()
def dominance_figure(answer: DominanceAnswer, look: Look = PLAIN) -> Figure:
    """Draw the answer of ``dominance``.

    A row per tumor type: bars of the share of its samples in which each set scores highest, raw at
    the left and standardised at the right, by falling share of the set that leads most often when
    standardised. Of more than 12 sets, those that lead most often; the others as one. At the right
    of each panel Kendall's W, then how often random sets give as large a one (``p_genes``),
    and the samples; of two sets, Wilcoxon's p.
    """
    query = answer.query
    shares: dict[tuple[str, str], dict[str, float]] = {}
    scored: dict[str, set[str]] = {}
    n: dict[str, int] = {}
    for row in answer.frame.to_dicts():
        own = shares.setdefault((row["scale"], row["tumor_type"]), {})
        if row["share_highest"]:
            own[row["set"]] = row["share_highest"]
        n[row["tumor_type"]] = row["n"]
        scored.setdefault(row["tumor_type"], set()).add(row["set"])
    known = [name for name in query.sets if any(name in own for own in scored.values())]
    incomplete = {name for name, own in scored.items() if len(own) < len(known)}
    sets = _leading(known, shares)
    merged = {key: _merged(own, sets) for key, own in shares.items()}
    leading = _share_of_leader(query.scope.tumor_types, sets, merged)
    types = look.ordered(query.scope.tumor_types, leading, n, "value")
    unknown = [name for name in query.sets if name not in known]
    frame = Frame(
        *_heading(answer, types, n),
        simulated=answer.simulated,
        handles=_handles(sets, len(known)),
        foot=_foot(shares, len(known) == 2, bool(incomplete), unknown),
        look=look,
    )
    names = [f"{name} *" if name in incomplete else name for name in types]
    height = 0.165 * (1.35 if len(types) <= 6 else 1)
    figure, all_axes = draw_panels(frame, names, height, _panels(answer, types, merged, n))
    for axes, scale in zip(all_axes, SCALES, strict=True):
        _draw(axes, [merged.get((scale, name), {}) for name in types], sets)
        for y, name in enumerate(types):
            if not merged.get((scale, name)):
                write_note(axes, y, f"no {scale} scores" if name in n else "no scores")
    return figure


def _panels(
    answer: DominanceAnswer, types: Sequence[str], shares: Shares, n: Mapping[str, int]
) -> list[Panel]:
    tests = {(one.scale, one.tumor_type): one for one in answer.summary.tests}
    panels = []
    for scale in SCALES:
        columns = _columns([tests.get((scale, name)) for name in types])
        if scale == SCALES[-1]:
            columns.append(Column("n", [f"{n.get(name, 0):,}" for name in types], 0.42))
        has_any = any(shares.get((scale, name)) for name in types)
        panels.append(Panel(f"{scale} scores", "share of samples", columns, axis=has_any))
    return panels


def _leading(names: Sequence[str], shares: Shares) -> list[str]:
    """The sets with a colour of their own, in the order of the question; the others are one."""
    if len(names) <= MOST:
        return list(names)
    total = {
        name: max(
            sum(own.get(name, 0.0) for key, own in shares.items() if key[0] == scale)
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


def _share_of_leader(
    types: Iterable[str], sets: Sequence[str], shares: Shares
) -> dict[str, float | None]:
    """By tumor type, the share of the set that leads most often; None where there are no bars."""
    own = {tumor_type: shares.get((SCALES[-1], tumor_type), {}) for tumor_type in types}
    leader = max(
        (name for name in sets if name != _REST),
        key=lambda name: sum(shares.get(name, 0.0) for shares in own.values()),
    )
    return {one: bars.get(leader, 0.0) if bars else None for one, bars in own.items()}


def _columns(tests: Sequence[DominanceTests | None]) -> list[Column]:
    """Kendall's W and p_genes; of two sets, p of the one pair."""
    if all(test is None or len(test.pairs) == 1 for test in tests):
        p = [None if test is None else test.pairs[0].p for test in tests]
        return [Column("p", [_number(value, 1) for value in p], 0.5)] if any(tests) else []
    friedman = [None if test is None else test.friedman for test in tests]
    w = [None if test is None else _number(test.kendalls_w) for test in friedman]
    columns = [Column("W", w, 0.34)]
    p_genes = [None if test is None else _number(test.p_genes, 2) for test in friedman]
    if any(p_genes):
        columns.append(Column("p_genes", p_genes, 0.46))
    return columns


def _number(value: float | None, digits: int | None = None) -> str | None:
    if value is None or value != value:
        return None
    return signed(f"{value:.2f}" if digits is None else f"{value:.{digits}g}")


def _heading(
    answer: DominanceAnswer, types: Sequence[str], n: Mapping[str, int]
) -> tuple[str, str]:
    query = answer.query
    names = query.sets
    sets = " and ".join(cut_apart(names)) if len(names) == 2 else f"{len(names)} gene sets"
    where = types[0] if len(types) == 1 else f"{len(types)} tumor types"
    about = (
        f"ssGSEA scores; {source_and_unit(query.scope)}; {query.scope.samples_in_words}, "
        f"n = {sum(n.values()):,} in {count_of(len(n), 'tumor type')}; "
        f"{query.draws:,} random sets"
    )
    return f"Which of {sets} scores highest in {where}", about


def _foot(shares: Shares, is_pair: bool, is_incomplete: bool, unknown: Sequence[str]) -> str:
    foot = f"{_CAVEAT} W: Kendall's; p_genes: how often random sets give as large a W."
    if is_pair:
        foot = f"{_CAVEAT} p: Wilcoxon's signed ranks."
    if is_incomplete:
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


def _handles(sets: Sequence[str], n: int) -> list[Artist]:
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
