"""From a key to the figure in the live page: python benchmarks/live_page.py STORE.

Starts `tcga-corr serve` over a store on this machine and opens its page in headless chromium, warm.
Against one gene set it types 40 names, half of them gene sets and half genes, and then all of them
again. Each is typed but for its last letter; the time is from that letter's event to the drawn
figure over all tumor types, as the page tells it (`html[data-drawn]`), without null. Needs
`pip install 'tcga-corr[serve,browser]'` and a chromium. Prints Markdown.
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
SETTLED = 400  # milliseconds, after which nothing is under way any more
OPTIONS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
ROUNDS = ("first time", "again")


def names_of(store: str) -> tuple[str, dict[str, list[str]]]:
    """What the store holds, and names to type by kind."""
    from tcga_corr.engine import open_store
    from tcga_corr.store import open_index
    from tcga_corr.vocabulary.gene_sets import shipped_sets

    engine = open_store(store)
    key = engine.store.require_keys()[0]
    genes = [name for name in open_index(engine.store, key).genes if name.isalnum()]
    sets = [name for name in shipped_sets() if name not in (X, WARM)]
    drawn = random.Random(SEED)
    status = engine.status().filter(source=key.source)
    held = f"{key.source}: {status['tumor'].sum():,} tumour samples of {status.height} tumor types"
    return held, {"gene set": drawn.sample(sets, EACH), "gene": drawn.sample(genes, EACH)}


@contextmanager
def served(store: str) -> Iterator[str]:
    """The live page over a store."""
    command = [sys.executable, "-m", "tcga_corr", "--cache", store, "serve", "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr
        told = server.stderr.readline()
        link = re.search(r"http://\S+", told)
        if link is None:
            raise SystemExit(told.strip())
        yield link[0]
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def ask(page: Page, name: str) -> float:
    """Milliseconds from the last letter of a name to the figure."""
    page.fill("#y", name[:-1])
    page.wait_for_timeout(SETTLED)
    page.evaluate("delete document.documentElement.dataset.drawn")
    page.locator("#y").press("End")
    page.keyboard.type(name[-1])
    page.wait_for_selector("html[data-drawn]", state="attached")
    told = float(page.evaluate("document.documentElement.dataset.drawn"))
    page.wait_for_timeout(SETTLED)  # its samples and tables
    title = page.text_content("h1") or ""
    if not title.lower().endswith(f"and {name}".lower()):
        raise SystemExit(f"asked of {name}, the page answers: {title}")
    return told


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
        ask(page, WARM)
        found = {
            (kind, once): [ask(page, name) for name in several]
            for once in ROUNDS
            for kind, several in names.items()
        }
        browser.close()
    return found


def row(what: str, once: str, times: Sequence[float]) -> str:
    """Median, 95th percentile and longest."""
    high = statistics.quantiles(times, n=20, method="inclusive")[-1]
    figures = (statistics.median(times), high, max(times))
    return f"| {what} | {once} | {len(times)} | " + " | ".join(f"{one:.0f} ms" for one in figures)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", help="a folder; nothing is written in it")
    store = parser.parse_args().store
    load_before = os.getloadavg()[0]
    held, names = names_of(store)
    with served(store) as link:
        found = measure(link, names)
    print(f"{held}; {X} against {sum(map(len, names.values()))} names, no null\n")
    print("| name | asked | times | median | 95 % within | longest |")
    print("| --- | --- | --- | --- | --- | --- |")
    for once in ROUNDS:
        for kind in names:
            print(row(kind, once, found[kind, once]), "|")
        print(row("any", once, [one for kind in names for one in found[kind, once]]), "|")
    print("\n" + "\n".join(f"- {line}" for line in environment(load_before)))
    print(f"- load average of one minute after the run: {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
