"""The names of a spec: variables, collections, and the spec's own collections of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.analysis.names import Variable, is_collection
from tcga_corr.analysis.variables import parse_variable
from tcga_corr.errors import TcgaCorrError, UsageError, near_names
from tcga_corr.store import Covariates
from tcga_corr.vocabulary.gene_sets import find_set
from tcga_corr.vocabulary.symbols import symbol_table

_IN_GMT = re.compile(r".+\.gmt(:.+)?", re.IGNORECASE)


@dataclass(frozen=True)
class OwnVariable:
    """A covariate or gene that the user's own tables alone know."""

    name: str


Named = Variable | OwnVariable


class _NoCovariates(Covariates):
    """Those of no store: what the vocabulary alone says of a name."""

    def __init__(self) -> None:
        pass

    @property
    def labels(self) -> list[str]:
        return []

    def named(self, text: str) -> list[str]:
        return []


class Names:
    """What the names in a spec stand for.

    Parameters
    ----------
    folder
        Of the spec: paths of GMT files are relative to it.
    collections
        The spec's own, by name. One that clashes with another name is not used.
    known_elsewhere
        Whether the user's own tables know a name.
    """

    def __init__(
        self,
        folder: Path,
        collections: Mapping[str, Sequence[str]],
        known_elsewhere: Callable[[str], bool],
    ) -> None:
        self.known_elsewhere = known_elsewhere
        self.clashes = {name: self._clash(name) for name in collections}
        self.collections = {
            name: members for name, members in collections.items() if not self.clashes[name]
        }
        self._folder = folder
        self._prefix = f"{folder.as_posix().rstrip('/')}/"
        self._known: dict[str, tuple[Named, ...] | TcgaCorrError] = {}

    def resolved(self, name: str) -> str:
        """A name as it may be used from the working directory."""
        if self._folder == Path() or not _IN_GMT.fullmatch(name) or Path(name).is_absolute():
            return name
        return self._prefix + name

    def as_written(self, name: str) -> str:
        """A resolved name as it may stand in the spec."""
        in_folder = self._folder != Path() and _IN_GMT.fullmatch(name)
        return name.removeprefix(self._prefix) if in_folder else name

    def expanded(self, name: str) -> list[str]:
        """What a name stands for, resolved: itself, or what its collection has, each once."""
        found: dict[str, None] = {}
        seen: set[str] = set()

        def visit(name: str) -> None:
            if name not in self.collections:
                found[self.resolved(name)] = None
            elif name not in seen:
                seen.add(name)
                for member in self.collections[name]:
                    visit(member)

        visit(name)
        return list(found)

    def is_collection(self, name: str) -> bool:
        """Whether a name may stand for several variables."""
        return name in self.collections or is_collection(name)

    def variables(self, name: str) -> tuple[Named, ...]:
        """The variables of a resolved name that is no collection of the spec's own.

        Raises
        ------
        TcgaCorrError
            If it has none.
        """
        if name not in self._known:
            try:
                self._known[name] = self._variables(name)
            except TcgaCorrError as error:
                self._known[name] = error
        known = self._known[name]
        if isinstance(known, TcgaCorrError):
            raise known
        return known

    def variables_if_known(self, name: str) -> tuple[Named, ...]:
        """The variables of a resolved name; none where it has none, which is told elsewhere."""
        try:
            return self.variables(name)
        except TcgaCorrError:
            return ()

    def _variables(self, name: str) -> tuple[Named, ...]:
        if is_collection(name):
            return tuple(collection(name))
        kind, colon, plain = name.partition(":")
        if colon and kind == "covariate":
            if self.known_elsewhere(name):
                return (OwnVariable(plain),)
            raise UsageError(
                f"unknown covariate '{plain}'", "Load it with `tcga-corr load --covariates FILE`"
            )
        try:
            return (parse_variable(name, [], _NoCovariates()),)
        except UsageError as error:
            bare = name if not colon else plain if kind == "gene" else ""
            if not bare or _IN_GMT.fullmatch(name):
                raise
            if self.known_elsewhere(name):
                return (OwnVariable(bare),)
            near = "" if colon else near_names(name, self.collections, most=1)
            raise UsageError(error.what, near or error.remedy) from None

    def _clash(self, name: str) -> str:
        """What the name of one of the spec's collections is besides; empty where nothing.

        Gene symbols count in any case, aliases as they are written: they are too many.
        """
        if is_collection(name):
            return "a collection already"
        with suppress(UsageError):
            return f"the gene set {find_set(name).name}"
        symbols = symbol_table()
        genes = symbols.candidates(name.upper() if name.upper() in symbols else name)
        if genes:
            return f"the gene {' or '.join(gene.symbol for gene in genes)}"
        return "a name of your own tables" if self.known_elsewhere(name) else ""
