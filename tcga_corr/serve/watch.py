"""What is known of an answer while it is computed: how far it is, and what there is already."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Event, Lock

from tcga_corr.progress import Progress


class AbandonedError(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True)
class State:
    """How far an answer is.

    Attributes
    ----------
    stage
        What is being computed.
    done, total
        Tumor types, of one round over them.
    answer
        What there is of the answer already, as JSON; empty if nothing.
    """

    stage: str = ""
    done: int = 0
    total: int = 0
    answer: bytes = b""


class Watch(Progress):
    """Follows an answer, and ends its computation once it is abandoned. Threads may share it.

    Attributes
    ----------
    is_followed
        Whether anyone wants what there is of the answer before it is whole.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._state = State()
        self._is_abandoned = Event()
        self.is_followed = False

    @property
    def state(self) -> State:
        """How far the answer is."""
        with self._lock:
            return self._state

    def abandon(self) -> None:
        """End the computation at the next tumor type."""
        self._is_abandoned.set()

    def publish(self, answer: bytes) -> None:
        """Give what there is of the answer to those who follow it."""
        self._change(answer=answer)

    def step(self, name: str) -> None:
        """As of any progress."""
        self._change(stage=name, done=0, total=0)

    def begin(self, total: int | None, done: int = 0, effort: float | None = None) -> None:
        """As of any progress."""
        del effort
        self._change(done=done, total=total or 0)

    def advance(self, count: int = 1, effort: float | None = None) -> None:
        """As of any progress.

        Raises
        ------
        AbandonedError
            If nobody waits any more.
        """
        del effort
        if self._is_abandoned.is_set():
            raise AbandonedError
        with self._lock:
            self._state = replace(self._state, done=self._state.done + count)

    def _change(self, **fields: object) -> None:
        if self._is_abandoned.is_set():
            raise AbandonedError
        with self._lock:
            self._state = replace(self._state, **fields)  # type: ignore[arg-type]
