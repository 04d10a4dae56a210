"""`explain=true`: every step's residual is less than a minor unit, and the steps end at the amounts of the document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.selectors.explanation import explain
from billing.services.invoices import create_invoice
from billing.services.lines import LineDraft
from billing.tests.conftest import Make
from billing.tests.histories import make_customer
from businesses.audit import SYSTEM
from conftest import Api
from invoicing.lib.money import exponent, major_number

ITEMS = [
    {"description": "A", "quantity": 3, "unit_price": 3.333333, "tax_rate": 19},
    {"description": "B", "quantity": 1, "unit_price": 9.99, "tax_rate": 19, "discount_rate": 12.5},
    {"description": "C", "quantity": 1, "unit_price": 5, "tax_rate": 7},
]


def steps_of(answer: Any) -> dict[str, dict[str, Any]]:
    return {step["step"]: step for step in answer.json()["explanation"]}


def test_a_create_and_a_get_explain_alike(api: Api, customer: str) -> None:
    body = {"customer_id": customer, "items": ITEMS, "discount_type": "percentage", "discount_value": 10}
    made = api.post("/invoices?explain=true", body)
    assert made.status_code == 201, made.content
    steps = steps_of(made)
    gross = steps["items.0.gross"]
    assert (gross["unrounded"], gross["rounded"], gross["residual"]) == (9.999999, 10, -0.000001)
    assert gross["residual_to"] == "rounding (half away from zero)"
    assert steps["total"]["rounded"] == made.json()["total"]
    assert steps["tax.S.19"]["inputs"] == {"category": "S", "base": 16.87, "rate": 19}
    got = api.get(f"/invoices/{made.json()['id']}?explain=true")
    assert got.json()["explanation"] == made.json()["explanation"]
    assert "ETag" not in got.headers
    assert "explanation" not in api.get(f"/invoices/{made.json()['id']}").json()


def test_a_share_says_who_took_the_residual(api: Api, customer: str) -> None:
    items = [{"description": "x", "quantity": 1, "unit_price": 0.33, "tax_rate": 10} for _ in range(3)]
    steps = steps_of(api.post("/invoices?explain=true&dry_run=true", {"customer_id": customer, "items": items}))
    assert steps["tax.S.10"]["rounded"] == 0.1
    assert steps["items.1.tax_amount"]["residual_to"] == "largest remainder: items.0.tax_amount"


@pytest.mark.parametrize("value", ["1", "yes", ""])
def test_anything_but_true_and_false_is_refused(api: Api, make_invoice: Make, value: str) -> None:
    answer = api.get(f"/invoices/{make_invoice()['id']}?explain={value}")
    assert answer.status_code == 400
    assert answer.json()["details"][0]["field"] == "explain"


def test_a_list_does_not_know_it(api: Api) -> None:
    assert api.get("/invoices?explain=true").status_code == 400


def test_a_quotation_and_line_rounding(api: Api, customer: str, alice: Any) -> None:
    alice.rounding = "line"
    alice.save()
    steps = steps_of(api.post("/quotations?explain=true", {"customer_id": customer, "items": ITEMS}))
    assert steps["items.1.tax_amount"]["inputs"] == {"net": 8.74, "rate": 19}


_line = st.builds(
    LineDraft,
    description=st.just("x"),
    quantity=st.decimals("0.001", "500", places=3),
    unit_price=st.decimals("0", "900", places=4),
    tax_rate=st.sampled_from([Decimal(0), Decimal("5.5"), Decimal(7), Decimal(19)]),
    discount_rate=st.sampled_from([None, Decimal("2.5"), Decimal(10)]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(_line, min_size=1, max_size=6),
    currency=st.sampled_from(["USD", "JPY", "KWD"]),
    discount=st.sampled_from([None, Decimal("3.7"), Decimal(50)]),
)
def test_every_residual_is_less_than_a_unit(alice: Any, lines: Any, currency: str, discount: Any) -> None:
    kind = None if discount is None else "percentage"
    details = {"currency": currency, "discount_type": kind, "discount_value": discount}
    invoice = create_invoice(alice, customer=make_customer(alice), lines=lines, details=details, actor=SYSTEM)
    steps = explain(invoice)
    unit = Decimal(1).scaleb(-exponent(currency))
    assert all(abs(Decimal(str(step["residual"]))) < unit for step in steps)
    nets = [step for step in steps if step["step"] == "total"]
    assert nets[0]["rounded"] == major_number(invoice.total_minor, currency)
