"""Bodies of this app's calls; what endpoints may ask for is checked by the services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from rest_framework import exceptions, serializers

from businesses.filters import NOT_A_MOMENT, MomentField
from invoicing.lib.fields import Flag, Strict, Text
from invoicing.lib.http import MAX_URL
from webhooks.api.filters import NOT_AN_EVENT_ID, parse_event_id
from webhooks.catalog import EVENT_NAMES, SUBSCRIPTIONS
from webhooks.models import Delivery, Endpoint
from webhooks.validators import MAX_HEADERS


class EventNames(serializers.ListField):
    """Names of events, `invoice.*` for all of a kind, or `*`."""

    child = Text(max_length=50, required=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": len(SUBSCRIPTIONS), **kwargs})


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


class RotationInput(Strict):
    """Which step of a rotation: `activate` is the second."""

    activate = Flag(required=False)


class Moment(serializers.CharField):
    """An ISO 8601 time with its zone, or a date, which counts as its first moment in UTC."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not 0 < len(data) <= 40:
            raise exceptions.ValidationError(NOT_A_MOMENT)
        try:
            return MomentField().clean(data)
        except forms.ValidationError as error:
            raise exceptions.ValidationError(error.messages) from None


class EventId(serializers.CharField):
    """An event's id."""

    def to_internal_value(self, data: Any) -> Any:
        identifier = parse_event_id(data) if isinstance(data, str) else None
        if identifier is None:
            raise exceptions.ValidationError(NOT_AN_EVENT_ID)
        return identifier


class RecoveryInput(Strict):
    """Since when what was not delivered is sent again."""

    since = Moment(required=True)


class ReplayInput(Strict):
    """Which events are sent (again); at least one of these. Events that lie at `until` or after are left out."""

    since = Moment(required=False)
    until = Moment(required=False)
    event_types = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(EVENT_NAMES)), required=False, max_length=len(EVENT_NAMES)
    )
    event_ids = serializers.ListField(child=EventId(), required=False, max_length=1000)
    status = serializers.ListField(
        child=serializers.ChoiceField(choices=Delivery.State.choices), required=False, max_length=4
    )


class NoBody(Strict):
    """Nothing."""
