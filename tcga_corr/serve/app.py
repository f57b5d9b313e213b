"""The live page's routes: a page, and what it asks for."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tcga_corr.errors import AnalysisError, DataMissingError, TcgaCorrError, UsageError
from tcga_corr.serve.access import AccessControl, AccessRules, refusal
from tcga_corr.serve.answers import Answers, BusyError, GoneError, Limits
from tcga_corr.serve.asked import Asked, Prepared
from tcga_corr.serve.events import events_of
from tcga_corr.serve.names import UnknownNameError, check_own_sets
from tcga_corr.serve.openapi import document
from tcga_corr.serve.parameters import TooLongError, read_parameters
from tcga_corr.serve.routes import EVENTS, JSON, LOOK_UPS, PDF, QUESTIONS, ROOT, LookUp, Question
from tcga_corr.serve.snapshot import LiveStore
from tcga_corr.serve.watch import Watch
from tcga_corr.store.layout import Store
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet

Handler = Callable[[Request], Awaitable[Response]]
_ROUTE_OF_MODE = {"two": "pair", "many": "many", "compare": "compare"}
_MOST_LETTERS = 600  # of an error
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """How a store is served.

    Attributes
    ----------
    rules
        Who gets answers.
    sets
        Gene sets that are known by name, beside the shipped ones.
    limits
        How much is done at a time.
    """

    rules: AccessRules = field(default_factory=AccessRules)
    sets: Sequence[GeneSet] = ()
    limits: Limits = field(default_factory=Limits)


class LivePage:
    """An ASGI application over a store. Used from one event loop alone.

    Attributes
    ----------
    answers
        Computes the answers, and keeps them.

    Parameters
    ----------
    store
        Whose tables questions are about.
    settings
        Who gets answers, and how many.
    page
        The page's text.

    Raises
    ------
    UsageError
        If a gene set of the settings has the name of another.
    """

    def __init__(self, store: Store, settings: Settings, page: str) -> None:
        check_own_sets(settings.sets)
        self._live = LiveStore(store, settings.sets)
        self.answers = Answers(settings.limits)
        self._page = page.encode()
        self._zipped = gzip.compress(self._page, mtime=0)
        routes = [
            *(self._route(one.name, self._looked_up(one)) for one in LOOK_UPS),
            *(self._route(f"{one.name}{form}", handler) for one in QUESTIONS
              for form, handler in self._forms(one).items()),
            self._route("openapi.json", self._described),
        ]  # fmt: skip
        routed = Starlette(
            routes=[Route("/", self._show), *routes],
            middleware=[Middleware(GZipMiddleware, minimum_size=1000, compresslevel=4)],
            exception_handlers={HTTPException: _not_found},
        )
        routed.router.redirect_slashes = False
        self._access = AccessControl(routed, settings.rules, page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._access(scope, receive, send)

    def warm(self) -> None:
        """Do what the first visitor would wait for: names, and the example that the page opens on.

        Raises
        ------
        StoreError
            If a table cannot be read.
        """
        snapshot = self._live.now()
        snapshot.names_of(snapshot.source(None)).completions()
        for one in snapshot.described.examples[:1]:
            [asked] = (each for each in QUESTIONS if each.name == _ROUTE_OF_MODE[one.mode])
            given = read_parameters(one.parameters.items(), asked.parameters)
            _prepared(asked.prepare(snapshot, given)).compute(Watch())

    async def _show(self, request: Request) -> Response:
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            return Response(self._zipped, headers=headers, media_type="text/html")
        return Response(self._page, media_type="text/html")

    def _route(self, name: str, handler: Handler) -> Route:
        return Route(f"{ROOT}/{name}", self._safely(handler))

    async def _described(self, request: Request) -> Response:
        read_parameters(request.query_params.multi_items(), ())
        return Response(await self.answers.look_up(document), media_type=JSON)

    def _looked_up(self, route: LookUp) -> Handler:
        async def answer(request: Request) -> Response:
            given = read_parameters(request.query_params.multi_items(), route.parameters)
            found = await self.answers.look_up(lambda: route.answer(self._live.now(), given))
            return Response(found, media_type=JSON)

        return answer

    def _forms(self, route: Question) -> dict[str, Handler]:
        """The handlers of a question, by what follows its name."""

        async def prepare(request: Request) -> Asked | Prepared:
            given = read_parameters(request.query_params.multi_items(), route.parameters)
            return await self.answers.look_up(lambda: route.prepare(self._live.now(), given))

        async def answer(request: Request) -> Response:
            return await self._whole(_prepared(await prepare(request)), request, JSON)

        async def figure(request: Request) -> Response:
            asked = cast(Asked, await prepare(request))
            return await self._whole(asked.as_pdf(), request, PDF)

        async def events(request: Request) -> Response:
            states = self.answers.follow(_prepared(await prepare(request)))
            first = await anext(states)  # refused, if it is, before an answer begins
            texts = events_of(first, states, self._event_of_error)
            # as it is: packed, events would come late
            return StreamingResponse(
                texts, headers={"Content-Encoding": "identity"}, media_type=EVENTS
            )

        followed = {".pdf": figure, "/events": events} if route.is_followed else {}
        return {"": answer, **followed}

    async def _whole(self, question: Prepared, request: Request, kind: str) -> Response:
        async def gone() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass

        found, how = await self.answers.answer(question, gone)
        return Response(found, headers={"X-Answer": how}, media_type=kind)

    def _event_of_error(self, error: Exception) -> bytes:
        """The body of the refusal that an error would have got before the answer began."""
        return bytes(self._refusal(error, "events").body)

    def _safely(self, handler: Handler) -> Handler:
        """Answer errors with one line: those that a visitor can avoid; others go to the log."""

        async def safe(request: Request) -> Response:
            try:
                return await handler(request)
            except Exception as error:  # noqa: BLE001 - a visitor learns nothing of what is not his
                return self._refusal(error, request.url.path)

        return safe

    def _refusal(self, error: Exception, path: str) -> Response:
        if isinstance(error, TooLongError):
            return refusal(414, str(error))
        if isinstance(error, UsageError | AnalysisError | DataMissingError):
            text = self._public_text(error)
            if text and isinstance(error, UnknownNameError):
                return refusal(400, text, name=error.name[:_MOST_LETTERS], near=error.near)
            if text:
                return refusal(400, text)
        if isinstance(error, BusyError):
            text = f"too much is asked of this server at a time: ask again in {error.seconds} s"
            return refusal(503, text, {"Retry-After": str(error.seconds)})
        if isinstance(error, GoneError):
            return refusal(503, "this server is being stopped", {"Retry-After": "10"})
        _log.error("%s", path, exc_info=error)
        return refusal(500, "internal error")

    def _public_text(self, error: TcgaCorrError) -> str:
        """An error as one line; empty where it names a place on this machine."""
        text = " ".join(str(error).split())
        root = self._live.store.root
        if any(str(place) in text for place in (root.absolute(), root.resolve())):
            return ""
        shown = "".join(letter if letter.isprintable() else "?" for letter in text)
        return shown if len(shown) <= _MOST_LETTERS else f"{shown[: _MOST_LETTERS - 1]}…"


def _prepared(asked: Asked | Prepared) -> Prepared:
    return asked.as_json() if isinstance(asked, Asked) else asked


async def _not_found(request: Request, error: Any) -> Response:
    return refusal(error.status_code, "there is nothing at this address")
