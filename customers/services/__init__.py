"""Every write to a customer, its contacts and its notes."""

from customers.services.contacts import create_contact, delete_contact, update_contact
from customers.services.customers import create_customer, delete_customer, restore_customer, update_customer
from customers.services.notes import create_note, delete_note, update_note

__all__ = [
    "create_contact",
    "create_customer",
    "create_note",
    "delete_contact",
    "delete_customer",
    "delete_note",
    "restore_customer",
    "update_contact",
    "update_customer",
    "update_note",
]
