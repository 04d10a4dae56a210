"""`/users/me`, and passwords: changed, forgotten and replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from businesses.models import AuditEntry, Business, Member
from businesses.sessions import open_session
from businesses.tests.people import PASSWORD, make_member
from conftest import Api
from dialects.earnipay.tests.conftest import SECRET, Earnipay, bearing, log_in, logged_in, refusal, token_in
from messaging.models import Message

CHANGE = "/users/change-password"


def forgot(email: Any) -> Any:
    return Earnipay(Api(None)).post("/auth/forgot-password", {"email": email})


def test_who_i_am(owner: Member, business: str) -> None:
    shown = logged_in(owner).data("/users/me")
    assert UUID(shown["id"])
    assert {**shown, "id": "", "createdAt": ""} == {
        "id": "",
        "email": "owner@alice.test",
        "firstName": "",
        "lastName": "",
        "phone": None,
        "isEmailVerified": True,
        "defaultBusinessId": business,
        "createdAt": "",
        "updatedAt": None,
    }


def test_my_names(alice: Business, bob: Business) -> None:
    member = make_member(alice, "viewer", "both@alice.test")
    make_member(bob, "viewer", "both@alice.test")
    program = logged_in(member)
    body = {"firstName": "Ada", "lastName": "Obi", "phone": "+234", "email": "evil@alice.test", "isStaff": True}
    shown = program.patch("/users/me", body).json()["data"]
    assert (shown["firstName"], shown["lastName"], shown["phone"]) == ("Ada", "Obi", None)
    assert shown["email"] == "both@alice.test"
    assert program.patch("/users/me", {"lastName": None}).json()["data"]["lastName"] == ""
    assert refusal(program.patch("/users/me", {"firstName": "x" * 151}))[1].startswith("firstName: ")
    renamed = AuditEntry.objects.filter(action="member.renamed")
    assert renamed.count() == 4  # in the trail of each of both businesses
    assert set(renamed.values_list("actor_label", flat=True)) == {"both@alice.test"}


def test_a_password_is_changed_and_all_sessions_are_over(owner: Member) -> None:
    program, other = logged_in(owner), open_session(owner.user)
    answer = program.post(CHANGE, {"currentPassword": PASSWORD, "newPassword": SECRET})
    assert answer.json() == {"statusCode": 200, "message": "Password changed successfully."}
    assert program.get("/users/me").status_code == 401
    assert bearing(other.access).get("/users/me").status_code == 401
    assert Earnipay(Api(None)).post("/auth/refresh", {"refreshToken": other.refresh}).status_code == 401
    assert log_in("owner@alice.test", PASSWORD).status_code == 401
    assert log_in("owner@alice.test", SECRET).status_code == 200
    assert AuditEntry.objects.latest("id").action == "member.password_changed"


def test_a_password_that_is_not_changed(owner: Member) -> None:
    program = logged_in(owner)
    for body, field in (
        ({"currentPassword": PASSWORD, "newPassword": "12345678"}, "newPassword"),
        ({"currentPassword": PASSWORD}, "newPassword"),
        ({"newPassword": SECRET}, "currentPassword"),
        ({"currentPassword": "wrong", "newPassword": SECRET}, "currentPassword"),
    ):
        status, message = refusal(program.post(CHANGE, body))
        assert (status, message.startswith(f"{field}: ")) == (400, True), body
    assert log_in("owner@alice.test", PASSWORD).status_code == 200


def test_whoever_found_a_token_cannot_guess_the_password(owner: Member) -> None:
    program, body = logged_in(owner), {"currentPassword": "wrong", "newPassword": SECRET}
    assert [program.post(CHANGE, body).status_code for _ in range(5)] == [400, 400, 400, 400, 429]
    assert program.post(CHANGE, {**body, "currentPassword": PASSWORD}).status_code == 429


def test_a_forgotten_password_is_replaced(owner: Member, mail_folder: Path) -> None:
    tokens = open_session(owner.user)
    assert forgot(" OWNER@alice.test").status_code == 200
    body = {"token": token_in(mail_folder), "newPassword": SECRET}
    nobody = Earnipay(Api(None))
    assert refusal(nobody.post("/auth/reset-password", {**body, "newPassword": "12345678"}))[1].startswith(
        "newPassword: "
    )
    assert nobody.post("/auth/reset-password", body).json()["message"] == "Password reset successfully."
    assert refusal(nobody.post("/auth/reset-password", body))[0] == 400
    assert bearing(tokens.access).get("/users/me").status_code == 401
    assert log_in("owner@alice.test", SECRET).status_code == 200


def test_the_answer_does_not_say_who_has_an_account(owner: Member, alice: Business) -> None:
    closed = make_member(alice, "viewer").user
    closed.is_active = False
    closed.save()
    answers = [forgot(email) for email in ("owner@alice.test", "nobody@alice.test", "viewer@alice.test", "no address")]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert answers[0].status_code == 200
    assert Message.objects.count() == 1
