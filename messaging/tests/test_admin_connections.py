"""Connections in the admin."""

from __future__ import annotations

from typing import Any

import pytest

from businesses.models import AuditEntry, Business
from businesses.tests.people import browser_of, make_member, text_of
from messaging.models import Connection

LIST = "/admin/messaging/connection/"
TOKEN = "0123456789abcdef0123456789abWXYZ"
TYPED = {
    "provider": "twilio",
    "account": "AC" + "a" * 32,
    "secret": TOKEN,
    "sender": "+14155550100",
    "base_url": "",
}


def test_connected_changed_and_disconnected(alice: Business) -> None:
    owner = browser_of(make_member(alice))
    assert owner.get(f"{LIST}add/").status_code == 200
    assert owner.post(f"{LIST}add/", TYPED).status_code == 302
    row = Connection.objects.get()
    assert (row.base_url, row.credential_hint) == ("https://api.twilio.com", "WXYZ")
    pages = text_of(owner.get(LIST)) + text_of(owner.get(f"{LIST}{row.pk}/change/"))
    assert "WXYZ" in pages
    assert TOKEN[:20] not in pages
    typed: dict[str, Any] = {**TYPED, "secret": "", "sender": "+14155550199", "base_url": row.base_url}
    assert owner.post(f"{LIST}{row.pk}/change/", typed).status_code == 302
    kept = row.credential
    row.refresh_from_db()
    assert (row.sender, row.credential) == ("+14155550199", kept)
    elsewhere = owner.post(f"{LIST}{row.pk}/change/", {**typed, "base_url": "https://example.com"})
    assert "required for another account" in text_of(elsewhere)
    assert owner.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Connection.objects.exists()
    actions = (
        AuditEntry.objects.filter(action__startswith="connection.").order_by("pk").values_list("action", flat=True)
    )
    assert list(actions) == ["connection.connected"] * 2 + ["connection.disconnected"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"account": "nonsense"}, "Expected an Account SID"),
        ({"base_url": "https://10.0.0.1"}, "not on the public internet"),
        ({"secret": ""}, "This field is required"),
    ],
)
def test_what_is_refused_stands_at_its_field(alice: Business, change: dict[str, str], words: str) -> None:
    owner = browser_of(make_member(alice))
    page = owner.post(f"{LIST}add/", {**TYPED, **change})
    assert (page.status_code, words in text_of(page)) == (200, True)
    assert TOKEN[:20] not in text_of(page)
    assert not Connection.objects.exists()


@pytest.mark.parametrize("role", ["manager", "creator", "viewer"])
def test_others_have_no_business_there(alice: Business, role: str) -> None:
    assert browser_of(make_member(alice, role)).get(LIST).status_code == 403


def test_another_business_has_its_own(alice: Business, bob: Business) -> None:
    browser_of(make_member(alice)).post(f"{LIST}add/", TYPED)
    row = Connection.objects.get()
    stranger = browser_of(make_member(bob))
    assert stranger.get(f"{LIST}{row.pk}/change/").status_code == 404
    assert stranger.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 404
    assert Connection.objects.exists()
