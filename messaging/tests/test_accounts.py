"""How people get in: an invitation, a first password, a forgotten one; as the browser sees it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from businesses.audit import SYSTEM
from businesses.models import Member, User
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Invalid
from messaging import sending
from messaging.invitations import invite_member
from messaging.models import Message
from messaging.tests.conftest import NOON, read

PASSWORD = "quite a long secret of 2026"


def link_in(folder) -> str:
    """The link of the newest mail."""
    sending.send_due()
    newest = Message.objects.latest("id")
    body = read((folder / f"{newest.uuid}.eml").read_bytes()).get_body(("plain",)).get_content()
    return re.search(r"http://testserver(/\S+)", body)[1]


def set_password(client: Client, link: str, password: str = PASSWORD):
    page = client.get(link, follow=True)
    form = {"new_password1": password, "new_password2": password}
    return client.post(page.redirect_chain[-1][0] if page.redirect_chain else link, form, follow=True)


def log_in(client: Client, password: str = PASSWORD):
    return client.post("/admin/login/", {"username": "carol@alice.test", "password": password})


def test_an_invitation_ends_with_a_login(alice, client, mail_folder):
    member = invite_member(alice, email="Carol@Alice.test", role="manager", actor=SYSTEM)
    message = Message.objects.get()
    assert (message.to, message.subject_id) == (["carol@alice.test"], member.uuid)
    assert "/accounts/" not in message.body_text + message.body_html
    link = link_in(mail_folder)

    assert b"The same password again" in client.get(link, follow=True).content
    done = set_password(client, link)
    assert b"You can log in" in done.content
    assert "script" not in done.content.decode()
    assert log_in(client).status_code == 302
    assert b"has been used" in client.get(link, follow=True).content


def test_a_weak_password_is_refused_with_reasons(alice, client, mail_folder):
    invite_member(alice, email="carol@alice.test", role="viewer", actor=SYSTEM)
    answer = set_password(client, link_in(mail_folder), "12345678")
    assert b"too common" in answer.content
    assert not User.objects.get().has_usable_password()


def test_who_has_a_password_already_is_invited_to_log_in(alice, bob, mail_folder):
    User.objects.create_user("dora@bob.test", PASSWORD, is_staff=True)
    invite_member(bob, email="dora@bob.test", role="admin", actor=SYSTEM)
    assert link_in(mail_folder) == "/admin/"
    assert Message.objects.get().subject == "Einladung zu Bob GmbH"


@pytest.mark.parametrize(
    ("email", "role", "kind"),
    [("no address", "viewer", Invalid), ("a@alice.test", "king", Invalid), ("carol@alice.test", "viewer", Conflict)],
)
def test_an_invitation_that_is_refused_leaves_nothing(alice, email, role, kind):
    invite_member(alice, email="carol@alice.test", role="viewer", actor=SYSTEM)
    with pytest.raises(kind):
        invite_member(alice, email=email, role=role, actor=SYSTEM)
    assert (Member.objects.count(), User.objects.count(), Message.objects.count()) == (1, 1, 1)


def test_a_forgotten_password_is_replaced(alice, client, mail_folder):
    invite_member(alice, email="carol@alice.test", role="owner", actor=SYSTEM)
    assert client.get("/accounts/password-reset/").status_code == 200
    assert client.post("/accounts/password-reset/", {"email": "CAROL@alice.test"}).status_code == 302
    assert Message.objects.latest("id").kind == "password_reset"
    set_password(client, link_in(mail_folder))
    assert log_in(client).status_code == 302


def test_the_answer_does_not_say_who_has_an_account(alice, client, mail_folder):
    invite_member(alice, email="carol@alice.test", role="owner", actor=SYSTEM)
    User.objects.create_user("alone@nowhere.test", PASSWORD)
    User.objects.create_user("left@nowhere.test", PASSWORD, is_active=False)
    answers = []
    for email in ("carol@alice.test", "nobody@alice.test", "alone@nowhere.test", "left@nowhere.test"):
        answer = client.post("/accounts/password-reset/", {"email": email}, follow=True)
        answers.append((answer.status_code, answer.redirect_chain, answer.content))
    assert answers[1:] == answers[:-1]
    assert Message.objects.filter(kind="password_reset").count() == 1


def test_one_mail_in_five_minutes(alice, client):
    invite_member(alice, email="carol@alice.test", role="owner", actor=SYSTEM)
    for minutes, sent in ((0, 1), (4, 1), (6, 2)):
        with clock.at(NOON + timedelta(minutes=minutes)):
            client.post("/accounts/password-reset/", {"email": "carol@alice.test"})
        assert Message.objects.filter(kind="password_reset").count() == sent


def test_a_link_with_a_wrong_token_is_refused(alice, client, mail_folder):
    invite_member(alice, email="carol@alice.test", role="owner", actor=SYSTEM)
    link = link_in(mail_folder)
    for wrong in (link[:-3] + "xx/", "/accounts/password/MQ/x-y/", "/accounts/password/%00/x-y/"):
        answer = client.get(wrong, follow=True)
        assert b"has been used or is too old" in answer.content


def test_the_login_page_leads_to_it_and_too_many_failures_close_it(db, client):
    assert b"/accounts/password-reset/" in client.get("/admin/login/").content
    for _ in range(5):
        answer = log_in(client, "wrong")
    assert answer.status_code == 429
    assert b"Try again later" in answer.content
    assert b"15 minutes" in answer.content
