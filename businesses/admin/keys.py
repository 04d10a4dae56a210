"""API keys: made, shown once, revoked; never edited."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpResponse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from businesses.admin.badges import badge, moment
from businesses.admin.secret_once import SecretOnceAdmin
from businesses.authentication import create_api_key, revoke_api_key
from businesses.membership import AdminRequest
from businesses.models import ApiKey
from invoicing.lib import clock

_REVOKE = {
    "title": "Revoke this API key?",
    "description": "Programs that use it are refused at once. A revoked key cannot be brought back.",
    "form_class": None,
    "form_submit_text": "Revoke",
}


@admin.register(ApiKey)
class ApiKeyAdmin(SecretOnceAdmin):
    """Keys with the state they are in."""

    view_action = add_action = "manage_keys"
    icon = "key"
    secret_title = "Your new API key"  # noqa: S105
    secret_hint = "Programs send it as Authorization: Bearer oim_…"  # noqa: S105

    list_display = ("name", "shown_prefix", "scope", "state", "last_used", "expires", "created")
    list_filter = (("scope", ChoicesDropdownFilter),)
    search_fields = ("name", "prefix")
    actions = ("revoke_selected",)
    actions_detail = actions_row = ("revoke",)

    def get_fieldsets(self, request: AdminRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["name", "scope", "expires_at"]})]
        times = ["created", "expires", "last_used", "revoked"]
        return [(None, {"fields": ["name", "shown_prefix", "scope", "state"]}), ("History", {"fields": times})]

    def get_form(self, request: AdminRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj is None and "expires_at" in form.base_fields:
            form.base_fields["name"].help_text = "What the key is for, such as “Web shop”."
            form.base_fields["expires_at"].help_text = "Leave it empty for a key that does not expire."
        return form

    def create(self, request: AdminRequest, form: Any) -> ApiKey:
        fields = {name: form.cleaned_data[name] for name in ("name", "scope", "expires_at")}
        key, secret = create_api_key(request.business, **fields, actor=self.actor(request))
        self.keep_secret(request, key, secret)
        return key

    @display(description="Key")
    def shown_prefix(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @display(description="State")
    def state(self, key: ApiKey) -> SafeString:
        if key.revoked_at is not None:
            return badge("Revoked", "danger")
        expired = key.expires_at is not None and key.expires_at <= clock.now()
        return badge("Expired", "warning") if expired else badge("Active", "success")

    @display(description="Expires", ordering="expires_at")
    def expires(self, key: ApiKey) -> str:
        return moment(key.expires_at, never="Never")

    @display(description="Last used", ordering="last_used_at")
    def last_used(self, key: ApiKey) -> str:
        return moment(key.last_used_at, never="Never")

    @display(description="Revoked")
    def revoked(self, key: ApiKey) -> str:
        return moment(key.revoked_at)

    def offers(self, obj: ApiKey, action: str) -> bool:
        return obj.revoked_at is None

    @action(description="Revoke", icon="block", permissions=["manage_keys"], dialog=_REVOKE)
    def revoke(self, request: AdminRequest, form: Any, object_id: int) -> HttpResponse:
        key = self.find(request, object_id)
        self.run_each(request, [key], lambda row: revoke_api_key(row, actor=self.actor(request)), done="Revoked")
        return self.leave(request, self.url_of(key.pk))

    @admin.action(description="Revoke", permissions=["manage_keys"])
    def revoke_selected(self, request: AdminRequest, rows: Any) -> HttpResponse | None:
        question = "Revoke these API keys? Programs that use them are refused at once."
        if page := self.confirm(request, title="Revoke API keys", question=question, rows=rows, submit="Revoke"):
            return page
        self.run_each(request, rows, lambda row: revoke_api_key(row, actor=self.actor(request)), done="Revoked")
        return None
