"""A question ready to be computed, and the forms in which its answer is given."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from tcga_corr.analysis.answer import Answer
from tcga_corr.analysis.threads import reported
from tcga_corr.exchange import finite
from tcga_corr.page.parts import Page
from tcga_corr.serve.recent import Recent
from tcga_corr.serve.watch import Watch

Effort = Literal["small", "usual", "large"]
_drawing = Lock()  # the font cache of figures is not made for several threads


@dataclass(frozen=True)
class Prepared:
    """An answer in one form, ready to be computed.

    Attributes
    ----------
    key
        The same for questions of the same answer: the parameters, and the hashes of the tables.
    compute
        Gives the answer, and reports to a watch how far it is.
    effort
        Whether that takes milliseconds, tens of milliseconds, or seconds.
    """

    key: Hashable
    compute: Callable[[Watch], bytes]
    effort: Effort = "usual"


@dataclass(frozen=True)
class Step:
    """A part of an answer that is computed at once.

    Attributes
    ----------
    stage
        What is computed, in words.
    compute
        Gives the answer as far as it is then.
    """

    stage: str
    compute: Callable[[], Answer]


@dataclass(frozen=True)
class Asked:
    """A question: its steps, how its answers are written, and the newest answers.

    Attributes
    ----------
    key, effort
        As of :class:`Prepared`.
    steps
        Gives its steps.
    page
        The page of the answers of the steps so far.
    recent
        Keeps whole answers, for other forms of them.
    drawn
        Which of the steps' answers has the figure; the last by default.
    """

    key: Hashable
    steps: Callable[[], Iterator[Step]]
    page: Callable[[Sequence[Answer]], Page]
    recent: Recent
    effort: Effort = "usual"
    drawn: int = -1

    def as_json(self) -> Prepared:
        """The page of the answer; what there is before the last step is published."""

        def compute(watch: Watch) -> bytes:
            text = b""
            for answers, is_whole in self._answers(watch):
                if is_whole or watch.is_followed:
                    text = as_json(as_data(self.page(answers)))
                    watch.publish(text)
            return text

        return Prepared((self.key, "json"), compute, self.effort)

    def as_pdf(self) -> Prepared:
        """The figure of the answer."""

        def compute(watch: Watch) -> bytes:
            answer = self.recent.get(self.key)
            if answer is None:
                *_, (answers, _) = self._answers(watch)
                answer = answers[self.drawn]
            return pdf_of(answer)

        return Prepared((self.key, "pdf"), compute, self.effort)

    def _answers(self, watch: Watch) -> Iterator[tuple[Sequence[Answer], bool]]:
        """The answers so far, after each step, and whether that was the last."""
        answers: list[Answer] = []
        steps = list(self.steps())
        for step in steps:
            watch.step(step.stage)
            with reported(watch):
                answers.append(step.compute())
            yield answers, len(answers) == len(steps)
        self.recent.put(self.key, answers[self.drawn])


def as_json(value: Any) -> bytes:
    """A value of plain parts as JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def as_data(value: Any) -> Any:
    """A dataclass, such as a page, as JSON values; a row of a table is an object."""
    if is_dataclass(value):
        return {one.name: as_data(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {name: as_data(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_data(item) for item in value]
    return finite(value)


def pdf_of(answer: Answer) -> bytes:
    """The figure of an answer as PDF.

    Raises
    ------
    UsageError
        If there is no figure of it, as of too many variables.
    """
    from tcga_corr.figures.of_answer import figure_of

    with _drawing, tempfile.TemporaryDirectory(prefix="tcga_corr-") as folder:
        path = Path(folder) / "figure.pdf"
        figure_of(answer, path)
        return path.read_bytes()
