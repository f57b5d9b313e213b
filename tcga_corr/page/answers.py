"""The page of one question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tcga_corr.analysis.answer import Answer
from tcga_corr.page import inputs
from tcga_corr.page.methods import Settings, methods_text, software_text
from tcga_corr.page.pairs import pairs_of_answer
from tcga_corr.page.parts import Page, Row


def page_of_answer(answer: Answer) -> Page:
    """The page of an answer of ``correlate``, without samples."""
    query = answer.query
    pairs = pairs_of_answer(answer)
    methods, references = methods_text(
        Settings(
            samples=query.scope.samples,
            ties=query.scope.ties,
            min_genes=query.scope.min_genes,
            methods=[pair.method for pair in pairs],
            adjust=query.adjust,
            null=query.null,
            draws=query.draws,
            n_types=len(query.scope.tumor_types),
            made_from=answer.provenance,
        )
    )
    return Page(
        title=f"{query['x']} and {query['y']}",
        subtitle=pairs[0].about,
        simulated=bool(answer.simulated),
        answers=[pair.finding for pair in pairs],
        pairs=pairs,
        methods=[*methods, software_text(answer.provenance["software"])],
        references=references,
        dropped=inputs.dropped(list(_dropped(answer))),
        provenance=[
            inputs.facts("Question", _told(query), "question"),
            *inputs.provenance(answer.provenance),
        ],
    )


def _told(query: dict[str, Any]) -> dict[str, Any]:
    return {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in query.items()
    }


def _dropped(answer: Answer) -> Iterator[Row]:
    for note in answer.notes:
        if "SIMULATED" not in note:
            yield {"what": "question", "where": "", "count": None, "why": note}
    types: dict[str, list[str]] = {}
    for row in answer.frame.to_dicts():
        note = "; ".join(one for one in (row["note"] or "").split("; ") if one != "SIMULATED")
        if note:
            types.setdefault(note, []).append(row["tumor_type"])
    for note, where in types.items():
        yield {"what": "rows", "where": " ".join(dict.fromkeys(where)), "count": len(where),
               "why": note}  # fmt: skip
