"""Products as the API shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.models import Product
from businesses.serializers import columns_of
from invoicing.lib import clock, money
from invoicing.lib.fields import Number

_PLAIN = ("unit", "product_code", "tax_category", "active", "metadata")
PRODUCT_COLUMNS = (
    *("uuid", "business__uuid", "name", "description", "unit_price", "tax_rate", *_PLAIN, "created_at", "updated_at"),
)


class ProductOutput(serializers.ModelSerializer[Product]):
    """A product. `unit_price` is in the business's currency, `tax_rate` in percent."""

    id = serializers.UUIDField()
    business_id = serializers.UUIDField()
    unit_price = Number(decimal_places=6)
    tax_rate = Number(decimal_places=4)
    metadata = serializers.DictField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    class Meta:
        model = Product
        fields = [
            *("id", "business_id", "name", "description", "unit_price", "tax_rate"),
            *(*_PLAIN, "created_at", "updated_at"),
        ]


def represent_products(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of PRODUCT_COLUMNS as ProductOutput says."""
    return [
        {
            "id": row["uuid"],
            "business_id": row["business__uuid"],
            "name": row["name"],
            "description": row["description"],
            "unit_price": money.number(row["unit_price"]),
            "tax_rate": money.number(row["tax_rate"]),
            **{name: row[name] for name in _PLAIN},
            "created_at": clock.iso(row["created_at"]),
            "updated_at": clock.iso(row["updated_at"]),
        }
        for row in rows
    ]


def represent_product(product: Product) -> dict[str, Any]:
    """A product as it stands in memory."""
    return represent_products([columns_of(product, PRODUCT_COLUMNS)])[0]
