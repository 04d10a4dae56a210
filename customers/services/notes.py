"""Every write to a note about a customer; the customer is locked first."""

from __future__ import annotations

from django.db import transaction

from businesses import audit
from businesses.audit import Actor
from businesses.validators import check_columns
from customers.models import Customer, Note


@transaction.atomic
def create_note(customer: Customer, *, text: str, actor: Actor) -> Note:
    """Something to remember about a customer; Invalid for no text, NotFound where the customer is deleted."""
    customer = Customer.objects.lock_live(customer.pk)
    note = Note(business=customer.business, customer=customer, text=text)
    check_columns(note)
    note.save()
    audit.record(note.business, actor, "note.created", note)
    return note


@transaction.atomic
def update_note(note: Note, *, text: str, actor: Actor) -> Note:
    """Write a note anew; the same text changes nothing."""
    Customer.objects.lock_live(note.customer_id)
    note = Note.objects.get(pk=note.pk)
    if note.text == text:
        return note
    note.text = text
    check_columns(note)
    note.save()
    audit.record(note.business, actor, "note.updated", note)
    return note


@transaction.atomic
def delete_note(note: Note, *, actor: Actor) -> None:
    """Remove a note for good."""
    Customer.objects.lock_live(note.customer_id)
    audit.record(note.business, actor, "note.deleted", note)
    note.delete()
