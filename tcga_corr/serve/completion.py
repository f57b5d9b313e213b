"""Completions: names for the first letters of one, or for some within it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from tcga_corr.vocabulary.gene_sets.catalogue import reference_sets, shipped_sets
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet
from tcga_corr.vocabulary.gene_sets.readings import meaning_of
from tcga_corr.vocabulary.symbols import PREFERRED, symbol_table

Kind = Literal["gene", "set", "covariate"]
KINDS: tuple[Kind, ...] = ("gene", "set", "covariate")
_HALLMARK = "HALLMARK_"
_ABOUT = 160  # letters at most


@dataclass(frozen=True)
class Completion:
    """A name to put into a question, its kind, and a few words about it."""

    name: str
    kind: Kind
    about: str

    @property
    def label(self) -> str:
        """Of a covariate its own name; empty of anything else."""
        return self.name.removeprefix("covariate:") if self.kind == "covariate" else ""


Line = tuple[str, Completion]
"""A text that may be typed, and the completion it stands for."""


class Completions:
    """Names by what may be typed; not changed once made, so that threads may share it.

    Parameters
    ----------
    lines
        The more usual ones come first.
    """

    def __init__(self, lines: Iterable[Line]) -> None:
        kept = list(lines)
        keys = [_folded(key) for key, _ in kept]
        self._stands_for = [completion for _, completion in kept]
        # one text, searched as a whole: that takes under a millisecond for all genes
        self._text = "\n" + "".join(f"{key}\n" for key in keys)
        self._starts = [0, *accumulate(len(key) + 1 for key in keys)]

    def find(
        self, typed: str, most: int, without: Collection[str] = frozenset()
    ) -> list[Completion]:
        """Names for what was typed, in any case, but for some covariates.

        Whole names come first, then those that start with it, then those with a word that does,
        then those that have it anywhere.
        """
        folded = _folded(typed)
        plain = "".join(letter for letter in folded if letter.isalnum())
        found: dict[str, Completion] = {}
        for before, after in (("\n", "\n"), ("\n", ""), ("_", ""), ("", "")):
            for text in dict.fromkeys((folded, plain or folded)):
                for completion in self._matching(f"{before}{text}{after}"):
                    if len(found) >= most:
                        return list(found.values())
                    if completion.label in without:
                        continue
                    found.setdefault(completion.name, completion)
        return list(found.values())

    def _matching(self, pattern: str) -> Iterator[Completion]:
        place = self._text.find(pattern)
        while place >= 0:
            number = bisect_right(self._starts, place) - 1
            if number >= len(self._stands_for):
                return
            yield self._stands_for[number]
            place = self._text.find(pattern, self._text.find("\n", place + 1))


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def lines_of(rows: Sequence[str], own: Sequence[GeneSet], labels: Sequence[str]) -> list[Line]:
    """The names of a store: own and shipped sets, covariates, Hallmarks, genes, reference sets.

    Parameters
    ----------
    rows
        Genes of its tables.
    own
        Gene sets beside the shipped ones.
    labels
        Its covariates.
    """
    plain = _Plain(rows, own, labels)
    shipped = {one.name: one for one in own} | shipped_sets()
    is_hallmark = {name: name.startswith(_HALLMARK) for name in shipped}
    mine = {one.name.casefold() for one in own}
    reference = {name: one for name, one in reference_sets().items() if name.casefold() not in mine}
    return [
        *_sets({name: one for name, one in shipped.items() if not is_hallmark[name]}, plain),
        *((label, Completion(plain("covariate", label), "covariate", "")) for label in labels),
        *_sets({name: one for name, one in shipped.items() if is_hallmark[name]}, plain),
        *_genes(rows, plain),
        *_sets(reference, plain),
    ]


class _Plain:
    """Writes a name as it is where it names one thing alone, else with its kind before it."""

    def __init__(self, rows: Sequence[str], own: Sequence[GeneSet], labels: Sequence[str]) -> None:
        names = [*shipped_sets(), *(one.name for one in own)]
        self._letters: dict[Kind, set[str]] = {
            "gene": {_letters(row) for row in rows},
            "set": {_letters(name) for name in names},
            "covariate": {_letters(part) for one in labels for part in (one, one.split(".")[-1])},
        }

    def __call__(self, kind: Kind, name: str) -> str:
        letters = _letters(name)
        shared = any(letters in self._letters[other] for other in KINDS if other != kind)
        if kind == "covariate":
            shared = shared or bool(symbol_table().candidates(name.upper()))
        return f"{kind}:{name}" if shared else name


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _sets(sets: dict[str, GeneSet], plain: _Plain) -> Iterator[Line]:
    """By name, by its letters alone, and without the word of the collection."""
    for name, one in sets.items():
        origin = one.description or one.collection
        about = "; ".join(filter(None, (f"{len(one.genes)} genes", meaning_of(one), origin)))
        shown = about if len(about) <= _ABOUT else f"{about[: _ABOUT - 1]}…"
        completion = Completion(plain("set", name), "set", shown)
        for key in dict.fromkeys((name, name.partition("_")[2] or name, _letters(name))):
            yield key, completion


def _genes(rows: Sequence[str], plain: _Plain) -> Iterator[Line]:
    """By the tables' names, shorter ones first; then by the genes' other names."""
    known = symbol_table()
    preferred = {symbol: alias for alias, symbol in PREFERRED.items()}
    aliases: list[Line] = []
    for row in sorted(rows, key=lambda row: (row not in preferred, len(row), row)):
        meant = known.candidates(row)
        names = [preferred[row]] if row in preferred else []
        if len(meant) == 1:
            names += [meant[0].symbol, *meant[0].aliases]
        others = [name for name in dict.fromkeys(names) if name != row]
        shown = plain("gene", row)
        yield row, Completion(shown, "gene", f"also {', '.join(others[:3])}" if others else "")
        aliases += [(name, Completion(shown, "gene", f"another name: {name}")) for name in others]
    yield from aliases
