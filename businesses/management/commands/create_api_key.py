"""`create_api_key --business UUID --name N --scope S [--expires DATE] [--format corebill]`: the key is the last line."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from businesses.audit import SYSTEM
from businesses.authentication import SPELLINGS, create_api_key
from businesses.models import ApiKey, Business
from invoicing.lib import clock
from invoicing.lib.ids import parse_uuid


class Command(BaseCommand):
    help = "Make an API key; prints it as the last line, and never again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", required=True, metavar="UUID")
        parser.add_argument("--name", required=True)
        parser.add_argument("--scope", required=True, choices=ApiKey.Scope.values)
        help_ = "how the key begins, for programs that look at it; every key opens every format"
        parser.add_argument("--format", choices=sorted(SPELLINGS), default="oim", help=help_)
        parser.add_argument("--expires", metavar="DATE", help="YYYY-MM-DD; the key stops when that day begins")

    def handle(self, *args: Any, **options: Any) -> None:
        identifier = parse_uuid(options["business"])
        business = Business.objects.filter(uuid=identifier).first() if identifier else None
        if business is None:
            raise CommandError(f"There is no business {options['business']!r}.")
        expires_at = None
        if options["expires"]:
            try:
                expires_at = clock.midnight(date.fromisoformat(options["expires"]), business.time_zone)
            except ValueError:
                raise CommandError("--expires: expected a date as YYYY-MM-DD.") from None
        _, secret = create_api_key(
            business,
            name=options["name"],
            scope=options["scope"],
            expires_at=expires_at,
            spelling=options["format"],
            actor=SYSTEM,
        )
        self.stdout.write(secret)
