"""GET /webhooks/{id}/deliveries/{id} and /health: what was asked, what was answered, how it goes."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug import Response

from businesses.audit import SYSTEM
from invoicing.lib import clock
from webhooks import health
from webhooks.dispatch import drain
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.services.endpoints import update_endpoint

pytestmark = pytest.mark.django_db


def test_a_delivery_in_full(api: Any, receiver: Any, endpoint: Endpoint, tell: Any) -> None:
    update_endpoint(endpoint, changes={"headers": {"Authorization": "Bearer abc"}}, actor=SYSTEM)
    receiver.expect_request("/hook").respond_with_data("x" * 20_000, 418)
    event = tell(name="Zoë")
    drain()
    delivery = Delivery.objects.get()
    shown = api.get(f"/webhooks/{endpoint.uuid}/deliveries/{delivery.uuid}").json()
    (attempt,) = shown["attempts"]
    assert shown["event_id"] == event.event_id
    assert shown["body"].encode() == receiver.log[0][0].get_data()
    assert attempt["url"] == receiver.url_for("/hook")
    assert attempt["status_code"] == 418
    assert attempt["response"] == "x" * 16 * 1024
    sent = receiver.log[0][0].headers
    assert attempt["request_headers"].pop("Authorization") == "•••"
    assert attempt["request_headers"] == {name: sent[name] for name in attempt["request_headers"]}
    assert attempt["request_headers"]["webhook-id"] == event.event_id


@pytest.mark.parametrize(
    "said", ["", "null", '{"a": "\\"\\\\"}', "100 % of Zo\u00eb's \u2028 \U0001f600\r\n\t\x01\x7f", "\ufeff\ufffd"]
)
def test_what_was_answered_is_kept_as_it_was(receiver: Any, delivery: Delivery, said: str) -> None:
    """Also where it looks like the JSON in which outcomes go to the database."""
    receiver.expect_request("/hook").respond_with_data(said, 500)
    drain()
    assert Attempt.objects.get().response == said


def test_a_list_does_not_carry_bodies(api: Any, endpoint: Endpoint, tell: Any) -> None:
    tell()
    (row,) = api.get(f"/webhooks/{endpoint.uuid}/deliveries").json()["data"]
    assert "body" not in row


def test_retry_after_is_honoured(receiver: Any, delivery: Delivery) -> None:
    receiver.expect_request("/hook").respond_with_data("later", 503, {"Retry-After": "900"})
    before = clock.now()
    drain()
    delivery.refresh_from_db()
    assert delivery.next_attempt_at is not None
    assert 900 <= (delivery.next_attempt_at - before).total_seconds() < 1000


def test_health(api: Any, bob_api: Any, receiver: Any, endpoint: Endpoint, tell: Any) -> None:
    path = f"/webhooks/{endpoint.uuid}/health"
    assert api.get(path).json() == {
        **dict.fromkeys(("success_rate", "p95_ms", "last_error", "last_error_at", "last_success_at")),
        **dict.fromkeys(("attempts", "succeeded", "pending", "held"), 0),
    }
    receiver.expect_oneshot_request("/hook").respond_with_data("no", 500)
    receiver.expect_request("/hook").respond_with_response(Response(status=204))
    tell()
    drain()
    for _ in range(3):
        tell()
    while drain():
        pass
    shown = api.get(path).json()
    assert (shown["attempts"], shown["succeeded"], shown["success_rate"]) == (4, 3, 0.75)
    assert (shown["last_error"], shown["pending"], shown["held"]) == ("The endpoint answered 500.", 1, 0)
    assert shown["p95_ms"] == max(Attempt.objects.values_list("duration_ms", flat=True))
    assert bob_api.get(path).status_code == 404


def test_health_is_of_what_was_tried(api: Any, receiver: Any, endpoint: Endpoint, tell: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(health, "LATEST", 2)
    receiver.expect_request("/hook").respond_with_data("no", 500)
    tell()
    drain()
    for _ in range(3):
        tell()
    assert api.get(f"/webhooks/{endpoint.uuid}/health").json()["last_error"] == "The endpoint answered 500."
