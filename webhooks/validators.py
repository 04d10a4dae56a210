"""What an endpoint may ask for: events that exist, headers that are not ours. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from invoicing.lib.api import unknown_name
from invoicing.lib.errors import Invalid
from webhooks.catalog import SUBSCRIPTIONS

MAX_HEADERS = 20
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,498}[\x21-\x7e])?")
# What we say ourselves, and what belongs to the connection.
_OURS = frozenset(
    (
        *("host", "user-agent", "accept-encoding", "cookie", "expect"),
        *("connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"),
    )
)
_OUR_PREFIXES = ("content-", "x-webhook-", "webhook-", "proxy-")


def check_events(names: Sequence[str]) -> list[str]:
    """The names and wildcards, each once, in the order given; Invalid for none at all and for one that no event has."""
    if not names:
        raise Invalid.field("events", 'Give at least one name, or "*" for all.')
    for index, name in enumerate(names):
        if name not in SUBSCRIPTIONS:
            raise Invalid.field(f"events.{index}", unknown_name(name[:50], SUBSCRIPTIONS))
    return list(dict.fromkeys(names))


def check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers; Invalid for a malformed name or value, one that is ours, or a name given twice in two cases."""
    if len(headers) > MAX_HEADERS:
        raise Invalid.field("headers", f"At most {MAX_HEADERS} headers.")
    seen: set[str] = set()
    for name, value in headers.items():
        folded = name.lower()
        if not _NAME.fullmatch(name) or folded in seen:
            raise Invalid.field("headers", f"{name[:64]!r} is not a header name, or is given twice.")
        if folded in _OURS or folded.startswith(_OUR_PREFIXES):
            raise Invalid.field(f"headers.{name}", "This header is set by the server.")
        if not _VALUE.fullmatch(value):
            raise Invalid.field(f"headers.{name}", "Expected 1–500 visible ASCII characters.")
        seen.add(folded)
    return dict(headers)
