"""Taking due deliveries for one sender: by state and lease, in one short transaction, with their attempts already written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast
from uuid import UUID

import structlog
from django.db import DatabaseError, OperationalError, transaction
from django.db.models import UUIDField

from invoicing.lib import clock
from invoicing.lib.ids import uuid7
from webhooks.models import Attempt, Delivery, Endpoint, event_id, live_secrets
from webhooks.queues import Load, next_in_line
from webhooks.signing import OVERLAP, Secrets
from webhooks.sql import as_json, keys, lock, moment, run, table

LEASE = timedelta(seconds=60)  # longer than a call's deadline, its wait for a place, and the wait to record its outcome
_LOOKS = 2  # then the calls under way have their turn: somebody may hold the rows for long
_FREE = """
SELECT delivery.id, delivery.uuid, delivery.business_id, delivery.body, delivery.lease, delivery.attempt_count,
    delivery.lease_until IS NOT NULL, event.uuid, event.type, endpoint.fifo, endpoint.status = 'disabled',
    endpoint.deleted_at IS NOT NULL, endpoint.id, endpoint.url, endpoint.format, endpoint.headers,
    endpoint.consecutive_failures > 0, endpoint.secret, endpoint.next_secret, endpoint.next_secret_since <= %s
FROM webhooks_delivery delivery
JOIN webhooks_event event ON event.id = delivery.event_id
JOIN webhooks_endpoint endpoint ON endpoint.id = delivery.endpoint_id
WHERE delivery.id IN ({pks}) AND delivery.state = 'pending' AND delivery.next_attempt_at <= %s
    AND (delivery.lease_until IS NULL OR delivery.lease_until <= %s)
{lock}
"""
_LEASE = """
UPDATE webhooks_delivery SET lease = lease + 1, lease_until = %s, attempt_count = attempt_count + 1, updated_at = %s
WHERE id IN ({pks})
"""
_BEGIN = """
INSERT INTO webhooks_attempt (uuid, created_at, business_id, delivery_id, number, url, request_headers, response)
SELECT uuid, %s, business, delivery, number, '', '{{}}', '' FROM {begun} RETURNING delivery_id, id
"""
log = structlog.get_logger(__name__)
_as_uuid = UUIDField().to_python  # SQLite keeps text


class Receiver(NamedTuple):
    """An endpoint as it was when the delivery was claimed; headers are JSON, secrets encrypted."""

    pk: int
    url: str
    format: str
    headers_json: str
    is_doubtful: bool  # its last attempt failed
    secret: str
    next_secret: str | None
    is_rotated: bool

    @property
    def headers(self) -> dict[str, str]:
        """Those that the business wants sent along."""
        return cast("dict[str, str]", json.loads(self.headers_json))

    @property
    def secrets(self) -> Secrets:
        """What signs, in the clear; cryptography.fernet.InvalidToken where SECRET_KEY is another one."""
        return live_secrets(self.secret, self.next_secret, is_rotated=self.is_rotated)


class _Row(NamedTuple):
    """What _FREE answers, with the endpoint's last columns in one."""

    pk: int
    uuid: Any
    business_id: int
    body: bytes
    lease: int
    attempt_count: int
    is_abandoned: bool
    event_uuid: Any
    event_type: str
    fifo: bool
    is_disabled: bool
    is_deleted: bool
    endpoint: Receiver


@dataclass(slots=True, kw_only=True)  # thousands a second: a frozen one takes three times as long to make
class Claim:
    """A delivery that is ours until its lease ends, and the attempt for its one call; `lease` is the fencing number.

    `shown_headers` are the request's, as the log shows them, once it is made.
    """

    delivery_id: int
    delivery_uuid: UUID
    business_id: int
    lease: int
    event_id: str
    event_type: str
    body: bytes
    endpoint: Receiver
    attempt_id: int
    attempt_uuid: UUID
    shown_headers: dict[str, str] = field(default_factory=dict)


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
            rows = _lock_free(pks, now)
            return _take([rows[pk] for pk in pks if pk in rows], now)
    except OperationalError:  # the database is away, or busy: no row's fault
        raise
    except DatabaseError as error:
        if len(pks) > 1:
            return [claim for pk in pks for claim in _claim([pk], now)]
        log.exception("delivery_not_claimable", delivery=pks[0], error=repr(error))
        Delivery.objects.filter(pk=pks[0]).update(next_attempt_at=now + timedelta(hours=1))
        return []


def _lock_free(pks: list[int], now: datetime) -> dict[int, _Row]:
    statement = _FREE.format(pks=keys(pks), lock=lock("FOR UPDATE OF delivery SKIP LOCKED"))
    found = run(statement, moment(now - OVERLAP), moment(now), moment(now))
    return {row[0]: _Row._make((*row[:12], Receiver._make(row[12:]))) for row in found}


def _take(rows: list[_Row], now: datetime) -> list[Claim]:
    """Lease these locked rows and write their attempts; those of endpoints that are stopped are put away instead."""
    _close_abandoned(rows)
    _park(rows, now)
    busy = _busy({row.endpoint.pk for row in rows if row.fifo}, now)
    rows = [row for row in rows if not (row.is_deleted or row.is_disabled or row.endpoint.pk in busy)]
    uuids = {row.pk: uuid7() for row in rows}
    attempts = _lease(rows, uuids, now) if rows else {}
    return [
        Claim(
            delivery_id=row.pk,
            delivery_uuid=_as_uuid(row.uuid),
            business_id=row.business_id,
            lease=row.lease + 1,
            event_id=event_id(_as_uuid(row.event_uuid)),
            event_type=row.event_type,
            body=row.body,
            endpoint=row.endpoint,
            attempt_id=attempts[row.pk],
            attempt_uuid=uuids[row.pk],
        )
        for row in rows
    ]


def _lease(rows: list[_Row], uuids: Mapping[int, UUID], now: datetime) -> dict[int, int]:
    """Hold these deliveries and begin an attempt at each; the attempts' primary keys by those of the deliveries."""
    run(_LEASE.format(pks=keys(row.pk for row in rows)), moment(now + LEASE), moment(now))
    columns = table("begun", uuid="uuid", business="bigint", delivery="bigint", number="integer")
    begun = [
        {"uuid": uuids[row.pk].hex, "business": row.business_id, "delivery": row.pk, "number": row.attempt_count + 1}
        for row in rows
    ]
    return dict(run(_BEGIN.format(begun=columns), moment(now), as_json(begun)))


def _busy(in_order: set[int], now: datetime) -> set[int]:
    """Those of the endpoints that want events in order with one under way, or in another sender's hands right now.

    Their rows are locked, and nobody is waited for: the order of locks is endpoint → delivery, and here it is the other one.
    """
    if not in_order:
        return set()
    locked = Endpoint.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=in_order)
    ours = set(locked.values_list("pk", flat=True))
    under_way = Delivery.objects.filter(endpoint__in=in_order, state=Delivery.State.PENDING, lease_until__gt=now)
    return (in_order - ours) | set(under_way.values_list("endpoint_id", flat=True))


def _park(rows: Iterable[_Row], now: datetime) -> None:
    """A delivery that was written while its endpoint was being disabled or deleted goes where the others went."""
    deleted = [row.pk for row in rows if row.is_deleted]
    disabled = [row.pk for row in rows if row.is_disabled and not row.is_deleted]
    for state, pks in ((Delivery.State.FAILED, deleted), (Delivery.State.HELD, disabled)):
        if pks:
            Delivery.objects.filter(pk__in=pks).update(
                state=state, next_attempt_at=None, lease_until=None, updated_at=now
            )


def _close_abandoned(rows: Iterable[_Row]) -> None:
    """A lease that ended without an outcome: say so in its attempt; the delivery is sent again with the same event id."""
    abandoned = [row.pk for row in rows if row.is_abandoned]
    if abandoned:
        Attempt.objects.filter(delivery_id__in=abandoned, duration_ms=None, error=None).update(
            error="The sender stopped before it knew the outcome."
        )
