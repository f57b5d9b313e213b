"""The page of one variable against many, in each tumor type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tcga_corr.analysis.naming.names import Variable, sets_among
from tcga_corr.analysis.provenance import SetRecord
from tcga_corr.analysis.screen import ScreenAnswer
from tcga_corr.page import inputs
from tcga_corr.page.answers import notes_left_out
from tcga_corr.page.methods import Settings, methods_text, software_text
from tcga_corr.page.pairs import columns_of_question, pair_of
from tcga_corr.page.parts import Finding, Page, Pair, Row
from tcga_corr.page.run_tables import pairs_table
from tcga_corr.vocabulary.associations import NAMES, NULL_COLUMNS, SIGNIFICANT, is_significant
from tcga_corr.vocabulary.methods import METHODS

_N_NAMED = 3


def page_of_many(
    answer: ScreenAnswer,
    pooled: ScreenAnswer | None,
    others: Mapping[Variable, str],
    categories: Sequence[str] = (),
) -> Page:
    """The page of an answer of ``screen`` in each tumor type.

    Parameters
    ----------
    answer
        A row per tumor type and y.
    pooled
        The same question pooled over tumor types; None where there is one.
    others
        Every y, and the text that names it, which is the id of its pair.
    categories
        Those of its controls that are categories.
    """
    of_others = map(SetRecord.of, (one.gene_set for one in sets_among(list(others))))
    sets = dict.fromkeys((*answer.provenance.gene_sets, *of_others))
    answer = replace(answer, provenance=replace(answer.provenance, gene_sets=tuple(sets)))
    query = answer.query
    pairs = _pairs(answer, pooled, {one.name: text for one, text in others.items()})
    methods, references = methods_text(
        Settings(
            samples=query.scope.samples,
            ties=query.scope.ties,
            min_genes=query.scope.min_genes,
            methods=[query.method],
            adjust=query.adjust,
            null=query.null,
            draws=query.draws,
            n_types=len(query.scope.tumor_types),
            provenance=answer.provenance,
            where=query.scope.where,
            categories=categories,
            over_rows=True,
        )
    )
    facts = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in query.as_dict().items()
    }
    of_all = f"{len(pairs)} other{'s' if len(pairs) > 1 else ''}"
    conditions = f" where {' and '.join(query.scope.where)}" if query.scope.where else ""
    return Page(
        title=f"{query.x} and {of_all}{conditions}",
        subtitle=pairs[0].about,
        simulated=answer.simulated,
        answers=[_finding(query.x, METHODS[query.method].label, pairs)],
        pairs=pairs,
        tables=[pairs_table(pairs, f"{query.x}-pairs")],
        methods=[*methods, software_text(answer.provenance.software)],
        references=references,
        dropped=inputs.dropped(list(notes_left_out(answer.notes))),
        provenance=[
            inputs.facts("Question", facts, "question"),
            *inputs.provenance_tables(answer.provenance),
        ],
    )


def _pairs(
    answer: ScreenAnswer, pooled: ScreenAnswer | None, texts: Mapping[str, str]
) -> list[Pair]:
    """A pair for each y that has an r, in the order in which they were given."""
    more = columns_of_question(answer.query)
    empty: dict[str, None] = dict.fromkeys((*NAMES, *NULL_COLUMNS))
    rows: dict[str, list[Row]] = {}
    for row in answer.frame.to_dicts():
        rows.setdefault(row["y"], []).append({**empty, **row, **more})
    of_all = {row["y"]: {**empty, **row} for row in pooled.frame.to_dicts()} if pooled else {}
    x = answer.query.x
    return [
        pair_of(
            rows[name],
            of_all.get(name),
            {one: answer.provenance.kind_of(one) for one in (x, name)},
            id=texts[name],
        )
        for name in dict.fromkeys(answer.names)
        if name in rows
    ]


def _finding(x: str, label: str, pairs: Sequence[Pair]) -> Finding:
    """Which of many vary most with x, in a sentence made from the numbers."""
    strengths = {}
    for pair in pairs:
        row = pair.pooled or pair.rows[0]
        strength = row["r"] if row["r_disjoint"] is None else row["r_disjoint"]
        if strength is not None:
            strengths[pair.y] = strength
    n_types = len({row["tumor_type"] for pair in pairs for row in pair.rows})
    where = f"{n_types} tumor type{'' if n_types == 1 else 's'}"
    question = f"Which of {len(pairs)} vary with {x} in {where}, by {label}?"
    n_small = sum(is_significant(row["q"]) for pair in pairs for row in pair.rows)
    n_rows = sum(map(len, (pair.rows for pair in pairs)))
    which = "The pooled r" if any(pair.pooled for pair in pairs) else "r"
    if any(row["n_shared_genes"] for pair in pairs for row in pair.rows):
        which += " without shared genes"
    order = sorted(strengths, key=lambda name: -strengths[name])
    most = [name for name in order if strengths[name] > 0][:_N_NAMED]
    least = [name for name in order[::-1] if strengths[name] < 0][:_N_NAMED]
    parts = [
        f"{which} is {how} with {_listed(names, strengths)}."
        for how, names in (("highest", most), ("lowest", least))
        if names
    ]
    parts.append(f"q < {SIGNIFICANT} in {n_small:,} of {n_rows:,} associations.")
    return Finding(question, " ".join(parts))


def _listed(names: Sequence[str], strengths: dict[str, float]) -> str:
    return ", ".join(f"{name} ({strengths[name]:z.2f})" for name in names)
