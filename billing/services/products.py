"""Every write to a product; the catalog of events has none for them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from billing.codes import free_code
from billing.models import Product
from billing.serializers.products import represent_product
from businesses import audit
from businesses.audit import Actor
from businesses.models import Business
from businesses.serializers import differences
from businesses.validators import check_columns
from invoicing.lib import clock
from invoicing.lib.errors import Conflict, Detail
from invoicing.lib.text import fold, fold_all


@transaction.atomic
def create_product(
    business: Business,
    *,
    name: str,
    unit_price: Decimal,
    actor: Actor,
    slug: str | None = None,
    unique_name: bool = False,
    **columns: Any,
) -> Product:
    """A new product; `unit_price` in major units of the business's currency. Invalid names the field that is wrong.

    Without a `slug` one is made from the name; Conflict where a given one is in use, be it by a deleted product. With
    `unique_name`, as some of the wire formats promise, Conflict where another product has the name.
    """
    product = Product(business=business, name=name, unit_price=unit_price, slug=slug or None, **columns)
    if unique_name:
        _refuse_duplicate(product)
    _store_new(product)
    audit.record(business, actor, "product.created", product)
    return product


@transaction.atomic
def update_product(product: Product, *, changes: Mapping[str, Any], actor: Actor, unique_name: bool = False) -> Product:
    """Change columns; lines that took something from the product keep it. A change of nothing records nothing.

    `unique_name` is about a new name only: the old one may not have been unique.
    """
    product = Product.objects.lock_live(product.pk)
    before, extra = represent_product(product), product.extra
    for name, value in changes.items():
        setattr(product, name, value)
    previous = differences(before, represent_product(product))
    if unique_name and "name" in previous:
        _refuse_duplicate(product)
    if previous or product.extra != extra:
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


def _refuse_duplicate(product: Product) -> None:
    """Conflict when another live product has the name; the business is locked, for no unique key says no first."""
    Business.objects.select_for_update(no_key=True).get(pk=product.business_id)
    others = Product.objects.of(product.business_id).live().exclude(pk=product.pk)
    if others.filter(name_folded=fold(product.name)[:400]).exists():
        message = f"A product with the name '{product.name}' already exists in this business."
        raise Conflict(message, code="duplicate_name", details=[Detail("name", "Already in use.")])


def _has_slug(product: Product, slug: str) -> bool:
    return Product.objects.of(product.business_id).filter(slug=slug).exists()


def _free_slug(product: Product) -> str:
    return free_code(product.name, "item", product.uuid, taken=lambda slug: _has_slug(product, slug))


def _refuse_taken_slug(product: Product) -> None:
    if product.slug and _has_slug(product, product.slug):
        message = f"A product with the id '{product.slug}' already exists in this business, or was deleted."
        raise Conflict(message, code="duplicate_slug", details=[Detail("slug", "Already in use.")])


def _store_new(product: Product) -> None:
    """Store a product under the slug it was given, else under a free one."""
    given = product.slug is not None
    _refuse_taken_slug(product)
    product.slug = product.slug or _free_slug(product)
    try:
        with transaction.atomic():
            _store(product)
    except IntegrityError:  # another was quicker
        if given:
            _refuse_taken_slug(product)
            raise
        product.slug = _free_slug(product)
        _store(product)


def _store(product: Product) -> None:
    product.name_folded = fold(product.name)[:400]
    product.search_text = fold_all(product.name, product.product_code, product.description)
    check_columns(product)
    product.save()
