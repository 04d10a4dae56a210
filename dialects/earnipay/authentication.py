"""How Earnipay's programs say who they are: by a key as `X-API-Key` or as a bearer, or by a member's access token."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from businesses.authentication import credentials, find_program
from businesses.callers import Caller
from businesses.sessions import find_memberships


class EarnipayAuthentication(BaseAuthentication):
    """`X-API-Key: <key>`, `Authorization: Bearer <key>` or `Authorization: Bearer <access token>`; `request.auth` is the caller."""

    def authenticate(self, request: Request) -> tuple[Any, Caller]:
        key, bearer = request.headers.get("X-API-Key", "").strip(), credentials(request, "bearer")
        if not key and bearer.count(".") == 2:  # as every JWT has them, and no key
            return None, Caller.person(find_memberships(bearer))
        if not key and not bearer:
            raise AuthenticationFailed("Missing API key: send it as X-API-Key, or as Authorization: Bearer.")
        return None, find_program(key or bearer)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
