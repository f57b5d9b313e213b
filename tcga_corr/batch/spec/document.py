"""A spec as it was read: its right parts by place, whatever else is wrong."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tcga_corr.analysis.samples.scope import Scope
from tcga_corr.batch.spec.names import Named, Names
from tcga_corr.batch.spec.problems import Place, Problem, format_place
from tcga_corr.batch.spec.schema import BLOCKS, Kind, findings
from tcga_corr.vocabulary.gene_sets.catalogue import DEATH_PROGRAMMES
from tcga_corr.vocabulary.nulls import N_DRAWS
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

_DEFAULTS: dict[str, Any] = {
    **vars(Scope()), "draws": N_DRAWS, "methods": ("pearson",), "adjust": (), "null": (),
    "purity": True, "by": None, "endpoint": "OS",
}  # fmt: skip


class Document:
    """A spec's data with their lines; values that are wrong by themselves are set aside.

    Attributes
    ----------
    raw
        As tomllib reads it.
    names
        What its names stand for.
    """

    def __init__(self, raw: dict[str, Any], lines: Mapping[Place, int], names: Names) -> None:
        self.raw = raw
        self.names = names
        self._lines = lines
        self._order = {place: number for number, place in enumerate(lines)}
        self._bad: set[Place] = set()
        self._problems: dict[Problem, int] = {}
        for place, what, remedy, is_missing in findings(raw, names):
            known = self._nearest(place)
            self.report(place if is_missing else known, what, remedy)
            if not is_missing:
                self._bad.add(known)

    @property
    def problems(self) -> list[Problem]:
        """The problems found so far, each once, in order of the file."""
        return sorted(self._problems, key=self._problems.__getitem__)

    def report(self, place: Place, what: str, remedy: str = "") -> None:
        """Note a problem."""
        problem = Problem(self.line(place), format_place(place), what, remedy)
        self._problems[problem] = self._order.get(self._nearest(place), 0)

    def line(self, place: Place) -> int:
        """The line of a place, or of what it is missing from."""
        return self._lines.get(self._nearest(place), 1)

    def _nearest(self, place: Place) -> Place:
        """The place, or the innermost one around it that the file has."""
        while place and place not in self._lines:
            place = place[:-1]
        return place

    def is_spoilt(self, place: Place) -> bool:
        """Whether a place, or anything in it, is wrong by itself."""
        return any(bad[: len(place)] == place for bad in self._bad)

    def get(self, place: Place, default: Any = None) -> Any:
        """The value at a place; the default where there is none, or a wrong one."""
        value: Any = self.raw
        for depth, step in enumerate(place, start=1):
            exists = step in value if isinstance(value, dict) else isinstance(value, list)
            if not exists or place[:depth] in self._bad:
                return default
            value = value[step]
        return value

    def elements(self, place: Place) -> list[tuple[Place, Any]]:
        """The right elements of a list; a single text in its place counts as one."""
        value = self.get(place, [])
        if isinstance(value, str):
            return [(place, value)]
        elements = ((*place, number) for number in range(len(value)))
        return [(element, self.get(element)) for element in elements if not self.is_spoilt(element)]

    def tables(self, key: str) -> Iterator[Place]:
        """The places of the tables of a list."""
        for number in range(len(self.get((key,), []))):
            if self.get((key, number)) is not None:
                yield key, number

    @cached_property
    def blocks(self) -> list[Block]:
        """All blocks in order of the file."""
        places = [place for kind in BLOCKS for place in self.tables(kind)]
        return [Block(self, place) for place in sorted(places, key=self.line)]


@dataclass(frozen=True)
class Block:
    """A block of a spec."""

    document: Document
    place: Place

    @property
    def kind(self) -> Kind:
        """``pairs``, ``crosses``, ``dominance``, ``survival`` or ``differential``."""
        return next(kind for kind in BLOCKS if kind == self.place[0])

    @property
    def name(self) -> str:
        """Its own name, or one made of its kind and number."""
        kind = "cross" if self.kind == "crosses" else self.kind
        default = f"{kind}-{int(self.place[1]) + 1}"
        return str(self.document.get((*self.place, "name"), default))

    def has(self, key: str) -> bool:
        """Whether the block itself has a key, right or wrong."""
        return key in self.document.get(self.place)

    def place_of(self, key: str) -> Place:
        """The place of a setting: in the block, or at the top."""
        return (*self.place, key) if self.has(key) else (key,)

    def setting(self, key: str) -> Any:
        """A setting of one value: the block's, or the top's, or the default."""
        return self.document.get(self.place_of(key), _DEFAULTS[key])

    def settings(self, key: str) -> tuple[str, ...]:
        """A setting of several values that name no variables."""
        place = self.place_of(key)
        if self.document.get(place) is None:
            return tuple(_DEFAULTS[key])
        return tuple(value for _, value in self.document.elements(place))

    @property
    def tumor_types(self) -> tuple[str, ...]:
        """Abbreviations; empty for all."""
        return tuple(parse_tumor_type(name).abbreviation for name in self.settings("tumor_types"))

    @property
    def scope(self) -> Scope:
        """Where it is computed."""
        scored = () if self.kind == "differential" else ("ties", "min_genes")
        settings = {key: self.setting(key) for key in ("source", "samples", *scored)}
        return Scope(self.tumor_types, **settings, where=self.settings("where"))

    def names(self, key: str) -> list[tuple[Place, str]]:
        """Names in a list, resolved and expanded, each with its element's place."""
        if key == "sets" and not self.has(key):
            return [(self.place, name) for name in DEATH_PROGRAMMES]
        place = self.place_of("adjust") if key == "adjust" else (*self.place, key)
        return [
            (element, name)
            for element, text in self.document.elements(place)
            for name in self.document.names.expanded(text)
        ]

    def variables(self, key: str) -> list[tuple[Place, str, Named]]:
        """The variables of a list, each with its element's place and its name."""
        known = self.document.names.variables_if_known
        return [
            (place, name, variable) for place, name in self.names(key) for variable in known(name)
        ]

    def is_whole(self, *keys: str) -> bool:
        """Whether all names in some lists are known."""
        spoilt = any(self.document.is_spoilt((*self.place, key)) for key in keys)
        known = self.document.names.variables_if_known
        return not spoilt and all(known(name) for key in keys for _, name in self.names(key))

    @property
    def pairs(self) -> list[tuple[Place, tuple[str, str]]]:
        """The pairs of a block of pairs, by resolved names."""
        resolved = self.document.names.resolved
        return [
            (place, (resolved(x), resolved(y)))
            for place, (x, y) in self.document.elements((*self.place, "pairs"))
        ]

    @property
    def only_pair(self) -> tuple[str, str] | None:
        """The names of the pair of a block that has only one."""
        pairs = [pair for _, pair in self.pairs]
        if self.kind == "crosses":
            x, y = ([name for _, name in self.names(key)] for key in ("x", "y"))
            first, second = (x, y) if self.has("y") else (x[:1], x[1:])
            pairs = list(itertools.product(first, second))
            if any(self.document.names.is_collection(name) for name in (*first, *second)):
                return None
        return pairs[0] if len(pairs) == 1 else None

    def has_pair(self, one: Named, other: Named) -> bool:
        """Whether the block correlates the two, in either order."""
        known = self.document.names.variables_if_known
        if {one, other} in [{*known(x), *known(y)} for _, (x, y) in self.pairs]:
            return True
        x = {variable for *_, variable in self.variables("x")}
        y = {variable for *_, variable in self.variables("y")} if self.has("y") else x
        return one != other and ((one in x and other in y) or (other in x and one in y))
