"""The GMT format: a line per gene set, with its name, a description and its genes, by tabs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tcga_corr.errors import DataMissingError, TableError


@dataclass(frozen=True)
class GeneSet:
    """A named set of gene symbols, each once, in the order of its source."""

    name: str
    description: str
    genes: tuple[str, ...]
    collection: str = ""


def read_gmt(path: Path) -> dict[str, GeneSet]:
    """The gene sets of a GMT file by name, in file order.

    Only tabs separate, so names may hold blanks; empty fields, repeated genes and repeated lines
    are skipped.

    Raises
    ------
    DataMissingError
        If there is no such file.
    TableError
        On a line without a name or without genes, or on a name used for two sets, by line number.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataMissingError(f"no gene set file '{path}'", "Check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(
            f"{path}: cannot be read as text ({error})", "A GMT file is plain tab-separated text"
        ) from error
    sets: dict[str, GeneSet] = {}
    first_line: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        name, _, rest = line.partition("\t")
        description, _, members = rest.partition("\t")
        name = name.strip()
        genes = tuple(dict.fromkeys(gene for g in members.split("\t") if (gene := g.strip())))
        if not name or not genes:
            missing = "genes" if name else "a name"
            raise TableError(
                f"{path}, line {number}: a gene set without {missing}",
                "A line is NAME, DESCRIPTION, then genes, separated by tabs",
            )
        if name in sets and sets[name].genes == genes:
            continue
        if name in sets:
            raise TableError(
                f"{path}, line {number}: gene set '{name}' is already on line {first_line[name]}",
                "Give each set a name of its own",
            )
        first_line[name] = number
        sets[name] = GeneSet(name, description.strip(), genes, path.name)
    if not sets:
        raise TableError(f"{path}: no gene sets in it", "A GMT file has one set a line")
    return sets
