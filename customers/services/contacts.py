"""Every write to a contact; the customer is locked first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from businesses import audit
from businesses.audit import Actor
from businesses.serializers import differences
from businesses.validators import check_columns
from customers.codes import country_code
from customers.models import Contact, Customer
from customers.serializers import represent_contact


@transaction.atomic
def create_contact(customer: Customer, *, actor: Actor, **fields: Any) -> Contact:
    """A person at a customer; Invalid names the field that is wrong, NotFound where the customer is deleted."""
    customer = Customer.objects.lock_live(customer.pk)
    contact = Contact(business=customer.business, customer=customer, **fields)
    _tidy(contact)
    contact.save()
    audit.record(contact.business, actor, "contact.created", contact)
    return contact


@transaction.atomic
def update_contact(contact: Contact, *, changes: Mapping[str, Any], actor: Actor) -> Contact:
    """Change the fields in `changes`; a change of nothing records nothing."""
    Customer.objects.lock_live(contact.customer_id)
    contact = Contact.objects.get(pk=contact.pk)
    before = represent_contact(contact)
    for name, value in changes.items():
        setattr(contact, name, value)
    _tidy(contact)
    previous = differences(before, represent_contact(contact))
    if previous:
        contact.save()
        audit.record(contact.business, actor, "contact.updated", contact, {"fields": sorted(previous)})
    return contact


@transaction.atomic
def delete_contact(contact: Contact, *, actor: Actor) -> None:
    """Remove a contact for good."""
    Customer.objects.lock_live(contact.customer_id)
    audit.record(contact.business, actor, "contact.deleted", contact)
    contact.delete()


def _tidy(contact: Contact) -> None:
    contact.country = country_code(contact.country) if contact.country else None
    check_columns(contact)
