"""The life of an invoice: issuing, paying, cancelling, falling due; domain.md, "Life of an invoice"."""

from __future__ import annotations

from babel.numbers import format_currency
from django.db import transaction

from billing.documents import freeze, frozen_digest
from billing.events import publish_document, publish_source
from billing.ledger import post_due_date, post_invoice, reverse_invoice
from billing.models import CreditNote, Invoice, Source
from billing.services.allocations import apply_credit_to, release_invoice
from billing.services.approval import check_approved
from billing.services.payments import pay_in_full
from billing.settlement import is_past_due, settle
from businesses import audit
from businesses.audit import SYSTEM, Actor
from customers.models import Customer, CustomerBalance
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Detail, Invalid
from invoicing.lib.money import to_major
from invoicing.lib.wake import wake

Status = Invoice.Status


def change_status(invoice: Invoice, status: str, *, actor: Actor) -> None:
    """Move a locked invoice: check the table of moves, post, and publish the status's own event.

    Raises Conflict where the table, a missing approval, a credit hold or limit, or locked books do not allow it; Invalid for
    a draft that would be overdue without being past due.
    """
    invoice.check_move(status)
    before, is_new = invoice.status, invoice.is_draft
    released: list[Source] = []
    if status == Status.CANCELLED:
        released = _cancel(invoice)
    elif status == Status.PAID:
        _pay(invoice, actor=actor)
        return
    else:
        _open(invoice, status, actor=actor)
    changes = {"from": before, "released": [source.number for source in released]} if released else {"from": before}
    issued = frozen_digest(invoice) if is_new and not invoice.is_draft else {}
    audit.record(invoice.business, actor, f"invoice.{status}", invoice, {**changes, **issued})
    publish_document(invoice, status, actor=actor, previous_status=before)
    for source in released:
        publish_source(source, "updated", actor=actor)
    if invoice.status in Invoice.OPEN and invoice.due_minor == 0:
        _pay_nothing(invoice, actor=actor)
    elif invoice.status in Invoice.OPEN and is_new and invoice.business.apply_credit:
        apply_credit_to(invoice, actor=actor)


def _open(invoice: Invoice, status: str, *, actor: Actor) -> None:
    """To sent or overdue."""
    past_due = is_past_due(invoice, clock.today(invoice.business.time_zone))
    if status == Status.OVERDUE and not past_due:
        message = "An invoice is overdue only once its due date is past."
        raise Invalid.field("status", message) if invoice.is_draft else Conflict(message, code="state_does_not_allow")
    if status == Status.SENT and invoice.status == Status.OVERDUE and past_due:
        raise Conflict("The due date is past: change it to reopen this invoice.", code="state_does_not_allow")
    if invoice.is_draft:
        issue(invoice)
    invoice.status = status
    invoice.save()


def issue(invoice: Invoice) -> None:
    """Leave draft: check the approval, the customer's credit and the books, freeze the document, post the entry."""
    check_approved(invoice)
    check_credit(invoice)
    invoice.issued_at = clock.now()
    invoice.due_minor = invoice.total_minor
    post_invoice(invoice)
    invoice.status = Status.SENT
    invoice.save()
    wake("billing.tasks.keep_document", freeze(invoice).pk)


def _pay(invoice: Invoice, *, actor: Actor) -> None:
    before = invoice.status
    if invoice.is_draft:
        issue(invoice)
    if invoice.due_minor:
        pay_in_full(invoice, actor=actor, previous_status=before)
    else:
        _pay_nothing(invoice, actor=actor, before=before)


def _pay_nothing(invoice: Invoice, *, actor: Actor, before: str | None = None) -> None:
    """A zero total is paid as soon as it is issued."""
    before = before or invoice.status
    settle(invoice)
    issued = frozen_digest(invoice) if before == Status.DRAFT else {}
    audit.record(invoice.business, actor, "invoice.paid", invoice, {"from": before, **issued})
    publish_document(invoice, "paid", actor=actor, previous_status=before)


def _cancel(invoice: Invoice) -> list[Source]:
    """Reverse what was posted; what was paid becomes credit of its payments, which are returned."""
    if invoice.is_draft:
        invoice.status = Status.CANCELLED
        invoice.save()
        return []
    credited = CreditNote.objects.filter(invoice=invoice, status=CreditNote.Status.SENT).first()
    if credited is not None:
        message = f"Credit note {credited.number} credits this invoice: cancel that first."
        raise Conflict(message, code="state_does_not_allow")
    today = clock.today(invoice.business.time_zone)
    released = release_invoice(invoice, today)
    reverse_invoice(invoice, today)
    invoice.status, invoice.paid_at = Status.CANCELLED, None
    invoice.paid_minor = invoice.written_off_minor = invoice.due_minor = 0
    invoice.save()
    return released


def follow_due_date(invoice: Invoice) -> None:
    """Post the changed due date of an issued invoice; one that is overdue and no longer past due is sent again."""
    if invoice.is_draft or invoice.status == Status.CANCELLED:
        return
    today = clock.today(invoice.business.time_zone)
    post_due_date(invoice, max(today, invoice.issue_date))
    if invoice.status == Status.OVERDUE and not is_past_due(invoice, today):
        invoice.status = Status.SENT
        invoice.save(update_fields=["status", "updated_at"])


def revise(invoice: Invoice) -> None:
    """A printed field of an issued invoice changed: freeze the next revision."""
    wake("billing.tasks.keep_document", freeze(invoice).pk)


@transaction.atomic
def mark_overdue(invoice_id: int) -> bool:
    """The system's own move when time has passed; False where it is not, or no longer, due."""
    invoice = Invoice.objects.lock(invoice_id)
    today = clock.today(invoice.business.time_zone)
    if invoice.status != Status.SENT or not is_past_due(invoice, today):
        return False
    change_status(invoice, Status.OVERDUE, actor=SYSTEM)
    return True


def check_credit(invoice: Invoice) -> None:
    """Conflict, in Invoiced's two sentences, for a customer with a credit hold or beyond its credit limit."""
    customer: Customer = invoice.customer
    if customer.credit_hold:
        raise _credit("credit_hold", "New invoices cannot be created for this account because it has a credit hold.")
    if customer.credit_limit_minor is None or invoice.currency != (customer.currency or invoice.business.currency):
        return
    balance = CustomerBalance.objects.filter(customer=customer, currency=invoice.currency).first()
    outstanding = invoice.total_minor + (balance.outstanding_minor if balance else 0)
    if outstanding > customer.credit_limit_minor:
        new, limit = (_in_words(amount, invoice.currency) for amount in (outstanding, customer.credit_limit_minor))
        raise _credit(
            "credit_limit",
            f"This invoice cannot be created because the new amount outstanding ({new}) exceeds the account's "
            f"credit limit ({limit}).",
        )


def _credit(code: str, message: str) -> Conflict:
    return Conflict(message, code=code, details=[Detail("customer_id", message)])


def _in_words(minor: int, currency: str) -> str:
    return str(format_currency(to_major(minor, currency), currency, locale="en_US"))
