"""What becomes of a delivery and its endpoint after an attempt: delivered, tried again, given up, or held."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from businesses.audit import SYSTEM
from invoicing.lib import clock
from invoicing.lib.http import Answer
from webhooks import retries
from webhooks.claims import Claim
from webhooks.models import Delivery, Endpoint
from webhooks.services.endpoints import disable_endpoint
from webhooks.sql import as_json, keys, lock, moment, run, table

Outcome = tuple[Claim, Answer]
_GONE = 410
# Those whose count of failures changes. NO KEY: a lock that lets publishers go on referring to them.
_COUNTING = """
SELECT * FROM webhooks_endpoint WHERE id IN ({failing}) OR (id IN ({tried}) AND consecutive_failures > 0)
ORDER BY id {lock}
"""
_HELD = "SELECT id, lease, failures FROM webhooks_delivery WHERE id IN ({pks}) ORDER BY id {lock}"
_SETTLE = """
UPDATE webhooks_delivery
SET state = ended.state, failures = ended.failures, next_attempt_at = ended.due, lease_until = NULL, updated_at = %s
FROM {ended} WHERE webhooks_delivery.id = ended.id
"""
_FILL = """
UPDATE webhooks_attempt
SET status_code = ended.status, error = ended.error, duration_ms = ended.duration, response = ended.response,
    url = ended.url, request_headers = ended.headers
FROM {ended} WHERE webhooks_attempt.id = ended.id
"""
_State = tuple[str, int, datetime | None]  # state, failures, next attempt


@transaction.atomic
def record_outcomes(outcomes: list[Outcome]) -> None:
    """Write how these attempts ended. A delivery whose lease was lost keeps what its new holder makes of it.

    Locks go the way of the services: endpoints by primary key, then deliveries, then attempts.
    """
    endpoints = _counting_endpoints(outcomes)
    _settle(outcomes, endpoints)
    _fill_attempts(outcomes)
    _count(outcomes, endpoints)


def _fill_attempts(outcomes: Iterable[Outcome]) -> None:
    ended = [
        {
            "id": claim.attempt_id,
            "status": answer.status,
            "error": _complaint(answer),
            "duration": answer.duration_ms,
            "response": answer.excerpt,
            "url": claim.endpoint.url,
            "headers": claim.shown_headers,
        }
        for claim, answer in outcomes
    ]
    columns = table(
        "ended",
        id="bigint",
        status="smallint",
        error="text",
        duration="integer",
        response="text",
        url="text",
        headers="jsonb",
    )
    run(_FILL.format(ended=columns), as_json(ended))


def _complaint(answer: Answer) -> str | None:
    """Why the endpoint has not taken the event; None: it has."""
    if answer.status is None or answer.error:
        return answer.error
    if 200 <= answer.status < 300:
        return None
    if 300 <= answer.status < 400:
        return f"The endpoint answered {answer.status}; redirects are not followed."
    return f"The endpoint answered {answer.status}."


def _counting_endpoints(outcomes: Iterable[Outcome]) -> dict[int, Endpoint]:
    """Locked."""
    tried = {claim.endpoint.pk for claim, _ in outcomes}
    failing = {claim.endpoint.pk for claim, answer in outcomes if _complaint(answer)}
    statement = _COUNTING.format(failing=keys(failing), tried=keys(tried), lock=lock("FOR NO KEY UPDATE"))
    return {endpoint.pk: endpoint for endpoint in Endpoint.objects.raw(statement)}


def _settle(outcomes: Iterable[Outcome], endpoints: dict[int, Endpoint]) -> None:
    pks = keys(claim.delivery_id for claim, _ in outcomes)
    rows = run(_HELD.format(pks=pks, lock=lock("FOR NO KEY UPDATE")))
    held_by_us = {pk: (lease, failures) for pk, lease, failures in rows}
    ended = []
    for claim, answer in outcomes:
        lease, failures = held_by_us[claim.delivery_id]
        if lease == claim.lease:
            state, failures, due = _next_state(claim, answer, failures, endpoints)
            ended.append({"id": claim.delivery_id, "state": state, "failures": failures, "due": moment(due)})
    columns = table("ended", id="bigint", state="text", failures="integer", due="timestamptz")
    run(_SETTLE.format(ended=columns), moment(clock.now()), as_json(ended))


def _next_state(claim: Claim, answer: Answer, failures: int, endpoints: dict[int, Endpoint]) -> _State:
    if not _complaint(answer):
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
            endpoint.consecutive_failures = endpoint.consecutive_failures + 1 if _complaint(answer) else 0
            if answer.status == _GONE:
                reasons[endpoint.pk] = "The endpoint answered 410 Gone."
            elif endpoint.consecutive_failures >= retries.GIVE_UP_AFTER:
                reasons.setdefault(endpoint.pk, f"{retries.GIVE_UP_AFTER} attempts in a row failed.")
    for endpoint in endpoints.values():
        Endpoint.objects.filter(pk=endpoint.pk).update(consecutive_failures=endpoint.consecutive_failures)
        if endpoint.pk in reasons and endpoint.deleted_at is None:
            disable_endpoint(endpoint, reason=reasons[endpoint.pk], actor=SYSTEM)
