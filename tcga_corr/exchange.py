"""Values and texts that other programs read safely: JSON, spreadsheets."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

# the start of a text that a spreadsheet reads as a formula, perhaps after trimming it; a number may
# start so too
FORMULA = r"^(?:[\s\p{C}]*[=+\-@＝＋－＠]|[\t\r\n])"


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text that anyone may have written, or damaged.

    Raises
    ------
    ValueError
        Whatever is wrong with it: no JSON, no UTF-8, a number of thousands of digits, or lists
        within lists, too deep.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("lists within lists, too deep") from error


def read_json_object(text: str | bytes) -> dict[str, Any]:
    """As :func:`read_json`; also a ValueError where it is no object."""
    value = read_json(text)
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    return value


def finite(value: Any) -> Any:
    """A value with None in place of numbers that JSON does not have: infinity and NaN."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
