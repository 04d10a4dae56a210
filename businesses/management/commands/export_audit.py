"""`export_audit --business UUID [--out FILE]`: the audit chain as JSON lines, for `examples/verify_audit.py`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from businesses.audit_chain import START, canonical, link_business, links, record_of, unlinked
from businesses.models import Business
from invoicing.lib import clock
from invoicing.lib.ids import parse_uuid

FORMAT = "invoicing-audit-chain/1"


class Command(BaseCommand):
    help = "Write a business's audit chain as JSON lines: a header, each record with its hash, and the head."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", required=True, metavar="UUID")
        parser.add_argument("--out", metavar="FILE", help="default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        uuid = parse_uuid(options["business"])
        business = Business.objects.filter(uuid=uuid).first() if uuid else None
        if business is None:
            raise CommandError(f"There is no business {options['business']!r}.")
        link_business(business)  # what was done up to now is in the export
        if options["out"] is None:
            for line in _lines(business):
                self.stdout.write(line.decode(), ending="")
            return
        with Path(options["out"]).open("wb") as file:
            file.writelines(_lines(business))
        self.stdout.write(f"The audit chain of {business.name} is in {options['out']}.")


def _lines(business: Business) -> Iterator[bytes]:
    header = {"format": FORMAT, "business": str(business.uuid), "name": business.name, "exported_at": _now()}
    yield _line(header)
    count, head = 0, {"position": 0, "hash": START}
    for entry in links(business):
        head, count = {"position": entry.position, "hash": entry.hash}, count + 1
        record = canonical(record_of(entry, business, entry.position or 0))
        yield b'{"hash":"' + entry.hash.encode() + b'","record":' + record + b"}\n"
    yield _line({"head": head, "count": count, "unlinked": unlinked(business)})


def _now() -> str:
    return clock.iso(clock.now())


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
