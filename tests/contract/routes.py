"""Every operation of the native API, read from the schema, so that a new route cannot be forgotten by a table."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

_METHODS = ("get", "post", "patch", "delete")


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """The OpenAPI document."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document


def operations() -> list[str]:
    """`GET /invoices/{id}` and so on."""
    return [
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, item in schema()["paths"].items()
        for method in _METHODS
        if method in item
    ]


def parameters_of(path: str) -> list[str]:
    """The names in the braces of a path."""
    return re.findall(r"{(\w+)}", path)


def body_schema(operation: str) -> dict[str, Any] | None:
    """The schema of an operation's body, references resolved at the top."""
    method, path = operation.split(" ")
    body = schema()["paths"][f"/api/v1{path}"][method.lower()].get("requestBody")
    return resolve(body["content"]["application/json"]["schema"]) if body else None


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """A schema node behind its $ref."""
    while "$ref" in node:
        node = schema()["components"]["schemas"][node["$ref"].rsplit("/", 1)[1]]
    return node
