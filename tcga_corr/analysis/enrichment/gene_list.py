"""Over-representation of gene sets in a list, among the genes that could have been on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from tcga_corr.analysis.enrichment.rankings import Ranking
from tcga_corr.analysis.enrichment.result import BETWEEN_GENES, Enriched, Limits
from tcga_corr.choices import Direction
from tcga_corr.errors import UsageError
from tcga_corr.stats.adjustment import benjamini_hochberg
from tcga_corr.stats.enrichment import SMALLEST_P, over_representation
from tcga_corr.vocabulary.gene_sets.gmt import read_set_file
from tcga_corr.vocabulary.matching import match_symbols

MEASURED = "measured"


@dataclass(frozen=True, eq=False)
class Universe:
    """The genes that could have been listed.

    Attributes
    ----------
    n
        How many.
    in_words
        What they are.
    genes
        Their names; None where only their number is known.
    """

    n: int
    in_words: str
    genes: Collection[str] | None = None

    def among(self, names: Sequence[str]) -> list[str]:
        """Those of some names that are in it, by its own names."""
        return list(match_symbols(names, self._rows).found.values())

    @cached_property
    def _rows(self) -> dict[str, None]:
        return dict.fromkeys(self.genes or ())


def universe_of(
    given: str | Path | int | Sequence[str] | None,
    measured: Callable[[], Collection[str]] | None,
) -> Universe | None:
    """The universe of a question; None for that of the ranking itself.

    Parameters
    ----------
    given
        ``measured``, a number, a file of a list of genes, or genes.
    measured
        Gives the genes of the store's tables.

    Raises
    ------
    UsageError
        If it is none of these.
    """
    if given is None:
        return None
    if isinstance(given, int) or (isinstance(given, str) and given.strip().isdecimal()):
        n = int(given)
        return Universe(n, f"{n:,} genes, of which the names are not known")
    if isinstance(given, str) and given.strip() == MEASURED:
        if measured is None:
            raise UsageError("there is no store whose genes are measured", "Give a file, or N")
        genes = dict.fromkeys(measured())
        return Universe(len(genes), f"the {len(genes):,} genes of the store's tables", genes)
    if isinstance(given, str | os.PathLike):
        path = Path(given)
        if not path.exists():
            raise UsageError(
                f"the universe '{given}' is neither a file, nor 'measured', nor a number of genes",
                "Give --universe FILE, measured or N",
            )
        genes = dict.fromkeys(read_set_file(path).only().genes)
        return Universe(len(genes), f"the {len(genes):,} genes of {path.name}", genes)
    genes = dict.fromkeys(given)
    return Universe(len(genes), f"{len(genes):,} given genes", genes)


def over_represented(
    ranking: Ranking,
    listed: Sequence[str],
    in_universe: Mapping[str, frozenset[str]],
    n_universe: int,
    limits: Limits,
    direction: Direction,
    in_list: Mapping[str, frozenset[str]] | None = None,
) -> Enriched:
    """A row of each set.

    Parameters
    ----------
    ranking
        The ranking or list that is tested.
    listed
        Its genes that are listed, all of the universe.
    in_universe
        The genes of each set in the universe.
    n_universe
        Its size.
    limits
        Sizes of sets that are tested.
    direction
        That of the listed genes.
    in_list
        The genes of each set in the list, where the universe has no names.

    Raises
    ------
    UsageError
        If the universe is smaller than list and set together.
    """
    names = list(in_universe)
    on_list = dict.fromkeys(listed)
    overlap = {
        name: [gene for gene in on_list if gene in (in_list or in_universe)[name]] for name in names
    }
    n_set = np.array([len(in_universe[name]) for name in names], dtype=np.int64)
    n_overlap = np.array([len(overlap[name]) for name in names], dtype=np.int64)
    least = int((len(on_list) + n_set - n_overlap).max())
    if least > n_universe:
        raise UsageError(
            f"the universe of {n_universe:,} genes is smaller than the list and a set together, "
            f"which have {least:,}",
            "Give all genes that could have been listed",
        )
    notes = [limits.note_of(size, n_universe) for size in n_set.tolist()]
    if not on_list:
        notes = [note or "no gene is listed" for note in notes]
    tested = np.array([not note for note in notes])
    ratio, p = over_representation(n_overlap, n_set, len(on_list), n_universe)
    ratio[~tested], p[~tested] = np.nan, np.nan
    q = benjamini_hochberg(p)
    rows = [
        {
            "set": name,
            "method": "ora",
            "direction": direction,
            "n_genes": int(n_set[n]),
            "n_overlap": int(n_overlap[n]),
            "odds_ratio": float(ratio[n]),
            "p": float(p[n]),
            "q": float(q[n]),
            "leading_edge": BETWEEN_GENES.join(overlap[name]),
            "note": notes[n] or _note_of(float(ratio[n]), float(p[n])),
        }
        for n, name in enumerate(names)
    ]
    return Enriched(ranking, rows)


def _note_of(ratio: float, p: float) -> str:
    if p <= SMALLEST_P:
        return "p is smaller than the smallest number, which is given"
    return "the odds ratio is infinite" if np.isinf(ratio) else ""
