"""Server-sent events of an answer that is followed while it is computed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from tcga_corr.serve.watch import State


@dataclass(frozen=True)
class ProgressEvent:
    """How far an answer is: what is computed, and how many tumor types of a round are done."""

    stage: str
    done: int
    total: int


async def events_of(
    first: State, states: AsyncIterator[State], text_of_error: Callable[[Exception], bytes]
) -> AsyncIterator[bytes]:
    """The events of an answer's states: ``progress``, ``answer`` as it grows, then ``end``.

    In place of the rest comes ``error``, as JSON, where the answer fails.
    """
    shown, state = b"", first
    try:
        while True:
            if state.answer and state.answer != shown:
                shown = state.answer
                yield _event("answer", shown)
            if state.stage:
                progress = {"stage": state.stage, "done": state.done, "total": state.total}
                yield _event("progress", json.dumps(progress).encode())
            try:
                state = await anext(states)
            except StopAsyncIteration:
                break
    except Exception as error:  # noqa: BLE001 - written as any refusal is
        yield _event("error", text_of_error(error))
        return
    yield _event("end", b"{}")


def _event(name: str, data: bytes) -> bytes:
    """An event; JSON has no line ends of its own."""
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
