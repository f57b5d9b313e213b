"""The page of one question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tcga_corr.analysis.correlate import CorrelateAnswer
from tcga_corr.page import inputs
from tcga_corr.page.methods import Settings, methods_text, software_text
from tcga_corr.page.pairs import pairs_of_answer
from tcga_corr.page.parts import Page, Row
from tcga_corr.vocabulary.associations import NOTE_OF_SIMULATED, note_without_mark


def page_of_answer(answer: CorrelateAnswer, categories: Sequence[str] = ()) -> Page:
    """The page of an answer of ``correlate``, without samples.

    Parameters
    ----------
    answer
        The answer.
    categories
        Those of its controls that are categories.
    """
    query = answer.query
    pairs = pairs_of_answer(answer)
    methods, references = methods_text(
        Settings(
            samples=query.scope.samples,
            ties=query.scope.ties,
            min_genes=query.scope.min_genes,
            methods=list(answer.pooled),
            adjust=query.adjust,
            null=query.null,
            draws=query.draws,
            n_types=len(query.scope.tumor_types),
            provenance=answer.provenance,
            where=query.scope.where,
            categories=categories,
            with_purity=query.purity,
        )
    )
    conditions = f" where {' and '.join(query.scope.where)}" if query.scope.where else ""
    facts = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in query.as_dict().items()
    }
    return Page(
        title=f"{query.x} and {query.y}{conditions}",
        subtitle=pairs[0].about,
        simulated=answer.simulated,
        answers=[pair.finding for pair in pairs],
        pairs=pairs,
        methods=[*methods, software_text(answer.provenance.software)],
        references=references,
        dropped=inputs.dropped(list(_dropped(answer))),
        provenance=[
            inputs.facts("Question", facts, "question"),
            *inputs.provenance_tables(answer.provenance),
        ],
    )


def _dropped(answer: CorrelateAnswer) -> Iterator[Row]:
    for note in answer.notes:
        if note != NOTE_OF_SIMULATED:
            yield inputs.left_out("question", note)
    types: dict[str, list[str]] = {}
    for row in answer.frame.to_dicts():
        reasons = note_without_mark(row["note"])
        if reasons:
            types.setdefault(reasons, []).append(row["tumor_type"])
    for reasons, where in types.items():
        yield inputs.left_out("rows", reasons, dict.fromkeys(where), len(where))
