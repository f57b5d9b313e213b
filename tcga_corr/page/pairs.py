"""The pairs of a page: rows of associations, their sentence, and their samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import polars as pl

from tcga_corr.analysis.correlate import CorrelateAnswer, CorrelateQuery
from tcga_corr.analysis.correlate_by import CorrelateByQuery
from tcga_corr.analysis.points import Vector, line_through, points_of
from tcga_corr.analysis.screen import ScreenQuery
from tcga_corr.exchange import finite
from tcga_corr.page import sentences
from tcga_corr.page.parts import Finding, Pair, Row, Scatter
from tcga_corr.sources import source_is_simulated
from tcga_corr.vocabulary.associations import note_without_mark

_DIGITS = 6  # of the values of a sample, on a screen
_PLACES = 25  # of a line's band


def pair_of(
    rows: Sequence[Row],
    pooled: Row | None,
    kinds: Mapping[str, str],
    *,
    id: str = "pair",
    analysis: str = "",
    scatters: str = "",
    no_scatters: str = "",
) -> Pair:
    """A pair from its rows, of one method.

    Parameters
    ----------
    rows, pooled
        In the columns of the command line, with ``source``, ``samples``, ``adjust``,
        ``unit`` and, of samples that were chosen, ``where``.
    kinds
        ``set``, ``gene`` or ``covariate`` of x and y, by name.
    id, analysis, scatters, no_scatters
        As of :class:`~tcga_corr.page.parts.Pair`.
    """
    first = rows[0]
    x, y = first["x"], first["y"]
    x_axis, y_axis = axis_titles(first, kinds)
    return Pair(
        id=id,
        x=x,
        y=y,
        method=first["method"],
        x_axis=x_axis,
        y_axis=y_axis,
        analysis=analysis,
        about=about_rows(rows),
        finding=Finding(
            sentences.question_of_pair(x, y, rows), sentences.answer_of_pair(x, y, rows, pooled)
        ),
        rows=finite([{**row, "why": note_without_mark(row["note"])} for row in rows]),
        pooled=finite(pooled),
        scatters=scatters,
        no_scatters=no_scatters,
        simulated=are_simulated(rows),
    )


def are_simulated(rows: Sequence[Row]) -> bool:
    """Whether rows are of simulated values, by their source."""
    return any(source_is_simulated(row["source"]) for row in rows[:1])


def pairs_of_answer(answer: CorrelateAnswer) -> list[Pair]:
    """The pairs of an answer of ``correlate``: one for each method."""
    query = answer.query
    more = columns_of_question(query)
    kinds = {name: answer.provenance.kind_of(name) for name in (query.x, query.y)}
    pairs = []
    for method, pooling in answer.pooled.items():
        rows = [{**row, **more} for row in answer.frame.to_dicts() if row["method"] == method]
        pooled = asdict(pooling)
        pooled["n"] = pooled.pop("n_samples")
        pairs.append(pair_of(rows, pooled if len(rows) > 1 else None, kinds, id=method))
    return pairs


def columns_of_question(
    query: CorrelateQuery | CorrelateByQuery | ScreenQuery,
) -> dict[str, str]:
    """The settings of a question, as the tables of a run have them in each row."""
    scope = query.scope
    settings = {name: getattr(scope, name) for name in ("source", "samples", "ties", "unit")}
    return settings | {"adjust": ",".join(query.adjust), "where": " and ".join(scope.where)}


def scatters_of(
    frame: pl.DataFrame, x: str, y: str, adjust: Sequence[str] = ()
) -> dict[str, Scatter]:
    """The samples of a pair by tumor type, from the frame of :meth:`tcga_corr.Engine.values`."""
    scatters = {}
    for (tumor_type,), own in frame.group_by("tumor_type", maintain_order=True):
        points = points_of(own, x, y, adjust)
        if not points.samples:
            continue
        line = line_through(points, _PLACES)
        columns = (line.at, line.y, line.low, line.high) if line else ()
        scatters[str(tumor_type)] = Scatter(
            points.samples,
            _rounded(points.x),
            _rounded(points.y),
            list(zip(*map(_rounded, columns), strict=True)),
        )
    return scatters


def _rounded(values: Vector) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values.tolist()]


def axis_titles(row: Row, kinds: Mapping[str, str]) -> tuple[str, str]:
    """The titles of the axes of a row's pair, with what it is adjusted for."""
    adjusted = f", adjusted for {row['adjust']}" if row["adjust"] else ""
    x, y = (_axis_title(row[side], kinds, row["unit"]) for side in ("x", "y"))
    return f"{x}{adjusted}", f"{y}{adjusted}"


def _axis_title(name: str, kinds: Mapping[str, str], unit: str) -> str:
    """The title of an axis, of a variable's name and kind."""
    kind = kinds.get(name, "gene")
    if kind == "covariate":
        return name
    return f"{name}, {'ssGSEA score' if kind == 'set' else unit}"


def about_rows(rows: Sequence[Row]) -> str:
    """The data that the rows of a pair are from, in words."""
    first = rows[0]
    given = [row for row in rows if row["r"] is not None]
    n = [row["n"] for row in given]
    n_types = len({row["tumor_type"] for row in given})
    types = f"{n_types} tumor type{'' if n_types == 1 else 's'}"
    adjusted = f", adjusted for {first['adjust']}" if first["adjust"] else ""
    return (
        f"{first['method']}{adjusted}; {first['source']}, {first['unit']}; {first['samples']} "
        f"samples{sentences.conditions_of(first)}, n = {sum(n):,} in {types}"
    )
