"""`/credit-notes`: create, list, read, change, delete, send, refund, apply, print."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import re_path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
)
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.credit_note_inputs import (
    AccountCreditChange,
    AccountCreditInput,
    InvoiceCreditChange,
    InvoiceCreditInput,
    credits_invoice,
    take_credit,
)
from billing.api.documents import SORTS, DocumentView
from billing.api.filters import CreditNoteFilter
from billing.api.inputs import SendInput, envelope, split_body
from billing.api.payment_inputs import AllocationsInput, RefundInput, minor_or_all, shares_of
from billing.api.sources import SourceView
from billing.models import CreditNote, Invoice
from billing.serializers.documents import (
    CREDIT_NOTE_COLUMNS,
    CreditNoteCreated,
    CreditNoteOutput,
    represent_credit_note,
    represent_credit_notes,
)
from billing.services.allocations import change_allocations
from billing.services.credit_notes import (
    Credit,
    create_credit_note,
    credit_invoice,
    delete_credit_note,
    update_credit_note,
)
from billing.services.refunds import refund
from billing.services.sending import send_credit_note
from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from businesses.views import find_reference
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import read_body

_TAGS = ["Credit notes"]
_INVOICE = "550e8400-e29b-41d4-a716-446655440000"
_LINE = "0199b2f0-0000-7000-8000-000000000001"
_EXAMPLES = [
    OpenApiExample("All that is left of an invoice", value={"invoice_id": _INVOICE}, request_only=True),
    OpenApiExample("An amount, with tax", value={"invoice_id": _INVOICE, "amount": 100, "status": "sent"},
                   request_only=True),
    OpenApiExample("Two units of a line", request_only=True,
                   value={"invoice_id": _INVOICE, "items": [{"invoice_item_id": _LINE, "quantity": 2}]}),
    OpenApiExample("Of the account", request_only=True,
                   value={"customer_id": _INVOICE, "currency": "USD",
                          "items": [{"description": "Goodwill", "quantity": 1, "unit_price": 25, "tax_rate": 10}]}),
]  # fmt: skip
_NEW = PolymorphicProxySerializer(
    component_name="CreditNoteInput",
    serializers=[InvoiceCreditInput, AccountCreditInput],
    resource_type_field_name=None,
)
_CHANGE = PolymorphicProxySerializer(
    component_name="CreditNoteChange",
    serializers=[InvoiceCreditChange, AccountCreditChange],
    resource_type_field_name=None,
)


class CreditNoteView(SourceView):
    """Credit notes of the caller's business."""

    scopes = READ_WRITE
    query = DocumentView.query
    has_metadata = True
    filters = CreditNoteFilter
    sorts = SORTS

    def get_credit_note(self, identifier: str) -> CreditNote:
        """The caller's credit note; NotFound otherwise."""
        rows = CreditNote.objects.live().select_related("business", "customer", "invoice")
        return self.find(rows, identifier, "Credit note")

    @extend_schema(request=_NEW, responses={201: CreditNoteCreated}, examples=_EXAMPLES, tags=_TAGS)
    def create(self, request: Request) -> Response:
        """A new credit note, with its lines under `items`: of an invoice (`invoice_id`) or of the account (`customer_id`).

        More than is left of the invoice or a line is 400; 409 `exceeds_creditable` where nothing is left, or where a draft is
        issued after others took what it credits.
        """
        note = self._of_invoice(request) if credits_invoice(request.data) else self._of_account(request)
        return self.send_new(represent_credit_note(note.pk), note)

    def _of_invoice(self, request: Request) -> CreditNote:
        body = read_body(InvoiceCreditInput, request)
        invoice = find_reference(Invoice, self.business, body.pop("invoice_id"), "invoice_id")
        if invoice is None:  # not of this body, which requires it
            raise AssertionError("invoice_id")
        credit = take_credit(body, invoice.currency) or Credit()
        number, status = body.pop("credit_note_number", None), body.pop("status")
        return credit_invoice(invoice, credit, number=number, status=status, details=body, actor=self.actor)

    def _of_account(self, request: Request) -> CreditNote:
        body = read_body(AccountCreditInput, request)
        customer = self.customer_of(body)
        details, lines, number, status = split_body(self.business, body, "credit_note_number", None)
        return create_credit_note(
            self.business,
            customer=customer,  # type: ignore[arg-type]
            lines=lines or [],
            number=number,
            status=status or CreditNote.Status.DRAFT,
            details=details,
            actor=self.actor,
        )

    @extend_schema(responses=paged(CreditNoteOutput), tags=_TAGS)
    def list(self, request: Request) -> Response:
        """Credit notes, newest first."""
        return self.send_list(
            CreditNote.objects.live(),
            self.filters,
            sorts=self.sorts,
            columns=CREDIT_NOTE_COLUMNS,
            represent=lambda rows: self.expanded(represent_credit_notes(rows)),
            also=("fields", "expand"),
        )

    @extend_schema(responses=CreditNoteOutput, tags=_TAGS)
    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One credit note."""
        row = self.find_shown(CreditNote, CREDIT_NOTE_COLUMNS, id, "Credit note")
        return self.send_shown(represent_credit_notes([row])[0], self.get_credit_note)

    @extend_schema(request=_CHANGE, responses=CreditNoteOutput, tags=_TAGS)
    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change a credit note; `items` replaces all lines."""
        note = self.get_credit_note(id)
        kind = AccountCreditChange if note.invoice_id is None else InvoiceCreditChange
        body = read_body(kind, request, partial=True)
        if not body:
            raise Invalid("No valid fields to update.")
        if "credit_note_number" in body and body["credit_note_number"] != note.number:
            raise Invalid.field("credit_note_number", "A number is given once, at creation.")
        before = represent_credit_note(CreditNote.objects.lock(note.pk).pk) if self.compares else None
        self.match(lambda: before or {})
        self._update(note, body)
        return self.send_changed(represent_credit_note(note.pk), before, "credit_note_items")

    def _update(self, note: CreditNote, body: dict[str, Any]) -> None:
        credit = None if note.invoice_id is None else take_credit(body, note.currency)
        details, lines, _, status = split_body(self.business, body, "credit_note_number", self.customer_of(body))
        update_credit_note(note, changes=details, lines=lines, credit=credit, status=status, actor=self.actor)

    @extend_schema(request=None, responses={204: None}, tags=_TAGS)
    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Delete a draft; its number stays in the list of numbers."""
        delete_credit_note(self.get_credit_note(id), actor=self.actor)
        return Response(status=204)

    @extend_schema(request=SendInput, responses={202: CreditNoteOutput}, tags=_TAGS)
    def send_mail(self, request: Request, id: str) -> Response:  # noqa: A002
        """Mail a credit note; a draft is issued first."""
        note = self.get_credit_note(id)
        send_credit_note(note, envelope(read_body(SendInput, request)), actor=self.actor)
        return self.send(represent_credit_note(note.pk), 202)

    @extend_schema(request=RefundInput, responses=CreditNoteOutput, tags=_TAGS)
    def refund(self, request: Request, id: str) -> Response:  # noqa: A002
        """Pay out what is applied to no invoice; more is 409 `exceeds_refundable`."""
        note = self.get_credit_note(id)
        body = read_body(RefundInput, request)
        amount = minor_or_all(body.pop("amount", None), note.currency)
        refund(note, amount_minor=amount, details=body, actor=self.actor)
        return self.send_refunded(represent_credit_note(note.pk))

    @extend_schema(request=AllocationsInput, responses=CreditNoteOutput, tags=_TAGS)
    def allocations(self, request: Request, id: str) -> Response:  # noqa: A002
        """Apply a credit note to exactly these invoices; what it was applied to otherwise is owed again."""
        note = self.get_credit_note(id)
        items = read_body(AllocationsInput, request)["allocations"]
        change_allocations(note, shares_of(self.business, items, note.currency), actor=self.actor)
        return self.send_one(represent_credit_note(note.pk))

    @extend_schema(
        parameters=[OpenApiParameter("revision", int)],
        responses={(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=_TAGS,
    )
    def pdf(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """The credit note as PDF: kept bytes once it is issued."""
        return self.send_pdf(self.get_credit_note(id))


_ONE = r"^credit-notes/(?P<id>[^/]+)"
urlpatterns = [
    re_path(r"^credit-notes/?$", CreditNoteView.as_view({"get": "list", "post": "create"}), name="credit-notes"),
    re_path(
        rf"{_ONE}/?$",
        CreditNoteView.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="credit-note",
    ),
    *(
        re_path(rf"{_ONE}/{path}/?$", CreditNoteView.as_view({verb: action}), name=f"credit-note-{path}")
        for path, verb, action in (
            ("send", "post", "send_mail"),
            ("refund", "post", "refund"),
            ("allocations", "post", "allocations"),
            ("pdf", "get", "pdf"),
        )
    ),
]
