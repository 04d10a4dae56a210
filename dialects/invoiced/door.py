"""Invoiced's manners: the key as user name of Basic authentication, integer ids, bare arrays with Link, its form of errors."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from django.conf import settings
from django.db.models import Model, QuerySet
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response

from businesses import tallies
from businesses.authentication import credentials, find_program
from businesses.callers import Caller
from businesses.models import OwnedQuerySet
from businesses.permissions import READ_WRITE
from dialects.door import DialectView, Refusal
from dialects.invoiced.forms import FormParser, nest
from invoicing.lib.api import StrictJSONParser
from invoicing.lib.errors import Invalid, NotFound

Row = TypeVar("Row", bound=Model)
_PER_PAGE, _MOST = 25, 100


class KeyAsUser(BaseAuthentication):
    """`Authorization: Basic base64(key + ":")`, or `Bearer key`."""

    def authenticate(self, request: Request) -> tuple[Any, Caller]:
        secret = credentials(request, "bearer") or _user(credentials(request, "basic"))
        if not secret:
            raise AuthenticationFailed("Missing API key: send it as the user name of HTTP Basic authentication.")
        return None, find_program(secret)

    def authenticate_header(self, request: Request) -> str:
        return 'Basic realm="Invoiced"'


def _user(encoded: str) -> str:
    """The user name in Basic credentials; nothing where they cannot be read."""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0].strip()
    except (binascii.Error, UnicodeDecodeError):
        return ""


class InvoicedView(DialectView):
    """A view of the key's business."""

    authentication_classes = [KeyAsUser]
    parser_classes = [StrictJSONParser, FormParser]
    scopes = READ_WRITE
    statuses = {405: 404, 409: 400, 412: 400, 413: 400, 415: 400, 422: 400}

    @staticmethod
    def refuse(refusal: Refusal) -> dict[str, str]:
        """`message` is what its clients need; `param` names the first field."""
        kind = "api" if refusal.status >= 500 else "invalid_request"
        param = {"param": refusal.fields[0][0]} if refusal.fields and refusal.fields[0][0] else {}
        return {"type": kind, "message": refusal.message, **param}

    @property
    def asked(self) -> dict[str, Any]:
        """The query, its brackets nested."""
        return nest(self.parameters.items())

    def find_numbered(self, rows: OwnedQuerySet[Row], text: str, noun: str) -> Row:
        """The business's row with this integer id; NotFound, the same for unknown, foreign, malformed and deleted."""
        pk = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
        row = rows.of(self.business).filter(pk=pk).first() if pk else None
        if row is None:
            raise NotFound(f"{noun} not found: {text[:50]}")
        return row

    def send_page(
        self, rows: QuerySet[Any], represent: Callable[[list[int]], list[dict[str, Any]]], *order: str
    ) -> Response:
        """A bare array with Link and X-Total-Count, which its clients need also where there is nothing."""
        page, size = self._number("page", 1, 10_000_000), self._number("per_page", _PER_PAGE, _MOST)
        total = tallies.total(rows)
        start = (page - 1) * size
        pks = list(rows.order_by(*(order or ("-pk",))).values_list("pk", flat=True)[start : start + size])
        pages = max(1, -(-total // size))
        headers = {"X-Total-Count": str(total), "Link": self._links(page, size, pages)}
        return self.send(represent(pks), headers=headers)

    def _number(self, name: str, default: int, most: int) -> int:
        text = self.parameters.get(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most):
            raise Invalid.field(name, f"Expected a whole number from 1 to {most}.")
        return int(text)

    def _links(self, page: int, size: int, pages: int) -> str:
        """Its parser splits at every comma and semicolon, so none may stand in an address."""
        wanted = {"self": page, "first": 1, "last": pages}
        wanted |= {"previous": page - 1} if 1 < page <= pages + 1 else {}
        wanted |= {"next": page + 1} if page < pages else {}
        query = {name: text for name, text in self.parameters.items() if name not in ("page", "per_page")}
        base = f"{settings.PUBLIC_URL}{quote(self.request.path)}"
        links = []
        for rel, number in wanted.items():
            pairs = {**query, "page": str(number), "per_page": str(size)}
            text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs.items())
            links.append(f'<{base}?{text}>; rel="{rel}"')
        return ", ".join(links)
