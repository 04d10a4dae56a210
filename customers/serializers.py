"""What the world sees of a customer, its contacts and notes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from businesses.serializers import columns_of
from customers.models import Contact, Customer, Note
from invoicing.lib import clock, money
from invoicing.lib.fields import Number

_ADDRESS = ("address", "address2", "city", "state", "country", "postal_code")
_CUSTOMER = (
    *("name", "email", "phone", *_ADDRESS, "tax_id", "notes", "number", "type", "legal_name", "attention_to"),
    *("currency", "language", "payment_terms", "credit_hold", "taxable", "reminders", "autopay", "buyer_reference"),
    *("tags", "metadata", "status"),
)
_CONTACT = ("name", "title", "department", "email", "phone", "primary", "sms_enabled", *_ADDRESS)
_ROW = ("uuid", "business__uuid", "created_at", "updated_at")

CUSTOMER_COLUMNS = (*_ROW, *_CUSTOMER, "credit_limit_minor", "business__currency", "parent__uuid")
CONTACT_COLUMNS = (*_ROW, "customer__uuid", *_CONTACT)
NOTE_COLUMNS = (*_ROW, "customer__uuid", "text")


class _RowOutput(serializers.ModelSerializer[Any]):
    id = serializers.UUIDField()
    business_id = serializers.UUIDField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class CustomerOutput(_RowOutput):
    """A customer. `credit_limit` is in the customer's currency, else in the business's."""

    credit_limit = Number(decimal_places=3, allow_null=True)
    parent_id = serializers.UUIDField(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    metadata = serializers.DictField(child=serializers.CharField())

    class Meta:
        model = Customer
        fields = ["id", "business_id", *_CUSTOMER, "credit_limit", "parent_id", "created_at", "updated_at"]


class ContactOutput(_RowOutput):
    """A person at a customer; a `primary` one is copied on account mail."""

    customer_id = serializers.UUIDField()

    class Meta:
        model = Contact
        fields = ["id", "business_id", "customer_id", *_CONTACT, "created_at", "updated_at"]


class NoteOutput(_RowOutput):
    """Something to remember about a customer; never printed."""

    customer_id = serializers.UUIDField()

    class Meta:
        model = Note
        fields = ["id", "business_id", "customer_id", "text", "created_at", "updated_at"]


def represent_customers(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of CUSTOMER_COLUMNS as CustomerOutput says."""
    return [
        {
            **_ids(row),
            **{name: row[name] for name in _CUSTOMER},
            "credit_limit": _credit_limit(row),
            "parent_id": row["parent__uuid"],
            **_times(row),
        }
        for row in rows
    ]


def represent_customer(customer: Customer) -> dict[str, Any]:
    """A customer as it stands in memory."""
    return represent_customers([columns_of(customer, CUSTOMER_COLUMNS)])[0]


def customer_event_data(customer: Customer) -> dict[str, Any]:
    """The `data` of a customer's events."""
    data = represent_customer(customer)
    return {"id": data["id"], "name": data["name"], "email": data["email"], "customer": data}


def represent_contacts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of CONTACT_COLUMNS as ContactOutput says."""
    return [_of_customer(row, _CONTACT) for row in rows]


def represent_contact(contact: Contact) -> dict[str, Any]:
    """A contact as it stands in memory."""
    return represent_contacts([columns_of(contact, CONTACT_COLUMNS)])[0]


def represent_notes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of NOTE_COLUMNS as NoteOutput says."""
    return [_of_customer(row, ("text",)) for row in rows]


def represent_note(note: Note) -> dict[str, Any]:
    """A note as it stands in memory."""
    return represent_notes([columns_of(note, NOTE_COLUMNS)])[0]


def _of_customer(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {**_ids(row), "customer_id": row["customer__uuid"], **{name: row[name] for name in names}, **_times(row)}


def _ids(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["uuid"], "business_id": row["business__uuid"]}


def _times(row: dict[str, Any]) -> dict[str, Any]:
    return {"created_at": clock.iso(row["created_at"]), "updated_at": clock.iso(row["updated_at"])}


def _credit_limit(row: dict[str, Any]) -> Any:
    minor = row["credit_limit_minor"]
    return None if minor is None else money.major_number(minor, row["currency"] or row["business__currency"])
