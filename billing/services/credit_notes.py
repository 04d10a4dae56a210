"""Create, change and delete credit notes: of a whole invoice, of lines, of an amount, or of the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from billing.documents import frozen_digest
from billing.events import publish_document
from billing.models import CreditNote, CreditNoteLine, Invoice
from billing.services.credit_drawing import Credit, check_creditable, draw_lines
from billing.services.credit_note_status import change_credit_note_status, revise
from billing.services.documents import (
    apply_changes,
    delete_draft,
    fill_draft,
    frozen_fields,
    number_new,
    reprice,
    store_new,
)
from billing.services.lines import LineDraft, drafts_of
from businesses import audit
from businesses.audit import Actor
from businesses.models import Business
from customers.models import Customer
from invoicing.lib.errors import Conflict, Detail, Invalid
from invoicing.lib.money import major_number
from invoicing.lib.new_rows import insert_all

__all__ = [
    "Credit",
    "change_credit_note_status",
    "create_credit_note",
    "credit_invoice",
    "delete_credit_note",
    "update_credit_note",
]

# What may change after a credit note is issued.
OPEN_FIELDS = frozenset({"notes", "terms", "metadata", "extra"})
# Of a draft that credits an invoice: customer, currency and discounts are the invoice's.
DRAWN_FIELDS = OPEN_FIELDS | {"issue_date", "template_type", "purchase_order", "reference"}
Status = CreditNote.Status


# Create --------------------------------------------------------------------------------------------------------------
@transaction.atomic
def credit_invoice(
    invoice: Invoice,
    credit: Credit,
    *,
    actor: Actor,
    number: str | None = None,
    status: str = Status.DRAFT,
    details: Mapping[str, Any] | None = None,
) -> CreditNote:
    """A credit note of an issued invoice, run from draft to `status`; `details` are fields of CreditNote.

    Raises Invalid for more than is left of the invoice or a line, Conflict where nothing is left to credit, or the invoice
    is a draft, cancelled or partly written off.
    """
    invoice = Invoice.objects.lock(invoice.pk)
    check_creditable(invoice)
    note = CreditNote(business=invoice.business, customer=invoice.customer, invoice=invoice)
    copied = {name: getattr(invoice, name) for name in ("currency", "template_type", "purchase_order", "reference")}
    given = {name: value for name, value in (details or {}).items() if value is not None or name != "template_type"}
    fill_draft(note, {**copied, **given})
    note.currency, note.rounding = invoice.currency, invoice.rounding
    _check_date(note)
    lines = draw_lines(note, credit)
    number_new(note, number)
    insert_all(lines)
    return _created(note, status, actor=actor)


@transaction.atomic
def create_credit_note(
    business: Business,
    *,
    customer: Customer,
    lines: Sequence[LineDraft],
    actor: Actor,
    number: str | None = None,
    status: str = Status.DRAFT,
    details: Mapping[str, Any] | None = None,
) -> CreditNote:
    """A credit note of the account, with lines of its own that are priced like an invoice's."""
    customer = Customer.objects.lock_live(customer.pk)
    note = CreditNote(business=business, customer=customer)
    fill_draft(note, details or {})
    store_new(note, lines, number, check=_check_total)
    return _created(note, status, actor=actor)


def _created(note: CreditNote, status: str, *, actor: Actor) -> CreditNote:
    of = {"invoice": note.invoice.number} if note.invoice else {}
    audit.record(note.business, actor, "credit_note.created", note, of)
    publish_document(note, "created", actor=actor)
    if status != Status.DRAFT:
        change_credit_note_status(note, status, actor=actor)
    return note


def _check_date(note: CreditNote) -> None:
    if note.invoice is not None and note.issue_date < note.invoice.issue_date:
        raise Invalid.field("issue_date", f"Must not be before the invoice's ({note.invoice.issue_date}).")


def _check_total(note: CreditNote) -> None:
    if not note.total_minor:
        raise Invalid.field("items", "The lines add up to nothing.")


# Change --------------------------------------------------------------------------------------------------------------
@transaction.atomic
def update_credit_note(
    note: CreditNote,
    *,
    actor: Actor,
    changes: Mapping[str, Any],
    lines: Sequence[LineDraft] | None = None,
    credit: Credit | None = None,
    status: str | None = None,
) -> CreditNote:
    """Change fields, what is credited, and status; what equals what is there changes nothing and tells nobody.

    A draft may change in every field but its invoice, later only OPEN_FIELDS: Conflict names the others. `lines` are those of
    a note of the account, `credit` what a note of an invoice takes of it.
    """
    note = CreditNote.objects.lock(note.pk)
    before, draft, currency = note.status, note.status == Status.DRAFT, note.currency
    was = drafts_of(note) if draft else []  # before the currency changes: their amounts are in it
    if credit is not None and not draft:
        raise _issued("items" if credit.amount_minor is None else "amount")
    of_draft = None if note.invoice is None else DRAWN_FIELDS
    previous = apply_changes(note, changes, allowed=of_draft if draft else OPEN_FIELDS, lines=lines)
    if note.invoice is not None:
        _check_date(note)
        previous |= {} if credit is None else _redraw(note, credit)
    elif draft and (previous or lines is not None):
        previous |= reprice(note, was if lines is None else lines, was=was, currency=currency)
        _check_total(note)
    if previous:
        note.save()
        printed = note.status == Status.SENT and frozen_fields(previous)
        if printed:
            revise(note)
        frozen = frozen_digest(note) if printed else {}
        audit.record(note.business, actor, "credit_note.updated", note, {"fields": sorted(previous), **frozen})
        if status in {None, before}:  # a status of its own is told by its own event
            told = {name: value for name, value in previous.items() if name != "extra"}  # which no event shows
            publish_document(note, "updated", actor=actor, previous_status=before, previous=told)
    if status is not None and status != note.status:
        change_credit_note_status(note, status, actor=actor)
    return note


def _issued(field: str) -> Conflict:
    message = "Cannot change once the credit note is issued."
    return Conflict(f"{field}: {message}", code="issued", details=[Detail(field, message)])


def _redraw(note: CreditNote, credit: Credit) -> dict[str, Any]:
    """Draw a locked draft anew; the previous total where a line is another now, else its lines stay."""
    assert note.invoice is not None  # noqa: S101 - only notes of an invoice are drawn
    check_creditable(note.invoice)
    total, old = note.total_minor, list(note.lines.order_by("position"))
    drawn = draw_lines(note, credit)
    if [_taken(line) for line in drawn] == [_taken(line) for line in old]:
        note.save(update_fields=["basis"])
        return {}
    note.lines.all().delete()
    CreditNoteLine.objects.bulk_create(drawn)
    return {"total": major_number(total, note.currency)}


def _taken(line: CreditNoteLine) -> tuple[Any, ...]:
    return line.invoice_line_id, line.units, line.net_minor, line.tax_minor


@transaction.atomic
def delete_credit_note(note: CreditNote, *, actor: Actor, reason: str = "") -> None:
    """Mark a draft deleted; its number stays in the list of numbers. Conflict for any other."""
    note = CreditNote.objects.lock(note.pk)
    if note.status != Status.DRAFT:
        message = f"A {note.status} credit note cannot be deleted; cancel it instead."
        raise Conflict(message, code="state_does_not_allow")
    delete_draft(note, actor=actor, reason=reason)
