"""The API's description as OpenAPI 3.1, made of the records that requests are read by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from tcga_corr.serve.events import ProgressEvent
from tcga_corr.serve.parameters import Parameter
from tcga_corr.serve.routes import LOOK_UPS, QUESTIONS, ROOT
from tcga_corr.serve.schemas import schema_of

_JSON = "application/json"
_ABOUT = (
    "Questions over a store of TCGA tables, as `tcga-corr serve` answers them. Only GET is "
    "answered, and nothing in the store is changed but its caches. Numbers that there are not are "
    "null. Columns of rows are those of the command line."
)
_EVENTS = (
    "Server-sent events: `progress` (ProgressEvent), `answer` (the answer as far as it is; the "
    "last one is whole), then `end`; `error` in place of the rest. Whoever closes the connection "
    "cancels the computation, if nobody else waits for it."
)
_STATUSES = {
    400: "The question cannot be answered: one line says why, and what to do.",
    401: "The server was started with a token, which is missing or wrong.",
    403: "Pages of other sites get no answers.",
    414: "The question is too long.",
    500: "Something is wrong with the server or the store; its log says what.",
    503: "Too much is asked at a time; Retry-After says when to ask again.",
}


@dataclass(frozen=True)
class Refusal:
    """Why there is no answer, in one line."""

    error: str


@cache
def document() -> bytes:
    """The description as JSON."""
    return json.dumps(description(), ensure_ascii=False, indent=1).encode()


def description() -> dict[str, Any]:
    """The description."""
    shared: dict[str, Any] = {}
    schema_of(ProgressEvent, shared)
    schema_of(Refusal, shared)
    shared["Refusal"]["properties"] |= {
        "name": {"type": "string", "description": "A name that nothing has."},
        "near": {"type": "array", "items": {"type": "string"}, "maxItems": 3,
                 "description": "Names that may have been meant by it, the nearest first."},
    }  # fmt: skip
    paths: dict[str, Any] = {}
    for look_up in LOOK_UPS:
        content = {_JSON: {"schema": schema_of(look_up.kind, shared)}}
        paths[look_up.name] = _operation(look_up.name, look_up.about, look_up.parameters, content)
    for one in QUESTIONS:
        content = {_JSON: {"schema": schema_of(one.kind, shared)}}
        paths[one.name] = _operation(one.name, one.about, one.parameters, content)
        if one.is_followed:
            pdf: dict[str, Any] = {"application/pdf": {}}
            paths[f"{one.name}.pdf"] = _operation(
                f"{one.name}_pdf", f"The figure of `{one.name}`.", one.parameters, pdf
            )
            events = {"text/event-stream": {"schema": {"type": "string"}}}
            about = f"`{one.name}` while it is computed. {_EVENTS}"
            paths[f"{one.name}/events"] = _operation(
                f"{one.name}_events", about, one.parameters, events
            )
    paths["openapi.json"] = _operation(
        "openapi", "This description.", (), {_JSON: {"schema": {"type": "object"}}}
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "tcga-corr", "version": version("tcga-corr"), "description": _ABOUT},
        "servers": [{"url": "http://127.0.0.1:8765", "description": "by default"}],
        "security": [{}, {"token": []}],
        "paths": {f"{ROOT}/{name}": {"get": operation} for name, operation in paths.items()},
        "components": {
            "schemas": dict(sorted(shared.items())),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer",
                          "description": "Of a server that was started with a token."},
            },
        },
    }  # fmt: skip


def _operation(
    identity: str, about: str, parameters: Sequence[Parameter], content: dict[str, Any]
) -> dict[str, Any]:
    refused = {_JSON: {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    return {
        "operationId": identity,
        "summary": about.split(". ")[0].rstrip("."),
        "description": about,
        "parameters": [_parameter(one) for one in parameters],
        "responses": {
            "200": {"description": "The answer.", "content": content},
            **{
                str(status): {"description": text, "content": refused}
                for status, text in _STATUSES.items()
            },
        },
    }


def _parameter(one: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": one.name,
        "in": "query",
        "required": one.required,
        "description": one.about,
        "schema": one.schema(),
    }
    if one.times > 1:
        described |= {"style": "form", "explode": True}
    if one.example:
        described["example"] = [one.example] if one.times > 1 else one.example
    return described
