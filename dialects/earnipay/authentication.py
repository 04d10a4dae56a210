"""How Earnipay's programs say who they are: `X-API-Key`, or the same key as a bearer."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from businesses.authentication import credentials, find_api_key
from businesses.models import ApiKey


class EarnipayAuthentication(BaseAuthentication):
    """`X-API-Key: <key>` or `Authorization: Bearer <key>`; `request.auth` is the key."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey]:
        secret = request.headers.get("X-API-Key", "").strip() or credentials(request, "bearer")
        if not secret:
            raise AuthenticationFailed("Missing API key: send it as X-API-Key, or as Authorization: Bearer.")
        return None, find_api_key(secret)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
