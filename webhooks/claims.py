"""Taking due deliveries for one sender: by state and lease, in one short transaction, with their attempts already written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from invoicing.lib import clock
from webhooks.models import Attempt, Delivery, Endpoint, Event, due_deliveries

LEASE = timedelta(seconds=60)  # longer than a call's deadline and the wait to record its outcome


_COLUMNS = ("pk", "uuid", "business_id", "event_id", "endpoint_id", "body", "lease", "lease_until", "attempt_count")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that is ours until its lease ends; `lease` is the fencing number."""

    delivery_id: int
    delivery_uuid: UUID
    lease: int
    event_id: str
    event_type: str
    body: bytes
    endpoint: Endpoint
    attempt: Attempt


def claim(limit: int, *, share: int, under_way: Mapping[int, int]) -> list[Claim]:
    """At most `limit` due deliveries, oldest first; safe beside other senders.

    No endpoint gets more than `share`, those counted that are `under_way` (by endpoint) already.
    """
    busy = [endpoint for endpoint, count in under_way.items() if count >= share]
    due = due_deliveries().exclude(endpoint__in=busy) if busy else due_deliveries()
    while limit > 0 and due.exists():  # outside the transaction: an idle look must not take SQLite's one writer
        with transaction.atomic():
            found = list(due.select_for_update(skip_locked=True).values_list(*_COLUMNS, named=True)[:limit])
            claims = _take(_fair(found, share, under_way))
        if claims or not found:
            return claims
    return []


def _fair(rows: Iterable[Any], share: int, under_way: Mapping[int, int]) -> list[Any]:
    counts, fair = Counter(under_way), []
    for row in rows:
        counts[row.endpoint_id] += 1
        if counts[row.endpoint_id] <= share:
            fair.append(row)
    return fair


def _take(rows: list[Any]) -> list[Claim]:
    """Lease these locked rows and write their attempts; those of endpoints that are stopped are put away instead."""
    endpoints = Endpoint.objects.in_bulk({row.endpoint_id for row in rows})
    enabled = [row for row in rows if _is_enabled(endpoints[row.endpoint_id])]
    _park([row for row in rows if not _is_enabled(endpoints[row.endpoint_id])], endpoints)
    _close_abandoned(enabled)
    _lease(enabled)
    attempts = Attempt.objects.bulk_create([_attempt(row) for row in enabled])
    events = Event.objects.defer("data", "previous", "actor").in_bulk({row.event_id for row in enabled})
    return [
        Claim(
            delivery_id=row.pk,
            delivery_uuid=row.uuid,
            lease=row.lease + 1,
            event_id=events[row.event_id].event_id,
            event_type=events[row.event_id].type,
            body=bytes(row.body),
            endpoint=endpoints[row.endpoint_id],
            attempt=attempt,
        )
        for row, attempt in zip(enabled, attempts, strict=True)
    ]


def _is_enabled(endpoint: Endpoint) -> bool:
    return endpoint.deleted_at is None and endpoint.status == Endpoint.Status.ENABLED


def _attempt(row: Any) -> Attempt:
    return Attempt(business_id=row.business_id, delivery_id=row.pk, number=row.attempt_count + 1)


def _lease(rows: Iterable[Any]) -> None:
    now = clock.now()
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
        lease=F("lease") + 1, lease_until=now + LEASE, attempt_count=F("attempt_count") + 1, updated_at=now
    )


def _park(rows: list[Any], endpoints: dict[int, Endpoint]) -> None:
    """A delivery that was written while its endpoint was being disabled or deleted goes where the others went."""
    for state, deleted in ((Delivery.State.HELD, False), (Delivery.State.FAILED, True)):
        pks = [row.pk for row in rows if (endpoints[row.endpoint_id].deleted_at is not None) == deleted]
        if pks:
            Delivery.objects.filter(pk__in=pks).update(
                state=state, next_attempt_at=None, lease_until=None, updated_at=clock.now()
            )


def _close_abandoned(rows: Iterable[Any]) -> None:
    """A lease that ended without an outcome: say so in its attempt; the delivery is sent again with the same event id."""
    abandoned = [row.pk for row in rows if row.lease_until is not None]
    if abandoned:
        Attempt.objects.filter(delivery_id__in=abandoned, duration_ms=None, error=None).update(
            error="The sender stopped before it knew the outcome."
        )
