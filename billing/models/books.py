"""What the nightly proof of the books found."""

from __future__ import annotations

from django.db import models

from businesses.models import Owned, OwnedQuerySet


class BooksCheck(Owned):
    """One proof of a business's books: when it ended (`created_at`), how many checks, and each contradiction in a sentence."""

    checks = models.PositiveSmallIntegerField()
    findings = models.JSONField(default=list)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["business", "-id"], name="books_check_newest")]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d}: {len(self.findings)} contradictions"
