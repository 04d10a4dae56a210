"""The hash chain over the audit trail: committed entries are linked in order, and proved by computing them anew.

hash = SHA-256(previous hash in hex, 64 zeros at first + "\\n" + canonical JSON of the record), all of one business.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db import connection, transaction

from businesses.models import AuditEntry, Business

START = "0" * 64
BATCH = 1_000
_LINK = "UPDATE businesses_auditentry SET position = %s, hash = %s WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of a chain: how many entries it has, and the hash that stands for all of them."""

    position: int
    hash: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What computing a chain anew found: its head as far as it holds, the first broken link in a sentence, what is unlinked."""

    head: Head
    broken: str
    unlinked: int
    expected_found: bool


def record_of(entry: AuditEntry, business: Business, position: int) -> dict[str, Any]:
    """What is hashed of an entry at its place; plain JSON, the same from every database."""
    return {
        "business": str(business.uuid),
        "position": position,
        "entry": str(entry.uuid),
        "created_at": entry.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "actor": {"kind": entry.actor_kind, "id": entry.actor_id, "label": entry.actor_label},
        "action": entry.action,
        "subject": {"kind": entry.subject_kind, "id": str(entry.subject_id), "label": entry.subject_label},
        "changes": entry.changes,
    }


def canonical(record: dict[str, Any]) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8; jsonb keeps neither order nor spacing, so neither is kept."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def link(previous: str, record: dict[str, Any]) -> str:
    """The hash of a record after the one before it."""
    return hashlib.sha256(previous.encode() + b"\n" + canonical(record)).hexdigest()


# Link ----------------------------------------------------------------------------------------------------------------
def link_business(business: Business) -> int:
    """Link all committed entries of a business that are not yet, a batch per transaction; returns how many."""
    linked = 0
    while done := _link_batch(business):
        linked += done
    return linked


def waiting_businesses() -> list[Business]:
    """Those with entries to link."""
    waiting = AuditEntry.objects.filter(position=None).order_by().values("business_id").distinct()
    return list(Business.objects.filter(pk__in=waiting).order_by("pk"))


@transaction.atomic
def _link_batch(business: Business) -> int:
    # One linker at a time per business. no_key: whoever writes a row of the business need not wait.
    business = Business.objects.select_for_update(no_key=True).get(pk=business.pk)
    head = head_of(business)
    # An entry that commits after a younger one was linked has its turn when it is seen.
    entries = AuditEntry.objects.of(business).filter(position=None).order_by("id")[:BATCH]
    previous, rows = head.hash, []
    for position, entry in enumerate(entries, head.position + 1):
        previous = link(previous, record_of(entry, business, position))
        rows.append((position, previous, entry.pk))
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_LINK, rows)
    return len(rows)


def head_of(business: Business) -> Head:
    """The chain's last link as it is stored; position 0 and 64 zeros where nothing is linked yet."""
    rows = AuditEntry.objects.of(business).filter(position__isnull=False).order_by("-position")
    last = rows.only("position", "hash").first()
    return Head(last.position or 0, last.hash) if last else Head(0, START)


def unlinked(business: Business) -> int:
    """How many entries wait to be linked."""
    return AuditEntry.objects.of(business).filter(position=None).count()


# Prove ---------------------------------------------------------------------------------------------------------------
def links(business: Business) -> Iterator[AuditEntry]:
    """The linked entries of a business, in order."""
    rows = AuditEntry.objects.of(business).filter(position__isnull=False).order_by("position")
    return rows.iterator(chunk_size=BATCH)


def prove_chain(business: Business, *, expected: str = "") -> Proof:
    """Compute a business's chain anew up to its first broken link.

    `expected` is a hash noted earlier: that it is still among them shows that nothing was cut off the end since.
    """
    head, found, broken = Head(0, START), expected in {"", START}, ""
    for entry in links(business):
        broken = _broken(entry, business, head)
        if broken:
            break
        head = Head(head.position + 1, entry.hash)
        found = found or entry.hash == expected
    return Proof(head, broken, unlinked(business), found)


def _broken(entry: AuditEntry, business: Business, head: Head) -> str:
    """Why an entry does not follow on `head`; empty where it does."""
    expected = head.position + 1
    if entry.position != expected:
        return f"position {expected} is missing: entry {entry.uuid} at position {entry.position} comes next"
    if link(head.hash, record_of(entry, business, expected)) != entry.hash:
        return f"position {expected}, entry {entry.uuid}: its record or its hash is not what was linked there"
    return ""
