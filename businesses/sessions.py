"""Sessions of members in programs: a signed token for a quarter of an hour of calls, and one that is good once for the next two.

All refresh tokens of one login are one session. simplejwt's table of outstanding tokens keeps the session's name where it
would keep the token, so that a stolen database opens nothing; its blacklist holds those that are spent or ended.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken, Token
from rest_framework_simplejwt.utils import datetime_from_epoch

from businesses.membership import memberships_of
from businesses.models import Member, User
from invoicing.lib import clock

_INVALID = "Invalid or expired token: log in again."
# Two windows of one program may refresh at once; a token that comes back later than this was copied by somebody.
_AT_ONCE = timedelta(seconds=30)


class RefreshToken(Token):
    """Good once for the next two tokens."""

    token_type = "refresh"  # noqa: S105 - a claim, no secret
    lifetime = api_settings.REFRESH_TOKEN_LIFETIME


class Tokens(NamedTuple):
    """What a program gets at a login and at each refresh."""

    access: str
    refresh: str


def open_session(user: User) -> Tokens:
    """The first tokens of a person who has just proved who it is."""
    return _issue(user, uuid4().hex)


def renew_session(refresh: str) -> Tokens:
    """The next tokens of a session; AuthenticationFailed for any but its newest refresh token, of a person who may still enter.

    An older one that is shown again ends the session: one of the two who have it is a thief, and nobody knows which.
    """
    token = _read(RefreshToken, refresh)
    user, _ = _person_of(token)
    with transaction.atomic():
        _lock(user.pk)
        if _spend(token):
            return _issue(user, token["session"])
    raise AuthenticationFailed(_INVALID)


def end_session(refresh: str) -> None:
    """Log out: no token of the session opens anything from now on. AuthenticationFailed for what is no refresh token."""
    token = _read(RefreshToken, refresh)
    with transaction.atomic():
        _lock(int(token["user_id"]))
        _end(int(token["user_id"]), token["session"])


def find_memberships(access: str) -> list[Member]:
    """All memberships, at least one, of the person with this access token; AuthenticationFailed for any other token.

    The account, its password, the session and the memberships are looked at each time: what was taken away is gone at once.
    """
    return _person_of(_read(AccessToken, access))[1]


def forget_expired() -> None:
    """Delete what is kept of tokens whose time is over."""
    OutstandingToken.objects.filter(expires_at__lte=clock.now()).delete()


def _issue(user: User, session: str) -> Tokens:
    refresh, access = RefreshToken(), AccessToken()
    for token in (refresh, access):
        token["user_id"], token["session"], token["password"] = str(user.pk), session, _stamp(user)
    OutstandingToken.objects.create(
        user=user,
        jti=refresh["jti"],
        token=session,
        created_at=refresh.current_time,
        expires_at=datetime_from_epoch(refresh["exp"]),
    )
    return Tokens(str(access), str(refresh))


def _stamp(user: User) -> str:
    """Changes with the password, and says nothing about it."""
    return salted_hmac("businesses.sessions", user.password, algorithm="sha256").hexdigest()[:32]


def _read(kind: type[Token], text: str) -> Token:
    try:
        return kind(text)  # type: ignore[arg-type]
    except TokenError:
        raise AuthenticationFailed(_INVALID) from None


def _person_of(token: Token) -> tuple[User, list[Member]]:
    """Whose token it is, and what that person is a member of; AuthenticationFailed where that is over."""
    living = _living(int(token["user_id"]), token["session"])
    user = User.objects.filter(pk__in=living.values("user_id")).first()
    if user is None or not constant_time_compare(token["password"], _stamp(user)):
        raise AuthenticationFailed(_INVALID)
    memberships = memberships_of(user)
    if not memberships:
        raise AuthenticationFailed(_INVALID)
    return user, memberships


def _lock(user_id: int) -> None:
    """Let one call at a time decide about a person's sessions: a logout must not miss the token of a refresh beside it."""
    User.objects.select_for_update(no_key=True).filter(pk=user_id).first()


def _spend(token: Token) -> bool:
    """Whether this was the first time; the second time, unless it comes at once, is the end of the session."""
    row = OutstandingToken.objects.filter(jti=token["jti"]).first()
    if row is None:
        return False
    spent, fresh = BlacklistedToken.objects.get_or_create(token=row)
    if not fresh and clock.now() - spent.blacklisted_at > _AT_ONCE:
        _end(int(token["user_id"]), token["session"])
    return fresh


def _end(user_id: int, session: str) -> None:
    living = _living(user_id, session)
    BlacklistedToken.objects.bulk_create([BlacklistedToken(token=row) for row in living], ignore_conflicts=True)


def _living(user_id: int, session: str) -> QuerySet[OutstandingToken]:
    return OutstandingToken.objects.filter(user_id=user_id, token=session, blacklistedtoken=None)
