"""Invoiced's pending line items, the invoice that they become, and consolidation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Invoice, PendingLine
from conftest import Api
from dialects.invoiced.tests.conftest import Invoiced
from invoicing.lib import clock

pytestmark = pytest.mark.django_db

HOURS = {"name": "Support", "description": "On site", "quantity": 2, "unit_cost": 50.25, "type": "service"}


@pytest.fixture
def acme(invoiced: Invoiced) -> int:
    return int(invoiced.post("/customers", {"name": "Acme", "payment_terms": "NET 14"}).json()["id"])


@pytest.fixture
def pile(acme: int) -> str:
    return f"/customers/{acme}/line_items"


@pytest.fixture
def vat(invoiced: Invoiced) -> str:
    return str(invoiced.post("/tax_rates", {"id": "vat", "name": "VAT", "value": 10}).json()["id"])


def made(invoiced: Invoiced, path: str, **body: Any) -> dict[str, Any]:
    response = invoiced.post(path, body)
    assert response.status_code == 201, response.content
    return dict(response.json())


# Line items ------------------------------------------------------------------------------------------------------------
def test_a_line_waits(invoiced: Invoiced, acme: int, pile: str, vat: str) -> None:
    line = made(invoiced, pile, **HOURS, taxes=[vat], metadata={"k": "v"}, discounts=[{"amount": 0.5}])
    row = PendingLine.objects.get()
    assert line == {
        **line,
        **HOURS,
        "id": row.pk,
        "object": "line_item",
        "customer": acme,
        "catalog_item": None,
        "amount": 100.5,
        "discountable": True,
        "taxable": True,
        "metadata": {"k": "v"},
    }
    assert [(tax["amount"], tax["tax_rate"]["id"]) for tax in line["taxes"]] == [(10, "vat")]
    assert [one["amount"] for one in line["discounts"]] == [0.5]
    assert (row.net_minor, row.tax_rate, row.metadata) == (10_000, 10, {"k": "v"})
    assert invoiced.get(f"{pile}/{row.pk}").json() == line
    listed = invoiced.get(pile)
    assert (listed.json(), listed["X-Total-Count"]) == ([line], "1")
    assert invoiced.get(f"{pile}?metadata[k]=w").json() == []


def test_an_item_of_the_catalogue(invoiced: Invoiced, pile: str, vat: str) -> None:
    made(invoiced, "/items", id="delivery", name="Delivery", unit_cost=9.5, taxes=[vat], type="goods")
    line = invoiced.post(pile, form={"catalog_item": "delivery"}).json()
    named = {name: line[name] for name in ("catalog_item", "name", "quantity", "unit_cost", "amount", "type")}
    assert named == {
        "catalog_item": "delivery",
        "name": "Delivery",
        "quantity": 1,
        "unit_cost": 9.5,
        "amount": 9.5,
        "type": "goods",
    }
    assert [tax["tax_rate"]["id"] for tax in line["taxes"]] == ["vat"]
    unknown = invoiced.post(pile, {"catalog_item": "nothing"})
    assert (unknown.status_code, unknown.json()["param"]) == (400, "catalog_item")


def test_changes(invoiced: Invoiced, pile: str, vat: str) -> None:
    line = made(invoiced, pile, **HOURS, taxes=[vat])
    path = f"{pile}/{line['id']}"
    changed = invoiced.patch(path, {"quantity": 3, "metadata": {"a": "b"}, "type": None}).json()
    assert (changed["amount"], changed["taxes"][0]["amount"]) == (150.75, 15.08)
    assert (changed["metadata"], changed["type"], changed["name"]) == ({"a": "b"}, None, "Support")
    assert invoiced.patch(path, {}).json() == changed
    untaxed = invoiced.patch(path, {"taxable": False, "description": None}).json()
    assert (untaxed["taxes"], untaxed["taxable"], untaxed["description"]) == ([], False, None)
    assert PendingLine.objects.get().description == "Support"
    assert invoiced.call("DELETE", path).status_code == 204
    assert invoiced.get(path).status_code == 404


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"unit_cost": None}, "unit_cost"),
        ({"unit_cost": "x"}, "unit_cost"),
        ({"quantity": "1.2345678"}, "quantity"),
        ({"discounts": [{"amount": 500}]}, "discounts"),
        ({"discounts": ["coupon"]}, "discounts.0"),
        ({"taxes": ["nothing"]}, "taxes"),
        ({"taxes": ["high", "high"]}, "taxes"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"name": "x" * 5_001}, "name"),
        ({"name": "x" * 3_000, "description": "x" * 3_000}, "name"),
        ({"name": ""}, "name"),
    ],
)
def test_what_is_refused_is_named(invoiced: Invoiced, pile: str, change: dict[str, Any], param: str) -> None:
    made(invoiced, "/tax_rates", id="high", name="High", value=60)
    answer = invoiced.post(pile, {"name": "Support", "quantity": 1, "unit_cost": 10, **change})
    assert (answer.status_code, answer.json().get("param")) == (400, param), answer.content
    assert not PendingLine.objects.exists()


def test_what_takes_back_waits_too(invoiced: Invoiced, pile: str, vat: str) -> None:
    line = made(invoiced, pile, name="Returned", unit_cost=-20, taxes=[vat])
    assert (line["amount"], line["taxes"][0]["amount"]) == (-20, -2)
    made(invoiced, pile, **HOURS)
    assert made(invoiced, pile.replace("line_items", "invoices"))["total"] == 78.5


def test_a_foreign_currency_needs_a_price(invoiced: Invoiced, pile: str, acme: int) -> None:
    made(invoiced, "/items", id="delivery", name="Delivery", unit_cost=9.5)
    invoiced.patch(f"/customers/{acme}", {"currency": "eur"})
    assert invoiced.post(pile, {"catalog_item": "delivery"}).json()["param"] == "unit_cost"
    made(invoiced, pile, catalog_item="delivery", unit_cost=8)
    assert PendingLine.objects.get().currency == "EUR"


def test_a_list_asks_a_few_queries(invoiced: Invoiced, pile: str, vat: str) -> None:
    made(invoiced, "/items", id="delivery", name="Delivery", unit_cost=9.5, taxes=[vat])
    made(invoiced, pile, catalog_item="delivery")
    with CaptureQueriesContext(connection) as few:
        invoiced.get(pile)
    for _ in range(4):
        made(invoiced, pile, catalog_item="delivery", metadata={"k": "v"})
    with CaptureQueriesContext(connection) as many:
        assert len(invoiced.get(pile).json()) == 5
    assert len(many) == len(few)


def test_replay(invoiced: Invoiced, pile: str) -> None:
    first = invoiced.post(pile, HOURS, **{"Idempotency-Key": "k"})
    assert invoiced.post(pile, HOURS, **{"Idempotency-Key": "k"}).content == first.content
    assert PendingLine.objects.count() == 1


def test_nothing_of_anothers(invoiced: Invoiced, bobs: Invoiced, pile: str, acme: int) -> None:
    line = made(invoiced, pile, **HOURS)["id"]
    own = bobs.post("/customers", {"name": "B"}).json()["id"]
    for path in (f"{pile}/{line}", f"/customers/{own}/line_items/{line}"):
        assert [bobs.get(path).status_code, bobs.patch(path, {}).status_code] == [404, 404]
        assert bobs.call("DELETE", path).status_code == 404
    assert bobs.post(pile, HOURS).status_code == bobs.get(pile).status_code == 404
    for call in ("invoices", "consolidate_invoices"):
        assert bobs.post(f"/customers/{acme}/{call}", {}).status_code == 404
    second = invoiced.post("/customers", {"name": "Second"}).json()["id"]
    assert invoiced.get(f"/customers/{second}/line_items/{line}").status_code == 404


# The invoice -----------------------------------------------------------------------------------------------------------
def test_what_waits_becomes_an_invoice(invoiced: Invoiced, acme: int, pile: str, vat: str) -> None:
    first = made(invoiced, pile, **HOURS, taxes=[vat], metadata={"k": "v"})
    made(invoiced, pile, name="Travel", unit_cost=10)
    invoice = made(
        invoiced, f"/customers/{acme}/invoices", discounts=[{"amount": 10.5}], metadata={"a": "b"}, name="May"
    )
    assert invoiced.get(f"/invoices/{invoice['id']}").json() == invoice
    assert (invoice["customer"], invoice["draft"], invoice["status"], invoice["name"]) == (
        acme,
        False,
        "not_sent",
        "May",
    )
    assert (invoice["subtotal"], invoice["total"], invoice["metadata"]) == (110.5, 109.1, {"a": "b"})
    line = invoice["items"][0]
    same = ("name", "description", "quantity", "unit_cost", "amount", "type", "metadata")
    assert {name: line[name] for name in same} == {name: first[name] for name in same}
    assert line["taxes"][0]["tax_rate"]["id"] == "vat"
    assert invoiced.get(pile).json() == []
    nothing = invoiced.post(f"/customers/{acme}/invoices", {})
    assert (nothing.status_code, nothing.json()["type"]) == (400, "invalid_request")
    assert "Nothing waits" in nothing.json()["message"]


def test_a_draft_with_the_customers_taxes(invoiced: Invoiced, acme: int, pile: str, vat: str) -> None:
    invoiced.patch(f"/customers/{acme}", {"taxes": [vat]})
    made(invoiced, pile, **HOURS)
    made(invoiced, pile, name="Exempt", unit_cost=5, taxable=False)
    draft = made(invoiced, f"/customers/{acme}/invoices", draft=True)
    assert (draft["draft"], draft["total"]) == (True, 115.55)
    assert draft["taxes"][0]["tax_rate"]["id"] == "vat"
    made(invoiced, pile, **HOURS)
    assert made(invoiced, f"/customers/{acme}/invoices", calculate_taxes=False)["total"] == 100.5


def test_lines_that_wait_since_they_were_put_there_natively(invoiced: Invoiced, api: Api, acme: int, pile: str) -> None:
    customer = api.get("/customers").json()["data"][0]["id"]
    body = {"description": "Native", "quantity": 1, "unit_price": 100, "tax_category": "E", "metadata": {"k": "v"}}
    assert api.post(f"/customers/{customer}/pending-items", {**body, "unit": "h"}).status_code == 201
    shown = invoiced.get(pile).json()[0]
    assert (shown["name"], shown["amount"], shown["metadata"]) == ("Native", 100, {"k": "v"})
    invoice = made(invoiced, f"/customers/{acme}/invoices")
    assert invoice["items"][0]["metadata"] == {"k": "v"}
    line = Invoice.objects.get().lines.get()
    assert (line.tax_category, line.unit) == ("E", "h")


def test_items_in_the_body_are_refused_and_nothing_leaves_the_pile(invoiced: Invoiced, acme: int, pile: str) -> None:
    made(invoiced, pile, **HOURS)
    refused = invoiced.post(f"/customers/{acme}/invoices", {"items": [HOURS]})
    assert (refused.status_code, refused.json()["param"]) == (400, "items")
    invoiced.patch(f"/customers/{acme}", {"credit_hold": True})
    held = invoiced.post(f"/customers/{acme}/invoices", {})
    assert held.json()["message"].startswith("New invoices cannot be created")
    assert (PendingLine.objects.count(), Invoice.objects.count()) == (1, 0)


# Consolidation ---------------------------------------------------------------------------------------------------------
def test_one_in_the_place_of_several(invoiced: Invoiced, acme: int, vat: str, alice: Any) -> None:
    items = [{"name": "A", "unit_cost": 33.33, "quantity": 3, "metadata": {"k": "v"}}]
    old = [
        made(invoiced, "/invoices", customer=acme, items=items, taxes=[vat], discounts=[{"amount": 1}]) for _ in "ab"
    ]
    paid = made(invoiced, "/invoices", customer=acme, items=items)
    invoiced.post(
        "/payments",
        {"customer": acme, "amount": 1, "applied_to": [{"type": "invoice", "invoice": paid["id"], "amount": 1}]},
    )
    one = made(invoiced, f"/customers/{acme}/consolidate_invoices")
    assert (one["name"], one["total"]) == ("Consolidated Invoice", round(sum(row["total"] for row in old), 2))
    assert one["notes"] == f"Replaces {old[0]['number']}, {old[1]['number']}."
    assert [line["name"] for line in one["items"]] == ["A", "A"]
    assert [line["taxes"][0]["tax_rate"]["id"] for line in one["items"]] == ["vat", "vat"]
    assert [line["metadata"] for line in one["items"]] == [{"k": "v"}] * 2
    assert [invoiced.get(f"/invoices/{row['id']}").json()["status"] for row in old] == ["voided", "voided"]
    assert invoiced.get(f"/invoices/{paid['id']}").json()["status"] == "not_sent"


def test_until_a_cutoff_date(invoiced: Invoiced, acme: int, alice: Any) -> None:
    today = clock.today(alice.time_zone)
    days = [int(clock.midnight(today - timedelta(days=back), alice.time_zone).timestamp()) for back in (20, 10, 0)]
    items = [{"name": "A", "unit_cost": 10}]
    numbers = [made(invoiced, "/invoices", customer=acme, items=items, date=day)["number"] for day in days]
    one = invoiced.post(f"/customers/{acme}/consolidate_invoices", form={"cutoff_date": days[1]}).json()
    assert (one["total"], one["notes"]) == (20, f"Replaces {numbers[0]}, {numbers[1]}.")
    none = invoiced.post(f"/customers/{acme}/consolidate_invoices", {"cutoff_date": days[0] - 86_400})
    assert (none.status_code, none.json()["type"]) == (400, "invalid_request")
    assert (
        invoiced.post(f"/customers/{acme}/consolidate_invoices", {"cutoff_date": "x"}).json()["param"] == "cutoff_date"
    )
