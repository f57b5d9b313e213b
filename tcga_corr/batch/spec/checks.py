"""Problems that no key shows by itself: repeats, clashes, settings that do not go together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from tcga_corr.analysis.dominance import MIN_DRAWS
from tcga_corr.analysis.naming.names import check_distinct, sets_among
from tcga_corr.batch.spec.claims import check_claims
from tcga_corr.batch.spec.differential import check_differential
from tcga_corr.batch.spec.document import Block, Document
from tcga_corr.batch.spec.names import Named, Names
from tcga_corr.batch.spec.problems import Place, format_place
from tcga_corr.batch.spec.schema import BLOCKS
from tcga_corr.errors import UsageError
from tcga_corr.vocabulary.methods import METHODS
from tcga_corr.vocabulary.tumor_types import parse_tumor_type


def check(document: Document) -> None:
    """Report all problems of keys that are right by themselves."""
    _check_collections(document)
    _check_repeats(document)
    _check_block_names(document)
    checks = {
        "pairs": _check_pairs,
        "crosses": _check_cross,
        "dominance": _check_dominance,
        "differential": check_differential,
    }
    for block in document.blocks:
        if block.kind in checks:
            checks[block.kind](block)
        if block.kind != "differential":
            _check_by(block)
    _check_adjust(document)
    check_claims(document)
    if not any(key in BLOCKS or document.is_spoilt((key,)) for key in document.raw):
        document.report(
            (),
            "no block of pairs, crosses, dominance, survival or differential expression",
            "Add [[pairs]], [[crosses]], [[dominance]], [[survival]] or [[differential]]",
        )


def _check_collections(document: Document) -> None:
    names = document.names
    used = set(_texts([document.raw.get(key) for key in (*BLOCKS, "adjust")]))
    reported: set[str] = set()
    for name, clash in names.clashes.items():
        if clash:
            document.report(
                ("collections", name), f"'{name}' is {clash}", "Name the list otherwise"
            )
    for name in names.collections:
        place: Place = ("collections", name)
        others = (members for other, members in names.collections.items() if other != name)
        if name not in used.union(*others):
            document.report(place, "no block has it", "Name it in a block, or leave it out")
        circle = _circle(names, name)
        if circle and not reported.intersection(circle):
            reported.update(circle)
            document.report(place, f"is within itself: {' in '.join(circle)}", "Break the circle")
        _check_repeated_variables(document, place)


def _texts(value: Any) -> Iterator[str]:
    """All texts in a value but the names of blocks."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from chain.from_iterable(map(_texts, value))
    elif isinstance(value, dict):
        yield from _texts([one for key, one in value.items() if key != "name"])


def _circle(names: Names, start: str) -> list[str]:
    """The collections through which one is within itself, the innermost first."""
    seen: set[str] = set()
    waiting = [[start]]
    while waiting:
        path = waiting.pop()
        for name in names.collections[path[-1]]:
            if name == start:
                return [start, *reversed(path)]
            if name in names.collections and name not in seen:
                seen.add(name)
                waiting.append([*path, name])
    return []


def _check_repeats(document: Document) -> None:
    """Report what a list has twice."""
    for place in ((), *(block.place for block in document.blocks)):
        for key in ("methods", "null", "outputs", "tumor_types", "contrasts"):
            seen = set()
            for element, value in document.elements((*place, key)):
                known = parse_tumor_type(value).abbreviation if key == "tumor_types" else value
                if known in seen:
                    document.report(element, f"'{value}' is given twice", "Leave out one")
                seen.add(known)
        for key in ("adjust", "x", "y", "sets") if place[:1] != ("differential",) else ():
            _check_repeated_variables(document, (*place, key))


def _check_repeated_variables(document: Document, place: Place) -> None:
    """Report variables that come from two elements of a list."""
    names = document.names
    first: dict[Named | tuple[Named, ...], tuple[Place, str]] = {}
    for element, text in document.elements(place):
        for name in names.expanded(text):
            variables = names.variables_if_known(name)
            if not variables:
                continue
            identity = variables if names.is_collection(name) else variables[0]
            earlier, by = first.setdefault(identity, (element, text))
            if earlier != element:
                through = "" if by == text else f": by '{by}' and by '{text}'"
                document.report(element, f"'{name}' is given twice{through}", "Leave out one")
                break


def _check_block_names(document: Document) -> None:
    first: dict[str, Place] = {}
    for block in document.blocks:
        earlier = first.setdefault(block.name.casefold(), block.place)
        if earlier != block.place:
            document.report(
                (*block.place, "name") if block.has("name") else block.place,
                f"'{block.name}' is the name of {format_place(earlier)} already",
                "Give each block a name of its own",
            )


def _check_pairs(block: Block) -> None:
    document = block.document
    first: dict[frozenset[Named], Place] = {}
    for place, (x, y) in block.pairs:
        one, other = map(document.names.variables_if_known, (x, y))
        if one == other:
            document.report(place, f"'{x}' and '{y}' are the same variable", "Name two")
            continue
        earlier = first.setdefault(frozenset((*one, *other)), place)
        if earlier != place:
            document.report(
                place, f"the pair is there already: {format_place(earlier)}", "Leave out one"
            )


def _check_cross(block: Block) -> None:
    document = block.document
    if not block.has("x") or not block.is_whole("x", "y"):
        return
    x, y = ([variable for *_, variable in block.variables(key)] for key in ("x", "y"))
    if not block.has("y") and len(set(x)) == 1:
        document.report(
            (*block.place, "x"), "is one variable, and there is no y", "Name more, or give y"
        )
    if block.has("y") and len(set(x + y)) == 1:
        document.report((*block.place, "y"), "is the same variable as x", "Name another")
    _check_distinct(block, (*block.place, "x"), x + y)


def _check_dominance(block: Block) -> None:
    document = block.document
    draws = block.setting("draws")
    if draws < MIN_DRAWS:
        document.report(
            block.place_of("draws"),
            f"is {draws}, too few for {format_place(block.place)}",
            f"Give {MIN_DRAWS} or more",
        )
    place = (*block.place, "sets")
    if not block.is_whole("sets"):
        return
    sets = [variable for *_, variable in block.variables("sets")]
    if len(set(sets)) == 1:
        document.report(place, "is one gene set", "Dominance is among gene sets: give two or more")
    _check_distinct(block, place, sets)


def _check_by(block: Block) -> None:
    """Report what cuts the samples, and is correlated or adjusted for."""
    known = block.document.names.variables_if_known
    cutting = {variable for _, name in block.names("by") for variable in known(name)}
    if not cutting:
        return
    place = (*block.place, "by")
    name = block.setting("by")
    if cutting & set(_correlated(block)):
        block.document.report(place, f"'{name}' is correlated itself", "Cut by another")
    if cutting & {variable for *_, variable in block.variables("adjust")}:
        block.document.report(place, f"'{name}' is adjusted for too", "Leave one of them out")


def _check_distinct(block: Block, place: Place, variables: Sequence[Named]) -> None:
    """Report two different gene sets of one name."""
    try:
        check_distinct(sets_among(variables))
    except UsageError as error:
        block.document.report(place, error.what, "Leave out one, or rename it in its file")


def _check_adjust(document: Document) -> None:
    """Report methods that cannot be adjusted, and controls that are x or y themselves."""
    reported: set[tuple[Place, str]] = set()
    for block in document.blocks:
        adjusts = block.kind not in ("dominance", "differential")
        controls = block.variables("adjust") if adjusts else []
        if controls and block.kind != "survival":
            _check_methods_adjust(block)
        correlated = _correlated(block) if controls else {}
        for place, name, variable in controls:
            if variable in correlated and (place, name) not in reported:
                reported.add((place, name))
                document.report(
                    place,
                    f"'{name}' cannot be adjusted for: it is {format_place(correlated[variable])}",
                    "Adjust for another",
                )


def _check_methods_adjust(block: Block) -> None:
    by_adjust = block.has("adjust") and not block.has("methods")
    elements = block.document.elements(block.place_of("methods"))
    for method, place in {method: place for place, method in reversed(elements)}.items():
        if not METHODS[method].adjusts:
            block.document.report(
                block.place_of("adjust") if by_adjust else place,
                f"{method} cannot be adjusted: there is no partial form of it here",
                f"Leave out {method} or adjust",
            )


def _correlated(block: Block) -> dict[Named, Place]:
    """The variables of a block of pairs, crosses or survival, with the first place of each."""
    found: dict[Named, Place] = {}
    for place, pair in block.pairs:
        for number, name in enumerate(pair):
            for variable in block.document.names.variables_if_known(name):
                found.setdefault(variable, (*place, number))
    for key in ("x", "y"):
        for place, _, variable in block.variables(key):
            found.setdefault(variable, place)
    return found
