"""Endpoints: made (their secret shown once), changed, switched on and off, tested."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from businesses.admin.badges import badge
from businesses.admin.secret_once import SecretOnceAdmin
from businesses.membership import AdminRequest
from invoicing.lib.errors import DomainError
from invoicing.lib.http import check_url
from webhooks.admin.deliveries import COLOURS
from webhooks.admin.forms import EndpointForm
from webhooks.models import Delivery, Endpoint
from webhooks.services.deliveries import send_test_event
from webhooks.services.endpoints import (
    create_endpoint,
    delete_endpoint,
    disable_endpoint,
    enable_endpoint,
    update_endpoint,
)

_LATEST = 10


def _ask(title: str, description: str, submit: str) -> dict[str, Any]:
    return {"title": title, "description": description, "form_class": None, "form_submit_text": submit}


_ENABLE = _ask("Enable this endpoint?", "New events are sent again; those held meanwhile wait for a retry.", "Enable")
_DISABLE = _ask("Disable this endpoint?", "Nothing is sent any more; events are held until it is enabled.", "Disable")
_TEST = _ask("Send a test event?", "The endpoint gets one webhook.test event now.", "Send")


@admin.register(Endpoint)
class EndpointAdmin(SecretOnceAdmin):
    """Endpoints that are not deleted."""

    view_action = add_action = change_action = delete_action = "manage_webhooks"
    form = EndpointForm
    icon = "webhook"
    secret_title = "The signing secret"  # noqa: S105
    secret_hint = "Your program checks the signature of each call with it."  # noqa: S105
    list_display = ("url", "description", "shown_events", "shown_status", "failures", "created")
    list_filter = (("status", ChoicesDropdownFilter),)
    search_fields = ("url", "description")
    conditional_fields = {"some_events": "all_events == false"}
    actions_detail = ("test", "enable", "disable")
    actions_row = ("test", "enable", "disable")

    def get_queryset(self, request: AdminRequest) -> Any:
        return super().get_queryset(request).filter(deleted_at=None)

    def get_fieldsets(self, request: AdminRequest, obj: Any = None) -> Any:
        asks = ("Endpoint", {"fields": ["url", "description"]})
        events = ("Events", {"fields": ["all_events", "some_events"]})
        how = ("How it is called", {"fields": ["header_lines", "schedule", "format"]})
        if obj is None:
            return [asks, events, how]
        state = (None, {"fields": ["shown_status", "disabled_reason", "latest"]})
        tab = {"classes": ["tab"]}
        return [state, *((title, {**options, **tab}) for title, options in (asks, events, how))]

    def get_readonly_fields(self, request: AdminRequest, obj: Any = None) -> Any:
        shut = super().get_readonly_fields(request, obj)
        return shut if obj is None or shut else ("shown_status", "disabled_reason", "latest")

    def changeform_view(self, request: AdminRequest, *args: Any, **kwargs: Any) -> Any:
        """The URL's host is looked up first, outside the transaction."""
        url = request.POST.get("url", "").strip()
        if request.method == "POST" and url and self.allows(request, "manage_webhooks"):
            try:
                check_url(url)
            except DomainError as refusal:
                request.refusal = refusal  # type: ignore[attr-defined]
        return super().changeform_view(request, *args, **kwargs)

    def create(self, request: AdminRequest, form: Any) -> Endpoint:
        endpoint, secret = create_endpoint(request.business, **form.wanted(), actor=self.actor(request))
        self.keep_secret(request, endpoint, secret)
        return endpoint

    def change(self, request: AdminRequest, obj: Endpoint, form: Any) -> Endpoint:
        return update_endpoint(obj, changes=form.wanted(), actor=self.actor(request))

    def remove(self, request: AdminRequest, obj: Endpoint) -> None:
        delete_endpoint(obj, actor=self.actor(request))

    @display(description="Events")
    def shown_events(self, endpoint: Endpoint) -> str:
        shown = ", ".join(endpoint.events[:2])
        return "All" if "*" in endpoint.events else shown + (" …" if len(endpoint.events) > 2 else "")

    @display(description="State", ordering="status")
    def shown_status(self, endpoint: Endpoint) -> SafeString:
        return badge(endpoint.get_status_display(), "success" if endpoint.status == "enabled" else "danger")

    @display(description="Failures in a row", ordering="consecutive_failures")
    def failures(self, endpoint: Endpoint) -> int:
        return endpoint.consecutive_failures

    @display(description="Latest deliveries")
    def latest(self, endpoint: Endpoint) -> SafeString:
        rows = Delivery.objects.of(endpoint.business_id).filter(endpoint=endpoint).select_related("event")
        shown = [{"row": row, "colour": COLOURS[row.state]} for row in rows.order_by("-id")[:_LATEST]]
        return render_to_string("admin/webhooks/latest.html", {"rows": shown, "endpoint": endpoint})

    @action(description="Send test event", icon="send", permissions=["manage_webhooks"], dialog=_TEST)
    def test(self, request: AdminRequest, form: Any, object_id: int) -> HttpResponse:
        return self._run(request, object_id, lambda row: send_test_event(row, actor=self.actor(request)), "Test sent")

    @action(description="Enable", icon="play_arrow", permissions=["manage_webhooks"], dialog=_ENABLE)
    def enable(self, request: AdminRequest, form: Any, object_id: int) -> HttpResponse:
        return self._run(request, object_id, lambda row: enable_endpoint(row, actor=self.actor(request)), "Enabled")

    @action(description="Disable", icon="pause", permissions=["manage_webhooks"], dialog=_DISABLE)
    def disable(self, request: AdminRequest, form: Any, object_id: int) -> HttpResponse:
        reason = f"Disabled by {request.user}."
        call = lambda row: disable_endpoint(row, reason=reason, actor=self.actor(request))  # noqa: E731
        return self._run(request, object_id, call, "Disabled")

    def offers(self, obj: Endpoint, action: str) -> bool:
        enabled = obj.status == Endpoint.Status.ENABLED
        return {"enable": not enabled, "disable": enabled, "test": enabled}[action]

    def _run(self, request: AdminRequest, object_id: int, call: Any, done: str) -> HttpResponse:
        self.run_each(request, [self.find(request, object_id)], call, done=done)
        return self.leave(request, self.url_of(object_id))
