"""`create_business NAME [--currency USD] [--country US] [--owner EMAIL]`: a tenant; its UUID is the last line."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from businesses.audit import SYSTEM
from businesses.invitations import set_password_link
from businesses.models import Role
from businesses.services import add_member, create_business
from invoicing.lib.errors import DomainError


class Command(BaseCommand):
    help = "Make a business; prints its UUID as the last line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--currency", default="USD")
        parser.add_argument("--country", default="US")
        parser.add_argument("--owner", metavar="EMAIL", help="make this person its owner and print a set-password link")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                business = create_business(
                    name=options["name"],
                    currency=options["currency"].upper(),
                    country=options["country"].upper(),
                    actor=SYSTEM,
                )
                if options["owner"]:
                    member = add_member(business, email=options["owner"], role=Role.OWNER, actor=SYSTEM)
                    self.stdout.write(f"Set the password of {member.user.email}: {set_password_link(member.user)}")
        except DomainError as error:
            raise CommandError(error.message) from None
        self.stdout.write(str(business.uuid))
