"""Taking due deliveries for one sender: by state and lease, in one short transaction, with their attempts already written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, OperationalError, transaction
from django.db.models import F, Q

from invoicing.lib import clock
from webhooks.models import Attempt, Delivery, Endpoint, Event, event_id
from webhooks.queues import Load, next_in_line

LEASE = timedelta(seconds=60)  # longer than a call's deadline, its wait for a place, and the wait to record its outcome
_LOOKS = 2  # then the calls under way have their turn: somebody may hold the rows for long
_COLUMNS = ("pk", "uuid", "business_id", "event_id", "endpoint_id", "body", "lease", "lease_until", "attempt_count")
log = structlog.get_logger(__name__)


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

    @property
    def is_doubtful(self) -> bool:
        """Whether the last attempt at this endpoint failed."""
        return self.endpoint.consecutive_failures > 0


def claim(limit: int, load: Load) -> list[Claim]:
    """At most `limit` due deliveries, each endpoint's oldest first; safe beside other senders. See webhooks/queues.py for whose.

    The lease is on the database's clock, for senders run on several machines.
    """
    for _ in range(_LOOKS if limit > 0 else 0):
        now = clock.of_database()
        wanted = next_in_line(limit, load, now)
        claims = _claim(wanted, now) if wanted else []
        if claims or not wanted:
            return claims
        # Another sender was quicker with all of them; their leases show in the next look.
    return []


def _claim(pks: list[int], now: datetime) -> list[Claim]:
    """These, as far as nobody else has them. A row that cannot be claimed is set aside, and the others go on without it."""
    try:
        with transaction.atomic():
            free = Delivery.objects.filter(Q(lease_until=None) | Q(lease_until__lte=now), pk__in=pks)
            free = free.filter(state=Delivery.State.PENDING, next_attempt_at__lte=now)
            rows = {row.pk: row for row in free.select_for_update(skip_locked=True).values_list(*_COLUMNS, named=True)}
            return _take([rows[pk] for pk in pks if pk in rows], now)
    except OperationalError:  # the database is away, or busy: no row's fault
        raise
    except DatabaseError as error:
        if len(pks) > 1:
            return [claim for pk in pks for claim in _claim([pk], now)]
        log.exception("delivery_not_claimable", delivery=pks[0], error=repr(error))
        Delivery.objects.filter(pk=pks[0]).update(next_attempt_at=now + timedelta(hours=1))
        return []


def _take(rows: list[Any], now: datetime) -> list[Claim]:
    """Lease these locked rows and write their attempts; those of endpoints that are stopped are put away instead."""
    endpoints = Endpoint.objects.in_bulk({row.endpoint_id for row in rows})
    _park([row for row in rows if not endpoints[row.endpoint_id].is_enabled], endpoints)
    busy = _busy([endpoint for endpoint in endpoints.values() if endpoint.fifo], now)
    rows = [row for row in rows if endpoints[row.endpoint_id].is_enabled and row.endpoint_id not in busy]
    _close_abandoned(rows)
    _lease(rows, now)
    attempts = Attempt.objects.bulk_create([_attempt(row) for row in rows])
    named = Event.objects.filter(pk__in={row.event_id for row in rows}).values_list("pk", "uuid", "type")
    events = {pk: (event_id(uuid), type_) for pk, uuid, type_ in named}
    return [
        Claim(
            delivery_id=row.pk,
            delivery_uuid=row.uuid,
            lease=row.lease + 1,
            event_id=events[row.event_id][0],
            event_type=events[row.event_id][1],
            body=bytes(row.body),
            endpoint=endpoints[row.endpoint_id],
            attempt=attempt,
        )
        for row, attempt in zip(rows, attempts, strict=True)
    ]


def _busy(in_order: list[Endpoint], now: datetime) -> set[int]:
    """Those of the endpoints that want events in order with one under way, or in another sender's hands right now.

    Their rows are locked, and nobody is waited for: the order of locks is endpoint → delivery, and here it is the other one.
    """
    if not in_order:
        return set()
    asked = {endpoint.pk for endpoint in in_order}
    locked = Endpoint.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=asked)
    ours = set(locked.values_list("pk", flat=True))
    under_way = Delivery.objects.filter(endpoint__in=asked, state=Delivery.State.PENDING, lease_until__gt=now)
    return (asked - ours) | set(under_way.values_list("endpoint_id", flat=True))


def _attempt(row: Any) -> Attempt:
    return Attempt(business_id=row.business_id, delivery_id=row.pk, number=row.attempt_count + 1)


def _lease(rows: Iterable[Any], now: datetime) -> None:
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
        lease=F("lease") + 1, lease_until=now + LEASE, attempt_count=F("attempt_count") + 1, updated_at=now
    )


def _park(rows: list[Any], endpoints: dict[int, Endpoint]) -> None:
    """A delivery that was written while its endpoint was being disabled or deleted goes where the others went."""
    _close_abandoned(rows)
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
