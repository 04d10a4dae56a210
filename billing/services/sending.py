"""Send documents and receipts: issue where needed, and queue the message that carries the PDF."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date
from babel.numbers import format_currency
from django.db import transaction

from billing.models import CreditNote, Invoice, Payment, Quotation
from billing.selectors.documents import language_of
from billing.services.credit_note_status import change_credit_note_status
from billing.services.envelopes import Envelope, addressed, queue_mail
from billing.services.invoice_status import change_status
from billing.services.quotations import change_quotation_status
from businesses import audit
from businesses.audit import Actor
from invoicing.lib.errors import Conflict
from invoicing.lib.money import to_major
from messaging.models import Kind, Message

Sendable = Invoice | Quotation | CreditNote | Payment


@transaction.atomic
def send_invoice(invoice: Invoice, envelope: Envelope, *, actor: Actor) -> Message:
    """Mail an invoice; a draft is issued first. Conflict for a cancelled one, Invalid where there is no address."""
    invoice = Invoice.objects.lock(invoice.pk)
    if invoice.status == Invoice.Status.CANCELLED:
        raise Conflict("A cancelled invoice cannot be sent.", code="state_does_not_allow")
    addressed(envelope, invoice.customer)
    if invoice.is_draft:
        change_status(invoice, Invoice.Status.SENT, actor=actor)
    values = {
        "number": invoice.number,
        "issue_date": _day(invoice.issue_date, invoice),
        "due_date": _day(invoice.due_date, invoice),
        "total": _amount(invoice.total_minor, invoice),
        "amount_due": _amount(invoice.due_minor, invoice),
    }
    return _queue(invoice, Kind.INVOICE, values, envelope, actor=actor)


@transaction.atomic
def send_quotation(quotation: Quotation, envelope: Envelope, *, actor: Actor) -> Message:
    """Mail a quotation; a draft becomes sent first. Conflict for one that can no longer be accepted."""
    quotation = Quotation.objects.lock(quotation.pk)
    if quotation.status in {Quotation.Status.REJECTED, Quotation.Status.EXPIRED, Quotation.Status.CONVERTED}:
        raise Conflict(f"A {quotation.status} quotation cannot be sent.", code="state_does_not_allow")
    addressed(envelope, quotation.customer)
    if quotation.status == Quotation.Status.DRAFT:
        change_quotation_status(quotation, Quotation.Status.SENT, actor=actor)
    values = {
        "number": quotation.number,
        "issue_date": _day(quotation.issue_date, quotation),
        "expiry_date": _day(quotation.valid_until, quotation),
        "total": _amount(quotation.total_minor, quotation),
    }
    return _queue(quotation, Kind.QUOTATION, values, envelope, actor=actor)


@transaction.atomic
def send_credit_note(note: CreditNote, envelope: Envelope, *, actor: Actor) -> Message:
    """Mail a credit note; a draft is issued first. Conflict for a cancelled one, Invalid where there is no address."""
    note = CreditNote.objects.lock(note.pk)
    if note.status == CreditNote.Status.CANCELLED:
        raise Conflict("A cancelled credit note cannot be sent.", code="state_does_not_allow")
    addressed(envelope, note.customer)
    if note.status == CreditNote.Status.DRAFT:
        change_credit_note_status(note, CreditNote.Status.SENT, actor=actor)
    values = {
        "number": note.number,
        "issue_date": _day(note.issue_date, note),
        "invoice_number": note.invoice.number if note.invoice else "",
        "total": _amount(note.total_minor, note),
    }
    return _queue(note, Kind.CREDIT_NOTE, values, envelope, actor=actor)


@transaction.atomic
def send_receipt(payment: Payment, envelope: Envelope, *, actor: Actor) -> Message:
    """Mail a payment's receipt. Conflict for a voided payment, Invalid where there is no address."""
    payment = Payment.objects.with_customer().get(pk=payment.pk)
    if not payment.is_live:
        raise Conflict("A voided payment has no receipt to send.", code="state_does_not_allow")
    values = {
        "number": payment.number,
        "payment_date": _day(payment.payment_date, payment),
        "amount": _amount(payment.amount_minor, payment),
        "total": _amount(payment.amount_minor, payment),
    }
    return _queue(payment, Kind.RECEIPT, values, envelope, actor=actor)


def _locale(row: Sendable) -> str:
    """The business's locale where it speaks the customer's language, else that language alone."""
    language = language_of(row.customer)
    return row.business.locale if row.business.locale.startswith(language) else language


def _day(day: date | None, row: Sendable) -> str:
    return format_date(day, "long", locale=_locale(row)) if day else ""


def _amount(minor: int, row: Sendable) -> str:
    return str(format_currency(to_major(minor, row.currency), row.currency, locale=_locale(row)))


def _queue(row: Sendable, kind: str, values: dict[str, str], envelope: Envelope, *, actor: Actor) -> Message:
    message = queue_mail(row, row.customer, kind, values, envelope, actor=actor)
    audit.record(row.business, actor, f"{kind}.mailed", row, {"to": message.to, "cc": message.cc})
    return message
