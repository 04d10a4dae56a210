"""Payments: money that came in."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q

from billing.models.credit import CreditSource
from businesses.models import Owned, OwnedQuerySet, StoredFile, UpdatedAt
from customers.models import Customer


class PaymentQuerySet(OwnedQuerySet["Payment"]):
    """Payments."""

    def with_customer(self) -> Self:
        """With the customer loaded."""
        return self.select_related("customer", "business")


class Payment(Owned, CreditSource):
    """A payment of a customer, in minor units; `unallocated_minor` of it is applied to no invoice: the customer's credit."""

    class Status(models.TextChoices):
        RECORDED = "recorded", "Recorded"
        VOIDED = "voided", "Voided"
        REFUNDED = "refunded", "Refunded"

    class Method(models.TextChoices):
        BANK_TRANSFER = "bank_transfer", "Bank transfer"
        CHECK = "check", "Check"
        CASH = "cash", "Cash"
        CARD = "card", "Card"
        DIRECT_DEBIT = "direct_debit", "Direct debit"
        OTHER = "other", "Other"

    noun = "payment"

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=50)  # of the receipt
    sequence = models.BigIntegerField(null=True, editable=False)
    period = models.CharField(max_length=4, default="", editable=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RECORDED)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    payment_date = models.DateField()
    method = models.CharField(max_length=20, choices=Method.choices, default=Method.OTHER)
    reference = models.CharField(max_length=100, null=True, blank=True)
    notes = models.TextField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    extra = models.JSONField(
        default=dict, editable=False, help_text="What another wire format only keeps and gives back, by its name."
    )
    view = models.TextField(default="", editable=False)  # the receipt, frozen when the payment was recorded
    receipt = models.ForeignKey(StoredFile, models.PROTECT, null=True, editable=False, related_name="+")
    updated_at = UpdatedAt(editable=False)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "number"], name="payment_number_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payment_is_positive"),
            models.CheckConstraint(
                condition=Q(unallocated_minor__gte=0, refunded_minor__gte=0)
                & Q(unallocated_minor__lte=F("amount_minor") - F("refunded_minor")),
                name="payment_not_used_twice",
            ),
        ]
        indexes = [
            models.Index(fields=["business", "-id"], name="payment_newest"),
            models.Index(fields=["business", "customer", "-id"], name="payment_of_customer"),
            models.Index(fields=["business", "payment_date", "id"], name="payment_by_date"),
            models.Index(fields=["business", "amount_minor", "id"], name="payment_by_amount"),
            models.Index(fields=["business", "updated_at", "id"], name="payment_by_update"),
            models.Index(
                fields=["business", "customer", "currency"],
                name="payment_with_credit",
                condition=Q(unallocated_minor__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def amount(self) -> int:
        return self.amount_minor

    @property
    def day(self) -> date:
        return self.payment_date

    @property
    def is_live(self) -> bool:
        return self.status != self.Status.VOIDED
