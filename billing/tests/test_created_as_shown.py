"""The answer and the event of a new draft are made from what is in memory: they must say what a GET reads."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.models import Invoice
from conftest import Api
from invoicing.lib import json
from webhooks.models import Event

pytestmark = pytest.mark.django_db


def numbers(low: int, high: int, places: int) -> Any:
    return st.decimals(Decimal(low), Decimal(high), places=places, allow_nan=False, allow_infinity=False)


TEXT = st.none() | st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)
LINE = st.fixed_dictionaries(
    {
        "description": st.text("abc é€", min_size=1, max_size=20).filter(str.strip),
        "quantity": numbers(-9, 9_999, 6),
        "unit_price": numbers(0, 999_999, 6),
    },
    optional={
        "tax_rate": numbers(0, 100, 4),
        "tax_category": st.sampled_from(["S", "Z", "E", "AE"]),
        "discount_rate": numbers(0, 100, 4),
        "unit": TEXT,
        "product_code": TEXT,
        "exemption_reason": TEXT,
    },
)
SHARED: dict[str, Any] = {
    "currency": st.sampled_from(["USD", "JPY", "KWD", None]),
    "notes": TEXT,
    "terms": TEXT,
    "purchase_order": TEXT,
    "reference": TEXT,
    "issue_date": st.none() | st.dates().map(str),
    "template_type": st.sampled_from(["modern", "classic", "minimal", None]),
    "metadata": st.dictionaries(st.sampled_from("abc"), st.text("xyz", max_size=5)),
}
BODY = {"items": st.lists(LINE, min_size=1, max_size=4)}
INVOICE: dict[str, Any] = {
    "due_date": st.none() | st.dates().map(str),
    "delivery_date": st.none() | st.dates().map(str),
    "ship_to": st.none() | st.fixed_dictionaries({"name": st.just("Dock 4")}, optional={"city": TEXT}),
    "status": st.sampled_from(["draft", "draft", "cancelled"]),
    "opening_balance": st.booleans(),
}
QUOTATION: dict[str, Any] = {"valid_until": st.none() | st.dates().map(str)}


@pytest.mark.parametrize("noun", ["invoice", "quotation"])
def test_what_is_told_of_a_new_draft_is_what_get_answers(api: Api, noun: str) -> None:
    customer = api.post("/customers", {"name": "Acme", "email": "ap@acme.test"}).json()["id"]
    own = INVOICE if noun == "invoice" else QUOTATION

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.fixed_dictionaries(BODY, optional={**SHARED, **own}), st.none() | numbers(0, 100, 2))
    def check(body: dict[str, Any], discount: Decimal | None) -> None:
        body |= {"customer_id": customer}
        body |= {} if discount is None else {"discount_type": "percentage", "discount_value": discount}
        answer = api.post(f"/{noun}s", body)
        if answer.status_code == 400:  # too much, or less than nothing
            return
        assert answer.status_code == 201, answer.content
        made = json.decode(answer.content)
        shown = json.decode(api.get(f"/{noun}s/{made['id']}").content)
        assert {**made, f"{noun}_items": made["items"], "items": None} == {**shown, "items": None}
        event = Event.objects.filter(type=f"{noun}.created").latest("pk")
        told = json.decode(event.data.encode())[noun]
        assert {**told, "status": None, "updated_at": None} == {**shown, "status": None, "updated_at": None}

    check()


def test_an_invoice_of_a_quotation_is_told_as_get_answers(api: Api) -> None:
    customer = api.post("/customers", {"name": "Acme"}).json()["id"]
    product = api.post("/products", {"name": "Lamp", "unit_price": 12.5, "tax_rate": 19}).json()["id"]
    body = {"customer_id": customer, "items": [{"product_id": product, "quantity": 3}], "metadata": {"a": "b"}}
    offer = api.post("/quotations", body).json()["id"]
    made = api.post(f"/quotations/{offer}/convert").json()
    told = json.decode(Event.objects.get(type="invoice.created").data.encode())["invoice"]
    assert told == json.decode(api.get(f"/invoices/{Invoice.objects.get().uuid}").content)
    assert made["customer_id"] == told["customer_id"]
