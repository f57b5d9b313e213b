"""``tcga-corr serve``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tcga_corr.cli.settings import Settings
from tcga_corr.errors import UsageError

if TYPE_CHECKING:
    import socket

    from tcga_corr.serve.app import LivePage

_SWITCH_INTERVAL = 0.001  # seconds, from a thread that computes to the one that answers


def serve(
    context: typer.Context,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 for any that is free.")
    ] = 8765,
    token: Annotated[
        str,
        typer.Option(
            "--token",
            metavar="TEXT",
            envvar="TCGA_CORR_TOKEN",
            show_envvar=True,
            help="What a visitor must bring. Default: none on this machine, else a random one.",
        ),
    ] = "",
    sets: Annotated[
        list[Path] | None,
        typer.Option(
            "--sets",
            metavar="FILE.gmt",
            help="Gene sets that visitors may name; several by repeating.",
        ),
    ] = None,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
) -> None:
    """Serve a live page: ask how genes and pathways vary together in each tumor type.

    It prints the link to open. Until stopped with Ctrl-C, it answers questions over the store: two
    things, one against many, or tumour against normal. The page shows r at once; a button compares
    it with random genes and other pathways, which takes seconds and can be cancelled. Programs ask
    through the same API, which /api/v1/openapi.json describes. Visitors change nothing in the store
    but its caches:
    an index that is missing is made, as by any question. It listens on this machine alone; with
    another --host, visitors need the token of the link, and whoever can read the network's traffic
    can read that too: there, rather tunnel with `ssh -L 8765:127.0.0.1:8765`. Needs `pip install
    'tcga-corr[serve]'`.
    """
    _require_extra()
    from tcga_corr.page.render import live_page
    from tcga_corr.serve import app
    from tcga_corr.serve.access import LOOPBACK, AccessRules, check_token, is_loopback
    from tcga_corr.vocabulary.gene_sets.gmt import read_gmt

    settings: Settings = context.obj
    engine = settings.engine()
    engine.store.require_keys()
    is_near = is_loopback(host)
    if token:
        check_token(token)
    elif not is_near:
        from secrets import token_urlsafe

        token = token_urlsafe()
    rules = AccessRules(LOOPBACK | {_bracketed(host)} if is_near else None, token)
    own = [gene_set for path in sets or [] for gene_set in read_gmt(path).values()]
    settings.notes(note for one in own for note in one.notes)
    page = app.LivePage(engine.store, app.Settings(rules, own), live_page())
    listener = _listening(host, port)
    page.warm()
    link = f"http://{_reached(host)}:{listener.getsockname()[1]}/" + f"?token={token}" * bool(token)
    _run(page, listener, link, open_browser)


def _require_extra() -> None:
    try:
        import starlette
        import uvicorn
    except ImportError:
        raise UsageError(
            "the live page needs starlette and uvicorn, which are not installed",
            "Install them: pip install 'tcga-corr[serve]'",
        ) from None
    del starlette, uvicorn


def _listening(host: str, port: int) -> socket.socket:
    import socket

    from tcga_corr.serve.server import BACKLOG

    try:
        tcp = socket.SOCK_STREAM, socket.IPPROTO_TCP  # both, else asyncio leaves Nagle's delay on
        [(kind, *_, address), *_] = socket.getaddrinfo(host, port, 0, *tcp, socket.AI_PASSIVE)
        listener = socket.socket(kind, *tcp)
    except OSError as error:
        raise UsageError(f"--host is '{host}': {error.strerror}", "Give an address") from None
    try:
        if os.name == "posix":  # elsewhere it would take the port from another server
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"cannot listen on port {port} of {host} ({error.strerror})",
            "Give another --port, or --port 0 for any that is free",
        ) from None
    return listener


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _reached(host: str) -> str:
    """The name by which others reach an address; of all addresses, that of this machine."""
    import socket

    return socket.gethostname() if host in ("0.0.0.0", "::") else _bracketed(host)  # noqa: S104


def _run(page: LivePage, listener: socket.socket, link: str, open_browser: bool) -> None:
    """Answer until a signal ends it; then leave, even if a question is still being computed."""
    import logging
    import threading
    import webbrowser

    from tcga_corr.serve.server import Server

    server = Server(page)
    logging.basicConfig(level=logging.ERROR, format="tcga-corr: %(levelname)s: %(message)s")
    sys.setswitchinterval(_SWITCH_INTERVAL)
    print(f"The live page: {link} (Ctrl-C stops it)", file=sys.stderr, flush=True)
    if open_browser:  # which some browsers do for as long as they are open
        threading.Thread(target=webbrowser.open, args=(link,), daemon=True).start()
    try:
        server.run_on(listener)
    finally:
        page.answers.close()
    print("stopped", file=sys.stderr, flush=True)
    if page.answers.is_computing:
        # the interpreter's own way out waits for threads that compute what nobody wants any more
        os._exit(0)
