"""`/credit_balance_adjustments`: our adjustments, which give credit; credit is taken away where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api.payment_inputs import minor_or_all, minor_units
from billing.models import Adjustment
from billing.serializers.payments import ADJUSTMENT_COLUMNS, represent_adjustments
from billing.services.adjustments import create_adjustment, update_adjustment, void_adjustment
from businesses.models import Business
from customers.models import Customer
from dialects.door import Refusal, rows_in_order
from dialects.invoiced.customers import shown_customers
from dialects.invoiced.door import InvoicedView
from dialects.invoiced.lists import between, currency_is, expanded, filtered, numbered, order
from dialects.invoiced.mapping import day_of
from dialects.invoiced.payment_inputs import CreditInput
from dialects.invoiced.payment_mapping import respell, show_credit
from invoicing.lib.errors import Conflict, Detail, Invalid
from invoicing.lib.fields import read_body

Objects = list[dict[str, Any]]
_SORTS = {
    "id": "pk",
    "created_at": "pk",
    "updated_at": "updated_at",
    "date": "adjustment_date",
    "amount": "amount_minor",
}
_FILTERS = {"customer": numbered("customer_id"), "currency": currency_is}
_LIVE = Q(status=Adjustment.Status.RECORDED)
_TAKES = (
    "Must be more than 0: credit is taken away where it came from. Delete the credit balance adjustment or the payment, "
    "or refund it in the native API."
)


def shown_credits(business: Business, pks: Sequence[int]) -> Objects:
    """Credit balance adjustments of a business by primary key, in that order."""
    rows = rows_in_order(Adjustment.objects.of(business), pks, (*ADJUSTMENT_COLUMNS, "customer_id"))
    return [
        show_credit(native, pk=row["pk"], customer_pk=row["customer_id"], time_zone=business.time_zone)
        for native, row in zip(represent_adjustments(rows), rows, strict=True)
    ]


class CreditView(InvoicedView):
    """Credit balance adjustments of the business; voided ones are gone."""

    @staticmethod
    def refuse(refusal: Refusal) -> dict[str, str]:
        """Fields by Invoiced's names."""
        message, fields = respell(refusal.message, refusal.fields)
        return InvoicedView.refuse(Refusal(refusal.status, message, fields, refusal.code))

    def create(self, request: Request) -> Response:
        """Give a customer credit."""
        body = read_body(CreditInput, request)
        if body["amount"] <= 0:
            raise Invalid.field("amount", _TAKES)
        customer = Customer.objects.of(self.business).live().filter(pk=body["customer"]).first()
        if customer is None:
            raise Invalid.field("customer", "No such customer.")
        currency = body.get("currency") or customer.billing_currency
        made = create_adjustment(
            customer,
            currency=currency,
            amount_minor=minor_units(body["amount"], currency),
            day=day_of(body.get("date"), self.business.time_zone),
            reason=body.get("notes"),
            actor=self.actor,
        )
        return self.send(self._shown([made.pk])[0], 201)

    def list(self, request: Request) -> Response:
        """Newest first, or by `sort`; filter[customer], filter[currency], start_date, end_date, updated_after."""
        rows = filtered(Adjustment.objects.of(self.business).filter(_LIVE), self.asked, _FILTERS)
        rows = between(rows, self.asked, "adjustment_date", lambda moment: day_of(moment, self.business.time_zone))
        return self.send_page(rows, self._shown, *order(self.asked, _SORTS))

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One of them."""
        return self.send(self._shown([self._find(id).pk])[0])

    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change the notes; the rest is as it was posted."""
        row = self._find(id)
        body = read_body(CreditInput, request, partial=True)
        self._refuse_posted(row, body)
        changes = {"reason": body["notes"]} if "notes" in body else {}
        update_adjustment(row, changes=changes, actor=self.actor)
        return self.send(self._shown([row.pk])[0])

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Take it back; what it paid is owed again."""
        void_adjustment(self._find(id), actor=self.actor)
        return Response(status=204)

    def _find(self, text: str) -> Adjustment:
        rows = Adjustment.objects.filter(_LIVE).select_related("business", "customer")
        return self.find_numbered(rows, text, "Credit balance adjustment")

    def _shown(self, pks: Sequence[int]) -> Objects:
        loaders = {"customer": lambda found: shown_customers(self.business, found)}
        return expanded(shown_credits(self.business, pks), self.parameters.get("expand", ""), loaders)

    def _refuse_posted(self, row: Adjustment, body: dict[str, Any]) -> None:
        posted = {
            "customer": (body.get("customer"), row.customer_id),
            "currency": (body.get("currency"), row.currency),
            "amount": (minor_or_all(body.get("amount"), row.currency), row.amount_minor),
            "date": (day_of(body.get("date"), self.business.time_zone), row.adjustment_date),
        }
        for name, (given, was) in posted.items():
            if given is not None and given != was:
                message = f"{name}: What is posted does not change: delete it and make another."
                raise Conflict(message, code="state_does_not_allow", details=[Detail(name, message)])
