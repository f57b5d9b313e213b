"""Robustness: one association over the choices that an analyst could have made."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tcga_corr.analysis.pool import SIGNIFICANT
from tcga_corr.analysis.variables import Cohort, Measured, Measurement, SetVariable, Variable
from tcga_corr.scoring.ssgsea import TIES, Ties
from tcga_corr.stats.correlation import METHODS, MIN_SAMPLES, Method, correlate_groups

if TYPE_CHECKING:
    import polars as pl

AS_ASKED, CHOICE, WITHOUT_GENE = "as asked", "choice", "without gene"
_ALL, _COMMON = "all", "in every source"
_MOST_GENES = 5


@dataclass(frozen=True)
class Specification:
    """One way to ask.

    ``patients`` are all of the source's, or those that every source has; ``shared_genes`` are
    ``kept`` in both sets or ``removed`` from them; ``adjust`` names what is held fixed, joined by
    ``+``; ``without`` is a gene left out of the sets.
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
        By source, the tumor type's table with the samples that are asked for.
    x, y
        The variables, and others of the same meaning.
    adjust
        What to hold fixed: nothing, or several variables at once.
    """

    cohorts: dict[str, Cohort]
    x: Sequence[Variable]
    y: Sequence[Variable]
    adjust: Sequence[tuple[Variable, ...]]


@dataclass(frozen=True)
class Robustness:
    """A row per specification, what they span, and what was measured."""

    frame: pl.DataFrame
    spread: dict[str, Any]
    lines: list[str]
    measured: list[Measurement]


def robustness(choices: Choices) -> Robustness:
    """Ask in every combination of the choices, and as asked without each gene of the sets.

    The choices are source, patients where there are several sources, tie rule where a set is
    involved, method, each form of x and y, shared genes where there are any, and adjustment.
    """
    import polars as pl

    asker = _Asker(choices)
    first, *others = asker.asks()
    rows = [{"kind": AS_ASKED, **asdict(first.specification), **asker.answer(first)}]
    for one in others:
        answer = asker.answer(one)
        if answer is not None:
            rows.append({"kind": CHOICE, **asdict(one.specification), **answer})
    for gene in asker.genes(first):
        one = replace(first, specification=replace(first.specification, without=gene))
        rows.append({"kind": WITHOUT_GENE, **asdict(one.specification), **asker.answer(one)})
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col("r", "ci_low", "ci_high", "p").cast(pl.Float64).fill_nan(None)
    )
    frame = frame.with_columns(change=pl.col("r") - pl.lit(frame["r"][0], dtype=pl.Float64)).select(
        *[name for name in frame.columns if name != "note"], "change", "note"
    )
    spread = _spread(frame)
    return Robustness(frame, spread, _lines(spread), asker.measured)


@dataclass(frozen=True)
class _Ask:
    """A specification, and the variables that its names stand for."""

    specification: Specification
    x: Variable
    y: Variable
    adjust: tuple[Variable, ...]


class _Asker:
    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.measured: list[Measurement] = []
        self._cohorts: dict[tuple[str, str, Ties], Cohort] = {}
        self._values: dict[tuple[str, str, Ties, Variable, frozenset[str]], Measured] = {}
        self._samples = {
            source: frozenset(cohort.table.metadata.samples[one].sample for one in cohort.columns)
            for source, cohort in choices.cohorts.items()
        }
        self._common = frozenset.intersection(*self._samples.values())

    def asks(self) -> list[_Ask]:
        """Every combination; the first is what was asked."""
        choices = self.choices
        involves_set = any(isinstance(one, SetVariable) for one in (*choices.x, *choices.y))
        found = []
        for source, patients, place, method, x, y, shared, adjust in itertools.product(
            choices.cohorts,
            (_ALL, _COMMON),
            range(len(TIES) if involves_set else 1),
            METHODS,
            choices.x,
            choices.y,
            ("kept", "removed"),
            choices.adjust,
        ):
            if patients == _COMMON and self._samples[source] == self._common:
                continue  # the same samples again
            if patients == _COMMON and len(self._common) < MIN_SAMPLES:
                continue
            if adjust and method == "kendall":
                continue
            cohort = choices.cohorts[source]
            ties = sorted(TIES, key=lambda one: one != cohort.ties)[place]
            specification = Specification(
                source=source,
                unit=cohort.table.metadata.unit,
                patients=patients,
                ties=ties,
                method=method,
                x=x.name,
                y=y.name,
                shared_genes=shared,
                adjust="+".join(one.name for one in adjust),
            )
            found.append(_Ask(specification, x, y, adjust))
        return found

    def genes(self, ask: _Ask) -> list[str]:
        """The genes of the sets of a specification, each of which can be left out."""
        sets = [
            side.genes
            for variable in (ask.x, ask.y)
            for side in [self._measure(ask, variable)]
            if isinstance(variable, SetVariable) and side.values is not None
        ]
        return sorted(frozenset().union(*sets))

    def answer(self, ask: _Ask) -> Any:
        """The association; None where the choice makes no difference, as no gene is shared."""
        one = ask.specification
        x, y = (self._measure(ask, variable) for variable in (ask.x, ask.y))
        involves_set = any(isinstance(variable, SetVariable) for variable in (ask.x, ask.y))
        shared = x.genes & y.genes if involves_set else frozenset()
        if one.shared_genes == "removed" and not shared:
            return None
        out = shared if one.shared_genes == "removed" else frozenset()
        out |= {one.without} if one.without else frozenset()
        if out:
            x, y = (self._measure(ask, variable, out) for variable in (ask.x, ask.y))
        sides = [x, y, *(self._measure(ask, variable) for variable in ask.adjust)]
        cohort = self._cohort(one)
        having = np.ones(len(cohort.columns), dtype=np.bool_)
        for side in sides:
            if side.values is not None:
                having &= ~np.isnan(side.values)
        lacking = dict.fromkeys(side.note for side in sides if side.note)
        simulated = ["SIMULATED"] if cohort.table.metadata.simulated else []
        vectors = [side.values[having] for side in sides if side.values is not None]
        n = int(having.sum())
        if lacking or len(vectors) < len(sides):
            return {"n": n, **dict.fromkeys(_NUMBERS), "note": "; ".join([*simulated, *lacking])}
        result = correlate_groups(
            vectors[0],
            vectors[1],
            np.array([0, n]),
            one.method,
            names=(one.x, one.y),
            controls=[np.column_stack(vectors[2:])] if ask.adjust else None,
        )
        numbers = (result.r, result.ci_low, result.ci_high, result.p)
        values = dict(zip(_NUMBERS, (float(number[0]) for number in numbers), strict=True))
        return {"n": n, **values, "note": "; ".join([*simulated, *filter(None, result.notes)])}

    def _measure(
        self, ask: _Ask, variable: Variable, without: frozenset[str] = frozenset()
    ) -> Measured:
        one = ask.specification
        out = without if isinstance(variable, SetVariable) else frozenset()
        key = (one.source, one.patients, one.ties, variable, out)
        if key not in self._values:
            cohort = self._cohort(one)
            self._values[key] = cohort.measure(variable, without=out)
            as_asked = one.patients == _ALL and one.ties == self.choices.cohorts[one.source].ties
            if as_asked and not out:
                self.measured.append((variable, cohort, self._values[key]))
        return self._values[key]

    def _cohort(self, one: Specification) -> Cohort:
        key = (one.source, one.patients, one.ties)
        if key not in self._cohorts:
            only = self._common if one.patients == _COMMON else None
            self._cohorts[key] = self.choices.cohorts[one.source].again(one.ties, only)
        return self._cohorts[key]


_NUMBERS = ("r", "ci_low", "ci_high", "p")
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


def _spread(frame: pl.DataFrame) -> dict[str, Any]:
    """What the specifications span; Kendall's tau is on another scale, and left out of it."""
    import polars as pl

    asked = frame.row(0, named=True)
    answered = frame.filter(pl.col("r").is_not_null())
    comparable = answered.filter(
        (pl.col("kind") != WITHOUT_GENE)
        & ((pl.col("method") == "kendall") == (asked["method"] == "kendall"))
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
    r = comparable["r"]
    return {
        "r_as_asked": asked["r"],
        "n_specifications": comparable.height,
        "r_min": r.min(),
        "r_median": r.median(),
        "r_max": r.max(),
        "n_positive": int((r > 0).sum()),
        "n_significant": int((comparable["p"] < SIGNIFICANT).sum()),
        "by_choice": by_choice,
        "influential_genes": [
            {"gene": row["without"], "r_without": row["r"], "change": row["change"]}
            for row in genes.head(_MOST_GENES).to_dicts()
        ],
    }


def _lines(spread: dict[str, Any]) -> list[str]:
    if not spread["n_specifications"]:
        return ["no choice gives an association"]
    asked = "none" if spread["r_as_asked"] is None else f"{spread['r_as_asked']:.3f}"
    n = spread["n_specifications"]
    lines = [
        f"as asked r = {asked}; over {n} choices {spread['r_min']:.3f} to {spread['r_max']:.3f}, "
        f"median {spread['r_median']:.3f}; {spread['n_positive']} of {n} above 0, "
        f"{spread['n_significant']} with p < {SIGNIFICANT}"
    ]
    for name, found in spread["by_choice"].items():
        told = ", ".join(f"{value or 'nothing'} {r:.3f}" for value, r in found.items())
        lines.append(f"{name.replace('_', ' ')} alone: {told}")
    genes = [
        f"{one['gene']} ({one['r_without']:.3f}, {one['change']:+.3f})"
        for one in spread["influential_genes"]
    ]
    if genes:
        lines.append(f"most influential genes, r without each: {', '.join(genes)}")
    return lines
