"""Customers, products, payments and statements in the admin."""

from __future__ import annotations

from datetime import date
from typing import Any

from billing.models import KeptStatement, Payment, Product, StatementRun
from billing.tests.admin_cast import a_customer, a_product, an_invoice, browser, told
from customers.models import Contact, Customer, Note
from messaging.models import Message

CUSTOMERS = "/admin/customers/customer/"
PRODUCTS = "/admin/billing/product/"
WHO = "owner@alice.test"


def sent(customer: Any = None, **fields: Any) -> dict[str, Any]:
    """What the customer form sends, with empty inlines."""
    base = {"name": "Acme", "type": "company", "status": "active", "taxable": "on", "reminders": "on", "number": ""}
    base |= {"email": "ap@acme.test"}
    counts = {"contacts": customer.contacts.count() if customer else 0, "remarks": 0}
    for prefix, count in counts.items():
        base |= {f"{prefix}-TOTAL_FORMS": str(count), f"{prefix}-INITIAL_FORMS": str(count)}
    return {**base, **fields}


def test_makes_a_customer_with_contact_and_note(alice: Any) -> None:
    lines = {"contacts-TOTAL_FORMS": "1", "contacts-0-name": "Ada", "contacts-0-primary": "on"}
    lines |= {"remarks-TOTAL_FORMS": "1", "remarks-0-text": "Call first"}
    response = browser(alice).post(f"{CUSTOMERS}add/", sent(credit_limit="1500.50", **lines))
    row = Customer.objects.get()
    assert response.status_code == 302, response.context["errors"]
    assert (row.number, row.credit_limit_minor, row.currency) == ("CUST-0001", 150_050, None)
    assert (Contact.objects.get().primary, Note.objects.get().text) == (True, "Call first")
    assert told(row) == [("customer.created", WHO)]
    assert told(Contact.objects.get()) == [("contact.created", WHO)]


def test_changes_a_customer_and_shows_what_is_refused(alice: Any) -> None:
    row, client = a_customer(alice, credit_limit=None), browser(alice)
    address = f"{CUSTOMERS}{row.pk}/change/"
    assert client.post(address, sent(row, number=row.number, name="Acme AG")).status_code == 302
    row.refresh_from_db()
    assert row.name == "Acme AG"
    assert told(row)[-1] == ("customer.updated", WHO)
    refused = client.post(address, sent(row, number=row.number, name="Acme AG", credit_limit="0.001"))
    assert refused.status_code == 200
    assert "At most 2 decimals in USD." in refused.content.decode()
    row.refresh_from_db()
    assert row.credit_limit_minor is None


def test_the_page_shows_what_is_owed(alice: Any) -> None:
    row = an_invoice(alice, "sent", price="1234").customer
    shown = browser(alice).get(f"{CUSTOMERS}{row.pk}/change/").content.decode()
    assert "$1,357.40" in shown
    assert "INV-00001" in shown
    assert "$1,357.40" in browser(alice, "viewer").get(CUSTOMERS).content.decode()


def test_a_deleted_customer_leaves_the_list_is_not_offered_and_can_be_restored(alice: Any) -> None:
    row, client = a_customer(alice), browser(alice)
    client.post(f"{CUSTOMERS}{row.pk}/delete/", {"post": "yes"})
    row.refresh_from_db()
    assert row.deleted_at is not None
    assert told(row)[-1] == ("customer.deleted", WHO)
    assert not client.get(CUSTOMERS).context["cl"].result_list
    assert client.get(f"{CUSTOMERS}?state=deleted").context["cl"].result_list[0] == row
    query = "app_label=billing&model_name=invoice&field_name=customer&term=acme"
    assert client.get(f"/admin/autocomplete/?{query}").json()["results"] == []
    client.post(f"{CUSTOMERS}{row.pk}/restore/", {"confirmed": "yes"})
    row.refresh_from_db()
    assert row.deleted_at is None
    assert told(row)[-1] == ("customer.restored", WHO)


def test_a_viewer_changes_no_customer_and_a_stranger_finds_none(alice: Any, bob: Any) -> None:
    row = a_customer(alice)
    address = f"{CUSTOMERS}{row.pk}/change/"
    assert browser(alice, "viewer").post(address, sent(row, name="X")).status_code == 403
    stranger = browser(bob)
    for name in ("change", "statement", "restore", "delete"):
        assert stranger.get(f"{CUSTOMERS}{row.pk}/{name}/").status_code == 404


def test_makes_changes_and_deletes_a_product(alice: Any) -> None:
    client = browser(alice)
    data = {"name": "Cloud", "unit_price": "29.99", "tax_rate": "7.7", "tax_category": "S", "active": "on"}
    assert client.post(f"{PRODUCTS}add/", data).status_code == 302
    row = Product.objects.get()
    client.post(f"{PRODUCTS}{row.pk}/change/", {**data, "unit_price": "30"})
    row.refresh_from_db()
    assert (str(row.unit_price), row.description) == ("30.000000", None)
    wrong = client.post(f"{PRODUCTS}add/", {**data, "unit_price": "NaN"})
    assert "Expected a number" in str(wrong.context["adminform"].form.errors["unit_price"])
    client.post(f"{PRODUCTS}{row.pk}/delete/", {"post": "yes"})
    assert told(row) == [("product.created", WHO), ("product.updated", WHO), ("product.deleted", WHO)]
    assert Product.objects.count() == 1


def test_a_payment_is_read_and_its_receipt_downloaded_and_sent(alice: Any) -> None:
    an_invoice(alice, "paid")
    row, client = Payment.objects.get(), browser(alice)
    address = f"/admin/billing/payment/{row.pk}/"
    assert "INV-00001" in client.get(f"{address}change/").content.decode()
    assert client.post(f"{address}change/", {"amount_minor": "1"}).status_code == 403
    assert client.post(f"/admin/billing/payment/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{address}receipt/").content.startswith(b"%PDF")
    client.post(f"{address}send/", {"to": "ap@acme.test", "subject": "", "message": ""})
    assert Message.objects.get().kind == "receipt"
    assert told(row)[-1] == ("receipt.mailed", WHO)


def test_a_statement_is_looked_at_downloaded_and_sent(alice: Any) -> None:
    customer = an_invoice(alice, "sent", issue_date=date(2026, 1, 5)).customer
    client, address = browser(alice), f"{CUSTOMERS}{customer.pk}/statement/"
    assert "$110.00" in client.get(address).content.decode()
    asked = {"type": "balance_forward", "currency": "USD", "start": "2026-01-01", "end": "2026-02-01"}
    asked |= {"to": "ap@acme.test", "cc": "", "subject": "", "message": ""}
    shown = client.post(address, {**asked, "_second": "yes"})
    assert shown.context["statement"]["sums"][0] == ("Opening balance", "$0.00")
    assert not Message.objects.exists()
    assert client.post(address, {**asked, "_pdf": "yes"}).content.startswith(b"%PDF")
    client.post(address, {**asked, "_do": "yes"})
    kept = KeptStatement.objects.get()
    assert ("statement.sent", WHO) in told(kept)
    assert client.get(f"/admin/billing/keptstatement/{kept.pk}/pdf/").content.startswith(b"%PDF")
    assert browser(alice, "creator").post(address, {**asked, "_do": "yes"}).status_code == 403


def test_open_items_of_a_past_day_need_no_first_day(alice: Any) -> None:
    customer = a_customer(alice)
    asked = {"type": "open_item", "start": "2026-11-01", "end": "2026-09-30", "currency": "USD", "_second": "yes"}
    shown = browser(alice).post(f"{CUSTOMERS}{customer.pk}/statement/", asked)
    assert shown.context["form"].errors == {}
    assert shown.context["statement"]["end"] == "Sep 30, 2026"


def test_a_run_is_previewed_before_it_starts(alice: Any) -> None:
    an_invoice(alice, "sent")
    a_customer(alice, name="Nobody", email=None)
    client, address = browser(alice), "/admin/billing/statementrun/"
    asked = {"type": "open_item", "minimum": "0.01", "start": "", "end": "2030-01-01"}
    seen = client.post(f"{address}add/", {**asked, "_second": "yes"}).context["planned"]
    assert seen["going"] == 1
    assert not StatementRun.objects.exists()
    started = client.post(f"{address}add/", {**asked, "_do": "yes"})
    run = StatementRun.objects.get()
    assert started["Location"] == f"{address}{run.pk}/change/"
    assert told(run) == [("statement_run.planned", WHO)]
    assert "ap@acme.test" in client.get(started["Location"]).content.decode()
    assert "1 planned" in client.get(address).content.decode()
    assert browser(alice, "creator").get(f"{address}add/").status_code == 403


def test_products_of_others_are_not_listed(alice: Any, bob: Any) -> None:
    a_product(bob)
    assert not browser(alice).get(PRODUCTS).context["cl"].result_list
