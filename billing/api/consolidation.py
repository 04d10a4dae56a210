"""`/customers/{id}/invoices/consolidate`: one invoice in the place of several."""

from __future__ import annotations

from django.urls import re_path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.documents import DocumentView
from billing.api.pending_lines import find_customer
from billing.serializers.documents import InvoiceCreated, represent_invoice
from billing.services.consolidation import consolidate_invoices
from businesses.permissions import READ_WRITE
from invoicing.lib.fields import CurrencyCode, Day, Strict, read_body

_EXAMPLE = OpenApiExample("What was issued in March and before", value={"until": "2026-03-31"}, request_only=True)


class ConsolidateInput(Strict):
    """Which open invoices."""

    currency = CurrencyCode(help_text="Default: the customer's, else the business's.")
    until = Day(required=False, allow_null=True, help_text="The last issue date; today by default, and at the latest.")


class ConsolidationView(DocumentView):
    """The open invoices of one customer."""

    scopes = READ_WRITE

    @extend_schema(request=ConsolidateInput, responses={201: InvoiceCreated}, examples=[_EXAMPLE], tags=["Invoices"])
    def create(self, request: Request, customer_id: str) -> Response:
        """Cancel the open invoices of which nothing is paid, given up or credited, and issue one with all their lines."""
        customer = find_customer(self, customer_id)
        invoice = consolidate_invoices(customer, **read_body(ConsolidateInput, request), actor=self.actor)
        return self.send_new(represent_invoice(invoice.pk), invoice)


urlpatterns = [
    re_path(
        r"^customers/(?P<customer_id>[^/]+)/invoices/consolidate/?$",
        ConsolidationView.as_view({"post": "create"}),
        name="consolidate-invoices",
    ),
]
