"""The files that hang on a document."""

from __future__ import annotations

from uuid import UUID

from billing.models import Attachment
from businesses.models import Business, StoredFile


def mailed_files(business: Business, noun: str, document: UUID) -> list[tuple[StoredFile, str]]:
    """What goes with the mails of a document besides its PDF, in order; what is only referred to does not."""
    rows = Attachment.objects.of(business).filter(**{f"{noun}__uuid": document}, file__stored__isnull=False)
    ordered = rows.select_related("file__stored").order_by("position", "pk")
    return [(row.file.stored, row.file.name) for row in ordered if row.file.stored is not None]
