"""Forgetting old events with their deliveries and attempts, never one that somebody has not received yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from invoicing.lib import clock
from webhooks.models import Attempt, Delivery, Event

BATCH = 500


def forget_old_events() -> int:
    """Delete events older than EVENT_RETENTION_DAYS (0: none), a batch per transaction; returns how many."""
    if not settings.EVENT_RETENTION_DAYS:
        return 0
    before = clock.now() - timedelta(days=settings.EVENT_RETENTION_DAYS)
    forgotten, last = 0, 0
    while batch := _old(before, last):
        forgotten += _forget([pk for pk, owed in batch if not owed])
        last = batch[-1][0]
    return forgotten


def _old(before: datetime, last: int) -> list[tuple[int, bool]]:
    """The next old events by age, each with whether somebody still waits for it."""
    owed = Delivery.objects.filter(event=OuterRef("pk"), state__in=Delivery.OWED)
    events = Event.objects.filter(pk__gt=last).order_by("id").annotate(owed=Exists(owed))
    rows = events.values_list("pk", "created_at", "owed")[:BATCH]
    return [(pk, owed) for pk, created_at, owed in rows if created_at < before]


# _raw_delete: nothing to collect, and the database itself refuses to leave a row without its parent.
@transaction.atomic
def _forget(events: list[int]) -> int:
    """Delete these with what hangs on them, but for what was asked to be sent again meanwhile."""
    locked = list(Delivery.objects.select_for_update().filter(event__in=events).values_list("pk", "event_id", "state"))
    owed = {event for _, event, state in locked if state in Delivery.OWED}
    deliveries = [pk for pk, event, _ in locked if event not in owed]
    gone = [event for event in events if event not in owed]
    Attempt.objects.filter(delivery__in=deliveries)._raw_delete("default")
    Delivery.objects.filter(pk__in=deliveries)._raw_delete("default")
    Event.objects.filter(pk__in=gone)._raw_delete("default")
    return len(gone)
