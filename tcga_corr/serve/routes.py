"""The routes of the API: for each what it answers, its parameters, and what computes the answer.

Requests are read by these records, and the API's description is made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tcga_corr.page.parts import Page, Scatter
from tcga_corr.serve import parameters as known
from tcga_corr.serve import questions
from tcga_corr.serve.asked import Asked, Prepared
from tcga_corr.serve.completion import Completion
from tcga_corr.serve.description import StoreDescription
from tcga_corr.serve.parameters import Given, Parameter
from tcga_corr.serve.snapshot import Snapshot

ROOT = "/api/v1"
JSON, PDF, EVENTS = "application/json; charset=utf-8", "application/pdf", "text/event-stream"


@dataclass(frozen=True)
class NearNames:
    """A name that nothing has, and up to three that may have been meant, the nearest first."""

    name: str
    near: Sequence[str]


@dataclass(frozen=True)
class LookUp:
    """A route that is answered in milliseconds: what it answers, and with which type."""

    name: str
    about: str
    parameters: tuple[Parameter, ...]
    answer: Callable[[Snapshot, Given], bytes]
    kind: Any


@dataclass(frozen=True)
class Question:
    """A route of a question, whose answers are kept.

    Attributes
    ----------
    name, about, parameters
        Its last part, what it answers, and what may be given.
    prepare
        Gives what is to be computed.
    kind
        The type of the answer.
    is_followed
        Whether there are a figure, and events while it is computed.
    """

    name: str
    about: str
    parameters: tuple[Parameter, ...]
    prepare: Callable[[Snapshot, Given], Asked | Prepared]
    kind: Any
    is_followed: bool = True


_SCOPE = (known.SAMPLES, known.WHERE, known.SOURCE)
_PAIR = (known.X, known.Y, known.METHOD, known.ADJUST, known.BY, known.NULL, *_SCOPE)

LOOK_UPS = (
    LookUp(
        "store",
        "What the store has: sources, tumor types, covariates, and questions to begin with.",
        (),
        lambda snapshot, _: questions.description(snapshot),
        StoreDescription,
    ),
    LookUp(
        "names",
        "Names for the first letters of one, or for some within it; whole names come first.",
        (known.Q, known.LIMIT, known.OF, known.SOURCE),
        questions.completions,
        Sequence[Completion],
    ),
    LookUp(
        "near",
        "Names that may have been meant by one that nothing has.",
        (known.NAME, known.SOURCE),
        questions.near_names,
        NearNames,
    ),
)
QUESTIONS = (
    Question(
        "pair",
        "How two variables vary together: r in each tumor type, and pooled; in strata with `by`.",
        _PAIR,
        questions.prepare_pair,
        Page,
    ),
    Question(
        "many",
        "One variable against many: r of each in each tumor type, and pooled.",
        (known.X, known.AGAINST, known.METHOD_OF_MANY, known.ADJUST, known.NULL, *_SCOPE),
        questions.prepare_many,
        Page,
    ),
    Question(
        "compare",
        "Whether variables differ between tumours and normal tissue, in each tumor type.",
        (known.VARIABLES, known.GROUPS, known.NULL_OF_GROUPS, known.WHERE, known.SOURCE),
        questions.prepare_compare,
        Page,
    ),
    Question(
        "scatter",
        "The samples of a pair in one tumor type: residuals where it is adjusted.",
        (*_PAIR, known.TYPE),
        questions.prepare_scatter,
        Scatter,
        is_followed=False,
    ),
)
