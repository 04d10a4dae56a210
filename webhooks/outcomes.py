"""What becomes of a delivery and its endpoint after an attempt: delivered, tried again, given up, or held."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from businesses.audit import SYSTEM
from invoicing.lib import clock
from invoicing.lib.http import Answer
from webhooks import retries
from webhooks.claims import Claim
from webhooks.models import Delivery, Endpoint
from webhooks.services.endpoints import disable_endpoint

Outcome = tuple[Claim, Answer]
_GONE = 410
_FILL = """
UPDATE webhooks_attempt
SET status_code = %s, error = %s, duration_ms = %s, response = %s, url = %s, request_headers = %s WHERE id = %s
"""
# The same for all of them at once, a list for each column: a fifth of the time on PostgreSQL.
_FILL_ALL = """
UPDATE webhooks_attempt SET status_code = filled.status, error = filled.error, duration_ms = filled.duration,
    response = filled.response, url = filled.url, request_headers = filled.headers
FROM unnest(%s::smallint[], %s::text[], %s::integer[], %s::text[], %s::text[], %s::jsonb[], %s::bigint[])
    AS filled (status, error, duration, response, url, headers, pk)
WHERE id = filled.pk
"""
_State = tuple[str, int, datetime | None]  # state, failures, next attempt


@transaction.atomic
def record_outcomes(outcomes: list[Outcome]) -> None:
    """Write how these attempts ended. A delivery whose lease was lost keeps what its new holder makes of it.

    Locks go the way of the services: endpoints by primary key, then deliveries, then attempts.
    """
    for claim, answer in outcomes:
        claim.attempt.status_code, claim.attempt.error = answer.status, answer.error or _complaint(answer.status)
    endpoints = _counting_endpoints(outcomes)
    _settle(outcomes, endpoints)
    _fill_attempts(outcomes)
    _count(outcomes, endpoints)


def _fill_attempts(outcomes: list[Outcome]) -> None:
    rows = []
    for claim, answer in outcomes:
        attempt = claim.attempt
        outcome = (attempt.status_code, attempt.error, answer.duration_ms, answer.excerpt)
        rows.append((*outcome, attempt.url, json.dumps(attempt.request_headers), attempt.pk))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FILL_ALL, [list(column) for column in zip(*rows, strict=True)])
        else:
            cursor.executemany(_FILL, rows)


def _complaint(status: int | None) -> str | None:
    if status is None or 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"The endpoint answered {status}; redirects are not followed."
    return f"The endpoint answered {status}."


def _counting_endpoints(outcomes: Iterable[Outcome]) -> dict[int, Endpoint]:
    """Those whose count of failures changes, locked. no_key: a lock that lets publishers go on referring to them."""
    tried = {claim.endpoint.pk for claim, _ in outcomes}
    failing = {claim.endpoint.pk for claim, _ in outcomes if not claim.attempt.succeeded}
    counting = Endpoint.objects.filter(Q(pk__in=failing) | Q(pk__in=tried, consecutive_failures__gt=0))
    rows = counting.order_by("pk").select_for_update(no_key=True)
    return {endpoint.pk: endpoint for endpoint in rows}


def _settle(outcomes: Iterable[Outcome], endpoints: dict[int, Endpoint]) -> None:
    pks = [claim.delivery_id for claim, _ in outcomes]
    rows = Delivery.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    held_by_us = {pk: (lease, failures) for pk, lease, failures in rows.values_list("pk", "lease", "failures")}
    groups: dict[_State, list[int]] = defaultdict(list)
    for claim, answer in outcomes:
        lease, failures = held_by_us[claim.delivery_id]
        if lease == claim.lease:
            groups[_next_state(claim, answer, failures, endpoints)].append(claim.delivery_id)
    for (state, failures, due), members in groups.items():
        Delivery.objects.filter(pk__in=members).update(
            state=state, failures=failures, next_attempt_at=due, lease_until=None, updated_at=clock.now()
        )


def _next_state(claim: Claim, answer: Answer, failures: int, endpoints: dict[int, Endpoint]) -> _State:
    if claim.attempt.succeeded:
        return Delivery.State.DELIVERED, failures, None
    endpoint, failures = endpoints[claim.endpoint.pk], failures + 1
    delay = retries.delay_after(endpoint.schedule, failures, endless=endpoint.fifo)
    if delay is None or endpoint.deleted_at is not None:
        return Delivery.State.FAILED, failures, None
    if endpoint.status == Endpoint.Status.DISABLED:
        return Delivery.State.HELD, failures, None
    wait = retries.with_jitter(delay, random.random(), retry_after=answer.retry_after)  # noqa: S311 - spreads load
    return Delivery.State.PENDING, failures, clock.now() + wait


def _count(outcomes: Iterable[Outcome], endpoints: dict[int, Endpoint]) -> None:
    """Failures in a row: one more each, none after a success; too many of them, or one 410, disable."""
    reasons: dict[int, str] = {}
    for claim, answer in outcomes:
        if endpoint := endpoints.get(claim.endpoint.pk):
            endpoint.consecutive_failures = 0 if claim.attempt.succeeded else endpoint.consecutive_failures + 1
            if answer.status == _GONE:
                reasons[endpoint.pk] = "The endpoint answered 410 Gone."
            elif endpoint.consecutive_failures >= retries.GIVE_UP_AFTER:
                reasons.setdefault(endpoint.pk, f"{retries.GIVE_UP_AFTER} attempts in a row failed.")
    for endpoint in endpoints.values():
        Endpoint.objects.filter(pk=endpoint.pk).update(consecutive_failures=endpoint.consecutive_failures)
        if endpoint.pk in reasons and endpoint.deleted_at is None:
            disable_endpoint(endpoint, reason=reasons[endpoint.pk], actor=SYSTEM)
