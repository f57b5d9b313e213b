"""Ranks of the genes within each sample.

Each sample is sorted as 64-bit keys, the value's bits above the gene's number: an exact, stable
order by numpy's vectorised integer sort, in which equal values stand side by side.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Ranks = NDArray[np.unsignedinteger[Any]]

_BLOCK = 32  # samples: one cache line of 16-bit ranks, and a block of values that fits in cache
_SORTED = NDArray[np.uint64]


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
    values: Matrix, out: Ranks, rank_sorted: Callable[[_SORTED, Ranks], None], threads: int | None
) -> None:
    n_genes, n_samples = values.shape
    if n_genes == 0 or n_samples == 0:
        return
    genes = np.arange(n_genes, dtype=np.uint64)

    def rank_block(start: int) -> None:
        bits = _sortable_bits(values[:, start : start + _BLOCK])
        ranks = np.empty(bits.shape, dtype=out.dtype)
        keys = np.empty(n_genes, dtype=np.uint64)
        for sample_bits, sample_ranks in zip(bits, ranks, strict=True):
            np.left_shift(sample_bits, np.uint64(32), out=keys, dtype=np.uint64)
            keys |= genes
            keys.sort()
            rank_sorted(keys, sample_ranks)
        out[:, start : start + _BLOCK] = ranks.T

    starts = range(0, n_samples, _BLOCK)
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        list(pool.map(rank_block, starts))


def _sortable_bits(block: Matrix) -> NDArray[np.uint32]:
    """Samples x genes of integers that sort as the floats do (IEEE 754), -0 as 0."""
    by_sample = np.ascontiguousarray(block.T, dtype=np.float32)
    by_sample = by_sample + np.float32(0)
    bits = by_sample.view(np.uint32)
    sign = np.uint32(1 << 31)
    return np.where(bits & sign, ~bits, bits | sign) if by_sample.min() < 0 else bits


def _gene_numbers(keys: _SORTED) -> NDArray[np.intp]:
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.intp)


def _ordinal(keys: _SORTED, ranks: Ranks) -> None:
    ranks[_gene_numbers(keys)] = np.arange(1, len(keys) + 1, dtype=ranks.dtype)


def _doubled_average(keys: _SORTED, ranks: Ranks) -> None:
    bits = (keys >> np.uint64(32)).astype(np.uint32)
    first = np.empty(len(keys), dtype=bool)
    first[0] = True
    np.not_equal(bits[1:], bits[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], len(keys))
    # ranks start + 1 to end have the average (start + 1 + end) / 2
    doubled = (starts + ends + 1).astype(ranks.dtype)
    ranks[_gene_numbers(keys)] = np.repeat(doubled, ends - starts)
