"""Deliveries and their attempts, for reading; one can be sent again."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import action, display

from businesses.admin.badges import badge, moment, pretty_json
from businesses.admin.base import BusinessAdmin, BusinessTabularInline
from businesses.admin.filters import OwnRelatedFilter
from businesses.membership import AdminRequest
from webhooks.models import Attempt, Delivery
from webhooks.services.deliveries import retry_delivery, skip_delivery

COLOURS = {"pending": "info", "delivered": "success", "failed": "danger", "held": "warning"}
_RETRY = {
    "title": "Send this delivery again?",
    "description": "The same bytes go out at once, whatever became of them before, with a new schedule of retries.",
    "form_class": None,
    "form_submit_text": "Send again",
}
_SKIP = {
    "title": "Skip this delivery?",
    "description": "It is given up. Where the endpoint wants events in order, those behind it can go.",
    "form_class": None,
    "form_submit_text": "Skip",
}


def _folded(title: str, text: str) -> SafeString:
    """Text that opens at a click."""
    return render_to_string("admin/webhooks/folded.html", {"title": title, "text": text})


class AttemptInline(BusinessTabularInline):
    """Each call and what came of it."""

    model = Attempt
    fields = readonly_fields = ("number", "when", "outcome", "took", "error", "asked", "answered")
    ordering = ("-number",)
    verbose_name_plural = "attempts"
    hide_title = True

    @display(description="Outcome")
    def outcome(self, attempt: Attempt) -> SafeString:
        text = str(attempt.status_code) if attempt.status_code else ("Failed" if attempt.error else "Under way")
        return badge(text, "success" if attempt.succeeded else ("danger" if attempt.error else "info"))

    @display(description="When")
    def when(self, attempt: Attempt) -> str:
        return moment(attempt.created_at)

    @display(description="Request")
    def asked(self, attempt: Attempt) -> SafeString | str:
        lines = [f"POST {attempt.url}", *(f"{name}: {value}" for name, value in attempt.request_headers.items())]
        return _folded("Headers", "\n".join(lines)) if attempt.url else "–"

    @display(description="Answer")
    def answered(self, attempt: Attempt) -> SafeString | str:
        return _folded(attempt.response[:60], attempt.response) if attempt.response else "–"

    @display(description="Took")
    def took(self, attempt: Attempt) -> str:
        return "–" if attempt.duration_ms is None else f"{attempt.duration_ms} ms"


@admin.register(Delivery)
class DeliveryAdmin(BusinessAdmin):
    """Newest first."""

    view_action = "manage_webhooks"
    icon = "local_shipping"
    list_display = ("event_type", "endpoint", "shown_state", "attempts_made", "next_attempt", "created")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("endpoint", OwnRelatedFilter),
        ("created_at", RangeDateFilter),
    )
    list_filter_submit = True
    list_select_related = ("event", "endpoint")
    actions = ("retry_selected",)
    actions_detail = actions_row = ("retry", "skip")
    inlines = (AttemptInline,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("event_type", "shown_state"),
                    "endpoint",
                    ("created", "next_attempt"),
                    ("attempts_made", "event_id"),
                )
            },
        ),
        ("Body", {"classes": ("collapse",), "fields": ("shown_body",)}),
    )

    def get_queryset(self, request: AdminRequest) -> Any:
        return super().get_queryset(request).defer("body")

    @display(description="Event", ordering="event__type")
    def event_type(self, delivery: Delivery) -> str:
        return delivery.event.type

    @display(description="Event ID")
    def event_id(self, delivery: Delivery) -> str:
        return delivery.event.event_id

    @display(description="State", ordering="state")
    def shown_state(self, delivery: Delivery) -> SafeString:
        return badge(delivery.get_state_display(), COLOURS[delivery.state])

    @display(description="Attempts", ordering="attempt_count")
    def attempts_made(self, delivery: Delivery) -> int:
        return delivery.attempt_count

    @display(description="Next attempt", ordering="next_attempt_at")
    def next_attempt(self, delivery: Delivery) -> str:
        return moment(delivery.next_attempt_at)

    @display(description="What was sent")
    def shown_body(self, delivery: Delivery) -> SafeString:
        return pretty_json(json.loads(bytes(delivery.body)))

    @action(description="Send again", icon="refresh", permissions=["manage_webhooks"], dialog=_RETRY)
    def retry(self, request: AdminRequest, form: Any, object_id: int) -> HttpResponse:
        self._retry(request, [self.find(request, object_id)])
        return self.leave(request, self.url_of(object_id))

    @action(description="Skip", icon="skip_next", permissions=["manage_webhooks"], dialog=_SKIP)
    def skip(self, request: AdminRequest, form: Any, object_id: int) -> HttpResponse:
        call = lambda row: skip_delivery(row, actor=self.actor(request))  # noqa: E731
        self.run_each(request, [self.find(request, object_id)], call, done="Skipped")
        return self.leave(request, self.url_of(object_id))

    def offers(self, obj: Delivery, action: str) -> bool:
        return action != "skip" or obj.state in Delivery.OWED

    @admin.action(description="Send again", permissions=["manage_webhooks"])
    def retry_selected(self, request: AdminRequest, rows: Any) -> HttpResponse | None:
        question = "Send these deliveries again, now?"
        if page := self.confirm(request, title="Send again", question=question, rows=rows, submit="Send again"):
            return page
        self._retry(request, rows)
        return None

    def _retry(self, request: AdminRequest, rows: Any) -> None:
        self.run_each(request, rows, lambda row: retry_delivery(row, actor=self.actor(request)), done="On its way")
