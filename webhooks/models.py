"""What is stored of the outside's news: events, the endpoints that asked for them, deliveries, and each attempt at one."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q

from businesses.models import Owned, OwnedQuerySet, UpdatedAt
from invoicing.lib import clock
from invoicing.lib.secrets import decrypt


class Event(Owned):
    """Something that happened, frozen in the transaction that made it true; only `webhooks/outbox.py` writes it.

    `data` and `previous` are JSON as text: the bytes that were told, whatever a database makes of JSON.
    """

    type = models.CharField(max_length=50)
    data = models.TextField()
    previous = models.TextField(null=True)
    actor = models.JSONField()

    objects = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["business", "-id"], name="event_of"),
            models.Index(fields=["business", "type", "-id"], name="event_of_type"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    @property
    def event_id(self) -> str:
        """The id the outside knows, `evt_<32 hex>`: another spelling of the UUID."""
        return f"evt_{self.uuid.hex}"


class EndpointQuerySet(OwnedQuerySet["Endpoint"]):
    """Endpoints."""

    def live(self) -> Self:
        """Those that are not deleted."""
        return self.filter(deleted_at=None)


class Endpoint(Owned):
    """A URL of the business's own that wants to hear of some events. `secret` is encrypted."""

    class Status(models.TextChoices):
        ENABLED = "enabled", "Enabled"
        DISABLED = "disabled", "Disabled"

    class Schedule(models.TextChoices):
        OIM = "oim", "1 min, 5 min, 30 min, 2 h, 24 h"

    class Format(models.TextChoices):
        OIM = "oim", "OnlineInvoiceMaker"

    url = models.CharField("URL", max_length=2000)
    events = models.JSONField(help_text='Names of events, or "*" for all.')
    description = models.CharField(max_length=255, null=True, blank=True)
    schedule = models.CharField(max_length=10, choices=Schedule.choices, default=Schedule.OIM)
    headers = models.JSONField(default=dict, blank=True)
    fifo = models.BooleanField("in order", default=False)
    format = models.CharField(max_length=20, choices=Format.choices, default=Format.OIM)
    secret = models.TextField(editable=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ENABLED, editable=False)
    disabled_reason = models.CharField(max_length=255, null=True, editable=False)
    consecutive_failures = models.PositiveIntegerField(default=0, editable=False)
    updated_at = UpdatedAt(editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["business", "-id"], condition=Q(deleted_at=None), name="endpoint_of")]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=["enabled", "disabled"]), name="endpoint_status_known")
        ]

    def __str__(self) -> str:
        return self.url[:100]

    @property
    def signing_secret(self) -> str:
        """The secret in the clear, 64 hex digits."""
        return decrypt(self.secret)

    def wants(self, type_: str) -> bool:
        """Whether it is subscribed to this kind of event."""
        return "*" in self.events or type_ in self.events


class Delivery(Owned):
    """One event on its way to one endpoint: frozen bytes, and the row that the dispatcher claims by state and lease."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"
        HELD = "held", "Held"

    event = models.ForeignKey(Event, models.PROTECT, related_name="deliveries", db_index=False)
    endpoint = models.ForeignKey(Endpoint, models.PROTECT, related_name="deliveries", db_index=False)
    body = models.BinaryField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    attempt_count = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0, help_text="Failed attempts that count for the schedule.")
    next_attempt_at = models.DateTimeField(null=True)
    lease = models.PositiveIntegerField(default=0, help_text="Goes up with each claim; an older one may not write.")
    lease_until = models.DateTimeField(null=True)
    updated_at = UpdatedAt(editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], condition=Q(state="pending"), name="delivery_due"),
            models.Index(fields=["business", "endpoint", "-id"], name="delivery_of_endpoint"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["business", "event", "endpoint"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(state="pending", next_attempt_at__isnull=False)
                | Q(state__in=["delivered", "failed", "held"], next_attempt_at=None),
                name="delivery_due_while_pending",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uuid} ({self.get_state_display()})"


class Attempt(Owned):
    """One call, its `uuid` sent as X-Webhook-ID; written before the call, so without an outcome where the sender died."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="attempts", db_index=False)
    number = models.PositiveIntegerField()
    status_code = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=255, null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    response = models.TextField(default="", help_text="The first KiB of the answer.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "delivery", "number"], name="attempt_once")]

    def __str__(self) -> str:
        return f"#{self.number}: {self.status_code or self.error or 'no outcome'}"

    @property
    def succeeded(self) -> bool:
        """Whether the endpoint took the event: any 2xx within the deadline."""
        return self.error is None and self.status_code is not None and 200 <= self.status_code < 300


def due_deliveries() -> models.QuerySet[Delivery, Any]:
    """What should be sent now and nobody is sending, oldest first."""
    now = clock.now()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    return Delivery.objects.filter(free, state="pending", next_attempt_at__lte=now).order_by("next_attempt_at", "id")
