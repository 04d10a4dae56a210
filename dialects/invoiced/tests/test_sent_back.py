"""What is sent back as it was shown changes nothing, and what is changed of it changes nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import CreditNote, Invoice, Product, TaxRate
from businesses.models import Business
from conftest import Api
from dialects.invoiced.tests.conftest import Invoiced

pytestmark = pytest.mark.django_db
ITEMS = [{"name": "A", "unit_cost": 100}]


@pytest.fixture
def acme(invoiced: Invoiced) -> int:
    """A customer's id."""
    return int(invoiced.post("/customers", {"name": "Acme", "email": "a@acme.com"}).json()["id"])


@pytest.fixture
def vat(invoiced: Invoiced) -> str:
    """A tax rate's id."""
    return str(invoiced.post("/tax_rates", {"id": "vat", "name": "VAT", "value": 7}).json()["id"])


def made(invoiced: Invoiced, path: str, **body: Any) -> dict[str, Any]:
    response = invoiced.post(path, body)
    assert response.status_code == 201, response.content
    return dict(response.json())


def same(invoiced: Invoiced, path: str) -> None:
    """What GET answers, sent back, changes nothing: not even the time of the last change."""
    shown = invoiced.get(path).json()
    answer = invoiced.patch(path, shown)
    assert (answer.status_code, answer.json()) == (200, shown), answer.content


@pytest.mark.parametrize("draft", [True, False])
@pytest.mark.parametrize("kind", ["invoices", "estimates", "credit_notes"])
def test_documents(invoiced: Invoiced, acme: int, vat: str, kind: str, draft: bool) -> None:
    made(invoiced, "/items", id="pen", name="Pen", unit_cost=10, taxes=[vat])
    items = [
        {"catalog_item": "pen", "quantity": 3},
        {"name": "B", "unit_cost": 9.99, "taxes": [{"amount": 1.23}], "discounts": [{"amount": 0.5}]},
    ]
    shown = made(invoiced, f"/{kind}", customer=acme, items=items, taxes=[vat], discounts=[{"amount": 1}], draft=draft)
    path = f"/{kind}/{shown['id']}"
    invoiced.call("DELETE", "/items/pen")
    invoiced.call("DELETE", "/tax_rates/vat")
    same(invoiced, path)
    expanded = invoiced.get(f"{path}?expand=customer").json()
    assert invoiced.patch(path, {**expanded, "notes": "Thanks"}).json()["notes"] == "Thanks"
    assert invoiced.get(path).json()["total"] == shown["total"]


def test_native_rates_and_discounts(invoiced: Invoiced, api: Api, acme: int) -> None:
    lines = [{"description": "X" * 300, "quantity": 1, "unit_price": 0.99, "tax_rate": 19, "discount_rate": 10}] * 2
    customer = api.get("/customers").json()["data"][0]["id"]
    body = {"customer_id": customer, "items": lines, "discount_type": "percentage", "discount_value": 5}
    assert api.post("/invoices", body).status_code == 201
    invoice = Invoice.objects.get()
    path, before = f"/invoices/{invoice.pk}", list(invoice.lines.order_by("position").values())
    same(invoiced, path)
    shown = invoiced.get(path).json()
    shown["items"].append({"name": "New", "unit_cost": 1})
    assert invoiced.patch(path, shown).status_code == 200
    after = list(Invoice.objects.get().lines.order_by("position").values())[:2]
    assert [(row["tax_rate"], row["discount_rate"]) for row in after] == [
        (row["tax_rate"], row["discount_rate"]) for row in before
    ]


def test_a_rate_that_was_given_natively_is_not_taxed_twice(invoiced: Invoiced, api: Api, acme: int, vat: str) -> None:
    shown = made(invoiced, "/invoices", customer=acme, items=ITEMS, taxes=[vat], draft=True)
    uuid = str(Invoice.objects.get().uuid)
    lines = [{"description": "A", "quantity": 1, "unit_price": 100, "tax_rate": 19}]
    assert api.patch(f"/invoices/{uuid}", {"items": lines}).json()["total"] == 119
    path = f"/invoices/{shown['id']}"
    assert invoiced.patch(path, {"discounts": [{"amount": 10}]}).json()["total"] == 107.1
    assert invoiced.patch(path, {"taxes": []}).json()["total"] == 107.1
    both = invoiced.patch(path, {"taxes": [{"tax_rate": "vat"}], "discounts": []}).json()
    assert both["total"] == 126


def test_an_items_rate_that_was_given_natively(invoiced: Invoiced, api: Api, acme: int, vat: str) -> None:
    made(invoiced, "/tax_rates", id="city", name="City", value=1)
    made(invoiced, "/items", id="pen", name="Pen", unit_cost=100, taxes=["vat", "city"])
    product = Product.objects.get()
    assert api.patch(f"/products/{product.uuid}", {"tax_rate": 19}).status_code == 200
    same(invoiced, "/items/pen")
    assert Product.objects.get().tax_rate == 19
    shown = made(invoiced, "/invoices", customer=acme, items=[{"catalog_item": "pen"}])
    assert (shown["total"], shown["items"][0]["taxes"][0]["tax_rate"]) == (119, None)


def test_an_item_with_deleted_rates_is_still_billed(invoiced: Invoiced, acme: int, vat: str) -> None:
    made(invoiced, "/tax_rates", id="city", name="City", value=1)
    made(invoiced, "/items", id="pen", name="Pen", unit_cost=100, taxes=["vat", "city"])
    invoiced.call("DELETE", "/tax_rates/city")
    shown = made(invoiced, "/invoices", customer=acme, items=[{"catalog_item": "pen"}])
    assert [tax["tax_rate"]["id"] for tax in shown["items"][0]["taxes"]] == ["vat", "city"]
    assert shown["total"] == 108


def test_a_new_line_has_the_category_of_a_kept_rate(invoiced: Invoiced, acme: int) -> None:
    made(invoiced, "/tax_rates", id="exempt", name="Exempt", value=0)
    TaxRate.objects.update(tax_category="E")
    shown = made(invoiced, "/invoices", customer=acme, items=ITEMS, taxes=["exempt"], draft=True)
    items = [{"id": shown["items"][0]["id"]}, {"name": "B", "unit_cost": 1}]
    assert invoiced.patch(f"/invoices/{shown['id']}", {"items": items}).status_code == 200
    assert list(Invoice.objects.get().lines.values_list("tax_category", flat=True)) == ["E", "E"]


def test_another_customer_decides_whether_lines_are_taxed(invoiced: Invoiced, acme: int, vat: str) -> None:
    exempt = made(invoiced, "/customers", name="Exempt", taxable=False)["id"]
    shown = made(invoiced, "/invoices", customer=acme, items=ITEMS, draft=True)
    body = {"customer": exempt, "items": [{"name": "A", "unit_cost": 100, "taxes": [vat]}]}
    assert invoiced.patch(f"/invoices/{shown['id']}", body).json()["total"] == 100


def test_a_country_that_was_not_given(invoiced: Invoiced, acme: int) -> None:
    """It is the business's; sent back it is still nobody's own."""
    same(invoiced, f"/customers/{acme}")


def test_a_payment(invoiced: Invoiced, api: Api, acme: int) -> None:
    invoice = made(invoiced, "/invoices", customer=acme, items=ITEMS)
    applied = [{"type": "invoice", "invoice": invoice["id"]}, {"type": "credit", "amount": 5}]
    paid = made(invoiced, "/payments", amount=120, applied_to=applied, method="check")
    same(invoiced, f"/payments/{paid['id']}")
    invoiced.call("DELETE", f"/payments/{paid['id']}")
    same(invoiced, f"/payments/{paid['id']}")


def test_a_converted_estimate(invoiced: Invoiced, acme: int) -> None:
    shown = made(invoiced, "/estimates", customer=acme, items=ITEMS)
    path = f"/estimates/{shown['id']}"
    invoiced.patch(path, {"approved": "JD"})
    same(invoiced, path)
    invoiced.post(f"{path}/invoice")
    same(invoiced, path)


def test_what_a_credit_note_is_applied_to(invoiced: Invoiced, api: Api, acme: int) -> None:
    one, two = (made(invoiced, "/invoices", customer=acme, items=[{"name": "A", "unit_cost": 40}]) for _ in "ab")
    note = made(invoiced, "/credit_notes", customer=acme, items=ITEMS, invoice=one["id"])
    path = f"/credit_notes/{note['id']}"
    uuid = CreditNote.objects.get().uuid
    uuids = {row.pk: str(row.uuid) for row in Invoice.objects.all()}
    shares = [{"invoice_id": uuids[row["id"]], "amount": 40} for row in (one, two)]
    assert api.post(f"/credit-notes/{uuid}/allocations", {"allocations": shares}).status_code == 200
    same(invoiced, path)
    assert invoiced.get(path).json()["balance"] == 20
    assert invoiced.patch(path, {"name": "Refund"}).json()["name"] == "Refund"
    assert invoiced.patch(path, {"invoice": two["id"]}).json()["balance"] == 60
    cleared = invoiced.patch(path, {"invoice": None}).json()
    assert (cleared["invoice"], cleared["balance"]) == (None, 100)
    other = made(invoiced, "/customers", name="Other")["id"]
    foreign = invoiced.post("/credit_notes", {"customer": other, "items": ITEMS, "invoice": one["id"]})
    assert (foreign.status_code, foreign.json()["param"]) == (400, "invoice")


def test_an_estimates_facts_are_its_invoices(invoiced: Invoiced, acme: int, vat: str, alice: Business) -> None:
    items = [
        {"name": "A", "unit_cost": 100, "type": "service", "metadata": {"k": "v"}},
        {"name": "B", "unit_cost": 10, "taxable": False},
    ]
    ship_to = {"name": "Store", "address1": "1 Road"}
    shown = made(
        invoiced, "/estimates", customer=acme, items=items, taxes=[vat], payment_terms="NET 60", ship_to=ship_to
    )
    invoice = made(invoiced, f"/estimates/{shown['id']}/invoice")
    for name in ("type", "metadata", "taxable", "taxes"):
        assert [line[name] for line in invoice["items"]] == [line[name] for line in shown["items"]]
    assert [(tax["amount"], tax["tax_rate"]["id"]) for tax in invoice["taxes"]] == [(7, "vat")]
    assert (invoice["payment_terms"], invoice["ship_to"]["address1"]) == ("NET 60", "1 Road")
    assert invoice["due_date"] - invoice["date"] >= 59 * 86_400


def test_terms_are_the_customers(invoiced: Invoiced, acme: int) -> None:
    invoiced.patch(f"/customers/{acme}", {"payment_terms": "NET 14", "autopay": True})
    shown = made(invoiced, "/invoices", customer=acme, items=ITEMS)
    assert (shown["payment_terms"], shown["autopay"]) == ("NET 14", True)
    own = made(invoiced, "/invoices", customer=acme, items=ITEMS, payment_terms="NET 30", autopay=False)
    assert (own["payment_terms"], own["autopay"]) == ("NET 30", False)


def test_amounts_beside_rates_come_to_the_cent(invoiced: Invoiced, acme: int, vat: str) -> None:
    """Half a dollar off, where one unit of the last decimal of a rate is a dollar: refused, as without rates."""
    body = {"customer": acme, "items": [{"name": "A", "unit_cost": 1_000_000, "taxes": [vat]}]}
    refused = invoiced.post("/invoices", {**body, "taxes": [{"amount": 10.5}]})
    assert (refused.status_code, refused.json()["param"]) == (400, "taxes")
    assert made(invoiced, "/invoices", **body, taxes=[{"amount": 11}])["total"] == 1_070_011


def test_files_hang_on_an_invoice_of_what_waits(invoiced: Invoiced, acme: int) -> None:
    file = made(invoiced, "/files", name="a.pdf", url="https://x.test/a.pdf", type="application/pdf")
    made(invoiced, f"/customers/{acme}/line_items", **ITEMS[0])
    invoice = made(invoiced, f"/customers/{acme}/invoices", attachments=[file["id"]])
    assert len(invoiced.get(f"/invoices/{invoice['id']}/attachments").json()) == 1


@pytest.mark.parametrize(
    ("path", "param"),
    [
        ("/invoices?filter[customer]=x", "filter[customer]"),
        ("/invoices?filter[draft]=x", "filter[draft]"),
        ("/invoices?updated_after=x", "updated_after"),
        ("/payments?start_date=-5", "start_date"),
        ("/customers?open_balance=x", "open_balance"),
        ("/events?metadata[k]=v", "metadata"),
        ("/events?updated_after=1", "updated_after"),
    ],
)
def test_queries_that_cannot_be_are_named(invoiced: Invoiced, path: str, param: str) -> None:
    refused = invoiced.get(path)
    assert (refused.status_code, refused.json()["param"]) == (400, param)
