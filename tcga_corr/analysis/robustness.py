"""Robustness: one association over the choices that an analyst could have made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tcga_corr.analysis.answer import Answer, CohortData, Query
from tcga_corr.analysis.naming.names import Item, Items
from tcga_corr.analysis.nulls.associations import (
    checked_nulls,
)
from tcga_corr.analysis.samples.cohort import matching_notes
from tcga_corr.analysis.samples.scope import SEE_STATUS
from tcga_corr.analysis.specifications import BY_MEAN, WITHOUT_GENE, Choices, Evaluator, Nulls
from tcga_corr.choices import Method, Null
from tcga_corr.errors import AnalysisError
from tcga_corr.vocabulary.associations import SIGNIFICANT
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import N_DRAWS, NULLS

if TYPE_CHECKING:
    import polars as pl

NULLS_HERE: tuple[Null, ...] = ("genes",)
"""The nulls with which the specifications can be compared."""

_MAX_GENES = 5


@dataclass(frozen=True)
class InfluentialGene:
    """A gene of the sets, r without it, and the change."""

    gene: str
    r_without: float
    change: float


@dataclass(frozen=True)
class NullSpread:
    """What the p of random genes spans over the choices on which it depends.

    Attributes
    ----------
    as_asked, lowest, highest
        The p; None where there is none.
    lowest_of, highest_of
        The forms of x and y of the lowest and highest, where there are several; empty otherwise.
    n, n_significant
        How many there are, and how many are below 0.05.
    """

    as_asked: float | None
    lowest: float | None
    highest: float | None
    lowest_of: str
    highest_of: str
    n: int
    n_significant: int


@dataclass(frozen=True)
class Spread:
    """What the specifications span; Kendall's tau is on another scale, and left out of it.

    ``by_choice`` has, by the choice that alone is varied, each of its values with its r.
    """

    r_as_asked: float | None
    n_specifications: int
    r_min: float | None
    r_median: float | None
    r_max: float | None
    n_positive: int
    n_significant: int
    p_genes: NullSpread
    p_genes_by_mean: NullSpread
    by_choice: dict[str, dict[str, float]]
    influential_genes: list[InfluentialGene]


@dataclass(frozen=True)
class RobustnessQuery(Query):
    """A question of :func:`robustness`."""

    x: list[str]
    y: list[str]
    tumor_type: str
    sources: list[str]
    samples: str
    adjust: list[str]
    ties: str
    min_genes: int
    null: list[Null]
    draws: int


@dataclass(frozen=True, kw_only=True)
class RobustnessAnswer(Answer):
    """An answer of :func:`robustness`: a row per specification, and what they span."""

    query: RobustnessQuery
    summary: Spread


def robustness(
    data: CohortData,
    x: Item,
    y: Item,
    x_also: Sequence[Item] = (),
    y_also: Sequence[Item] = (),
    adjust: Items = (),
    null: Null | Iterable[Null] = NULLS_HERE,
    draws: int = N_DRAWS,
) -> RobustnessAnswer:
    """See :meth:`tcga_corr.Engine.robustness`; ``data`` has a cohort per source."""
    nulls = checked_nulls(null, draws, NULLS_HERE)
    names = data.names
    xs = names.forms([*names.readings(x), *x_also])
    ys = names.forms([*names.readings(y), *y_also])
    controls = names.controls(adjust, [*xs, *ys])
    choices = Choices(
        cohorts={cohort.table.key.source: cohort for cohort in data.cohorts},
        x=xs,
        y=ys,
        adjust=list(dict.fromkeys([(), *((control,) for control in controls), tuple(controls)])),
    )
    evaluator = Evaluator(choices)
    frame = evaluator.frame(Nulls(nulls, draws, data.reference))
    spread = _spread(frame)
    if not spread.n_specifications:
        reasons = "; ".join(dict.fromkeys(frame["note"].to_list()))
        raise AnalysisError(f"no choice gives an association: {reasons}", SEE_STATUS)
    query = RobustnessQuery(
        x=[one.name for one in xs],
        y=[one.name for one in ys],
        tumor_type=data.cohorts[0].tumor_type,
        sources=list(choices.cohorts),
        samples=data.scope.samples,
        adjust=[one.name for one in controls],
        ties=data.scope.ties,
        min_genes=data.scope.min_genes,
        null=list(nulls),
        draws=draws,
    )
    variables, notes = [*xs, *ys, *controls], matching_notes(evaluator.measured)
    lines = tuple(lines_of_spread(spread))
    return data.answer(
        RobustnessAnswer, frame, query, variables, notes, lines=lines, summary=spread
    )


_DIMENSIONS = {
    "source": ("source", "unit"),
    "patients": ("patients",),
    "ties": ("ties",),
    "method": ("method",),
    "x": ("x",),
    "y": ("y",),
    "shared_genes": ("shared_genes",),
    "adjust": ("adjust",),
}


def comparable_rows(frame: pl.DataFrame, method: Method) -> pl.DataFrame:
    """The choices that give a coefficient on the scale of a method."""
    import polars as pl

    scale = METHODS[method].scale
    same_scale = [name for name, one in METHODS.items() if one.scale == scale]
    return frame.filter(
        pl.col("r").is_not_null(),
        pl.col("kind") != WITHOUT_GENE,
        pl.col("method").is_in(same_scale),
    )


def half_range(choices: Choices, method: Method) -> float:
    """Half the range of r over choices of which some give an r, on the scale of a method."""
    r: Any = comparable_rows(Evaluator(choices).frame(without_genes=False), method)["r"]
    return float(r.max() - r.min()) / 2


def _spread(frame: pl.DataFrame) -> Spread:
    import polars as pl

    asked = frame.row(0, named=True)
    answered = frame.filter(pl.col("r").is_not_null())
    comparable = comparable_rows(frame, asked["method"])
    genes = answered.filter(pl.col("kind") == WITHOUT_GENE).sort(
        pl.col("change").abs(), "without", descending=[True, False]
    )
    by_choice = {}
    for name, own in _DIMENSIONS.items():
        others = [
            other for columns in _DIMENSIONS.values() for other in columns if other not in own
        ]
        alike = comparable.filter(pl.all_horizontal(pl.col(o) == asked[o] for o in others))
        if alike[name].n_unique() > 1:
            by_choice[name] = dict(zip(alike[name].to_list(), alike["r"].to_list(), strict=True))
    r: Any = comparable["r"]
    return Spread(
        r_as_asked=asked["r"],
        n_specifications=comparable.height,
        r_min=r.min(),
        r_median=r.median(),
        r_max=r.max(),
        n_positive=int((r > 0).sum()),
        n_significant=int((comparable["p"] < SIGNIFICANT).sum()),
        p_genes=_null_spread(frame, NULLS["genes"].p),
        p_genes_by_mean=_null_spread(frame, BY_MEAN),
        by_choice=by_choice,
        influential_genes=[
            InfluentialGene(row["without"], row["r"], row["change"])
            for row in genes.head(_MAX_GENES).to_dicts()
        ],
    )


_OF_P = ("source", "patients", "method", "x", "y", "adjust")  # what p_genes depends on


def _null_spread(frame: pl.DataFrame, column: str) -> NullSpread:
    import polars as pl

    known = frame.filter(pl.col(column).is_not_null()).unique(_OF_P, maintain_order=True)
    known = known.sort(column, maintain_order=True)
    forms = [name for name in ("x", "y") if frame[name].n_unique() > 1]
    names = [" and ".join(row) for row in known.select(forms).rows()]
    p = known[column].to_list()
    return NullSpread(
        as_asked=frame[column][0],
        lowest=p[0] if p else None,
        highest=p[-1] if p else None,
        lowest_of=names[0] if names else "",
        highest_of=names[-1] if names else "",
        n=len(p),
        n_significant=sum(one < SIGNIFICANT for one in p),
    )


def lines_of_spread(spread: Spread) -> list[str]:
    """What the choices come to, for people."""
    asked = "none" if spread.r_as_asked is None else f"{spread.r_as_asked:.3f}"
    n = spread.n_specifications
    lines = [
        f"as asked r = {asked}; over {n} choices {spread.r_min:.3f} to {spread.r_max:.3f}, "
        f"median {spread.r_median:.3f}; {spread.n_positive} of {n} above 0, "
        f"{spread.n_significant} with p < {SIGNIFICANT}"
    ]
    for found, title in (
        (spread.p_genes, "p_genes"),
        (spread.p_genes_by_mean, "of random genes of the same mean alone, as in 0.1.0, p_genes"),
    ):
        lines += _line_of_null(found, title)
    for name, by_value in spread.by_choice.items():
        values = ", ".join(f"{value or 'nothing'} {r:.3f}" for value, r in by_value.items())
        lines.append(f"{name.replace('_', ' ')} alone: {values}")
    genes = [
        f"{one.gene} ({one.r_without:.3f}, {one.change:+.3f})" for one in spread.influential_genes
    ]
    if genes:
        lines.append(f"most influential genes, r without each: {', '.join(genes)}")
    return lines


def _line_of_null(found: NullSpread, title: str) -> list[str]:
    if found.lowest is None or found.highest is None:
        return []
    asked = "none" if found.as_asked is None else f"{found.as_asked:.2g}"
    lowest, highest = (
        f"{p:.2g} ({form})" if form else f"{p:.2g}"
        for p, form in ((found.lowest, found.lowest_of), (found.highest, found.highest_of))
    )
    return [
        f"{title} as asked {asked}; over {found.n} choices {lowest} to {highest}, "
        f"{found.n_significant} below {SIGNIFICANT}"
    ]
