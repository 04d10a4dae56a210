"""What a payment, credit note or adjustment is applied to, as the API and events show it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Sum
from rest_framework import serializers

from billing.models import Allocation
from invoicing.lib.money import major_number


def allocations_of(noun: str, rows: Iterable[Mapping[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    """What each source is applied to now, by its pk, in the order of invoices; rows need `pk` and `currency`."""
    currencies = {row["pk"]: row["currency"] for row in rows}
    column = f"{noun}_id"
    applied = (
        Allocation.objects.filter(**{f"{column}__in": list(currencies)})
        .values(column, "invoice__uuid", "invoice__number")
        .annotate(amount=Sum("amount_minor"))
        .exclude(amount=0)
        .order_by(column, "invoice_id")
    )
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in applied:
        found[row[column]].append(
            {
                "invoice_id": row["invoice__uuid"],
                "invoice_number": row["invoice__number"],
                "amount": major_number(row["amount"], currencies[row[column]]),
            }
        )
    return found


class AllocationOutput(serializers.Serializer[Any]):
    """An amount applied to an invoice."""

    invoice_id = serializers.UUIDField()
    invoice_number = serializers.CharField()
    amount = serializers.FloatField()
