"""Readings: the open gene sets that one term of biology may mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tcga_corr.vocabulary.gene_sets.catalogue import COLLECTIONS, shipped_sets
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet


@dataclass(frozen=True)
class Reading:
    """A shipped gene set, and what its genes are, in a few words."""

    name: str
    meaning: str


# Left out of NF-kB: lists of one receptor in one kind of cell, of what inhibits NF-kB, and those
# of which most genes are the proteasome's and stand in nfkb-go-nik already.
READINGS: Mapping[str, tuple[Reading, ...]] = {
    "nfkb": (
        Reading("nfkb", "genes that TNF switches on through NF-kB (targets)"),
        Reading("nfkb-wp-survival", "NF-kB, what activates it, and targets by which cells survive"),
        Reading("nfkb-pid-canonical", "the pathway's own proteins, canonical"),
        Reading("nfkb-pid-atypical", "the pathway's own proteins, atypical"),
        Reading("nfkb-go-ikk", "the pathway's own proteins: I-kappaB kinase and NF-kB"),
        Reading("nfkb-go-nik", "non-canonical, by NIK; 44 of 74 genes are proteasome or ubiquitin"),
        Reading("nfkb-reactome-tak1", "activation by TAK1 and the IKK complex"),
        Reading("nfkb-reactome-tnfr1", "activation by the TNF receptor 1"),
        Reading("nfkb-reactome-noncanonical", "non-canonical: TNF-family ligands and receptors"),
        Reading("nfkb-go-activation", "regulators that raise NF-kB's activity in transcription"),
        Reading("nfkb-go-ikk-activation", "regulators that raise I-kappaB kinase signalling"),
    ),
    "ferroptosis": (
        Reading("ferroptosis", "iron, lipid peroxides and glutathione; the only open list at hand"),
    ),
}
"""By term, its readings; the first has the term's name, which stands for it where one is meant."""


_MEANINGS = {one.name: one.meaning for readings in READINGS.values() for one in readings}


def readings_of(gene_set: GeneSet) -> tuple[Reading, ...]:
    """The readings of a term, of the shipped set that has the term's name; none of other sets."""
    return READINGS.get(gene_set.name, ()) if _is_shipped(gene_set) else ()


def meaning_of(gene_set: GeneSet) -> str:
    """What the genes of a reading are, in a few words; empty for other sets."""
    return _MEANINGS.get(gene_set.name, "") if _is_shipped(gene_set) else ""


def _is_shipped(gene_set: GeneSet) -> bool:
    """Whether a set is the shipped one of its name, and no user's own."""
    return shipped_sets().get(gene_set.name) == gene_set


def reading_notes(sets: Sequence[GeneSet]) -> Iterator[str]:
    """For each set named as a term, a line on which reading it is, and how to see the others."""
    names = frozenset(one.name for one in sets)
    for one in dict.fromkeys(sets):
        if readings := readings_of(one):
            yield f"{one.name}: {_which(one, readings, names)}"


def _which(term: GeneSet, readings: Sequence[Reading], names: frozenset[str]) -> str:
    by, n = COLLECTIONS[term.collection].title, len(readings)
    if n == 1:
        return f"the list of {by}, the only open one; FILE.gmt:NAME sets yours beside it"
    if names.issuperset(one.name for one in readings):
        return f"all {n} readings, see `tcga-corr sets {term.name}`"
    return (
        f"{readings[0].meaning}, by {by}; {n - 1} other readings, see `tcga-corr sets {term.name}`"
    )
