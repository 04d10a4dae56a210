"""What is stored of the outside's news: events, the endpoints that asked for them, deliveries, and each attempt at one."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import Q

from businesses.models import Owned, OwnedQuerySet, UpdatedAt
from invoicing.lib import clock
from invoicing.lib.secrets import decrypt
from webhooks.catalog import ALL
from webhooks.signing import OVERLAP, Secrets


def event_id(uuid: UUID) -> str:
    """The id of an event that the outside knows, `evt_<32 hex>`: another spelling of its UUID."""
    return f"evt_{uuid.hex}"


def live_secrets(secret: str, next_secret: str | None, *, is_rotated: bool) -> Secrets:
    """What signs, in the clear: the new one of two alone once it `is_rotated`. InvalidToken where SECRET_KEY is another."""
    if next_secret is None:
        return Secrets(decrypt(secret))
    return Secrets(decrypt(next_secret)) if is_rotated else Secrets(decrypt(secret), decrypt(next_secret))


class Event(Owned):
    """Something that happened, frozen in the transaction that made it true; only `webhooks/outbox.py` writes it.

    `data` and `previous` are JSON as text: the bytes that were told, whatever a database makes of JSON.
    """

    type = models.CharField(max_length=50)
    data = models.TextField()
    previous = models.TextField(null=True)
    actor = models.JSONField()
    position = models.PositiveBigIntegerField(
        null=True, editable=False, help_text="Its place in the catch-up feed of its business; see webhooks/feed.py."
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["business", "-id"], name="event_of"),
            models.Index(fields=["business", "type", "-id"], name="event_of_type"),
            models.Index(fields=["business", "id"], condition=Q(position=None), name="event_without_position"),
        ]
        constraints = [models.UniqueConstraint(fields=["business", "position"], name="event_position_once")]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    @property
    def event_id(self) -> str:
        """The id the outside knows."""
        return event_id(self.uuid)


class EndpointQuerySet(OwnedQuerySet["Endpoint"]):
    """Endpoints."""

    def live(self) -> Self:
        """Those that are not deleted."""
        return self.filter(deleted_at=None)

    def lock(self, pk: int) -> Endpoint:
        """One, to be changed. no_key: publishers, who only refer to the row, need not wait."""
        return self.select_for_update(of=("self",), no_key=True).select_related("business").get(pk=pk)


class Endpoint(Owned):
    """A URL of the business's own that wants to hear of some events.

    Secrets are encrypted. While one is being replaced there are two: what each of them signs says webhooks/signing.py.
    """

    class Status(models.TextChoices):
        ENABLED = "enabled", "Enabled"
        DISABLED = "disabled", "Disabled"

    class Schedule(models.TextChoices):
        OIM = "oim", "1 min, 5 min, 30 min, 2 h, 24 h"
        STANDARD = "standard", "5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h"

    class Format(models.TextChoices):
        OIM = "oim", "OnlineInvoiceMaker"
        COREBILL = "corebill", "CoreBill"
        INVOICED = "invoiced", "Invoiced"

    url = models.CharField("URL", max_length=2000)
    events = models.JSONField(help_text='Names of events, "invoice.*" for all of a kind, "*" for all.')
    description = models.CharField(max_length=255, null=True, blank=True)
    schedule = models.CharField(max_length=10, choices=Schedule.choices, default=Schedule.OIM)
    headers = models.JSONField(default=dict, blank=True)
    fifo = models.BooleanField("in order", default=False)
    format = models.CharField(max_length=20, choices=Format.choices, default=Format.OIM)
    secret = models.TextField(editable=False)
    secret_since = models.DateTimeField(default=clock.now, editable=False)
    next_secret = models.TextField(null=True, editable=False)
    next_secret_since = models.DateTimeField(null=True, editable=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ENABLED, editable=False)
    disabled_reason = models.CharField(max_length=255, null=True, editable=False)
    consecutive_failures = models.PositiveIntegerField(default=0, editable=False)
    updated_at = UpdatedAt(editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["business", "-id"], condition=Q(deleted_at=None), name="endpoint_of")]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=["enabled", "disabled"]), name="endpoint_status_known"),
            models.CheckConstraint(
                condition=Q(next_secret=None, next_secret_since=None)
                | Q(next_secret__isnull=False, next_secret_since__isnull=False),
                name="endpoint_next_secret_dated",
            ),
        ]

    def __str__(self) -> str:
        return self.url[:100]

    def secrets_at(self, moment: datetime) -> Secrets:
        """What signs at this moment, in the clear; cryptography.fernet.InvalidToken where SECRET_KEY is another one."""
        return live_secrets(self.secret, self.next_secret, is_rotated=self.is_rotated_at(moment))

    @property
    def rotated_from(self) -> datetime | None:
        """When the new secret signs alone, unless it is activated before; None while none replaces the other."""
        return self.next_secret_since + OVERLAP if self.next_secret_since else None

    def is_rotated_at(self, moment: datetime) -> bool:
        """Whether only the new secret signs at this moment, although nobody has activated it."""
        return self.rotated_from is not None and moment >= self.rotated_from

    @property
    def is_enabled(self) -> bool:
        """Whether anything is sent to it."""
        return self.deleted_at is None and self.status == self.Status.ENABLED

    def wants(self, type_: str) -> bool:
        """Whether it is subscribed to this kind of event."""
        noun = type_.partition(".")[0]
        return not {ALL, f"{noun}.*", type_}.isdisjoint(self.events)


class Delivery(Owned):
    """One event on its way to one endpoint: frozen bytes, and the row that the dispatcher claims by state and lease."""

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Failed"
        HELD = "held", "Held"

    OWED = (State.PENDING, State.HELD)  # not received and not given up

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
            # The head of each endpoint's queue, however long the others' are: by time, and in order for FIFO.
            models.Index(
                fields=["endpoint", "next_attempt_at", "id"], condition=Q(state="pending"), name="delivery_next"
            ),
            models.Index(fields=["endpoint", "event"], condition=Q(state="pending"), name="delivery_in_order"),
            models.Index(fields=["next_attempt_at", "id"], condition=Q(state="pending"), name="delivery_due"),
            models.Index(
                fields=["endpoint", "event"], condition=Q(state__in=["held", "failed"]), name="delivery_not_made"
            ),
            models.Index(fields=["business", "endpoint", "-id"], name="delivery_of_endpoint"),
            models.Index(fields=["business", "-id"], name="delivery_of"),
        ]
        constraints = [
            # The event first: by it deliveries are found, and forgotten with it.
            models.UniqueConstraint(fields=["event", "business", "endpoint"], name="delivery_of_event_once"),
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
    url = models.CharField(max_length=2000, default="")
    request_headers = models.JSONField(default=dict)
    response = models.TextField(default="", help_text="The first 16 KiB of the answer.")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "business", "number"], name="attempt_of_delivery_once")
        ]

    def __str__(self) -> str:
        return f"#{self.number}: {self.status_code or self.error or 'no outcome'}"

    @property
    def succeeded(self) -> bool:
        """Whether the endpoint took the event: any 2xx within the deadline."""
        return self.error is None and self.status_code is not None and 200 <= self.status_code < 300

    @property
    def outcome(self) -> str:
        """delivered, failed, or under_way while there is none."""
        if self.succeeded:
            return "delivered"
        return "failed" if self.error else "under_way"


class Replay(Owned):
    """A job that sends events (again) to an endpoint, a batch per transaction: killed anywhere, it goes on behind `last_event`.

    Of the events between `since` and `until` those of `event_types` and `event_ids` (empty: all it is subscribed to),
    whose delivery is in one of `states` (empty: any, or none yet).
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    endpoint = models.ForeignKey(Endpoint, models.PROTECT, related_name="replays", db_index=False)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField()
    event_types = models.JSONField(default=list)
    event_ids = models.JSONField(default=list)
    states = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    count = models.PositiveIntegerField(default=0, help_text="How many events were found when it was asked for.")
    done = models.PositiveIntegerField(default=0, help_text="How many of them are on their way (again).")
    last_event = models.PositiveBigIntegerField(default=0)
    updated_at = UpdatedAt(editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["business", "endpoint", "-id"], name="replay_of_endpoint"),
            models.Index(fields=["id"], condition=Q(state__in=["queued", "running"]), name="replay_unfinished"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "done", "stopped"]), name="replay_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.done} of {self.count} ({self.get_state_display()})"
