"""What was found, in a sentence made from the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tcga_corr.page.parts import Finding, Row
from tcga_corr.vocabulary.associations import SIGNIFICANT

_NULLS = {
    "p_sets": "other pathways of the same size",
    "p_genes": "random genes of the same expression",
}


_ESTIMATES = {
    "pearson": ("Pearson's r", "r"),
    "spearman": ("Spearman's rho", "rho"),
    "kendall": ("Kendall's tau-b", "tau"),
}
_SAMPLES = {"tumor": "", "normal": ", in normal tissue", "all-tumor": ", in all tumour samples"}
_SAME = "x and y are the same variable"


def question(x: str, y: str, rows: Sequence[Row]) -> str:
    """What was asked of a pair."""
    first = rows[0]
    held = f", {first['adjust']} held fixed" if first["adjust"] else ""
    by, _ = _ESTIMATES[first["method"]]
    which = _SAMPLES[first["samples"]]
    return f"Do {x} and {y} vary together in {_where(rows)}{which}{held}, by {by}?"


def of_pair(x: str, y: str, rows: Sequence[Row], pooled: Row | None, adjust: str = "") -> str:
    """How x and y vary together over the tumor types that have an r."""
    given = [row for row in rows if row["r"] is not None]
    held = f", {adjust} held fixed" if adjust else ""
    if not given:
        notes = (one for row in rows for one in (row["note"] or "").split("; "))
        whys = "; ".join(dict.fromkeys(one for one in notes if one not in ("", "SIMULATED")))
        return f"No tumor type gives an association of {x} and {y}: {whys or 'there are no rows'}."
    if all(_SAME in (row["note"] or "") for row in given):
        return f"{x} and {y} are the same variable." + _left_out(rows, given)
    _, letter = _ESTIMATES[rows[0]["method"]]
    held = _SAMPLES[rows[0]["samples"]] + held
    if len(given) == 1:
        return _in_one(x, y, given[0], held, letter) + _left_out(rows, given)
    rising = [row for row in given if _is_small(row["q"]) and row["r"] > 0]
    falling = [row for row in given if _is_small(row["q"]) and row["r"] < 0]
    parts = [_over_types(x, y, len(rising), len(falling), len(given), held)]
    if pooled is not None and pooled["r"] is not None:
        told = f"The pooled {letter} is {pooled['r']:z.2f} ({_interval(pooled)})"
        if pooled.get("prediction_low") is not None:
            told += (
                f"; one more tumor type is expected between {pooled['prediction_low']:z.2f} and "
                f"{pooled['prediction_high']:z.2f} (95 %)"
            )
        parts.append(f"{told}.")
    parts.append(_apart(given, pooled, f"the pooled {letter}"))
    parts.append(_beside_null(given))
    return " ".join(part for part in parts if part) + _left_out(rows, given)


def _over_types(x: str, y: str, rising: int, falling: int, n: int, held: str) -> str:
    if not rising and not falling:
        return f"{x} and {y} are not shown to vary together in any of {n} tumor types{held}."
    if rising and falling:
        return (
            f"{x} and {y} rise together in {rising} of {n} tumor types and run against each other "
            f"in {falling} (q < {SIGNIFICANT}){held}."
        )
    how = "rise together" if rising else "run against each other"
    return f"{x} and {y} {how} in {rising or falling} of {n} tumor types (q < {SIGNIFICANT}){held}."


def _in_one(x: str, y: str, row: Row, held: str, letter: str) -> str:
    there = f"In {row['tumor_type']} (n = {row['n']:,}){held}"
    estimate = f"{letter} = {row['r']:z.3f} ({_interval(row)})"
    if row["ci_low"] is None or row["ci_low"] <= 0 <= row["ci_high"]:
        told = f"{there}, {x} and {y} are not shown to vary together: {estimate}."
    else:
        how = "rise together" if row["r"] > 0 else "run against each other"
        told = f"{there}, {x} and {y} {how}: {estimate}."
    apart = _apart([row], row, letter)
    name = _quoted([row])
    if not name:
        return " ".join(one for one in (told, apart, _not_compared([row])) if one)
    stands = "stands out" if _is_small(row[name]) else "does not stand out"
    found = f"{stands} from {_NULLS[name]} ({name} = {row[name]:.2g})."
    return f"{told} {apart[:-1]}, which {found}" if apart else f"{told} That {found}"


NOT_COMPARED = (
    "It was not compared with random genes or other pathways, which may give as much: p and q "
    "alone say that r is not 0."
)


def _not_compared(given: Sequence[Row]) -> str:
    """That there is no null; of what is nothing without shared genes there can be none."""
    can_be = any(not row["n_shared_genes"] or row["r_disjoint"] is not None for row in given)
    return NOT_COMPARED if can_be else ""


def _beside_null(given: Sequence[Row]) -> str:
    name = _quoted(given)
    if not name:
        return _not_compared(given)
    known = [row for row in given if row[name] is not None]
    beyond = sum(_is_small(row[name]) for row in known)
    apart = any(row["n_shared_genes"] and row["r_disjoint"] is not None for row in known)
    what = "Without shared genes it" if apart else "It"
    return (
        f"{what} stands out from {_NULLS[name]} in {beyond} of {len(known)} "
        f"({name} < {SIGNIFICANT}; chance alone gives one in twenty)."
    )


def _quoted(rows: Iterable[Row]) -> str:
    """The p-value that is to be quoted: that of pathways where there is one."""
    rows = list(rows)
    return next((name for name in _NULLS if any(row[name] is not None for row in rows)), "")


def _apart(given: Sequence[Row], told: Row | None, name: str) -> str:
    """What is left without the genes that both share, where that is not the same."""
    if told is None:
        return ""
    r, apart = told["r"], told.get("r_disjoint")
    if apart is None:
        sharing = [row for row in given if row["n_shared_genes"]]
        has_none = all(row["r_disjoint"] is None for row in sharing)
        lacking = "They share genes, and without these there is no r."
        return lacking if sharing and has_none else ""
    if r is not None and abs(apart - r) < 0.005:
        return ""
    return f"Without the genes that both share, {name} is {apart:z.2f}."


def _left_out(rows: Sequence[Row], given: Sequence[Row]) -> str:
    lacking = len(rows) - len(given)
    if not lacking:
        return ""
    return f" {lacking} tumor type{'s have' if lacking > 1 else ' has'} no r."


def question_of_dominance(rows: Sequence[Row], sets: Sequence[str]) -> str:
    """What was asked of gene sets."""
    named = ", ".join(sets) if len(sets) <= 6 else f"{len(sets)} gene sets"
    having = [row for row in rows if row["n"]] or rows
    return f"Which scores highest in {_where(having)}{_SAMPLES[rows[0]['samples']]}: {named}?"


def of_dominance(rows: Sequence[Row]) -> str:
    """Which set scores highest, on both scales, over all samples."""
    told = []
    for scale in dict.fromkeys(row["scale"] for row in rows):
        own = [row for row in rows if row["scale"] == scale and row["n_highest"] is not None]
        counts: dict[str, int] = {}
        for row in own:
            counts[row["set"]] = counts.get(row["set"], 0) + row["n_highest"]
        n = sum({row["tumor_type"]: row["n"] for row in own}.values())
        most = max(counts.values(), default=0)
        if not most:
            continue
        top = [name for name, count in counts.items() if count == most]
        each = ", each" if len(top) > 1 else ""
        told.append(f"{' and '.join(top)}{each} in {most:,} of {n:,} samples by {scale} score")
    if not told:
        return "No gene set has a score."
    apart = _told_apart(rows)
    return f"Highest is {'; '.join(told)}.{apart} Raw scores of different sets do not compare."


def _told_apart(rows: Sequence[Row]) -> str:
    """Whether random sets' standardised scores differ as much."""
    tests = {row["tumor_type"]: row["p_genes_of_w"] for row in rows if row["p_genes_of_w"]}
    if not tests:
        return ""
    if len(tests) == 1:
        [p] = tests.values()
        no = "" if _is_small(p) else "no "
        return f" Standardised, they differ {no}more than random sets do (p_genes = {p:.2g})."
    many = sum(map(_is_small, tests.values()))
    return (
        f" Standardised, they differ more than random sets do in {many} of {len(tests)} tumor "
        f"types (p_genes < {SIGNIFICANT}; chance alone gives one in twenty)."
    )


def _where(rows: Sequence[Row]) -> str:
    types = list(dict.fromkeys(row["tumor_type"] for row in rows))
    return str(types[0]) if len(types) == 1 else f"{len(types)} tumor types"


def of_claim(row: Row) -> Finding:
    """What was published, beside what is here."""
    n = f"; n = {row['published_n']:,}" if row["published_n"] is not None else ""
    here = row["here"] if row["here"] is not None else "nothing"
    interval = f", {_interval(row)}" if row["ci_low"] is not None else ""
    here_n = f" (n = {row['n']:,})" if row["n"] is not None else ""
    none, _, why = row["verdict"].partition("none: ")
    verdict = f"Verdict: {row['verdict']}" if none else f"No verdict: {why}"
    return Finding(
        f"Published: {row['claim']}. And here?",
        f"Published {row['published']} ({row['published_in']}{n}). Here {here}{interval}{here_n}. "
        f"{verdict}.",
    )


def _interval(row: Row) -> str:
    if row["ci_low"] is None:
        return "no interval"
    return f"95 % interval {row['ci_low']:z.2f} to {row['ci_high']:z.2f}"


def _is_small(p: float | None) -> bool:
    return p is not None and p < SIGNIFICANT
