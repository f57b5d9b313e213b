"""Tumour purity that ships with the tool: Aran et al. 2015, five estimates of 9,364 samples.

``purity`` is CPE, the consensus of the others; a sample without one has at most one other estimate.
The numbers are facts of an open-access paper (Nat. Commun. 6:8971, doi:10.1038/ncomms9971), and
made by ``tools/build_purity.py``.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NAME = "purity_aran2015"
"""The name of the table."""
CITATION = "Aran et al. 2015, Nat. Commun. 6:8971, doi:10.1038/ncomms9971"
COLUMNS = {
    "purity": "CPE",
    "purity_ABSOLUTE": "ABSOLUTE",
    "purity_ESTIMATE": "ESTIMATE",
    "purity_LUMP": "LUMP",
    "purity_IHC": "IHC",
}
"""Covariate to the estimate of the paper."""

_FILE = Path(__file__).parent / "data" / "purity.tsv.gz"


@dataclass(frozen=True)
class ShippedPurity:
    """The table, sorted by sample and vial.

    Attributes
    ----------
    samples, vials
        Barcode characters 1 to 15, and the vial letter, of each row.
    values
        Covariate to a number from 0 to 1 for each row, NaN where missing.
    size, sha256
        Of the file.
    """

    samples: list[str] = field(repr=False)
    vials: list[str] = field(repr=False)
    values: dict[str, NDArray[np.float64]] = field(repr=False)
    size: int
    sha256: str


@cache
def shipped_purity() -> ShippedPurity:
    """The table of purity."""
    content = _FILE.read_bytes()
    rows = [line.split("\t") for line in gzip.decompress(content).decode().splitlines()]
    samples, vials, *cells = map(list, zip(*rows, strict=True))
    values = {
        name: np.array([float(cell or "nan") for cell in column])
        for name, column in zip(COLUMNS, cells, strict=True)
    }
    return ShippedPurity(samples, vials, values, len(content), hashlib.sha256(content).hexdigest())
