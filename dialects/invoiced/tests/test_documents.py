"""Invoiced's invoices, estimates and credit notes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from billing.models import CreditNote, Invoice, Quotation
from businesses.models import Business
from dialects.invoiced.tests.conftest import Invoiced
from invoicing.lib import clock
from messaging.models import Message

pytestmark = pytest.mark.django_db

ITEMS = [
    {"name": "Copy paper, Case", "quantity": 1, "unit_cost": 45},
    {"name": "Delivery", "description": "To the third floor", "quantity": 1, "unit_cost": 10, "type": "service"},
]


@pytest.fixture
def acme(invoiced: Invoiced) -> int:
    """A customer's id."""
    return int(
        invoiced.post("/customers", {"name": "Acme", "email": "a@acme.com", "payment_terms": "NET 14"}).json()["id"]
    )


@pytest.fixture
def vat(invoiced: Invoiced) -> str:
    """A tax rate's id."""
    return str(invoiced.post("/tax_rates", {"id": "vat", "name": "VAT", "value": 7}).json()["id"])


def made(invoiced: Invoiced, path: str, **body: Any) -> dict[str, Any]:
    response = invoiced.post(path, body)
    assert response.status_code == 201, response.content
    return dict(response.json())


def test_the_pages_sample(invoiced: Invoiced, acme: int, alice: Business) -> None:
    """Its taxes are a bare amount; its total is 58.85 (the page adds wrongly)."""
    shown = made(invoiced, "/invoices", customer=acme, items=ITEMS, taxes=[{"amount": 3.85}], metadata={"po": "7"})
    invoice = Invoice.objects.get()
    today = clock.today(alice.time_zone)
    assert {name: shown[name] for name in ("object", "name", "number", "status", "draft", "paid", "closed")} == {
        "object": "invoice",
        "name": "Invoice",
        "number": "INV-00001",
        "status": "not_sent",
        "draft": False,
        "paid": False,
        "closed": False,
    }
    assert (shown["id"], shown["customer"], shown["currency"]) == (invoice.pk, acme, "usd")
    assert (shown["subtotal"], shown["total"], shown["balance"]) == (55, 58.85, 58.85)
    assert shown["taxes"] == [{"id": invoice.pk, "object": "tax", "amount": 3.85, "tax_rate": None}]
    assert shown["date"] == clock.midnight(today, alice.time_zone).timestamp()
    assert shown["due_date"] - shown["date"] == 14 * 86_400
    assert [(item["name"], item["description"], item["amount"], item["type"]) for item in shown["items"]] == [
        ("Copy paper, Case", None, 45, None),
        ("Delivery", "To the third floor", 10, "service"),
    ]
    assert shown["metadata"] == {"po": "7"}
    assert invoiced.get(f"/invoices/{shown['id']}").json() == shown
    assert invoiced.get("/invoices").json() == [shown]


def test_forms_as_curl_sends_them(invoiced: Invoiced, acme: int) -> None:
    form = {
        "customer": acme,
        "payment_terms": "NET 30",
        "draft": "1",
        "items[0][name]": "Paper",
        "items[0][quantity]": "2",
        "items[0][unit_cost]": "22.5",
        "items[1][name]": "Delivery",
        "items[1][unit_cost]": "10",
        "taxes[0][amount]": "3.85",
    }
    shown = invoiced.post("/invoices", form=form).json()
    assert (shown["status"], shown["total"], shown["payment_terms"]) == ("draft", 58.85, "NET 30")
    assert shown["due_date"] - shown["date"] == 30 * 86_400
    assert shown["url"] is None


def test_rates_of_lines_and_of_the_document(invoiced: Invoiced, acme: int, vat: str) -> None:
    made(invoiced, "/tax_rates", id="city", name="City", value=1.5)
    items = [
        {"name": "A", "quantity": 3, "unit_cost": 33.33, "taxes": ["city"]},
        {"name": "B", "unit_cost": 10, "taxable": False},
        {"name": "C", "unit_cost": 5, "discounts": [{"amount": 1}]},
    ]
    shown = made(invoiced, "/invoices", customer=acme, items=items, taxes=[vat], discounts=[{"amount": 2.5}])
    invoice = Invoice.objects.get()
    assert [line.tax_rate for line in invoice.lines.order_by("position")] == [8.5, 0, 7]
    assert shown["subtotal"] == 114.99
    assert [one["amount"] for one in shown["discounts"]] == [2.5]
    assert [one["amount"] for one in shown["items"][2]["discounts"]] == [1]
    city, rate = shown["items"][0]["taxes"][0], shown["taxes"][0]
    assert (city["tax_rate"]["id"], rate["tax_rate"]["id"]) == ("city", "vat")
    assert round(city["amount"] + rate["amount"], 2) == invoice.tax_minor / 100
    assert shown["items"][1]["taxes"] == []
    assert shown["total"] == invoice.total_minor / 100


def test_a_customers_taxes_are_of_its_new_invoices(invoiced: Invoiced, acme: int, vat: str) -> None:
    invoiced.patch(f"/customers/{acme}", {"taxes": [vat]})
    assert made(invoiced, "/invoices", customer=acme, items=ITEMS)["total"] == 58.85
    assert made(invoiced, "/invoices", customer=acme, items=ITEMS, calculate_taxes=False)["total"] == 55
    assert made(invoiced, "/invoices", customer=acme, items=ITEMS, taxes=[])["total"] == 55
    invoiced.patch(f"/customers/{acme}", {"taxable": False})
    assert made(invoiced, "/invoices", customer=acme, items=ITEMS)["total"] == 55


def test_a_draft_changes_in_everything(invoiced: Invoiced, acme: int, vat: str) -> None:
    shown = made(invoiced, "/invoices", customer=acme, items=ITEMS, taxes=[vat], draft=True, name="Office")
    path = f"/invoices/{shown['id']}"
    first, second = shown["items"]
    changed = invoiced.patch(path, {"items": [{"id": second["id"], "quantity": 2}, {"name": "New", "unit_cost": 1}]})
    assert changed.status_code == 200, changed.content
    lines = changed.json()["items"]
    assert (lines[0]["id"], lines[0]["quantity"], lines[0]["type"]) == (second["id"], 2, "service")
    assert first["id"] not in [line["id"] for line in lines]
    assert (changed.json()["total"], changed.json()["name"]) == (22.47, "Office")
    assert invoiced.patch(path, {"taxes": []}).json()["total"] == 21
    assert invoiced.patch(path, {"discounts": [{"amount": 1}]}).json()["total"] == 20
    assert invoiced.patch(path, {"draft": False}).json()["status"] == "not_sent"
    refused = invoiced.patch(path, {"items": ITEMS})
    assert refused.status_code == 400
    assert refused.json()["param"] == "items"
    dated = invoiced.patch(path, {"date": 1_700_000_000})
    assert (dated.status_code, dated.json()["param"]) == (400, "date")
    assert dated.json()["message"].startswith("date:")
    assert invoiced.patch(path, {"notes": "Thanks", "metadata": {"a": "b"}}).json()["notes"] == "Thanks"
    assert invoiced.patch(path, {"number": "X-1"}).json()["param"] == "number"


def test_closing_voiding_and_deleting(invoiced: Invoiced, acme: int) -> None:
    shown = made(invoiced, "/invoices", customer=acme, items=ITEMS)
    path = f"/invoices/{shown['id']}"
    closed = invoiced.patch(path, {"closed": True}).json()
    assert (closed["status"], closed["closed"], closed["paid"], closed["balance"]) == ("bad_debt", True, False, 0)
    assert invoiced.patch(path, {"closed": False}).json()["balance"] == 55
    assert invoiced.call("DELETE", path).status_code == 400
    voided = invoiced.post(f"{path}/void").json()
    assert (voided["status"], voided["balance"], voided["closed"]) == ("voided", 0, True)
    draft = made(invoiced, "/invoices", customer=acme, items=ITEMS, draft=True)
    assert invoiced.call("DELETE", f"/invoices/{draft['id']}").status_code == 204
    assert invoiced.get(f"/invoices/{draft['id']}").status_code == 404


def test_mail_makes_it_sent(invoiced: Invoiced, acme: int) -> None:
    shown = made(invoiced, "/invoices", customer=acme, items=ITEMS)
    sent = invoiced.post(
        f"/invoices/{shown['id']}/emails", {"to": [{"name": "A", "email": "b@acme.com"}], "bcc": "c@x.com"}
    )
    assert sent.status_code == 201
    (email,) = sent.json()
    assert (email["email"], email["template"], email["state"]) == ("b@acme.com", "new_invoice_email", "sent")
    message = Message.objects.get()
    assert (message.to, message.bcc) == (["b@acme.com"], ["c@x.com"])
    assert invoiced.get(f"/invoices/{shown['id']}").json()["status"] == "sent"
    other = made(invoiced, "/invoices", customer=acme, items=ITEMS, sent=True)
    assert other["status"] == "sent"
    plain = made(invoiced, "/invoices", customer=acme, items=ITEMS)
    assert [row["id"] for row in invoiced.get("/invoices?filter[status]=not_sent").json()] == [plain["id"]]


def test_the_pdf_by_accept_and_by_its_link(invoiced: Invoiced, acme: int) -> None:
    shown = made(invoiced, "/invoices", customer=acme, items=ITEMS)
    printed = invoiced.call("GET", f"/invoices/{shown['id']}", Accept="application/pdf")
    assert printed["Content-Type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF")
    linked = Client().get(
        shown["pdf_url"].removeprefix("http://testserver").split("://")[-1].partition("/")[2].join(["/", ""])
    )
    assert linked.content == printed.content
    assert Client().get(f"/s/invoice/{'x' * 40}/document.pdf").status_code == 404


def test_lists_are_filtered_sorted_and_expanded(
    invoiced: Invoiced, acme: int, django_assert_max_num_queries: Any
) -> None:
    other = invoiced.post("/customers", {"name": "Other"}).json()["id"]
    mine = [made(invoiced, "/invoices", customer=acme, items=ITEMS)["id"] for _ in range(3)]
    theirs = made(invoiced, "/invoices", customer=other, items=ITEMS[:1], draft=True)["id"]
    assert [row["id"] for row in invoiced.get(f"/invoices?filter[customer]={other}").json()] == [theirs]
    assert [row["id"] for row in invoiced.get("/invoices?filter[draft]=False&sort=number asc").json()] == mine
    assert invoiced.get("/invoices?filter[nonsense]=1").json()["param"] == "filter[nonsense]"
    with django_assert_max_num_queries(14):
        rows = invoiced.get("/invoices?expand=customer").json()
    assert {row["customer"]["name"] for row in rows} == {"Acme", "Other"}
    assert invoiced.get("/invoices?start_date=1").json()
    assert invoiced.get("/invoices?end_date=1").json() == []


def test_credit_holds_and_limits_refuse_with_their_sentences(invoiced: Invoiced, acme: int) -> None:
    invoiced.patch(f"/customers/{acme}", {"credit_hold": True})
    held = invoiced.post("/invoices", {"customer": acme, "items": ITEMS})
    assert held.status_code == 400
    assert held.json()["message"] == "New invoices cannot be created for this account because it has a credit hold."
    invoiced.patch(f"/customers/{acme}", {"credit_hold": False, "credit_limit": 50})
    limited = invoiced.post("/invoices", {"customer": acme, "items": ITEMS}).json()
    assert limited["message"].endswith("($55.00) exceeds the account's credit limit ($50.00).")


def test_catalogue_items(invoiced: Invoiced, acme: int, vat: str) -> None:
    made(invoiced, "/items", id="paper", name="Paper", description="A4", unit_cost=45, taxes=[vat], type="goods")
    shown = made(invoiced, "/invoices", customer=acme, items=[{"catalog_item": "paper", "quantity": 2}])
    (line,) = shown["items"]
    assert {name: line[name] for name in ("catalog_item", "name", "description", "unit_cost", "amount", "type")} == {
        "catalog_item": "paper",
        "name": "Paper",
        "description": "A4",
        "unit_cost": 45,
        "amount": 90,
        "type": "goods",
    }
    assert (line["taxes"][0]["tax_rate"]["id"], shown["total"]) == ("vat", 96.3)
    assert invoiced.post("/invoices", {"customer": acme, "items": [{"catalog_item": "no"}]}).status_code == 400


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"items": []}, "items"),
        ({"items": [{"name": "A"}]}, "items.0.unit_cost"),
        ({"items": [{"name": "A", "unit_cost": "x"}]}, "items.0.unit_cost"),
        ({"items": ITEMS, "taxes": ["unknown"]}, "taxes"),
        ({"items": ITEMS, "discounts": [{"coupon": "half"}]}, "discounts.0"),
        ({"items": ITEMS, "discounts": [{"amount": 99}]}, "discounts"),
        ({"items": ITEMS, "customer": 99_999}, "customer"),
        ({"items": ITEMS, "currency": "xyz"}, "currency"),
        ({"items": [{"name": "A", "unit_cost": 4_000_000}], "taxes": [{"amount": 1.01}]}, "taxes"),
    ],
)
def test_bad_bodies_name_the_field(invoiced: Invoiced, acme: int, body: dict[str, Any], param: str) -> None:
    refused = invoiced.post("/invoices", {"customer": acme, **body})
    assert (refused.status_code, refused.json().get("param")) == (400, param), refused.content
    assert not Invoice.objects.exists()


def test_others_documents_are_not_there(invoiced: Invoiced, bobs: Invoiced, acme: int) -> None:
    shown = made(invoiced, "/invoices", customer=acme, items=ITEMS)
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/void"),
        ("POST", "/emails"),
        ("POST", "/pay"),
    ):
        assert bobs.call(method, f"/invoices/{shown['id']}{path}", {}).status_code == 404
    assert bobs.post("/invoices", {"customer": acme, "items": ITEMS}).json()["param"] == "customer"
    assert bobs.get("/invoices").json() == []


def test_an_estimate_until_it_is_an_invoice(invoiced: Invoiced, acme: int, vat: str) -> None:
    end = 1_999_999_999
    shown = made(invoiced, "/estimates", customer=acme, items=ITEMS, taxes=[vat], expiration_date=end, deposit=10)
    assert (shown["object"], shown["number"], shown["status"], shown["deposit"]) == (
        "estimate",
        "QT-00001",
        "not_sent",
        10,
    )
    path = f"/estimates/{shown['id']}"
    approved = invoiced.patch(path, {"approved": "JD"}).json()
    assert (approved["status"], approved["approved"]) == ("approved", "JD")
    invoice = invoiced.post(f"{path}/invoice")
    assert invoice.status_code == 201
    assert (invoice.json()["object"], invoice.json()["draft"], invoice.json()["total"]) == ("invoice", True, 58.85)
    after = invoiced.get(f"{path}?expand=invoice").json()
    assert (after["status"], after["invoice"]["id"]) == ("invoiced", invoice.json()["id"])
    assert invoiced.post(f"{path}/invoice").status_code == 400
    other = made(invoiced, "/estimates", customer=acme, items=ITEMS, draft=True)
    assert invoiced.post(f"/estimates/{other['id']}/void").json()["status"] == "voided"
    declined = made(invoiced, "/estimates", customer=acme, items=ITEMS)
    assert invoiced.patch(f"/estimates/{declined['id']}", {"closed": True}).json()["status"] == "declined"
    assert Quotation.objects.count() == 3


def test_a_credit_note_of_an_invoice_and_of_the_account(invoiced: Invoiced, acme: int) -> None:
    invoice = made(invoiced, "/invoices", customer=acme, items=ITEMS)
    note = made(
        invoiced, "/credit_notes", customer=acme, invoice=invoice["id"], items=[{"name": "Broken", "unit_cost": 60}]
    )
    assert (note["number"], note["invoice"], note["total"], note["balance"]) == ("CN-00001", invoice["id"], 60, 5)
    assert note["status"] == "open"
    assert invoiced.get(f"/invoices/{invoice['id']}").json()["status"] == "paid"
    draft = made(invoiced, "/credit_notes", customer=acme, items=ITEMS, draft=True)
    assert draft["status"] == "draft"
    assert invoiced.patch(f"/credit_notes/{draft['id']}", {"draft": False}).json()["status"] == "open"
    assert invoiced.post(f"/credit_notes/{note['id']}/void").json()["status"] == "voided"
    assert invoiced.get(f"/invoices/{invoice['id']}").json()["balance"] == 55
    sent = invoiced.post(f"/credit_notes/{draft['id']}/emails", {})
    assert (sent.status_code, sent.json()[0]["email"]) == (201, "a@acme.com")
    assert CreditNote.objects.count() == 2


def test_a_request_is_repeated_once(invoiced: Invoiced, acme: int) -> None:
    body = {"customer": acme, "items": ITEMS}
    one, two = (invoiced.post("/invoices", body, **{"idempotency-key": "k"}).json() for _ in range(2))
    assert one == two
    assert Invoice.objects.count() == 1


def test_the_day_is_the_businesss(invoiced: Invoiced, acme: int, alice: Business) -> None:
    alice.time_zone = "America/New_York"
    alice.save()
    shown = made(invoiced, "/invoices", customer=acme, items=ITEMS, date=1_700_006_400)  # 2023-11-15 00:00 UTC
    assert Invoice.objects.get().issue_date == date(2023, 11, 14)
    assert shown["date"] == 1_699_938_000
