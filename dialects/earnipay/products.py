"""`/products`: Earnipay's products, whose names are unique in a business, with its five tax categories."""

# ruff: noqa: N815 - these names are Earnipay's
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Product
from billing.serializers.products import PRODUCT_COLUMNS, represent_product, represent_products
from billing.services.products import create_product, delete_product, update_product
from businesses.filters import FlagFilter, FoldedField, OneOfFilter
from businesses.paging import Order
from dialects.earnipay import mapping
from dialects.earnipay.door import CHANGES, EarnipayView
from dialects.earnipay.inputs import TAX_CATEGORIES, ProductInput
from dialects.earnipay.paging import CreatedFilter
from invoicing.lib.fields import read_body

COLUMNS = (*PRODUCT_COLUMNS, "extra")
SORTS = {
    "createdAt": Order("pk", False),
    "updatedAt": Order("updated_at", False),
    "name": Order("name_folded", False),
    "unitPrice": Order("unit_price", False),
}


class SearchFilter(filters.Filter):
    """Part of the name, the code or the description, whatever the case."""

    field_class = FoldedField

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs.filter(search_text__contains=value) if value else qs


class ProductFilter(CreatedFilter):
    """Filters of products."""

    search = SearchFilter(max_length=200)
    isActive = FlagFilter(field_name="active")
    taxCategory = OneOfFilter(choices=[(name, name) for name in TAX_CATEGORIES], method="in_category")

    def in_category(self, rows: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        """As `mapping.tax_category` shows it."""
        return rows.filter(_in_category(value))


def _in_category(category: str) -> Q:
    ours = mapping.categories_of(category)
    if ours is not None:
        return Q(tax_category__in=ours)
    kept = Q(**{f"extra__{mapping.NAME}__taxCategory": category})
    vat = Q(tax_rate=mapping.VAT)
    plain = ~Q(**{f"extra__{mapping.NAME}__taxCategory__in": list(mapping.RATED)})
    plain |= Q(**{f"extra__{mapping.NAME}__taxCategory__isnull": True})
    unkept = {"STANDARD": plain & vat, "CUSTOM": plain & ~vat}.get(category)
    return Q(tax_category="S") & (kept if unkept is None else kept | unkept)


class ProductView(EarnipayView):
    """Products of the business."""

    rows = Product
    rights = {"list": "view", "retrieve": "view", **dict.fromkeys(CHANGES, "edit_products")}

    def create(self, request: Request) -> Response:
        """A new product; without a category it bears the standard rate."""
        body = {"taxCategory": "STANDARD", **read_body(ProductInput, request)}
        columns = mapping.product_columns(body, "STANDARD", {})
        product = create_product(self.business, unique_name=True, actor=self.actor, **columns)
        return self.say_created("Product created successfully.", _shown(product))

    def list(self, request: Request) -> Response:
        """Products, newest first."""
        return self.say_page(
            "Products retrieved successfully.",
            Product.objects.live(),
            ProductFilter,
            sorts=SORTS,
            columns=COLUMNS,
            represent=_represent,
        )

    def retrieve(self, request: Request, id: str) -> Response:  # noqa: A002
        """One product."""
        return self.say("Product retrieved successfully.", _shown(self.product(id)))

    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002
        """Change the fields that are given."""
        product = self.product(id, lock=True)
        body = read_body(ProductInput, request, partial=True)
        changes = mapping.product_columns(body, _shown(product)["taxCategory"], product.extra)
        product = update_product(product, changes=changes, unique_name=True, actor=self.actor)
        return self.say("Product updated successfully.", _shown(product))

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002
        """Delete a product; lines that name it keep it."""
        delete_product(self.product(id), actor=self.actor)
        return self.say("Product deleted successfully.")

    def product(self, identifier: str, *, lock: bool = False) -> Product:
        """The caller's product in the path, locked where what is kept of it is about to change."""
        rows = Product.objects.live()
        return self.find_named(rows.select_for_update(no_key=True) if lock else rows, identifier, "Product")


def _shown(product: Product) -> dict[str, Any]:
    return mapping.show_product(represent_product(product), product.extra)


def _represent(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = [dict(row) for row in rows]
    shown = represent_products(found)
    return [mapping.show_product(one, row["extra"]) for one, row in zip(shown, found, strict=True)]
