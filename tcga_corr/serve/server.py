"""The server of the live page: connections with limits, and an end without an error."""

from __future__ import annotations

import asyncio
import signal
from contextlib import nullcontext, suppress
from socket import socket
from types import FrameType

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tcga_corr.serve.app import LivePage

BACKLOG = 128
_CONNECTIONS = 256
_LAST_ANSWERS, _LAST_BYTES = 1, 2  # seconds
_MOST_OF_REQUEST = 1 << 14  # bytes, without a body
_TO_ASK = 10  # seconds


class _Connection(H11Protocol):
    """A connection; uvicorn's own limits neither their number nor how long a request takes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(_TO_ASK, self._close_if_idle, None)
        n = len(self.connections)
        if n > _CONNECTIONS:
            others = (one for one in self.connections if isinstance(one, _Connection))
            silent = (one for one in others if one.cycle is None and one is not self)
            dropped = next(silent, self if n > 2 * _CONNECTIONS else None)
            if dropped:  # else the visitor gets the answer that there are too many
                dropped.transport.abort()
                self.connections.discard(dropped)

    def _close_if_idle(self, last: object) -> None:
        is_answered = self.cycle is None or self.cycle.response_complete
        if is_answered and self.cycle is last and self.timeout_keep_alive_task is None:
            self.transport.abort()
        elif not self.transport.is_closing():
            self.loop.call_later(_TO_ASK, self._close_if_idle, self.cycle)


class Server(uvicorn.Server):
    """Answers until SIGINT or SIGTERM; a second one ends it at once."""

    def __init__(self, page: LivePage) -> None:
        super().__init__(
            uvicorn.Config(
                page,
                http=_Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                limit_concurrency=_CONNECTIONS + 1,
                h11_max_incomplete_event_size=_MOST_OF_REQUEST,
                timeout_graceful_shutdown=_LAST_BYTES,
            )
        )
        self._page = page
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]
        """Nothing: uvicorn's own way raises the signal again, and so ends in an error."""
        return nullcontext()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Give those who wait a moment to get their answers."""
        await self._page.answers.stop(_LAST_ANSWERS)
        await super().shutdown(sockets)

    def run_on(self, listener: socket) -> None:
        """Answer what comes in at a socket, until a signal."""
        _allow_more_files()
        asyncio.run(self.serve(sockets=[listener]))


def _allow_more_files() -> None:
    """Let the process open as many files as it may, where there is such a limit."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
