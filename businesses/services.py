"""Every write to a business and its members."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from businesses import audit
from businesses.audit import Actor
from businesses.known_keys import forget_after_commit
from businesses.models import Business, Member, Role, User
from businesses.validators import check_columns
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Denied, Invalid


@transaction.atomic
def create_business(*, name: str, actor: Actor, **fields: Any) -> Business:
    """A new tenant; Invalid names the field that is wrong."""
    business = Business(name=name, **fields)
    check_columns(business)
    business.save()
    audit.record(business, actor, "business.created", business)
    return business


@transaction.atomic
def update_business(business: Business, *, changes: dict[str, Any], actor: Actor) -> Business:
    """Change settings of a business; documents already issued keep what they were issued with."""
    business = Business.objects.select_for_update().get(pk=business.pk)
    changed = {name: value for name, value in changes.items() if getattr(business, name) != value}
    if not changed:
        return business
    for name, value in changed.items():
        setattr(business, name, value)
    if any(name.startswith("statement_") for name in changed):
        business.statement_scheduled_at = clock.now()
    check_columns(business)
    business.save()
    forget_after_commit()
    audit.record(business, actor, "business.updated", business, {"fields": sorted(changed)})
    return business


@transaction.atomic
def add_member(business: Business, *, email: str, role: str, actor: Actor) -> Member:
    """Make the person with this e-mail address a member; they can log in once they have set a password.

    Conflict when they are one already.
    """
    Business.objects.select_for_update().get(pk=business.pk)
    _only_owners_make_owners(business, role, actor)
    email = email.strip().lower()
    _check_email(email)
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, is_staff=True)
    if Member.objects.of(business).filter(user=user).exists():
        raise Conflict(f"{email} is already a member of this business.", code="duplicate_member")
    if not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff"])
    member = Member.objects.create(business=business, user=user, role=role)
    audit.record(business, actor, "member.added", member, {"role": role})
    return member


@transaction.atomic
def change_role(member: Member, *, role: str, actor: Actor) -> Member:
    """Give a member another role; Conflict where the last owner would go."""
    member = Member.objects.select_for_update().get(pk=member.pk)
    if member.role == role:
        return member
    _only_owners_make_owners(member.business, role, actor, member)
    _keep_an_owner(member)
    member.role = role
    member.save(update_fields=["role"])
    audit.record(member.business, actor, "member.role_changed", member, {"role": role})
    return member


@transaction.atomic
def remove_member(member: Member, *, actor: Actor) -> None:
    """End a membership; the person and what they did stay on record. Conflict for the last owner."""
    member = Member.objects.select_for_update().get(pk=member.pk)
    _only_owners_make_owners(member.business, member.role, actor)
    _keep_an_owner(member)
    audit.record(member.business, actor, "member.removed", member, {"role": member.role})
    member.delete()


def _check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid.field("email", "Expected an e-mail address.") from None


def _only_owners_make_owners(business: Business, role: str, actor: Actor, member: Member | None = None) -> None:
    """Denied (403) where a member who is no owner gives or takes the owner's role."""
    if actor.kind != "member" or Role.OWNER not in {role, member.role if member else role}:
        return
    if not Member.objects.of(business).filter(user_id=int(actor.id), role=Role.OWNER).exists():
        raise Denied("Only an owner can make, change or remove an owner.", code="owners_only")


def _keep_an_owner(member: Member) -> None:
    owners = Member.objects.of(member.business).filter(role=Role.OWNER).select_for_update()
    if member.role == Role.OWNER and len(owners) <= 1:
        raise Conflict("A business keeps at least one owner.", code="last_owner")
