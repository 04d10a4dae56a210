from __future__ import annotations

import re

import pytest
from django.test import Client

from businesses.audit import SYSTEM
from businesses.authentication import create_api_key
from businesses.models import ApiKey, AuditEntry, Business
from businesses.tests.people import browser_of, make_member, text_of
from conftest import Api

NEW = {"name": "Web shop", "scope": "write", "expires_at_0": "", "expires_at_1": ""}


@pytest.fixture
def owner(alice: Business) -> Client:
    return browser_of(make_member(alice))


def test_a_new_key_is_shown_once_and_works(alice: Business, owner: Client) -> None:
    response = owner.post("/admin/businesses/apikey/add/", NEW)
    assert response.status_code == 302
    page = text_of(owner.get(response["Location"]))
    secret = re.search(r"oim_[0-9a-f]{64}", page)
    assert secret
    assert Api(secret[0]).get("/me").status_code in {200, 404}
    again = owner.get(response["Location"], follow=True)
    assert secret[0] not in text_of(again)
    key = ApiKey.objects.of(alice).get()
    assert f"{secret[0][:12]}…" in text_of(again)
    assert secret[0] not in str(key.__dict__)
    entry = AuditEntry.objects.of(alice).get(action="api_key.created")
    assert (entry.actor_kind, entry.actor_label, entry.subject_id) == ("member", "owner@alice.test", key.uuid)


def test_the_session_keeps_no_secret_in_the_clear(owner: Client) -> None:
    response = owner.post("/admin/businesses/apikey/add/", NEW)
    assert "oim_" not in str(dict(owner.session))
    owner.get(response["Location"])
    assert "secret_once" not in owner.session


def test_a_key_is_never_edited(alice: Business, owner: Client) -> None:
    key, _ = create_api_key(alice, name="Web shop", scope="read", actor=SYSTEM)
    assert owner.post(f"/admin/businesses/apikey/{key.pk}/change/", {**NEW, "scope": "all"}).status_code == 403
    key.refresh_from_db()
    assert key.scope == "read"


def test_revoking_asks_first(alice: Business, owner: Client) -> None:
    key, secret = create_api_key(alice, name="Web shop", scope="read", actor=SYSTEM)
    path = f"/admin/businesses/apikey/{key.pk}/revoke/"
    assert "Revoke this API key?" in text_of(owner.get(path))
    key.refresh_from_db()
    assert key.revoked_at is None
    response = owner.post(path, {"_form_submitted": "on"}, headers={"HX-Request": "true"})
    assert response["HX-Redirect"].endswith(f"/{key.pk}/change/")
    assert Api(secret).get("/customers").status_code == 401


def test_revoking_several_asks_first_and_keeps_the_selection(alice: Business, owner: Client) -> None:
    keys = [create_api_key(alice, name=name, scope="read", actor=SYSTEM)[0] for name in ("One", "Two", "Three")]
    chosen = {"action": "revoke_selected", "_selected_action": [key.pk for key in keys[:2]]}
    page = text_of(owner.post("/admin/businesses/apikey/", chosen))
    assert all(f'name="_selected_action" value="{key.pk}"' in page for key in keys[:2])
    assert not ApiKey.objects.of(alice).exclude(revoked_at=None).exists()
    owner.post("/admin/businesses/apikey/", {**chosen, "confirmed": "yes"})
    assert list(ApiKey.objects.of(alice).filter(revoked_at=None)) == [keys[2]]


def test_keys_of_others_cannot_be_revoked(alice: Business, bob: Business, owner: Client) -> None:
    key, _ = create_api_key(bob, name="Bob's", scope="read", actor=SYSTEM)
    assert owner.post(f"/admin/businesses/apikey/{key.pk}/revoke/", {"_form_submitted": "on"}).status_code == 404
    chosen = {"action": "revoke_selected", "_selected_action": [key.pk], "confirmed": "yes"}
    owner.post("/admin/businesses/apikey/", chosen)
    key.refresh_from_db()
    assert key.revoked_at is None
