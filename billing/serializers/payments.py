"""Payments, adjustments and refunds as the API, events and stored answers show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers

from billing.models import Adjustment, Payment, Refund
from billing.serializers.allocations import AllocationOutput, allocations_of
from invoicing.lib import clock
from invoicing.lib.money import major_number
from invoicing.lib.rows import read_rows

_SHARED = (
    *("pk", "uuid", "business__uuid", "customer__uuid", "number", "currency", "amount_minor", "unallocated_minor"),
    *("refunded_minor", "status", "metadata", "created_at", "updated_at"),
)
PAYMENT_COLUMNS = (*_SHARED, "payment_date", "method", "reference", "notes")
ADJUSTMENT_COLUMNS = (*_SHARED, "adjustment_date", "reason")


def represent_payments(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Payments from rows of PAYMENT_COLUMNS, with what they are applied to now and what was refunded: two more queries."""
    applied, refunds = allocations_of("payment", rows), refunds_of("payment", rows)
    return [_payment(row, applied.get(row["pk"], []), refunds.get(row["pk"], [])) for row in rows]


def represent_payment(pk: int) -> dict[str, Any]:
    """One payment with what it is applied to now."""
    return represent_payments(read_rows(Payment, PAYMENT_COLUMNS, [pk]))[0]


def represent_adjustments(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Adjustments from rows of ADJUSTMENT_COLUMNS."""
    applied, refunds = allocations_of("adjustment", rows), refunds_of("adjustment", rows)
    return [_adjustment(row, applied.get(row["pk"], []), refunds.get(row["pk"], [])) for row in rows]


def represent_adjustment(pk: int) -> dict[str, Any]:
    """One adjustment."""
    return represent_adjustments(read_rows(Adjustment, ADJUSTMENT_COLUMNS, [pk]))[0]


def represent_refunds(noun: str, pk: int, currency: str) -> list[dict[str, Any]]:
    """What was refunded of one source, oldest first."""
    return refunds_of(noun, [{"pk": pk, "currency": currency}]).get(pk, [])


def refunds_of(noun: str, rows: Iterable[Mapping[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    """What was refunded of each source, by its pk, oldest first; rows need `pk`."""
    column = f"{noun}_id"
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for refund in Refund.objects.filter(**{f"{column}__in": [row["pk"] for row in rows]}).order_by("id"):
        found[getattr(refund, column)].append(
            {
                "id": refund.uuid,
                "amount": major_number(refund.amount_minor, refund.currency),
                "refund_date": refund.refund_date.isoformat(),
                "method": refund.method,
                "reference": refund.reference,
                "notes": refund.notes,
                "created_at": clock.iso(refund.created_at),
            }
        )
    return found


def _head(row: Mapping[str, Any], noun: str) -> dict[str, Any]:
    currency = row["currency"]
    return {
        "id": row["uuid"],
        "business_id": row["business__uuid"],
        "customer_id": row["customer__uuid"],
        f"{noun}_number": row["number"],
        "currency": currency,
        "amount": major_number(row["amount_minor"], currency),
        "unallocated_amount": major_number(row["unallocated_minor"], currency),
        "refunded_amount": major_number(row["refunded_minor"], currency),
        "status": row["status"],
    }


def _tail(row: Mapping[str, Any], applied: list[dict[str, Any]], refunds: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "metadata": row["metadata"],
        "allocations": applied,
        "refunds": refunds,
        "created_at": clock.iso(row["created_at"]),
        "updated_at": clock.iso(row["updated_at"]),
    }


def _payment(row: Mapping[str, Any], applied: list[dict[str, Any]], refunds: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **_head(row, "payment"),
        "payment_date": row["payment_date"].isoformat(),
        "method": row["method"],
        "reference": row["reference"],
        "notes": row["notes"],
        **_tail(row, applied, refunds),
    }


def _adjustment(row: Mapping[str, Any], applied: list[dict[str, Any]], refunds: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **_head(row, "adjustment"),
        "adjustment_date": row["adjustment_date"].isoformat(),
        "reason": row["reason"],
        **_tail(row, applied, refunds),
    }


# The schema ----------------------------------------------------------------------------------------------------------
class RefundOutput(serializers.Serializer[Any]):
    """Money given back."""

    id = serializers.UUIDField()
    amount = serializers.FloatField()
    refund_date = serializers.DateField()
    method = serializers.ChoiceField(choices=Payment.Method.choices)
    reference = serializers.CharField(allow_null=True)
    notes = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class SourceOutput(serializers.Serializer[Any]):
    """What payments and adjustments share."""

    id = serializers.UUIDField()
    business_id = serializers.UUIDField()
    customer_id = serializers.UUIDField()
    currency = serializers.CharField()
    amount = serializers.FloatField()
    unallocated_amount = serializers.FloatField()
    refunded_amount = serializers.FloatField()
    metadata = serializers.DictField(child=serializers.CharField())
    allocations = AllocationOutput(many=True)
    refunds = RefundOutput(many=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class PaymentOutput(SourceOutput):
    """A payment."""

    payment_number = serializers.CharField()
    status = serializers.ChoiceField(choices=Payment.Status.choices)
    payment_date = serializers.DateField()
    method = serializers.ChoiceField(choices=Payment.Method.choices)
    reference = serializers.CharField(allow_null=True)
    notes = serializers.CharField(allow_null=True)


class AdjustmentOutput(SourceOutput):
    """Credit given to an account without a document."""

    adjustment_number = serializers.CharField()
    status = serializers.ChoiceField(choices=Adjustment.Status.choices)
    adjustment_date = serializers.DateField()
    reason = serializers.CharField(allow_null=True)
