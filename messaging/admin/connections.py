"""Accounts at providers: connected with a credential that goes in and is never shown, changed, disconnected."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from businesses.admin.base import BusinessAdmin
from businesses.admin.forms import BusinessForm
from businesses.membership import AdminRequest
from invoicing.lib.errors import DomainError
from messaging.connections import check_base_url, connect_provider, disconnect_provider
from messaging.models import Connection

_SHOWN = ("account", "sender", "base_url")


class ConnectionForm(BusinessForm):
    """An account, and what opens it."""

    names = {"credential": "secret"}
    secret = forms.CharField(
        label="Auth token or API key",
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Kept encrypted, and never shown again.",
    )

    class Meta:
        model = Connection
        fields = ("provider", *_SHOWN)
        widgets = {"base_url": UnfoldAdminTextInputWidget()}
        help_texts = {
            "provider": "Twilio sends text messages, Lob prints and posts letters from the business’s address.",
            "account": "Twilio: AC and 32 digits. Lob has none.",
            "sender": "Twilio: a number such as +14155550123, or a messaging service (MG…). Lob has none.",
            "base_url": "Leave it empty for the provider’s own.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "base_url" in self.fields:
            self.fields["base_url"].required = False
        if self.instance.pk and "secret" in self.fields:
            hint = f"Leave it empty to keep the one that ends in {self.instance.credential_hint}."
            self.fields["secret"].help_text = hint


@admin.register(Connection)
class ConnectionAdmin(BusinessAdmin):
    """One account for each provider."""

    view_action = add_action = change_action = delete_action = "edit_business"
    form = ConnectionForm
    icon = "cable"
    list_display = ("provider", "account", "sender", "shown_credential", "base_url", "created")

    def get_fieldsets(self, request: AdminRequest, obj: Any = None) -> Any:
        return [(None, {"fields": ["provider", "account", "secret", "sender", "base_url"]})]

    def get_readonly_fields(self, request: AdminRequest, obj: Any = None) -> Any:
        shut = super().get_readonly_fields(request, obj)
        return shut if obj is None or shut else ("provider",)

    def changeform_view(self, request: AdminRequest, *args: Any, **kwargs: Any) -> Any:
        """The URL's host is looked up first, outside the transaction."""
        url = request.POST.get("base_url", "").strip()
        if request.method == "POST" and url and self.allows(request, "edit_business"):
            try:
                check_base_url(url)
            except DomainError as refusal:
                request.refusal = refusal  # type: ignore[attr-defined]
        return super().changeform_view(request, *args, **kwargs)

    def create(self, request: AdminRequest, form: Any) -> Connection:
        return self._connect(request, form.cleaned_data["provider"], form)

    def change(self, request: AdminRequest, obj: Connection, form: Any) -> Connection:
        return self._connect(request, obj.provider, form)

    def remove(self, request: AdminRequest, obj: Connection) -> None:
        disconnect_provider(obj, actor=self.actor(request))

    def _connect(self, request: AdminRequest, provider: str, form: Any) -> Connection:
        fields = {name: form.cleaned_data[name] or "" for name in _SHOWN}
        return connect_provider(
            request.business,
            provider=provider,
            **fields,
            credential=form.cleaned_data["secret"],
            actor=self.actor(request),
        )

    @display(description="Credential")
    def shown_credential(self, connection: Connection) -> str:
        return f"…{connection.credential_hint}"
