"""What the world sees of connections, and of text messages and letters on their way; never a credential or a private link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import serializers

from invoicing.lib import clock
from messaging.models import Connection, Message, State

CONNECTION_COLUMNS = (
    *("uuid", "provider", "account", "sender", "base_url", "credential_hint"),
    *("created_at", "updated_at"),
)
# As the world sees them: that a file is still being rendered is nobody's business.
STATES = [choice for choice in State.choices if choice[0] != State.PREPARING]


def represent_connections(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Connections from rows with CONNECTION_COLUMNS."""
    return [
        {
            "id": row["uuid"],
            "provider": row["provider"],
            "account": row["account"] or None,
            "sender": row["sender"] or None,
            "base_url": row["base_url"],
            "credential": f"…{row['credential_hint']}",
            "created_at": clock.iso(row["created_at"]),
            "updated_at": clock.iso(row["updated_at"]),
        }
        for row in rows
    ]


def represent_connection(connection: Connection) -> dict[str, Any]:
    """One connection."""
    return represent_connections([{name: getattr(connection, name) for name in CONNECTION_COLUMNS}])[0]


def represent_text(message: Message) -> dict[str, Any]:
    """A text message to one number."""
    return {
        "id": message.uuid,
        "state": message.public_state,
        "to": message.to[0],
        "created_at": clock.iso(message.created_at),
    }


def represent_post(message: Message) -> dict[str, Any]:
    """A letter; its pages and day of arrival are null until the provider has it."""
    day = message.expected_delivery_date
    return {
        "id": message.uuid,
        "state": message.public_state,
        "to": message.to[0],
        "num_pages": message.num_pages,
        "expected_delivery_date": day.isoformat() if day else None,
        "created_at": clock.iso(message.created_at),
    }


# For the schema ------------------------------------------------------------------------------------------------------
class ConnectionOutput(serializers.Serializer[Any]):
    """An account at a provider; of its credential only the end."""

    id = serializers.UUIDField()
    provider = serializers.ChoiceField(choices=Connection.Provider.choices)
    account = serializers.CharField(allow_null=True)
    sender = serializers.CharField(allow_null=True)
    base_url = serializers.CharField()
    credential = serializers.CharField(help_text="An ellipsis and its last four characters.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class TextOutput(serializers.Serializer[Any]):
    """A text message to one number."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=STATES)
    to = serializers.CharField()
    created_at = serializers.DateTimeField()


class TextsOutput(serializers.Serializer[Any]):
    """A text message for each number."""

    messages = TextOutput(many=True)


class LetterOutput(serializers.Serializer[Any]):
    """A letter."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=STATES)
    to = serializers.CharField(help_text="The address as it is printed, in lines.")
    num_pages = serializers.IntegerField(allow_null=True)
    expected_delivery_date = serializers.DateField(allow_null=True)
    created_at = serializers.DateTimeField()
