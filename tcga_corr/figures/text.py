"""Texts of a figure: how wide they are, cut or wrapped to fit, different names kept different."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from unicodedata import bidirectional

from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import text_to_path

FONT = "DejaVu Sans"  # ships with matplotlib, so the same everywhere
_LONGEST = 60  # letters of a name
_MINUS_ZERO = re.compile(r"-(0(?:\.0*)?)(?![\d.e])")


@lru_cache(10_000)
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """The width of a line of text in inches."""
    font = FontProperties(family=FONT, size=size, weight=weight)
    return float(text_to_path.get_text_width_height_descent(text, font, False)[0]) / 72


@cache
def _letters_of_font() -> frozenset[int]:
    return frozenset(get_font(findfont(FONT)).get_charmap())


def plain(text: str, longest: int = _LONGEST) -> str:
    """A text of so many letters at most; ? for those that cannot be drawn one after another."""
    text = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return "".join(letter if _has_shape(letter) else "?" for letter in text)


def _has_shape(letter: str) -> bool:
    """Whether the font has a letter that can be seen, and that does not turn what is around it."""
    is_visible = letter == "\u00a0" or letter.isprintable()
    is_known = ord(letter) in _letters_of_font()
    return is_visible and is_known and bidirectional(letter) not in ("R", "AL")


def signed(text: str) -> str:
    """A number's text with a minus sign in place of the hyphen, and none before a zero."""
    return _MINUS_ZERO.sub(r"\1", text).replace("-", "−")


def fitted(text: str, inches: float, size: float, weight: str = "normal") -> str:
    """A plain text cut to what fits."""
    text = plain(text, 200)
    if text_width(text, size, weight) <= inches:
        return text
    n = _largest(0, len(text), lambda n: text_width(f"{text[:n]}…", size, weight) <= inches)
    return f"{text[:n]}…"


def _largest(low: int, high: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to ``high`` that fits, by halving; ``low`` where none does."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def fitted_apart(names: Sequence[str], inches: float, size: float) -> list[str]:
    """Different names, each cut to what fits; no two come out the same.

    Those that begin alike keep both their ends; where they are the same even then, they are
    numbered.
    """
    cut = [fitted(name, inches, size) for name in names]
    counts = Counter(cut)
    for number, name in enumerate(names):
        if counts[cut[number]] > 1:
            backwards = plain(name, len(name))[:-201:-1]
            end = fitted(backwards, inches / 2, size).rstrip("…")[::-1]
            cut[number] = fitted(name, inches / 2, size) + end.lstrip()
    if len(set(cut)) == len(cut):
        return cut
    room = inches - text_width(f" #{len(cut)}", size)
    return [f"{fitted(name, room, size)} #{number}" for number, name in enumerate(cut, 1)]


def wrapped(
    text: str, inches: float, size: float, most: int, weight: str = "normal", longest: int = 200
) -> list[str]:
    """A plain text in lines that fit; broken at spaces or underscores, the last one cut."""
    rest, lines = plain(text, longest).strip(), list[str]()
    while rest and len(lines) < most - 1 and text_width(rest, size, weight) > inches:
        n = len(fitted(rest, inches, size, weight)) - 1
        at = rest.rfind(" ", 0, n + 1)
        if at <= n // 2:
            at = max(at, rest.rfind("_", 0, n) + 1)
            if rest.startswith("…", at):
                at = rest.rfind("_", 0, at - 1) + 1
        at = at if at > n // 3 else max(n, 1)
        lines.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*lines, fitted(rest, inches, size, weight)] if rest else lines


def wrapped_apart(
    names: Sequence[str], inches: float, size: float, most: int, weight: str = "normal"
) -> list[list[str]]:
    """Different names, each in lines that fit; as with ``fitted_apart``, no two the same."""
    blocks = [wrapped(name, inches, size, most, weight) for name in names]
    counts = Counter(map(tuple, blocks))
    for number, name in enumerate(names):
        if name and counts[tuple(blocks[number])] > 1:
            blocks[number] = both_ends(name, inches, size, most, weight)
    if len(set(map(tuple, blocks))) == len(set(names)):
        return blocks
    return [
        wrapped(f"#{number} {name}" if name else "", inches, size, most, weight)
        for number, name in enumerate(names, 1)
    ]


def both_ends(
    name: str, inches: float, size: float, most: int = 1, weight: str = "normal"
) -> list[str]:
    """The beginning and the end of a long name, as much of them as fits in so many lines."""

    def fits(n: int) -> bool:
        text = f"{name[:n]}…{name[-n:]}"
        return len(wrapped(text, inches, size, most + 1, weight)) <= most

    n = _largest(1, min(len(name) // 2, 95), fits)
    return wrapped(f"{name[:n]}…{name[-n:]}", inches, size, most, weight)


def cut_apart(names: Sequence[str], longest: int = _LONGEST) -> list[str]:
    """Names of so many letters; those that would come out the same keep both their ends."""
    cut = [plain(name, longest) for name in names]
    counts = Counter(cut)
    half = (longest - 1) // 2
    for number, name in enumerate(names):
        if counts[cut[number]] > 1 and len(name) > longest:
            cut[number] = plain(f"{name[:half]}…{name[-half:]}", longest)
    return cut


def listed(names: Sequence[str], longest: int = 40, most: int = 3) -> str:
    """Names with commas between, each cut; those beyond the first few are counted."""
    first = ", ".join(cut_apart(names[:most], longest))
    return first + (f" and {len(names) - most:,} more" if len(names) > most else "")


def count_of(n: int, noun: str) -> str:
    """A number of things: ``1 tumor type``, ``33 tumor types``."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
