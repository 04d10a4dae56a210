"""Strict JSON in, JavaScript's numbers out: exact Decimals both ways, and nothing that a database or a browser would choke on."""

from __future__ import annotations

import json
import unicodedata
from decimal import Decimal
from typing import Any

import msgspec

MAX_DEPTH = 32
_encoder = msgspec.json.Encoder(decimal_format="number", uuid_format="canonical")


class BadJSON(ValueError):
    """The text is not JSON as this server takes it; the message says why."""


def decode(body: bytes) -> Any:
    """Parse UTF-8 JSON: numbers with a fraction or exponent become Decimal, strings are NFC.

    Raises BadJSON for anything malformed, a key given twice, NaN or Infinity, more than 32 levels, lone surrogates
    or U+0000.
    """
    try:
        value = json.loads(
            body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_unique
        )
    except BadJSON:
        raise
    except UnicodeDecodeError:
        raise BadJSON("The body is not UTF-8.") from None
    except RecursionError:
        raise BadJSON(f"The body is nested more than {MAX_DEPTH} levels deep.") from None
    except (ValueError, ArithmeticError) as error:
        raise BadJSON(f"The body is not valid JSON: {error}.") from None
    return _clean(value, 1)


def encode(value: Any) -> bytes:
    """JSON with the numbers as they were given; Decimals must be in their shortest spelling (`money.number`)."""
    return _encoder.encode(value)


def clean_text(text: str) -> str:
    """The text in NFC; BadJSON for U+0000 or a lone surrogate."""
    if text.isascii():
        if "\0" in text:
            raise BadJSON("Text must not contain U+0000.")
        return text
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise BadJSON("Text must not contain U+0000 or a lone surrogate.")
    return unicodedata.normalize("NFC", text)


def _no_constant(name: str) -> None:
    raise BadJSON(f"{name} is not a JSON number.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise BadJSON(f"The key {twice[:40]!r} is given twice.")
    return result


def _clean(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            raise BadJSON(f"The body is nested more than {MAX_DEPTH} levels deep.")
        if isinstance(value, list):
            return [_clean(item, depth + 1) for item in value]
        return {clean_text(key): _clean(item, depth + 1) for key, item in value.items()}
    return value
