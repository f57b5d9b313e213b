"""How a long task reports what it does: one interface, which the command line draws."""

from __future__ import annotations


class Progress:
    """Receives the progress of a task, from any thread; this one shows nothing.

    A task has steps of unknown length (:meth:`step`), units that are counted (:meth:`begin`,
    :meth:`advance`), and parts that run side by side, such as downloads (:meth:`start_part`,
    :meth:`advance_part`, :meth:`finish_part`). A task calls what fits it.
    """

    def begin(self, total: int | None, done: int = 0, effort: float | None = None) -> None:
        """Report how many units there are in all, and how many of them were done before.

        ``total`` is None if it is unknown. ``effort`` is that of the units to come, for tasks
        whose units differ in it; their number by default.
        """

    def step(self, name: str) -> None:
        """Report what is being done now; an empty name if nothing is."""

    def advance(self, count: int = 1, effort: float | None = None) -> None:
        """Report that so many more units are done, and the effort that they took."""

    def start_part(self, name: str, done: int, total: int | None) -> None:
        """Report that a part starts, or starts again, with so many of its units done."""

    def advance_part(self, name: str, count: int) -> None:
        """Report that so many more units of a part, and so of the task, are done."""

    def finish_part(self, name: str) -> None:
        """Report that a part has ended, successfully or not."""

    def note(self, text: str) -> None:
        """Report a line that a person may want to read."""
