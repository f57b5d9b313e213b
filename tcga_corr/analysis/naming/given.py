"""What Python gives as variables, made into texts and gene sets."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from tcga_corr.errors import UsageError
from tcga_corr.vocabulary.gene_names import cleaned
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet

Item = str | GeneSet | os.PathLike[str] | Sequence[str] | Mapping[str, Sequence[str]]
"""What names a variable: a text, a gene set itself, or a list of genes, which is a set."""
Items = Item | Sequence[Item]

_TAKEN = "Give a name such as 'RELA', a list of genes, a dictionary of lists, or a GeneSet"
_N_SHOWN = 3


def one_item(given: Any) -> str | GeneSet:
    """The text or the gene set of what one variable is given as.

    Raises
    ------
    UsageError
        If it names none, saying what is taken.
    """
    if isinstance(given, GeneSet):
        return given
    if isinstance(given, str | os.PathLike):
        text = cleaned(os.fspath(given) if isinstance(given, os.PathLike) else given)
        if not text:
            raise UsageError("an empty name is given", _TAKEN)
        return text
    if isinstance(given, Mapping):
        sets = several_items(given)
        if len(sets) != 1:
            raise UsageError(f"{len(sets)} gene sets are given for one variable", "Give one")
        return sets[0]
    return set_of_genes(_elements(given))


def several_items(given: Any) -> list[str | GeneSet]:
    """The text or the gene set of each of what several variables are given as.

    Raises
    ------
    UsageError
        If it, or one of them, names none.
    """
    if isinstance(given, str | os.PathLike | GeneSet):
        return [one_item(given)]
    if isinstance(given, Mapping):
        return [_named_set(name, genes) for name, genes in given.items()]
    return [one_item(each) for each in _elements(given)]


def set_of_genes(genes: Sequence[Any]) -> GeneSet:
    """The set of a list of genes, named by the first of them."""
    for gene in genes:
        if not isinstance(gene, str):
            raise UsageError(f"{_kind(gene)} is given as a gene", "Give a list of symbols")
    listed = [cleaned(gene).removeprefix("gene:") for gene in genes]
    listed = list(dict.fromkeys(gene for gene in listed if gene))
    if not listed:
        raise UsageError("a list without genes is given", _TAKEN)
    shown = ",".join(listed[:_N_SHOWN])
    name = shown if len(listed) <= _N_SHOWN else f"{shown},… ({len(listed)} genes)"
    return GeneSet(name, "", tuple(listed))


def _named_set(name: Any, genes: Any) -> GeneSet:
    if not isinstance(name, str) or not name.strip():
        raise UsageError(f"{_kind(name)} is given as the name of a gene set", _TAKEN)
    if isinstance(genes, str):
        raise UsageError(f"the genes of '{name}' are given as one text", "Give a list of symbols")
    known = genes if isinstance(genes, GeneSet) else set_of_genes(_elements(genes))
    return GeneSet(name, known.description, known.genes, known.collection, known.notes)


def _elements(given: Any) -> list[Any]:
    """The elements of a list or anything like one."""
    is_table = hasattr(given, "columns")  # of pandas or polars: iterating would give its columns
    if is_table or isinstance(given, bytes) or not isinstance(given, Iterable):
        raise UsageError(f"{_kind(given)} names no variable", _TAKEN)
    return sorted(given, key=str) if isinstance(given, Set) else list(given)


def _kind(given: Any) -> str:
    if given is None or isinstance(given, bool | int | float):
        return repr(given)
    name = type(given).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
