"""The one downloader: resumable, verified, patient and polite.

A file is received under a temporary name beside its target, ``.NAME.download``, with what is known
of it in ``.NAME.download.json``. It gets its name when it is whole, and then a sidecar,
``NAME.json``, that says where it is from and what its hash is. A kill at any moment leaves the
target as it was, and the next call goes on where the last one stopped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from tcga_corr.errors import TcgaCorrError
from tcga_corr.sources.hub_requests import Patience, session
from tcga_corr.sources.request import Download, Progress
from tcga_corr.sources.sidecar import Downloaded
from tcga_corr.sources.transfer import Transfers

if TYPE_CHECKING:
    import requests

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
    waiting: SimpleQueue[Download] = SimpleQueue()
    for one in downloads:
        waiting.put(one)
    done: SimpleQueue[tuple[Download, Downloaded | BaseException]] = SimpleQueue()
    stop = threading.Event()

    def work(connection: requests.Session) -> None:
        with connection:
            transfer = Transfers(connection, check, patience, progress, stop)
            while not stop.is_set():
                try:
                    one = waiting.get_nowait()
                except Empty:
                    return
                try:
                    done.put((one, transfer.download(one)))
                except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                    done.put((one, error))

    # daemons: an interrupt must not wait for a hub; what they leave is taken up the next time
    threads = [
        threading.Thread(target=work, args=[session()], daemon=True, name=f"download-{number}")
        for number in range(min(max(1, jobs), len(downloads)))
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in downloads:
            one, outcome = done.get()
            if isinstance(outcome, BaseException) and not isinstance(outcome, TcgaCorrError):
                raise outcome
            yield one, outcome
    finally:
        stop.set()
        deadline = time.monotonic() + 1
        for thread in threads:
            thread.join(timeout=max(0, deadline - time.monotonic()))


def sizes(
    downloads: Sequence[Download], *, jobs: int = 3, patience: Patience | None = None
) -> dict[str, int]:
    """Bytes by URL, as the hub says without sending them; nothing where it does not say."""
    from concurrent.futures import ThreadPoolExecutor

    import requests

    patience = patience or Patience()

    def size(one: Download) -> int | None:
        if one.size is not None:
            return one.size
        try:
            with session() as connection:
                timeout = (patience.connect, min(patience.stall, _LONGEST_HEAD))
                answer = connection.head(one.url, allow_redirects=True, timeout=timeout)
        except requests.RequestException:
            return None  # the download itself will say what is wrong
        length = answer.headers.get("Content-Length", "")
        return int(length) if answer.ok and length.isdecimal() else None

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        found = zip(downloads, pool.map(size, downloads), strict=True)
        return {one.url: count for one, count in found if count is not None}
