"""`/customers`: parse, get, call the service, represent."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from businesses.views import BusinessView, find_reference
from customers import services
from customers.api.filters import CUSTOMER_SORTS, CustomerFilter
from customers.api.inputs import CustomerInput
from customers.models import Customer
from customers.serializers import CUSTOMER_COLUMNS, CustomerOutput, represent_customer, represent_customers
from invoicing.lib.fields import read_body

TAGS = ["Customers"]
EXAMPLE = OpenApiExample(
    "A company",
    value={"name": "Acme Corp", "email": "billing@acme.com", "city": "San Francisco", "country": "US"},
    request_only=True,
)


def find_customer(view: BusinessView, customer_id: str, *, lock: bool = False) -> Customer:
    """The caller's customer in the path, locked where it is about to be compared and changed; NotFound otherwise."""
    rows = Customer.objects.live()
    return view.find(rows.select_for_update(no_key=True) if lock else rows, customer_id, "Customer")


class CustomerView(BusinessView):
    """Customers of the business."""

    scopes = READ_WRITE
    filters, sorts = CustomerFilter, CUSTOMER_SORTS
    has_metadata = True

    @extend_schema(request=CustomerInput, responses={201: CustomerOutput}, examples=[EXAMPLE], tags=TAGS)
    def create(self, request: Request, **kwargs: Any) -> Response:
        """Create a customer."""
        customer = services.create_customer(self.business, actor=self.actor, **self.fields(request))
        return self.send_created(represent_customer(customer), number="number")

    @extend_schema(responses=paged(CustomerOutput), tags=TAGS)
    def list(self, request: Request, **kwargs: Any) -> Response:
        """List customers, newest first."""
        return self.send_list(
            Customer.objects.live(),
            self.filters,
            sorts=self.sorts,
            columns=CUSTOMER_COLUMNS,
            represent=represent_customers,
        )

    @extend_schema(responses=CustomerOutput, tags=TAGS)
    def retrieve(self, request: Request, customer_id: str, **kwargs: Any) -> Response:
        """Get a customer."""
        row = self.find_shown(Customer, CUSTOMER_COLUMNS, customer_id, "Customer")
        return self.send_one(represent_customers([row])[0])

    @extend_schema(request=CustomerInput, responses=CustomerOutput, tags=TAGS)
    def partial_update(self, request: Request, customer_id: str, **kwargs: Any) -> Response:
        """Change the fields that are given; `metadata` is replaced whole."""
        customer = find_customer(self, customer_id, lock=True)
        self.match(lambda: represent_customer(customer))
        changes = self.fields(request, partial=True)
        return self.send_one(represent_customer(services.update_customer(customer, changes=changes, actor=self.actor)))

    @extend_schema(responses={204: None}, tags=TAGS)
    def destroy(self, request: Request, customer_id: str, **kwargs: Any) -> Response:
        """Delete a customer; documents keep it, and `/restore` brings it back."""
        services.delete_customer(find_customer(self, customer_id), actor=self.actor)
        return self.send(b"", 204)

    @extend_schema(request=None, responses=CustomerOutput, tags=TAGS)
    def restore(self, request: Request, customer_id: str, **kwargs: Any) -> Response:
        """Bring a deleted customer back."""
        customer = self.find(Customer.objects.all(), customer_id, "Customer")
        return self.send_one(represent_customer(services.restore_customer(customer, actor=self.actor)))

    def fields(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        """The body as the services take it."""
        body = read_body(CustomerInput, request, partial=partial)
        if "parent_id" in body:
            parent_id = body.pop("parent_id")
            body["parent"] = find_reference(Customer, self.business, parent_id, "parent_id")
        return body
