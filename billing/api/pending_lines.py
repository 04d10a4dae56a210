"""`/customers/{id}/pending-items`: the lines that wait for a customer's next invoice, and that invoice."""

from __future__ import annotations

from typing import Any

from django.urls import re_path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.documents import DocumentView
from billing.api.inputs import InvoiceInput, LineInput
from billing.models import Invoice, PendingLine, Product
from billing.serializers.documents import InvoiceCreated, represent_invoice
from billing.serializers.pending_lines import (
    PENDING_LINE_COLUMNS,
    PendingLineOutput,
    represent_pending_line,
    represent_pending_lines,
)
from billing.services.lines import LineDraft
from billing.services.pending_lines import (
    create_pending_line,
    delete_pending_line,
    invoice_pending_lines,
    update_pending_line,
)
from businesses.filters import ListFilter
from businesses.paging import Order
from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from businesses.views import BusinessView, find_reference
from customers.models import Customer
from invoicing.lib.fields import CurrencyCode, Metadata, read_body

_TAGS = ["Pending items"]
_EXAMPLE = OpenApiExample(
    "An hour of support", value={"description": "Support", "quantity": 1, "unit_price": 120}, request_only=True
)


class PendingLineInput(LineInput):
    """A line that waits. What is not given comes from the product, as it is now."""

    id = None  # type: ignore[assignment]
    currency = CurrencyCode(help_text="Default: the customer's, else the business's.")
    metadata = Metadata()


class PendingInvoiceInput(InvoiceInput):
    """The invoice of what waits in its currency: everything but customer and lines."""

    customer_id = None  # type: ignore[assignment]
    items = None  # type: ignore[assignment]


class PendingLineView(BusinessView):
    """Lines that wait at one customer."""

    scopes = READ_WRITE
    filters = ListFilter
    sorts = {"created_at": Order("pk", False), "updated_at": Order("updated_at", False)}
    has_metadata = True

    @extend_schema(request=PendingLineInput, responses={201: PendingLineOutput}, examples=[_EXAMPLE], tags=_TAGS)
    def create(self, request: Request, customer_id: str) -> Response:
        """Put a line on the pile for the customer's next invoice."""
        customer = find_customer(self, customer_id)
        body = self.fields(request)
        columns = {name: body.pop(name) for name in ("currency", "metadata") if name in body}
        line = create_pending_line(customer, LineDraft(**body), actor=self.actor, **columns)
        return self.send_created(represent_pending_line(line))

    @extend_schema(responses=paged(PendingLineOutput), tags=_TAGS)
    def list(self, request: Request, customer_id: str) -> Response:
        """What waits, newest first."""
        return self.send_list(
            PendingLine.objects.filter(customer=find_customer(self, customer_id)),
            self.filters,
            sorts=self.sorts,
            columns=PENDING_LINE_COLUMNS,
            represent=represent_pending_lines,
        )

    @extend_schema(responses=PendingLineOutput, tags=_TAGS)
    def retrieve(self, request: Request, customer_id: str, item_id: str) -> Response:
        """One line that waits."""
        return self.send_one(represent_pending_line(self.line(customer_id, item_id)))

    @extend_schema(request=PendingLineInput, responses=PendingLineOutput, tags=_TAGS)
    def partial_update(self, request: Request, customer_id: str, item_id: str) -> Response:
        """Change the fields that are given; another product brings its own description, price, rate and unit."""
        line = self.line(customer_id, item_id, lock=True)
        self.match(lambda: represent_pending_line(line))
        line = update_pending_line(line, changes=self.fields(request, partial=True), actor=self.actor)
        return self.send_one(represent_pending_line(line))

    @extend_schema(request=None, responses={204: None}, tags=_TAGS)
    def destroy(self, request: Request, customer_id: str, item_id: str) -> Response:
        """Remove a line that waits, for good."""
        delete_pending_line(self.line(customer_id, item_id), actor=self.actor)
        return self.send(b"", 204)

    def line(self, customer_id: str, item_id: str, *, lock: bool = False) -> PendingLine:
        """The line in the path; `lock` locks its customer, as every write to such a line does."""
        rows = PendingLine.objects.filter(customer=find_customer(self, customer_id, lock=lock))
        return self.find(rows.select_related("business", "customer", "product"), item_id, "Pending item")

    def fields(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """The body, its product looked up."""
        body = read_body(PendingLineInput, request, partial=partial)
        if "product_id" in body:
            found = find_reference(Product, self.business, body.pop("product_id"), "product_id")
            body["product"] = found
        return body


class PendingInvoiceView(DocumentView):
    """The invoice of what waits."""

    scopes = READ_WRITE

    @extend_schema(request=PendingInvoiceInput, responses={201: InvoiceCreated}, tags=_TAGS)
    def create(self, request: Request, customer_id: str) -> Response:
        """One invoice of all lines that wait in its currency, the oldest first; a draft where no status is given."""
        customer = find_customer(self, customer_id)
        body = read_body(PendingInvoiceInput, request)
        number, status = body.pop("invoice_number", None), body.pop("status", None) or Invoice.Status.DRAFT
        invoice = invoice_pending_lines(customer, details=body, number=number, status=status, actor=self.actor)
        return self.send_new(represent_invoice(invoice.pk), invoice)


def find_customer(view: BusinessView, customer_id: str, *, lock: bool = False) -> Customer:
    """The customer in the path, locked where it is about to be compared and changed; NotFound otherwise."""
    rows = Customer.objects.live().select_related("business")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    return view.find(rows, customer_id, "Customer")


_MANY = r"^customers/(?P<customer_id>[^/]+)/pending-items"
urlpatterns = [
    re_path(rf"{_MANY}/?$", PendingLineView.as_view({"get": "list", "post": "create"}), name="pending-items"),
    re_path(rf"{_MANY}/invoice/?$", PendingInvoiceView.as_view({"post": "create"}), name="pending-items-invoice"),
    re_path(
        rf"{_MANY}/(?P<item_id>[^/]+)/?$",
        PendingLineView.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="pending-item",
    ),
]
