"""Credit notes: corrections of what was billed."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q

from billing.models.credit import CreditSource
from billing.models.documents import Document, DocumentLine, DocumentQuerySet, Invoice, InvoiceLine, document_indexes


class CreditNoteQuerySet(DocumentQuerySet["CreditNote"]):
    """Credit notes."""


class CreditNote(Document, CreditSource):
    """A credit note, of an invoice or of the account. Its amounts are positive; issued, its total reduces what is owed."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENT = "sent", "Sent"
        CANCELLED = "cancelled", "Cancelled"

    MOVES = {
        Status.DRAFT: frozenset({Status.SENT, Status.CANCELLED}),
        Status.SENT: frozenset({Status.CANCELLED}),
        Status.CANCELLED: frozenset(),
    }
    noun = "credit_note"

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, blank=True, related_name="credit_notes")
    # What was asked of the invoice, and what could be credited of each line then: with them the amounts explain themselves.
    basis = models.JSONField(null=True, editable=False)

    objects = CreditNoteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "number"], name="credit_note_number_once"),
            models.CheckConstraint(condition=Q(total_minor__gte=0), name="credit_note_total_not_negative"),
            models.CheckConstraint(
                condition=Q(unallocated_minor__gte=0, refunded_minor__gte=0)
                & Q(unallocated_minor__lte=F("total_minor") - F("refunded_minor")),
                name="credit_note_not_used_twice",
            ),
        ]
        indexes = [
            *document_indexes("credit_note"),
            models.Index(
                fields=["business", "customer", "currency"],
                name="credit_note_with_credit",
                condition=Q(unallocated_minor__gt=0),
            ),
        ]

    @property
    def amount(self) -> int:
        return self.total_minor

    @property
    def day(self) -> date:
        return self.issue_date

    @property
    def is_live(self) -> bool:
        return self.status == self.Status.SENT


class CreditNoteLine(DocumentLine):
    """A line of a credit note; of an invoice's line where it credits one."""

    credit_note = models.ForeignKey(CreditNote, models.PROTECT, related_name="lines", db_index=False)
    invoice_line = models.ForeignKey(InvoiceLine, models.PROTECT, null=True, related_name="credits")
    # How many of the invoice line's units are credited; null where an amount was asked for.
    units = models.DecimalField(max_digits=21, decimal_places=6, null=True)

    class Meta:
        indexes = [models.Index(fields=["credit_note", "position"], name="credit_note_lines")]
