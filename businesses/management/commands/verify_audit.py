"""`verify_audit [--business UUID [--head HASH]]`: prove the audit chain; exit 1 naming the first broken link."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from businesses.audit_chain import Proof, prove_chain
from businesses.models import Business
from invoicing.lib.ids import parse_uuid


class Command(BaseCommand):
    help = "Compute the hash chain of the audit trail anew; exit 1 and the first broken link when it does not hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", metavar="UUID", help="only this one")
        parser.add_argument("--head", default="", metavar="HASH", help="noted earlier: must still be in the chain")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["head"] and not options["business"]:
            raise CommandError("--head is the head of one chain: give its --business as well.")
        proofs = [self._prove(business, options["head"].lower()) for business in _businesses(options["business"])]
        if any(proof.broken or not proof.expected_found for proof in proofs):
            sys.exit(1)

    def _prove(self, business: Business, expected: str) -> Proof:
        proof, name = prove_chain(business, expected=expected), f"{business.name} ({business.uuid})"
        if proof.broken:
            self.stdout.write(self.style.ERROR(f"{name}: {proof.broken}"))
        elif not proof.expected_found:
            self.stdout.write(self.style.ERROR(f"{name}: the head {expected} is not in the chain: its end was cut off"))
        waiting = f", {proof.unlinked} not linked yet" if proof.unlinked else ""
        held = "holds up to" if proof.broken else "holds: head"
        self.stdout.write(f"{name}: {held} position {proof.head.position} {proof.head.hash}{waiting}")
        return proof


def _businesses(identifier: str | None) -> list[Business]:
    if identifier is None:
        return list(Business.objects.order_by("pk"))
    uuid = parse_uuid(identifier)
    found = list(Business.objects.filter(uuid=uuid)) if uuid else []
    if not found:
        raise CommandError(f"There is no business {identifier!r}.")
    return found
