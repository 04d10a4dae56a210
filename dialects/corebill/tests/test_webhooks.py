"""Endpoints of `format: corebill`: its envelope, its objects, its signature."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import pytest
from standardwebhooks import Webhook
from werkzeug import Response

from dialects.corebill.tests.conftest import CoreBill
from invoicing.lib import clock, json
from webhooks.dispatch import drain
from webhooks.models import Delivery, Event
from webhooks.tests.conftest import receiver, server  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db
LINE = {"item_name": "Design", "quantity": 1, "unit_price": 100}


@pytest.fixture
def hook(api: Any, receiver: Any) -> dict[str, Any]:  # noqa: F811
    receiver.expect_request("/hook").respond_with_response(Response(status=204))
    body = {"url": receiver.url_for("/hook"), "events": ["*"], "format": "corebill"}
    return dict(api.post("/webhooks", body).json())


def told() -> list[dict[str, Any]]:
    rows = Delivery.objects.order_by("id").values_list("body", flat=True)
    return [json.decode(bytes(row)) for row in rows]


def test_envelope_and_signature(corebill: CoreBill, hook: dict[str, Any], receiver: Any) -> None:  # noqa: F811
    shown = corebill.post("/customers", {"name": "Acme", "country": "US"}).json()
    assert drain() == 1
    request = receiver.log[0][0]
    body, headers = request.get_data(), request.headers
    event = Event.objects.get()
    assert json.decode(body) == {
        "id": event.event_id,
        "event": "customer.created",
        "created_at": clock.iso(event.created_at),
        "webhook_id": f"wh_{hook['id'].replace('-', '')}",
        "data": shown,
        "metadata": {},
    }
    expected = hmac.new(hook["secret"].encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Webhook-Signature"] == expected
    assert "X-Webhook-Timestamp" not in headers
    assert Webhook(hook["standard_secret"]).verify(body, {name.lower(): text for name, text in headers.items()})


def test_its_names_and_objects(corebill: CoreBill, acme: Mapping[str, Any], hook: dict[str, Any]) -> None:
    invoice = corebill.post("/invoices", {"customer_id": acme["id"], "line_items": [LINE], "status": "sent"}).json()
    corebill.post(f"/invoices/{invoice['id']}/record_payment", {"amount": 40})
    corebill.post(f"/invoices/{invoice['id']}/record_payment", {"amount": 60})
    quote = corebill.post("/quotes", {"customer_id": acme["id"], "line_items": [LINE]}).json()
    corebill.post(f"/quotes/{quote['id']}/send")
    corebill.post(f"/quotes/{quote['id']}/approve")
    events = told()
    assert [event["event"] for event in events] == [
        *("invoice.created", "invoice.sent", "invoice.payment_recorded", "invoice.updated"),
        *("invoice.payment_recorded", "invoice.paid", "quote.created", "quote.sent", "quote.approved"),
    ]
    assert {event["data"]["id"] for event in events} == {invoice["id"], quote["id"]}
    assert (events[2]["data"]["status"], events[2]["data"]["amount_due"]) == ("partial", 60)
    assert events[-1]["data"] == corebill.get(f"/quotes/{quote['id']}").json()


def test_what_it_does_not_know_is_not_sent(api: Any, acme: Mapping[str, Any], hook: dict[str, Any]) -> None:
    customer = api.get("/customers").json()["data"][0]["id"]
    api.post("/payments", {"customer_id": customer, "amount": 10})  # of no invoice
    api.post(f"/customers/{customer}/statement/send", {})
    assert told() == []


def test_a_test_event(api: Any, hook: dict[str, Any]) -> None:
    assert api.post(f"/webhooks/{hook['id']}/test").status_code == 202
    assert told()[0]["event"] == "webhook.test"
