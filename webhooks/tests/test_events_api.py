"""/events through HTTP."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from businesses.audit import SYSTEM
from businesses.models import Business
from invoicing.lib import clock, json
from webhooks.models import Delivery, Event
from webhooks.outbox import publish
from webhooks.services.endpoints import create_endpoint

pytestmark = pytest.mark.django_db


def test_an_event_is_what_endpoints_receive_and_more(api: Any, alice: Business, start: Any) -> None:
    create_endpoint(alice, url="https://example.com/", events=["*"], actor=SYSTEM)
    with clock.at(start), transaction.atomic():
        event = publish(
            alice, "customer.updated", {"limit": Decimal("29.99")}, actor=SYSTEM, previous={"limit": Decimal("1.5")}
        )
    response = api.get(f"/events/{event.event_id}")
    shown = json.decode(response.content)
    assert response.status_code == 200
    assert response["ETag"]
    assert shown == {
        **json.decode(bytes(Delivery.objects.get().body)),
        "previous": {"limit": Decimal("1.5")},
        "actor": {"kind": "system", "id": None, "name": "System"},
    }
    assert b'"data":{"limit":29.99}' in response.content
    assert json.decode(api.get("/events").content)["data"] == [shown]


def test_the_calling_key_is_the_actor(api: Any) -> None:
    made = api.post("/webhooks", {"url": "https://example.com/", "events": ["*"]}).json()
    event_id = api.post(f"/webhooks/{made['id']}/test").json()["event_id"]
    actor = api.get(f"/events/{event_id}").json()["actor"]
    assert (actor["kind"], actor["name"]) == ("key", "Alice Ltd all")
    assert actor["id"] == str(uuid.UUID(actor["id"]))


def test_filters(api: Any, tell: Any, start: Any) -> None:
    with clock.at(start):
        first = tell("invoice.paid")
    second = tell("invoice.sent")

    def ids(query: str) -> list[str]:
        return [row["id"] for row in api.get(f"/events?{query}").json()["data"]]

    assert ids("") == [second.event_id, first.event_id]
    assert ids("type=invoice.sent") == [second.event_id]
    assert ids("created_before=2026-04-02") == [first.event_id]
    assert ids("updated_before=2026-04-02") == [first.event_id]
    assert ids(f"ids={first.event_id},evt_{'0' * 32}") == [first.event_id]
    assert api.get("/events?fields=id,type").json()["data"][0] == {"id": second.event_id, "type": "invoice.sent"}
    for query in ("type=invoice.payed", "after=x", "ids=1", "created_after=soon", "starting_after=evt_1"):
        assert api.get(f"/events?{query}").status_code == 400


def test_cursors_are_event_ids(api: Any, tell: Any) -> None:
    ids = [tell().event_id for _ in range(5)][::-1]
    page = api.get(f"/events?limit=2&starting_after={ids[0]}").json()
    assert [row["id"] for row in page["data"]] == ids[1:3]
    assert page["pagination"] == {"limit": 2, "has_more": True, "next_cursor": ids[2]}
    page = api.get(f"/events?limit=2&starting_after={page['pagination']['next_cursor']}").json()
    assert [row["id"] for row in page["data"]] == ids[3:]
    assert page["pagination"]["has_more"] is False


def test_another_business_sees_nothing(bob_api: Any, tell: Any) -> None:
    event = tell()
    foreign, missing = (bob_api.get(f"/events/{identifier}") for identifier in (event.event_id, f"evt_{'0' * 32}"))
    assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert bob_api.get("/events").json()["data"] == []
    cursor = bob_api.get(f"/events?starting_after={event.event_id}")
    assert (cursor.status_code, cursor.json()["code"]) == (400, "unknown_cursor")


@pytest.mark.parametrize("identifier", ["x", "evt_1", "EVT_" + "0" * 32, "%00", "0199b2f0-0000-7000-8000-000000000000"])
def test_malformed_ids_are_not_found(api: Any, identifier: str) -> None:
    assert api.get(f"/events/{identifier}").status_code == 404


@pytest.mark.parametrize("scope", ["all", "read", "write", "webhooks"])
def test_every_scope_may_read(api_with: Any, scope: str) -> None:
    assert api_with(scope).get("/events").status_code == 200


def test_events_are_only_read(api: Any, tell: Any) -> None:
    event = tell()
    for method in ("POST", "PATCH", "DELETE"):
        assert api.call(method, f"/events/{event.event_id}", {}).status_code == 405
    assert api.post("/events", {}).status_code == 405
    assert Event.objects.count() == 1
