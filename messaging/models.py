"""What leaves to a person: messages, the files that go with them, and the texts a business has made its own."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from businesses.models import Owned, OwnedQuerySet, StoredFile, UpdatedAt
from invoicing.lib import clock


class Kind(models.TextChoices):
    INVOICE = "invoice", "Invoice"
    QUOTATION = "quotation", "Quotation"
    CREDIT_NOTE = "credit_note", "Credit note"
    RECEIPT = "receipt", "Receipt"
    STATEMENT = "statement", "Statement"
    INVITATION = "invitation", "Invitation"
    PASSWORD_RESET = "password_reset", "Password reset"
    WEBHOOK_DISABLED = "webhook_disabled", "Webhook switched off"


class State(models.TextChoices):
    PREPARING = "preparing", "Preparing"  # its attachment is still to be rendered
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"  # past `lease_until` nobody knows whether it left
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"


class Language(models.TextChoices):
    ENGLISH = "en", "English"
    GERMAN = "de", "German"
    FRENCH = "fr", "French"
    SPANISH = "es", "Spanish"


class Message(Owned):
    """One e-mail. Who gets it and what it says is fixed when it is queued; the rest is how far it has come."""

    kind = models.CharField(max_length=30, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list, blank=True)
    bcc = models.JSONField(default=list, blank=True)
    subject = models.CharField(max_length=255)
    body_text = models.TextField()
    body_html = models.TextField(blank=True)
    # Encrypted; it takes the place of {link} when the message leaves, so that neither admin nor database shows it.
    sealed_link = models.TextField(blank=True, editable=False)
    language = models.CharField(max_length=5, default=Language.ENGLISH)
    subject_kind = models.CharField("about", max_length=30, blank=True)
    subject_id = models.UUIDField(null=True, blank=True)
    actor_label = models.CharField("queued by", max_length=255)

    due_at = models.DateTimeField(default=clock.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    resends = models.PositiveSmallIntegerField(default=0, help_text="Sends after one whose outcome is unknown.")
    last_error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField("Message-ID", max_length=320, editable=False)
    updated_at = UpdatedAt(editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(state__in=State.values), name="message_state_known")]
        indexes = [
            models.Index(fields=["business", "-id"], name="message_of"),
            models.Index(fields=["business", "subject_id", "-id"], name="message_about"),
            models.Index(
                fields=["due_at", "id"],
                name="message_unfinished",
                condition=models.Q(state__in=[State.QUEUED, State.SENDING]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {', '.join(self.to)}"

    @property
    def public_state(self) -> str:
        """As the world sees it: that a file is still being rendered is nobody's business."""
        return str(State.QUEUED if self.state == State.PREPARING else self.state)

    def fixed_id(self) -> str:
        """The Message-ID (RFC 5322 3.6.4), the same for every send."""
        host = settings.HOST_NAME
        return f"<{self.uuid}@{f'[{host}]' if ':' in host else host.encode('idna').decode()}>"


class MessageAttachment(Owned):
    """A file that goes with a message, under a name."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(default=0)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class MessageText(Owned):
    """The words of a business for one kind of message in one language; without one the default's are used."""

    kind = models.CharField(max_length=30, choices=Kind.choices)
    language = models.CharField(max_length=5, choices=Language.choices)
    subject = models.CharField(max_length=255)
    body = models.TextField(max_length=10_000)
    updated_at = UpdatedAt(editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "kind", "language"], name="message_text_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.get_language_display()}"
