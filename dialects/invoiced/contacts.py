"""`/customers/{id}/contacts`, and notes under both of their paths."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from businesses.models import Business
from customers.models import Contact, Customer, Note
from customers.serializers import CONTACT_COLUMNS, NOTE_COLUMNS, represent_contacts, represent_notes
from customers.services import create_contact, create_note, delete_contact, delete_note, update_contact, update_note
from dialects.door import rows_in_order
from dialects.invoiced import mapping
from dialects.invoiced.door import InvoicedView
from dialects.invoiced.inputs import ContactInput, NoteInput
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import read_body


def shown_contacts(business: Business, pks: list[int]) -> list[dict[str, Any]]:
    """Contacts of a business by primary key, in that order."""
    rows = rows_in_order(Contact.objects.of(business), pks, CONTACT_COLUMNS)
    return [mapping.contact(native, row["pk"]) for native, row in zip(represent_contacts(rows), rows, strict=True)]


def shown_notes(business: Business, pks: list[int]) -> list[dict[str, Any]]:
    """Notes of a business by primary key, in that order."""
    rows = rows_in_order(Note.objects.of(business), pks, (*NOTE_COLUMNS, "customer_id"))
    pairs = zip(represent_notes(rows), rows, strict=True)
    return [mapping.note(native, row["pk"], row["customer_id"]) for native, row in pairs]


class _OfCustomerView(InvoicedView):
    def customer(self, text: str) -> Customer:
        """The customer in the path."""
        return self.find_numbered(Customer.objects.live(), text, "Customer")


class ContactView(_OfCustomerView):
    """People at a customer."""

    def create(self, request: Request, id: str) -> Response:  # noqa: A002
        """A new contact."""
        customer = self.customer(id)
        columns = mapping.contact_columns(read_body(ContactInput, request))
        return self.send(self._shown(create_contact(customer, actor=self.actor, **columns)), 201)

    def list(self, request: Request, id: str) -> Response:  # noqa: A002
        """Newest first."""
        rows = Contact.objects.of(self.business).filter(customer=self.customer(id))
        return self.send_page(rows, lambda pks: shown_contacts(self.business, pks))

    def retrieve(self, request: Request, id: str, contact: str) -> Response:  # noqa: A002
        """One contact."""
        return self.send(self._shown(self._find(id, contact)))

    def partial_update(self, request: Request, id: str, contact: str) -> Response:  # noqa: A002
        """Change what is given."""
        row = self._find(id, contact)
        changes = mapping.contact_columns(read_body(ContactInput, request, partial=True))
        return self.send(self._shown(update_contact(row, changes=changes, actor=self.actor)))

    def destroy(self, request: Request, id: str, contact: str) -> Response:  # noqa: A002
        """Remove a contact."""
        delete_contact(self._find(id, contact), actor=self.actor)
        return Response(status=204)

    def _find(self, customer: str, contact: str) -> Contact:
        rows = Contact.objects.filter(customer=self.customer(customer))
        return self.find_numbered(rows, contact, "Contact")

    def _shown(self, contact: Contact) -> dict[str, Any]:
        return shown_contacts(self.business, [contact.pk])[0]


class NoteView(_OfCustomerView):
    """Notes about customers, at /notes and under the customer."""

    def create(self, request: Request, id: str | None = None) -> Response:  # noqa: A002
        """A new note; at /notes the body names its customer."""
        body = read_body(NoteInput, request)
        customer = self.customer(id) if id is not None else self._named(body)
        return self.send(self._shown(create_note(customer, text=body["notes"], actor=self.actor)), 201)

    def list(self, request: Request, id: str | None = None) -> Response:  # noqa: A002
        """Newest first; of everybody, or of one customer."""
        rows = Note.objects.of(self.business).filter(customer__deleted_at=None)
        rows = rows.filter(customer=self.customer(id)) if id is not None else rows
        return self.send_page(rows, lambda pks: shown_notes(self.business, pks))

    def partial_update(self, request: Request, note: str, id: str | None = None) -> Response:  # noqa: A002
        """Write it anew."""
        row = self._find(note, id)
        body = read_body(NoteInput, request, partial=True)
        text = body.get("notes", row.text)
        return self.send(self._shown(update_note(row, text=text, actor=self.actor)))

    def destroy(self, request: Request, note: str, id: str | None = None) -> Response:  # noqa: A002
        """Remove a note."""
        delete_note(self._find(note, id), actor=self.actor)
        return Response(status=204)

    def _named(self, body: dict[str, Any]) -> Customer:
        pk = body.get("customer_id") or body.get("customer")
        customer = Customer.objects.of(self.business).live().filter(pk=pk).first() if pk else None
        if customer is None:
            raise Invalid.field("customer_id", "No such customer.")
        return customer

    def _find(self, text: str, customer: str | None) -> Note:
        rows = Note.objects.filter(customer__deleted_at=None)
        if customer is not None:
            rows = rows.filter(customer=self.customer(customer))
        return self.find_numbered(rows, text, "Note")

    def _shown(self, note: Note) -> dict[str, Any]:
        return shown_notes(self.business, [note.pk])[0]
