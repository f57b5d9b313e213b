"""Gene sets of files: GMT, and the other layouts in which people keep them."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tcga_corr.errors import DataMissingError, TableError, UsageError, near_names, one_line
from tcga_corr.files import check_is_file
from tcga_corr.vocabulary.gene_sets import layouts
from tcga_corr.vocabulary.gene_sets.descriptions import Described, with_first_genes
from tcga_corr.vocabulary.gene_sets.fields import members
from tcga_corr.vocabulary.gene_sets.layouts import Entry

_ENDING = re.compile(
    r"\.(?P<kind>gmt|gmx|grp|json|txt|tsv|csv|lst)(?P<more>\.(?:txt|tsv|csv))?(?:\.gz)?$",
    re.IGNORECASE,
)
_MOST_BYTES = 256_000_000
_HINT = "A line is NAME, DESCRIPTION, then genes, separated by tabs"
_N_SHOWN = 3


@dataclass(frozen=True)
class GeneSet:
    """A named set of gene symbols, each once, in the order of its source.

    ``notes`` say what a reader of results should know of how it was read.
    """

    name: str
    description: str
    genes: tuple[str, ...]
    collection: str = ""
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        """Take a list of genes as well.

        Raises
        ------
        UsageError
            If the genes are one text, or not texts.
        """
        genes: object = self.genes
        if isinstance(genes, str) or not isinstance(genes, Iterable):
            raise UsageError(
                f"the genes of '{self.name}' are given as {type(genes).__name__}",
                "Give a list of symbols, such as ['CD8A', 'GZMB']",
            )
        listed = tuple(dict.fromkeys(self.genes))
        if not all(isinstance(gene, str) for gene in listed):
            raise UsageError(f"a gene of '{self.name}' is no text", "Give a list of symbols")
        object.__setattr__(self, "genes", listed)
        object.__setattr__(self, "notes", tuple(self.notes))


@dataclass(frozen=True)
class SetFile:
    """The gene sets of a file.

    Attributes
    ----------
    path
        The file.
    sets
        Those that can be read, by name, in file order.
    faults
        Why others cannot, by name or, of a set without one, by line.
    is_list
        Whether it is a plain list of genes, and so one set named as the file.
    """

    path: Path
    sets: dict[str, GeneSet]
    faults: dict[str, str]
    is_list: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """A line on what of the file was left out; none where all was read."""
        if not self.faults:
            return ()
        shown = "; ".join(list(self.faults.values())[:_N_SHOWN])
        more = len(self.faults) - _N_SHOWN
        others = f"; and {more} more" if more > 0 else ""
        return (f"{self.path.name}: left out {shown}{others}",)

    def all_sets(self) -> list[GeneSet]:
        """Every set that can be read, the first with the notes on what was left out.

        Raises
        ------
        TableError
            If there is none.
        """
        if not self.sets:
            fault = next(iter(self.faults.values()), "no gene sets in it")
            joint = ", " if fault.startswith("line") else ": "
            raise TableError(f"{self.path}{joint}{fault}", _HINT)
        first, *others = self.sets.values()
        return [replace(first, notes=(*self.notes, *first.notes)), *others]

    def one(self, name: str) -> GeneSet:
        """The set of a name, as it stands or else in any case.

        Raises
        ------
        TableError
            If the set cannot be read, by line.
        UsageError
            If there is none, naming the nearest.
        """
        folded = [known for known in self.sets if known.casefold() == name.strip().casefold()]
        for known in (name, name.strip(), *(folded if len(folded) == 1 else ())):
            if known in self.sets:
                return self.sets[known]
            if known in self.faults:
                raise TableError(f"{self.path}, {self.faults[known]}", "Mend the line")
        raise UsageError(
            f"{self.path}: no gene set '{name}' in it",
            near_names(name, self.sets) or f"Its first sets are {', '.join(list(self.sets)[:3])}",
        )

    def only(self) -> GeneSet:
        """The set of a file that holds one.

        Raises
        ------
        UsageError
            If it holds several, naming the first.
        """
        sets = self.all_sets()
        if len(sets) > 1:
            named = ", ".join(one.name for one in sets[:_N_SHOWN])
            raise UsageError(
                f"{self.path} holds {len(sets)} gene sets ({named}{', …' * (len(sets) > 3)})",
                f"Name one, as {self.path}:{sets[0].name}",
            )
        return sets[0]


def read_gmt(path: str | Path) -> dict[str, GeneSet]:
    """The gene sets of a file by name, in file order.

    A GMT file has a set a line, its name, a description and its genes between tabs; names may hold
    blanks. Where the second fields are genes, the file has no descriptions. GMX (a set a column),
    GRP, plain lists of genes, pairs of set and gene, MSigDB's JSON and gzip are read too. A line
    that cannot be read, and a name that two sets have, are left out, and a note of the first set
    says so.

    Raises
    ------
    DataMissingError
        If there is no such file.
    TableError
        If it is no text, or no set of it can be read.
    """
    return {one.name: one for one in read_set_file(path).all_sets()}


def read_set_file(path: str | Path) -> SetFile:
    """The gene sets of a file, and what of it cannot be read; see :func:`read_gmt`."""
    path = Path(path)
    text = _text(path)
    ending = _ENDING.search(path.name)
    kind = ending["kind"].lower() if ending else ""
    stem = path.name[: ending.start()] if ending else path.name
    if text.lstrip()[:1] == "{" or (text.lstrip()[:1] == "[" and kind in ("json", "txt", "")):
        return _gathered(path, _json(path, text, stem))
    separator = _separator(text, kind)
    lines = layouts.lines_of(text, separator)
    if not lines:
        raise TableError(f"{path}: no gene sets in it", "A GMT file has one set a line")
    if kind == "gmx":
        return _described(path, layouts.by_column(lines))
    if kind == "gmt":
        return _described(path, layouts.by_line(lines))
    widest = max(len([text for text in fields if text.strip()]) for _, fields in lines)
    if kind == "grp" or widest == 1 or layouts.is_list_of_genes(lines):
        return _gathered(path, layouts.by_list(lines, stem), is_list=True)
    pairs = layouts.columns_of_pairs(lines)
    if pairs:
        return _gathered(path, layouts.by_pair(lines[pairs[2] :], *pairs[:2]))
    if layouts.is_ranking(lines):
        raise TableError(
            f"{path}: genes with numbers, no gene sets", "Keep the column of the set's genes alone"
        )
    genes = layouts.column_of_genes(lines)
    if genes is not None:
        if title := layouts.grouping_column(lines, genes):
            raise TableError(
                f"{path}: its column '{title}' may name the sets of the genes beside it",
                "Title it 'set', or keep the column of genes alone",
            )
        column = [(number, fields[genes : genes + 1]) for number, fields in lines]
        return _gathered(path, layouts.by_list(column, stem), is_list=True)
    columns = layouts.are_columns(lines)
    if columns is None:
        raise TableError(
            f"{path}: it is unclear whether its sets are lines or columns, as both have names of "
            "genes",
            "Rename it to end in .gmt for sets in lines, in .gmx for sets in columns",
        )
    return _described(path, layouts.by_column(lines) if columns else layouts.by_line(lines))


def _described(path: Path, entries: Iterable[Entry]) -> SetFile:
    decided = with_first_genes(list(entries))
    return _gathered(path, decided.entries, decided)


def _gathered(
    path: Path,
    entries: Iterable[Entry],
    decided: Described | None = None,
    *,
    is_list: bool = False,
) -> SetFile:
    """The sets of entries; a repeated entry of the same genes is passed over."""
    decided = decided or Described(())
    sets: dict[str, GeneSet] = {}
    faults: dict[str, str] = {}
    places: dict[str, str] = {}
    for number, entry in enumerate(entries):
        genes, weighted = members(entry.fields)
        if number in decided.faults:
            faults.setdefault(entry.name, f"{entry.place}: {decided.faults[number]}")
        elif not entry.name or not genes:
            missing = "genes" if entry.name else "a name"
            faults[entry.name or entry.place] = f"{entry.place}: a gene set without {missing}"
        elif entry.name not in sets and entry.name not in faults:
            about = [decided.notes[number]] if number in decided.notes else []
            if weighted:
                about.append(f"{entry.name}: the weights of its genes are not used")
            sets[entry.name] = GeneSet(
                entry.name, entry.description, genes, path.name, tuple(about)
            )
            places[entry.name] = entry.place
        elif entry.name not in sets or set(sets[entry.name].genes) != set(genes):
            earlier = places.get(entry.name, "another")
            faults.setdefault(
                entry.name,
                f"{entry.place}: gene set '{entry.name}' is already on {earlier}, of other genes",
            )
            sets.pop(entry.name, None)
    return SetFile(path, sets, faults, is_list)


def _json(path: Path, text: str, stem: str) -> list[Entry]:
    try:
        return list(layouts.of_json(text, stem))
    except ValueError as error:
        raise TableError(f"{path}: no JSON ({one_line(error)})", "Download it again") from error
    except TableError as error:
        raise TableError(
            f"{path}: {error.what}", "Give MSigDB's JSON, or an object of lists of genes"
        ) from error


def _separator(text: str, kind: str) -> str:
    """Tabs where there are any, else commas or semicolons; in GMT two on every line at least."""
    if "\t" in text:
        return "\t"
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    least = 2 if kind in ("gmt", "gmx") else 1
    for separator in (",", ";"):
        if lines and all(line.count(separator) >= least for line in lines):
            return separator
    return "\t"


def _text(path: Path) -> str:
    """The text of a file, unpacked, with line feeds between its lines."""
    check_is_file(path)
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            content = (gzip.GzipFile(fileobj=raw) if packed else raw).read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise TableError(
                f"{path}: more than {_MOST_BYTES // 1_000_000} MB of text", "Take fewer gene sets"
            )
        utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except FileNotFoundError:
        raise DataMissingError(f"no gene set file '{path}'", "Check the path") from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise TableError(
            f"{path}: cannot be read as text ({one_line(error)})",
            "A GMT file is tab-separated text in UTF-8",
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
