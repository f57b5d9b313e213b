"""Who gets answers, from where, and the headers of every answer."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tcga_corr.errors import UsageError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9._-]{0,252}))(?::[0-9]{1,5})?")
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,200}")
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
_MOST_OF_QUERY = _MOST_OF_HEADERS = 8192  # bytes
_SECONDS = 5  # that a browser may keep an answer
_CLOSED = "this server asks for a token: open the link that it printed when it was started"


@dataclass(frozen=True)
class AccessRules:
    """Who gets answers.

    Attributes
    ----------
    hosts
        Names that a request may be addressed to, without port; None for any.
    token
        The token that a request must have; empty where none is needed.
    """

    hosts: frozenset[str] | None = LOOPBACK
    token: str = ""


def is_loopback(host: str) -> bool:
    """Whether an address or name is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_token(token: str) -> None:
    """Refuse a token that is easily guessed, or that an address could not hold.

    Raises
    ------
    UsageError
        Without the token in it.
    """
    if not _TOKEN.fullmatch(token):
        raise UsageError(
            "the token is too short, or has letters that an address has to escape",
            "Give 16 to 200 letters, digits, hyphens, underscores, points and tildes",
        )


def policy_of(page: str) -> str:
    """The policy that a page states; and that no other page shows it in a frame."""
    stated = _POLICY.search(page)
    own = unescape(stated[1]) if stated else "default-src 'none'"
    return f"{own}; frame-ancestors 'none'"


def refusal(
    status: int, text: str, headers: dict[str, str] | None = None, **more: object
) -> Response:
    """A refusal as JSON: one line, and what else helps to ask again."""
    content = json.dumps({"error": text, **more}, ensure_ascii=False).encode()
    return Response(content, status, headers, "application/json; charset=utf-8")


class AccessControl:
    """Lets requests through that keep the rules, and adds the headers of security.

    Parameters
    ----------
    app
        The application that answers.
    rules
        Who gets answers.
    page
        The page, for its policy.
    """

    def __init__(self, app: ASGIApp, rules: AccessRules, page: str) -> None:
        self._app = app
        self._rules = rules
        self._policy = policy_of(page)
        digest = hmac.new(rules.token.encode(), b"cookie", hashlib.sha256).hexdigest()
        # browsers send cookies to all ports of a host: the token makes the name another
        self._cookie = f"tcga_corr_{digest[:8]}", digest[8:]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            raise RuntimeError(f"no answer to {scope['type']}")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                events = b"text/event-stream" in dict(message["headers"]).get(b"content-type", b"")
                is_kept = message["status"] == 200 and scope["path"] != "/" and not events
                self._add_headers(MutableHeaders(scope=message), is_kept)
            await send(message)

        refused = self._refusal(scope, Headers(scope=scope))
        await (refused or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        path = scope["path"]
        if sum(len(name) + len(value) for name, value in headers.raw) > _MOST_OF_HEADERS:
            return refusal(431, "the request has too many headers, or too long ones")
        if not self._is_addressed(headers.getlist("host")):
            return refusal(421, "this server is not asked by that name")
        if scope["method"] != "GET":
            return refusal(405, "only GET is answered", {"Allow": "GET"})
        if len(scope["query_string"]) > _MOST_OF_QUERY:
            return refusal(414, "the question is too long")
        # a page of another site could not read an answer, but it could have them computed
        if path != "/" and headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return refusal(403, "pages of other sites get no answers")
        return self._refusal_by_token(scope, headers) if self._rules.token else None

    def _is_addressed(self, hosts: list[str]) -> bool:
        found = _HOST.fullmatch(hosts[0].lower()) if len(hosts) == 1 else None
        return found is not None and (self._rules.hosts is None or found[1] in self._rules.hosts)

    def _refusal_by_token(self, scope: Scope, headers: Headers) -> Response | None:
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in query if name == "token"]
        if scope["path"] == "/" and given:
            if not _same(given[0], self._rules.token):
                return refusal(401, _CLOSED)
            rest = urlencode([(name, value) for name, value in query if name != "token"])
            response = RedirectResponse(f"/?{rest}" if rest else "/", 303)
            response.set_cookie(*self._cookie, httponly=True, samesite="lax")
            return response
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and _same(bearer.strip(), self._rules.token):
            return None
        cookies = (one.strip() for text in headers.getlist("cookie") for one in text.split(";"))
        if any(_same(one, "=".join(self._cookie)) for one in cookies):
            return None
        return refusal(401, _CLOSED, {"WWW-Authenticate": "Bearer"})

    def _add_headers(self, headers: MutableHeaders, is_kept: bool) -> None:
        headers["Content-Security-Policy"] = self._policy
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        is_kept = is_kept and not self._rules.token
        headers["Cache-Control"] = f"private, max-age={_SECONDS}" if is_kept else "no-store"


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), known.encode())
