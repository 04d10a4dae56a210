"""Prove a business's books and keep what was found, for the people who look at the dashboard."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from billing.models import BooksCheck
from billing.selectors.books import CHECKS, find_contradictions
from businesses.models import Business

KEPT = 30  # proofs of a business: a month of nights
MOST = 1_000  # sentences of one proof: whatever broke more often than that is one thing that broke


def prove_books_of(business: Business) -> list[str]:
    """Every contradiction in the business's books as of now, kept as its newest BooksCheck."""
    findings = find_contradictions(business)
    keep_books_check(business, findings)
    return findings


@transaction.atomic
def keep_books_check(business: Business, findings: Sequence[str]) -> BooksCheck:
    """Store what a proof found; all but the newest KEPT are forgotten."""
    more = len(findings) - MOST
    shown = [*findings[:MOST], *([f"… and {more} more"] if more > 0 else [])]
    made = BooksCheck.objects.create(business=business, checks=len(CHECKS), findings=shown)
    rows = BooksCheck.objects.of(business).order_by("-pk")
    rows.filter(pk__in=list(rows.values_list("pk", flat=True)[KEPT:])).delete()
    return made
