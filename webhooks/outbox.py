"""The outbox: the only writer of events. An event, and a delivery for each endpoint that wants it, commit with the change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection
from django.db.transaction import TransactionManagementError

from businesses.audit import Actor
from businesses.models import Business
from invoicing.lib import clock, json
from invoicing.lib.new_rows import insert_all
from invoicing.lib.rows import read_objects
from webhooks.catalog import EVENT_NAMES, TEST
from webhooks.formats import wire_format
from webhooks.heartbeat import wake_dispatcher
from webhooks.models import Delivery, Endpoint, Event


def publish(
    business: Business,
    type: str,  # noqa: A002 - the envelope's own word
    data: Mapping[str, Any],
    *,
    actor: Actor,
    previous: Mapping[str, Any] | None = None,
) -> Event:
    """Record that something happened, inside the transaction that makes it true.

    `data` is frozen as it is now (Decimals, UUIDs and dates may be in it). Raises TransactionManagementError outside a
    transaction, ValueError for a name that the catalogue does not have.
    """
    event = _record(business, type, data, actor, previous)
    endpoints = read_objects(Endpoint, [business.pk], by="business")
    queue(event, [endpoint for endpoint in endpoints if endpoint.deleted_at is None and endpoint.wants(type)])
    return event


def publish_test(endpoint: Endpoint, *, actor: Actor) -> Delivery:
    """Record `webhook.test` for this endpoint alone, whatever it is subscribed to."""
    data = {"endpoint_id": endpoint.uuid, "url": endpoint.url, "message": "This is a test."}
    return queue(_record(endpoint.business, TEST, data, actor), [endpoint])[0]


def queue(event: Event, endpoints: Iterable[Endpoint]) -> list[Delivery]:
    """A delivery of an event for each of these endpoints of its business: due now, or held while the endpoint is disabled."""
    native = None
    deliveries = []
    for endpoint in endpoints:
        if endpoint.format == Endpoint.Format.OIM:  # the same bytes for all of them
            body = native = native or wire_format(endpoint.format).body(event, endpoint)
        else:
            body = wire_format(endpoint.format).body(event, endpoint)
        if body is not None:
            deliveries.append(_delivery(event, endpoint, body))
    if any(delivery.state == Delivery.State.PENDING for delivery in deliveries):
        wake_dispatcher()
    return list(insert_all(deliveries))


def _record(
    business: Business, type_: str, data: Mapping[str, Any], actor: Actor, previous: Mapping[str, Any] | None = None
) -> Event:
    if not connection.in_atomic_block:
        raise TransactionManagementError("An event is recorded in the transaction that makes it true.")
    if type_ not in EVENT_NAMES:
        raise ValueError(f"{type_!r} is not in webhooks/catalog.py")
    return Event.objects.create(
        business=business,
        type=type_,
        data=json.encode(data).decode(),
        previous=None if previous is None else json.encode(previous).decode(),
        actor=actor.as_json(),
    )


def _delivery(event: Event, endpoint: Endpoint, body: bytes) -> Delivery:
    held = endpoint.status == Endpoint.Status.DISABLED
    return Delivery(
        business=event.business,
        event=event,
        endpoint=endpoint,
        body=body,
        state=Delivery.State.HELD if held else Delivery.State.PENDING,
        next_attempt_at=None if held else clock.now(),
    )
