"""What the views of payments and adjustments share."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.response import Response

from billing.api.documents import DocumentView
from billing.api.payment_inputs import minor_units
from businesses.paging import Order
from customers.models import Customer

SORTS = {
    "created_at": Order("pk", False),
    "updated_at": Order("updated_at", False),
    "number": Order("number", False),
    "amount": Order("amount_minor", False),
}


class SourceView(DocumentView):
    """Parsing and answering that payments and adjustments have in common."""

    query: ClassVar = {"retrieve": frozenset({"fields", "expand"})}

    def account(self, body: dict[str, Any]) -> tuple[Customer, str, int]:
        """The customer, currency and amount (in minor units) that a body names, taken out of it."""
        customer = self.customer_of(body)
        if customer is None:  # not of these bodies, which require it
            raise AssertionError("customer_id")
        del body["customer_id"]
        currency = body.pop("currency", None) or customer.currency or self.business.currency
        return customer, currency, minor_units(body.pop("amount"), currency)

    def send_source(self, shown: dict[str, Any]) -> Response:
        """A single one with its ETag; expanded it has none, for it then shows more than its own row."""
        if "expand" in self.parameters:
            return self.send(self.trim(self.expanded([shown]))[0])
        return self.send_one(shown)

    def send_refunded(self, shown: dict[str, Any]) -> Response:
        """What was refunded, with its ETag; in a dry run the refund that it would get has no id."""
        if self.dry_run:
            *others, last = shown["refunds"]
            shown = {**shown, "refunds": [*others, {**last, "id": None}]}
        return self.send_one(shown)
