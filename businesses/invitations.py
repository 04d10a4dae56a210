"""The link with which a person sets a password: after an invitation, and after forgetting the old one."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from businesses.models import User


def set_password_link(user: User) -> str:
    """An absolute URL that lets `user` choose a password once, within PASSWORD_RESET_TIMEOUT."""
    parts = {"uidb64": urlsafe_base64_encode(force_bytes(user.pk)), "token": default_token_generator.make_token(user)}
    return f"{settings.PUBLIC_URL}{reverse('password_reset_confirm', kwargs=parts)}"
