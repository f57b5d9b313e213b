"""Pages opened in a browser under guard: no request leaves this machine, nothing complains."""

from __future__ import annotations

import csv
import io
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tcga_corr.vocabulary.tumor_types import TUMOR_TYPES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Download, Page

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)  # fmt: skip
"""Of the browser: for root, and such that it asks nobody anything of its own."""
NEAR = re.compile(r"(file|data|blob):|http://(127\.0\.0\.1|localhost|\[::1\])[:/]")
FAR = re.compile(rf"^(?!{NEAR.pattern})")
PATIENCE = 15_000  # milliseconds
SERIOUS = ("serious", "critical")

Question = dict[str, str]


class Visit:
    """Opens pages, each in a profile of its own, and keeps what they complain of.

    Attributes
    ----------
    complaints
        What the consoles said, errors, dialogs, and requests to elsewhere.
    tolerated
        What the consoles may say.
    """

    def __init__(self, browser: Browser, axe: str) -> None:
        self._browser = browser
        self._axe = axe
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []
        self.tolerated: tuple[str, ...] = ()

    def profile(self, width: int = 1280, dark: bool = False, **options: Any) -> BrowserContext:
        context = self._browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            **options,
        )
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        context.route(FAR, self._refuse)
        context.on("console", lambda said: self._hear(f"console: {said.text}"))
        context.on("weberror", lambda error: self._hear(f"error: {error.error}"))
        context.on("dialog", lambda dialog: (self._hear(dialog.message), dialog.dismiss()))
        return context

    def open(self, where: Path | str, ready: bool = True, **options: Any) -> Page:
        """A page in a profile of its own, once all of it is drawn."""
        return self.go(self.profile(**options), where, ready)

    def go(self, context: BrowserContext, where: Path | str, ready: bool = True) -> Page:
        page = context.new_page()
        page.goto(where.as_uri() if isinstance(where, Path) else where)
        if ready:
            page.wait_for_selector("html[data-ready]", state="attached")
        return page

    def close(self) -> None:
        """Close all, and fail on any complaint."""
        for context in self._contexts:
            context.close()
        found = [said for said in self.complaints if not any(one in said for one in self.tolerated)]
        assert not found

    def violations(self, page: Page) -> list[str]:
        """What axe-core finds wrong with a page, of what is serious."""
        if not page.evaluate("'axe' in window"):
            # as a debugger, which the page's policy does not hold for
            session = page.context.new_cdp_session(page)
            session.send("Runtime.evaluate", {"expression": self._axe})
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        return [
            f"{one['id']}: {node['html'][:200]}: {node['failureSummary'][:300]}"
            for one in found
            if one["impact"] in SERIOUS
            for node in one["nodes"]
        ]

    def assert_accessible(self, page: Page) -> None:
        """In light, in dark, and on a telephone."""
        assert self.violations(page) == []
        page.emulate_media(color_scheme="dark")
        page.wait_for_selector("html[data-theme=dark]")
        assert self.violations(page) == []
        page.emulate_media(color_scheme="light")
        narrow(page, 375)
        assert self.violations(page) == []

    def _refuse(self, route: Any) -> None:
        self._hear(f"asked for {route.request.url}")
        route.abort()

    def _hear(self, said: str) -> None:
        self.complaints.append(said[:500])


# --- what a page shows


def labels(page: Page, chart: str = "forest-chart", known: Sequence[str] = ()) -> list[str]:
    """The labels down a figure's left side, from the top."""
    found = page.evaluate(
        """chart => [...document.querySelectorAll(`#${chart} .role-axis-label text`)]
          .map((one) => [one.textContent, one.getBoundingClientRect().top])""",
        chart,
    )
    wanted = known or [*TUMOR_TYPES, "pooled"]
    return [text for text, _ in sorted(found, key=lambda one: one[1]) if text in wanted]


def until(page: Page, is_so: Callable[[], bool]) -> None:
    """Wait until it is so."""
    for _ in range(PATIENCE // 25):
        if is_so():
            return
        page.wait_for_timeout(25)
    raise AssertionError("it did not come to be so")


def until_text(page: Page, where: str, text: str) -> None:
    until(page, lambda: text in (page.text_content(where) or ""))


def until_is(page: Page, get: Callable[[], Any], expected: object) -> None:
    """Wait until something is as expected."""
    for _ in range(PATIENCE // 25):
        if get() == expected:
            return
        page.wait_for_timeout(25)
    assert get() == expected


def middle(page: Page, chart: str, text: str) -> tuple[float, float]:
    """Where a label of a figure is, once the window shows it."""
    label = page.locator(f"#{chart} .role-axis-label text", has_text=re.compile(f"^{text}$"))
    label.scroll_into_view_if_needed()
    box = label.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def on_row(page: Page, tumor_type: str) -> tuple[float, float]:
    """A place in a row of the figure over tumor types."""
    _, y = middle(page, "forest-chart", tumor_type)
    box = page.locator("#forest-chart svg").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, y


def points(page: Page) -> int:
    """How many samples the scatter shows."""
    return page.locator("#scatter-chart .mark-symbol.role-mark path").count()


def downloaded(page: Page, button: str, within: str = "body") -> Download:
    with page.expect_download() as told:
        page.locator(within).locator(button).first.click()
    return told.value


def printable(visit: Visit, path: Path, **options: bool) -> Page:
    """A page, once what is only printed is drawn too."""
    page = visit.open(path, **options)
    page.wait_for_selector("html[data-printable]", state="attached")
    return page


def pdf_text(page: Page, folder: Path) -> str:
    """The text of a page as it is printed; skips where nothing reads PDF."""
    (folder / "page.pdf").write_bytes(page.pdf())
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not here: install poppler-utils")
    command = ["pdftotext", "-layout", str(folder / "page.pdf"), "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def table_of(download: Download) -> list[dict[str, str]]:
    text = Path(download.path()).read_text(encoding="utf-8")
    csv.field_size_limit(1_000_000)
    return list(csv.DictReader(io.StringIO(text, newline="")))


def narrow(page: Page, width: int) -> None:
    """Make the window so wide, and wait until the figures are."""
    page.set_viewport_size({"width": width, "height": 900})
    fits = "document.documentElement.scrollWidth <= innerWidth"
    until(page, lambda: not overflowing(page) and page.evaluate(fits))


def overflowing(page: Page) -> list[str]:
    """The figures over tumor types, of samples and of genes that are beyond the window."""
    found: list[str] = page.evaluate(
        """() => ["forest-chart", "scatter-chart", "change-chart-0"].filter((id) => {
          const svg = document.querySelector(`#${id} svg`);
          if (!svg || !svg.getBoundingClientRect().width) return false;
          const box = svg.getBoundingClientRect();
          return box.left < 0 || box.right > innerWidth;
        })"""
    )
    return found


def colours(page: Page, where: str) -> tuple[str, str]:
    """Of an element's ground, or that of the page, and its text."""
    found: list[str] = page.evaluate(
        """where => {
          const style = getComputedStyle(document.querySelector(where));
          const page = getComputedStyle(document.body).backgroundColor;
          const own = style.backgroundColor;
          return [own === "rgba(0, 0, 0, 0)" ? page : own, style.color];
        }""",
        where,
    )
    return found[0], found[1]


def contrast(one: str, other: str) -> float:
    """Of two colours as a style says them, by WCAG."""
    lights = []
    for text in (one, other):
        shares = [int(part) / 255 for part in re.findall(r"\d+", text)[:3]]
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                 for part in shares]  # fmt: skip
        lights.append(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])
    return (max(lights) + 0.05) / (min(lights) + 0.05)


# --- a server


class Server:
    """The live page over a store, as a process of its own."""

    def __init__(self, store: Path, *options: str) -> None:
        command = [sys.executable, "-m", "tcga_corr", "--cache", str(store), "serve"]
        self._process = subprocess.Popen(
            [*command, "--port", "0", *options], stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr
        told = self._process.stderr.readline()
        link = re.search(r"http://\S+", told)
        if link is None:
            self._process.kill()
            self._process.communicate()
            raise AssertionError(told)
        self.link = link[0]

    def stop(self) -> None:
        """As Ctrl-C does."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        _, told = self._process.communicate(timeout=20)
        assert (self._process.returncode, told) == (0, "stopped\n")


@contextmanager
def serving(store: Path, *options: str) -> Iterator[Server]:
    server = Server(store, *options)
    try:
        yield server
    finally:
        server.stop()
