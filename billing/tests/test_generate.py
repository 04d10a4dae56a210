"""`manage.py generate`: books that are true, however many rows they have, and that say the same for the same seed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from billing.generator import Wanted, generate
from billing.models import (
    Adjustment,
    CreditNote,
    Invoice,
    InvoiceLine,
    Payment,
    Quotation,
    Refund,
    Revision,
)
from billing.selectors.books import CHECKS
from billing.services.invoices import create_invoice
from billing.services.lines import LineDraft
from businesses.audit import SYSTEM
from businesses.models import Business
from conftest import Api
from customers.models import Contact, Customer
from invoicing.lib import clock
from webhooks.models import Delivery, Endpoint, Event

NOON = datetime(2026, 4, 15, 12, tzinfo=UTC)


def run(**options: int) -> tuple[list[str], str]:
    """What the command prints, and what it says meanwhile."""
    out, err = StringIO(), StringIO()
    call_command("generate", stdout=out, stderr=err, **options)
    return out.getvalue().split("\n")[:-1], err.getvalue()


@pytest.fixture
def made(db: None) -> tuple[Business, list[Business], str]:
    """The biggest business, the small ones, and a key of the biggest."""
    lines, said = run(invoices=300, customers=40, businesses=3)
    assert said.endswith("s\n")
    assert lines[0].endswith(" 300 40")
    businesses = [Business.objects.get(uuid=UUID(line.split()[0])) for line in lines[:-1]]
    return businesses[0], businesses[1:], lines[-1]


def test_the_books_are_true_and_read_as_if_the_services_had_written_them(
    made: tuple[Business, list[Business], str],
) -> None:
    big, small, key = made
    prove(big, *small)
    connection.check_constraints()  # on SQLite: that every foreign key leads somewhere
    count_kinds(big)
    assert len(small) == 2
    assert not Business.objects.filter(name__startswith="Zq").exists()
    read_one(big, Api(key))
    for model in (Invoice, Customer, Event, Revision):
        texts = [str(value) for row in model._default_manager.filter(business=big).values() for value in row.values()]
        assert not [text for text in texts if "zq" in text.lower() or "%(" in text], model
    go_on(big)
    prove(big)


def prove(*businesses: Business) -> None:
    for business in businesses:
        assert [sentence for check in CHECKS for sentence in check(business)] == []


def count_kinds(big: Business) -> None:
    """Of everything there is some, and of what was asked for exactly as much."""
    assert set(Invoice.objects.of(big).values_list("status", flat=True)) == {*Invoice.Status.values}
    assert (Invoice.objects.of(big).count(), Customer.objects.of(big).count()) == (300, 40)
    assert 1.5 * 300 < InvoiceLine.objects.of(big).count() < 2.5 * 300
    for model in (Payment, CreditNote, Quotation, Refund, Adjustment, Contact, Revision, Event, Delivery):
        assert model._default_manager.filter(business=big).exists(), model
    assert not Invoice.objects.of(big).filter(created_at__gt=clock.now()).exists()
    assert Endpoint.objects.get(business=big).status == "disabled"
    assert not Delivery.objects.exclude(state="delivered").exists()


def read_one(big: Business, api: Api) -> None:
    """An invoice by id, by its number, as PDF, and in the event that told it."""
    event = Event.objects.of(big).filter(type="invoice.paid").latest("pk")
    told = json.loads(event.data)["invoice"]
    shown = api.get(f"/invoices/{told['id']}").json()
    assert shown == told
    found = api.get(f"/invoices?search={shown['invoice_number'].lower()}").json()["data"]
    assert [row["id"] for row in found] == [shown["id"]]
    assert api.get(f"/invoices/{shown['id']}/pdf").content.startswith(b"%PDF")
    assert api.get(f"/customers/{shown['customer_id']}/balance").status_code == 200


def go_on(big: Business) -> None:
    """Numbers go on where the copies end."""
    customer = Customer.objects.of(big).select_related("business").latest("pk")
    last = Invoice.objects.of(big).latest("sequence").sequence or 0
    line = LineDraft(description="Work", quantity=Decimal(1), unit_price=Decimal(1))
    invoice = create_invoice(big, customer=customer, lines=[line], status="sent", actor=SYSTEM)
    assert (invoice.sequence, invoice.number) == (last + 1, f"INV-{last + 1:05d}")


def test_the_same_seed_makes_the_same_books_and_only_once(db: None) -> None:
    wanted = Wanted(invoices=40, customers=8, seed=7)
    with clock.at(NOON):
        with transaction.atomic():
            first = snapshot(generate(wanted)[0].business)
            transaction.set_rollback(True)
        assert snapshot(generate(wanted)[0].business) == first
        with pytest.raises(CommandError, match="seed 7 are here already"):
            run(invoices=40, customers=8, seed=7)
    assert len(first) == 40


def snapshot(business: Business) -> list[Any]:
    columns = ("uuid", "number", "status", "customer__name", "issue_date", "total_minor", "created_at")
    return list(Invoice.objects.of(business).order_by("pk").values_list(*columns))


@pytest.mark.parametrize("wrong", ["0", "-1", "many"])
def test_how_many_is_a_whole_number(db: None, wrong: str) -> None:
    with pytest.raises(CommandError, match="expected a whole number from 1"):
        call_command("generate", "--invoices", wrong)
