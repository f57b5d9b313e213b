"""The tissues of GTEx that are matched with tumor types, and the one sample of each donor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcga_corr.vocabulary.gtex import (
    NORMAL_TISSUES,
    TUMOR_TYPES_OF_TISSUE,
    donor_of,
    matched_tissue,
    select_gtex,
)
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

COLON = NORMAL_TISSUES["COAD"].tissues


def test_every_tumor_type_has_a_tissue_or_a_reason() -> None:
    assert list(NORMAL_TISSUES) == list(TUMOR_TYPES)
    without = {name for name, match in NORMAL_TISSUES.items() if not match.tissues}
    assert without == {"CHOL", "HNSC", "LAML", "MESO", "PCPG", "SARC", "UVM"}
    assert all(NORMAL_TISSUES[name].doubt for name in without)


def test_tissues_and_tumor_types_are_matched_both_ways() -> None:
    for tissue, tumor_types in TUMOR_TYPES_OF_TISSUE.items():
        assert [one for one in TUMOR_TYPES if tissue in NORMAL_TISSUES[one].tissues] == [
            *tumor_types
        ]
        # types with a tissue in common have all in common: the first stands for the others
        assert len({NORMAL_TISSUES[one].tissues for one in tumor_types}) == 1
    assert TUMOR_TYPES_OF_TISSUE["Lung"] == ("LUAD", "LUSC")


@pytest.mark.parametrize(
    ("text", "tissue"),
    [
        ("Skin - Sun Exposed (Lower Leg)", "Skin - Sun Exposed (Lower leg)"),
        ("LIVER ", "Liver"),
        ("Heart - Left Ventricle", None),
        ("", None),
    ],
)
def test_a_tissue_by_its_name(text: str, tissue: str | None) -> None:
    assert matched_tissue(text) == tissue


@pytest.mark.parametrize(
    ("name", "donor"),
    [
        ("GTEX-1117F-0226-SM-5GZZ7", "GTEX-1117F"),
        ("GTEX-N7MT-0011-R5A-SM-32PLW", "GTEX-N7MT"),
        ("GTEX-N7MT", None),
        ("K-562-SM-26GMQ", None),
        ("TARGET-10-PAKMVD-09", None),
        ("TCGA-OR-A5J1-01", None),
    ],
)
def test_the_donor_of_a_sample(name: str, donor: str | None) -> None:
    assert donor_of(name) == donor


SAMPLES = st.dictionaries(
    st.builds(
        "GTEX-{}-{:04}-SM-AAAA{}".format,
        st.sampled_from(["AAAA", "BBBB", "CCCCC"]),
        st.integers(1, 9),
        st.sampled_from("12"),
    ),
    st.sampled_from(COLON),
    max_size=12,
)


@given(SAMPLES, st.randoms(use_true_random=False), st.data())
def test_one_sample_of_each_donor(tissues: dict[str, str], random, data: st.DataObject) -> None:
    names = list(tissues)
    copies = {one: "a copy" for one in data.draw(st.sets(st.integers(0, 11))) if one < len(names)}
    usable = [name for place, name in enumerate(names) if place not in copies]
    expected = {
        min((COLON.index(tissues[name]), name) for name in usable if donor_of(name) == donor)[1]
        for donor in {donor_of(name) for name in usable}
    }
    reasons = select_gtex(names, tissues, "COAD", copies)
    assert {name for place, name in enumerate(names) if place not in reasons} == expected
    assert copies.items() <= reasons.items()
    shuffled = random.sample(names, len(names))
    left_out = {shuffled.index(names[place]): why for place, why in copies.items()}
    again = select_gtex(shuffled, tissues, "COAD", left_out)
    assert {shuffled[p]: why for p, why in again.items()} == {
        names[p]: why for p, why in reasons.items()
    }


def test_why_a_sample_is_not_used() -> None:
    tissues = {
        "GTEX-AAAA-0001-SM-1": COLON[1],
        "GTEX-AAAA-0002-SM-1": COLON[0],
        "GTEX-AAAA-0003-SM-1": COLON[0],
    }
    assert select_gtex(list(tissues), tissues, "READ") == {
        0: "GTEX-AAAA-0002-SM-1 taken instead: Colon - Transverse before Colon - Sigmoid",
        2: "GTEX-AAAA-0002-SM-1 taken instead: first in sorted order",
    }
