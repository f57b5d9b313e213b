"""Whether the second field of a file's sets describes a set or is its first gene.

People leave the descriptions out, and the first gene of every set would be lost. What the fields
are decides it for the file as a whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tcga_corr.vocabulary.gene_names import are_of_mouse, as_human
from tcga_corr.vocabulary.gene_sets.fields import is_empty, is_gene, members
from tcga_corr.vocabulary.gene_sets.layouts import Entry

_NAME_OF_GENE = re.compile(r"[A-Za-z0-9][\w.@/|-]{0,29}(,[0-9.eE+-]+)?", re.ASCII)
# what a gene that the symbol table does not know may be called
_UNKNOWN_GENE = re.compile(r"[A-Z][A-Z0-9]+([-.][A-Z0-9]+)*(orf[0-9]+)?|Gm[0-9]+|\w+Rik", re.ASCII)
_ID_OF_SET = re.compile(r"(R-HSA-|WP|M|KEGG|GO|HSA|PWY|SMP|DOID|HP)[-_:]?[0-9]+", re.IGNORECASE)
# words that are aliases of genes too
_WORDS = frozenset(
    ["UP", "DOWN", "DN", "ALL", "SET", "CUSTOM", "USER", "TEST", "HUMAN", "OTHER", "KEGG", "GO"]
).union(["HALLMARK", "BIOCARTA", "REACTOME", "MSIGDB", "PID", "WIKIPATHWAYS", "ENRICHR"])
_FEW, _MOST = 0.1, 0.9


@dataclass(frozen=True)
class Described:
    """Sets whose first genes are among their genes.

    Attributes
    ----------
    entries
        The sets.
    notes
        By position, what was decided about a set.
    faults
        By position, why a set cannot be read.
    """

    entries: Sequence[Entry]
    notes: dict[int, str] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)


def with_first_genes(entries: Sequence[Entry]) -> Described:
    """Decide what the descriptions of a file's sets are."""
    entries = [_with_genes(entry) for entry in entries]
    kinds = [_kind(entry) for entry in entries]
    count = Counter(kinds)
    repeats = Counter(entry.description for entry in entries)
    if not count["gene"]:
        notes = {
            n: f"{entry.name}: {entry.description} is taken as its description, not as a gene"
            for n, entry in enumerate(entries)
            if kinds[n] == "perhaps" and repeats[entry.description] == 1
        }
        return Described(entries, notes)
    share = count["gene"] / (count["gene"] + count["description"])
    if share > _MOST:
        return _without_descriptions(entries, kinds)
    if share <= _FEW:
        return Described(entries, {n: _stands(entries[n]) for n in _of_kind(kinds, "gene")})
    faults = {
        n: f"'{entries[n].description}' may be a description or a gene, as some sets have "
        "descriptions and others genes in this place"
        for n in (*_of_kind(kinds, "gene"), *_of_kind(kinds, "perhaps"))
    }
    return Described(entries, {}, faults)


def _of_kind(kinds: Sequence[str], kind: str) -> list[int]:
    return [n for n, one in enumerate(kinds) if one == kind]


def _stands(entry: Entry) -> str:
    return (
        f"{entry.name}: {entry.description}, which is a gene, stands where other sets have a "
        "description, and is not counted"
    )


def _without_descriptions(entries: Sequence[Entry], kinds: Sequence[str]) -> Described:
    found, notes = list(entries), {}
    for n, (entry, kind) in enumerate(zip(entries, kinds, strict=True)):
        text = entry.description
        if kind in ("gene", "perhaps"):
            found[n] = replace(entry, description="", fields=(text, *entry.fields))
            notes[n] = (
                f"{entry.name}: {text} is counted as a gene, as the file has genes where "
                "descriptions are"
            )
        elif kind == "description" and not is_empty(text):
            notes[n] = f"{entry.name}: {text} is taken as its description, not as a gene"
    return Described(found, notes)


def _with_genes(entry: Entry) -> Entry:
    """The set whose genes all stand in the field of the description."""
    if any(text.strip() for text in entry.fields):
        return entry
    genes = members([entry.description]).genes
    if len(genes) < 2 or not all(map(is_gene, genes)):
        return entry
    return replace(entry, description="", fields=(entry.description,))


def _kind(entry: Entry) -> str:
    """What a description is: ``gene``, ``perhaps`` one, ``description``, or ``either``.

    Either way the set has the same genes where it is one of them anyway, or nothing.
    """
    text = entry.description
    genes = members(entry.fields).genes
    if text in genes or (not text and not genes):
        return "either"
    if is_empty(text) or text == entry.name or text in _WORDS or not _NAME_OF_GENE.fullmatch(text):
        return "description"
    (gene, *_) = members([text]).genes or ("",)
    if as_human(gene):
        return "gene" if are_of_mouse([gene, *genes]) else "description"
    if gene.isdigit():
        return "gene" if genes and all(map(str.isdigit, genes)) else "description"
    if is_gene(gene):
        return "gene"
    is_id = _ID_OF_SET.fullmatch(text) is not None
    return "perhaps" if _UNKNOWN_GENE.fullmatch(gene) and not is_id else "description"
