"""How the body and headers of a request are made, for each wire format of an endpoint: the native one, and those of settings.

A format is a module with two functions. `body(event, endpoint)` runs in the transaction that records the event, may read
and never writes; None says that the format has no such event, and nothing is sent. `headers(body, secrets, call)` is pure
and runs at each attempt.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Protocol, cast

from django.conf import settings
from msgspec import Raw

from invoicing.lib import clock, json
from webhooks.models import Endpoint, Event
from webhooks.signing import Call, Secrets, oim_headers


class WireFormat(Protocol):
    """What a module of settings.WEBHOOK_FORMATS has."""

    def body(self, event: Event, endpoint: Endpoint) -> bytes | None:
        """The bytes of an event for an endpoint; None where the format has no such event."""

    def headers(self, body: bytes, secrets: Secrets, call: Call) -> dict[str, str]:
        """All headers of one attempt."""


class Native:
    """OnlineInvoiceMaker's envelope, signed in two ways."""

    def body(self, event: Event, endpoint: Endpoint) -> bytes | None:
        """The envelope, with the event's `data` as it was encoded."""
        return json.encode(
            {
                "id": event.event_id,
                "type": event.type,
                "created_at": clock.iso(event.created_at),
                "business_id": event.business.uuid,
                "data": Raw(event.data.encode()),
            }
        )

    def headers(self, body: bytes, secrets: Secrets, call: Call) -> dict[str, str]:
        """See webhooks/signing.py."""
        return oim_headers(body, secrets, call)


@lru_cache(maxsize=16)
def wire_format(name: str) -> WireFormat:
    """The format of this name; KeyError for one that settings don't know."""
    if name == Endpoint.Format.OIM:
        return Native()
    return cast("WireFormat", import_module(settings.WEBHOOK_FORMATS[name]))
