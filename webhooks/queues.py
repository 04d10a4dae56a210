"""Whose turn it is: which due deliveries a sender should take next, fair between businesses and endpoints.

A queue is what is pending for one endpoint. Each look reads only the heads of the queues, so that a long one costs the
others nothing. What is chosen here is only a proposal: `claims` takes it under its locks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import NamedTuple

from django.conf import settings

from webhooks.sql import keys, moment, run

# A loose index scan: one probe per endpoint that has anything pending, however much it is. PostgreSQL and SQLite alike.
_QUEUES = """
WITH RECURSIVE waiting (id) AS (
    SELECT MIN(endpoint_id) FROM webhooks_delivery WHERE state = 'pending'
    UNION ALL
    SELECT (SELECT MIN(endpoint_id) FROM webhooks_delivery WHERE state = 'pending' AND endpoint_id > waiting.id)
    FROM waiting WHERE waiting.id IS NOT NULL
)
SELECT id, business_id, fifo, doubtful FROM (
    SELECT endpoint.id, endpoint.business_id, endpoint.fifo, endpoint.consecutive_failures > 0 AS doubtful,
        CASE WHEN endpoint.fifo THEN (
            SELECT CASE WHEN lease_until IS NULL OR lease_until <= %s THEN next_attempt_at END
            FROM webhooks_delivery WHERE endpoint_id = endpoint.id AND state = 'pending' ORDER BY event_id LIMIT 1
        ) ELSE (
            SELECT next_attempt_at FROM webhooks_delivery
            WHERE endpoint_id = endpoint.id AND state = 'pending' AND (lease_until IS NULL OR lease_until <= %s)
            ORDER BY next_attempt_at LIMIT 1
        ) END AS due
    FROM waiting JOIN webhooks_endpoint endpoint ON endpoint.id = waiting.id
) AS queue WHERE due <= %s ORDER BY due, id
"""
# The oldest of chosen queues, a column each. In order, only the event that comes first counts, and nothing while that one
# is not due, or any other is under way: an older one may have come in front of it.
_HEADS = """
SELECT endpoint.id, CASE WHEN endpoint.fifo THEN (
    SELECT CASE WHEN next_attempt_at <= %s AND NOT EXISTS (
        SELECT 1 FROM webhooks_delivery busy
        WHERE busy.endpoint_id = endpoint.id AND busy.state = 'pending' AND busy.lease_until > %s
    ) THEN id END
    FROM webhooks_delivery WHERE endpoint_id = endpoint.id AND state = 'pending' ORDER BY event_id LIMIT 1
) ELSE {first} END {others} FROM webhooks_endpoint endpoint WHERE endpoint.id IN ({chosen})
"""
_HEAD = """(
    SELECT id FROM webhooks_delivery WHERE endpoint_id = endpoint.id AND state = 'pending'
    AND next_attempt_at <= %s AND (lease_until IS NULL OR lease_until <= %s)
    ORDER BY next_attempt_at, id LIMIT 1 OFFSET {place}
)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a sender has under way: calls by endpoint and by business, and how many more may go to doubtful endpoints.

    `answered` are the endpoints that have answered it in this turn; None: take it that all have.
    """

    by_endpoint: Mapping[int, int] = field(default_factory=Counter)
    by_business: Mapping[int, int] = field(default_factory=Counter)
    doubtful_left: int = 25
    answered: Collection[int] | None = None


class Queue(NamedTuple):
    """An endpoint with something due, and how many more calls it may have."""

    endpoint: int
    business: int
    places: int


def next_in_line(limit: int, load: Load, now: datetime) -> list[int]:
    """Primary keys of at most `limit` due deliveries that are in nobody's hands, in the order they should be taken."""
    queues = _in_turn(_open_queues(load, now), load)[:limit]
    if not queues:
        return []
    most = min(max(queue.places for queue in queues), -(-limit // len(queues)))
    heads = _heads([queue.endpoint for queue in queues], most, now)
    turns = [heads[queue.endpoint][: queue.places] for queue in queues]
    return [pk for turn in zip_longest(*turns) for pk in turn if pk is not None][:limit]


def _open_queues(load: Load, now: datetime) -> list[Queue]:
    """WEBHOOK_CALLS_PER_ENDPOINT at a time in all, but one in order, and one until it has answered and where its last attempt
    failed: so many that hang hold one place each.
    """
    left, open_, usual = load.doubtful_left, [], settings.WEBHOOK_CALLS_PER_ENDPOINT
    for endpoint, business, fifo, doubtful in run(_QUEUES, *[moment(now)] * 3):
        unknown = load.answered is not None and endpoint not in load.answered
        places = (1 if fifo or doubtful or unknown else usual) - load.by_endpoint.get(endpoint, 0)
        if places > 0 and (left > 0 or not doubtful):
            left -= doubtful
            open_.append(Queue(endpoint, business, places))
    return open_


def _in_turn(queues: Iterable[Queue], load: Load) -> list[Queue]:
    """One of each business after the other, those with the least under way first; within a business the oldest first."""
    turns = Counter(load.by_business)
    ranked = []
    for queue in queues:
        ranked.append((turns[queue.business], queue))
        turns[queue.business] += 1
    return [queue for _, queue in sorted(ranked, key=lambda pair: pair[0])]


def _heads(endpoints: list[int], most: int, now: datetime) -> dict[int, list[int | None]]:
    """At most `most` of the oldest deliveries of each of these endpoints, the oldest first."""
    first, *others = (_HEAD.format(place=place) for place in range(most))
    statement = _HEADS.format(
        first=first,
        others="".join(f", {other}" for other in others),
        chosen=keys(endpoints),
    )
    return {endpoint: heads for endpoint, *heads in run(statement, *[moment(now)] * 2 * (most + 1))}
