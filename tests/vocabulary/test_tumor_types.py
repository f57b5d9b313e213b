"""The 33 tumor types: which there are, what is refused, which sample types are their tumour."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tcga_corr.errors import UsageError
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES, UNIONS, parse_tumor_type, types_of_words


def test_there_are_33_in_alphabetic_order() -> None:
    assert len(TUMOR_TYPES) == 33
    assert list(TUMOR_TYPES) == sorted(TUMOR_TYPES)
    assert next(iter(TUMOR_TYPES)) == "ACC"
    assert next(reversed(TUMOR_TYPES)) == "UVM"
    for abbreviation, tumor_type in TUMOR_TYPES.items():
        assert tumor_type.abbreviation == abbreviation
    assert len({tumor_type.name for tumor_type in TUMOR_TYPES.values()}) == 33


@pytest.mark.shared
def test_they_are_those_of_the_hubs(shared: Path) -> None:
    with (shared / "hub" / "sample_counts_33_tumor_types.csv").open(newline="") as handle:
        of_hub = {row["c"] for row in csv.DictReader(handle)}
    assert of_hub - set(UNIONS) == set(TUMOR_TYPES)


@pytest.mark.parametrize("text", ["GBM", "gbm", " Gbm ", "TCGA-GBM", "tcga-gbm"])
def test_spellings(text: str) -> None:
    assert parse_tumor_type(text) is TUMOR_TYPES["GBM"]


@pytest.mark.parametrize("union", ["COADREAD", "GBMLGG", "LUNG", "KIPAN", "STES", "coadread"])
def test_unions_are_refused_with_their_parts(union: str) -> None:
    parts = UNIONS[union.upper()]
    assert set(parts) <= set(TUMOR_TYPES)
    with pytest.raises(UsageError, match="is a union of") as refused:
        parse_tumor_type(union)
    assert all(part in str(refused.value) for part in parts)


def test_no_union_is_a_tumor_type() -> None:
    assert set(UNIONS) == {"COADREAD", "GBMLGG", "LUNG", "KIPAN", "STES"}
    assert not set(UNIONS) & set(TUMOR_TYPES)


@pytest.mark.parametrize(("wrong", "near"), [("BRAC", "BRCA"), ("LUADD", "LUAD"), ("skmc", "SKCM")])
def test_a_slip_is_answered_by_near_names(wrong: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"unknown tumor type '{wrong}'") as refused:
        parse_tumor_type(wrong)
    assert near in refused.value.remedy


@pytest.mark.parametrize("wrong", ["", "TCGA-", "QQQQQQ", "TARGET-AML"])
def test_anything_else_is_refused_with_a_remedy(wrong: str) -> None:
    with pytest.raises(UsageError, match="unknown tumor type") as refused:
        parse_tumor_type(wrong)
    assert refused.value.remedy


def test_tumour_sample_types() -> None:
    special = {"LAML": ("03",), "SKCM": ("01", "06")}
    for abbreviation, tumor_type in TUMOR_TYPES.items():
        assert tumor_type.tumor_codes == special.get(abbreviation, ("01",))


@pytest.mark.parametrize(
    ("words", "types"),
    [
        ("liver", ["LIHC"]),
        ("Liver cancer", ["LIHC"]),
        ("ovary", ["OV"]),
        ("ovarian", ["OV"]),
        ("cervix", ["CESC"]),
        ("stomach adenocarcinoma", ["STAD"]),
        ("lung squamous", ["LUSC"]),
        ("lung", ["LUAD", "LUSC"]),
        ("renal", ["KICH", "KIRC", "KIRP"]),
        ("Kidney renal clear cell carcinoma", ["KIRC"]),
        ("sarcoma", ["SARC"]),
        ("leukaemia", ["LAML"]),
        ("oesophagus", ["ESCA"]),
        ("thymus", ["THYM"]),
        ("thyroid", ["THCA"]),
        ("prostate", ["PRAD"]),
        ("pancreas", ["PAAD"]),
        ("carcinoma", []),
        ("heart", []),
        ("LICH", []),
    ],
)
def test_types_of_organs_and_diseases(words: str, types: list[str]) -> None:
    assert [one.abbreviation for one in types_of_words(words)] == types


def test_every_name_is_its_type() -> None:
    for one in TUMOR_TYPES.values():
        assert parse_tumor_type(one.name) == one


def test_a_word_of_several_types_names_them() -> None:
    with pytest.raises(UsageError, match=r"Say GBM \(Glioblastoma multiforme\) or LGG \("):
        parse_tumor_type("brain")
