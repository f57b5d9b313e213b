"""The shapes of answers as JSON Schema, from the dataclasses that answers are made of."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from inspect import getdoc
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number"}
_HEADING = re.compile(r"\n\s*(Attributes|Parameters)\n\s*-+\n")


def schema_of(kind: Any, shared: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type; those of dataclasses are put into ``shared``, and named.

    Parameters
    ----------
    kind
        A dataclass, or a type of its fields.
    shared
        Schemas by name, which is added to.
    """
    if is_dataclass(kind) and isinstance(kind, type):
        if kind.__name__ not in shared:
            shared[kind.__name__] = {}  # in case it refers to itself
            shared[kind.__name__] = _object(kind, shared)
        return {"$ref": f"#/components/schemas/{kind.__name__}"}
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema_of(one, shared) for one in arguments]}
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is tuple and len(set(arguments)) == 1:
        size = len(arguments)
        items = schema_of(arguments[0], shared)
        return {"type": "array", "items": items, "minItems": size, "maxItems": size}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema_of(arguments[1], shared)}
    if origin is not None and issubclass(origin, Sequence):
        return {"type": "array", "items": schema_of(arguments[0], shared)}
    if kind is type(None):
        return {"type": "null"}
    if kind is Any:
        return {}
    return {"type": _PLAIN[kind]}


def _object(kind: type, shared: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    names = [one.name for one in fields(kind)]
    return {
        "type": "object",
        "description": summary_of(kind),
        "properties": {name: schema_of(hints[name], shared) for name in names},
        "required": names,
        "additionalProperties": False,
    }


def summary_of(kind: type) -> str:
    """The text of a docstring, without its sections, and without marks of code."""
    text = _HEADING.split(f"{getdoc(kind) or ''}\n")[0]
    return " ".join(text.replace("``", "").split())
