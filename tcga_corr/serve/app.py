"""The live page's routes: a page, and what it asks for as JSON."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tcga_corr.analysis.answer import Asking
from tcga_corr.errors import AnalysisError, DataMissingError, TcgaCorrError, UsageError
from tcga_corr.serve import asked
from tcga_corr.serve.access import Access, Rules, error
from tcga_corr.serve.answers import Answers, BusyError, GoneError, Limits
from tcga_corr.serve.names import check_own_sets
from tcga_corr.serve.snapshot import Live, Snapshot
from tcga_corr.store import Store
from tcga_corr.vocabulary.gene_sets import GeneSet

Handler = Callable[[Request], Awaitable[Response]]
_JSON = "application/json; charset=utf-8"
_MOST_LETTERS = 600  # of an error
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """How a store is served.

    Attributes
    ----------
    rules
        Who may ask.
    sets
        Gene sets that are known by name, beside the shipped ones.
    limits
        How much is done at a time.
    """

    rules: Rules = field(default_factory=Rules)
    sets: Sequence[GeneSet] = ()
    limits: Limits = field(default_factory=Limits)


class LivePage:
    """An ASGI application over a store. Used from one event loop alone.

    Attributes
    ----------
    answers
        What it computes, and keeps.
    """

    def __init__(self, store: Store, settings: Settings, page: str) -> None:
        self._live = Live(store, settings.sets)
        self.answers = Answers(settings.limits)
        self._page = page.encode()
        self._zipped = gzip.compress(self._page, mtime=0)
        asking = {"pair": asked.pair, "scatter": asked.scatter}
        routes = [
            Route("/", self._show),
            Route("/api/store", self._safely(self._describe)),
            Route("/api/names", self._safely(self._complete)),
            *(
                Route(f"/api/{name}", self._safely(self._answer(ask)))
                for name, ask in asking.items()
            ),
        ]
        routed = Starlette(
            routes=routes,
            middleware=[Middleware(GZipMiddleware, minimum_size=1000, compresslevel=4)],
            exception_handlers={HTTPException: _not_there},
        )
        routed.router.redirect_slashes = False
        self._access = Access(routed, settings.rules, page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._access(scope, receive, send)

    def warm(self) -> None:
        """Do what the first question would wait for."""
        snapshot = self._live.now()
        snapshot.described()
        snapshot.names(snapshot.source(None)).completions()
        asked.pair(snapshot, [("x", "RELA"), ("y", "nfkb")]).compute()

    def close(self) -> None:
        """Compute nothing more."""
        self.answers.close()

    async def _show(self, request: Request) -> Response:
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            return Response(self._zipped, headers=headers, media_type="text/html")
        return Response(self._page, media_type="text/html")

    async def _describe(self, request: Request) -> Response:
        asked.read(request.query_params.multi_items(), ())
        found = await self.answers.look_up(lambda: asked.as_json(self._live.now().described()))
        return Response(found, media_type=_JSON)

    async def _complete(self, request: Request) -> Response:
        given = request.query_params.multi_items()
        found = await self.answers.look_up(lambda: asked.names(self._live.now(), given))
        return Response(found, media_type=_JSON)

    def _answer(
        self, prepare: Callable[[Snapshot, list[tuple[str, str]]], asked.Prepared]
    ) -> Handler:
        async def answer(request: Request) -> Response:
            given = request.query_params.multi_items()
            question = await self.answers.look_up(lambda: prepare(self._live.now(), given))

            async def gone() -> None:
                while (await request.receive())["type"] != "http.disconnect":
                    pass

            found, how = await self.answers.answer(question, gone)
            return Response(found, headers={"X-Answer": how}, media_type=_JSON)

        return answer

    def _safely(self, handler: Handler) -> Handler:
        """What goes wrong as one line: for who asks what they can mend, the rest for our log."""

        async def safe(request: Request) -> Response:
            try:
                return await handler(request)
            except asked.TooLongError as wrong:
                return error(414, str(wrong))
            except (UsageError, AnalysisError, DataMissingError) as wrong:
                told = self._told(wrong)
                if told:
                    return error(400, told)
                _log.exception("%s", request.url.path)
            except BusyError as busy:
                told = f"too much is asked of this server at a time: ask again in {busy.seconds} s"
                return error(503, told, {"Retry-After": str(busy.seconds)})
            except GoneError:
                return error(503, "this server is being stopped", {"Retry-After": "10"})
            except Exception:  # noqa: BLE001 - whatever it is, nothing of it is for who asks
                _log.exception("%s", request.url.path)
            return error(500, "internal error")

        return safe

    def _told(self, wrong: TcgaCorrError) -> str:
        """An error as one line; empty where it tells a place on this machine."""
        text = " ".join(str(wrong).split())
        root = self._live.store.root
        if any(str(place) in text for place in (root.absolute(), root.resolve())):
            return ""
        shown = "".join(letter if letter.isprintable() else "?" for letter in text)
        return shown if len(shown) <= _MOST_LETTERS else f"{shown[: _MOST_LETTERS - 1]}…"


def make_app(engine: Asking, settings: Settings, page: str) -> LivePage:
    """The live page over an engine's store.

    Parameters
    ----------
    engine
        Whose store is asked.
    settings
        Who may ask, and how much.
    page
        The page's text.

    Raises
    ------
    UsageError
        If the gene sets of the settings could not be told from others.
    """
    check_own_sets(settings.sets)
    return LivePage(engine.store, settings, page)


async def _not_there(request: Request, wrong: Any) -> Response:
    return error(wrong.status_code, "there is nothing at this address")
