"""Endpoints: made (their secret shown once), changed, switched on and off, tested."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from businesses.admin.badges import badge, moment
from businesses.admin.secret_once import SecretOnceAdmin
from businesses.membership import AdminRequest
from invoicing.lib import clock
from invoicing.lib.errors import DomainError
from invoicing.lib.http import check_url
from webhooks.admin.deliveries import COLOURS
from webhooks.admin.forms import EndpointForm, RecoverForm
from webhooks.health import health_of
from webhooks.models import Delivery, Endpoint, Replay
from webhooks.services.deliveries import send_test_event
from webhooks.services.endpoints import (
    create_endpoint,
    delete_endpoint,
    disable_endpoint,
    enable_endpoint,
    update_endpoint,
)
from webhooks.services.replays import recover
from webhooks.services.rotation import activate_secret, rotate_secret

_LATEST = 10
_STATE = ("shown_status", "disabled_reason", "shown_health", "secrets", "jobs", "latest")


def _ask(title: str, description: str, submit: str) -> dict[str, Any]:
    return {"title": title, "description": description, "form_class": None, "form_submit_text": submit}


_ENABLE = _ask(
    "Enable this endpoint?",
    "New events are sent again; those held meanwhile wait to be recovered, and go first where events go in order.",
    "Enable",
)
_DISABLE = _ask("Disable this endpoint?", "Nothing is sent any more; events are held until it is enabled.", "Disable")
_TEST = _ask("Send a test event?", "The endpoint gets one webhook.test event now.", "Send")
_ROTATE = _ask(
    "Make a new signing secret?",
    "You see it once, on the next page. Both secrets sign for 24 hours, or until you activate the new one.",
    "Make a new secret",
)
_ACTIVATE = _ask(
    "Activate the new secret?",
    "The old one stops signing at once: do this when your program has the new one.",
    "Activate",
)
_RECOVER = {
    **_ask("Send what was not delivered?", "Events that were held or given up are sent again, oldest first.", "Send"),
    "form_class": RecoverForm,
}


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
    actions_detail = ("test", "recover", "rotate", "activate", "enable", "disable")
    actions_row = ("test", "enable", "disable")

    def get_queryset(self, request: AdminRequest) -> Any:
        return super().get_queryset(request).filter(deleted_at=None)

    def get_fieldsets(self, request: AdminRequest, obj: Any = None) -> Any:
        asks = ("Endpoint", {"fields": ["url", "description"]})
        events = ("Events", {"fields": ["all_events", "some_events"]})
        how = ("How it is called", {"fields": ["header_lines", "schedule", "fifo", "format"]})
        if obj is None:
            return [asks, events, how]
        told = [name for name in _STATE if name != "disabled_reason" or obj.disabled_reason]
        state = (None, {"fields": told})
        tab = {"classes": ["tab"]}
        return [state, *((title, {**options, **tab}) for title, options in (asks, events, how))]

    def get_readonly_fields(self, request: AdminRequest, obj: Any = None) -> Any:
        shut = super().get_readonly_fields(request, obj)
        return shut if obj is None or shut else _STATE

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

    @display(description="Health")
    def shown_health(self, endpoint: Endpoint) -> SafeString:
        return render_to_string("admin/webhooks/health.html", {"health": health_of(endpoint)})

    @display(description="Signing secrets")
    def secrets(self, endpoint: Endpoint) -> SafeString:
        """Age and state of each; never a secret."""
        rows: list[tuple[str, datetime | None]]
        if endpoint.next_secret is None:
            rows = [("Signs", endpoint.secret_since)]
        elif endpoint.is_rotated_at(clock.now()):
            rows = [("Signs", endpoint.next_secret_since)]
        else:
            alone = f"New; signs beside the old one, and alone from {moment(endpoint.rotated_from)}"
            rows = [
                ("Signs until the new one is activated", endpoint.secret_since),
                (alone, endpoint.next_secret_since),
            ]
        return render_to_string("admin/webhooks/secrets.html", {"rows": rows})

    @display(description="Sent again")
    def jobs(self, endpoint: Endpoint) -> SafeString:
        rows = Replay.objects.of(endpoint.business_id).filter(endpoint=endpoint).order_by("-id")[:3]
        return render_to_string("admin/webhooks/replays.html", {"rows": rows})

    @action(description="Send undelivered", icon="history", permissions=["manage_webhooks"], dialog=_RECOVER)
    def recover(self, request: AdminRequest, form: RecoverForm, object_id: int) -> HttpResponse:
        call = lambda row: recover(row, since=form.since(), actor=self.actor(request))  # noqa: E731
        return self._run(request, object_id, call, "Its undelivered events are on their way")

    @action(description="New secret", icon="key", permissions=["manage_webhooks"], dialog=_ROTATE)
    def rotate(self, request: AdminRequest, form: Any, object_id: int) -> HttpResponse:
        endpoint, secret = rotate_secret(self.find(request, object_id), actor=self.actor(request))
        self.keep_secret(request, endpoint, secret)
        return self.leave(request, reverse("admin:webhooks_endpoint_secret", args=[object_id]))

    @action(description="Activate new secret", icon="key_vertical", permissions=["manage_webhooks"], dialog=_ACTIVATE)
    def activate(self, request: AdminRequest, form: Any, object_id: int) -> HttpResponse:
        call = lambda row: activate_secret(row, actor=self.actor(request))  # noqa: E731
        return self._run(request, object_id, call, "Only the new secret signs now")

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
        rotating = obj.next_secret is not None
        offered = {"enable": not enabled, "activate": rotating, "rotate": True}
        return offered.get(action, enabled)

    def _run(self, request: AdminRequest, object_id: int, call: Any, done: str) -> HttpResponse:
        self.run_each(request, [self.find(request, object_id)], call, done=done)
        return self.leave(request, self.url_of(object_id))
