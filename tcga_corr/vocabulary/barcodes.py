"""TCGA barcodes, and the rule that chooses one sample per patient.

A barcode such as ``TCGA-N5-A4R8-01A-11R-A28V-07`` reads: patient (characters 1-12), sample type
code and vial (14-16), portion and analyte (18-20), plate (22-25), centre. Hubs cut it after the
sample type, after the vial, or not at all. Scripts write it with underscores or points, in lower
case, and with more text before or after it: all of these are read the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES, UNIONS, TumorType

_TCGA = "TCGA"
_BARCODE = re.compile(
    r"(?<![^\W_])(?P<patient>TCGA-[A-Z0-9]{2}-[A-Z0-9]{4})"
    r"(?:-(?P<sample_type>[0-9]{2})(?P<vial>[A-Z])?"
    r"(?:-[0-9]{2}(?P<analyte>[A-Z])?(?:-(?P<plate>[A-Z]*[0-9][A-Z0-9]*)(?<=-[A-Z0-9]{4})"
    r"(?:-[0-9]{2})?)?)?)?(?![^\W_])",
    re.ASCII,
)
_HYPHENS = str.maketrans(dict.fromkeys("_. \u00a0\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_UUID = re.compile("[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
_COPY = re.compile("-[0-9]{1,3}$")
_SAYS_NO_TISSUE = frozenset(
    (
        _TCGA,
        *TUMOR_TYPES,
        *UNIONS,
        "TXT",
        "TSV",
        "CSV",
        "GZ",
        "BAM",
        "COUNTS",
        "HTSEQ",
        "FPKM",
        "TPM",
    )
)
"""Words beside a patient that leave no doubt that they are no sample type."""

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
_UNKNOWN = ""  # the sample type of a patient's barcode
_ANALYTES = ("H", "R", "T")


@dataclass(frozen=True)
class Barcode:
    """A parsed barcode; parts that the hub has cut off are empty.

    Attributes
    ----------
    text
        The barcode itself, with hyphens and in capitals, without what stood around it.
    patient, sample_type, vial, analyte, plate
        Its parts. Without a sample type it is that of a patient.
    around
        What stood before and after it, without a UUID and without the number of a copy, such as
        the ``.1`` of R and pandas. Barcodes are equal whatever it is.
    """

    text: str
    patient: str
    sample_type: str = ""
    vial: str = ""
    analyte: str = ""
    plate: str = ""
    around: str = field(default="", compare=False)

    @property
    def sample(self) -> str:
        """Characters 1-15, the patient and the sample type code; the patient where that is all."""
        return f"{self.patient}-{self.sample_type}" if self.sample_type else self.patient


def parse_barcode(text: str) -> Barcode | None:
    """The barcode of an aliquot, a sample or a patient in a text; None where it holds none.

    Underscores, points, blanks and dashes stand for hyphens, and lower case for capitals. Other
    text may stand before and after it, set apart by any mark. It is no barcode where two samples
    are named, or where the text beside a patient may tell a sample type (``TCGA-OR-A5J1-N``).
    """
    if not mentions_tcga(text):
        return None
    plain = text.strip().upper().translate(_HYPHENS)
    found = list(_BARCODE.finditer(plain))
    if len({match["patient"] for match in found}) != 1:
        return None
    samples = {match["sample_type"] for match in found} - {None}
    if len(samples) > 1:
        return None
    match = max(found, key=lambda match: len(match[0]))
    parts = {name: value or "" for name, value in match.groupdict().items()}
    before, after = (_UUID.sub("", part) for part in (plain[: match.start()], plain[match.end() :]))
    if not samples and not _says_no_tissue(f"{before} {after}"):
        return None
    return Barcode(match[0], **parts, around=before.strip("-") + _COPY.sub("", after).strip("-"))


def mentions_tcga(text: str) -> bool:
    """Whether a text holds ``TCGA``, so that it is no name of a cohort of another origin."""
    return _TCGA in text.upper()


def _says_no_tissue(text: str) -> bool:
    return _SAYS_NO_TISSUE.issuperset(filter(None, re.split(r"[\W_]+", text)))


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
    paraffin: Collection[int] = frozenset(),
) -> SampleSelection:
    """Apply the selection rule to the columns of one tumor type's table.

    ``tumor`` and ``normal`` keep one sample per patient, ``all-tumor`` one column per sample of
    any tumour code (01-09). Barcodes of patients count as tumour. Of several, these decide in turn:
    the tumor type's preferred sample type, paraffin-embedded (FFPE) after others, RNA analyte H
    over R over T, the lower vial letter, the higher plate, sorted order. ``left_out`` has the
    positions that no selection may keep, and why; ``paraffin`` those that are known to be FFPE.
    """
    selection = SampleSelection()
    wanted = {
        "tumor": ((*tumor_type.tumor_codes, _UNKNOWN), lambda barcode: barcode.patient),
        "normal": (("11",), lambda barcode: barcode.patient),
        "all-tumor": ((*_ALL_TUMOR_CODES, _UNKNOWN), lambda barcode: barcode.sample),
    }
    for name, (codes, unit_of) in wanted.items():
        selection.columns[name], selection.reasons[name] = _select(
            barcodes, codes, unit_of, left_out, paraffin
        )
    return selection


def _select(
    barcodes: Sequence[Barcode],
    codes: tuple[str, ...],
    unit_of: Callable[[Barcode], str],
    left_out: Mapping[int, str],
    paraffin: Collection[int],
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
            reasons[position] = f"sample type {barcode.sample_type or 'unknown'} ({name})"
    columns = []
    for positions in rivals.values():
        best, *others = _by_preference(positions, barcodes, codes, paraffin)
        columns.append(best)
        for other in others:
            if (best in paraffin) != (other in paraffin):
                rule = "paraffin-embedded (FFPE) samples come last"
            else:
                rule = _deciding_rule(barcodes[best], barcodes[other])
            reasons[other] = f"{barcodes[best].text} taken instead: {rule}"
    return tuple(sorted(columns)), reasons


def _analyte_order(barcode: Barcode) -> int:
    return _ANALYTES.index(barcode.analyte) if barcode.analyte in _ANALYTES else len(_ANALYTES)


def _by_preference(
    positions: Sequence[int],
    barcodes: Sequence[Barcode],
    codes: tuple[str, ...],
    paraffin: Collection[int],
) -> list[int]:
    ordered = sorted(positions, key=lambda p: barcodes[p].text)
    ordered.sort(key=lambda p: barcodes[p].plate, reverse=True)

    def order(position: int) -> tuple[int, bool, int, str]:
        barcode = barcodes[position]
        preferred = codes.index(barcode.sample_type)
        return preferred, position in paraffin, _analyte_order(barcode), barcode.vial

    return sorted(ordered, key=order)


def _deciding_rule(best: Barcode, other: Barcode) -> str:
    if best.sample_type != other.sample_type:
        return f"sample type {best.sample_type} before {other.sample_type or 'unknown'}"
    if _analyte_order(best) != _analyte_order(other):
        return f"RNA analyte {best.analyte} before {other.analyte or 'unknown'}"
    if best.vial != other.vial:
        return f"vial {best.vial or 'unknown'} before {other.vial}"
    if best.plate != other.plate:
        return f"plate {best.plate} is higher than {other.plate or 'unknown'}"
    return "first in sorted order"
