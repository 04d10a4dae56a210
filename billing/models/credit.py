"""What reduces an account: the common part of payments, credit notes and adjustments, and money given back."""

from __future__ import annotations

from datetime import date
from functools import reduce
from operator import or_
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from businesses.models import Owned, OwnedQuerySet, UpdatedAt
from customers.models import Customer


def exactly_one(*names: str) -> Q:
    """That one of these columns is set and the others are null."""
    one_each = (Q(**{f"{other}__isnull": other != name for other in names}) for name in names)
    return reduce(or_, one_each)


class CreditSource(models.Model):
    """A row whose amount can be applied to invoices: `unallocated_minor` of it is the customer's credit.

    amount = Σ allocations + refunded + unallocated while it is live; nothing is left of one that was voided or cancelled.
    `noun` is also the name of the column that points at it from entries, allocations and refunds.
    It is never locked itself: whoever changes it holds its customer's lock.
    """

    noun: ClassVar[str]

    unallocated_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)

    class Meta:
        abstract = True

    @property
    def amount(self) -> int:
        """What it is worth, in minor units."""
        raise NotImplementedError

    @property
    def day(self) -> date:
        """The day from which it counts."""
        raise NotImplementedError

    @property
    def is_live(self) -> bool:
        """Whether it counts at all: posted, and not taken back."""
        raise NotImplementedError


class Adjustment(Owned, CreditSource):
    """Credit given to an account without a document: what a customer had with the former system, or goodwill. Minor units."""

    class Status(models.TextChoices):
        RECORDED = "recorded", "Recorded"
        VOIDED = "voided", "Voided"

    noun = "adjustment"

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=50)
    sequence = models.BigIntegerField(null=True, editable=False)
    period = models.CharField(max_length=4, default="", editable=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RECORDED)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    adjustment_date = models.DateField()
    reason = models.CharField(max_length=255, null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    extra = models.JSONField(
        default=dict, editable=False, help_text="What another wire format only keeps and gives back, by its name."
    )
    updated_at = UpdatedAt(editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "number"], name="adjustment_number_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="adjustment_is_positive"),
            models.CheckConstraint(
                condition=Q(unallocated_minor__gte=0, refunded_minor__gte=0)
                & Q(unallocated_minor__lte=F("amount_minor") - F("refunded_minor")),
                name="adjustment_not_used_twice",
            ),
        ]
        indexes = [
            models.Index(fields=["business", "-id"], name="adjustment_newest"),
            models.Index(fields=["business", "customer", "-id"], name="adjustment_of_customer"),
            models.Index(
                fields=["business", "customer", "currency"],
                name="adjustment_with_credit",
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
        return self.adjustment_date

    @property
    def is_live(self) -> bool:
        return self.status == self.Status.RECORDED


class Refund(Owned):
    """Money given back to a customer out of a payment or a credit, in minor units of that row's currency."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(max_length=3)
    payment = models.ForeignKey("Payment", models.PROTECT, null=True, related_name="refunds")
    credit_note = models.ForeignKey("CreditNote", models.PROTECT, null=True, related_name="refunds")
    adjustment = models.ForeignKey(Adjustment, models.PROTECT, null=True, related_name="refunds")
    amount_minor = models.BigIntegerField()
    refund_date = models.DateField()
    method = models.CharField(max_length=20)
    reference = models.CharField(max_length=100, null=True, blank=True)
    notes = models.TextField(null=True, blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_is_positive"),
            models.CheckConstraint(
                condition=exactly_one("payment", "credit_note", "adjustment"), name="refund_of_one_source"
            ),
        ]
        indexes = [models.Index(fields=["business", "customer", "-id"], name="refund_of_customer")]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"
