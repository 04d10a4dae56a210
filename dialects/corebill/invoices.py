"""`/invoices`."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.payment_inputs import minor_units
from billing.models import Invoice
from billing.serializers.documents import INVOICE_COLUMNS, represent_invoices
from billing.services.envelopes import Envelope
from billing.services.invoices import create_invoice, delete_invoice, update_invoice
from billing.services.payments import record_payment
from billing.services.sending import send_invoice
from businesses.models import Business
from dialects.corebill import ids, mapping
from dialects.corebill.documents import DocumentView, changed_lines, new_lines
from dialects.corebill.inputs import INVOICE_STATUSES, InvoiceInput, Nothing, PaymentInput
from dialects.door import rows_in_order
from invoicing.lib.errors import Conflict, Invalid
from invoicing.lib.fields import read_body

# What a client may set; the others are the system's own to reach.
_SETTABLE = ("draft", "sent", "paid", "overdue", "cancelled")


def shown_invoices(business: Business, pks: list[int]) -> list[dict[str, Any]]:
    """Invoices of a company by primary key, in that order."""
    rows = rows_in_order(Invoice.objects.of(business), pks, (*INVOICE_COLUMNS, "customer_id", "extra"))
    return [
        mapping.invoice(native, row["pk"], row["customer_id"], row["extra"])
        for native, row in zip(represent_invoices(rows), rows, strict=True)
    ]


class InvoiceView(DocumentView):
    """Invoices of the company."""

    def create(self, request: Request) -> Response:
        """A new invoice, a draft unless `status` says otherwise."""
        body = read_body(InvoiceInput, request)
        invoice = create_invoice(
            self.business,
            customer=self.customer_of(body["customer_id"]),
            lines=new_lines(body),
            status=self._status(body) or Invoice.Status.DRAFT,
            details=self.new_fields(body),
            actor=self.actor,
        )
        return self.send(self._shown(invoice), 201)

    def list(self, request: Request) -> Response:
        """Newest first; `status` and `customer_id`."""
        rows = Invoice.objects.live()
        if status := self.parameters.get("status"):
            if status not in INVOICE_STATUSES:
                raise Invalid(f"status must be one of {', '.join(INVOICE_STATUSES)}")
            rows = rows.filter(_in_status(status))
        if customer := self.parameters.get("customer_id"):
            rows = rows.filter(customer_id=ids.read(ids.CUSTOMER, customer) or 0)
        return self.send_cursor(rows, ids.INVOICE, "invoices", lambda pks: shown_invoices(self.business, pks))

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One invoice."""
        return self.send(self._shown(self._find(id)))

    def update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change a draft in every field, an issued invoice in notes, payment_terms, due_date and status."""
        invoice = self._find(id)
        body = read_body(InvoiceInput, request, partial=True)
        changes, lines = self.changed_fields(invoice, body), changed_lines(invoice, body)
        update_invoice(invoice, changes=changes, lines=lines, status=self._status(body), actor=self.actor)
        return self.send(self._shown(invoice))

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Delete a draft; what is issued is cancelled instead, and what is paid is neither."""
        invoice = self._find(id)
        if invoice.status == Invoice.Status.PAID:
            raise Conflict("Cannot delete a paid invoice")
        delete_invoice(invoice, actor=self.actor)
        return self.deleted(ids.INVOICE, invoice.pk, "invoice")

    def send_mail(self, request: Request, id: str) -> Response:  # noqa: A002
        """Mail an invoice to its customer; a draft is issued first."""
        invoice = self._find(id)
        read_body(Nothing, request)
        send_invoice(invoice, Envelope(), actor=self.actor)
        return self.send(self._shown(invoice))

    def record_payment(self, request: Request, id: str) -> Response:  # noqa: A002
        """Record a payment of an invoice; the answer is the invoice."""
        invoice = self._find(id)
        body = read_body(PaymentInput, request)
        amount = minor_units(body.pop("amount"), invoice.currency)
        method = mapping.METHODS[body.pop("payment_method", None) or "other"]
        record_payment(invoice, amount_minor=amount, details={**body, "method": method}, actor=self.actor)
        return self.send(self._shown(invoice), 201)

    def _status(self, body: dict[str, Any]) -> str | None:
        status = body.get("status")
        if status is not None and status not in _SETTABLE:
            raise Invalid(f"An invoice becomes {status} by what happens to it; it cannot be set.")
        return status

    def _find(self, text: str) -> Invoice:
        rows = Invoice.objects.live().select_related("business", "customer")
        return self.find_spelt(rows, ids.INVOICE, text, "Invoice")

    def _shown(self, invoice: Invoice) -> dict[str, Any]:
        return shown_invoices(self.business, [invoice.pk])[0]


def _in_status(status: str) -> Q:
    if status == "partial":
        return Q(status="sent", paid_minor__gt=0)
    return Q(status="sent", paid_minor=0) if status == "sent" else Q(status=status)
