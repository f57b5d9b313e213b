"""From the parameters of an address to what is asked of the engine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tcga_corr.analysis.answer import Answer
from tcga_corr.analysis.compare import CompareAnswer
from tcga_corr.analysis.correlate import CorrelateAnswer
from tcga_corr.analysis.correlate_by import CorrelateByAnswer
from tcga_corr.analysis.naming.names import (
    ComponentsVariable,
    CovariateVariable,
    GeneVariable,
    Variable,
    check_controls,
    collection,
    is_category,
)
from tcga_corr.analysis.samples.scope import ScopeOptions
from tcga_corr.analysis.samples.where import Condition, parse_condition
from tcga_corr.analysis.screen import ScreenAnswer
from tcga_corr.choices import (
    BY_SAMPLE_TYPE,
    Method,
    Null,
    ScreenMethod,
    Selection,
    check_choice,
)
from tcga_corr.errors import UsageError
from tcga_corr.page.answers import page_of_answer, page_of_strata
from tcga_corr.page.groups import page_of_groups
from tcga_corr.page.many import page_of_many
from tcga_corr.page.pairs import scatters_of
from tcga_corr.page.parts import Page, Scatter
from tcga_corr.serve.asked import Asked, Effort, Prepared, Step, as_data, as_json
from tcga_corr.serve.names import VisitorNames
from tcga_corr.serve.parameters import MOST_AGAINST, Given
from tcga_corr.serve.snapshot import Snapshot
from tcga_corr.store.index import TableIndex
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.nulls import NULLS

_MOST_CONTROLS = 8
# columns of values beside the variables
_SAMPLE_COLUMNS = ("tumor_type", "sample", "patient", "sample_type")
OF_TYPES, OF_POOLED, OF_STRATA = "tumor types", "pooled", "strata"
"""The stages of answers: what is compared."""


def description(snapshot: Snapshot) -> bytes:
    """What can be asked of the store, as JSON."""
    return as_json(as_data(snapshot.described))


def completions(snapshot: Snapshot, given: Given) -> bytes:
    """Completions of a typed text, as JSON; with ``of=pair`` of what can be correlated."""
    names = snapshot.names_of(snapshot.source(given.one("source")))
    without = names.categories if given.one("of") == "pair" else frozenset()
    found = names.completions().find(given.one("q"), int(given.one("limit")), without)
    return as_json(as_data(found))


def near_names(snapshot: Snapshot, given: Given) -> bytes:
    """Names that are like one that nothing has, as JSON."""
    names = snapshot.names_of(snapshot.source(given.one("source")))
    return as_json({"name": given.one("q"), "near": names.near(given.one("q"))})


def prepare_pair(snapshot: Snapshot, given: Given) -> Asked:
    """The association of two variables in each tumor type and pooled; or in each stratum."""
    scope = _Scope.of(snapshot, given)
    method, nulls = cast(Method, given.one("method")), _nulls(given)
    x, y = given.one("x"), given.one("y")
    pair = [scope.names.variable(text) for text in (x, y)]
    controls = scope.controls(given, pair)
    by = given.one("by")
    cutting = []
    if by not in ("", BY_SAMPLE_TYPE):
        cutting = [scope.names.covariate_or_variable(by)]
    options: dict[str, Any] = {
        "method": method, "adjust": list(controls.values()), "null": nulls, **scope.options,
    }  # fmt: skip
    categories = [one.name for one in controls if is_category(one)]
    key = ("pair", method, nulls, by, scope.key_of([*pair, *controls, *cutting]))

    def strata() -> Iterator[Step]:
        yield Step(OF_STRATA, lambda: snapshot.correlate_by(x, y, by, **options))

    def whole() -> Iterator[Step]:
        steps = snapshot.correlate_in_steps(x, y, **options)
        yield Step(OF_TYPES, lambda: next(steps))
        if nulls:
            yield Step(OF_POOLED, lambda: next(steps))

    def page(answers: Sequence[Answer]) -> Page:
        answer = answers[-1]
        if isinstance(answer, CorrelateByAnswer):
            return page_of_strata(answer, categories)
        return page_of_answer(cast(CorrelateAnswer, answer), categories)

    is_large = bool(nulls or by)
    return _asked(snapshot, key, strata if by else whole, page, is_large=is_large)


def prepare_many(snapshot: Snapshot, given: Given) -> Asked:
    """One variable against many, in each tumor type and pooled."""
    scope = _Scope.of(snapshot, given)
    method, nulls = cast(ScreenMethod, given.one("method")), _nulls(given)
    x = given.one("x")
    variable = scope.names.variable(x)
    others = _others(scope.names, given.all("against"))
    others.pop(variable, None)
    if not 1 <= len(others) <= MOST_AGAINST:
        raise UsageError(f"there are {len(others)} others than x", f"Give 1 to {MOST_AGAINST}")
    named = [one.name for one in others]
    if len(set(named)) < len(named):
        twice = next(name for name in named if named.count(name) > 1)
        raise UsageError(f"two of the others are named '{twice}'", "Ask for one at a time")
    controls = scope.controls(given, [variable, *others])
    options: dict[str, Any] = {
        "method": method, "adjust": list(controls.values()), "null": nulls, **scope.options,
    }  # fmt: skip
    key = ("many", method, nulls, scope.key_of([variable, *others, *controls]))
    categories = [one.name for one in controls if is_category(one)]

    def screened(*, by_tumor_type: bool) -> ScreenAnswer:
        return snapshot.screen(x, list(others.values()), by_tumor_type=by_tumor_type, **options)

    def steps() -> Iterator[Step]:
        yield Step(OF_TYPES, lambda: screened(by_tumor_type=True))
        if len(scope.tables) > 1:
            yield Step(OF_POOLED, lambda: screened(by_tumor_type=False))

    def page(answers: Sequence[Answer]) -> Page:
        of_types, *of_all = cast(Sequence[ScreenAnswer], answers)
        # where one tumor type has an r, nothing is pooled
        pooled = next((one for one in of_all if not one.query.by_tumor_type), None)
        texts = {one: item if isinstance(item, str) else f"set:{item.name}"
                 for one, item in others.items()}  # fmt: skip
        return page_of_many(of_types, pooled, texts, categories)

    return _asked(snapshot, key, steps, page, is_large=bool(nulls), drawn=0)


def prepare_compare(snapshot: Snapshot, given: Given) -> Asked:
    """Whether variables differ between tumour and normal tissue, in each tumor type."""
    scope = _Scope.of(snapshot, given)
    variables = given.all("variables")
    chosen = [scope.names.variable(text) for text in variables]
    groups, nulls = given.one("by"), _nulls(given)
    key = ("compare", groups, nulls, scope.key_of(chosen))

    def steps() -> Iterator[Step]:
        yield Step(
            OF_TYPES,
            lambda: snapshot.compare(variables, groups, null=nulls, **scope.options),
        )

    def page(answers: Sequence[Answer]) -> Page:
        return page_of_groups(cast(CompareAnswer, answers[-1]))

    return _asked(snapshot, key, steps, page, is_large=bool(nulls))


def prepare_scatter(snapshot: Snapshot, given: Given) -> Prepared:
    """The samples of a pair in one tumor type."""
    scope = _Scope.of(snapshot, given, [given.one("type")])
    x, y = given.one("x"), given.one("y")
    pair = [scope.names.variable(text) for text in (x, y)]
    controls = scope.controls(given, pair)
    names = [one.name for one in dict.fromkeys([*pair, *controls])]
    columns = [*names, *_SAMPLE_COLUMNS]
    if len(set(columns)) < len(columns):
        raise UsageError("two of the variables go by one name", "A scatter needs different ones")

    def compute(_: object) -> bytes:
        answer = snapshot.values([x, y], adjust=list(controls.values()), **scope.options)
        scatters = scatters_of(answer.frame, pair[0].name, pair[1].name, answer.fitted)
        scatter = next(iter(scatters.values()), Scatter([], [], [], []))
        return as_json(as_data(scatter))

    return Prepared(("scatter", scope.key_of([*pair, *controls])), compute, "small")


def _asked(
    snapshot: Snapshot,
    key: Hashable,
    steps: Callable[[], Iterator[Step]],
    page: Callable[[Sequence[Answer]], Page],
    *,
    is_large: bool,
    drawn: int = -1,
) -> Asked:
    effort: Effort = "large" if is_large else "usual"
    return Asked(key, steps, page, snapshot.recent, effort, drawn)


@dataclass(frozen=True)
class _Scope:
    """Where a question is asked: the tables, what they name, and the conditions on samples."""

    names: VisitorNames
    tables: Sequence[TableIndex]
    conditions: Sequence[Condition]
    options: ScopeOptions

    @classmethod
    def of(cls, snapshot: Snapshot, given: Given, types: Sequence[str] = ()) -> _Scope:
        source = snapshot.source(given.one("source"))
        tables = snapshot.tables(source, types)
        names = snapshot.names_of(source)
        found = {one.text: one for text in given.all("where")
                 if (one := parse_condition(text, names))}  # fmt: skip
        options: ScopeOptions = {
            "tumor_types": [table.key.tumor_type for table in tables],
            "source": source,
            "samples": cast(Selection, given.one("samples") or "tumor"),
            "where": list(found),
        }
        return cls(names, tables, list(found.values()), options)

    def controls(self, given: Given, correlated: Sequence[Variable]) -> dict[Variable, str]:
        """What to adjust for, with the text of each."""
        found = {self.names.any_variable(text): text for text in _controls(given, self.names)}
        check_controls(correlated, list(found))
        return found

    def key_of(self, variables: Sequence[Variable]) -> Hashable:
        """The same for the same variables in the same tables and samples."""
        involved = [*variables, *(one.variable for one in self.conditions)]
        texts = tuple(one.text for one in self.conditions)
        scope = self.options["source"], self.options["samples"], _hashed(self.tables)
        return tuple(map(_identity, involved)), texts, scope


def _identity(variable: Variable) -> Hashable:
    """What the answer shows of a variable."""
    if isinstance(variable, GeneVariable):
        return "gene", variable.name, variable.typed
    if isinstance(variable, CovariateVariable):
        one = variable.covariate
        return "covariate", one.table, one.name, one.label, one.table_sha256
    if isinstance(variable, ComponentsVariable):
        return "components", variable.count, tuple(map(_identity, variable.correlated))
    return "set", variable.gene_set


def _hashed(tables: Sequence[TableIndex]) -> str:
    text = "\n".join(f"{table.key.tumor_type} {table.table_sha256}" for table in tables)
    return hashlib.sha256(text.encode()).hexdigest()


def _others(names: VisitorNames, texts: Sequence[str]) -> dict[Variable, str | GeneSet]:
    """Genes and gene sets: of one text those between commas, of several one each.

    Returns
    -------
    By variable, what the engine takes for it.
    """
    parts = list(texts)
    if len(texts) == 1 and not names.knows(texts[0]):
        parts = [part for each in texts[0].split(",") if (part := each.strip())]
    found: dict[Variable, str | GeneSet] = {}
    for text in parts:
        if text.casefold() == "hallmark":
            found |= {one: one.gene_set for one in collection(text)}
            continue
        variable = names.variable(text)
        if isinstance(variable, CovariateVariable):
            raise UsageError(
                f"'{variable.name}' is a covariate, and the many are genes or gene sets",
                "Ask for the pair of both",
            )
        found.setdefault(variable, text)
    return found


def _controls(given: Given, names: VisitorNames) -> list[str]:
    """The names to adjust for; a text with commas is several, unless it is a name itself."""
    listed = []
    for text in given.all("adjust"):
        parts = [text] if names.knows(text) else text.split(",")
        listed += [part.strip() for part in parts if part.strip()]
    if len(listed) > _MOST_CONTROLS:
        raise UsageError(
            f"{len(listed)} variables are to be held fixed", f"Give up to {_MOST_CONTROLS}"
        )
    return listed


def _nulls(given: Given) -> tuple[Null, ...]:
    text = given.one("null")
    wanted = [part.strip() for part in text.split(",")]
    if wanted == ["none"]:
        return ()
    for name in wanted:
        check_choice("null", name[:80], ["none", *NULLS])
    if "none" in wanted:
        raise UsageError(f"null is '{text[:80]}'", "Give none alone")
    return tuple(name for name in NULLS if name in wanted)
