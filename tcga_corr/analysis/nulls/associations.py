"""The nulls of associations: the r that random genes give, and that of other real pathways.

Both compare pairs that share no gene: the genes that the observed pair shares are left out of it.
Sets are scored by average ranks, whatever the tie rule of the rows, the observed sets included. A
null takes the pairs of one table, or of several for their pooled r: then the random genes and the
pathways are the same in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.naming.names import SetVariable
from tcga_corr.analysis.nulls.gene_pairs import compare_gene_pairs
from tcga_corr.analysis.nulls.gene_pool import GenePool, rows_of
from tcga_corr.analysis.nulls.random_genes import Draws
from tcga_corr.analysis.nulls.random_pairs import RandomPairs
from tcga_corr.analysis.nulls.reference import Neighbours, ReferenceSets, compare_with_reference
from tcga_corr.analysis.nulls.reference_r import reference_r
from tcga_corr.analysis.nulls.setting import NullSetting, PairsInTable, Side, pooled_r
from tcga_corr.analysis.samples.cohort import join_notes
from tcga_corr.analysis.threads import in_threads
from tcga_corr.choices import Null, check_choice
from tcga_corr.errors import UsageError
from tcga_corr.stats.comparison import Comparison, compare
from tcga_corr.stats.decks import N_SPREADS
from tcga_corr.store.index import TableIndex
from tcga_corr.store.reference import ReferenceIndex
from tcga_corr.vocabulary.nulls import NULLS, NullRecord

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Rows = NDArray[np.intp]
Reference = Callable[[TableIndex], ReferenceIndex]

# numbers held at a time: r of draws of all tables, and genes of draws
_MOST_POOLED = 100_000_000
_MOST_GENES = 20_000_000


@dataclass(frozen=True)
class NullColumns:
    """The numbers of one null for many pairs, and notes by the place of a pair."""

    numbers: Comparison
    notes: dict[int, str] = field(default_factory=dict)

    @classmethod
    def empty(cls, size: int) -> NullColumns:
        """Of pairs that are compared with nothing."""
        return cls(Comparison.empty(size), {})

    @classmethod
    def joined(cls, parts: Sequence[NullColumns]) -> NullColumns:
        """Several, one after another."""
        found = cls.empty(sum(len(one.numbers.p) for one in parts))
        start = 0
        for one in parts:
            places = np.arange(start, start + len(one.numbers.p))
            found.put(places, one)
            start += len(places)
        return found

    def by_column(self, null: NullRecord) -> dict[str, Vector]:
        """The values of the columns of a null, without those that depend on other rows too."""
        count = self.numbers.count
        values: dict[str | None, Vector] = {
            null.z: self.numbers.z,
            null.p: self.numbers.p,
            null.mean: self.numbers.mean,
            null.low: self.numbers.low,
            null.high: self.numbers.high,
            null.n: np.where(count > 0, count, np.nan),
        }
        return {name: values[name] for name in null.columns if name != null.q}

    def put(self, places: Rows, other: NullColumns) -> None:
        """Set the entries of some pairs."""
        self.numbers.put(places, other.numbers)
        for number, note in other.notes.items():
            place = int(places[number])
            self.notes[place] = join_notes(self.notes.get(place, ""), note)


def random_gene_null(
    tables: Sequence[PairsInTable],
    observed: Vector,
    n_draws: int,
    reference: Reference,
    n_spreads: int = N_SPREADS,
) -> NullColumns:
    """Compare pairs with random genes of the same mean and spread.

    Two genes are compared with every other pair of their classes
    (:mod:`tcga_corr.analysis.nulls.gene_pairs`), the others with draws
    (:mod:`tcga_corr.analysis.nulls.random_pairs`).

    Parameters
    ----------
    tables
        The same pairs in one table, or in all those that are pooled.
    observed
        The r of each pair without shared genes, or what they come to pooled.
    n_draws
        Random pairs.
    reference
        Not used.
    n_spreads
        Classes of spread within one of mean; 1 to match on the mean alone.
    """
    pool = GenePool.of([table.setting for table in tables], n_spreads)
    sides = tables[0].sides(pool.symbols)
    x, y = tables[0].x, tables[0].y
    found = NullColumns.empty(len(observed))
    is_gene, is_set = (np.array([side.kind == kind for side in sides]) for kind in ("gene", "set"))
    if pool.note:
        of_any = np.flatnonzero((is_gene | is_set)[x] | (is_gene | is_set)[y])
        found.notes.update(dict.fromkeys(of_any.tolist(), pool.note))
        return found
    settings = [table.setting for table in tables]
    usable, notes = enough_genes(tables, sides)
    found.notes.update(notes)
    of_genes = is_gene[x[usable]] & is_gene[y[usable]]
    two, drawn = usable[of_genes], usable[~of_genes]
    if len(two):
        places = np.array([side.rows[0] if len(side.rows) else -1 for side in sides])
        numbers = compare_gene_pairs(settings, pool, places[x[two]], places[y[two]])
        found.put(two, NullColumns(numbers))
    if len(drawn):
        pairs = RandomPairs(pool, sides, x[drawn], y[drawn], tables[0].cohort.min_genes)
        draws = draws_of_pairs(
            settings, [table.sides(pool.symbols) for table in tables], pairs, n_draws
        )
        has_set = is_set[x[drawn]] | is_set[y[drawn]]
        shown = np.where(pairs.has_null, observed[drawn], np.nan)
        numbers = compare(draws, shown, normal_tail=has_set)
        found.put(drawn, NullColumns(numbers, pairs.notes))
    return found


def genes_in_all(
    tables: Sequence[PairsInTable], sides: Sequence[Side]
) -> tuple[dict[int, str], dict[int, str]]:
    """Which variables have too few genes that all tables have, and which lack some; in words.

    Parameters
    ----------
    tables
        The tables.
    sides
        Their variables, with the places of their genes among those of all tables.
    """
    few, some = {}, {}
    for number, side in enumerate(sides):
        n_left = len(side.rows)
        measured = frozenset().union(*(table.measured[number].genes for table in tables))
        if side.kind == "gene" and not n_left:
            few[number] = f"p_genes: {side.name} has another symbol in some tumor type"
        elif side.kind == "set" and n_left < tables[0].cohort.min_genes:
            few[number] = f"p_genes: {side.name} has {n_left} genes in every tumor type"
        elif n_left < len(measured):
            some[number] = (
                f"p_genes: {len(measured) - n_left} genes of {side.name} are not in every tumor "
                "type, and not drawn for"
            )
    return few, some


def enough_genes(
    tables: Sequence[PairsInTable], sides: Sequence[Side]
) -> tuple[Rows, dict[int, str]]:
    """The pairs whose variables have enough genes in all tables, and notes on missing ones."""
    few, some = genes_in_all(tables, sides)
    pairs = np.column_stack([tables[0].x, tables[0].y])
    notes = {}
    for number in np.flatnonzero(np.isin(pairs, [*few, *some]).any(axis=1)):
        for known in (few, some):
            texts = [known[one] for one in pairs[number].tolist() if one in known]
            if texts:
                notes[int(number)] = "; ".join(texts)
                break
    return np.flatnonzero(~np.isin(pairs, [*few]).any(axis=1)), notes


def draws_of_pairs(
    settings: Sequence[NullSetting],
    sides: Sequence[Sequence[Side]],
    pairs: RandomPairs,
    n_draws: int,
) -> Draws:
    """The r of random pairs, pooled where there are several tables.

    Parameters
    ----------
    settings, sides
        The tables, and the variables in each.
    pairs
        The random pairs.
    n_draws
        How many.

    Returns
    -------
    Draws x pairs.
    """
    found = np.full((n_draws, pairs.n_pairs), np.nan, dtype=np.float32)
    if not pairs.has_null.any():
        return found
    most = min(_MOST_POOLED // (len(settings) * pairs.n_pairs), _MOST_GENES // pairs.family.size)
    for start in range(0, n_draws, max(1, most)):
        stop = min(start + max(1, most), n_draws)
        parts = pairs.family.parts(start, stop)
        r = in_threads(partial(pairs.draws, parts=parts), settings, sides)
        found[start:stop] = r[0] if len(r) == 1 else pooled_r(settings, np.stack(r))
    return found


def real_set_null(
    tables: Sequence[PairsInTable], observed: Vector, n_draws: int, reference: Reference
) -> NullColumns:
    """Compare pairs with other real pathways; see :mod:`tcga_corr.analysis.nulls.reference`.

    Parameters
    ----------
    tables, observed
        As of :func:`random_gene_null`.
    n_draws
        Not used.
    reference
        Gives the reference collection's index of a table.
    """
    found = NullColumns.empty(len(observed))
    x, y = tables[0].x, tables[0].y
    is_set = np.array([isinstance(one.variable, SetVariable) for one in tables[0].measured])
    some = np.flatnonzero(is_set[x] | is_set[y])
    if not len(some):
        return found
    pool = GenePool.of([table.setting for table in tables])
    indexes = [reference(table.setting.table) for table in tables]
    sets, numbers = _common_sets(pool, tables, indexes)
    wanted, place = np.unique(np.concatenate([x[some], y[some]]), return_inverse=True)
    r = in_threads(partial(_reference_r, wanted=wanted), tables, indexes, numbers)
    ranked = r[0] if len(r) == 1 else pooled_r([table.setting for table in tables], np.stack(r))
    sides = tables[0].sides(pool.symbols)
    own_sides = [sides[number] for number in wanted]
    one, other = np.split(place, 2)
    compared, notes = compare_with_reference(
        Neighbours(pool, sets), own_sides, ranked, one, other, observed[some]
    )
    found.put(some, NullColumns(compared, notes))
    return found


def _reference_r(table: PairsInTable, index: ReferenceIndex, own: Rows, wanted: Rows) -> Matrix:
    known = table.reference_r
    missing = [int(number) for number in wanted if int(number) not in known]
    if missing:
        measured = [table.measured[number] for number in missing]
        found = reference_r(table.cohort, index, measured, table.kept, table.method, table.fit)
        known |= zip(missing, found.r_disjoint, strict=True)
    return np.array([known[int(number)][own] for number in wanted])


def _common_sets(
    pool: GenePool, tables: Sequence[PairsInTable], indexes: Sequence[ReferenceIndex]
) -> tuple[ReferenceSets, list[Rows]]:
    """The reference sets that all tables have, and their numbers in each."""
    names = [index.names for index in indexes]
    common = set(names[0]).intersection(*names[1:])
    first, index = tables[0].setting, indexes[0]
    place = np.full(first.n_genes, -1)
    place[rows_of(pool.symbols, first)] = np.arange(len(pool.symbols))
    genes, set_of = place[index.rows], np.repeat(np.arange(len(index.sizes)), index.sizes)
    count = np.bincount(set_of[genes >= 0], minlength=len(index.sizes))
    is_common = np.array([name in common for name in names[0]], dtype=np.bool_)
    kept = np.flatnonzero(is_common & (count >= first.min_genes))
    rows = genes[(genes >= 0) & np.isin(set_of, kept)]
    kept_names = [names[0][number] for number in kept]
    offsets = np.concatenate([[0], np.cumsum(count[kept])]).astype(np.intp)
    numbers = [kept]
    for own in names[1:]:
        number_of = {name: number for number, name in enumerate(own)}
        numbers.append(np.array([number_of[name] for name in kept_names], dtype=np.intp))
    return ReferenceSets(kept_names, rows, offsets), numbers


def checked_nulls(
    null: Null | Iterable[Null] | Literal["none"] | None,
    n_draws: int,
    known: Iterable[Null] = tuple(NULLS),
) -> tuple[Null, ...]:
    """The nulls of a question, each once; with ``none`` or None there are none.

    Raises
    ------
    UsageError
        On one that is not known there, or fewer than one draw.
    """
    if null is None or null == "none":
        return ()
    given = [cast(Null, null)] if isinstance(null, str) else null
    nulls: tuple[Null, ...] = tuple(dict.fromkeys(given))
    for name in nulls:
        check_choice("null", name, known)
    if n_draws < 1:
        raise UsageError(f"draws is {n_draws}", "Give 1 or more, or leave out the null")
    return nulls


NullFunction = Callable[[Sequence[PairsInTable], Vector, int, Reference], NullColumns]

NULL_FUNCTIONS: dict[Null, NullFunction] = {"genes": random_gene_null, "sets": real_set_null}
"""The function of each null of :data:`tcga_corr.vocabulary.nulls.NULLS`."""
