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

from tcga_corr.errors import AnalysisError, DataMissingError, TcgaCorrError, UsageError
from tcga_corr.serve import questions
from tcga_corr.serve.access import AccessControl, AccessRules, refusal
from tcga_corr.serve.answers import Answers, BusyError, GoneError, Limits
from tcga_corr.serve.names import check_own_sets
from tcga_corr.serve.snapshot import LiveStore, Snapshot
from tcga_corr.store.layout import Store
from tcga_corr.vocabulary.gene_sets.gmt import GeneSet

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
        handlers = {
            "store": self._describe,
            "names": self._complete,
            "pair": self._answer(questions.prepare_pair),
            "scatter": self._answer(questions.prepare_scatter),
        }
        routes = [Route(f"/api/{name}", self._safely(one)) for name, one in handlers.items()]
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
        """Do what the first question would wait for."""
        snapshot = self._live.now()
        _ = snapshot.described
        snapshot.names_of(snapshot.source(None)).completions()
        questions.prepare_pair(snapshot, [("x", "RELA"), ("y", "nfkb")]).compute()

    async def _show(self, request: Request) -> Response:
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            return Response(self._zipped, headers=headers, media_type="text/html")
        return Response(self._page, media_type="text/html")

    async def _describe(self, request: Request) -> Response:
        questions.read_parameters(request.query_params.multi_items(), ())
        found = await self.answers.look_up(lambda: questions.as_json(self._live.now().described))
        return Response(found, media_type=_JSON)

    async def _complete(self, request: Request) -> Response:
        given = request.query_params.multi_items()
        found = await self.answers.look_up(lambda: questions.completions(self._live.now(), given))
        return Response(found, media_type=_JSON)

    def _answer(
        self, prepare: Callable[[Snapshot, list[tuple[str, str]]], questions.Prepared]
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
        """Answer errors with one line: those that a visitor can avoid; others go to the log."""

        async def safe(request: Request) -> Response:
            try:
                return await handler(request)
            except questions.TooLongError as error:
                return refusal(414, str(error))
            except (UsageError, AnalysisError, DataMissingError) as error:
                text = self._public_text(error)
                if text:
                    return refusal(400, text)
                _log.exception("%s", request.url.path)
            except BusyError as busy:
                text = f"too much is asked of this server at a time: ask again in {busy.seconds} s"
                return refusal(503, text, {"Retry-After": str(busy.seconds)})
            except GoneError:
                return refusal(503, "this server is being stopped", {"Retry-After": "10"})
            except Exception:  # noqa: BLE001 - whatever it is, a visitor learns nothing of it
                _log.exception("%s", request.url.path)
            return refusal(500, "internal error")

        return safe

    def _public_text(self, error: TcgaCorrError) -> str:
        """An error as one line; empty where it names a place on this machine."""
        text = " ".join(str(error).split())
        root = self._live.store.root
        if any(str(place) in text for place in (root.absolute(), root.resolve())):
            return ""
        shown = "".join(letter if letter.isprintable() else "?" for letter in text)
        return shown if len(shown) <= _MOST_LETTERS else f"{shown[: _MOST_LETTERS - 1]}…"


async def _not_found(request: Request, error: Any) -> Response:
    return refusal(error.status_code, "there is nothing at this address")
