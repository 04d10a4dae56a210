"""`/adjustments`: give credit to an account, list, read, reword, void, refund, apply."""

from __future__ import annotations

from django.urls import re_path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.filters import AdjustmentFilter
from billing.api.payment_inputs import (
    AdjustmentChange,
    AdjustmentInput,
    AllocationsInput,
    RefundInput,
    VoidInput,
    minor_or_all,
    shares_of,
)
from billing.api.sources import SORTS, SourceView
from billing.models import Adjustment
from billing.serializers.payments import (
    ADJUSTMENT_COLUMNS,
    AdjustmentOutput,
    represent_adjustment,
    represent_adjustments,
)
from billing.services.adjustments import create_adjustment, update_adjustment, void_adjustment
from billing.services.allocations import change_allocations
from billing.services.refunds import refund
from businesses.paging import Order
from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from customers.models import Customer
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import read_body

_TAGS = ["Adjustments"]
_EXAMPLE = OpenApiExample(
    "Credit from the former system",
    value={
        "customer_id": "550e8400-e29b-41d4-a716-446655440000",
        "amount": 120,
        "adjustment_date": "2026-01-01",
        "reason": "Opening balance",
    },
    request_only=True,
)


class AdjustmentView(SourceView):
    """Adjustments of the caller's business."""

    scopes = READ_WRITE
    filters = AdjustmentFilter
    sorts = {**SORTS, "adjustment_date": Order("adjustment_date", False)}

    def get_adjustment(self, identifier: str) -> Adjustment:
        """The caller's adjustment; NotFound otherwise."""
        return self.find(Adjustment.objects.select_related("business", "customer"), identifier, "Adjustment")

    @extend_schema(request=AdjustmentInput, responses={201: AdjustmentOutput}, examples=[_EXAMPLE], tags=_TAGS)
    def create(self, request: Request) -> Response:
        """Give a customer credit without a document; what it owed before is an invoice with `opening_balance`."""
        body = read_body(AdjustmentInput, request)
        customer, currency, amount = self.account(body)
        made = create_adjustment(
            customer,
            currency=currency,
            amount_minor=amount,
            day=body.get("adjustment_date"),
            reason=body.get("reason"),
            metadata=body.get("metadata"),
            actor=self.actor,
        )
        return self.send_created(represent_adjustment(made.pk), number="adjustment_number")

    @extend_schema(responses=paged(AdjustmentOutput), tags=_TAGS)
    def list(self, request: Request) -> Response:
        """Adjustments, newest first."""
        return self.send_list(
            Adjustment.objects.all(),
            self.filters,
            sorts=self.sorts,
            columns=ADJUSTMENT_COLUMNS,
            represent=lambda rows: self.expanded(represent_adjustments(rows)),
            also=("fields", "expand"),
        )

    @extend_schema(responses=AdjustmentOutput, tags=_TAGS)
    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One adjustment."""
        return self.send_source(represent_adjustment(self.get_adjustment(id).pk))

    @extend_schema(request=AdjustmentChange, responses=AdjustmentOutput, tags=_TAGS)
    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change reason or metadata."""
        row = self.get_adjustment(id)
        body = read_body(AdjustmentChange, request, partial=True)
        if not body:
            raise Invalid("No valid fields to update.")
        Customer.objects.lock(row.customer_id)
        self.match(lambda: represent_adjustment(row.pk))
        update_adjustment(row, changes=body, actor=self.actor)
        return self.send_one(represent_adjustment(row.pk))

    @extend_schema(request=VoidInput, responses=AdjustmentOutput, tags=_TAGS)
    def void(self, request: Request, id: str) -> Response:  # noqa: A002
        """Take an adjustment back; what it paid is owed again."""
        row = self.get_adjustment(id)
        void_adjustment(row, reason=read_body(VoidInput, request).get("reason") or "", actor=self.actor)
        return self.send_one(represent_adjustment(row.pk))

    @extend_schema(request=RefundInput, responses=AdjustmentOutput, tags=_TAGS)
    def refund(self, request: Request, id: str) -> Response:  # noqa: A002
        """Pay out what is not applied."""
        row = self.get_adjustment(id)
        body = read_body(RefundInput, request)
        amount = minor_or_all(body.pop("amount", None), row.currency)
        refund(row, amount_minor=amount, details=body, actor=self.actor)
        return self.send_refunded(represent_adjustment(row.pk))

    @extend_schema(request=AllocationsInput, responses=AdjustmentOutput, tags=_TAGS)
    def allocations(self, request: Request, id: str) -> Response:  # noqa: A002
        """Apply an adjustment to exactly these invoices; what it was applied to otherwise is owed again."""
        row = self.get_adjustment(id)
        items = read_body(AllocationsInput, request)["allocations"]
        change_allocations(row, shares_of(self.business, items, row.currency), actor=self.actor)
        return self.send_one(represent_adjustment(row.pk))


_ONE = r"^adjustments/(?P<id>[^/]+)"
urlpatterns = [
    re_path(r"^adjustments/?$", AdjustmentView.as_view({"get": "list", "post": "create"}), name="adjustments"),
    re_path(rf"{_ONE}/?$", AdjustmentView.as_view({"get": "retrieve", "patch": "partial_update"}), name="adjustment"),
    re_path(rf"{_ONE}/void/?$", AdjustmentView.as_view({"post": "void"}), name="adjustment-void"),
    re_path(rf"{_ONE}/refund/?$", AdjustmentView.as_view({"post": "refund"}), name="adjustment-refund"),
    re_path(rf"{_ONE}/allocations/?$", AdjustmentView.as_view({"post": "allocations"}), name="adjustment-allocations"),
]
