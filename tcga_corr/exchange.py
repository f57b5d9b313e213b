"""Values and texts that other programs read safely: JSON, spreadsheets."""

from __future__ import annotations

import hashlib
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


_SEALED, _HASH = "sealed", "sha256"


def seal(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with its own hash, so that a file of it shows when a byte of it has changed."""
    return {_SEALED: True, **record, _HASH: _hash_of(record)}


def read_sealed(text: str | bytes) -> dict[str, Any]:
    """The record of :func:`seal`; one that was never sealed is taken as it is.

    Raises
    ------
    ValueError
        If it is no JSON object, or its values are not those of its hash.
    """
    record = read_json_object(text)
    is_sealed, digest = record.pop(_SEALED, False), record.pop(_HASH, None)
    # either key alone tells that the other was there
    if (is_sealed or digest is not None) and digest != _hash_of(record):
        raise ValueError("it is not as it was written")
    return record


def _hash_of(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def finite(value: Any) -> Any:
    """A value with None in place of numbers that JSON does not have: infinity and NaN."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
