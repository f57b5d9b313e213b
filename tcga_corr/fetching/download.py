"""Downloads that can be resumed, are verified, and try again after failures.

A file is received under a temporary name beside its target, ``.NAME.download``, with its record in
``.NAME.download.json``. A complete file gets its name, and then a sidecar, ``NAME.json``, with its
address and hash. A kill at any moment leaves the target as it was, and the next call resumes where
the last one stopped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from tcga_corr.errors import TcgaCorrError
from tcga_corr.fetching.hub_requests import RetryPolicy, new_session
from tcga_corr.fetching.request import Download
from tcga_corr.fetching.sidecar import DownloadRecord
from tcga_corr.fetching.transfer import Downloader
from tcga_corr.progress import Progress

if TYPE_CHECKING:
    import requests

_Result = TypeVar("_Result")
_INTERRUPT_CHECK = 0.5  # seconds
_LONGEST_HEAD = 15.0  # seconds: a hub that does not report a size may still send the file


def download_all(
    downloads: Sequence[Download],
    *,
    jobs: int = 3,
    check: bool = False,
    policy: RetryPolicy | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[Download, DownloadRecord | TcgaCorrError]]:
    """Download files, several at a time; yields each as it arrives or fails.

    Parameters
    ----------
    downloads
        The files, started in this order.
    jobs
        Connections at a time.
    check
        Ask the hub whether an existing file has changed; otherwise the hub is not asked.
    policy
        How often and how long to try.
    progress
        Receives each file as a part, from several threads.
    """
    policy, progress = policy or RetryPolicy(), progress or Progress()
    stop = threading.Event()
    failed_hosts: dict[str, str] = {}

    def start(session: requests.Session) -> Callable[[Download], DownloadRecord]:
        return Downloader(session, check, policy, progress, stop, failed_hosts).download

    for download, outcome in _in_threads(downloads, jobs, start, stop):
        if isinstance(outcome, BaseException) and not isinstance(outcome, TcgaCorrError):
            raise outcome
        yield download, outcome


def download_sizes(
    downloads: Sequence[Download], *, jobs: int = 3, policy: RetryPolicy | None = None
) -> dict[str, int]:
    """Bytes by URL, as the hubs report them without sending the files; unknown sizes are absent."""
    policy = policy or RetryPolicy()
    timeout = (min(policy.connect, _LONGEST_HEAD), min(policy.stall, _LONGEST_HEAD))

    def start(session: requests.Session) -> Callable[[Download], int | None]:
        return lambda download: download.size or _size(session, download.url, timeout)

    # errors are ignored: the download itself will report what is wrong
    found = _in_threads(downloads, jobs, start, threading.Event())
    return {download.url: size for download, size in found if isinstance(size, int)}


def _size(session: requests.Session, url: str, timeout: tuple[float, float]) -> int | None:
    answer = session.head(url, allow_redirects=True, timeout=timeout)
    length = answer.headers.get("Content-Length", "")
    return int(length) if answer.ok and length.isdecimal() else None


def _in_threads(
    downloads: Sequence[Download],
    jobs: int,
    start: Callable[[requests.Session], Callable[[Download], _Result]],
    stop: threading.Event,
) -> Iterator[tuple[Download, _Result | BaseException]]:
    """Each download with its result or error, as it ends; ``start`` makes a thread's worker.

    The threads are daemons, and are stopped when the iteration ends: an interrupt must not wait
    for a hub, and an unfinished download is resumed the next time.
    """
    waiting: SimpleQueue[Download] = SimpleQueue()
    for download in downloads:
        waiting.put(download)
    done: SimpleQueue[tuple[Download, _Result | BaseException]] = SimpleQueue()

    def work(worker: Callable[[Download], _Result]) -> None:
        while not stop.is_set():
            try:
                download = waiting.get_nowait()
            except Empty:
                return
            try:
                done.put((download, worker(download)))
            except BaseException as error:  # noqa: BLE001 - passed on to the consumer
                done.put((download, error))

    with ExitStack() as sessions:
        threads = [
            threading.Thread(
                target=work,
                args=[start(sessions.enter_context(new_session()))],
                daemon=True,
                name=f"hub-{number}",
            )
            for number in range(min(max(1, jobs), len(downloads)))
        ]
        for thread in threads:
            thread.start()
        try:
            n_left = len(downloads)
            while n_left:
                try:
                    # with a timeout, as an interrupt just before an endless wait would be lost
                    outcome = done.get(timeout=_INTERRUPT_CHECK)
                except Empty:
                    continue
                n_left -= 1
                yield outcome
        finally:
            stop.set()
            deadline = time.monotonic() + 1
            for thread in threads:
                thread.join(timeout=max(0, deadline - time.monotonic()))
