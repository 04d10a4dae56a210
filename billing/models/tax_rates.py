"""Tax rates that programs name by a code."""

from __future__ import annotations

from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from billing.codes import CODE_LENGTH, validate_code
from billing.models.tax import TaxCategory
from businesses.models import Owned, OwnedQuerySet, UpdatedAt
from invoicing.lib.errors import NotFound


class TaxRateQuerySet(OwnedQuerySet["TaxRate"]):
    """Tax rates, the deleted ones included unless `live` is asked."""

    def live(self) -> Self:
        """Those that are not deleted."""
        return self.filter(deleted_at=None)

    def lock_live(self, pk: int) -> TaxRate:
        """The row, locked until the transaction ends; NotFound for a deleted tax rate."""
        tax_rate = self.select_for_update(no_key=True).get(pk=pk)
        if tax_rate.deleted_at is not None:
            raise NotFound("Tax rate not found")
        return tax_rate


class TaxRate(Owned):
    """A tax under a name and a code. `rate` is in percent; code and rate are for ever, for documents refer to them."""

    code = models.CharField(
        max_length=CODE_LENGTH,
        validators=[validate_code],
        blank=True,
        help_text="Made from the name, where it is empty.",
    )
    name = models.CharField(max_length=200)
    rate = models.DecimalField(
        max_digits=7, decimal_places=4, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    tax_category = models.CharField(max_length=2, choices=TaxCategory.choices, default=TaxCategory.STANDARD)
    active = models.BooleanField(default=True)
    metadata = models.JSONField(default=dict, blank=True)
    extra = models.JSONField(
        default=dict, editable=False, help_text="What another wire format only keeps and gives back, by its name."
    )
    name_folded = models.CharField(max_length=400, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    updated_at = UpdatedAt(editable=False)

    objects = TaxRateQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["business", "code"], name="tax_rate_code_once")]
        indexes = [
            models.Index(fields=["business", "-id"], name="tax_rate_newest"),
            models.Index(fields=["business", "name_folded", "id"], name="tax_rate_by_name"),
            models.Index(fields=["business", "updated_at", "id"], name="tax_rate_by_update"),
        ]

    def __str__(self) -> str:
        return self.name
