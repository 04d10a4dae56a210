"""Under which membership a browser works: the one chosen with the switcher, else the person's first."""

from __future__ import annotations

from django.http import Http404, HttpRequest

from businesses.audit import Actor
from businesses.models import Business, Member, User

_CHOSEN = "business"


class AdminRequest(HttpRequest):
    """A request inside the admin: `admin_view` has found its membership."""

    user: User
    member: Member | None
    memberships: list[Member]

    business: Business
    role: str


def enter(request: HttpRequest) -> Member | None:
    """Find the membership once per request and set `member`, `memberships`, `business` and `role` on it.

    None, and no business, for whoever is not logged in, not active, or a member of no business. That somebody is a
    superuser says nothing about tenants and is not asked.
    """
    if not hasattr(request, "member"):
        rows = _memberships(request)
        chosen = request.session.get(_CHOSEN)
        member = next((row for row in rows if str(row.business.uuid) == chosen), rows[0] if rows else None)
        request.memberships = rows  # type: ignore[attr-defined]
        request.member = member  # type: ignore[attr-defined]
        request.business = member.business if member else None  # type: ignore[attr-defined]
        request.role = member.role if member else None  # type: ignore[attr-defined]
    return request.member  # type: ignore[attr-defined,no-any-return]


def _memberships(request: HttpRequest) -> list[Member]:
    return memberships_of(request.user) if isinstance(request.user, User) else []


def memberships_of(user: User) -> list[Member]:
    """What a person is a member of, by the business's name; nothing for one whose account is closed."""
    if not (user.is_active and user.is_staff):
        return []
    return list(Member.objects.select_related("business", "user").filter(user=user).order_by("business__name", "id"))


def choose_business(request: HttpRequest, identifier: str) -> Business:
    """Work in another of the person's businesses from now on; Http404 for any other."""
    enter(request)
    for member in request.memberships:  # type: ignore[attr-defined]
        if str(member.business.uuid) == identifier:
            request.session[_CHOSEN] = identifier
            return member.business  # type: ignore[no-any-return]
    raise Http404


def actor(request: AdminRequest) -> Actor:
    """The person, for services."""
    return Actor.member(request.user)
