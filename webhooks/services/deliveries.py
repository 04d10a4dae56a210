"""Single deliveries: a test, sent again by hand, skipped by hand."""

from __future__ import annotations

from django.db import transaction

from businesses import audit
from businesses.audit import Actor
from invoicing.lib import clock
from invoicing.lib.errors import Conflict
from webhooks.heartbeat import wake_dispatcher
from webhooks.models import Delivery, Endpoint
from webhooks.outbox import publish_test


@transaction.atomic
def send_test_event(endpoint: Endpoint, *, actor: Actor) -> Delivery:
    """Send `webhook.test` to this endpoint alone; Conflict while it is disabled."""
    endpoint = Endpoint.objects.lock(endpoint.pk)
    require_enabled(endpoint)
    audit.record(endpoint.business, actor, "endpoint.tested", endpoint)
    return publish_test(endpoint, actor=actor)


@transaction.atomic
def retry_delivery(delivery: Delivery, *, actor: Actor) -> Delivery:
    """Send a delivery (again) now, whatever became of it, with a new schedule of retries; Conflict while its endpoint is disabled.

    One that is being sent at this moment keeps its lease: the outcome of that call decides.
    """
    endpoint = Endpoint.objects.lock(delivery.endpoint_id)
    require_enabled(endpoint)
    delivery = _lock(delivery)
    delivery.state, delivery.failures, delivery.next_attempt_at = Delivery.State.PENDING, 0, clock.now()
    delivery.save(update_fields=["state", "failures", "next_attempt_at", "updated_at"])
    audit.record(endpoint.business, actor, "delivery.retried", delivery)
    wake_dispatcher()
    return delivery


@transaction.atomic
def skip_delivery(delivery: Delivery, *, actor: Actor) -> Delivery:
    """Give a delivery up, so that what waits behind it in order can go; Conflict when it is not pending or held.

    The outcome of a call that is under way at this moment is kept in its attempt and changes nothing any more.
    """
    Endpoint.objects.lock(delivery.endpoint_id)
    delivery = _lock(delivery)
    if delivery.state not in Delivery.OWED:
        message = f"This delivery is {delivery.state}; only a pending or held one can be skipped."
        raise Conflict(message, code="not_waiting")
    delivery.state, delivery.next_attempt_at = Delivery.State.FAILED, None
    delivery.lease, delivery.lease_until = delivery.lease + 1, None
    delivery.save(update_fields=["state", "next_attempt_at", "lease", "lease_until", "updated_at"])
    audit.record(delivery.business, actor, "delivery.skipped", delivery)
    wake_dispatcher()
    return delivery


def require_enabled(endpoint: Endpoint) -> None:
    """Conflict while nothing is sent to this endpoint."""
    if not endpoint.is_enabled:
        raise Conflict("This endpoint is disabled; enable it first.", code="endpoint_disabled")


def _lock(delivery: Delivery) -> Delivery:
    return Delivery.objects.select_for_update(no_key=True).get(pk=delivery.pk)
