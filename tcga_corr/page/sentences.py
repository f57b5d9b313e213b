"""What was found, in a sentence made from the numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from tcga_corr.analysis.pool import Adjusted, Tally
from tcga_corr.page.parts import Finding, Row
from tcga_corr.vocabulary.associations import SIGNIFICANT, is_significant, note_without_mark
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.nulls import NULLS, NullRecord

_SAMPLES = {
    "tumor": "",
    "normal": ", in normal tissue",
    "all-tumor": ", in all tumour samples",
    "gtex": ", in normal tissue of GTEx",
}
_SAME = "x and y are the same variable"
NOT_COMPARED = (
    f"It was not compared with {' or '.join(null.short for null in NULLS.values())}, which may "
    "give as much: p and q alone say that r is not 0."
)


def question_of_pair(x: str, y: str, rows: Sequence[Row]) -> str:
    """The question of a pair."""
    label = METHODS[rows[0]["method"]].label
    return f"Do {x} and {y} vary together in {where_of(rows)}{scope_of(rows[0])}, by {label}?"


def answer_of_pair(x: str, y: str, rows: Sequence[Row], pooled: Row | None) -> str:
    """How x and y vary together over the tumor types that have an r."""
    given = [row for row in rows if row["r"] is not None]
    if not given:
        return f"No tumor type gives an association of {x} and {y}: {reasons_of(rows)}."
    if all(_SAME in (row["note"] or "") for row in given):
        return f"{x} and {y} are the same variable." + _without_r(rows, given)
    symbol = METHODS[rows[0]["method"]].symbol
    scope = scope_of(rows[0])
    if len(given) == 1:
        return _in_one(x, y, given[0], scope, symbol) + _without_r(rows, given)
    parts = [
        _over_types(x, y, given, scope),
        _pooled(pooled, symbol),
        _without_shared(given, pooled, f"the pooled {symbol}"),
        _beside_null(given),
    ]
    return " ".join(filter(None, parts)) + _without_r(rows, given)


def scope_of(row: Row) -> str:
    """The samples, where they are not one tumour sample per patient, and what is held fixed."""
    adjusted = f", {row['adjust']} held fixed" if row["adjust"] else ""
    return f"{_SAMPLES[row['samples']]}{conditions_of(row)}{adjusted}"


def conditions_of(row: Row) -> str:
    """Which samples were chosen by conditions, in words; empty of all."""
    return f" where {row['where']}" if row.get("where") else ""


def reasons_of(rows: Sequence[Row]) -> str:
    """Why there is no number, each reason once."""
    parts = (part for row in rows for part in note_without_mark(row["note"]).split("; "))
    return "; ".join(dict.fromkeys(filter(None, parts)))


def _pooled(pooled: Row | None, symbol: str) -> str:
    if pooled is None or pooled["r"] is None:
        return ""
    text = f"The pooled {symbol} is {pooled['r']:z.2f} ({interval_of(pooled)})"
    if pooled.get("prediction_low") is not None:
        text += (
            f"; one more tumor type is expected between {pooled['prediction_low']:z.2f} and "
            f"{pooled['prediction_high']:z.2f} (95 %)"
        )
    return f"{text}."


def _over_types(x: str, y: str, given: Sequence[Row], scope: str) -> str:
    tally = _tally(given)
    if tally.by_genes:
        return _among_genes(x, y, given, tally, scope)
    n, rising, falling = len(given), int(tally.n_positive), int(tally.n_negative)
    counts = {"rise together": rising, "run against each other": falling}
    parts = [f"{how} in {count}" for how, count in counts.items() if count]
    if not parts:
        return f"{x} and {y} are not shown to vary together in any of {n} tumor types{scope}."
    parts[0] += f" of {n} tumor types"
    return f"{x} and {y} {' and '.join(parts)} (q < {SIGNIFICANT}){scope}."


def _tally(given: Sequence[Row]) -> Tally:
    r, q, q_genes, z_genes = (
        np.array([row[name] for row in given], dtype=np.float64)
        for name in ("r", "q", "q_genes", "z_genes")
    )
    return Adjusted(q, q_genes, z_genes).tally(r)


def _among_genes(x: str, y: str, given: Sequence[Row], tally: Tally, scope: str) -> str:
    """In how many tumor types r differs from that of random genes."""
    known = [row for row in given if row["q_genes"] is not None]
    names = f"Without shared genes, {x} and {y}" if _is_disjoint(known) else f"{x} and {y}"
    others = NULLS["genes"].compared_with
    of_all = f"of {len(known)} tumor types"
    higher, lower = int(tally.n_positive), int(tally.n_negative)
    if not higher and not lower:
        return f"{names} are not shown to differ from {others} in any {of_all}{scope}."
    first, count = ("higher", higher) if higher else ("lower", lower)
    also = f" and a lower one in {lower}" if higher and lower else ""
    return (
        f"{names} have a {first} r than {others} in {count} {of_all}{also} "
        f"(q_genes < {SIGNIFICANT}){scope}."
    )


def _in_one(x: str, y: str, row: Row, scope: str, symbol: str) -> str:
    where = f"In {row['tumor_type']} (n = {row['n']:,}){scope}"
    estimate = f"{symbol} = {row['r']:z.3f} ({interval_of(row)})"
    how = "rise together" if row["r"] > 0 else "run against each other"
    if row["ci_low"] is None or row["ci_low"] <= 0 <= row["ci_high"]:
        how = "are not shown to vary together"
    text = f"{where}, {x} and {y} {how}: {estimate}."
    without_shared = _without_shared([row], row, symbol)
    null = _quoted_null([row])
    if null is None:
        return " ".join(filter(None, (text, without_shared, _not_compared([row]))))
    stands = "stands out" if is_significant(row[null.p]) else "does not stand out"
    found = f"{stands} from {null.compared_with} ({null.p} = {row[null.p]:.2g})."
    return (
        f"{text} {without_shared[:-1]}, which {found}" if without_shared else f"{text} That {found}"
    )


def _not_compared(given: Sequence[Row]) -> str:
    """That there is no null; where nothing is left without shared genes there can be none."""
    can_be = any(not row["n_shared_genes"] or row["r_disjoint"] is not None for row in given)
    return NOT_COMPARED if can_be else ""


def _beside_null(given: Sequence[Row]) -> str:
    null = _quoted_null(given)
    if null is None:
        return _not_compared(given)
    if null.q and any(row[null.q] is not None for row in given):
        return ""  # the first sentence has it
    known = [row for row in given if row[null.p] is not None]
    beyond = sum(is_significant(row[null.p]) for row in known)
    subject = "Without shared genes it" if _is_disjoint(known) else "It"
    return (
        f"{subject} stands out from {null.compared_with} in {beyond} of {len(known)} "
        f"({null.p} < {SIGNIFICANT}; chance alone gives one in twenty)."
    )


def _is_disjoint(rows: Sequence[Row]) -> bool:
    """Whether what is compared is r without shared genes."""
    return any(row["n_shared_genes"] and row["r_disjoint"] is not None for row in rows)


def _quoted_null(rows: Sequence[Row]) -> NullRecord | None:
    """The null whose p-value is to be quoted: that of pathways where there is one."""
    nulls = reversed(NULLS.values())  # the stricter one comes later
    return next((null for null in nulls if any(row[null.p] is not None for row in rows)), None)


def _without_shared(given: Sequence[Row], estimate: Row | None, name: str) -> str:
    """The r without the genes that both share, where it is another."""
    if estimate is None:
        return ""
    r, r_disjoint = estimate["r"], estimate.get("r_disjoint")
    if r_disjoint is None:
        sharing = [row for row in given if row["n_shared_genes"]]
        if sharing and all(row["r_disjoint"] is None for row in sharing):
            return "They share genes, and without these there is no r."
        return ""
    if r is not None and abs(r_disjoint - r) < 0.005:
        return ""
    return f"Without the genes that both share, {name} is {r_disjoint:z.2f}."


def _without_r(rows: Sequence[Row], given: Sequence[Row]) -> str:
    n = len(rows) - len(given)
    return f" {n} tumor type{'s have' if n > 1 else ' has'} no r." if n else ""


def question_of_dominance(rows: Sequence[Row], sets: Sequence[str]) -> str:
    """The question of several gene sets."""
    named = ", ".join(sets) if len(sets) <= 6 else f"{len(sets)} gene sets"
    scored = [row for row in rows if row["n"]] or rows
    return (
        f"Which scores highest in {where_of(scored)}{_SAMPLES[rows[0]['samples']]}"
        f"{conditions_of(rows[0])}: {named}?"
    )


def answer_of_dominance(rows: Sequence[Row]) -> str:
    """Which set scores highest, on both scales, over all samples."""
    parts = []
    for scale in dict.fromkeys(row["scale"] for row in rows):
        own = [row for row in rows if row["scale"] == scale and row["n_highest"] is not None]
        counts: Counter[str] = Counter()
        for row in own:
            counts[row["set"]] += row["n_highest"]
        n = sum({row["tumor_type"]: row["n"] for row in own}.values())
        most = max(counts.values(), default=0)
        if not most:
            continue
        top = [name for name, count in counts.items() if count == most]
        each = ", each" if len(top) > 1 else ""
        parts.append(f"{' and '.join(top)}{each} in {most:,} of {n:,} samples by {scale} score")
    if not parts:
        return "No gene set has a score."
    beside = _beside_random_sets(rows)
    return f"Highest is {'; '.join(parts)}.{beside} Raw scores of different sets do not compare."


def _beside_random_sets(rows: Sequence[Row]) -> str:
    """Whether random sets' standardised scores differ as much."""
    tests = {row["tumor_type"]: row["p_genes_of_w"] for row in rows if row["p_genes_of_w"]}
    if not tests:
        return ""
    if len(tests) == 1:
        [p] = tests.values()
        no = "" if is_significant(p) else "no "
        return f" Standardised, they differ {no}more than random sets do (p_genes = {p:.2g})."
    many = sum(map(is_significant, tests.values()))
    return (
        f" Standardised, they differ more than random sets do in {many} of {len(tests)} tumor "
        f"types (p_genes < {SIGNIFICANT}; chance alone gives one in twenty)."
    )


def where_of(rows: Sequence[Row]) -> str:
    """The tumor type, or how many there are."""
    types = list(dict.fromkeys(row["tumor_type"] for row in rows))
    return str(types[0]) if len(types) == 1 else f"{len(types)} tumor types"


def finding_of_claim(row: Row) -> Finding:
    """A claim: what was published, beside what is here."""
    n = f"; n = {row['published_n']:,}" if row["published_n"] is not None else ""
    here = row["here"] if row["here"] is not None else "nothing"
    interval = f", {interval_of(row)}" if row["ci_low"] is not None else ""
    here_n = f" (n = {row['n']:,})" if row["n"] is not None else ""
    judged, _, reason = row["verdict"].partition("none: ")
    verdict = f"Verdict: {row['verdict']}" if judged else f"No verdict: {reason}"
    return Finding(
        f"Published: {row['claim']}. And here?",
        f"Published {row['published']} ({row['published_in']}{n}). Here {here}{interval}{here_n}. "
        f"{verdict}.",
    )


def interval_of(row: Row) -> str:
    """The 95 % interval, in words."""
    if row["ci_low"] is None:
        return "no interval"
    return f"95 % interval {row['ci_low']:z.2f} to {row['ci_high']:z.2f}"
