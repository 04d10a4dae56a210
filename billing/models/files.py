"""Files of a business's own, and the documents that they hang on."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.models.credit import exactly_one
from billing.models.credit_notes import CreditNote
from billing.models.documents import Invoice, Quotation
from businesses.models import Owned, OwnedQuerySet, StoredFile


class UploadedFile(Owned):
    """A file that was given to us: its bytes, or (`url`) only where they are."""

    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(null=True, help_text="In bytes; null where nobody said.")
    stored = models.ForeignKey(StoredFile, models.PROTECT, null=True, editable=False, related_name="+")
    url = models.CharField(max_length=2000, null=True, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = "file"
        constraints = [
            models.CheckConstraint(
                condition=Q(stored__isnull=True, url__isnull=False) | Q(stored__isnull=False, url__isnull=True),
                name="file_here_or_elsewhere",
            )
        ]
        indexes = [models.Index(fields=["business", "-id"], name="file_of")]

    def __str__(self) -> str:
        return self.name


class Attachment(Owned):
    """A file that goes with a document, in its place among the others."""

    file = models.ForeignKey(UploadedFile, models.PROTECT, related_name="attachments")
    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="attachments")
    quotation = models.ForeignKey(Quotation, models.PROTECT, null=True, related_name="attachments")
    credit_note = models.ForeignKey(CreditNote, models.PROTECT, null=True, related_name="attachments")
    position = models.PositiveSmallIntegerField(default=0)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=exactly_one("invoice", "quotation", "credit_note"), name="attachment_of_one_document"
            ),
            models.UniqueConstraint(fields=["business", "invoice", "file"], name="attachment_of_invoice_once"),
            models.UniqueConstraint(fields=["business", "quotation", "file"], name="attachment_of_quotation_once"),
            models.UniqueConstraint(fields=["business", "credit_note", "file"], name="attachment_of_credit_note_once"),
        ]

    def __str__(self) -> str:
        return self.file.name
