"""The tumor type of each sample: the phenotype table that stands beside the PanCanAtlas table."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from tcga_corr.errors import TableError
from tcga_corr.formats.compressed import open_bytes
from tcga_corr.vocabulary.barcodes import parse_barcode
from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

_SAMPLE = "sample"
_TUMOR_TYPE = "cancer type abbreviation"
_NAME = "Survival_SupplementalTable_S1*"


@dataclass
class TumorTypeOfSample:
    """Tumor type abbreviation by sample, and by patient for samples that are not listed."""

    by_sample: dict[str, str] = field(default_factory=dict)
    by_patient: dict[str, str] = field(default_factory=dict)

    def get(self, text: str) -> str | None:
        """The tumor type of a barcode; None where the table does not have it."""
        barcode = parse_barcode(text)
        if barcode is None:
            return None
        return self.by_sample.get(barcode.sample) or self.by_patient.get(barcode.patient)


def find_phenotype(table: Path) -> Path | None:
    """The phenotype table in an expression table's folder, if there is one."""
    return min(table.parent.glob(_NAME), default=None)


def read_phenotype(path: Path) -> TumorTypeOfSample:
    """Read a table with the columns ``sample`` and ``cancer type abbreviation``.

    Raises
    ------
    TableError
        If a column is missing, or a tumor type is none of the 33.
    """
    with open_bytes(path) as handle:
        text = handle.read().decode("utf-8-sig", "replace")
    rows = csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    missing = [name for name in (_SAMPLE, _TUMOR_TYPE) if name not in (rows.fieldnames or ())]
    if missing:
        raise TableError(
            f"{path}, line 1: no column '{missing[0]}'",
            f"A phenotype table has the columns '{_SAMPLE}' and '{_TUMOR_TYPE}'",
        )
    types = TumorTypeOfSample()
    for row in rows:
        abbreviation = row[_TUMOR_TYPE] or ""
        if not abbreviation:
            continue
        if abbreviation not in TUMOR_TYPES:
            raise TableError(
                f"{path}, line {rows.line_num}: '{abbreviation}' is none of the 33 tumor types",
                "Mend the table or give another with --phenotype",
            )
        barcode = parse_barcode(row[_SAMPLE] or "")
        if barcode:
            types.by_sample[barcode.sample] = abbreviation
            types.by_patient.setdefault(barcode.patient, abbreviation)
    return types
