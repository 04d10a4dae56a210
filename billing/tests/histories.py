"""Histories for the tests of statements: what happened on which day, through the services."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.models import Invoice
from billing.services.invoices import create_invoice, update_invoice
from billing.services.lines import LineDraft
from billing.services.payments import record_payment
from businesses.audit import SYSTEM
from businesses.models import Business
from customers.models import Customer
from customers.services import create_customer
from invoicing.lib import clock

DAY0 = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def noon(days: float) -> datetime:
    """Noon, that many days after the second of March 2026."""
    return DAY0 + timedelta(days=days)


def day(days: int) -> date:
    """The day of `noon`, in UTC."""
    return noon(days).date()


def make_customer(business: Business, name: str = "Acme Corp", **fields: Any) -> Customer:
    return create_customer(business, name=name, actor=SYSTEM, **{"email": "ap@acme.test", **fields})


def issue(customer: Customer, amount: str | int, *, due: date | None = None, **details: Any) -> Invoice:
    """An invoice sent now."""
    return create_invoice(
        customer.business,
        customer=customer,
        lines=[LineDraft(description="Work", quantity=Decimal(1), unit_price=Decimal(amount))],
        status="sent",
        details={"due_date": due, **details},
        actor=SYSTEM,
    )


def pay(invoice: Invoice, amount_minor: int, **details: Any) -> None:
    record_payment(invoice, amount_minor=amount_minor, details=details, actor=SYSTEM)


def cancel(invoice: Invoice) -> None:
    update_invoice(invoice, changes={}, status="cancelled", actor=SYSTEM)


def move_due_date(invoice: Invoice, due: date | None) -> None:
    update_invoice(invoice, changes={"due_date": due}, actor=SYSTEM)


__all__ = ["DAY0", "cancel", "clock", "day", "issue", "make_customer", "move_due_date", "noon", "pay"]
