"""Rows of a table of counts that are not genes, such as HTSeq's ``__no_feature``."""

from __future__ import annotations

import re

COUNTS_OF_READS = "rows that count reads, not genes"
"""Why rows with such names are left out."""

_STARTS = ("__", "X__", "N_", "Unassigned_")  # faster, and enough for nearly all names
_NAME = re.compile(
    r"X?__(no_feature|ambiguous|too_low_aqual|not_aligned|alignment_not_unique)"
    r"|N_(unmapped|multimapping|nofeature|ambiguous)|Unassigned_[a-z_]+",
    re.IGNORECASE,
)


def counts_reads(name: str) -> bool:
    """Whether a row counts reads of no gene, as HTSeq, STAR or featureCounts name it."""
    return name.startswith(_STARTS) and _NAME.fullmatch(name) is not None
