"""Scoring compared with gseapy, and ranking with the bare sort; prints JSON.

Run by scoring.py: in_memory.py store XENA_TABLE FOLDER makes a store of the table with its samples
repeated up to 400; in_memory.py ranked|stored|ranking FOLDER ROUNDS measures over it. Scoring from
stored ranks runs in a separate process, since a process that has freed large arrays is faster.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tcga_corr.analysis.naming.names import SetVariable
from tcga_corr.analysis.samples.cohort import Cohort
from tcga_corr.choices import Ties
from tcga_corr.engine import Engine, open_store
from tcga_corr.expression import ExpressionTable
from tcga_corr.formats import open_table
from tcga_corr.scoring.ranks import doubled_average_ranks, ordinal_ranks
from tcga_corr.scoring.ssgsea import enrichment_scores, weights_by_doubled_rank
from tcga_corr.store.index import TableIndex, open_index
from tcga_corr.store.layout import TableKey
from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import gseapy
    import pandas as pd

N_SAMPLES = 400
STORE = "store"
SORTED_TOGETHER = 32  # samples
Rows = dict[str, NDArray[np.intp]]
Scores = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Timed:
    """A call to time, its repeats per round, and an untimed call before each."""

    run: Callable[[], object]
    times: int = 1
    before: Callable[[], object] = lambda: None


def time_in_turn(sides: Mapping[str, Timed], rounds: int) -> dict[str, list[float]]:
    """Seconds of each side; all sides run in turn in each round."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            for _ in range(side.times):
                side.before()
                start = time.perf_counter()
                side.run()
                seconds[name].append(time.perf_counter() - start)
    return seconds


def read_table(path: Path) -> ExpressionTable:
    """A downloaded table, prepared as for the store."""
    file = open_table(path)
    return file.read(None).prepared()


def store_tiled(path: Path, folder: Path) -> dict[str, Any]:
    """Make a store with the table, its samples repeated under new names."""
    table = read_table(path)
    columns = np.arange(N_SAMPLES) % len(table.samples)
    names = [f"TCGA-ZZ-{number:04d}-01" for number in range(N_SAMPLES)]
    frame = pl.DataFrame(table.values[:, columns], schema=names)
    tiled = folder / "TCGA.ACC.sampleMap" / "HiSeqV2"
    tiled.parent.mkdir(parents=True)
    frame.insert_column(0, pl.Series("sample", table.genes.tolist())).write_csv(
        tiled, separator="\t", float_precision=4
    )
    for error in open_store(folder / STORE).load([tiled]).errors:
        raise error
    return {}


def open_tiled(folder: Path) -> tuple[Engine, TableIndex]:
    """The store and its one table."""
    engine = open_store(folder / STORE)
    return engine, open_index(engine.store, TableKey("tcga-hiseqv2", "ACC"))


def set_names() -> list[str]:
    """The 50 Hallmarks, ferroptosis and nfkb."""
    return [
        name
        for name in shipped_sets()
        if name.startswith("HALLMARK_") or name in ("ferroptosis", "nfkb")
    ]


def matched_rows(index: TableIndex) -> Rows:
    """The rows of each set's genes, matched by the package."""
    cohort = Cohort(index, "tumor")
    measured = {name: cohort.measure(SetVariable(shipped_sets()[name])) for name in set_names()}
    return {name: index.genes.rows(result.genes) for name, result in measured.items()}


def score_cold(values: NDArray[np.float32], rows: Rows, ties: Ties, threads: int) -> Scores:
    """Rank, then score."""
    ranks = doubled_average_ranks(values, threads)
    ordinal = None if ties == "average" else ordinal_ranks(values, threads)
    weights = weights_by_doubled_rank(len(values), ties)
    return {
        name: enrichment_scores(
            ranks[set_rows],
            len(values),
            weights,
            None if ordinal is None else ordinal[set_rows],
            ties,
        )
        for name, set_rows in rows.items()
    }


def score_warm(index: TableIndex, rows: Rows) -> Scores:
    """Score from the stored ranks, which are a memory map."""
    cohort = Cohort(index, "tumor")
    return {name: cohort.scores(set_rows) for name, set_rows in rows.items()}


def score_gseapy(
    results: list[pd.DataFrame], frame: pd.DataFrame, sets: Mapping[str, list[str]], threads: int
) -> None:
    """Gseapy's usual call on a frame in memory; appends its result to ``results``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # gseapy 1.3 uses calls deprecated in pandas 3
        result = gseapy.ssgsea(
            data=frame,
            gene_sets=sets,
            outdir=None,
            sample_norm_method="rank",
            weight=0.25,
            min_size=1,
            max_size=len(frame),
            permutation_num=0,
            no_plot=True,
            threads=threads,
        )
    results.append(result.res2d)


def largest_difference(ours: Scores, theirs: pd.DataFrame, samples: list[str]) -> float:
    """The largest relative difference of any score."""
    table = theirs.pivot(index="Term", columns="Name", values="ES").astype(float)
    return max(
        float(np.abs(scores / table.loc[name, samples].to_numpy() - 1).max())
        for name, scores in ours.items()
    )


def ranked_times(folder: Path, rounds: int) -> dict[str, Any]:
    """Seconds of scoring from the values and by gseapy, and the largest difference of scores."""
    _, index = open_tiled(folder)
    rows = matched_rows(index)
    values = np.array(index.values)
    genes = list(index.genes)
    samples = [sample.sample for sample in index.metadata.samples]
    frame = pd.DataFrame(values.astype(np.float64), index=genes, columns=samples)
    sets = {name: [genes[row] for row in set_rows] for name, set_rows in rows.items()}
    theirs: list[pd.DataFrame] = []
    sides: dict[str, Timed] = {}
    for threads in (1, 2):
        sides |= {
            f"gseapy {threads}": Timed(partial(score_gseapy, theirs, frame, sets, threads)),
            f"average {threads}": Timed(partial(score_cold, values, rows, "average", threads), 5),
            f"same ties {threads}": Timed(partial(score_cold, values, rows, "gseapy", threads), 5),
        }
    seconds = time_in_turn(sides, rounds)
    ours = score_cold(values, rows, "gseapy", 2)
    return {
        "seconds": seconds,
        "difference": max(largest_difference(ours, scores, samples) for scores in theirs),
        "sets": len(rows),
        "shape": values.shape,
    }


def stored_times(folder: Path, rounds: int) -> dict[str, Any]:
    """Seconds of scoring from the stored ranks, and of the same query to the engine."""
    engine, index = open_tiled(folder)
    rows = matched_rows(index)
    sides = {
        "scores": Timed(partial(score_warm, index, rows)),
        "engine": Timed(partial(engine.score, set_names())),
    }
    return {"seconds": time_in_turn(sides, rounds)}


def packed_keys(values: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Samples x genes: the bits of a nonnegative value above the gene's number."""
    bits = np.ascontiguousarray(values.T).view(np.uint32).astype(np.uint64)
    return (bits << np.uint64(32)) | np.arange(len(values), dtype=np.uint64)


def sort_keys(keys: NDArray[np.uint64], threads: int) -> None:
    """Sort each row in place."""
    starts = range(0, len(keys), SORTED_TOGETHER)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda start: keys[start : start + SORTED_TOGETHER].sort(axis=1), starts))


def ranking_times(folder: Path, rounds: int) -> dict[str, Any]:
    """Seconds of ranking, and of sorting the same keys in place, by number of threads."""
    values = np.array(open_tiled(folder)[1].values)
    keys = packed_keys(values)
    buffer = np.empty_like(keys)
    renew = partial(np.copyto, buffer, keys)
    sides: dict[str, Timed] = {}
    for threads in (1, 2):
        sides |= {
            f"rank {threads}": Timed(partial(doubled_average_ranks, values, threads)),
            f"sort {threads}": Timed(partial(sort_keys, buffer, threads), before=renew),
        }
    return {"seconds": time_in_turn(sides, rounds)}


MEASURED = {"ranked": ranked_times, "stored": stored_times, "ranking": ranking_times}


def main(step: str, first: str, second: str) -> None:
    """Run one step and print its figures."""
    if step == "store":
        figures = store_tiled(Path(first), Path(second))
    else:
        figures = MEASURED[step](Path(first), int(second))
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
