"""What Invoiced's clients send of invoices, estimates and credit notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rest_framework import exceptions, serializers

from billing.services.lines import MAX_LINES
from dialects.door import Tolerant
from dialects.invoiced.inputs import AddressInput, Amount, Flag, Pairs, Recipients, Ref, Seconds, Values, Whole
from invoicing.lib.fields import CurrencyCode, LongText, Text


@dataclass(frozen=True, slots=True)
class Given:
    """A tax or a discount as it was given: the code of a stored rate, or an amount in major units."""

    code: str | None = None
    amount: Decimal | None = None


class Rates(serializers.ListField):
    """Taxes: ids of tax rates, or objects with a `tax_rate` or an `amount`."""

    stored = "tax_rate"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "max_length": 20, **kwargs})

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation([] if data in ("", None) else data)

    def to_internal_value(self, data: Any) -> list[Given]:
        return [self._given(item, str(index)) for index, item in enumerate(super().to_internal_value(data))]

    def _given(self, item: Any, index: str) -> Given:
        if isinstance(item, Mapping):
            stored = item.get(self.stored)
            code = stored.get("id") if isinstance(stored, Mapping) else stored
            if code is None:
                return Given(amount=_amount(item.get("amount"), index))
            item = code
        if not isinstance(item, str) or not 1 <= len(item) <= 100:
            raise exceptions.ValidationError({index: [f"Expected an id, or an object with {self.stored} or amount."]})
        return Given(code=item)


class Discounts(Rates):
    """Discounts: objects with an `amount`; coupons are not served."""

    stored = "coupon"

    def to_internal_value(self, data: Any) -> list[Given]:
        given = super().to_internal_value(data)
        for index, item in enumerate(given):
            if item.code is not None:
                raise exceptions.ValidationError({str(index): ["Coupons are not served here: give an amount."]})
        return given


def _amount(value: Any, index: str) -> Decimal:
    amount: Decimal = Amount().run_validation(value)
    if amount < 0:
        raise exceptions.ValidationError({index: ["Must not be less than 0."]})
    return amount


class ItemInput(Tolerant):
    """A line item."""

    id = Whole()
    catalog_item = Text(max_length=100)
    type = Text(max_length=50)
    name = LongText(max_length=5_000)
    description = LongText(max_length=5_000)
    quantity = Amount(required=False, allow_null=True)
    unit_cost = Amount(required=False, allow_null=True)
    discountable = Flag()
    discounts = Discounts()
    taxable = Flag()
    taxes = Rates()
    metadata = Pairs()


class ShipToInput(AddressInput):
    """Where the goods go."""

    name = Text(required=True, max_length=200)
    attention_to = Text(max_length=200)


class DocumentInput(Tolerant):
    """What the three share."""

    customer = Ref(required=True, allow_null=False)
    name = Text()
    number = Text(max_length=50)
    currency = CurrencyCode()
    date = Seconds()
    draft = Flag()
    closed = Flag()
    sent = Flag()
    purchase_order = Text(max_length=100)
    items = ItemInput(many=True, required=False, max_length=MAX_LINES)  # type: ignore[call-arg]
    notes = LongText()
    discounts = Discounts()
    taxes = Rates()
    metadata = Pairs()
    attachments = Values()
    calculate_taxes = Flag()
    disabled_payment_methods = Values()


class InvoiceInput(DocumentInput):
    """An invoice."""

    autopay = Flag()
    payment_terms = Text(max_length=50)
    due_date = Seconds()
    ship_to = ShipToInput(required=False, allow_null=True)


class EstimateInput(DocumentInput):
    """An estimate."""

    payment_terms = Text(max_length=50)
    expiration_date = Seconds()
    ship_to = ShipToInput(required=False, allow_null=True)
    deposit = Amount(required=False, allow_null=True)
    approved = Text()


class CreditNoteInput(DocumentInput):
    """A credit note; one that names an invoice is applied to it."""

    invoice = Ref()


class MailInput(Tolerant):
    """To whom a document is mailed, in which words."""

    to = Recipients()
    bcc = Text(max_length=2_000)
    subject = Text()
    message = LongText()


class NothingInput(Tolerant):
    """A body of which nothing is read."""
