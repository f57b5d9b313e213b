"""Downloads over a bad line, from a bad hub, killed at any moment: a file is whole or not there."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import urllib3

from tcga_corr.errors import DownloadError, StoreError, TcgaCorrError
from tcga_corr.fetching.download import download_all, download_sizes
from tcga_corr.fetching.hub_requests import RetryPolicy, WithdrawnError, post_json
from tcga_corr.fetching.request import Download
from tcga_corr.fetching.sidecar import (
    DownloadRecord,
    bytes_received,
    partial_path,
    read_sidecar,
    sidecar_path,
    state_path,
)
from tcga_corr.fetching.transfer import Downloader
from tcga_corr.progress import Progress
from tests.conftest import DIE_BEFORE, script_process
from tests.hub import (
    Cut,
    Drop,
    Fault,
    Fine,
    GdcApi,
    Headers,
    Hub,
    NoCondition,
    NoIfRange,
    NoRange,
    Page,
    Plan,
    Redirect,
    ShortRange,
    Slow,
    Stall,
    Status,
    Swap,
    Trickle,
    Unsized,
    Watch,
    WrongLength,
    serve_hub,  # noqa: F401 - the fixture
)

POLICY = RetryPolicy(attempts=5, connect=5, stall=5, first_wait=0.002, longest_wait=0.02)
LOST = 1 << 14  # bytes that may have to be sent again after a connection was reset
MB = 1_000_000
PART = 300_000  # bytes: about a third of a file


def made(size: int, seed: int) -> bytes:
    """A gzip file of about so many bytes."""
    return gzip.compress(random.Random(seed).randbytes(size), 1, mtime=0)


SMALL = made(100_000, 1)
LARGE = made(3 * PART, 2)
OTHER = made(3 * PART + 12_345, 3)
TWIN = made(3 * PART, 5)  # as long as LARGE
HUGE = made(3 * MB, 4)
PATH = "/hub/download/TCGA.ACC.sampleMap/HiSeqV2.gz"


@pytest.fixture(autouse=True)
def _no_power_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are killed here, not machines: waiting for the disk would take most of the time."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "HiSeqV2.gz"


def get(
    one: Download, policy: RetryPolicy = POLICY, **options: Any
) -> DownloadRecord | TcgaCorrError:
    ((download, outcome),) = download_all([one], policy=policy, **options)
    assert download is one
    return outcome


def got(one: Download, policy: RetryPolicy = POLICY, **options: Any) -> DownloadRecord:
    outcome = get(one, policy, **options)
    assert isinstance(outcome, DownloadRecord), outcome
    return outcome


def refused(one: Download, policy: RetryPolicy = POLICY, **options: Any) -> TcgaCorrError:
    outcome = get(one, policy, **options)
    assert isinstance(outcome, TcgaCorrError)
    assert "\n" not in str(outcome)
    return outcome


def assert_whole(one: Download, content: bytes) -> None:
    """The file and its sidecar are there, and nothing else but a lock."""
    assert one.target.read_bytes() == content
    record = read_sidecar(one.target)
    assert record is not None
    assert record.size == len(content)
    assert record.sha256 == hashlib.sha256(content).hexdigest()
    names = {path.name for path in one.target.parent.iterdir() if path.suffix != ".lock"}
    assert names == {one.target.name, sidecar_path(one.target).name}


def begun(one: Download, received: bytes, **known: Any) -> None:
    """What a killed download leaves."""
    record = DownloadRecord(one.url, None, None, -1, "", "2026-01-01T00:00:00Z")
    one.target.parent.mkdir(parents=True, exist_ok=True)
    partial_path(one.target).write_bytes(received)
    state_path(one.target).write_text(json.dumps(asdict(replace(record, **known))))


class Recorded(Progress):
    """Remembers what is reported."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.starts: list[tuple[int, int | None]] = []
        self.received = 0
        self.finished = 0

    def start_part(self, name: str, done: int, total: int | None) -> None:
        self.starts.append((done, total))

    def advance_part(self, name: str, count: int) -> None:
        self.received += count

    def note(self, text: str) -> None:
        self.lines.append(text)

    def finish_part(self, name: str) -> None:
        self.finished += 1


# a good line


def test_a_file_and_its_sidecar(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    before = datetime.now(UTC).replace(microsecond=0)
    recorded = Recorded()
    record = got(one, progress=recorded)
    assert_whole(one, LARGE)
    published = hub.find(PATH)
    assert published is not None
    assert published.modified is not None
    said = json.loads((target.parent / "HiSeqV2.gz.json").read_text())
    fetched_at = datetime.fromisoformat(said.pop("fetched_at"))
    assert before <= fetched_at <= datetime.now(UTC)
    assert said == {
        "url": one.url,
        "etag": published.etag,
        "last_modified": format_datetime(published.modified, usegmt=True),
        "size": len(LARGE),
        "sha256": hashlib.sha256(LARGE).hexdigest(),
        "md5": None,
    }
    assert record == read_sidecar(target)
    assert recorded.starts == [(0, len(LARGE))]
    assert (recorded.received, recorded.finished, recorded.lines) == (len(LARGE), 1, [])


def test_a_request_says_who_asks_and_takes_bytes_as_they_are(hub: Hub, target: Path) -> None:
    got(Download(hub.put(PATH, SMALL), target))
    (request,) = hub.received()
    assert (request.header("User-Agent") or "").startswith("tcga-corr/")
    assert request.header("Accept-Encoding") == "identity"
    assert request.header("Range") is None
    assert request.header("If-None-Match") is None


def test_a_percent_encoded_address(hub: Hub, target: Path) -> None:
    hub.put(PATH, SMALL)
    one = Download(hub.url("/hub/download/TCGA.ACC.sampleMap%2FHiSeqV2.gz"), target)
    got(one)
    assert_whole(one, SMALL)


def test_bytes_stay_as_they_are_also_where_the_hub_calls_them_encoded(
    hub: Hub, target: Path
) -> None:
    one = Download(hub.put(PATH, SMALL), target)
    hub.always(PATH, Headers({"Content-Encoding": "gzip"}))
    got(one)
    assert_whole(one, SMALL)


def test_an_empty_file(hub: Hub, tmp_path: Path) -> None:
    one = Download(hub.put("/empty", b""), tmp_path / "folder" / "empty")
    got(one)
    assert_whole(one, b"")


def test_a_folder_is_served_and_nothing_beside_it(hub: Hub, target: Path, tmp_path: Path) -> None:
    served = tmp_path / "served" / PATH[1:]
    served.parent.mkdir(parents=True)
    served.write_bytes(SMALL)
    (tmp_path / "beside").write_bytes(SMALL)
    hub.folder = tmp_path / "served"
    one = Download(hub.url(PATH), target)
    got(one)
    assert_whole(one, SMALL)
    for path in ("/..%2Fbeside", "/hub%2F..%2F..%2Fbeside", "/%2Fetc%2Fpasswd", "/hub"):
        error = refused(Download(hub.url(path), tmp_path / "other"))
        assert "HTTP 404" in error.what


# connections that break


@pytest.mark.parametrize("reset", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_ten_cuts_in_one_call(hub: Hub, target: Path, seed: int, reset: bool) -> None:
    one = Download(hub.put(PATH, HUGE), target)
    offsets = sorted(random.Random(seed).sample(range(len(HUGE)), 10))
    gaps = [stop - start for start, stop in zip([0, *offsets], offsets, strict=False)]
    hub.plan(PATH, *(Cut(gap, reset) for gap in gaps))
    got(one)
    assert_whole(one, HUGE)
    first, *others = hub.received(PATH)
    assert first.header("Range") is None
    published = hub.find(PATH)
    assert published is not None
    assert [request.header("If-Range") for request in others] == [published.etag] * len(others)
    assert len(others) >= 9
    assert hub.sent() <= len(HUGE) + (10 * LOST if reset else 0)


@pytest.mark.parametrize("reset", [True, False])
def test_ten_cuts_each_in_a_call_of_its_own(hub: Hub, target: Path, reset: bool) -> None:
    one = Download(hub.put(PATH, HUGE), target)
    hub.always(PATH, Drop())
    offsets = sorted(random.Random(7).sample(range(0, len(HUGE), 100_000), 10))
    for stop in offsets:
        received = bytes_received(target) or 0
        hub.plan(PATH, Cut(max(0, stop - received), reset))
        error = refused(one, replace(POLICY, attempts=1))
        assert "goes on where it stopped" in error.remedy
        assert not target.exists()
        assert stop - LOST <= (bytes_received(target) or 0) <= stop
        if not reset:
            assert bytes_received(target) == stop
    hub.always(PATH)
    recorded = Recorded()
    got(one, progress=recorded)
    assert_whole(one, HUGE)
    assert hub.sent() <= len(HUGE) + 10 * LOST
    ((done, total),) = recorded.starts
    assert offsets[-1] - LOST <= done <= offsets[-1]
    assert total == len(HUGE)
    assert done + recorded.received == total


def test_more_breaks_than_attempts_are_no_failure_while_much_comes(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, HUGE), target)
    hub.always(PATH, Cut(200_000, reset=False))
    got(one, replace(POLICY, attempts=2))
    assert_whole(one, HUGE)
    assert len(hub.received()) > 10


@pytest.mark.parametrize("fault", [Cut(1_000), Drop(), Drop(reset=False), Status(503)])
def test_what_brings_nothing_is_given_up(hub: Hub, target: Path, fault: Fault) -> None:
    hub.put(PATH, LARGE)
    hub.always(PATH, fault)
    recorded = Recorded()
    error = refused(Download(hub.url(PATH), target), progress=recorded)
    assert isinstance(error, DownloadError)
    assert hub.url(PATH) in error.what
    assert "5 times in a row" in error.what
    assert len(hub.received()) == 5
    assert len(recorded.lines) == 4
    assert recorded.finished == 1
    assert not target.exists()


def test_a_host_that_nobody_knows(tmp_path: Path) -> None:
    """No attempt after the first, and none for other files of the host."""
    recorded = Recorded()
    error = refused(Download("http://hub.invalid/a.gz", tmp_path / "a.gz"), progress=recorded)
    assert "no address is known of the host hub.invalid" in error.what
    assert "Check the network" in error.remedy
    assert recorded.lines == []


def test_no_hub_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Hub() as gone:
        url = gone.url(PATH)
    error = refused(Download(url, tmp_path / "a.gz"))
    assert "ConnectionRefusedError" in error.what
    assert "5 times in a row" in error.what


def test_a_stall_is_a_break(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, HUGE), target)
    hub.plan(PATH, Stall(1_500_000), Stall(100_000))
    start = time.monotonic()
    got(one, replace(POLICY, stall=0.5))
    assert 1 <= time.monotonic() - start < 5
    assert_whole(one, HUGE)
    assert len(hub.received()) == 3
    assert hub.sent() <= len(HUGE) + 2 * LOST


def test_a_hub_that_says_nothing_is_given_up(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, SMALL), target)
    hub.always(PATH, Slow(0.5))
    error = refused(one, replace(POLICY, stall=0.1, attempts=2))
    assert "timed out" in error.what


def test_statuses_that_pass(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, SMALL), target)
    hub.plan(PATH, Status(500), Status(500), Status(500))
    recorded = Recorded()
    got(one, progress=recorded)
    assert_whole(one, SMALL)
    assert [request.status for request in hub.received()] == [500, 500, 500, 200]
    assert len(recorded.lines) == 3
    assert all("HTTP 500 Internal Server Error; again in" in line for line in recorded.lines)


def test_other_statuses_that_pass(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, SMALL), target)
    codes = (408, 425, 429, 502, 503, 504)
    hub.plan(PATH, *(Status(code, retry_after="soon") for code in codes))
    got(one, replace(POLICY, attempts=7))
    assert_whole(one, SMALL)


def test_an_error_page_is_not_taken_for_a_part_of_the_file(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    hub.plan(PATH, Cut(PART), Status(503, body=b"x" * 200_000))
    got(one)
    assert_whole(one, LARGE)
    assert hub.sent() <= len(LARGE) + 200_000 + LOST


def test_a_hub_that_asks_to_wait_is_given_the_time(hub: Hub, tmp_path: Path) -> None:
    """In seconds, or until a date, which is given to the second."""
    downloads = [Download(hub.put(path, SMALL), tmp_path / path[1:]) for path in ("/a.gz", "/b.gz")]
    hub.plan("/a.gz", Status(429, retry_after="1"))
    hub.plan("/b.gz", Status(429, retry_date=2))
    for one, outcome in download_all(downloads, policy=replace(POLICY, longest_wait=5)):
        assert isinstance(outcome, DownloadRecord)
        assert one.target.read_bytes() == SMALL
    for path in ("/a.gz", "/b.gz"):
        first, second = hub.received(path)
        assert 1 <= second.started - first.ended < 4


def test_a_date_that_has_passed_is_no_wait(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, SMALL), target)
    hub.plan(PATH, Status(503, retry_date=-3600))
    got(one)
    assert_whole(one, SMALL)


@pytest.mark.parametrize("fault", [Status(429, retry_after="3600"), Status(503, retry_date=3600)])
def test_a_hub_that_asks_to_wait_too_long(hub: Hub, target: Path, fault: Fault) -> None:
    one = Download(hub.put(PATH, SMALL), target)
    hub.always(PATH, fault)
    error = refused(one)
    assert isinstance(error, DownloadError)
    assert one.url in error.what
    assert "asks to wait 60 minutes" in error.what
    assert len(hub.received()) == 1


# what the hub sends is not what it should be


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_what_is_not_there(hub: Hub, target: Path, code: int) -> None:
    hub.always(PATH, Status(code))
    error = refused(Download(hub.url(PATH), target, by_hand="Look at the hub's page"))
    assert isinstance(error, DownloadError)
    assert not isinstance(error, WithdrawnError)
    assert f"{hub.url(PATH)}: the hub does not have it (HTTP {code}" in error.what
    assert error.remedy == "Look at the hub's page"
    assert len(hub.received()) == 1
    assert not target.exists()


def test_what_was_withdrawn(hub: Hub, tmp_path: Path) -> None:
    gdc = GdcApi(hub)
    gdc.add("one", SMALL, "TCGA-ACC")
    gdc.withdraw("one")
    error = refused(Download(hub.url(gdc.path("one")), tmp_path / "one" / "table.tsv"))
    assert isinstance(error, WithdrawnError)
    assert hub.url(gdc.path("one")) in error.what
    assert len(hub.received()) == 1


def test_a_status_that_means_nothing_here(hub: Hub, target: Path) -> None:
    hub.always(PATH, Status(400))
    error = refused(Download(hub.url(PATH), target))
    assert error.what == f"{hub.url(PATH)}: HTTP 400 Bad Request"
    assert len(hub.received()) == 1


def test_a_length_that_is_too_long_once(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    hub.plan(PATH, WrongLength(1_000))
    got(one)
    assert_whole(one, LARGE)


@pytest.mark.parametrize("md5", [None, hashlib.md5(LARGE).hexdigest()])
def test_a_length_that_is_too_long_is_given_up(hub: Hub, target: Path, md5: str | None) -> None:
    one = Download(hub.put(PATH, LARGE), target, md5=md5)
    hub.plan(PATH, *[WrongLength(1_000)] * 30)
    error = refused(one)
    assert one.url in error.what
    assert len(hub.received()) < 12
    assert not target.exists()


def test_a_length_that_is_too_short(hub: Hub, target: Path) -> None:
    """Bytes beyond the announced length do not become the answer to another request either."""
    one = Download(hub.put(PATH, LARGE), target, size=len(LARGE))
    after = Download(hub.put("/after.gz", SMALL), target.parent / "after.gz")
    hub.always(PATH, WrongLength(-1_000))
    outcomes = dict(download_all([one, after], jobs=1, policy=POLICY))
    wrong = outcomes[one]
    assert isinstance(wrong, DownloadError)
    said = f"{len(LARGE) - 1_000} bytes are offered and {len(LARGE)} are expected, twice"
    assert said in wrong.what
    assert not target.exists()
    assert isinstance(outcomes[after], DownloadRecord)
    assert after.target.read_bytes() == SMALL


@pytest.mark.parametrize("by", [-1, 1])
def test_another_size_than_is_known(hub: Hub, target: Path, by: int) -> None:
    one = Download(hub.put(PATH, LARGE), target, size=len(LARGE) + by, by_hand="write to them")
    error = refused(one)
    assert isinstance(error, DownloadError)
    assert f"{len(LARGE)} bytes are offered and {len(LARGE) + by} are expected" in error.what
    assert "write to them" in error.remedy
    assert len(hub.received()) == 2
    assert not target.exists()
    assert bytes_received(target) is None


def test_another_size_than_is_known_where_the_hub_does_not_say(hub: Hub, tmp_path: Path) -> None:
    one = Download(hub.put("/a", LARGE), tmp_path / "a", size=len(LARGE) + 1)
    hub.always("/a", Unsized("close"))
    error = refused(one)
    assert f"{len(LARGE)} bytes came and {len(LARGE) + 1} are expected" in error.what
    assert not one.target.exists()


def test_a_wrong_md5_twice(hub: Hub, target: Path) -> None:
    wrong, right = hashlib.md5(LARGE).hexdigest(), hashlib.md5(OTHER).hexdigest()
    one = Download(hub.put(PATH, LARGE), target, md5=right)
    error = refused(one)
    assert isinstance(error, DownloadError)
    assert f"its md5 is {wrong} and {right} is expected, twice" in error.what
    assert one.url in error.what
    assert len(hub.received()) == 2
    assert not target.exists()
    assert bytes_received(target) is None


def test_a_wrong_md5_once(hub: Hub, target: Path) -> None:
    damaged = LARGE[:PART] + bytes([LARGE[PART] ^ 1]) + LARGE[PART + 1 :]
    one = Download(hub.put(PATH, damaged), target, md5=hashlib.md5(LARGE).hexdigest())
    hub.plan(PATH, Fine(), Swap(LARGE))
    recorded = Recorded()
    got(one, progress=recorded)
    assert_whole(one, LARGE)
    assert len(hub.received()) == 2
    assert any("md5" in line for line in recorded.lines)


def test_a_page_in_place_of_a_gzip_file(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, SMALL), target)
    hub.always(PATH, Page())
    error = refused(one)
    assert isinstance(error, DownloadError)
    assert "the hub sent a web page in place of the file, 5 times in a row" in error.what
    assert not target.exists()


def test_what_is_no_gzip_data_is_refused(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, b"plain text, whatever its name says"), target)
    error = refused(one)
    assert "it is not gzip data but starts with b'plain text" in error.what
    assert len(hub.received()) == 2
    assert not target.exists()


def test_a_page_does_not_cost_what_is_here(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    hub.plan(PATH, Cut(PART), Page())
    got(one)
    assert_whole(one, LARGE)
    assert hub.sent(PATH) < len(LARGE) + LOST + 1000


def test_blocks_that_a_power_cut_left_empty_are_noticed(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    etag = hub.find(PATH).etag  # type: ignore[union-attr]
    begun(one, LARGE[: PART // 2] + bytes(PART // 2), etag=etag, size=len(LARGE))
    recorded = Recorded()
    got(one, progress=recorded)
    assert_whole(one, LARGE)
    assert any("gzip data are cut short or damaged" in line for line in recorded.lines)


def test_a_file_of_another_size_than_it_must_have_is_brought_again(hub: Hub, target: Path) -> None:
    got(Download(hub.put(PATH, LARGE), target))
    hub.put(PATH, OTHER)
    one = Download(hub.url(PATH), target, size=len(OTHER))
    got(one)
    assert_whole(one, OTHER)


# versions


@pytest.mark.parametrize("md5", [None, hashlib.md5(OTHER).hexdigest()])
@pytest.mark.parametrize(
    ("etag", "modified"),
    [("strong", True), ("strong", False), (None, True), ("weak", True), (None, False)],
)
def test_a_file_that_changes_half_way(
    hub: Hub, target: Path, etag: Any, modified: bool, md5: str | None
) -> None:
    one = Download(hub.put(PATH, LARGE, etag=etag, modified=modified), target, md5=md5)
    hub.plan(PATH, Cut(PART), Swap(OTHER, etag, modified))
    record = got(one)
    assert_whole(one, OTHER)
    published = hub.find(PATH)
    assert published is not None
    assert record.etag == published.etag


@pytest.mark.parametrize(("etag", "modified"), [("strong", True), (None, True), ("weak", False)])
def test_a_file_that_changes_at_a_hub_that_ignores_if_range(
    hub: Hub, target: Path, etag: Any, modified: bool
) -> None:
    one = Download(hub.put(PATH, LARGE, etag=etag, modified=modified), target)
    hub.plan(PATH, Cut(PART), (Swap(TWIN, etag, modified), NoIfRange()))
    assert len(TWIN) == len(LARGE)
    got(one)
    assert_whole(one, TWIN)


def test_a_change_that_only_the_length_shows(hub: Hub, target: Path) -> None:
    known = hub.put(PATH, LARGE)
    published = hub.find(PATH)
    assert published is not None
    begun(Download(known, target), LARGE[:PART], etag=published.etag, size=len(LARGE) - 7)
    one = Download(known, target)
    got(one)
    assert_whole(one, LARGE)
    assert hub.sent() >= len(LARGE)


@pytest.mark.parametrize("seed", range(6))
def test_a_file_that_changes_again_and_again(hub: Hub, target: Path, seed: int) -> None:
    """What arrives is one of the versions: the last one requested."""
    chance = random.Random(seed)
    etag: Any
    etag, modified = chance.choice([("strong", True), ("strong", False), (None, True)])
    versions = [made(chance.randrange(300_000, 900_000), 100 * seed + n) for n in range(5)]
    one = Download(hub.put(PATH, versions[0], etag=etag, modified=modified), target)
    for version in versions[1:]:
        others = [Cut(chance.randrange(len(version)), chance.random() < 0.5) for _ in range(2)]
        hub.plan(PATH, *others, (Swap(version, etag, modified), Cut(chance.randrange(250_000))))
    got(one, replace(POLICY, attempts=20))
    assert target.read_bytes() in versions
    assert_whole(one, target.read_bytes())


def test_last_modified_in_place_of_an_etag(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, LARGE, etag=None), target)
    hub.plan(PATH, Cut(PART, reset=False))
    record = got(one)
    assert_whole(one, LARGE)
    assert record.etag is None
    assert hub.received()[1].header("If-Range") == record.last_modified
    assert hub.sent() == len(LARGE)


@pytest.mark.parametrize("etag", [None, "weak"])
def test_without_a_validator_nothing_is_resumed(hub: Hub, target: Path, etag: Any) -> None:
    one = Download(hub.put(PATH, LARGE, etag=etag, modified=False), target)
    hub.plan(PATH, Cut(PART))
    got(one)
    assert_whole(one, LARGE)
    _, second = hub.received()
    assert second.header("Range") is None
    assert second.sent == len(LARGE)


def test_without_a_validator_a_known_md5_will_do(hub: Hub, target: Path) -> None:
    url = hub.put(PATH, LARGE, etag=None, modified=False)
    one = Download(url, target, md5=hashlib.md5(LARGE).hexdigest())
    hub.plan(PATH, Cut(PART, reset=False))
    got(one)
    assert_whole(one, LARGE)
    _, second = hub.received()
    assert second.header("Range") == f"bytes={PART}-"
    assert second.header("If-Range") is None


# hubs that know less HTTP


def test_a_hub_without_ranges(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    hub.plan(PATH, (NoRange(), Cut(PART)), (NoRange(), Cut(2 * PART)), NoRange())
    recorded = Recorded()
    got(one, progress=recorded)
    assert_whole(one, LARGE)
    assert [done for done, _ in recorded.starts] == [0, 0, 0]


def test_a_hub_without_ranges_that_always_breaks_is_given_up(hub: Hub, target: Path) -> None:
    """Bytes that came before are no progress, also where fewer came in between."""
    one = Download(hub.put(PATH, LARGE), target)
    hub.plan(PATH, *[(NoRange(), Cut(after)) for after in (PART, 0) * 20])
    error = refused(one)
    assert "5 times in a row" in error.what
    assert len(hub.received()) < 12


def test_a_hub_that_sends_short_parts(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    hub.always(PATH, ShortRange(500_000))
    hub.plan(PATH, Cut(PART, reset=False))
    got(one)
    assert_whole(one, LARGE)
    assert hub.sent() == len(LARGE)


@pytest.mark.parametrize(
    "part", ["bytes 5-10/20", f"bytes 5-10/{len(LARGE)}", "bytes */20", "", "lines 1-2/3"]
)
def test_a_hub_that_sends_another_part(hub: Hub, target: Path, part: str) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    hub.plan(PATH, Cut(PART), Headers({"Content-Range": part or None}))
    recorded = Recorded()
    got(one, progress=recorded)
    assert_whole(one, LARGE)
    assert any("another part" in line for line in recorded.lines)


def test_a_part_that_nobody_asked_for(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, SMALL), target)
    part = {"Content-Range": f"bytes 0-{len(SMALL) - 1}/{len(SMALL)}"}
    fault = Status(206, body=SMALL[:1_000])
    hub.plan(PATH, fault, (fault, Headers(part)))
    got(one)
    assert_whole(one, SMALL)


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_no_length(hub: Hub, target: Path, framing: Any) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    hub.always(PATH, Unsized(framing))
    recorded = Recorded()
    got(one, progress=recorded)
    assert_whole(one, LARGE)
    assert recorded.starts == [(0, None)]
    assert len(hub.received()) == 1


@pytest.mark.parametrize("reset", [True, False])
@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_no_length_and_cut_short_once(hub: Hub, target: Path, framing: Any, reset: bool) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    hub.plan(PATH, (Unsized(framing), Cut(PART, reset)))
    got(one)
    assert_whole(one, LARGE)


@pytest.mark.parametrize("after", [0, 1_000, PART, len(LARGE) - 1])
def test_no_length_and_always_cut_short(hub: Hub, target: Path, after: int) -> None:
    """Only the gzip data show that it is incomplete."""
    one = Download(hub.put(PATH, LARGE), target)
    hub.always(PATH, Unsized("close"), Cut(after, reset=False))
    error = refused(one)
    assert isinstance(error, DownloadError)
    assert ("cut short" if after else "not gzip data") in error.what
    assert len(hub.received()) == 2
    assert not target.exists()


def test_chunks_that_end_early_are_noticed_in_any_file(hub: Hub, tmp_path: Path) -> None:
    """The cut is between two chunks, and nothing else shows that there are more."""
    one = Download(hub.put("/table.tsv", LARGE), tmp_path / "folder" / "table.tsv")
    hub.plan("/table.tsv", (Unsized("chunked"), Trickle(1 << 16, 0), Cut(1 << 17, reset=False)))
    got(one)
    assert_whole(one, LARGE)
    assert hub.sent() == len(LARGE)


def test_no_length_and_damaged(hub: Hub, target: Path) -> None:
    damaged = LARGE[:-6] + bytes([LARGE[-6] ^ 1]) + LARGE[-5:]
    one = Download(hub.put(PATH, damaged), target)
    hub.plan(PATH, Unsized("chunked"), (Swap(LARGE), Unsized("chunked")))
    got(one)
    assert_whole(one, LARGE)


@pytest.mark.parametrize(
    ("code", "absolute"), [(301, True), (302, False), (303, True), (307, False), (308, True)]
)
def test_a_file_that_is_elsewhere(hub: Hub, target: Path, code: int, absolute: bool) -> None:
    elsewhere = hub.put("/elsewhere.gz", LARGE)
    hub.always(PATH, Redirect(elsewhere if absolute else "/elsewhere.gz", code))
    hub.plan("/elsewhere.gz", Cut(PART, reset=False))
    one = Download(hub.url(PATH), target)
    assert got(one).url == one.url
    assert_whole(one, LARGE)
    assert hub.sent("/elsewhere.gz") == len(LARGE)
    assert hub.received("/elsewhere.gz")[1].header("Range") == f"bytes={PART}-"


def test_a_circle_of_redirects(hub: Hub, target: Path) -> None:
    hub.always(PATH, Redirect("/there"))
    hub.always("/there", Redirect(PATH))
    error = refused(Download(hub.url(PATH), target, by_hand="Look elsewhere"))
    assert isinstance(error, DownloadError)
    assert f"{hub.url(PATH)}: TooManyRedirects" in error.what
    assert error.remedy == "Look elsewhere"
    assert len(hub.received()) <= 31


def test_a_redirect_to_nowhere(hub: Hub, target: Path) -> None:
    hub.always(PATH, Redirect("gopher://127.0.0.1/1"))
    error = refused(Download(hub.url(PATH), target))
    assert "gopher" in error.what
    assert len(hub.received()) == 1


class Answering:
    """In place of requests.Session: answers with a file that came by way of some addresses."""

    def __init__(self, *urls: str) -> None:
        answers = []
        for url in urls:
            answer = requests.Response()
            answer.url, answer.status_code = url, 200
            answer.headers["Content-Length"] = str(len(SMALL))
            answer.raw = urllib3.HTTPResponse(io.BytesIO(SMALL), preload_content=False)
            answers.append(answer)
        *history, self.answer = answers
        self.answer.history = history

    def get(self, *_: Any, **__: Any) -> requests.Response:
        return self.answer


@pytest.mark.parametrize(
    ("hops", "refused_hop"),
    [
        (["https://hub/a"], None),
        (["https://hub/a", "https://cloud/a"], None),
        (["http://hub/a", "http://cloud/a"], None),
        (["http://hub/a", "https://cloud/a"], None),
        (["https://hub/a", "http://cloud/a"], "http://cloud/a"),
        (["https://hub/a", "http://cloud/a", "https://hub/b"], "http://cloud/a"),
    ],
)
def test_a_redirect_out_of_encryption(
    target: Path, hops: list[str], refused_hop: str | None
) -> None:
    answering: Any = Answering(*hops)
    transfers = Downloader(answering, False, POLICY, Progress(), threading.Event())
    one = Download(hops[0], target)
    if refused_hop is None:
        transfers.download(one)
        assert_whole(one, SMALL)
    else:
        with pytest.raises(DownloadError, match=f"sends us to {refused_hop}, which is not encr"):
            transfers.download(one)
        assert not target.exists()
        assert not bytes_received(target)


# what is there already


def test_a_second_call_asks_nothing(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    first = got(one)
    inode = target.stat().st_ino
    assert got(one) == first
    assert len(hub.requests) == 1
    assert target.stat().st_ino == inode


@pytest.mark.parametrize("etag", ["strong", "weak", None])
def test_a_check_of_what_is_unchanged(hub: Hub, target: Path, etag: Any) -> None:
    one = Download(hub.put(PATH, LARGE, etag=etag), target)
    first = got(one)
    inode = target.stat().st_ino
    assert got(one, check=True) == first
    request = hub.received()[1]
    if etag:
        assert request.header("If-None-Match") == first.etag
    else:
        assert request.header("If-Modified-Since") == first.last_modified
    assert request.status == 304
    assert target.stat().st_ino == inode
    assert_whole(one, LARGE)


def test_a_check_at_a_hub_that_knows_no_conditions(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    first = got(one)
    hub.always(PATH, NoCondition(), Trickle(1 << 12, 0.01))
    inode = target.stat().st_ino
    recorded = Recorded()
    assert got(one, check=True, progress=recorded) == first
    assert hub.received()[1].status == 200
    assert recorded.received == 0
    assert hub.received()[1].sent < PART  # the body is not waited for
    assert target.stat().st_ino == inode
    assert_whole(one, LARGE)


@pytest.mark.parametrize("etag", ["strong", "weak", None])
def test_a_check_of_what_has_changed(hub: Hub, target: Path, etag: Any) -> None:
    one = Download(hub.put(PATH, LARGE, etag=etag), target)
    first = got(one)
    hub.put(PATH, OTHER, etag=etag)
    assert got(one) == first
    assert target.read_bytes() == LARGE
    second = got(one, check=True)
    assert_whole(one, OTHER)
    assert second.etag != first.etag or etag is None
    assert second.last_modified != first.last_modified


def test_a_check_without_any_validator_downloads_anew(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, LARGE, etag=None, modified=False), target)
    got(one)
    hub.put(PATH, OTHER, etag=None, modified=False)
    got(one, check=True)
    assert_whole(one, OTHER)


@pytest.mark.parametrize("fault", [Status(500), Status(404), Drop(), Page(), Cut(PART)])
def test_a_check_that_fails_leaves_what_is_there(hub: Hub, target: Path, fault: Fault) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    first = got(one)
    hub.put(PATH, OTHER)
    hub.always(PATH, fault, NoRange())
    refused(one, check=True)
    assert target.read_bytes() == LARGE
    assert got(one) == first


def test_a_check_that_is_cut_goes_on(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    got(one)
    hub.put(PATH, OTHER)
    hub.plan(PATH, Cut(PART, reset=False), Drop())
    refused(one, replace(POLICY, attempts=1), check=True)
    assert target.read_bytes() == LARGE
    got(one, check=True)
    assert_whole(one, OTHER)
    assert hub.sent() == len(LARGE) + len(OTHER)


def damage_a_bit(target: Path) -> None:
    content = bytearray(target.read_bytes())
    content[PART] ^= 4
    target.write_bytes(content)


def cut_short(target: Path) -> None:
    os.truncate(target, PART)


def remove_the_sidecar(target: Path) -> None:
    sidecar_path(target).unlink()


def spoil_the_sidecar(text: str) -> Callable[[Path], None]:
    def spoil(target: Path) -> None:
        sidecar_path(target).write_text(text)

    return spoil


def change_the_sidecar(**other: Any) -> Callable[[Path], None]:
    def change(target: Path) -> None:
        record = json.loads(sidecar_path(target).read_text())
        sidecar_path(target).write_text(json.dumps(record | other))

    return change


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(
    "damage",
    [
        damage_a_bit,
        cut_short,
        Path.unlink,
        remove_the_sidecar,
        spoil_the_sidecar(""),
        spoil_the_sidecar("\0\0\0\0"),
        spoil_the_sidecar("null"),
        spoil_the_sidecar("[1, 2]"),
        spoil_the_sidecar('{"url": "x"}'),
        change_the_sidecar(size="1"),
        change_the_sidecar(etag=5),
        change_the_sidecar(sha256="0" * 64),
        change_the_sidecar(more=1),
    ],
)
def test_what_was_damaged_is_downloaded_anew(
    hub: Hub, target: Path, damage: Callable[[Path], None], check: bool
) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    first = got(one)
    damage(target)
    second = got(one, check=check)
    assert_whole(one, LARGE)
    assert replace(second, fetched_at=first.fetched_at) == first
    assert len(hub.received()) == 2
    assert hub.received()[1].status == 200


@pytest.mark.parametrize("replaced", [False, True])
def test_killed_between_the_two_renames(hub: Hub, target: Path, replaced: bool) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    got(one)
    old = sidecar_path(target).read_text()
    hub.put(PATH, OTHER)
    record = got(one, check=True)
    sidecar_path(target).rename(state_path(target))
    if replaced:
        sidecar_path(target).write_text(old)
    count = len(hub.requests)
    assert got(one) == record
    assert len(hub.requests) == count
    assert_whole(one, OTHER)


@pytest.mark.parametrize("sha256", ["", hashlib.sha256(LARGE).hexdigest()])
def test_killed_before_the_file_got_its_name(hub: Hub, target: Path, sha256: str) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    begun(one, LARGE, size=len(LARGE), etag='"x"', sha256=sha256)
    assert got(one).etag == '"x"'
    assert hub.requests == []
    assert_whole(one, LARGE)


def test_a_whole_file_that_is_damaged_gets_no_name(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, LARGE), target, md5=hashlib.md5(LARGE).hexdigest())
    begun(one, bytes(len(LARGE)), size=len(LARGE), etag='"x"')
    got(one)
    assert_whole(one, LARGE)
    assert len(hub.received()) == 1


@pytest.mark.parametrize("length", [PART, len(OTHER)])
def test_what_is_left_of_another_address_is_not_resumed(
    hub: Hub, target: Path, length: int
) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    begun(one, OTHER[:length], url="http://mirror/a.gz", etag='"x"', size=len(OTHER))
    got(one)
    assert_whole(one, LARGE)
    (request,) = hub.received()
    assert request.header("Range") is None


@pytest.mark.parametrize("more", [0, 1, PART])
def test_more_is_left_than_there_is(hub: Hub, target: Path, more: int) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    published = hub.find(PATH)
    assert published is not None
    begun(one, LARGE + bytes(more), etag=published.etag)
    got(one)
    assert_whole(one, LARGE)
    assert [request.status for request in hub.received()] == [416, 200]


@pytest.mark.parametrize("record", [None, "", "{", '{"url": 1}'])
def test_what_is_left_without_its_record_is_not_resumed(
    hub: Hub, target: Path, record: str | None
) -> None:
    one = Download(hub.put(PATH, LARGE), target, md5=hashlib.md5(LARGE).hexdigest())
    begun(one, OTHER[:PART])
    if record is None:
        state_path(target).unlink()
    else:
        state_path(target).write_text(record)
    got(one)
    assert_whole(one, LARGE)
    (request,) = hub.received()
    assert request.header("Range") is None


@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_half_written_has_the_name_of_the_target(
    hub: Hub, target: Path, replaced: bool
) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    if replaced:
        got(one)
    versions = {None, OTHER} | ({LARGE} if replaced else set())
    hub.put(PATH, OTHER)
    seen: list[bytes | None] = []

    def look(_: int = 0) -> None:
        seen.append(target.read_bytes() if target.exists() else None)

    over = threading.Event()

    def keep_looking() -> None:
        while not over.is_set():
            look()

    hub.plan(PATH, (Watch(look), Cut(PART)), Status(500), (Watch(look), Cut(PART)), Watch(look))
    watcher = threading.Thread(target=keep_looking)
    watcher.start()
    try:
        got(one, check=True)
    finally:
        over.set()
        watcher.join()
    assert_whole(one, OTHER)
    assert len(seen) > 30
    assert set(seen) <= versions
    assert None not in seen or not replaced


# several at once


def several(hub: Hub, folder: Path, count: int) -> list[Download]:
    return [
        Download(hub.put(f"/{number}.gz", made(60_000, number)), folder / f"{number}.gz")
        for number in range(count)
    ]


@pytest.mark.parametrize("jobs", [1, 3])
def test_no_more_connections_than_jobs(hub: Hub, tmp_path: Path, jobs: int) -> None:
    downloads = several(hub, tmp_path, 8)
    for number in range(8):
        hub.always(f"/{number}.gz", Trickle(1 << 13, 0.005))
    outcomes = list(download_all(downloads, jobs=jobs, policy=POLICY))
    assert all(isinstance(outcome, DownloadRecord) for _, outcome in outcomes)
    assert hub.most_at_once == jobs
    assert hub.most_connections == jobs  # each thread keeps its own
    order = [request.path for request in hub.received()]
    if jobs == 1:
        assert order == [f"/{number}.gz" for number in range(8)]
        assert [one for one, _ in outcomes] == downloads
    else:
        assert set(order[:jobs]) == {f"/{number}.gz" for number in range(jobs)}
    for number, one in enumerate(downloads):
        assert one.target.read_bytes() == made(60_000, number)


def test_what_arrives_first_comes_first(hub: Hub, tmp_path: Path) -> None:
    downloads = several(hub, tmp_path, 3)
    hub.plan("/0.gz", Slow(0.3))
    order = [one for one, _ in download_all(downloads, jobs=2, policy=POLICY)]
    assert order[-1] is downloads[0]


def test_a_file_that_fails_leaves_the_others_be(hub: Hub, tmp_path: Path) -> None:
    downloads = several(hub, tmp_path, 6)
    hub.always("/1.gz", Status(404))
    hub.always("/2.gz", Drop())
    hub.always("/3.gz", Page())
    (tmp_path / "4.gz").mkdir()
    outcomes = dict(download_all(downloads, jobs=2, policy=POLICY))
    for number in (0, 5):
        assert isinstance(outcomes[downloads[number]], DownloadRecord)
    for number in (1, 2, 3):
        assert isinstance(outcomes[downloads[number]], DownloadError)
    assert isinstance(outcomes[downloads[4]], StoreError)


def test_nothing_to_download() -> None:
    assert list(download_all([])) == []


def test_an_error_of_our_own_is_raised(hub: Hub, target: Path) -> None:
    class Broken(Progress):
        def start_part(self, name: str, done: int, total: int | None) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        get(Download(hub.put(PATH, SMALL), target), progress=Broken())


def test_who_looks_no_further_stops_the_rest(hub: Hub, tmp_path: Path) -> None:
    downloads = several(hub, tmp_path, 6)
    for number in range(1, 6):
        hub.always(f"/{number}.gz", Trickle(1 << 12, 0.1))
    going: Any = download_all(downloads, jobs=2, policy=POLICY)
    next(going)
    going.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("download-")]
    assert len(hub.received()) <= 3
    for number in range(1, 6):
        hub.always(f"/{number}.gz")
    assert all(
        isinstance(outcome, DownloadRecord) for _, outcome in download_all(downloads, policy=POLICY)
    )


def test_who_looks_no_further_ends_the_waiting(hub: Hub, tmp_path: Path) -> None:
    downloads = several(hub, tmp_path, 2)
    hub.always("/1.gz", Status(503, retry_after="4"))
    going: Any = download_all(downloads, jobs=2, policy=replace(POLICY, longest_wait=60))
    next(going)
    wait_until(lambda: hub.received("/1.gz"))
    going.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("download-")]


def test_the_same_file_twice_in_a_call(hub: Hub, target: Path) -> None:
    one = Download(hub.put(PATH, LARGE), target)
    outcomes = [outcome for _, outcome in download_all([one, one], jobs=2, policy=POLICY)]
    assert outcomes[0] == outcomes[1] == read_sidecar(target)
    assert len(hub.received()) == 1


# the disk


def test_what_does_not_fit_is_refused_before_it_is_received(
    hub: Hub, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Download(hub.put(PATH, HUGE), target)
    free = [70 * MB]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free[0]))
    recorded = Recorded()
    error = refused(one, progress=recorded)
    assert isinstance(error, DownloadError)
    assert "3 MB are to come and 70 MB are free" in error.what
    assert recorded.received == 0
    assert not bytes_received(target)
    assert not target.exists()
    assert len(hub.received()) == 1
    free[0] = 71 * MB
    got(one)
    assert_whole(one, HUGE)


def test_only_what_is_to_come_has_to_fit(
    hub: Hub, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Download(hub.put(PATH, HUGE), target)
    published = hub.find(PATH)
    assert published is not None
    begun(one, HUGE[: 2 * MB], etag=published.etag, size=len(HUGE))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=69 * MB))
    got(one)
    assert_whole(one, HUGE)


CHILD = """
import resource, signal, sys
from pathlib import Path
from tcga_corr.fetching.download import download_all
from tcga_corr.fetching.hub_requests import RetryPolicy
from tcga_corr.fetching.request import Download

signal.signal(signal.SIGINT, signal.default_int_handler)
most = int(sys.argv[1])
if most:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
downloads = [Download(*pair.split("\\t")[:1], Path(pair.split("\\t")[1])) for pair in sys.argv[2:]]
try:
    for _, outcome in download_all(downloads, policy=RetryPolicy(first_wait=0.01, stall=20)):
        print(type(outcome).__name__, outcome, flush=True)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.fixture
def child() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a process that downloads."""
    started = []

    def start(*downloads: Download, most: int = 0) -> subprocess.Popen[str]:
        pairs = [f"{one.url}\t{one.target}" for one in downloads]
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(most), *pairs],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def wait_until_asked(hub: Hub, count: int) -> None:
    wait_until(lambda: len(hub.received()) >= count)


Child = Callable[..., subprocess.Popen[str]]


def test_a_disk_that_is_full_half_way(hub: Hub, target: Path, child: Child) -> None:
    one = Download(hub.put(PATH, HUGE), target)
    stdout, stderr = child(one, most=MB).communicate(timeout=30)
    assert stdout.startswith("StoreError ")
    assert "cannot be written (File too large). Free some space" in stdout
    assert stderr == ""
    assert bytes_received(target) == MB
    assert not target.exists()
    assert len(hub.received()) == 1
    got(one)
    assert_whole(one, HUGE)
    assert hub.received()[1].header("Range") == f"bytes={MB}-"


# kills, interrupts and other processes


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_killed_at_any_moment(hub: Hub, target: Path, child: Child, seed: int) -> None:
    one = Download(hub.put(PATH, HUGE), target)
    hub.always(PATH, Trickle(1 << 14, 0.006))
    chance = random.Random(seed)
    for kill in range(1, 4):
        process = child(one)
        wait_until_asked(hub, kill)
        time.sleep(0.25 * chance.random())
        process.kill()
        _, stderr = process.communicate(timeout=30)
        assert stderr == ""
        assert not target.exists()
        received = partial_path(target).read_bytes() if bytes_received(target) else b""
        assert HUGE.startswith(received)
    hub.always(PATH)
    before = bytes_received(target) or 0
    assert before > 0
    got(one)
    assert_whole(one, HUGE)
    assert hub.received()[-1].header("Range") == f"bytes={before}-"
    assert hub.received()[-1].sent == len(HUGE) - before


KILLED_AT_A_STEP = (
    DIE_BEFORE
    + """
from pathlib import Path
import requests, tenacity, filelock
from tcga_corr import __version__
from tcga_corr.fetching.download import download_all
from tcga_corr.fetching.hub_requests import RetryPolicy
from tcga_corr.fetching.sidecar import DownloadRecord
from tcga_corr.fetching.request import Download

# Fork, download, and be killed just before the n-th step that changes the folder.
STEPS = ("open", "os.rename", "os.remove", "os.mkdir", "os.truncate")
for line in sys.stdin:
    step, url, target, check = line.rstrip("\\n").split("\\t")
    folder = str(Path(target).parent)
    child = os.fork()
    if child == 0:
        die_before(int(step), folder, STEPS)
        policy = RetryPolicy(first_wait=0.01, stall=20)
        one = Download(url, Path(target))
        ((_, outcome),) = download_all([one], check=check == "True", policy=policy)
        os._exit(0 if isinstance(outcome, DownloadRecord) else 1)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""
)


@pytest.fixture
def stepper(hub: Hub) -> Iterator[subprocess.Popen[str]]:
    """A process that downloads in child processes, which saves them the start-up."""
    with script_process(KILLED_AT_A_STEP) as process:
        yield process


@pytest.mark.slow
@pytest.mark.parametrize("case", ["new", "resumed", "replaced", "half of another version"])
def test_killed_before_each_of_its_steps(
    hub: Hub, tmp_path: Path, stepper: subprocess.Popen[str], case: str
) -> None:
    """The target is the old file or the new one, and the next call makes it the new one."""
    assert stepper.stdin is not None
    assert stepper.stdout is not None
    old, new = made(80_000, 8), made(70_000, 9)
    step = 0
    code = -signal.SIGKILL
    while code != 0:
        assert step < 60
        target = tmp_path / str(step) / "HiSeqV2.gz"
        one = Download(hub.put(PATH, old), target)
        published = hub.find(PATH)
        assert published is not None
        if case == "replaced":
            got(one)
        elif case == "half of another version":
            begun(one, old[:40_000], etag=published.etag, size=len(old))
        hub.put(PATH, new)
        published = hub.find(PATH)
        assert published is not None
        if case == "resumed":
            begun(one, new[:40_000], etag=published.etag, size=len(new))
        check = case == "replaced"
        print(step, one.url, target, check, sep="\t", file=stepper.stdin, flush=True)
        code = int(stepper.stdout.readline())
        assert code in (-signal.SIGKILL, 0)
        received = partial_path(target).read_bytes() if bytes_received(target) else b""
        if target.exists() and target.read_bytes() == new:
            received = new
        if target.exists():
            assert target.read_bytes() in ([old, new] if case == "replaced" else [new])
        else:
            assert case != "replaced"
            assert code != 0
        count = len(hub.received())
        got(one, check=check)
        assert target.read_bytes() == new
        if new.startswith(received):  # nothing comes twice
            sent = sum(request.sent for request in hub.received()[count:])
            assert sent <= len(new) - len(received)
        record = read_sidecar(target)
        assert record is not None
        assert record.etag == published.etag
        assert record.sha256 == hashlib.sha256(new).hexdigest()
        step += 1
    assert step > 8


def test_an_interrupt_ends_stalled_downloads(hub: Hub, tmp_path: Path, child: Child) -> None:
    """In about a second, whatever the number of connections; what is here is kept."""
    downloads = [
        Download(hub.put(f"/{number}.gz", HUGE), tmp_path / f"{number}.gz") for number in range(3)
    ]
    hub.plan("/0.gz", Stall(MB))
    hub.plan("/1.gz", Stall(MB))
    hub.plan("/2.gz", Slow(4))
    process = child(*downloads)
    near = MB - LOST
    wait_until(lambda: all((bytes_received(downloads[n].target) or 0) >= near for n in (0, 1)))
    wait_until_asked(hub, 3)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)
    assert time.monotonic() - start < 2.9
    assert process.returncode == 130
    assert said == ("", "")
    kept = [bytes_received(one.target) or 0 for one in downloads]
    for one, outcome in download_all(downloads, policy=POLICY):
        assert isinstance(outcome, DownloadRecord)
        assert one.target.read_bytes() == HUGE
    for number in (0, 1):
        assert hub.received(f"/{number}.gz")[-1].header("Range") == f"bytes={kept[number]}-"


def test_an_interrupt_while_waiting_for_the_next_attempt(
    hub: Hub, target: Path, child: Child
) -> None:
    one = Download(hub.put(PATH, HUGE), target)
    hub.always(PATH, Status(503, retry_after="60"))
    process = child(one)
    wait_until_asked(hub, 1)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    assert process.communicate(timeout=30) == ("", "")
    assert time.monotonic() - start < 2
    assert process.returncode == 130


def test_two_processes_and_one_file(hub: Hub, target: Path, child: Child) -> None:
    one = Download(hub.put(PATH, HUGE), target)
    hub.always(PATH, Trickle(1 << 15, 0.015))
    process = child(one)
    wait_until(lambda: bytes_received(target))
    recorded = Recorded()
    record = got(one, progress=recorded)
    stdout, stderr = process.communicate(timeout=30)
    assert stdout == f"DownloadRecord {record}\n"
    assert stderr == ""
    assert_whole(one, HUGE)
    assert len(hub.received()) == 1
    assert recorded.lines == ["note: HiSeqV2.gz: another process downloads it: waiting"]


def test_a_killed_process_locks_nobody_out(hub: Hub, target: Path, child: Child) -> None:
    one = Download(hub.put(PATH, HUGE), target)
    hub.plan(PATH, Stall(MB))
    process = child(one)
    wait_until(lambda: (bytes_received(target) or 0) > MB // 2)
    killer = threading.Timer(0.7, process.kill)
    killer.start()
    recorded = Recorded()
    got(one, progress=recorded)
    killer.join()
    assert_whole(one, HUGE)
    assert recorded.lines == ["note: HiSeqV2.gz: another process downloads it: waiting"]
    assert hub.received()[1].header("Range") is not None


# any line, any hub


@pytest.mark.parametrize("seed", range(25))
def test_whatever_goes_wrong_the_file_is_whole_in_the_end(
    hub: Hub, target: Path, seed: int
) -> None:
    chance = random.Random(seed)
    content = made(chance.randrange(1, 600_000), seed)
    etag: Any
    etag, modified = chance.choice(
        [("strong", True), ("weak", True), (None, True), (None, False), ("weak", False)]
    )
    known: dict[str, Any] = {}
    if chance.random() < 0.3:
        known["md5"] = hashlib.md5(content).hexdigest()
    if chance.random() < 0.3:
        known["size"] = len(content)
    one = Download(hub.put(PATH, content, etag=etag, modified=modified), target, **known)

    def where() -> int:
        return chance.randrange(len(content) + 1)

    faults: list[Callable[[], Plan]] = [
        lambda: Cut(where()),
        lambda: Cut(where(), reset=False),
        lambda: (NoRange(), Cut(where())),
        lambda: (Unsized("chunked"), Cut(where(), reset=chance.random() < 0.5)),
        lambda: Unsized("chunked"),
        lambda: ShortRange(1 + where()),
        lambda: (ShortRange(1 + where()), Cut(where())),
        lambda: Status(chance.choice([500, 502, 503, 504, 429, 408])),
        lambda: Drop(chance.random() < 0.5),
        lambda: NoRange(),
        lambda: NoIfRange(),
        lambda: Redirect(PATH),
        lambda: WrongLength(chance.randrange(1, 1000)),
    ]
    hub.plan(PATH, *(chance.choice(faults)() for _ in range(chance.randrange(1, 12))))
    calls = 0
    while not isinstance(outcome := get(one, replace(POLICY, attempts=4)), DownloadRecord):
        assert isinstance(outcome, DownloadError)
        assert not target.exists()
        calls += 1
        assert calls < 10
    assert_whole(one, content)
    count = len(hub.requests)
    got(one)
    assert len(hub.requests) == count


# questions that bring no file


def test_sizes(hub: Hub, tmp_path: Path) -> None:
    paths = ["/plain", "/refused", "/moved", "/gone", "/unsized", "/slow", "/dropped", "/circle"]
    downloads = [Download(hub.put(path, SMALL), tmp_path / path[1:]) for path in paths]
    downloads.append(Download(hub.url("/known"), tmp_path / "known", size=7))
    downloads.append(Download("http://[nonsense", tmp_path / "nonsense"))
    hub.always("/refused", Status(405), method="HEAD")
    hub.always("/moved", Redirect("/plain"), method="HEAD")
    hub.always("/gone", Status(404, body=b"four"), method="HEAD")
    hub.always("/unsized", Unsized("chunked"), method="HEAD")
    hub.always("/slow", Slow(5), method="HEAD")
    hub.always("/dropped", Drop(), method="HEAD")
    hub.always("/circle", Redirect("/circle"), method="HEAD")
    found = download_sizes(downloads, policy=replace(POLICY, stall=0.6))
    assert found == {
        hub.url("/plain"): len(SMALL),
        hub.url("/moved"): len(SMALL),
        hub.url("/known"): 7,
    }
    assert hub.received() == []
    assert hub.received("/known", "HEAD") == []
    assert len(hub.received("/plain", "HEAD")) == 2


def test_sizes_of_nothing() -> None:
    assert download_sizes([]) == {}


def question(project: str) -> dict[str, Any]:
    content = {"field": "cases.project.project_id", "value": [project]}
    return {"filters": {"op": "in", "content": content}, "fields": "file_id", "size": 5}


@pytest.fixture
def files(hub: Hub) -> str:
    """The address of a files endpoint with three files of two projects."""
    gdc = GdcApi(hub)
    for file_id, project in (("a", "TCGA-ACC"), ("b", "TCGA-UCS"), ("c", "TCGA-ACC")):
        gdc.add(file_id, SMALL, project)
    return hub.url(gdc.FILES)


def test_a_question_is_asked_until_it_is_answered(hub: Hub, files: str) -> None:
    hub.plan(
        GdcApi.FILES,
        *(Status(500), Page(), Drop(), Cut(10), (Unsized("chunked"), Cut(10))),
        method="POST",
    )
    answer = post_json(files, question("TCGA-ACC"), replace(POLICY, attempts=6))
    assert answer["data"]["hits"] == [{"id": name, "file_id": name} for name in ("a", "c")]
    assert answer["data"]["pagination"]["total"] == 2
    received = hub.received(GdcApi.FILES, "POST")
    assert len(received) == 6
    assert all(json.loads(request.body) == question("TCGA-ACC") for request in received)
    assert (received[0].header("User-Agent") or "").startswith("tcga-corr/")


@pytest.mark.parametrize(
    ("fault", "said"), [(Status(503), "HTTP 503"), (Page(), "its answer is not JSON")]
)
def test_a_question_that_is_never_answered(hub: Hub, files: str, fault: Fault, said: str) -> None:
    hub.always(GdcApi.FILES, fault, method="POST")
    with pytest.raises(DownloadError, match=said) as raised:
        post_json(files, question("TCGA-ACC"), POLICY)
    assert "5 times in a row" in raised.value.what
    assert files in raised.value.what
    assert len(hub.received(method="POST")) == 5


def test_a_question_that_stalls(hub: Hub, files: str) -> None:
    hub.plan(GdcApi.FILES, Slow(0.5), Stall(10), method="POST")
    answer = post_json(files, question("TCGA-UCS"), replace(POLICY, stall=0.2))
    assert answer["data"]["hits"] == [{"id": "b", "file_id": "b"}]
    assert len(hub.received(method="POST")) == 3


@pytest.mark.parametrize("code", [400, 404, 451])
def test_a_question_that_is_refused(hub: Hub, files: str, code: int) -> None:
    hub.always(GdcApi.FILES, Status(code), method="POST")
    with pytest.raises(DownloadError, match=f"HTTP {code}"):
        post_json(files, question("TCGA-ACC"), POLICY)
    assert len(hub.received(method="POST")) == 1


def test_a_question_to_no_address() -> None:
    start = time.monotonic()
    with pytest.raises(DownloadError, match="nonsense"):
        post_json("http://[nonsense/files", {}, replace(POLICY, first_wait=5, longest_wait=5))
    assert time.monotonic() - start < 4
