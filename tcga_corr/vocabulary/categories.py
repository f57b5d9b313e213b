"""Words of clinical tables: levels that have an order, such as stages and grades.

Stages go by their roman number: IIIA, IIIB and IIIC are III. Stage IS of germ cell tumours is I
with raised markers (AJCC). What could not be assessed (Stage X, GX, RX) and what covers several
(I/II NOS) is no level.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

_LEAST_SHARE = 0.9
"""Share of a column's values that a scale has to know."""


@dataclass(frozen=True)
class Scale:
    """Levels in order, and the words that stand for them.

    Attributes
    ----------
    name
        For people.
    levels
        From lowest to highest.
    pattern
        Words of the scale, in any case; its first group is the level.
    unknown
        Words, in lower case, for what could not be assessed.
    marker
        What a word or the column's title has to have, in any case, as ``I`` may be anything.
    also
        What the pattern finds, in upper case, to its level, where that is another text.
    """

    name: str
    levels: tuple[str, ...]
    pattern: re.Pattern[str]
    unknown: frozenset[str]
    marker: str = ""
    also: Mapping[str, str] | None = None

    def level(self, word: str) -> str | None:
        """The level that a word stands for, empty where it could not be assessed; else None."""
        if word.casefold() in self.unknown:
            return ""
        found = self.pattern.fullmatch(word)
        if found is None:
            return None
        text = found.group(1).upper()
        return (self.also or {}).get(text, text)


STAGE = Scale(
    "stage",
    ("0", "I", "II", "III", "IV"),
    re.compile(r"(?:stage\s*)?(0|is|tis|iv|i{1,3})(?:[abc][0-9]?)?", re.IGNORECASE),
    frozenset(("stage x", "x", "i/ii nos", "stage i/ii (nos)")),
    "stage",
    {"IS": "I", "TIS": "0"},
)
GRADE = Scale(
    "grade",
    ("Low Grade", "G1", "G2", "G3", "G4", "High Grade"),
    re.compile(r"(g[1-4]|low grade|high grade)", re.IGNORECASE),
    frozenset(("gx", "gb")),
    "g",
    {"LOW GRADE": "Low Grade", "HIGH GRADE": "High Grade"},
)
RESIDUAL_TUMOUR = Scale(
    "residual tumour",
    ("R0", "R1", "R2"),
    re.compile(r"(r[0-2])", re.IGNORECASE),
    frozenset(("rx",)),
    "r",
)
SCALES = (STAGE, GRADE, RESIDUAL_TUMOUR)


@dataclass(frozen=True)
class Categories:
    """The levels of a column of words.

    Attributes
    ----------
    levels
        Each once: of a scale from lowest to highest, else sorted.
    ordered
        Whether they are of a scale.
    level_of
        Word to level; words that stand for none are not in it.
    note
        Which words were taken together or left out, for people; empty where none was.
    """

    levels: tuple[str, ...]
    ordered: bool
    level_of: Mapping[str, str]
    note: str = ""


def categories(title: str, words: Counter[str]) -> Categories:
    """The levels of a column, given how often each of its words stands there.

    Examples
    --------
    >>> from collections import Counter
    >>> categories("stage", Counter({"Stage IIIA": 2, "Stage I": 1})).levels
    ('I', 'III')
    """
    for scale in SCALES:
        read = {word: scale.level(word) for word in words}
        known = sum(count for word, count in words.items() if read[word] is not None)
        marked = any(scale.marker in text.casefold() for text in (title, *words))
        if marked and known >= _LEAST_SHARE * words.total() and any(read.values()):
            return _of_scale(scale, read, words)
    return _without_order(words)


def _without_order(words: Counter[str]) -> Categories:
    """Each word a level; words that differ in case or spaces alone are one, as most write it."""
    spellings: dict[str, list[str]] = {}
    for word in sorted(words, key=lambda one: (-words[one], one)):
        spellings.setdefault(" ".join(word.casefold().split()), []).append(word)
    level_of = {word: own[0] for own in spellings.values() for word in own}
    several = sorted(own for own in spellings.values() if len(own) > 1)
    listed = "; ".join(f"{', '.join(own[1:])} as {own[0]}" for own in several)
    note = f"has levels that differ in case or spaces alone, taken as one: {listed}"
    return Categories(
        tuple(sorted(set(level_of.values()))), False, level_of, note if several else ""
    )


def _of_scale(scale: Scale, read: Mapping[str, str | None], words: Counter[str]) -> Categories:
    level_of = {word: level for word, level in read.items() if level}
    found = set(level_of.values())
    left = {word: count for word, count in words.items() if word not in level_of}
    together = len(found) < len({word.casefold() for word in level_of})
    notes = []
    if together:
        notes.append(f"is a {scale.name}, by its main levels")
    if left:
        listed = ", ".join(f"{word} ({count})" for word, count in sorted(left.items()))
        notes.append(f"has no level of {listed}")
    levels = tuple(level for level in scale.levels if level in found)
    return Categories(levels, True, level_of, " and ".join(notes))
