"""What the world sees of events, endpoints and deliveries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Raw
from rest_framework import serializers

from businesses.models import Business
from businesses.serializers import columns_of
from invoicing.lib import clock
from invoicing.lib.money import number
from webhooks.health import Health
from webhooks.models import Attempt, Delivery, Endpoint, Replay, event_id
from webhooks.signing import standard_secret

_ENDPOINT_PLAIN = (
    *("url", "events", "description", "schedule", "headers", "fifo", "format"),
    *("status", "disabled_reason", "consecutive_failures"),
)
_ENDPOINT_TIMES = ("secret_since", "next_secret_since")
ENDPOINT_COLUMNS = ("uuid", *_ENDPOINT_PLAIN, *_ENDPOINT_TIMES, "created_at", "updated_at")
EVENT_COLUMNS = ("uuid", "type", "data", "previous", "actor", "created_at")
_REPLAY_PLAIN = ("state", "count", "done", "event_types")
_REPLAY_TIMES = ("since", "until", "created_at", "updated_at")
REPLAY_COLUMNS = ("uuid", *_REPLAY_PLAIN, "event_ids", "states", *_REPLAY_TIMES)
DELIVERY_COLUMNS = ("pk", "uuid", "event__uuid", "event__type", "state", "next_attempt_at", "created_at")


# As the schema shows them --------------------------------------------------------------------------------------------
class ActorOutput(serializers.Serializer[Any]):
    """Who did it."""

    kind = serializers.ChoiceField(choices=["key", "member", "system"])
    id = serializers.CharField(allow_null=True)
    name = serializers.CharField()


class EventOutput(serializers.Serializer[Any]):
    """The body that endpoints receive, and with it what was before and who did it."""

    id = serializers.RegexField("^evt_[0-9a-f]{32}$")
    type = serializers.CharField()
    created_at = serializers.DateTimeField()
    business_id = serializers.UUIDField()
    data = serializers.DictField()  # type: ignore[assignment]
    previous = serializers.DictField(allow_null=True)
    actor = ActorOutput()


class EndpointOutput(serializers.Serializer[Any]):
    """A webhook endpoint."""

    id = serializers.UUIDField()
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.CharField())
    description = serializers.CharField(allow_null=True)
    schedule = serializers.ChoiceField(choices=Endpoint.Schedule.choices)
    headers = serializers.DictField(child=serializers.CharField())
    fifo = serializers.BooleanField()
    format = serializers.ChoiceField(choices=Endpoint.Format.choices)
    status = serializers.ChoiceField(choices=Endpoint.Status.choices)
    disabled_reason = serializers.CharField(allow_null=True)
    consecutive_failures = serializers.IntegerField()
    secret_since = serializers.DateTimeField()
    next_secret_since = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class NewEndpointOutput(EndpointOutput):
    """A webhook endpoint with its signing secret, which is shown only here."""

    secret = serializers.RegexField("^[0-9a-f]{64}$")
    standard_secret = serializers.CharField()


class AttemptOutput(serializers.Serializer[Any]):
    """One call; without status_code and error while it is under way."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    status_code = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_null=True)
    duration_ms = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()


class LoggedAttemptOutput(AttemptOutput):
    """One call, with what was asked and answered; headers that the business added are not shown."""

    url = serializers.CharField()
    request_headers = serializers.DictField(child=serializers.CharField())
    response = serializers.CharField()


class DeliveryOutput(serializers.Serializer[Any]):
    """An event on its way to an endpoint."""

    id = serializers.UUIDField()
    event_id = serializers.RegexField("^evt_[0-9a-f]{32}$")
    event_type = serializers.CharField()
    status = serializers.ChoiceField(choices=Delivery.State.choices)
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    attempts = AttemptOutput(many=True)


class DeliveryDetailOutput(DeliveryOutput):
    """An event on its way to an endpoint, with the body as it is sent, to the byte, and its attempts in full."""

    body = serializers.CharField()
    attempts = LoggedAttemptOutput(many=True)


class ReplayOutput(serializers.Serializer[Any]):
    """A job that sends events (again): `count` were found, `done` are on their way."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Replay.State.choices)
    count = serializers.IntegerField()
    done = serializers.IntegerField()
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField()
    event_types = serializers.ListField(child=serializers.CharField())
    event_ids = serializers.ListField(child=serializers.CharField())
    status = serializers.ListField(child=serializers.ChoiceField(choices=Delivery.State.choices))
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class HealthOutput(serializers.Serializer[Any]):
    """How an endpoint fared of late, over its latest deliveries; without attempts the rates are null."""

    attempts = serializers.IntegerField()
    succeeded = serializers.IntegerField()
    success_rate = serializers.FloatField(allow_null=True)
    p95_ms = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField(allow_null=True)
    last_error_at = serializers.DateTimeField(allow_null=True)
    last_success_at = serializers.DateTimeField(allow_null=True)
    pending = serializers.IntegerField()
    held = serializers.IntegerField()


# As they are sent ----------------------------------------------------------------------------------------------------
def represent_endpoints(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of ENDPOINT_COLUMNS as EndpointOutput says."""
    return [
        {
            "id": row["uuid"],
            **{name: row[name] for name in _ENDPOINT_PLAIN},
            **{name: _moment(row[name]) for name in _ENDPOINT_TIMES},
            "created_at": clock.iso(row["created_at"]),
            "updated_at": clock.iso(row["updated_at"]),
        }
        for row in rows
    ]


def represent_endpoint(endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint as EndpointOutput says."""
    return represent_endpoints([columns_of(endpoint, ENDPOINT_COLUMNS)])[0]


def represent_new_endpoint(endpoint: Endpoint, secret: str) -> dict[str, Any]:
    """An endpoint as NewEndpointOutput says."""
    return {**represent_endpoint(endpoint), "secret": secret, "standard_secret": standard_secret(secret)}


def represent_events(rows: Iterable[Mapping[str, Any]], business: Business) -> list[dict[str, Any]]:
    """Rows of EVENT_COLUMNS, all of one business, as EventOutput says; frozen JSON goes out as it is."""
    return [
        {
            "id": event_id(row["uuid"]),
            "type": row["type"],
            "created_at": clock.iso(row["created_at"]),
            "business_id": business.uuid,
            "data": Raw(row["data"].encode()),
            "previous": None if row["previous"] is None else Raw(row["previous"].encode()),
            "actor": row["actor"],
        }
        for row in rows
    ]


def represent_deliveries(rows: Iterable[Mapping[str, Any]], business: Business) -> list[dict[str, Any]]:
    """Rows of DELIVERY_COLUMNS, all of one business, as DeliveryOutput says; their attempts in one query more."""
    rows = list(rows)
    attempts = _attempts([row["pk"] for row in rows], business)
    return [
        {
            "id": row["uuid"],
            "event_id": event_id(row["event__uuid"]),
            "event_type": row["event__type"],
            "status": row["state"],
            "next_attempt_at": _moment(row["next_attempt_at"]),
            "created_at": clock.iso(row["created_at"]),
            "attempts": attempts[row["pk"]],
        }
        for row in rows
    ]


def represent_delivery(delivery: Delivery) -> dict[str, Any]:
    """A delivery as DeliveryOutput says."""
    return represent_deliveries([columns_of(delivery, DELIVERY_COLUMNS)], delivery.business)[0]


def represent_delivery_in_full(delivery: Delivery) -> dict[str, Any]:
    """A delivery as DeliveryDetailOutput says."""
    data = represent_delivery(delivery)
    logged = {row.uuid: row for row in Attempt.objects.of(delivery.business_id).filter(delivery=delivery)}
    for attempt in data["attempts"]:
        row = logged[attempt["id"]]
        attempt |= {"url": row.url, "request_headers": row.request_headers, "response": row.response}
    return {**data, "body": bytes(delivery.body).decode()}


def represent_replays(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of REPLAY_COLUMNS as ReplayOutput says."""
    return [
        {
            "id": row["uuid"],
            **{name: row[name] for name in _REPLAY_PLAIN},
            "event_ids": [event_id(UUID(text)) for text in row["event_ids"]],
            "status": row["states"],
            **{name: _moment(row[name]) for name in _REPLAY_TIMES},
        }
        for row in rows
    ]


def represent_replay(replay: Replay) -> dict[str, Any]:
    """A replay as ReplayOutput says."""
    return represent_replays([columns_of(replay, REPLAY_COLUMNS)])[0]


def represent_health(health: Health) -> dict[str, Any]:
    """An endpoint's health as HealthOutput says."""
    data = asdict(health)
    data["success_rate"] = None if health.success_rate is None else number(health.success_rate)
    return data | {name: _moment(data[name]) for name in ("last_error_at", "last_success_at")}


def _moment(moment: datetime | None) -> str | None:
    return clock.iso(moment) if moment else None


def _attempts(deliveries: list[int], business: Business) -> Mapping[int, list[dict[str, Any]]]:
    columns = ("delivery_id", "uuid", "number", "status_code", "error", "duration_ms", "created_at")
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = Attempt.objects.of(business).filter(delivery__in=deliveries).order_by("number")
    for row in rows.values(*columns) if deliveries else ():
        delivery = row.pop("delivery_id")
        found[delivery].append({"id": row.pop("uuid"), **row, "created_at": clock.iso(row["created_at"])})
    return found
