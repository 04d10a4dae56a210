"""The receivables ledger: append-only rows, from which every balance on any past date is a sum."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.models.credit import Adjustment, exactly_one
from billing.models.credit_notes import CreditNote
from billing.models.documents import Invoice
from billing.models.payment import Payment
from businesses.models import Business, OwnedQuerySet
from customers.models import Customer
from invoicing.lib import clock

Source = Payment | CreditNote | Adjustment  # what can be applied to invoices


class Posted(models.Model):
    """A fact that is never changed: a later fact reverses it. `effective_on` is its day, `recorded_at` when it was known."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="+", db_index=False)
    effective_on = models.DateField()
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        abstract = True


class Entry(Posted):
    """A change of what a customer owes, signed, in minor units: invoice +, payment −, credit note −, refund +, write-off −."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        PAYMENT = "payment", "Payment"
        CREDIT_NOTE = "credit_note", "Credit note"
        REFUND = "refund", "Refund"
        WRITE_OFF = "write_off", "Write-off"
        REVERSAL = "reversal", "Reversal"
        ADJUSTMENT = "adjustment", "Adjustment"

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    amount_minor = models.BigIntegerField()
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="entries")
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="entries")
    credit_note = models.ForeignKey(CreditNote, models.PROTECT, null=True, related_name="entries")
    adjustment = models.ForeignKey(Adjustment, models.PROTECT, null=True, related_name="entries")
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=exactly_one("invoice", "payment", "credit_note", "adjustment"), name="entry_of_its_document"
            )
        ]
        indexes = [
            models.Index(
                fields=["business", "customer", "currency", "effective_on", "id"],
                include=["amount_minor", "recorded_at", "invoice"],
                name="entries_of_customer",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"


class Allocation(Posted):
    """An amount of a payment, credit note or adjustment applied to an invoice, in minor units; a release is a negative row."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(max_length=3)
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="allocations")
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="allocations")
    credit_note = models.ForeignKey(CreditNote, models.PROTECT, null=True, related_name="allocations")
    adjustment = models.ForeignKey(Adjustment, models.PROTECT, null=True, related_name="allocations")
    amount_minor = models.BigIntegerField()

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount_minor=0), name="allocation_not_zero"),
            models.CheckConstraint(
                condition=exactly_one("payment", "credit_note", "adjustment"), name="allocation_of_one_source"
            ),
        ]
        indexes = [
            models.Index(
                fields=["business", "customer", "currency", "effective_on", "id"],
                include=["amount_minor", "recorded_at", "invoice"],
                name="allocations_of_customer",
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} to {self.invoice_id}"


class DueDate(Posted):
    """The due date of an issued invoice from `effective_on` on."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="due_dates")
    due_date = models.DateField(null=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["business", "invoice", "effective_on", "recorded_at", "id"],
                include=["due_date"],
                name="due_dates_of_invoice",
            )
        ]

    def __str__(self) -> str:
        return str(self.due_date)
