"""Webhooks as Invoiced sends them: the event that `GET /events/:id` answers, and a signature of the raw body."""

from __future__ import annotations

import hashlib
import hmac

from dialects.invoiced.event_objects import NAMES, show_events
from invoicing.lib import json
from webhooks.models import Endpoint, Event
from webhooks.signing import USER_AGENT, Call, Secrets, standard_headers


def body(event: Event, endpoint: Endpoint) -> bytes | None:
    """The event as its list shows it; None for one that Invoiced does not know."""
    return json.encode(show_events(event.business, [event])[0]) if event.type in NAMES else None


def headers(body: bytes, secrets: Secrets, call: Call) -> dict[str, str]:
    """Its signature has no timestamp; the Standard Webhooks headers go beside it, for receivers that want one."""
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-Invoiced-Signature": hmac.new(secrets.current.encode(), body, hashlib.sha256).hexdigest(),
        **standard_headers(body, secrets, call),
    }
