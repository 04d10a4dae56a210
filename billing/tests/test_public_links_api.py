"""GET /public-links and DELETE /public-links/{id}: which links there are, and the end of one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing.models import KeptStatement
from billing.tests.histories import clock, issue, make_customer, noon
from businesses.models import AuditEntry, Business, PublicLink
from conftest import Api
from messaging.models import Message
from messaging.private_links import PrivateLink


@pytest.fixture(autouse=True)
def public_url(settings: Any) -> None:
    """What links begin with, whatever the environment says."""
    settings.PUBLIC_URL = "http://testserver"


@pytest.fixture
def address(api: Api, alice: Business) -> str:
    """The path of the link that was mailed to Acme at noon of the first day."""
    with clock.at(noon(0)):
        customer = make_customer(alice)
        issue(customer, 100)
        assert api.post(f"/customers/{customer.uuid}/statement/send", {}).status_code == 202
    return PrivateLink.open(Message.objects.latest("id").sealed_link).url.removeprefix("http://testserver")


def rows(api: Api, query: str = "", days: float = 0) -> list[dict[str, Any]]:
    with clock.at(noon(days)):
        return list(api.get(f"/public-links{query}").json()["data"])


def test_the_list_shows_everything_but_the_token(api: Api, address: str) -> None:
    link, kept = PublicLink.objects.get(), KeptStatement.objects.get()
    assert rows(api) == [
        {
            "id": str(link.uuid),
            "subject_kind": "statement",
            "subject_id": str(kept.uuid),
            "subject_label": "Statement of Acme Corp, 2026-03-02",
            "state": "active",
            "expires_at": "2026-05-31T12:00:00.000Z",
            "revoked_at": None,
            "opened_at": None,
            "created_at": "2026-03-02T12:00:00.000Z",
            "updated_at": "2026-03-02T12:00:00.000Z",
        }
    ]
    body = api.get("/public-links").content.decode()
    assert address.removeprefix("/s/") not in body
    assert link.digest not in body
    with clock.at(noon(1)):
        Client().get(address)
    assert (rows(api)[0]["opened_at"], rows(api)[0]["updated_at"]) == ("2026-03-03T12:00:00.000Z",) * 2
    assert rows(api, days=90)[0]["state"] == "expired"


def test_filters(api: Api, address: str) -> None:
    kept = KeptStatement.objects.get()
    assert len(rows(api, f"?subject_id={kept.uuid}")) == 1
    assert rows(api, f"?subject_id={uuid.uuid4()}") == []
    assert rows(api, "?created_after=2026-03-02T12:00:00Z") == []
    assert rows(api, "?updated_after=2026-03-02T12:00:00Z") == []
    assert len(rows(api, "?updated_after=2026-03-01&sort=-updated_at&fields=id")) == 1
    assert api.get("/public-links?subject_id=x").json()["details"][0]["field"] == "subject_id"
    assert api.get("/public-links?token=x").status_code == 400


def test_pages_by_cursor_in_the_order_of_updates(api: Api, address: str, alice: Business) -> None:
    link = PublicLink.objects.get()
    for number in range(3):
        moved = link.created_at + timedelta(hours=number)
        values = {"subject_id": link.subject_id, "expires_at": link.expires_at, "created_at": moved}
        PublicLink.objects.create(business=alice, digest=str(number), subject_kind="statement", **values)
    ordered = [row["id"] for row in rows(api, "?sort=updated_at")]
    beyond = rows(api, f"?sort=updated_at&starting_after={ordered[1]}")
    assert (len(ordered), [row["id"] for row in beyond]) == (4, ordered[2:])


def test_revoked_it_is_gone_at_once(api: Api, address: str) -> None:
    link = PublicLink.objects.get()
    with clock.at(noon(1)):
        assert Client().get(address).status_code == 200
        answer = api.delete(f"/public-links/{link.uuid}")
        assert (answer.status_code, answer.content) == (204, b"")
        assert Client().get(address).status_code == 404
    with clock.at(noon(2)):
        assert api.delete(f"/public-links/{link.uuid}").status_code == 204
    row = rows(api)[0]
    assert (row["state"], row["revoked_at"]) == ("revoked", "2026-03-03T12:00:00.000Z")
    assert AuditEntry.objects.filter(action="public_link.revoked", subject_id=link.uuid).count() == 1


def test_a_replay_and_a_dry_run(api: Api, address: str) -> None:
    path = f"/public-links/{PublicLink.objects.get().uuid}"
    assert api.delete(f"{path}?dry_run=true").status_code == 204
    assert PublicLink.objects.get().revoked_at is None
    first, again = (api.delete(path, Idempotency_Key="once") for _ in range(2))
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (204, 204, "true")


def test_strangers_and_scopes(
    api: Api, bob_api: Api, bob: Business, api_with: Callable[[str], Api], address: str
) -> None:
    link = PublicLink.objects.get()
    missing = api.delete(f"/public-links/{uuid.uuid4()}")
    foreign = bob_api.delete(f"/public-links/{link.uuid}")
    assert (missing.status_code, foreign.status_code, foreign.content) == (404, 404, missing.content)
    assert rows(bob_api) == []
    assert rows(bob_api, f"?subject_id={link.subject_id}") == []
    assert api_with("read").delete(f"/public-links/{link.uuid}").status_code == 403
    assert api_with("read").get("/public-links").status_code == 200
    assert api_with("webhooks").get("/public-links").status_code == 403
    assert PublicLink.objects.get().revoked_at is None
