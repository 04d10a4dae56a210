"""Every write to a person: names and password. A person is of no business, so each of theirs has it in its trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from businesses import audit
from businesses.audit import Actor
from businesses.invitations import person_of_token
from businesses.models import Member, User
from businesses.validators import check_columns
from invoicing.lib.errors import Detail, Invalid


@transaction.atomic
def rename_person(user: User, *, names: Mapping[str, str], actor: Actor) -> User:
    """Change the `first_name` and `last_name` of a person, where they are given; Invalid names the one that is too long."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    changed = {name: value for name, value in names.items() if getattr(user, name) != value}
    if changed:
        _rename(user, changed)
        _record(user, "member.renamed", actor, {"fields": sorted(changed)})
    return user


@transaction.atomic
def change_password(user: User, *, new_password: str, actor: Actor) -> None:
    """Give a person who has just proved the old password a new one, which ends all sessions; Invalid for one too weak."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    _set_password(user, new_password)
    _record(user, "member.password_changed", actor)


@transaction.atomic
def reset_password(token: str, *, new_password: str) -> User:
    """Set the password of whoever was sent a link with this token, which is used up thereby, and end all sessions.

    Invalid for a token that is wrong, used or too old, and for a password too weak: then the token is still good.
    """
    user = _claim(token)
    _set_password(user, new_password)
    _record(user, "member.password_set", Actor.member(user))
    return user


@transaction.atomic
def accept_invitation(token: str, *, new_password: str, names: Mapping[str, str]) -> User:
    """As `reset_password`, for a person who has no password yet; with the names where they are given."""
    user = _claim(token)
    if user.has_usable_password():
        raise _unknown_token()
    _rename(user, names)
    _set_password(user, new_password)
    _record(user, "member.joined", Actor.member(user))
    return user


def _claim(token: str) -> User:
    user = person_of_token(token)
    if user is None or not user.memberships.exists():
        raise _unknown_token()
    return user


def _unknown_token() -> Invalid:
    return Invalid.field("token", "This link is wrong, has been used or is too old.")


def _rename(user: User, names: Mapping[str, str]) -> None:
    for name, value in names.items():
        setattr(user, name, value)
    check_columns(user)
    user.save(update_fields=[*names])


def _set_password(user: User, new_password: str) -> None:
    try:
        validate_password(new_password, user)
    except ValidationError as error:
        details = [Detail("new_password", message) for message in error.messages]
        raise Invalid(f"new_password: {' '.join(error.messages)}", details=details) from None
    user.set_password(new_password)
    user.save(update_fields=["password"])


def _record(user: User, action: str, actor: Actor, changes: Mapping[str, Any] | None = None) -> None:
    for member in Member.objects.select_related("business").filter(user=user).order_by("pk"):
        audit.record(member.business, actor, action, member, changes)
