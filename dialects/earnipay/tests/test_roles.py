"""What a member may do: every route × every role, the business that a call is about, and what is kept of who it was."""

from __future__ import annotations

from typing import Any

import pytest

from businesses.models import AuditEntry, Business, IdempotencyKey, Member, Role
from businesses.tests.people import make_member
from dialects.earnipay.tests.conftest import Earnipay, logged_in, refusal
from dialects.earnipay.tests.test_door import NOBODY, NOT_BUILT, NOWHERE, OPEN, PEOPLE, call, routes

ALL = frozenset(Role.values)
CREATORS = ALL - {"viewer"}
ADMINS = frozenset({"owner", "admin"})

TABLE = {
    "GET customers": ALL,
    "POST customers": CREATORS,
    "GET customers/{id}": ALL,
    "PATCH customers/{id}": CREATORS,
    "DELETE customers/{id}": CREATORS,
    "GET products": ALL,
    "POST products": CREATORS,
    "GET products/{id}": ALL,
    "PATCH products/{id}": CREATORS,
    "DELETE products/{id}": CREATORS,
    "GET invoices": ALL,
    "POST invoices": CREATORS,
    "GET invoices/{id}": ALL,
    "PATCH invoices/{id}": CREATORS,
    "DELETE invoices/{id}": CREATORS,
    "POST invoices/{id}/approve": ADMINS,
    "POST invoices/{id}/reject": ADMINS,
    "GET invoices/{id}/pdf": ALL,
    "GET businesses": ALL,
    "POST businesses": ALL,  # 501 for everybody
    "GET businesses/{id}": ALL,
    "PATCH businesses/{id}": ALL,  # 501
    "DELETE businesses/{id}": ALL,  # 501
    "PATCH businesses/{id}/settings": ADMINS,
    "GET users/me": ALL,
    "PATCH users/me": ALL,
    "POST users/change-password": ALL,
    "GET team": ALL,
    "POST team/invite": ADMINS,
    "PATCH team/members/{id}/role": ADMINS,
    "DELETE team/members/{id}": ADMINS,
    "DELETE team/invitations/{id}": ADMINS,
}
LINE = {"description": "x", "quantity": 1, "unitPrice": 1, "taxPercent": 0}


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert set(routes()) - OPEN == set(TABLE)
    assert set(TABLE) >= PEOPLE


@pytest.mark.parametrize("role", Role.values)
def test_a_role_may_what_the_table_says(alice: Business, role: str) -> None:
    program = logged_in(make_member(alice, role))
    for operation, roles in {**dict.fromkeys(NOT_BUILT | NOWHERE, ALL), **TABLE}.items():
        answer = call(program, operation, str(alice.uuid))
        if role in roles:
            assert answer.status_code not in {401, 403, 500}, (operation, answer.content)
        else:
            assert refusal(answer) == (403, f"Your role ({role}) does not allow this call."), operation


def test_a_head_is_a_get(alice: Business, business: str) -> None:
    program = logged_in(make_member(alice, "viewer"))
    assert program.call("HEAD", f"/customers?businessId={business}").status_code == 200
    assert program.call("HEAD", f"/team/invite?businessId={business}").status_code == 405
    assert program.call("PUT", "/users/me").status_code == 405
    assert program.call("OPTIONS", "/team").status_code == 405


# Which business ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def both(alice: Business, bob: Business) -> Member:
    """A creator of Alice's, who is a viewer at Bob's."""
    member = make_member(alice, "creator", "both@alice.test")
    make_member(bob, "viewer", "both@alice.test")
    return member


def test_all_businesses_of_a_person(both: Member, alice: Business, bob: Business, business: str) -> None:
    program = logged_in(both)
    listed = program.data("/businesses")
    assert [one["id"] for one in listed["items"]] == [str(bob.uuid), business]  # the newest first
    assert listed["meta"]["totalItems"] == 2
    assert [one["id"] for one in program.data("/businesses?limit=1&page=2")["items"]] == [business]
    assert [one["name"] for one in program.data("/businesses?sortBy=name&sortOrder=asc")["items"]] == [
        "Alice Ltd",
        "Bob GmbH",
    ]
    assert program.data(f"/businesses/{bob.uuid}")["name"] == "Bob GmbH"


def test_the_role_is_that_in_the_business_of_the_call(both: Member, bob: Business, business: str) -> None:
    program = logged_in(both)
    assert program.post("/customers", {"businessId": business, "name": "x"}).status_code == 201
    for answer in (
        program.post("/customers", {"businessId": str(bob.uuid), "name": "x"}),
        program.post(f"/customers?businessId=biz_{bob.uuid}", {"name": "x"}),
    ):
        assert refusal(answer) == (403, "Your role (viewer) does not allow this call.")
    assert program.data(f"/customers?businessId={bob.uuid}")["items"] == []
    assert len(program.data(f"/customers?businessId={business}")["items"]) == 1
    for operation in ("POST customers", "GET customers"):
        assert refusal(call(program, operation)) == (400, "businessId: This field is required.")


def test_two_names_of_businesses_must_be_one(both: Member, bob: Business, business: str) -> None:
    program = logged_in(both)
    mixed = program.post(f"/customers?businessId={business}", {"businessId": str(bob.uuid), "name": "x"})
    assert refusal(mixed) == (403, "You don't have permission for this business.")
    settings = program.patch(f"/businesses/{bob.uuid}/settings", {"businessId": business, "requireApproval": True})
    assert settings.status_code == 403


def test_a_row_says_whose_it_is(both: Member, program: Earnipay, bobs: Earnipay, bob: Business, customer: str) -> None:
    theirs = bobs.post("/customers", {"businessId": str(bob.uuid), "name": "Bob's"}).json()["data"]["id"]
    member = logged_in(both)
    assert member.data(f"/customers/{customer}")["name"] == "Delta"
    assert member.data(f"/customers/{theirs}")["name"] == "Bob's"
    assert member.patch(f"/customers/{customer}", {"city": "Lagos"}).status_code == 200
    assert refusal(member.patch(f"/customers/{theirs}", {"city": "Lagos"}))[0] == 403
    assert refusal(member.get(f"/customers/{theirs}?businessId={program.data('/businesses')['items'][0]['id']}")) == (
        404,
        "Customer not found",
    )


def test_anothers_rows_and_businesses_are_not_there(alice: Business, bob: Business, bobs: Earnipay) -> None:
    stranger = make_member(bob)
    theirs, name = str(bob.uuid), {"businessId": str(bob.uuid), "name": "x"}
    customer = bobs.post("/customers", name).json()["data"]["id"]
    invoice = {"businessId": theirs, "customerId": customer, "issueDate": "2026-03-01", "items": [LINE]}
    found = {
        "customers": customer,
        "products": bobs.post("/products", {**name, "unitPrice": 1}).json()["data"]["id"],
        "invoices": bobs.post("/invoices", invoice).json()["data"]["id"],
        "team/members": str(stranger.uuid),
        "team/invitations": str(stranger.uuid),
    }
    program = logged_in(make_member(alice))
    probes = 0
    for operation in TABLE:
        noun = next((noun for noun in found if f" {noun}/{{id}}" in operation), None)
        if noun is None:
            continue
        answers = [call(program, operation, "", name) for name in (found[noun], NOBODY, "x", "cus_", "%00")]
        answers += [call(program, operation, str(alice.uuid), found[noun])]
        assert {answer.content for answer in answers} == {answers[0].content}, operation
        assert refusal(answers[0])[0] == 404, operation
        probes += 1
    assert probes == 15
    answers = []
    for identifier in (theirs, f"biz_{theirs}", NOBODY, "x"):
        for operation in TABLE:
            if operation not in {"GET businesses", "POST businesses"}:
                answers.append(call(program, operation, identifier, found["customers"]))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert refusal(answers[0]) == (403, "You don't have permission for this business.")
    assert Member.objects.of(bob).count() == 1


def test_the_business_that_one_joined_first_is_the_default(alice: Business, bob: Business) -> None:
    """Nobody can make himself the default of others by a name that comes early in the alphabet."""
    member = make_member(bob, email="both@bob.test")
    make_member(alice, email="both@bob.test")
    program = logged_in(member)
    assert program.data("/users/me")["defaultBusinessId"] == str(bob.uuid)
    assert program.data("/team")["items"][0]["businessId"] == str(bob.uuid)
    member.delete()
    assert program.data("/users/me")["defaultBusinessId"] == str(alice.uuid)


# What is kept ------------------------------------------------------------------------------------------------------------
def test_the_trail_and_the_events_name_the_member(alice: Business, business: str) -> None:
    member = make_member(alice, "creator")
    made = logged_in(member).post("/customers", {"businessId": business, "name": "x"}).json()["data"]["id"]
    entry = AuditEntry.objects.get(subject_id=made)
    assert (entry.actor_kind, entry.actor_id, entry.actor_label) == (
        "member",
        str(member.user_id),
        "creator@alice.test",
    )


def test_idempotency_keys_of_callers_do_not_meet(alice: Business, business: str, program: Earnipay) -> None:
    one, other = logged_in(make_member(alice, "creator")), logged_in(make_member(alice, "manager"))
    ids, key = [], "same-key"
    for caller in (one, other, program):
        body = {"businessId": business, "name": f"Name {len(ids)}"}
        first, again = (caller.post("/customers", body, Idempotency_Key=key) for _ in range(2))
        assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
        assert first.content == again.content
        ids.append(first.json()["data"]["id"])
        reused = caller.post("/customers", {**body, "name": "Another"}, Idempotency_Key=key)
        assert refusal(reused) == (422, "This Idempotency-Key was used for another request.")
    assert len(set(ids)) == 3
    assert IdempotencyKey.objects.of(alice).count() == 3
    assert refusal(one.post("/customers", {"businessId": business, "name": "y"}, Idempotency_Key="a b"))[0] == 400


def test_an_answer_is_not_kept_for_who_has_lost_the_role(alice: Business, business: str) -> None:
    make_member(alice)
    member = make_member(alice, "admin")
    program, body = logged_in(member), {"businessId": business, "name": "x"}
    assert program.post("/customers", body, Idempotency_Key="k").status_code == 201
    Member.objects.filter(pk=member.pk).update(role="viewer")
    assert refusal(program.post("/customers", body, Idempotency_Key="k"))[0] == 403


def test_the_flow_of_approval(alice: Business, business: str) -> None:
    creator, admin = logged_in(make_member(alice, "creator")), logged_in(make_member(alice, "admin"))
    assert admin.patch(f"/businesses/{business}/settings", {"requireApproval": True}).status_code == 200
    customer = creator.post("/customers", {"businessId": business, "name": "x"}).json()["data"]["id"]
    body = {"businessId": business, "customerId": customer, "issueDate": "2026-03-01", "items": [LINE]}
    invoice = creator.post("/invoices", body).json()["data"]
    assert invoice["status"] == "PENDING_APPROVAL"
    assert refusal(creator.post(f"/invoices/{invoice['id']}/approve", {}))[0] == 403
    assert admin.post(f"/invoices/{invoice['id']}/approve", {}).json()["data"]["status"] == "APPROVED"


def test_how_many_queries_a_call_takes(both: Member, business: str, django_assert_max_num_queries: Any) -> None:
    program = logged_in(both)
    with django_assert_max_num_queries(4):  # who, memberships, count of rows, rows
        program.data(f"/customers?businessId={business}")
