"""The pairs of panels beside the nulls: in one tumor type, and pooled over several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.nulls.associations import (
    NULL_FUNCTIONS,
    NullColumns,
    NullFunction,
    Reference,
)
from tcga_corr.analysis.nulls.setting import PairsInTable, pooled_r
from tcga_corr.analysis.panel import Pairs, Panel
from tcga_corr.choices import Null
from tcga_corr.vocabulary.methods import METHODS

Vector = NDArray[np.float64]
Places = NDArray[np.intp]

MOST_FAMILIES = 20
"""Combinations of tumor types for whose pooled r nulls are made at a time."""
OF_FEW = "no null of the pooled r: few pairs are of these tumor types; ask for the pair alone"


def compare_pairs(
    panel: Panel,
    found: Pairs,
    nulls: Sequence[Null],
    n_draws: int,
    reference: Reference,
    functions: Mapping[Null, NullFunction] = NULL_FUNCTIONS,
) -> dict[Null, NullColumns]:
    """Compare the associations of one tumor type with nulls.

    Parameters
    ----------
    panel
        The variables.
    found
        The associations.
    nulls
        What to compare with.
    n_draws
        Random pairs.
    reference
        Gives the reference collection's index of a table.
    functions
        The function of each null.
    """
    columns = {null: NullColumns.empty(len(found.x)) for null in nulls}
    if not METHODS[panel.method].has_nulls:
        note = f"no null for {panel.method.title()}"
        for own in columns.values():
            own.notes.update(dict.fromkeys(np.flatnonzero(~np.isnan(found.r)).tolist(), note))
        return columns
    by_average, r = with_average_ranks(panel, found)
    for table, places in by_average.tables(found.x, found.y, ~np.isnan(r)):
        for null, own in columns.items():
            own.put(places, functions[null]([table], r[places], n_draws, reference))
    return columns


def compare_pooled(
    panels: Sequence[Panel],
    found: Sequence[Pairs],
    nulls: Sequence[Null],
    n_draws: int,
    reference: Reference,
    functions: Mapping[Null, NullFunction] = NULL_FUNCTIONS,
) -> dict[Null, NullColumns]:
    """Compare pooled associations with nulls that are pooled in the same way.

    Parameters
    ----------
    panels, found
        The same pairs in each tumor type.
    nulls, n_draws, reference, functions
        As of :func:`compare_pairs`.
    """
    size = len(found[0].x)
    columns = {null: NullColumns.empty(size) for null in nulls}
    if not METHODS[panels[0].method].has_nulls:
        return columns
    both = [with_average_ranks(*one) for one in zip(panels, found, strict=True)]
    r = np.stack([own for _, own in both])
    with np.errstate(invalid="ignore"):
        usable = np.abs(r) < 1
    notes: dict[int, str] = {}
    for tables, which, places in _pooled_tables([one for one, _ in both], found[0], usable, notes):
        observed = pooled_r([table.setting for table in tables], r[np.ix_(which, places)])
        for null, own in columns.items():
            own.put(places, functions[null](tables, observed, n_draws, reference))
    for own in columns.values():
        own.notes.update((place, note) for place, note in notes.items() if note)
    return columns


def with_average_ranks(panel: Panel, found: Pairs) -> tuple[Panel, Vector]:
    """The panel whose sets are scored by average ranks, and the r of pairs without shared genes.

    NaN where a pair is not to be compared: without an r, or of one variable by two names.
    """
    by_average = panel.by_average_ranks()
    again = found if by_average is panel else by_average.pairs(found.x, found.y)
    r = np.where(by_average.involves_set(found.x, found.y), again.r_disjoint, again.r)
    return by_average, np.where(by_average.is_one_variable(found.x, found.y), np.nan, r)


def _pooled_tables(
    panels: Sequence[Panel], found: Pairs, usable: NDArray[np.bool_], notes: dict[int, str]
) -> Iterator[tuple[list[PairsInTable], Places, Places]]:
    """Pairs that enter in the same tumor types and samples: their tables, and places of both."""
    codes = np.stack([panel.samples_code(found.x, found.y) for panel in panels])
    for which, places in pooled_families(np.where(usable, codes, -1), notes):
        x, y = found.x[places], found.y[places]
        yield [panels[int(one)].table(x, y) for one in which], which, places


def pooled_families(codes: Places, notes: dict[int, str]) -> Iterator[tuple[Places, Places]]:
    """Pairs whose pooled r have the same nulls: of the same tumor types and samples.

    Parameters
    ----------
    codes
        Tumor types x pairs: a number of the samples that each pair has; -1 where it has no r.
    notes
        Filled in, by place, for the pairs of rare combinations, whose nulls are left out.

    Yields
    ------
    Places of the tumor types, two or more, and of the pairs.
    """
    groups, group_of, sizes = np.unique(codes, axis=1, return_inverse=True, return_counts=True)
    common = np.argsort(-sizes, kind="stable")[:MOST_FAMILIES]
    for number, group in enumerate(groups.T):
        which = np.flatnonzero(group >= 0)
        places = np.flatnonzero(group_of.reshape(-1) == number)
        if number not in common:
            notes |= dict.fromkeys(places.tolist(), OF_FEW if len(which) > 1 else "")
        elif len(which) > 1:
            yield which, places
