from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from businesses.audit import SYSTEM
from businesses.models import AuditEntry, Business
from businesses.tests.people import browser_of, make_member, text_of
from invoicing.lib import clock
from webhooks.models import Delivery, Endpoint
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
    for path in ("change/", "delete/", "test/", "disable/", "enable/"):
        assert owner.post(f"{LIST}{foreign.pk}/{path}", {**SUBMIT, "post": "yes", "url": "x"}).status_code == 404
    for page in ("endpoint", "delivery"):
        assert not re.search("bob-only", text_of(owner.get(f"/admin/webhooks/{page}/")))


def test_a_manager_does_not_see_endpoints_and_their_headers(alice: Business, endpoint: Endpoint) -> None:
    manager = browser_of(make_member(alice, "manager"))
    assert manager.get(LIST).status_code == 403
    assert manager.get(f"{LIST}{endpoint.pk}/change/").status_code == 403
