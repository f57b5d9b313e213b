"""The gene sets that ship with the package, and the collections that they come from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tcga_corr.errors import UsageError, near_names
from tcga_corr.files import sha256_of
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet

_DATA = Path(__file__).parents[1] / "data"
_REFERENCE = _DATA / "reference.gmt"


@dataclass(frozen=True)
class Collection:
    """A published collection of gene sets."""

    name: str
    title: str
    version: str
    licence: str
    url: str
    citation: str


COLLECTIONS: dict[str, Collection] = {
    collection.name: collection
    for collection in (
        Collection(
            "h.all.v7.0.symbols.gmt",
            "MSigDB Hallmark",
            "7.0",
            "CC BY 4.0",
            "https://www.gsea-msigdb.org/gsea/msigdb",
            "Liberzon et al. 2015, Cell Syst. 1:417, doi:10.1016/j.cels.2015.12.004",
        ),
        Collection(
            "c2.cp.wikipathways.v7.2.symbols.gmt",
            "WikiPathways (by MSigDB)",
            "7.2",
            "CC0 1.0",
            "https://www.wikipathways.org",
            "Martens et al. 2021, Nucleic Acids Res. 49:D613, doi:10.1093/nar/gkaa1024",
        ),
        Collection(
            "c2.cp.pid.v7.0.symbols.gmt",
            "Pathway Interaction Database (by MSigDB)",
            "7.0",
            "CC BY 4.0",
            "https://www.gsea-msigdb.org/gsea/msigdb",
            "Schaefer et al. 2009, Nucleic Acids Res. 37:D674, doi:10.1093/nar/gkn653",
        ),
        Collection(
            "ReactomePathways_2021-22.gmt",
            "Reactome",
            "2021-22",
            "CC0 1.0",
            "https://reactome.org",
            "Gillespie et al. 2022, Nucleic Acids Res. 50:D687, doi:10.1093/nar/gkab1028",
        ),
        Collection(
            "enrichr.GO_BP_2021.gmt",
            "Gene Ontology biological process (by Enrichr)",
            "2021",
            "CC BY 4.0",
            "https://geneontology.org",
            "Gene Ontology Consortium 2021, Nucleic Acids Res. 49:D325, doi:10.1093/nar/gkaa1113",
        ),
    )
}


DEATH_PROGRAMMES = ("ferroptosis", "apoptosis", "autophagy", "necroptosis", "pyroptosis")


@cache
def shipped_sets() -> dict[str, GeneSet]:
    """The shipped sets by name: ferroptosis, NF-kB's, other death programmes, 50 Hallmarks.

    A set's ``description`` is its source line, ``collection`` a key of ``COLLECTIONS``.
    """
    return _read(_DATA / "named.gmt") | _read(_DATA / "hallmark.gmt")


@cache
def reference_sets() -> dict[str, GeneSet]:
    """Real pathways by name, among which to rank a pathway's correlation: 15 to 500 genes each.

    They are sets of Reactome, WikiPathways and GO biological processes, no two of them with a
    Jaccard index of 0.3 or more; their names start with ``REACTOME_``, ``WP_`` or ``GO_``. As in
    ``shipped_sets``, a set's ``description`` is its source line, ``collection`` a key of
    ``COLLECTIONS``.
    """
    return _read(_REFERENCE)


@cache
def reference_digest() -> str:
    """The sha256 of the file of the reference sets, in hex: the key of all derived from them."""
    return sha256_of(_REFERENCE)


def _read(path: Path) -> dict[str, GeneSet]:
    """The sets of a shipped file, which has none of the faults that other files may have."""
    sets = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, description, *genes = line.split("\t")
        collection = description.partition(": ")[0]
        sets[name] = GeneSet(name, description, tuple(genes), collection)
    return sets


def find_set(name: str) -> GeneSet:
    """The shipped or reference set of a name, in any case.

    Raises
    ------
    UsageError
        If there is none, naming the nearest.
    """
    gene_set = next(
        (
            gene_set
            for sets in (shipped_sets, reference_sets)
            for known, gene_set in sets().items()
            if known.casefold() == name.casefold()
        ),
        None,
    )
    if gene_set is None:
        raise UsageError(
            f"unknown gene set '{name}'",
            near_names(name, shipped_sets())
            or "`tcga-corr sets` lists them; FILE.gmt:NAME takes one from a file",
        )
    return gene_set
