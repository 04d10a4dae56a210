"""No body and no parameter makes more than a refusal: every field × every odd value, in the envelope, never a 500."""

from __future__ import annotations

from typing import Any

import pytest

from businesses.models import Business
from businesses.tests.people import make_member
from conftest import Api
from dialects.earnipay import inputs
from dialects.earnipay.tests.conftest import Earnipay, logged_in

ODD: list[Any] = [
    None,
    True,
    7,
    -1,
    10**30,
    "",
    " ",
    "x",
    "x" * 20_000,
    "2025-13-45T99:00:00Z",
    "9999-12-31T23:59:59-14:00",
]
ODD += [[], {}, [[]], [{}], [None], {"a": [{"b": {}}]}, "\ud7ff", "0" * 36, "cus_", "NaN", "-0", "1e-9"]


def bodies(serializer: Any, whole: dict[str, Any]) -> list[Any]:
    return [None, [], "x", 7, {}, *({**whole, name: odd} for name in serializer().fields for odd in ODD)]


@pytest.fixture
def line() -> dict[str, Any]:
    return {"description": "x", "quantity": 1, "unitPrice": 1, "taxPercent": 0}


def is_answered(answer: Any, probe: Any) -> None:
    assert answer.status_code < 500 or answer.status_code == 501, (probe, answer.content)
    assert answer.json()["statusCode"] == answer.status_code, probe


def test_customers(program: Earnipay, business: str, customer: str) -> None:
    for body in bodies(inputs.CustomerInput, {"businessId": business, "name": "x"}):
        is_answered(program.post("/customers?dry_run=true", body), body)
        is_answered(program.patch(f"/customers/{customer}?dry_run=true", body), body)


def test_products(program: Earnipay, business: str) -> None:
    whole = {"businessId": business, "name": "x", "unitPrice": 1}
    product = program.post("/products", whole).json()["data"]["id"]
    for body in bodies(inputs.ProductInput, whole):
        is_answered(program.post("/products?dry_run=true", body), body)
        is_answered(program.patch(f"/products/{product}?dry_run=true", body), body)


def test_invoices(program: Earnipay, business: str, customer: str, line: dict[str, Any]) -> None:
    whole = {"businessId": business, "customerId": customer, "issueDate": "2026-03-01", "items": [line]}
    invoice = program.post("/invoices", whole).json()["data"]["id"]
    lines = [{**whole, "items": [one]} for one in bodies(inputs.LineInput, line)]
    for body in [*bodies(inputs.InvoiceInput, whole), *lines]:
        is_answered(program.post("/invoices?dry_run=true", body), body)
        is_answered(program.patch(f"/invoices/{invoice}?dry_run=true", body), body)


def test_approvals_and_settings(program: Earnipay, alice: Business, customer: str, line: dict[str, Any]) -> None:
    program.patch(f"/businesses/{alice.uuid}/settings", {"requireApproval": True})
    whole = {"businessId": str(alice.uuid), "customerId": customer, "issueDate": "2026-03-01", "items": [line]}
    invoice = program.post("/invoices", whole).json()["data"]["id"]
    for serializer, path in ((inputs.ApproveInput, "approve"), (inputs.RejectInput, "reject")):
        for body in bodies(serializer, {"reason": "x"}):
            is_answered(program.post(f"/invoices/{invoice}/{path}?dry_run=true", body), body)
    for body in bodies(inputs.SettingsInput, {}):
        is_answered(program.patch(f"/businesses/{alice.uuid}/settings?dry_run=true", body), body)


@pytest.mark.parametrize("noun", ["customers", "products", "invoices"])
def test_parameters(program: Earnipay, business: str, noun: str) -> None:
    names = ("page", "limit", "search", "sortBy", "sortOrder", "startDate", "endDate", "dateFrom", "dateTo", "status")
    names += ("invoiceType", "customerId", "taxCategory", "isActive", "dry_run", "businessId")
    values = ("", "%00", "x", "-1", "1e9", "9" * 40, "%ED%A0%80", "9999-12-31", "0001-01-01T00:00:00+14:00", "x" * 300)
    for name in names:
        for value in values:
            is_answered(program.get(f"/{noun}?businessId={business}&{name}={value}"), (name, value))


def test_people(alice: Business) -> None:
    make_member(alice)
    member = logged_in(make_member(alice, "admin"))
    other = make_member(alice, "viewer")
    for body in bodies(inputs.PersonInput, {"firstName": "x"}):
        is_answered(member.patch("/users/me?dry_run=true", body), body)
    for body in bodies(inputs.InviteInput, {"email": "new@alice.test", "role": "VIEWER"}):
        is_answered(member.post("/team/invite?dry_run=true", body), body)
    for body in bodies(inputs.RoleInput, {"role": "CREATOR"}):
        is_answered(member.patch(f"/team/members/{other.uuid}/role?dry_run=true", body), body)
    for name in ("page", "limit", "sortBy", "sortOrder", "startDate", "dateTo", "businessId"):
        for value in ("", "%00", "x", "-1", "9" * 40, "%ED%A0%80", "9999-12-31"):
            is_answered(member.get(f"/team?{name}={value}"), (name, value))
            is_answered(member.get(f"/businesses?{name}={value}"), (name, value))


@pytest.mark.django_db
def test_strangers() -> None:
    nobody = Earnipay(Api(None))
    calls = {
        "/auth/refresh": (inputs.RefreshInput, {"refreshToken": "x"}),
        "/auth/logout": (inputs.RefreshInput, {"refreshToken": "x"}),
        "/auth/forgot-password": (inputs.ForgotInput, {"email": "x"}),
        "/auth/reset-password": (inputs.ResetInput, {"token": "x.x", "newPassword": "x"}),
        "/team/invitations/x.x/accept": (inputs.AcceptInput, {"newPassword": "x"}),
    }
    for path, (serializer, whole) in calls.items():
        for body in bodies(serializer, whole):
            is_answered(nobody.post(path, body), (path, body))
    for token in ("..", ". . .", "a.b.c", "=.=.=", "\xff.\xff.\xff", "." * 2_000):
        is_answered(nobody.get("/users/me", Authorization=f"Bearer {token}"), token)
