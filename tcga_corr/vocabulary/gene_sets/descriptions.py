"""Whether the second field of a GMT file's lines describes a set or is its first gene.

People leave the descriptions out, and the first gene of every set would be lost. What the fields
are decides it for the file as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tcga_corr.vocabulary.gene_names import are_of_mouse, as_human
from tcga_corr.vocabulary.gene_sets.fields import is_empty, is_gene, members
from tcga_corr.vocabulary.gene_sets.layouts import Entry

_NAME_OF_GENE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.@/_|-]{0,29}(,[0-9.eE+-]+)?")
_FEW, _MOST = 0.1, 0.9


def with_first_genes(
    entries: Sequence[Entry],
) -> tuple[list[Entry], dict[int, str], dict[int, str]]:
    """Entries whose first genes are among their genes.

    Returns
    -------
    The entries, a note on some of them by position, and why some cannot be read.
    """
    genes = [n for n, entry in enumerate(entries) if _may_be_gene(entry)]
    if not genes:
        return list(entries), {}, {}
    neutral = {n for n, entry in enumerate(entries) if _is_member_anyway(entry)}
    doubtful = [n for n in genes if n not in neutral]
    others = [n for n in range(len(entries)) if n not in genes and n not in neutral]
    if not doubtful:
        return list(entries), {}, {}
    share = len(doubtful) / (len(doubtful) + len(others))
    if share > _MOST:
        return _without_descriptions(entries, doubtful)
    notes, faults = {}, {}
    for n in doubtful:
        text = entries[n].description
        if share <= _FEW:
            notes[n] = (
                f"{entries[n].name}: {text}, which is a gene, stands where other lines have a "
                "description, and is not counted"
            )
        else:
            faults[n] = (
                f"'{text}' may be a description or a gene, as some lines have descriptions and "
                "others genes in the second field"
            )
    return list(entries), notes, faults


def _without_descriptions(
    entries: Sequence[Entry], doubtful: Sequence[int]
) -> tuple[list[Entry], dict[int, str], dict[int, str]]:
    found, notes = list(entries), {}
    for n, entry in enumerate(entries):
        text = entry.description
        if n in doubtful or (not is_empty(text) and _NAME_OF_GENE.fullmatch(text)):
            found[n] = replace(entry, description="", fields=(text, *entry.fields))
            notes[n] = (
                f"{entry.name}: {text} is counted as a gene, as the file has genes where "
                "descriptions are"
            )
    return found, notes, {}


def _may_be_gene(entry: Entry) -> bool:
    text = entry.description
    if is_empty(text) or not _NAME_OF_GENE.fullmatch(text) or text == entry.name:
        return False
    (gene, *_) = members([text]).genes or ("",)
    if as_human(gene):
        return are_of_mouse([gene, *members(entry.fields).genes])
    if gene.isdigit():
        numbers = [one.isdigit() for one in members(entry.fields).genes]
        return bool(numbers) and all(numbers)
    return is_gene(gene)


def _is_member_anyway(entry: Entry) -> bool:
    return bool(entry.description) and entry.description in members(entry.fields).genes
