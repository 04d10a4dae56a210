"""Events: each is on its way to everybody who wanted it."""

from __future__ import annotations

from collections.abc import Iterator

from businesses.models import Business
from webhooks.catalog import EVENT_NAMES
from webhooks.models import Delivery, Endpoint, Event


def check_events(business: Business) -> Iterator[str]:
    """Every event has a delivery for each endpoint that was subscribed, unchanged since, when it was committed."""
    for endpoint in Endpoint.objects.of(business).live():
        if endpoint.format != Endpoint.Format.OIM:  # which of our events another format knows, only it can say
            continue
        wanted = [name for name in EVENT_NAMES if endpoint.wants(name)]
        events = Event.objects.of(business).filter(created_at__gt=endpoint.updated_at, type__in=wanted)
        delivered = Delivery.objects.filter(endpoint=endpoint).values("event_id")
        for event in events.exclude(pk__in=delivered).exclude(type="webhook.test").order_by("pk"):
            yield f"event {event.event_id} has no delivery for endpoint {endpoint.uuid}"
