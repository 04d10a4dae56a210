"""Idempotency-Key: a request's key, change and answer commit together, and its repetition gets the same bytes."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction

from businesses.models import Business, IdempotencyKey
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Detail, Invalid, KeyReused
from invoicing.lib.ids import digest
from invoicing.lib.secrets import decrypt, encrypt

KEPT = timedelta(days=7)
_WAIT = "2s"
_VISIBLE = re.compile(r"^[\x21-\x7e]{1,255}$")


def fingerprint(method: str, path: str, body: Any) -> str:
    """What makes two requests the same: method, path with its query, and the parsed body."""
    text = json.dumps([method, path, body], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def claim(business: Business, key: str, print_: str, *, whose: str = "") -> IdempotencyKey:
    """Take the key inside the caller's transaction; a row with a `status` is an earlier answer to replay.

    Callers who are told apart (`whose`) never meet in a key: neither in an answer nor in a refusal.

    Raises Invalid for a malformed key, KeyReused (422) when it belongs to another request, and Conflict (409) when the
    first request is still running after two seconds.
    """
    if not _VISIBLE.match(key):
        message = "Expected 1–255 visible ASCII characters."
        raise Invalid(f"Idempotency-Key: {message}", details=[Detail("Idempotency-Key", message)])
    key = digest(f"{whose} {key}") if whose else key
    IdempotencyKey.objects.of(business).filter(key=key, created_at__lt=clock.now() - KEPT).delete()
    try:
        with transaction.atomic():
            _wait_at_most(_WAIT)
            row = IdempotencyKey.objects.create(business=business, key=key, fingerprint=print_)
    except IntegrityError:
        row = IdempotencyKey.objects.of(business).get(key=key)
    except OperationalError as error:
        if "lock timeout" not in str(error):
            raise
        raise Conflict("The first request with this Idempotency-Key is still running.", code="in_progress") from None
    _wait_at_most("0")
    if row.fingerprint != print_:
        raise KeyReused("This Idempotency-Key was used for another request.")
    return row


def _wait_at_most(interval: str) -> None:
    # A concurrent claim of the same key waits on PostgreSQL's unique index; SQLite has one writer at a time anyway.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [interval])


def keep(row: IdempotencyKey, *, status: int, body: bytes, secret: bool) -> None:
    """Store the answer beside the key; an answer that shows a secret is encrypted."""
    row.status = status
    row.encrypted = secret
    row.answer = encrypt(body.decode()).encode() if secret else body
    row.save(update_fields=["status", "encrypted", "answer"])


def kept_answer(row: IdempotencyKey) -> bytes:
    """The bytes that were answered."""
    stored = bytes(row.answer)
    return decrypt(stored.decode()).encode() if row.encrypted else stored


def forget_old_keys() -> int:
    """Delete the keys older than seven days; returns how many."""
    return IdempotencyKey.objects.filter(created_at__lt=clock.now() - KEPT).delete()[0]
