"""Conditions on samples: ``gender=FEMALE``, ``stage in I,II``, ``age<60``, ``RELA>=10``.

A condition is a variable, a comparison and one or more values. A sample that lacks the variable
meets no condition but ``NAME is missing``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tcga_corr.analysis.naming.names import CovariateVariable, NameResolver, Variable
from tcga_corr.analysis.samples.cohort import Cohort, Mask, Measured, Vector
from tcga_corr.errors import AnalysisError, UsageError, near_names, shorten

_FORM = re.compile(
    r"\s*(?P<name>.+?)\s*(?:(?P<sign><=|>=|!=|==|=|<|>)|\s(?P<word>not\s+in|in|is)\s)\s*(?P<values>.*\S)\s*",
    re.IGNORECASE,
)
_HOW = (
    "Write it as gender=FEMALE, 'stage in I,II', 'age<60', 'purity>=0.7', 'race!=WHITE' or "
    "'stage is known'"
)
_LISTED = re.compile(r"""\s*(?:'[^']*'|"[^"]*"|[^,]+)""")
"""A value of a list; one with a comma stands in quotes."""
_COMPARISONS: dict[str, Callable[[Vector, float], Mask]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_NEGATED = ("!=", "not in")
_STATES = {"known": False, "missing": True}


@dataclass(frozen=True)
class Condition:
    """A condition on a variable.

    Attributes
    ----------
    text
        As it is shown: ``stage in I,II``.
    variable
        The variable.
    comparison
        ``in``, ``not in``, ``<``, ``<=``, ``>``, ``>=`` or ``is``.
    values
        What it is compared with: numbers, or the places of levels; of ``is`` 1 for missing.
    """

    text: str
    variable: Variable
    comparison: str
    values: tuple[float, ...]

    def met(self, measured: Measured) -> Mask:
        """Which samples meet it."""
        if measured.values is None:
            raise ValueError(measured.note)
        known = ~np.isnan(measured.values)
        if self.comparison == "is":
            return np.asarray(~known if self.values[0] else known)
        if self.comparison in _COMPARISONS:
            return known & _COMPARISONS[self.comparison](measured.values, self.values[0])
        found = np.isin(measured.values, self.values)
        return known & (found if self.comparison == "in" else ~found)


def parse_condition(text: str, names: NameResolver) -> Condition:
    """The condition that a text says.

    Raises
    ------
    UsageError
        If it is no condition, or names no variable, no level of a category or no number; what there
        is is listed.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise UsageError(f"'{shorten(text, 80)}' is no condition on samples", _HOW)
    sign = re.sub(r"\s+", " ", (found["sign"] or found["word"]).lower())
    variable = names.covariate_or_variable(found["name"])
    typed = found["values"]
    words = [typed] if sign not in ("in", "not in") else _LISTED.findall(typed)
    if sign == "is":
        if typed.lower() not in _STATES:
            raise UsageError(f"'{shorten(text, 80)}' is no condition on samples", _HOW)
        shown = f"{variable.name} is {typed.lower()}"
        return Condition(shown, variable, sign, (float(_STATES[typed.lower()]),))
    read = _reader(variable, sign, text)
    values = [read(word) for word in map(_unquoted, words) if word]
    if not values:
        raise UsageError(f"'{shorten(text, 80)}' names no value", _HOW)
    comparison = sign if sign in _COMPARISONS else ("not in" if sign in _NEGATED else "in")
    listed = ",".join(in_quotes(word) for _, word in values)
    shown = (
        f"{variable.name} {sign} {listed}"
        if sign.isalpha() or " " in sign
        else (f"{variable.name}{sign}{listed}")
    )
    return Condition(shown, variable, comparison, tuple(number for number, _ in values))


def _reader(variable: Variable, sign: str, text: str) -> Callable[[str], tuple[float, str]]:
    """Reads a value of a variable: its number, and how it is shown."""
    levels = variable.covariate.levels if isinstance(variable, CovariateVariable) else ()
    if not levels:
        return lambda word: _number(word, variable, text)
    if sign in _COMPARISONS and not variable.covariate.ordered:  # type: ignore[union-attr]
        raise UsageError(
            f"'{shorten(text, 80)}': {variable.name} is a category without an order",
            f"Give {variable.name}=LEVEL or '{variable.name} in A,B' of {_listed(levels)}",
        )
    return lambda word: _level(word, levels, variable)


def _number(word: str, variable: Variable, text: str) -> tuple[float, str]:
    try:
        number = float(word)
    except ValueError:
        number = np.nan
    if np.isnan(number):
        raise UsageError(
            f"'{shorten(text, 80)}': {variable.name} is a number, and '{word}' is none", _HOW
        )
    return number, word


def _level(word: str, levels: Sequence[str], variable: Variable) -> tuple[float, str]:
    folded = word.casefold()
    for wanted in (folded, folded.removeprefix("stage ")):
        for place, level in enumerate(levels):
            if level.casefold() == wanted:
                return float(place), level
    raise UsageError(
        f"{variable.name} has no level '{shorten(word, 60)}'",
        near_names(word, levels) or f"It has {_listed(levels)}",
    )


def _unquoted(word: str) -> str:
    word = word.strip()
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"" else word


def in_quotes(level: str) -> str:
    """A level as it stands in a list: in quotes where it has a comma."""
    return f'"{level}"' if "," in level else level


def _listed(levels: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(map(in_quotes, levels[:most]))
    return shown if len(levels) <= most else f"{shown} and {len(levels) - most} more"


def select(cohorts: Sequence[Cohort], texts: Sequence[str], names: NameResolver) -> list[Cohort]:
    """The cohorts with the samples that meet every condition.

    Raises
    ------
    UsageError
        On a text that is no condition.
    AnalysisError
        If no sample of any cohort meets them all: how many each of them leaves.
    """
    conditions = [parse_condition(text, names) for text in texts]
    found = [_selected(cohort, conditions) for cohort in cohorts]
    if not any(len(one.columns) for one in found):
        raise AnalysisError(
            f"none of the {cohorts[0].selection} samples meets "
            + " and ".join(one.text for one in conditions),
            "Alone, " + "; ".join(_alone(cohorts, one) for one in conditions),
        )
    return found


def _selected(cohort: Cohort, conditions: Sequence[Condition]) -> Cohort:
    kept = np.ones(len(cohort.columns), dtype=np.bool_)
    notes = []
    for condition in conditions:
        measured = cohort.measure(condition.variable)
        if measured.values is None:
            notes.append(measured.note)
            kept[:] = False
        else:
            kept &= condition.met(measured)
    return cohort.where(kept, {one.text: one.variable for one in conditions}, "; ".join(notes))


def _alone(cohorts: Sequence[Cohort], condition: Condition) -> str:
    n_met = sum(len(_selected(cohort, [condition]).columns) for cohort in cohorts)
    total = sum(len(cohort.columns) for cohort in cohorts)
    return f"{condition.text} leaves {n_met:,} of {total:,}"


def notes_of_conditions(cohorts: Sequence[Cohort]) -> list[str]:
    """How many samples the conditions leave, by tumor type, for people; none without conditions."""
    conditions = cohorts[0].conditions if cohorts else {}
    if not conditions:
        return []
    counts = ", ".join(
        f"{len(one.columns)} of {one.n_before_conditions} in {one.tumor_type}"
        + (f" ({one.note_of_conditions})" if one.note_of_conditions else "")
        for one in cohorts
    )
    return [f"where {' and '.join(conditions)}: {counts}"]
