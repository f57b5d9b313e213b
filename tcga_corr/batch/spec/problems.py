"""What is wrong with a spec: each problem with its line, and all of them as one error."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tcga_corr.errors import UsageError

_BARE = re.compile(r"[A-Za-z0-9_-]+")
Place = tuple[str | int, ...]
"""Keys, and places in lists from 0, that lead to a part of a spec."""


def format_place(place: Place) -> str:
    """A place as text, such as ``crosses[1].x[2]``; lists are counted from 1."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:
            text += "." + (step if _BARE.fullmatch(step) else json.dumps(step, ensure_ascii=False))
    return text.removeprefix(".")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    line
        The line of the key or list element.
    where
        Its place, such as ``crosses[1].x[2]``; empty where it is the spec as a whole.
    what, remedy
        What went wrong, and what to do about it; no full stop.
    """

    line: int
    where: str
    what: str
    remedy: str = ""


class SpecError(UsageError):
    """All that is wrong with a spec.

    Parameters
    ----------
    path
        The spec's file.
    problems
        One or more, in any order; kept in order of lines.
    """

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        if len(problems) == 1:
            super().__init__(self._what(self.problems[0]), self.problems[0].remedy)
        else:
            super().__init__(f"{path}: {len(problems)} problems")

    def lines(self) -> list[str]:
        """A line for each problem, in order: file, line, where, what, remedy."""
        return [str(UsageError(self._what(problem), problem.remedy)) for problem in self.problems]

    def _what(self, problem: Problem) -> str:
        where = f"{problem.where}: " if problem.where else ""
        return f"{self.path}:{problem.line}: {where}{problem.what}"
