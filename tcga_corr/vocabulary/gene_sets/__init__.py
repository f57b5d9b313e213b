"""Gene sets: those of GMT files, and those that ship with the package."""

from tcga_corr.vocabulary.gene_sets.catalogue import (
    COLLECTIONS,
    DEATH_PROGRAMMES,
    Collection,
    find_set,
    near_set_names,
    reference_digest,
    reference_sets,
    shipped_sets,
)
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet, read_gmt

__all__ = [
    "COLLECTIONS",
    "DEATH_PROGRAMMES",
    "Collection",
    "GeneSet",
    "find_set",
    "near_set_names",
    "read_gmt",
    "reference_digest",
    "reference_sets",
    "shipped_sets",
]
