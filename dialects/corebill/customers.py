"""`/customers`."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from businesses.models import Business
from customers.models import Customer
from customers.serializers import CUSTOMER_COLUMNS, represent_customers
from customers.services import create_customer, delete_customer, update_customer
from dialects.corebill import ids, mapping
from dialects.corebill.door import CoreBillView
from dialects.corebill.inputs import CustomerInput
from dialects.door import rows_in_order
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import read_body


def shown_customers(business: Business, pks: list[int]) -> list[dict[str, Any]]:
    """Customers of a company by primary key, in that order."""
    rows = rows_in_order(Customer.objects.of(business), pks, (*CUSTOMER_COLUMNS, "slug"))
    return [
        mapping.customer(native, row["pk"], row["slug"], business.currency)
        for native, row in zip(represent_customers(rows), rows, strict=True)
    ]


class CustomerView(CoreBillView):
    """Customers of the company."""

    def create(self, request: Request) -> Response:
        """A new customer; its slug is made of its name."""
        body = read_body(CustomerInput, request)
        customer = create_customer(self.business, actor=self.actor, **mapping.customer_columns(body))
        return self.send(self._shown(customer), 201)

    def list(self, request: Request) -> Response:
        """Newest first; `status=active` or `inactive`."""
        rows = Customer.objects.live()
        if status := self.parameters.get("status"):
            if status not in Customer.Status.values:
                raise Invalid("status must be active or inactive")
            rows = rows.filter(status=status)
        return self.send_cursor(rows, ids.CUSTOMER, "customers", lambda pks: shown_customers(self.business, pks))

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One customer."""
        return self.send(self._shown(self._find(id)))

    def update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change the fields that are given."""
        customer = self._find(id)
        changes = mapping.customer_columns(read_body(CustomerInput, request, partial=True))
        return self.send(self._shown(update_customer(customer, changes=changes, actor=self.actor)))

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Take it off lists and new documents."""
        customer = delete_customer(self._find(id), actor=self.actor)
        return self.deleted(ids.CUSTOMER, customer.pk, "customer")

    def _find(self, text: str) -> Customer:
        return self.find_spelt(Customer.objects.live(), ids.CUSTOMER, text, "Customer")

    def _shown(self, customer: Customer) -> dict[str, Any]:
        return shown_customers(self.business, [customer.pk])[0]
