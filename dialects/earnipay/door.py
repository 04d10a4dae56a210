"""Earnipay's manners: its authentication and envelope, and `businessId`, which only a business of the caller's answers to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from axes.helpers import get_client_ip_address
from django.db.models import Model
from django_filters import FilterSet
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from businesses import paging
from businesses.callers import Caller
from businesses.models import Member, OwnedQuerySet
from businesses.paging import Order
from businesses.permissions import READ_WRITE
from businesses.views import query_map
from dialects.door import DialectView, Refusal
from dialects.earnipay import envelope, ids
from dialects.earnipay.authentication import EarnipayAuthentication
from dialects.earnipay.paging import ours
from invoicing.lib.errors import Denied, Invalid, NotFound

Row = TypeVar("Row", bound=Model)
CHANGES = ("create", "partial_update", "destroy")


class EarnipayView(DialectView):
    """A view of one business: a key's own, and of a person's many the one that is named, or whose row the path names, or
    that it joined first. `needs_business` are the actions that are refused without a `businessId`.
    """

    authentication_classes = [EarnipayAuthentication]
    scopes = READ_WRITE
    needs_business: ClassVar[frozenset[str]] = frozenset({"create", "list"})
    rows: ClassVar[type[Model] | None] = None  # whose row `id` in the path is
    id_is_business: ClassVar[frozenset[str]] = frozenset()  # actions whose `id` in the path names the business itself

    @staticmethod
    def refuse(refusal: Refusal) -> dict[str, Any]:
        """Earnipay's form of a refusal."""
        return envelope.refused(refusal)

    # Which business --------------------------------------------------------------------------------------------------------
    def check_permissions(self, request: Request) -> None:
        """A person enters the business that the call is about and is asked for the role there; then any other is refused."""
        named = self.named_businesses(request)
        if self.caller.memberships:
            self.check_named(named)
            request.auth = self.caller.entering(self.membership(self.caller, named))  # type: ignore[assignment]
        super().check_permissions(request)
        self.check_named(named)
        for name in named:
            if ids.read(name) != self.business.uuid:
                raise _foreign()

    def check_named(self, named: Sequence[Any]) -> None:
        """Invalid where a call that needs a `businessId` has none."""
        if not named and self.action in self.needs_business:
            raise Invalid.field("businessId", "This field is required.")

    def named_businesses(self, request: Request) -> list[Any]:
        """What the path, the query and the body say of the business."""
        body = request.data if request.method in {"POST", "PATCH"} else {}
        given = (
            self.kwargs.get("id") if self.action in self.id_is_business else None,
            query_map(request).get("businessId"),
            body.get("businessId") if isinstance(body, Mapping) else None,
        )
        return [name for name in given if name is not None and name != ""]

    def membership(self, person: Caller, named: Sequence[Any]) -> Member:
        """Which of a person's memberships a call is made with; Denied, the same for a foreign business and for none."""
        if named:
            wanted = ids.read(named[0])
            found = next((row for row in person.memberships if row.business.uuid == wanted), None)
            if found is None:
                raise _foreign()
            return found
        owner = self.owner_of_row(person)
        return next((row for row in person.memberships if row.business_id == owner), person.memberships[0])

    def owner_of_row(self, person: Caller) -> int | None:
        """Which business of a person's the row in the path belongs to; None where it is in none of them."""
        value = ids.read(self.kwargs.get("id"))
        if self.rows is None or value is None:
            return None
        own = self.rows._default_manager.filter(business__in=[row.business_id for row in person.memberships])
        return own.filter(uuid=value).values_list("business_id", flat=True).first()

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


def _foreign() -> Denied:
    return Denied("You don't have permission for this business.")


class LoneView(EarnipayView):
    """A call outside the base view's one transaction, which would forget a failed attempt with the call that is refused.

    So nothing is kept for an Idempotency-Key, and there is no dry run.
    """

    needs_business = frozenset()

    def answer(self, request: Request, **kwargs: Any) -> Response:
        """Run the handler."""
        if self.dry_run:
            raise Invalid.field("dry_run", "This call has none.")
        handler: Callable[..., Response] = getattr(self, str(request.method).lower())
        return handler(request, **kwargs)


class OpenView(LoneView):
    """A call that is made before anybody has said who they are: for everybody, and counted by address."""

    def perform_authentication(self, request: Request) -> None:
        """Nobody is asked."""
        self.count(f"address:{get_client_ip_address(request._request)}")

    def check_permissions(self, request: Request) -> None:
        """Everybody may."""


class MemberView(EarnipayView):
    """A view for people alone, which no key opens."""

    scopes = {}
    needs_business = frozenset()

    @property
    def member(self) -> Member:
        """The membership with which the person calls."""
        if self.caller.member is None:
            raise NotAuthenticated
        return self.caller.member


class NowhereView(EarnipayView):
    """Every path that Earnipay does not have."""

    rights = {"nothing": "view"}
    needs_business = frozenset()

    def nothing(self, request: Request, **kwargs: Any) -> Response:
        """404, in the envelope."""
        raise NotFound(f"Cannot {request.method} {request.path}")


class LaterView(EarnipayView):
    """Every path that Earnipay has and this server does not have yet."""

    rights = {"later": "view"}
    needs_business = frozenset()
