"""The fields of files of gene sets: without the marks that other programs leave, and the genes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tcga_corr.vocabulary.gene_names import cleaned, genes_named

_QUOTES = {'"': '"', "'": "'", "\u201c": "\u201d", "\u201e": "\u201c", "\u2018": "\u2019"}
_WEIGHTED = re.compile(r"([^,;]+),\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_BETWEEN = re.compile(r"[,;]")
_BETWEEN_TIGHTLY = re.compile(r"[,;](?!\s)")
_PLAIN = re.compile(r"[\w.@/:()\t-]*", re.ASCII)  # neither marks nor several genes in a field
_WORDS_FOR_NOTHING = ("na", "n/a", "#n/a", "nan", "none", "null")
_NOTHING = frozenset(
    ["", *"-.?>\u2013\u2014", "--", "---", "NaN"]
    + [form for word in _WORDS_FOR_NOTHING for form in (word, word.upper(), word.title())]
)


class Members(NamedTuple):
    """The genes of some fields, each once, and whether they had weights that differ."""

    genes: tuple[str, ...]
    weighted: bool = False


def field(text: str) -> str:
    """A field without quotes around it, and without invisible characters."""
    text = cleaned(text)
    while len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
        quote = text[0]
        text = text[1:-1].replace(quote * 2, quote).strip()
    return text


def is_empty(text: str) -> bool:
    """Whether a field stands for nothing: ``na``, ``-``, or no text at all."""
    return text.strip() in _NOTHING


def is_gene(text: str) -> bool:
    """Whether a field is the name of a gene, by any way in which genes are written."""
    return bool(genes_named(text)) or bool(genes_named(text.upper()) and _looks_of_mouse(text))


def _looks_of_mouse(text: str) -> bool:
    return text[:1].isupper() and text[1:].islower()


def members(fields: Iterable[str]) -> Members:
    """The genes of the fields after a set's name and description.

    A field may be a gene with a weight (``RELA,1.0``), or several genes between commas, semicolons
    or blanks, where most of them are known. Beside other fields ``18S rRNA, 28S rRNA`` is one
    member, as Reactome has it.
    """
    listed = list(fields)
    if _PLAIN.fullmatch("\t".join(listed)):  # nearly all lines
        genes = dict.fromkeys(map(str.strip, listed))
        for nothing in genes.keys() & _NOTHING:
            del genes[nothing]
        return Members(tuple(genes))
    is_sole = sum(bool(text.strip()) for text in listed) == 1
    between = _BETWEEN if is_sole else _BETWEEN_TIGHTLY
    genes = {}
    weights: set[float] = set()
    for text in map(field, listed):
        if match := _WEIGHTED.fullmatch(text):
            genes[field(match[1])] = None
            weights.add(float(match[2]))
        else:
            genes.update(dict.fromkeys(_of_one_field(text, between)))
    genes.pop("", None)
    return Members(tuple(genes), len(weights) > 1)


def _of_one_field(text: str, between: re.Pattern[str]) -> Iterator[str]:
    parts = [part for each in between.split(text) if (part := field(each))]
    words = text.split()
    if len(parts) > 1 and 2 * sum(map(is_gene, parts)) >= len(parts):
        yield from parts
    elif len(words) > 1 and all(map(is_gene, words)):
        yield from words
    elif not is_empty(text):
        yield text
