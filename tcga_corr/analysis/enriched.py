"""What the two methods of enrichment share: the columns, limits of size, and their result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.rankings import Ranking
from tcga_corr.errors import UsageError

Places = NDArray[np.intp]

SCHEMA: dict[str, Any] = {
    "set": str, "method": str, "direction": str, "n_genes": int, "n_overlap": int, "es": float,
    "nes": float, "odds_ratio": float, "p": float, "q": float, "q_gsea": float,
    "leading_edge": str, "note": str,
}  # fmt: skip
BETWEEN_GENES = ";"


@dataclass(frozen=True)
class Limits:
    """Sizes of sets, counted in the ranking or the universe, that are tested."""

    low: int
    high: int

    def check(self) -> None:
        """Refuse limits between which nothing is.

        Raises
        ------
        UsageError
            Naming the parameter.
        """
        if self.low < 1 or self.high < self.low:
            raise UsageError(
                f"min_size is {self.low} and max_size {self.high}", "Give 1 or more, and as much"
            )

    def note_of(self, size: int, n_genes: int) -> str:
        """Why a set of a size is not tested; empty where it is."""
        if size < self.low:
            return f"{size} of its genes are here, at least {self.low} needed"
        if size > self.high:
            return f"{size} of its genes are here, at most {self.high} taken"
        return "it holds every gene there is" if size >= n_genes else ""


@dataclass(frozen=True, eq=False)
class Enriched:
    """The sets of one tumor type and contrast.

    Attributes
    ----------
    ranking
        Its ranking, or list.
    rows
        A row of each set, by the columns of ``SCHEMA``.
    places
        Of each set the places of its genes in the ranking, ascending; empty of lists.
    notes
        What has to be known of it.
    """

    ranking: Ranking
    rows: Sequence[Mapping[str, Any]]
    places: Mapping[str, Places] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
