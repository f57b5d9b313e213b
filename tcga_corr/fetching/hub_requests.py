"""Requests to hubs: what their answers mean, and when to try again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from tcga_corr.errors import DownloadError

if TYPE_CHECKING:
    import requests
    from tenacity import RetryCallState, Retrying

_NOT_FOUND = (401, 403, 404, 410)
_TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
_WITHDRAWN = 451
_CHECK_NETWORK = (
    "Check the network; where a proxy is the way out, name it in HTTPS_PROXY; or copy the files by "
    "hand and load them"
)


class HubDownError(DownloadError):
    """The hub cannot be reached, or asks for a long pause."""


class WithdrawnError(DownloadError):
    """The hub has withdrawn the file (HTTP 451)."""


class TransientError(Exception):
    """A failure that may pass: the request can be tried again.

    Attributes
    ----------
    wait
        Seconds to wait at least, if the hub gave them.
    unreachable
        Whether no connection was made at all.
    """

    def __init__(self, what: str, wait: float = 0, *, unreachable: bool = False) -> None:
        super().__init__(what)
        self.wait = wait
        self.unreachable = unreachable


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how long to try.

    Attributes
    ----------
    attempts
        Attempts in a row without progress before a download is given up.
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

    @property
    def timeout(self) -> tuple[float, float]:
        """The timeouts of a request, for ``requests``."""
        return self.connect, self.stall


def post_json(
    url: str,
    body: dict[str, Any],
    policy: RetryPolicy,
    report: Callable[[str], None] = lambda text: None,
) -> Any:
    """Post JSON and return the hub's JSON answer, trying again after failures that may pass.

    Parameters
    ----------
    url, body
        Address and content.
    policy
        How often and how long to try.
    report
        Receives a line for people before each further attempt.

    Raises
    ------
    DownloadError
        If the hub gives no such answer.
    """

    def attempt() -> Any:
        import requests

        try:
            with new_session() as session:
                answer = session.post(url, json=body, timeout=policy.timeout)
                if answer.status_code != 200:
                    raise_http_error(answer, url, "", policy)
                return answer.json()
        except requests.JSONDecodeError as error:
            raise TransientError(f"its answer is not JSON ({error})") from error
        except requests.RequestException as error:
            raise connection_error(error, url) from error

    try:
        return retrying(policy, time.sleep, report)(attempt)
    except TransientError as error:
        raise out_of_attempts_error(url, error, policy) from error


def new_session() -> requests.Session:
    """A session that names this program to hubs and receives files without further encoding."""
    import requests

    session = requests.Session()
    session.headers["User-Agent"] = f"tcga-corr/{version('tcga-corr')}"
    session.headers["Accept-Encoding"] = "identity"
    return session


def retrying(
    policy: RetryPolicy, sleep: Callable[[float], None], report: Callable[[str], None]
) -> Retrying:
    """Repeats a call that raises :class:`TransientError`, and reports why before each wait."""
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt
    from tenacity.wait import wait_exponential, wait_random

    first = policy.first_wait
    backoff = wait_exponential(first, max=policy.longest_wait) + wait_random(0, first)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        return max(backoff(state), error.wait if isinstance(error, TransientError) else 0)

    def before_sleep(state: RetryCallState) -> None:
        seconds = state.next_action.sleep if state.next_action else 0
        error = state.outcome.exception() if state.outcome else None
        report(f"{error}; again in {seconds:.0f} s")

    return Retrying(
        stop=stop_after_attempt(policy.attempts),
        wait=wait,
        retry=retry_if_exception_type(TransientError),
        sleep=sleep,
        before_sleep=before_sleep,
        reraise=True,
    )


def raise_http_error(
    answer: requests.Response, url: str, by_hand: str, policy: RetryPolicy
) -> NoReturn:
    """Raise the error that the status of an answer without a file means."""
    status = answer.status_code
    reason = f"HTTP {status} {answer.reason or ''}".strip()
    if status == _WITHDRAWN:
        raise WithdrawnError(f"{url}: the hub has withdrawn it ({reason})", by_hand)
    if status in _NOT_FOUND:
        raise DownloadError(f"{url}: the hub does not have it ({reason})", by_hand)
    if status not in _TRANSIENT:
        raise DownloadError(f"{url}: {reason}", by_hand)
    wait = _retry_after(answer)
    if wait > policy.longest_wait:
        raise HubDownError(
            f"{url}: the hub asks to wait {wait / 60:.0f} minutes ({reason})",
            "Run the same command again then",
        )
    raise TransientError(reason, wait)


def _retry_after(answer: requests.Response) -> float:
    """Seconds, from either form of the header; 0 if it is missing or invalid."""
    text = answer.headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def out_of_attempts_error(url: str, error: TransientError, policy: RetryPolicy) -> DownloadError:
    """The error to raise after the last attempt that the policy allows."""
    what = f"{url}: {error}, {policy.attempts} times in a row"
    if not error.unreachable:
        return DownloadError(what, "Run the same command again: it goes on where it stopped")
    return HubDownError(what, _CHECK_NETWORK)


def connection_error(
    error: Exception, url: str, by_hand: str = ""
) -> TransientError | DownloadError:
    """The error that a broken request means: a transient one, unless the address is wrong.

    A host whose name cannot be resolved is no passing failure: mostly there is no network.
    """
    import requests
    from urllib3.exceptions import NameResolutionError

    if any(isinstance(cause, NameResolutionError) for cause in _causes(error)):
        host = urlsplit(url).hostname
        return HubDownError(f"{url}: no address is known of the host {host}", _CHECK_NETWORK)
    if isinstance(error, requests.TooManyRedirects | ValueError):  # the latter: no such address
        return DownloadError(f"{url}: {innermost_reason(error)}", by_hand)
    return TransientError(innermost_reason(error), unreachable=_is_unreachable(error))


def _is_unreachable(error: Exception) -> bool:
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    return any(
        isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in _causes(error)
    )


def innermost_reason(error: Exception) -> str:
    """The innermost cause of an error in one line, without the library's layers around it."""
    *_, inner = _causes(error)
    text = " ".join(str(inner).split())
    text = text if len(text) <= 160 else text[:157] + "..."
    return f"{type(inner).__name__}: {text}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and its causes, down to the innermost."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        inner = (cause.__cause__, getattr(cause, "reason", None), *cause.args)
        cause = next((item for item in inner if isinstance(item, BaseException)), None)
