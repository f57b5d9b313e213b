"""The names of a spec: variables, collections, and the spec's own collections of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.analysis.naming.names import NameResolver, Variable, collection, is_collection
from tcga_corr.errors import TcgaCorrError, UsageError, near_names
from tcga_corr.vocabulary.gene_sets.catalogue import find_set
from tcga_corr.vocabulary.gene_sets.paths import is_of_file
from tcga_corr.vocabulary.symbols import symbol_table


@dataclass(frozen=True)
class StoredName:
    """A name that only the user's own tables or covariates have.

    Which of them a block means depends on the block's tables, in which
    :mod:`tcga_corr.batch.planning` looks.
    """

    name: str


Named = Variable | StoredName


class Names:
    """What the names in a spec stand for, each found once.

    Parameters
    ----------
    folder
        The spec's; paths of GMT files are relative to it.
    collections
        The spec's own, by name. One that clashes with another name is not used.
    stored
        Knows the names that the user's own tables and covariates have.
    """

    def __init__(
        self, folder: Path, collections: Mapping[str, Sequence[str]], stored: NameResolver
    ) -> None:
        self._vocabulary, self.stored = NameResolver(), stored
        self.clashes = {name: self._clash(name) for name in collections}
        self.collections = {
            name: members for name, members in collections.items() if not self.clashes[name]
        }
        self.folder = folder
        self._known: dict[str, tuple[Named, ...] | TcgaCorrError] = {}

    def resolved(self, name: str) -> str:
        """A name as it may be used from the working directory."""
        if not _is_relative(name, self.folder) or Path(name).is_absolute():
            return name
        return _prefix(self.folder) + name

    def expanded(self, name: str) -> list[str]:
        """The resolved names that a name stands for, each once: itself, or its collection's."""
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
        """The variables of a resolved name; none where it has none, which is reported elsewhere."""
        try:
            return self.variables(name)
        except TcgaCorrError:
            return ()

    def _variables(self, name: str) -> tuple[Named, ...]:
        if is_collection(name):
            return tuple(collection(name))
        try:
            return (self._vocabulary.variable(name),)
        except UsageError as error:
            kind, colon, plain = name.partition(":")
            if is_of_file(name) or (colon and kind not in ("gene", "covariate")):
                raise
            if self.stored.is_stored(name):
                return (StoredName(plain if colon else name),)
            near = "" if colon else near_names(name, self.collections, most=1)
            raise UsageError(error.what, near or error.remedy) from None

    def _clash(self, name: str) -> str:
        """What else the name of one of the spec's collections is; empty where it is nothing else.

        Gene symbols count in any case, aliases only as they are written, as there are many.
        """
        if is_collection(name):
            return "a collection already"
        with suppress(UsageError):
            return f"the gene set {find_set(name).name}"
        symbols = symbol_table()
        genes = symbols.candidates(name.upper() if name.upper() in symbols else name)
        if genes:
            return f"the gene {' or '.join(gene.symbol for gene in genes)}"
        return "a name of your own tables" if self.stored.is_stored(name) else ""


def as_written(name: str, folder: Path) -> str:
    """A resolved name as it may stand in a spec of a folder."""
    return name.removeprefix(_prefix(folder)) if _is_relative(name, folder) else name


def _is_relative(name: str, folder: Path) -> bool:
    """Whether a name has a path, and the working directory is not where it starts."""
    return folder != Path() and is_of_file(name)


def _prefix(folder: Path) -> str:
    return f"{folder.as_posix().rstrip('/')}/"
