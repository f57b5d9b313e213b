"""The newest answers, whole, for other forms of them."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Lock

from tcga_corr.analysis.answer import Answer


class Recent:
    """The newest few answers. Threads may share it.

    Parameters
    ----------
    most
        How many.
    """

    def __init__(self, most: int = 8) -> None:
        self._most = most
        self._answers: dict[Hashable, Answer] = {}
        self._lock = Lock()

    def put(self, key: Hashable, answer: Answer) -> None:
        """Keep an answer in place of the oldest."""
        with self._lock:
            self._answers.pop(key, None)
            self._answers[key] = answer
            if len(self._answers) > self._most:
                del self._answers[next(iter(self._answers))]

    def get(self, key: Hashable) -> Answer | None:
        """The answer of a key; None if it is not kept."""
        with self._lock:
            return self._answers.get(key)
