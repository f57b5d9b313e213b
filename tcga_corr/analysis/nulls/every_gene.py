"""The random-gene null of one variable with very many genes.

Of two genes it is that of :mod:`tcga_corr.analysis.nulls.gene_pairs`. Of a gene set or covariate
the draws are those of :mod:`tcga_corr.analysis.nulls.random_genes`: a gene is replaced by the first
gene of its class's deck, or by the second where the first is the gene itself. So two r of each
class and draw serve all genes of the class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tcga_corr.analysis.nulls.associations import (
    NullColumns,
    Reference,
    draws_of_pairs,
    enough_genes,
    random_gene_null,
)
from tcga_corr.analysis.nulls.gene_pairs import compare_gene_pairs
from tcga_corr.analysis.nulls.gene_pool import OWN_GENES_TOO, GenePool, is_crowded, rows_of
from tcga_corr.analysis.nulls.random_genes import Draws, drawn_values
from tcga_corr.analysis.nulls.random_pairs import RandomPairs
from tcga_corr.analysis.nulls.setting import (
    NullSetting,
    PairsInTable,
    Side,
    columns_of,
    pooled_r,
)
from tcga_corr.analysis.threads import in_threads
from tcga_corr.stats.comparison import compare
from tcga_corr.stats.correlation import unit_rows
from tcga_corr.stats.decks import DRAWS_AT_ONCE, tops_of_decks

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Rows = NDArray[np.intp]

_MOST_SCORES = 6_000_000  # numbers held at a time
_GENES_AT_ONCE = 512
_DRAWS_AT_ONCE = 64  # whose genes' rows lie in the processor's cache


def null_of_one_with_some(
    tables: Sequence[PairsInTable], observed: Vector, n_draws: int, reference: Reference
) -> NullColumns:
    """As :func:`tcga_corr.analysis.nulls.associations.random_gene_null`, of pairs with one x.

    Where x is no gene, its pairs with genes are compared as in a screen of all genes: the numbers
    are the same, in a fraction of the time.

    Parameters
    ----------
    tables, observed, n_draws, reference
        As there.
    """
    x, y = int(tables[0].x[0]), tables[0].y
    pool = GenePool.of([table.setting for table in tables])
    sides = tables[0].sides(pool.symbols)
    is_gene = np.array([side.kind == "gene" for side in sides])
    if pool.note or is_gene[x] or not is_gene[y].any():
        return random_gene_null(tables, observed, n_draws, reference)
    found = NullColumns.empty(len(observed))
    usable, notes = enough_genes(tables, sides)
    some = usable[is_gene[y[usable]]]
    found.notes.update((place, note) for place, note in notes.items() if is_gene[y[place]])
    if len(some):
        genes = np.array([sides[place].rows[0] for place in y[some]])
        own = [table.sides(pool.symbols)[x] for table in tables]
        settings = [table.setting for table in tables]
        found.put(some, every_gene_null(settings, pool, own, genes, observed[some], n_draws))
    others = np.flatnonzero(~is_gene[y])
    if len(others):
        rest = [replace(table, x=table.x[others], y=y[others]) for table in tables]
        found.put(others, random_gene_null(rest, observed[others], n_draws, reference))
    return found


def every_gene_null(
    settings: Sequence[NullSetting],
    pool: GenePool,
    x: Sequence[Side],
    genes: Rows,
    observed: Vector,
    n_draws: int,
) -> NullColumns:
    """Compare the r of one variable with many genes, pooled where there are several tables.

    Parameters
    ----------
    settings
        The tables and their samples.
    pool
        The genes of all tables.
    x
        The variable in each table, with the places of its genes in the pool.
    genes
        The places of the genes.
    observed
        The r of each without shared genes, or what they come to pooled.
    n_draws
        Random pairs.
    """
    found = NullColumns.empty(len(genes))
    side = x[0]
    if pool.classes is None:
        found.notes.update(dict.fromkeys(range(len(genes)), pool.note))
        return found
    if side.kind == "gene":
        own = np.full(len(genes), side.rows[0])
        return NullColumns(compare_gene_pairs(settings, pool, own, genes))
    classes, codes = pool.classes, pool.classes.codes[genes]
    counts = np.bincount(pool.classes.codes[side.rows], minlength=len(classes.sizes))
    is_plain = ~np.isin(genes, side.rows) & (codes != classes.constant)
    is_plain &= ~is_crowded(counts + 1, classes)[codes]
    others = np.flatnonzero(~is_plain & (codes != classes.constant))
    if len(others):
        found.put(others, _one_by_one(settings, pool, x, genes[others], observed[others], n_draws))
    plain = np.flatnonzero(is_plain)
    if is_crowded(counts, classes).any():
        found.notes.update(dict.fromkeys(plain.tolist(), OWN_GENES_TOO))
    first, first_r, second_r = _r_of_classes(settings, pool, x, np.unique(codes[plain]), n_draws)
    for start in range(0, len(plain), _GENES_AT_ONCE):
        some = plain[start : start + _GENES_AT_ONCE]
        of = codes[some]
        draws = np.where(first[:, of] == genes[some], second_r[:, of], first_r[:, of])
        found.put(some, NullColumns(compare(draws, observed[some], normal_tail=side.kind == "set")))
    return found


def _one_by_one(
    settings: Sequence[NullSetting],
    pool: GenePool,
    x: Sequence[Side],
    genes: Rows,
    observed: Vector,
    n_draws: int,
) -> NullColumns:
    """As the other pairs are compared."""
    others = [Side("gene", pool.symbols[gene], np.array([gene])) for gene in genes]
    y = np.arange(1, len(genes) + 1)
    pairs = RandomPairs(pool, [x[0], *others], np.zeros(len(genes), dtype=np.intp), y)
    draws = draws_of_pairs(settings, [[own, *others] for own in x], pairs, n_draws)
    shown = np.where(pairs.has_null, observed, np.nan)
    return NullColumns(compare(draws, shown, normal_tail=x[0].kind == "set"), pairs.notes)


def _r_of_classes(
    settings: Sequence[NullSetting], pool: GenePool, x: Sequence[Side], codes: Rows, n_draws: int
) -> tuple[Rows, Draws, Draws]:
    """The first gene of each class's deck, and the r with it and with the second.

    Returns
    -------
    Draws x classes, of which only those in ``codes`` have an r.
    """
    classes = pool.classes_or_one
    n_classes = len(classes.sizes)
    depth = np.where(np.isin(np.arange(n_classes), codes), 2, 0)
    tops = np.concatenate(
        [
            tops_of_decks(pool.shuffles.orders(start, stop), classes.codes, depth)
            for start, stop in _parts(n_draws, DRAWS_AT_ONCE)
        ]
    ).reshape(n_draws, len(codes), 2)
    r: Draws = np.stack(
        in_threads(
            lambda setting, own: _r_of_genes(setting, pool, own, tops, classes.codes, codes),
            settings,
            x,
        )
    )
    ranked = r[0] if len(r) == 1 else pooled_r(settings, r).astype(np.float32)
    first = np.full((n_draws, n_classes), -1, dtype=np.intp)
    first[:, codes] = tops[:, :, 0]
    both: Draws = np.full((2, n_draws, n_classes), np.nan, dtype=np.float32)
    both[:, :, codes] = np.moveaxis(ranked, 2, 0)
    return first, both[0], both[1]


def _parts(n_draws: int, most: int) -> list[tuple[int, int]]:
    return [(start, min(start + most, n_draws)) for start in range(0, n_draws, most)]


def _r_of_genes(
    setting: NullSetting,
    pool: GenePool,
    x: Side,
    tops: Rows,
    code_of: NDArray[np.uint8],
    codes: Rows,
) -> Draws:
    """The r of random variables like x with some genes of each class: draws x classes x genes."""
    rows = rows_of(pool.symbols, setting)
    most = max(DRAWS_AT_ONCE, _MOST_SCORES // len(setting.columns))
    units = np.concatenate(
        [
            unit_rows(
                drawn_values(setting, pool, x, start, stop).astype(np.float64),
                setting.method,
                setting.fit,
            )
            for start, stop in _parts(len(tops), most)
        ]
    )
    values = setting.table.all_values()
    r = np.empty(tops.shape, dtype=np.float32)
    for place, code in enumerate(codes):
        members = np.flatnonzero(code_of == code)
        block = columns_of(values[rows[members]], setting.columns).astype(np.float64)
        of_class = unit_rows(block, setting.method, setting.fit)
        places = np.searchsorted(members, tops[:, place])
        for start in range(0, len(units), _DRAWS_AT_ONCE):
            part = slice(start, start + _DRAWS_AT_ONCE)
            for deep in range(places.shape[1]):
                r[part, place, deep] = np.vecdot(units[part], of_class[places[part, deep]])
    return r
