"""Robustness: one association over the choices that an analyst could have made."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tcga_corr.analysis.answer import Answer, CohortData, Query
from tcga_corr.analysis.cohort import Cohort, Measured, complete_samples, join_notes, matching_notes
from tcga_corr.analysis.names import Item, Items, SetVariable, Variable, sets_among
from tcga_corr.analysis.scope import SEE_STATUS
from tcga_corr.choices import TIES, Method, Ties
from tcga_corr.errors import AnalysisError
from tcga_corr.stats.correlation import MIN_SAMPLES, correlate_groups
from tcga_corr.vocabulary.associations import INTERVAL, SIGNIFICANT
from tcga_corr.vocabulary.methods import METHODS

if TYPE_CHECKING:
    import polars as pl

AS_ASKED, CHOICE, WITHOUT_GENE = "as asked", "choice", "without gene"
_ALL, _COMMON = "all", "in every source"
_KEPT, _REMOVED = "kept", "removed"
_MAX_GENES = 5


@dataclass(frozen=True)
class Specification:
    """One way to ask.

    ``patients`` are all of the source's, or those that every source has; ``shared_genes`` are
    ``kept`` in both sets or ``removed`` from them; ``adjust`` names what is held constant, joined
    by ``+``; ``without`` is a gene left out of the sets.
    """

    source: str
    unit: str
    patients: str
    ties: Ties
    method: Method
    x: str
    y: str
    shared_genes: str
    adjust: str
    without: str = ""


@dataclass(frozen=True)
class Choices:
    """What may be chosen; the first of each is what was asked.

    Attributes
    ----------
    cohorts
        By source, the tumor type's table with the selected samples.
    x, y
        The variables, and others of the same meaning.
    adjust
        What to adjust for: nothing, or several variables at once.
    """

    cohorts: Mapping[str, Cohort]
    x: Sequence[Variable]
    y: Sequence[Variable]
    adjust: Sequence[tuple[Variable, ...]]


@dataclass(frozen=True)
class InfluentialGene:
    """A gene of the sets, r without it, and the change."""

    gene: str
    r_without: float
    change: float


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
) -> RobustnessAnswer:
    """See :meth:`tcga_corr.Engine.robustness`; ``data`` has a cohort per source."""
    xs, ys = data.names.forms([x, *x_also]), data.names.forms([y, *y_also])
    controls = data.names.controls(adjust, [*xs, *ys])
    choices = Choices(
        cohorts={cohort.table.key.source: cohort for cohort in data.cohorts},
        x=xs,
        y=ys,
        adjust=list(dict.fromkeys([(), *((control,) for control in controls), tuple(controls)])),
    )
    frame, measured = specifications(choices)
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
    )
    variables, notes = [*xs, *ys, *controls], matching_notes(measured)
    lines = tuple(_lines(spread))
    return data.answer(
        RobustnessAnswer, frame, query, variables, notes, lines=lines, summary=spread
    )


def specifications(choices: Choices) -> tuple[pl.DataFrame, list[Measured]]:
    """Ask in every combination of the choices, and as asked without each gene of the sets.

    The choices are source, patients where there are several sources, tie rule where a set is
    involved, method, each form of x and y, shared genes where there are any, and adjustment.

    Returns
    -------
    A row per specification, and what was measured.
    """
    import polars as pl

    evaluator = _Evaluator(choices)
    first, *others = evaluator.combinations()
    rows = [{"kind": AS_ASKED, **asdict(first.specification), **evaluator.answer(first)}]
    for question in others:
        if evaluator.makes_a_difference(question):
            answer = evaluator.answer(question)
            rows.append({"kind": CHOICE, **asdict(question.specification), **answer})
    for gene in evaluator.genes(first):
        question = replace(first, specification=replace(first.specification, without=gene))
        answer = evaluator.answer(question)
        rows.append({"kind": WITHOUT_GENE, **asdict(question.specification), **answer})
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col(*INTERVAL).cast(pl.Float64).fill_nan(None)
    )
    return frame.with_columns(change=pl.col("r") - pl.lit(frame["r"][0], dtype=pl.Float64)).select(
        *[name for name in frame.columns if name != "note"], "change", "note"
    ), evaluator.measured


@dataclass(frozen=True)
class _Question:
    """A specification, and the variables that its names stand for."""

    specification: Specification
    x: Variable
    y: Variable
    adjust: tuple[Variable, ...]


class _Evaluator:
    """Evaluates specifications; keeps the variables that it measured."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.measured: list[Measured] = []
        self._cohorts: dict[tuple[str, str, Ties], Cohort] = {}
        self._values: dict[tuple[str, str, Ties, Variable, frozenset[str]], Measured] = {}
        self._samples = {
            source: frozenset(sample.sample for sample in cohort.samples)
            for source, cohort in choices.cohorts.items()
        }
        self._common = frozenset.intersection(*self._samples.values())

    def combinations(self) -> Iterator[_Question]:
        """Every combination; the first is what was asked."""
        choices = self.choices
        n_ties = len(TIES) if sets_among([*choices.x, *choices.y]) else 1
        for source, patients, place, method, x, y, shared, adjust in itertools.product(
            choices.cohorts,
            (_ALL, _COMMON),
            range(n_ties),
            METHODS,
            choices.x,
            choices.y,
            (_KEPT, _REMOVED),
            choices.adjust,
        ):
            if patients == _COMMON and not self._differs_from_common(source):
                continue
            if adjust and not METHODS[method].adjusts:
                continue
            cohort = choices.cohorts[source]
            ties = sorted(TIES, key=lambda rule: rule != cohort.ties)[place]
            specification = Specification(
                source=source,
                unit=cohort.table.metadata.unit,
                patients=patients,
                ties=ties,
                method=method,
                x=x.name,
                y=y.name,
                shared_genes=shared,
                adjust="+".join(control.name for control in adjust),
            )
            yield _Question(specification, x, y, adjust)

    def _differs_from_common(self, source: str) -> bool:
        """Whether the patients of every source are fewer than this one's, but enough."""
        return self._samples[source] != self._common and len(self._common) >= MIN_SAMPLES

    def genes(self, question: _Question) -> list[str]:
        """The genes of the sets of a question; each can be left out."""
        sides = [self._measure(question, one) for one in sets_among([question.x, question.y])]
        return sorted(frozenset().union(*(side.genes for side in sides if side.values is not None)))

    def makes_a_difference(self, question: _Question) -> bool:
        """Whether shared genes are kept, or there are some to remove."""
        return question.specification.shared_genes == _KEPT or bool(self._shared(question))

    def _shared(self, question: _Question) -> frozenset[str]:
        return self._measure(question, question.x).shared_genes(self._measure(question, question.y))

    def answer(self, question: _Question) -> dict[str, Any]:
        """The association."""
        one = question.specification
        removed = self._shared(question) if one.shared_genes == _REMOVED else frozenset()
        removed |= {one.without} if one.without else frozenset()
        sides = [
            *(self._measure(question, side, removed) for side in (question.x, question.y)),
            *(self._measure(question, control) for control in question.adjust),
        ]
        cohort = self._cohort(one)
        complete = complete_samples(sides, len(cohort.columns))
        vectors = [side.values[complete] for side in sides if side.values is not None]
        n = int(complete.sum())
        missing = join_notes(*(side.note for side in sides))
        if missing or len(vectors) < len(sides):
            return {"n": n, **dict.fromkeys(INTERVAL), "note": join_notes(cohort.mark, missing)}
        result = correlate_groups(
            vectors[0],
            vectors[1],
            np.array([0, n]),
            one.method,
            names=(one.x, one.y),
            controls=[np.column_stack(vectors[2:])] if question.adjust else None,
        )
        numbers = (result.r, result.ci_low, result.ci_high, result.p)
        values = dict(zip(INTERVAL, (float(number[0]) for number in numbers), strict=True))
        return {"n": n, **values, "note": join_notes(cohort.mark, *result.notes)}

    def _measure(
        self, question: _Question, variable: Variable, without: frozenset[str] = frozenset()
    ) -> Measured:
        one = question.specification
        removed = without if isinstance(variable, SetVariable) else frozenset()
        key = (one.source, one.patients, one.ties, variable, removed)
        if key not in self._values:
            self._values[key] = self._cohort(one).measure(variable, without=removed)
            as_asked = one.patients == _ALL and one.ties == self.choices.cohorts[one.source].ties
            if as_asked and not removed:
                self.measured.append(self._values[key])
        return self._values[key]

    def _cohort(self, one: Specification) -> Cohort:
        key = (one.source, one.patients, one.ties)
        if key not in self._cohorts:
            samples = self._common if one.patients == _COMMON else None
            self._cohorts[key] = self.choices.cohorts[one.source].variant(one.ties, samples)
        return self._cohorts[key]


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


def _spread(frame: pl.DataFrame) -> Spread:
    import polars as pl

    asked = frame.row(0, named=True)
    answered = frame.filter(pl.col("r").is_not_null())
    scale = METHODS[asked["method"]].scale
    same_scale = [name for name, method in METHODS.items() if method.scale == scale]
    comparable = answered.filter(
        (pl.col("kind") != WITHOUT_GENE) & pl.col("method").is_in(same_scale)
    )
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
        by_choice=by_choice,
        influential_genes=[
            InfluentialGene(row["without"], row["r"], row["change"])
            for row in genes.head(_MAX_GENES).to_dicts()
        ],
    )


def _lines(spread: Spread) -> list[str]:
    asked = "none" if spread.r_as_asked is None else f"{spread.r_as_asked:.3f}"
    n = spread.n_specifications
    lines = [
        f"as asked r = {asked}; over {n} choices {spread.r_min:.3f} to {spread.r_max:.3f}, "
        f"median {spread.r_median:.3f}; {spread.n_positive} of {n} above 0, "
        f"{spread.n_significant} with p < {SIGNIFICANT}"
    ]
    for name, found in spread.by_choice.items():
        values = ", ".join(f"{value or 'nothing'} {r:.3f}" for value, r in found.items())
        lines.append(f"{name.replace('_', ' ')} alone: {values}")
    genes = [
        f"{one.gene} ({one.r_without:.3f}, {one.change:+.3f})" for one in spread.influential_genes
    ]
    if genes:
        lines.append(f"most influential genes, r without each: {', '.join(genes)}")
    return lines
