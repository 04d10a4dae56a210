"""The admin of what leaves to programs: endpoints, deliveries with their attempts, events."""

from webhooks.admin import deliveries, endpoints, events  # noqa: F401 - they register themselves
