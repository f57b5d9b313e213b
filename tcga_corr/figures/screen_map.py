"""The heat map of a screen: variables by tumor types, or a list of variables by itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from tcga_corr.analysis.screen import ScreenAnswer
from tcga_corr.batch.strongest import strength
from tcga_corr.choices import FigureOrder
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.figures.cells import (
    MARK,
    SIZE,
    CellMap,
    Cells,
    Tree,
    clustered,
    draw_map,
    in_order,
    mean_r,
)
from tcga_corr.figures.frame import Frame, source_and_unit, symbol_of
from tcga_corr.figures.look import PLAIN, Look, falling
from tcga_corr.figures.style import styled
from tcga_corr.figures.text import count_of, fitted_apart, listed, plain
from tcga_corr.vocabulary.associations import SIGNIFICANT

MOST_ROWS = 80
MOST_GIVEN = 50
"""Variables up to which those that were named stay in the given order."""
_NAME = 2.2  # inches at most of a name
_MISSING = "no r: not measured, or constant"
_SHIPPED = ("genes", "hallmark", "reference")
Pair = tuple[str, str]


@styled()
def screen_map(answer: ScreenAnswer, look: Look = PLAIN) -> Figure:
    """Draw the answer of ``screen`` as cells: r as colour from -1 to 1.

    A row per Y and a column per tumor type; of a list by itself, variables by variables where the
    answer is of one tumor type or pooled, else a row per pair. A dot is q_genes < 0.05, or q where
    nothing was compared with random genes; grey is where there is no r, as of a gene that is not
    measured; names of those that share genes are grey. Of more than 80 rows those are drawn whose
    median abs(r) is highest, without shared genes, and the figure says so.

    Parameters
    ----------
    answer
        Of tumor types each, or of a list by itself.
    look
        Size, title and order. ``cluster`` puts rows and columns in the order of average linkage of
        their r; any other order is of the tumor types or, where variables are by each other, of
        these. By default, up to 50 named variables are in the given order, and others clustered.

    Raises
    ------
    UsageError
        If the answer is pooled and of one X; if variables share a name, or a list has more than 80;
        if variables by each other are to be in an order of n.
    AnalysisError
        If there is no r.
    """
    rows = answer.frame.filter(pl.col("r").is_not_null())
    if not rows.height:
        raise AnalysisError("no association has an r to draw", "Ask more tumor types, or another X")
    _check_names(answer)
    by_type = "tumor_type" in rows.columns
    if answer.query.against == "itself" and (not by_type or rows["tumor_type"].n_unique() == 1):
        return _draw(answer, rows, _square(answer, rows, look), look, answer.query.n_y)
    if not by_type:
        raise UsageError(
            "a heat map is of tumor types, and the answer is pooled over them", "Give --each"
        )
    pairs = _pairs(answer)
    shown = _strongest(rows, pairs)
    drawn = _by_types(answer, rows, shown, look)
    return _draw(answer, rows, drawn, look, len(pairs))


def _order(answer: ScreenAnswer, look: Look) -> FigureOrder | Sequence[str]:
    return look.order or _usual_order(answer)


def _usual_order(answer: ScreenAnswer) -> FigureOrder:
    is_named = answer.query.against not in _SHIPPED and len(answer.names) <= MOST_GIVEN
    if answer.query.against == "itself":
        is_named &= answer.query.x not in _SHIPPED
    return "given" if is_named else "cluster"


def _check_names(answer: ScreenAnswer) -> None:
    twice = [name for name in set(answer.names) if answer.names.count(name) > 1]
    if twice:
        raise UsageError(f"two variables are named '{min(twice)}'", "Draw one at a time")


def _pairs(answer: ScreenAnswer) -> list[Pair]:
    """The pairs of an answer in the given order."""
    if answer.query.against == "itself":
        return list(combinations(answer.names, 2))
    return [(answer.query.x, name) for name in answer.names]


def _strongest(rows: pl.DataFrame, pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs that are drawn, in their order."""
    if len(pairs) <= MOST_ROWS:
        return list(pairs)
    by_strength = (
        rows.group_by("x", "y")
        .agg(strength())
        .sort("strength", "x", "y", descending=[True, False, False], nulls_last=True)
    )
    chosen = set(by_strength.head(MOST_ROWS).select("x", "y").iter_rows())
    return [pair for pair in pairs if pair in chosen]


def _q(rows: pl.DataFrame) -> str:
    """The column that dots are about."""
    has_null = "q_genes" in rows.columns and rows["q_genes"].null_count() < rows.height
    return "q_genes" if has_null else "q"


def _dot(rows: pl.DataFrame) -> str:
    return f"{_q(rows)} < {SIGNIFICANT}"


def _empty(*shape: int) -> Cells:
    return Cells(np.full(shape, np.nan), np.full(shape, np.nan))


def _by_types(
    answer: ScreenAnswer, rows: pl.DataFrame, pairs: Sequence[Pair], look: Look
) -> CellMap:
    drawn = set(rows["tumor_type"].to_list())
    types = [name for name in answer.query.scope.tumor_types if name in drawn]
    row_of = {pair: number for number, pair in enumerate(pairs)}
    column_of = {name: number for number, name in enumerate(types)}
    cells, sharing = _empty(len(pairs), len(types)), np.zeros(len(pairs), dtype=np.bool_)
    n_of: dict[str, list[int]] = {name: [] for name in types}
    wanted = rows.select("x", "y", "tumor_type", "r", _q(rows), "n", "n_shared_genes")
    for x, y, tumor_type, r, q, n, n_shared in wanted.iter_rows():
        if (x, y) not in row_of:
            continue
        at = row_of[x, y], column_of[tumor_type]
        cells.r[at], cells.q[at] = r, np.nan if q is None else q
        sharing[at[0]] |= bool(n_shared)
        n_of[tumor_type].append(n)
    places, columns = list(range(len(pairs))), list(range(len(types)))
    row_tree = column_tree = None
    if _order(answer, look) == "cluster" or _usual_order(answer) == "cluster" != look.order:
        places, row_tree = clustered(cells.r)
    if _order(answer, look) == "cluster":
        columns, column_tree = clustered(cells.r.T)
    else:
        means = dict(zip(types, mean_r(cells.r.T), strict=True))
        most = {name: max(counts, default=0) for name, counts in n_of.items()}
        columns = [types.index(name) for name in look.ordered(types, means, most, "given")]
    is_list = answer.query.against == "itself"
    names = _pair_names(pairs) if is_list else _names([y for _, y in pairs])
    return CellMap(
        names=[names[place] for place in places],
        sharing=[bool(sharing[place]) for place in places],
        columns=[f"{types[column]}{_n(n_of[types[column]])}" for column in columns],
        cells=Cells(*(one[np.ix_(places, columns)] for one in (cells.r, cells.q))),
        dot=_dot(rows),
        missing=_MISSING,
        grey="the pair shares genes" if is_list else f"shares genes with {plain(pairs[0][0], 40)}",
        row_tree=row_tree,
        column_tree=column_tree,
        symbol=_symbol(answer),
    )


def _n(counts: Sequence[int]) -> str:
    if not counts:
        return ""
    return f", n {'=' if len(set(counts)) == 1 else '≤'} {max(counts):,}"


def _square(answer: ScreenAnswer, rows: pl.DataFrame, look: Look) -> CellMap:
    names = answer.names
    if len(names) > MOST_ROWS:
        raise UsageError(
            f"{len(names)} variables by each other do not fit in one figure",
            f"Draw up to {MOST_ROWS} at a time",
        )
    place = {name: number for number, name in enumerate(names)}
    cells = _empty(len(names), len(names))
    for x, y, r, q in rows.select("x", "y", "r", _q(rows)).iter_rows():
        for at in ((place[x], place[y]), (place[y], place[x])):
            cells.r[at], cells.q[at] = r, np.nan if q is None else q
    places, tree = _places_in_square(names, cells, _order(answer, look))
    is_measured = ~np.isnan(cells.r).all(axis=1)
    cells.r[is_measured, is_measured] = 1  # of each variable with itself
    shown = _names(names)
    return CellMap(
        names=[shown[one] for one in places],
        sharing=[False] * len(places),
        columns=[shown[one] for one in places],
        cells=Cells(*(one[np.ix_(places, places)] for one in (cells.r, cells.q))),
        dot=_dot(rows),
        missing=_MISSING,
        row_tree=tree,
        column_tree=tree,
        is_square=True,
        symbol=_symbol(answer),
    )


def _symbol(answer: ScreenAnswer) -> str:
    return symbol_of(answer.query.method, is_partial=bool(answer.query.adjust))


def _places_in_square(
    names: Sequence[str], cells: Cells, order: FigureOrder | Sequence[str]
) -> tuple[list[int], Tree | None]:
    """The order of variables by each other, and their tree where they are clustered."""
    places = list(range(len(names)))
    if order == "cluster":
        return clustered(cells.r)
    if order == "n":
        raise UsageError("variables by each other have no order of n", "Give another --order")
    if order == "name":
        return sorted(places, key=lambda place: names[place]), None
    if order == "value":
        means = dict(zip(map(str, places), mean_r(cells.r), strict=True))
        return [int(place) for place in falling(means)], None
    return places, None


def _names(names: Sequence[str]) -> list[str]:
    return fitted_apart(names, _NAME, SIZE)


def _pair_names(pairs: Sequence[Pair]) -> list[str]:
    names = list(dict.fromkeys(name for pair in pairs for name in pair))
    cut = dict(zip(names, fitted_apart(names, _NAME / 1.5, SIZE), strict=True))
    return [f"{cut[x]} – {cut[y]}" for x, y in pairs]


def _draw(
    answer: ScreenAnswer, rows: pl.DataFrame, drawn: CellMap, look: Look, n_pairs: int
) -> Figure:
    query = answer.query
    by_type = "tumor_type" in rows.columns
    n_types = rows["tumor_type"].n_unique() if by_type else max(rows["n_types"].to_list())
    where = count_of(n_types, "tumor type")
    if by_type and n_types == 1:
        where = rows["tumor_type"][0]
    elif not by_type:
        where = f"{where}, pooled by random effects"
    kind = query.y_kind if query.y_kind != "variables" else "genes and sets"
    what = f"{plain(query.x, 60)} against {len(answer.names):,} {kind}"
    if query.against == "itself":
        what = f"{len(answer.names):,} {query.y_kind} by each other"
    adjusted = f", adjusted for {listed(query.adjust)}" if query.adjust else ""
    n_of: dict[str, int] = {}
    if by_type:
        n_of = dict(rows.group_by("tumor_type").agg(pl.col("n").max()).iter_rows())
    n = sum(n_of.values()) if by_type else max(rows["n"].to_list())
    parts = [
        f"{query.method}{adjusted}; {source_and_unit(query.scope)}; "
        f"{query.scope.samples_in_words}, n = {n:,}; ties by {query.scope.ties}",
        in_order(_order(answer, look), "variables" if drawn.is_square else "tumor types"),
    ]
    missing = [name for name in query.scope.tumor_types if by_type and name not in n_of]
    if missing and not drawn.is_square:
        parts.append(f"no r in {listed(missing, 40, 12)}, not drawn")
    if len(drawn.names) < n_pairs and not drawn.is_square:
        parts.append(
            f"the {len(drawn.names):,} of {n_pairs:,} with the highest median |r| without shared "
            "genes"
        )
    n_sharing = rows.filter(pl.col("n_shared_genes") > 0).height
    if drawn.is_square and n_sharing:
        parts.append(f"{count_of(n_sharing, 'pair')} with shared genes, as they are")
    title = f"{what} in {where}"
    frame = Frame(title, "; ".join(parts), simulated=answer.simulated, mark=MARK, look=look)
    return draw_map(frame, drawn)
