"""Enrichment: which gene sets gather at the ends of a ranking, or in a list of genes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcga_corr.analysis.answer import Answer, Query
from tcga_corr.analysis.enrichment.gene_list import Universe, over_represented, universe_of
from tcga_corr.analysis.enrichment.gene_ranking import gsea
from tcga_corr.analysis.enrichment.ranking_tables import LABELS
from tcga_corr.analysis.enrichment.rankings import Ranked, Ranking, ranked
from tcga_corr.analysis.enrichment.result import SCHEMA, Enriched, Limits, matched
from tcga_corr.analysis.naming.names import Items, NameResolver, sets_among
from tcga_corr.analysis.provenance import Provenance
from tcga_corr.analysis.threads import in_threads
from tcga_corr.choices import (
    DIRECTIONS,
    ENRICH_ENGINES,
    ENRICH_METHODS,
    Direction,
    EnrichEngine,
    EnrichMethod,
    check_choice,
)
from tcga_corr.errors import AnalysisError, UsageError
from tcga_corr.vocabulary.associations import NOTE_OF_SIMULATED, SIMULATED
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.gene_sets.paths import split_at_commas
from tcga_corr.vocabulary.matching import match_symbols

if TYPE_CHECKING:
    import polars as pl

PERMUTATIONS: dict[EnrichEngine, int] = {"numpy": 10_000, "gseapy": 1_000}
MIN_SIZE, MAX_SIZE = 15, 500
FEWEST = 100
"""Permutations at least."""
CAVEAT = (
    "p and q take genes as independent, which genes of a pathway are not: of random halves of 50 "
    "BRCA tumours, GSEA gave a median of 17 of 50 Hallmarks a q < 0.05 (docs/enrichment.md)"
)
_TIED = 0.05  # share of the genes from which ties are noted


@dataclass(frozen=True)
class EnrichQuery(Query):
    """A question of :func:`enrich`."""

    input: str
    ranked_by: str
    against: str | list[str]
    n_sets: int
    method: EnrichMethod
    engine: EnrichEngine | None
    permutations: int | None
    min_size: int
    max_size: int
    listed_by: str
    direction: Direction
    universe: str


@dataclass(frozen=True)
class EnrichAnswer(Answer):
    """An answer of :func:`enrich`: a row per gene set, and tumor type and contrast.

    ``parts`` have, for each tumor type and contrast, the ranking and the places of every set.
    """

    query: EnrichQuery
    parts: tuple[Enriched, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Listing:
    """Which genes of an answer are the list of over-representation.

    Attributes
    ----------
    q, lfc
        Below which q, and above which size of log2 fold change.
    genes
        How many genes of the ends of the ranking, in place of these.
    direction
        ``up``, ``down`` or ``both``.
    """

    q: float = 0.05
    lfc: float = 1.0
    genes: int | None = None
    direction: Direction = "both"

    def check(self) -> None:
        """Refuse limits that are none.

        Raises
        ------
        UsageError
            Naming the parameter.
        """
        check_choice("direction", self.direction, DIRECTIONS)
        if not 0 < self.q <= 1:
            raise UsageError(f"q is {self.q:g}", "Give a number above 0, up to 1")
        if not self.lfc >= 0:
            raise UsageError(f"lfc is {self.lfc:g}", "Give 0 or more")
        if self.genes is not None and self.genes < 1:
            raise UsageError(f"genes is {self.genes}", "Give 1 or more")

    def in_words(self, given: Ranked) -> str:
        """How genes are listed: ``q < 0.05 and |log2fc| > 1``."""
        if given.is_list:
            return ""
        if self.genes is not None:
            which = {"up": "highest", "down": "lowest", "both": "furthest from 0"}[self.direction]
            return f"the {self.genes:,} {which} by {given.number}"
        fold = given.effect == "log2fc" and self.lfc > 0
        return f"q < {self.q:g}" + (f" and |log2fc| > {self.lfc:g}" if fold else "")

    def of(self, given: Ranked, ranking: Ranking) -> list[str]:
        """The genes of a ranking that are listed."""
        if given.is_list:
            return list(ranking.genes)
        least = self.lfc if given.effect == "log2fc" else 0.0
        return ranking.listed(self.q, least, self.genes, self.direction)


def enrich(
    given: Any,
    against: Items,
    method: EnrichMethod | None = None,
    *,
    rank: str | None = None,
    tumor_types: Iterable[str] = (),
    engine: EnrichEngine = "numpy",
    permutations: int | None = None,
    limits: Limits | None = None,
    listing: Listing | None = None,
    universe: str | Path | int | Sequence[str] | None = None,
    measured: Callable[[], Collection[str]] | None = None,
) -> EnrichAnswer:
    """See :meth:`tcga_corr.Engine.enrich`; ``measured`` gives the genes of the store's tables."""
    limits, listing = limits or Limits(MIN_SIZE, MAX_SIZE), listing or Listing()
    listing.check()
    limits.check()
    check_choice("engine", engine, ENRICH_ENGINES)
    found = ranked(given, rank, tumor_types)
    method = method or ("ora" if found.is_list else "gsea")
    check_choice("method", method, ENRICH_METHODS)
    sets = _sets(against)
    _check_goes_together(found, method, universe, listing)
    if method == "gsea":
        n_draws = _checked_permutations(permutations, engine)
        compute = partial(gsea, engine=engine, n_draws=n_draws, limits=limits)
        parts = in_threads(compute, found.rankings, _matched_of(found.rankings, sets))
        notes, shown = _notes_of_ranking(found, engine, n_draws), ""
    else:
        n_draws = None
        known = universe_of(universe, measured)
        lists = [listing.of(found, one) for one in found.rankings]
        direction = "both" if found.is_list else listing.direction
        parts = _over_represented(found, lists, sets, known, limits, direction)
        shown = known.in_words if known else _all_genes(found)
        notes = [f"universe: {shown}", *_notes_of_lists(found, lists, parts, listing)]
    query = EnrichQuery(
        input=found.name,
        ranked_by=found.number,
        against=against if isinstance(against, str) else [one.name for one in sets],
        n_sets=len(sets),
        method=method,
        engine=engine if method == "gsea" else None,
        permutations=n_draws,
        min_size=limits.low,
        max_size=limits.high,
        listed_by=listing.in_words(found) if method == "ora" else "",
        direction="both" if method == "gsea" or found.is_list else listing.direction,
        universe=shown,
    )
    return _answer(found, sets, parts, query, notes)


def _sets(against: Items) -> list[GeneSet]:
    """The gene sets of what is given.

    Raises
    ------
    UsageError
        If it names none, or two different sets have one name.
    """
    text = os.fspath(against) if isinstance(against, os.PathLike) else against
    items = split_at_commas(text) if isinstance(text, str) else text
    return [one.gene_set for one in sets_among(NameResolver().sets(items))]


def _check_goes_together(
    found: Ranked, method: EnrichMethod, universe: object, listing: Listing
) -> None:
    if method == "gsea":
        if found.is_list:
            raise UsageError(
                f"{found.name} is a list of genes without numbers, and gsea needs a ranking",
                "Give --method ora, or genes with numbers",
            )
        if universe is not None:
            raise UsageError("a universe is given, and gsea has none", "It is of --method ora")
        return
    if found.is_list and universe is None:
        raise UsageError(
            f"{found.name} is a list of genes: which genes could have been on it is not known",
            "Give --universe FILE of all genes that were tested, measured for those of the "
            "store's tables, or how many there were",
        )
    has_q = any((one.q == one.q).any() for one in found.rankings)
    if not found.is_list and listing.genes is None and not has_q:
        raise UsageError(
            f"{found.name} has no q that lists genes",
            "Give --genes N to list the ends of the ranking, or --method gsea",
        )


def _all_genes(found: Ranked) -> str:
    """The universe of rankings, in words."""
    first, *others = found.rankings
    return (
        "all genes of each ranking" if others else f"all {len(first.genes):,} genes of the ranking"
    )


def _checked_permutations(permutations: int | None, engine: EnrichEngine) -> int:
    if permutations is None:
        return PERMUTATIONS[engine]
    if permutations < FEWEST:
        raise UsageError(f"permutations is {permutations}", f"Give {FEWEST} or more")
    return permutations


def _matched_of(
    rankings: Sequence[Ranking], sets: Sequence[GeneSet]
) -> list[dict[str, frozenset[str]]]:
    """Of each ranking the genes of every set that it has; equal genes are matched once."""
    known: dict[frozenset[str], dict[str, frozenset[str]]] = {}
    found = []
    for ranking in rankings:
        genes = frozenset(ranking.genes)
        if genes not in known:
            known[genes] = matched(sets, ranking.place_of)
        found.append(known[genes])
    return found


def _over_represented(
    found: Ranked,
    lists: Sequence[list[str]],
    sets: Sequence[GeneSet],
    universe: Universe | None,
    limits: Limits,
    direction: Direction,
) -> list[Enriched]:
    """The rows of every list.

    Raises
    ------
    AnalysisError
        If all lists are empty.
    """
    if not any(lists):
        raise AnalysisError(
            f"{found.name}: no gene is listed", "Give --genes N, or other limits by --q and --lfc"
        )
    if universe is None:
        of_parts = _matched_of(found.rankings, sets)
        return [
            over_represented(ranking, listed, own, len(ranking.genes), limits, direction)
            for ranking, listed, own in zip(found.rankings, lists, of_parts, strict=True)
        ]
    if universe.genes is None:
        parts = []
        for ranking, listed in zip(found.rankings, lists, strict=True):
            own = {one.name: frozenset(one.genes) for one in sets}
            inside = {
                one.name: frozenset(match_symbols(one.genes, dict.fromkeys(listed)).found.values())
                for one in sets
            }
            parts.append(
                over_represented(ranking, listed, own, universe.n, limits, direction, inside)
            )
        return parts
    own = matched(sets, universe.genes)
    parts = []
    for ranking, listed in zip(found.rankings, lists, strict=True):
        kept = universe.among(listed)
        part = over_represented(ranking, list(kept), own, universe.n, limits, direction)
        n_out = len(listed) - len(kept)
        text = (
            f"{ranking.name or found.name}: {n_out:,} of {len(listed):,} genes are left out, as "
            "they are not in the universe"
        )
        parts.append(replace(part, notes=(text,)) if n_out else part)
    return parts


def _notes_of_ranking(found: Ranked, engine: EnrichEngine, n_draws: int) -> list[str]:
    who = f"gseapy {version('gseapy')}" if engine == "gseapy" else "random genes of each set size"
    notes = [
        f"genes are ranked by {found.number}; p from {n_draws:,} permutations ({who}), q by "
        "Benjamini and Hochberg, q_gsea as GSEA has it, over the sets of each ranking"
    ]
    for one in found.rankings:
        name, values = one.name or found.name, one.values
        n_tied = int((values[1:] == values[:-1]).sum())
        if n_tied > _TIED * len(values):
            notes.append(
                f"{name}: {100 * n_tied / len(values):.0f} % of genes are tied, "
                "in the order of symbols"
            )
        if values[-1] >= 0 or values[0] <= 0:
            side = "below" if values[-1] >= 0 else "above"
            notes.append(
                f"{name}: no number is {side} 0, so the ranking has one end; a sign may be missing"
            )
    return [*notes, CAVEAT]


def _notes_of_lists(
    found: Ranked, lists: Sequence[list[str]], parts: Sequence[Enriched], listing: Listing
) -> list[str]:
    how = f" ({listing.in_words(found)})" if not found.is_list else ""
    notes = [
        f"{ranking.name or found.name}: {len(listed):,} genes are listed{how}"
        for ranking, listed in zip(found.rankings, lists, strict=True)
    ]
    return [*notes, *(note for part in parts for note in part.notes), CAVEAT]


def _answer(
    found: Ranked,
    sets: Sequence[GeneSet],
    parts: Sequence[Enriched],
    query: EnrichQuery,
    notes: Sequence[str],
) -> EnrichAnswer:
    frame = _frame(found, parts)
    if frame["p"].null_count() == frame.height:
        reasons = "; ".join(list(dict.fromkeys(frame["note"].to_list()))[:3])
        raise AnalysisError(
            f"no set has a p: {reasons}", "Other sizes of sets are had by --min-size and --max-size"
        )
    of_files = dict.fromkeys(note for one in sets for note in one.notes)
    of_rankings = (note for one in found.rankings for note in one.notes)
    mark = [NOTE_OF_SIMULATED] if found.simulated else []
    texts = (*mark, *of_files, *found.notes, *of_rankings, *notes)
    provenance = replace(Provenance.of([], sets, notes=texts), simulated=found.simulated)
    return EnrichAnswer(frame, query, texts, provenance, parts=tuple(parts))


def _frame(found: Ranked, parts: Sequence[Enriched]) -> pl.DataFrame:
    """The rows of all parts, with the labels of which there are several."""
    import polars as pl

    labels = [
        label for label in LABELS if len({one.labels.get(label) for one in found.rankings}) > 1
    ]
    frames = []
    for part in parts:
        frame = pl.DataFrame(part.rows, schema=SCHEMA).with_columns(
            pl.col(pl.Float64).fill_nan(None)
        )
        if found.simulated:
            note = pl.concat_str(pl.lit(SIMULATED), pl.col("note"), separator="; ")
            frame = frame.with_columns(note=note.str.strip_chars_end("; "))
        frame = frame.sort(
            "p", pl.col("nes").abs(), "set", descending=[False, True, False], nulls_last=True
        )
        own = [pl.lit(part.ranking.labels[label]).alias(label) for label in labels]
        frames.append(frame.select(*own, *SCHEMA))
    return pl.concat(frames)
