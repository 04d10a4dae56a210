"""API keys that have called before: their row and their business's, kept in this process while no key or business changes.

Whether one has is told by a stamp in Valkey, which comes with the answer of the rate limit: so a call with a known key asks
the database nothing. Whoever ends a key or changes a business makes a new stamp when that is committed, and is answered when
every process reads anew. Where the stamp could not be made or is not told, rows are believed for SECONDS, or not at all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TypeVar

import redis
import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django.db.models.base import ModelState

from businesses.models import ApiKey
from businesses.throttling import Verdict, stamp_anew
from invoicing.lib.ids import secret_hex

log = structlog.get_logger(__name__)

SECONDS = 10.0
_MOST = 10_000
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class _Known:
    key: ApiKey  # with its business
    stamp: bytes
    until: float


_known: dict[str, _Known] = {}


def recall(digest: str, verdict: Verdict | None) -> ApiKey | None:
    """The key with this digest as it was read under the verdict's stamp; the caller's own objects, which it may change."""
    known = _known.get(digest)
    if known is None or verdict is None or known.stamp != verdict.stamp or known.until < time.monotonic():
        return None
    return _copy(known.key)


def remember(key: ApiKey, verdict: Verdict | None) -> None:
    """Keep what was read after the verdict was given."""
    if verdict is None:
        return
    if len(_known) >= _MOST:
        _known.clear()
    _known[key.digest] = _Known(_copy(key), verdict.stamp, time.monotonic() + SECONDS)


def forget_after_commit() -> None:
    """Have every process read keys and businesses anew, once the current transaction has committed."""
    transaction.on_commit(_forget)


def _forget() -> None:
    _known.clear()
    if not settings.RATE_LIMIT:  # nobody knows any key
        return
    try:
        stamp_anew(secret_hex())
    except redis.RedisError as error:
        log.warning("known_keys_not_forgotten", error=str(error), for_seconds=SECONDS)


def _copy(key: ApiKey) -> ApiKey:
    own = _own(key)
    own.business = _own(key.business)
    return own


def _own(row: Row) -> Row:
    """Another object of the same row: as `copy.copy`, which goes by way of pickling, at a tenth of its cost."""
    own = type(row).__new__(type(row))
    own.__dict__.update(row.__dict__)
    own._state = ModelState()
    own._state.adding, own._state.db = False, row._state.db
    return own
