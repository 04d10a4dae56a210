from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from businesses.models import Business, User
from businesses.tests.people import PASSWORD, browser_of, make_member, text_of

LOGIN = "/admin/login/"


def log_in(client: Client, email: str, password: str) -> Any:
    return client.post(LOGIN, {"username": email, "password": password, "next": "/admin/"})


def test_a_member_logs_in(alice: Business) -> None:
    member, client = make_member(alice, password=True), Client()
    assert log_in(client, member.user.email.upper(), PASSWORD).status_code == 302
    assert alice.name in text_of(client.get("/admin/"))


@pytest.mark.django_db
def test_whoever_is_not_logged_in_is_sent_to_the_login() -> None:
    response = Client().get("/admin/businesses/apikey/")
    assert response.status_code == 302
    assert response["Location"].startswith(LOGIN)


def test_five_failures_close_the_login_even_to_the_right_password(alice: Business) -> None:
    member, client = make_member(alice, password=True), Client()
    answers = [log_in(client, member.user.email, "wrong").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    shut = log_in(client, member.user.email, PASSWORD)
    assert shut.status_code == 429
    assert "too many failed logins" in text_of(shut)


def test_spelling_the_address_in_another_way_gives_no_more_attempts(alice: Business) -> None:
    member, client = make_member(alice, password=True), Client()
    for address in (
        "owner@alice.test",
        "OWNER@alice.test",
        " owner@alice.test",
        "Owner@Alice.Test",
        "owner@ALICE.test",
    ):
        answer = log_in(client, address, "wrong")
    assert answer.status_code == 429
    assert log_in(client, member.user.email, PASSWORD).status_code == 429


def test_the_lockout_is_for_one_address_only(alice: Business) -> None:
    make_member(alice, password=True)
    other = make_member(alice, "viewer", password=True)
    for _ in range(5):
        log_in(Client(), "owner@alice.test", "wrong")
    assert log_in(Client(), other.user.email, PASSWORD).status_code == 302


def test_wrong_password_and_unknown_address_get_the_same_answer(alice: Business) -> None:
    member = make_member(alice, password=True)
    words = "do not belong together"
    assert words in text_of(log_in(Client(), member.user.email, "wrong"))
    assert words in text_of(log_in(Client(), "nobody@alice.test", "wrong"))


def test_a_person_without_business_is_told_so_and_can_leave(db: None) -> None:
    user = User.objects.create_user("lost@alice.test", PASSWORD, is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    response = client.get("/admin/", follow=True)
    assert response.status_code == 403
    assert "not a member of any business" in text_of(response)
    assert client.post("/admin/logout/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_a_closed_account_is_out_at_once(alice: Business) -> None:
    member = make_member(alice)
    client = browser_of(member)
    assert client.get("/admin/").status_code == 200
    User.objects.filter(pk=member.user.pk).update(is_active=False)
    assert client.get("/admin/").status_code == 302


def test_a_removed_member_is_out_at_once(alice: Business) -> None:
    make_member(alice)
    member = make_member(alice, "viewer")
    client = browser_of(member)
    member.delete()
    assert client.get("/admin/businesses/business/").status_code == 302


# The switcher ------------------------------------------------------------------------------------------------------
def test_a_member_of_two_businesses_switches(alice: Business, bob: Business) -> None:
    member = make_member(alice, email="both@alice.test")
    make_member(bob, "viewer", email="both@alice.test")
    client = browser_of(member)
    assert client.get("/admin/businesses/business/")["Location"].endswith(f"/{alice.pk}/change/")
    assert client.post("/admin/switch/", {"business": str(bob.uuid)}).status_code == 302
    assert client.get("/admin/businesses/business/")["Location"].endswith(f"/{bob.pk}/change/")
    assert client.get("/admin/businesses/apikey/").status_code == 403  # a viewer there
    assert client.get(f"/admin/businesses/business/{alice.pk}/change/").status_code == 404


@pytest.mark.parametrize("target", ["", "nonsense", "foreign"])
def test_nobody_switches_to_a_business_of_others(alice: Business, bob: Business, target: str) -> None:
    client = browser_of(make_member(alice))
    identifier = str(bob.uuid) if target == "foreign" else target
    assert client.post("/admin/switch/", {"business": identifier}).status_code == 404
    assert client.get("/admin/businesses/business/")["Location"].endswith(f"/{alice.pk}/change/")


def test_a_link_does_not_switch(alice: Business, bob: Business) -> None:
    client = browser_of(make_member(alice, email="both@alice.test"))
    make_member(bob, email="both@alice.test")
    assert client.get(f"/admin/switch/?business={bob.uuid}").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post("/admin/switch/", {"business": str(bob.uuid)}).status_code == 403
