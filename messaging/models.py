"""What leaves to a person: messages, their files, the texts a business has made its own, and its accounts at providers."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from businesses.models import Owned, OwnedQuerySet, StoredFile, UpdatedAt
from invoicing.lib import clock
from messaging.private_links import PrivateLink


class Kind(models.TextChoices):
    INVOICE = "invoice", "Invoice"
    QUOTATION = "quotation", "Quotation"
    CREDIT_NOTE = "credit_note", "Credit note"
    RECEIPT = "receipt", "Receipt"
    STATEMENT = "statement", "Statement"
    INVITATION = "invitation", "Invitation"
    PASSWORD_RESET = "password_reset", "Password reset"
    WEBHOOK_DISABLED = "webhook_disabled", "Webhook switched off"


class Channel(models.TextChoices):
    EMAIL = "email", "E-mail"
    SMS = "sms", "Text message"
    LETTER = "letter", "Letter"


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
    """One e-mail, text message or letter. Who gets it and what it says is fixed when it is queued; the rest is how far it has come.

    A text message has one number in `to`, a letter one address as it is printed, its lines apart.
    """

    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    kind = models.CharField(max_length=30, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list, blank=True)
    bcc = models.JSONField(default=list, blank=True)
    subject = models.CharField(max_length=255)
    body_text = models.TextField()
    body_html = models.TextField(blank=True)
    postal = models.JSONField(default=dict, blank=True, editable=False, help_text="Of a letter: to and from.")
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
    provider_id = models.CharField("provider's id", max_length=64, blank=True, editable=False)
    expected_delivery_date = models.DateField(null=True, blank=True, editable=False)
    num_pages = models.PositiveSmallIntegerField("pages", null=True, blank=True, editable=False)
    updated_at = UpdatedAt(editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="message_state_known"),
            models.CheckConstraint(condition=models.Q(channel__in=Channel.values), name="message_channel_known"),
        ]
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
        return f"{self.get_kind_display()} to {', '.join(self.to)}".replace("\n", ", ")

    @property
    def public_state(self) -> str:
        """As the world sees it: that a file is still being rendered is nobody's business."""
        return str(State.QUEUED if self.state == State.PREPARING else self.state)

    def full_text(self) -> str:
        """What it says, its private link included; the marker of that link stands there once it has left."""
        return self.with_link(self.body_text)

    def with_link(self, body: str) -> str:
        """`body` with the private link in place of its marker, while the message knows it."""
        if not self.sealed_link:
            return body
        link = PrivateLink.open(self.sealed_link)
        return body.replace(link.marker, link.url)

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


class Connection(Owned):
    """A business's own account at a provider. The credential is encrypted, and nothing shows more than the end of it."""

    class Provider(models.TextChoices):
        TWILIO = "twilio", "Twilio"
        LOB = "lob", "Lob"

    provider = models.CharField(max_length=10, choices=Provider.choices)
    account = models.CharField("account SID", max_length=64, blank=True)
    credential = models.TextField(editable=False)
    credential_hint = models.CharField(max_length=4, editable=False)
    sender = models.CharField(max_length=64, blank=True)
    base_url = models.CharField("base URL", max_length=2000)
    updated_at = UpdatedAt(editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "provider"], name="connection_once"),
            models.CheckConstraint(
                condition=models.Q(provider__in=["twilio", "lob"]), name="connection_provider_known"
            ),
        ]

    def __str__(self) -> str:
        return self.get_provider_display()
