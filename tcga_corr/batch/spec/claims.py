"""Checks that each claim of a spec is about a result of one of its blocks."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from tcga_corr.analysis.naming.names import GeneVariable, SetVariable
from tcga_corr.batch.spec.differential import contrasts_if_known
from tcga_corr.batch.spec.document import Block, Document
from tcga_corr.batch.spec.names import StoredName
from tcga_corr.batch.spec.problems import Place
from tcga_corr.batch.spec.schema import shown
from tcga_corr.errors import near_names
from tcga_corr.vocabulary.tumor_types import parse_tumor_type

Claim = Mapping[str, Any]
COUNTS_OF_CALLS = ("n_up", "n_down")
_OF_DIFFERENTIAL = (*COUNTS_OF_CALLS, "log2fc")


def check_claims(document: Document) -> None:
    """Report claims that cannot be compared with the result of a block."""
    blocks = {block.name: block for block in document.blocks}
    for place in document.tables("claims"):
        # None where a value is wrong by itself
        claim = {key: document.get((*place, key)) for key in document.get(place)}
        name: Any = claim.get("analysis")
        block = blocks.get(name)
        if name is not None and block is None:
            document.report(
                (*place, "analysis"),
                f"no block is named '{name}'",
                near_names(name, blocks) or f"The blocks are {', '.join(blocks)}",
            )
        of_pairs = claim.get("statistic") not in _OF_DIFFERENTIAL
        for key, other in (("x", "y"), ("y", "x")):
            if of_pairs and key in claim and other not in claim:
                document.report((*place, key), f"is given without {other}", "Give both or neither")
        _check_number(document, place, claim)
        if block is not None:
            _check_tumor_type(block, place, claim)
            if claim.get("statistic") is not None:
                _check_statistic(block, place, claim)


def _check_number(document: Document, place: Place, claim: Claim) -> None:
    value, statistic = claim.get("value"), claim.get("statistic")
    if value is None:
        return
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if statistic == "n" and not (is_number and isinstance(value, int) and value >= 1):
        wanted = "n is a whole number of 1 or more"
    elif statistic == "r" and not (is_number and -1 <= value <= 1):
        wanted = "r is a number from -1 to 1"
    elif statistic in COUNTS_OF_CALLS and not (is_number and isinstance(value, int) and value >= 0):
        wanted = f"{statistic} is a whole number of 0 or more"
    elif statistic == "log2fc" and not (is_number and isfinite(value)):
        wanted = "log2fc is a number"
    else:
        return
    document.report((*place, "value"), f"is {shown(value)}", wanted)


def _check_tumor_type(block: Block, place: Place, claim: Claim) -> None:
    name, types = claim.get("tumor_type"), block.tumor_types
    if name is not None and types and parse_tumor_type(name).abbreviation not in types:
        block.document.report(
            (*place, "tumor_type"),
            f"'{block.name}' is not of {name}",
            f"It is of {', '.join(types)}",
        )


def _check_statistic(block: Block, place: Place, claim: Claim) -> None:
    statistic = claim["statistic"]
    by_strata = block.kind != "differential" and block.has("by")
    if block.kind == "survival" or by_strata:
        what = "of survival" if block.kind == "survival" else "by strata"
        block.document.report(
            (*place, "analysis"),
            f"'{block.name}' is a block {what}, whose results are not compared with claims",
            "Name another block, or leave the claim out",
        )
        return
    fitting = _STATISTICS.get(block.kind, ("r", "n"))
    if statistic not in fitting:
        block.document.report(
            (*place, "statistic"),
            f"'{block.name}' is a block of {block.kind}, which has no {statistic}",
            f"Give {' or '.join(fitting)}",
        )
        return
    if "contrast" in claim and block.kind != "differential":
        block.document.report(
            (*place, "contrast"), f"does not apply to {statistic}", "Leave it out"
        )
    if block.kind == "differential":
        _check_calls(block, place, claim)
    elif statistic == "highest":
        _check_highest(block, place, claim)
    else:
        _check_pair(block, place, claim)


_STATISTICS = {"dominance": ("highest",), "differential": _OF_DIFFERENTIAL}


def _check_calls(block: Block, place: Place, claim: Claim) -> None:
    """Report a claim about a contrast or a gene that the block cannot have."""
    document, statistic = block.document, claim["statistic"]
    for key in ("y",) if statistic == "log2fc" else ("x", "y"):
        if key in claim:
            document.report((*place, key), f"does not apply to {statistic}", "Leave it out")
    known, contrast = contrasts_if_known(block), claim.get("contrast")
    if "contrast" not in claim and len(known) > 1:
        document.report(
            place, f"'{block.name}' has several contrasts", f"Give contrast, as {known[0]}"
        )
    if contrast is not None and known and contrast not in known:
        document.report(
            (*place, "contrast"),
            f"'{block.name}' has no contrast '{contrast}'",
            near_names(contrast, known) or f"It has {', '.join(known[:12])}",
        )
    if statistic != "log2fc":
        return
    if "x" not in claim:
        document.report(place, "log2fc is of a gene, and there is none", 'Give x = "GENE"')
    elif claim["x"] is not None:
        (variable,) = document.names.variables_if_known(claim["x"])
        if not isinstance(variable, GeneVariable | StoredName):
            document.report((*place, "x"), f"'{claim['x']}' is no gene", "Name a gene")


def _check_highest(block: Block, place: Place, claim: Claim) -> None:
    for key in ("x", "y"):
        if key in claim:
            block.document.report((*place, key), "does not apply to highest", "Leave it out")
    value, known = claim.get("value"), set_names(block)
    if value is None or not block.is_whole("sets"):
        return
    if not isinstance(value, str) or value.casefold() not in known:
        names = list(known.values())
        block.document.report(
            (*place, "value"),
            f"is {shown(value)}, no gene set of '{block.name}'",
            near_names(str(value), names) or f"Its sets are {', '.join(names[:12])}",
        )


def set_names(block: Block) -> dict[str, str]:
    """The names of the sets of a dominance block, by name in lower case."""
    sets = (variable for *_, variable in block.variables("sets"))
    return {one.name.casefold(): one.name for one in sets if isinstance(one, SetVariable)}


def _check_pair(block: Block, place: Place, claim: Claim) -> None:
    document = block.document
    if document.is_spoilt((*block.place, "pairs")) or not block.is_whole("x", "y"):
        return
    if "x" not in claim and "y" not in claim:
        if block.only_pair is None:
            document.report(place, f"'{block.name}' has several pairs", "Give x and y")
        return
    x, y = claim.get("x"), claim.get("y")
    if x is None or y is None:
        return
    known, resolved = document.names.variables_if_known, document.names.resolved
    (one,), (other,) = known(resolved(x)), known(resolved(y))
    if not block.has_pair(one, other):
        document.report((*place, "x"), f"'{block.name}' has no pair of '{x}' and '{y}'", "")
