"""What else happens to the demo's receivables: a payment of many invoices, credit, refunds, write-offs, adjustments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from billing.models import CreditNote, Invoice, Payment
from billing.services.adjustments import create_adjustment
from billing.services.allocations import Share
from billing.services.credit_notes import Credit, create_credit_note, credit_invoice
from billing.services.customer_credit import apply_credit
from billing.services.invoices import create_invoice
from billing.services.lines import LineDraft
from billing.services.payments import record_account_payment
from billing.services.refunds import refund
from billing.services.write_offs import write_off
from businesses.audit import SYSTEM
from businesses.models import Business
from customers.models import Customer

Step = tuple[datetime, Callable[[], None]]


def receivables_story(business: Business, customers: Mapping[str, Customer], now: datetime) -> Iterator[Step]:
    """One of each, at moments of the last year; each works on what is open then, and does nothing where nothing is."""
    acme, outfitters = customers["Acme Corp"], customers["Blue Ridge Outfitters"]
    yield now - timedelta(days=360), lambda: _opening_balance(business, customers["Granite State Brewing"])
    yield now - timedelta(days=350), lambda: _welcome(customers["Cedar Valley Clinic"])
    yield now - timedelta(days=96), lambda: _pay_many(customers["Delta Logistics"])
    yield now - timedelta(days=70), lambda: _overpay(customers["Maple & Main Realty"])
    yield now - timedelta(days=64), lambda: _refund_some(customers["Maple & Main Realty"])
    yield now - timedelta(days=58), lambda: _credit_whole(customers["Juniper Home Care"])
    yield now - timedelta(days=33), lambda: _credit_part(customers["Northgate Hardware"])
    yield now - timedelta(days=26), lambda: _write_off_oldest(customers["Juniper Home Care"])
    yield now - timedelta(days=12), lambda: _goodwill(business, outfitters)
    yield now - timedelta(days=9), lambda: _overpay(acme)
    yield now - timedelta(days=4), lambda: _use_credit(customers["Cedar Valley Clinic"])


def _open(customer: Customer) -> list[Invoice]:
    """What the customer owes in its own currency, the oldest first."""
    rows = Invoice.objects.filter(customer=customer, status__in=Invoice.OPEN, currency=customer.billing_currency)
    return list(rows.order_by("issue_date", "pk"))


def _opening_balance(business: Business, customer: Customer) -> None:
    """What was owed when the business moved here from another program."""
    line = LineDraft(description="Balance brought forward", quantity=Decimal(1), unit_price=Decimal("1240.00"))
    details = {"opening_balance": True, "notes": "Billed with our former program."}
    create_invoice(business, customer=customer, lines=[line], status="sent", details=details, actor=SYSTEM)


def _welcome(customer: Customer) -> None:
    reason = "Prepaid with our former program"
    create_adjustment(customer, currency=customer.billing_currency, amount_minor=12_000, reason=reason, actor=SYSTEM)


def _pay_many(customer: Customer) -> None:
    """One transfer for the three oldest invoices."""
    found = _open(customer)[:3]
    if found:
        shares = [Share(invoice, invoice.due_minor) for invoice in found]
        _pay(customer, sum(invoice.due_minor for invoice in found), shares, "COLLECTIVE-0417")


def _overpay(customer: Customer) -> None:
    """The oldest invoice rounded up to the next hundred and a bit: the rest is credit."""
    oldest = _open(customer)[:1]
    amount = sum(invoice.due_minor for invoice in oldest)
    _pay(customer, (amount // 10_000 + 2) * 10_000, [Share(invoice) for invoice in oldest], "Advance")


def _pay(customer: Customer, amount: int, shares: list[Share], reference: str) -> None:
    details = {"method": "bank_transfer", "reference": reference}
    record_account_payment(
        customer,
        currency=customer.billing_currency,
        amount_minor=amount,
        shares=shares,
        details=details,
        actor=SYSTEM,
    )


def _refund_some(customer: Customer) -> None:
    """Half of what was paid too much goes back."""
    payment = Payment.objects.filter(customer=customer, unallocated_minor__gt=1).order_by("-pk").first()
    if payment is not None:
        details = {"method": "bank_transfer", "notes": "Paid twice by mistake"}
        refund(payment, amount_minor=payment.unallocated_minor // 2, details=details, actor=SYSTEM)


def _credit_whole(customer: Customer) -> None:
    for invoice in _open(customer)[-1:]:
        details = {"notes": "Billed to the wrong company."}
        credit_invoice(invoice, Credit(), status=CreditNote.Status.SENT, details=details, actor=SYSTEM)


def _credit_part(customer: Customer) -> None:
    for invoice in _open(customer)[:1]:
        amount = max(invoice.total_minor // 5, 1)
        details = {"notes": "A fifth off: delivered late."}
        credit = Credit(amount_minor=amount)
        credit_invoice(invoice, credit, status=CreditNote.Status.SENT, details=details, actor=SYSTEM)


def _write_off_oldest(customer: Customer) -> None:
    for invoice in _open(customer)[:1]:
        write_off(invoice, reason="Not to be collected", actor=SYSTEM)


def _goodwill(business: Business, customer: Customer) -> None:
    """A credit note of the account, not yet issued."""
    line = LineDraft(description="Goodwill for the outage", quantity=Decimal(1), unit_price=Decimal(75))
    create_credit_note(business, customer=customer, lines=[line], actor=SYSTEM)


def _use_credit(customer: Customer) -> None:
    for invoice in _open(customer)[:1]:
        apply_credit(invoice, actor=SYSTEM)
