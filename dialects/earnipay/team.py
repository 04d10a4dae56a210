"""`/team`: the members of a business and their roles; an invitation is a member who has not chosen a password yet."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Case, Q, Value, When
from rest_framework.request import Request
from rest_framework.response import Response

from businesses.models import Member, OwnedQuerySet, Role
from businesses.paging import Order
from businesses.people import accept_invitation
from businesses.services import change_role, remove_member
from dialects.earnipay import ids, mapping
from dialects.earnipay.door import MemberView, OpenView
from dialects.earnipay.inputs import AcceptInput, InviteInput, RoleInput
from dialects.earnipay.paging import CreatedFilter
from invoicing.lib import clock
from invoicing.lib.errors import Invalid, NotFound
from invoicing.lib.fields import read_body
from messaging.invitations import invite_member

COLUMNS = (
    *("uuid", "business__uuid", "user_id", "role", "created_at", "pending"),
    *("user__email", "user__first_name", "user__last_name"),
)
SORTS = {"createdAt": Order("pk", False), "email": Order("user__email", False)}
_PENDING = Q(user__password__startswith=UNUSABLE_PASSWORD_PREFIX)
# Whom an address belongs to is not told to those who only try: a real invitation is in the trail, and its mail is read.
_STRANGER = {"userId": None, "firstName": "", "lastName": "", "status": "PENDING"}


def _members() -> OwnedQuerySet[Any]:
    return Member.objects.annotate(pending=Case(When(_PENDING, Value(True)), default=Value(False)))


class TeamView(MemberView):
    """The members of a business. All of them see who they are, owners and admins change it."""

    rows = Member
    rights = {"list": "view", **dict.fromkeys(("invite", "change_role", "remove", "revoke"), "manage_members")}

    def list(self, request: Request) -> Response:
        """The team, those who were invited last first."""
        return self.say_page(
            "Team members retrieved successfully.",
            _members(),
            CreatedFilter,
            sorts=SORTS,
            columns=COLUMNS,
            represent=lambda rows: [_shown(row) for row in rows],
        )

    def invite(self, request: Request) -> Response:
        """Make a person a member and write to them."""
        body = read_body(InviteInput, request)
        member = invite_member(self.business, email=body["email"], role=body["role"].lower(), actor=self.actor)
        shown = self.shown(member) | (_STRANGER if self.dry_run else {})
        return self.say_created("Invitation sent successfully.", shown)

    def change_role(self, request: Request, id: str) -> Response:  # noqa: A002
        """Give a member another role."""
        member = self.find_member(id, "Member")
        role = read_body(RoleInput, request)["role"].lower()
        if member.role == Role.OWNER:
            raise Invalid("The owner's role cannot be changed.")
        return self.say(
            "Member role updated successfully.", self.shown(change_role(member, role=role, actor=self.actor))
        )

    def remove(self, request: Request, id: str) -> Response:  # noqa: A002
        """End a membership."""
        member = self.find_member(id, "Member")
        if member.role == Role.OWNER:
            raise Invalid("The owner cannot be removed.")
        if member == self.member:
            raise Invalid("You cannot remove yourself.")
        remove_member(member, actor=self.actor)
        return self.say("Member removed successfully.")

    def revoke(self, request: Request, id: str) -> Response:  # noqa: A002
        """End the membership of a person who has not chosen a password yet."""
        member = self.find_member(id, "Invitation")
        if member.user.has_usable_password():
            raise NotFound("Invitation not found")
        if member.role == Role.OWNER:
            raise Invalid("The owner cannot be removed.")
        remove_member(member, actor=self.actor)
        return self.say("Invitation revoked successfully.")

    def find_member(self, identifier: str, noun: str) -> Member:
        """The business's member in the path, locked: its role must be the one that was looked at."""
        rows = Member.objects.select_related("user", "business").select_for_update(of=("self",), no_key=True)
        return self.find_named(rows, identifier, noun)

    def shown(self, member: Member) -> dict[str, Any]:
        """The member as in the list."""
        return _shown(_members().of(self.business).values(*COLUMNS).get(pk=member.pk))


class AcceptView(OpenView):
    """An invitation in the hands of the person whom it was sent to."""

    def create(self, request: Request, token: str) -> Response:
        """Choose a password, and be able to log in."""
        body = read_body(AcceptInput, request)
        accept_invitation(token, new_password=body["newPassword"], names=mapping.person_names(body))
        return self.say("Invitation accepted successfully.")


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return mapping.show_member(
        {
            "id": row["uuid"],
            "business_id": row["business__uuid"],
            "user_id": ids.of_person(row["user_id"]),
            **{name: row[f"user__{name}"] for name in ("email", "first_name", "last_name")},
            **{name: row[name] for name in ("role", "pending")},
            "created_at": clock.iso(row["created_at"]),
        }
    )
