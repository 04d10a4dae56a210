"""`/invoices/{id}/request-approval`, `/approve` and `/reject`: what is said of a draft before it is issued."""

from __future__ import annotations

from django.urls import re_path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Invoice
from billing.serializers.documents import InvoiceOutput, represent_invoice
from billing.services.approval import MAX_COMMENT, approve_invoice, reject_invoice, request_approval
from businesses.permissions import READ_WRITE
from businesses.views import BusinessView
from invoicing.lib.fields import LongText, Strict, read_body

_TAGS = ["Invoices"]


class ApproveInput(Strict):
    """The approval of a draft."""

    comment = LongText(max_length=MAX_COMMENT)


class RejectInput(Strict):
    """Why a draft is not approved."""

    reason = LongText(required=True, max_length=MAX_COMMENT)


class ApprovalView(BusinessView):
    """What is said of a draft before it is issued."""

    scopes = READ_WRITE

    def get_invoice(self, identifier: str) -> Invoice:
        """The caller's invoice; NotFound otherwise."""
        return self.find(Invoice.objects.live(), identifier, "Invoice")

    @extend_schema(request=None, responses=InvoiceOutput, tags=_TAGS)
    def request_approval(self, request: Request, id: str) -> Response:  # noqa: A002
        """Ask for a draft to be approved."""
        invoice = request_approval(self.get_invoice(id), actor=self.actor)
        return self.send_one(represent_invoice(invoice.pk))

    @extend_schema(request=ApproveInput, responses=InvoiceOutput, tags=_TAGS)
    def approve(self, request: Request, id: str) -> Response:  # noqa: A002
        """Approve a draft that waits for it."""
        invoice = self.get_invoice(id)
        body = read_body(ApproveInput, request)
        approve_invoice(invoice, comment=body.get("comment"), actor=self.actor)
        return self.send_one(represent_invoice(invoice.pk))

    @extend_schema(request=RejectInput, responses=InvoiceOutput, tags=_TAGS)
    def reject(self, request: Request, id: str) -> Response:  # noqa: A002
        """Send a draft that waits for approval back."""
        invoice = self.get_invoice(id)
        body = read_body(RejectInput, request)
        reject_invoice(invoice, reason=body["reason"], actor=self.actor)
        return self.send_one(represent_invoice(invoice.pk))


_ONE = r"^invoices/(?P<id>[^/]+)"
urlpatterns = [
    re_path(
        rf"{_ONE}/request-approval/?$",
        ApprovalView.as_view({"post": "request_approval"}),
        name="invoice-request-approval",
    ),
    re_path(rf"{_ONE}/approve/?$", ApprovalView.as_view({"post": "approve"}), name="invoice-approve"),
    re_path(rf"{_ONE}/reject/?$", ApprovalView.as_view({"post": "reject"}), name="invoice-reject"),
]
