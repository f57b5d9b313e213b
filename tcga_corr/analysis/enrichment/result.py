"""What the two methods of enrichment share: columns, sizes of sets, their genes, the result."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.enrichment.rankings import Ranking
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.vocabulary.gene_names import are_of_mouse, foreign_kind
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.matching import match_symbols

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


def matched(sets: Sequence[GeneSet], rows: Collection[str]) -> dict[str, frozenset[str]]:
    """The genes of every set among rows, by any of their names.

    Raises
    ------
    AnalysisError
        If none of any set is among them.
    """
    found = {one.name: frozenset(match_symbols(one.genes, rows).found.values()) for one in sets}
    if not any(found.values()):
        of_sets = ", ".join(sets[0].genes[:3])
        of_rows = ", ".join(list(rows)[:3])
        kind = _foreign_kind(list(rows)) or _foreign_kind(sets[0].genes)
        raise AnalysisError(
            f"no gene of the {len(sets)} sets is among the {len(rows):,} genes: those of "
            f"{sets[0].name} are {of_sets}, these {of_rows}",
            kind or "Give symbols, Ensembl ids or Entrez ids of human genes in both",
        )
    return found


def _foreign_kind(names: Sequence[str]) -> str:
    """What names are that are of no human gene; empty where they are not."""
    if are_of_mouse(names):
        return "Some are named as those of mouse: give the human genes"
    kind = foreign_kind(names[:3])
    return f"One of both is {kind}" if kind else ""
