"""Create, change, issue, cancel and delete credit notes: of a whole invoice, of lines, of an amount, or of the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db import transaction

from billing.crediting import Creditable, credit_all, credit_amount, credit_quantities
from billing.crediting import Share as LineShare
from billing.documents import freeze
from billing.events import publish_document
from billing.ledger import post_credit, reverse_credit
from billing.models import CreditNote, CreditNoteLine, Invoice, InvoiceLine
from billing.selectors.credit import creditable_lines
from billing.services.allocations import Share, applied_to, apply_shares, release, statuses, tell_invoices
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
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Detail, Invalid
from invoicing.lib.ids import uuid7
from invoicing.lib.money import major_number, round_half_away, to_major
from invoicing.lib.wake import wake

OPEN_FIELDS = frozenset({"notes", "terms", "metadata"})
# Of a draft that credits an invoice: customer, currency and discounts are the invoice's.
DRAWN_FIELDS = OPEN_FIELDS | {"issue_date", "template_type", "purchase_order", "reference", "items"}
Status = CreditNote.Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What is to be credited of an invoice: an amount with tax in minor units, or units of lines, or (neither) all the rest.

    `quantities` are in the order of the caller's items; None is whatever is left of the line.
    """

    amount_minor: int | None = None
    quantities: Mapping[UUID, Decimal | None] | None = None


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
    """A credit note of an issued invoice, run from draft to `status`.

    Raises Invalid for more than is left of the invoice or a line, Conflict where nothing is left to credit, or the invoice
    is a draft, cancelled or partly written off.
    """
    invoice = Invoice.objects.lock(invoice.pk)
    _check_creditable(invoice)
    note = CreditNote(business=invoice.business, customer=invoice.customer, invoice=invoice)
    copied = {name: getattr(invoice, name) for name in ("currency", "template_type", "purchase_order", "reference")}
    fill_draft(note, {**copied, **(details or {})})
    note.currency, note.rounding = invoice.currency, invoice.rounding
    _check_date(note)
    lines = _draw(note, credit)
    number_new(note, number)
    CreditNoteLine.objects.bulk_create(lines)
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


def _check_creditable(invoice: Invoice) -> None:
    if invoice.is_draft or invoice.status == Invoice.Status.CANCELLED:
        state = "draft" if invoice.is_draft else "cancelled"
        raise Conflict(f"A {state} invoice cannot be credited.", code="state_does_not_allow")
    if invoice.written_off_minor:
        message = "Part of this invoice is written off: reverse the write-off first."
        raise Conflict(message, code="state_does_not_allow")


def _check_date(note: CreditNote) -> None:
    if note.invoice is not None and note.issue_date < note.invoice.issue_date:
        raise Invalid.field("issue_date", f"Must not be before the invoice's ({note.invoice.issue_date}).")


def _check_total(note: CreditNote) -> None:
    if not note.total_minor:
        raise Invalid.field("items", "The lines add up to nothing.")


# Drawn from an invoice -----------------------------------------------------------------------------------------------
def _draw(note: CreditNote, credit: Credit) -> list[CreditNoteLine]:
    """Unsaved lines of what is credited of the note's invoice; sets the note's totals and its basis."""
    assert note.invoice is not None  # noqa: S101 - only notes of an invoice are drawn
    left = creditable_lines(note.invoice)
    rest = [line for _, line in left]
    if not any(line.amount for line in rest):
        raise Conflict("Nothing is left to credit of this invoice.", code="exceeds_creditable")
    shares = _shares(credit, left)
    lines = [_line(note, position, left[share.index][0], share) for position, share in enumerate(shares)]
    note.gross_minor = sum(line.gross_minor for line in lines)
    note.discount_minor = sum(line.discount_minor for line in lines)
    note.subtotal_minor = sum(line.net_minor for line in lines)
    note.tax_minor = sum(line.tax_minor for line in lines)
    note.total_minor = note.subtotal_minor + note.tax_minor
    if note.total_minor <= 0:
        raise Invalid.field("items", "The lines add up to nothing to credit.")
    note.basis = {
        "amount_minor": credit.amount_minor,
        "left_minor": sum(line.amount for line in rest),
        "lines": [
            {"net": rest[s.index].net, "tax": rest[s.index].tax, "units": f"{rest[s.index].quantity:f}"} for s in shares
        ],
    }
    return lines


def _shares(credit: Credit, left: Sequence[tuple[InvoiceLine, Creditable]]) -> list[LineShare]:
    rest = [line for _, line in left]
    if credit.amount_minor is not None:
        return credit_amount(rest, credit.amount_minor)
    if credit.quantities is None:
        return credit_all(rest)
    places = {line.uuid: index for index, (line, _) in enumerate(left)}
    wanted: dict[int, Decimal] = {}
    for position, (uuid, quantity) in enumerate(credit.quantities.items()):
        if uuid not in places:
            raise Invalid.field(f"items.{position}.invoice_item_id", "No such line of this invoice.")
        index = places[uuid]
        wanted[index] = rest[index].quantity if quantity is None else quantity
    return credit_quantities(rest, wanted)


def _line(note: CreditNote, position: int, line: InvoiceLine, share: LineShare) -> CreditNoteLine:
    """A credited amount is one piece at its net; credited units keep the invoice's price, and what that leaves is discount."""
    by_units = share.quantity is not None
    gross = share.net
    if share.quantity is not None and line.quantity:
        priced = round_half_away(line.gross_minor * Fraction(share.quantity) / Fraction(line.quantity))
        gross = max(priced, share.net)  # a cent that rounding left over is no negative discount
    return CreditNoteLine(
        business_id=note.business_id,
        uuid=uuid7(),
        credit_note=note,
        position=position,
        invoice_line=line,
        units=share.quantity,
        product=line.product,
        description=line.description,
        quantity=Decimal(1) if share.quantity is None else share.quantity,
        unit=line.unit if by_units else None,
        unit_price=line.unit_price if by_units else to_major(share.net, note.currency),
        product_code=line.product_code,
        discount_rate=None,
        tax_rate=line.tax_rate,
        tax_category=line.tax_category,
        exemption_reason=line.exemption_reason,
        gross_minor=gross,
        discount_minor=gross - share.net,
        net_minor=share.net,
        tax_minor=share.tax,
        amount_minor=share.net + share.tax,
    )


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
    """Change fields, what is credited, and status; a draft in every field but its invoice, later only OPEN_FIELDS.

    `lines` are those of a note of the account, `credit` what a note of an invoice takes of it. Conflict names what may not
    change any more.
    """
    note = CreditNote.objects.lock(note.pk)
    before, draft = note.status, note.status == Status.DRAFT
    was = drafts_of(note) if draft else []
    asked = lines if lines is not None else ([] if credit is not None else None)
    of_draft = None if note.invoice is None else DRAWN_FIELDS
    allowed = of_draft if draft else OPEN_FIELDS
    previous = apply_changes(note, changes, allowed=allowed, lines=asked, check=note.invoice is None)
    _check_date(note)
    if note.invoice is not None and credit is not None:
        total = note.total_minor
        drawn = _draw(note, credit)
        note.lines.all().delete()
        CreditNoteLine.objects.bulk_create(drawn)
        previous |= {"total": major_number(total, note.currency)}
    elif note.invoice is None and draft and (previous or lines is not None):
        previous |= reprice(note, was if lines is None else lines, was=was, currency=note.currency)
        _check_total(note)
    if previous:
        note.save()
        audit.record(note.business, actor, "credit_note.updated", note, {"fields": sorted(previous)})
        if not draft and note.status == Status.SENT and frozen_fields(previous):
            wake("billing.tasks.keep_document", freeze(note).pk)
        if status in {None, before}:
            publish_document(note, "updated", actor=actor, previous_status=before, previous=previous)
    if status is not None and status != note.status:
        change_credit_note_status(note, status, actor=actor)
    return note


def change_credit_note_status(note: CreditNote, status: str, *, actor: Actor) -> None:
    """Move a locked credit note: sent issues it, cancelled takes it back; Conflict where the table does not allow it."""
    note.check_move(status)
    before = note.status
    was: dict[int, str] = {}
    touched: list[Invoice] = []
    if status == Status.SENT:
        was, touched = _issue(note)
    elif not note.is_draft:
        was, touched = _take_back(note)
    note.status = status
    note.save()
    if status == Status.SENT:
        wake("billing.tasks.keep_document", freeze(note).pk)
    audit.record(note.business, actor, f"credit_note.{status}", note, {"from": before})
    publish_document(note, status, actor=actor, previous_status=before)
    tell_invoices(touched, was, actor=actor)


def _issue(note: CreditNote) -> tuple[dict[int, str], list[Invoice]]:
    """Post it, and apply it to its invoice as far as that owes; the rest is the customer's credit."""
    shares = []
    if note.invoice_id is not None:
        invoice = Invoice.objects.lock(note.invoice_id)
        _check_creditable(invoice)
        _check_left(note, invoice)
        shares = [Share(invoice)]
    note.issued_at = clock.now()
    note.status = Status.SENT
    note.save(update_fields=["issued_at", "status", "updated_at"])
    post_credit(note)
    was = {share.invoice.pk: share.invoice.status for share in shares}
    return was, apply_shares(note, shares, note.issue_date)


def _check_left(note: CreditNote, invoice: Invoice) -> None:
    """Another credit note may have been issued since this draft was drawn."""
    left = {line.pk: rest for line, rest in creditable_lines(invoice)}
    for index, line in enumerate(note.lines.order_by("position")):
        rest = left[line.invoice_line_id or 0]
        fits = _within(line.net_minor, rest.net) and _within(line.tax_minor, rest.tax)
        if not fits or (line.units is not None and line.units > rest.quantity):
            message = "More than is left to credit of this line."
            raise Conflict(message, code="exceeds_creditable", details=[Detail(f"items.{index}", message)])


def _within(part: int, whole: int) -> bool:
    return min(0, whole) <= part <= max(0, whole)


def _take_back(note: CreditNote) -> tuple[dict[int, str], list[Invoice]]:
    if note.refunded_minor:
        raise Conflict("A credit note that was refunded cannot be cancelled.", code="state_does_not_allow")
    today = clock.today(note.business.time_zone)
    was = statuses(Invoice.objects.filter(pk__in=applied_to(note)))
    touched = release(note, note.total_minor, today)
    reverse_credit(note, today)
    return was, touched


@transaction.atomic
def delete_credit_note(note: CreditNote, *, actor: Actor, reason: str = "") -> None:
    """Mark a draft deleted; its number stays in the list of numbers. Conflict for any other."""
    note = CreditNote.objects.lock(note.pk)
    if note.status != Status.DRAFT:
        message = f"A {note.status} credit note cannot be deleted; cancel it instead."
        raise Conflict(message, code="state_does_not_allow")
    delete_draft(note, actor=actor, reason=reason)
