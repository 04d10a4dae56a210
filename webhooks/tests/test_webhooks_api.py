"""/webhooks through HTTP: happy, refused, another's, without the scope, repeated."""

from __future__ import annotations

import base64
import uuid
from typing import Any

import pytest

from businesses.audit import SYSTEM
from businesses.models import AuditEntry, IdempotencyKey
from invoicing.lib import clock
from webhooks.models import Delivery, Endpoint
from webhooks.services.endpoints import disable_endpoint

pytestmark = pytest.mark.django_db

BODY = {"url": "https://hooks.example.com/oim", "events": ["invoice.paid", "invoice.sent"]}


@pytest.fixture
def made(api: Any) -> dict[str, Any]:
    return dict(api.post("/webhooks", BODY).json())


def test_create_shows_the_secret_once(api: Any) -> None:
    response = api.post("/webhooks", {**BODY, "description": " Books ", "headers": {"X-Tenant": "7"}})
    made = response.json()
    assert response.status_code == 201
    secret, standard = made.pop("secret"), made.pop("standard_secret")
    assert len(bytes.fromhex(secret)) == 32
    assert base64.b64decode(standard.removeprefix("whsec_")) == secret.encode()
    assert {key: made[key] for key in made if key not in {"id", "created_at", "updated_at", "secret_since"}} == {
        **BODY,
        "description": "Books",
        "schedule": "oim",
        "headers": {"X-Tenant": "7"},
        "fifo": False,
        "format": "oim",
        "status": "enabled",
        "disabled_reason": None,
        "consecutive_failures": 0,
        "next_secret_since": None,
    }
    assert made["secret_since"] == made["created_at"]
    assert api.get(f"/webhooks/{made['id']}").json() == made
    assert api.get("/webhooks").json()["data"] == [made]
    stored = Endpoint.objects.get()
    assert secret not in stored.secret
    assert stored.secrets_at(clock.now()).current == secret
    assert AuditEntry.objects.get(action="endpoint.created").subject_id == uuid.UUID(made["id"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "http://example.com/"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://0x7f.1/"}, "url"),
        ({"url": "https://localhost/"}, "url"),
        ({"url": "https://u:p@example.com/"}, "url"),
        ({"url": 5}, "url"),
        ({"url": ""}, "url"),
        ({"events": []}, "events"),
        ({"events": "*"}, "events"),
        ({"events": ["invoice.payed"]}, "events.0"),
        ({"events": ["invoice.paid", "invoices.*"]}, "events.1"),
        ({"events": [None]}, "events.0"),
        ({"schedule": "never"}, "schedule"),
        ({"fifo": "yes"}, "fifo"),
        ({"format": "stripe"}, "format"),
        ({"headers": {"Host": "inside"}}, "headers.Host"),
        ({"headers": {"content-length": "0"}}, "headers.content-length"),
        ({"headers": {"X-Webhook-ID": "1"}}, "headers.X-Webhook-ID"),
        ({"headers": {"Webhook-Id": "1"}}, "headers.Webhook-Id"),
        ({"headers": {"X-A": "b\r\nHost: c"}}, "headers.X-A"),
        ({"headers": {"X-A": "b\n"}}, "headers.X-A"),
        ({"headers": {"X-A\n": "b"}}, "headers"),
        ({"headers": {"X A": "b"}}, "headers"),
        ({"headers": {"X-A": "1", "x-a": "2"}}, "headers"),
        ({"headers": {"X-A": 1}}, "headers"),
        ({"headers": []}, "headers"),
        ({"headers": {f"X-{n}": "1" for n in range(21)}}, "headers"),
        ({"secret": "a"}, "secret"),
        ({"status": "disabled"}, "status"),
    ],
)
def test_refused_at_create_and_update(api: Any, made: dict[str, Any], change: dict[str, Any], field: str) -> None:
    for response in (api.post("/webhooks", {**BODY, **change}), api.patch(f"/webhooks/{made['id']}", change)):
        assert response.status_code == 400, response.content
        assert field in [detail["field"] for detail in response.json()["details"]]
    assert Endpoint.objects.count() == 1
    assert Endpoint.objects.get().url == BODY["url"]


def test_a_misspelt_event_is_told_the_nearest(api: Any) -> None:
    response = api.post("/webhooks", {**BODY, "events": ["invoice.payed"]})
    assert "'invoice.paid'" in response.json()["error"]


def test_required(api: Any) -> None:
    response = api.post("/webhooks", {})
    assert {detail["field"] for detail in response.json()["details"]} == {"url", "events"}


def test_update(api: Any, made: dict[str, Any]) -> None:
    etag = api.get(f"/webhooks/{made['id']}")["ETag"]
    response = api.patch(f"/webhooks/{made['id']}", {"events": ["*"], "description": "All"}, If_Match=etag)
    assert response.status_code == 200
    assert response.json()["events"] == ["*"]
    assert response.json()["description"] == "All"
    assert "secret" not in response.json()
    assert api.patch(f"/webhooks/{made['id']}", {"events": ["*"]}, If_Match=etag).status_code == 412
    assert api.patch(f"/webhooks/{made['id']}", {}).status_code == 400


def test_delete(api: Any, made: dict[str, Any], tell: Any) -> None:
    tell("invoice.paid")
    path = f"/webhooks/{made['id']}"
    assert api.delete(path).status_code == 204
    for response in (api.get(path), api.delete(path), api.get(f"{path}/deliveries"), api.post(f"{path}/test")):
        assert response.status_code == 404
    assert api.get("/webhooks").json()["data"] == []
    assert Delivery.objects.get().state == "failed"


def test_test_goes_to_this_endpoint_alone(api: Any, made: dict[str, Any]) -> None:
    api.post("/webhooks", {**BODY, "events": ["*"]})
    response = api.post(f"/webhooks/{made['id']}/test")
    assert response.status_code == 202
    delivery = response.json()
    assert (delivery["status"], delivery["event_type"], delivery["attempts"]) == ("pending", "webhook.test", [])
    assert delivery["next_attempt_at"] <= delivery["created_at"]  # due at once
    assert api.get(f"/webhooks/{made['id']}/deliveries").json()["data"] == [delivery]
    assert Delivery.objects.count() == 1
    assert api.get(f"/events/{delivery['event_id']}").json()["data"]["endpoint_id"] == made["id"]


def test_enable(api: Any, made: dict[str, Any]) -> None:
    disable_endpoint(Endpoint.objects.get(), reason="tired", actor=SYSTEM)
    path = f"/webhooks/{made['id']}"
    shown = api.get(path).json()
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "tired")
    assert api.post(f"{path}/test").status_code == 409
    for _ in range(2):
        response = api.post(f"{path}/enable", {})
        assert response.status_code == 200
        assert (response.json()["status"], response.json()["disabled_reason"]) == ("enabled", None)
    assert AuditEntry.objects.filter(action="endpoint.enabled").count() == 1
    assert api.post(f"{path}/enable", {"x": 1}).status_code == 400


@pytest.mark.parametrize("state", ["pending", "delivered", "failed", "held"])
def test_retry(api: Any, made: dict[str, Any], tell: Any, state: str) -> None:
    tell("invoice.paid")
    due = {} if state == "pending" else {"next_attempt_at": None}
    Delivery.objects.update(state=state, failures=6, **due)
    delivery = Delivery.objects.get()
    response = api.post(f"/webhooks/{made['id']}/deliveries/{delivery.uuid}/retry")
    assert response.status_code == 202
    assert response.json()["status"] == "pending"
    delivery.refresh_from_db()
    assert (delivery.state, delivery.failures) == ("pending", 0)


def test_retry_of_a_disabled_endpoint_is_a_conflict(api: Any, made: dict[str, Any], tell: Any) -> None:
    tell("invoice.paid")
    disable_endpoint(Endpoint.objects.get(), reason="tired", actor=SYSTEM)
    path = f"/webhooks/{made['id']}/deliveries/{Delivery.objects.get().uuid}/retry"
    assert api.post(path).json()["code"] == "endpoint_disabled"
    assert Delivery.objects.get().state == "held"


def test_deliveries_are_filtered_and_paged(api: Any, made: dict[str, Any], tell: Any) -> None:
    events = [tell("invoice.paid"), tell("invoice.sent"), tell("invoice.paid")]
    Delivery.objects.filter(event=events[0]).update(state="failed", next_attempt_at=None)
    path = f"/webhooks/{made['id']}/deliveries"

    def ids(query: str) -> list[str]:
        return [row["event_id"] for row in api.get(f"{path}?{query}").json()["data"]]

    assert ids("") == [event.event_id for event in reversed(events)]
    assert ids("status=failed") == [events[0].event_id]
    assert ids("event_type=invoice.sent") == [events[1].event_id]
    assert ids(f"event_id={events[2].event_id}") == [events[2].event_id]
    assert ids("limit=1&page=2") == [events[1].event_id]
    assert ids("updated_before=2020-01-01") == []
    for query in ("status=lost", "event_id=1", "stat=failed", "limit=0"):
        assert api.get(f"{path}?{query}").status_code == 400


def test_another_business_sees_nothing(api: Any, bob_api: Any, made: dict[str, Any], tell: Any) -> None:
    tell("invoice.paid")
    delivery = Delivery.objects.get()
    own = bob_api.post("/webhooks", BODY).json()
    path, unknown = f"/webhooks/{made['id']}", f"/webhooks/{uuid.uuid4()}"
    for method, rest, body in [
        ("GET", "", None),
        ("PATCH", "", {"description": "mine"}),
        ("DELETE", "", None),
        ("POST", "/test", None),
        ("POST", "/enable", None),
        ("GET", "/deliveries", None),
        ("POST", f"/deliveries/{delivery.uuid}/retry", None),
    ]:
        foreign, missing = (bob_api.call(method, base + rest, body) for base in (path, unknown))
        assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert bob_api.post(f"/webhooks/{own['id']}/deliveries/{delivery.uuid}/retry").status_code == 404
    assert [row["id"] for row in bob_api.get("/webhooks").json()["data"]] == [own["id"]]


@pytest.mark.parametrize(("scope", "status"), [("all", 200), ("webhooks", 200), ("read", 403), ("write", 403)])
def test_scopes(api_with: Any, scope: str, status: int) -> None:
    api = api_with(scope)
    assert api.get("/webhooks").status_code == status
    assert api.post("/webhooks", BODY).status_code == (201 if status == 200 else 403)


def test_a_repeated_create_answers_the_same_bytes(api: Any) -> None:
    first, again = (api.post("/webhooks", BODY, Idempotency_Key="k1") for _ in range(2))
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert Endpoint.objects.count() == 1
    kept = IdempotencyKey.objects.get()
    assert kept.encrypted
    assert first.json()["secret"].encode() not in bytes(kept.answer)
    assert api.post("/webhooks", {**BODY, "events": ["*"]}, Idempotency_Key="k1").status_code == 422


def test_a_dry_run_stores_nothing(api: Any, made: dict[str, Any]) -> None:
    response = api.post("/webhooks?dry_run=true", BODY)
    assert response.status_code == 201
    shown = response.json()
    assert (shown["id"], shown["secret"], shown["url"]) == (None, None, BODY["url"])
    tested = api.post(f"/webhooks/{made['id']}/test?dry_run=true")
    assert (tested.status_code, tested.json()["id"], tested.json()["event_id"]) == (202, None, None)
    assert Endpoint.objects.count() == 1
    assert Delivery.objects.count() == 0


def test_wildcards_and_the_other_schedule(api: Any, tell: Any) -> None:
    body = {**BODY, "events": ["invoice.*", "payment.voided"], "schedule": "standard", "fifo": True}
    made = api.post("/webhooks", body).json()
    assert {name: made[name] for name in body} == body
    for name in ("invoice.paid", "payment.voided", "payment.created", "customer.created", "invoice.deleted"):
        tell(name)
    rows = api.get(f"/webhooks/{made['id']}/deliveries").json()["data"]
    assert [row["event_type"] for row in rows] == ["invoice.deleted", "payment.voided", "invoice.paid"]


def test_the_format_stays_while_something_is_queued(api: Any, made: dict[str, Any], tell: Any) -> None:
    path = f"/webhooks/{made['id']}"
    tell()
    refused = api.patch(path, {"format": "corebill"})
    assert (refused.status_code, refused.json()["code"]) == (409, "undelivered")
    Delivery.objects.update(state="delivered", next_attempt_at=None)
    assert api.patch(path, {"format": "corebill"}).json()["format"] == "corebill"


def test_disable_holds_and_says_who(api: Any, made: dict[str, Any], tell: Any) -> None:
    tell()
    shown = api.post(f"/webhooks/{made['id']}/disable").json()
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "Disabled by the API key Alice Ltd all.")
    tell()
    rows = api.get(f"/webhooks/{made['id']}/deliveries").json()["data"]
    assert [row["status"] for row in rows] == ["held", "held"]


def test_the_body_must_be_an_object(api: Any) -> None:
    assert api.post("/webhooks", [1]).status_code == 400
    assert api.post("/webhooks", b"{").status_code == 400
