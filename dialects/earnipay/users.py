"""`/users`: what a member who has logged in sees and changes of itself."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from businesses.login import confirm_password
from businesses.models import User
from businesses.people import change_password, rename_person
from dialects.earnipay import ids, mapping
from dialects.earnipay.door import LoneView, MemberView
from dialects.earnipay.inputs import ChangePasswordInput, PersonInput
from invoicing.lib import clock
from invoicing.lib.errors import Invalid
from invoicing.lib.fields import read_body


class MeView(MemberView):
    """The person who calls."""

    rights = dict.fromkeys(("retrieve", "partial_update"), "view")

    def retrieve(self, request: Request) -> Response:
        """The person."""
        return self.say("User retrieved successfully.", self.shown(self.member.user))

    def partial_update(self, request: Request) -> Response:
        """Change the names that are given."""
        names = mapping.person_names(read_body(PersonInput, request, partial=True))
        user = rename_person(self.member.user, names=names, actor=self.actor)
        return self.say("User updated successfully.", self.shown(user))

    def shown(self, user: User) -> dict[str, Any]:
        """A person as Earnipay shows one."""
        return mapping.show_person(
            {
                "id": ids.of_person(user.pk),
                **{name: getattr(user, name) for name in ("email", "first_name", "last_name")},
                "business_id": self.caller.memberships[0].business.uuid,
                "created_at": clock.iso(user.date_joined),
            }
        )


class PasswordView(LoneView, MemberView):
    """The password of the person who calls; wrong guesses at the present one are counted as failed logins."""

    rights = {"create": "view"}

    def create(self, request: Request) -> Response:
        """Another password for the right one; all sessions are over, this one too."""
        body = read_body(ChangePasswordInput, request)
        user = confirm_password(request._request, email=self.member.user.email, password=body["currentPassword"])
        if user is None:
            raise Invalid.field("currentPassword", "This is not your password.")
        change_password(user, new_password=body["newPassword"], actor=self.actor)
        return self.say("Password changed successfully.")
