"""From a key to the figure in the live page: python benchmarks/live_page.py STORE.

Starts `tcga-corr serve` over a store on this machine and opens its page in headless chromium, warm.
With one gene set as the first variable, it types 40 names, half gene sets and half genes, twice.
It times from the event of a name's last letter to the drawn figure over all tumor types, as the
page reports it (`html[data-drawn]`), without null. Needs `pip install 'tcga-corr[serve,browser]'`
and a chromium. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scoring import environment

if TYPE_CHECKING:
    from playwright.sync_api import Page

X, WARM = "ferroptosis", "nfkb"
EACH = 20  # names of a kind
SEED = 7
SETTLED = 400  # milliseconds, after which the page is idle
OPTIONS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
ROUNDS = ("first time", "again")


def choose_names(store: str) -> tuple[str, dict[str, list[str]]]:
    """A summary of the store, and names to type by kind."""
    from tcga_corr.engine import open_store
    from tcga_corr.store.index import open_index
    from tcga_corr.vocabulary.gene_sets.catalogue import shipped_sets

    engine = open_store(store)
    key = engine.store.require_keys()[0]
    genes = [name for name in open_index(engine.store, key).genes if name.isalnum()]
    sets = [name for name in shipped_sets() if name not in (X, WARM)]
    drawn = random.Random(SEED)
    status = engine.status().filter(source=key.source)
    summary = (
        f"{key.source}: {status['tumor'].sum():,} tumour samples of {status.height} tumor types"
    )
    return summary, {"gene set": drawn.sample(sets, EACH), "gene": drawn.sample(genes, EACH)}


@contextmanager
def live_server(store: str) -> Iterator[str]:
    """Run the live page's server over a store; yields its link."""
    command = [sys.executable, "-m", "tcga_corr", "--cache", store, "serve", "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr
        line = server.stderr.readline()
        link = re.search(r"http://\S+", line)
        if link is None:
            raise SystemExit(line.strip())
        yield link[0]
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def time_figure(page: Page, name: str) -> float:
    """Milliseconds from the last letter of a name to the figure."""
    page.fill("#y", name[:-1])
    page.wait_for_timeout(SETTLED)
    page.evaluate("delete document.documentElement.dataset.drawn")
    page.locator("#y").press("End")
    page.keyboard.type(name[-1])
    page.wait_for_selector("html[data-drawn]", state="attached")
    milliseconds = float(page.evaluate("document.documentElement.dataset.drawn"))
    page.wait_for_timeout(SETTLED)  # its samples and tables
    title = page.text_content("h1") or ""
    if not title.lower().endswith(f"and {name}".lower()):
        raise SystemExit(f"typed {name}, but the page shows: {title}")
    return milliseconds


def measure(link: str, names: dict[str, list[str]]) -> dict[tuple[str, str], list[float]]:
    """Milliseconds by kind of name and round."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(OPTIONS)
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(link)
        page.wait_for_selector("html[data-ready]", state="attached")
        page.fill("#x", X)
        time_figure(page, WARM)
        found = {
            (kind, turn): [time_figure(page, name) for name in typed]
            for turn in ROUNDS
            for kind, typed in names.items()
        }
        browser.close()
    return found


def row(kind: str, turn: str, times: Sequence[float]) -> str:
    """A table row: median, 95th percentile and longest."""
    high = statistics.quantiles(times, n=20, method="inclusive")[-1]
    summary = (statistics.median(times), high, max(times))
    return f"| {kind} | {turn} | {len(times)} | " + " | ".join(f"{time:.0f} ms" for time in summary)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", help="a folder; nothing is written in it")
    store = parser.parse_args().store
    load_before = os.getloadavg()[0]
    summary, names = choose_names(store)
    with live_server(store) as link:
        found = measure(link, names)
    print(f"{summary}; {X} with {sum(map(len, names.values()))} names, no null\n")
    print("| name | round | times | median | 95 % within | longest |")
    print("| --- | --- | --- | --- | --- | --- |")
    for turn in ROUNDS:
        for kind in names:
            print(row(kind, turn, found[kind, turn]), "|")
        print(row("any", turn, [time for kind in names for time in found[kind, turn]]), "|")
    print("\n" + "\n".join(f"- {line}" for line in environment(load_before)))
    print(f"- load average of one minute after the run: {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
