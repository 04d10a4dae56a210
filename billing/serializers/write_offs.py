"""A small-balance write-off as the API shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from billing.models import Invoice
from invoicing.lib.money import major_number


def represent_write_offs(given_up: Sequence[tuple[Invoice, int]], currency: str) -> dict[str, Any]:
    """The invoices with what is given up of each, in minor units of their one currency; how many, and how much in all."""
    return {
        "total": len(given_up),
        "currency": currency,
        "amount": major_number(sum(amount for _, amount in given_up), currency),
        "invoices": [
            {"id": invoice.uuid, "invoice_number": invoice.number, "amount": major_number(amount, currency)}
            for invoice, amount in given_up
        ],
    }


class WrittenOffOutput(serializers.Serializer[Any]):
    """An invoice, and what of it is given up."""

    id = serializers.UUIDField()
    invoice_number = serializers.CharField()
    amount = serializers.FloatField()


class WriteOffsOutput(serializers.Serializer[Any]):
    """What a small-balance write-off gives up."""

    total = serializers.IntegerField(help_text="How many invoices.")
    currency = serializers.CharField()
    amount = serializers.FloatField()
    invoices = WrittenOffOutput(many=True)
