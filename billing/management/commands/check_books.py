"""`check_books`: prove the invariants of every business; exit 1 and a list when one is broken."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from billing.selectors.books import CHECKS, find_all_damage
from businesses.models import Business


class Command(BaseCommand):
    help = "Prove that the books agree with themselves; exit 1 and a list of contradictions when they do not."

    def handle(self, *args: Any, **options: Any) -> None:
        damage = find_all_damage()
        for sentence in damage:
            self.stdout.write(self.style.ERROR(sentence))
        if damage:
            self.stdout.write(f"{len(damage)} contradictions.")
            sys.exit(1)
        self.stdout.write(f"The books of {Business.objects.count()} businesses agree: {len(CHECKS)} checks each.")
