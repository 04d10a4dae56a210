"""Send documents and receipts: issue where needed, and queue the message that carries the PDF or a link to it."""

from __future__ import annotations

from datetime import date

from babel.dates import format_date
from babel.numbers import format_currency
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from billing.models import CreditNote, Invoice, Payment, Quotation
from billing.selectors.documents import language_of
from billing.services.channels import Texting, queue_post, queue_texts
from billing.services.credit_note_status import change_credit_note_status
from billing.services.envelopes import Envelope, addressed, queue_mail
from billing.services.invoice_status import change_status
from billing.services.quotations import change_quotation_status
from businesses import audit
from businesses.audit import Actor
from businesses.links import create_link
from invoicing.lib.errors import Conflict
from invoicing.lib.money import to_major
from messaging.connections import require_connected
from messaging.models import Connection, Kind, Message
from messaging.private_links import PrivateLink

PUBLIC_INVOICE = "invoice"  # of a link to an invoice's PDF
Sendable = Invoice | Quotation | CreditNote | Payment


@transaction.atomic
def send_invoice(invoice: Invoice, envelope: Envelope, *, actor: Actor) -> Message:
    """Mail an invoice; a draft is issued first. Conflict for a cancelled one, Invalid where there is no address."""
    invoice = _sendable(invoice)
    addressed(envelope, invoice.customer)
    if invoice.is_draft:
        change_status(invoice, Invoice.Status.SENT, actor=actor)
    return _queue(invoice, Kind.INVOICE, _invoice_values(invoice), envelope, actor=actor)


@transaction.atomic
def text_document(invoice: Invoice, texting: Texting, *, actor: Actor) -> list[Message]:
    """Text a link to an invoice's PDF, which needs no login, to each number; a draft is issued first.

    Conflict for a cancelled one and where Twilio is not connected, Invalid where there is no number, one is wrong, or the
    text is too long.
    """
    require_connected(invoice.business, Connection.Provider.TWILIO)
    invoice = _issued(invoice, actor)
    link = _link_to(invoice, actor)
    values = _invoice_values(invoice)
    messages = queue_texts(invoice, invoice.customer, Kind.INVOICE, values, texting, link=link, actor=actor)
    to = [number for message in messages for number in message.to]
    audit.record(invoice.business, actor, "invoice.sent_by_text", invoice, {"to": to})
    return messages


@transaction.atomic
def post_document(invoice: Invoice, *, actor: Actor) -> Message:
    """Post an invoice to its customer's address; a draft is issued first.

    Conflict for a cancelled one, and where Lob is not connected or the business has no full address; Invalid naming what is
    missing of the customer's.
    """
    require_connected(invoice.business, Connection.Provider.LOB)
    invoice = _issued(invoice, actor)
    message = queue_post(invoice, invoice.customer, Kind.INVOICE, _invoice_values(invoice), actor=actor)
    audit.record(invoice.business, actor, "invoice.sent_by_post", invoice, {"to": message.to})
    return message


def _issued(invoice: Invoice, actor: Actor) -> Invoice:
    invoice = _sendable(invoice)
    if invoice.is_draft:
        change_status(invoice, Invoice.Status.SENT, actor=actor)
    return invoice


def _sendable(invoice: Invoice) -> Invoice:
    invoice = Invoice.objects.lock(invoice.pk)
    if invoice.status == Invoice.Status.CANCELLED:
        raise Conflict("A cancelled invoice cannot be sent.", code="state_does_not_allow")
    return invoice


def _link_to(invoice: Invoice, actor: Actor) -> PrivateLink:
    label = f"Invoice {invoice.number}"
    _, token = create_link(invoice.business, kind=PUBLIC_INVOICE, subject=invoice, label=label, actor=actor)
    return PrivateLink.to(f"{settings.PUBLIC_URL}{reverse('public-invoice-link', args=[token])}")


def _invoice_values(invoice: Invoice) -> dict[str, str]:
    return {
        "number": invoice.number,
        "issue_date": _day(invoice.issue_date, invoice),
        "due_date": _day(invoice.due_date, invoice),
        "total": _amount(invoice.total_minor, invoice),
        "amount_due": _amount(invoice.due_minor, invoice),
    }


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
