"""Products: what is sold again and again, and what a line takes from it."""

from __future__ import annotations

from typing import Self

from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models

from billing.codes import CODE_LENGTH, validate_code
from billing.models.tax import TaxCategory
from businesses.models import Owned, OwnedQuerySet, UpdatedAt
from invoicing.lib.errors import NotFound
from invoicing.lib.search import SearchText


class ProductQuerySet(OwnedQuerySet["Product"]):
    """Products, the deleted ones included unless `live` is asked."""

    def live(self) -> Self:
        """Those that are not deleted."""
        return self.filter(deleted_at=None)

    def lock_live(self, pk: int) -> Product:
        """The row, locked until the transaction ends; NotFound for a deleted product."""
        product = self.select_for_update(no_key=True).get(pk=pk)
        if product.deleted_at is not None:
            raise NotFound("Product not found")
        return product


class Product(Owned):
    """A product or service. The unit price is in the business's currency, at most 6 decimals; the tax rate in percent."""

    name = models.CharField(max_length=200)
    description = models.TextField(null=True, blank=True, validators=[MaxLengthValidator(10_000)])
    unit_price = models.DecimalField(max_digits=21, decimal_places=6)
    tax_rate = models.DecimalField(
        max_digits=7, decimal_places=4, default=0, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    unit = models.CharField(max_length=30, null=True, blank=True)
    slug = models.CharField(
        max_length=CODE_LENGTH,
        null=True,
        editable=False,
        validators=[validate_code],
        help_text="The name as a word of a URL, or what a program chose; for ever.",
    )
    product_code = models.CharField(max_length=50, null=True, blank=True)
    tax_category = models.CharField(max_length=2, choices=TaxCategory.choices, default=TaxCategory.STANDARD)
    active = models.BooleanField(default=True)
    metadata = models.JSONField(default=dict, blank=True)
    extra = models.JSONField(
        default=dict, editable=False, help_text="What another wire format only keeps and gives back, by its name."
    )
    name_folded = models.CharField(max_length=400, editable=False)
    search_text = SearchText(default="", editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    updated_at = UpdatedAt(editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "slug"], name="product_slug_once")]
        indexes = [
            models.Index(fields=["business", "-id"], name="product_newest"),
            models.Index(fields=["business", "name_folded", "id"], name="product_by_name"),
            models.Index(fields=["business", "updated_at", "id"], name="product_by_update"),
        ]

    def __str__(self) -> str:
        return self.name
