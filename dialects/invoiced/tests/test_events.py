"""Invoiced's events, as a list and as webhooks: the same objects under the same names."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from standardwebhooks import Webhook
from werkzeug import Response

from dialects.invoiced.event_objects import NAMES
from dialects.invoiced.tests.conftest import Invoiced
from invoicing.lib import clock, json
from webhooks.catalog import EVENT_NAMES
from webhooks.dispatch import drain
from webhooks.models import Delivery, Event
from webhooks.tests.conftest import receiver, server  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db
LINES = [{"name": "Work", "quantity": 1, "unit_cost": 100}]


@pytest.fixture
def acme(invoiced: Invoiced) -> dict[str, Any]:
    return dict(invoiced.post("/customers", {"name": "Acme", "email": "ap@acme.test"}).json())


@pytest.fixture
def hook(api: Any, receiver: Any) -> dict[str, Any]:  # noqa: F811
    receiver.expect_request("/hook").respond_with_response(Response(status=204))
    body = {"url": receiver.url_for("/hook"), "events": ["*"], "format": "invoiced"}
    return dict(api.post("/webhooks", body).json())


def types(invoiced: Invoiced, query: str = "") -> list[str]:
    return [event["type"] for event in invoiced.get(f"/events?{query}").json()]


def told() -> list[dict[str, Any]]:
    rows = Delivery.objects.order_by("id").values_list("body", flat=True)
    return [json.decode(bytes(row)) for row in rows]


# The list ------------------------------------------------------------------------------------------------------------
def test_an_event(invoiced: Invoiced, acme: dict[str, Any]) -> None:
    (event,) = invoiced.get("/events").json()
    row = Event.objects.get()
    assert event == {
        "id": row.pk,
        "object": "event",
        "type": "customer.created",
        "timestamp": int(row.created_at.timestamp()),
        "data": {"object": acme},
        "previous": {},
        "user": {"id": row.actor["id"], "name": "t"},
    }
    assert invoiced.get(f"/events/{event['id']}").json() == event


def test_what_it_was_before(invoiced: Invoiced, acme: dict[str, Any]) -> None:
    changed = invoiced.patch(
        f"/customers/{acme['id']}", {"address1": "Main St 1", "chase": False, "currency": "eur"}
    ).json()
    event = invoiced.get("/events").json()[0]
    assert (event["type"], event["data"]["object"]) == ("customer.updated", changed)
    assert event["previous"] == {"address1": None, "chase": True, "currency": None}


def test_documents_and_payments(invoiced: Invoiced, acme: dict[str, Any]) -> None:
    invoice = invoiced.post("/invoices", {"customer": acme["id"], "items": LINES}).json()
    applied = [{"type": "invoice", "amount": 100, "invoice": invoice["id"]}]
    payment = invoiced.post("/payments", {"amount": 100, "applied_to": applied, "method": "ach"}).json()
    found = {event["type"]: event for event in invoiced.get("/events").json()}
    assert list(found) == ["invoice.paid", "payment.created", "invoice.updated", "invoice.created", "customer.created"]
    assert found["payment.created"]["data"]["object"] == {**payment, "customer": acme}
    paid = found["invoice.paid"]
    assert paid["data"]["object"] == {**invoiced.get(f"/invoices/{invoice['id']}").json(), "customer": acme}
    assert paid["previous"]["status"] == "not_sent"
    invoiced.call("DELETE", f"/payments/{payment['id']}")
    assert types(invoiced)[:2] == ["invoice.updated", "payment.deleted"]
    voided = next(event for event in invoiced.get("/events").json() if event["type"] == "payment.deleted")
    assert (voided["data"]["object"]["voided"], voided["previous"]["voided"]) == (True, False)


def test_estimates_and_credit_notes(invoiced: Invoiced, acme: dict[str, Any]) -> None:
    estimate = invoiced.post("/estimates", {"customer": acme["id"], "items": LINES}).json()
    note = invoiced.post("/credit_notes", {"customer": acme["id"], "items": LINES}).json()
    found = {event["type"]: event["data"]["object"] for event in invoiced.get("/events").json()}
    assert found["estimate.created"]["id"] == estimate["id"]
    assert found["credit_note.created"]["id"] == note["id"]
    assert found["credit_note.created"]["customer"] == acme


def test_filters(invoiced: Invoiced, acme: dict[str, Any]) -> None:
    other = invoiced.post("/customers", {"name": "B"}).json()
    invoice = invoiced.post("/invoices", {"customer": acme["id"], "items": LINES, "draft": True}).json()
    assert types(invoiced) == ["invoice.created", "customer.created", "customer.created"]
    assert types(invoiced, f"related_to=customer,{acme['id']}") == ["invoice.created", "customer.created"]
    page = invoiced.get(f"/events?related_to=customer%2C{other['id']}")
    assert [event["data"]["object"]["id"] for event in page.json()] == [other["id"]]
    assert page["Link"].count(",") == 2  # between three links, and in none
    assert types(invoiced, f"related_to=invoice,{invoice['id']}") == ["invoice.created"]
    assert types(invoiced, "related_to=customer,999999") == []
    assert types(invoiced, "filter[type]=customer.created") == ["customer.created"] * 2
    assert types(invoiced, "filter[type]=subscription.created") == []
    assert types(invoiced, "start_date=4000000000") == []
    assert len(types(invoiced, f"end_date={int(clock.now().timestamp()) + 5}")) == 3
    for text in ("customer", "customer,x", "plan,1", "customer,-1"):
        assert invoiced.get(f"/events?related_to={text}").json()["param"] == "related_to"


def test_what_it_has_no_name_for_is_not_listed(invoiced: Invoiced, api: Any, acme: dict[str, Any]) -> None:
    invoiced.post(f"/customers/{acme['id']}/emails", {})
    assert Event.objects.filter(type="statement.sent").exists()
    assert types(invoiced) == ["customer.created"]
    assert set(NAMES) <= EVENT_NAMES


def test_nothing_of_anothers(invoiced: Invoiced, bobs: Invoiced, acme: dict[str, Any]) -> None:
    event = invoiced.get("/events").json()[0]
    assert bobs.get("/events").json() == []
    assert bobs.get(f"/events/{event['id']}").status_code == 404
    assert bobs.get(f"/events?related_to=customer,{acme['id']}").json() == []


def test_a_list_costs_the_same_for_many(
    invoiced: Invoiced, acme: dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    for number in range(4):
        invoice = invoiced.post("/invoices", {"customer": acme["id"], "items": LINES}).json()
        applied = [{"type": "invoice", "amount": 10 + number, "invoice": invoice["id"]}]
        invoiced.post("/payments", {"amount": 10 + number, "applied_to": applied})
    with django_assert_max_num_queries(17):
        assert len(invoiced.get("/events").json()) == 17


# Webhooks ------------------------------------------------------------------------------------------------------------
def test_envelope_and_signature(invoiced: Invoiced, hook: dict[str, Any], receiver: Any) -> None:  # noqa: F811
    invoiced.post("/customers", {"name": "Acme"})
    assert drain() == 1
    request = receiver.log[0][0]
    body, headers = request.get_data(), request.headers
    assert json.decode(body) == invoiced.get("/events").json()[0]
    expected = hmac.new(hook["secret"].encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Invoiced-Signature"] == expected
    assert Webhook(hook["standard_secret"]).verify(body, {name.lower(): text for name, text in headers.items()})


def test_everything_that_happens_can_be_told(
    invoiced: Invoiced, api: Any, acme: dict[str, Any], hook: dict[str, Any]
) -> None:
    customer = api.get("/customers").json()["data"][0]["id"]
    body = {"customer_id": customer, "items": [{"description": "Work", "quantity": 1, "unit_price": 100}]}
    invoice = api.post("/invoices", {**body, "status": "sent"}).json()["id"]
    api.post(f"/invoices/{invoice}/payments", {"amount": 40})
    payment = api.post(f"/invoices/{invoice}/payments", {"amount": 60}).json()["id"]
    api.post(f"/payments/{payment}/refund", {"amount": 10})
    api.patch(f"/invoices/{invoice}", {"notes": "Thanks"})
    draft = api.post("/invoices", body).json()["id"]
    api.patch(f"/invoices/{draft}", {"items": [{"description": "Less", "quantity": 1, "unit_price": 50}]})
    api.delete(f"/invoices/{draft}")
    quotation = api.post("/quotations", body).json()["id"]
    api.patch(f"/quotations/{quotation}", {"status": "sent"})
    api.post(f"/quotations/{quotation}/accept")
    note = api.post("/credit-notes", {"invoice_id": invoice, "amount": 10, "status": "sent"}).json()["id"]
    api.patch(f"/credit-notes/{note}", {"status": "cancelled"})
    api.post(f"/customers/{customer}/statement/send", {})
    events = told()
    assert [event["type"].partition(".")[2] for event in events if event["type"].startswith("invoice.")] == [
        *("created", "updated", "updated", "paid", "updated", "updated", "created", "updated", "deleted"),
        *("paid", "updated"),
    ]
    assert [event["type"] for event in events if not event["type"].startswith("invoice.")] == [
        *("payment.created", "payment.created", "payment.updated"),
        *("estimate.created", "estimate.updated", "estimate.approved"),
        *("credit_note.created", "credit_note.updated", "credit_note.updated"),
    ]
    assert {event["data"]["object"]["customer"]["id"] for event in events} == {acme["id"]}
    assert [event["id"] for event in reversed(invoiced.get("/events").json())][1:] == [event["id"] for event in events]


def test_a_test_event(api: Any, invoiced: Invoiced, hook: dict[str, Any]) -> None:
    assert api.post(f"/webhooks/{hook['id']}/test").status_code == 202
    (event,) = told()
    assert (event["type"], event["data"]["object"]["url"]) == ("webhook.test", hook["url"])
    assert types(invoiced) == []
