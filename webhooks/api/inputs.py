"""Bodies of this app's calls; what endpoints may ask for is checked by the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import exceptions, serializers

from invoicing.lib.fields import Flag, Strict, Text
from invoicing.lib.http import MAX_URL
from webhooks.catalog import EVENT_NAMES
from webhooks.models import Endpoint
from webhooks.validators import MAX_HEADERS


class EventNames(serializers.ListField):
    """Names of events, or "*"."""

    child = Text(max_length=50, required=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": len(EVENT_NAMES) + 1, **kwargs})


class Headers(serializers.DictField):
    """Headers to send along."""

    child = serializers.CharField(max_length=500)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, Mapping) or not all(isinstance(value, str) for value in data.values()):
            raise exceptions.ValidationError("Expected an object of strings.")
        if len(data) > MAX_HEADERS:
            raise exceptions.ValidationError(f"At most {MAX_HEADERS} headers.")
        return dict(data)


class EndpointInput(Strict):
    """A webhook endpoint to make or to change."""

    url = Text(max_length=MAX_URL, required=True)
    events = EventNames()
    description = Text()
    schedule = serializers.ChoiceField(choices=Endpoint.Schedule.choices, required=False)
    headers = Headers(required=False)
    fifo = Flag(required=False)
    format = serializers.ChoiceField(choices=Endpoint.Format.choices, required=False)

    def validate_fifo(self, value: bool) -> bool:
        if value:
            raise exceptions.ValidationError("Delivery in order is not built yet.")
        return value


class NoBody(Strict):
    """Nothing."""
