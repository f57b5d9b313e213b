"""What a user may have meant by a name that nothing has."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tcga_corr.errors import did_you_mean, nearest
from tcga_corr.vocabulary.gene_sets.catalogue import reference_sets, shipped_sets

_COVARIATE = re.compile(
    r"(tumou?r[ _]?)?purity|age|sex|gender|race|ethnicity|stage|grade|ploidy|tmb|msi"
    r"|(os|pfi|dss|dfi)([._]time)?|survival|(immune|stromal|estimate)[ _]?score|leukocyte.*"
    r"|aneuploidy.*|mutation[ _]?(load|burden)|subtype|smoking|batch|plate|cpe|absolute|hrd",
    re.IGNORECASE,
)
_SHORTEST_WORD = 4
_MOST = 3


def suggestion(text: str, covariates: Sequence[str]) -> str:
    """The names that a wrong one may stand for, as a question; else advice; else empty.

    Covariates and shipped sets come first, then sets that have the text as a part of their name.
    """
    near = nearest(text, [*covariates, *shipped_sets()])
    if near:
        return did_you_mean(near)
    if _COVARIATE.fullmatch(text.strip()):
        return (
            "No covariate of this name is loaded: `tcga-corr load --covariates FILE` loads a table "
            "of them"
        )
    return did_you_mean(sets_with(text))


def sets_with(text: str) -> list[str]:
    """Up to three sets that have a text as words of their name, shipped ones before others."""
    word = re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_")
    if len(word) < _SHORTEST_WORD:
        return []
    for known in (shipped_sets(), reference_sets()):
        found = [name for name in known if f"_{word}_" in f"_{name.upper().replace('-', '_')}_"]
        if found:
            return sorted(found, key=len)[:_MOST]
    return []
