"""The admin of what leaves to people: messages, their texts, and the members who are invited by mail."""

from messaging.admin import members, messages, texts  # noqa: F401 - they register themselves
