"""Checks that each claim of a spec is about a result of one of its blocks."""

from __future__ import annotations

from typing import Any

from tcga_corr.analysis.names import SetVariable
from tcga_corr.batch.spec.document import Block, Document
from tcga_corr.batch.spec.problems import Place
from tcga_corr.batch.spec.schema import shown
from tcga_corr.errors import near_names
from tcga_corr.vocabulary.tumor_types import parse_tumor_type


def check_claims(document: Document) -> None:
    """Report claims that cannot be compared with the result of a block."""
    blocks = {block.name: block for block in document.blocks}
    for place in document.tables("claims"):
        name = document.get((*place, "analysis"))
        block = blocks.get(name)
        if name is not None and block is None:
            document.report(
                (*place, "analysis"),
                f"no block is named '{name}'",
                near_names(name, blocks) or f"The blocks are {', '.join(blocks)}",
            )
        _check_both_given(document, place)
        statistic = document.get((*place, "statistic"))
        if statistic in ("r", "n"):
            _check_number(document, place, statistic)
        if block is not None:
            _check_tumor_type(block, place)
            if statistic is not None:
                _check_statistic(block, place, statistic)


def _has(document: Document, place: Place, key: str) -> bool:
    return key in document.get(place)


def _check_both_given(document: Document, place: Place) -> None:
    given = [key for key in ("x", "y") if _has(document, place, key)]
    if len(given) == 1:
        other = "y" if given == ["x"] else "x"
        document.report((*place, given[0]), f"is given without {other}", "Give both or neither")


def _check_number(document: Document, place: Place, statistic: str) -> None:
    value = document.get((*place, "value"))
    if value is None:
        return
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if statistic == "n" and not (is_whole and value >= 1):
        _report_value(document, place, value, "n is a whole number of 1 or more")
    elif statistic == "r" and not ((is_whole or isinstance(value, float)) and -1 <= value <= 1):
        _report_value(document, place, value, "r is a number from -1 to 1")


def _report_value(document: Document, place: Place, value: Any, wanted: str) -> None:
    document.report((*place, "value"), f"is {shown(value)}", wanted)


def _check_tumor_type(block: Block, place: Place) -> None:
    document = block.document
    name = document.get((*place, "tumor_type"))
    types = block.tumor_types
    if name is not None and types and parse_tumor_type(name).abbreviation not in types:
        document.report(
            (*place, "tumor_type"),
            f"'{block.name}' is not of {name}",
            f"It is of {', '.join(types)}",
        )


def _check_statistic(block: Block, place: Place, statistic: str) -> None:
    document = block.document
    if (statistic == "highest") != (block.kind == "dominance"):
        fitting = "highest" if block.kind == "dominance" else "r or n"
        document.report(
            (*place, "statistic"),
            f"'{block.name}' is a block of {block.kind}, which has no {statistic}",
            f"Give {fitting}",
        )
    elif statistic == "highest":
        _check_highest(block, place)
    else:
        _check_pair(block, place)


def _check_highest(block: Block, place: Place) -> None:
    document = block.document
    for key in ("x", "y"):
        if _has(document, place, key):
            document.report((*place, key), "does not apply to highest", "Leave it out")
    value = document.get((*place, "value"))
    if value is None or not block.is_whole("sets"):
        return
    known = set_names(block)
    if not isinstance(value, str) or value.casefold() not in known:
        names = list(known.values())
        document.report(
            (*place, "value"),
            f"is {shown(value)}, no gene set of '{block.name}'",
            near_names(str(value), names) or f"Its sets are {', '.join(names[:12])}",
        )


def set_names(block: Block) -> dict[str, str]:
    """The names of the sets of a dominance block, by name in lower case."""
    sets = (variable for *_, variable in block.variables("sets"))
    return {one.name.casefold(): one.name for one in sets if isinstance(one, SetVariable)}


def _check_pair(block: Block, place: Place) -> None:
    document = block.document
    if document.is_spoilt((*block.place, "pairs")) or not block.is_whole("x", "y"):
        return
    if not _has(document, place, "x") and not _has(document, place, "y"):
        if block.only_pair is None:
            document.report(place, f"'{block.name}' has several pairs", "Give x and y")
        return
    x, y = (document.get((*place, key)) for key in ("x", "y"))
    if x is None or y is None:
        return
    known, resolved = document.names.variables_if_known, document.names.resolved
    (one,), (other,) = known(resolved(x)), known(resolved(y))
    if not block.has_pair(one, other):
        document.report((*place, "x"), f"'{block.name}' has no pair of '{x}' and '{y}'", "")
