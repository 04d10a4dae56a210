"""Links that need no login: made with a token that only its reader has, found by its digest, revoked."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from businesses import audit
from businesses.audit import Actor, Subject
from businesses.models import Business, PublicLink
from invoicing.lib import clock
from invoicing.lib.errors import NotFound
from invoicing.lib.ids import digest, secret_hex

LINK_STATES = ("active", "expired", "revoked")
_TOUCH_EVERY = timedelta(minutes=1)


def link_state(revoked_at: datetime | None, expires_at: datetime) -> str:
    """One of LINK_STATES, as of now."""
    if revoked_at is not None:
        return "revoked"
    return "expired" if expires_at <= clock.now() else "active"


def create_link(business: Business, *, kind: str, subject: Subject, label: str, actor: Actor) -> tuple[PublicLink, str]:
    """Make a link to one row, in the caller's transaction; the second value is its token (256 bits), kept nowhere.

    It ends after PUBLIC_LINK_DAYS.
    """
    token = secret_hex()
    link = PublicLink.objects.create(
        business=business,
        digest=digest(token),
        subject_kind=kind,
        subject_id=subject.uuid,
        subject_label=label[:255],
        expires_at=clock.now() + timedelta(days=settings.PUBLIC_LINK_DAYS),
    )
    audit.record(business, actor, "public_link.created", link, {"subject_id": str(subject.uuid)})
    return link, token


def find_link(token: str, *, kind: str) -> PublicLink:
    """The live link with this token, its business loaded.

    NotFound, after the same one query, for what is unknown, expired, revoked or no token at all.
    """
    live = PublicLink.objects.filter(revoked_at=None, expires_at__gt=clock.now(), subject_kind=kind)
    link = live.select_related("business").filter(digest=digest(token)).first()
    if link is None:
        raise NotFound("Link not found")
    return link


def note_opening(link: PublicLink) -> None:
    """Keep when the link was last opened, to the minute: one update at most, and none where that is known."""
    now = clock.now()
    if link.opened_at is None or now - link.opened_at > _TOUCH_EVERY:
        stale = Q(opened_at=None) | Q(opened_at__lt=now - _TOUCH_EVERY)
        PublicLink.objects.filter(stale, pk=link.pk).update(opened_at=now)
        link.opened_at = now


@transaction.atomic
def revoke_link(link: PublicLink, *, actor: Actor) -> PublicLink:
    """End a link at once and for good; again changes nothing."""
    link = PublicLink.objects.select_for_update().get(pk=link.pk)
    if link.revoked_at is None:
        link.revoked_at = clock.now()
        link.save(update_fields=["revoked_at"])
        audit.record(link.business, actor, "public_link.revoked", link, {"subject_id": str(link.subject_id)})
    return link


@transaction.atomic
def revoke_links(business: Business, *, subject: Subject, actor: Actor) -> list[PublicLink]:
    """End every link to one row that is not revoked yet; returns them."""
    rows = PublicLink.objects.of(business).filter(subject_id=subject.uuid, revoked_at=None).order_by("id")
    return [revoke_link(link, actor=actor) for link in rows]
