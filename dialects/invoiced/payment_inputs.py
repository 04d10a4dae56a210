"""What Invoiced's clients send of payments and credit balance adjustments."""

from __future__ import annotations

from dialects.door import Tolerant
from dialects.invoiced.inputs import Amount, Pairs, Ref, Seconds
from dialects.invoiced.payment_mapping import APPLICATIONS, METHODS
from invoicing.lib.fields import CurrencyCode, LongText, OneOf, Text

MAX_APPLICATIONS = 1_000


class ApplicationInput(Tolerant):
    """What a part of a payment is for."""

    type = OneOf([(name, name) for name in APPLICATIONS], required=True)
    amount = Amount(required=False, allow_null=True)
    invoice = Ref()


class PaymentInput(Tolerant):
    """A payment."""

    customer = Ref()
    date = Seconds()
    method = OneOf([(name, name) for name in METHODS])
    currency = CurrencyCode()
    amount = Amount()
    reference = Text(max_length=100)
    ach_sender_id = Text()
    source = Text(max_length=50)  # type: ignore[assignment]  # DRF takes declared fields off the class
    notes = LongText()
    applied_to = ApplicationInput(many=True, required=False, max_length=MAX_APPLICATIONS)  # type: ignore[call-arg]
    metadata = Pairs()


class CreditInput(Tolerant):
    """A credit balance adjustment."""

    customer = Ref(required=True, allow_null=False)
    date = Seconds()
    currency = CurrencyCode()
    amount = Amount()
    notes = Text()
