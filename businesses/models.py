"""Who is calling and whose rows: businesses, their members and API keys, kept requests, the audit trail, stored files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from businesses.number_patterns import validate_pattern
from businesses.validators import (
    validate_buckets,
    validate_currency,
    validate_iban,
    validate_locale,
    validate_tags,
    validate_time_zone,
)
from invoicing.lib import clock
from invoicing.lib.ids import uuid7
from invoicing.lib.new_rows import insert

Row = TypeVar("Row", bound=models.Model)


class UpdatedAt(models.DateTimeField):
    """The moment of the last save, by our own clock."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        moment = clock.now()
        setattr(model_instance, self.attname, moment)
        return moment


class OwnedQuerySet(models.QuerySet[Row]):
    """Rows that carry their business."""

    def of(self, business: Business | int) -> Self:
        """The rows of one business."""
        return self.filter(business=business)

    if not TYPE_CHECKING:  # the checker knows Django's own, which names the model's fields

        def create(self, **values: Any) -> Row:
            """Store a new row."""
            return insert(self.model(**values))


class Business(models.Model):
    """A seller: the tenant that owns every other row."""

    class Rounding(models.TextChoices):
        RATE = "rate", "Per tax rate (EN 16931)"
        LINE = "line", "Per line"

    class Frequency(models.TextChoices):
        OFF = "off", "Never"
        WEEKLY = "weekly", "Every week"
        MONTHLY = "monthly", "Every month"

    class StatementType(models.TextChoices):
        OPEN_ITEM = "open_item", "Open items"
        BALANCE_FORWARD = "balance_forward", "Balance forward"

    class Template(models.TextChoices):
        MODERN = "modern", "Modern"
        CLASSIC = "classic", "Classic"
        MINIMAL = "minimal", "Minimal"

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    name = models.CharField(max_length=200)
    legal_name = models.CharField(max_length=200, null=True, blank=True)
    address = models.CharField(max_length=255, null=True, blank=True)
    address2 = models.CharField(max_length=255, null=True, blank=True)
    city = models.CharField(max_length=100, null=True, blank=True)
    state = models.CharField(max_length=100, null=True, blank=True)
    postal_code = models.CharField(max_length=20, null=True, blank=True)
    country = models.CharField(
        max_length=2, default="US", validators=[RegexValidator("^[A-Z]{2}$", "Two letters, such as US.")]
    )
    tax_id = models.CharField("tax ID", max_length=50, null=True, blank=True)
    registration_number = models.CharField(max_length=50, null=True, blank=True)
    email = models.EmailField(null=True, blank=True)
    phone = models.CharField(max_length=50, null=True, blank=True)
    website = models.CharField(max_length=255, null=True, blank=True)
    reply_to = models.EmailField(null=True, blank=True, help_text="Where answers to our mail go.")

    currency = models.CharField(max_length=3, default="USD", validators=[validate_currency])
    time_zone = models.CharField(max_length=50, default="UTC", validators=[validate_time_zone])
    locale = models.CharField(max_length=20, default="en_US", validators=[validate_locale])
    logo = models.ForeignKey("StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    accent_color = models.CharField(
        max_length=7,
        default="#4f46e5",
        validators=[RegexValidator("^#[0-9a-fA-F]{6}$", "Six hex digits, such as #4f46e5.")],
    )
    template = models.CharField(max_length=20, choices=Template.choices, default=Template.MODERN)

    account_holder = models.CharField(max_length=100, null=True, blank=True)
    bank_name = models.CharField(max_length=100, null=True, blank=True)
    iban = models.CharField("IBAN", max_length=34, null=True, blank=True, validators=[validate_iban])
    bic = models.CharField("BIC", max_length=11, null=True, blank=True)
    account_number = models.CharField(max_length=50, null=True, blank=True)
    routing_number = models.CharField(max_length=50, null=True, blank=True)

    payment_terms = models.CharField(max_length=50, null=True, blank=True, help_text="NET 30, Due on receipt, …")
    invoice_pattern = models.CharField(max_length=30, default="INV-#####", validators=[validate_pattern])
    quotation_pattern = models.CharField(max_length=30, default="QT-#####", validators=[validate_pattern])
    credit_note_pattern = models.CharField(max_length=30, default="CN-#####", validators=[validate_pattern])
    payment_pattern = models.CharField(max_length=30, default="RCT-#####", validators=[validate_pattern])
    adjustment_pattern = models.CharField(max_length=30, default="ADJ-#####", validators=[validate_pattern])
    customer_pattern = models.CharField(max_length=30, default="CUST-####", validators=[validate_pattern])
    rounding = models.CharField(max_length=4, choices=Rounding.choices, default=Rounding.RATE)
    unique_customer_names = models.BooleanField(default=False)
    require_approval = models.BooleanField(
        "approve invoices first", default=False, help_text="An owner or admin approves a draft before it is issued."
    )
    apply_credit = models.BooleanField(
        "apply credit automatically",
        default=False,
        help_text="Credit pays new invoices, and payments open ones, the oldest first.",
    )
    ageing_buckets = models.CharField(
        max_length=60,
        default="30,60,90",
        validators=[validate_buckets],
        help_text="Last days of the ageing report's buckets, such as 30,60,90.",
    )
    books_locked_until = models.DateField(
        null=True, blank=True, help_text="Nothing may be posted on or before this day."
    )

    statement_frequency = models.CharField(max_length=10, choices=Frequency.choices, default=Frequency.OFF)
    statement_weekday = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(6)], help_text="0 is Monday."
    )
    statement_day = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(31)], help_text="31 is the month's last day."
    )
    statement_type = models.CharField(max_length=20, choices=StatementType.choices, default=StatementType.OPEN_ITEM)
    statement_minimum_minor = models.BigIntegerField(default=1, validators=[MinValueValidator(0)])
    statement_only_past_due = models.BooleanField(default=False)
    statement_tags = models.JSONField(default=list, blank=True, validators=[validate_tags])
    statement_roll_up = models.BooleanField("one statement for a parent with its children", default=False)
    # When the schedule last changed: a period that began before is not meant by it.
    statement_scheduled_at = models.DateTimeField(default=clock.now, editable=False)

    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = UpdatedAt(editable=False)

    class Meta:
        verbose_name_plural = "businesses"

    def __str__(self) -> str:
        return self.name


class Owned(models.Model):
    """A row of one business, known outside by its UUID."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="+", db_index=False)
    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        abstract = True


class UserManager(BaseUserManager["User"]):
    """Makes users by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A person who can log in, or cannot yet where no password is given."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractUser):
    """A person, known by an e-mail address in lower case."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []
    objects = UserManager()  # type: ignore[assignment,misc]

    def __str__(self) -> str:
        return self.get_full_name() or self.email


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MANAGER = "manager", "Manager"
    CREATOR = "creator", "Creator"
    VIEWER = "viewer", "Viewer"


class Member(Owned):
    """A person of a business, with one role."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "user"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class ApiKey(Owned):
    """A program's way in: one business, one scope. Only the digest of the secret is kept."""

    class Scope(models.TextChoices):
        ALL = "all", "Everything"
        READ = "read", "Read"
        WRITE = "write", "Read and write"
        WEBHOOKS = "webhooks", "Webhooks only"

    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=12, editable=False)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        indexes = [models.Index(fields=["business", "-id"], name="api_key_of")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyKey(models.Model):
    """A request that was answered, so that its repetition gets the same answer. `answer` is encrypted where it has secrets."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    answer = models.BinaryField(default=b"")
    encrypted = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now, db_index=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "key"], name="idempotency_key_once")]


class Counter(models.Model):
    """The last number given in one series and period of a business; period is the year, or empty where it never restarts."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="+", db_index=False)
    series = models.CharField(max_length=20)
    period = models.CharField(max_length=4, blank=True)
    last = models.BigIntegerField(default=0)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "series", "period"], name="counter_once")]


class Tally(models.Model):
    """So many rows more, or fewer, of one table of a business; their sum is how many it has. See tallies.py."""

    # No constraint: triggers write it beside the row that has one.
    business = models.ForeignKey(Business, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    kind = models.CharField(max_length=63)
    count = models.BigIntegerField()

    objects = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["business", "kind"], name="tally_of")]


class AuditEntry(Owned):
    """Who did what to which row; written in the transaction that did it, never changed."""

    actor_kind = models.CharField(max_length=10)  # key | member | system
    actor_id = models.CharField(max_length=36, blank=True)
    actor_label = models.CharField(max_length=255)
    action = models.CharField(max_length=50)
    subject_kind = models.CharField(max_length=30)
    subject_id = models.UUIDField()
    subject_label = models.CharField(max_length=255, blank=True)
    changes = models.JSONField(default=dict)
    # The entry's place in its business's hash chain, given by businesses/audit_chain.py once, after it is committed.
    position = models.BigIntegerField(null=True, editable=False)
    hash = models.CharField(max_length=64, default="", editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "audit trail"
        constraints = [models.UniqueConstraint(fields=["business", "position"], name="audit_position_once")]
        indexes = [
            models.Index(fields=["business", "id"], name="audit_not_linked", condition=models.Q(position=None)),
            models.Index(fields=["business", "-id"], name="audit_of"),
            models.Index(fields=["business", "subject_id", "-id"], name="audit_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label}: {self.action}"


class StoredFile(Owned):
    """Bytes that never change, once per business and content; in the database, so that they commit with their row."""

    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    content = models.BinaryField()

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "sha256"], name="stored_file_once")]

    def __str__(self) -> str:
        return f"{self.media_type}, {self.size} bytes"


class PublicLink(Owned):
    """A way to one thing without a login: only the digest of its token is kept; it expires and can be revoked."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    subject_kind = models.CharField(max_length=30)
    subject_id = models.UUIDField()
    subject_label = models.CharField(max_length=255)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["business", "-id"], name="public_link_newest"),
            models.Index(fields=["business", "subject_id"], name="public_link_of_subject"),
        ]

    def __str__(self) -> str:
        return self.subject_label
