"""The parameters of an address: what each means, and how it is read. The API's description, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tcga_corr.choices import BY_GTEX, BY_SAMPLE_TYPE, SELECTIONS, check_choice
from tcga_corr.errors import UsageError
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import NULLS

MOST_LETTERS = 400
"""Of a parameter that names one thing."""
MOST_LETTERS_OF_LIST = 2_000
MOST_COMPLETIONS = 50
MOST_AGAINST, MOST_COMPARED = 60, 6
"""Variables on the other side of a heat map, and variables with boxes."""
_MOST_PARAMETERS = 100


class TooLongError(UsageError):
    """A parameter of more letters than any name has."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a question.

    Attributes
    ----------
    name, about
        Its name, and what it means.
    known
        The values that it may have, the default first; any text where there are none.
    default
        Of a parameter without known values.
    required
        Whether it has to be given.
    times
        How often it may be given.
    letters
        How many it may have.
    least, most
        Of a whole number; None of a text.
    example
        A value for people to try.
    """

    name: str
    about: str
    known: tuple[str, ...] = ()
    default: str = ""
    required: bool = False
    times: int = 1
    letters: int = MOST_LETTERS
    least: int | None = None
    most: int | None = None
    example: str = ""

    def schema(self) -> dict[str, Any]:
        """As JSON Schema."""
        one: dict[str, Any] = {"type": "string", "maxLength": self.letters}
        if self.least is not None:
            one = {"type": "integer", "minimum": self.least, "maximum": self.most}
        elif self.known:
            one = {"type": "string", "enum": list(self.known)}
        default = self.known[0] if self.known else self.default
        if default:
            one["default"] = int(default) if self.least is not None else default
        if self.times == 1:
            return one
        return {"type": "array", "items": one, "maxItems": self.times}

    def check(self, values: Sequence[str]) -> None:
        """Refuse values that it may not have.

        Raises
        ------
        TooLongError
            If one has too many letters.
        UsageError
            If there are too many, or one is not known.
        """
        for value in values:
            if len(value) > self.letters:
                raise TooLongError(
                    "the question is too long", f"'{self.name}' has up to {self.letters} letters"
                )
            if self.known:
                check_choice(self.name, value[:80], self.known)
            if self.least is not None:
                self._check_number(value)
        if len(values) > 1 and self.times == 1:
            raise UsageError(f"'{self.name}' is given {len(values)} times", "Give it once")
        if len(values) > self.times:
            raise UsageError(
                f"'{self.name}' is given {len(values)} times", f"Give up to {self.times}"
            )

    def _check_number(self, value: str) -> None:
        is_number = value.isascii() and value.isdecimal() and len(value) < 10
        if not is_number or not (self.least or 0) <= int(value) <= (self.most or 0):
            raise UsageError(f"{self.name} is '{value[:80]}'", f"Give {self.least} to {self.most}")


class Given:
    """The parameters that are given, and not left empty; of others the defaults."""

    def __init__(self, values: dict[str, list[str]], known: Iterable[Parameter]) -> None:
        self._values = values
        self._known = {one.name: one for one in known}

    def one(self, name: str) -> str:
        """The value of a parameter, or its default; of one that the question has not, empty."""
        parameter = self._known.get(name)
        if parameter is None:
            return ""
        default = parameter.known[0] if parameter.known else parameter.default
        return self._values[name][0] if name in self._values else default

    def all(self, name: str) -> list[str]:
        """Every value of a parameter that may be repeated."""
        return self._values.get(name, [])


def read_parameters(items: Iterable[tuple[str, str]], parameters: Sequence[Parameter]) -> Given:
    """The parameters of an address.

    Raises
    ------
    TooLongError
        If one has more letters than it may have.
    UsageError
        On a parameter that is not known, has a value that it may not have, or is missing.
    """
    known = {one.name: one for one in parameters}
    found: dict[str, list[str]] = {}
    for number, (name, value) in enumerate(items):
        if len(name) > MOST_LETTERS or number >= _MOST_PARAMETERS:
            raise TooLongError(
                "the question is too long", f"A name has up to {MOST_LETTERS} letters"
            )
        if name not in known:
            there = f"There are {', '.join(known)}" if known else "There is none"
            raise UsageError(f"unknown parameter '{name[:80]}'", there)
        if len(value) > known[name].letters:
            known[name].check([value])
        if value.strip():
            found.setdefault(name, []).append(value.strip())
    for name, values in found.items():
        known[name].check(values)
    for one in parameters:
        if one.required and one.name not in found:
            raise UsageError(f"'{one.name}' is missing", f"Say {one.name}=…")
    return Given(found, parameters)


_VARIABLE = "a gene, a gene set or a covariate; genes between commas, five or more, are a set"
X = Parameter("x", f"What is correlated: {_VARIABLE}.", required=True,
              letters=MOST_LETTERS_OF_LIST, example="ferroptosis")  # fmt: skip
Y = Parameter("y", f"With what: {_VARIABLE}.", required=True,
              letters=MOST_LETTERS_OF_LIST, example="nfkb")  # fmt: skip
AGAINST = Parameter(
    "against",
    "What x is correlated with, each by itself: given once, names between commas or hallmark; "
    f"given more often, one variable each. Up to {MOST_AGAINST} in all.",
    required=True, times=MOST_AGAINST, letters=MOST_LETTERS_OF_LIST, example="CD8A,GZMB,PRF1",
)  # fmt: skip
VARIABLES = Parameter(
    "variables", f"What is compared, each by itself: {_VARIABLE}.", required=True,
    times=MOST_COMPARED, letters=MOST_LETTERS_OF_LIST, example="GPX4",
)  # fmt: skip
METHOD = Parameter("method", "How they are correlated.", tuple(METHODS))
METHOD_OF_MANY = Parameter(
    "method",
    "How they are correlated.",
    tuple(name for name, one in METHODS.items() if one.screens),
)
ADJUST = Parameter("adjust", "Variables to hold fixed (partial correlation), between commas too.",
                   times=8, letters=MOST_LETTERS_OF_LIST, example="purity")  # fmt: skip
WHERE = Parameter("where", "A condition on samples, as gender=FEMALE, stage in I,II or age<60.",
                  times=8, example="age<60")  # fmt: skip
BY = Parameter(
    "by", "What cuts the samples into strata: a category by its levels, a number, gene or score in "
    f"thirds, or {BY_SAMPLE_TYPE}.", example="purity",
)  # fmt: skip
GROUPS = Parameter("by", "What tumours are compared with: solid tissue normal of TCGA, or "
                   "normal tissue of GTEx.", (BY_SAMPLE_TYPE, BY_GTEX))  # fmt: skip
SAMPLES = Parameter("samples", "Which samples.", tuple(SELECTIONS))
SOURCE = Parameter("source", "The source of the tables; by default that of most tumor types.")
NULL = Parameter("null", f"What to compare with: {', '.join(NULLS)} or both between commas; none.",
                 default="none", example="genes,sets")  # fmt: skip
NULL_OF_GROUPS = Parameter("null", "What to compare with.", ("none", "genes"))
TYPE = Parameter("type", "The tumor type.", required=True, example="LIHC")
Q = Parameter("q", "The first letters of a name, or some within it.", example="ferro")
NAME = Parameter("q", "A name that nothing has.", required=True, example="ferroptosi")
LIMIT = Parameter("limit", "How many names.", default="12", least=1, most=MOST_COMPLETIONS)
OF = Parameter("of", "Names of all, or of what can be correlated.", ("all", "pair"))
