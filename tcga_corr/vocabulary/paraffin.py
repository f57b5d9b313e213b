"""Samples of TCGA that are known to be formalin-fixed and paraffin-embedded (FFPE).

Those of the Broad GDAC's list of FFPE cases (its report FPPP_FFPE_Cases) whose RNA was sequenced.
Where a sample sheet of the GDC says FFPE, that counts too.
"""

from __future__ import annotations

from tcga_corr.vocabulary.barcodes import Barcode

_LISTED = """
    44-2656-01B 44-2662-01B 44-2665-01B 44-2666-01B 44-2668-01B 44-3917-01B 44-3918-01B 44-4112-01B
    44-5645-01B 44-6146-01B 44-6147-01B 44-6775-01C A6-2674-01B A6-2677-01B A6-2684-01C A6-3809-01B
    A6-3810-01B A6-5656-01B A6-5659-01B A6-6650-01B A6-6780-01B A6-6781-01B A7-A0DB-01C A7-A13D-01B
    A7-A13E-01B A7-A26E-01B A7-A26J-01B B2-3923-01B B2-3924-01B B2-5633-01B B2-5635-01B BK-A0CA-01B
    BK-A0CC-01B BK-A139-01C BK-A26L-01C BL-A0C8-01B BL-A13I-01B BL-A13J-01B
"""
_SAMPLES = frozenset(f"TCGA-{name}" for name in _LISTED.split())


def is_known_paraffin(barcode: Barcode) -> bool:
    """Whether a sample is on the list; one whose vial is not given is not."""
    return barcode.sample + barcode.vial in _SAMPLES
