"""Do the p-values and intervals keep what they promise? python benchmarks/calibration.py.

Computes the p-values and intervals of many random pairs and of planted links, and compares the
draws of random genes with other ways to make them. Real tables are read from --shared; without
them, all cohorts are simulated. Writes the tables of docs/calibration.md, between its marks, and
docs/calibration.svg. Seeds are fixed. Takes about twenty minutes on two cores; --pairs 20 --output
DIR is a quick, smaller run. What is measured is in the modules of the folder calibrating.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from calibrating.cohorts import SIMULATED, Table, load_simulated, load_tables, open_place
from calibrating.coverage import COVERAGE_N, COVERAGE_R, REPEATS, VALUES, measure_coverage
from calibrating.draws import (
    TAIL_DRAWS,
    TAIL_KINDS,
    Sharing,
    measure_direct,
    measure_sharing,
    measure_tail,
    tail_of,
)
from calibrating.figure import STYLE, draw_figure
from calibrating.pairs import PAIR_KINDS, WAYS, Found, measure_pairs, measure_pooled
from calibrating.planted import POWER_N, TABLES, measure_planted
from calibrating.results import LEVEL, Results, contradicts, share_of
from calibrating.simulation import MODULES
from calibrating.tables import groups, markdown, tables
from scipy import stats
from scoring import SHARED

from tcga_corr.store.layout import TableKey
from tcga_corr.vocabulary.nulls import N_DRAWS

__all__ = ["DOCS", "PAGE", "fill_page", "markdown"]

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE, FIGURE = "calibration.md", "calibration.svg"
METADATA = {
    "Title": "Calibration of tcga-corr: random pairs, planted links, coverage of intervals",
    "Creator": None,
    "Date": None,
}
PROCESSES = 2
PAIRS = 200
PAIRS_PER_TASK = 100
DRAWS_PER_TASK = 10_000
TAIL_TABLES = 3
# pairs, for each that is asked for
POOLED = {"matched": 1.0, "pathways": 1.0, "genes": 2.0}
OTHER_WAYS = {"matched": 0.5, "pathways": 0.5}
DIRECT, SHARING = 1 / 4, 1
NOT_SIMULATED = ("steady", "variable", "pathway and gene")

Key = tuple[Any, ...]
Task = tuple[Key, Callable[..., Any], tuple[Any, ...]]


def pair_tasks(store: Path, measured: tuple[Table, ...], pairs: int) -> Iterator[Task]:
    """Random pairs in each table."""
    for table in sorted(measured, key=lambda one: -one.n):
        for kind in PAIR_KINDS:
            if table.group == SIMULATED and kind in NOT_SIMULATED:
                continue
            for way in WAYS:
                share = 1.0 if way == "pearson" else OTHER_WAYS.get(kind, 0.0)
                if (way != "pearson" and table.group == SIMULATED) or (
                    way == "purity" and not table.purity
                ):
                    continue
                for part, count in parts(pairs * table.share * share):
                    key = ("pairs", kind, way, table.number)
                    yield (*key, part), measure_pairs, (store, table, kind, way, part, count)


def parts(pairs: float) -> Iterator[tuple[int, int]]:
    """The numbers of tasks, and the pairs of each."""
    total = round(pairs)
    for part, start in enumerate(range(0, total, PAIRS_PER_TASK)):
        yield part, min(PAIRS_PER_TASK, total - start)


def draw_tasks(store: Path, measured: tuple[Table, ...], pairs: int) -> Iterator[Task]:
    """The random pairs themselves, in real tables where there are any, and pooled ones."""
    real = [one for one in measured if one.group == measured[0].group][:5]
    if measured[0].group != SIMULATED:
        for kind, share in POOLED.items():
            for part, count in parts(pairs * share):
                yield ("pooled", kind, part), measure_pooled, (store, real, kind, part, count)
    total = max(2, round(TAIL_DRAWS * min(1, pairs / PAIRS) / N_DRAWS)) * N_DRAWS
    for start in range(0, total, DRAWS_PER_TASK):
        stop = min(start + DRAWS_PER_TASK, total)
        yield ("tail", start), measure_tail, (store, real[:TAIL_TABLES], start, stop)
    for table in real:
        count = max(5, round(pairs * DIRECT / len(real)))
        yield ("direct", table.number), measure_direct, (store, table, count)
        count = max(6, round(pairs * SHARING / len(real)))
        yield ("sharing", table.number), measure_sharing, (store, table, count)


def other_tasks(store: Path, bases: dict[int, TableKey], pairs: int) -> Iterator[Task]:
    """Planted links, and the coverage of intervals."""
    for n, share in zip(POWER_N, TABLES, strict=True):
        for number in range(max(2, round(pairs * share))):
            yield ("planted", n, number), measure_planted, (store, bases[n], n, number)
    for values in VALUES:
        for r in COVERAGE_R:
            yield ("coverage", values, r), measure_coverage, (values, r)


def measure(shared: Path, pairs: int, store: Path) -> Results:
    """Run all measurements, on two processes."""
    measured = load_tables(store, shared)
    bases = {one.n: one.key for one in measured if one.label.endswith(MODULES)}
    for number, n in enumerate(POWER_N, 1 + max(one.number for one in measured)):
        if n not in bases:
            bases[n] = load_simulated(store, MODULES, n, number).key
    for key in {*bases.values(), *(one.key for one in measured)}:
        open_place(store, key)  # builds the reference's sums, once
    tasks: dict[Key, Future[Any]] = {}
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for tasks_of, given in (
            (draw_tasks, measured), (pair_tasks, measured), (other_tasks, bases)
        ):  # fmt: skip
            for key, function, arguments in tasks_of(store, given, pairs):  # type: ignore[operator]
                tasks[key] = pool.submit(function, *arguments)
        for done, task in enumerate(as_completed(tasks.values()), 1):
            task.result()  # fails at the first error
            if done % max(1, len(tasks) // 20) == 0:
                print(f"{done} of {len(tasks)} tasks", file=sys.stderr)
    return collect(measured, {key: task.result() for key, task in tasks.items()})


def collect(measured: tuple[Table, ...], found: dict[Key, Any]) -> Results:
    """Combine the results of the tasks in their order."""

    def of(what: str) -> dict[Key, Any]:
        return {key[1:]: value for key, value in found.items() if key[0] == what}

    planted: dict[int, list[Any]] = {n: [] for n in POWER_N}
    for (n, _), one in of("planted").items():
        planted[n].append(one)
    return Results(
        measured,
        {(kind, way, number): some for (kind, way, number), some in joined(of("pairs")).items()},
        {kind: some for (kind,), some in joined(of("pooled")).items()},
        tails(measured, list(of("tail").values())),
        np.concatenate(list(of("direct").values())),
        joined_fields(list(of("sharing").values())),
        planted,
        {
            (*key, n): one
            for key, value in of("coverage").items()
            for n, one in zip(COVERAGE_N, value, strict=True)
        },
    )


def joined(found: dict[Key, Found]) -> dict[Key, Found]:
    """The parts of each key, which are numbered by its last entry, one after another."""
    by_key: dict[Key, list[Found]] = {}
    for key, one in found.items():
        by_key.setdefault(key[:-1], []).append(one)
    return {
        key: {name: np.concatenate([one[name] for one in some]) for name in some[0]}
        for key, some in by_key.items()
    }


def joined_fields(found: list[Sharing]) -> Sharing:
    """The pairs of several tables."""
    names = [one.name for one in fields(Sharing)]
    return Sharing(*(np.concatenate([getattr(one, name) for one in found]) for name in names))


def tails(measured: tuple[Table, ...], found: list[dict[str, Any]]) -> dict[tuple[str, str], Any]:
    """The tails of each kind of pairs and table."""
    made = {}
    for kind in TAIL_KINDS:
        draws = np.concatenate([one[kind] for one in found], axis=1)
        for table, own in zip(measured[:TAIL_TABLES], draws, strict=True):
            made[kind, f"{table.label} ({table.n})"] = tail_of(own)
    return made


def fill_page(page: str, made: dict[str, str]) -> str:
    """The page with its tables replaced; the text stays."""
    for name, text in made.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not mark.search(page):
            sys.exit(f"{PAGE}: no mark for '{name}'")
        page = mark.sub(lambda found, text=text: f"{found[1]}\n{text}\n\n{found[2]}", page)
    return page


def write(results: Results, folder: Path) -> None:
    """Write the page with its tables, and the figure."""
    import matplotlib as mpl

    page = (DOCS / PAGE).read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(fill_page(page, tables(results)), encoding="utf-8")
    with mpl.rc_context(STYLE):
        draw_figure(results).savefig(folder / FIGURE, metadata=METADATA)


def broken_promises(results: Results) -> list[str]:
    """Promises not kept, at a confidence of 0.999."""
    found = []
    for kind, about in PAIR_KINDS.items():
        name = "p_sets" if about.sets else "p_genes"
        for label, _, some in groups(results):
            share = share_of(results, kind, some, name)
            if share.of and contradicts(share, name, confidence=0.999):
                found.append(f"{about.words}, {label}: {name} is below {LEVEL} in {share}")
    low, high = stats.binom.interval(0.999, REPEATS, 1 - LEVEL)
    return found + [
        f"pearson of {n} normal values of r = {r:g}: the interval contains it in {share:.3f}"
        for (values, r, n), by_method in results.coverage.items()
        for share in [by_method["pearson"]]
        if values == "normal" and not low <= round(share * REPEATS) <= high
    ]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder of real tables")
    parser.add_argument(
        "--pairs", type=int, default=PAIRS, help="pairs per cohort and kind of pair"
    )
    parser.add_argument("--output", type=Path, default=DOCS, help="folder to write to")
    parser.add_argument("--check", action="store_true", help="fail if a promise is not kept")
    arguments = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # in each process
    with tempfile.TemporaryDirectory() as folder:
        results = measure(arguments.shared, arguments.pairs, Path(folder))
    write(results, arguments.output)
    failures = broken_promises(results)
    print("\n".join(failures or ["every promise is kept"]))
    if arguments.check and failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
