"""Earnipay's manners: its authentication and envelope, and `businessId`, which only the key's own business answers to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from django.db.models import Model
from django_filters import FilterSet
from rest_framework.request import Request
from rest_framework.response import Response

from businesses import paging
from businesses.models import OwnedQuerySet
from businesses.paging import Order
from businesses.permissions import READ_WRITE
from dialects.door import DialectView, Refusal
from dialects.earnipay import envelope, ids
from dialects.earnipay.authentication import EarnipayAuthentication
from dialects.earnipay.paging import ours
from invoicing.lib.errors import Denied, Invalid, NotFound

Row = TypeVar("Row", bound=Model)


class EarnipayView(DialectView):
    """A view of the key's business. `needs_business` names the actions that are refused without a `businessId`."""

    authentication_classes = [EarnipayAuthentication]
    scopes = READ_WRITE
    needs_business: ClassVar[frozenset[str]] = frozenset({"create", "list"})

    @staticmethod
    def refuse(refusal: Refusal) -> dict[str, Any]:
        """Earnipay's form of a refusal."""
        return envelope.refused(refusal)

    def answer(self, request: Request, **kwargs: Any) -> Response:
        """As the base view, once the business that is named is the caller's."""
        body = request.data if request.method in {"POST", "PATCH"} and isinstance(request.data, Mapping) else {}
        given = (self.parameters.get("businessId"), body.get("businessId"))
        named = [name for name in given if name is not None and name != ""]
        for name in named:
            self.check_business(name)
        if not named and self.action in self.needs_business:
            raise Invalid.field("businessId", "This field is required.")
        return super().answer(request, **kwargs)

    def check_business(self, name: Any) -> None:
        """Denied, the same for a foreign business and for one that is not there."""
        if ids.read(name) != self.business.uuid:
            raise Denied("You don't have permission for this business.")

    def find_named(self, rows: OwnedQuerySet[Row], identifier: str, noun: str) -> Row:
        """The caller's row with this id; NotFound, the same for unknown, foreign, malformed and deleted."""
        value = ids.read(identifier)
        if value is None:
            raise NotFound(f"{noun} not found")
        return self.find(rows, str(value), noun)

    def later(self, request: Request, **kwargs: Any) -> Response:
        """501, naming the call: Earnipay has it, and this server does not have it yet."""
        raise envelope.NotBuilt(f"{request.method} {request.path.removeprefix('/earnipay')}")

    # Answers -------------------------------------------------------------------------------------------------------------
    def say(self, message: str, data: Any = None) -> Response:
        """200 in the envelope."""
        return self.send(envelope.answer(200, message, data))

    def say_created(
        self, message: str, data: dict[str, Any], *, number: str = "", children: Iterable[str] = ()
    ) -> Response:
        """201 in the envelope; in a dry run what would be created has no id."""
        shown = self.unmade(data, number=number, children=children) if self.dry_run else data
        return self.send(envelope.answer(201, message, shown), 201)

    def say_page(
        self,
        message: str,
        rows: OwnedQuerySet[Row],
        filters: type[FilterSet],
        *,
        sorts: Mapping[str, Order],
        columns: tuple[str, ...],
        represent: Callable[[list[dict[str, Any]]], list[dict[str, Any]]],
    ) -> Response:
        """A page of the caller's rows."""
        own = rows.of(self.business)
        wanted = self.filtered(own, filters)
        found = paging.paginate(wanted, ours(self.parameters, sorts), among=own, sorts=sorts, columns=columns)
        return self.say(message, envelope.page(represent(found.rows), found.pagination))


class NowhereView(EarnipayView):
    """Every path that Earnipay does not have."""

    needs_business = frozenset()

    def nothing(self, request: Request, **kwargs: Any) -> Response:
        """404, in the envelope."""
        raise NotFound(f"Cannot {request.method} {request.path}")


class LaterView(EarnipayView):
    """Every path that Earnipay has and this server does not have yet."""

    needs_business = frozenset()
