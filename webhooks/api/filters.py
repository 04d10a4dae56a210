"""What lists of this app can be filtered by."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import django_filters as filters
from django import forms
from django.core.exceptions import ValidationError

from businesses.filters import ListFilter, MomentFilter, OneOfFilter
from businesses.paging import Order
from webhooks.catalog import EVENT_NAMES
from webhooks.models import Delivery, Replay

NOT_AN_EVENT_ID = "Expected an event's id such as evt_0192…."
_EVENT_ID = re.compile(r"^evt_([0-9a-f]{32})$")


def parse_event_id(text: str) -> UUID | None:
    """The UUID behind `evt_<32 hex>`; None for anything else."""
    match = _EVENT_ID.match(text)
    return UUID(match[1]) if match else None


class EventIdField(forms.CharField):
    """An event's id."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        identifier = parse_event_id(text)
        if identifier is None:
            raise ValidationError(NOT_AN_EVENT_ID)
        return identifier


class EventIdsField(forms.CharField):
    """At most 100 ids of events separated by commas."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        identifiers = [parse_event_id(part.strip()) for part in text.split(",")]
        if len(identifiers) > 100 or None in identifiers:
            raise ValidationError("Expected at most 100 ids of events separated by commas.")
        return identifiers


class EventIdFilter(filters.Filter):
    field_class = EventIdField


class EventIdsFilter(filters.Filter):
    field_class = EventIdsField


# Rows are made in the order of their ids: so created_at needs no index of its own.
SORTS = {"created_at": Order("pk", False), "updated_at": Order("updated_at", False)}
EVENT_SORTS = {"created_at": Order("pk", False), "updated_at": Order("pk", False)}
_NAMES = [(name, name) for name in sorted(EVENT_NAMES)]


class EndpointFilter(ListFilter):
    """Of endpoints."""


class DeliveryFilter(ListFilter):
    """Of deliveries."""

    status = OneOfFilter(field_name="state", choices=Delivery.State.choices)
    event_id = EventIdFilter(field_name="event__uuid")
    event_type = OneOfFilter(field_name="event__type", choices=_NAMES)


class ReplayFilter(ListFilter):
    """Of replays."""

    state = OneOfFilter(choices=Replay.State.choices)


class EventFilter(ListFilter):
    """Of events, which never change: they are as new as they are old."""

    type = OneOfFilter(choices=_NAMES)
    ids = EventIdsFilter(field_name="uuid", lookup_expr="in")
    updated_after = MomentFilter(field_name="created_at", lookup_expr="gt")
    updated_before = MomentFilter(field_name="created_at", lookup_expr="lt")
