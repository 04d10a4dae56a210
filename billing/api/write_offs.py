"""`/invoices/{id}/write-off` and `/write-offs`: give up what will not be paid."""

from __future__ import annotations

from django.urls import re_path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.payment_inputs import SmallWriteOffInput, WriteOffInput, minor_or_all, minor_units
from billing.models import Invoice
from billing.serializers.documents import InvoiceOutput, represent_invoice
from billing.serializers.write_offs import WriteOffsOutput, represent_write_offs
from billing.services.write_offs import SmallBalances, reverse_write_off, small_balances, write_off, write_off_small
from businesses.permissions import READ_WRITE
from businesses.views import BusinessView, find_reference
from customers.models import Customer
from invoicing.lib.fields import read_body

_TAGS = ["Invoices"]


class WriteOffView(BusinessView):
    """The write-off of one invoice."""

    scopes = READ_WRITE

    def get_invoice(self, identifier: str) -> Invoice:
        """The caller's invoice; NotFound otherwise."""
        return self.find(Invoice.objects.live(), identifier, "Invoice")

    @extend_schema(request=WriteOffInput, responses=InvoiceOutput, tags=_TAGS)
    def create(self, request: Request, id: str) -> Response:  # noqa: A002
        """Give up what is due of an invoice, or a part of it."""
        invoice = self.get_invoice(id)
        body = read_body(WriteOffInput, request)
        write_off(
            invoice,
            amount_minor=minor_or_all(body.get("amount"), invoice.currency),
            day=body.get("date"),
            reason=body.get("reason") or "",
            actor=self.actor,
        )
        return self.send_one(represent_invoice(invoice.pk))

    @extend_schema(request=None, responses=InvoiceOutput, tags=_TAGS)
    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Take all write-offs of an invoice back: it is owed again."""
        invoice = reverse_write_off(self.get_invoice(id), actor=self.actor)
        return self.send_one(represent_invoice(invoice.pk))


class SmallWriteOffView(BusinessView):
    """The write-off of small balances."""

    scopes = READ_WRITE

    @extend_schema(request=SmallWriteOffInput, responses=WriteOffsOutput, tags=_TAGS)
    def create(self, request: Request) -> Response:
        """Give up every open invoice of which at most `maximum` is due, 1,000 of them in one call: the oldest first."""
        body = read_body(SmallWriteOffInput, request)
        currency = body.get("currency") or self.business.currency
        maximum = minor_units(body["maximum"], currency, "maximum")
        customer = find_reference(Customer, self.business, body.get("customer_id"), "customer_id")
        small = SmallBalances(currency=currency, maximum_minor=maximum, customer=customer)
        if self.dry_run:  # lists them: a thousand write-offs would only be made to be rolled back
            found = [(row, row.due_minor) for row in small_balances(self.business, small)]
        else:
            found = write_off_small(self.business, small, reason=body.get("reason") or "", actor=self.actor)
        return self.send(represent_write_offs(found, currency))


urlpatterns = [
    re_path(
        r"^invoices/(?P<id>[^/]+)/write-off/?$",
        WriteOffView.as_view({"post": "create", "delete": "destroy"}),
        name="invoice-write-off",
    ),
    re_path(r"^write-offs/?$", SmallWriteOffView.as_view({"post": "create"}), name="write-offs"),
]
