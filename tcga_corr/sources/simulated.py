"""The simulated atlas of all 33 tumor types: its values are drawn, with known correlations."""

from __future__ import annotations

from collections.abc import Iterable

from tcga_corr.sources.source import Source
from tcga_corr.vocabulary.barcodes import parse_barcode

SOURCE = Source(
    name="simulated",
    title="SIMULATED values with planted correlations",
    unit="log2(norm_count+1)",
    gene_id="symbol",
    file_name=r"HiSeqV2(\.gz)?",
    citation="none: the values are made up",
    formats=("xena",),
    fetched_from="simulation",
)

BARCODE_PREFIX = "TCGA-00-"
"""Of every simulated sample: the tissue source site 00 does not exist."""


def has_simulated_samples(names: Iterable[str]) -> bool:
    """Whether any of the samples is simulated, whatever file it is in."""
    barcodes = map(parse_barcode, names)
    return any(barcode and barcode.text.startswith(BARCODE_PREFIX) for barcode in barcodes)
