"""What a page says in words: every way to say it, and that its numbers are those of the rows."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcga_corr.choices import SELECTIONS
from tcga_corr.exchange import finite
from tcga_corr.page import sentences
from tcga_corr.page.pairs import pair_of
from tcga_corr.vocabulary.associations import note_without_mark
from tcga_corr.vocabulary.methods import METHODS

LETTERS = {"pearson": "r", "spearman": "rho", "kendall": "tau"}
NUMBERS = ("r", "ci_low", "ci_high", "p", "q", "q_batch", "z_genes", "p_genes", "q_genes",
           "genes_low", "genes_high", "p_sets", "sets_low", "sets_high", "r_disjoint")  # fmt: skip
NOT_COMPARED = (
    "It was not compared with random genes or other pathways, which may give as much: p and q "
    "alone say that r is not 0."
)


def row(tumor_type: str = "LIHC", r: float | None = 0.5, **more: Any) -> dict[str, Any]:
    """A row of an association: that of r with a narrow interval, and q = 0.001."""
    numbers: dict[str, Any] = dict.fromkeys(NUMBERS)
    if r is not None:
        numbers |= {"r": r, "ci_low": r - 0.1, "ci_high": r + 0.1, "p": 0.0005, "q": 0.001}
    told = {"tumor_type": tumor_type, "x": "A", "y": "B", "method": "pearson", "n": 371, **numbers,
            "n_shared_genes": 0, "note": "" if r is not None else "B is constant",
            "source": "mine", "samples": "tumor", "adjust": "", "unit": "log2(tpm+1)"}  # fmt: skip
    return told | more


def pooled(r: float | None = 0.4, **more: Any) -> dict[str, Any]:
    told = {"r": r, "ci_low": 0.3, "ci_high": 0.5, "prediction_low": None, "prediction_high": None,
            "r_disjoint": None}  # fmt: skip
    return told | more


def said(*rows: dict[str, Any], told: dict[str, Any] | None = None) -> str:
    return sentences.answer_of_pair("A", "B", list(rows), told)


# --- what was asked


@pytest.mark.parametrize(
    ("types", "more", "question"),
    [
        (["LIHC"], {}, "in LIHC, by Pearson's r?"),
        (["LIHC", "ACC"], {}, "in 2 tumor types, by Pearson's r?"),
        (["LIHC"], {"adjust": "age,purity"}, "in LIHC, age,purity held fixed, by Pearson's r?"),
        (["LIHC"], {"method": "spearman"}, "in LIHC, by Spearman's rho?"),
        (["LIHC"], {"method": "kendall"}, "in LIHC, by Kendall's tau-b?"),
        (["LIHC"], {"samples": "normal"}, "in LIHC, in normal tissue, by Pearson's r?"),
        (
            ["LIHC", "ACC"],
            {"samples": "all-tumor", "adjust": "age", "method": "kendall"},
            "in 2 tumor types, in all tumour samples, age held fixed, by Kendall's tau-b?",
        ),
    ],
)
def test_the_question(types: list[str], more: dict[str, Any], question: str) -> None:
    rows = [row(one, **more) for one in types]
    assert sentences.question_of_pair("A", "B", rows) == f"Do A and B vary together {question}"


def test_every_method_and_selection_has_words() -> None:
    for method, samples in itertools.product(METHODS, SELECTIONS):
        rows = several("++", method=method, samples=samples)
        for own in (rows, rows[:1]):
            assert sentences.question_of_pair("A", "B", own)
            assert said(*own, told=pooled())


# --- no r


def test_no_r_anywhere_is_said_with_each_reason_once() -> None:
    rows = [
        row("ACC", None, note="SIMULATED; too few samples: 9, at least 10 needed"),
        row("LIHC", None, note="SIMULATED; B is constant; 4 samples without age"),
        row("UCS", None, note="B is constant"),
    ]
    assert said(*rows, told=pooled(None)) == (
        "No tumor type gives an association of A and B: too few samples: 9, at least 10 needed; "
        "B is constant; 4 samples without age."
    )


# --- one variable by two names

SAME = "x and y are the same variable"


@pytest.mark.parametrize("note", [SAME, f"SIMULATED; {SAME}", f"{SAME}; 4 samples without age"])
def test_the_same_variable_is_said_and_nothing_else(note: str) -> None:
    perfect: dict[str, Any] = {"ci_low": 1.0, "ci_high": 1.0, "note": note}
    one = row("LIHC", 1.0, n_shared_genes=9, **perfect)
    other = row("ACC", 1.0, n_shared_genes=9, **perfect)
    gene = row("LIHC", 1.0, **perfect)
    nothing = row("UCS", None)
    words = "A and B are the same variable."
    assert said(one) == said(gene) == words
    assert said(one, other, told=pooled(None)) == said(one, other, told=pooled()) == words
    assert said(one, nothing, told=pooled(None)) == f"{words} 1 tumor type has no r."
    assert said(one, other, nothing, nothing) == f"{words} 2 tumor types have no r."
    assert said(one | {"adjust": "age"}) == words


def test_what_is_the_same_in_some_tumor_types_only_is_not_said_to_be() -> None:
    one = row("ACC", 1.0, ci_low=1.0, ci_high=1.0, note=SAME)
    told = said(one, row("LIHC"))
    assert told == f"A and B rise together in 2 of 2 tumor types (q < 0.05). {NOT_COMPARED}"
    # where there is no r, there is nothing to be the same
    told = said(row("ACC", None, note=SAME), row("LIHC"))
    assert told.startswith("In LIHC (n = 371), A and B rise together")


# --- one tumor type


@pytest.mark.parametrize(
    ("r", "low", "high", "words"),
    [
        (0.4567, 0.37, 0.53, "A and B rise together: r = 0.457 (95 % interval 0.37 to 0.53)."),
        (
            -0.4567, -0.53, -0.37,
            "A and B run against each other: r = -0.457 (95 % interval -0.53 to -0.37).",
        ),
        (
            0.1, -0.02, 0.22,
            "A and B are not shown to vary together: r = 0.100 (95 % interval -0.02 to 0.22).",
        ),
        (
            -0.0001, -0.2, 0.2,
            "A and B are not shown to vary together: r = 0.000 (95 % interval -0.20 to 0.20).",
        ),
        (0.2, 0.0, 0.3, "A and B are not shown to vary together: r = 0.200 "
         "(95 % interval 0.00 to 0.30)."),
        (1.0, 1.0, 1.0, "A and B rise together: r = 1.000 (95 % interval 1.00 to 1.00)."),
        (0.3, None, None, "A and B are not shown to vary together: r = 0.300 (no interval)."),
    ],
)  # fmt: skip
def test_one_tumor_type(r: float, low: float | None, high: float | None, words: str) -> None:
    told = said(row(r=r, ci_low=low, ci_high=high, n=1_371))
    assert told == f"In LIHC (n = 1,371), {words} {NOT_COMPARED}"


@pytest.mark.parametrize(("method", "letter"), LETTERS.items())
def test_an_estimate_goes_by_its_letter(method: str, letter: str) -> None:
    sharing = {"n_shared_genes": 4, "r_disjoint": 0.1}
    assert said(row(method=method, **sharing)) == (
        f"In LIHC (n = 371), A and B rise together: {letter} = 0.500 (95 % interval 0.40 to 0.60). "
        f"Without the genes that both share, {letter} is 0.10. {NOT_COMPARED}"
    )
    rows = several("++", method=method, **sharing)
    assert said(*rows, told=pooled(r_disjoint=0.104)) == (
        f"A and B rise together in 2 of 2 tumor types (q < 0.05). The pooled {letter} is 0.40 "
        f"(95 % interval 0.30 to 0.50). Without the genes that both share, the pooled {letter} is "
        f"0.10. {NOT_COMPARED}"
    )


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ("tumor", ""),
        ("normal", ", in normal tissue"),
        ("all-tumor", ", in all tumour samples"),
    ],
)
def test_other_samples_are_said(samples: str, words: str) -> None:
    own: dict[str, Any] = {"samples": samples}
    assert said(row(**own)).startswith(f"In LIHC (n = 371){words}, A and B rise together: r = ")
    assert said(row(adjust="age", **own)).startswith(
        f"In LIHC (n = 371){words}, age held fixed, A and B rise together: r = "
    )
    every = f"{words}. {NOT_COMPARED}"
    assert said(*several("++", **own)) == (
        f"A and B rise together in 2 of 2 tumor types (q < 0.05){every}"
    )
    assert said(*several("00", **own)) == (
        f"A and B are not shown to vary together in any of 2 tumor types{every}"
    )
    assert f" (q < 0.05){words}, age held fixed. " in said(*several("++", adjust="age", **own))


def test_one_tumor_type_beside_the_null_that_is_to_be_quoted() -> None:
    assert said(row(p_genes=0.031)).endswith(
        "That stands out from random genes of the same mean and spread (p_genes = 0.031)."
    )
    assert said(row(p_genes=0.031, p_sets=0.052)).endswith(
        "That does not stand out from other pathways of like size and spread (p_sets = 0.052)."
    )
    assert said(row(p_sets=0.05)).endswith(
        "That does not stand out from other pathways of like size and spread (p_sets = 0.05)."
    )


def test_one_tumor_type_of_several_that_has_an_r() -> None:
    told = said(row("ACC", None), row("LIHC"), row("UCS", None), told=pooled(None))
    assert told.startswith("In LIHC (n = 371), A and B rise together: r = 0.500 ")
    assert told.endswith(" 2 tumor types have no r.")
    assert said(row("ACC", None), row("LIHC")).endswith(" 1 tumor type has no r.")


def test_what_is_held_fixed_is_said() -> None:
    told = said(row(adjust="age"))
    assert told.startswith("In LIHC (n = 371), age held fixed, A and B rise together")
    several = [row("ACC", adjust="age"), row("LIHC", adjust="age")]
    assert " in 2 of 2 tumor types (q < 0.05), age held fixed." in said(*several)
    assert ", age held fixed." in said(*(one | {"q": 0.9} for one in several))


RISE = "In LIHC (n = 371), A and B rise together: r = 0.500 (95 % interval 0.40 to 0.60)."


def test_one_tumor_type_without_shared_genes() -> None:
    told = said(row(n_shared_genes=4, r_disjoint=-0.17))
    assert told == f"{RISE} Without the genes that both share, r is -0.17. {NOT_COMPARED}"
    assert said(row(n_shared_genes=4, r_disjoint=0.503)) == f"{RISE} {NOT_COMPARED}"
    # of what is not there is nothing to compare
    told = said(row(n_shared_genes=9))
    assert told == f"{RISE} They share genes, and without these there is no r."


def test_the_null_is_about_what_is_left_without_shared_genes() -> None:
    apart = f"{RISE} Without the genes that both share, r is 0.10, which"
    sharing: dict[str, Any] = {"n_shared_genes": 4, "r_disjoint": 0.1}
    assert said(row(p_sets=0.052, **sharing)) == (
        f"{apart} does not stand out from other pathways of like size and spread (p_sets = 0.052)."
    )
    assert said(row(p_genes=0.002, **sharing)) == (
        f"{apart} stands out from random genes of the same mean and spread (p_genes = 0.002)."
    )
    # of about the same r both are said at once
    assert said(row(p_genes=0.002, n_shared_genes=4, r_disjoint=0.503)) == (
        f"{RISE} That stands out from random genes of the same mean and spread (p_genes = 0.002)."
    )
    told = said(row("ACC", None), row(p_genes=0.002, **sharing))
    assert told.endswith(" (p_genes = 0.002). 1 tumor type has no r.")


# --- several tumor types


def several(*places: str, **more: Any) -> list[dict[str, Any]]:
    """Rows by what they are: +, - (q < 0.05), 0 (unclear) and x (no r)."""
    kinds: dict[str, dict[str, Any]] = {
        "+": {"r": 0.5}, "-": {"r": -0.5}, "0": {"r": 0.4, "q": 0.2}, "x": {"r": None},
    }  # fmt: skip
    return [row(f"T{place}", **(kinds[one] | more)) for place, one in enumerate("".join(places))]


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ("++0", "A and B rise together in 2 of 3 tumor types (q < 0.05)."),
        ("-0", "A and B run against each other in 1 of 2 tumor types (q < 0.05)."),
        (
            "++-0",
            "A and B rise together in 2 of 4 tumor types and run against each other in 1 (q < "
            "0.05).",
        ),
        ("000", "A and B are not shown to vary together in any of 3 tumor types."),
        ("+x+", "A and B rise together in 2 of 2 tumor types (q < 0.05)."),
    ],
)
def test_over_tumor_types(places: str, words: str) -> None:
    told = said(*several(places))
    left = " 1 tumor type has no r." if "x" in places else ""
    assert told == f"{words} {NOT_COMPARED}{left}"


@pytest.mark.parametrize(
    ("z", "words"),
    [
        (
            (3.0, 2.5, -4.0, 9.0),
            "A and B have a higher r than random genes of the same mean and spread in 2 of 4 tumor "
            "types and a lower one in 1 (q_genes < 0.05).",
        ),
        (
            (-3.0, -2.5, -4.0, 1.0),
            "A and B have a lower r than random genes of the same mean and spread in 3 of 4 tumor "
            "types (q_genes < 0.05).",
        ),
    ],
)
def test_over_tumor_types_that_are_compared_with_random_genes(
    z: tuple[float, ...], words: str
) -> None:
    q = (0.01, 0.02, 0.03, 0.2)
    rows = [
        row(f"T{place}", z_genes=z, q_genes=q, p_genes=q / 2)
        for place, (z, q) in enumerate(zip(z, q, strict=True))
    ]
    assert said(*rows) == words
    sharing = [one | {"n_shared_genes": 3, "r_disjoint": 0.4} for one in rows]
    assert said(*sharing).startswith(f"Without shared genes, {words}")
    clear = said(*(one | {"q_genes": 0.3} for one in rows))
    assert clear == (
        "A and B are not shown to differ from random genes of the same mean and spread in any of 4 "
        "tumor types."
    )
    assert said(*(one | {"p_sets": 0.2} for one in rows)).endswith(
        "It stands out from other pathways of like size and spread in 0 of 4 (p_sets < 0.05; "
        "chance alone gives one in twenty)."
    )
    assert "in 2 of 3 tumor types" in said(
        row(q_genes=0.01, z_genes=2.0), row(q_genes=0.02, z_genes=3.0),
        row(q_genes=0.5, z_genes=0.1), row(),
    )  # fmt: skip


def test_r_of_zero_neither_rises_nor_falls() -> None:
    rows = [row("ACC", 0.0), row("LIHC", 0.0)]
    assert said(*rows).startswith("A and B are not shown to vary together in any of 2")


def test_q_is_small_below_and_not_at_the_limit() -> None:
    assert "in any of 2" in said(*several("++", q=0.05))
    assert "rise together in 2 of 2" in said(*several("++", q=0.0499))
    assert "in any of 2" in said(*several("++", q=None))


def test_the_pooled_r_with_and_without_a_prediction() -> None:
    rows = several("++")
    assert " The pooled r is 0.40 (95 % interval 0.30 to 0.50). It was" in said(
        *rows, told=pooled()
    )
    told = said(*rows, told=pooled(-0.001, prediction_low=-0.204, prediction_high=0.806))
    assert (
        " The pooled r is 0.00 (95 % interval 0.30 to 0.50); one more tumor type is expected "
        "between -0.20 and 0.81 (95 %). It was"
    ) in told
    for nothing in (None, pooled(None)):
        assert "pooled" not in said(*rows, told=nothing)
    assert "(no interval)" in said(*rows, told=pooled(ci_low=None, ci_high=None))


def test_pathways_are_quoted_before_genes_of_the_rows_that_have_them() -> None:
    rows = several("++++")
    for one, p_genes, p_sets in zip(rows, (0.01, 0.02, 0.9, None), (0.04, None, 0.05, 0.2),
                                    strict=True):  # fmt: skip
        one |= {"p_genes": p_genes, "p_sets": p_sets}
    told = said(*rows)
    assert told.endswith(
        " (q < 0.05). It stands out from other pathways of like size and spread in 1 of 3 (p_sets "
        "< 0.05; chance alone gives one in twenty)."
    )
    assert "p_genes" not in told
    without = said(*(one | {"p_sets": None} for one in rows))
    assert without.endswith(
        " (q < 0.05). It stands out from random genes of the same mean and spread in 2 of 3 "
        "(p_genes < 0.05; chance alone gives one in twenty)."
    )
    assert sentences.SIGNIFICANT == 1 / 20


def test_the_null_over_tumor_types_is_about_what_is_left_without_shared_genes() -> None:
    stands = "tands out from other pathways of like size and spread in "
    apart, whole = f" Without shared genes it s{stands}", f" It s{stands}"
    sharing: dict[str, Any] = {"n_shared_genes": 3, "r_disjoint": 0.1}
    told = said(*several("++", p_sets=0.01, **sharing), told=pooled(r_disjoint=0.1))
    assert told.endswith(
        f" Without the genes that both share, the pooled r is 0.10.{apart}2 of 2 (p_sets < 0.05; "
        "chance alone gives one in twenty)."
    )
    # shared in one tumor type, as tables have not the same genes
    one, other = several("++", p_sets=0.01)
    assert apart in said(one, other | sharing)
    for of_other in ({"n_shared_genes": 3}, {"r_disjoint": 0.1}, sharing | {"p_sets": None}):
        assert whole in said(one, other | of_other)


def test_a_null_of_rows_without_r_is_not_counted() -> None:
    rows = [*several("++", p_sets=0.01), row("UCS", None, p_sets=0.01)]
    told = said(*rows)
    assert " in 2 of 2 (p_sets < 0.05; chance alone gives one in twenty). 1 tumor type has" in told


def test_the_pooled_r_without_shared_genes_where_it_is_another() -> None:
    rows = several("++", n_shared_genes=3, r_disjoint=0.1)
    told = said(*rows, told=pooled(r_disjoint=0.104))
    assert told.endswith(
        f" Without the genes that both share, the pooled r is 0.10. {NOT_COMPARED}"
    )
    assert "share" not in said(*several("++"), told=pooled(r_disjoint=0.4049))
    assert "share" not in said(*several("++"), told=pooled(r_disjoint=None))
    nothing_left = several("++", n_shared_genes=3)
    assert said(*nothing_left, told=pooled()).endswith(
        " (95 % interval 0.30 to 0.50). They share genes, and without these there is no r."
    )
    # nothing is pooled, and of no row there is anything to compare
    assert said(*nothing_left).endswith(" in 2 of 2 tumor types (q < 0.05).")


@pytest.mark.parametrize("r", [0.4, None])
def test_what_some_tumor_types_have_without_shared_genes_is_not_said_to_be_lacking(
    r: float | None,
) -> None:
    one, other = several("++", n_shared_genes=3)
    has = other | {"r_disjoint": 0.1}
    told = said(one, has, told=pooled(r))
    assert "without these" not in told
    assert told.endswith(NOT_COMPARED)
    told = said(one, has | {"p_genes": 0.2}, told=pooled(r))
    assert "without these" not in told
    assert " Without shared genes it stands out from random genes of the same " in told
    assert " in 0 of 1 (p_genes < 0.05; " in told
    # another that shares none is compared
    told = said(one, other | {"n_shared_genes": 0}, told=pooled(r))
    assert told.endswith(f"They share genes, and without these there is no r. {NOT_COMPARED}")


# --- any rows

some_r = st.one_of(st.none(), st.just(math.nan), st.floats(-1, 1))
some_p = st.one_of(st.none(), st.just(math.nan), st.floats(0, 1))
some_ends = st.one_of(st.none(), st.tuples(st.floats(-1, 1), st.floats(-1, 1)))


@st.composite
def some_rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    method, samples = draw(st.sampled_from(list(METHODS))), draw(st.sampled_from(SELECTIONS))
    for place in range(draw(st.integers(1, 8))):
        r = draw(some_r)
        has_r = r is not None and not math.isnan(r)
        low, high = sorted((draw(st.floats(-1, 1)), draw(st.floats(-1, 1)))) if has_r else (r, r)
        one = row(
            f"T{place}", r, ci_low=low, ci_high=high, method=method, samples=samples,
            n=draw(st.integers(0, 10_000)), q=draw(some_p), p_genes=draw(some_p),
            p_sets=draw(some_p), r_disjoint=draw(some_r),
            n_shared_genes=draw(st.sampled_from([None, 0, 5])),
            note=draw(st.sampled_from(["", "SIMULATED", "SIMULATED; too few"])),
        )  # fmt: skip
        # the nulls are about it
        if one["n_shared_genes"] and (one["r_disjoint"] is None or math.isnan(one["r_disjoint"])):
            one |= {"p_genes": None, "p_sets": None}
        rows.append(one)
    return rows


@st.composite
def some_pooled(draw: st.DrawFn) -> dict[str, Any] | None:
    if draw(st.booleans()):
        return None
    told = {name: draw(some_r) for name in ("r", "r_disjoint")}
    for name in ("ci", "prediction"):
        low, high = sorted(draw(some_ends) or ()) or (None, None)
        told |= {f"{name}_low": low, f"{name}_high": high}
    return told


def is_small(p: float | None) -> bool:
    return p is not None and p < 0.05


@given(rows=some_rows(), told=some_pooled())
def test_of_any_rows_the_counts_are_right(
    rows: list[dict[str, Any]], told: dict[str, Any] | None
) -> None:
    rows, told = finite(rows), finite(told)
    text = sentences.answer_of_pair("A", "B", rows, told)
    having = [one for one in rows if one["r"] is not None]
    lacking = len(rows) - len(having)
    assert (f"{lacking} tumor type" in text) == bool(having and lacking)
    assert not re.search(r"nan|None\b|-0\.0+\b(?!\d)", text)
    if not having:
        assert text.startswith("No tumor type gives an association of A and B: ")
        return
    name = next(
        (name for name in ("p_sets", "p_genes") if any(one[name] is not None for one in having)), ""
    )
    lacks = [bool(one["n_shared_genes"]) and one["r_disjoint"] is None for one in having]
    assert (NOT_COMPARED in text) == (not name and not all(lacks))
    letter = LETTERS[rows[0]["method"]]
    which = {
        "tumor": "",
        "normal": ", in normal tissue",
        "all-tumor": ", in all tumour samples",
        "gtex": ", in normal tissue of GTEx",
    }[rows[0]["samples"]]
    if len(having) == 1:
        one = having[0]
        assert text.startswith(f"In {one['tumor_type']} (n = {one['n']:,}){which}, A and B ")
        assert f": {letter} = {one['r']:z.3f} (95 % interval {one['ci_low']:z.2f} to " in text
        assert ("They share genes, and without these" in text) == lacks[0]
        told_apart = one["r_disjoint"] is not None and abs(one["r_disjoint"] - one["r"]) >= 0.005
        assert (f", {letter} is {one['r_disjoint'] or 0:z.2f}" in text) == told_apart
        goes_on = re.search(", which (stands|does not stand) out from ", text)
        assert bool(goes_on) == (told_apart and bool(name))
        assert (" That " in text) == (not told_apart and bool(name))
        rises = "rise together" in text
        assert rises == (not one["ci_low"] <= 0 <= one["ci_high"] and one["r"] > 0)
        if name:
            assert (" stands out" in text) == is_small(one[name])
        return
    rising = sum(is_small(one["q"]) and one["r"] > 0 for one in having)
    falling = sum(is_small(one["q"]) and one["r"] < 0 for one in having)
    found = re.search(r"rise together in (\d+) of (\d+) ", text)
    assert (found and found.groups()) == ((str(rising), str(len(having))) if rising else None)
    found = re.search(r"against each other in (\d+)", text)
    assert (found and found[1]) == (str(falling) if falling else None)
    assert (f"in any of {len(having)} tumor types" in text) == (not rising and not falling)
    if name:
        beyond = sum(is_small(one[name]) for one in having)
        known = sum(one[name] is not None for one in having)
        assert f" in {beyond} of {known} ({name} < 0.05; chance alone gives one in twenty)." in text
        apart = any(one["n_shared_genes"] and one[name] is not None for one in having)
        assert ("Without shared genes it stands out" in text) == apart
        assert (" It stands out" in text) == (not apart)
    if told and told["r"] is not None:
        assert f"The pooled {letter} is {told['r']:z.2f} (" in text
    sharing = [one for one in having if one["n_shared_genes"]]
    nothing_left = told and told["r_disjoint"] is None and sharing and sum(lacks) == len(sharing)
    assert ("They share genes, and without these" in text) == bool(nothing_left)


@given(rows=some_rows(), told=some_pooled())
def test_any_rows_make_a_pair(rows: list[dict[str, Any]], told: dict[str, Any] | None) -> None:
    rows, told = finite(rows), finite(told)
    pair = pair_of(rows, told, {"A": "set"})
    assert pair.rows == [{**row, "why": note_without_mark(row["note"])} for row in rows]
    assert pair.pooled == told
    given = [one["n"] for one in rows if one["r"] is not None]
    kinds = "type" if len(given) == 1 else "types"
    assert pair.about == (
        f"{rows[0]['method']}; mine, log2(tpm+1); {rows[0]['samples']} samples, "
        f"n = {sum(given):,} in {len(given)} tumor {kinds}"
    )
    assert (pair.x_axis, pair.y_axis) == ("A, ssGSEA score", "B, log2(tpm+1)")


def test_axes_of_an_adjusted_pair() -> None:
    pair = pair_of([row(adjust="age")], None, {"A": "covariate"})
    assert pair.x_axis == "A, adjusted for age"
    assert pair.y_axis == "B, log2(tpm+1), adjusted for age"
    assert pair.about.startswith("pearson, adjusted for age; mine")


# --- dominance


def dominance(
    *told: tuple[str, str, str, int, int | None], p: Mapping[str, float] = MappingProxyType({})
) -> list[dict[str, Any]]:
    names = ("tumor_type", "scale", "set", "n", "n_highest")
    rows = [dict(zip(names, one, strict=True)) for one in told]
    return [
        {**row, "samples": "tumor",
         "p_genes_of_w": p.get(row["tumor_type"]) if row["scale"] == "standardised" else None}
        for row in rows
    ]  # fmt: skip


def test_whether_sets_are_told_apart_from_random_ones() -> None:
    told = [(one, "standardised", "A", 20, 20) for one in ("ACC", "LIHC")]
    one = sentences.answer_of_dominance(dominance(told[0], p={"ACC": 0.592}))
    assert "they differ no more than random sets do (p_genes = 0.59)." in one
    assert (
        "they differ more than random sets do (p_genes = 0.01)."
        in sentences.answer_of_dominance(dominance(told[0], p={"ACC": 0.01}))
    )
    two = sentences.answer_of_dominance(dominance(*told, p={"ACC": 0.592, "LIHC": 0.01}))
    assert "they differ more than random sets do in 1 of 2 tumor types (p_genes < 0.05" in two
    assert "random" not in sentences.answer_of_dominance(dominance(*told))


def test_tumor_types_without_samples_are_not_among_those_asked_of() -> None:
    rows = dominance(("ACC", "raw", "A", 0, None), ("BRCA", "raw", "A", 50, 49))
    normal = [{**row, "samples": "normal"} for row in rows]
    assert sentences.question_of_dominance(normal, ["A", "B"]) == (
        "Which scores highest in BRCA, in normal tissue: A, B?"
    )


def test_which_set_scores_highest_is_counted_over_tumor_types() -> None:
    rows = dominance(
        ("ACC", "raw", "A", 79, 50), ("ACC", "raw", "B", 79, 29),
        ("LIHC", "raw", "A", 1_000, 100), ("LIHC", "raw", "B", 1_000, 900),
        ("LIHC", "standardised", "A", 1_000, 999), ("LIHC", "standardised", "B", 1_000, 1),
    )  # fmt: skip
    assert sentences.answer_of_dominance(rows) == (
        "Highest is B in 929 of 1,079 samples by raw score; A in 999 of 1,000 samples by "
        "standardised score. Raw scores of different sets do not compare."
    )
    assert sentences.question_of_dominance(rows, ["A", "B"]) == (
        "Which scores highest in 2 tumor types: A, B?"
    )
    assert sentences.question_of_dominance(rows[:2], ["S"] * 7) == (
        "Which scores highest in ACC: 7 gene sets?"
    )


def test_sets_that_tie_are_all_named() -> None:
    rows = dominance(("ACC", "raw", "A", 20, 10), ("ACC", "raw", "B", 20, 10),
                     ("ACC", "raw", "C", 20, 0))  # fmt: skip
    assert sentences.answer_of_dominance(rows) == (
        "Highest is A and B, each in 10 of 20 samples by raw score. Raw scores of different sets "
        "do not compare."
    )


@pytest.mark.parametrize(
    "rows",
    [
        [],
        dominance(("ACC", "raw", "A", 20, None), ("ACC", "standardised", "A", 20, None)),
        dominance(("ACC", "raw", "A", 0, 0), ("ACC", "raw", "B", 0, 0)),
        dominance(("ACC", "raw", "A", 20, 0)),
    ],
)
def test_no_set_scores_highest_where_none_has_a_score(rows: list[dict[str, Any]]) -> None:
    assert sentences.answer_of_dominance(rows) == "No gene set has a score."


def test_samples_of_a_set_without_a_score_are_counted_once() -> None:
    rows = dominance(("ACC", "raw", "A", 20, 20), ("ACC", "raw", "B", 20, None))
    assert "A in 20 of 20 samples" in sentences.answer_of_dominance(rows)


# --- claims

CLAIM = {
    "claim": "they go together", "published": "0.5", "published_n": 1_371,
    "published_in": "a paper", "here": "0.457", "ci_low": 0.37, "ci_high": 0.53, "n": 1_300,
    "verdict": "outside",
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "(a paper; n = 1,371). Here 0.457, 95 % interval 0.37 to 0.53 (n = 1,300). Verdict: "
         "outside."),
        ({"published_n": None}, "(a paper). Here 0.457, 95 % interval 0.37 to 0.53 (n = 1,300). "
         "Verdict: outside."),
        ({"ci_low": None, "ci_high": None}, "(a paper; n = 1,371). Here 0.457 (n = 1,300). "
         "Verdict: outside."),
        (
            {"here": None, "ci_low": None, "ci_high": None, "n": None,
             "verdict": "none: no such row"},
            "(a paper; n = 1,371). Here nothing. No verdict: no such row.",
        ),
        ({"verdict": "none: 9 samples here, 31 published"}, "(a paper; n = 1,371). Here 0.457, "
         "95 % interval 0.37 to 0.53 (n = 1,300). No verdict: 9 samples here, 31 published."),
    ],
)  # fmt: skip
def test_a_claim_beside_what_is_here(more: dict[str, Any], words: str) -> None:
    found = sentences.finding_of_claim(CLAIM | more)
    assert found.question == "Published: they go together. And here?"
    assert found.answer == f"Published 0.5 {words}"
