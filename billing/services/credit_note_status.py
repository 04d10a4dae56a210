"""The life of a credit note: issuing applies it to its invoice, cancelling takes it back; domain.md, "Life of an invoice"."""

from __future__ import annotations

from billing.documents import freeze, frozen_digest
from billing.events import publish_document
from billing.ledger import post_credit
from billing.models import CreditNote, Invoice
from billing.services.allocations import Share, apply_shares, take_back, tell_invoices
from billing.services.credit_drawing import check_creditable, check_left
from businesses import audit
from businesses.audit import Actor
from invoicing.lib import clock
from invoicing.lib.errors import Conflict
from invoicing.lib.wake import wake

Status = CreditNote.Status


def change_credit_note_status(note: CreditNote, status: str, *, actor: Actor) -> None:
    """Move a locked credit note: sent issues it, cancelled takes it back, and publish the status's own event.

    Raises Conflict where the table of moves or locked books do not allow it, more is credited than is left of the invoice by
    now (`exceeds_creditable`), or it was refunded.
    """
    note.check_move(status)
    before = note.status
    was: dict[int, str] = {}
    touched: list[Invoice] = []
    if status == Status.SENT:
        touched, was = _issue(note)
    elif not note.is_draft:
        touched, was = _take_back(note)
    note.status = status
    note.save()
    if status == Status.SENT:
        revise(note)
    changes = {"from": before, "to": [invoice.number for invoice in touched]}
    issued = frozen_digest(note) if status == Status.SENT else {}
    audit.record(note.business, actor, f"credit_note.{status}", note, {**changes, **issued})
    publish_document(note, status, actor=actor, previous_status=before)
    tell_invoices(touched, was, actor=actor)


def revise(note: CreditNote) -> None:
    """Freeze an issued credit note as it is now: its next revision."""
    wake("billing.tasks.keep_document", freeze(note).pk)


def _issue(note: CreditNote) -> tuple[list[Invoice], dict[int, str]]:
    """Post it, and apply it to its invoice as far as that owes; the rest is the customer's credit."""
    shares = []
    if note.invoice_id is not None:
        invoice = Invoice.objects.lock(note.invoice_id)
        check_creditable(invoice)
        check_left(note, invoice)
        shares = [Share(invoice)]
    note.issued_at = clock.now()
    note.status = Status.SENT
    note.save(update_fields=["issued_at", "status", "updated_at"])
    post_credit(note)
    was = {share.invoice.pk: share.invoice.status for share in shares}
    return apply_shares(note, shares, note.issue_date), was


def _take_back(note: CreditNote) -> tuple[list[Invoice], dict[int, str]]:
    """Reverse it; what it was applied to is owed again."""
    if note.refunded_minor:
        raise Conflict("A credit note that was refunded cannot be cancelled.", code="state_does_not_allow")
    return take_back(note)
