"""The public SDK of Invoiced, unmodified but for its address, against a whole server: every method that is served."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import invoiced
import pytest

from tests.processes.server import running, servers_of_production, wait_for
from tests.processes.test_killed_run import Program

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with servers_of_production() as outside:
        settings = {**outside, "RATE_LIMIT": "0"}
        with running(tmp_path_factory.mktemp("invoiced") / "data", **settings) as server:
            assert wait_for(lambda: server.status("/readyz") == 200, 60), server.said
            client = invoiced.Client(Program(server, settings).key)
            client.api_url = f"http://127.0.0.1:{server.port}/invoiced"
            yield client


def test_customers(client: Any) -> None:
    customer = client.Customer.create(
        idempotency_key="once", name="Acme", email="billing@acmecorp.com", metadata={"a": "1"}
    )
    again = client.Customer.create(
        idempotency_key="once", name="Acme", email="billing@acmecorp.com", metadata={"a": "1"}
    )
    assert again.id == customer.id
    customer.payment_terms = "NET 14"
    customer.attention_to = "Sarah Fisher"
    assert customer.save(city="Hill Valley")
    assert client.Customer.retrieve(customer.id, {"expand": "owner"}).city == "Hill Valley"
    customer.attention_to = None
    assert customer.save()
    assert customer.attention_to is None
    assert customer.balance()["total_outstanding"] == 0
    with pytest.raises(invoiced.errors.InvalidRequestError):
        client.Customer.create(email="nobody@example.com")
    assert customer.delete()
    with pytest.raises(invoiced.errors.InvalidRequestError):
        client.Customer.retrieve(customer.id)


def test_lists_are_walked_by_their_links(client: Any) -> None:
    started = int(time.time()) - 5
    names = [f"Walker {number}" for number in range(7)]
    for name in names:
        client.Customer.create(name=name, metadata={"walk": "yes"})
    asked = {"metadata": {"walk": "yes"}, "sort": "name asc", "open_balance": False, "updated_after": started}
    found, page = [], 1
    while True:
        rows, meta = client.Customer.list(per_page=3, page=page, **asked)
        found += [row.name for row in rows]
        assert meta.total_count == 7
        if "next" not in meta.links:
            break
        page += 1
    assert (found, page) == (names, 3)
    assert client.Customer.list(filter={"name": "Walker 3"})[0][0].name == "Walker 3"
    assert client.Customer.list(payment_source=True)[1].total_count == 0


def test_statements(client: Any) -> None:
    customer = client.Customer.create(name="Reader", email="reader@example.com")
    (email,) = customer.send_statement(to=[{"name": "Client", "email": "client@example.com"}], subject="Statement")
    assert (email.email, email.state) == ("client@example.com", "sent")
    for send in (customer.send_statement_sms, customer.send_statement_letter):
        with pytest.raises(invoiced.errors.InvalidRequestError, match="must be connected"):
            send(type="open_item")


def test_contacts_and_notes(client: Any) -> None:
    customer = client.Customer.create(name="Company")
    contact = customer.contacts().create(name="Eve", primary=True)
    contact.title = "CFO"
    assert contact.save()
    assert customer.contacts().retrieve(contact.id).title == "CFO"
    assert [row.id for row in customer.contacts().list()[0]] == [contact.id]
    assert contact.delete()
    note = customer.list_notes().create(notes="Pays late")
    other = client.Note.create(customer_id=customer.id, notes="Called")
    note.notes = "Pays"
    assert note.save()
    assert [row.notes for row in customer.list_notes().list()[0]] == ["Called", "Pays"]
    assert note.delete()
    assert other.delete()


def test_wrong_keys_and_what_is_not_served(client: Any) -> None:
    stranger = invoiced.Client("nonsense")
    stranger.api_url = client.api_url
    with pytest.raises(invoiced.errors.AuthenticationError):
        stranger.Customer.list()
    with pytest.raises(invoiced.errors.InvalidRequestError, match="does not serve GET /subscriptions"):
        client.Subscription.list()


ITEMS = [{"name": "Paper", "quantity": 1, "unit_cost": 45}, {"name": "Delivery", "quantity": 1, "unit_cost": 10}]


@pytest.fixture(scope="module")
def buyer(client: Any) -> Any:
    return client.Customer.create(name="Buyer", email="buyer@example.com", payment_terms="NET 30")


def test_invoices(client: Any, buyer: Any) -> None:
    invoice = client.Invoice.create(
        customer=buyer.id, payment_terms="NET 14", items=ITEMS, taxes=[{"amount": 3.85}], idempotency_key="an-invoice"
    )
    assert (invoice.status, invoice.total, invoice.balance) == ("not_sent", 58.85, 58.85)
    invoice.notes = "Thank you"
    assert invoice.save(metadata={"order": "7"})
    found, meta = client.Invoice.list(filter={"customer": buyer.id, "paid": False}, sort="date desc")
    assert ([row.id for row in found], meta.total_count) == ([invoice.id], 1)
    assert client.Invoice.retrieve(invoice.id, {"expand": "customer"}).customer["name"] == "Buyer"
    (email,) = invoice.send(to=[{"name": "Client", "email": "client@example.com"}])
    assert (email.email, email.template) == ("client@example.com", "new_invoice_email")
    for call, words in (
        (invoice.send_sms, "Twilio must be"),
        (invoice.send_letter, "Lob must be"),
        (invoice.pay, "POST /payments"),
    ):
        with pytest.raises(invoiced.errors.InvalidRequestError, match=words):
            call()
    assert invoice.void()
    assert invoice.status == "voided"
    draft = client.Invoice.create(customer=buyer.id, items=ITEMS, draft=True)
    assert draft.delete()
    with pytest.raises(invoiced.errors.InvalidRequestError, match="payment_plan"):
        draft.payment_plan().create(installments=[])


def test_estimates_and_credit_notes(client: Any, buyer: Any) -> None:
    estimate = client.Estimate.create(customer=buyer.id, items=ITEMS)
    assert estimate.send()[0].email == "buyer@example.com"
    invoice = estimate.invoice()
    assert (invoice.status, invoice.total) == ("draft", 55)
    invoice.draft = False
    assert invoice.save()
    assert client.Estimate.retrieve(estimate.id).status == "invoiced"
    note = client.CreditNote.create(customer=buyer.id, invoice=invoice.id, items=[{"name": "Broken", "unit_cost": 60}])
    assert (note.status, note.balance) == ("open", 5)
    assert client.Invoice.retrieve(invoice.id).paid
    assert note.send()
    assert note.void()
    assert client.Invoice.retrieve(invoice.id).balance == 55
    assert client.Estimate.list()[1].total_count == 1
    assert client.CreditNote.list(filter={"status": "voided"})[1].total_count == 1
    other = client.Estimate.create(customer=buyer.id, items=ITEMS)
    assert other.void()


def test_payments_and_credit(client: Any, buyer: Any) -> None:
    invoice = client.Invoice.create(customer=buyer.id, items=ITEMS)
    payment = client.Payment.create(
        customer=buyer.id,
        amount=60,
        method="check",
        applied_to=[{"type": "invoice", "invoice": invoice.id, "amount": 55}],
    )
    assert (payment.balance, client.Invoice.retrieve(invoice.id).status) == (5, "paid")
    assert buyer.balance()["available_credits"] == 5
    assert payment.send()[0].email == "buyer@example.com"
    payment.notes = "By post"
    assert payment.save()
    assert client.Payment.list(filter={"customer": buyer.id})[1].total_count == 1
    assert payment.delete()
    assert client.Payment.retrieve(payment.id).voided
    with pytest.raises(invoiced.errors.InvalidRequestError, match="POST /payments"):
        client.Charge.create(customer=buyer.id, amount=1)
    with pytest.raises(invoiced.errors.InvalidRequestError, match="POST /payments"):
        client.Refund.create(1, amount=1)
    credit = client.CreditBalanceAdjustment.create(customer=buyer.id, amount=20, notes="Goodwill")
    assert client.CreditBalanceAdjustment.retrieve(credit.id).amount == 20
    assert credit.delete()


def test_items_rates_and_pending_lines(client: Any, buyer: Any) -> None:
    rate = client.TaxRate.create(id="sdk-vat", name="VAT", value=7)
    item = client.Item.create(id="sdk-paper", name="Paper", unit_cost=45, taxes=[rate.id])
    item.name = "Copy paper"
    assert item.save()
    line = buyer.line_items().create(catalog_item=item.id, quantity=2)
    line.quantity = 3
    assert line.save()
    other = buyer.line_items().create(name="Never mind", unit_cost=1)
    assert other.delete()
    assert [row.id for row in buyer.line_items().list()[0]] == [line.id]
    invoice = buyer.invoice()
    assert (invoice["items"][0]["catalog_item"], invoice["items"][0]["quantity"]) == ("sdk-paper", 3)
    assert buyer.line_items().list()[1].total_count == 0
    with pytest.raises(invoiced.errors.InvalidRequestError):
        buyer.invoice()


def test_consolidated_invoices(client: Any) -> None:
    customer = client.Customer.create(name="Consolidated")
    ids = [client.Invoice.create(customer=customer.id, items=ITEMS).id for _ in range(2)]
    together = customer.consolidate_invoices()
    assert together.total == 110
    assert [client.Invoice.retrieve(one).status for one in ids] == ["voided", "voided"]


def test_files_and_events(client: Any, buyer: Any) -> None:
    file = client.File.create(url="https://files.example.com/a.pdf", name="a.pdf", size=10, type="application/pdf")
    invoice = client.Invoice.create(customer=buyer.id, items=ITEMS, attachments=[file.id])
    attachments, meta = invoice.attachments()
    assert (attachments[0].file["name"], meta.total_count) == ("a.pdf", 1)
    events, _ = client.Event.list(related_to=f"customer,{buyer.id}", per_page=100)
    assert "customer.created" in [event.type for event in events]
    event = client.Event.retrieve(events[0].id)
    assert event.object == "event"
