"""The link with which a person sets a password, after an invitation or after forgetting the old one, and what is in it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from businesses.models import User


def set_password_link(user: User) -> str:
    """An absolute URL that lets `user` choose a password once, within PASSWORD_RESET_TIMEOUT."""
    parts = {"uidb64": urlsafe_base64_encode(force_bytes(user.pk)), "token": default_token_generator.make_token(user)}
    return f"{settings.PUBLIC_URL}{reverse('password_reset_confirm', kwargs=parts)}"


def person_of_token(token: str) -> User | None:
    """Whose link this is, where it still lets a password be set; the row is locked, so that it does so once.

    A token is spelt as the last two parts of the link with a dot between: `<person>.<secret>`.
    """
    number, _, secret = token.partition(".")
    try:
        pk = urlsafe_base64_decode(number).decode("ascii")
    except ValueError:
        return None
    if not (pk.isdigit() and len(pk) < 19):
        return None
    user = User.objects.select_for_update(no_key=True).filter(pk=int(pk), is_active=True).first()
    return user if default_token_generator.check_token(user, secret) else None
