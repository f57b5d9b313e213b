"""Ranking a table of many samples, in a separate process; prints JSON.

Run by scoring.py: large_ranking.py N_GENES N_SAMPLES REPEATS. The values are simulated, with
realistic zeros and ties: the log2 of whole reads divided by a sample's depth.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time

import numpy as np
from numpy.typing import NDArray
from processes import peak_bytes

from tcga_corr.scoring.ranks import doubled_average_ranks

FILLED_TOGETHER = 100  # genes
SORTED = 384  # samples


def simulated_values(n_genes: int, n_samples: int) -> NDArray[np.float32]:
    """Genes x samples, filled block by block to keep temporaries small."""
    rng = np.random.default_rng(489)
    values = np.empty((n_genes, n_samples), dtype=np.float32)
    depth = np.exp2(rng.normal(0, 0.3, n_samples)).astype(np.float32)
    for start in range(0, n_genes, FILLED_TOGETHER):
        block = values[start : start + FILLED_TOGETHER]
        expressed = rng.random((len(block), 1)) < 0.85
        mean = np.where(expressed, rng.normal(8, 3, expressed.shape), rng.normal(-2, 1.5))
        noise = rng.standard_normal(block.shape, dtype=np.float32)
        reads = np.rint(np.exp2(mean.astype(np.float32) + noise) * depth)
        block[:] = np.round(np.log2(reads / depth + 1), 4)
    return values


def sort_seconds(values: NDArray[np.float32], threads: int) -> float:
    """The minimum time of sorting the packed keys of samples in place."""
    from in_memory import packed_keys, sort_keys

    keys = packed_keys(values)
    seconds = []
    for _ in range(25):
        buffer = keys.copy()
        start = time.perf_counter()
        sort_keys(buffer, threads)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main(n_genes: int, n_samples: int, repeats: int) -> None:
    """Measure and print."""
    values = simulated_values(n_genes, n_samples)
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        ranks = doubled_average_ranks(values)
        seconds.append(time.perf_counter() - start)
        output = ranks.nbytes
        del ranks
    peak = peak_bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    part = values[:, :SORTED]
    figures = {
        "seconds": seconds,
        "peak": peak,
        "input": values.nbytes,
        "output": output,
        "sort_seconds": sort_seconds(part, os.cpu_count() or 1) * n_samples / part.shape[1],
        "zeros": float((part == 0).mean()),
        "tied": 1 - float(np.mean([len(np.unique(column)) / n_genes for column in part.T])),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
