"""Payments as the API, events and stored answers show them."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum
from rest_framework import serializers

from billing.models import Allocation, Payment
from invoicing.lib import clock
from invoicing.lib.money import major_number


def represent_payment(pk: int) -> dict[str, Any]:
    """One payment with what it is applied to now."""
    payment = Payment.objects.with_customer().get(pk=pk)
    applied = (
        Allocation.objects.filter(payment_id=pk)
        .values("invoice__uuid", "invoice__number")
        .annotate(amount=Sum("amount_minor"))
        .exclude(amount=0)
        .order_by("invoice_id")
    )
    return {
        "id": payment.uuid,
        "business_id": payment.business.uuid,
        "customer_id": payment.customer.uuid,
        "payment_number": payment.number,
        "currency": payment.currency,
        "amount": major_number(payment.amount_minor, payment.currency),
        "unallocated_amount": major_number(payment.unallocated_minor, payment.currency),
        "status": payment.status,
        "payment_date": payment.payment_date.isoformat(),
        "method": payment.method,
        "reference": payment.reference,
        "notes": payment.notes,
        "allocations": [
            {
                "invoice_id": row["invoice__uuid"],
                "invoice_number": row["invoice__number"],
                "amount": major_number(row["amount"], payment.currency),
            }
            for row in applied
        ],
        "created_at": clock.iso(payment.created_at),
        "updated_at": clock.iso(payment.updated_at),
    }


class AllocationOutput(serializers.Serializer[Any]):
    """An amount of a payment applied to an invoice."""

    invoice_id = serializers.UUIDField()
    invoice_number = serializers.CharField()
    amount = serializers.FloatField()


class PaymentOutput(serializers.Serializer[Any]):
    """A payment."""

    id = serializers.UUIDField()
    business_id = serializers.UUIDField()
    customer_id = serializers.UUIDField()
    payment_number = serializers.CharField()
    currency = serializers.CharField()
    amount = serializers.FloatField()
    unallocated_amount = serializers.FloatField()
    status = serializers.ChoiceField(choices=Payment.Status.choices)
    payment_date = serializers.DateField()
    method = serializers.ChoiceField(choices=Payment.Method.choices)
    reference = serializers.CharField(allow_null=True)
    notes = serializers.CharField(allow_null=True)
    allocations = AllocationOutput(many=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
