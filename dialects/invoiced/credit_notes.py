"""`/credit_notes`: of the account, with lines of their own; one that names an invoice is applied to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import CreditNote, Invoice
from billing.serializers.documents import CREDIT_NOTE_COLUMNS, represent_credit_notes
from billing.services.allocations import Share, change_allocations
from billing.services.credit_notes import create_credit_note, delete_credit_note, update_credit_note
from billing.services.sending import send_credit_note
from businesses.models import Business
from dialects.invoiced.document_inputs import CreditNoteInput, NothingInput
from dialects.invoiced.document_lookups import Kind, shown_documents
from dialects.invoiced.document_mapping import show_credit_note
from dialects.invoiced.documents import FILTERS, DocumentView, Objects, Pks, read_new
from dialects.invoiced.invoices import shown_invoices
from dialects.invoiced.lists import chosen, whether
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import read_body

KIND = Kind(model=CreditNote, columns=CREDIT_NOTE_COLUMNS, represent=represent_credit_notes, show=show_credit_note)
_LEFT = Q(unallocated_minor__gt=0)
_STATUSES = {
    "draft": Q(status="draft"),
    "open": Q(status="sent") & _LEFT,
    "paid": Q(status="sent") & ~_LEFT,
    "closed": Q(pk__in=[]),
    "voided": Q(status="cancelled"),
}
_Status = CreditNote.Status


def shown_credit_notes(business: Business, pks: list[int]) -> list[dict[str, Any]]:
    """Credit notes of a business by primary key, in that order."""
    return shown_documents(KIND, business, pks)


class CreditNoteView(DocumentView):
    """Credit notes of the business."""

    kind = KIND
    filters = {**FILTERS, "status": chosen(_STATUSES), "paid": whether(_STATUSES["paid"])}
    template = "credit_note_email"

    def create(self, request: Request) -> Response:
        """A new credit note; issued, and applied to the invoice that it names, unless it is a draft."""
        body = read_new(CreditNoteInput, request)
        invoice = self._invoice(body)
        if invoice is not None:
            body["currency"] = body.get("currency") or invoice.currency
        customer, lines, details = self.new_document(body)
        details["extra"]["invoiced"] |= {"invoice": invoice.pk} if invoice else {}
        note = create_credit_note(
            self.business,
            customer=customer,
            lines=lines,
            number=body.get("number"),
            status=_Status.DRAFT if body.get("draft") else _Status.SENT,
            details=details,
            actor=self.actor,
        )
        if invoice is not None:
            self._apply(note, invoice)
        self.attach(note, body)
        return self.send(self.shown_one(note), 201)

    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change a draft; later notes and metadata. `draft: false` issues, an `invoice` is what it is applied to."""
        note = CreditNote.objects.lock(self.document(id).pk)
        body = self.read_changes(CreditNoteInput, request, note)
        kept = note.extra.get("invoiced", {})
        issues = note.is_draft and (body.get("draft") is False or body.get("sent"))
        applies = issues or "invoice" in body
        invoice = self._invoice(body if "invoice" in body else kept) if applies else None
        lines, changes = self.changed_document(note, body)
        if "invoice" in body:
            kept = {**changes.get("extra", note.extra).get("invoiced", {}), "invoice": invoice.pk if invoice else None}
            changes["extra"] = {**note.extra, "invoiced": kept}
        status = _Status.SENT if issues else None
        note = update_credit_note(note, changes=changes, lines=lines, status=status, actor=self.actor)
        if "invoice" in body or invoice is not None:
            self._apply(note, invoice)
        self.attach(note, body)
        return self.send(self.shown_one(note))

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Delete a draft; an issued credit note is voided instead."""
        delete_credit_note(self.document(id), actor=self.actor)
        return Response(status=204)

    def send_mail(self, request: Request, id: str) -> Response:  # noqa: A002
        """Mail a credit note with its PDF; an object for each recipient."""
        return self.send_emails(send_credit_note(self.document(id), self.envelope(request), actor=self.actor))

    def void(self, request: Request, id: str) -> Response:  # noqa: A002
        """Take a credit note back; what it was applied to is owed again."""
        note = self.document(id)
        read_body(NothingInput, request)
        update_credit_note(note, changes={}, status=_Status.CANCELLED, actor=self.actor)
        return self.send(self.shown_one(note))

    def loaders(self) -> dict[str, Callable[[Pks], Objects]]:
        """The invoice, too."""
        return {**super().loaders(), "invoice": lambda pks: shown_invoices(self.business, pks)}

    def _invoice(self, body: dict[str, Any]) -> Invoice | None:
        if body.get("invoice") is None:
            return None
        invoice = Invoice.objects.of(self.business).live().filter(pk=body["invoice"]).first()
        if invoice is None:
            raise Invalid.field("invoice", "No such invoice.")
        return invoice

    def _apply(self, note: CreditNote, invoice: Invoice | None) -> None:
        """Apply as much as the invoice owes, or nothing; the rest is the customer's credit."""
        if note.is_draft or note.invoice_id is not None:
            return
        if invoice is not None and invoice.customer_id != note.customer_id:
            raise Invalid.field("invoice", "The invoice is another customer's.")
        if invoice is not None and invoice.currency != note.currency:
            raise Invalid.field("invoice", f"The invoice is in {invoice.currency}, not in {note.currency}.")
        change_allocations(note, [Share(invoice)] if invoice else [], actor=self.actor)
