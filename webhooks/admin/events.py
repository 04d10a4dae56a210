"""Events as they were told, for reading."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateFilter
from unfold.decorators import display

from businesses.admin.badges import badge, pretty_json
from businesses.admin.base import BusinessAdmin, BusinessTabularInline
from webhooks.admin.deliveries import COLOURS
from webhooks.models import Delivery, Event


class DeliveryInline(BusinessTabularInline):
    """Where it went."""

    model = Delivery
    fields = readonly_fields = ("endpoint", "shown_state", "attempt_count", "next_attempt_at")
    show_change_link = True
    hide_title = True

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("endpoint").defer("body")

    @display(description="State")
    def shown_state(self, delivery: Delivery) -> SafeString:
        return badge(delivery.get_state_display(), COLOURS[delivery.state])


@admin.register(Event)
class EventAdmin(BusinessAdmin):
    """Newest first."""

    view_action = "manage_webhooks"
    icon = "bolt"
    list_display = ("type", "event_id", "who", "created")
    list_filter = (("type", FieldTextFilter), ("created_at", RangeDateFilter))
    list_filter_submit = True
    inlines = (DeliveryInline,)
    fieldsets = (
        (None, {"fields": (("type", "event_id"), ("who", "created"))}),
        ("What was told", {"fields": ("shown_data",)}),
        ("What it was before", {"classes": ("collapse",), "fields": ("shown_previous",)}),
    )

    @display(description="ID")
    def event_id(self, event: Event) -> str:
        return event.event_id

    @display(description="By")
    def who(self, event: Event) -> str:
        return str(event.actor.get("name") or "–")

    @display(description="Data")
    def shown_data(self, event: Event) -> SafeString:
        return pretty_json(json.loads(event.data))

    @display(description="Previous values")
    def shown_previous(self, event: Event) -> SafeString | str:
        return pretty_json(json.loads(event.previous)) if event.previous else "–"
