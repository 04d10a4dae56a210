"""`check_books`: prove the invariants of every business; exit 1 and a list when one is broken."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from billing.selectors.books import CHECKS, find_damage
from businesses.models import Business


class Command(BaseCommand):
    help = "Prove that the books agree with themselves; exit 1 and a list of contradictions when they do not."

    def handle(self, *args: Any, **options: Any) -> None:
        # One snapshot for all sums: a payment that commits between two of them would look like damage.
        is_outermost = not connection.in_atomic_block
        with transaction.atomic():
            if connection.vendor == "postgresql" and is_outermost:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            businesses = list(Business.objects.order_by("pk"))
            damage = [sentence for business in businesses for sentence in find_damage(business)]
        for sentence in damage:
            self.stdout.write(self.style.ERROR(sentence))
        if damage:
            self.stdout.write(f"{len(damage)} contradictions.")
            sys.exit(1)
        self.stdout.write(f"The books of {len(businesses)} businesses agree: {len(CHECKS)} checks each.")
