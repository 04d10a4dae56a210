"""`generate --invoices N --customers M --businesses B [--seed S]`: books of any size, in businesses of their own, for measuring."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.generator import Wanted, generate
from businesses.audit import SYSTEM
from businesses.authentication import create_api_key
from businesses.models import ApiKey
from invoicing.lib.errors import DomainError

_WIDTH = 40


class Command(BaseCommand):
    help = (
        "Add generated businesses: one with so many invoices and customers, beside small ones. Nothing else is touched. "
        "Prints each one's id, invoices and customers, the biggest first; the last line is an API key of the biggest."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--invoices", type=_count, default=1_000, help="of the biggest business")
        parser.add_argument("--customers", type=_count, default=100, help="of the biggest business")
        parser.add_argument("--businesses", type=_count, default=1, help="in all")
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        names = ("invoices", "customers", "businesses", "seed")
        bar = Bar(self.stderr)
        try:
            made = generate(Wanted(**{name: options[name] for name in names}), bar.show)
        except DomainError as error:
            raise CommandError(error.message) from None
        for row in made:
            self.stdout.write(f"{row.business.uuid} {row.invoices} {row.customers}")
        _, secret = create_api_key(made[0].business, name="Generated", scope=ApiKey.Scope.ALL, actor=SYSTEM)
        self.stdout.write(secret)


class Bar:
    """How far it is: drawn anew on a terminal, elsewhere a line for every tenth."""

    def __init__(self, out: Any) -> None:
        self.out, self.begun, self.tenths = out, monotonic(), 0

    def show(self, done: int, whole: int) -> None:
        """So much is there."""
        seconds, is_terminal = monotonic() - self.begun, self.out.isatty()
        if not is_terminal and done * 10 // whole == self.tenths:
            return
        self.tenths = done * 10 // whole
        bar = ("#" * (done * _WIDTH // whole)).ljust(_WIDTH, ".")
        self.out.write(
            f"\r[{bar}] {done:,} of {whole:,}, {seconds:.0f} s", ending="" if is_terminal and done < whole else "\n"
        )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ArgumentTypeError(f"{text}: expected a whole number from 1.")
    return int(text)
