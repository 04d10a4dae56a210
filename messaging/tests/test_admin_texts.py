from __future__ import annotations

import pytest
from django.test import Client

from businesses.audit import SYSTEM
from businesses.models import AuditEntry, Business
from businesses.tests.people import browser_of, make_member, text_of
from messaging.models import MessageText
from messaging.services import save_text

EDIT = "/admin/messaging/messagetext/invoice/en/edit/"
OWN = {"subject": "Invoice {number}", "body": "Dear {customer_name},\n\nhere it is."}


@pytest.fixture
def owner(alice: Business) -> Client:
    return browser_of(make_member(alice))


def test_every_text_is_listed_and_own_ones_marked(alice: Business, owner: Client) -> None:
    save_text(alice, kind="invoice", language="en", **OWN, actor=SYSTEM)
    page = text_of(owner.get("/admin/messaging/messagetext/"))
    assert page.count("Your own") == 1
    assert page.count("/edit/") == 24


def test_a_text_is_edited_previewed_and_reset(alice: Business, owner: Client) -> None:
    assert owner.post(EDIT, OWN).status_code == 302
    assert MessageText.objects.of(alice).get().subject == "Invoice {number}"
    page = text_of(owner.get(EDIT))
    assert "Invoice INV-00042" in page
    assert "{due_date}" in page  # among the placeholders
    owner.post(EDIT, {"reset": "1"})
    assert not MessageText.objects.exists()
    assert AuditEntry.objects.of(alice).filter(action__startswith="message_text.", actor_kind="member").count() == 2


def test_an_unknown_placeholder_is_shown_on_its_field(owner: Client) -> None:
    response = owner.post(EDIT, {**OWN, "body": "Dear {custmer_name}"})
    assert "did you mean &#x27;customer_name&#x27;" in text_of(response)
    assert not MessageText.objects.exists()


@pytest.mark.parametrize("path", ["password_reset/en", "invoice/xx", "nonsense/en"])
def test_what_cannot_be_edited_is_not_there(owner: Client, path: str) -> None:
    assert owner.get(f"/admin/messaging/messagetext/{path}/edit/").status_code == 404


def test_a_viewer_reads_only(alice: Business) -> None:
    viewer = browser_of(make_member(alice, "viewer"))
    assert viewer.get(EDIT).status_code == 200
    assert viewer.post(EDIT, OWN).status_code == 403
    assert not MessageText.objects.exists()


def test_texts_of_others_have_no_effect(alice: Business, bob: Business, owner: Client) -> None:
    foreign = save_text(bob, kind="invoice", language="en", subject="Bob's", body="Bob's", actor=SYSTEM)
    assert "Bob&#x27;s" not in text_of(owner.get(EDIT))
    assert owner.get(f"/admin/messaging/messagetext/{foreign.pk}/change/").status_code == 404
    owner.post(EDIT, {"reset": "1"})
    assert MessageText.objects.of(bob).exists()
