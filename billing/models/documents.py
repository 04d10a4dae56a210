"""Documents and their lines: invoices, quotations, and the revisions that were frozen of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models import F, Q

from billing.models.credit import exactly_one
from billing.models.product import Product
from billing.models.tax import TaxCategory
from businesses.models import Business, Owned, OwnedQuerySet, StoredFile, UpdatedAt
from customers.models import Customer
from invoicing.lib.errors import Conflict, NotFound
from invoicing.lib.rows import lock_object, read_rows
from invoicing.lib.search import SearchText

Doc = TypeVar("Doc", bound="Document")


class DocumentQuerySet(OwnedQuerySet[Doc]):
    """Documents, the deleted ones included unless `live` is asked."""

    def live(self) -> Self:
        """Those that a user has not deleted."""
        return self.filter(deleted_at=None)

    def lock(self, pk: int) -> Doc:
        """The row, locked until the transaction ends; its customer is locked first (customer → document → counter).

        NotFound where it has been deleted since the caller saw it.
        """
        seen = read_rows(self.model, ["customer_id"], [pk])
        if not seen:
            raise self.model.DoesNotExist(f"{self.model._meta.object_name} {pk} does not exist.")
        customer_id = seen[0]["customer_id"]
        customer = Customer.objects.lock(customer_id)
        # A draft's customer may change between the two reads: then the lock was the wrong one, and is taken again.
        row = lock_object(self.model, pk, related=("business",))
        if row.customer_id != customer_id:
            customer = Customer.objects.lock(row.customer_id)
        if row.deleted_at is not None:
            raise NotFound(f"{row.label.capitalize()} not found")
        row.customer = customer
        return row


class InvoiceQuerySet(DocumentQuerySet["Invoice"]):
    """Invoices."""


class QuotationQuerySet(DocumentQuerySet["Quotation"]):
    """Quotations."""


class Document(Owned):
    """What invoices and quotations have in common. Amounts are in minor units of `currency`."""

    class Discount(models.TextChoices):
        PERCENTAGE = "percentage", "Percent"
        FIXED = "fixed", "Amount"

    MOVES: ClassVar[dict[str, frozenset[str]]] = {}
    noun: ClassVar[str]
    new_lines: Sequence[DocumentLine] = ()  # of one that was stored a moment ago, as they are in memory

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=50)
    # The counter's value and period behind the number; null for a number given by hand. With them a gap can be proved absent.
    sequence = models.BigIntegerField(null=True, editable=False)
    period = models.CharField(max_length=4, default="", editable=False)
    status: models.CharField[str, str]
    currency = models.CharField(max_length=3)
    issue_date = models.DateField()
    template_type = models.CharField(
        "template", max_length=20, choices=Business.Template.choices, default=Business.Template.MODERN
    )
    purchase_order = models.CharField(max_length=100, null=True, blank=True)
    reference = models.CharField(max_length=100, null=True, blank=True)
    notes = models.TextField(null=True, blank=True)
    terms = models.TextField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    extra = models.JSONField(
        default=dict, editable=False, help_text="What another wire format only keeps and gives back, by its name."
    )

    discount_type = models.CharField(max_length=10, choices=Discount.choices, null=True, blank=True)
    discount_value = models.DecimalField(max_digits=21, decimal_places=6, null=True, blank=True)
    rounding = models.CharField(max_length=4, choices=Business.Rounding.choices, default=Business.Rounding.RATE)
    gross_minor = models.BigIntegerField(default=0)
    discount_minor = models.BigIntegerField(default=0)
    subtotal_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField(default=0)

    search_text = SearchText(default="", editable=False)
    issued_at = models.DateTimeField(null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    deleted_reason = models.CharField(max_length=255, default="", editable=False)
    updated_at = UpdatedAt(editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number

    @property
    def label(self) -> str:
        """The noun in words."""
        return self.noun.replace("_", " ")

    @property
    def is_draft(self) -> bool:
        """Whether everything may still change."""
        return self.issued_at is None

    def check_move(self, status: str) -> None:
        """Conflict (409) unless the table of moves allows it."""
        if status not in self.MOVES[self.status]:
            raise Conflict(f"A {self.status} {self.label} cannot become {status}.", code="state_does_not_allow")


class DocumentLine(models.Model):
    """A line. Quantity and unit price have at most 6 decimals, rates 4; amounts are minor units of the document's currency."""

    business = models.ForeignKey(Business, models.PROTECT, related_name="+", db_index=False)
    uuid = models.UUIDField(unique=True)
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+")
    description = models.TextField()
    quantity = models.DecimalField(max_digits=21, decimal_places=6)
    unit = models.CharField(max_length=30, null=True, blank=True)
    unit_price = models.DecimalField(max_digits=21, decimal_places=6)
    product_code = models.CharField(max_length=50, null=True, blank=True)
    discount_rate = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)
    tax_rate = models.DecimalField(max_digits=7, decimal_places=4, default=0)
    tax_category = models.CharField(max_length=2, choices=TaxCategory.choices, default=TaxCategory.STANDARD)
    exemption_reason = models.CharField(max_length=255, null=True, blank=True)
    gross_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField(default=0)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    amount_minor = models.BigIntegerField()

    objects: ClassVar[Any] = OwnedQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.description[:50]


def document_indexes(noun: str) -> list[models.Index]:
    """The orders in which lists of documents are asked for; what is filtered by can be counted from the index alone."""
    return [
        models.Index(fields=["business", "-id"], name=f"{noun}_newest"),
        models.Index(fields=["business", "customer", "-id"], name=f"{noun}_of_customer"),
        models.Index(fields=["business", "status", "-id"], name=f"{noun}_by_status", include=["deleted_at"]),
        models.Index(fields=["business", "issue_date", "id"], name=f"{noun}_by_issue_date", include=["deleted_at"]),
        models.Index(fields=["business", "total_minor", "id"], name=f"{noun}_by_total"),
        models.Index(fields=["business", "updated_at", "id"], name=f"{noun}_by_update"),
    ]


class Invoice(Document):
    """An invoice. `paid_minor` is the sum of its allocations, `due_minor` what is still owed; draft and cancelled owe nothing.

    One with `opening_balance` was billed by a former system: it is owed and paid like any other, but it is no revenue of ours.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENT = "sent", "Sent"
        PAID = "paid", "Paid"
        OVERDUE = "overdue", "Overdue"
        CANCELLED = "cancelled", "Cancelled"

    class Approval(models.TextChoices):
        PENDING = "pending", "Waits for approval"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"

    # Which moves a caller may ask for; domain.md, "Life of an invoice". The system's own moves are settlement's.
    MOVES = {
        Status.DRAFT: frozenset({Status.SENT, Status.PAID, Status.OVERDUE, Status.CANCELLED}),
        Status.SENT: frozenset({Status.PAID, Status.OVERDUE, Status.CANCELLED}),
        Status.OVERDUE: frozenset({Status.SENT, Status.PAID, Status.CANCELLED}),
        Status.PAID: frozenset(),
        Status.CANCELLED: frozenset(),
    }
    OPEN = (Status.SENT, Status.OVERDUE)
    noun = "invoice"

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    # Beside the status: of a draft that somebody else is to look at before it is issued.
    approval = models.CharField(max_length=10, choices=Approval.choices, null=True, editable=False)
    approval_comment = models.CharField(max_length=1000, null=True, editable=False)
    due_date = models.DateField(null=True, blank=True)
    delivery_date = models.DateField(null=True, blank=True)
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True)
    ship_to = models.JSONField(null=True, blank=True)
    paid_minor = models.BigIntegerField(default=0)
    written_off_minor = models.BigIntegerField(default=0)
    due_minor = models.BigIntegerField(default=0)
    opening_balance = models.BooleanField(default=False)
    paid_at = models.DateTimeField(null=True, editable=False)
    quotation = models.OneToOneField(
        "Quotation", models.PROTECT, null=True, editable=False, related_name="invoice"
    )  # one to one: a quotation converts exactly once

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "number"], name="invoice_number_once"),
            models.CheckConstraint(condition=Q(total_minor__gte=0), name="invoice_total_not_negative"),
            models.CheckConstraint(condition=Q(due_minor__gte=0), name="invoice_due_not_negative"),
            models.CheckConstraint(condition=~Q(status="paid") | Q(due_minor=0), name="paid_invoice_owes_nothing"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "cancelled"])
                | Q(due_minor=F("total_minor") - F("paid_minor") - F("written_off_minor")),
                name="invoice_due_is_what_is_left",
            ),
            models.CheckConstraint(
                condition=Q(approval=None) | Q(approval__in=["pending", "approved", "rejected"]),
                name="invoice_approval_known",
            ),
        ]
        indexes = [
            *document_indexes("invoice"),
            models.Index(fields=["business", "due_date", "id"], name="invoice_by_due_date", include=["deleted_at"]),
            models.Index(fields=["due_date", "status"], name="invoice_falling_due", condition=Q(status="sent")),
        ]


class InvoiceLine(DocumentLine):
    """A line of an invoice."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="lines", db_index=False)

    class Meta:
        indexes = [models.Index(fields=["invoice", "position"], name="invoice_lines")]


class Quotation(Document):
    """An offer."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENT = "sent", "Sent"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"
        EXPIRED = "expired", "Expired"
        CONVERTED = "converted", "Converted"

    MOVES = {
        Status.DRAFT: frozenset({Status.SENT, Status.EXPIRED}),
        Status.SENT: frozenset({Status.ACCEPTED, Status.REJECTED, Status.EXPIRED}),
        Status.ACCEPTED: frozenset(),
        Status.REJECTED: frozenset(),
        Status.EXPIRED: frozenset(),
        Status.CONVERTED: frozenset(),
    }
    CONVERTIBLE = (Status.DRAFT, Status.SENT, Status.ACCEPTED)
    noun = "quotation"

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    valid_until = models.DateField(null=True, blank=True)

    objects = QuotationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "number"], name="quotation_number_once"),
            models.CheckConstraint(condition=Q(total_minor__gte=0), name="quotation_total_not_negative"),
        ]
        indexes = [
            *document_indexes("quotation"),
            models.Index(fields=["business", "valid_until", "id"], name="quotation_by_valid_until"),
            models.Index(fields=["valid_until"], name="quotation_expiring", condition=Q(status__in=["draft", "sent"])),
        ]


class QuotationLine(DocumentLine):
    """A line of a quotation."""

    quotation = models.ForeignKey(Quotation, models.PROTECT, related_name="lines", db_index=False)

    class Meta:
        indexes = [models.Index(fields=["quotation", "position"], name="quotation_lines")]


class Revision(Owned):
    """A document as it was frozen: canonical JSON, its SHA-256, the template's version, and the bytes rendered once from it."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, null=True, related_name="revisions", db_index=False)
    quotation = models.ForeignKey(Quotation, models.PROTECT, null=True, related_name="revisions", db_index=False)
    credit_note = models.ForeignKey("CreditNote", models.PROTECT, null=True, related_name="revisions", db_index=False)
    number = models.PositiveIntegerField()
    view = models.TextField()
    sha256 = models.CharField(max_length=64)
    template_version = models.CharField(max_length=20)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice", "number"], name="invoice_revision_once"),
            models.UniqueConstraint(fields=["quotation", "number"], name="quotation_revision_once"),
            models.UniqueConstraint(fields=["credit_note", "number"], name="credit_note_revision_once"),
            models.CheckConstraint(
                condition=exactly_one("invoice", "quotation", "credit_note"), name="revision_of_its_document"
            ),
        ]
        indexes = [models.Index(fields=["id"], name="revision_not_rendered", condition=Q(file=None))]

    def __str__(self) -> str:
        return f"revision {self.number}"
