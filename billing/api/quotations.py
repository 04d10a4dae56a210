"""`/quotations`: create, list, read, change, delete, send, accept, reject, convert, print."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import re_path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.documents import EXAMPLE, SORTS, DocumentView
from billing.api.filters import QuotationFilter
from billing.api.inputs import QuotationChange, QuotationInput, SendInput, envelope, split_body
from billing.models import Quotation
from billing.serializers.documents import (
    QUOTATION_COLUMNS,
    InvoiceCreated,
    QuotationCreated,
    QuotationOutput,
    represent_invoice,
    represent_quotation,
    represent_quotations,
)
from billing.services.quotations import convert_quotation, create_quotation, delete_quotation, update_quotation
from billing.services.sending import send_quotation
from businesses.paging import Order
from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import read_body

_TAGS = ["Quotations"]


class QuotationView(DocumentView):
    """Quotations of the caller's business."""

    scopes = READ_WRITE
    filters = QuotationFilter
    sorts = {**SORTS, "valid_until": Order("valid_until", False, nullable=True)}

    def get_quotation(self, identifier: str) -> Quotation:
        """The caller's quotation; NotFound otherwise."""
        return self.find(Quotation.objects.live().select_related("business", "customer"), identifier, "Quotation")

    @extend_schema(request=QuotationInput, responses={201: QuotationCreated}, examples=[EXAMPLE], tags=_TAGS)
    def create(self, request: Request) -> Response:
        """A new quotation, with its lines under `items`."""
        body = read_body(QuotationInput, request)
        customer = self.customer_of(body)
        details, lines, number, status = split_body(self.business, body, "quotation_number", None)
        quotation = create_quotation(
            self.business,
            customer=customer,  # type: ignore[arg-type]
            lines=lines or [],
            number=number,
            status=status or Quotation.Status.DRAFT,
            details=details,
            actor=self.actor,
        )
        return self.send_new(represent_quotation(quotation.pk), quotation)

    @extend_schema(responses=paged(QuotationOutput), tags=_TAGS)
    def list(self, request: Request) -> Response:
        """Quotations, newest first."""
        return self.send_list(
            Quotation.objects.live(),
            self.filters,
            sorts=self.sorts,
            columns=QUOTATION_COLUMNS,
            represent=lambda rows: self.expanded(represent_quotations(rows)),
            also=("fields", "expand"),
        )

    @extend_schema(responses=QuotationOutput, tags=_TAGS)
    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One quotation."""
        row = self.find_shown(Quotation, QUOTATION_COLUMNS, id, "Quotation")
        return self.send_shown(represent_quotations([row])[0], self.get_quotation)

    @extend_schema(request=QuotationChange, responses=QuotationOutput, tags=_TAGS)
    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change a quotation; `items` replaces all lines."""
        quotation = self.get_quotation(id)
        body = read_body(QuotationChange, request, partial=True)
        if not body:
            raise Invalid("No valid fields to update.")
        if "quotation_number" in body and body["quotation_number"] != quotation.number:
            raise Invalid.field("quotation_number", "A number is given once, at creation.")
        before = represent_quotation(Quotation.objects.lock(quotation.pk).pk) if self.compares else None
        self.match(lambda: before or {})
        details, lines, _, status = split_body(self.business, body, "quotation_number", self.customer_of(body))
        update_quotation(quotation, changes=details, lines=lines, status=status, actor=self.actor)
        return self.send_changed(represent_quotation(quotation.pk), before, "quotation_items")

    @extend_schema(request=None, responses={204: None}, tags=_TAGS)
    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Delete a draft; its number stays in the list of numbers."""
        delete_quotation(self.get_quotation(id), actor=self.actor)
        return Response(status=204)

    @extend_schema(request=SendInput, responses={202: QuotationOutput}, tags=_TAGS)
    def send_mail(self, request: Request, id: str) -> Response:  # noqa: A002
        """Mail a quotation; a draft becomes sent first."""
        quotation = self.get_quotation(id)
        send_quotation(quotation, envelope(read_body(SendInput, request)), actor=self.actor)
        return self.send(represent_quotation(quotation.pk), 202)

    @extend_schema(request=None, responses=QuotationOutput, tags=_TAGS)
    def accept(self, request: Request, id: str) -> Response:  # noqa: A002
        """The customer says yes."""
        return self._move(id, Quotation.Status.ACCEPTED)

    @extend_schema(request=None, responses=QuotationOutput, tags=_TAGS)
    def reject(self, request: Request, id: str) -> Response:  # noqa: A002
        """The customer says no."""
        return self._move(id, Quotation.Status.REJECTED)

    def _move(self, identifier: str, status: str) -> Response:
        quotation = self.get_quotation(identifier)
        update_quotation(quotation, changes={}, status=status, actor=self.actor)
        return self.send(represent_quotation(quotation.pk))

    @extend_schema(request=None, responses={201: InvoiceCreated}, tags=_TAGS)
    def convert(self, request: Request, id: str) -> Response:  # noqa: A002
        """One draft invoice with the quotation's lines, exactly once."""
        invoice = convert_quotation(self.get_quotation(id), actor=self.actor)
        return self.send_new(represent_invoice(invoice.pk), invoice)

    @extend_schema(
        parameters=[OpenApiParameter("revision", int)],
        responses={(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY)},
        tags=_TAGS,
    )
    def pdf(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """The quotation as PDF: kept bytes once it is sent."""
        return self.send_pdf(self.get_quotation(id))


_ONE = r"^quotations/(?P<id>[^/]+)"
urlpatterns = [
    re_path(r"^quotations/?$", QuotationView.as_view({"get": "list", "post": "create"}), name="quotations"),
    re_path(
        rf"{_ONE}/?$",
        QuotationView.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="quotation",
    ),
    *(
        re_path(rf"{_ONE}/{path}/?$", QuotationView.as_view({verb: action}), name=f"quotation-{path}")
        for path, verb, action in (
            ("send", "post", "send_mail"),
            ("accept", "post", "accept"),
            ("reject", "post", "reject"),
            ("convert", "post", "convert"),
            ("pdf", "get", "pdf"),
        )
    ),
]
