"""Honest books with something of everything in them, made through the services with the clock moved: what damage is planted in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from billing.models import Adjustment, CreditNote, Invoice, Payment
from billing.selectors.statement_plans import RunOrder
from billing.selectors.statements import Wanted
from billing.services.adjustments import create_adjustment, void_adjustment
from billing.services.allocations import Share, change_allocations
from billing.services.credit_notes import Credit, create_credit_note, credit_invoice, delete_credit_note
from billing.services.credit_notes import update_credit_note as change_note
from billing.services.envelopes import Envelope
from billing.services.invoice_status import mark_overdue
from billing.services.invoices import create_invoice, delete_invoice, update_invoice
from billing.services.lines import LineDraft
from billing.services.payments import record_account_payment, record_payment, void_payment
from billing.services.quotations import convert_quotation, create_quotation
from billing.services.refunds import refund
from billing.services.statement_runs import finish_run, plan_run, planned_outcomes, send_outcome
from billing.services.statements import send_statement
from billing.services.write_offs import reverse_write_off, write_off
from billing.tests.histories import cancel, clock, day, issue, make_customer, move_due_date, noon
from businesses.audit import SYSTEM
from businesses.files import store_file
from businesses.models import Business
from conftest import make_business
from customers.models import Customer
from webhooks.services.endpoints import create_endpoint

LINES = [
    LineDraft(description="Design", quantity=Decimal(3), unit_price=Decimal("33.335"), tax_rate=Decimal(19)),
    LineDraft(
        description="Hosting",
        quantity=Decimal("1.5"),
        unit_price=Decimal("20.01"),
        tax_rate=Decimal(7),
        discount_rate=Decimal(10),
    ),
    LineDraft(description="Rebate", quantity=Decimal(1), unit_price=Decimal("-5"), tax_rate=Decimal(19)),
]


@dataclass(frozen=True)
class Books:
    """The business whose books they are, another one, and the customers of the first."""

    business: Business
    other: Business
    acme: Customer  # in dollars, and the parent of
    branch: Customer
    beta: Customer  # in euros


def make_books() -> Books:
    """Thirty days of everything; numbers are the same every time."""
    with clock.at(noon(-1)):
        business, other = make_business("Alice Ltd"), make_business("Bob GmbH", currency="EUR")
        create_endpoint(business, url="https://hooks.example/in", events=["*"], actor=SYSTEM)
        acme, beta = make_customer(business), make_customer(business, "Beta AG", currency="EUR")
        branch = make_customer(business, "Acme Branch", parent=acme)
        issue(make_customer(other, "Foreign"), 10)
    books = Books(business, other, acme, branch, beta)
    _invoices(books)
    _credit(books)
    _corrections(books)
    _statements(books)
    return books


def _draft(customer: Customer, *, status: str = "draft", number: str | None = None, **details: Any) -> Invoice:
    return create_invoice(
        customer.business,
        customer=customer,
        lines=LINES,
        number=number,
        status=status,
        details={"due_date": day(10), **details},
        actor=SYSTEM,
    )


def _invoices(books: Books) -> None:
    """INV-00001 draft, 2 overdue, 3 part paid, 4 paid, 5 cancelled, 6 deleted, 7 by hand, 8 in euros, 9 in yen, 10 opening."""
    with clock.at(noon(0)):
        _draft(books.acme)
        _draft(books.acme, status="sent", discount_type="percentage", discount_value=Decimal("2.5"))
        record_payment(_draft(books.acme, status="sent"), amount_minor=3_000, actor=SYSTEM)  # RCT-00001
        _draft(books.acme, status="paid")  # RCT-00002
        cancelled = _draft(books.acme, status="sent")
        record_payment(cancelled, amount_minor=1_000, actor=SYSTEM)  # RCT-00003
        delete_invoice(_draft(books.acme), actor=SYSTEM, reason="A mistake")
        move_due_date(_draft(books.acme, status="sent", number="INV-00007"), day(60))
        issue(books.beta, 100, due=day(5))
        issue(books.acme, 5_000, currency="JPY")
        issue(books.branch, 80, opening_balance=True, due=day(5))
    with clock.at(noon(3)):
        cancel(cancelled)
        quoted = create_quotation(books.business, customer=books.acme, lines=LINES, status="sent", actor=SYSTEM)
        convert_quotation(quoted, actor=SYSTEM)  # INV-00011
        create_quotation(books.business, customer=books.acme, lines=LINES[:1], actor=SYSTEM)
    with clock.at(noon(11)):
        mark_overdue(Invoice.objects.get(business=books.business, number="INV-00002").pk)


def _credit(books: Books) -> None:
    """RCT-00004 with credit left, 5 voided, 6 refunded, 7 refunded in part, 8 euros; ADJ-00001 applied, 2 voided, 3 refunded."""
    with clock.at(noon(12)):
        first, second = issue(books.acme, 100, due=day(20)), issue(books.acme, 50)  # INV-00012, INV-00013
        account = pay_account(books.acme, 12_000, Share(first))
        change_allocations(account, [Share(second, 2_000), Share(first, 9_000)], actor=SYSTEM)
        void_payment(pay_account(books.acme, 1_000, Share(first)), actor=SYSTEM)
        refund(pay_account(books.acme, 700), actor=SYSTEM)
        refund(pay_account(books.acme, 900, Share(second)), amount_minor=400, actor=SYSTEM)
        pay_account(books.beta, 2_500, currency="EUR")
        applied, voided, refunded = (give(books.acme, amount) for amount in (1_000, 300, 500))
    with clock.at(noon(13)):
        change_allocations(applied, [Share(second, 600)], actor=SYSTEM)
        void_adjustment(voided, actor=SYSTEM)
        refund(refunded, amount_minor=200, actor=SYSTEM)


def pay_account(customer: Customer, amount: int, *shares: Share, currency: str = "USD") -> Payment:
    return record_account_payment(customer, currency=currency, amount_minor=amount, shares=shares, actor=SYSTEM)


def give(customer: Customer, amount: int) -> Adjustment:
    return create_adjustment(customer, currency="USD", amount_minor=amount, reason="Goodwill", actor=SYSTEM)


def _corrections(books: Books) -> None:
    """CN-00001 to 3 of INV-00014; 4 of the paid INV-00015, refunded in part; 5 cancelled, 6 of the account, 7 draft, 8 deleted."""
    with clock.at(noon(14)):
        credited = _draft(books.acme, status="sent")
        unit = credited.lines.order_by("position")[0].uuid
        for credit in (Credit(amount_minor=1_111), Credit(quantities={unit: Decimal(1)}), Credit()):
            credit_invoice(credited, credit, status="sent", actor=SYSTEM)
        paid = _draft(books.acme, status="paid")
        note = credit_invoice(paid, Credit(amount_minor=2_000), status="sent", actor=SYSTEM)
        refund(note, amount_minor=500, actor=SYSTEM)
        change_note(_note(books, "sent"), changes={}, status="cancelled", actor=SYSTEM)
        _note(books, "sent")
        _note(books, "draft")
        delete_credit_note(_note(books, "draft"), actor=SYSTEM)
        lost, regained = issue(books.acme, 40, due=day(15)), issue(books.acme, 30)  # INV-00016, INV-00017
        write_off(lost, amount_minor=1_500, actor=SYSTEM)
        write_off(regained, actor=SYSTEM)
    with clock.at(noon(15)):
        reverse_write_off(regained, actor=SYSTEM)
        write_off(issue(books.acme, 20), actor=SYSTEM)  # INV-00018, paid by it
        update_invoice(lost, changes={"notes": "Thank you"}, actor=SYSTEM)  # a second revision


def _note(books: Books, status: str) -> CreditNote:
    return create_credit_note(books.business, customer=books.acme, lines=LINES[:2], status=status, actor=SYSTEM)


def _statements(books: Books) -> None:
    """Three that left by hand, one of them of a parent with its child, and a run over everybody; then life goes on."""
    with clock.at(noon(20)):
        for wanted in (
            Wanted(end=day(18), known_at=clock.now()),
            Wanted(type="balance_forward", start=day(2), end=day(20), known_at=clock.now()),
            Wanted(end=day(20), known_at=clock.now(), include_children=True),
        ):
            send_statement(books.acme, wanted, Envelope(to=["ap@acme.test"]), actor=SYSTEM)
        order = RunOrder(type="open_item", end=day(20))
        run = plan_run(books.business, order, schedule="manual:1", period="2026-03-22", actor=SYSTEM)
        for pk in planned_outcomes(run):
            send_outcome(pk)
        finish_run(run)
        store_file(books.business, b"A file that was kept", "text/plain")
    with clock.at(noon(30)):
        late = Invoice.objects.get(business=books.business, number="INV-00003")
        record_payment(late, amount_minor=500, details={"payment_date": day(19)}, actor=SYSTEM)
        issue(books.acme, 12, issue_date=day(16), due=day(16) + timedelta(days=30))
