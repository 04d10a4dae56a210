"""CoreBill's manners: `company_id` on every call, `{"error"}` for refusals, lists by cursor, three levels of permission."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from businesses.models import ApiKey, OwnedQuerySet
from businesses.permissions import READ, WRITE
from dialects.corebill import ids
from dialects.door import DialectView, Refusal
from invoicing.lib.errors import Invalid, NotFound

Row = TypeVar("Row", bound=Model)
SCOPES = {"GET": READ, "POST": WRITE, "DELETE": frozenset({ApiKey.Scope.ALL})}
_NEEDS = {"GET": "Read", "POST": "Write", "DELETE": "Admin"}


class CoreBillView(DialectView):
    """A view of one company: the business of the key, which the query must name."""

    scopes = SCOPES
    statuses = {409: 400, 412: 400, 413: 400, 415: 400, 422: 400}  # it knows 400, 401, 403, 404, 429 and 500
    needs_company = True

    @staticmethod
    def refuse(refusal: Refusal) -> dict[str, str]:
        """One sentence."""
        return {"error": refusal.message}

    def check_permissions(self, request: Request) -> None:
        """In CoreBill's words."""
        try:
            super().check_permissions(request)
        except exceptions.PermissionDenied:
            level = _NEEDS.get(str(request.method), "Write")
            raise exceptions.PermissionDenied(f"Insufficient permissions. {level} access required.") from None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """As the base view, and the company."""
        super().initial(request, *args, **kwargs)
        if not self.needs_company:
            return
        company = self.parameters.get("company_id")
        if not company:
            raise Invalid("company_id query parameter is required")
        if company != ids.spell(ids.COMPANY, self.business.pk):
            raise NotFound("Company not found")

    def find_spelt(self, rows: OwnedQuerySet[Row], prefix: str, text: str, noun: str) -> Row:
        """The company's row with this id; NotFound, the same for unknown, foreign, malformed and deleted."""
        pk = ids.read(prefix, text)
        row = rows.of(self.business).filter(pk=pk).first() if pk else None
        if row is None:
            raise NotFound(f"{noun} not found")
        return row

    def send_cursor(
        self, rows: OwnedQuerySet[Row], prefix: str, url: str, represent: Callable[[list[int]], list[dict[str, Any]]]
    ) -> Response:
        """A page of rows, newest first; `represent` makes objects of primary keys, in their order."""
        limit, cursor, backwards = self._page(prefix)
        own = rows.of(self.business)
        if cursor is not None:
            own = own.filter(pk__gt=cursor) if backwards else own.filter(pk__lt=cursor)
        pks = list(own.order_by("pk" if backwards else "-pk").values_list("pk", flat=True)[: limit + 1])
        has_more, pks = len(pks) > limit, pks[:limit]
        if backwards:
            pks.reverse()
        following = ids.spell(prefix, pks[0 if backwards else -1]) if has_more else None
        page = {"has_more": has_more, "next_cursor": following}
        return self.send({"object": "list", "url": f"/v1/{url}", "data": represent(pks), **page})

    def _page(self, prefix: str) -> tuple[int, int | None, bool]:
        text = self.parameters.get("limit", "10")
        if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= 100):
            raise Invalid("limit must be a whole number from 1 to 100")
        after, before = self.parameters.get("starting_after"), self.parameters.get("ending_before")
        if after and before:
            raise Invalid("Give only one of starting_after and ending_before")
        cursor = ids.read(prefix, after or before or "")
        if (after or before) and cursor is None:
            raise Invalid(f"{'starting_after' if after else 'ending_before'} is not the id of a row of this list")
        return int(text), cursor, bool(before)

    def deleted(self, prefix: str, pk: int, noun: str) -> Response:
        """The answer to a DELETE."""
        return self.send({"id": ids.spell(prefix, pk), "object": noun, "deleted": True})
