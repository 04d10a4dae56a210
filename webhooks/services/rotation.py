"""Replacing a signing secret in two steps, so that no receiver has to change over at one moment. See webhooks/signing.py."""

from __future__ import annotations

from django.db import transaction

from businesses import audit
from businesses.audit import Actor
from invoicing.lib import clock
from invoicing.lib.errors import Conflict
from invoicing.lib.ids import secret_hex
from invoicing.lib.secrets import encrypt
from webhooks.models import Endpoint

_COLUMNS = ["secret", "secret_since", "next_secret", "next_secret_since", "updated_at"]


@transaction.atomic
def rotate_secret(endpoint: Endpoint, *, actor: Actor) -> tuple[Endpoint, str]:
    """Step one: a new secret, the second value, which nothing shows again. Both sign until `activate_secret` or 24 h later.

    Again before that replaces the new secret with another one: it may have been lost.
    """
    endpoint = _settle(Endpoint.objects.lock(endpoint.pk))
    secret = secret_hex()
    endpoint.next_secret, endpoint.next_secret_since = encrypt(secret), clock.now()
    endpoint.save(update_fields=_COLUMNS)
    audit.record(endpoint.business, actor, "endpoint.secret_rotated", endpoint)
    return endpoint, secret


@transaction.atomic
def activate_secret(endpoint: Endpoint, *, actor: Actor) -> Endpoint:
    """Step two: only the new secret signs from now on; Conflict when none was made."""
    endpoint = Endpoint.objects.lock(endpoint.pk)
    if endpoint.next_secret is None:
        raise Conflict("There is no new secret to activate; rotate it first.", code="no_rotation")
    _promote(endpoint)
    endpoint.save(update_fields=_COLUMNS)
    audit.record(endpoint.business, actor, "endpoint.secret_activated", endpoint)
    return endpoint


def _settle(endpoint: Endpoint) -> Endpoint:
    """A new secret whose 24 hours are over is the only one already; say so in the columns."""
    return _promote(endpoint) if endpoint.is_rotated_at(clock.now()) else endpoint


def _promote(endpoint: Endpoint) -> Endpoint:
    endpoint.secret = endpoint.next_secret or endpoint.secret
    endpoint.secret_since = endpoint.next_secret_since or endpoint.secret_since
    endpoint.next_secret, endpoint.next_secret_since = None, None
    return endpoint
