"""Receiving one file: requests, until it is complete."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from tcga_corr.errors import DownloadError
from tcga_corr.fetching.hub_requests import (
    HubDownError,
    RetryPolicy,
    TransientError,
    connection_error,
    out_of_attempts_error,
    raise_http_error,
    retrying,
)
from tcga_corr.fetching.request import Download, check_space, find_fault
from tcga_corr.fetching.sidecar import (
    DownloadRecord,
    bytes_received,
    partial_path,
    read_record,
    sidecar_path,
    state_path,
    verified_record,
)
from tcga_corr.files import replacing, sha256_of, sync_folder, writing
from tcga_corr.progress import Progress

if TYPE_CHECKING:
    import requests

_CHUNK = 1 << 18
_ENOUGH = 1 << 16  # bytes: a connection that broke after fewer counts as a failed attempt
_LOCK_POLL = 0.5  # seconds


class StoppedError(Exception):
    """The caller no longer waits for the download."""


@dataclass
class Downloader:
    """Downloads files one after another, over one session; each thread has its own.

    ``failed_hosts`` maps a host that is down to the reason; all threads share it.
    """

    session: requests.Session
    check: bool
    policy: RetryPolicy
    progress: Progress
    stop: threading.Event
    failed_hosts: dict[str, str] = field(default_factory=dict)

    def download(self, file: Download) -> DownloadRecord:
        """Download a file, unless an intact copy exists; returns its record."""
        with self._locked(file):
            with writing(file.target):
                existing = verified_record(file.target)
            if existing is not None and file.size not in (None, existing.size):
                existing = None  # the hub has another version
            if existing is not None:
                is_current = file.md5 is not None and existing.md5 == file.md5
                if is_current or not self.check:
                    return existing
            try:
                return self._receive(file, existing)
            finally:
                self.progress.finish_part(file.name)

    def note(self, file: Download, text: str) -> None:
        """Report something about a file to people."""
        self.progress.note(f"note: {file.name}: {text}")

    def raise_if_stopped(self) -> None:
        """Raise :class:`StoppedError` if the caller no longer waits."""
        if self.stop.is_set():
            raise StoppedError

    @contextmanager
    def _locked(self, file: Download) -> Iterator[None]:
        """Exclude other downloads of the same file while the block runs; wait for them."""
        from filelock import FileLock, Timeout

        path = file.target.with_name(f".{file.target.name}.lock")
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path)
            is_reported = False
            while not lock.is_locked:
                self.raise_if_stopped()
                try:
                    lock.acquire(timeout=_LOCK_POLL)
                except Timeout:
                    if not is_reported:
                        self.note(file, "another process downloads it: waiting")
                        is_reported = True
        try:
            yield
        finally:
            lock.release()

    def _receive(self, file: Download, existing: DownloadRecord | None) -> DownloadRecord:
        host = urlsplit(file.url).netloc
        if host in self.failed_hosts:
            raise DownloadError(
                f"{file.url}: not tried, as {self.failed_hosts[host]}", file.by_hand
            )
        try:
            return self._receive_with_retries(file, Transfer(self, file, existing))
        except HubDownError as error:
            self.failed_hosts[host] = error.what
            raise

    def _receive_with_retries(self, file: Download, transfer: Transfer) -> DownloadRecord:
        while True:
            self.raise_if_stopped()
            try:
                caller = retrying(self.policy, self._sleep, lambda text: self.note(file, text))
                record = caller(transfer.attempt)
            except TransientError as error:
                raise out_of_attempts_error(file.url, error, self.policy) from error
            if record is not None:
                return record
            self._sleep(self.policy.first_wait)

    def _sleep(self, seconds: float) -> None:
        self.stop.wait(seconds)
        self.raise_if_stopped()


class Transfer:
    """The transfer of one file in one or more attempts; each resumes where the last one stopped."""

    def __init__(
        self, downloader: Downloader, file: Download, existing: DownloadRecord | None
    ) -> None:
        self.downloader = downloader
        self.file = file
        self.existing = existing
        self.partial = partial_path(file.target)
        self.state = state_path(file.target)
        self.n_damaged = 0
        self.is_resumed = False
        self.most_received = self._n_received()

    def attempt(self) -> DownloadRecord | None:
        """The file's record once it is complete; None after a break that came with much of it.

        Raises
        ------
        TransientError
            After a break that came with little of it.
        DownloadError
            If trying again is of no use.
        """
        import requests
        import urllib3

        offset = self._n_received()
        begun = read_record(self.state)
        if offset and begun is not None and (begun.url, begun.size) == (self.file.url, offset):
            return self._finish()  # killed before it got its name
        try:
            with self._request(offset) as answer:
                unchanged = self._prepare(answer, offset)
                if unchanged is not None:
                    return unchanged
                self._write_body(answer)
        except TransientError:
            if self._made_progress():
                return None
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if self._made_progress():
                return None
            raise connection_error(error, self.file.url, self.file.by_hand) from error
        return self._finish()

    def _made_progress(self) -> bool:
        """Whether much more is received than ever before; bytes received again do not count."""
        n_received = self._n_received()
        is_enough = n_received - self.most_received >= _ENOUGH
        self.most_received = max(self.most_received, n_received)
        return is_enough

    def _n_received(self) -> int:
        return bytes_received(self.file.target) or 0

    def _request(self, offset: int) -> requests.Response:
        """Request the rest of the file, or all of it if the hub has another version."""
        headers = {}
        begun = read_record(self.state)
        if offset and begun is not None and begun.url == self.file.url:
            if begun.validator:
                headers = {"Range": f"bytes={offset}-", "If-Range": begun.validator}
            elif self.file.md5:
                headers = {"Range": f"bytes={offset}-"}
        elif self.existing is not None and self.existing.etag:
            headers = {"If-None-Match": self.existing.etag}
        elif self.existing is not None and self.existing.last_modified:
            headers = {"If-Modified-Since": self.existing.last_modified}
        return self.downloader.session.get(
            self.file.url, headers=headers, stream=True, timeout=self.downloader.policy.timeout
        )

    def _prepare(self, answer: requests.Response, offset: int) -> DownloadRecord | None:
        """Prepare to receive the body of an answer; the record of the file if it is unchanged."""
        file = self.file
        for hop in (*answer.history, answer):
            if file.url.startswith("https:") and not hop.url.startswith("https:"):
                raise DownloadError(
                    f"{file.url}: the hub sends us to {hop.url}, which is not encrypted",
                    file.by_hand,
                )
        if answer.status_code == 304 and self.existing is not None:
            return self.existing
        if answer.status_code == 416:  # more bytes were received than the file has
            self._discard()
            raise TransientError("what is here is not a part of it")
        if answer.status_code not in (200, 206):
            raise_http_error(answer, file.url, file.by_hand, self.downloader.policy)
        offered = self._offered(answer)
        if answer.status_code == 206:
            if not self._continues(offered, answer.headers.get("Content-Range", ""), offset):
                self._discard()
                raise TransientError("the hub sent another part than it was asked for")
            self.is_resumed = True
        elif self._is_web_page(answer):
            raise TransientError("the hub sent a web page in place of the file")
        elif self.existing is not None and offered.etag and offered.etag == self.existing.etag:
            return self.existing
        else:
            self._start_over(offered)
            offset = 0
        total = offered.size + offset if offered.size >= 0 else file.size
        if file.size is not None and total != file.size:
            self._discard_damaged(f"{total} bytes are offered and {file.size} are expected")
        if total is not None:
            check_space(self.partial.parent, total - offset)
        self.downloader.progress.start_part(file.name, offset, total)
        return None

    def _start_over(self, offered: DownloadRecord) -> None:
        """Begin an empty partial file of the offered version."""
        self.is_resumed = False
        with writing(self.partial):  # first: a kill must not leave old bytes with a new record
            self.partial.write_bytes(b"")
        with replacing(self.state) as partial:
            partial.write_text(json.dumps(asdict(offered)), encoding="utf-8")

    def _is_web_page(self, answer: requests.Response) -> bool:
        """Whether a page came in place of the file, of a network's login or a hub in trouble."""
        kind = answer.headers.get("Content-Type", "")
        return kind.startswith("text/html") and self.file.target.suffix != ".html"

    def _continues(self, offered: DownloadRecord, content_range: str, offset: int) -> bool:
        """Whether a partial answer is of the version begun and follows the bytes received."""
        begun = read_record(self.state)
        match = re.match(r"bytes (\d+)-\d+/(\d+|\*)", content_range)
        if begun is None or match is None or int(match[1]) != offset:
            return False
        if begun.size >= 0 and match[2] not in ("*", str(begun.size)):
            return False
        if offered.etag is not None:
            return offered.etag == begun.etag
        return offered.last_modified in (None, begun.last_modified)

    def _offered(self, answer: requests.Response) -> DownloadRecord:
        """The record of the offered file; its size is that of the answer, -1 if unknown."""
        length = answer.headers.get("Content-Length", "")
        return DownloadRecord(
            url=self.file.url,
            etag=answer.headers.get("ETag"),
            last_modified=answer.headers.get("Last-Modified"),
            size=int(length) if length.isdecimal() else -1,
            sha256="",
            fetched_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )

    def _write_body(self, answer: requests.Response) -> None:
        """Append the answer's bytes, as they are on the wire, to the partial file."""
        # read1: bytes that came before a break are kept
        while chunk := answer.raw.read1(_CHUNK, decode_content=False):
            with writing(self.partial), self.partial.open("ab") as handle:
                handle.write(chunk)
            self.downloader.progress.advance_part(self.file.name, len(chunk))
            self.downloader.raise_if_stopped()
        begun, n_received = read_record(self.state), self._n_received()
        if begun is not None and n_received < begun.size:  # a partial answer may be a short one
            raise TransientError(f"{n_received} of {begun.size} bytes came")

    def _finish(self) -> DownloadRecord:
        """Verify the received file, and give it its name and its sidecar."""
        begun = read_record(self.state)
        if begun is None:
            self._discard_damaged("what is known of it was removed meanwhile")
        # a file that a power cut left with zeroed blocks has the right size
        read_through = self.is_resumed or begun.size < 0
        fault = find_fault(self.partial, self.file, read_through=read_through)
        if fault:
            self._discard_damaged(fault)
        target = self.file.target
        with writing(target):
            size, sha256 = self.partial.stat().st_size, sha256_of(self.partial)
            record = replace(begun, size=size, sha256=sha256, md5=self.file.md5)
            with self.partial.open("rb") as handle:
                os.fsync(handle.fileno())
            with replacing(self.state) as partial:
                partial.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
            self.partial.replace(target)
            self.state.replace(sidecar_path(target))
            sync_folder(target.parent)
        return record

    def _discard_damaged(self, fault: str) -> NoReturn:
        """Discard the received bytes and start over once; a second fault is the hub's."""
        self._discard()
        self.n_damaged += 1
        if self.n_damaged > 1:
            raise DownloadError(
                f"{self.file.url}: {fault}, twice",
                "The file at the hub is not the one that is described: try again later, or "
                + (self.file.by_hand or "ask the hub"),
            )
        raise TransientError(fault)

    def _discard(self) -> None:
        for path in (self.partial, self.state):
            path.unlink(missing_ok=True)
