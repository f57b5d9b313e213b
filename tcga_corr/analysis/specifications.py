"""The choices that an analyst could have made about one association, and r for each of them."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tcga_corr.analysis.comparisons import compare_pairs
from tcga_corr.analysis.naming.names import SetVariable, Variable, sets_among
from tcga_corr.analysis.nulls.associations import (
    NULL_FUNCTIONS,
    NullFunction,
    Reference,
    random_gene_null,
)
from tcga_corr.analysis.panel import Pairs, Panel, Places
from tcga_corr.analysis.samples.cohort import Cohort, Measured, join_notes
from tcga_corr.choices import TIES, Method, Null, Ties
from tcga_corr.stats.correlation import MIN_SAMPLES
from tcga_corr.vocabulary.associations import INTERVAL
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import NULLS

if TYPE_CHECKING:
    import polars as pl

BY_MEAN = "p_genes_by_mean"
"""The column of the p of random genes that are matched on mean expression alone."""
COMPARED = (*(name for name in NULLS["genes"].columns if name != NULLS["genes"].q), BY_MEAN)
"""The columns of what a specification is compared with."""

AS_ASKED, CHOICE, WITHOUT_GENE = "as asked", "choice", "without gene"
_ALL, _COMMON = "all", "in every source"
_KEPT, _REMOVED = "kept", "removed"
_Key = TypeVar("_Key", bound=Hashable)


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
class Nulls:
    """What rows are compared with: the names of nulls, their draws, and the reference's index."""

    names: tuple[Null, ...]
    n_draws: int
    reference: Reference


@dataclass(frozen=True)
class _Question:
    """A specification, and the variables that its names stand for."""

    specification: Specification
    x: Variable
    y: Variable
    adjust: tuple[Variable, ...]

    def without(self, gene: str) -> _Question:
        """The same, with a gene left out of the sets."""
        return replace(self, specification=replace(self.specification, without=gene))

    @property
    def in_samples(self) -> _InSamples:
        """Where and how it is adjusted."""
        return self.specification.source, self.specification.patients, self.adjust

    @property
    def compared(self) -> Hashable:
        """What its p_genes depends on: not on tie rule, nor on whether shared genes are kept."""
        return *self.in_samples, self.specification.method, self.x, self.y


_InSamples = tuple[str, str, tuple[Variable, ...]]
_Row = dict[str, Any]


class Evaluator:
    """Evaluates the specifications of choices; keeps what it measured.

    The choices are source, patients where there are several sources, tie rule where a set is
    involved, method, each form of x and y, shared genes where there are any, and adjustment.
    """

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

    def frame(self, nulls: Nulls | None = None, *, without_genes: bool = True) -> pl.DataFrame:
        """A row for every combination of the choices, and as asked without each gene of the sets.

        Parameters
        ----------
        nulls
            What to compare every combination with; nothing by default.
        without_genes
            Whether there are rows without each gene.
        """
        import polars as pl

        first, *others = self._combinations()
        choices = [first, *filter(self._makes_a_difference, others)]
        apart = [first.without(gene) for gene in self._genes(first)] if without_genes else []
        questions = [*choices, *apart]
        kinds = [AS_ASKED] + [CHOICE] * (len(choices) - 1) + [WITHOUT_GENE] * len(apart)
        beside = self._compared(choices, nulls) if nulls is not None and nulls.names else {}
        rows = []
        for kind, question, answer in zip(kinds, questions, self._answers(questions), strict=True):
            own = beside.get(question.compared, {}) if kind != WITHOUT_GENE else {}
            note = join_notes(answer["note"], own.get("note", ""))
            empty = dict.fromkeys(COMPARED)
            rows.append(
                {"kind": kind, **asdict(question.specification), **answer, **empty, **own}
                | {"note": note}
            )
        frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
            pl.col(*INTERVAL, *COMPARED).cast(pl.Float64).fill_nan(None)
        )
        change = pl.col("r") - pl.lit(frame["r"][0], dtype=pl.Float64)
        names = [name for name in frame.columns if name != "note"]
        return frame.with_columns(change=change).select(*names, "change", "note")

    def _combinations(self) -> Iterator[_Question]:
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

    def _genes(self, question: _Question) -> list[str]:
        """The genes of the sets of a question; each can be left out."""
        ties = question.specification.ties
        sides = [self._measure(question, one, ties) for one in sets_among([question.x, question.y])]
        return sorted(frozenset().union(*(side.genes for side in sides if side.values is not None)))

    def _makes_a_difference(self, question: _Question) -> bool:
        """Whether x is not y, and shared genes are kept, or there are some to remove."""
        if question.x == question.y:
            return False
        return question.specification.shared_genes == _KEPT or bool(self._shared(question))

    def _shared(self, question: _Question) -> frozenset[str]:
        x, y = self._sides(question, question.specification.ties)
        return x.shared_genes(y)

    def _answers(self, questions: Sequence[_Question]) -> list[_Row]:
        """The association of each, by a panel for all of the same samples and tie rule."""
        answers: dict[int, _Row] = {}
        for (_, ties), places in _grouped(
            (question.in_samples, question.specification.ties) for question in questions
        ).items():
            own = [questions[place] for place in places]
            sides = [self._sides(one, ties, self._removed(one)) for one in own]
            panel, x, y = self._panel(own[0], ties, sides)
            methods = _grouped(one.specification.method for one in own)
            for method, some in methods.items():
                found = panel.by_method(method).pairs(x[some], y[some])
                rows = _rows(found)
                answers |= {places[one]: row for one, row in zip(some, rows, strict=True)}
        return [answers[place] for place in range(len(questions))]

    def _compared(self, questions: Sequence[_Question], nulls: Nulls) -> dict[Hashable, _Row]:
        """The columns of random genes, by what they depend on; sets by average ranks."""
        distinct = {one.compared: one for one in questions}
        found: dict[Hashable, _Row] = {}
        for (_, method), places in _grouped(
            (question.in_samples, question.specification.method) for question in distinct.values()
        ).items():
            own = [list(distinct.values())[place] for place in places]
            sides = [self._sides(one, "average") for one in own]
            panel, x, y = self._panel(own[0], "average", sides)
            rows = _null_rows(panel.by_method(method), x, y, nulls)
            found |= {one.compared: row for one, row in zip(own, rows, strict=True)}
        return found

    def _panel(
        self, question: _Question, ties: Ties, sides: Sequence[Sequence[Measured]]
    ) -> tuple[Panel, Places, Places]:
        """A panel of measured pairs in the samples of a question, and the pairs' places in it."""
        distinct = {id(one): one for pair in sides for one in pair}
        place = {key: number for number, key in enumerate(distinct)}
        x, y = np.array([[place[id(one)] for one in pair] for pair in sides], dtype=np.intp).T
        controls = [self._measure(question, one, ties) for one in question.adjust]
        return Panel(self._cohort(question, ties), [*distinct.values()], controls), x, y

    def _removed(self, question: _Question) -> frozenset[str]:
        """The genes that are left out of its sets."""
        one = question.specification
        removed = self._shared(question) if one.shared_genes == _REMOVED else frozenset()
        return removed | ({one.without} if one.without else frozenset())

    def _sides(
        self, question: _Question, ties: Ties, removed: frozenset[str] = frozenset()
    ) -> tuple[Measured, Measured]:
        return (
            self._measure(question, question.x, ties, removed),
            self._measure(question, question.y, ties, removed),
        )

    def _measure(
        self,
        question: _Question,
        variable: Variable,
        ties: Ties,
        without: frozenset[str] = frozenset(),
    ) -> Measured:
        one = question.specification
        removed = without if isinstance(variable, SetVariable) else frozenset()
        key = (one.source, one.patients, ties, variable, removed)
        if key not in self._values:
            self._values[key] = self._cohort(question, ties).measure(variable, without=removed)
            as_asked = one.patients == _ALL and ties == self.choices.cohorts[one.source].ties
            if as_asked and not removed:
                self.measured.append(self._values[key])
        return self._values[key]

    def _cohort(self, question: _Question, ties: Ties) -> Cohort:
        one = question.specification
        key = (one.source, one.patients, ties)
        if key not in self._cohorts:
            samples = self._common if one.patients == _COMMON else None
            self._cohorts[key] = self.choices.cohorts[one.source].variant(ties, samples)
        return self._cohorts[key]


def _grouped(keys: Iterable[_Key]) -> dict[_Key, list[int]]:
    """The places of each key."""
    places: dict[_Key, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(key, []).append(place)
    return places


def _rows(found: Pairs) -> list[_Row]:
    columns = {"n": found.n, **{name: getattr(found, name) for name in INTERVAL}}
    values = zip(*(column.tolist() for column in columns.values()), found.notes, strict=True)
    return [dict(zip([*columns, "note"], row, strict=True)) for row in values]


def _null_rows(panel: Panel, x: Places, y: Places, nulls: Nulls) -> list[_Row]:
    """The columns of random genes, matched on mean and spread, and the p of the mean alone."""
    found = panel.pairs(x, y)
    by_mean: dict[Null, NullFunction] = {"genes": partial(random_gene_null, n_spreads=1)}
    own, of_mean = (
        compare_pairs(panel, found, nulls.names, nulls.n_draws, nulls.reference, functions)["genes"]
        for functions in (NULL_FUNCTIONS, by_mean)
    )
    columns = {**own.by_column(NULLS["genes"]), BY_MEAN: of_mean.numbers.p}
    return [
        {name: float(values[place]) for name, values in columns.items()}
        | {"note": own.notes.get(place, "")}
        for place in range(len(x))
    ]
