"""Whose turn it is: which due deliveries a sender should take next, fair between businesses and endpoints.

A queue is what is pending for one endpoint. Each look reads only the heads of the queues, so that a long one costs the
others nothing. What is chosen here is only a proposal: `claims` takes it under its locks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

# A loose index scan: one probe per endpoint that has anything pending, however much it is. PostgreSQL and SQLite alike.
_QUEUES = """
WITH RECURSIVE waiting (id) AS (
    SELECT MIN(endpoint_id) FROM webhooks_delivery WHERE state = 'pending'
    UNION ALL
    SELECT (SELECT MIN(endpoint_id) FROM webhooks_delivery WHERE state = 'pending' AND endpoint_id > waiting.id)
    FROM waiting WHERE waiting.id IS NOT NULL
)
SELECT id, business_id, fifo, doubtful, due FROM (
    SELECT endpoint.id, endpoint.business_id, endpoint.fifo, endpoint.consecutive_failures > 0 AS doubtful,
        (SELECT next_attempt_at FROM webhooks_delivery
         WHERE endpoint_id = endpoint.id AND state = 'pending' AND (lease_until IS NULL OR lease_until <= %s)
         ORDER BY next_attempt_at LIMIT 1) AS due
    FROM waiting JOIN webhooks_endpoint endpoint ON endpoint.id = waiting.id
) AS queue WHERE due <= %s ORDER BY due, id
"""
_OLDEST = """
SELECT %s AS place, id FROM (
    SELECT id FROM webhooks_delivery
    WHERE endpoint_id = %s AND state = 'pending' AND next_attempt_at <= %s AND (lease_until IS NULL OR lease_until <= %s)
    ORDER BY next_attempt_at, id LIMIT %s
) AS oldest
"""
# In order: the event that comes first, and nothing while that one is not due or is under way.
_FIRST = """
SELECT %s AS place, id FROM (
    SELECT id, next_attempt_at, lease_until FROM webhooks_delivery
    WHERE endpoint_id = %s AND state = 'pending' ORDER BY event_id LIMIT 1
) AS first WHERE next_attempt_at <= %s AND (lease_until IS NULL OR lease_until <= %s) LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a sender has under way: calls by endpoint and by business, and how many more may go to doubtful endpoints."""

    by_endpoint: Mapping[int, int] = field(default_factory=Counter)
    by_business: Mapping[int, int] = field(default_factory=Counter)
    doubtful_left: int = 25


class Queue(NamedTuple):
    """An endpoint with something due; `doubtful` where its last attempt failed, `due` since when its oldest waits."""

    endpoint: int
    business: int
    fifo: bool
    doubtful: bool
    due: Any

    def places(self, load: Load) -> int:
        """How many more calls it may have: one while it is doubtful or in order, else WEBHOOK_CALLS_PER_ENDPOINT."""
        most = 1 if self.fifo or self.doubtful else settings.WEBHOOK_CALLS_PER_ENDPOINT
        return int(most - load.by_endpoint.get(self.endpoint, 0))


def next_in_line(limit: int, load: Load, now: datetime) -> list[int]:
    """Primary keys of at most `limit` due deliveries that are in nobody's hands, in the order they should be taken."""
    queues = _in_turn(_open_queues(load, now), load)[:limit]
    wanted = [(queue, queue.places(load)) for queue in queues]
    return _heads(wanted, now)[:limit]


def _open_queues(load: Load, now: datetime) -> list[Queue]:
    moment = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(_QUEUES, [moment, moment])
        queues = [Queue(*row) for row in cursor.fetchall()]
    left, open_ = load.doubtful_left, []
    for queue in queues:
        if queue.places(load) <= 0 or (queue.doubtful and left <= 0):
            continue
        left -= queue.doubtful
        open_.append(queue)
    return open_


def _in_turn(queues: Iterable[Queue], load: Load) -> list[Queue]:
    """One of each business after the other, those with the least under way first; within a business the oldest first."""
    turns = Counter(load.by_business)
    ranked = []
    for queue in queues:
        ranked.append((turns[queue.business], queue))
        turns[queue.business] += 1
    return [queue for _, queue in sorted(ranked, key=lambda pair: pair[0])]


def _heads(wanted: list[tuple[Queue, int]], now: datetime) -> list[int]:
    """The oldest deliveries of these queues: the first of each, then the second of each, …"""
    if not wanted:
        return []
    branches = " UNION ALL ".join(_FIRST if queue.fifo else _OLDEST for queue, _ in wanted)
    moment = connection.ops.adapt_datetimefield_value(now)
    parameters = [
        value
        for place, (queue, places) in enumerate(wanted)
        for value in (place, queue.endpoint, moment, moment, places)
    ]
    with connection.cursor() as cursor:
        cursor.execute(branches, parameters)
        rows = cursor.fetchall()
    seen: Counter[int] = Counter()
    order = []
    for place, pk in rows:
        order.append((seen[place], place, pk))
        seen[place] += 1
    return [pk for _, _, pk in sorted(order)]
