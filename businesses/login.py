"""The form at the door of the admin, and by what its failures are counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from unfold.forms import AuthenticationForm

_WRONG = "This e-mail address and password do not belong together, or may not log in here."


def typed_address(request: HttpRequest | None, credentials: Mapping[str, Any] | None) -> str:
    """Whose failed logins are counted: the address as users are found by it, however it is spelt."""
    typed = (credentials or {}).get("username") or (request.POST.get("username") if request else "")
    return str(typed or "").strip().lower()


class LoginForm(AuthenticationForm):
    """Says the same to a wrong password, an unknown address and a person who may not enter."""

    error_messages = {"invalid_login": _WRONG, "inactive": _WRONG}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail address"
        self.fields["username"].widget.input_type = "email"
        self.fields["username"].widget.attrs["autocomplete"] = "username"

    def confirm_login_allowed(self, user: AbstractBaseUser) -> None:
        if not (user.is_active and getattr(user, "is_staff", False)):
            raise ValidationError(_WRONG, code="invalid_login")
