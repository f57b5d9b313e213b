"""Words of clinical tables: stages and grades in their order."""

from __future__ import annotations

from collections import Counter

import pytest

from tcga_corr.vocabulary.categories import Categories, categories


def read(title: str, *words: str) -> Categories:
    return categories(title, Counter(words))


@pytest.mark.parametrize(
    ("title", "words", "levels"),
    [
        ("x", ["Stage IIIA", "Stage I", "Stage IVB", "stage iib2"], ("I", "II", "III", "IV")),
        ("ajcc_stage", ["IIIA", "I", "IS", "Tis", "0"], ("0", "I", "III")),
        ("grade", ["G3", "G1", "High Grade", "low grade"], ("Low Grade", "G1", "G3", "High Grade")),
        ("residual_tumor", ["R2", "R0"], ("R0", "R2")),
    ],
)
def test_scales_are_in_their_order(title: str, words: list[str], levels: tuple[str, ...]) -> None:
    found = read(title, *words)
    assert (found.levels, found.ordered) == (levels, True)
    assert set(found.level_of) == set(words)


def test_what_could_not_be_assessed_is_no_level() -> None:
    found = categories("s", Counter({"Stage I": 9, "Stage IA": 3, "Stage X": 2, "I/II NOS": 1}))
    assert found.levels == ("I",)
    assert (
        found.note == "is a stage, by its main levels and has no level of I/II NOS (1), Stage X (2)"
    )


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("factor", ["I", "II"]),  # may be anything
        ("stage", ["early", "late"]),
        ("group", ["G", "H"]),
        ("gender", ["MALE", "FEMALE"]),
    ],
)
def test_other_words_have_no_order(title: str, words: list[str]) -> None:
    found = read(title, *words)
    assert (found.levels, found.ordered, found.note) == (tuple(sorted(words)), False, "")


def test_levels_that_differ_in_case_alone_are_one() -> None:
    found = categories("sex", Counter({"Male": 5, "MALE": 7, "male": 7, "Female": 9, "Not  so": 1}))
    assert found.levels == ("Female", "MALE", "Not  so")
    assert [found.level_of[word] for word in ("Male", "male", "MALE")] == ["MALE"] * 3
    assert found.note.endswith("taken as one: male, Male as MALE")
