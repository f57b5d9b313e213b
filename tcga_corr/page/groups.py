"""The page of variables in groups of samples: boxes in each tumor type, and tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tcga_corr.analysis.compare import CompareAnswer
from tcga_corr.analysis.samples.cohort import Vector
from tcga_corr.exchange import finite
from tcga_corr.page import answer_methods, inputs
from tcga_corr.page.answers import notes_left_out
from tcga_corr.page.methods import Settings, methods_text, software_text
from tcga_corr.page.parts import Box, Boxes, Column, Finding, Page, Row, Table
from tcga_corr.vocabulary.associations import SIGNIFICANT, is_significant, note_without_mark

_TEST = "mann-whitney"
_WHISKER = 1.5  # interquartile ranges
_DIGITS = 5
_FEW = 5  # samples, each of which is drawn in place of a box
_COLUMNS = (
    Column("variable", "variable"), Column("tumor_type", "tumor type"), Column("test", "test"),
    Column("n_a", "n of first", "count"), Column("n_b", "n of second", "count"),
    Column("mean_a", "mean of first", "number"), Column("mean_b", "mean of second", "number"),
    Column("difference", "difference", "number", "first minus second"),
    Column("ci_low", "from", "number", "lower end of the 95 % interval"),
    Column("ci_high", "to", "number", "upper end of the 95 % interval"), Column("p", "p", "p"),
    Column("q", "q", "p", "p adjusted over all rows of the test"),
    Column("effect", "effect", "number"), Column("effect_name", "which effect"),
    Column("p_genes", "p_genes", "p", "p among random genes"),
    Column("q_genes", "q_genes", "p", "p_genes adjusted as q is"), Column("why", "note"),
)  # fmt: skip


def page_of_groups(answer: CompareAnswer) -> Page:
    """The page of an answer of ``compare`` by two groups."""
    query = answer.query
    groups = list(query.groups)
    own = answer_methods.of_comparison(answer)
    methods, references = methods_text(
        Settings(
            samples="tumor",
            ties=query.scope.ties,
            min_genes=query.scope.min_genes,
            methods=[],
            adjust=[],
            null=query.null,
            draws=query.draws,
            n_types=len(query.scope.tumor_types),
            provenance=answer.provenance,
            where=query.scope.where,
            own=own.texts,
            own_cites=own.cites,
        )
    )
    rows = [{**row, "why": note_without_mark(row["note"])} for row in answer.frame.to_dicts()]
    conditions = f" where {' and '.join(query.scope.where)}" if query.scope.where else ""
    boxes = [_boxes(answer, name, rows) for name in query.variables]
    facts = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in query.as_dict().items()
    }
    return Page(
        title=f"{', '.join(query.variables)} in {' and '.join(groups)}{conditions}",
        subtitle=boxes[0].about,
        simulated=answer.simulated,
        answers=[_finding(one) for one in boxes],
        boxes=boxes,
        tables=[
            Table(
                f"Tests of {groups[0]} against {groups[1]}",
                "comparisons",
                _COLUMNS,
                finite([row for row in rows if row["p"] is not None]),
                f"The first is {groups[0]}, the second {groups[1]}.",
            )
        ],
        methods=[*methods, software_text(answer.provenance.software)],
        references=references,
        dropped=inputs.dropped([*notes_left_out(answer.notes), *_without(rows)]),
        provenance=[
            inputs.facts("Question", facts, "question"),
            *inputs.provenance_tables(answer.provenance),
        ],
    )


def _without(rows: Sequence[Row]) -> list[Row]:
    """The rows without a test, by the reason."""
    types: dict[str, dict[str, None]] = {}
    for row in rows:
        if row["p"] is None and row["test"] == _TEST:
            types.setdefault(row["why"], {})[row["tumor_type"]] = None
    return [inputs.left_out("tests", why, where, len(where)) for why, where in types.items()]


def _boxes(answer: CompareAnswer, name: str, rows: Sequence[Row]) -> Boxes:
    query = answer.query
    kind = answer.provenance.kind_of(name)
    unit = {"set": "ssGSEA score", "covariate": "value"}.get(kind, query.scope.unit)
    boxes = [
        _box(tumor_type, group, values)
        for tumor_type in query.scope.tumor_types
        for group, values in answer.values[tumor_type, name].items()
    ]
    own = [row for row in rows if row["variable"] == name and row["test"] == _TEST]
    n = [sum(box.n for box in boxes if box.group == group) for group in query.groups]
    counts = ", ".join(f"{count:,} {group}" for count, group in zip(n, query.groups, strict=True))
    return Boxes(
        variable=name,
        axis=f"{name}, {unit}",
        about=f"{query.scope.source}, {query.scope.unit}; {counts} samples",
        groups=list(query.groups),
        boxes=boxes,
        tests=finite(own),
    )


def _box(tumor_type: str, group: str, values: Vector) -> Box:
    n = len(values)
    if n <= _FEW:
        return Box(tumor_type, group, n, None, None, None, None, None, _short(values))
    q1, median, q3 = np.quantile(values, [0.25, 0.5, 0.75]).tolist()
    reach = _WHISKER * (q3 - q1)
    within = (values >= q1 - reach) & (values <= q3 + reach)
    low, high = float(values[within].min()), float(values[within].max())
    return Box(tumor_type, group, n, low, q1, median, q3, high, _short(values[~within]))


def _short(values: Vector) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values.tolist()]


def _finding(boxes: Boxes) -> Finding:
    """In how many tumor types the groups differ, in a sentence made from the numbers."""
    first, second = boxes.groups
    given = [row for row in boxes.tests if row["p"] is not None]
    n = len(given)
    question = (
        f"Does {boxes.variable} differ between {first} and {second} samples in {n} tumor "
        f"type{'' if n == 1 else 's'}, by Mann and Whitney's test?"
    )
    small = [row for row in given if is_significant(row["q"])]
    higher = sum((row["effect"] or 0) > 0 for row in small)
    in_first = f" in {first} samples"
    parts = [
        f"higher{in_first} in {higher}" if higher else "",
        f"lower{'' if higher else in_first} in {len(small) - higher}"
        if len(small) > higher
        else "",
    ]
    differs = " and ".join(filter(None, parts))
    answer = (
        f"It is {differs} of {n} tumor types (q < {SIGNIFICANT})."
        if differs
        else f"It is not shown to differ in any of {n} (q < {SIGNIFICANT})."
    )
    compared = [row for row in given if row["p_genes"] is not None]
    if compared:
        beyond = sum(is_significant(row["q_genes"]) for row in compared)
        answer += (
            f" The effect is beyond that of random genes in {beyond} of {len(compared)} "
            f"(q_genes < {SIGNIFICANT})."
        )
    else:
        answer += (
            " It was not compared with random genes, most of which differ too between tumour and "
            "normal tissue."
        )
    return Finding(question, answer)
