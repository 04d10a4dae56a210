"""Endpoints: made, changed, forgotten, switched on and off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from businesses import audit
from businesses.audit import Actor
from businesses.models import Business
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Detail
from invoicing.lib.http import parse_url
from invoicing.lib.ids import secret_hex
from invoicing.lib.secrets import encrypt
from webhooks.heartbeat import wake_dispatcher
from webhooks.models import Delivery, Endpoint
from webhooks.notices import tell_owners_disabled
from webhooks.validators import check_events, check_headers


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are stored; Invalid names the one that is wrong. Looks nothing up: see `lib.http.check_url`."""
    checked = dict(fields)
    if "url" in fields:
        parse_url(fields["url"])
    if "events" in fields:
        checked["events"] = check_events(fields["events"])
    if "headers" in fields:
        checked["headers"] = check_headers(fields["headers"])
    return checked


@transaction.atomic
def create_endpoint(
    business: Business, *, url: str, events: Sequence[str], actor: Actor, **fields: Any
) -> tuple[Endpoint, str]:
    """A new endpoint, enabled; the second value is its signing secret (64 hex digits), which nothing shows again."""
    secret = secret_hex()
    checked = _checked({"url": url, "events": events, **fields})
    endpoint = Endpoint.objects.create(business=business, secret=encrypt(secret), **checked)
    audit.record(business, actor, "endpoint.created", endpoint, {"events": endpoint.events})
    return endpoint, secret


@transaction.atomic
def update_endpoint(endpoint: Endpoint, *, changes: Mapping[str, Any], actor: Actor) -> Endpoint:
    """Change what an endpoint asks for; what is already queued goes to its new URL with the bytes it has.

    Conflict for another format while something is queued: its bytes are of the old one.
    """
    endpoint = Endpoint.objects.lock(endpoint.pk)
    checked = _checked(changes)
    if checked.get("format", endpoint.format) != endpoint.format and _waiting(endpoint, *Delivery.OWED).exists():
        message = "Events in the old format are still to be delivered; make another endpoint."
        raise Conflict(f"format: {message}", code="undelivered", details=[Detail("format", message)])
    changed = [name for name, value in checked.items() if getattr(endpoint, name) != value]
    if not changed:
        return endpoint
    for name in changed:
        setattr(endpoint, name, checked[name])
    endpoint.save(update_fields=[*changed, "updated_at"])
    audit.record(endpoint.business, actor, "endpoint.updated", endpoint, {"fields": sorted(changed)})
    return endpoint


@transaction.atomic
def delete_endpoint(endpoint: Endpoint, *, actor: Actor) -> None:
    """Forget an endpoint; what it has not received yet is never sent, what was stays on record."""
    endpoint = Endpoint.objects.lock(endpoint.pk)
    endpoint.deleted_at = clock.now()
    endpoint.save(update_fields=["deleted_at", "updated_at"])
    _stop(endpoint, Delivery.State.FAILED, *Delivery.OWED)
    audit.record(endpoint.business, actor, "endpoint.deleted", endpoint)


@transaction.atomic
def enable_endpoint(endpoint: Endpoint, *, actor: Actor) -> Endpoint:
    """Let new events be sent again; those held meanwhile stay held until they are recovered. Again changes nothing.

    Where events go in order the held ones go first, for nothing may overtake them.
    """
    endpoint = Endpoint.objects.lock(endpoint.pk)
    if endpoint.status == Endpoint.Status.DISABLED:
        endpoint.status, endpoint.disabled_reason = Endpoint.Status.ENABLED, None
        endpoint.consecutive_failures = 0
        endpoint.save(update_fields=["status", "disabled_reason", "consecutive_failures", "updated_at"])
        if endpoint.fifo:
            now = clock.now()
            _waiting(endpoint, "held").update(state=Delivery.State.PENDING, next_attempt_at=now, updated_at=now)
            wake_dispatcher()
        audit.record(endpoint.business, actor, "endpoint.enabled", endpoint)
    return endpoint


@transaction.atomic
def disable_endpoint(endpoint: Endpoint, *, reason: str, actor: Actor) -> Endpoint:
    """Stop sending to an endpoint: its pending deliveries are held, and the owners hear of it. Again changes nothing."""
    endpoint = Endpoint.objects.lock(endpoint.pk)
    if endpoint.status == Endpoint.Status.ENABLED:
        endpoint.status, endpoint.disabled_reason = Endpoint.Status.DISABLED, reason[:255]
        endpoint.save(update_fields=["status", "disabled_reason", "updated_at"])
        _stop(endpoint, Delivery.State.HELD, "pending")
        audit.record(endpoint.business, actor, "endpoint.disabled", endpoint, {"reason": reason})
        tell_owners_disabled(endpoint)
    return endpoint


def _stop(endpoint: Endpoint, state: Delivery.State, *from_states: str) -> None:
    _waiting(endpoint, *from_states).update(state=state, next_attempt_at=None, updated_at=clock.now())


def _waiting(endpoint: Endpoint, *states: str) -> QuerySet[Delivery]:
    return Delivery.objects.of(endpoint.business_id).filter(endpoint=endpoint, state__in=states)
