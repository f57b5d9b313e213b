"""The live page's server with many visitors: python benchmarks/serve_load.py STORE.

Starts `tcga-corr serve` over a store on this machine, and asks it as so many clients at a time for
so many seconds: pairs, scatters and completions, of sets and genes drawn at random, part of them
from few that are asked often. Each client asks again as soon as it is answered, or after --pause.
Clients and server share the machine's cores. Prints Markdown.
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

KINDS = {"pair": 0.5, "scatter": 0.25, "names": 0.25}  # shares of the questions
OFTEN, N_OFTEN = 0.5, 40  # share of the questions that are of these few pairs, and how many
N_GENES = 2_000
LOOKS = 0.1  # seconds between two looks at the server's memory
SEED = 7


@dataclass
class Told:
    """What came of the questions: seconds by kind, answers by how they were come by, errors."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    how: Counter[tuple[str, str]] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


class Asker:
    """Draws questions."""

    def __init__(self, store: str, often: float) -> None:
        from tcga_corr.engine import open_store
        from tcga_corr.store import open_index
        from tcga_corr.vocabulary.gene_sets import shipped_sets

        keys = open_store(store).store.require_keys()
        genes = list(open_index(open_store(store).store, keys[0]).genes)
        self._random = random.Random(SEED)
        self._types = [key.tumor_type for key in keys]
        self._names = [*shipped_sets()] * (N_GENES // 100)  # as many sets as genes, nearly
        self._names += self._random.sample(genes, min(N_GENES, len(genes)))
        self._share = often
        self._often = [self._pair() for _ in range(N_OFTEN)]

    def __call__(self) -> tuple[str, dict[str, str]]:
        """A kind of question and its parameters."""
        kind = self._random.choices(list(KINDS), list(KINDS.values()))[0]
        drawn = self._random
        if kind == "names":
            name = drawn.choice(self._names)
            return kind, {"q": name[: drawn.randint(1, 6)].lower(), "limit": "12"}
        x, y = drawn.choice(self._often) if drawn.random() < self._share else self._pair()
        asked = {"x": x, "y": y, "method": drawn.choice(("pearson", "spearman"))}
        return kind, asked if kind == "pair" else {**asked, "type": drawn.choice(self._types)}

    def _pair(self) -> tuple[str, str]:
        x, y = self._random.sample(self._names, 2)
        return x, y


async def client(
    session: httpx.AsyncClient, draw: Asker, end: float, pause: float, told: Told
) -> None:
    while time.perf_counter() < end:
        kind, asked = draw()
        began = time.perf_counter()
        try:
            response = await session.get(f"/api/{kind}", params=asked)
            response.raise_for_status()
        except httpx.HTTPStatusError as error:
            told.errors[f"{kind} {error.response.status_code}"] += 1
            continue
        except httpx.HTTPError as error:
            told.errors[f"{kind} {type(error).__name__}"] += 1
            continue
        told.seconds[kind].append(time.perf_counter() - began)
        told.how[kind, response.headers.get("x-answer", "")] += 1
        if pause:
            await asyncio.sleep(random.uniform(0, 2 * pause))


async def ask(link: str, options: argparse.Namespace, draw: Asker) -> Told:
    told = Told()
    limits = httpx.Limits(
        max_connections=options.clients, max_keepalive_connections=options.clients
    )
    async with httpx.AsyncClient(base_url=link, limits=limits, timeout=60) as session:
        end = time.perf_counter() + options.seconds
        await asyncio.gather(
            *(client(session, draw, end, options.pause, told) for _ in range(options.clients))
        )
    return told


def memory(process: int) -> dict[str, int]:
    """A process's memory in bytes, as Linux tells it."""
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
        await asyncio.sleep(LOOKS)


async def measure(
    link: str, options: argparse.Namespace, process: int
) -> tuple[Told, Counter[str]]:
    peaks: Counter[str] = Counter()
    watching = asyncio.create_task(watch(process, peaks))
    told = await ask(link, options, Asker(options.store, options.often))
    watching.cancel()
    return told, peaks


def report(told: Told, peaks: Counter[str], options: argparse.Namespace) -> None:
    total = sum(map(len, told.seconds.values()))
    pause = f", {options.pause:g} s between two of its questions" if options.pause else ""
    print(f"{options.clients} clients{pause}, {options.seconds:g} s, {os.cpu_count()} cores\n")
    print("| question | answered | a second | kept | p50 | p95 | p99 | slowest |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for kind, seconds in sorted(told.seconds.items()):
        ways = {way: count for (one, way), count in told.how.items() if one == kind and way}
        kept = f"{ways.get('kept', 0) / len(seconds):.0%}" if ways else "–"
        cuts = statistics.quantiles(seconds, n=100, method="inclusive")
        times = " | ".join(f"{1e3 * cuts[place - 1]:.0f} ms" for place in (50, 95, 99))
        rate = f"{len(seconds) / options.seconds:.1f}"
        slowest = f"{1e3 * max(seconds):.0f} ms"
        print(f"| {kind} | {len(seconds):,} | {rate} | {kept} | {times} | {slowest} |")
    print(f"\n{total:,} answers, {total / options.seconds:.1f} a second; errors: ", end="")
    print(", ".join(f"{name}: {count}" for name, count in told.errors.items()) or "none")
    sizes = ((peaks["VmHWM"], "all"), (peaks["RssAnon"], "without mapped files"))
    print("Peak memory of the server: ", end="")
    print("; ".join(f"{size / 2**20:,.0f} MiB {what}" for size, what in sizes))


def serving(store: str) -> tuple[subprocess.Popen[str], str]:
    """A server, and its link.

    Raises
    ------
    SystemExit
        If it does not start; with what it said.
    """
    command = [sys.executable, "-m", "tcga_corr", "--cache", store, "serve", "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    said = server.stderr.readline()
    link = re.search(r"http://\S+", said)
    if link is None:
        sys.exit(said + server.stderr.read())
    return server, link[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    whole: Callable[[str], int] = int
    parser.add_argument("store")
    parser.add_argument("--clients", type=whole, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=0, help="seconds, on average")
    parser.add_argument("--often", type=float, default=OFTEN, help="share of few pairs")
    options = parser.parse_args()
    server, link = serving(options.store)
    try:
        told, peaks = asyncio.run(measure(link, options, server.pid))
    finally:
        server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=30)
    report(told, peaks, options)
    print(f"The server ended with {server.returncode}: {said.strip()}")


if __name__ == "__main__":
    main()
