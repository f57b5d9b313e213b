"""The pairs of a page: rows of associations, said in a sentence, and their samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tcga_corr.analysis.answer import Answer
from tcga_corr.analysis.points import line_through, points_of
from tcga_corr.exchange import finite
from tcga_corr.page import sentences
from tcga_corr.page.parts import Finding, Pair, Row, Scatter

if TYPE_CHECKING:
    import polars as pl

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
        In the columns of the command line, with ``source``, ``samples``, ``adjust`` and ``unit``.
    kinds
        ``set``, ``gene`` or ``covariate`` of x and y, by name.
    id, analysis, scatters, no_scatters
        Of the pair on its page.
    """
    first = rows[0]
    x, y, adjust = first["x"], first["y"], first["adjust"]
    left = f", less the fit of {adjust}" if adjust else ""
    axes = [f"{_axis(name, kinds, first['unit'])}{left}" for name in (x, y)]
    return Pair(
        id=id,
        x=x,
        y=y,
        method=first["method"],
        x_axis=axes[0],
        y_axis=axes[1],
        analysis=analysis,
        about=_about(rows),
        finding=Finding(
            sentences.question(x, y, rows), sentences.of_pair(x, y, rows, pooled, adjust)
        ),
        rows=finite(list(rows)),
        pooled=finite(pooled),
        scatters=scatters,
        no_scatters=no_scatters,
    )


def pairs_of_answer(answer: Answer) -> list[Pair]:
    """The pairs of an answer of ``correlate``: one for each method."""
    query = answer.query
    names = ("source", "samples", "ties", "unit")
    more = {name: query[name] for name in names} | {"adjust": ",".join(query.adjust)}
    kinds = kinds_of(answer.provenance)
    pairs = []
    for method, pooled in answer.pooled.items():
        rows = [{**row, **more} for row in answer.frame.to_dicts() if row["method"] == method]
        told = asdict(pooled)
        told["n"] = told.pop("n_samples")
        pairs.append(pair_of(rows, told if len(rows) > 1 else None, kinds, id=method))
    return pairs


def kinds_of(made_from: Mapping[str, Any]) -> dict[str, str]:
    """``set`` or ``covariate`` by name, of what a provenance has; all others are genes."""
    kinds = {one["name"]: "set" for one in made_from["gene_sets"]}
    return kinds | {one["name"]: "covariate" for one in made_from["covariates"]}


def scatters_of(
    frame: pl.DataFrame, x: str, y: str, adjust: Sequence[str] = ()
) -> dict[str, Scatter]:
    """The samples of a pair by tumor type, from the frame of :meth:`tcga_corr.Engine.values`."""
    found = {}
    for (tumor_type,), own in frame.group_by("tumor_type", maintain_order=True):
        points = points_of(own, x, y, adjust)
        if points.samples:
            line = line_through(points, _PLACES)
            found[str(tumor_type)] = Scatter(
                points.samples,
                _rounded(points.x),
                _rounded(points.y),
                [] if line is None
                else list(zip(*map(_rounded, (line.at, line.y, line.low, line.high)), strict=True)),
            )  # fmt: skip
    return found


def _rounded(values: Any) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values.tolist()]


def _axis(name: str, kinds: Mapping[str, str], unit: str) -> str:
    kind = kinds.get(name, "gene")
    if kind == "covariate":
        return name
    return f"{name}, {'ssGSEA score' if kind == 'set' else unit}"


def _about(rows: Sequence[Row]) -> str:
    first = rows[0]
    given = [row["n"] for row in rows if row["r"] is not None]
    types = f"{len(given)} tumor type{'' if len(given) == 1 else 's'}"
    adjusted = f", adjusted for {first['adjust']}" if first["adjust"] else ""
    return (
        f"{first['method']}{adjusted}; {first['source']}, {first['unit']}; {first['samples']} "
        f"samples, n = {sum(given):,} in {types}"
    )
