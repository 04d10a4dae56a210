"""Mail about a person's own access: invitations to a business, and new passwords."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from businesses import services
from businesses.audit import SYSTEM, Actor
from businesses.invitations import set_password_link
from businesses.models import Business, Member, Role, User
from invoicing.lib import clock
from invoicing.lib.errors import Invalid
from messaging.addresses import is_address
from messaging.models import Kind, Message
from messaging.private_links import PrivateLink
from messaging.services import queue_message
from messaging.texts import render_text

_PAUSE = timedelta(minutes=5)


@transaction.atomic
def invite_member(business: Business, *, email: str, role: str, actor: Actor) -> Member:
    """Make a person a member and write to them how to get in: with a password to choose, or with the one they have.

    Invalid for `email` or `role`; Conflict when they are a member already.
    """
    email = email.strip()
    if not is_address(email):
        raise Invalid.field("email", "This is not an e-mail address.")
    if role not in Role.values:
        raise Invalid.field("role", f"Expected one of {', '.join(Role.values)}.")
    member = services.add_member(business, email=email, role=role, actor=actor)
    return resend_invitation(member, actor=actor)


@transaction.atomic
def resend_invitation(member: Member, *, actor: Actor) -> Member:
    """Write the invitation once more, with a fresh link."""
    known = member.user.has_usable_password()
    link = f"{settings.PUBLIC_URL}{settings.LOGIN_REDIRECT_URL}" if known else set_password_link(member.user)
    _write(member, Kind.INVITATION, link, actor)
    return member


def send_reset_to(email: str) -> None:
    """As `send_password_reset`, to the person with this address, if there is one whose account is open."""
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is not None:
        send_password_reset(user)


@transaction.atomic
def send_password_reset(user: User) -> Message | None:
    """Write a link to a person with which they choose a new password.

    None, and no mail, for one without a business (every message belongs to one), and for five minutes after the last.
    """
    User.objects.select_for_update().get(pk=user.pk)
    member = Member.objects.select_related("business", "user").filter(user=user).order_by("id").first()
    if member is None:
        return None
    recent = Message.objects.of(member.business).filter(kind=Kind.PASSWORD_RESET, subject_id=member.uuid)
    if recent.filter(created_at__gt=clock.now() - _PAUSE).exists():
        return None
    return _write(member, Kind.PASSWORD_RESET, set_password_link(user), SYSTEM)


def _write(member: Member, kind: str, link: str, actor: Actor) -> Message:
    business = member.business
    private = PrivateLink.to(link)
    text = render_text(business, kind, business.locale, {"link": private.marker})
    return queue_message(
        business,
        kind=kind,
        to=[member.user.email],
        subject=text.subject,
        body_text=text.body_text,
        body_html=text.body_html,
        language=text.language,
        subject_row=member,
        private_link=private,
        actor=actor,
    )
