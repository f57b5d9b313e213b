"""Values and texts that other programs read safely: JSON, spreadsheets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

# the start of a text that a spreadsheet reads as a formula, perhaps after trimming it; a number may
# start so too
FORMULA = r"^(?:[\s\p{C}]*[=+\-@＝＋－＠]|[\t\r\n])"


def finite(value: Any) -> Any:
    """A value with None in place of numbers that JSON does not have: infinity and NaN."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
