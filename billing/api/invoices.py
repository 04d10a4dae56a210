"""`/invoices`: create, list, read, change, delete, send, pay, print."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import re_path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.documents import EXAMPLE, SORTS, DocumentView
from billing.api.filters import InvoiceFilter
from billing.api.inputs import (
    InvoiceChange,
    InvoiceInput,
    PaymentInput,
    SendInput,
    TextInput,
    envelope,
    split_body,
    texting,
)
from billing.api.payment_inputs import minor_units
from billing.models import Invoice
from billing.serializers.documents import (
    INVOICE_COLUMNS,
    InvoiceCreated,
    InvoiceOutput,
    represent_invoice,
    represent_invoices,
    represent_new,
)
from billing.serializers.payments import PaymentOutput, represent_payment
from billing.services.invoices import create_invoice, delete_invoice, update_invoice
from billing.services.payments import record_payment
from billing.services.sending import post_document, send_invoice, text_document
from businesses.paging import Order
from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from invoicing.lib.errors import Detail, Invalid
from invoicing.lib.fields import Strict, read_body

_TAGS = ["Invoices"]
_PAYMENT = OpenApiExample("A transfer", value={"amount": 1000, "method": "bank_transfer"}, request_only=True)


class InvoiceView(DocumentView):
    """Invoices of the caller's business."""

    scopes = READ_WRITE
    filters = InvoiceFilter
    sorts = {**SORTS, "due_date": Order("due_date", False, nullable=True)}

    def get_invoice(self, identifier: str) -> Invoice:
        """The caller's invoice; NotFound otherwise."""
        return self.find(Invoice.objects.live().select_related("business", "customer"), identifier, "Invoice")

    @extend_schema(request=InvoiceInput, responses={201: InvoiceCreated}, examples=[EXAMPLE], tags=_TAGS)
    def create(self, request: Request) -> Response:
        """A new invoice, with its lines under `items`."""
        body = read_body(InvoiceInput, request)
        customer = self.customer_of(body)
        details, lines, number, status = split_body(self.business, body, "invoice_number", None)
        invoice = create_invoice(
            self.business,
            customer=customer,  # type: ignore[arg-type]
            lines=lines or [],
            number=number,
            status=status or Invoice.Status.DRAFT,
            details=details,
            actor=self.actor,
        )
        shown = represent_new(invoice) if invoice.is_draft else represent_invoice(invoice.pk)
        return self.send_new(shown, invoice)

    @extend_schema(responses=paged(InvoiceOutput), tags=_TAGS)
    def list(self, request: Request) -> Response:
        """Invoices, newest first."""
        return self.send_list(
            Invoice.objects.live(),
            self.filters,
            sorts=self.sorts,
            columns=INVOICE_COLUMNS,
            represent=lambda rows: self.expanded(represent_invoices(rows)),
            also=("fields", "expand"),
        )

    @extend_schema(responses=InvoiceOutput, tags=_TAGS)
    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One invoice."""
        row = self.find_shown(Invoice, INVOICE_COLUMNS, id, "Invoice")
        return self.send_shown(represent_invoices([row])[0], self.get_invoice)

    @extend_schema(request=InvoiceChange, responses=InvoiceOutput, tags=_TAGS)
    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change an invoice; `items` replaces all lines."""
        invoice = self.get_invoice(id)
        body = read_body(InvoiceChange, request, partial=True)
        if not body:
            raise Invalid("No valid fields to update.")
        if "invoice_number" in body and body["invoice_number"] != invoice.number:
            message = "A number is given once, at creation."
            raise Invalid(f"invoice_number: {message}", details=[Detail("invoice_number", message)])
        before = represent_invoice(Invoice.objects.lock(invoice.pk).pk) if self.compares else None
        self.match(lambda: before or {})
        details, lines, _, status = split_body(self.business, body, "invoice_number", self.customer_of(body))
        update_invoice(invoice, changes=details, lines=lines, status=status, actor=self.actor)
        return self.send_changed(represent_invoice(invoice.pk), before, "invoice_items")

    @extend_schema(request=None, responses={204: None}, tags=_TAGS)
    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Delete a draft; its number stays in the list of numbers."""
        delete_invoice(self.get_invoice(id), actor=self.actor)
        return Response(status=204)

    @extend_schema(request=SendInput, responses={202: InvoiceOutput}, tags=_TAGS)
    def send_mail(self, request: Request, id: str) -> Response:  # noqa: A002
        """Mail an invoice; a draft is issued first."""
        invoice = self.get_invoice(id)
        send_invoice(invoice, envelope(read_body(SendInput, request)), actor=self.actor)
        return self.send(represent_invoice(invoice.pk), 202)

    @extend_schema(request=TextInput, responses={202: InvoiceOutput}, tags=_TAGS)
    def send_text(self, request: Request, id: str) -> Response:  # noqa: A002
        """Text a link to an invoice's PDF through Twilio; a draft is issued first. 409 where Twilio is not connected."""
        invoice = self.get_invoice(id)
        text_document(invoice, texting(read_body(TextInput, request)), actor=self.actor)
        return self.send(represent_invoice(invoice.pk), 202)

    @extend_schema(request=None, responses={202: InvoiceOutput}, tags=_TAGS)
    def send_letter(self, request: Request, id: str) -> Response:  # noqa: A002
        """Post an invoice to its customer's address through Lob; a draft is issued first. 409 where Lob is not connected."""
        invoice = self.get_invoice(id)
        read_body(Strict, request)
        post_document(invoice, actor=self.actor)
        return self.send(represent_invoice(invoice.pk), 202)

    @extend_schema(request=PaymentInput, responses={201: PaymentOutput}, examples=[_PAYMENT], tags=_TAGS)
    def pay(self, request: Request, id: str) -> Response:  # noqa: A002
        """Record a payment of one invoice."""
        invoice = self.get_invoice(id)
        body = read_body(PaymentInput, request)
        amount = minor_units(body.pop("amount"), invoice.currency)
        payment = record_payment(invoice, amount_minor=amount, details=body, actor=self.actor)
        return self.send_created(represent_payment(payment.pk), number="payment_number")

    @extend_schema(
        parameters=[OpenApiParameter("revision", int)],
        responses={(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=_TAGS,
    )
    def pdf(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """The invoice as PDF: kept bytes once it is issued."""
        return self.send_pdf(self.get_invoice(id))


_ONE = r"^invoices/(?P<id>[^/]+)"
urlpatterns = [
    re_path(r"^invoices/?$", InvoiceView.as_view({"get": "list", "post": "create"}), name="invoices"),
    re_path(
        rf"{_ONE}/?$",
        InvoiceView.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="invoice",
    ),
    re_path(rf"{_ONE}/send/?$", InvoiceView.as_view({"post": "send_mail"}), name="invoice-send"),
    re_path(rf"{_ONE}/text/?$", InvoiceView.as_view({"post": "send_text"}), name="invoice-text"),
    re_path(rf"{_ONE}/letter/?$", InvoiceView.as_view({"post": "send_letter"}), name="invoice-letter"),
    re_path(rf"{_ONE}/pdf/?$", InvoiceView.as_view({"get": "pdf"}), name="invoice-pdf"),
    re_path(rf"{_ONE}/payments/?$", InvoiceView.as_view({"post": "pay"}), name="invoice-payments"),
]
