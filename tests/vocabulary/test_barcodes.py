"""Barcodes, and the rule that takes one sample per patient."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tcga_corr.choices import SELECTIONS as ALL_SELECTIONS
from tcga_corr.vocabulary.barcodes import Barcode, parse_barcode, select_samples
from tcga_corr.vocabulary.paraffin import is_known_paraffin
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

SELECTIONS = tuple(name for name in ALL_SELECTIONS if name != "gtex")  # has no TCGA barcodes

ALIQUOT = "TCGA-OR-A5J1-01A-11R-A29S-07"
PATIENT = "TCGA-OR-A5J1"


def parsed(text: str) -> Barcode:
    barcode = parse_barcode(text)
    assert barcode is not None
    return barcode


def taken(texts: Sequence[str], tumor_type: str = "ACC", selection: str = "tumor") -> list[str]:
    chosen = select_samples([parsed(text) for text in texts], TUMOR_TYPES[tumor_type])
    return [texts[position] for position in chosen.columns[selection]]


def reasons(texts: Sequence[str], tumor_type: str = "ACC", selection: str = "tumor") -> list[str]:
    chosen = select_samples([parsed(text) for text in texts], TUMOR_TYPES[tumor_type])
    return [reason for _, reason in sorted(chosen.reasons[selection].items())]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (ALIQUOT[:15], ("", "", "")),
        (ALIQUOT[:16], ("A", "", "")),
        (ALIQUOT[:19], ("A", "", "")),
        (ALIQUOT[:20], ("A", "R", "")),
        (ALIQUOT[:25], ("A", "R", "A29S")),
        (ALIQUOT, ("A", "R", "A29S")),
    ],
)
def test_parts_of_each_length(text: str, parts: tuple[str, str, str]) -> None:
    assert parsed(text) == Barcode(text, PATIENT, "01", *parts)
    assert parsed(text).sample == ALIQUOT[:15]


@pytest.mark.parametrize(
    "text",
    [
        ALIQUOT.replace("-", "."),
        ALIQUOT.replace("-", "_"),
        ALIQUOT.replace("-", "\u2013"),
        ALIQUOT.lower(),
        f" {ALIQUOT}\n",
        ALIQUOT.title(),
        f"LIHC_{ALIQUOT}",
        f"{ALIQUOT}.bam",
        f"x/TCGA-LIHC/TCGA_OR_A5J1/{ALIQUOT}_6b6f1d3e-1111-2222-3333-123456789abc",
        f"{ALIQUOT}.1",
    ],
)
def test_other_spellings_of_the_same(text: str) -> None:
    assert parsed(text) == parsed(ALIQUOT)


names_around = st.text("abz09", max_size=6)


@given(
    st.sampled_from([ALIQUOT, ALIQUOT[:15], ALIQUOT[:16], ALIQUOT[:20]]),
    st.sampled_from("-_. "),
    st.booleans(),
    names_around,
    names_around,
)
def test_a_barcode_is_read_out_of_any_name(
    text: str, mark: str, lower: bool, before: str, after: str
) -> None:
    """With other text set apart; what follows may be read as its portion, analyte and plate."""
    written = text.replace("-", mark)
    name = f"{before}|{written.lower() if lower else written}|{after}"
    assert parsed(name) == parsed(text)
    assert parsed(name).sample == ALIQUOT[:15]


@pytest.mark.parametrize(
    "text",
    [
        PATIENT,
        PATIENT.lower().replace("-", "_"),
        f"ACC_{PATIENT}",
        f"{PATIENT}.txt",
        f"{PATIENT}_6b6f1d3e-1111-2222-3333-123456789abc",
    ],
)
def test_a_patient_is_a_barcode_without_a_sample_type(text: str) -> None:
    assert parsed(text) == Barcode(PATIENT, PATIENT)
    assert parsed(text).sample == PATIENT
    assert taken([PATIENT, "TCGA-OR-A5J2"]) == [PATIENT, "TCGA-OR-A5J2"]
    assert taken([PATIENT], selection="normal") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sample",
        f"{PATIENT}-1",
        f"{PATIENT}-01AB",
        f"{PATIENT}-N",
        f"{PATIENT}_tumor",
        f"{PATIENT}.1",
        f"normal_{PATIENT}",
        f"{PATIENT}-01A, {PATIENT}-11A",
        f"{PATIENT}-01A TCGA-OR-A5J2-01A",
        f"x{PATIENT}-01",
        "TCGA-OR-A5J-01",
        "TCGA-O-A5J1-01",
        "GTEX-1117F-0226-SM-5GZZ7",
        "TARGET-20-PASRLS-09A",
        f"{PATIENT}-٠١",
    ],
)
def test_garbage_is_no_barcode(text: str) -> None:
    assert parse_barcode(text) is None


def test_sample_type_is_preferred_first() -> None:
    metastasis, primary = "TCGA-EB-A24C-06H-11R-A18T-07", "TCGA-EB-A24C-01A-11T-0001-07"
    assert taken([metastasis, primary], "SKCM") == [primary]
    assert reasons([metastasis, primary], "SKCM") == [
        f"{primary} taken instead: sample type 01 before 06"
    ]
    assert taken([metastasis], "SKCM") == [metastasis]
    assert taken([metastasis], "ACC") == []


@pytest.mark.parametrize(("better", "worse"), [("H", "R"), ("R", "T"), ("H", "T"), ("T", "W")])
def test_then_analyte_h_over_r_over_t(better: str, worse: str) -> None:
    loser = f"{PATIENT}-01A-11{worse}-A29S-07"
    winner = f"{PATIENT}-01B-11{better}-0001-07"
    assert taken([loser, winner]) == [winner]
    rule = f"RNA analyte {better} before {worse}"
    assert reasons([loser, winner]) == [f"{winner} taken instead: {rule}"]


def test_then_the_lower_vial() -> None:
    """Before the plate: a later vial is a further sample, and often a paraffin-embedded one."""
    loser, winner = f"{PATIENT}-01B-11R-A29S-07", f"{PATIENT}-01A-21R-1789-07"
    assert taken([loser, winner]) == [winner]
    assert reasons([loser, winner]) == [f"{winner} taken instead: vial A before B"]


def test_then_the_higher_plate() -> None:
    loser, winner = f"{PATIENT}-01A-11R-1789-07", f"{PATIENT}-01A-11R-A29S-07"
    assert taken([loser, winner]) == [winner]
    assert reasons([loser, winner]) == [
        f"{winner} taken instead: plate A29S is higher than 1789",
    ]


def test_paraffin_comes_after_all_but_the_sample_type() -> None:
    texts = [f"{PATIENT}-01A-11H-A29S-07", f"{PATIENT}-01B-11T-1789-07"]
    barcodes = [parsed(text) for text in texts]
    chosen = select_samples(barcodes, TUMOR_TYPES["ACC"], paraffin={0})
    assert chosen.columns["tumor"] == chosen.columns["all-tumor"] == (1,)
    assert chosen.reasons["tumor"] == {
        0: f"{texts[1]} taken instead: paraffin-embedded (FFPE) samples come last"
    }
    alone = select_samples(barcodes[:1], TUMOR_TYPES["ACC"], paraffin={0})
    assert alone.columns["tumor"] == (0,)


def test_samples_known_to_be_of_paraffin() -> None:
    assert is_known_paraffin(parsed("TCGA-44-2656-01B-06R-A277-07"))
    assert is_known_paraffin(parsed("tcga.a6.2684.01c"))
    assert not is_known_paraffin(parsed("TCGA-44-2656-01A-02R-A278-07"))
    assert not is_known_paraffin(parsed("TCGA-44-2656-01"))


def test_then_sorted_order() -> None:
    loser, winner = f"{PATIENT}-01A-21R-A29S-07", f"{PATIENT}-01A-11R-A29S-07"
    assert taken([loser, winner]) == [winner]
    assert reasons([loser, winner]) == [f"{winner} taken instead: first in sorted order"]


def test_an_unknown_part_of_a_short_barcode_loses() -> None:
    short, long = f"{PATIENT}-01A", ALIQUOT
    assert taken([short, long]) == [long]
    assert reasons([short, long]) == [f"{long} taken instead: RNA analyte R before unknown"]


def test_other_sample_types_are_left_by_name() -> None:
    texts = [f"{PATIENT}-{code}" for code in ("01", "02", "11", "99")]
    assert reasons(texts) == [
        "sample type 02 (Recurrent Solid Tumor)",
        "sample type 11 (Solid Tissue Normal)",
        "sample type 99 (unknown sample type)",
    ]


def test_blood_cancer_takes_03() -> None:
    texts = ["TCGA-AB-2802-03A", "TCGA-AB-2803-01A", "TCGA-AB-2804-11A"]
    assert taken(texts, "LAML") == texts[:1]


def test_normal_takes_11_one_a_patient() -> None:
    texts = [f"{PATIENT}-01A", f"{PATIENT}-11B", f"{PATIENT}-11A", "TCGA-OR-A5J2-10A"]
    assert taken(texts, selection="normal") == [f"{PATIENT}-11A"]


def test_all_tumor_takes_each_sample_once() -> None:
    texts = [f"{PATIENT}-{code}A" for code in ("09", "01", "02", "06", "10", "11", "20")]
    texts.append(f"{PATIENT}-01B")
    assert taken(texts, selection="all-tumor") == texts[:4]


def test_nothing_to_select_from() -> None:
    empty = select_samples([], TUMOR_TYPES["ACC"])
    assert empty.columns == dict.fromkeys(SELECTIONS, ())
    assert empty.reasons == {name: {} for name in SELECTIONS}


@st.composite
def barcode_texts(draw: st.DrawFn) -> str:
    text = f"TCGA-OR-A5J{draw(st.integers(1, 3))}"
    text += f"-{draw(st.sampled_from(['01', '02', '03', '06', '11', '20']))}"
    text += draw(st.sampled_from(["", "A", "B"]))
    cut = draw(st.integers(0, 2))
    if cut:
        text += f"-{draw(st.sampled_from(['11', '21']))}{draw(st.sampled_from('HRTW'))}"
    if cut > 1:
        text += f"-{draw(st.sampled_from(['0999', 'A29S', 'A39I']))}-07"
    return text


tables = st.lists(barcode_texts(), max_size=14)
tumor_types = st.sampled_from(["ACC", "LAML", "SKCM"])


def best_of(rivals: list[Barcode], codes: Sequence[str]) -> Barcode:
    """The rule step by step: each keeps the samples that are best by it."""
    steps: list[Callable[[Barcode], tuple[int, ...] | int | str]] = [
        lambda b: codes.index(b.sample_type),
        lambda b: "HRT".index(b.analyte) if b.analyte and b.analyte in "HRT" else 3,
        lambda b: b.vial,
        lambda b: 0 if b.plate == max(rival.plate for rival in rivals) else 1,
        lambda b: b.text,
    ]
    for step in steps:
        best = min(step(rival) for rival in rivals)
        rivals = [rival for rival in rivals if step(rival) == best]
    return rivals[0]


@settings(deadline=None)
@given(tables, tumor_types)
def test_selection_equals_the_rule_step_by_step(texts: list[str], name: str) -> None:
    codes = {
        "tumor": TUMOR_TYPES[name].tumor_codes,
        "normal": ("11",),
        "all-tumor": ("01", "02", "03", "06"),
    }
    for selection in SELECTIONS:
        units: dict[str, list[Barcode]] = {}
        for text in texts:
            barcode = parsed(text)
            if barcode.sample_type in codes[selection]:
                unit = text[:15] if selection == "all-tumor" else text[:12]
                units.setdefault(unit, []).append(barcode)
        expected = sorted(best_of(rivals, codes[selection]).text for rivals in units.values())
        assert sorted(taken(texts, name, selection)) == expected


@settings(deadline=None)
@given(tables, tumor_types)
def test_every_column_is_taken_or_has_a_reason(texts: list[str], name: str) -> None:
    chosen = select_samples([parsed(text) for text in texts], TUMOR_TYPES[name])
    assert tuple(chosen.columns) == tuple(chosen.reasons) == SELECTIONS
    for selection, columns in chosen.columns.items():
        left = chosen.reasons[selection]
        assert sorted([*columns, *left]) == list(range(len(texts)))
        assert list(columns) == sorted(columns)
        assert all(left.values())


@settings(deadline=None)
@given(tables, tumor_types, st.randoms(use_true_random=False))
def test_order_of_input_does_not_matter(texts: list[str], name: str, order: random.Random) -> None:
    shuffled = order.sample(texts, len(texts))
    for selection in SELECTIONS:
        one, other = taken(texts, name, selection), taken(shuffled, name, selection)
        assert sorted(one) == sorted(other)
        assert Counter(reasons(texts, name, selection)) == Counter(
            reasons(shuffled, name, selection)
        )
        if selection != "all-tumor":
            patients = [text[:12] for text in one]
            assert len(patients) == len(set(patients))
