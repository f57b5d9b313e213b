"""Robustness: one association over the choices that an analyst could have made."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tcga_corr.scoring.ssgsea import TIES, Ties
from tcga_corr.stats.correlation import METHODS, Method, correlate_groups
from tcga_corr.variables import Cohort, Measured, SetVariable, Variable, Vector

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
    measured: list[tuple[Variable, Cohort, Measured]]


def robustness(choices: Choices) -> Robustness:
    """Ask in every combination of the choices, and as asked without each gene of the sets.

    The choices are source, patients where there are several sources, tie rule where a set is
    involved, method, each form of x and y, shared genes where there are any, and adjustment.
    """
    import polars as pl

    asker = _Asker(choices)
    first, *others = asker.specifications()
    asked = asker.ask(first)
    rows = [{"kind": AS_ASKED, **asdict(first), **asked}]
    for one in others:
        answer = asker.ask(one)
        if answer is not None:
            rows.append({"kind": CHOICE, **asdict(one), **answer})
    for gene in asker.genes(first):
        one = replace(first, without=gene)
        rows.append({"kind": WITHOUT_GENE, **asdict(one), **asker.ask(one)})
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col("r", "ci_low", "ci_high", "p").cast(pl.Float64).fill_nan(None)
    )
    frame = frame.with_columns(change=pl.col("r") - pl.lit(frame["r"][0], dtype=pl.Float64)).select(
        *[name for name in frame.columns if name != "note"], "change", "note"
    )
    spread = _spread(frame)
    return Robustness(frame, spread, _lines(spread), asker.measured)


class _Asker:
    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.variables = {
            variable.name: variable
            for variable in (*choices.x, *choices.y, *itertools.chain(*choices.adjust))
        }
        self.measured: list[tuple[Variable, Cohort, Measured]] = []
        self._cohorts: dict[tuple[str, str, Ties], Cohort] = {}
        self._values: dict[tuple[str, str, Ties, str, frozenset[str]], Measured] = {}
        common = [
            {cohort.table.metadata.samples[column].sample for column in cohort.columns}
            for cohort in choices.cohorts.values()
        ]
        self._common = frozenset.intersection(*map(frozenset, common))

    def specifications(self) -> list[Specification]:
        """Every combination; the first is what was asked."""
        choices = self.choices
        several = len(choices.cohorts) > 1
        involves_set = any(isinstance(one, SetVariable) for one in (*choices.x, *choices.y))
        found = []
        for source, patients, ties, method, x, y, shared, adjust in itertools.product(
            choices.cohorts,
            (_ALL, _COMMON) if several else (_ALL,),
            TIES if involves_set else TIES[:1],
            METHODS,
            choices.x,
            choices.y,
            ("kept", "removed"),
            choices.adjust,
        ):
            asked_ties = choices.cohorts[source].ties
            ties = asked_ties if ties == TIES[0] else TIES[0] if ties == asked_ties else ties
            if adjust and method == "kendall":
                continue
            found.append(
                Specification(
                    source,
                    choices.cohorts[source].table.metadata.unit,
                    patients,
                    ties,
                    method,
                    x.name,
                    y.name,
                    shared,
                    "+".join(one.name for one in adjust),
                )
            )
        return found

    def genes(self, one: Specification) -> list[str]:
        """The genes of the sets of a specification, each of which can be left out."""
        sides = [self._measure(one, name, frozenset()) for name in (one.x, one.y)]
        sets = [
            side.genes
            for side, name in zip(sides, (one.x, one.y), strict=True)
            if isinstance(self.variables[name], SetVariable) and side.values is not None
        ]
        return sorted(frozenset().union(*sets))

    def ask(self, one: Specification) -> Any:
        """The association; None where the choice makes no difference, as no gene is shared."""
        x, y = (self._measure(one, name, frozenset()) for name in (one.x, one.y))
        sets = [isinstance(self.variables[name], SetVariable) for name in (one.x, one.y)]
        shared = x.genes & y.genes if any(sets) else frozenset()
        if one.shared_genes == "removed" and not shared:
            return None
        out = shared if one.shared_genes == "removed" else frozenset()
        out |= {one.without} if one.without else frozenset()
        if out:
            x, y = (self._measure(one, name, out) for name in (one.x, one.y))
        controls = [
            self._measure(one, name, frozenset()) for name in filter(None, one.adjust.split("+"))
        ]
        lacking = [side.note for side in (x, y, *controls) if side.note]
        nothing = {"n": len(self._cohort(one).columns), **dict.fromkeys(_NUMBERS), "note": ""}
        vectors = [side.values for side in (x, y, *controls) if side.values is not None]
        if lacking or len(vectors) < 2 + len(controls):
            return {**nothing, "note": "; ".join(dict.fromkeys(lacking))}
        return self._correlated(vectors, one)

    def _correlated(self, vectors: Sequence[Vector], one: Specification) -> dict[str, Any]:
        together = np.stack(vectors)
        complete = together[:, ~np.isnan(together).any(axis=0)]
        n = complete.shape[1]
        result = correlate_groups(
            complete[0],
            complete[1],
            np.array([0, n]),
            one.method,
            names=(one.x, one.y),
            controls=[complete[2:].T] if len(vectors) > 2 else None,
        )
        numbers = (result.r, result.ci_low, result.ci_high, result.p)
        values = dict(zip(_NUMBERS, (float(number[0]) for number in numbers), strict=True))
        return {"n": n, **values, "note": result.notes[0]}

    def _measure(self, one: Specification, name: str, without: frozenset[str]) -> Measured:
        variable = self.variables[name]
        where = (one.source, one.patients, one.ties)
        key = (*where, name, without if isinstance(variable, SetVariable) else frozenset())
        if key not in self._values:
            cohort = self._cohort(one)
            self._values[key] = cohort.measure(variable, without=without)
            if where == (one.source, _ALL, self.choices.cohorts[one.source].ties) and not without:
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
        "n_significant": int((comparable["p"] < 0.05).sum()),
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
        f"{spread['n_significant']} with p < 0.05"
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
