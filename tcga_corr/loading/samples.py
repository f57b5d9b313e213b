"""The samples of a table as the store keeps them: which selections each is in, and why not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from tcga_corr.store.metadata import StoredSample
from tcga_corr.vocabulary.barcodes import parse_barcode, select_samples
from tcga_corr.vocabulary.gtex import donor_of, select_gtex
from tcga_corr.vocabulary.paraffin import is_known_paraffin
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

_MOST_SHOWN = 3


def stored_samples(
    names: Sequence[str],
    tumor_type: str,
    left_out: Mapping[int, str],
    paraffin: Collection[int],
) -> tuple[StoredSample, ...]:
    """The columns named by a barcode, with the selections that each is in."""
    barcodes = [barcode for name in names if (barcode := parse_barcode(name))]
    selection = select_samples(barcodes, parse_tumor_type(tumor_type), left_out, paraffin)
    selected = {name: set(columns) for name, columns in selection.columns.items()}
    reasons = selection.reasons
    return tuple(
        StoredSample(
            sample=barcode.sample,
            barcode=barcode.text,
            patient=barcode.patient,
            vial=barcode.vial,
            sample_type=barcode.sample_type,
            tumor=position in selected["tumor"],
            normal=position in selected["normal"],
            all_tumor=position in selected["all-tumor"],
            reason=reasons["normal" if barcode.sample_type == "11" else "tumor"].get(position, ""),
        )
        for position, barcode in enumerate(barcodes)
    )


def gtex_samples(
    names: Sequence[str], tissues: Mapping[str, str], tumor_type: str, left_out: Mapping[int, str]
) -> tuple[StoredSample, ...]:
    """The columns of GTEx: one of each donor is used; ``left_out`` has those that are not."""
    if not names:
        return ()
    reasons = select_gtex(names, tissues, tumor_type, left_out)
    return tuple(
        StoredSample(
            sample=name,
            barcode=name,
            patient=donor_of(name) or name,
            reason=reasons.get(position, ""),
            gtex=position not in reasons,
            tissue=tissues[name],
        )
        for position, name in enumerate(names)
    )


def paraffin_among(names: Sequence[str], said: Collection[str]) -> frozenset[int]:
    """The positions of samples that are paraffin-embedded, as the file says or as is known."""
    of_file = {barcode.text for name in said if (barcode := parse_barcode(name))}
    return frozenset(
        position
        for position, name in enumerate(names)
        if (barcode := parse_barcode(name))
        and (barcode.text in of_file or is_known_paraffin(barcode))
    )


def paraffin_note(samples: Sequence[StoredSample], paraffin: Collection[int]) -> str:
    """A note on paraffin-embedded samples that are used, as the only ones of their patients."""
    used = [
        samples[position].barcode
        for position in sorted(paraffin)
        if samples[position].tumor or samples[position].normal
    ]
    if not used:
        return ""
    return (
        f"{len(used)} of the samples used are paraffin-embedded (FFPE), with no other of that "
        "sample type: " + ", ".join(used[:_MOST_SHOWN]) + (", …" if used[_MOST_SHOWN:] else "")
    )


def own_samples(names: Sequence[str], left_out: Mapping[int, str]) -> tuple[StoredSample, ...]:
    """The columns of an own cohort: each that is not left out is a tumour sample of one patient."""
    return tuple(
        StoredSample(name, name, name, tumor=used, all_tumor=used, reason=left_out.get(column, ""))
        for column, name in enumerate(names)
        for used in [column not in left_out]
    )
