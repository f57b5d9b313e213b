"""From the parameters of an address to a question, and from a question to the bytes that answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

from tcga_corr.analysis.correlate import CorrelateAnswer
from tcga_corr.analysis.names import (
    ComponentsVariable,
    CovariateVariable,
    GeneVariable,
    Variable,
    check_controls,
    is_category,
)
from tcga_corr.analysis.scope import ScopeOptions
from tcga_corr.analysis.where import Condition, parse_condition
from tcga_corr.choices import BY_SAMPLE_TYPE, SELECTIONS, Method, Null, Selection, check_choice
from tcga_corr.errors import UsageError
from tcga_corr.exchange import finite
from tcga_corr.page.answers import page_of_answer, page_of_strata
from tcga_corr.page.pairs import scatters_of
from tcga_corr.page.parts import Scatter, as_data
from tcga_corr.serve.names import VisitorNames
from tcga_corr.serve.snapshot import Snapshot
from tcga_corr.store.index import TableIndex
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import NULLS

MOST_LETTERS = 400  # of a parameter
MOST_COMPLETIONS = 50
_MOST_PARAMETERS = 64
_MOST_CONTROLS = 8
_MOST_CONDITIONS = 8
_REPEATED = ("adjust", "where")
_PAIR = ("x", "y", "method", "adjust", "where", "by", "samples", "source", "null", "pooled")
# the page sends all parameters of its question; a scatter uses some of them
_SCATTER = (*_PAIR, "type")
_NAMES = ("q", "limit", "source", "of")
_OF = ("all", "pair")
# columns of values beside the variables
_SAMPLE_COLUMNS = ("tumor_type", "sample", "patient", "sample_type")

Effort = Literal["small", "usual", "large"]
Parameters = dict[str, list[str]]


class TooLongError(UsageError):
    """A parameter of more letters than any name has."""


@dataclass(frozen=True)
class Prepared:
    """A question ready to be computed.

    Attributes
    ----------
    key
        The same for questions of the same answer: the parameters, and the hashes of the tables.
    compute
        Gives the answer as JSON.
    effort
        Whether that takes milliseconds, tens of milliseconds, or seconds.
    """

    key: Hashable
    compute: Callable[[], bytes]
    effort: Effort = "usual"


def as_json(value: Any) -> bytes:
    """A value of plain parts as JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def read_parameters(items: Iterable[tuple[str, str]], known: Sequence[str]) -> Parameters:
    """The parameters that are given, and not left empty.

    Raises
    ------
    TooLongError
        If one has more letters than any name.
    UsageError
        On a parameter that is not known, or is given twice and may not be.
    """
    found: Parameters = {}
    for number, (name, value) in enumerate(items):
        if len(name) > MOST_LETTERS or len(value) > MOST_LETTERS or number >= _MOST_PARAMETERS:
            raise TooLongError(
                "the question is too long", f"A name has up to {MOST_LETTERS} letters"
            )
        if name not in known:
            raise UsageError(f"unknown parameter '{name[:80]}'", f"There are {', '.join(known)}")
        if value.strip():
            found.setdefault(name, []).append(value.strip())
    for name, values in found.items():
        if len(values) > 1 and name not in _REPEATED:
            raise UsageError(f"'{name}' is given {len(values)} times", "Give it once")
    return found


def completions(snapshot: Snapshot, items: Iterable[tuple[str, str]]) -> bytes:
    """Completions of a typed text, as JSON; with ``of=pair`` of what can be correlated."""
    given = read_parameters(items, _NAMES)
    limit = _single(given, "limit", "12")
    if not limit.isascii() or not limit.isdecimal() or not 1 <= int(limit) <= MOST_COMPLETIONS:
        raise UsageError(f"limit is '{limit[:80]}'", f"Give 1 to {MOST_COMPLETIONS}")
    names = snapshot.names_of(snapshot.source(_single(given, "source")))
    of_pair = _choice(given, "of", _OF) == "pair"
    without = names.categories if of_pair else frozenset()
    found = names.completions().find(_single(given, "q"), int(limit), without)
    return as_json([asdict(one) for one in found])


def prepare_pair(snapshot: Snapshot, items: Iterable[tuple[str, str]]) -> Prepared:
    """The association of a pair in each tumor type, and pooled.

    With ``pooled=no`` the pooled r is not compared with the nulls. The question without it, asked
    next, goes on from there. With ``by`` it is of each stratum, and has no such steps.
    """
    given = read_parameters(items, _PAIR)
    method = _choice(given, "method", list(METHODS))
    nulls = _nulls(_single(given, "null", "none"))
    is_whole = _choice(given, "pooled", ("yes", "no")) == "yes" or not nulls
    query = _PairQuery.of(snapshot, given)
    if query.by:
        return _prepare_strata(snapshot, query, cast(Method, method), nulls)
    key = ("pair", method, nulls, query.key)
    effort: Effort = "large" if nulls else "usual"

    def begin() -> Iterator[CorrelateAnswer]:
        return snapshot.correlate_in_steps(
            query.x,
            query.y,
            method=cast(Method, method),
            adjust=query.adjust,
            null=nulls,
            **query.scope,
        )

    def compute() -> bytes:
        if is_whole:
            *_, answer = snapshot.begun.pop(key) or begin()
        else:
            steps = begin()
            answer = next(steps)
            snapshot.begun.put(key, steps)
        return as_json(as_data(page_of_answer(answer, query.categories)))

    return Prepared((key, is_whole), compute, effort)


def _prepare_strata(
    snapshot: Snapshot, query: _PairQuery, method: Method, nulls: tuple[Null, ...]
) -> Prepared:
    """The association of a pair in each stratum, and what compares them."""

    def compute() -> bytes:
        answer = snapshot.correlate_by(
            query.x,
            query.y,
            query.by,
            method=method,
            adjust=query.adjust,
            null=nulls,
            **query.scope,
        )
        return as_json(as_data(page_of_strata(answer, query.categories)))

    return Prepared(("strata", method, nulls, query.key), compute, "large")


def prepare_scatter(snapshot: Snapshot, items: Iterable[tuple[str, str]]) -> Prepared:
    """The samples of a pair in one tumor type."""
    given = read_parameters(items, _SCATTER)
    query = _PairQuery.of(snapshot, given, [_required(given, "type")])
    x, y, *_ = (variable.name for variable in query.variables)
    columns = [variable.name for variable in dict.fromkeys(query.variables)] + [*_SAMPLE_COLUMNS]
    if len(set(columns)) < len(columns):
        raise UsageError("two of the variables go by one name", "A scatter needs different ones")

    def compute() -> bytes:
        answer = snapshot.values([query.x, query.y], adjust=query.adjust, **query.scope)
        scatters = scatters_of(answer.frame, x, y, answer.fitted)
        scatter = next(iter(scatters.values()), Scatter([], [], [], []))
        return as_json(finite(asdict(scatter)))

    return Prepared(("scatter", query.key), compute, "small")


@dataclass(frozen=True)
class _PairQuery:
    """The parameters of pairs and scatters: texts as they were given, and what they stand for."""

    x: str
    y: str
    adjust: list[str]
    by: str
    variables: list[Variable]
    scope: ScopeOptions
    key: Hashable

    @classmethod
    def of(cls, snapshot: Snapshot, given: Parameters, types: Sequence[str] = ()) -> _PairQuery:
        x, y = (_required(given, name) for name in "xy")
        samples = _choice(given, "samples", SELECTIONS)
        source = snapshot.source(_single(given, "source"))
        tables = snapshot.tables(source, types)
        names = snapshot.names_of(source)
        pair = [names.variable(text) for text in (x, y)]
        controls = {names.any_variable(text): text for text in _controls(given, names)}
        check_controls(pair, list(controls))
        variables = [*pair, *controls]
        conditions = _conditions(given, names)
        by = _single(given, "by")
        cutting = names.covariate_or_variable(by) if by not in ("", BY_SAMPLE_TYPE) else None
        involved = [*variables, *(one.variable for one in conditions)]
        involved += [cutting] if cutting else []
        scope: ScopeOptions = {
            "tumor_types": [table.key.tumor_type for table in tables],
            "source": source,
            "samples": cast(Selection, samples),
            "where": [one.text for one in conditions],
        }
        texts = (*(one.text for one in conditions), by)
        key = tuple(map(_identity, involved)), texts, source, samples, _hashed(tables)
        return cls(x, y, list(controls.values()), by, variables, scope, key)

    @property
    def categories(self) -> list[str]:
        """The controls that are categories."""
        return [one.name for one in self.variables[2:] if is_category(one)]


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


def _controls(given: Parameters, names: VisitorNames) -> list[str]:
    """The names to adjust for; a text with commas is several, unless it is a name itself."""
    listed = []
    for text in given.get("adjust", []):
        parts = [text] if names.knows(text) else text.split(",")
        listed += [part.strip() for part in parts if part.strip()]
    if len(listed) > _MOST_CONTROLS:
        raise UsageError(
            f"{len(listed)} variables are to be held fixed", f"Give up to {_MOST_CONTROLS}"
        )
    return listed


def _conditions(given: Parameters, names: VisitorNames) -> list[Condition]:
    """The conditions on samples, each once."""
    texts = given.get("where", [])
    if len(texts) > _MOST_CONDITIONS:
        raise UsageError(f"{len(texts)} conditions", f"Give up to {_MOST_CONDITIONS}")
    conditions = {one.text: one for one in (parse_condition(text, names) for text in texts)}
    return list(conditions.values())


def _nulls(text: str) -> tuple[Null, ...]:
    wanted = [part.strip() for part in text.split(",")]
    if wanted == ["none"]:
        return ()
    for name in wanted:
        check_choice("null", name[:80], ["none", *NULLS])
    if "none" in wanted:
        raise UsageError(f"null is '{text[:80]}'", "Give none alone")
    return tuple(name for name in NULLS if name in wanted)


def _choice(given: Parameters, name: str, known: Sequence[str]) -> str:
    value = _single(given, name, known[0])
    check_choice(name, value[:80], known)
    return value


def _required(given: Parameters, name: str) -> str:
    if name not in given:
        raise UsageError(f"'{name}' is missing", f"Say {name}=…")
    return given[name][0]


def _single(given: Parameters, name: str, default: str = "") -> str:
    return given[name][0] if name in given else default
