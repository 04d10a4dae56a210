"""`/customers/{id}/contacts`: parse, get, call the service, represent."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from businesses.filters import ListFilter
from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from businesses.views import BusinessView
from customers import services
from customers.api.filters import SORTS
from customers.api.inputs import ContactInput
from customers.api.views import TAGS, find_customer
from customers.models import Contact
from customers.serializers import CONTACT_COLUMNS, ContactOutput, represent_contact, represent_contacts
from invoicing.lib.fields import read_body


class ContactView(BusinessView):
    """People at a customer."""

    scopes = READ_WRITE
    filters, sorts = ListFilter, SORTS

    @extend_schema(request=ContactInput, responses={201: ContactOutput}, tags=TAGS)
    def create(self, request: Request, customer_id: str, **kwargs: Any) -> Response:
        """Create a contact."""
        customer = find_customer(self, customer_id)
        contact = services.create_contact(customer, actor=self.actor, **read_body(ContactInput, request))
        return self.send_created(represent_contact(contact))

    @extend_schema(responses=paged(ContactOutput), tags=TAGS)
    def list(self, request: Request, customer_id: str, **kwargs: Any) -> Response:
        """List the contacts of a customer, newest first."""
        return self.send_list(
            Contact.objects.filter(customer=find_customer(self, customer_id)),
            self.filters,
            sorts=self.sorts,
            columns=CONTACT_COLUMNS,
            represent=represent_contacts,
        )

    @extend_schema(responses=ContactOutput, tags=TAGS)
    def retrieve(self, request: Request, customer_id: str, contact_id: str, **kwargs: Any) -> Response:
        """Get a contact."""
        return self.send_one(represent_contact(self.contact(customer_id, contact_id)))

    @extend_schema(request=ContactInput, responses=ContactOutput, tags=TAGS)
    def partial_update(self, request: Request, customer_id: str, contact_id: str, **kwargs: Any) -> Response:
        """Change the fields that are given."""
        contact = self.contact(customer_id, contact_id, lock=True)
        self.match(lambda: represent_contact(contact))
        body = read_body(ContactInput, request, partial=True)
        contact = services.update_contact(contact, changes=body, actor=self.actor)
        return self.send_one(represent_contact(contact))

    @extend_schema(responses={204: None}, tags=TAGS)
    def destroy(self, request: Request, customer_id: str, contact_id: str, **kwargs: Any) -> Response:
        """Delete a contact for good."""
        services.delete_contact(self.contact(customer_id, contact_id), actor=self.actor)
        return self.send(b"", 204)

    def contact(self, customer_id: str, contact_id: str, *, lock: bool = False) -> Contact:
        """The contact in the path; `lock` locks its customer, as every write to a contact does."""
        customer = find_customer(self, customer_id, lock=lock)
        rows = Contact.objects.filter(customer=customer).select_related("business", "customer")
        return self.find(rows, contact_id, "Contact")
