"""What a unit names, and what is known of it."""

from __future__ import annotations

import pytest

from tcga_corr.sources import SOURCES
from tcga_corr.vocabulary.units import (
    highest_logarithm,
    is_linear_unit,
    is_log2_plus_one,
    quantity_of,
    same_depth,
)


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("tpm", "TPM"),
        ("log2(TPM+0.001)", "TPM"),
        ("logTPM", "TPM"),
        ("transcripts per million", "TPM"),
        ("log2 counts per million", "CPM"),
        ("logCPM", "CPM"),
        ("FPKM-UQ", "FPKM"),
        ("fpkm_uq", "FPKM"),
        ("fragments per kilobase per million", "FPKM"),
        ("log2(norm_count+1)", "normalised counts"),
        ("normalized counts", "normalised counts"),
        ("expected_count", "expected counts"),
        ("log2(count+1)", "counts"),
        ("rawcounts", "counts"),
        ("unstranded counts", "counts"),
        ("umi", "counts"),
        ("rsem_raw_counts", "counts"),
        ("DESeq2 counts", "normalised counts"),
        ("RSEM", "normalised expression"),
        ("vst counts", None),
        ("z-score of TPM", None),
        ("intensity", None),
        ("beta", None),
    ],
)
def test_the_quantity_of_a_unit(unit: str, name: str | None) -> None:
    quantity = quantity_of(unit)
    assert (quantity and quantity.name) == name
    assert same_depth(unit) == (name not in ("counts", "expected counts"))


def test_known_sources_are_adjusted_for_depth_as_their_units_say() -> None:
    assert {name: same_depth(source.unit) for name, source in SOURCES.items()} == {
        name: source.same_depth for name, source in SOURCES.items()
    }


@pytest.mark.parametrize(
    ("unit", "linear", "plus_one", "highest"),
    [
        ("tpm", True, False, 50),
        ("TPM (linear)", True, False, 50),
        ("log2(tpm+1)", False, True, 30),
        ("log2(tpm + 1.0)", False, True, 30),
        ("log2(tpm+0.001)", False, False, 30),
        ("log2(tpm+10)", False, False, 30),
        ("ln(tpm+1)", False, False, 20.794),
        ("log1p(counts)", False, False, 20.794),
        ("log10(fpkm+1)", False, False, 9.031),
        ("log2(intensity)", False, False, 50),
        ("expression", False, False, 50),
    ],
)
def test_the_scale_of_a_unit(unit: str, linear: bool, plus_one: bool, highest: float) -> None:
    assert is_linear_unit(unit) == linear
    assert is_log2_plus_one(unit) == plus_one
    assert highest_logarithm(unit) == pytest.approx(highest, abs=1e-3)
