"""`/payments`: record, list, read, change, void, refund, apply, print, mail."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import re_path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.files import pdf_answer
from billing.api.filters import PaymentFilter
from billing.api.inputs import SendInput, envelope
from billing.api.payment_inputs import (
    AccountPaymentInput,
    AllocationsInput,
    PaymentChange,
    RefundInput,
    VoidInput,
    minor_or_all,
    shares_of,
)
from billing.api.sources import SORTS, SourceView
from billing.documents import keep_receipt
from billing.models import Payment
from billing.serializers.payments import PAYMENT_COLUMNS, PaymentOutput, represent_payment, represent_payments
from billing.services.allocations import change_allocations
from billing.services.payments import record_account_payment, update_payment, void_payment
from billing.services.refunds import refund
from billing.services.sending import send_receipt
from businesses.paging import Order
from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from customers.models import Customer
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import read_body

_TAGS = ["Payments"]
_EXAMPLE = OpenApiExample(
    "One transfer for two invoices",
    value={
        "customer_id": "550e8400-e29b-41d4-a716-446655440000",
        "amount": 1500,
        "method": "bank_transfer",
        "reference": "2026-04-07/118",
        "allocations": [
            {"invoice_id": "0199b2f0-0000-7000-8000-000000000001", "amount": 1000},
            {"invoice_id": "0199b2f0-0000-7000-8000-000000000002"},
        ],
    },
    request_only=True,
)


class PaymentView(SourceView):
    """Payments of the caller's business."""

    scopes = READ_WRITE
    filters = PaymentFilter
    sorts = {**SORTS, "payment_date": Order("payment_date", False)}

    def get_payment(self, identifier: str) -> Payment:
        """The caller's payment; NotFound otherwise."""
        return self.find(Payment.objects.with_customer(), identifier, "Payment")

    @extend_schema(request=AccountPaymentInput, responses={201: PaymentOutput}, examples=[_EXAMPLE], tags=_TAGS)
    def create(self, request: Request) -> Response:
        """Record a payment of a customer; what it is not applied to invoices is the customer's credit."""
        body = read_body(AccountPaymentInput, request)
        customer, currency, amount = self.account(body)
        items = body.pop("allocations", None)
        payment = record_account_payment(
            customer,
            currency=currency,
            amount_minor=amount,
            shares=None if items is None else shares_of(self.business, items, currency),
            details=body,
            actor=self.actor,
        )
        return self.send_created(represent_payment(payment.pk), number="payment_number")

    @extend_schema(responses=paged(PaymentOutput), tags=_TAGS)
    def list(self, request: Request) -> Response:
        """Payments, newest first."""
        return self.send_list(
            Payment.objects.all(),
            self.filters,
            sorts=self.sorts,
            columns=PAYMENT_COLUMNS,
            represent=lambda rows: self.expanded(represent_payments(rows)),
            also=("fields", "expand"),
        )

    @extend_schema(responses=PaymentOutput, tags=_TAGS)
    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One payment."""
        row = self.find_shown(Payment, PAYMENT_COLUMNS, id, "Payment")
        return self.send_source(represent_payments([row])[0])

    @extend_schema(request=PaymentChange, responses=PaymentOutput, tags=_TAGS)
    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change reference, notes or metadata; a receipt stays as it was."""
        payment = self.get_payment(id)
        body = read_body(PaymentChange, request, partial=True)
        if not body:
            raise Invalid("No valid fields to update.")
        Customer.objects.lock(payment.customer_id)
        self.match(lambda: represent_payment(payment.pk))
        update_payment(payment, changes=body, actor=self.actor)
        return self.send_one(represent_payment(payment.pk))

    @extend_schema(request=VoidInput, responses=PaymentOutput, tags=_TAGS)
    def void(self, request: Request, id: str) -> Response:  # noqa: A002
        """Take a payment back as if it had not been made; what it paid is owed again."""
        payment = self.get_payment(id)
        void_payment(payment, reason=read_body(VoidInput, request).get("reason") or "", actor=self.actor)
        return self.send_one(represent_payment(payment.pk))

    @extend_schema(request=RefundInput, responses=PaymentOutput, tags=_TAGS)
    def refund(self, request: Request, id: str) -> Response:  # noqa: A002
        """Give money back: first what is not applied, then what is, which is owed again."""
        payment = self.get_payment(id)
        body = read_body(RefundInput, request)
        amount = minor_or_all(body.pop("amount", None), payment.currency)
        refund(payment, amount_minor=amount, details=body, actor=self.actor)
        return self.send_refunded(represent_payment(payment.pk))

    @extend_schema(request=AllocationsInput, responses=PaymentOutput, tags=_TAGS)
    def allocations(self, request: Request, id: str) -> Response:  # noqa: A002
        """Apply a payment to exactly these invoices; what it was applied to otherwise is owed again."""
        payment = self.get_payment(id)
        items = read_body(AllocationsInput, request)["allocations"]
        change_allocations(payment, shares_of(self.business, items, payment.currency), actor=self.actor)
        return self.send_one(represent_payment(payment.pk))

    @extend_schema(responses={(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY)}, tags=_TAGS)
    def pdf(self, request: Request, id: str) -> HttpResponse:  # noqa: A002
        """The receipt as PDF: always the same bytes."""
        payment = self.get_payment(id)
        content = bytes(keep_receipt(payment).content)
        return pdf_answer(content, payment.number, self.request.headers.get("If-None-Match", ""))

    @extend_schema(request=SendInput, responses={202: PaymentOutput}, tags=_TAGS)
    def send_mail(self, request: Request, id: str) -> Response:  # noqa: A002
        """Mail the receipt."""
        payment = self.get_payment(id)
        send_receipt(payment, envelope(read_body(SendInput, request)), actor=self.actor)
        return self.send(represent_payment(payment.pk), 202)


_ONE = r"^payments/(?P<id>[^/]+)"
urlpatterns = [
    re_path(r"^payments/?$", PaymentView.as_view({"get": "list", "post": "create"}), name="payments"),
    re_path(rf"{_ONE}/?$", PaymentView.as_view({"get": "retrieve", "patch": "partial_update"}), name="payment"),
    re_path(rf"{_ONE}/void/?$", PaymentView.as_view({"post": "void"}), name="payment-void"),
    re_path(rf"{_ONE}/refund/?$", PaymentView.as_view({"post": "refund"}), name="payment-refund"),
    re_path(rf"{_ONE}/allocations/?$", PaymentView.as_view({"post": "allocations"}), name="payment-allocations"),
    re_path(rf"{_ONE}/pdf/?$", PaymentView.as_view({"get": "pdf"}), name="payment-pdf"),
    re_path(rf"{_ONE}/send/?$", PaymentView.as_view({"post": "send_mail"}), name="payment-send"),
]
