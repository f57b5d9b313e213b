"""From a question to its nulls in the live page: python benchmarks/live_nulls.py STORE.

Starts `tcga-corr serve` over a store on this machine and asks it for --pairs pairs of gene sets and
genes, drawn at random, no pair twice, one after another. Each is asked as the page asks it: r, then
its comparison, of which events bring the tumor types, then the pooled row. Times are from the
question to each answer, without what the browser needs to draw it. A first pair is not counted, as
the first null of a store makes the sums of the reference sets. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import time
from collections.abc import Iterable, Sequence

import httpx
from scoring import environment
from serve_load import QueryGenerator, start_server

NULL = "genes,sets"
STEPS = ("r", "p_genes and p_sets by tumor type", "those of the pooled row")
LIMITS = {"p_genes and p_sets by tumor type": 4.0, "those of the pooled row": 9.0}  # seconds
WARM = ("ferroptosis", "nfkb")


def pairs_to_ask(store: str, count: int) -> list[tuple[str, str]]:
    """Different pairs of gene sets and genes, about as many of either."""
    draw = QueryGenerator(store, frequent=0)
    pairs: dict[frozenset[str], tuple[str, str]] = {frozenset(WARM): WARM}
    while len(pairs) <= count:
        x, y = draw.pair()
        if x != y:
            pairs.setdefault(frozenset((x, y)), (x, y))
    return list(pairs.values())[1:]


def time_steps(session: httpx.Client, pair: tuple[str, str]) -> list[float]:
    """Seconds from the question to the answer of each step."""
    asked, began = {"x": pair[0], "y": pair[1]}, time.perf_counter()
    session.get("/api/v1/pair", params=asked).raise_for_status()
    times = [time.perf_counter() - began]
    with session.stream("GET", "/api/v1/pair/events", params={**asked, "null": NULL}) as response:
        response.raise_for_status()
        answers = (line for line in response.iter_lines() if line == "event: answer")
        times += [time.perf_counter() - began for _ in answers]
    return times


def measure(link: str, pairs: Iterable[tuple[str, str]]) -> list[list[float]]:
    with httpx.Client(base_url=link, timeout=600) as session:
        time_steps(session, WARM)
        return [time_steps(session, pair) for pair in pairs]


def row(step: str, times: Sequence[float]) -> str:
    """A table row: median, 95th percentile, longest, and the share within the limit."""
    high = statistics.quantiles(times, n=20, method="inclusive")[-1]
    cells = [f"{one:.2f} s" for one in (statistics.median(times), high, max(times))]
    limit = LIMITS.get(step)
    if limit is not None:
        share = sum(one <= limit for one in times) / len(times)
        cells.append(f"{share:.0%} within {limit:g} s")
    return f"| {' | '.join([step, *cells, *[''] * (limit is None)])} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", help="a folder; nothing but missing sums is written in it")
    parser.add_argument("--pairs", type=int, default=40)
    options = parser.parse_args()
    load_before = os.getloadavg()[0]
    pairs = pairs_to_ask(options.store, options.pairs)
    server, link = start_server(options.store)
    try:
        found = measure(link, pairs)
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)
    print(f"{len(pairs)} pairs, one after another; seconds from the question to the answer\n")
    print("| answer | median | 95 % within | longest | limit |")
    print("| --- | --- | --- | --- | --- |")
    for step, times in zip(STEPS, zip(*found, strict=True), strict=True):
        print(row(step, times))
    print("\n" + "\n".join(f"- {line}" for line in environment(load_before)))


if __name__ == "__main__":
    main()
