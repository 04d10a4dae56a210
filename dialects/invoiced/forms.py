"""Form-encoded bodies and bracketed queries: `to[0][name]=x&metadata[k]=v&ids[]=1` as nested dictionaries and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from rest_framework.parsers import BaseParser

from invoicing.lib import json
from invoicing.lib.api import MAX_BODY, TooLarge
from invoicing.lib.errors import Invalid

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
_MAX_PAIRS, _MAX_DEPTH = 10_000, 8


def nest(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Pairs with bracketed names as one dictionary; Invalid for a name that cannot be, or one that is given as two kinds."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        match = _NAME.fullmatch(name)
        parts = _PART.findall(match[2]) if match else []
        if match is None or len(parts) > _MAX_DEPTH:
            raise Invalid.field(name[:50], "This is not a name of a field.")
        _put(root, [match[1], *parts], value, name)
    return {name: _listed(value) for name, value in root.items()}


def _put(node: dict[str, Any], parts: list[str], value: Any, name: str) -> None:
    for part in parts[:-1]:
        part = part or str(len(node))
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            raise Invalid.field(name[:50], "Given as a value and as an object.")
    last = parts[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise Invalid.field(name[:50], "Given as a value and as an object.")
    node[last] = value


def _listed(value: Any) -> Any:
    """Objects whose keys count from 0 are lists."""
    if not isinstance(value, Mapping):
        return value
    inner = {key: _listed(item) for key, item in value.items()}
    places = [str(index) for index in range(len(inner))]
    if inner and inner.keys() == set(places):
        return [inner[place] for place in places]
    return inner


class FormParser(BaseParser):
    """`application/x-www-form-urlencoded`, at most 1 MiB; every value is a string."""

    media_type = "application/x-www-form-urlencoded"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        body = stream.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise TooLarge("The body is larger than 1 MiB.")
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=False, max_num_fields=_MAX_PAIRS)
            return nest((json.clean_text(name), json.clean_text(value)) for name, value in pairs)
        except (UnicodeDecodeError, ValueError, json.BadJSON) as error:
            raise Invalid(f"The form cannot be read: {error}", code="invalid_form") from None
