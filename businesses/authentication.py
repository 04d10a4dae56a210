"""API keys: how one is made, shown once, found again by its digest, and refused."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from businesses import audit, throttling
from businesses.audit import Actor
from businesses.callers import Caller
from businesses.known_keys import forget_after_commit, recall, remember
from businesses.models import ApiKey, Business
from invoicing.lib import clock
from invoicing.lib.ids import digest, secret_hex
from invoicing.lib.rows import read_objects

# How a new key may begin, by the wire format whose programs expect it; every key opens every format.
SPELLINGS = {"oim": "oim_", "corebill": "sk_live_"}
_SHAPE = re.compile(rf"({'|'.join(SPELLINGS.values())})[0-9a-f]{{64}}")
_TOUCH_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_api_key(
    business: Business,
    *,
    name: str,
    scope: str,
    expires_at: datetime | None = None,
    spelling: str = "oim",
    actor: Actor,
) -> tuple[ApiKey, str]:
    """Make a key, spelt as one of SPELLINGS; the second value is the secret, which nothing shows again."""
    secret = f"{SPELLINGS[spelling]}{secret_hex()}"
    key = ApiKey.objects.create(
        business=business, name=name, scope=scope, expires_at=expires_at, digest=digest(secret), prefix=secret[:12]
    )
    audit.record(business, actor, "api_key.created", key, {"scope": scope})
    return key, secret


@transaction.atomic
def revoke_api_key(key: ApiKey, *, actor: Actor) -> ApiKey:
    """End a key at once and for good; again changes nothing."""
    key = ApiKey.objects.select_for_update().get(pk=key.pk)
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        key.save(update_fields=["revoked_at"])
        forget_after_commit()
        audit.record(key.business, actor, "api_key.revoked", key)
    return key


def find_program(secret: str) -> Caller:
    """Whoever sends this key, its call counted; AuthenticationFailed (401) where no such key is alive."""
    if not _SHAPE.fullmatch(secret):
        raise AuthenticationFailed("Invalid API key")
    hidden = digest(secret)
    verdict = throttling.take(hidden)  # before the key is read: what is read is at least as new as its stamp
    known = recall(hidden, verdict)
    key = known or _read(hidden)
    if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= clock.now()):
        raise AuthenticationFailed("Invalid API key")
    if known is None:
        _touch(key, clock.now())
        remember(key, verdict)
    return Caller.program(key, verdict)


def _read(hidden: str) -> ApiKey | None:
    """The key with this digest, its business loaded."""
    return next(iter(read_objects(ApiKey, [hidden], by="digest", related=("business",))), None)


def _touch(key: ApiKey, now: datetime) -> None:
    if key.last_used_at is None or now - key.last_used_at > _TOUCH_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _TOUCH_EVERY)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
        key.last_used_at = now


def credentials(request: Request, scheme: str) -> str:
    """What stands behind a scheme (in lower case) in the Authorization header; nothing where another one is used."""
    given, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if given.lower() == scheme else ""


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer oim_<64 hex>`; `request.auth` is the caller."""

    def authenticate(self, request: Request) -> tuple[Any, Caller]:
        secret = credentials(request, "bearer")
        if not secret:
            raise AuthenticationFailed("Missing API key: send Authorization: Bearer oim_…")
        return None, find_program(secret)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
