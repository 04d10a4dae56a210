"""How a request proves where it comes from: OnlineInvoiceMaker's signature and Standard Webhooks', over the same bytes. Pure."""

from __future__ import annotations

import base64
import hmac
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

USER_AGENT = "OnlineInvoiceMaker-Webhooks/1.0"
OVERLAP = timedelta(hours=24)  # how long the old of two secrets goes on signing


class Secrets(NamedTuple):
    """The signing secrets of an endpoint, 64 hex digits each; `next` is the one that is to replace `current`.

    OnlineInvoiceMaker's header has room for one signature: `current` makes it until `next` is activated. Standard
    Webhooks' has room for several: there both sign, so that a receiver may change over at any moment in between.
    """

    current: str
    next: str | None = None


class Call(NamedTuple):
    """One attempt: its id, the event's id and type, and the Unix second of signing."""

    attempt_id: UUID
    event_id: str
    event_type: str
    timestamp: int


def standard_secret(secret: str) -> str:
    """The secret as Standard Webhooks' libraries take it: `whsec_` and the base64 of its ASCII bytes."""
    return f"whsec_{base64.b64encode(secret.encode()).decode()}"


def oim_signature(secret: str, timestamp: int, body: bytes) -> str:
    """Lower hex HMAC-SHA256 of `<timestamp>.<body>` (contracts/oim.md 1.5)."""
    return hmac.digest(secret.encode(), b"%d." % timestamp + body, "sha256").hex()


def standard_signature(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the base64 HMAC-SHA256 of `<event id>.<timestamp>.<body>` (standardwebhooks.com)."""
    signed = f"{event_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(secret.encode(), signed, 'sha256')).decode()}"


def standard_headers(body: bytes, secrets: Secrets, call: Call) -> dict[str, str]:
    """The three headers of Standard Webhooks; both secrets sign while one replaces the other."""
    live = [secret for secret in (secrets.next, secrets.current) if secret]
    signatures = (standard_signature(secret, call.event_id, call.timestamp, body) for secret in live)
    return {
        "webhook-id": call.event_id,
        "webhook-timestamp": str(call.timestamp),
        "webhook-signature": " ".join(signatures),
    }


def oim_headers(body: bytes, secrets: Secrets, call: Call) -> dict[str, str]:
    """All headers of a request in the native format."""
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-Webhook-ID": str(call.attempt_id),
        "X-Webhook-Event-ID": call.event_id,
        "X-Webhook-Timestamp": str(call.timestamp),
        "X-Webhook-Event": call.event_type,
        "X-Webhook-Signature": oim_signature(secrets.current, call.timestamp, body),
        **standard_headers(body, secrets, call),
    }
