"""Every write to a product; the catalog of events has none for them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.models import Product
from billing.serializers.products import represent_product
from businesses import audit
from businesses.audit import Actor
from businesses.models import Business
from businesses.serializers import differences
from businesses.validators import check_columns
from invoicing.lib import clock
from invoicing.lib.text import fold, fold_all


@transaction.atomic
def create_product(business: Business, *, name: str, unit_price: Decimal, actor: Actor, **columns: Any) -> Product:
    """A new product; `unit_price` in major units of the business's currency. Invalid names the field that is wrong."""
    product = Product(business=business, name=name, unit_price=unit_price, **columns)
    _store(product)
    audit.record(business, actor, "product.created", product)
    return product


@transaction.atomic
def update_product(product: Product, *, changes: Mapping[str, Any], actor: Actor) -> Product:
    """Change columns; lines that took something from the product keep it. A change of nothing records nothing."""
    product = Product.objects.lock_live(product.pk)
    before = represent_product(product)
    for name, value in changes.items():
        setattr(product, name, value)
    previous = differences(before, represent_product(product))
    if previous:
        _store(product)
        audit.record(product.business, actor, "product.updated", product, {"fields": sorted(previous)})
    return product


@transaction.atomic
def delete_product(product: Product, *, actor: Actor) -> Product:
    """Take a product off lists and new documents; lines that name it keep it."""
    product = Product.objects.lock_live(product.pk)
    product.deleted_at = clock.now()
    product.save(update_fields=["deleted_at", "updated_at"])
    audit.record(product.business, actor, "product.deleted", product)
    return product


def _store(product: Product) -> None:
    product.name_folded = fold(product.name)[:400]
    product.search_text = fold_all(product.name, product.product_code, product.description)
    check_columns(product)
    product.save()
