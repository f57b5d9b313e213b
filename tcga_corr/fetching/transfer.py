"""Receiving one file: requests, until it is whole."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from tcga_corr.errors import DownloadError
from tcga_corr.fetching.hub_requests import (
    HubDownError,
    PassingError,
    Patience,
    broken,
    given_up,
    refuse,
    retrying,
)
from tcga_corr.fetching.request import Download, Progress, check_space, fault_of
from tcga_corr.fetching.sidecar import (
    Downloaded,
    partial_path,
    read_record,
    recorded,
    sidecar_path,
    state_path,
)
from tcga_corr.files import replacing, sha256_of, sync_folder, writing

if TYPE_CHECKING:
    import requests

_CHUNK = 1 << 18
_PROGRESS = 1 << 16  # bytes: a connection that gave fewer before it broke counts as a failure
_LOCK_POLL = 0.5  # seconds


class StoppedError(Exception):
    """Whoever asked for the download is gone."""


class Transfers:
    """The downloads of one thread, over one session."""

    def __init__(
        self,
        session: requests.Session,
        check: bool,
        patience: Patience,
        progress: Progress,
        stop: threading.Event,
        down: dict[str, str] | None = None,
    ) -> None:
        self.session = session
        self.check = check
        self.patience = patience
        self.progress = progress
        self.stop = stop
        self.down = (
            {} if down is None else down
        )  # host to what is wrong with it; shared by all threads

    def download(self, one: Download) -> Downloaded:
        """Bring one file here, unless it is here."""
        with self._alone(one):
            with writing(one.target):
                there = recorded(one.target)
            if there is not None and one.size not in (None, there.size):
                there = None  # another version by now
            vouched = there is not None and one.md5 is not None and there.md5 == one.md5
            if there is not None and (vouched or not self.check):
                return there
            try:
                return self._receive(one, there)
            finally:
                self.progress.finish(one.name)

    @contextmanager
    def _alone(self, one: Download) -> Iterator[None]:
        """Exclude other downloads of the same file while the block runs; wait for them."""
        from filelock import FileLock, Timeout

        path = one.target.with_name(f".{one.target.name}.lock")
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path)
            said = False
            while not lock.is_locked:
                self._go_on()
                try:
                    lock.acquire(timeout=_LOCK_POLL)
                except Timeout:
                    if not said:
                        self.progress.say(one.name, "another process downloads it: waiting")
                        said = True
        try:
            yield
        finally:
            lock.release()

    def _go_on(self) -> None:
        if self.stop.is_set():
            raise StoppedError

    def _receive(self, one: Download, there: Downloaded | None) -> Downloaded:
        attempt = Attempt(self, one, there)

        def told(what: str) -> None:
            self.progress.say(one.name, what)

        host = urlsplit(one.url).netloc
        if host in self.down:
            raise DownloadError(f"{one.url}: not tried, as {self.down[host]}", one.by_hand)
        try:
            return self._go_through(attempt, told)
        except HubDownError as error:
            self.down[host] = error.what
            raise

    def _go_through(self, attempt: Attempt, told: Callable[[str], None]) -> Downloaded:
        while True:
            self._go_on()
            try:
                finished = retrying(self.patience, self._sleep, told)(attempt)
            except PassingError as error:
                raise given_up(attempt.one.url, error, self.patience) from error
            if finished is not None:
                return finished
            self._sleep(self.patience.first_wait)

    def _sleep(self, seconds: float) -> None:
        self.stop.wait(seconds)
        self._go_on()


class Attempt:
    """One request after another for a file; each goes on where the last one stopped."""

    def __init__(self, transfers: Transfers, one: Download, there: Downloaded | None) -> None:
        self.transfers = transfers
        self.one = one
        self.there = there
        self.partial = partial_path(one.target)
        self.state = state_path(one.target)
        self.damaged = 0
        self.resumed = False
        self.most = self._received()

    def __call__(self) -> Downloaded | None:
        """The file's record once it is whole; None after a break that came with much of it.

        Raises
        ------
        PassingError
            After a break that came with little of it.
        DownloadError
            If there is no use in trying again.
        """
        import requests
        import urllib3

        before = self._received()
        begun = read_record(self.state)
        if before and begun is not None and (begun.url, begun.size) == (self.one.url, before):
            return self._finish()  # killed before it got its name
        try:
            with self._request(before) as answer:
                known = self._start(answer, before)
                if isinstance(known, Downloaded):
                    return known
                self._take(answer)
        except PassingError:
            if self._brought_much():
                return None
            raise
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if self._brought_much():
                return None
            raise broken(error, self.one.url, self.one.by_hand) from error
        return self._finish()

    def _brought_much(self) -> bool:
        """Whether much more is here than ever before; what came a second time does not count."""
        received = self._received()
        much = received - self.most >= _PROGRESS
        self.most = max(self.most, received)
        return much

    def _received(self) -> int:
        return self.partial.stat().st_size if self.partial.exists() else 0

    def _request(self, offset: int) -> requests.Response:
        """Ask for the rest of the file, or for the whole of it if it is another by now."""
        headers = {}
        begun = read_record(self.state)
        if offset and begun is not None and begun.url == self.one.url:
            if begun.validator:
                headers = {"Range": f"bytes={offset}-", "If-Range": begun.validator}
            elif self.one.md5:
                headers = {"Range": f"bytes={offset}-"}
        elif self.there is not None and self.there.etag:
            headers = {"If-None-Match": self.there.etag}
        elif self.there is not None and self.there.last_modified:
            headers = {"If-Modified-Since": self.there.last_modified}
        patience = self.transfers.patience
        return self.transfers.session.get(
            self.one.url,
            headers=headers,
            stream=True,
            timeout=(patience.connect, patience.stall),
        )

    def _start(self, answer: requests.Response, offset: int) -> Downloaded | None:
        """Look at the head of the answer; the record where there is nothing to receive."""
        for hop in (*answer.history, answer):
            if self.one.url.startswith("https:") and not hop.url.startswith("https:"):
                raise DownloadError(
                    f"{self.one.url}: the hub sends us to {hop.url}, which is not encrypted",
                    self.one.by_hand,
                )
        if answer.status_code == 304 and self.there is not None:
            return self.there
        if answer.status_code == 416:  # more bytes are here than there are
            self._restart()
            raise PassingError("what is here is not a part of it")
        if answer.status_code not in (200, 206):
            refuse(answer, self.one.url, self.one.by_hand, self.transfers.patience)
        now = self._described(answer)
        if answer.status_code == 206:
            if not self._goes_on(now, answer.headers.get("Content-Range", ""), offset):
                self._restart()
                raise PassingError("the hub sent another part than it was asked for")
            self.resumed = True
        elif self._is_page(answer):
            raise PassingError("the hub sent a web page in place of the file")
        else:
            unchanged = self.there is not None and now.etag and now.etag == self.there.etag
            if self.there is not None and unchanged:
                return self.there
            offset = 0
            self.resumed = False
            with writing(self.partial):  # first: a kill must not leave old bytes with a new record
                self.partial.write_bytes(b"")
            with replacing(self.state) as partial:
                partial.write_text(json.dumps(asdict(now)), encoding="utf-8")
        whole = now.size + offset if now.size >= 0 else self.one.size
        if self.one.size is not None and whole != self.one.size:
            self._damage(f"{whole} bytes are offered and {self.one.size} are expected")
        if whole is not None:
            check_space(self.partial.parent, whole - offset)
        self.transfers.progress.start(self.one.name, offset, whole)
        return None

    def _is_page(self, answer: requests.Response) -> bool:
        """Whether a network that wants a login, or a hub in trouble, answered in its place."""
        kind = answer.headers.get("Content-Type", "")
        return kind.startswith("text/html") and self.one.target.suffix != ".html"

    def _goes_on(self, now: Downloaded, part: str, offset: int) -> bool:
        """Whether a part is that of the same version which follows what is here."""
        begun = read_record(self.state)
        said = re.match(r"bytes (\d+)-\d+/(\d+|\*)", part)
        if begun is None or said is None or int(said[1]) != offset:
            return False
        if begun.size >= 0 and said[2] not in ("*", str(begun.size)):
            return False
        if now.etag is not None:
            return now.etag == begun.etag
        return now.last_modified in (None, begun.last_modified)

    def _described(self, answer: requests.Response) -> Downloaded:
        """What the answer says of the file; its size is that of the answer, -1 if not said."""
        length = answer.headers.get("Content-Length", "")
        return Downloaded(
            url=self.one.url,
            etag=answer.headers.get("ETag"),
            last_modified=answer.headers.get("Last-Modified"),
            size=int(length) if length.isdecimal() else -1,
            sha256="",
            fetched_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )

    def _take(self, answer: requests.Response) -> None:
        """Write the answer's bytes, as they are on the wire, to the end of what is here."""
        # read1: what came before a break is kept
        while chunk := answer.raw.read1(_CHUNK, decode_content=False):
            with writing(self.partial), self.partial.open("ab") as handle:
                handle.write(chunk)
            self.transfers.progress.receive(self.one.name, len(chunk))
            self.transfers._go_on()
        begun, received = read_record(self.state), self._received()
        if begun is not None and received < begun.size:  # a part may be a short one
            raise PassingError(f"{received} of {begun.size} bytes came")

    def _finish(self) -> Downloaded:
        """Verify what was received, and give it its name and its sidecar."""
        begun = read_record(self.state)
        if begun is None:
            self._damage("what is known of it was removed meanwhile")
        # zeroed blocks of a part that a power cut left have the right size
        doubtful = self.resumed or begun.size < 0
        fault = fault_of(self.partial, self.one, read_through=doubtful)
        if fault:
            self._damage(fault)
        target = self.one.target
        with writing(target):
            size, sha256 = self.partial.stat().st_size, sha256_of(self.partial)
            record = replace(begun, size=size, sha256=sha256, md5=self.one.md5)
            with self.partial.open("rb") as handle:
                os.fsync(handle.fileno())
            with replacing(self.state) as partial:
                partial.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
            self.partial.replace(target)
            self.state.replace(sidecar_path(target))
            sync_folder(target.parent)
        return record

    def _damage(self, what: str) -> NoReturn:
        """Start anew once; what comes wrong twice is wrong at the hub."""
        self._restart()
        self.damaged += 1
        if self.damaged > 1:
            raise DownloadError(
                f"{self.one.url}: {what}, twice",
                "The file at the hub is not the one that is described: try again later, or "
                + (self.one.by_hand or "ask the hub"),
            )
        raise PassingError(what)

    def _restart(self) -> None:
        for path in (self.partial, self.state):
            path.unlink(missing_ok=True)
