"""The bodies that payments, adjustments, refunds, applications and write-offs are made from, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from billing.api.inputs import PaymentInput
from billing.models import Invoice, Payment
from billing.services.allocations import Share
from businesses.models import Business
from invoicing.lib.errors import Detail, Invalid
from invoicing.lib.fields import CurrencyCode, Day, LongText, Metadata, Number, Reference, Strict, Text
from invoicing.lib.money import MAX_MINOR, exponent, to_major, to_minor_exact

MAX_ALLOCATIONS = 1_000


class AllocationInput(Strict):
    """An amount for one invoice."""

    invoice_id = Reference()
    amount = Number(required=False, allow_null=True, help_text="Default: as much as fits.")


class AllocationsInput(Strict):
    """All that something is applied to from now on; what is not named is released."""

    allocations = AllocationInput(many=True, max_length=MAX_ALLOCATIONS)  # type: ignore[call-arg]


class AccountPaymentInput(PaymentInput):
    """A payment of a customer; what is applied to no invoice is the customer's credit."""

    customer_id = Reference()
    currency = CurrencyCode(help_text="Default: the customer's, else the business's.")
    allocations = AllocationInput(  # type: ignore[call-arg]
        many=True,
        max_length=MAX_ALLOCATIONS,
        required=False,
        allow_null=True,
        help_text="Default: the open invoices, the first due first, where the business applies credit automatically.",
    )


class PaymentChange(Strict):
    """What may change of a payment: nothing is posted by it."""

    reference = Text(max_length=100)
    notes = LongText()
    metadata = Metadata()


class AdjustmentInput(Strict):
    """Credit given to an account without a document."""

    customer_id = Reference()
    amount = Number()
    currency = CurrencyCode(help_text="Default: the customer's, else the business's.")
    adjustment_date = Day(required=False, allow_null=True, help_text="Default: today.")
    reason = Text()
    metadata = Metadata()


class AdjustmentChange(Strict):
    """What may change of an adjustment: nothing is posted by it."""

    reason = Text()
    metadata = Metadata()


class VoidInput(Strict):
    """Why it is taken back."""

    reason = Text()


class RefundInput(Strict):
    """How much is given back, when and how."""

    amount = Number(required=False, allow_null=True, help_text="Default: all that is left.")
    refund_date = Day(required=False, allow_null=True, help_text="Default: today.")
    method = serializers.ChoiceField(
        choices=Payment.Method.choices, required=False, allow_null=True, help_text="Default: the payment's, else other."
    )
    reference = Text(max_length=100)
    notes = LongText()


class WriteOffInput(Strict):
    """How much of an invoice is given up, from which day on, and why."""

    amount = Number(required=False, allow_null=True, help_text="Default: all that is due.")
    date = Day(required=False, allow_null=True, help_text="Default: today.")
    reason = Text()


class SmallWriteOffInput(Strict):
    """Up to which amount due open invoices are given up."""

    maximum = Number(help_text="Of what is due of one invoice, inclusive.")
    currency = CurrencyCode(help_text="Default: the business's.")
    customer_id = Reference(required=False, allow_null=True, help_text="Default: all customers.")
    reason = Text()


def minor_units(amount: Decimal, currency: str, field: str = "amount") -> int:
    """An amount of a body in minor units; Invalid for more decimals or digits than the currency takes."""
    minor = to_minor_exact(amount, currency)
    if minor is None:
        raise Invalid.field(field, f"At most {exponent(currency)} decimals in {currency}.")
    if abs(minor) > MAX_MINOR:
        raise Invalid.field(field, f"At most {to_major(MAX_MINOR, currency):f} {currency}.")
    return minor


def minor_or_all(amount: Decimal | None, currency: str, field: str = "amount") -> int | None:
    """As `minor_units`; None, for which the services take all there is, where no amount is given."""
    return None if amount is None else minor_units(amount, currency, field)


def shares_of(business: Business, items: Sequence[dict[str, Any]], currency: str) -> list[Share]:
    """What AllocationInputs describe; Invalid, the same for unknown, foreign and deleted, names the invoices not there."""
    ids = [item["invoice_id"] for item in items]
    invoices = {row.uuid: row for row in Invoice.objects.of(business).live().filter(uuid__in=ids)}
    missing = [
        Detail(f"allocations.{index}.invoice_id", "No such row.")
        for index, identifier in enumerate(ids)
        if identifier not in invoices
    ]
    if missing:
        raise Invalid(f"{missing[0].field}: {missing[0].message}", details=missing)
    return [
        Share(
            invoices[item["invoice_id"]],
            minor_or_all(item.get("amount"), currency, f"allocations.{index}.amount"),
        )
        for index, item in enumerate(items)
    ]
