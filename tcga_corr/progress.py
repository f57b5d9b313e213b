"""How a long task reports what it does: one interface, which the command line draws."""

from __future__ import annotations


class Progress:
    """Receives the progress of a task, from any thread; this one shows nothing.

    A task has steps of unknown length (:meth:`step`), units that are counted (:meth:`begin`,
    :meth:`advance`), and parts that run side by side, such as downloads (:meth:`start_part`,
    :meth:`advance_part`, :meth:`finish_part`). A task calls what fits it.
    """

    def begin(self, total: float | None, done: float = 0, effort: float | None = None) -> None:
        """Report how many units there are in all, and how many of them were done before.

        ``total`` is None where it is not known. ``effort`` is that of the units to come, for tasks
        whose units differ in it; their number by default.
        """

    def step(self, name: str) -> None:
        """Report what is being done now; an empty name where nothing is."""

    def advance(self, count: float = 1, effort: float | None = None) -> None:
        """Report that so many more units are done, and the effort that they took."""

    def start_part(self, name: str, done: int, total: int | None) -> None:
        """Report that a part starts, or starts again, with so much of it done."""

    def advance_part(self, name: str, count: int) -> None:
        """Report that so much more of a part is done."""

    def finish_part(self, name: str) -> None:
        """Report that a part has ended, well or not."""

    def say(self, text: str) -> None:
        """Report a line that a person may want to read."""
