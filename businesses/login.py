"""Who a person is, by address and password: in the form at the door of the admin, and for programs; failures are counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any

from axes.helpers import get_cool_off
from django.contrib.auth import authenticate, user_logged_in
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed, ErrorDetail, Throttled
from unfold.forms import AuthenticationForm

from businesses.membership import memberships_of
from businesses.models import User

_LONGEST = 255  # of what the lockout keeps of an address; some letters become two when they are made small
# Passwords that one process tries at once. Each is half a second of a processor, asked for by anybody: without a bound, forty
# clients that type nonsense keep all threads, and nothing else is answered for minutes.
AT_ONCE = 4
_trying = BoundedSemaphore(AT_ONCE)
_WRONG = "This e-mail address and password do not belong together, or may not log in here."


def typed_address(request: HttpRequest | None, credentials: Mapping[str, Any] | None) -> str:
    """Whose failed logins are counted: the address as users are found by it, however it is spelt."""
    typed = (credentials or {}).get("username") or (request.POST.get("username") if request else "")
    return str(typed or "").strip().lower()[:_LONGEST]


class LockedOut(Throttled):
    """429: too many failures with this address from here, whatever the password."""

    default_detail = "Too many failed logins: try again later."

    def __init__(self) -> None:
        super().__init__(get_cool_off().total_seconds())
        self.detail = ErrorDetail(self.default_detail, "throttled")


class Busy(Throttled):
    """429: too many log in at this moment, whoever they are."""

    default_detail = "Too many logins at once: try again in a moment."

    def __init__(self) -> None:
        super().__init__(1)
        self.detail = ErrorDetail(self.default_detail, "throttled")


@contextmanager
def turn() -> Iterator[None]:
    """One of the few tries of a password at once; Busy where there are too many."""
    if not _trying.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        _trying.release()


def log_in(request: HttpRequest, *, email: str, password: str) -> User:
    """The member of some business with this address and password.

    AuthenticationFailed in the same words, after the same work, for a wrong password, an unknown address and a person
    who may not enter. LockedOut after AXES_FAILURE_LIMIT failures, which the admin's login counts too; Busy where too many
    log in at once.
    """
    user = confirm_password(request, email=email, password=password)
    if user is None or not memberships_of(user):
        raise AuthenticationFailed(_WRONG)
    user_logged_in.send(sender=User, request=request, user=user)
    return user


def confirm_password(request: HttpRequest, *, email: str, password: str) -> User | None:
    """The person with this address and password, else None, which is counted as a failed login; LockedOut and Busy as `log_in`."""
    with turn():
        user = authenticate(request, username=email, password=password)
    if getattr(request, "axes_locked_out", False):
        raise LockedOut
    return user if isinstance(user, User) else None


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
