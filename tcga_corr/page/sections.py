"""A section of a page from an answer, whatever was asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tcga_corr.analysis.answer import Answer
from tcga_corr.analysis.correlate import CorrelateAnswer
from tcga_corr.analysis.correlate_by import CorrelateByAnswer
from tcga_corr.errors import UsageError
from tcga_corr.page import inputs
from tcga_corr.page.answers import page_of_answer, page_of_strata
from tcga_corr.page.drawings import drawing
from tcga_corr.page.parts import Page, Row, Scatter, Section
from tcga_corr.page.section_content import CONTENT
from tcga_corr.vocabulary.associations import NOTE_OF_SIMULATED, note_without_mark

MOST_SAMPLES = 12_000
"""Of the scatters of a section: one tumour sample of each patient of TCGA fits."""


class Svg(NamedTuple):
    """A figure that is drawn: its title and its SVG."""

    title: str
    text: str


@dataclass(frozen=True)
class Figures:
    """What a section gets beside its answer.

    Attributes
    ----------
    drawn
        Figures.
    missing
        Which are not there, and why.
    scatters
        The samples of a pair, by tumor type.
    """

    drawn: Sequence[Svg] = ()
    missing: Sequence[str] = ()
    scatters: Mapping[str, Scatter] = field(default_factory=dict)


def section_of(answer: Answer, figures: Figures | None = None) -> Section:
    """The section of an answer.

    Parameters
    ----------
    answer
        Of any question but the values of variables and curves of survival, which are figures of
        others.
    figures
        Beside those that the page draws itself.

    Raises
    ------
    UsageError
        If there is no section of such an answer.
    """
    given = figures or Figures()
    own_id = section_id(answer)
    if isinstance(answer, CorrelateAnswer):
        return _of_page(page_of_answer(answer), own_id, given)
    if isinstance(answer, CorrelateByAnswer):
        return _of_page(page_of_strata(answer), own_id, given)
    build = next((one for kind, one in CONTENT.items() if isinstance(answer, kind)), None)
    if build is None:
        raise UsageError(
            f"there is no section of a {type(answer).__name__}", "Add another question's answer"
        )
    content = build(answer)
    return Section(
        id=own_id,
        simulated=answer.simulated,
        drawings=[
            drawing(one.title, one.text, f"{own_id}-{place}")
            for place, one in enumerate(given.drawn)
        ],
        no_drawings=given.missing,
        dropped=inputs.dropped(list(_left_out(answer))),
        provenance=[
            inputs.facts("Question", _facts(answer), "question"),
            *inputs.provenance_tables(answer.provenance),
        ],
        **vars(content),
    )


def section_id(answer: Answer) -> str:
    """The same for the same question, whatever was answered."""
    asked = json.dumps([type(answer).__name__, answer.query.as_dict()], sort_keys=True, default=str)
    return f"q{hashlib.sha256(asked.encode()).hexdigest()[:12]}"


def _of_page(page: Page, own_id: str, figures: Figures) -> Section:
    """The section of a pair, which has a page of its own too."""
    n_samples = sum(len(one.samples) for one in figures.scatters.values())
    scatters = figures.scatters if n_samples <= MOST_SAMPLES else {}
    missing = [*figures.missing]
    if n_samples > MOST_SAMPLES:
        missing.append(f"the page has no room for the {n_samples:,} samples of this question")
    return Section(
        id=own_id,
        title=page.title,
        about=page.subtitle,
        simulated=page.simulated,
        answers=page.answers,
        pairs=page.pairs,
        scatters=scatters,
        no_drawings=missing,
        tables=page.tables,
        methods=page.methods,
        references=page.references,
        dropped=page.dropped,
        provenance=page.provenance,
    )


def _facts(answer: Answer) -> dict[str, Any]:
    return {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in answer.query.as_dict().items()
        if value not in (None, "", [])
    }


def _left_out(answer: Answer) -> Iterator[Row]:
    for note in answer.notes:
        if note != NOTE_OF_SIMULATED:
            yield inputs.left_out("question", note)
    if not {"tumor_type", "note"} <= set(answer.frame.columns):
        return
    of_types = answer.frame.select("tumor_type", "note").unique(maintain_order=True)
    types: dict[str, list[str]] = {}
    for tumor_type, note in of_types.rows():
        reasons = note_without_mark(note)
        if reasons:
            types.setdefault(reasons, []).append(str(tumor_type))
    for reasons, where in list(types.items())[:_MOST_REASONS]:
        yield inputs.left_out("rows", reasons, where, len(where))
    if len(types) > _MOST_REASONS:
        yield inputs.left_out("rows", f"{len(types) - _MOST_REASONS:,} more notes, in the table")


_MOST_REASONS = 50
