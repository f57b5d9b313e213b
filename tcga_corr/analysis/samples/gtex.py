"""Questions about the samples of GTEx: each sample once, and what a reader has to know of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tcga_corr.analysis.samples.cohort import Cohort
from tcga_corr.errors import DataMissingError, UsageError
from tcga_corr.store.union import UnionIndex
from tcga_corr.vocabulary.gtex import NORMAL_TISSUES

HOW_TO_LOAD = "tcga-corr fetch --source toil --gtex"
_MOST_DOUBTS = 4  # that are told one by one
_NO_MATCH = "no tissue of GTEx is matched with"
_TWO_STUDIES = (
    "tumours are of TCGA and normal tissue is of GTEx: what differs between the two studies, such "
    "as how tissue was taken, differs between the groups too"
)


def once_each(cohorts: Sequence[Cohort]) -> list[Cohort]:
    """The cohorts without those whose samples of GTEx an earlier one of the source has.

    A tissue may be matched with several tumor types (lung with LUAD and LUSC): pooled over both,
    its samples would count twice. Cohorts of other selections are returned as they are.

    Raises
    ------
    UsageError
        On a union of studies.
    DataMissingError
        If none has samples of GTEx.
    """
    if not _are_of_gtex(cohorts):
        return list(cohorts)
    check_some(cohorts)
    kept: list[Cohort] = []
    for cohort in cohorts:
        if not any(_shares_samples(cohort, other) for other in kept):
            kept.append(cohort)
    return kept


def check_some(cohorts: Sequence[Cohort]) -> None:
    """Refuse a question about samples of GTEx where there are none.

    Raises
    ------
    UsageError
        On a union of studies, whose samples of GTEx may be the same.
    DataMissingError
        With what to load, or why there is no such tissue.
    """
    if not _are_of_gtex(cohorts):
        return
    for cohort in cohorts:
        if isinstance(cohort.table, UnionIndex):
            first = cohort.table.parts[0].key.tumor_type
            raise UsageError(
                f"{cohort.tumor_type} is several studies, and samples of GTEx are of none of them",
                f"Name one, for its tissue: -t {first}",
            )
    if any(cohort.n_before_conditions for cohort in cohorts):
        return
    names = [cohort.tumor_type for cohort in cohorts]
    matched = [name for name in names if _has_tissue(name)]
    reasons = ", ".join(f"{name} ({_why_none(name)})" for name in names)
    source = cohorts[0].table.key.source
    raise DataMissingError(
        f"no GTEx samples of {', '.join(names)} in source '{source}'",
        f"Load them with `{HOW_TO_LOAD}`" if matched else f"N{_NO_MATCH[1:]} {reasons}",
    )


def gtex_notes(opened: Sequence[Cohort], kept: Sequence[Cohort]) -> list[str]:
    """What a reader of an answer has to know; nothing where no sample is of GTEx.

    Parameters
    ----------
    opened
        The cohorts of the tumor types that were named.
    kept
        Those of them that are in the answer, by :func:`once_each`.
    """
    if not _are_of_gtex(opened):
        return []
    left_out = [
        f"{cohort.tumor_type} ({first.tumor_type})"
        for cohort in opened
        if cohort not in kept
        for first in kept
        if _shares_samples(cohort, first)
    ]
    notes = _notes_of_tissues(opened)
    if left_out:
        notes.append(
            "left out, so that samples count once, are tumor types of the same tissue: "
            + ", ".join(left_out)
        )
    return [*notes, *_note_of_donors(kept)]


def notes_against_gtex(cohorts: Sequence[Cohort]) -> list[str]:
    """What a reader of a comparison of tumours with tissue of GTEx has to know."""
    return [*_notes_of_tissues(cohorts), _TWO_STUDIES] if _are_of_gtex(cohorts) else []


def _notes_of_tissues(cohorts: Sequence[Cohort]) -> list[str]:
    """The tissue of each tumor type, which are doubtful, and why there is none."""
    some = [cohort for cohort in cohorts if cohort.n_before_conditions]
    listed = ", ".join(f"{one.tumor_type} {_tissues(one)}" for one in some)
    notes = [f"normal tissue of GTEx: {listed}"]
    doubtful = [one.tumor_type for one in some if NORMAL_TISSUES[one.tumor_type].doubt]
    if len(doubtful) > _MOST_DOUBTS:
        notes.append(f"doubtful as normal tissue, see docs/sources.md: {', '.join(doubtful)}")
    else:
        notes += [f"doubtful: {name} ({NORMAL_TISSUES[name].doubt})" for name in doubtful]
    none = [one.tumor_type for one in cohorts if not one.n_before_conditions]
    missing = [name for name in none if _has_tissue(name)]
    unmatched = [name for name in none if name not in missing]
    if missing:
        notes.append(f"no GTEx samples are loaded of {', '.join(missing)}: `{HOW_TO_LOAD}`")
    if len(unmatched) > _MOST_DOUBTS:
        notes.append(f"{_NO_MATCH} {', '.join(unmatched)}, see docs/sources.md")
    else:
        notes += [f"{_NO_MATCH} {name} ({_why_none(name)})" for name in unmatched]
    return notes


def _note_of_donors(cohorts: Sequence[Cohort]) -> list[str]:
    donors = Counter(
        donor for cohort in cohorts for donor in {sample.patient for sample in cohort.samples}
    )
    several = sum(count > 1 for count in donors.values())
    if not several:
        return []
    return [
        f"{several:,} of {len(donors):,} donors of GTEx are in several tumor types, which pooling "
        "takes as independent"
    ]


def _are_of_gtex(cohorts: Sequence[Cohort]) -> bool:
    return bool(cohorts) and cohorts[0].selection == "gtex"


def _shares_samples(cohort: Cohort, other: Cohort) -> bool:
    of_one_source = cohort.table.key.source == other.table.key.source
    names = {sample.barcode for sample in cohort.samples}
    return of_one_source and any(sample.barcode in names for sample in other.samples)


def _has_tissue(tumor_type: str) -> bool:
    return tumor_type in NORMAL_TISSUES and bool(NORMAL_TISSUES[tumor_type].tissues)


def _why_none(tumor_type: str) -> str:
    known = NORMAL_TISSUES.get(tumor_type)
    return known.doubt if known else "none of the 33 tumor types"


def _tissues(cohort: Cohort) -> str:
    return " and ".join(dict.fromkeys(sample.tissue for sample in cohort.samples))
