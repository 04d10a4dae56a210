"""`/customers`: Earnipay's customers, whose names are unique in a business."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from businesses.filters import FoldedField
from businesses.paging import Order
from customers.models import Customer
from customers.serializers import CUSTOMER_COLUMNS, represent_customer, represent_customers
from customers.services import create_customer, delete_customer, update_customer
from dialects.earnipay import mapping
from dialects.earnipay.door import CHANGES, EarnipayView
from dialects.earnipay.inputs import CustomerInput
from dialects.earnipay.paging import CreatedFilter
from invoicing.lib.fields import read_body

SORTS = {
    "createdAt": Order("pk", False),
    "updatedAt": Order("updated_at", False),
    "name": Order("name_folded", False),
    "businessName": Order("legal_name", False, nullable=True),
}


class SearchFilter(filters.Filter):
    """Part of the name or the e-mail address, whatever the case."""

    field_class = FoldedField

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs.filter(Q(name_folded__contains=value) | Q(email_folded__contains=value)) if value else qs


class CustomerFilter(CreatedFilter):
    """Filters of customers."""

    search = SearchFilter(max_length=200)


class CustomerView(EarnipayView):
    """Customers of the business."""

    rows = Customer
    rights = {"list": "view", "retrieve": "view", **dict.fromkeys(CHANGES, "edit_customers")}

    def create(self, request: Request) -> Response:
        """A new customer; without a country it is in Nigeria."""
        columns = mapping.customer_columns(read_body(CustomerInput, request))
        columns["country"] = columns.get("country") or mapping.HOME
        customer = create_customer(self.business, unique_name=True, actor=self.actor, **columns)
        return self.say_created("Customer created successfully.", mapping.show_customer(represent_customer(customer)))

    def list(self, request: Request) -> Response:
        """Customers, newest first."""
        return self.say_page(
            "Customers retrieved successfully.",
            Customer.objects.live(),
            CustomerFilter,
            sorts=SORTS,
            columns=CUSTOMER_COLUMNS,
            represent=lambda rows: [mapping.show_customer(row) for row in represent_customers(rows)],
        )

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One customer."""
        shown = mapping.show_customer(represent_customer(self.customer(id)))
        return self.say("Customer retrieved successfully.", shown)

    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change the fields that are given."""
        customer = self.customer(id)
        changes = mapping.customer_columns(read_body(CustomerInput, request, partial=True))
        customer = update_customer(customer, changes=changes, unique_name=True, actor=self.actor)
        return self.say("Customer updated successfully.", mapping.show_customer(represent_customer(customer)))

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Delete a customer; its invoices keep it."""
        delete_customer(self.customer(id), actor=self.actor)
        return self.say("Customer deleted successfully.")

    def customer(self, identifier: str) -> Customer:
        """The caller's customer in the path."""
        rows = Customer.objects.live().select_related("business", "parent")
        return self.find_named(rows, identifier, "Customer")
