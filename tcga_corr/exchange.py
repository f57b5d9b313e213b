"""What values and texts have to be for the programs that read them: JSON, spreadsheets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

# how a text begins that a spreadsheet takes for a formula, or for one once it has trimmed it; a
# number may begin so too
FORMULA = r"^(?:[\s\p{C}]*[=+\-@＝＋－＠]|[\t\r\n])"


def finite(value: Any) -> Any:
    """A value with None for what JSON has no number for."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
