"""TCGA barcodes, and the rule that chooses one sample per patient.

A barcode such as ``TCGA-N5-A4R8-01A-11R-A28V-07`` reads: patient (characters 1-12), sample type
code and vial (14-16), portion and analyte (18-20), plate (22-25), centre. Hubs cut it after the
sample type, after the vial, or not at all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from tcga_corr.vocabulary.tumor_types import TumorType

_PATIENT = re.compile(r"TCGA-[A-Z0-9]{2}-[A-Z0-9]{4}")
_BARCODE = re.compile(
    rf"(?P<patient>{_PATIENT.pattern})"
    r"-(?P<sample_type>[0-9]{2})(?P<vial>[A-Z])?"
    r"(?:-[0-9]{2}(?P<analyte>[A-Z])?(?:-(?P<plate>[A-Z0-9]{4})(?:-[0-9]{2})?)?)?"
)

SAMPLE_TYPES: dict[str, str] = {
    "01": "Primary Solid Tumor",
    "02": "Recurrent Solid Tumor",
    "03": "Primary Blood Derived Cancer - Peripheral Blood",
    "04": "Recurrent Blood Derived Cancer - Bone Marrow",
    "05": "Additional - New Primary",
    "06": "Metastatic",
    "07": "Additional Metastatic",
    "08": "Human Tumor Original Cells",
    "09": "Primary Blood Derived Cancer - Bone Marrow",
    "10": "Blood Derived Normal",
    "11": "Solid Tissue Normal",
    "12": "Buccal Cell Normal",
    "13": "EBV Immortalized Normal",
    "14": "Bone Marrow Normal",
    "20": "Control Analyte",
    "40": "Recurrent Blood Derived Cancer - Peripheral Blood",
    "50": "Cell Lines",
    "60": "Primary Xenograft Tissue",
    "61": "Cell Line Derived Xenograft Tissue",
}

_ALL_TUMOR_CODES = tuple(f"{code:02}" for code in range(1, 10))
_ANALYTES = ("H", "R", "T")


@dataclass(frozen=True)
class Barcode:
    """A parsed barcode; parts that the hub has cut off are empty."""

    text: str
    patient: str
    sample_type: str
    vial: str = ""
    analyte: str = ""
    plate: str = ""

    @property
    def sample(self) -> str:
        """Characters 1-15: the patient and the sample type code."""
        return f"{self.patient}-{self.sample_type}"


def parse_barcode(text: str) -> Barcode | None:
    """The barcode of a sample or aliquot; None where the text is not one.

    Dots instead of hyphens, as R's ``make.names`` leaves them, and lower case are read too.
    """
    match = _BARCODE.fullmatch(_normalise(text))
    if match is None:
        return None
    parts = {name: value or "" for name, value in match.groupdict().items()}
    return Barcode(match.string, **parts)


def parse_patient(text: str) -> str | None:
    """The barcode of a patient, read as by :func:`parse_barcode`; None where it is not one."""
    match = _PATIENT.fullmatch(_normalise(text))
    return match.string if match else None


def _normalise(text: str) -> str:
    return text.strip().upper().replace(".", "-")


@dataclass(frozen=True)
class SampleSelection:
    """Which columns of a table each selection keeps, and why it leaves the others out.

    Attributes
    ----------
    columns
        Selection name to the positions it keeps, ascending.
    reasons
        Selection name to {position: why it was left out}.
    """

    columns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    reasons: dict[str, dict[int, str]] = field(default_factory=dict)


def select_samples(
    barcodes: Sequence[Barcode],
    tumor_type: TumorType,
    left_out: Mapping[int, str] = MappingProxyType({}),
) -> SampleSelection:
    """Apply the selection rule to the columns of one tumor type's table.

    ``tumor`` and ``normal`` keep one sample per patient, ``all-tumor`` one column per sample of
    any tumour code (01-09). Of several, these decide in turn: the tumor type's preferred sample
    type, RNA analyte H over R over T, the higher plate, the lower vial letter, sorted order.
    ``left_out`` has the positions that no selection may keep, and why.
    """
    selection = SampleSelection()
    wanted = {
        "tumor": (tumor_type.tumor_codes, lambda barcode: barcode.patient),
        "normal": (("11",), lambda barcode: barcode.patient),
        "all-tumor": (_ALL_TUMOR_CODES, lambda barcode: barcode.sample),
    }
    for name, (codes, unit_of) in wanted.items():
        selection.columns[name], selection.reasons[name] = _select(
            barcodes, codes, unit_of, left_out
        )
    return selection


def _select(
    barcodes: Sequence[Barcode],
    codes: tuple[str, ...],
    unit_of: Callable[[Barcode], str],
    left_out: Mapping[int, str],
) -> tuple[tuple[int, ...], dict[int, str]]:
    reasons = dict(left_out)
    rivals: dict[str, list[int]] = defaultdict(list)
    for position, barcode in enumerate(barcodes):
        if position in left_out:
            continue
        if barcode.sample_type in codes:
            rivals[unit_of(barcode)].append(position)
        else:
            name = SAMPLE_TYPES.get(barcode.sample_type, "unknown sample type")
            reasons[position] = f"sample type {barcode.sample_type} ({name})"
    columns = []
    for positions in rivals.values():
        best, *others = _by_preference(positions, barcodes, codes)
        columns.append(best)
        for other in others:
            rule = _deciding_rule(barcodes[best], barcodes[other], codes)
            reasons[other] = f"{barcodes[best].text} taken instead: {rule}"
    return tuple(sorted(columns)), reasons


def _analyte_order(barcode: Barcode) -> int:
    return _ANALYTES.index(barcode.analyte) if barcode.analyte in _ANALYTES else len(_ANALYTES)


def _by_preference(
    positions: Sequence[int], barcodes: Sequence[Barcode], codes: tuple[str, ...]
) -> list[int]:
    ordered = sorted(positions, key=lambda p: (barcodes[p].vial, barcodes[p].text))
    ordered.sort(key=lambda p: barcodes[p].plate, reverse=True)
    ordered.sort(key=lambda p: (codes.index(barcodes[p].sample_type), _analyte_order(barcodes[p])))
    return ordered


def _deciding_rule(best: Barcode, other: Barcode, codes: tuple[str, ...]) -> str:
    if best.sample_type != other.sample_type:
        return f"sample type {best.sample_type} before {other.sample_type}"
    if _analyte_order(best) != _analyte_order(other):
        return f"RNA analyte {best.analyte} before {other.analyte or 'unknown'}"
    if best.plate != other.plate:
        return f"plate {best.plate} is higher than {other.plate or 'unknown'}"
    if best.vial != other.vial:
        return f"vial {best.vial or 'unknown'} before {other.vial}"
    return "first in sorted order"
