"""`/team`: who is in a business, invitations, roles, and what nobody may do to an owner or to himself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils.http import urlsafe_base64_encode

from businesses.models import AuditEntry, Business, Member, User
from businesses.tests.people import PASSWORD, browser_of, make_member
from conftest import Api
from dialects.earnipay.tests.conftest import SECRET, Earnipay, log_in, logged_in, refusal, token_in
from messaging.models import Message


@pytest.fixture
def admin(alice: Business) -> Earnipay:
    """A program of an admin of Alice's business, which has an owner."""
    make_member(alice)
    return logged_in(make_member(alice, "admin"))


def invited(admin: Earnipay, email: str = "carol@alice.test", role: str = "CREATOR") -> Any:
    answer = admin.post("/team/invite", {"email": email, "role": role})
    assert answer.status_code == 201, answer.content
    return answer.json()["data"]


def accept(token: str, **body: Any) -> Any:
    return Earnipay(Api(None)).post(f"/team/invitations/{token}/accept", {"newPassword": SECRET, **body})


def test_an_invitation_ends_with_a_login(admin: Earnipay, alice: Business, mail_folder: Path) -> None:
    shown = invited(admin, " Carol@alice.test ", "MANAGER")
    assert (shown["email"], shown["role"], shown["status"]) == ("carol@alice.test", "MANAGER", "PENDING")
    assert shown["businessId"] == str(alice.uuid)
    token = token_in(mail_folder)
    answer = accept(token, firstName="Carol", lastName="Jones")
    assert (answer.status_code, answer.json()["message"]) == (200, "Invitation accepted successfully.")
    assert log_in("carol@alice.test", SECRET).status_code == 200
    carol = next(one for one in admin.data("/team")["items"] if one["email"] == "carol@alice.test")
    assert (carol["firstName"], carol["lastName"], carol["status"]) == ("Carol", "Jones", "ACTIVE")
    assert refusal(accept(token)) == (400, "token: This link is wrong, has been used or is too old.")
    assert list(AuditEntry.objects.filter(subject_id=carol["id"]).order_by("id").values_list("action", flat=True)) == [
        "member.added",
        "member.joined",
    ]


def test_a_weak_password_leaves_the_invitation_open(admin: Earnipay, mail_folder: Path) -> None:
    invited(admin)
    token = token_in(mail_folder)
    for weak in ("12345678", "short", "carol@alice.test"):
        status, message = refusal(accept(token, newPassword=weak))
        assert (status, message.startswith("newPassword: This password is too")) == (400, True) or "similar" in message
    assert refusal(accept(token, firstName="x" * 151))[1].startswith("firstName: ")
    assert accept(token).status_code == 200


def test_a_token_of_who_has_a_password_accepts_nothing(owner: Member, mail_folder: Path) -> None:
    Earnipay(Api(None)).post("/auth/forgot-password", {"email": owner.user.email})
    assert refusal(accept(token_in(mail_folder)))[0] == 400


@pytest.mark.django_db
@pytest.mark.parametrize(
    "token", ["x", "MQ", "MQ.", ".x", "MQ.x-y", "%00.x", "w7w.x", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5.x"]
)
def test_tokens_that_are_none(token: str) -> None:
    answers = [accept(token), Earnipay(Api(None)).post("/auth/reset-password", {"token": token, "newPassword": SECRET})]
    for answer in answers:
        assert refusal(answer) == (400, "token: This link is wrong, has been used or is too old.")


def test_who_is_invited_to_a_second_business_has_a_password(admin: Earnipay, bob: Business) -> None:
    dora = make_member(bob, email="dora@bob.test", password=True)
    assert invited(admin, "dora@bob.test")["status"] == "ACTIVE"
    assert len(logged_in(dora).data("/businesses")["items"]) == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"email": "new@alice.test"}, 400),
        ({"email": "new@alice.test", "role": "OWNER"}, 400),
        ({"email": "new@alice.test", "role": "owner"}, 400),
        ({"email": "new@alice.test", "role": 7}, 400),
        ({"email": "no address", "role": "VIEWER"}, 400),
        ({"email": "admin@alice.test", "role": "VIEWER"}, 409),
    ],
)
def test_an_invitation_that_is_refused_leaves_nothing(admin: Earnipay, body: Any, status: int) -> None:
    assert refusal(admin.post("/team/invite", body))[0] == status
    assert (Member.objects.count(), User.objects.count(), Message.objects.count()) == (2, 2, 0)


def test_an_invitation_is_made_once(admin: Earnipay) -> None:
    body = {"email": "new@alice.test", "role": "VIEWER"}
    dry = admin.post("/team/invite?dry_run=true", body).json()["data"]
    assert (dry["id"], dry["email"], Member.objects.count()) == (None, "new@alice.test", 2)
    first, again = (admin.post("/team/invite", body, Idempotency_Key="k") for _ in range(2))
    assert first.content == again.content
    assert Message.objects.count() == 1


def test_who_only_tries_learns_of_no_account(admin: Earnipay, bob: Business) -> None:
    known = make_member(bob, "owner", "frank@bob.test", password=True).user
    User.objects.filter(pk=known.pk).update(first_name="Frank", last_name="Brown")
    emails = ("frank@bob.test", "nobody@bob.test")
    bodies = [{"email": email, "role": "VIEWER"} for email in emails]
    known_one, unknown = (admin.post("/team/invite?dry_run=true", body).json()["data"] for body in bodies)
    varying = {"email", "createdAt"}
    assert {k: v for k, v in known_one.items() if k not in varying} == {
        k: v for k, v in unknown.items() if k not in varying
    }
    assert (unknown["userId"], unknown["firstName"], unknown["status"]) == (None, "", "PENDING")


def test_the_list(admin: Earnipay, alice: Business, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        make_member(alice, "viewer", f"v{number}@alice.test")
    with django_assert_max_num_queries(5):
        listed = admin.data("/team")
    assert (listed["meta"]["totalItems"], len(listed["items"])) == (14, 10)
    assert listed["items"][0]["email"] == "v11@alice.test"
    last = admin.data("/team?page=2&sortBy=createdAt&sortOrder=desc")["items"][-1]
    assert set(last) == {
        *("id", "businessId", "userId", "email", "firstName", "lastName", "role", "status", "createdAt"),
    }
    assert (last["role"], last["email"]) == ("OWNER", "owner@alice.test")


def test_a_role_is_changed(admin: Earnipay, alice: Business) -> None:
    viewer = make_member(alice, "viewer")
    changed = admin.patch(f"/team/members/mem_{viewer.uuid}/role", {"role": "MANAGER"}).json()
    assert (changed["message"], changed["data"]["role"]) == ("Member role updated successfully.", "MANAGER")
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.actor_label, entry.changes) == (
        "member.role_changed",
        "admin@alice.test",
        {"role": "manager"},
    )


def test_nobody_touches_an_owner(admin: Earnipay, alice: Business) -> None:
    boss = Member.objects.get(role="owner")
    second = make_member(alice, "owner", "second@alice.test")
    for program in (admin, logged_in(boss)):
        for target in (boss, second):
            changed = program.patch(f"/team/members/{target.uuid}/role", {"role": "VIEWER"})
            assert refusal(changed) == (400, "The owner's role cannot be changed.")
            assert refusal(program.delete(f"/team/members/{target.uuid}"))[0] == 400
            assert refusal(program.delete(f"/team/invitations/{target.uuid}"))[0] == 400
        viewer = make_member(alice, "viewer", f"v{program is admin}@alice.test")
        made = program.patch(f"/team/members/{viewer.uuid}/role", {"role": "OWNER"})
        assert refusal(made) == (400, "role: Expected one of ADMIN, MANAGER, CREATOR, VIEWER.")
    assert Member.objects.filter(role="owner").count() == 2


def test_nobody_removes_himself(admin: Earnipay) -> None:
    own = Member.objects.get(role="admin")
    assert refusal(admin.delete(f"/team/members/{own.uuid}")) == (400, "You cannot remove yourself.")


def test_a_member_who_is_removed_is_out_at_once(admin: Earnipay, alice: Business) -> None:
    manager = make_member(alice, "manager")
    program = logged_in(manager)
    assert program.get("/users/me").status_code == 200
    answer = admin.delete(f"/team/members/{manager.uuid}")
    assert answer.json() == {"statusCode": 200, "message": "Member removed successfully."}
    assert program.get("/users/me").status_code == 401
    assert refusal(admin.delete(f"/team/members/{manager.uuid}")) == (404, "Member not found")


def test_one_who_is_removed_from_one_business_stays_in_the_other(
    admin: Earnipay, alice: Business, bob: Business
) -> None:
    both = make_member(alice, "manager", "both@alice.test")
    make_member(bob, "manager", "both@alice.test")
    program = logged_in(both)
    admin.delete(f"/team/members/{both.uuid}")
    assert refusal(program.get(f"/customers?businessId={alice.uuid}"))[0] == 403
    assert program.get(f"/customers?businessId={bob.uuid}").status_code == 200


def test_an_invitation_is_revoked(admin: Earnipay, alice: Business, mail_folder: Path) -> None:
    shown = invited(admin)
    token = token_in(mail_folder)
    answer = admin.delete(f"/team/invitations/{shown['id']}")
    assert answer.json() == {"statusCode": 200, "message": "Invitation revoked successfully."}
    assert refusal(accept(token))[0] == 400
    active = make_member(alice, "viewer", password=True)
    assert refusal(admin.delete(f"/team/invitations/{active.uuid}")) == (404, "Invitation not found")
    assert Member.objects.filter(pk=active.pk).exists()


def test_the_same_team_in_the_admin(admin: Earnipay) -> None:
    invited(admin)
    page = browser_of(Member.objects.get(role="owner")).get("/admin/businesses/member/")
    assert "carol@alice.test" in page.content.decode()


def test_a_first_password_is_only_the_persons_own(owner: Member, mail_folder: Path) -> None:
    """Another person's number before a good secret opens nothing."""
    invited(logged_in(owner))
    number, secret = token_in(mail_folder).split(".")
    other = urlsafe_base64_encode(str(owner.user.pk).encode())
    assert other != number
    for wrong in (f"{other}.{secret}", f"{other}.", f"{number}.{secret}x", f"{number}.{secret[:-1]}"):
        assert refusal(accept(wrong))[0] == 400
    assert log_in("owner@alice.test", PASSWORD).status_code == 200
