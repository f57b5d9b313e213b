"""The simulated sources: their values are drawn, with known correlations or changes.

``SOURCE`` is the atlas of all 33 tumor types.
"""

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
"""Of every simulated sample of the atlas: the tissue source site 00 does not exist."""
CELLS = "simulated-cells"
"""The source of simulated counts of treated cells, which are loaded as a user's own cohort is."""
CELL_PREFIX = "SIMULATED_"
"""Of every simulated sample of cells."""


def simulated_source(names: Iterable[str]) -> str | None:
    """The source of the simulated samples among these, whatever file they are in; None of none."""
    for name in names:
        if name.startswith(CELL_PREFIX):
            return CELLS
        barcode = parse_barcode(name)
        if barcode and barcode.text.startswith(BARCODE_PREFIX):
            return SOURCE.name
    return None
