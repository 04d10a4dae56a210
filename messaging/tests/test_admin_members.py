from __future__ import annotations

import re

import pytest
from django.test import Client

from businesses.models import AuditEntry, Business, Member
from businesses.tests.people import PASSWORD, browser_of, make_member, text_of
from messaging.models import Message
from messaging.private_links import PrivateLink

LIST = "/admin/businesses/member/"


@pytest.fixture
def owner(alice: Business) -> Client:
    return browser_of(make_member(alice))


def test_an_invited_person_gets_a_mail_chooses_a_password_and_is_in(alice: Business, owner: Client) -> None:
    assert owner.post(f"{LIST}add/", {"email": "tom@alice.test", "role": "creator"}).status_code == 302
    message = Message.objects.of(alice).get(kind="invitation")
    assert message.to == ["tom@alice.test"]
    link = PrivateLink.open(message.sealed_link).url
    assert link not in text_of(owner.get(f"/admin/messaging/message/{message.pk}/change/"))
    guest = Client()
    form = guest.get(link.removeprefix("http://testserver"), follow=True)
    chosen = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    guest.post(form.redirect_chain[-1][0], chosen)
    assert guest.post("/admin/login/", {"username": "tom@alice.test", "password": PASSWORD}).status_code == 302
    assert alice.name in text_of(guest.get("/admin/"))
    entry = AuditEntry.objects.of(alice).get(action="member.added", actor_kind="member")
    assert entry.actor_label == "owner@alice.test"


def test_who_is_a_member_already_is_not_invited_twice(alice: Business, owner: Client) -> None:
    response = owner.post(f"{LIST}add/", {"email": "owner@alice.test", "role": "viewer"})
    assert response.status_code == 200
    assert "already a member" in text_of(response)
    assert not Message.objects.exists()


def test_a_role_is_changed(alice: Business, owner: Client) -> None:
    member = make_member(alice, "viewer")
    assert owner.post(f"{LIST}{member.pk}/change/", {"role": "manager"}).status_code == 302
    member.refresh_from_db()
    assert member.role == "manager"


def test_the_last_owner_stays(alice: Business, owner: Client) -> None:
    member = Member.objects.of(alice).get()
    response = owner.post(f"{LIST}{member.pk}/change/", {"role": "viewer"})
    assert "keeps at least one owner" in text_of(response)
    response = owner.post(f"{LIST}{member.pk}/delete/", {"post": "yes"}, follow=True)
    assert "keeps at least one owner" in text_of(response)
    member.refresh_from_db()
    assert member.role == "owner"


def test_taking_a_member_off_asks_first(alice: Business, owner: Client) -> None:
    member = make_member(alice, "viewer")
    assert "They can no longer open it" in text_of(owner.get(f"{LIST}{member.pk}/delete/"))
    assert Member.objects.filter(pk=member.pk).exists()
    owner.post(f"{LIST}{member.pk}/delete/", {"post": "yes"})
    assert not Member.objects.filter(pk=member.pk).exists()


def test_an_invitation_is_sent_again_only_by_post(alice: Business, owner: Client) -> None:
    member = make_member(alice, "viewer")
    owner.get(f"{LIST}{member.pk}/invite_again/")
    assert not Message.objects.exists()
    owner.post(f"{LIST}{member.pk}/invite_again/", {"_form_submitted": "on"})
    assert re.match("viewer@", Message.objects.of(alice).get().to[0])


def test_members_of_others_are_not_there(alice: Business, bob: Business, owner: Client) -> None:
    stranger = make_member(bob)
    for path in ("change/", "delete/", "invite_again/"):
        data = {"role": "viewer", "post": "yes", "_form_submitted": "on"}
        assert owner.post(f"{LIST}{stranger.pk}/{path}", data).status_code == 404
    stranger.refresh_from_db()
    assert stranger.role == "owner"


def test_no_text_of_the_business_can_take_the_link_elsewhere(alice: Business, owner: Client) -> None:
    alice.website = "https://evil.example/?u={link}"
    alice.save()
    owner.post(f"{LIST}add/", {"email": "tom@alice.test", "role": "creator"})
    message = Message.objects.of(alice).get(kind="invitation")
    link = PrivateLink.open(message.sealed_link)
    for body in (message.body_text, message.body_html):
        assert link.marker in body
        assert f"evil.example/?u={link.marker}" not in body
        assert "evil.example/?u={link}" in body or "evil.example" not in body
