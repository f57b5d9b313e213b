"""The one downloader: resumable, verified, patient and polite.

A file is received under a temporary name beside its target, ``.NAME.download``, with what is known
of it in ``.NAME.download.json``. It gets its name when it is whole, and then a sidecar,
``NAME.json``, that says where it is from and what its hash is. A kill at any moment leaves the
target as it was, and the next call goes on where the last one stopped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from tcga_corr.errors import TcgaCorrError
from tcga_corr.fetching.hub_requests import Patience, session
from tcga_corr.fetching.request import Download, Progress
from tcga_corr.fetching.sidecar import Downloaded
from tcga_corr.fetching.transfer import Transfers

if TYPE_CHECKING:
    import requests

_Result = TypeVar("_Result")
_HEARD_WITHIN = 0.5  # seconds
_LONGEST_HEAD = 15.0  # seconds: a hub that does not tell a size may still send the file


def download_all(
    downloads: Sequence[Download],
    *,
    jobs: int = 3,
    check: bool = False,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[Download, Downloaded | TcgaCorrError]]:
    """Download files, several at a time; yields each as it arrives or fails.

    Parameters
    ----------
    downloads
        What to download; in this order as far as ``jobs`` allows.
    jobs
        Connections at a time.
    check
        Ask the hub whether a file that is there has changed; otherwise it is not asked.
    patience, progress
        How long to go on; who is told.
    """
    patience, progress = patience or Patience(), progress or Progress()
    stop = threading.Event()
    down: dict[str, str] = {}

    with ExitStack() as sessions:

        def start() -> Callable[[Download], Downloaded]:
            connection = sessions.enter_context(session())
            return Transfers(connection, check, patience, progress, stop, down).download

        for one, outcome in _in_threads(downloads, jobs, start, stop):
            if isinstance(outcome, BaseException) and not isinstance(outcome, TcgaCorrError):
                raise outcome
            yield one, outcome


def sizes(
    downloads: Sequence[Download], *, jobs: int = 3, patience: Patience | None = None
) -> dict[str, int]:
    """Bytes by URL, as the hub says without sending them; nothing where it does not say."""
    patience = patience or Patience()
    timeout = (min(patience.connect, _LONGEST_HEAD), min(patience.stall, _LONGEST_HEAD))

    with ExitStack() as sessions:

        def start() -> Callable[[Download], int | None]:
            connection = sessions.enter_context(session())
            return lambda one: one.size or _size(connection, one.url, timeout)

        # a hub that does not tell may still send: the download itself will say what is wrong
        found = _in_threads(downloads, jobs, start, threading.Event())
        return {one.url: count for one, count in found if isinstance(count, int)}


def _size(connection: requests.Session, url: str, timeout: tuple[float, float]) -> int | None:
    answer = connection.head(url, allow_redirects=True, timeout=timeout)
    length = answer.headers.get("Content-Length", "")
    return int(length) if answer.ok and length.isdecimal() else None


def _in_threads(
    items: Sequence[Download],
    jobs: int,
    start: Callable[[], Callable[[Download], _Result]],
    stop: threading.Event,
) -> Iterator[tuple[Download, _Result | BaseException]]:
    """What becomes of each item, as it does; ``start`` gives each thread its own worker.

    The threads are daemons, and told to stop when nobody waits for them any more: an interrupt
    must not wait for a hub, and what a killed download leaves is taken up the next time.
    """
    waiting: SimpleQueue[Download] = SimpleQueue()
    for one in items:
        waiting.put(one)
    done: SimpleQueue[tuple[Download, _Result | BaseException]] = SimpleQueue()

    def work(worker: Callable[[Download], _Result]) -> None:
        while not stop.is_set():
            try:
                one = waiting.get_nowait()
            except Empty:
                return
            try:
                done.put((one, worker(one)))
            except BaseException as error:  # noqa: BLE001 - for whoever waits for it
                done.put((one, error))

    threads = [
        threading.Thread(target=work, args=[start()], daemon=True, name=f"hub-{number}")
        for number in range(min(max(1, jobs), len(items)))
    ]
    for thread in threads:
        thread.start()
    try:
        left = len(items)
        while left:
            try:
                # an interrupt that comes just before a wait without end is heard after it
                outcome = done.get(timeout=_HEARD_WITHIN)
            except Empty:
                continue
            left -= 1
            yield outcome
    finally:
        stop.set()
        deadline = time.monotonic() + 1
        for thread in threads:
            thread.join(timeout=max(0, deadline - time.monotonic()))
