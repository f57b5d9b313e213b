"""Who may ask the live page's server, what it tells browsers, hostile names, and the command."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tcga_corr.cli import main, serve
from tcga_corr.engine import Engine
from tcga_corr.errors import UsageError
from tcga_corr.page.render import live_page
from tcga_corr.serve import server
from tcga_corr.serve.access import AccessRules, check_token, is_loopback, policy_of
from tcga_corr.serve.app import LivePage, Settings
from tests.conftest import snapshot
from tests.serve.live import GENES, PAGE, Visitor, make_store, visitor

TOKEN = "a-token.of_some~letters"
LINK = re.compile(r"http://\S+")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Read only: shared by the tests of this module."""
    return make_store(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def one(engine: Engine) -> Iterator[Visitor]:
    with visitor(engine) as someone:
        yield someone


@pytest.fixture
def stranger(engine: Engine) -> Iterator[Visitor]:
    """Asks a server that wants a token."""
    with visitor(engine, Settings(AccessRules(None, TOKEN))) as someone:
        yield someone


# --- headers


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def test_every_response_tells_browsers_to_be_careful(one: Visitor) -> None:
    statuses = set()
    for method, path in (
        ("GET", "/"),
        ("GET", "/api/v1/store"),
        ("GET", "/api/v1/pair?x=RELA&y=nfkb"),
        ("GET", "/api/v1/pair"),
        ("GET", f"/api/v1/pair?x={'x' * 500}"),
        ("GET", f"/api/v1/pair?x={'x' * 9000}"),
        ("GET", "/nothing"),
        ("POST", "/api/v1/pair"),
    ):
        response = one.run(one.client.request(method, path))
        statuses.add(response.status_code)
        headers = response.headers
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert not [name for name in headers if name.startswith("access-control")]
        is_kept = path.startswith("/api") and response.status_code == 200
        assert headers["cache-control"] == ("private, max-age=5" if is_kept else "no-store")
    assert statuses == {200, 400, 404, 405, 414}


def test_the_policy_is_that_of_the_page() -> None:
    page = live_page()
    policy = policy_of(page)
    *data, vega, script = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
    assert len(data) == 1
    assert f"script-src {_hash(vega)} {_hash(script)}; connect-src 'self';" in policy
    assert policy.endswith("; frame-ancestors 'none'")
    assert "unsafe-eval" not in policy
    assert "default-src 'none'" in policy_of("<p>no policy")


# --- where a request comes from


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:1", "LOCALHOST:8765", "127.0.0.1", "127.0.0.1:99", "[::1]:8765"],
)
def test_hosts_of_this_machine(one: Visitor, host: str) -> None:
    assert one.get("/api/v1/store", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8765", "localhost.evil.example", "127.0.0.1.evil.example"),
        *("", "localhost:", "localhost:x", "localhost:8765:1", "localhost/", "user@localhost"),
        *("::1", "[::1", "127.0.0.2", "0.0.0.0", "localhost.", "localhost localhost"),
    ],
)
def test_other_hosts_are_refused(one: Visitor, host: str) -> None:
    for path in ("/", "/api/v1/store", "/nothing"):
        response = one.get(path, headers={"Host": host})
        assert response.status_code == 421
        assert list(response.json()) == ["error"]


def test_two_hosts_are_refused(one: Visitor) -> None:
    headers = [("Host", "localhost"), ("Host", "evil.example")]
    assert one.get("/", headers=headers).status_code == 421


def test_pages_of_other_sites_have_nothing_computed(one: Visitor) -> None:
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200)):
        response = one.get("/api/v1/store", headers={"Sec-Fetch-Site": site})
        assert response.status_code == status, site
    assert one.get("/?x=RELA", headers={"Sec-Fetch-Site": "cross-site"}).text == PAGE


# --- the token


@pytest.mark.parametrize("path", ["/", "/api/v1/store", "/api/v1/pair?x=RELA&y=nfkb", "/nothing"])
def test_nothing_without_the_token(stranger: Visitor, path: str) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer ä".encode()},
        {"Cookie": f"tcga_corr={TOKEN}"},
        {"Cookie": "=;;;\x7f"},
    ):
        response = stranger.get(path, headers=headers)
        assert response.status_code == 401
        assert "token" in response.json()["error"]
        assert response.headers["cache-control"] == "no-store"
        assert TOKEN not in response.text
    for wrong in ("wrong", "", TOKEN[:-1], TOKEN.upper(), "%F0%9F%A6%80"):
        assert stranger.get(f"/?token={wrong}").status_code == 401
    assert stranger.get(f"/api/v1/store?token={TOKEN}").status_code == 401


def test_the_link_gives_a_cookie_and_forgets_the_token(stranger: Visitor) -> None:
    response = stranger.get(f"/?x=R%26B&token={TOKEN}&y=a+b")
    assert response.status_code == 303
    assert response.headers["location"] == "/?x=R%26B&y=a+b"
    [cookie] = response.headers.get_list("set-cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie  # so that a link on another site opens the page
    assert "Path=/" in cookie
    assert TOKEN not in cookie
    assert TOKEN not in response.text
    assert stranger.get("/").text == PAGE
    answer = stranger.ask("pair", x="RELA", y="nfkb")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert stranger.get(f"/?token={TOKEN}").headers["location"] == "/"
    stranger.client.cookies.clear()
    assert stranger.ask("store").status_code == 401
    name, _, value = cookie.partition(";")[0].partition("=")
    assert stranger.get("/", headers={"Cookie": f"other=1; {name}={value[:-1]}"}).status_code == 401
    for others in ("other=1; ", 'odd[]="{\x80; =; ; ', 'a=\\"' + "\\" * 3000 + ";"):
        response = stranger.get(
            "/", headers={"Cookie": f"{others}{name}={value}".encode("latin-1")}
        )
        assert response.status_code == 200, others


def test_a_program_brings_the_token_itself(stranger: Visitor) -> None:
    for bearer in (f"Bearer {TOKEN}", f"bearer  {TOKEN}"):
        response = stranger.get("/api/v1/store", headers={"Authorization": bearer})
        assert response.status_code == 200
    assert stranger.get("/api/v1/store", headers={"Host": "any.example"}).status_code == 401


def test_long_headers_are_refused_at_once(stranger: Visitor) -> None:
    began = time.perf_counter()
    for headers in ({"Cookie": "a=b; " * 12_000}, {"X": "x" * 8_192}):
        assert stranger.get("/", headers=headers).status_code == 431
    assert stranger.get("/", headers={"Cookie": "a=\\" * 2_000}).status_code == 401
    assert time.perf_counter() - began < 0.5


def test_a_token_on_this_machine_does_not_open_it_to_other_hosts(engine: Engine) -> None:
    with visitor(engine, Settings(AccessRules(token=TOKEN))) as one:
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert one.get("/api/v1/store", headers=bearer).status_code == 200
        assert one.get("/api/v1/store", headers={**bearer, "Host": "evil"}).status_code == 421


@pytest.mark.parametrize("token", ["sh0rt", "a" * 15, "a" * 201, "sixteen letters!", "ä" * 20, ""])
def test_a_poor_token_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_token(token)
    assert not token or token not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "is_near"),
    [
        *(("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True)),
        *(("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("localhost.x", False)),
    ],
)
def test_which_addresses_are_this_machine(host: str, is_near: bool) -> None:
    assert is_loopback(host) is is_near


# --- hostile names

_opened: list[str] | None = None


def _note(event: str, given: tuple[Any, ...]) -> None:
    if _opened is not None and event in ("open", "os.listdir", "os.scandir", "glob.glob"):
        _opened.append(str(given[0]))


@contextmanager
def _files_opened() -> Iterator[list[str]]:
    global _opened
    if not hasattr(sys, "_tests_note_files"):
        sys.addaudithook(_note)
        sys._tests_note_files = True  # type: ignore[attr-defined]
    _opened = []
    try:
        yield _opened
    finally:
        _opened = None


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "../../x",
    "/etc/passwd",
    "/etc/passwd.gmt:X",
    "file:///etc/passwd",
    "evil.gmt",
    "evil.gmt:EVIL",
    "EVIL.GMT:EVIL",
    "./evil.gmt:EVIL",
    "set:evil.gmt:EVIL",
    "gene:evil.gmt:EVIL",
    "covariate:evil.gmt",
    "covariate:evil.gmt:EVIL",
    "covariate:../clinic.age",
    "evil.gmt:EVIL\n",
    "x\nevil.gmt:EVIL",
    "hallmark",
    "HALLMARK",
    "reference",
    "set:hallmark",
    "gene:",
    "set:",
    ":",
    "covariate:",
    "gene:gene:RELA",
    "'; DROP TABLE expression; --",
    "RELA\x00",
    "\x1b[31mRELA",
    "\u202eALER",
    "{{7*7}}",
    "%2e%2e%2f",
    "nul",
    "\ud7ff\U0010ffff",
    "É" * 200,
    "a" * 400,
]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_hostile_name_is_an_unknown_one(
    one: Visitor, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    genes = "\t".join(GENES[:10])
    for path in ("evil.gmt", "EVIL.GMT", "hallmark", "covariate:evil.gmt"):
        (tmp_path / path).write_text(f"EVIL\t\t{genes}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    one.told("pair", x="RELA", y="age")
    one.told("names", q="")
    given = {"x": "RELA", "y": "GPX4", "type": "LIHC"}
    with _files_opened() as opened:
        for place in ("x", "y", "adjust"):
            for what, options in (("pair", ("x", "y")), ("scatter", ("x", "y", "type"))):
                told = one.refused(what, **{part: given[part] for part in options} | {place: name})
                assert "unknown gene" in told or "unknown covariate" in told
        one.told("names", q=name)
        for place in ("method", "samples", "source", "null"):
            one.refused("pair", **{"x": "RELA", "y": "GPX4", place: name})
        one.refused("scatter", x="RELA", y="GPX4", type=name)
        one.refused("names", q="a", source=name)
        assert one.get(f"/{name!a}").status_code == 404
    assert not [path for path in opened if "evil" in path.casefold() or str(tmp_path) in path]
    assert all(str(tmp_path.parent) not in path or "cache" in path for path in opened)
    assert not [path for path in opened if "passwd" in path or path == name]


def test_a_very_long_name_is_refused(one: Visitor) -> None:
    assert one.get("/api/v1/pair", params={"x": "a" * 10_000, "y": "RELA"}).status_code == 414
    assert one.get("/api/v1/names", params={"q": "\u202e" * 5_000}).status_code == 414


def test_nothing_is_written_by_questions(engine: Engine, one: Visitor) -> None:
    before = snapshot(engine.store.root)
    one.told("store")
    one.told("pair", x="ferroptosis", y="RELA_score", method="kendall")
    one.told("scatter", x="ferroptosis", y="RELA_score", type="ACC")
    assert snapshot(engine.store.root) == before


# --- the command

Served = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture
def served(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Served:
    """Run the command up to where it would answer: exit code, standard error, links."""
    links: list[str] = []

    def run(page: LivePage, listener: socket.socket, link: str, open_browser: bool) -> None:
        listener.close()
        page.answers.close()
        links.append(link)

    def serve_with(*options: str) -> tuple[int, str, list[str]]:
        monkeypatch.setattr(serve, "_run", run)
        code = main.run(["--cache", str(engine.store.root), "serve", "--port", "0", *options])
        return code, capfd.readouterr().err, links

    return serve_with


def test_a_token_is_needed_off_this_machine(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, links = served()
    assert code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", links.pop())
    served("--host", "0.0.0.0")
    served("--host", "0.0.0.0")
    first, second = (re.fullmatch(r"http://(.+):\d+/\?token=(.+)", link) for link in links)
    assert first
    assert second
    assert first[1] == socket.gethostname()
    assert first[2] != second[2]
    check_token(first[2])
    monkeypatch.setenv("TCGA_CORR_TOKEN", TOKEN)
    assert served()[2][-1].endswith(f"/?token={TOKEN}")


def test_what_the_command_cannot_do_gets_one_line(served: Served, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said, _ = served("--port", str(taken.getsockname()[1]))
        assert code == 2
        assert "cannot listen on port" in said
    for options, told in (
        (("--token", "x"), "the token is too short"),
        (("--host", "192.0.2.1"), "cannot listen"),
        (("--sets", str(tmp_path / "none.gmt")), "no gene set file"),
        (("--port", "70000"), "--port"),
    ):
        code, said, links = served(*options)
        assert code in (2, 3)
        assert told in said
        assert len(said.splitlines()) == 1
        assert not links


def test_an_empty_store_is_not_served(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--cache", str(tmp_path / "none"), "serve"]) == 3
    assert "no expression table in the store" in capfd.readouterr().err


def test_without_the_extra_one_line_says_what_to_install(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    code, said, _ = served()
    assert code == 2
    assert "pip install 'tcga-corr[serve]'" in said
    assert len(said.splitlines()) == 1


def test_help_does_not_import_the_extra() -> None:
    code = (
        "import sys\n"
        "from tcga_corr.cli.main import run\n"
        "run(['--help']); run(['serve', '--help'])\n"
        "assert not {'starlette', 'uvicorn', 'numpy', 'asyncio'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


# --- a process


@contextmanager
def process(
    engine: Engine, *options: str, browser: str = ""
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command as a process, and its link."""
    command = [sys.executable, "-W", "error", "-m", "tcga_corr"]
    command += ["--cache", str(engine.store.root), "serve", "--port", "0", *options]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "BROWSER": browser},
    ) as running:
        assert running.stderr is not None
        try:
            first = running.stderr.readline()
            link = LINK.search(first)
            assert link, first + running.stderr.read()
            yield running, link[0]
        finally:
            running.kill()


@pytest.mark.slow
def test_a_real_server_answers_and_stops(engine: Engine) -> None:
    with process(engine) as (running, link):
        page = httpx.get(link)
        assert page.text == live_page()
        assert "server" not in page.headers
        answer = httpx.get(f"{link}api/v1/pair?x=RELA&y=nfkb")
        assert answer.json()["pairs"][0]["x"] == "RELA"
        assert answer.http_version == "HTTP/1.1"
        assert httpx.get(link, headers={"Host": "evil.example"}).status_code == 421
        assert httpx.get(f"{link}api/v1/pair?x=/etc/x.gmt:X&y=nfkb").status_code == 400
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=10)
    assert (running.returncode, out, err) == (0, "", "stopped\n")


@pytest.mark.slow
def test_a_real_server_stops_while_it_computes(engine: Engine, tmp_path: Path) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.part\nmv {opened}.part {opened}\n')
    browser.chmod(0o755)
    options = ("--token", TOKEN, "--open")
    with process(engine, *options, browser=f"{browser} %s") as (running, link):
        assert link.endswith(f"/?token={TOKEN}")
        with httpx.Client(follow_redirects=True) as client:
            assert client.get(link).status_code == 200
            place = link.partition("?")[0]
            asking = threading.Thread(target=_left, args=(client, f"{place}api/v1/pair"))
            asking.start()
            time.sleep(0.3)
            running.send_signal(signal.SIGTERM)
            out, err = running.communicate(timeout=20)
            asking.join()
    assert opened.read_text(encoding="utf-8") == f"{link}\n"
    assert (running.returncode, out, err) == (0, "", "stopped\n")


def _left(client: httpx.Client, address: str) -> None:
    asked = {"x": "ferroptosis", "y": "nfkb", "method": "kendall", "null": "genes,sets"}
    with suppress(httpx.HTTPError):  # the server may leave before it has answered
        client.get(address, params=asked, timeout=20)


def test_accepted_connections_do_not_wait_for_more_to_send() -> None:
    async def delay_is_off() -> int:
        accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def told(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            its = writer.get_extra_info("socket")
            accepted.set_result(its.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = serve._listening("127.0.0.1", 0)
        async with await asyncio.start_server(told, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            found = await accepted
            writer.close()
            return found

    assert asyncio.run(delay_is_off())


@pytest.mark.slow
def test_silent_connections_keep_nobody_out(engine: Engine) -> None:
    with process(engine) as (running, link), ExitStack() as opened:
        place = httpx.URL(link)
        idle = [
            opened.enter_context(socket.create_connection((place.host, place.port or 0), 5))
            for _ in range(300)
        ]
        began = time.perf_counter()
        for one in idle:  # some begin to ask, and never end
            with suppress(OSError):
                one.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert httpx.get(f"{link}api/v1/pair?x=RELA&y=nfkb").status_code == 200
        time.sleep(max(0.0, server._TO_ASK + 1 - (time.perf_counter() - began)))
        for one in idle:
            with suppress(ConnectionError):
                assert one.recv(1) == b""
        assert httpx.get(link).status_code == 200
        running.send_signal(signal.SIGINT)
        assert running.communicate(timeout=10)[1] == "stopped\n"


@pytest.mark.slow
def test_too_many_connections_that_ask_are_told_so(engine: Engine) -> None:
    with process(engine) as (_, link), ExitStack() as opened:
        place = httpx.URL(link)
        told = []
        for _ in range(server._CONNECTIONS + 5):
            one = opened.enter_context(socket.create_connection((place.host, place.port or 0), 5))
            one.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
            told.append(one.recv(12)[-3:])
        assert told == [b"404"] * server._CONNECTIONS + [b"503"] * 5
