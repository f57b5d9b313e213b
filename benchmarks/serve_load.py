"""The live page's server under load: python benchmarks/serve_load.py STORE.

Starts `tcga-corr serve` over a store on this machine, and sends it queries from --clients clients
at once for --seconds: pairs, scatters and completions, of sets and genes drawn at random, some of
them from a few frequent pairs. Each client sends its next query when the last is answered, or after
--pause. Clients and server share the machine's cores. Prints Markdown.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

KINDS = {"pair": 0.5, "scatter": 0.25, "names": 0.25}  # shares of the queries
FREQUENT, N_FREQUENT = 0.5, 40  # share of pairs drawn from the frequent ones, and their number
N_GENES = 2_000
MEMORY_INTERVAL = 0.1  # seconds between two readings of the server's memory
SEED = 7


@dataclass
class Outcome:
    """Results of the queries: seconds by kind, answers by kind and origin, errors."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    origins: Counter[tuple[str, str]] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


class QueryGenerator:
    """Draws random queries."""

    def __init__(self, store: str, frequent: float) -> None:
        from tcga_corr.engine import open_store
        from tcga_corr.store.index import open_index
        from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets

        keys = open_store(store).store.require_keys()
        genes = list(open_index(open_store(store).store, keys[0]).genes)
        self._random = random.Random(SEED)
        self._types = [key.tumor_type for key in keys]
        self._names = [*shipped_sets()] * (N_GENES // 100)  # nearly as many sets as genes
        self._names += self._random.sample(genes, min(N_GENES, len(genes)))
        self._share = frequent
        self._frequent = [self.pair() for _ in range(N_FREQUENT)]

    def __call__(self) -> tuple[str, dict[str, str]]:
        """A kind of query and its parameters."""
        kind = self._random.choices(list(KINDS), list(KINDS.values()))[0]
        drawn = self._random
        if kind == "names":
            name = drawn.choice(self._names)
            return kind, {"q": name[: drawn.randint(1, 6)].lower(), "limit": "12"}
        x, y = drawn.choice(self._frequent) if drawn.random() < self._share else self.pair()
        parameters = {"x": x, "y": y, "method": drawn.choice(("pearson", "spearman"))}
        if kind == "scatter":
            parameters["type"] = drawn.choice(self._types)
        return kind, parameters

    def pair(self) -> tuple[str, str]:
        """Two of the names, drawn at random."""
        x, y = self._random.sample(self._names, 2)
        return x, y


async def client(
    session: httpx.AsyncClient, draw: QueryGenerator, end: float, pause: float, outcome: Outcome
) -> None:
    while time.perf_counter() < end:
        kind, parameters = draw()
        began = time.perf_counter()
        try:
            response = await session.get(f"/api/v1/{kind}", params=parameters)
            response.raise_for_status()
        except httpx.HTTPStatusError as error:
            outcome.errors[f"{kind} {error.response.status_code}"] += 1
            continue
        except httpx.HTTPError as error:
            outcome.errors[f"{kind} {type(error).__name__}"] += 1
            continue
        outcome.seconds[kind].append(time.perf_counter() - began)
        outcome.origins[kind, response.headers.get("x-answer", "")] += 1
        if pause:
            await asyncio.sleep(random.uniform(0, 2 * pause))


async def send_queries(link: str, options: argparse.Namespace, draw: QueryGenerator) -> Outcome:
    outcome = Outcome()
    limits = httpx.Limits(
        max_connections=options.clients, max_keepalive_connections=options.clients
    )
    async with httpx.AsyncClient(base_url=link, limits=limits, timeout=60) as session:
        end = time.perf_counter() + options.seconds
        await asyncio.gather(
            *(client(session, draw, end, options.pause, outcome) for _ in range(options.clients))
        )
    return outcome


def memory(process: int) -> dict[str, int]:
    """A process's peak and anonymous memory in bytes, on Linux."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    names = ("VmHWM", "RssAnon")
    return {
        name: int(line.split()[1]) * 1024
        for line in lines
        for name in names
        if line.startswith(f"{name}:")
    }


async def watch(process: int, peaks: Counter[str]) -> None:
    while True:
        with suppress(OSError):
            for name, now in memory(process).items():
                peaks[name] = max(peaks[name], now)
        await asyncio.sleep(MEMORY_INTERVAL)


async def measure(
    link: str, options: argparse.Namespace, process: int
) -> tuple[Outcome, Counter[str]]:
    peaks: Counter[str] = Counter()
    watching = asyncio.create_task(watch(process, peaks))
    outcome = await send_queries(link, options, QueryGenerator(options.store, options.often))
    watching.cancel()
    return outcome, peaks


def report(outcome: Outcome, peaks: Counter[str], options: argparse.Namespace) -> None:
    total = sum(map(len, outcome.seconds.values()))
    pause = f", {options.pause:g} s between two of its queries" if options.pause else ""
    print(f"{options.clients} clients{pause}, {options.seconds:g} s, {os.cpu_count()} cores\n")
    print("| query | answered | per second | kept | p50 | p95 | p99 | slowest |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for kind, seconds in sorted(outcome.seconds.items()):
        ways = {way: n for (name, way), n in outcome.origins.items() if name == kind and way}
        kept = f"{ways.get('kept', 0) / len(seconds):.0%}" if ways else "–"
        cuts = statistics.quantiles(seconds, n=100, method="inclusive")
        times = " | ".join(f"{1e3 * cuts[place - 1]:.0f} ms" for place in (50, 95, 99))
        rate = f"{len(seconds) / options.seconds:.1f}"
        slowest = f"{1e3 * max(seconds):.0f} ms"
        print(f"| {kind} | {len(seconds):,} | {rate} | {kept} | {times} | {slowest} |")
    print(f"\n{total:,} answers, {total / options.seconds:.1f} per second; errors: ", end="")
    print(", ".join(f"{name}: {count}" for name, count in outcome.errors.items()) or "none")
    sizes = ((peaks["VmHWM"], "all"), (peaks["RssAnon"], "without mapped files"))
    print("Peak memory of the server: ", end="")
    print("; ".join(f"{size / 2**20:,.0f} MiB {what}" for size, what in sizes))


def start_server(store: str) -> tuple[subprocess.Popen[str], str]:
    """Start a server; returns its process and link.

    Raises
    ------
    SystemExit
        If it does not start; with its error output.
    """
    command = [sys.executable, "-m", "tcga_corr", "--cache", store, "serve", "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    line = server.stderr.readline()
    link = re.search(r"http://\S+", line)
    if link is None:
        sys.exit(line + server.stderr.read())
    return server, link[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    whole: Callable[[str], int] = int
    parser.add_argument("store")
    parser.add_argument("--clients", type=whole, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=0, help="seconds, on average")
    parser.add_argument("--often", type=float, default=FREQUENT, help="share of frequent pairs")
    options = parser.parse_args()
    server, link = start_server(options.store)
    try:
        outcome, peaks = asyncio.run(measure(link, options, server.pid))
    finally:
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=30)
    report(outcome, peaks, options)
    print(f"The server ended with {server.returncode}: {errors.strip()}")


if __name__ == "__main__":
    main()
