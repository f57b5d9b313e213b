"""The line of every key and list element of a TOML text, which tomllib does not give."""

from __future__ import annotations

import itertools
import re
import tomllib
from bisect import bisect_left
from collections import Counter
from typing import Any

from tcga_corr.batch.spec.problems import Place

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_COMMA = re.compile(f"{_BLANK.pattern},?{_BLANK.pattern}")
_PART = r"""[ \t]*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)[ \t]*"""
_KEY = re.compile(rf"{_PART}(?:\.{_PART})*")
# one or two more quotes may stand before the three that end a text
_TEXT = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")' r"|'''.*?'{3,5}(?!')" r'|"(?:[^"\\]|\\.)*"' r"|'[^']*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]+")


def lines_of(text: str) -> dict[Place, int]:
    """The line, from 1, of each key, table and list element of a text that tomllib can read.

    The line of a table is that of its header, or of the first key that leads to it.
    """
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.document()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Place, int] = {}
        self._counts: Counter[Place] = Counter()  # tables so far, of each array of tables
        self._ends = [found.start() for found in re.finditer("\n", text)]

    def document(self) -> None:
        table: Place = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Place:
        line = self._line()
        of_array = self.text.startswith("[[", self.at)
        self.at += 1 + of_array
        *parents, last = self._key()
        self.at += 1 + of_array
        table: Place = ()
        for part in parents:
            table = self._newest((*table, part))
            self.lines.setdefault(table, line)
        table = (*table, last)
        if of_array:
            self.lines.setdefault(table, line)
            self._counts[table] += 1
        table = self._newest(table)
        self.lines[table] = line
        return table

    def _newest(self, place: Place) -> Place:
        """The place of the keys under a header: of an array of tables, its last table."""
        count = self._counts[place]
        return (*place, count - 1) if count else place

    def _pair(self, table: Place) -> None:
        line = self._line()
        for part in self._key():
            table = (*table, part)
            self.lines.setdefault(table, line)
        self.at += 1  # the equals sign
        self._value(table)

    def _key(self) -> list[str]:
        """The parts of a dotted key."""
        found: Any = tomllib.loads(f"{self._skip(_KEY)} = 0")
        parts = []
        while isinstance(found, dict):
            [(part, found)] = found.items()
            parts.append(part)
        return parts

    def _value(self, place: Place) -> None:
        self._skip(_BLANK)
        first = self.text[self.at]
        if first == "[":
            self._elements(place, "]")
        elif first == "{":
            self._elements(place, "}")
        else:
            self._skip(_TEXT if first in "\"'" else _PLAIN)

    def _elements(self, place: Place, closing: str) -> None:
        """The elements of a list, or the pairs of an inline table."""
        self.at += 1
        self._skip(_BLANK)
        for number in itertools.count():
            if self.text[self.at] == closing:
                break
            if closing == "}":
                self._pair(place)
            else:
                self.lines[*place, number] = self._line()
                self._value((*place, number))
            self._skip(_COMMA)
        self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise AssertionError(f"not TOML at {self.at}")  # tomllib has read the text before
        self.at = found.end()
        return found[0]

    def _line(self) -> int:
        return bisect_left(self._ends, self.at) + 1
