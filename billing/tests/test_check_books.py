"""check_books finds nothing in honest books, and each kind of damage planted under the services."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from billing.models import Invoice, Payment
from billing.tests.conftest import Make
from conftest import Api


def check() -> str:
    out = StringIO()
    call_command("check_books", stdout=out)
    return out.getvalue()


@pytest.fixture
def books(api: Api, make_invoice: Make) -> Any:
    """A draft, an open, a part-paid, a paid, a cancelled and a deleted invoice."""
    make_invoice()
    make_invoice(status="sent")
    part = make_invoice(status="sent")
    api.post(f"/invoices/{part['id']}/payments", {"amount": 30})
    make_invoice(status="paid")
    gone = make_invoice(status="sent")
    api.post(f"/invoices/{gone['id']}/payments", {"amount": 10})
    api.patch(f"/invoices/{gone['id']}", {"status": "cancelled"})
    api.delete(f"/invoices/{make_invoice()['id']}")
    make_invoice(invoice_number="INV-00007")
    make_invoice()


def test_honest_books_agree(books: Any) -> None:
    assert "agree" in check()


DAMAGE = [
    ("UPDATE billing_entry SET amount_minor = amount_minor + 1 WHERE kind = 'invoice'", "entries sum to"),
    ("DELETE FROM billing_entry WHERE kind = 'payment'", "entries sum to"),
    ("UPDATE billing_allocation SET amount_minor = amount_minor + 1", "allocations sum to"),
    ("UPDATE billing_payment SET unallocated_minor = 1 WHERE unallocated_minor = 0", "1 free"),
    ("UPDATE customers_customerbalance SET outstanding_minor = outstanding_minor - 1", "stored balance"),
    ("UPDATE billing_invoiceline SET net_minor = net_minor + 1", "its lines sum to"),
    ("UPDATE billing_invoice SET sequence = NULL, number = 'x' WHERE sequence = 2", "number 2 is missing"),
    ("UPDATE businesses_counter SET last = last - 1 WHERE series = 'invoice'", "beyond the counter"),
    ("UPDATE billing_revision SET view = '{}'", "not what was frozen"),
    ("DELETE FROM billing_revision", "without a frozen view"),
]


@pytest.mark.parametrize(("sql", "sentence"), DAMAGE)
def test_it_finds_planted_damage(books: Any, sql: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        assert cursor.rowcount > 0
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("check_books", stdout=out)
    assert end.value.code == 1
    assert sentence in out.getvalue()


def test_a_cancelled_invoice_leaves_credit(books: Any) -> None:
    cancelled = Invoice.objects.get(status="cancelled")
    assert (cancelled.paid_minor, cancelled.due_minor) == (0, 0)
    assert Payment.objects.get(amount_minor=1000).unallocated_minor == 1000
