"""The admin of what leaves to people: messages, their texts, accounts at providers, and the members who are invited by mail."""

from messaging.admin import connections, members, messages, texts  # noqa: F401 - they register themselves
