"""/adjustments: credit without a document, applied, refunded and taken back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Adjustment
from billing.selectors.books import find_damage
from billing.tests.conftest import Make
from businesses.models import Business
from conftest import Api

NOBODY = "0199b2f0-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def _books_agree(alice: Business) -> Any:
    yield
    assert list(find_damage(alice)) == []


@pytest.fixture
def adjust(api: Api, customer: str) -> Make:
    """Credit of 80.00, or of what is given."""

    def make(**fields: Any) -> dict[str, Any]:
        answer = api.post("/adjustments", {"customer_id": customer, "amount": 80, **fields})
        assert answer.status_code == 201, answer.content
        return dict(answer.json())

    return make


def field_of(answer: Any) -> str:
    return str(answer.json()["details"][0]["field"])


def test_an_adjustment_is_credit(api: Api, customer: str, adjust: Make) -> None:
    made = adjust(adjustment_date="2026-01-01", reason="Opening balance")
    shown = dict(made)
    for name in ("id", "business_id", "created_at", "updated_at"):
        assert shown.pop(name)
    assert shown == {
        "customer_id": customer,
        "adjustment_number": "ADJ-00001",
        "currency": "USD",
        "amount": 80,
        "unallocated_amount": 80,
        "refunded_amount": 0,
        "status": "recorded",
        "adjustment_date": "2026-01-01",
        "reason": "Opening balance",
        "metadata": {},
        "allocations": [],
        "refunds": [],
    }
    got = api.get(f"/adjustments/{made['id']}")
    assert got.json() == made
    assert api.get(f"/adjustments/{made['id']}", If_None_Match=got["ETag"]).status_code == 304
    assert api.get(f"/adjustments/{made['id']}?expand=customer").json()["customer"]["id"] == customer
    assert api.get(f"/customers/{customer}/balance").json()["credit"] == 80


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -80}, "amount"),
        ({"amount": Decimal("0.001")}, "amount"),
        ({"amount": Decimal("1e14")}, "amount"),
        ({"customer_id": NOBODY}, "customer_id"),
        ({"currency": "XXX"}, "currency"),
        ({"adjustment_date": "2999-01-01"}, "adjustment_date"),
        ({"reason": "x" * 256}, "reason"),
        ({"reson": "x"}, "reson"),
    ],
)
def test_what_is_wrong_is_named(api: Api, customer: str, change: dict[str, Any], field: str) -> None:
    answer = api.post("/adjustments", {"customer_id": customer, "amount": 5, **change})
    assert (answer.status_code, field_of(answer)) == (400, field), answer.content
    assert Adjustment.objects.count() == 0


def test_it_is_applied_then_voided(api: Api, adjust: Make, make_invoice: Make) -> None:
    invoice, path = make_invoice(status="sent"), f"/adjustments/{adjust()['id']}"
    applied = api.post(f"{path}/allocations", {"allocations": [{"invoice_id": invoice["id"], "amount": 80}]})
    assert (applied.status_code, applied.json()["unallocated_amount"]) == (200, 0), applied.content
    assert api.get(f"/invoices/{invoice['id']}").json()["amount_due"] == 20
    assert api.post(f"{path}/refund").status_code == 409  # what is applied is not paid out
    voided = api.post(f"{path}/void", {"reason": "Wrong account"})
    assert (voided.status_code, voided.json()["status"], voided.json()["allocations"]) == (200, "voided", [])
    assert api.get(f"/invoices/{invoice['id']}").json()["amount_due"] == 100
    for refused in (api.post(f"{path}/void"), api.post(f"{path}/allocations", {"allocations": []})):
        assert (refused.status_code, refused.json()["code"]) == (409, "state_does_not_allow")


def test_what_is_not_applied_is_refunded(api: Api, adjust: Make) -> None:
    path = f"/adjustments/{adjust()['id']}"
    dry = api.post(f"{path}/refund?dry_run=true", {"amount": 30}).json()
    assert (dry["refunds"][0]["id"], dry["unallocated_amount"]) == (None, 50)
    part = api.post(f"{path}/refund", {"amount": 30, "method": "cash"}, Idempotency_Key="r")
    assert (part.status_code, part.json()["unallocated_amount"], part.json()["refunded_amount"]) == (200, 50, 30)
    assert (part.json()["refunds"][0]["amount"], part.json()["refunds"][0]["method"]) == (30, "cash")
    assert api.post(f"{path}/refund", {"amount": 30, "method": "cash"}, Idempotency_Key="r").content == part.content
    over = api.post(f"{path}/refund", {"amount": Decimal("50.01")})
    assert (over.status_code, over.json()["code"]) == (409, "exceeds_refundable")
    assert api.post(f"{path}/void").status_code == 409
    assert api.post(f"{path}/refund").json()["unallocated_amount"] == 0


def test_dry_run_and_replay(api: Api, customer: str) -> None:
    body = {"customer_id": customer, "amount": 5}
    dry = api.post("/adjustments?dry_run=true", body)
    assert (dry.status_code, dry.json()["id"], dry.json()["adjustment_number"]) == (201, None, None)
    first, again = (api.post("/adjustments", body, Idempotency_Key="k") for _ in range(2))
    assert first.json()["adjustment_number"] == "ADJ-00001"
    assert (again.content, again["Idempotent-Replayed"]) == (first.content, "true")
    assert Adjustment.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [3, 2, 1]),
        ("sort=amount", [2, 1, 3]),
        ("sort=adjustment_date", [1, 2, 3]),
        ("status=voided", [1]),
        ("currency=EUR", [3]),
        ("number=adj-00002", [2]),
        ("adjustment_date_after=2026-02-02&adjustment_date_before=2026-02-02", [2]),
        (f"customer_id={NOBODY}", []),
    ],
)
def test_lists(api: Api, adjust: Make, query: str, numbers: list[int]) -> None:
    first = adjust(adjustment_date="2026-01-01")
    adjust(adjustment_date="2026-02-02", amount=20)
    adjust(adjustment_date="2026-03-03", currency="EUR", amount=200)
    api.post(f"/adjustments/{first['id']}/void")
    answer = api.get(f"/adjustments?{query}")
    assert [int(row["adjustment_number"][-1]) for row in answer.json()["data"]] == numbers


def test_a_list_costs_the_same_for_one_and_for_many(api: Api, adjust: Make, make_invoice: Make) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert api.get("/adjustments").status_code == 200
        return len(caught)

    adjust()
    one = queries()
    invoice = make_invoice(status="sent")
    for _ in range(4):
        path = f"/adjustments/{adjust()['id']}"
        api.post(f"{path}/allocations", {"allocations": [{"invoice_id": invoice["id"], "amount": 1}]})
        api.post(f"{path}/refund", {"amount": 2})
    assert queries() == one


def test_anothers_adjustment_is_not_there(api: Api, bob_api: Api, adjust: Make) -> None:
    missing = bob_api.get(f"/adjustments/{NOBODY}")
    path = f"/adjustments/{adjust()['id']}"
    for answer in (
        bob_api.get(path),
        bob_api.post(f"{path}/void"),
        bob_api.post(f"{path}/refund"),
        bob_api.post(f"{path}/allocations", {"allocations": []}),
    ):
        assert (answer.status_code, answer.content) == (404, missing.content)
    assert bob_api.get("/adjustments").json()["data"] == []
