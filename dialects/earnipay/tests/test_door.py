"""Who enters /earnipay/v1: every route × every scope and bad key, every businessId and id that is not the caller's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from businesses.audit import SYSTEM
from businesses.authentication import create_api_key, revoke_api_key
from businesses.models import ApiKey, Business
from conftest import Api
from dialects.earnipay.door import OpenView
from dialects.earnipay.tests.conftest import Earnipay, refusal, scoped
from dialects.earnipay.urls import LATER, urlpatterns
from invoicing.lib import clock

NOBODY = "0199b2f0-0000-7000-8000-000000000000"
READ, WRITE, ALL = {"all", "read", "write"}, {"all", "write"}, {"all"}
_LATER = {"GET": READ, "POST": WRITE, "PATCH": WRITE, "DELETE": WRITE}

TABLE = {
    "GET customers": READ,
    "POST customers": WRITE,
    "GET customers/{id}": READ,
    "PATCH customers/{id}": WRITE,
    "DELETE customers/{id}": WRITE,
    "GET products": READ,
    "POST products": WRITE,
    "GET products/{id}": READ,
    "PATCH products/{id}": WRITE,
    "DELETE products/{id}": WRITE,
    "GET invoices": READ,
    "POST invoices": WRITE,
    "GET invoices/{id}": READ,
    "PATCH invoices/{id}": WRITE,
    "DELETE invoices/{id}": WRITE,
    "POST invoices/{id}/approve": WRITE,
    "POST invoices/{id}/reject": WRITE,
    "GET invoices/{id}/pdf": READ,
    "GET businesses": READ,
    "POST businesses": WRITE,
    "GET businesses/{id}": READ,
    "PATCH businesses/{id}": WRITE,
    "DELETE businesses/{id}": WRITE,
    "PATCH businesses/{id}/settings": ALL,
}
# Calls that are not built yet, one of each path of LATER, and paths that are nowhere.
NOT_BUILT = {
    "POST invoices/validate",
    "POST invoices/{id}/generate-qr",
    "POST invoices/{id}/submit-to-app",
    "POST irn-generator/generate",
    "POST qr-generator/generate",
    "POST businesses",
    "PATCH businesses/{id}",
    "DELETE businesses/{id}",
    "POST businesses/upload",
    "GET businesses/providers/supported",
    "PATCH businesses/{id}/firs-config",
    "PATCH businesses/{id}/crypto-keys",
    "PATCH businesses/{id}/app-config",
    "PATCH businesses/{id}/app-provider",
    "PATCH businesses/{id}/interswitch-credentials",
    "POST businesses/{id}/test-app-connection",
    "POST businesses/{id}/set-default",
    "GET payment-details",
    "POST payment-details",
    "GET payment-details/{id}",
    "GET banks/list",
    "POST banks/verify-account",
    "GET users/me/completion",
}
# What no key opens, and what everybody may call: see test_roles.py and test_login.py.
PEOPLE = {
    "GET users/me",
    "PATCH users/me",
    "POST users/change-password",
    "GET team",
    "POST team/invite",
    "PATCH team/members/{id}/role",
    "DELETE team/members/{id}",
    "DELETE team/invitations/{id}",
}
OPEN = {f"POST auth/{name}" for name in ("login", "refresh", "logout", "forgot-password", "reset-password")}
OPEN |= {"POST team/invitations/{id}/accept"}
NOWHERE = {"GET ", "GET nothing", "POST customers/{id}/merge", "GET auth", "PATCH team-mates"}


def everything() -> dict[str, set[str]]:
    return {**{one: _LATER[one.split(" ")[0]] for one in NOT_BUILT | NOWHERE}, **TABLE}


def routes() -> Iterator[str]:
    """Every operation that is served, from the urls."""
    for pattern in urlpatterns:
        path = re.sub(r"\(\?P<\w+>.*?\[\^/\]\+\)", "{id}", str(pattern.pattern)).strip("^").removesuffix("/?$")
        actions: dict[str, str] = pattern.callback.actions  # type: ignore[union-attr]
        if (path and "later" not in actions.values()) or "list" in actions.values() or "retrieve" in actions.values():
            yield from (f"{verb.upper()} {path}" for verb in actions if verb != "head")


def call(program: Earnipay, operation: str, business: str = "", identifier: str = NOBODY) -> Any:
    verb, path = operation.split(" ")
    path = path.replace("{id}", business if path.startswith("businesses") and business else identifier)
    body = {} if verb in {"POST", "PATCH"} else None
    return program.call(verb, f"/{path}" + (f"?businessId={business}" if business else ""), body)


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert set(routes()) == set(TABLE) | PEOPLE | OPEN
    assert len(LATER) == 7
    for path in LATER:
        sample = re.compile("^" + path.replace("(?P<id>[^/]+)", "{id}") + "$")
        assert any(
            sample.match(one.split(" ")[1].replace("{id}", "x")) or sample.match(one.split(" ")[1]) for one in NOT_BUILT
        ), path


@pytest.mark.parametrize("scope", ApiKey.Scope.values)
def test_a_scope_covers_what_the_table_says(alice: Business, scope: str) -> None:
    program = scoped(alice, scope)
    for operation, scopes in everything().items():
        answer = call(program, operation, str(alice.uuid))
        if scope in scopes:
            assert answer.status_code not in {401, 403, 500}, (operation, answer.content)
        else:
            status, message = refusal(answer)
            assert status == 403, (operation, answer.content)
            assert message == f"This API key's scope ({scope}) does not cover this call."


@pytest.mark.parametrize("scope", ApiKey.Scope.values)
def test_no_key_is_a_person(alice: Business, scope: str) -> None:
    program = scoped(alice, scope)
    for operation in PEOPLE:
        answer = call(program, operation, str(alice.uuid))
        assert refusal(answer) == (403, "This call is for members who have logged in, not for API keys."), operation


@pytest.mark.django_db
def test_what_is_open_to_all_is_these_and_no_more() -> None:
    nobody = Earnipay(Api(None))
    views = {pattern.callback.cls for pattern in urlpatterns}  # type: ignore[union-attr]
    assert {view.__name__ for view in views if issubclass(view, OpenView)} == {"AuthView", "AcceptView"}
    for operation in OPEN:
        assert refusal(call(nobody, operation))[0] == 400, operation
    for name in ("signup", "verify-email", "resend-code"):
        assert refusal(nobody.post(f"/auth/{name}", {})) == (
            501,
            f"POST /v1/auth/{name} is not built yet on this server.",
        )


def test_what_is_not_built_yet_says_so(program: Earnipay, business: str) -> None:
    for operation in NOT_BUILT:
        status, message = refusal(call(program, operation, business))
        verb, path = operation.split(" ")
        assert (status, message.startswith(f"{verb} /v1/{path.split('{')[0]}")) == (501, True), (operation, message)
        assert message.endswith("is not built yet on this server.")
        assert call(program, operation).json()["error"] == "Not Implemented"


def test_what_is_nowhere(program: Earnipay, business: str) -> None:
    for operation in NOWHERE:
        status, message = refusal(call(program, operation))
        assert (status, message.startswith("Cannot ")) == (404, True), operation
    assert refusal(program.call("PUT", "/customers"))[0] == 405
    assert refusal(program.post("/invoices", b"{"))[0] == 400


# Keys ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("by", ["X-API-Key", "Authorization"])
def test_without_a_live_key_nothing_opens(alice: Business, by: str) -> None:
    revoked, secret = create_api_key(alice, name="revoked", scope="all", actor=SYSTEM)
    revoke_api_key(revoked, actor=SYSTEM)
    past = clock.now() - timedelta(seconds=1)
    _, expired = create_api_key(alice, name="expired", scope="all", expires_at=past, actor=SYSTEM)
    keys = (None, "oim_123", "oim_" + "0" * 64, secret, expired, "eyJhbGciOiJIUzI1NiIs...")
    for key in keys:
        for operation in {*everything(), *PEOPLE}:
            answer = call(Earnipay(Api(key), by), operation, str(alice.uuid))
            assert (refusal(answer)[0], answer["WWW-Authenticate"]) == (401, "Bearer"), (key, operation)


def test_the_key_of_the_header_of_its_own_counts(program: Earnipay, bobs: Earnipay, business: str) -> None:
    bearer = "Bearer " + bobs.headers["X-API-Key"]
    assert program.get(f"/customers?businessId={business}", Authorization=bearer).status_code == 200
    basic = Earnipay(Api(None)).get(f"/customers?businessId={business}", Authorization="Basic eDp5")
    assert refusal(basic)[1].startswith("Missing API key")


# Businesses ------------------------------------------------------------------------------------------------------------
def test_another_business_is_forbidden_whether_it_exists_or_not(
    program: Earnipay, bob: Business, business: str, customer: str
) -> None:
    answers = []
    for name in (str(bob.uuid), f"biz_{bob.uuid}", NOBODY, "biz_", "x", "0"):
        for operation in TABLE:
            if not operation.endswith("businesses"):
                answers += [call(program, operation, name, customer)]
        answers += [
            program.post("/customers", {"businessId": name, "name": "New"}),
            program.post(f"/customers?businessId={business}", {"businessId": name, "name": "New"}),
            program.patch(f"/customers/{customer}", {"businessId": name, "name": "New"}),
        ]
    answers += [program.post("/customers", {"businessId": odd, "name": "New"}) for odd in (7, [], {}, True, [business])]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert refusal(answers[0]) == (403, "You don't have permission for this business.")
    assert [one["name"] for one in program.data(f"/customers?businessId={business}")["items"]] == ["Delta"]


def test_a_create_and_a_list_name_the_business(program: Earnipay) -> None:
    for noun in ("customers", "products", "invoices"):
        for answer in (
            program.get(f"/{noun}"),
            program.get(f"/{noun}?businessId="),
            program.post(f"/{noun}", {"name": "x"}),
            program.post(f"/{noun}", {"name": "x", "businessId": None}),
        ):
            assert refusal(answer) == (400, "businessId: This field is required.")


def test_anothers_rows_are_not_there(program: Earnipay, bobs: Earnipay, business: str, customer: str) -> None:
    line = {"description": "x", "quantity": 1, "unitPrice": 1, "taxPercent": 0}
    invoice = {"businessId": business, "customerId": customer, "issueDate": "2026-03-01", "items": [line]}
    ids = {
        "customers": customer,
        "products": program.post("/products", {"businessId": business, "name": "P", "unitPrice": 1}).json()["data"][
            "id"
        ],
        "invoices": program.post("/invoices", invoice).json()["data"]["id"],
    }
    probes = 0
    for operation in TABLE:
        noun = operation.split(" ")[1].split("/")[0]
        if "{id}" not in operation or noun == "businesses":
            continue
        answers = [
            call(bobs, operation, "", name) for name in (ids[noun], f"cus_{ids[noun]}", NOBODY, "x", "cus_", "%00")
        ]
        assert {answer.content for answer in answers} == {answers[0].content}, operation
        assert refusal(answers[0]) == (404, f"{noun[:-1].capitalize()} not found")
        probes += 1
    assert probes == 12
    theirs = bobs.post("/customers", {"businessId": str(bob_id(bobs)), "name": "Bob's"}).json()["data"]["id"]
    refused = [program.post("/invoices", {**invoice, "customerId": name}).content for name in (theirs, NOBODY)]
    assert refused[0] == refused[1]
    assert program.data(f"/invoices?businessId={business}&customerId={theirs}")["items"] == []


def bob_id(bobs: Earnipay) -> str:
    return str(bobs.data("/businesses")["items"][0]["id"])


# /businesses -------------------------------------------------------------------------------------------------------------
def test_the_one_business_and_its_setting(program: Earnipay, alice: Business) -> None:
    listed = program.data("/businesses")
    assert listed["meta"] == {"totalItems": 1, "itemCount": 1, "itemsPerPage": 10, "totalPages": 1, "currentPage": 1}
    shown = listed["items"][0]
    assert (shown["id"], shown["name"], shown["country"]) == (str(alice.uuid), "Alice Ltd", "United States")
    assert shown["requireApproval"] is False
    path = f"/businesses/biz_{alice.uuid}"
    assert program.data(path) == shown
    changed = program.patch(f"{path}/settings", {"requireApproval": True, "autoSubmitToFirs": False}).json()
    assert changed["message"] == "Business settings updated successfully."
    assert changed["data"]["requireApproval"] is True
    assert program.patch(f"{path}/settings", {}).json()["data"]["requireApproval"] is True
    assert refusal(program.patch(f"{path}/settings", {"requireApproval": "no"}))[0] == 400
    assert refusal(program.patch(f"{path}/settings", {"requireApproval": False, "autoSubmitToFirs": True}))[0] == 501
    assert program.data(path)["requireApproval"] is True
