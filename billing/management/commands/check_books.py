"""`check_books`: prove the invariants of every business; exit 1 and a list when one is broken. The dashboard shows the result."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from billing.selectors.books import CHECKS, name_damage
from billing.services.books import prove_books_of
from businesses.models import Business


class Command(BaseCommand):
    help = "Prove that the books agree with themselves; exit 1 and a list of contradictions when they do not."

    def handle(self, *args: Any, **options: Any) -> None:
        businesses, contradictions = list(Business.objects.order_by("pk")), 0
        for business in businesses:
            findings = prove_books_of(business)
            contradictions += len(findings)
            for sentence in findings:
                self.stdout.write(self.style.ERROR(name_damage(business, sentence)))
        if contradictions:
            self.stdout.write(f"{contradictions} contradictions.")
            sys.exit(1)
        self.stdout.write(f"The books of {len(businesses)} businesses agree: {len(CHECKS)} checks each.")
