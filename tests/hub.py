"""A hub on loopback: files over real HTTP/1.1, and every way in which a server can go wrong.

``with Hub(folder=shared / "hub") as hub`` serves what lies below the folder, and what is ``put``;
``%2F`` in a URL is ``/`` on disk. ``plan`` says how the next requests for a path go wrong,
``always`` how all of them do; ``requests`` are those received. As a fixture: ``from .hub import
serve_hub`` and take ``hub``. :class:`GdcApi` adds the endpoints of the GDC.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import socket
import socketserver
import struct
import termios
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import pytest

_FIRST_MODIFIED = datetime(2020, 1, 1, tzinfo=UTC)
_PIECE = 1 << 16


@dataclass(frozen=True)
class Published:
    """A file of the hub."""

    content: bytes
    etag: str | None
    modified: datetime | None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Request:
    """A request and how it was answered; ``sent`` counts the bytes of the body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""
    status: int | None = None
    sent: int = 0
    started: float = 0
    ended: float = 0

    def header(self, name: str) -> str | None:
        return self.headers.get(name.lower())


@dataclass
class Answer:
    """How a request is going to be answered; faults change it."""

    status: int | None = None  # instead of what was published
    headers: dict[str, str | None] = field(default_factory=dict)  # None leaves one out
    body: bytes = b""
    ignore_range: bool = False
    ignore_if_range: bool = False
    ignore_condition: bool = False
    most: int | None = None  # bytes of a range
    framing: Literal["length", "chunked", "close"] = "length"
    length_by: int = 0
    drop: bool = False
    wait: float = 0  # seconds before anything is sent
    cut: int | None = None  # bytes after which the connection ends
    reset: bool = True
    stall: int | None = None  # bytes after which nothing more comes
    piece: int = _PIECE
    pause: float = 0  # seconds after each piece
    watch: Callable[[int], None] | None = None


class Fault:
    """One way of going wrong, for one request."""

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Fine(Fault):
    """Nothing goes wrong."""

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        pass


@dataclass(frozen=True)
class Status(Fault):
    """Another status; with ``Retry-After`` in seconds, or as the date in so many seconds."""

    code: int
    retry_after: str | None = None
    retry_date: float | None = None
    body: bytes = b"no"

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.status, answer.body = self.code, self.body
        answer.headers["Retry-After"] = self.retry_after
        if self.retry_date is not None:
            then = datetime.now(UTC) + timedelta(seconds=self.retry_date)
            answer.headers["Retry-After"] = format_datetime(then, usegmt=True)


@dataclass(frozen=True)
class Redirect(Fault):
    """Sent elsewhere: an absolute address, or one of this hub."""

    to: str
    code: int = 302

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.status = self.code
        answer.headers["Location"] = self.to


@dataclass(frozen=True)
class Page(Fault):
    """A page for people with status 200 in place of the file."""

    html: bytes = b"<!DOCTYPE html><html><body>We are down for maintenance</body></html>"

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.status, answer.body = 200, self.html
        answer.headers["Content-Type"] = "text/html"


@dataclass(frozen=True)
class Drop(Fault):
    """The connection ends before there is an answer."""

    reset: bool = True

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.drop, answer.reset = True, self.reset


@dataclass(frozen=True)
class Cut(Fault):
    """The connection ends after so many bytes of the body: reset, or closed."""

    after: int
    reset: bool = True

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.cut, answer.reset = self.after, self.reset


@dataclass(frozen=True)
class Stall(Fault):
    """So many bytes of the body, then nothing until ``hub.release()`` or the other side goes."""

    after: int

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.stall = self.after


@dataclass(frozen=True)
class Slow(Fault):
    """So many seconds before the answer."""

    seconds: float

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.wait = self.seconds


@dataclass(frozen=True)
class Trickle(Fault):
    """The body in small pieces, with a pause after each."""

    piece: int = 1 << 14
    pause: float = 0.002

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.piece, answer.pause = self.piece, self.pause


@dataclass(frozen=True)
class NoRange(Fault):
    """Range is ignored: the whole file is sent."""

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.ignore_range = True


@dataclass(frozen=True)
class NoIfRange(Fault):
    """If-Range is ignored: a part, even of another version than the requested one."""

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.ignore_if_range = True


@dataclass(frozen=True)
class NoCondition(Fault):
    """If-None-Match and If-Modified-Since are ignored: the file, also where it is unchanged."""

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.ignore_condition = True


@dataclass(frozen=True)
class ShortRange(Fault):
    """At most so many bytes of the requested range."""

    most: int

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.most = self.most


@dataclass(frozen=True)
class Unsized(Fault):
    """No Content-Length: chunked, or HTTP/1.0 and closed at the end."""

    framing: Literal["chunked", "close"] = "chunked"

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.framing = self.framing


@dataclass(frozen=True)
class WrongLength(Fault):
    """A Content-Length that is too long, or too short, by so many bytes."""

    by: int

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.length_by = self.by


@dataclass(frozen=True)
class Headers(Fault):
    """Other headers; None leaves one out."""

    other: Mapping[str, str | None]

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.headers.update(self.other)


@dataclass(frozen=True)
class Swap(Fault):
    """Another version is published just before the request is answered."""

    content: bytes
    etag: Literal["strong", "weak"] | None = "strong"
    modified: bool = True

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        hub.put(path, self.content, etag=self.etag, modified=self.modified)


@dataclass(frozen=True)
class Watch(Fault):
    """Called with the bytes of the body sent so far, before each piece and at its end."""

    look: Callable[[int], None]

    def change(self, answer: Answer, hub: Hub, path: str) -> None:
        answer.watch = self.look


Plan = Fault | Sequence[Fault]  # several for one request


class Hub:
    """A server of files on loopback, while its block runs."""

    def __init__(
        self, files: Mapping[str, bytes] | None = None, folder: Path | None = None
    ) -> None:
        self.folder = folder.resolve() if folder is not None else None
        self.requests: list[Request] = []
        self.broken: list[BaseException] = []  # in the server itself
        self.most_at_once = 0
        self.most_connections = 0
        self.posts: dict[str, Callable[[bytes], object]] = {}
        self._files: dict[str, Published] = {}
        self._plans: dict[tuple[str, str], deque[Plan]] = defaultdict(deque)
        self._always: dict[tuple[str, str], Plan] = {}
        self._versions = 0
        self._busy = 0
        self._lock = threading.Lock()
        self._released = threading.Event()
        for path, content in (files or {}).items():
            self.put(path, content)

    def __enter__(self) -> Hub:
        self._server = _Server(self)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, name="hub"
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._released.set()
        self._server.hang_up()
        self._server.server_close()
        assert self.broken == []

    def put(
        self,
        path: str,
        content: bytes,
        *,
        etag: Literal["strong", "weak"] | None = "strong",
        modified: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Publish a file, or another version of it; its address."""
        digest = hashlib.sha256(content).hexdigest()[:20]
        tag = {"strong": f'"{digest}"', "weak": f'W/"{digest}"', None: None}[etag]
        with self._lock:
            self._versions += 1
            time_ = _FIRST_MODIFIED + timedelta(hours=self._versions) if modified else None
            self._files[path] = Published(content, tag, time_, headers or {})
        return self.url(path) if hasattr(self, "address") else path

    def url(self, path: str) -> str:
        return self.address + path

    def plan(self, path: str, *plans: Plan, method: str = "GET") -> None:
        """How the next requests for a path go: one plan each, in order."""
        with self._lock:
            self._plans[method, path].extend(plans)

    def always(self, path: str, *faults: Fault, method: str = "GET") -> None:
        """How all requests for a path go that have no plan of their own."""
        with self._lock:
            self._always[method, path] = faults

    def release(self) -> None:
        """End all stalls, these and those to come."""
        self._released.set()

    def received(self, path: str | None = None, method: str = "GET") -> list[Request]:
        """The requests of a method, for a path or for any."""
        with self._lock:
            return [
                request
                for request in self.requests
                if request.method == method and (path is None or request.path == path)
            ]

    def sent(self, path: str | None = None) -> int:
        """Bytes of bodies sent."""
        return sum(request.sent for request in self.received(path))

    def find(self, path: str) -> Published | None:
        """What is published under a path: put there, or below the folder."""
        if path in self._files:
            return self._files[path]
        if self.folder is None:
            return None
        file = (self.folder / path.lstrip("/")).resolve()
        if not file.is_relative_to(self.folder) or not file.is_file():
            return None
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:20]
        modified = datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
        return Published(content, f'"{digest}"', modified)

    def next_answer(self, method: str, path: str) -> Answer:
        with self._lock:
            plans = self._plans[method, path]
            plan = plans.popleft() if plans else self._always.get((method, path), ())
        answer = Answer()
        for fault in (plan,) if isinstance(plan, Fault) else plan:
            fault.change(answer, self, path)
        return answer

    def begin(self, request: Request) -> None:
        with self._lock:
            request.started = time.monotonic()
            self.requests.append(request)
            self._busy += 1
            self.most_at_once = max(self.most_at_once, self._busy)

    def end(self, request: Request) -> None:
        """An answer is about to be whole; the client can start another request from here on."""
        with self._lock:
            if not request.ended:
                request.ended = time.monotonic()
                self._busy -= 1

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until released."""
        self._released.wait(seconds)

    def stall(self, connection: socket.socket) -> None:
        """Wait until released, or until the other side has gone."""
        while not self._released.wait(0.02):
            try:
                if connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
                    return
            except BlockingIOError:
                pass
            except OSError:
                return


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them
    request_queue_size = 64

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # without looking up the name of the host
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._lock:
            self._open.add(connection)
            self.hub.most_connections = max(self.hub.most_connections, len(self._open))
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Wake those that wait for another request on a connection that is kept open."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        import sys

        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.hub.broken.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_GET  # noqa: N815

    def _serve(self) -> None:
        hub = self.server.hub
        path = unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, path, headers, body)
        hub.begin(request)
        try:
            answer = hub.next_answer(self.command, path)
            if answer.wait:
                hub.pause(answer.wait)
            if answer.drop:
                hub.end(request)
                self._hang_up(answer.reset)
                return
            self._send(request, answer, *self._answered(request, answer))
        finally:
            hub.end(request)

    def _answered(self, request: Request, answer: Answer) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        hub = self.server.hub
        if answer.status is not None:
            return answer.status, {}, answer.body
        if self.command == "POST":
            if request.path not in hub.posts:
                return 404, {}, b"no such endpoint"
            content = json.dumps(hub.posts[request.path](request.body)).encode()
            return 200, {"Content-Type": "application/json"}, content
        file = hub.find(request.path)
        if file is None:
            return 404, {}, b"no such file"
        headers = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
        headers.update(file.headers)
        if file.etag is not None:
            headers["ETag"] = file.etag
        if file.modified is not None:
            headers["Last-Modified"] = format_datetime(file.modified, usegmt=True)
        if not answer.ignore_condition and _is_unchanged(request, file):
            return 304, headers, b""
        span = None if answer.ignore_range else _range(request, file, answer.ignore_if_range)
        if span is None:
            return 200, headers, file.content
        whole = len(file.content)
        start, stop = span
        if start >= whole:
            return 416, headers | {"Content-Range": f"bytes */{whole}"}, b""
        stop = min(stop, whole, start + (answer.most or whole))
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{whole}"
        return 206, headers, file.content[start:stop]

    def _send(
        self, request: Request, answer: Answer, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        request.status = status
        sent_headers: dict[str, str | None] = dict(headers)
        if answer.framing == "length":
            sent_headers["Content-Length"] = str(len(body) + answer.length_by)
        elif answer.framing == "chunked":
            sent_headers["Transfer-Encoding"] = "chunked"
        else:
            self.protocol_version = "HTTP/1.0"
            self.close_connection = True
        if status == 304:
            sent_headers["Content-Length"] = None
        sent_headers |= answer.headers
        reason = HTTPStatus(status).phrase
        self.send_response(status, reason)
        for name, value in sent_headers.items():
            if value is not None:
                self.send_header(name, value)
        if self.command == "HEAD" or status == 304 or not (body or answer.framing == "chunked"):
            self.server.hub.end(request)
            self.end_headers()
            return
        self.end_headers()
        self._send_body(request, answer, body)

    def _send_body(self, request: Request, answer: Answer, body: bytes) -> None:
        hub = self.server.hub
        end = min(len(body), *(n for n in (answer.cut, answer.stall, len(body)) if n is not None))
        while request.sent < end:
            if answer.watch:
                answer.watch(request.sent)
            piece = body[request.sent : min(end, request.sent + answer.piece)]
            if request.sent + len(piece) == len(body):
                hub.end(request)
            if answer.framing == "chunked":
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            else:
                self.wfile.write(piece)
            request.sent += len(piece)
            if answer.pause:
                time.sleep(answer.pause)
        if answer.watch:
            answer.watch(request.sent)
        if answer.stall is not None:
            hub.stall(self.connection)
        if answer.stall is not None or answer.cut is not None:
            hub.end(request)
            self._hang_up(answer.reset and answer.cut is not None)
        elif answer.framing == "chunked":
            self.wfile.write(b"0\r\n\r\n")
        elif answer.length_by > 0:
            self._hang_up(reset=False)

    def _hang_up(self, reset: bool) -> None:
        self.close_connection = True
        if not reset:
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_WR)
            return
        # what was sent has arrived before the reset, which would discard it
        deadline = time.monotonic() + 1
        while _unsent(self.connection) and time.monotonic() < deadline:
            time.sleep(0.001)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()  # it holds the socket open
        self.connection.close()


def _unsent(connection: socket.socket) -> int:
    """Bytes that the other side has not acknowledged, if the system knows."""
    try:
        answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0" * 4)
    except OSError:
        return 0
    return int(struct.unpack("i", answer)[0])


def _is_unchanged(request: Request, file: Published) -> bool:
    """Whether the condition of a request is not met, so that it gets no body."""
    tags = request.header("If-None-Match")
    if tags is not None:
        mine = (file.etag or "").removeprefix("W/")
        return bool(mine) and mine in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since = request.header("If-Modified-Since")
    return since is not None and file.modified is not None and file.modified <= _date(since)


def _range(request: Request, file: Published, ignore_if_range: bool) -> tuple[int, int] | None:
    """First byte and the one after the last; None where the whole file is to be sent."""
    ranges = request.header("Range") or ""
    version = request.header("If-Range")
    if version is not None and not ignore_if_range:
        if version.startswith(('"', "W/")):
            if version.startswith("W/") or version != file.etag:  # it has to be a strong one
                return None
        elif file.modified is None or file.modified != _date(version):
            return None
    first, dash, last = ranges.removeprefix("bytes=").partition("-")
    if not ranges.startswith("bytes=") or not dash or "," in ranges:
        return None
    whole = len(file.content)
    if not first:
        return max(0, whole - int(last)), whole
    return int(first), int(last) + 1 if last else whole


def _date(text: str) -> datetime:
    return parsedate_to_datetime(text)


class GdcApi:
    """The files and data endpoints of the GDC, on a hub: ``/gdc-api/files``, ``/gdc-api/data/…``.

    ``records`` are hits as the files endpoint answers them; a question gets those that its filters
    let through, the fields it names, and one page of them.
    """

    FILES = "/gdc-api/files"

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.records: list[dict[str, Any]] = []
        self.questions: list[dict[str, Any]] = []
        hub.posts[self.FILES] = self._answer

    def add(
        self,
        file_id: str,
        content: bytes,
        project: str,
        *,
        file_name: str = "",
        case: str = "TCGA-AA-0001",
        sample: str = "TCGA-AA-0001-01A",
        **others: Any,
    ) -> dict[str, Any]:
        """Publish a file; its record, which may be changed afterwards."""
        name = file_name or f"{file_id}.rna_seq.augmented_star_gene_counts.tsv"
        record = {
            "id": file_id,
            "file_id": file_id,
            "file_name": name,
            "file_size": len(content),
            "md5sum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "access": "open",
            "state": "released",
            "data_category": "Transcriptome Profiling",
            "data_type": "Gene Expression Quantification",
            "analysis": {"workflow_type": "STAR - Counts"},
            "cases": [
                {
                    "submitter_id": case,
                    "project": {"project_id": project},
                    "samples": [{"submitter_id": sample, "sample_type": "Primary Tumor"}],
                }
            ],
            "associated_entities": [{"entity_submitter_id": f"{sample}-11R-0000-07"}],
            **others,
        }
        self.records.append(record)
        disposition = {"Content-Disposition": f"attachment; filename={name}"}
        self.hub.put(self.path(file_id), content, headers=disposition)
        return record

    @staticmethod
    def path(file_id: str) -> str:
        return f"/gdc-api/data/{file_id}"

    def withdraw(self, file_id: str) -> None:
        """Answer 451 for a file; the files endpoint still names it."""
        self.hub.always(self.path(file_id), Status(451))

    def _answer(self, body: bytes) -> object:
        question = json.loads(body)
        self.questions.append(question)
        found = [one for one in self.records if _passes(one, question.get("filters"))]
        by, _, direction = str(question.get("sort") or "").partition(":")
        if by:
            found.sort(key=lambda one: str(one.get(by)), reverse=direction == "desc")
        start, size = int(question.get("from", 0)), int(question.get("size", 10))
        page = found[start : start + size]
        fields = question.get("fields")
        if fields:
            names = fields.split(",") if isinstance(fields, str) else fields
            page = [{"id": one["id"], **_only(one, names)} for one in page]
        pagination = {
            "count": len(page),
            "total": len(found),
            "size": size,
            "from": start,
            "sort": question.get("sort") or "",
            "page": start // size + 1 if size else 0,
            "pages": math.ceil(len(found) / size) if size else 0,
        }
        return {"data": {"hits": page, "pagination": pagination}, "warnings": {}}


def _passes(record: dict[str, Any], filters: dict[str, Any] | None) -> bool:
    if not filters:
        return True
    operation, content = filters["op"], filters["content"]
    if operation in ("and", "or"):
        return {"and": all, "or": any}[operation](_passes(record, one) for one in content)
    wanted = content["value"] if isinstance(content["value"], list) else [content["value"]]
    found = any(value in wanted for value in _values(record, content["field"].split(".")))
    return {"in": found, "=": found, "exclude": not found, "!=": not found}[operation]


def _values(record: Any, names: Sequence[str]) -> Iterator[Any]:
    """All values of a field, through lists of records."""
    if isinstance(record, list):
        for one in record:
            yield from _values(one, names)
    elif not names:
        yield record
    elif isinstance(record, dict) and names[0] in record:
        yield from _values(record[names[0]], names[1:])


def _only(record: Any, names: Sequence[str]) -> Any:
    """A record with none but some of its fields, which may be fields of records in it."""
    if isinstance(record, list):
        return [_only(one, names) for one in record]
    if not isinstance(record, dict):
        return record
    kept = {}
    for name, value in record.items():
        below = [one.removeprefix(f"{name}.") for one in names if one.startswith(f"{name}.")]
        if name in names:
            kept[name] = value
        elif below:
            kept[name] = _only(value, below)
    return kept


@pytest.fixture(name="hub")
def serve_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """An empty hub on loopback, which no proxy stands before."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    with Hub() as hub:
        yield hub
