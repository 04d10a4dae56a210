"""`/products`: parse, get, call the service, represent."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.urls import re_path
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from billing.models import Product, TaxCategory
from billing.serializers.products import PRODUCT_COLUMNS, ProductOutput, represent_product, represent_products
from billing.services.products import create_product, delete_product, update_product
from businesses.filters import FlagFilter, FoldedFilter, ListFilter
from businesses.paging import Order
from businesses.permissions import READ_WRITE
from businesses.serializers import paged
from businesses.views import BusinessView
from invoicing.lib.fields import Flag, LongText, Metadata, Number, OneOf, Strict, Text, read_body

TAGS = ["Products"]
EXAMPLE = OpenApiExample(
    "An hour", value={"name": "Consulting", "unit_price": 150, "tax_rate": 10, "unit": "h"}, request_only=True
)


class ProductInput(Strict):
    """A product to be created or changed."""

    name = Text(required=True, max_length=200)
    description = LongText(help_text="What a line says; the name, where it is null.")
    unit_price = Number(help_text="In the business's currency.")
    tax_rate = Number(decimal_places=4, required=False, min_value=0, max_value=100, help_text="Percent.")
    unit = Text(max_length=30)
    product_code = Text(max_length=50)
    tax_category = OneOf(TaxCategory.choices)
    active = Flag(required=False)
    metadata = Metadata()


class ProductFilter(ListFilter):
    """`name` and `search` (in name, code and description) look for a part, whatever the case."""

    name = FoldedFilter("name_folded")
    search = FoldedFilter("search_text")
    active = FlagFilter()
    product_code = filters.CharFilter(max_length=50)


class ProductView(BusinessView):
    """Products of the business."""

    scopes = READ_WRITE
    filters = ProductFilter
    sorts = {
        "created_at": Order("pk", False),
        "updated_at": Order("updated_at", False),
        "name": Order("name_folded", False),
    }
    has_metadata = True

    @extend_schema(request=ProductInput, responses={201: ProductOutput}, examples=[EXAMPLE], tags=TAGS)
    def create(self, request: Request, **kwargs: Any) -> Response:
        """Create a product."""
        product = create_product(self.business, actor=self.actor, **read_body(ProductInput, request))
        return self.send_created(represent_product(product))

    @extend_schema(responses=paged(ProductOutput), tags=TAGS)
    def list(self, request: Request, **kwargs: Any) -> Response:
        """List products, newest first."""
        return self.send_list(
            Product.objects.live(),
            self.filters,
            sorts=self.sorts,
            columns=PRODUCT_COLUMNS,
            represent=represent_products,
        )

    @extend_schema(responses=ProductOutput, tags=TAGS)
    def retrieve(self, request: Request, product_id: str, **kwargs: Any) -> Response:
        """Get a product."""
        row = self.find_shown(Product, PRODUCT_COLUMNS, product_id, "Product")
        return self.send_one(represent_products([row])[0])

    @extend_schema(request=ProductInput, responses=ProductOutput, tags=TAGS)
    def partial_update(self, request: Request, product_id: str, **kwargs: Any) -> Response:
        """Change the fields that are given; `metadata` is replaced whole."""
        product = self.product(product_id, lock=True)
        self.match(lambda: represent_product(product))
        changes = read_body(ProductInput, request, partial=True)
        return self.send_one(represent_product(update_product(product, changes=changes, actor=self.actor)))

    @extend_schema(responses={204: None}, tags=TAGS)
    def destroy(self, request: Request, product_id: str, **kwargs: Any) -> Response:
        """Delete a product; lines that name it keep it."""
        delete_product(self.product(product_id), actor=self.actor)
        return self.send(b"", 204)

    def product(self, product_id: str, *, lock: bool = False) -> Product:
        """The product in the path, locked where it is about to be compared and changed."""
        rows = Product.objects.live()
        return self.find(rows.select_for_update(no_key=True) if lock else rows, product_id, "Product")


urlpatterns = [
    re_path(r"^products/?$", ProductView.as_view({"get": "list", "post": "create"}), name="products"),
    re_path(
        r"^products/(?P<product_id>[^/]+)/?$",
        ProductView.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="product",
    ),
]
