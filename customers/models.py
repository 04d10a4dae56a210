"""Whom a business bills: customers, their contacts and notes, and what each owes per currency."""

from __future__ import annotations

from typing import Self

from django.core.validators import EmailValidator, MaxLengthValidator
from django.db import models
from django.db.models import Q

from businesses.models import Owned, OwnedQuerySet, UpdatedAt
from businesses.validators import validate_currency, validate_tags
from customers.codes import validate_language
from invoicing.lib.errors import NotFound
from invoicing.lib.rows import lock_object
from invoicing.lib.search import SearchText

_is_email = EmailValidator("Expected an e-mail address such as ap@example.com.")
_at_most_10000 = MaxLengthValidator(10_000)


class CustomerQuerySet(OwnedQuerySet["Customer"]):
    """Customers, the deleted ones included unless `live` is asked."""

    def live(self) -> Self:
        """Those that are not deleted."""
        return self.filter(deleted_at=None)

    def lock(self, pk: int) -> Customer:
        """The row, locked until the transaction ends; always the first lock (customer → invoice → counter).

        Rows that only refer to the customer do not wait for it (nor deadlock with it at commit).
        """
        return lock_object(self.model, pk)

    def lock_live(self, pk: int) -> Customer:
        """As `lock`; NotFound for a deleted customer."""
        customer = self.lock(pk)
        if customer.deleted_at is not None:
            raise NotFound("Customer not found")
        return customer


class Customer(Owned):
    """A customer. Deleted ones keep their row for the documents that name them."""

    class Type(models.TextChoices):
        COMPANY = "company", "Company"
        PERSON = "person", "Person"

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        INACTIVE = "inactive", "Inactive"

    number = models.CharField(max_length=50, blank=True, help_text="The next one, where it is left empty.")
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=10, choices=Type.choices, default=Type.COMPANY)
    legal_name = models.CharField(max_length=200, null=True, blank=True)
    attention_to = models.CharField(max_length=200, null=True, blank=True)
    email = models.CharField("e-mail", max_length=254, null=True, blank=True, validators=[_is_email])
    phone = models.CharField(max_length=50, null=True, blank=True)
    address = models.CharField(max_length=255, null=True, blank=True)
    address2 = models.CharField(max_length=255, null=True, blank=True)
    city = models.CharField(max_length=100, null=True, blank=True)
    state = models.CharField(max_length=100, null=True, blank=True)
    country = models.CharField(max_length=100, null=True, blank=True)
    postal_code = models.CharField(max_length=20, null=True, blank=True)
    tax_id = models.CharField("tax ID", max_length=50, null=True, blank=True)
    buyer_reference = models.CharField(max_length=100, null=True, blank=True)
    notes = models.TextField(null=True, blank=True, validators=[_at_most_10000])

    currency = models.CharField(max_length=3, null=True, blank=True, validators=[validate_currency])
    language = models.CharField(max_length=2, null=True, blank=True, validators=[validate_language])
    payment_terms = models.CharField(max_length=50, null=True, blank=True)
    credit_limit_minor = models.BigIntegerField(
        null=True, blank=True
    )  # in the customer's, else the business's currency
    credit_hold = models.BooleanField(default=False)
    taxable = models.BooleanField(default=True)
    reminders = models.BooleanField(default=True)
    autopay = models.BooleanField(default=False)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    tags = models.JSONField(default=list, blank=True, validators=[validate_tags])
    metadata = models.JSONField(default=dict, blank=True)
    slug = models.CharField(
        max_length=80, null=True, editable=False, help_text="The name as a word of a URL; for ever."
    )
    extra = models.JSONField(
        default=dict, editable=False, help_text="What another wire format only keeps and gives back, by its name."
    )

    # Null unless the business wants names to be unique: the database then says no first.
    name_key = models.CharField(max_length=400, null=True, editable=False)
    name_folded = models.CharField(max_length=400, editable=False)
    email_folded = models.CharField(max_length=400, default="", editable=False)
    search_text = SearchText(default="", editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    updated_at = UpdatedAt(editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business", "number"], name="customer_number_once"),
            models.UniqueConstraint(fields=["business", "name_key"], name="customer_name_once"),
            models.UniqueConstraint(fields=["business", "slug"], name="customer_slug_once"),
            models.CheckConstraint(
                condition=Q(credit_limit_minor=None) | Q(credit_limit_minor__gte=0), name="credit_limit_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["business", "-id"], name="customer_newest"),
            models.Index(fields=["business", "name_folded", "id"], name="customer_by_name"),
            models.Index(fields=["business", "updated_at", "id"], name="customer_by_update"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def billing_currency(self) -> str:
        """The currency of the credit limit, and of documents that name none: the customer's, else the business's."""
        return self.currency or self.business.currency


class Contact(Owned):
    """A person at a customer; a primary one is copied on account mail."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=200)
    title = models.CharField(max_length=100, null=True, blank=True)
    department = models.CharField(max_length=100, null=True, blank=True)
    email = models.CharField("e-mail", max_length=254, null=True, blank=True, validators=[_is_email])
    phone = models.CharField(max_length=50, null=True, blank=True)
    primary = models.BooleanField(default=False)
    sms_enabled = models.BooleanField(default=False)
    address = models.CharField(max_length=255, null=True, blank=True)
    address2 = models.CharField(max_length=255, null=True, blank=True)
    city = models.CharField(max_length=100, null=True, blank=True)
    state = models.CharField(max_length=100, null=True, blank=True)
    country = models.CharField(max_length=100, null=True, blank=True)
    postal_code = models.CharField(max_length=20, null=True, blank=True)
    updated_at = UpdatedAt(editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["business", "customer", "-id"], name="contact_of")]

    def __str__(self) -> str:
        return self.name


class Note(Owned):
    """Something a member wants to remember about a customer; never printed."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="remarks")
    text = models.TextField(validators=[_at_most_10000])
    updated_at = UpdatedAt(editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["business", "customer", "-id"], name="note_of")]

    def __str__(self) -> str:
        return self.text[:50]


class CustomerBalance(models.Model):
    """What a customer owes (`outstanding`) and has in unapplied credit (`credit` ≥ 0), per currency, in minor units.

    Only billing/ledger.py writes it, in the transaction of the entries that it sums; check_books proves it.
    """

    business = models.ForeignKey("businesses.Business", models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="balances")
    currency = models.CharField(max_length=3)
    outstanding_minor = models.BigIntegerField(default=0)
    credit_minor = models.BigIntegerField(default=0)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "customer", "currency"], name="balance_once")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.currency}"
