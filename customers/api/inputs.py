"""What a client may send about a customer, a contact and a note; what it may mean is the services' to say."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import serializers

from businesses.validators import validate_tags
from customers.models import Customer
from invoicing.lib.fields import CurrencyCode, Flag, LongText, Metadata, Number, OneOf, Reference, Strict, Text


class Tags(serializers.ListField):
    """At most 20 different words of 1 to 40 characters without commas."""

    child = Text(required=True, max_length=40)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": 20, **kwargs})

    def run_validation(self, data: Any = serializers.empty) -> Any:
        tags = super().run_validation(data)
        try:
            validate_tags(tags)
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from None
        return tags


class _Address(Strict):
    address = Text()
    address2 = Text()
    city = Text(max_length=100)
    state = Text(max_length=100)
    country = Text(max_length=100, help_text="An ISO 3166-1 code or an English name becomes the two-letter code.")
    postal_code = Text(max_length=20)


class CustomerInput(_Address):
    """A customer to be created or changed."""

    name = Text(required=True, max_length=200)
    email = Text(max_length=254)
    phone = Text(max_length=50)
    tax_id = Text(max_length=50)
    notes = LongText()
    number = Text(max_length=50, help_text="Unique in the business; the next one where it is left out.")
    type = OneOf(Customer.Type.choices)
    legal_name = Text(max_length=200)
    attention_to = Text(max_length=200)
    currency = CurrencyCode()
    language = Text(max_length=2, help_text="ISO 639-1, such as en.")
    payment_terms = Text(max_length=50, help_text="NET 30, Due on receipt, …")
    credit_limit = Number(required=False, allow_null=True, help_text="In the customer's currency, else the business's.")
    credit_hold = Flag(required=False)
    taxable = Flag(required=False)
    parent_id = Reference(required=False, allow_null=True)
    reminders = Flag(required=False)
    autopay = Flag(required=False)
    buyer_reference = Text(max_length=100)
    tags = Tags(help_text="Words to choose customers by, in lists and statement runs; replaced whole.")
    metadata = Metadata()
    status = OneOf(Customer.Status.choices)


class ContactInput(_Address):
    """A contact to be created or changed."""

    name = Text(required=True, max_length=200)
    title = Text(max_length=100)
    department = Text(max_length=100)
    email = Text(max_length=254)
    phone = Text(max_length=50)
    primary = Flag(required=False)
    sms_enabled = Flag(required=False)


class NoteInput(Strict):
    """A note to be created or changed."""

    text = LongText(required=True)
