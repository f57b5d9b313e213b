"""Screens: one variable against every gene, or against many gene sets, in each tumor type."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from tcga_corr.analysis.answer import Answer, CohortData, Query, ScopeQuery
from tcga_corr.analysis.naming.given import one_item, several_items
from tcga_corr.analysis.naming.names import (
    GeneVariable,
    Items,
    NameResolver,
    SetVariable,
    Variable,
    check_distinct,
    collection,
    genes_of_list,
    is_collection,
    sets_among,
)
from tcga_corr.analysis.nulls.associations import checked_nulls
from tcga_corr.analysis.samples.cohort import (
    join_notes,
    matching_notes,
)
from tcga_corr.analysis.samples.scope import SEE_STATUS, Scope
from tcga_corr.analysis.screening.nulls import (
    ScreenNulls,
    compare_with_every_gene,
    compare_with_variables,
)
from tcga_corr.analysis.screening.one_with_many import (
    screen_genes,
    screen_reference,
    screen_variables,
)
from tcga_corr.analysis.screening.pair_list import Compare, screen_list
from tcga_corr.analysis.screening.rows import Screen
from tcga_corr.choices import Null, ScreenMethod, check_choice
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.store.reference import MIN_GENES
from tcga_corr.vocabulary.gene_sets.paths import split_at_commas
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import N_DRAWS

YKind = Literal["genes", "sets", "variables"]

MOST_BY_DEFAULT = 200
"""Variables, or pairs of a list, up to which a screen is compared with random genes by default."""


@dataclass(frozen=True)
class ScreenQuery(Query):
    """A question of :func:`screen`."""

    x: str
    against: str | list[str]
    y_kind: YKind
    n_y: int
    method: ScreenMethod
    adjust: list[str]
    scope: ScopeQuery
    by_tumor_type: bool
    null: list[Null]
    draws: int


@dataclass(frozen=True)
class ScreenAnswer(Answer):
    """An answer of :func:`screen`: a row per y, or per tumor type and y; of a list, per pair.

    ``names`` are the names of every y, or of the list, in the order in which they were given.
    """

    query: ScreenQuery
    names: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class _Asked:
    """What is screened.

    Attributes
    ----------
    x
        Its name.
    variables
        What is named apart from other variables: x, or all of a list; and what is adjusted for.
    others
        Every y, or the list; None of every gene.
    found
        The associations.
    compare
        Compares them with nulls, by these, the number of draws, and whether pooled.
    """

    x: str
    variables: Sequence[Variable]
    others: Sequence[Variable] | None
    found: Screen
    compare: Compare

    @property
    def names(self) -> tuple[str, ...]:
        """The names of every y, or of the list."""
        return tuple(self.found.y if self.others is None else (one.name for one in self.others))

    @property
    def kind(self) -> YKind:
        """What the others are."""
        kinds = {GeneVariable} if self.others is None else {type(one) for one in self.others}
        if kinds == {GeneVariable}:
            return "genes"
        return "sets" if kinds == {SetVariable} else "variables"

    @property
    def is_large(self) -> bool:
        """Whether random genes would take minutes."""
        return self.others is not None and len(self.found.y) > MOST_BY_DEFAULT


def screen(
    data: CohortData,
    x: Items,
    against: Items = "genes",
    method: ScreenMethod = "pearson",
    adjust: Items = (),
    *,
    by_tumor_type: bool = False,
    null: Null | Iterable[Null] | None = None,
    draws: int = N_DRAWS,
) -> ScreenAnswer:
    """See :meth:`tcga_corr.Engine.screen`."""
    check_choice("method", method, [name for name, one in METHODS.items() if one.screens])
    nulls = None if null is None else checked_nulls(null, draws)
    given = os.fspath(against) if isinstance(against, os.PathLike) else against
    is_list = _is_word(given, "itself")
    asked = (
        _list_by_itself(data, x, adjust, method)
        if is_list
        else _one_by_many(data, x, given, adjust, method)
    )
    found = asked.found
    wanted = nulls if nulls is not None else () if asked.is_large else ("genes",)
    by_tumor_type = by_tumor_type or found.n_types_with_r < 2
    if wanted:
        found = replace(found, nulls=asked.compare(wanted, draws, pooled=not by_tumor_type))
    frame = found.by_tumor_type() if by_tumor_type else found.ranking()
    if not frame.height:
        reasons = join_notes(*found.notes) or "nothing to compare with"
        raise AnalysisError(f"no tumor type gives an association: {reasons}", SEE_STATUS)
    n_x = len(asked.names) if is_list else 1
    query = ScreenQuery(
        x=asked.x,
        against=given if isinstance(given, str) else list(found.y),
        y_kind=asked.kind,
        n_y=len(found.y),
        method=method,
        adjust=[control.name for control in asked.variables[n_x:]],
        scope=data.query,
        by_tumor_type=by_tumor_type,
        null=list(wanted),
        draws=draws,
    )
    notes = _notes(data, asked, is_list=is_list, is_default=nulls is None)
    return data.answer(ScreenAnswer, frame, query, asked.variables, *notes, names=asked.names)


def _one_by_many(
    data: CohortData, x: Items, against: Items, adjust: Items, method: ScreenMethod
) -> _Asked:
    variable = data.names.variable(one_item(x))
    controls = data.names.controls(adjust, [variable])
    others = None if _is_word(against, "genes") else _others(data.names, against, variable)
    if others is None:
        found = screen_genes(data.cohorts, variable, controls, method)
    elif _is_word(against, "reference") and _sums_are_stored(data.scope):
        found = screen_reference(data.cohorts, variable, controls, method, data.reference)
    else:
        found = screen_variables(data.cohorts, variable, others, controls, method)
    compare = partial(_compared, data, found, variable, others, controls)
    return _Asked(variable.name, (variable, *controls), others, found, compare)


def _list_by_itself(data: CohortData, x: Items, adjust: Items, method: ScreenMethod) -> _Asked:
    text = os.fspath(x) if isinstance(x, os.PathLike) else x
    variables = list(dict.fromkeys(_named_by(data.names, text)))
    check_distinct(sets_among(variables))
    controls = data.names.controls(adjust, variables)
    found, compare = screen_list(data.cohorts, variables, controls, method, data.reference)
    name = text.strip() if isinstance(text, str) else ",".join(one.name for one in variables)
    return _Asked(name, (*variables, *controls), variables, found, compare)


def _notes(
    data: CohortData, asked: _Asked, *, is_list: bool, is_default: bool
) -> list[Iterable[str]]:
    found, others = asked.found, asked.others
    own = [
        f"{len(found.y):,} {'pairs' if is_list else 'sets'} are not compared with random genes by "
        "default, as that takes minutes: --null genes"
    ]
    chosen = [] if is_list else [one for one in others or () if isinstance(one, GeneVariable)]
    of_files = (
        note for one in sets_among([] if is_list else others or ()) for note in one.gene_set.notes
    )
    return [
        found.left_out(),
        matching_notes([*found.measured, *(one for row in data.measure(chosen) for one in row)]),
        dict.fromkeys(of_files),
        own if is_default and asked.is_large else [],
    ]


def _is_word(against: object, word: str) -> bool:
    return isinstance(against, str) and against.strip() == word


def _others(names: NameResolver, against: Items, x: Variable) -> list[GeneVariable | SetVariable]:
    """What x is screened against, each once and without x itself.

    Raises
    ------
    UsageError
        If it is neither genes nor gene sets.
    """
    found: dict[GeneVariable | SetVariable, None] = {}
    for one in _named_by(names, against):
        if not isinstance(one, GeneVariable | SetVariable):
            raise UsageError(
                f"'{one.name}' is a covariate, and a screen is of genes or gene sets",
                "`tcga-corr correlate` takes it",
            )
        if one != x:
            found[one] = None
    check_distinct(sets_among(list(found)))
    return list(found)


def _named_by(names: NameResolver, against: Items) -> Sequence[Variable]:
    if not isinstance(against, str):
        return [names.variable(one) for one in several_items(against)]
    text = against.strip()
    if is_collection(text):
        genes = genes_of_list(text)
        return collection(text) if genes is None else names.genes(genes)
    parts = split_at_commas(text)
    if len(parts) > 1:
        return [names.variable(part) for part in parts]
    with suppress(UsageError):
        return [names.variable(text)]
    return collection(text)  # says what may be given


def _compared(
    data: CohortData,
    found: Screen,
    x: Variable,
    others: Sequence[GeneVariable | SetVariable] | None,
    controls: Sequence[Variable],
    nulls: Sequence[Null],
    n_draws: int,
    *,
    pooled: bool,
) -> ScreenNulls:
    if others is not None:
        return compare_with_variables(
            data.cohorts,
            x,
            others,
            controls,
            found.method,
            nulls,
            n_draws,
            data.reference,
            pooled=pooled,
        )
    if "genes" not in nulls:
        raise UsageError("a gene has no p_sets", "Screen genes with --null genes, or none")
    by_average = found
    if isinstance(x, SetVariable) and data.scope.ties != "average":
        cohorts = [cohort.variant("average") for cohort in data.cohorts]
        by_average = screen_genes(cohorts, x, controls, found.method)
    observed = by_average.r_disjoint if isinstance(x, SetVariable) else by_average.r
    return compare_with_every_gene(
        data.cohorts, x, found.y, observed, controls, found.method, n_draws, pooled=pooled
    )


def _sums_are_stored(scope: Scope) -> bool:
    """Whether the reference collection's stored sums make the scores of a scope."""
    return scope.ties == "average" and scope.min_genes >= MIN_GENES
