"""Statements that left: runs, what became of each address, and the frozen copies."""

from __future__ import annotations

from django.db import models

from businesses.models import Business, Owned, OwnedQuerySet, StoredFile, UpdatedAt
from customers.models import Customer


class StatementRun(Owned):
    """One sending of statements to many customers; the business's schedule makes at most one per period."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        RUNNING = "running", "Running"
        DONE = "done", "Done"

    schedule = models.CharField(max_length=40)  # weekly, monthly, or manual:<uuid>
    period = models.CharField(max_length=10)  # the day it stands for
    type = models.CharField(max_length=20, choices=Business.StatementType.choices)
    start = models.DateField(null=True, blank=True)
    end = models.DateField()
    minimum_minor = models.BigIntegerField(default=0)
    only_past_due = models.BooleanField(default=False)
    tags = models.JSONField(default=list)  # only customers with one of these; none: everybody
    roll_up = models.BooleanField(default=False)  # a parent gets one statement with its children's accounts
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    known_at = models.DateTimeField()
    updated_at = UpdatedAt(editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "schedule", "period"], name="statement_run_once")]
        indexes = [
            models.Index(fields=["business", "-id"], name="statement_run_newest"),
            models.Index(fields=["state"], name="statement_run_open", condition=~models.Q(state="done")),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} of {self.end}"


class KeptStatement(Owned):
    """A statement as it left: canonical JSON, its SHA-256, and the bytes rendered once from it."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    view = models.TextField()
    sha256 = models.CharField(max_length=64)
    template_version = models.CharField(max_length=20)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = "statement"
        indexes = [models.Index(fields=["business", "-id"], name="kept_statement_newest")]

    def __str__(self) -> str:
        return f"Statement of {self.customer.name}"


class StatementOutcome(models.Model):
    """What became of one customer, address and currency in a run; written before anything is sent, so that a run resumes."""

    class Outcome(models.TextChoices):
        PLANNED = "planned", "Planned"
        QUEUED = "queued", "Queued"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        SKIPPED = "skipped", "Skipped"

    business = models.ForeignKey(Business, models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(StatementRun, models.PROTECT, related_name="outcomes", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    address = models.CharField(max_length=254, blank=True)
    currency = models.CharField(max_length=3)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.PLANNED)
    reason = models.CharField(max_length=255, blank=True)
    message = models.ForeignKey("messaging.Message", models.PROTECT, null=True, related_name="+")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "customer", "address", "currency"], name="statement_outcome_once")
        ]
        indexes = [models.Index(fields=["run", "outcome", "id"], name="statement_outcome_open")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.outcome}"
