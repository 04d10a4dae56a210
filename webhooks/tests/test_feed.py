"""GET /events?after=: every event once, in an order that never changes behind the reader's back."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, connections, transaction

from businesses.audit import SYSTEM
from businesses.models import Business
from webhooks.feed import give_positions
from webhooks.models import Event
from webhooks.outbox import publish
from webhooks.tasks import give_positions as sweep

pytestmark = pytest.mark.django_db


def read_all(api: Any, after: str = "", limit: int = 2, query: str = "") -> list[str]:
    """As a receiver catches up: until there is no more."""
    seen = []
    while True:
        page = api.get(f"/events?after={after}&limit={limit}{query}").json()
        seen += [row["id"] for row in page["data"]]
        after = page["pagination"]["next_cursor"] or ""
        if not page["pagination"]["has_more"]:
            return seen


def test_oldest_first_from_anywhere(api: Any, tell: Any) -> None:
    events = [tell().event_id for _ in range(5)]
    assert read_all(api) == events
    assert read_all(api, after=events[2]) == events[3:]
    page = api.get(f"/events?after={events[4]}").json()
    assert page == {"data": [], "pagination": {"limit": 25, "has_more": False, "next_cursor": events[4]}}
    later = tell().event_id
    assert read_all(api, after=events[4]) == [later]


def test_by_type(api: Any, tell: Any) -> None:
    paid, _, sent = (tell(name).event_id for name in ("invoice.paid", "customer.created", "invoice.sent"))
    assert read_all(api, query="&type=invoice.paid,invoice.sent") == [paid, sent]


def test_nothing_at_all_yet(api: Any) -> None:
    page = api.get("/events?after=").json()
    assert page == {"data": [], "pagination": {"limit": 25, "has_more": False, "next_cursor": None}}


def test_an_event_keeps_its_place(tell: Any, alice: Business, bob: Business) -> None:
    first = tell()
    sweep()
    with transaction.atomic():
        other = publish(bob, "invoice.paid", {}, actor=SYSTEM)
    second = tell()
    assert give_positions(alice) == 1
    assert give_positions(alice) == 0
    sweep()
    places = dict(Event.objects.values_list("pk", "position"))
    assert places == {first.pk: 1, second.pk: 2, other.pk: 1}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("after=evt_1", "after"),
        (f"after=evt_{'0' * 32}", "after"),
        ("after=&type=invoice.payed", "type"),
        ("after=&page=2", "page"),
        ("after=&limit=0", "limit"),
        ("after=&created_after=2026-01-01", "created_after"),
    ],
)
def test_refused(api: Any, tell: Any, query: str, field: str) -> None:
    tell()
    response = api.get(f"/events?{query}")
    assert response.status_code == 400, response.content
    assert response.json()["details"][0]["field"] == field


def test_a_foreign_event_is_no_cursor(bob_api: Any, tell: Any) -> None:
    event = tell()
    assert bob_api.get(f"/events?after={event.event_id}").status_code == 400
    assert read_all(bob_api) == []


@pytest.mark.django_db(transaction=True)
def test_what_commits_late_is_not_skipped(api: Any, alice: Business, tell: Any) -> None:
    """A transaction that began first commits last, its event with a lower id than what was read meanwhile."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time: nothing can commit between another's event and its commit")
    written, go = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            publish(alice, "invoice.sent", {"late": True}, actor=SYSTEM)
            written.set()
            assert go.wait(20)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(20)
    early = tell().event_id
    assert read_all(api) == [early]
    go.set()
    thread.join()
    late = Event.objects.get(type="invoice.sent")
    assert late.pk < Event.objects.get(type="invoice.paid").pk
    assert read_all(api, after=early) == [late.event_id]
    assert read_all(api) == [early, late.event_id]
