"""Members: invited by mail, given a role, taken off."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpResponse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminEmailInputWidget

from businesses.admin.badges import badge, moment
from businesses.admin.base import BusinessAdmin
from businesses.admin.forms import BusinessForm
from businesses.membership import AdminRequest
from businesses.models import Member, Role
from businesses.services import change_role, remove_member
from messaging.invitations import invite_member, resend_invitation

_ROLES = (
    "Owner and admin: everything. Manager: also issues, sends and takes payments. Creator: customers, products and "
    "drafts. Viewer: looks only."
)
_RESEND = {
    "title": "Send the invitation again?",
    "description": "The person gets a fresh link by e-mail; it works for three days.",
    "form_class": None,
    "form_submit_text": "Send",
}


class MemberForm(BusinessForm):
    """Whom to invite, and as what."""

    email = forms.EmailField(label="E-mail address", widget=UnfoldAdminEmailInputWidget())

    class Meta:
        model = Member
        fields = ("role",)
        help_texts = {"role": _ROLES}


@admin.register(Member)
class MemberAdmin(BusinessAdmin):
    """The people of the business."""

    view_action = add_action = change_action = delete_action = "manage_members"
    form = MemberForm
    icon = "badge"
    list_display = ("person", "email", "shown_role", "state", "last_login", "created")
    list_filter = (("role", ChoicesDropdownFilter),)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__first_name", "user__last_name")
    actions_detail = actions_row = ("invite_again",)
    delete_confirmation_template = "admin/confirm_remove_member.html"

    def get_changeform_initial_data(self, request: AdminRequest) -> dict[str, Any]:
        return {"role": Role.CREATOR}

    def get_fieldsets(self, request: AdminRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["email", "role"]})]
        return [(None, {"fields": ["person", "email", "role", "state"]})]

    def get_readonly_fields(self, request: AdminRequest, obj: Any = None) -> Any:
        shut = super().get_readonly_fields(request, obj)
        return shut if obj is None or shut else ("person", "email", "state")

    def create(self, request: AdminRequest, form: Any) -> Member:
        email, role = form.cleaned_data["email"], form.cleaned_data["role"]
        return invite_member(request.business, email=email, role=role, actor=self.actor(request))

    def change(self, request: AdminRequest, obj: Member, form: Any) -> Member:
        return change_role(obj, role=form.cleaned_data["role"], actor=self.actor(request))

    def remove(self, request: AdminRequest, obj: Member) -> None:
        remove_member(obj, actor=self.actor(request))

    @display(description="Name", ordering="user__last_name")
    def person(self, member: Member) -> str:
        return str(member.user)

    @display(description="E-mail address", ordering="user__email")
    def email(self, member: Member) -> str:
        return member.user.email

    @display(description="Role", ordering="role")
    def shown_role(self, member: Member) -> SafeString:
        return badge(member.get_role_display(), {"owner": "primary", "admin": "info"}.get(member.role, ""))

    @display(description="Access")
    def state(self, member: Member) -> SafeString:
        if not member.user.is_active:
            return badge("Closed", "danger")
        return badge("Active", "success") if member.user.has_usable_password() else badge("Invited", "warning")

    @display(description="Last login", ordering="user__last_login")
    def last_login(self, member: Member) -> str:
        return moment(member.user.last_login, never="Never")

    @action(description="Send invitation", icon="forward_to_inbox", permissions=["manage_members"], dialog=_RESEND)
    def invite_again(self, request: AdminRequest, form: Any, object_id: int) -> HttpResponse:
        member = self.find(request, object_id)
        self.run_each(
            request, [member], lambda row: resend_invitation(row, actor=self.actor(request)), done="Invitation sent"
        )
        return self.leave(request, self.url_of_list())
