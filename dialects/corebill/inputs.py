"""What CoreBill's clients send; what no document names is ignored."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions, serializers

from billing.api.inputs import NOT_NEGATIVE, PERCENT
from billing.models import Document
from billing.services.lines import MAX_LINES
from customers.models import Customer
from dialects.corebill import ids, mapping
from dialects.door import Tolerant
from invoicing.lib.fields import CurrencyCode, Day, Flag, LongText, Number, OneOf, Text

INVOICE_STATUSES = ("draft", "sent", "viewed", "in_review", "partial", "paid", "overdue", "cancelled", "refunded")
QUOTE_STATUSES = ("draft", "sent", "viewed", "approved", "rejected", "expired", "converted")


class Id(serializers.CharField):
    """An id of one kind; the field's value is the primary key that it spells, or 0 where it spells none."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prefix = prefix

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            raise exceptions.ValidationError(f"Expected an id such as {self.prefix}_a1b2c3d4e5f6.")
        return ids.read(self.prefix, data) or 0


class CustomerInput(Tolerant):
    """A customer."""

    name = Text(required=True, max_length=200)
    country = Text(required=True, max_length=100)
    email = Text(max_length=254)
    phone = Text(max_length=50)
    contact_email = Text(max_length=254)
    contact_phone = Text(max_length=50)
    city = Text(max_length=100)
    currency = CurrencyCode()
    status = OneOf(Customer.Status.choices)
    legal_name = Text(max_length=200)
    legal_address = Text()
    legal_vat = Text(max_length=50)
    zipcode = Text(max_length=20)
    notes = LongText()


class ItemInput(Tolerant):
    """Something that is sold."""

    name = Text(required=True, max_length=200)
    unit_price = Number(validators=NOT_NEGATIVE)
    description = LongText()
    unit = Text(max_length=30)
    tax_rate = Number(decimal_places=4, required=False, validators=PERCENT)
    item_code = Text(max_length=50)
    item_type = Text(max_length=50)
    category = Text(max_length=100)
    is_active = Flag(required=False)


class LineInput(Tolerant):
    """A line; older clients say `name`."""

    item_name = Text()
    name = Text()
    description = LongText(max_length=4_000)
    quantity = Number(required=False)
    unit = Text(max_length=30)
    unit_price = Number()


class DocumentInput(Tolerant):
    """What invoices and quotes have in common."""

    customer_id = Id(ids.CUSTOMER)
    line_items = LineInput(many=True, allow_empty=False, max_length=MAX_LINES)  # type: ignore[call-arg]
    issue_date = Day(required=False, allow_null=True)
    currency = CurrencyCode()
    tax_rate = Number(decimal_places=4, required=False, allow_null=True, validators=PERCENT)
    tax_label = Text(max_length=50)
    discount_type = OneOf(Document.Discount.choices, allow_null=True)
    discount_value = Number(required=False, allow_null=True, validators=NOT_NEGATIVE)
    payment_terms = LongText()
    notes = LongText()


class InvoiceInput(DocumentInput):
    """An invoice."""

    due_date = Day(required=False, allow_null=True)
    status = serializers.ChoiceField(choices=INVOICE_STATUSES, required=False)


class QuoteInput(DocumentInput):
    """A quote."""

    valid_until = Day(required=False, allow_null=True)


class PaymentInput(Tolerant):
    """A payment of an invoice."""

    amount = Number()
    payment_date = Day(required=False, allow_null=True)
    payment_method = OneOf([(name, name) for name in mapping.METHODS])
    reference = Text(max_length=100)
    notes = LongText()


class RejectionInput(Tolerant):
    """Why a quote was rejected."""

    rejection_reason = Text(max_length=1000)


class Nothing(Tolerant):
    """No fields."""
