"""Texts from anywhere, as a terminal may show them: names can hold anything, at any length."""

from __future__ import annotations

import re

_LONG_NAME = re.compile(r"(?<!\w)'[^']{300,}'(?!\w)|\S{300,}")
_NAME, _LINE = 80, 2_000  # letters at most


def printable(text: str) -> str:
    """A text as one line that a terminal shows as it is; of a very long name, both ends."""
    return visible(brief(" ".join(text.split())))


def brief(text: str) -> str:
    """A line for people; of a name of hundreds of letters, both ends."""
    return cut(_LONG_NAME.sub(lambda name: cut(name[0], _NAME), text), _LINE)


def cut(text: str, most: int) -> str:
    """Both ends of a text that has too many letters."""
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"


def visible(text: str) -> str:
    """A text without what moves a terminal's cursor, colours it or turns the reading direction."""
    return "".join(character if character.isprintable() else "?" for character in text)
