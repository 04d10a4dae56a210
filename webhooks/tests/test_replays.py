"""POST /webhooks/{id}/recover and /replays: stored jobs that send events (again)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from businesses.audit import SYSTEM
from businesses.models import AuditEntry, Business
from invoicing.lib import clock
from webhooks.models import Delivery, Endpoint, Replay
from webhooks.services import replays
from webhooks.services.endpoints import disable_endpoint, enable_endpoint
from webhooks.services.replays import go_on, unfinished_replays
from webhooks.tasks import replay_all

pytestmark = pytest.mark.django_db


def states(endpoint: Endpoint) -> list[str]:
    return list(Delivery.objects.filter(endpoint=endpoint).order_by("event_id").values_list("state", flat=True))


def finish(job: dict[str, Any]) -> Replay:
    row = Replay.objects.get(uuid=job["id"])
    go_on(row.pk)
    row.refresh_from_db()
    return row


def test_recover_sends_what_was_held_or_failed_since(api: Any, endpoint: Endpoint, tell: Any, start: Any) -> None:
    for hour in range(4):
        with clock.at(start + timedelta(hours=hour)):
            tell()
    old, held, failed, done = Delivery.objects.order_by("id")
    for delivery, state in ((old, "held"), (held, "held"), (failed, "failed"), (done, "delivered")):
        Delivery.objects.filter(pk=delivery.pk).update(state=state, next_attempt_at=None, failures=6)
    response = api.post(f"/webhooks/{endpoint.uuid}/recover", {"since": clock.iso(start + timedelta(hours=1))})
    job = response.json()
    assert (response.status_code, job["state"], job["count"], job["done"]) == (202, "queued", 2, 0)
    assert job["status"] == ["held", "failed"]
    row = finish(job)
    assert (row.state, row.done) == ("done", 2)
    assert states(endpoint) == ["held", "pending", "pending", "delivered"]
    held.refresh_from_db()
    assert (held.failures, bytes(held.body)) == (0, bytes(Delivery.objects.get(pk=held.pk).body))
    assert api.get(f"/webhooks/{endpoint.uuid}/replays/{job['id']}").json()["state"] == "done"
    assert [item["id"] for item in api.get(f"/webhooks/{endpoint.uuid}/replays").json()["data"]] == [job["id"]]
    assert AuditEntry.objects.get(action="endpoint.replayed").changes == {"events": 2}


def test_killed_between_batches_it_goes_on(
    api: Any, endpoint: Endpoint, tell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "BATCH", 3)
    for _ in range(8):
        tell()
    Delivery.objects.update(state="held", next_attempt_at=None)
    job = api.post(f"/webhooks/{endpoint.uuid}/recover", {"since": "2020-01-01"}).json()
    row = Replay.objects.get()
    assert replays._replay_batch(row.pk)  # and here the worker dies
    row.refresh_from_db()
    assert (row.state, row.done, states(endpoint)) == ("running", 3, ["pending"] * 3 + ["held"] * 5)
    assert list(unfinished_replays()) == [row]
    assert (finish(job).done, states(endpoint)) == (8, ["pending"] * 8)
    assert list(unfinished_replays()) == []
    replay_all()  # nothing is left to do


def test_replay_by_ids_makes_deliveries_that_never_were(api: Any, endpoint: Endpoint, tell: Any) -> None:
    Endpoint.objects.update(events=["invoice.paid"])
    missing, other = tell("customer.created", name="Müller", total=250), tell("customer.created")
    assert states(endpoint) == []
    body = {"event_ids": [missing.event_id]}
    job = api.post(f"/webhooks/{endpoint.uuid}/replays", body).json()
    assert (job["count"], job["event_ids"]) == (1, [missing.event_id])
    finish(job)
    delivery = Delivery.objects.get()
    assert (delivery.event, delivery.state) == (missing, "pending")
    shown = api.get(f"/webhooks/{endpoint.uuid}/deliveries/{delivery.uuid}").json()
    assert shown["body"] == bytes(delivery.body).decode()
    assert '"data":{"name":"Müller","total":250}' in shown["body"]
    assert other.deliveries.count() == 0


def test_replay_by_type_and_time(api: Any, endpoint: Endpoint, tell: Any, start: Any) -> None:
    Endpoint.objects.update(events=["invoice.*"])
    wanted = []
    for hour, name in enumerate(("invoice.paid", "invoice.sent", "invoice.paid", "customer.created", "invoice.paid")):
        with clock.at(start + timedelta(hours=hour)):
            wanted.append(tell(name))
    Delivery.objects.update(state="delivered", next_attempt_at=None)
    body = {
        "since": clock.iso(start + timedelta(hours=1)),
        "until": clock.iso(start + timedelta(hours=4)),
        "event_types": ["invoice.paid"],
    }
    assert finish(api.post(f"/webhooks/{endpoint.uuid}/replays", body).json()).done == 1
    assert wanted[2].deliveries.get().state == "pending"
    everything = {"since": clock.iso(start)}
    assert api.post(f"/webhooks/{endpoint.uuid}/replays", everything).json()["count"] == 4  # what it is subscribed to


def test_it_stops_where_the_endpoint_is_disabled(api: Any, endpoint: Endpoint, tell: Any) -> None:
    tell()
    job = api.post(f"/webhooks/{endpoint.uuid}/recover", {"since": "2020-01-01"}).json()
    disable_endpoint(endpoint, reason="Down.", actor=SYSTEM)
    assert finish(job).state == "stopped"
    assert states(endpoint) == ["held"]
    refused = api.post(f"/webhooks/{endpoint.uuid}/recover", {"since": "2020-01-01"})
    assert (refused.status_code, refused.json()["code"]) == (409, "endpoint_disabled")
    enable_endpoint(endpoint, actor=SYSTEM)
    assert finish(api.post(f"/webhooks/{endpoint.uuid}/recover", {"since": "2020-01-01"}).json()).done == 1


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("recover", {}, "since"),
        ("recover", {"since": "yesterday"}, "since"),
        ("recover", {"since": 5}, "since"),
        ("recover", {"since": "2026-01-01", "until": "2026-02-01"}, "until"),
        ("replays", {"since": "2026-01-01T00:00:00"}, "since"),
        ("replays", {"event_ids": ["evt_1"]}, "event_ids.0"),
        ("replays", {"event_types": ["invoice.payed"]}, "event_types.0"),
        ("replays", {"status": ["lost"]}, "status.0"),
        ("replays", {"url": "x"}, "url"),
    ],
)
def test_refused(api: Any, endpoint: Endpoint, path: str, body: Any, field: str) -> None:
    response = api.post(f"/webhooks/{endpoint.uuid}/{path}", body)
    assert response.status_code == 400, response.content
    assert response.json()["details"][0]["field"] == field


def test_everything_that_ever_happened_is_not_sent_by_mistake(api: Any, endpoint: Endpoint) -> None:
    response = api.post(f"/webhooks/{endpoint.uuid}/replays", {})
    assert (response.status_code, Replay.objects.count()) == (400, 0)


def test_foreign(api: Any, bob_api: Any, bob: Business, endpoint: Endpoint, tell: Any) -> None:
    event = tell()
    for path in ("recover", "replays"):
        assert bob_api.post(f"/webhooks/{endpoint.uuid}/{path}", {"since": "2020-01-01"}).status_code == 404
    own = bob_api.post("/webhooks", {"url": "https://example.com/", "events": ["*"]}).json()["id"]
    for event_id in (event.event_id, f"evt_{'0' * 32}"):
        refused = bob_api.post(f"/webhooks/{own}/replays", {"event_ids": [event_id]})
        assert (refused.status_code, refused.json()["error"]) == (400, "event_ids.0: No such row.")
    assert bob_api.get(f"/webhooks/{own}/replays/{event.uuid}").status_code == 404


def test_a_dry_run_counts_only(api: Any, endpoint: Endpoint, tell: Any) -> None:
    tell()
    job = api.post(f"/webhooks/{endpoint.uuid}/replays?dry_run=true", {"since": "2020-01-01"}).json()
    assert (job["id"], job["count"], Replay.objects.count()) == (None, 1, 0)
