"""Statements that left, in the admin: how their links stand, and the end of one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.models import KeptStatement
from billing.selectors.statements import Wanted
from billing.services.envelopes import Envelope
from billing.services.statements import send_statement
from billing.tests.admin_cast import a_customer, browser, told
from billing.tests.histories import clock, noon
from businesses.audit import SYSTEM
from businesses.models import Business, PublicLink
from businesses.tests.people import text_of

LIST = "/admin/billing/keptstatement/"


def sent(business: Business, name: str = "Acme") -> KeptStatement:
    """A statement that was mailed to a customer of this name."""
    send_statement(a_customer(business, name=name), Wanted(), Envelope(), actor=SYSTEM)
    return KeptStatement.objects.latest("id")


@pytest.fixture
def kept(alice: Business) -> KeptStatement:
    return sent(alice)


@pytest.fixture
def owner(alice: Business) -> Client:
    return browser(alice)


def test_the_state_of_a_link(owner: Client, kept: KeptStatement) -> None:
    page = text_of(owner.get(LIST))
    assert "Active" in page
    assert "Never" in page
    opened = PublicLink.objects.get()
    PublicLink.objects.update(opened_at=noon(1), expires_at=opened.created_at)
    shown = text_of(owner.get(f"{LIST}{kept.pk}/change/"))
    assert "Expired" in shown
    assert "3 Mar 2026" in shown
    PublicLink.objects.all().delete()  # as of one that left before there were links
    assert "None" in text_of(owner.get(LIST))


def test_a_link_is_revoked(owner: Client, kept: KeptStatement) -> None:
    assert "Revoke the link" in text_of(owner.get(f"{LIST}{kept.pk}/change/"))
    answer = owner.post(f"{LIST}{kept.pk}/revoke/", {"_form_submitted": "on"})
    assert answer.status_code == 302
    link = PublicLink.objects.get()
    assert link.revoked_at is not None
    assert told(link)[-1] == ("public_link.revoked", "owner@alice.test")
    page = text_of(owner.get(f"{LIST}{kept.pk}/change/"))
    assert "Revoked" in page
    assert "Revoke the link" not in page


def test_several_are_revoked_after_a_question(owner: Client, kept: KeptStatement, alice: Business) -> None:
    others = [sent(alice, "Ben"), sent(alice, "Cem")]
    chosen = {"action": "revoke_selected", "_selected_action": [kept.pk, others[0].pk]}
    assert "cannot open it any more" in text_of(owner.post(LIST, chosen))
    assert not PublicLink.objects.exclude(revoked_at=None).exists()
    owner.post(LIST, {**chosen, "confirmed": "yes"})
    assert [link.subject_id for link in PublicLink.objects.filter(revoked_at=None)] == [others[1].uuid]


def test_those_of_others_and_who_only_reads_cannot(kept: KeptStatement, alice: Business, bob: Business) -> None:
    stranger, viewer = browser(bob), browser(alice, "viewer")
    assert stranger.post(f"{LIST}{kept.pk}/revoke/", {"_form_submitted": "on"}).status_code == 404
    assert viewer.post(f"{LIST}{kept.pk}/revoke/", {"_form_submitted": "on"}).status_code == 403
    chosen = {"action": "revoke_selected", "_selected_action": [kept.pk], "confirmed": "yes"}
    for client in (stranger, viewer):
        client.post(LIST, chosen)
    assert PublicLink.objects.get().revoked_at is None


def test_a_list_asks_as_often_for_many_as_for_one(owner: Client, kept: KeptStatement, alice: Business) -> None:
    owner.get(LIST)
    counts = []
    for names in ((), ("Ben", "Cem", "Dan")):
        for name in names:
            sent(alice, name)
        with CaptureQueriesContext(connection) as queries:
            assert owner.get(LIST).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_moment_a_link_ends_is_shown(owner: Client, alice: Business) -> None:
    with clock.at(noon(0)):
        kept = sent(alice)
    assert "31 May 2026" in text_of(owner.get(f"{LIST}{kept.pk}/change/"))
