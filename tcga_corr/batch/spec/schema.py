"""What a spec may hold, key by key: names, types and ranges, by pydantic."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from tcga_corr.analysis.naming.names import SetVariable
from tcga_corr.batch.spec.names import Names
from tcga_corr.batch.spec.problems import Place
from tcga_corr.choices import BY_SAMPLE_TYPE, Method, Null, Selection, Ties
from tcga_corr.errors import TcgaCorrError, UsageError, near_names
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
Kind = Literal["pairs", "crosses", "dominance", "survival", "differential"]
Output = Literal["parquet", "tsv"]
Statistic = Literal["r", "n", "highest", "n_up", "n_down", "log2fc"]
BLOCKS: tuple[Kind, ...] = get_args(Kind)
_MOST_SHOWN = 60
_OWN_ERROR = "own"


def _by(check: Callable[[str, Names], str]) -> AfterValidator:
    """A check of a text; its errors keep their text and remedy."""

    def checked(text: str, info: ValidationInfo[Names]) -> str:
        try:
            return check(text, info.context)
        except TcgaCorrError as error:
            context = {"what": error.what, "remedy": error.remedy}
            raise PydanticCustomError(_OWN_ERROR, "{what}", context) from None

    return AfterValidator(checked)


def _name(text: str, names: Names) -> str:
    if not NAME.fullmatch(text):
        raise UsageError(
            f"is {shown(text)}", "Give up to 64 letters, digits and . _ -, first a letter or digit"
        )
    return text


def _not_empty(text: str, names: Names) -> str:
    if not text.strip():
        raise UsageError("is empty", "Give a text")
    return text


def _variable(text: str, names: Names) -> str:
    if text not in names.collections:
        names.variables(names.resolved(text))
    return text


def _one_variable(text: str, names: Names) -> str:
    if names.is_collection(text):
        raise UsageError(f"'{text}' is a collection", "Name one variable here")
    return _variable(text, names)


def _control(text: str, names: Names) -> str:
    collections = [name for name in names.expanded(text) if names.is_collection(name)]
    if collections:
        raise UsageError(
            f"'{text}' stands for all sets of '{collections[0]}'",
            "Name the variables to adjust for",
        )
    return _variable(text, names)


def _sets(text: str, names: Names) -> str:
    _variable(text, names)
    for name in names.expanded(text):
        variables = names.variables_if_known(name)
        if not all(isinstance(variable, SetVariable) for variable in variables):
            within = f" of '{text}'" if text in names.collections else ""
            raise UsageError(f"'{name}'{within} is no gene set", "Dominance is among gene sets")
    return text


def _cutting(text: str, names: Names) -> str:
    return text if text == BY_SAMPLE_TYPE else _one_variable(text, names)


def _covariate(text: str, names: Names) -> str:
    names.stored.covariate(text)
    return text


def _adjusting(text: str, names: Names) -> str:
    for name in names.expanded(text):
        _covariate(name, names)
    return text


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_abbreviation(text: str, names: Names) -> str:
    return parse_tumor_type(text).abbreviation


Text = Annotated[str, _by(_not_empty)]
Name = Annotated[str, _by(_name)]
TumorType = Annotated[str, _by(_as_abbreviation)]
OneVariable = Annotated[str, _by(_one_variable)]
By = Annotated[str, _by(_cutting)]
Pair = Annotated[list[OneVariable], Field(min_length=2, max_length=2)]
Variables = Annotated[
    list[Annotated[str, _by(_variable)]], Field(min_length=1), BeforeValidator(_as_list)
]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Scored(_Table):
    """The settings of all blocks; None where a key is left out."""

    source: Text | None = None
    tumor_types: list[TumorType] | None = None
    samples: Selection | None = None
    ties: Ties | None = None
    min_genes: Annotated[int, Field(ge=1)] | None = None
    draws: Annotated[int, Field(ge=1)] | None = None
    where: list[Text] | None = None


class _Correlated(_Scored):
    """The settings of pairs and crosses."""

    methods: Annotated[list[Method], Field(min_length=1)] | None = None
    adjust: list[Annotated[str, _by(_control)]] | None = None
    null: list[Null] | None = None
    purity: bool | None = None


class _Pairs(_Correlated):
    name: Name | None = None
    by: By | None = None
    pairs: Annotated[list[Pair], Field(min_length=1)]


class _Cross(_Correlated):
    name: Name | None = None
    by: By | None = None
    x: Variables
    y: Variables | None = None


class _Dominance(_Scored):
    name: Name | None = None
    sets: Annotated[list[Annotated[str, _by(_sets)]], Field(min_length=1)] | None = None


class _Survival(_Scored):
    name: Name | None = None
    x: Variables
    endpoint: Text | None = None
    adjust: list[Annotated[str, _by(_control)]] | None = None
    null: list[Literal["genes"]] | None = None


class _Differential(_Table):
    name: Name | None = None
    source: Text | None = None
    tumor_types: list[TumorType] | None = None
    samples: Selection | None = None
    where: list[Text] | None = None
    by: Text | None = None
    group: Text | None = None
    contrasts: Annotated[list[Text], Field(min_length=1)] | None = None
    reference: Text | None = None
    pair: Literal["patient"] | None = None
    adjust: list[Annotated[str, _by(_adjusting)]] | None = None
    shrink: bool | None = None
    min_count: Annotated[int, Field(ge=0)] | None = None
    q: Annotated[float, Field(gt=0, lt=1)] | None = None
    lfc: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    check: bool | None = None


class _Claim(_Table):
    text: Text
    analysis: Text
    tumor_type: TumorType
    x: OneVariable | None = None
    y: OneVariable | None = None
    contrast: Text | None = None
    statistic: Statistic
    value: Any
    n: Annotated[int, Field(ge=1)] | None = None
    unit: str = "not stated"
    source: Text


class _Top(_Correlated):
    name: Name | None = None
    title: str = ""
    outputs: list[Output] | None = None
    collections: dict[str, Variables] | None = None
    pairs: list[_Pairs] | None = None
    crosses: list[_Cross] | None = None
    dominance: list[_Dominance] | None = None
    survival: list[_Survival] | None = None
    differential: list[_Differential] | None = None
    claims: list[_Claim] | None = None


_TABLES: dict[str | int, type[_Table]] = {
    "pairs": _Pairs, "crosses": _Cross, "dominance": _Dominance, "survival": _Survival,
    "differential": _Differential, "claims": _Claim,
}  # fmt: skip
_REMEDIES = {
    "string_type": "Give a text in quotes",
    "int_type": "Give a whole number",
    "list_type": "Give a list",
    "bool_type": "Give true or false",
    "float_type": "Give a number",
    "finite_number": "Give a number",
}


def findings(raw: dict[str, Any], names: Names) -> Iterator[tuple[Place, str, str, bool]]:
    """What is wrong with each key by itself: place, problem, remedy, and whether it is missing.

    The place of a missing key is where it should be.
    """
    try:
        _Top.model_validate(raw, context=names)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            yield details["loc"], *_what_and_remedy(details), details["type"] == "missing"


def shown(value: object) -> str:
    """A value as a spec has it; of a long one the start."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _what_and_remedy(error: ErrorDetails) -> tuple[str, str]:
    """An error of pydantic in the words of this package."""
    kind, place, context = error["type"], error["loc"], error.get("ctx", {})
    found = error["input"]
    if kind == _OWN_ERROR:
        return context["what"], context["remedy"]
    if kind == "missing":
        return "missing key", ""
    if kind == "extra_forbidden":
        return _unknown_key(place)
    if kind in ("too_short", "too_long"):
        if context.get("max_length", context.get("min_length")) == 2:
            return f"is {shown(found)}", "A pair is two names"
        return "is empty", "Name at least one"
    if kind == "literal_error":
        known = context["expected"].replace("'", "")
        near = near_names(str(found), re.split(", | or ", known))
        return f"is {shown(found)}", near or f"Give {known}"
    if kind == "greater_than_equal":
        return f"is {found}", f"Give {context['ge']:g} or more"
    if kind in ("greater_than", "less_than"):  # of q alone
        return f"is {found}", "Give a number between 0 and 1, such as 0.05"
    if place[0] in _TABLES and len(place) < 3:
        return f"is {shown(found)}", f"Begin each block with [[{place[0]}]]"
    if place == ("collections",):
        return f"is {shown(found)}", "Begin the lists with [collections]"
    return f"is {shown(found)}", _REMEDIES.get(kind, error["msg"])


def _unknown_key(place: Place) -> tuple[str, str]:
    *_, key = place
    table = _TABLES[place[0]] if len(place) > 1 else _Top
    if table in (_Dominance, _Survival, _Differential) and key in _Pairs.model_fields:
        return f"does not apply to {place[0]}", "Leave it out here"
    if table is not _Claim and key in _Top.model_fields:
        return f"does not belong in a block of {place[0]}", "Move it above all blocks"
    known = table.model_fields
    return "unknown key", near_names(str(key), known, most=1) or f"Known are {', '.join(known)}"
