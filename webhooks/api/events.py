"""/events: everything that happened, newest first, or as a feed that skips nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from businesses import paging
from businesses.permissions import READ_OR_WEBHOOKS
from businesses.serializers import paged
from businesses.views import BusinessView
from invoicing.lib.api import unknown_name
from invoicing.lib.errors import Detail, Invalid, NotFound
from webhooks.api.filters import EVENT_SORTS, EventFilter, parse_event_id
from webhooks.catalog import EVENT_NAMES
from webhooks.feed import read_feed
from webhooks.models import Event
from webhooks.serializers import EVENT_COLUMNS, EventOutput, represent_events

AFTER = OpenApiParameter("after", str, description="An event's id, or nothing: what came after it, oldest first.")


class EventView(BusinessView):
    """Everything that happened in the business."""

    scopes = {"GET": READ_OR_WEBHOOKS}
    filters, sorts = EventFilter, EVENT_SORTS

    @extend_schema(parameters=[AFTER], responses=paged(EventOutput), tags=["Events"])
    def list(self, request: Request, **kwargs: Any) -> Response:
        """List events, newest first; with `after` those that came after one, oldest first, of which none is ever skipped.

        `after=` with nothing begins at the beginning; `next_cursor` is where to go on, also when there is no more yet.
        """
        if "after" in self.parameters:
            return self._catch_up()
        for name in ("starting_after", "ending_before"):
            if identifier := parse_event_id(self.parameters.get(name, "")):
                self.parameters[name] = str(identifier)
        return self.send_list(
            Event.objects.all(),
            self.filters,
            sorts=self.sorts,
            columns=EVENT_COLUMNS,
            represent=partial(represent_events, business=self.business),
        )

    def _catch_up(self) -> Response:
        self.check_query({"after", "limit", "type", "fields"})
        limit = paging.read_limit(self.parameters)
        types = [name for name in self.parameters.get("type", "").split(",") if name]
        if unknown := [name for name in types if name not in EVENT_NAMES]:
            raise Invalid.field("type", unknown_name(unknown[0][:50], EVENT_NAMES))
        events = read_feed(self.business, after=self._read_so_far(), types=types)
        rows = list(events.values(*EVENT_COLUMNS)[: limit + 1])
        has_more, rows = len(rows) > limit, rows[:limit]
        shown = represent_events(rows, self.business)
        cursor = shown[-1]["id"] if shown else self.parameters["after"] or None
        pagination = {"limit": limit, "has_more": has_more, "next_cursor": cursor}
        return super().send({"data": self.trim(shown), "pagination": pagination})

    def _read_so_far(self) -> Event | None:
        if not (text := self.parameters["after"]):
            return None
        identifier = parse_event_id(text)
        event = Event.objects.of(self.business).filter(uuid=identifier).first() if identifier else None
        if event is None:
            message = "Expected the id of an event of this business, or nothing."
            raise Invalid(f"after: {message}", code="unknown_cursor", details=[Detail("after", message)])
        return event

    def send(self, data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """As every answer, but a cursor is an event's id too."""
        page = data.get("pagination") if isinstance(data, dict) else None
        if page and page.get("next_cursor"):
            page["next_cursor"] = f"evt_{page['next_cursor'].replace('-', '')}"
        return super().send(data, status, headers)

    @extend_schema(responses=EventOutput, tags=["Events"])
    def retrieve(self, request: Request, id: str, **kwargs: Any) -> Response:  # noqa: A002
        """Get an event."""
        identifier = parse_event_id(id)
        own = Event.objects.of(self.business).filter(uuid=identifier) if identifier else Event.objects.none()
        row = own.values(*EVENT_COLUMNS).first()
        if row is None:
            raise NotFound("Event not found")
        return self.send_one(represent_events([row], self.business)[0])
