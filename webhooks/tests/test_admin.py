from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from businesses.audit import SYSTEM
from businesses.models import AuditEntry, Business
from businesses.tests.people import browser_of, make_member, text_of
from invoicing.lib import clock
from webhooks.dispatch import drain
from webhooks.models import Delivery, Endpoint, Replay
from webhooks.services.endpoints import create_endpoint

LIST = "/admin/webhooks/endpoint/"
SUBMIT = {"_form_submitted": "on"}


@pytest.fixture
def owner(alice: Business) -> Client:
    return browser_of(make_member(alice))


def form(url: str, **fields: Any) -> dict[str, Any]:
    return {"url": url, "description": "", "header_lines": "", "schedule": "oim", "format": "oim", **fields}


def test_a_new_endpoint_shows_its_secret_once(alice: Business, owner: Client, receiver: Any) -> None:
    data = form(receiver.url_for("/in"), some_events=["invoice.paid"], header_lines="Authorization: Bearer a:b")
    response = owner.post(f"{LIST}add/", data)
    assert response.status_code == 302
    endpoint = Endpoint.objects.of(alice).get()
    assert (endpoint.events, endpoint.headers) == (["invoice.paid"], {"Authorization": "Bearer a:b"})
    assert endpoint.secrets_at(clock.now()).current in text_of(owner.get(response["Location"]))
    assert endpoint.secrets_at(clock.now()).current not in text_of(owner.get(response["Location"], follow=True))


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"url": "http://10.0.0.1/in"}, "url", "https://"),
        ({"url": "https://127.0.0.1/in"}, "url", ""),
        ({"some_events": []}, "some_events", "at least one"),
        ({"header_lines": "Host: evil"}, "header_lines", "set by the server"),
        ({"header_lines": "nonsense"}, "header_lines", "one “Name: value” a line"),
    ],
)
def test_what_the_service_refuses_is_shown_on_the_field(
    owner: Client, changes: dict[str, Any], field: str, words: str
) -> None:
    response = owner.post(
        f"{LIST}add/", {**form("https://hooks.example.com/in", some_events=["invoice.paid"]), **changes}
    )
    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    found = str(errors.get(field) or errors.get("__all__"))
    assert words in found
    assert not Endpoint.objects.exists()


def test_an_endpoint_is_changed_and_deleted(owner: Client, endpoint: Endpoint) -> None:
    path = f"{LIST}{endpoint.pk}/"
    assert owner.post(f"{path}change/", form(endpoint.url, all_events="on")).status_code == 302
    endpoint.refresh_from_db()
    assert endpoint.events == ["*"]
    assert "Delete" in text_of(owner.get(f"{path}delete/"))
    owner.post(f"{path}delete/", {"post": "yes"})
    endpoint.refresh_from_db()
    assert endpoint.deleted_at is not None
    assert owner.get(f"{path}change/").status_code == 404


def test_disable_enable_and_test_only_by_post(alice: Business, owner: Client, endpoint: Endpoint) -> None:
    path = f"{LIST}{endpoint.pk}/"
    for name in ("disable", "test"):
        assert owner.get(f"{path}{name}/").status_code == 200
    endpoint.refresh_from_db()
    assert endpoint.status == "enabled"
    assert not Delivery.objects.exists()
    owner.post(f"{path}test/", SUBMIT)
    assert Delivery.objects.of(alice).get().event.type == "webhook.test"
    owner.post(f"{path}disable/", SUBMIT)
    endpoint.refresh_from_db()
    assert endpoint.status == "disabled"
    page = text_of(owner.get(f"{path}change/"))
    assert f"{path}enable/" in page
    assert f"{path}test/" not in page
    owner.post(f"{path}enable/", SUBMIT)
    endpoint.refresh_from_db()
    assert endpoint.status == "enabled"


def test_wildcards_and_order_survive_the_form(owner: Client, endpoint: Endpoint) -> None:
    path = f"{LIST}{endpoint.pk}/change/"
    chosen = form(endpoint.url, some_events=["invoice.*", "payment.voided"], fifo="on", schedule="standard")
    assert owner.post(path, chosen).status_code == 302
    endpoint.refresh_from_db()
    assert (endpoint.events, endpoint.fifo, endpoint.schedule) == (["invoice.*", "payment.voided"], True, "standard")
    assert re.search(r'value="invoice\.\*"[^>]*checked', text_of(owner.get(path)))


def test_a_secret_is_rotated_and_shown_once(owner: Client, endpoint: Endpoint) -> None:
    path = f"{LIST}{endpoint.pk}/"
    assert f"{path}activate/" not in text_of(owner.get(f"{path}change/"))
    response = owner.post(f"{path}rotate/", SUBMIT)
    endpoint.refresh_from_db()
    new = endpoint.secrets_at(clock.now()).next
    assert new is not None
    assert new in text_of(owner.get(response["Location"]))
    page = text_of(owner.get(f"{path}change/"))
    assert new not in page
    assert "Signs until the new one is activated" in page
    owner.post(f"{path}activate/", SUBMIT)
    endpoint.refresh_from_db()
    assert (endpoint.next_secret, endpoint.secrets_at(clock.now()).current) == (None, new)


def test_what_was_not_delivered_is_recovered(owner: Client, endpoint: Endpoint, delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(state="failed", next_attempt_at=None)
    owner.post(f"{LIST}{endpoint.pk}/recover/", {**SUBMIT, "hours": "24"})
    job = Replay.objects.get()
    assert (job.count, job.states) == (1, ["held", "failed"])
    assert "0 of 1 events" in text_of(owner.get(f"{LIST}{endpoint.pk}/change/"))


def test_health_and_the_log_of_calls(owner: Client, receiver: Any, endpoint: Endpoint, delivery: Delivery) -> None:
    receiver.expect_request("/hook").respond_with_data("no <b>such</b> tenant", 500)
    drain()
    page = text_of(owner.get(f"{LIST}{endpoint.pk}/change/"))
    assert "0.0 % of 1 calls succeeded" in page
    assert "The endpoint answered 500." in page
    page = text_of(owner.get(f"/admin/webhooks/delivery/{delivery.pk}/change/"))
    assert "X-Webhook-Signature" in page
    assert "no &lt;b&gt;such&lt;/b&gt; tenant" in page


def test_a_delivery_is_skipped(owner: Client, delivery: Delivery) -> None:
    path = f"/admin/webhooks/delivery/{delivery.pk}/"
    assert f"{path}skip/" in text_of(owner.get(f"{path}change/"))
    owner.post(f"{path}skip/", SUBMIT)
    delivery.refresh_from_db()
    assert delivery.state == "failed"
    assert f"{path}skip/" not in text_of(owner.get(f"{path}change/"))


def test_a_delivery_is_shown_and_sent_again(alice: Business, owner: Client, delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(state="failed", next_attempt_at=None)
    path = f"/admin/webhooks/delivery/{delivery.pk}/"
    assert delivery.event.event_id in text_of(owner.get(f"{path}change/"))
    owner.post(f"{path}retry/", SUBMIT)
    delivery.refresh_from_db()
    assert delivery.state == "pending"
    assert AuditEntry.objects.of(alice).get(action="delivery.retried").actor_kind == "member"


def test_a_delivery_to_a_disabled_endpoint_is_refused(owner: Client, endpoint: Endpoint, delivery: Delivery) -> None:
    Endpoint.objects.filter(pk=endpoint.pk).update(status="disabled")
    response = owner.post(f"/admin/webhooks/delivery/{delivery.pk}/retry/", SUBMIT, follow=True)
    assert "This endpoint is disabled; enable it first." in text_of(response)


def test_endpoints_of_others_are_neither_reached_nor_offered(bob: Business, owner: Client, receiver: Any) -> None:
    foreign, _ = create_endpoint(bob, url=receiver.url_for("/bob-only"), events=["*"], actor=SYSTEM)
    for path in ("change/", "delete/", "test/", "disable/", "enable/", "rotate/", "activate/", "recover/"):
        assert owner.post(f"{LIST}{foreign.pk}/{path}", {**SUBMIT, "post": "yes", "url": "x"}).status_code == 404
    for page in ("endpoint", "delivery"):
        assert not re.search("bob-only", text_of(owner.get(f"/admin/webhooks/{page}/")))


def test_a_manager_does_not_see_endpoints_and_their_headers(alice: Business, endpoint: Endpoint) -> None:
    manager = browser_of(make_member(alice, "manager"))
    assert manager.get(LIST).status_code == 403
    assert manager.get(f"{LIST}{endpoint.pk}/change/").status_code == 403
