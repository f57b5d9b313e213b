"""Ranks of the genes within each sample.

Each sample is sorted as 64-bit keys, the value's bits above the gene's number: an exact, stable
order by numpy's vectorised integer sort, in which equal values stand side by side. Several samples
go through numpy's calls together, so that threads seldom wait for each other between the calls.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Ranks = NDArray[np.unsignedinteger[Any]]

_BLOCK = 32  # samples: one cache line of 16-bit ranks, two of values
_GROUP = 8  # samples: sorted and ranked together; their keys just about fit in cache
_STRIPE = 512  # genes: so many of a block are transposed at once, within cache
_UPPER = 1 if sys.byteorder == "little" else 0  # the upper of the two halves of a key
_GENE_BITS = np.uint64(0xFFFFFFFF)
_Keys = NDArray[np.uint64]


def rank_dtype(n_genes: int) -> type[np.uint16] | type[np.uint32]:
    """The smallest type that holds twice a rank among ``n_genes``."""
    return np.uint16 if n_genes <= 32_767 else np.uint32


def doubled_average_ranks(values: Matrix, threads: int | None = None) -> Ranks:
    """Twice the average rank of each gene within each sample; 2 is the lowest value's.

    Parameters
    ----------
    values
        Genes x samples, finite.
    threads
        Samples are shared out over so many threads; by default one per processor.

    Returns
    -------
    Genes x samples, integers: an average rank is a whole or a half number. uint16 up to 32,767
    genes, else uint32.
    """
    out = np.empty(values.shape, dtype=rank_dtype(values.shape[0]))
    _rank_blocks(values, out, _doubled_average, threads)
    return out


def ordinal_ranks(values: Matrix, threads: int | None = None) -> NDArray[np.uint32]:
    """The ascending stable ordinal rank of each gene within each sample, from 1.

    Of equal values, the gene of the earlier row has the lower rank. Shapes as in
    :func:`doubled_average_ranks`.
    """
    out = np.empty(values.shape, dtype=np.uint32)
    _rank_blocks(values, out, _ordinal, threads)
    return out


def _rank_blocks(
    values: Matrix, out: Ranks, rank_sorted: Callable[[_Keys, Ranks], None], threads: int | None
) -> None:
    n_genes, n_samples = values.shape
    if n_genes == 0 or n_samples == 0:
        return
    starts = range(0, n_samples, _BLOCK)
    threads = min(threads or os.cpu_count() or 1, len(starts))
    places = np.arange(_GROUP * n_genes, dtype=np.uint64).reshape(_GROUP, n_genes)
    shape = (min(_BLOCK, n_samples), n_genes)
    # new arrays for each block would cost as much in page faults as the ranking itself
    spare = [(np.empty(shape, np.uint64), np.empty(shape, out.dtype)) for _ in range(threads)]

    def rank_block(start: int) -> None:
        block = values[:, start : start + _BLOCK]
        keys, ranks = scratch = spare.pop()
        _fill_keys(keys[: block.shape[1]], block, places)
        for first in range(0, block.shape[1], _GROUP):
            group = slice(first, min(first + _GROUP, block.shape[1]))
            _sort_keys(keys[group])
            rank_sorted(keys[group], ranks[group])
        for gene in range(0, n_genes, _STRIPE):
            stripe = ranks[: block.shape[1], gene : gene + _STRIPE]
            out[gene : gene + _STRIPE, start : start + _BLOCK] = stripe.T
        spare.append(scratch)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(rank_block, starts))


def _fill_keys(keys: _Keys, block: Matrix, places: _Keys) -> None:
    """Samples x genes: each value's bits above its place among the ranks of its group."""
    for first in range(0, len(keys), _GROUP):
        group = keys[first : first + _GROUP]
        group[:] = places[: len(group)]
    values = _halves(keys)[..., _UPPER].view(np.float32)
    for gene in range(0, len(block), _STRIPE):
        values[:, gene : gene + _STRIPE] = block[gene : gene + _STRIPE].T


def _halves(keys: _Keys) -> NDArray[np.uint32]:
    return keys.view(np.uint32).reshape(*keys.shape, 2)


def _sort_keys(keys: _Keys) -> None:
    """Sort each sample; bits sort as floats (IEEE 754) where no sign bit is set."""
    if keys.max() >> np.uint64(63):
        upper = _halves(keys)[..., _UPPER]
        values = upper.view(np.float32) + np.float32(0)  # -0 becomes 0
        flips = values.view(np.int32) >> 31  # every bit of a negative number, else the sign alone
        flips |= np.int32(-(1 << 31))
        np.bitwise_xor(values.view(np.uint32), flips.view(np.uint32), out=upper)
    keys.sort(axis=1)


def _gene_places(keys: _Keys) -> NDArray[np.intp]:
    """Where the ranks of sorted keys belong; in the keys' own memory."""
    flat = keys.reshape(-1)
    flat &= _GENE_BITS
    return flat.view(np.int64).astype(np.intp, copy=False)


def _ordinal(keys: _Keys, ranks: Ranks) -> None:
    n_samples, n_genes = keys.shape
    ordinal = np.arange(1, n_genes + 1, dtype=ranks.dtype)
    ranks.reshape(-1)[_gene_places(keys)] = np.tile(ordinal, n_samples)


def _doubled_average(keys: _Keys, ranks: Ranks) -> None:
    """Ranks start + 1 to end, of equal values, have the average (start + 1 + end) / 2.

    Start and end count through the whole group of samples, modulo the range of the small type;
    the last line gives each sample its own origin, which is exact in that arithmetic.
    """
    n_samples, n_genes = keys.shape
    flat = keys.reshape(-1)
    is_bound = np.empty(flat.size + 1, dtype=bool)
    np.greater(flat[1:] ^ flat[:-1], _GENE_BITS, out=is_bound[1:-1])
    is_bound[::n_genes] = True
    bounds = np.flatnonzero(is_bound)
    low = bounds.astype(ranks.dtype)
    doubled = low[:-1] + low[1:]
    # spread over the runs by a running sum: np.repeat takes three times as long on short runs
    spread = np.zeros(flat.size, dtype=ranks.dtype)
    spread[bounds[:-1]] = np.diff(doubled, prepend=ranks.dtype.type(0))
    np.add.accumulate(spread, out=spread)
    ranks.reshape(-1)[_gene_places(keys)] = spread
    origin = 2 * n_genes * np.arange(n_samples) - 1
    ranks -= origin.astype(ranks.dtype)[:, np.newaxis]
