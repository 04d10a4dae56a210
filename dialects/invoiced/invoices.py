"""`/invoices`: issued when they are created unless they are drafts; voided, not deleted, from then on."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Invoice
from billing.serializers.documents import INVOICE_COLUMNS, represent_invoices
from billing.services.invoices import create_invoice, delete_invoice, update_invoice
from billing.services.sending import post_document, send_invoice, text_document
from billing.services.write_offs import reverse_write_off, write_off
from businesses.models import Business
from dialects.invoiced.document_inputs import InvoiceInput, NothingInput
from dialects.invoiced.document_lookups import Kind, shown_documents, was_mailed
from dialects.invoiced.document_mapping import show_invoice
from dialects.invoiced.documents import FILTERS, SORTS, DocumentView, read_new
from dialects.invoiced.lists import chosen, whether
from dialects.invoiced.message_inputs import TextInput, texting
from dialects.invoiced.messages import letter_of, text_of
from invoicing.lib.errors import Conflict
from invoicing.lib.fields import read_body

KIND = Kind(model=Invoice, columns=INVOICE_COLUMNS, represent=represent_invoices, show=show_invoice)
_PAID, (_MAILED, _UNMAILED) = Q(status="paid"), was_mailed("invoice")
_STATUSES = {
    "draft": Q(status="draft"),
    "not_sent": Q(status="sent") & _UNMAILED,
    "sent": Q(status="sent") & _MAILED,
    "past_due": Q(status="overdue"),
    "paid": _PAID & Q(written_off_minor=0),
    "bad_debt": _PAID & Q(written_off_minor__gt=0),
    "voided": Q(status="cancelled"),
    "viewed": Q(pk__in=[]),
    "pending": Q(pk__in=[]),
}


def shown_invoices(business: Business, pks: list[int]) -> list[dict[str, Any]]:
    """Invoices of a business by primary key, in that order."""
    return shown_documents(KIND, business, pks)


class InvoiceView(DocumentView):
    """Invoices of the business."""

    kind = KIND
    filters = {
        **FILTERS,
        "status": chosen(_STATUSES),
        "paid": whether(_STATUSES["paid"]),
        "closed": whether(Q(status__in=["paid", "cancelled"])),
    }
    sorts = {**SORTS, "due_date": "due_date", "balance": "due_minor"}
    template = "new_invoice_email"
    shows_secret = frozenset({"send_text"})

    def create(self, request: Request) -> Response:
        """A new invoice; one that is closed at once is written off."""
        body = read_new(InvoiceInput, request)
        customer, lines, details = self.new_document(body)
        invoice = create_invoice(
            self.business,
            customer=customer,
            lines=lines,
            number=body.get("number"),
            status=Invoice.Status.DRAFT if body.get("draft") else Invoice.Status.SENT,
            details=details,
            actor=self.actor,
        )
        self.attach(invoice, body)
        self._close(invoice, body)
        return self.send(self.shown_one(invoice), 201)

    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change a draft; later notes, payment_terms, due_date, metadata and what is only kept. `draft: false` issues."""
        invoice = Invoice.objects.lock(self.document(id).pk)
        body = self.read_changes(InvoiceInput, request, invoice)
        lines, changes = self.changed_document(invoice, body)
        issues = invoice.is_draft and (body.get("draft") is False or body.get("sent"))
        status = Invoice.Status.SENT if issues else None
        invoice = update_invoice(invoice, changes=changes, lines=lines, status=status, actor=self.actor)
        self.attach(invoice, body)
        self._close(invoice, body)
        return self.send(self.shown_one(invoice))

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Delete a draft; an issued invoice is voided instead."""
        delete_invoice(self.document(id), actor=self.actor)
        return Response(status=204)

    def send_mail(self, request: Request, id: str) -> Response:  # noqa: A002
        """Mail an invoice with its PDF; an object for each recipient."""
        return self.send_emails(send_invoice(self.document(id), self.envelope(request), actor=self.actor))

    def send_text(self, request: Request, id: str) -> Response:  # noqa: A002
        """Text a link to an invoice; an object for each number."""
        invoice = self.document(id)
        messages = text_document(invoice, texting(read_body(TextInput, request)), actor=self.actor)
        return self.send([text_of(message) for message in messages], 201)

    def send_letter(self, request: Request, id: str) -> Response:  # noqa: A002
        """Post an invoice to the billing address; one object in an array, as its SDK needs it."""
        invoice = self.document(id)
        read_body(NothingInput, request)
        return self.send([letter_of(post_document(invoice, actor=self.actor))], 201)

    def void(self, request: Request, id: str) -> Response:  # noqa: A002
        """Cancel an invoice; what was paid is credit again."""
        invoice = self.document(id)
        read_body(NothingInput, request)
        update_invoice(invoice, changes={}, status=Invoice.Status.CANCELLED, actor=self.actor)
        return self.send(self.shown_one(invoice))

    def pay(self, request: Request, id: str) -> Response:  # noqa: A002
        """Refused: nothing is charged here."""
        self.document(id)
        raise Conflict("No payment provider is connected; record a payment with POST /payments.", code="not_connected")

    def _close(self, invoice: Invoice, body: dict[str, Any]) -> None:
        """`closed` gives up what is still due of an invoice, and false takes that back."""
        if body.get("closed") and not invoice.is_draft and invoice.due_minor:
            write_off(invoice, actor=self.actor, reason="closed")
        elif body.get("closed") is False and invoice.written_off_minor:
            reverse_write_off(invoice, actor=self.actor)
