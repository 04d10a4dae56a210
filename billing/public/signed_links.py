"""Links that are signed, not stored: the same for 90 days, then good for 90 more, and no longer.

For programs that hand them on, such as Invoiced's `pdf_url` and `statement_pdf_url`.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from invoicing.lib import clock
from invoicing.lib.errors import NotFound

_DAYS = 90


def signed_url(route: str, *, salt: str, uuid: UUID) -> str:
    """The address of what a row shows at a public route that takes a token."""
    token = signing.Signer(salt=salt).sign_object([uuid.hex, _period()]).replace(":", "~")
    return f"{settings.PUBLIC_URL}{reverse(route, args=[token])}"


def read_token(token: str, *, salt: str) -> UUID:
    """Which row a token is for; NotFound for one that was not made here for this purpose, or is past its time."""
    try:
        uuid, period = signing.Signer(salt=salt).unsign_object(token.replace("~", ":"))
    except signing.BadSignature:
        raise NotFound("Link not found") from None
    if period not in (_period(), _period() - 1):
        raise NotFound("Link not found")
    return UUID(uuid)


def _period() -> int:
    return (clock.today("UTC") - date(2020, 1, 1)).days // _DAYS
