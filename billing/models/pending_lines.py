"""Lines that wait to be put on a customer's next invoice."""

from __future__ import annotations

from django.db import models

from billing.models.product import Product
from billing.models.tax import TaxCategory
from businesses.models import Owned, OwnedQuerySet, UpdatedAt
from customers.models import Customer


class PendingLine(Owned):
    """A line without a document yet. As DocumentLine, but for what depends on one; amounts are minor units of `currency`."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", db_index=False)
    currency = models.CharField(max_length=3)
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
    metadata = models.JSONField(default=dict, blank=True)
    extra = models.JSONField(
        default=dict, editable=False, help_text="What another wire format only keeps and gives back, by its name."
    )
    updated_at = UpdatedAt(editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["business", "customer", "-id"], name="pending_line_of_customer")]

    def __str__(self) -> str:
        return self.description[:50]
