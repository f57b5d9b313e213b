"""The page of one question: a pair, or a pair by strata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from tcga_corr.analysis.correlate import CorrelateAnswer
from tcga_corr.analysis.correlate_by import CorrelateByAnswer, CorrelateByQuery
from tcga_corr.analysis.samples.strata import SAMPLE_TYPES
from tcga_corr.choices import BY_SAMPLE_TYPE
from tcga_corr.page import inputs
from tcga_corr.page.methods import Settings, methods_text, software_text
from tcga_corr.page.pairs import columns_of_question, pairs_of_answer
from tcga_corr.page.parts import Page, Pair, Row, Table
from tcga_corr.page.strata import differences_table, pair_of_strata
from tcga_corr.vocabulary.associations import LEVEL_OF_POOLED, NOTE_OF_SIMULATED, note_without_mark


def page_of_answer(answer: CorrelateAnswer, categories: Sequence[str] = ()) -> Page:
    """The page of an answer of ``correlate``, without samples.

    Parameters
    ----------
    answer
        The answer.
    categories
        Those of its controls that are categories.
    """
    pairs = pairs_of_answer(answer)
    return _page(
        answer, pairs, Settings(methods=list(answer.pooled), **_settings(answer)), categories
    )


def page_of_strata(answer: CorrelateByAnswer, categories: Sequence[str] = ()) -> Page:
    """The page of an answer of ``correlate_by``; see :func:`page_of_answer`."""
    query = answer.query
    more = {**columns_of_question(query), "cut_by": query.by, "samples": _samples(answer)}
    rows = [{**row, **more} for row in answer.frame.to_dicts()]
    pooled = [{**row, **more} for row in _pooled_rows(answer)] if len(_types(answer)) > 1 else []
    kinds = {name: answer.provenance.kind_of(name) for name in (query.x, query.y)}
    pair = pair_of_strata(rows, pooled, kinds, id=query.method, analysis="")
    settings = Settings(
        methods=[query.method], cut_by=query.by, strata=query.strata, **_settings(answer)
    )
    name = f"{query.x} and {query.y} by {query.by}"
    table = differences_table(rows, pooled, name, "differences")
    return _page(answer, [pair], settings, categories, [table])


def _samples(answer: CorrelateAnswer | CorrelateByAnswer) -> str:
    """The selection of samples; by sample type that of the first stratum."""
    if isinstance(answer, CorrelateByAnswer) and answer.query.by == BY_SAMPLE_TYPE:
        return SAMPLE_TYPES[0]
    return answer.query.scope.samples


def _types(answer: CorrelateAnswer | CorrelateByAnswer) -> list[str]:
    return answer.query.scope.tumor_types


def _pooled_rows(answer: CorrelateByAnswer) -> Iterator[Row]:
    """The pooled strata and differences, in the columns of the rows."""
    empty = dict.fromkeys(answer.frame.columns)
    query = answer.query
    for name, pooling in answer.strata.items():
        own = asdict(pooling)
        own["n"] = own.pop("n_samples")
        row = {**own, "x": query.x, "y": query.y, "method": query.method, "stratum": name}
        yield {**empty, **row, "tumor_type": "POOLED", "level": LEVEL_OF_POOLED}
    yield from ({**empty, **row} for row in answer.differences)


def _settings(answer: CorrelateAnswer | CorrelateByAnswer) -> dict[str, Any]:
    query = answer.query
    return {
        "samples": _samples(answer),
        "ties": query.scope.ties,
        "min_genes": query.scope.min_genes,
        "adjust": query.adjust,
        "null": query.null,
        "draws": query.draws,
        "n_types": len(query.scope.tumor_types),
        "provenance": answer.provenance,
        "where": query.scope.where,
        "with_purity": query.purity,
    }


def _page(
    answer: CorrelateAnswer | CorrelateByAnswer,
    pairs: Sequence[Pair],
    settings: Settings,
    categories: Sequence[str],
    tables: Sequence[Table] = (),
) -> Page:
    query = answer.query
    by = f" by {query.by}" if isinstance(query, CorrelateByQuery) else ""
    methods, references = methods_text(replace(settings, categories=categories))
    conditions = f" where {' and '.join(query.scope.where)}" if query.scope.where else ""
    facts = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in query.as_dict().items()
    }
    return Page(
        title=f"{query.x} and {query.y}{by}{conditions}",
        subtitle=pairs[0].about,
        simulated=answer.simulated,
        answers=[pair.finding for pair in pairs],
        pairs=pairs,
        tables=tables,
        methods=[*methods, software_text(answer.provenance.software)],
        references=references,
        dropped=inputs.dropped(list(_dropped(answer))),
        provenance=[
            inputs.facts("Question", facts, "question"),
            *inputs.provenance_tables(answer.provenance),
        ],
    )


def notes_left_out(notes: Iterable[str]) -> Iterator[Row]:
    """The notes of an answer, as rows of what was left out."""
    for note in notes:
        if note != NOTE_OF_SIMULATED:
            yield inputs.left_out("question", note)


def _dropped(answer: CorrelateAnswer | CorrelateByAnswer) -> Iterator[Row]:
    yield from notes_left_out(answer.notes)
    types: dict[str, list[str]] = {}
    for row in answer.frame.to_dicts():
        reasons = note_without_mark(row["note"])
        if reasons:
            types.setdefault(reasons, []).append(row["tumor_type"])
    for reasons, where in types.items():
        yield inputs.left_out("rows", reasons, dict.fromkeys(where), len(where))
