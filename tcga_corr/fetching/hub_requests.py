"""Asking hubs: what their answers mean, and when to ask again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NoReturn

from tcga_corr.errors import DownloadError

if TYPE_CHECKING:
    import requests
    from tenacity import RetryCallState, Retrying

_NOT_THERE = (401, 403, 404, 410)
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_WITHDRAWN = 451


class HubDownError(DownloadError):
    """The hub cannot be reached, or asks not to be asked for a long time."""


class WithdrawnError(DownloadError):
    """The hub has taken the file back (HTTP 451)."""


class PassingError(Exception):
    """Something that may go well another time.

    Attributes
    ----------
    wait
        Seconds at least, if the hub said so.
    unreachable
        Whether there was no connection at all.
    """

    def __init__(self, what: str, wait: float = 0, *, unreachable: bool = False) -> None:
        super().__init__(what)
        self.wait = wait
        self.unreachable = unreachable


@dataclass(frozen=True)
class Patience:
    """How long to go on.

    Attributes
    ----------
    attempts
        Attempts in a row that bring nothing before a download is given up.
    connect, stall
        Seconds to wait for a connection, and for the next bytes.
    first_wait, longest_wait
        Seconds before the second attempt, doubled each time, with jitter; and the most. A hub that
        asks for longer is given up.
    """

    attempts: int = 6
    connect: float = 15
    stall: float = 60
    first_wait: float = 1
    longest_wait: float = 120


def ask(
    url: str,
    body: dict[str, Any],
    patience: Patience | None = None,
    told: Callable[[str], None] = lambda what: None,
) -> Any:
    """The JSON that a hub answers to a JSON question; asked again where that may help.

    Parameters
    ----------
    url, body
        Where, and what.
    patience
        How long to go on.
    told
        Told, for people, why it is asked again.

    Raises
    ------
    DownloadError
        If there is no such answer.
    """
    patience = patience or Patience()

    def attempt() -> Any:
        import requests

        try:
            with session() as connection:
                timeout = (patience.connect, patience.stall)
                answer = connection.post(url, json=body, timeout=timeout)
                if answer.status_code != 200:
                    refuse(answer, url, "", patience)
                return answer.json()
        except requests.JSONDecodeError as error:
            raise PassingError(f"its answer is not JSON ({error})") from error
        except requests.RequestException as error:
            raise broken(error, url) from error

    try:
        return retrying(patience, time.sleep, told)(attempt)
    except PassingError as error:
        raise given_up(url, error, patience) from error


def session() -> requests.Session:
    """A session that says who asks, and takes bytes as they are."""
    import requests

    connection = requests.Session()
    connection.headers["User-Agent"] = f"tcga-corr/{version('tcga-corr')}"
    connection.headers["Accept-Encoding"] = "identity"
    return connection


def retrying(
    patience: Patience, sleep: Callable[[float], None], told: Callable[[str], None]
) -> Retrying:
    """Calls again what raises a :class:`PassingError`; ``told`` why before each wait."""
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt
    from tenacity.wait import wait_exponential, wait_random

    first = patience.first_wait
    backoff = wait_exponential(first, max=patience.longest_wait) + wait_random(0, first)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return max(backoff(state), error.wait if isinstance(error, PassingError) else 0)

    def tell(state: RetryCallState) -> None:
        seconds = state.next_action.sleep if state.next_action else 0
        error = state.outcome.exception() if state.outcome else None
        told(f"{error}; again in {seconds:.0f} s")

    return Retrying(
        stop=stop_after_attempt(patience.attempts),
        wait=wait,
        retry=retry_if_exception_type(PassingError),
        sleep=sleep,
        before_sleep=tell,
        reraise=True,
    )


def refuse(answer: requests.Response, url: str, by_hand: str, patience: Patience) -> NoReturn:
    """Raise what an answer that is no file means."""
    status = answer.status_code
    said = f"HTTP {status} {answer.reason or ''}".strip()
    if status == _WITHDRAWN:
        raise WithdrawnError(f"{url}: the hub has withdrawn it ({said})", by_hand)
    if status in _NOT_THERE:
        raise DownloadError(f"{url}: the hub does not have it ({said})", by_hand)
    if status not in _PASSING:
        raise DownloadError(f"{url}: {said}", by_hand)
    wait = _retry_after(answer)
    if wait > patience.longest_wait:
        raise HubDownError(
            f"{url}: the hub asks to wait {wait / 60:.0f} minutes ({said})",
            "Run the same command again then",
        )
    raise PassingError(said, wait)


def _retry_after(answer: requests.Response) -> float:
    """Seconds, from either form of the header; 0 where it is absent or no such form."""
    said = answer.headers.get("Retry-After", "")
    if said.isdecimal():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def given_up(url: str, error: PassingError, patience: Patience) -> DownloadError:
    """The error of what failed as often as patience allows."""
    what = f"{url}: {error}, {patience.attempts} times in a row"
    if not error.unreachable:
        return DownloadError(what, "Run the same command again: it goes on where it stopped")
    return HubDownError(
        what,
        "Check the network; where a proxy is the way out, name it in HTTPS_PROXY; or copy the "
        "files by hand and load them",
    )


def broken(error: Exception, url: str, by_hand: str = "") -> PassingError | DownloadError:
    """What a request that broke means: another may go well, unless the address is at fault."""
    import requests

    if isinstance(error, requests.TooManyRedirects | ValueError):  # the latter: no such address
        return DownloadError(f"{url}: {brief(error)}", by_hand)
    return PassingError(brief(error), unreachable=_is_unreachable(error))


def _is_unreachable(error: Exception) -> bool:
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    return any(isinstance(one, NewConnectionError | ConnectTimeoutError) for one in _layers(error))


def brief(error: Exception) -> str:
    """What broke, without the library's layers around it."""
    *_, inner = _layers(error)
    said = " ".join(str(inner).split())
    said = said if len(said) <= 160 else said[:157] + "..."
    return f"{type(inner).__name__}: {said}"


def _layers(error: BaseException) -> Iterator[BaseException]:
    """An error, and what it was made of, down to the innermost."""
    layer: BaseException | None = error
    while layer is not None:
        yield layer
        within = (layer.__cause__, getattr(layer, "reason", None), *layer.args)
        layer = next((one for one in within if isinstance(one, BaseException)), None)
