"""People of the cast, and browsers that are logged in as them."""

from __future__ import annotations

from typing import Any

from django.test import Client

from businesses.audit import SYSTEM
from businesses.models import Business, Member
from businesses.services import add_member

PASSWORD = "a long enough sentence"


def make_member(business: Business, role: str = "owner", email: str | None = None, *, password: bool = False) -> Member:
    """A member; one with a password can log in (hashing it takes a while)."""
    email = email or f"{role}@{business.name.split()[0].lower()}.test"
    member = add_member(business, email=email, role=role, actor=SYSTEM)
    if password:
        member.user.set_password(PASSWORD)
        member.user.save()
    return member


def browser_of(member: Member) -> Client:
    """A browser in which this person is logged in."""
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(response: Any) -> str:
    return str(response.content.decode())
